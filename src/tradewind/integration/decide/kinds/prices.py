"""Prices: one row a tier; the rows of one list, product, unit and beginning make a ladder."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from tradewind.integration.decide.kinds.period import period
from tradewind.kernel.problem import Problem
from tradewind.semantics.decide.rows.fields import code, moment, number, one_of, unit
from tradewind.semantics.decide.rows.model import RefusedRow, place
from tradewind.semantics.decide.rows.schema import Fault, Kind

TIERS_MAX = 50


class PriceRow(NamedTuple):
    """One tier. Several rows with the same list, product, unit and beginning form one ladder."""

    row: int
    price_list: str
    sku: str
    uom: str | None
    from_qty: Decimal
    price: Decimal
    valid_from: datetime | None
    valid_to: datetime | None
    kind: str
    price_basis: Decimal


class Ladder(NamedTuple):
    """A whole ladder: tiers by rising quantity. `rows` are the row numbers it came from."""

    price_list: str
    sku: str
    uom: str | None
    valid_from: datetime | None
    valid_to: datetime | None
    kind: str
    price_basis: Decimal
    tier_from: tuple[Decimal, ...]
    tier_price: tuple[Decimal, ...]
    rows: tuple[int, ...]


class Ladders(NamedTuple):
    """Ladders in the order of their first row, rows that fit into none, and what to look at: (row, fault)."""

    ladders: list[Ladder]
    refused: list[RefusedRow]
    warnings: list[tuple[int, Fault]]


def _check(row: PriceRow) -> Iterable[Fault]:
    if row.valid_to is not None:
        yield from period(row)


PRICES = Kind(
    name="prices",
    sentence="Prices: one row a tier; rows with the same list, product, unit and beginning form one ladder.",
    row=PriceRow,
    fields=(
        code("price_list", "code of the list", required=True, aliases=("list",)),
        code("sku", "the product", required=True, aliases=("product", "item"), repeats=False),
        unit("uom", "the unit the price is for; empty means the base unit"),
        number(
            "from_qty",
            "the quantity the tier begins at, in that unit",
            digits=14,
            default="0",
            aliases=("from_quantity", "quantity", "break_qty", "tier", "min_qty"),
        ),
        number("price", "the price per price basis, before tax", required=True, aliases=("unit_price", "net_price")),
        moment(
            "valid_from",
            "from when; empty means always, or from now where it replaces another price",
            aliases=("from", "start", "start_date"),
        ),
        moment(
            "valid_to",
            "until when; a bare date is included, empty means without end",
            last_day=True,
            aliases=("to", "end", "end_date", "expires"),
        ),
        one_of(
            "kind",
            "volume: the tier's price for all units; graduated: for the units within the tier",
            "volume",
            "graduated",
            default="volume",
        ),
        number(
            "price_basis",
            "the price is for so many units (100: per hundred)",
            minimum="0.000001",
            default="1",
            aliases=("per", "price_per", "basis"),
        ),
    ),
    key=("price_list", "sku", "uom", "valid_from", "from_qty"),
    after=("price_lists", "products", "product_units"),
    check=_check,
)


def ladders(rows: Iterable[PriceRow]) -> Ladders:
    """Group tiers to ladders. A faulty ladder is refused whole: half a ladder would be a wrong price."""
    groups: dict[tuple[str, str, str | None, datetime | None], list[PriceRow]] = {}
    for row in rows:
        groups.setdefault((row.price_list, row.sku, row.uom, row.valid_from), []).append(row)
    found = Ladders([], [], [])
    for group in groups.values():
        if len(group) == 1:
            found.ladders.append(_ladder(group))
            _look_at_start(group, found)
            continue
        group.sort(key=lambda row: (row.from_qty, row.row))
        problems = _faults(group)
        if problems:
            found.refused.extend(
                RefusedRow(row.row, (), (problems.get(row.row) or _left_out(row, problems),)) for row in group
            )
            continue
        distinct = _without_repeats(group, found)
        found.ladders.append(_ladder(distinct))
        _look_at_start(distinct, found)
        _look_at_prices(distinct, found)
    return _without_overlaps(found)


def _ladder(tiers: Sequence[PriceRow]) -> Ladder:
    first = tiers[0]
    return Ladder(
        first.price_list,
        first.sku,
        first.uom,
        first.valid_from,
        first.valid_to,
        first.kind,
        first.price_basis,
        tuple(tier.from_qty for tier in tiers),
        tuple(tier.price for tier in tiers),
        tuple(tier.row for tier in tiers),
    )


def _faults(group: Sequence[PriceRow]) -> dict[int, Problem]:
    """What keeps rows from being one ladder, by row."""
    first = min(group, key=lambda row: row.row)
    problems: dict[int, Problem] = {}
    for before, row in zip([None, *group], group, strict=False):
        if before is not None and before.from_qty == row.from_qty and before.price != row.price:
            problems[row.row] = _problem(
                row,
                "from_qty",
                "import.tier_twice",
                f"from {row.from_qty} on, row {before.row} says {before.price} and this row {row.price}",
            )
        for column in ("kind", "price_basis", "valid_to"):
            ours, theirs = getattr(row, column), getattr(first, column)
            if ours != theirs:
                problems[row.row] = _problem(
                    row,
                    column,
                    "import.tiers_disagree",
                    f"the tiers of one ladder share it; row {first.row} says {theirs}, this row {ours}",
                )
    if len({row.from_qty for row in group}) > TIERS_MAX:
        problems[first.row] = _problem(
            first, "from_qty", "import.too_many_tiers", f"a ladder may have {TIERS_MAX} tiers"
        )
    return problems


def _left_out(row: PriceRow, problems: dict[int, Problem]) -> Problem:
    culprit = min(problems)
    return _problem(row, "from_qty", "import.ladder_refused", f"another tier of its ladder is wrong (row {culprit})")


def _problem(row: PriceRow, column: str, code_: str, message: str) -> Problem:
    return Problem(code_, f"{column}: {message}", place(row.row, column), detail={"row": row.row, "column": column})


def _without_repeats(group: Sequence[PriceRow], found: Ladders) -> list[PriceRow]:
    distinct = [group[0]]
    for row in group[1:]:
        if row.from_qty == distinct[-1].from_qty:
            found.warnings.append(
                (
                    row.row,
                    Fault("from_qty", "import.tier_repeated", f"the same as row {distinct[-1].row}", is_warning=True),
                )
            )
        else:
            distinct.append(row)
    return distinct


def _look_at_start(tiers: Sequence[PriceRow], found: Ladders) -> None:
    if tiers[0].from_qty > 1:
        found.warnings.append(
            (
                tiers[0].row,
                Fault(
                    "from_qty", "import.no_price_below", f"there is no price below {tiers[0].from_qty}", is_warning=True
                ),
            )
        )


def _look_at_prices(tiers: Sequence[PriceRow], found: Ladders) -> None:
    for lower, upper in pairwise(tiers):
        if upper.price > lower.price:
            found.warnings.append(
                (
                    upper.row,
                    Fault(
                        "price",
                        "import.price_rises_with_quantity",
                        f"{upper.price} from {upper.from_qty} on is more than {lower.price} before",
                        is_warning=True,
                    ),
                )
            )


def _without_overlaps(found: Ladders) -> Ladders:
    """Refuse a ladder that begins before another of the same price with a stated end is over."""
    by_price: dict[tuple[str, str, str | None], list[Ladder]] = {}
    for ladder in found.ladders:
        by_price.setdefault((ladder.price_list, ladder.sku, ladder.uom), []).append(ladder)
    overlapping: dict[int, Ladder] = {}
    for same in by_price.values():
        if len(same) > 1:
            same.sort(key=lambda ladder: (ladder.valid_from is not None, ladder.valid_from))
            for before, after in pairwise(same):
                if before.valid_to is not None and after.valid_from is not None and after.valid_from < before.valid_to:
                    overlapping[id(after)] = before
    if not overlapping:
        return found
    kept = [ladder for ladder in found.ladders if id(ladder) not in overlapping]
    refused = list(found.refused)
    for ladder in found.ladders:
        earlier = overlapping.get(id(ladder))
        if earlier is not None:
            for row in ladder.rows:
                message = (
                    f"valid_from: begins at {ladder.valid_from}, "
                    f"before the price of row {earlier.rows[0]} ends ({earlier.valid_to})"
                )
                refused.append(
                    RefusedRow(
                        row,
                        (),
                        (
                            Problem(
                                "import.periods_overlap",
                                message,
                                place(row, "valid_from"),
                                detail={"row": row, "column": "valid_from"},
                            ),
                        ),
                    )
                )
    return Ladders(kept, refused, found.warnings)
