"""What a statement of account says: what came and went in a period, and what was open at its end."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from tradewind.kernel.tx import Reader
from tradewind.views.papers.parts import ACCOUNT, BILL_TO, LANGUAGE, SELLER, day

MOST_ENTRIES = 5_000

_HEAD = f"""
select a.id, {LANGUAGE}, (%(now)s at time zone e.time_zone)::date,
  jsonb_build_object('kind', 'statement', 'id', a.id, 'currency', a.currency, 'seller', {SELLER}, 'account', {ACCOUNT},
    'bill_to', {BILL_TO}, 'time_zone', e.time_zone)
from account a join legal_entity e on e.id = a.legal_entity_id where a.code = %(code)s
"""  # noqa: S608 - pieces of ours
# Everything that moves the balance. A payment that bounced moves it twice: when it came and when it went, and a discount that
# it had earned goes with it.
_MOVES = """
(select 'invoice' as kind, i.id, i.number, i.buyer_po as reference, i.currency, i.total as amount, i.issued_at as at, i.due_at
   from invoice i where i.account_id = %(account)s and i.kind = 'invoice'
 union all
 select 'credit_note', i.id, i.number, c.number, i.currency, -i.total, i.issued_at, null
   from invoice i left join invoice c on c.id = i.corrects_id where i.account_id = %(account)s and i.kind = 'credit_note'
 union all
 select 'payment', p.id, p.number, p.reference, p.currency, -p.amount, p.received_at, null from payment p where p.account_id = %(account)s
 union all
 select 'bounce', p.id, p.number, p.reference, p.currency, p.amount, p.bounced_at, null
   from payment p where p.account_id = %(account)s and p.bounced_at is not null
 union all
 select 'refund', f.id, p.number, p.reference, p.currency, f.amount, f.refunded_at, null
   from payment p join payment_refund f on f.payment_id = p.id where p.account_id = %(account)s
 union all
 select 'discount', x.id, i.number, p.number, i.currency, -x.discount, x.applied_at, null
   from payment p join payment_application x on x.payment_id = p.id join invoice i on i.id = x.invoice_id
   where p.account_id = %(account)s and x.discount <> 0)
"""
_OPENING = f"select m.currency, trim_scale(sum(m.amount))::text from {_MOVES} m where m.at < %(begin)s group by 1"  # noqa: S608
_ENTRIES = f"""
select m.currency, m.kind, m.number, m.reference, trim_scale(m.amount)::text, {day("m.at")}, {day("m.due_at")}
from {_MOVES} m, (select %(zone)s::text as time_zone) e where m.at >= %(begin)s and m.at < %(end)s
order by m.at, m.id, m.kind desc limit %(most)s
"""  # noqa: S608 - pieces of ours
_OPEN = f"""
select m.currency, m.kind, m.number, m.reference, trim_scale(m.amount)::text, {day("m.at")}, {day("m.due_at")},
  trim_scale(m.left)::text
from (
  select 'invoice' as kind, i.id, i.number, i.buyer_po as reference, i.currency, i.total as amount, i.issued_at as at, i.due_at,
    i.total - coalesce((select sum(x.amount + x.discount) from payment_application x where x.invoice_id = i.id and x.applied_at < %(end)s), 0) as left
  from invoice i where i.account_id = %(account)s and i.kind = 'invoice' and i.issued_at < %(end)s
  union all
  select 'credit_note', i.id, i.number, c.number, i.currency, -i.total, i.issued_at, null,
    coalesce((select sum(x.amount) from payment_application x where x.credit_note_id = i.id and x.applied_at < %(end)s), 0) - i.total
  from invoice i left join invoice c on c.id = i.corrects_id
  where i.account_id = %(account)s and i.kind = 'credit_note' and i.issued_at < %(end)s
  union all
  select 'payment', p.id, p.number, p.reference, p.currency, -p.amount, p.received_at, null,
    coalesce((select sum(x.amount) from payment_application x where x.payment_id = p.id and x.applied_at < %(end)s), 0)
      + coalesce((select sum(f.amount) from payment_refund f where f.payment_id = p.id and f.refunded_at < %(end)s), 0)
      - case when p.bounced_at < %(end)s then 0 else p.amount end
  from payment p where p.account_id = %(account)s and p.received_at < %(end)s
) m, (select %(zone)s::text as time_zone) e
where m.left <> 0 order by m.due_at nulls last, m.at, m.id limit %(most)s
"""  # noqa: S608 - pieces of ours


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose statement it is, in which language, and what day it is there."""

    account_id: UUID
    language: str
    today: date
    head: dict[str, Any]


def statement_holder(reader: Reader, code: str) -> Holder | None:
    """The account of a code, as far as the reader sees it."""
    row = reader.row(_HEAD, {"code": code, "now": reader.now})
    return None if row is None else Holder(*row)


def statement_values(
    reader: Reader, holder: Holder, *, start: date, until: date, begin: datetime, end: datetime
) -> dict[str, Any]:
    """The movements of the days `start` to `until` (the instants `begin` to before `end`) and what was open after them.

    `truncated` says that there are more than MOST_ENTRIES of either.
    """
    asked = {
        "account": holder.account_id,
        "begin": begin,
        "end": end,
        "zone": holder.head["time_zone"],
        "most": MOST_ENTRIES + 1,
    }
    opening: dict[str, str] = dict(reader.rows(_OPENING, asked))
    entries = reader.rows(_ENTRIES, asked)
    left = reader.rows(_OPEN, asked)
    names = ("currency", "kind", "number", "reference", "amount", "date", "due_on", "open")
    return {
        **holder.head,
        "number": f"{holder.head['account']['code']} {start.isoformat()}/{until.isoformat()}",
        "date": until.isoformat(),
        "from": start.isoformat(),
        "to": until.isoformat(),
        "opening": opening,
        "entries": [dict(zip(names, row, strict=False)) for row in entries],
        "open_items": [dict(zip(names, row, strict=True)) for row in left],
        "truncated": max(len(entries), len(left)) > MOST_ENTRIES,
    }
