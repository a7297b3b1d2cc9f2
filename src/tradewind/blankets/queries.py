"""Reads of blanket orders, and the statement that locks their lines."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from tradewind.blankets.model import Blanket, BlanketLine, Calling, PriceStep
from tradewind.kernel.kept import book
from tradewind.kernel.locks import LockKind
from tradewind.kernel.tx import Reader, Row

_HEAD = """b.id, b.number, b.account_id, b.buyer_po, b.name, b.currency, b.status, b.valid_from, b.valid_to, b.priority_at, b.consumption,
  b.overflow, b.ship_tos, b.tolerance_percent, b.note, b.version, b.created_at, b.expired_at, b.decision, b.reason, b.closed_at,
  b.shortfall_order_id"""
_LINE = """l.id, l.blanket_id, l.line_no, l.account_id, l.product_id, l.uom, l.prices, l.price_basis, l.committed_qty, l.qty_limit,
  l.committed_value, l.value_limit, l.min_release, l.max_release, l.called_off, l.called_value"""
_HEAD_COLUMNS = 22
LOCK_BLANKET_LINES = LockKind(
    "agreement",
    f"select {_LINE} from blanket_line l where l.id = any(%(keys)s::uuid[]) order by l.id for no key update",  # noqa: S608
)
_ACCOUNTS = "select distinct account_id from blanket"
_NAMED = f"""
select w.place::int, {_HEAD}
from unnest(%(accounts)s::uuid[], %(names)s::text[]) with ordinality as w(account_id, name, place)
join blanket b on b.account_id = w.account_id and (b.number = w.name or b.buyer_po = w.name)
order by w.place, b.number = w.name
"""  # noqa: S608 - columns are ours
_BY_NAME = f"select {_HEAD} from blanket b where b.number = %(name)s or b.id = %(id)s"  # noqa: S608 - columns are ours
_LINES = f"""
select {_LINE} from blanket_line l where l.blanket_id = any(%(blankets)s::uuid[]) order by l.blanket_id, l.line_no
"""  # noqa: S608 - columns are ours
_CONSUMING = f"""
select w.place::int, {_HEAD}, {_LINE}
from unnest(%(accounts)s::uuid[], %(products)s::uuid[], %(names)s::text[]) with ordinality as w(account_id, product_id, name, place)
join blanket_line l on l.account_id = w.account_id and l.product_id = w.product_id
join blanket b on b.id = l.blanket_id and b.status = 'open' and (b.consumption = 'automatic' or b.buyer_po = w.name)
order by w.place, coalesce(b.buyer_po = w.name, false) desc, b.priority_at, b.number
"""  # noqa: S608 - columns are ours
_CALLED = f"""
select c.order_id, c.line_no, c.automatic, c.qty, c.value, b.number, b.overflow, {_LINE}
from call_off c join blanket_line l on l.id = c.blanket_line_id join blanket b on b.id = l.blanket_id
where c.order_id = any(%(orders)s::uuid[])
"""  # noqa: S608 - columns are ours
_PAGE = f"""
select {_HEAD} from blanket b
where (%(status)s::text is null or b.status = %(status)s) and (%(account)s::uuid is null or b.account_id = %(account)s)
  and (%(after)s::text is null or b.number < %(after)s)
order by b.number desc limit %(limit)s
"""  # noqa: S608 - columns are ours
_NUMBER = "select 'BL-' || lpad(nextval('blanket_number')::text, 8, '0')"
_ENDING = f"""
select {_HEAD} from blanket b
where b.status = 'open' and (b.valid_to <= %(now)s and b.expired_at is null or b.valid_to <= %(soon)s and b.end_noted_at is null)
order by b.valid_to, b.id limit %(limit)s for no key update skip locked
"""  # noqa: S608 - columns are ours


def accounts_with_blankets(reader: Reader) -> frozenset[UUID]:
    """The accounts that have any blanket order, kept until one is written: who has none is asked nothing more."""
    kept = book(reader, "blanket", most=1)
    known: frozenset[UUID] | None = kept.rows.get("accounts")
    if known is None:
        known = frozenset(row[0] for row in reader.rows(_ACCOUNTS))
        reader.keep(kept, {"accounts": known})
    return known


def blankets_named(reader: Reader, wanted: Sequence[tuple[UUID, str]]) -> dict[int, Blanket]:
    """By place of (account, name): the blanket order of the account whose number, or the buyer's number, that is."""
    params = {"accounts": [account for account, _ in wanted], "names": [name for _, name in wanted]}
    return {row[0] - 1: blanket_of(row[1:]) for row in reader.rows(_NAMED, params)}


