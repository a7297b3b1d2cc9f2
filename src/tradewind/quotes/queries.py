"""Reads of quotes: as they stand, their versions with lines, what was said, and what became of them."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from tradewind.kernel.limits import PAGE
from tradewind.kernel.locks import LockKind
from tradewind.kernel.tx import Reader
from tradewind.quotes.decide import version_from
from tradewind.quotes.model import Acceptance, Pending, Quote, Round, Version, VersionLine, Wish
from tradewind.semantics.model import Place

_COLUMNS = """q.id, q.number, q.account_id, q.status, q.version_no, q.title, q.channel, q.round_no, q.acceptances, q.created_at,
  q.created_by, q.on_behalf_of, q.expires_at, q.remind_at, q.reminded_at, q.ended_at, q.end_reason, q.end_note"""
LOCK_QUOTES = LockKind(
    "order",
    f"""
select {_COLUMNS} from unnest(%(keys)s::uuid[]) as w(id) join quote q on q.id = w.id order by q.id for no key update of q
""",  # noqa: S608 - columns are ours
)
"""A quote is locked where orders are: before credit and stock, which the order that it becomes takes."""
_BY_ID = f"select {_COLUMNS} from unnest(%(ids)s::uuid[]) as w(id) join quote q on q.id = w.id"  # noqa: S608
_IDS = "select q.number, q.id from unnest(%(numbers)s::text[]) as w(number) join quote q on q.number = w.number"
_LIST = f"""
select {_COLUMNS} from quote q join account a on a.id = q.account_id
where (%(account)s::text is null or a.code = %(account)s) and (%(status)s::text[] is null or q.status = any(%(status)s::text[]))
  and (%(after)s::uuid is null or q.id < %(after)s) order by q.id desc limit %(limit)s
"""  # noqa: S608
_DUE = """
select id from quote where status in ('offered', 'partly_accepted') and expires_at <= %(now)s order by expires_at limit %(limit)s
"""
_VERSIONS = """
select v.quote_id, v.version_no, v.account_id, v.currency, v.terms_code, v.ship_to_id, v.ship_to, v.valid_until, v.zone, v.expires_at,
  v.remind_at, v.on_late, v.partial, v.net, v.note, v.offered_at, v.offered_by, v.digest
from quote_version v where v.quote_id = any(%(ids)s::uuid[]) and (%(no)s::int is null or v.version_no = %(no)s)
order by v.quote_id, v.version_no
"""
_LINES = """
select l.quote_id, l.version_no, l.line_no, l.alternative, l.product_id, l.sku, l.description, l.qty, l.uom, l.factor_num, l.factor_den,
  l.min_qty, l.unit_price, l.price_basis, l.price_uom, l.price_qty, l.allowance, l.net, l.price_id, l.waterfall, l.requested_at, l.note,
  l.qty_accepted
from quote_version_line l where l.quote_id = any(%(ids)s::uuid[]) and (%(no)s::int is null or l.version_no = %(no)s)
order by l.quote_id, l.version_no, l.line_no
"""
_ROUNDS = """
select quote_id, id, round_no, kind, version_no, reason, note, buyer_po, ship_to, said_at, said_by
from quote_round where quote_id = any(%(ids)s::uuid[]) order by quote_id, round_no
"""
_WISHES = """
select w.round_id, w.line_no, w.item, w.qty, w.uom, w.target_price, w.requested_at, w.reason, w.note
from quote_round r join quote_wish w on w.round_id = r.id where r.quote_id = any(%(ids)s::uuid[]) order by w.round_id, w.line_no
"""
_ACCEPTED = """
select a.quote_id, a.id, a.acceptance_no, a.version_no, a.order_id, a.buyer_po, a.policy, a.accepted_at, a.accepted_by, o.number,
  (select jsonb_agg(jsonb_build_object('line', l.line_no, 'qty', trim_scale(l.qty)::text, 'unit_price', trim_scale(l.unit_price)::text,
     'net', trim_scale(l.net)::text, 'order_line', l.order_line_no) order by l.line_no)
   from quote_acceptance_line l where l.acceptance_id = a.id)
