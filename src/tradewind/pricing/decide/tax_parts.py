"""Tax of a document whose parts go to several places, leave from several, or are services among goods."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from tradewind.kernel.money import ZERO, percent_of, round_places
from tradewind.kernel.problem import Problem
from tradewind.pricing import errors
from tradewind.pricing.decide.tax import RateIndex, Treatment, share_tax, treat
from tradewind.pricing.model import ExemptionCertificate, TaxedLine, TaxGroup, TaxPolicy, TaxSituation

_GoesTogether = tuple[str, str, Decimal]


class TaxPart(NamedTuple):
    """A line or charge to tax: where it goes (`place` rounds together), what it is, and the facts its tax hangs on."""

    net: Decimal
    tax_class: str
    place: str
    situation: TaxSituation
    service: bool = False


class TaxedParts(NamedTuple):
    """The tax of each part, the breakdown by (place, group), the sum, and what a person should know."""

    lines: tuple[TaxedLine, ...]
    groups: tuple[tuple[str, TaxGroup], ...]
    total: Decimal
    findings: tuple[Problem, ...]


def tax_parts(
    parts: Sequence[TaxPart],
    rates: RateIndex,
    *,
    certificates: Sequence[ExemptionCertificate] = (),
    policy: TaxPolicy | None = None,
    digits: int = 2,
) -> TaxedParts:
    """The tax of each part by its own situation; rounded per part, or per (place, category, rate) with the shares spread.

    So what goes to one place is taxed to the cent as if it were an order of its own. A class without a rate bears 0 and a
    `tax.no_rate` finding per part.
    """
    rule = policy or TaxPolicy()
    findings: list[Problem] = []
    treatments = _treatments(parts, rates, certificates=certificates, policy=rule, findings=findings)
    members: dict[_GoesTogether, list[int]] = {}
    for index, (part, treatment) in enumerate(zip(parts, treatments, strict=True)):
        members.setdefault((part.place, treatment.category, treatment.rate or ZERO), []).append(index)
        if treatment.rate is None:
            findings.append(errors.no_tax_rate(index, tax_class=part.tax_class, jurisdiction=treatment.jurisdiction))
    taxes = [round_places(ZERO, digits)] * len(parts)
    groups: list[tuple[str, TaxGroup]] = []
    for (place, category, rate), indices in members.items():
        nets = [parts[index].net for index in indices]
        shares = _shares(nets, rate, policy=rule, digits=digits)
        for index, share in zip(indices, shares, strict=True):
            taxes[index] = share
        if treatments[indices[0]].rate is not None:
            reason = treatments[indices[0]].reason
            groups.append((place, TaxGroup(category, rate, sum(nets, ZERO), sum(shares, ZERO), reason)))
    lines = tuple(
        TaxedLine(one.category, one.rate, part.net, tax, one.jurisdiction, one.reason)
        for part, one, tax in zip(parts, treatments, taxes, strict=True)
    )
    return TaxedParts(lines, tuple(groups), sum(taxes, ZERO), tuple(findings))


def _treatments(
    parts: Sequence[TaxPart],
    rates: RateIndex,
    *,
    certificates: Sequence[ExemptionCertificate],
    policy: TaxPolicy,
    findings: list[Problem],
) -> list[Treatment]:
    known: dict[tuple[str, bool, int], Treatment] = {}
    found: list[Treatment] = []
    for part in parts:
        key = (part.tax_class, part.service, id(part.situation))
        if key not in known:
            classes = frozenset((part.tax_class,)) if part.service else frozenset[str]()
            rule = replace(policy, service_classes=classes)
            said: list[Problem] = []
            known[key] = treat(
                part.tax_class, rates, part.situation, certificates=certificates, policy=rule, findings=said
            )
            findings += [one for one in said if one not in findings]
        found.append(known[key])
    return found


def _shares(nets: Sequence[Decimal], rate: Decimal, *, policy: TaxPolicy, digits: int) -> list[Decimal]:
    if policy.rounding == "per_line":
        return [round_places(percent_of(net, rate), digits, policy.mode) for net in nets]
    whole = round_places(percent_of(sum(nets, ZERO), rate), digits, policy.mode)
    return share_tax(whole, nets, rate=rate, digits=digits, policy=policy)
