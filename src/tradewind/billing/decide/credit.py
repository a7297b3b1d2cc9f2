"""What a credit note credits: never more than the invoice, at its prices and its tax, the whole exactly the whole."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from tradewind.billing import errors
from tradewind.billing.model import Amounts, CreditWish, InvoicedLine, PostedLine, TaxGroup
from tradewind.kernel.money import ZERO, cumulative_share, percent_of, round_places
from tradewind.kernel.problem import Problem


def credit(
    lines: Sequence[InvoicedLine],
    wishes: Sequence[CreditWish],
    groups: Sequence[TaxGroup],
    *,
    rounding: str,
    digits: int,
) -> Amounts | list[Problem]:
    """The amounts of a credit note (positive), or everything that is wrong with the wishes.

    `lines` are all lines of the invoice, `groups` its tax breakdown. Units are credited at their share of what is left of
    the line; an amount credits no units. Several credits of a line together never exceed it, and reach it exactly.
    """
    left = {one.line.line_no: one for one in lines}
    problems: list[Problem] = []
    posted: list[PostedLine] = []
    for place, wish in enumerate(wishes):
        found = _credited(left.get(wish.line_no), wish, digits=digits, where=f"/lines/{place}")
        if isinstance(found, Problem):
            problems.append(found)
            continue
        one, qty, net = found
        left[wish.line_no] = replace(one, credited_qty=one.credited_qty + qty, credited_net=one.credited_net + net)
        posted.append(
            replace(
                one.line,
                line_no=len(posted) + 1,
                shipment_line_no=None,
                qty=qty,
                net=net,
                corrects_line_no=wish.line_no,
            )
        )
    if problems:
        return problems
    taxes = (
        _taxes_per_line(lines, left, digits)
        if rounding == "per_line"
        else _taxes_per_group(lines, left, groups, digits)
    )
    net = sum((one.net for one in posted if one.charge_no is None), ZERO)
    charges = sum((one.net for one in posted if one.charge_no is not None), ZERO)
    amounts = Amounts(tuple(posted), net, charges, taxes)
    return amounts if amounts.total > 0 else [errors.nothing_to_credit()]


def _credited(
    one: InvoicedLine | None, wish: CreditWish, *, digits: int, where: str
) -> tuple[InvoicedLine, Decimal, Decimal] | Problem:
    """(line, units, net) of one wish."""
    if one is None:
        return errors.no_such_line(wish.line_no, where)
    if (wish.qty is None) == (wish.amount is None):
        return errors.qty_or_amount(where)
    if wish.qty is not None:
        if not ZERO < wish.qty <= one.qty_left:
            return errors.more_than_invoiced(f"{wish.qty:f}", f"{one.qty_left:f}", f"{where}/qty")
        return one, wish.qty, cumulative_share(one.net_left, ZERO, wish.qty, one.qty_left, digits)
    amount = wish.amount or ZERO
    if not ZERO < amount <= one.net_left:
        return errors.more_than_invoiced(f"{amount:f}", f"{max(one.net_left, ZERO):f}", f"{where}/amount")
    if round_places(amount, digits) != amount:
        return errors.too_fine(f"{amount:f}", f"{where}/amount")
    return one, ZERO, round_places(amount, digits)


def _changed(before: Sequence[InvoicedLine], after: Mapping[int, InvoicedLine]) -> list[tuple[InvoicedLine, Decimal]]:
    """The lines that are credited now, with how much."""
    pairs = [(one, after[one.line.line_no].credited_net - one.credited_net) for one in before]
    touched = [after[one.line.line_no].credited_qty != one.credited_qty for one in before]
    return [pair for pair, moved in zip(pairs, touched, strict=True) if pair[1] or moved]


def _taxes_per_line(
    before: Sequence[InvoicedLine], after: Mapping[int, InvoicedLine], digits: int
) -> tuple[TaxGroup, ...]:
    found: dict[tuple[str, Decimal], TaxGroup] = {}
    for one, now in _changed(before, after):
        line, key = one.line, (one.line.category, one.line.rate)
        whole = round_places(percent_of(line.net, line.rate), digits)
        tax = cumulative_share(whole, one.credited_net, now, line.net, digits) if line.net else ZERO
        known = found.get(key, TaxGroup(*key, ZERO, ZERO))
        found[key] = replace(known, base=known.base + now, tax=known.tax + tax)
    return tuple(found.values())


def _taxes_per_group(
    before: Sequence[InvoicedLine], after: Mapping[int, InvoicedLine], groups: Sequence[TaxGroup], digits: int
) -> tuple[TaxGroup, ...]:
    """Each group gives back of its tax what its credited base is of its base; all of it with the last unit."""
    now: dict[tuple[str, Decimal], Decimal] = {}
    for one, net in _changed(before, after):
        key = (one.line.category, one.line.rate)
        now[key] = now.get(key, ZERO) + net
    found: list[TaxGroup] = []
    for group in groups:
        key = (group.category, group.rate)
        if key not in now:
            continue
        done = sum((one.credited_net for one in before if (one.line.category, one.line.rate) == key), ZERO)
        tax = cumulative_share(group.tax, done, now[key], group.base, digits) if group.base else ZERO
        found.append(TaxGroup(*key, now[key], tax))
    return tuple(found)