from quote_acceptance a join sales_order o on o.id = a.order_id where a.quote_id = any(%(ids)s::uuid[])
order by a.quote_id, a.acceptance_no
"""
_STAGED = "select body from quote_staged where quote_id = %s"
_PENDING = "select body, tiers, asked_at, asked_by, digest, version_no from quote_pending where quote_id = %s"
_VOTES = """
select id, decision, person_id, voice_id, tiers, cap, reason, decided_at from quote_vote
where quote_id = %(id)s and version_no = %(no)s and digest = %(digest)s order by decided_at, id
"""
_TERMS = "select net_days, prepay_percent from payment_terms where code = %s"


def quotes_of(reader: Reader, ids: Iterable[UUID]) -> dict[UUID, Quote]:
    """Quotes by id, as far as the reader may see them."""
    return {row[0]: Quote(*row) for row in reader.rows(_BY_ID, {"ids": sorted(set(ids))})}


def quotes_from(rows: Iterable[Sequence[Any]]) -> dict[UUID, Quote]:
    """Locked rows as quotes."""
    return {row[0]: Quote(*row) for row in rows}


def quote_ids(reader: Reader, numbers: Iterable[str]) -> dict[str, UUID]:
    """Ids by number, as far as the reader may see them."""
    return dict(reader.rows(_IDS, {"numbers": sorted(set(numbers))}))


def list_quotes(
    reader: Reader,
    *,
    account: str | None = None,
    status: Sequence[str] | None = None,
    after: UUID | None = None,
    limit: int = PAGE,
) -> list[Quote]:
    """Quotes, the newest first, after a place in that order."""
    asked = {"account": account, "status": None if status is None else list(status), "after": after, "limit": limit}
    return [Quote(*row) for row in reader.rows(_LIST, asked)]


def quotes_over(reader: Reader, *, limit: int) -> list[UUID]:
    """Quotes whose validity has ended and that nobody marked yet, the longest over first."""
    return [row[0] for row in reader.rows(_DUE, {"now": reader.now, "limit": limit})]


def versions_of(reader: Reader, quote_id: UUID, version_no: int | None = None) -> dict[int, Version]:
    """The offered versions of a quote (or one of them) with their lines, by number."""
    asked = {"ids": [quote_id], "no": version_no}
    lines: dict[int, list[VersionLine]] = {}
    for row in reader.rows(_LINES, asked):
        lines.setdefault(row[1], []).append(VersionLine(*(*row[2:9], (row[9], row[10]), *row[11:])))
    return {
        row[1]: Version(*(*row[:6], Place(**row[6]), *row[7:17], bytes(row[17]), tuple(lines.get(row[1], ()))))
        for row in reader.rows(_VERSIONS, asked)
    }


def rounds_of(reader: Reader, quote_id: UUID) -> list[Round]:
    """What was said about a quote, in its order."""
    wishes: dict[UUID, list[Wish]] = {}
    for row in reader.rows(_WISHES, {"ids": [quote_id]}):
        wishes.setdefault(row[0], []).append(Wish(*row[1:]))
    return [Round(*(*row[1:], tuple(wishes.get(row[1], ())))) for row in reader.rows(_ROUNDS, {"ids": [quote_id]})]


def acceptances_of(reader: Reader, quote_id: UUID) -> list[tuple[Acceptance, str]]:
    """What was accepted, each with the number of the order it became."""
    return [
        (Acceptance(*(*row[1:9], tuple(row[10] or ()))), row[9]) for row in reader.rows(_ACCEPTED, {"ids": [quote_id]})
    ]


def staged_of(reader: Reader, quote_id: UUID) -> dict[str, Any] | None:
    """The offer in the making, as it was kept."""
    found = reader.value(_STAGED, [quote_id])
    return None if found is None else dict(found)


def pending_of(reader: Reader, quote_id: UUID) -> Pending | None:
    """The offer that waits for somebody to agree, with what was said about it."""
    found = reader.row(_PENDING, [quote_id])
    if found is None:
        return None
    body, tiers, asked_at, asked_by, digest, version_no = found
    names = ("id", "decision", "person", "voice", "tiers", "cap", "reason", "at")
    votes = reader.rows(_VOTES, {"id": quote_id, "no": version_no, "digest": digest})
    version = version_from(body, digest=bytes(digest))
    return Pending(
        quote_id, version, tiers, asked_at, asked_by, tuple(dict(zip(names, one, strict=True)) for one in votes)
    )


def terms_of(reader: Reader, code: str) -> tuple[int, Any] | None:
    """Days to pay and what is paid before, in percent, by payment terms."""
    found = reader.row(_TERMS, [code])
    return None if found is None else (found[0], found[1])
