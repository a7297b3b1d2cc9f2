"""Reads of dunning: policies, what is overdue and how far it was asked for, what rests, what is claimed."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from tradewind.billing.model import DunningLevel, DunningPolicy, Overdue
from tradewind.kernel.tx import Reader
from tradewind.kernel.value import value


@value(frozen=True, slots=True)
class Pause:
    """Why dunning rests for an account, or for one invoice of it; a day, where it goes on by itself after it."""

    id: UUID
    account_id: UUID
    invoice_id: UUID | None
    kind: str
    until_day: date | None
    reason: str
    opened_at: datetime
    ended_at: datetime | None
    amount: Decimal | None = None
    end_reason: str | None = None


@value(frozen=True, slots=True)
class Claim:
    """A fee or interest that is owed beside the invoice, with the invoice's and the notice's number."""

    id: UUID
    account_id: UUID
    notice: str | None
    invoice: str | None
    part_no: int | None
    kind: str
    currency: str
    amount: Decimal
    interest_percent: Decimal | None
    to_day: date | None
    claimed_at: datetime
    status: str
    end_reason: str | None


_POLICIES = """
select distinct on (p.code) p.code, p.version, p.name, p.currency, p.valid_from, p.account_id, p.segment, p.interest_percent,
  p.year_days, p.gap_days, p.min_amount, p.fee_per, p.calendar_code, p.language, p.ended,
  (select array_agg(array[l.level::text, l.after_days::text, l.fee::text] order by l.level) from dunning_level l
   where l.policy_code = p.code and l.policy_version = p.version),
  (select jsonb_object_agg(l.level, l.texts) from dunning_level l
   where l.policy_code = p.code and l.policy_version = p.version)
from dunning_policy p where p.valid_from <= %(now)s order by p.code, p.version desc
"""
_LAST_VERSION = "select coalesce(max(version), 0) from dunning_policy where code = %(code)s"


def policies_in_force(reader: Reader) -> dict[str, DunningPolicy]:
    """The policies that hold now, by code; those that were ended are in it, and say so."""
    return {row[0]: _policy(row) for row in reader.rows(_POLICIES, {"now": reader.now})}


def last_version(reader: Reader, code: str) -> int:
    """The newest version of a policy, valid now or later; 0 where there is none."""
    row = reader.row(_LAST_VERSION, {"code": code})
    return int(row[0]) if row else 0


def _policy(row: tuple[Any, ...]) -> DunningPolicy:
    code, version, name, currency, valid_from, account_id, segment, percent, year, gap, least, fee_per, calendar = row[
        :13
    ]
    texts = row[16] or {}
    levels = tuple(DunningLevel(int(no), int(days), Decimal(fee), texts[no]) for no, days, fee in row[15] or ())
    return DunningPolicy(
        code, version, name, currency, levels, valid_from, account_id, segment, percent, year, gap, least, fee_per, calendar,
        row[13], row[14],
    )  # fmt: skip


# An invoice has its instalments, or is one itself. What settles an invoice settles its earliest instalments first.
_PARTS = """
with part as (
  select i.id, i.account_id, i.legal_entity_id, i.order_id, i.number, i.currency, i.total, i.paid + i.credited as settled,
    coalesce(p.part_no, 1) as part_no, coalesce(p.due_at, i.due_at) as due_at, coalesce(p.amount, i.total) as amount,
    coalesce(sum(p.amount) over (partition by i.id order by p.part_no rows between unbounded preceding and 1 preceding), 0) as before
  from unnest(%(accounts)s::uuid[]) as w(id)
  join invoice i on i.account_id = w.id and i.kind = 'invoice' and i.total > 0
    and (i.closed_at is null or exists (select from dunning_line d where d.invoice_id = i.id))
  left join invoice_instalment p on p.invoice_id = i.id
)
select p.account_id, p.legal_entity_id, p.order_id, p.id, p.number, p.part_no, p.currency,
  (p.due_at at time zone e.time_zone)::date, p.amount, p.before,
  p.amount - least(greatest(p.settled - p.before, 0), p.amount), coalesce(d.level, 0), d.day, c.to_day
