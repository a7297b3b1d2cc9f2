"""What an invoice bills: each delivery's exact share of a line, charges once, tax by the order's rates and rounding rule."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from tradewind.billing.model import Amounts, BillableCharge, BillableLine, PostedLine, TaxGroup
from tradewind.kernel.money import ZERO, cumulative_share, percent_of, round_places

ONE = Decimal(1)


def bill(
    lines: Sequence[BillableLine],
    charges: Sequence[BillableCharge],
    *,
    order_net: Decimal,
    net_before: Decimal,
    rounding: str,
    digits: int,
    last: bool,
) -> Amounts:
    """The amounts of one invoice.

    Lines share their net by the units billed, so that all invoices of an order sum to it exactly, also where the net changed
    in between; a line may come in several pieces, one after the other. A charge comes with the first invoice; an allowance (a negative charge) by the share of the order's net that is billed, the rest with the last.
    `net_before`: what of `order_net` was billed before. `last`: nothing of the order is left to bill after this.
    """
    posted: list[PostedLine] = []
    done: dict[int, tuple[Decimal, Decimal]] = {}
    for number, line in enumerate(lines, 1):
        qty, net = done.get(line.order_line_no, (line.invoiced, line.net_invoiced))
        share = cumulative_share(line.net, ZERO, qty + line.qty, line.ordered, digits) - net
        posted.append(_line(number, line, share))
        done[line.order_line_no] = (qty + line.qty, net + share)
    goods = sum((one.net for one in posted), ZERO)
    for charge in charges:
        amount = _of_charge(charge, order_net, net_before, goods, digits=digits, last=last)
        if amount:
            posted.append(_charge(len(posted) + 1, charge, amount))
    charged = sum((one.net for one in posted if one.charge_no is not None), ZERO)
    parts = [(one.category, one.rate, one.net) for one in posted]
    return Amounts(tuple(posted), goods, charged, tax_groups(parts, rounding=rounding, digits=digits))


def _line(number: int, line: BillableLine, net: Decimal) -> PostedLine:
    return PostedLine(
        number,
        line.order_line_no,
        None,
        line.shipment_line_no,
        line.product_id,
        line.description,
        line.qty,
        line.uom,
        line.unit_price,
        line.basis,
        line.price_uom,
        net,
        line.category,
        line.rate,
    )


def _of_charge(
    charge: BillableCharge, order_net: Decimal, before: Decimal, now: Decimal, *, digits: int, last: bool
) -> Decimal:
    left = charge.amount - charge.invoiced
    if charge.amount >= 0 or last or order_net <= 0:
        return left
    share = cumulative_share(charge.amount, before, now, order_net, digits)
    return max(share, left)  # both are negative: never more of the allowance than there is


def _charge(number: int, charge: BillableCharge, amount: Decimal) -> PostedLine:
    return PostedLine(
        number,
        None,
        charge.charge_no,
        None,
        None,
        charge.description,
        ONE,
        None,
        amount,
        ONE,
        None,
        amount,
        charge.category,
        charge.rate,
    )


def tax_groups(parts: Iterable[tuple[str, Decimal, Decimal]], *, rounding: str, digits: int) -> tuple[TaxGroup, ...]:
    """The tax breakdown of (category, rate, net) parts, one group for each category and rate, in order of appearance.

    `per_tax_group` rounds once a group (EN 16931); `per_line` sums the rounded taxes of the parts.
    """
    bases: dict[tuple[str, Decimal], Decimal] = {}
    taxes: dict[tuple[str, Decimal], Decimal] = {}
    for category, rate, net in parts:
        key = (category, rate)
        bases[key] = bases.get(key, ZERO) + net
        taxes[key] = taxes.get(key, ZERO) + round_places(percent_of(net, rate), digits)
    if rounding == "per_tax_group":
        taxes = {key: round_places(percent_of(base, key[1]), digits) for key, base in bases.items()}
    return tuple(TaxGroup(*key, base, taxes[key]) for key, base in bases.items())


def due_date(issued_at: datetime, net_days: int) -> datetime:
    """When an invoice falls due."""
    return issued_at + timedelta(days=net_days)


def credit_used(taken: Decimal, total: Decimal, *, last: bool) -> Decimal:
    """What of an order's headroom becomes a receivable with this invoice; the last one gives everything back."""
    return taken if last else min(taken, max(total, ZERO))
