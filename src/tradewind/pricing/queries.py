"""Reads of prices and tax rates: those of a whole batch in one statement, and only what the process does not keep."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from tradewind.kernel.kept import book, mark_of
from tradewind.kernel.limits import KEPT_PRICES
from tradewind.kernel.quantity import Factor
from tradewind.kernel.tx import Reader
from tradewind.pricing.decide.tax import RateIndex, rate_index
from tradewind.pricing.decide.tolerance import Tolerance
from tradewind.pricing.model import PriceRow, TaxRate

_ASSIGNED = """
select a.scope_key, a.list_id, l.code, a.precedence, a.valid_from, a.valid_to
from unnest(%(scope)s::text[]) as w(scope_key) join price_assignment a on a.scope_key = w.scope_key
join price_list l on l.id = a.list_id
"""
_MARKS = """
with m as (
  select coalesce(string_agg(mark::text, ',' order by shard) filter (where kind = 'price'), '') as price,
    coalesce(string_agg(mark::text, ',' order by shard) filter (where kind = 'assignment'), '') as assignment
  from master_change where kind in ('price', 'assignment')
)
select l.id, m.price, m.assignment, l.mark, l.code, l.layer, l.currency, l.version
from price_list l cross join m where l.id = any(%(lists)s::uuid[])
"""
_ROWS = """
select p.product_id, p.list_id, p.id, l.code, l.layer, l.currency, l.version, p.uom, p.price_basis, p.kind,
  p.tier_from::text, p.tier_price::text, p.valid_from, p.valid_to, p.offer_expires_at
from unnest(%(product)s::uuid[], %(list)s::uuid[]) as w(product_id, list_id)
join price p on p.product_id = w.product_id and p.list_id = w.list_id and (p.valid_to is null or p.valid_to > %(since)s)
join price_list l on l.id = p.list_id
"""
_TAX_RATES = """
select country, region, tax_class, category, rate, valid_from, valid_to from tax_rate
where country = any(%(countries)s::text[])
"""


Units = Mapping[str, Factor]
ListMark = tuple[Any, ...]
RowsByProduct = Mapping[UUID, tuple[PriceRow, ...]]


class _Assignment(NamedTuple):
    list_id: UUID
    code: str
    precedence: int
    valid_from: datetime
    valid_to: datetime | None


class _Shelf:
    """The rows of one list that were read under its mark and the products': all that end after `since`, by product."""

    __slots__ = ("marks", "products", "since")

    def __init__(self, marks: tuple[ListMark, str], since: datetime) -> None:
        self.marks = marks
        self.since = since
        self.products: dict[UUID, tuple[PriceRow, ...]] = {}


class _Marks:
    """The marks of lists, as they were under one mark of all prices and one of all lists."""

    __slots__ = ("mark", "of_list")

    def __init__(self, mark: tuple[str, str]) -> None:
        self.mark = mark
        self.of_list: dict[UUID, ListMark] = {}


def assigned_lists(reader: Reader, wanted: Sequence[tuple[Sequence[str], datetime]]) -> list[dict[UUID, int]]:
    """For each (scopes, instant): the lists that apply, in the order their prices are asked: by the precedence of the best
    assignment, then by code."""
    kept = book(reader, "assignment", most=KEPT_PRICES)
    scopes_wanted = {scope for scopes, _ in wanted for scope in scopes}
    known = kept.rows.get  # another thread may make room between two looks
    of_scope: dict[str, list[_Assignment]] = {one: row for one in scopes_wanted if (row := known(one)) is not None}
    missing = list(scopes_wanted - of_scope.keys())
    if missing:
        read: dict[str, list[_Assignment]] = {scope: [] for scope in missing}
        for row in reader.rows(_ASSIGNED, {"scope": missing}):
            read[row[0]].append(_Assignment(*row[1:]))
        reader.keep(kept, read)
        of_scope |= read
    found: list[dict[UUID, int]] = []
    for scopes, at in wanted:
        best: dict[UUID, tuple[int, str]] = {}
        for scope in scopes:
            for one in of_scope[scope]:
                applies = one.valid_from <= at and (one.valid_to is None or at < one.valid_to)
                if applies and (one.list_id not in best or one.precedence < best[one.list_id][0]):
                    best[one.list_id] = (one.precedence, one.code)
        ranked = sorted(best.items(), key=_by_precedence_and_code)
        found.append({list_id: precedence for list_id, (precedence, _) in ranked})
    return found


def _by_precedence_and_code(one: tuple[UUID, tuple[int, str]]) -> tuple[int, str]:
    return one[1]


def price_rows(
    reader: Reader, wanted: Mapping[UUID, set[UUID]], *, since: datetime, units: Mapping[UUID, Units]
) -> dict[UUID, RowsByProduct]:
    """By list, then by product: the price rows of the products `wanted` of each list that are valid at `since` or later.

    `units` gives base units in one unit by product; a price in a unit the product does not have is left out. The precedence
    of a row is not filled in: it belongs to the account, not to the row.
    """
    marks, of_products = _list_marks(reader, wanted), mark_of(reader, "product")
    shelves: dict[UUID, _Shelf] = reader.kept.setdefault("price", {})
    missing: list[tuple[UUID, UUID]] = []
    used: dict[UUID, _Shelf] = {}
    for list_id, products in wanted.items():
        shelf, now = shelves.get(list_id), (marks[list_id], of_products)
        if shelf is None or shelf.marks != now or shelf.since > since:
            shelf = shelves[list_id] = _Shelf(now, since)
        used[list_id] = shelf
        missing += [(list_id, product_id) for product_id in _not_there(products, shelf)]
    if missing:
        # a shelf has what its first reader asked for, too: who comes next may ask as of then
        _read_rows(reader, used, missing, since=min(shelf.since for shelf in used.values()), units=units)
        _make_room(shelves, used)
    return {list_id: shelf.products for list_id, shelf in used.items()}