from part p join legal_entity e on e.id = p.legal_entity_id
left join lateral (
  select max(l.level) as level, max(n.day) as day from dunning_line l join dunning_notice n on n.id = l.notice_id
  where l.invoice_id = p.id and l.part_no = p.part_no
) d on true
left join lateral (
  select max(to_day) as to_day from dunning_claim where kind = 'interest' and invoice_id = p.id and part_no = p.part_no
) c on true
where p.due_at < %(now)s order by p.account_id, 8, p.number, p.part_no
"""
_SETTLED = """
select a.invoice_id, (coalesce(p.received_at, a.applied_at) at time zone e.time_zone)::date, sum(a.amount + a.discount)
from unnest(%(ids)s::uuid[]) as w(id) join payment_application a on a.invoice_id = w.id
join invoice i on i.id = a.invoice_id join legal_entity e on e.id = i.legal_entity_id
left join payment p on p.id = a.payment_id group by 1, 2 order by 1, 2
"""
_OWING = """
select distinct i.account_id, i.currency from invoice i
where i.kind = 'invoice' and i.closed_at is null and i.total > 0 and i.account_id > %(after)s
  and case when exists (select from invoice_instalment p where p.invoice_id = i.id)
      then i.paid + i.credited < (
        select coalesce(sum(p.amount), 0) from invoice_instalment p where p.invoice_id = i.id and p.due_at < %(now)s
      )
      else i.due_at < %(now)s end
order by 1, 2 limit %(limit)s
"""


def overdue_of(reader: Reader, accounts: Iterable[UUID]) -> dict[UUID, list[Overdue]]:
    """What is past its due day by account, earliest first: what is owed, and what was asked for and is paid by now."""
    rows = reader.rows(_PARTS, {"accounts": sorted(set(accounts)), "now": reader.now})
    settled: dict[UUID, list[tuple[date, Decimal]]] = {}
    for invoice_id, day, amount in reader.rows(_SETTLED, {"ids": sorted({row[3] for row in rows})}) if rows else ():
        settled.setdefault(invoice_id, []).append((day, amount))
    found: dict[UUID, list[Overdue]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(Overdue(*(*row, tuple(settled.get(row[3], ())))))
    return found


def owing_accounts(reader: Reader, *, after: UUID, limit: int) -> list[tuple[UUID, str]]:
    """Accounts that owe something after its due day, with its currency, in the order of their ids."""
    return [(row[0], row[1]) for row in reader.rows(_OWING, {"after": after, "limit": limit, "now": reader.now})]


_PAUSES = """
select p.id, p.account_id, p.invoice_id, p.kind, p.until_day, p.reason, p.opened_at, p.ended_at, p.amount, p.end_reason
from unnest(%(accounts)s::uuid[]) as w(id) join dunning_pause p on p.account_id = w.id
where %(ended)s or p.ended_at is null order by p.opened_at, p.id
"""
_CLAIMS = """
select c.id, c.account_id, n.number, i.number, c.part_no, c.kind, c.currency, c.amount, c.interest_percent, c.to_day, c.claimed_at,
  c.status, c.end_reason