def blanket_by_name(reader: Reader, name: str) -> Blanket | None:
    """A blanket order by its number or id, as far as the reader may see it."""
    try:
        by_id: UUID | None = UUID(name)
    except ValueError:
        by_id = None
    found = reader.row(_BY_NAME, {"name": name, "id": by_id})
    return None if found is None else blanket_of(found)


def blankets_page(
    reader: Reader, *, account_id: UUID | None, status: str | None, after: str | None, limit: int
) -> list[Blanket]:
    """A page of blanket orders, the newest first; `after` is the number of the last one seen."""
    params = {"account": account_id, "status": status, "after": after, "limit": limit}
    return [blanket_of(row) for row in reader.rows(_PAGE, params)]


def lines_of_blankets(reader: Reader, blankets: Iterable[UUID]) -> dict[UUID, list[BlanketLine]]:
    """Lines by blanket order, by number."""
    found: dict[UUID, list[BlanketLine]] = {}
    for row in reader.rows(_LINES, {"blankets": list(blankets)}):
        found.setdefault(row[1], []).append(line_of(row))
    return found


Asked = tuple[UUID, UUID, str | None]


def consuming_lines(reader: Reader, wanted: Iterable[Asked]) -> dict[Asked, list[tuple[Blanket, BlanketLine]]]:
    """By (account, product, buyer's number of the blanket order that is released, if any): the open blanket orders that take this
    in: the one that is released, then those that take ordinary orders in, the earliest priority first."""
    asked = sorted(set(wanted), key=lambda one: (one[0], one[1], one[2] or ""))
    params = {
        "accounts": [account for account, _, _ in asked],
        "products": [product for _, product, _ in asked],
        "names": [name for _, _, name in asked],
    }
    found: dict[Asked, list[tuple[Blanket, BlanketLine]]] = {}
    for row in reader.rows(_CONSUMING, params):
        pair = (blanket_of(row[1 : 1 + _HEAD_COLUMNS]), line_of(row[1 + _HEAD_COLUMNS :]))
        found.setdefault(asked[row[0] - 1], []).append(pair)
    return found


def callings_of(reader: Reader, orders: Sequence[UUID]) -> dict[UUID, dict[int, Calling]]:
    """What the lines of orders take from blanket orders, by order and line."""
    found: dict[UUID, dict[int, Calling]] = {}
    for row in reader.rows(_CALLED, {"orders": list(orders)}):
        calling = Calling(line_of(row[7:]), row[5], row[6], row[2], row[3], row[4], stored=True)
        found.setdefault(row[0], {})[row[1]] = calling
    return found


def next_blanket_number(reader: Reader) -> str:
    """A number people can read; there may be gaps."""
    return str(reader.value(_NUMBER))


def ending_blankets(reader: Reader, *, soon: datetime, limit: int) -> list[Blanket]:
    """Open blanket orders that are over, or end by `soon` and nobody was told; locked, those that others work on left out."""
    return [blanket_of(row) for row in reader.rows(_ENDING, {"now": reader.now, "soon": soon, "limit": limit})]


def blanket_of(row: Row) -> Blanket:
    """A row of header columns."""
    return Blanket(*(*row[:12], tuple(row[12]), *row[13:22]))


def line_of(row: Row) -> BlanketLine:
    """A row of line columns, as `LOCK_BLANKET_LINES` gives them, too."""
    return BlanketLine(*(*row[:6], prices_of(row[6]), *row[7:16]))


def prices_of(stored: Iterable[dict[str, Any]]) -> tuple[PriceStep, ...]:
    """The schedule of prices as it is stored."""
    return tuple(PriceStep(datetime.fromisoformat(one["from"]), Decimal(one["price"])) for one in stored)
