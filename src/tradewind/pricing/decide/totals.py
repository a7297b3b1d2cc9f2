"""What a document comes to: lines, header discounts, charges, tax; and each delivery's exact share of a line."""

from collections.abc import Sequence
from decimal import Decimal

from tradewind.kernel.money import ZERO, cumulative_share, minor_digits, percent_of, round_places, spread
from tradewind.kernel.problem import Problem
from tradewind.pricing import errors
from tradewind.pricing.decide.tax import RateIndex, tax_lines
from tradewind.pricing.model import (
    Charge,
    ExemptionCertificate,
    HeaderDiscount,
    LineAmount,
    TaxPolicy,
    TaxSituation,
    Totals,
)

share = cumulative_share


def order_totals(
    lines: Sequence[LineAmount],
    rates: RateIndex,
    situation: TaxSituation,
    *,
    currency: str,
    charges: Sequence[Charge] = (),
    discounts: Sequence[HeaderDiscount] = (),
    certificates: Sequence[ExemptionCertificate] = (),
    policy: TaxPolicy | None = None,
) -> Totals | Problem:
    """The totals of a document; `tax.findings` holds what is wrong with the tax.

    Header discounts are taken one after the other, each spread over the discountable lines by what is left of them,
    so that every line bears tax on its own reduced amount. `pricing.discount_exceeds_lines` where they exceed the
    lines. Nets and charges are in whole minor units already.
    """
    rule = policy or TaxPolicy()
    digits = minor_digits(currency)
    left = [line.net for line in lines]
    amounts: list[Decimal] = []
    open_to = [index for index, line in enumerate(lines) if line.discountable and line.net > 0]
    for discount in discounts:
        base = sum((left[index] for index in open_to), ZERO)
        wanted = discount.value if discount.unit == "amount" else percent_of(base, discount.value)
        amount = round_places(wanted, digits, rule.mode)
        if amount > base or (amount and not open_to):
            return errors.discount_exceeds_lines(discount=f"{amount:f}", lines=f"{base:f}")
        for index, part in zip(open_to, spread(amount, [left[index] for index in open_to], digits), strict=True):
            left[index] -= part
        amounts.append(amount)
    tax = tax_lines(
        [(net, line.tax_class) for net, line in zip(left, lines, strict=True)]
        + [(charge.amount, charge.tax_class) for charge in charges],
        rates,
        situation,
        certificates=certificates,
        policy=rule,
        digits=digits,
    )
    line_sum = sum((line.net for line in lines), ZERO)
    charge_sum = sum((charge.amount for charge in charges), ZERO)
    discount_sum = sum(amounts, ZERO)
    net = line_sum + charge_sum - discount_sum
    return Totals(
        lines=line_sum,
        charges=charge_sum,
        discounts=discount_sum,
        net=net,
        tax_total=tax.total,
        total=net + tax.total,
        line_discounts=tuple(line.net - rest for line, rest in zip(lines, left, strict=True)),
        discount_amounts=tuple(amounts),
        tax=tax,
    )