from unnest(%(accounts)s::uuid[]) as w(id) join dunning_claim c on c.account_id = w.id
left join dunning_notice n on n.id = c.notice_id left join invoice i on i.id = c.invoice_id
where %(ended)s or c.status = 'open' order by c.claimed_at, c.id limit %(limit)s
"""
_CLAIM_OWNER = "select account_id, status from dunning_claim where id = %(id)s"
_LANGUAGES = """
select a.id, coalesce(a.language, e.language), e.time_zone from unnest(%(accounts)s::uuid[]) as w(id)
join account a on a.id = w.id join legal_entity e on e.id = a.legal_entity_id
"""


def pauses_of(reader: Reader, accounts: Iterable[UUID], *, ended: bool = False) -> dict[UUID, list[Pause]]:
    """What makes dunning rest for accounts, oldest first; with `ended` also what did."""
    found: dict[UUID, list[Pause]] = {}
    for row in reader.rows(_PAUSES, {"accounts": sorted(set(accounts)), "ended": ended}):
        found.setdefault(row[1], []).append(Pause(*row))
    return found


def claims_of(reader: Reader, accounts: Iterable[UUID], *, ended: bool = False, limit: int) -> list[Claim]:
    """Fees and interest that accounts owe, oldest first; with `ended` also what was paid or waived."""
    columns = {"accounts": sorted(set(accounts)), "ended": ended, "limit": limit}
    return [Claim(*row) for row in reader.rows(_CLAIMS, columns)]


def owner_of_claim(reader: Reader, claim_id: UUID) -> tuple[UUID, str] | None:
    """Whose a claim is, and how it stands."""
    row = reader.row(_CLAIM_OWNER, {"id": claim_id})
    return (row[0], row[1]) if row else None


def languages_of(reader: Reader, accounts: Iterable[UUID]) -> dict[UUID, tuple[str, str]]:
    """The language in which each account is written to, and the zone of the company that writes."""
    return {row[0]: (row[1], row[2]) for row in reader.rows(_LANGUAGES, {"accounts": sorted(set(accounts))})}


_NOTICE = """n.id, n.number, n.account_id, a.code, n.currency, n.policy_code, n.policy_version, n.level, n.language, n.day, n.open_total,
n.fee, n.interest, n.total"""
_NOTICES = f"""
select {_NOTICE} from dunning_notice n join account a on a.id = n.account_id
where (%(account)s::uuid is null or n.account_id = %(account)s) and (%(after)s::uuid is null or n.id < %(after)s)
order by n.id desc limit %(limit)s
"""  # noqa: S608 - columns are ours
_BY_NUMBER = f"""
select {_NOTICE} from dunning_notice n join account a on a.id = n.account_id where n.number = %(name)s or n.id::text = %(name)s
"""  # noqa: S608 - columns are ours
_NOTICE_LINES = """
select l.notice_id, l.line_no, i.number, l.part_no, l.level, l.due_day, l.days_overdue, l.open,
  coalesce((select sum(c.amount) from dunning_claim c where c.notice_id = l.notice_id and c.invoice_id = l.invoice_id
            and c.part_no = l.part_no and c.kind = 'interest'), 0)
from unnest(%(ids)s::uuid[]) as w(id) join dunning_line l on l.notice_id = w.id join invoice i on i.id = l.invoice_id
order by l.notice_id, l.line_no
"""


@value(frozen=True, slots=True)
class NoticeRow:
    """A line of a notice, with the invoice's number and the interest it claims."""

    line_no: int
    invoice: str
    part_no: int
    level: int
    due_day: date
    days_overdue: int
    open: Decimal
    interest: Decimal


@value(frozen=True, slots=True)
class Notice:
    """A reminder as it went out."""

    id: UUID
    number: str
    account_id: UUID
    account: str
    currency: str
    policy: str
    policy_version: int
    level: int
    language: str
    day: date
    open_total: Decimal
    fee: Decimal
    interest: Decimal
    total: Decimal
    lines: tuple[NoticeRow, ...] = ()


def notices_page(
    reader: Reader, *, account_id: UUID | None = None, after: UUID | None = None, limit: int
) -> list[Notice]:
    """Notices, newest first, as far as the reader may see them; without their lines."""
    columns = {"account": account_id, "after": after, "limit": limit}
    return [Notice(*row) for row in reader.rows(_NOTICES, columns)]


def notice_named(reader: Reader, name: str) -> Notice | None:
    """A notice by its number or id, with its lines."""
    row = reader.row(_BY_NUMBER, {"name": name})
    if row is None:
        return None
    lines = reader.rows(_NOTICE_LINES, {"ids": [row[0]]})
    return Notice(*(*row, tuple(NoticeRow(*line[1:]) for line in lines)))
