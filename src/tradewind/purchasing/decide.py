"""Which vendor ships a line, how much of it, and what an answer moves: values in, values out."""

from collections.abc import Collection, Iterable, Sequence
from decimal import ROUND_FLOOR, Decimal
from uuid import UUID

from tradewind.kernel.money import plain
from tradewind.kernel.problem import Problem
from tradewind.purchasing import errors
from tradewind.purchasing.model import COUNTED, ZERO, Offer, SupplierLine, VendorAnswer


def choose(offers: Iterable[Offer], scopes: Sequence[str], *, turned_down: Collection[UUID] = ()) -> Offer | None:
    """The offer that a line goes by: the narrowest scope (the first of `scopes`), then rank, then the vendor's code; never of
    a vendor that refused or cancelled units of the line before: it would go round in circles."""
    place = {scope: number for number, scope in enumerate(scopes)}
    fitting = [one for one in offers if one.scope_key in place and one.vendor.id not in turned_down]
    return min(fitting, key=lambda one: (place[one.scope_key], one.rank, one.vendor.code), default=None)


def whole_packs(qty: Decimal, pack: Decimal) -> Decimal:
    """As much of a quantity as comes in whole packs; the rest waits for own stock."""
    return (max(qty, ZERO) / pack).to_integral_value(ROUND_FLOOR) * pack


def moved(lines: Sequence[SupplierLine], answer: VendorAnswer) -> dict[int, Decimal] | list[Problem]:
    """The units by line that an answer moves: exactly those it names, or all that is left; or what is wrong with it."""
    if answer.outcome not in COUNTED:
        return {}
    if not answer.lines:
        return {one.line_no: one.left for one in lines if one.left}
    known = {one.line_no: one for one in lines}
    units: dict[int, Decimal] = {}
    problems: list[Problem] = []
    for place, (line_no, qty) in enumerate(answer.lines):
        where = f"/lines/{place}"
        if line_no not in known or line_no in units:
            problems.append(errors.unknown_line(line_no, where))
        elif qty > known[line_no].left:
            problems.append(errors.too_many(line_no, plain(qty), plain(known[line_no].left), where))
        else:
            units[line_no] = qty
    return problems or units