def _not_there(products: set[UUID], shelf: _Shelf) -> Iterable[UUID]:
    """Those that are not on the shelf. A set that is much larger than the shelf would walk over it, and another thread may be
    filling it."""
    if len(products) > 4 * len(shelf.products):
        return [one for one in products if one not in shelf.products]
    return products.difference(shelf.products)


def _list_marks(reader: Reader, lists: Iterable[UUID]) -> dict[UUID, ListMark]:
    """The mark of each list, with what its rows say of it; read again only where a price or a list was written since."""
    mark = (mark_of(reader, "price"), mark_of(reader, "assignment"))
    kept = reader.kept.get("price_marks")
    if kept is None or kept.mark != mark:
        kept = reader.kept["price_marks"] = _Marks(mark)
    known: dict[UUID, ListMark] = kept.of_list
    unknown = [one for one in lists if one not in known]
    if not unknown:
        return known
    found: dict[UUID, ListMark] = {}
    under = mark
    for list_id, prices, assignments, *said in reader.rows(_MARKS, {"lists": unknown}):
        found[list_id], under = tuple(said), (prices, assignments)
    if under == mark:
        known.update(found)
    # Else something was written since: under these marks an older snapshot would put its old prices on the new list's shelf.
    return {**known, **dict.fromkeys(unknown, ()), **found}  # a list that is gone has no rows


def _read_rows(
    reader: Reader,
    shelves: Mapping[UUID, _Shelf],
    missing: Sequence[tuple[UUID, UUID]],
    *,
    since: datetime,
    units: Mapping[UUID, Units],
) -> None:
    """Fill the shelves with what is missing; a pair without rows is kept as having none."""
    rows: dict[tuple[UUID, UUID], list[PriceRow]] = {pair: [] for pair in missing}
    asked = {"list": [one for one, _ in missing], "product": [one for _, one in missing], "since": since}
    for row in reader.rows(_ROWS, asked):
        factor = units[row[0]].get(row[7])
        if factor is not None:
            rows[row[1], row[0]].append(_price_row(row, factor))
    for (list_id, product_id), found in rows.items():
        shelves[list_id].products[product_id] = tuple(found)


def _price_row(row: tuple[Any, ...], factor: Factor) -> PriceRow:
    return PriceRow(
        list_id=row[1],
        list_code=row[3],
        layer=row[4],
        precedence=0,
        currency=row[5],
        uom=row[7],
        uom_factor=factor,
        price_basis=row[8],
        kind=row[9],
        tiers=tuple(zip(_decimals(row[10]), _decimals(row[11]), strict=True)),
        valid_from=row[12],
        valid_to=row[13],
        expires_at=row[14],
        version=row[6],
        row_id=row[2],
    )


def _make_room(shelves: dict[UUID, _Shelf], used: Mapping[UUID, _Shelf]) -> None:
    """Never more than `KEPT_PRICES` pairs: the lists that came first go first, those at hand last."""
    at_hand = list(shelves.items())  # other threads put shelves there and take them away meanwhile
    held = sum(len(shelf.products) for _, shelf in at_hand)
    for list_id, shelf in at_hand:
        if held <= KEPT_PRICES:
            return
        if list_id not in used:
            shelves.pop(list_id, None)
            held -= len(shelf.products)
    if held > KEPT_PRICES:
        shelves.clear()


def _decimals(array: str) -> list[Decimal]:
    return [Decimal(part) for part in array[1:-1].split(",")]


def rates_of(reader: Reader, countries: Iterable[str]) -> RateIndex:
    """The rates of these countries and their regions, by (jurisdiction, tax class)."""
    kept, wanted = book(reader, "tax", most=100), frozenset(countries)
    index: RateIndex | None = kept.rows.get(wanted)
    if index is None:
        index = rate_index(tax_rates(reader, wanted))
        reader.keep(kept, {wanted: index})
    return index


def tax_rates(reader: Reader, countries: Iterable[str]) -> list[TaxRate]:
    """The rates of these countries and their regions."""
    return [
        TaxRate(f"{row[0]}-{row[1]}" if row[1] else row[0], row[2], row[3], row[4], row[5], row[6])
        for row in reader.rows(_TAX_RATES, {"countries": sorted(set(countries))})
    ]


_TOLERANCES = """
select scope_key, take, line_up_percent, line_up_amount, line_down_percent, line_down_amount, order_up_percent, order_up_amount,
  order_down_percent, order_down_amount, floor_percent
from price_tolerance
"""


def price_tolerances(reader: Reader) -> dict[str, Tolerance]:
    """How far buyers' prices may be off ours, by scope."""
    return {
        row[0]: Tolerance(row[1], row[2:4], row[4:6], row[6:8], row[8:10], row[10]) for row in reader.rows(_TOLERANCES)
    }
