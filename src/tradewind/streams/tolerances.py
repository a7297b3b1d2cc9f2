"""The price a buyer's document states against ours (VA6): within the tolerance whose price counts is agreed, beyond it a
person decides. Who has no tolerance agreed buys at our prices, and who buys at the document's prices is not asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from tradewind.kernel.money import minor_digits, plain, round_places
from tradewind.kernel.problem import Problem
from tradewind.pricing.decide import PriceVerdict, StatedNet, Tolerance, compare_prices, document_price
from tradewind.pricing.model import Loser, PricedLine, PriceRequest
from tradewind.semantics.model import Finding
from tradewind.streams.order_work import LineWork, OrderWork

DIFFERS = "pricing.po_price_differs"


@dataclass(frozen=True, slots=True)
class Stated:
    """A line with our price and what its document states."""

    one: LineWork
    request: PriceRequest
    ours: PricedLine

    def net(self, currency: str) -> StatedNet:
        assert self.one.stated_price is not None
        theirs = self.request.qty * self.one.stated_price / self.one.stated_basis
        return StatedNet(self.request.line_no, self.ours.net, round_places(theirs, minor_digits(currency)))


def by_tolerance(
    stated: Mapping[int, Stated], agreed: Tolerance | None, own: Mapping[int, Tolerance]
) -> list[tuple[Tolerance, dict[int, Stated]]]:
    """The lines that are compared together: those that a table gave a tolerance of their own, by that, and those of what is
    agreed; lines with neither are not compared."""
    found: dict[Tolerance, dict[int, Stated]] = {}
    for line_no, one in stated.items():
        kept = own.get(line_no, agreed)
        if kept is not None:
            found.setdefault(kept, {})[line_no] = one
    return list(found.items())


def priced_within(
    work: OrderWork, stated: Mapping[int, Stated], tolerance: Tolerance, findings: list[Finding]
) -> dict[int, PricedLine]:
    """The lines that take the buyer's price; what differs is said, and held where it differs too much."""
    nets = {line_no: one.net(work.header.currency) for line_no, one in stated.items()}
    taken: dict[int, PricedLine] = {}
    for verdict in compare_prices(list(nets.values()), tolerance):
        if verdict.result == "same":
            continue
        one = stated[verdict.line_no]
        findings.append(_finding(one, nets[verdict.line_no], verdict))
        if verdict.result == "buyers":
            theirs = at_document_price(one.one, one.request, reason="within_tolerance")
            if isinstance(theirs, PricedLine):
                ours = one.ours
                lost = Loser(ours.list_code, ours.layer, ours.version, "within_tolerance", ours.unit_price, ours.net)
                taken[verdict.line_no] = PricedLine(
                    **{name: getattr(theirs, name) for name in PricedLine.__slots__ if name != "losers"},
                    losers=(lost, *ours.losers),
                )
    return taken


def at_document_price(one: LineWork, request: PriceRequest, *, reason: str = "document_price") -> PricedLine | Problem:
    """The line at the price its document states."""
    assert one.stated_price is not None
    factor = (one.line.factor_num, one.line.factor_den)
    return document_price(request, one.stated_price, price_basis=one.stated_basis, uom_factor=factor, reason=reason)


def _finding(one: Stated, net: StatedNet, verdict: PriceVerdict) -> Finding:
    line, price, basis = one.one.line, one.one.stated_price, one.one.stated_basis
    assert price is not None
    figures = {
        "stated_price": plain(price),
        "basis": plain(basis),
        "uom": line.uom,
        "our_price": plain(_per(net.ours, one.request.qty, basis)),
        "stated_net": plain(net.theirs),
        "our_net": plain(net.ours),
        "difference": plain(verdict.difference),
    }
    if verdict.percent is not None:
        figures["percent"] = plain(verdict.percent)
    text = f"the order says {plain(price)} per {_unit(basis, line.uom)}: {verdict.reason}"
    if verdict.result != "held":
        return Finding(DIFFERS, "info", text, line.line_no, "unit_price", None, None, figures)
    actions = {"actions": ["accept_stated", "bill_ours"]}
    return Finding(
        DIFFERS, "hold", text, line.line_no, "unit_price", "Accept the stated price, or bill ours.", "price",
        {**figures, **actions},
    )  # fmt: skip


def _unit(basis: Decimal, uom: str) -> str:
    return uom if basis == 1 else f"{plain(basis)} {uom}"


def _per(net: Decimal, qty: Decimal, basis: Decimal) -> Decimal:
    """What a line comes to as a price per basis, to the places a price has."""
    return round_places(net * basis / qty, 6) if qty else net
