"""Taxes and totals of an order: by where it goes, by where it leaves, services apart from goods.

Most orders go to one place in the seller's own country and are taxed in one go. One that goes to several places is taxed per
place as if each were an order of its own, and its totals are their sums (OC10).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast
from uuid import UUID

from tradewind.accounts.model import Account, Certificate
from tradewind.fulfilment.decide import Shelf
from tradewind.inventory.queries import free_stock
from tradewind.kernel.money import minor_digits, round_places
from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Reader
from tradewind.orders.model import LinePrice, LineTax, Totals
from tradewind.pricing.decide import TaxPart, jurisdiction_of, order_totals, tax_parts
from tradewind.pricing.model import (
    Charge,
    ExemptionCertificate,
    LineAmount,
    TaxGroup,
    TaxPolicy,
    TaxSituation,
)
from tradewind.semantics.model import ZERO, Finding, Place
from tradewind.streams.order_locks import read_lanes
from tradewind.streams.order_work import OrderWork, OrderWorkset
from tradewind.streams.rules_at_hand import HouseRules
from tradewind.streams.sources import lanes_of, plan_sources

Taxed = tuple[dict[int, LineTax], tuple[LineTax, ...], Totals]
Origins = Mapping[tuple[UUID, int], str]


def order_taxes(
    work: OrderWork,
    prices: Mapping[int, LinePrice],
    findings: list[Finding],
    *,
    rates: Any,
    certificates: Sequence[Certificate],
    origins: Origins | None = None,
) -> Taxed:
    """The tax of each line and charge, and the totals; adds to the findings what a person should know.

    `origins`: from which country each line leaves, where that is not the seller's own.
    """
    exemptions = [
        ExemptionCertificate(one.number, jurisdiction_of(one.country, one.region), one.valid_from, one.valid_to)
        for one in certificates
    ]
    policy = TaxPolicy(rounding=cast(Any, work.header.tax_rounding))
    situation = _situation(work.account, work.groups[0].ship_to, work)
    if origins is not None or _several_places(work) or _crosses(work):
        return _by_part(
            work, prices, findings, rates=rates, exemptions=exemptions, policy=policy, origins=origins or {}
        )
    amounts = [
        LineAmount(one.line.line_no, prices.get(one.line.line_no, one.price).net, one.line.tax_class)
        for one in work.lines
    ]
    charges = [Charge(charge.code, charge.amount, charge.tax_class) for charge, _ in work.charges]
    answer = order_totals(
        amounts,
        rates,
        situation,
        currency=work.header.currency,
        charges=charges,
        certificates=exemptions,
        policy=policy,
    )
    if isinstance(answer, Problem):
        raise ValueError(answer.message)
    findings += _told(answer.tax.findings)
    taxed = [LineTax(one.category or "S", one.rate or ZERO, one.tax) for one in answer.tax.lines]
    totals = Totals(
        answer.lines,
        answer.charges,
        answer.discounts,
        answer.tax_total,
        tuple(_group(one) for one in answer.tax.groups),
    )
    lines = {one.line.line_no: tax for one, tax in zip(work.lines, taxed, strict=False)}
    return lines, tuple(taxed[len(work.lines) :]), totals


def _by_part(
    work: OrderWork,
    prices: Mapping[int, LinePrice],
    findings: list[Finding],
    *,
    rates: Any,
    exemptions: Sequence[ExemptionCertificate],
    policy: TaxPolicy,
    origins: Origins,
) -> Taxed:
    places = {group.group_no: group.ship_to for group in work.groups}
    first = min(work.groups, key=lambda group: group.group_no).ship_to
    situations: dict[tuple[str, str, str], TaxSituation] = {}

    def part(net: Any, tax_class: str, place: Place, origin: str, *, service: bool) -> TaxPart:
        key = (place.country, place.region, origin)
        if key not in situations:
            situations[key] = replace(_situation(work.account, place, work), ship_from_country=origin)
        return TaxPart(net, tax_class, jurisdiction_of(place.country, place.region), situations[key], service)

    parts = [
        part(
            prices.get(one.line.line_no, one.price).net,
            one.line.tax_class,
            places[one.line.group_no],
            origins.get((work.id, one.line.line_no), ""),
            service=not one.line.stocked,
        )
        for one in work.lines
    ]
    parts += [
        part(charge.amount, charge.tax_class, places.get(charge.group_no or 0, first), "", service=False)
        for charge, _ in work.charges
    ]
    digits = minor_digits(work.header.currency)
    answer = tax_parts(parts, rates, certificates=exemptions, policy=policy, digits=digits)
    findings += _told(answer.findings)
    taxed = [LineTax(one.category or "S", one.rate or ZERO, one.tax) for one in answer.lines]
    several = len({place for place, _ in answer.groups}) > 1
    zero, here = round_places(ZERO, digits), len(work.lines)
    totals = Totals(
        sum((one.net for one in parts[:here]), zero),
        sum((one.net for one in parts[here:]), zero),
        zero,
        answer.total,
        tuple({**_group(one), "place": place} if several else _group(one) for place, one in answer.groups),
    )
    return {one.line.line_no: tax for one, tax in zip(work.lines, taxed, strict=False)}, tuple(taxed[here:]), totals


def _situation(account: Account, place: Place, work: OrderWork) -> TaxSituation:
    return TaxSituation(
        at=work.header.placed_at,
        seller_country=account.entity_country,
        ship_to_country=place.country,
        ship_to_region=place.region,
        buyer_vat_id=account.vat_id or "",
        vat_id_verified=account.vat_verified,
    )


def _several_places(work: OrderWork) -> bool:
    return len(work.groups) > 1 and len({(one.ship_to.country, one.ship_to.region) for one in work.groups}) > 1


def _crosses(work: OrderWork) -> bool:
    """Whether a service among the lines is taxed elsewhere than goods: somebody is in another country than the seller."""
    home = work.account.entity_country
    registered = (work.account.vat_id or home)[:2].upper()
    if work.groups[0].ship_to.country == home and registered in (home, "EL" if home == "GR" else home):
        return False
    return any(not one.line.stocked for one in work.lines)


def _group(one: TaxGroup) -> dict[str, str]:
    return {"category": one.category or "S", "rate": str(one.rate), "base": str(one.base), "tax": str(one.tax)}


def _told(problems: Sequence[Problem]) -> list[Finding]:
    return [
        Finding(one.code, "hold", one.message, None, "tax", None, "data")
        if one.code == "tax.no_rate"
        else Finding(one.code, "warning", one.message, None, "tax")
        for one in problems
    ]


def look_origins(
    reader: Reader, workset: OrderWorkset, works: Sequence[OrderWork], rules: HouseRules | None
) -> Origins | None:
    """From which country each stocked line leaves: where its goods are taken or would be taken now. None where every site
    stands in its company's own country, without a statement."""
    if rules is None or not rules.foreign_sites:
        return None
    read_lanes(reader, workset)
    free = free_stock(reader, {one.line.product_id for work in works for one in work.lines if one.line.stocked})
    plans = plan_sources(workset, works, Shelf(free))
    workset.seen = (plans, free)
    found: dict[tuple[UUID, int], str] = {}
    for plan in plans.values():
        for take in plan.takes:
            found.setdefault((take.order_id, take.line_no), rules.site_countries[take.site_id])
    for work in works:
        for claim in work.open_claims("reserved", "allocated", "released", "promised"):
            found[work.id, claim.line_no] = rules.site_countries[claim.site_id]
        for one in work.lines:
            lanes = lanes_of(workset, work, one.line.group_no)
            if one.line.stocked and lanes and (work.id, one.line.line_no) not in found:
                found[work.id, one.line.line_no] = rules.site_countries[min(lanes, key=lambda lane: lane.key).site_id]
    return found
