"""Which tax a line bears and how much: the jurisdiction the goods go to, exemptions, and supplies across borders.

Decided once for each tax class of a document, then applied to its lines. The order of questions: do the goods leave
the customs union (G); do they cross a border inside the EU to a buyer registered in another member state (K for goods,
AE for services and triangular transactions); else the rate of the jurisdiction, unless the buyer's certificate there exempts it (E). Zero rates,
exemptions by law and domestic reverse charge are rows of the rate table.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from tradewind.kernel.money import ZERO, percent_of, round_places, spread
from tradewind.kernel.problem import Problem
from tradewind.pricing import errors
from tradewind.pricing.model import (
    ExemptionCertificate,
    TaxedLine,
    TaxGroup,
    TaxPolicy,
    TaxRate,
    TaxResult,
    TaxSituation,
)

EU_MEMBERS = frozenset(
    (
        "AT",
        "BE",
        "BG",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "ES",
        "FI",
        "FR",
        "GR",
        "HR",
        "HU",
        "IE",
        "IT",
        "LT",
        "LU",
        "LV",
        "MT",
        "NL",
        "PL",
        "PT",
        "RO",
        "SE",
        "SI",
        "SK",
    )
)
"""VAT is theirs in common. Greece's VAT numbers begin with EL; XI (Northern Ireland) counts for goods only."""

REASONS = {
    "E": "Exempt under the buyer's certificate",
    "AE": "Reverse charge: VAT to be accounted for by the recipient (Article 196, Directive 2006/112/EC)",
    "K": "Intra-Community supply: exempt (Article 138, Directive 2006/112/EC)",
    "G": "Export outside the EU: exempt (Article 146, Directive 2006/112/EC)",
    "O": "Outside the scope of tax",
}
_EXPORT_ELSEWHERE = "Export: not taxed"
_TRIANGLE = "Reverse charge: triangular transaction (Articles 141 and 197, Directive 2006/112/EC)"
_NORTHERN_IRELAND = "XI"
_TREATED_AS_MEMBER = frozenset(("MC",))  # Monaco is treated as France (Article 7)
_OUTSIDE_VAT = frozenset(("ES-CN", "ES-GC", "ES-TF", "ES-CE", "ES-ML"))  # Canary Islands, Ceuta, Melilla (Article 6)

RateIndex = Mapping[tuple[str, str], Sequence[TaxRate]]


class Treatment(NamedTuple):
    """What one tax class bears in a situation. `rate` None: no rate is known."""

    category: str
    rate: Decimal | None
    jurisdiction: str
    reason: str


def rate_index(rates: Iterable[TaxRate]) -> RateIndex:
    """Rates by (jurisdiction, tax class), to be built once and used for many documents."""
    index: dict[tuple[str, str], list[TaxRate]] = {}
    for rate in rates:
        index.setdefault((rate.jurisdiction, rate.tax_class), []).append(rate)
    return index


def tax_lines(
    lines: Sequence[tuple[Decimal, str]],
    rates: RateIndex,
    situation: TaxSituation,
    *,
    certificates: Sequence[ExemptionCertificate] = (),
    policy: TaxPolicy | None = None,
    digits: int = 2,
) -> TaxResult:
    """Tax of lines given as (net amount, tax class).

    Rounded for each line, or for each (category, rate) with the lines' shares spread by largest remainder, so that
    lines, groups and total agree in both. A class without a rate bears 0 and a `tax.no_rate` finding per line.
    """
    rule = policy or TaxPolicy()
    findings: list[Problem] = []
    treatments = {
        tax_class: treat(tax_class, rates, situation, certificates=certificates, policy=rule, findings=findings)
        for tax_class in dict.fromkeys(tax_class for _, tax_class in lines)
    }
    taxes = _rounded_taxes(lines, treatments, policy=rule, digits=digits)
    taxed: list[TaxedLine] = []
    for index, ((net, tax_class), tax) in enumerate(zip(lines, taxes, strict=True)):
        category, rate, jurisdiction, reason = treatments[tax_class]
        if rate is None:
            findings.append(errors.no_tax_rate(index, tax_class=tax_class, jurisdiction=jurisdiction))
        taxed.append(TaxedLine(category, rate, net, tax, jurisdiction, reason))
    groups = _groups(taxed)
    return TaxResult(tuple(taxed), groups, sum((group.tax for group in groups), ZERO), tuple(findings))


def treat(
    tax_class: str,
    rates: RateIndex,
    situation: TaxSituation,
    *,
    certificates: Sequence[ExemptionCertificate],
    policy: TaxPolicy,
    findings: list[Problem],
) -> Treatment:
    """What a tax class bears; adds to `findings` what a person should know (once each)."""
    place = jurisdiction_of(situation.ship_to_country, situation.ship_to_region)
    across = _across_a_border(tax_class, situation, policy=policy, findings=findings)
    if across:
        return Treatment(across, ZERO, place, _reason_across(across, tax_class, situation, policy=policy))
    taxed_in = _taxed_in(tax_class, situation, policy=policy)
    rate = _rate(tax_class, rates, situation, jurisdiction=taxed_in)
    certificate = _certificate(tax_class, certificates, situation, jurisdiction=taxed_in, findings=findings)
    if certificate and (rate is None or rate.category == "S"):
        return Treatment("E", ZERO, taxed_in, f"{REASONS['E']} {certificate.number}")
    if rate is None:
        return Treatment("", None, taxed_in, "")
    reason = rate.reason or ("" if rate.category in ("S", "Z") else REASONS.get(rate.category, ""))
    return Treatment(rate.category, rate.percent, rate.jurisdiction, reason)


def _across_a_border(tax_class: str, situation: TaxSituation, *, policy: TaxPolicy, findings: list[Problem]) -> str:
    """G, O, K or AE where the supply leaves the country untaxed; nothing where it is taxed."""
    is_service = tax_class in policy.service_classes
    buyer_in = _member_of(situation.buyer_vat_id, is_service=is_service)
    if is_service:
        # A service to a business is supplied where the business is registered, whatever the delivery address.
        start, end = situation.seller_country, buyer_in or situation.ship_to_country
    else:
        start, end = situation.goods_from, situation.ship_to_country
    end_in_eu = bool(buyer_in) if is_service else False
    if start == end and not _outside_vat(situation):
        return ""
    if start not in EU_MEMBERS or not (end_in_eu or _in_eu(situation, is_service=is_service)):
        return "O" if is_service else "G"
    # The number must be of another state than the one the supply starts in; the seller's own state is no bar for goods.
    if not buyer_in or buyer_in == start:
        return ""
    if situation.vat_id_verified is None:
        finding = errors.vat_id_unverified(situation.buyer_vat_id)
        if finding not in findings:
            findings.append(finding)
    if not situation.vat_id_verified:
        return ""
    return "AE" if is_service or _is_triangle(situation) else "K"


def _is_triangle(situation: TaxSituation) -> bool:
    """A supplier in one member state, the seller in a second, the goods to a third."""
    states = {situation.goods_from, situation.seller_country, situation.ship_to_country}
    return situation.drop_shipped and len(states) == 3 and states <= EU_MEMBERS


def _in_eu(situation: TaxSituation, *, is_service: bool) -> bool:
    country, region = situation.ship_to_country, situation.ship_to_region
    if country in EU_MEMBERS or country in _TREATED_AS_MEMBER:
        return not _outside_vat(situation)
    return not is_service and (country == _NORTHERN_IRELAND or (country, region) == ("GB", "NIR"))


def _outside_vat(situation: TaxSituation) -> bool:
    """Parts of member states to which VAT does not reach."""
    return jurisdiction_of(situation.ship_to_country, situation.ship_to_region) in _OUTSIDE_VAT


def _member_of(vat_id: str, *, is_service: bool) -> str:
    """The country a VAT number registers in, where that is a member state (Northern Ireland for goods); else empty."""
    prefix = vat_id.strip()[:2].upper()
    country = "GR" if prefix == "EL" else prefix
    return country if country in EU_MEMBERS or (country == _NORTHERN_IRELAND and not is_service) else ""


def _reason_across(category: str, tax_class: str, situation: TaxSituation, *, policy: TaxPolicy) -> str:
    if category == "G" and situation.goods_from not in EU_MEMBERS:
        return _EXPORT_ELSEWHERE
    is_triangle = category == "AE" and tax_class not in policy.service_classes
    reason = _TRIANGLE if is_triangle else REASONS[category]
    return f"{reason}; buyer {situation.buyer_vat_id}" if category in ("K", "AE") else reason


def _taxed_in(tax_class: str, situation: TaxSituation, *, policy: TaxPolicy) -> str:
    """The jurisdiction whose rate applies to a supply that is taxed."""
    if tax_class in policy.service_classes and situation.seller_country in EU_MEMBERS:
        return situation.seller_country
    start = situation.goods_from
    if start in EU_MEMBERS and start != situation.ship_to_country and policy.no_vat_id == "origin":
        return start
    return jurisdiction_of(situation.ship_to_country, situation.ship_to_region)


def jurisdiction_of(country: str, region: str = "") -> str:
    """A country, or a region of it, as rates and certificates name it: `DE`, `US-CA`."""
    return f"{country}-{region}" if region else country


def _rate(tax_class: str, rates: RateIndex, situation: TaxSituation, *, jurisdiction: str) -> TaxRate | None:
    """The rate in force, of the region before that of its country; of several the latest start."""
    country = jurisdiction.partition("-")[0]
    for place in dict.fromkeys((jurisdiction, country)):
        in_force = [
            rate
            for rate in rates.get((place, tax_class), ())
            if rate.valid_from <= situation.at and (rate.valid_to is None or situation.at < rate.valid_to)
        ]
        if in_force:
            return max(in_force, key=lambda rate: (rate.valid_from, rate.version))
    return None


def _certificate(
    tax_class: str,
    certificates: Sequence[ExemptionCertificate],
    situation: TaxSituation,
    *,
    jurisdiction: str,
    findings: list[Problem],
) -> ExemptionCertificate | None:
    """The certificate that exempts the class there and then; an expired one is pointed out where none does."""
    country = jurisdiction.partition("-")[0]
    expired: ExemptionCertificate | None = None
    for certificate in certificates:
        if certificate.jurisdiction not in (jurisdiction, country):
            continue
        if certificate.tax_classes is not None and tax_class not in certificate.tax_classes:
            continue
        if situation.at < certificate.valid_from:
            continue
        if certificate.valid_to is None or situation.at < certificate.valid_to:
            return certificate
        expired = certificate
    if expired is not None and expired.valid_to is not None:
        finding = errors.certificate_expired(
            expired.number, jurisdiction=expired.jurisdiction, expired=f"{expired.valid_to:%Y-%m-%d}"
        )
        if finding not in findings:
            findings.append(finding)
    return None


def _rounded_taxes(
    lines: Sequence[tuple[Decimal, str]], treatments: Mapping[str, Treatment], *, policy: TaxPolicy, digits: int
) -> list[Decimal]:
    """Each line's tax under the rounding rule."""
    if policy.rounding == "per_line":
        return [
            round_places(percent_of(net, treatments[tax_class].rate or ZERO), digits, policy.mode)
            for net, tax_class in lines
        ]
    members: dict[tuple[str, Decimal], list[int]] = {}
    for index, (_, tax_class) in enumerate(lines):
        treatment = treatments[tax_class]
        members.setdefault((treatment.category, treatment.rate or ZERO), []).append(index)
    taxes = [round_places(ZERO, digits)] * len(lines)
    for (_, rate), places in members.items():
        if not rate:
            continue
        nets = [lines[place][0] for place in places]
        whole = round_places(percent_of(sum(nets, ZERO), rate), digits, policy.mode)
        for place, part in zip(places, share_tax(whole, nets, rate=rate, digits=digits, policy=policy), strict=True):
            taxes[place] = part
    return taxes


def share_tax(
    whole: Decimal, nets: Sequence[Decimal], *, rate: Decimal, digits: int, policy: TaxPolicy
) -> list[Decimal]:
    """A group's tax on its lines: by largest remainder, or where signs differ each rounded, the rest on the first."""
    if len(nets) == 1:
        return [whole]
    if all(net >= 0 for net in nets) or all(net <= 0 for net in nets):
        return spread(whole, [abs(net) for net in nets], digits)
    parts = [round_places(percent_of(net, rate), digits, policy.mode) for net in nets]
    parts[0] += whole - sum(parts, ZERO)
    return parts


def _groups(lines: Sequence[TaxedLine]) -> tuple[TaxGroup, ...]:
    """One group for each category and rate, in the order of their first lines. Lines without a rate are in none."""
    sums: dict[tuple[str, Decimal], tuple[Decimal, Decimal, str]] = {}
    for line in lines:
        if line.rate is None:
            continue
        base, tax, reason = sums.get((line.category, line.rate), (ZERO, ZERO, line.reason))
        sums[line.category, line.rate] = (base + line.base, tax + line.tax, reason)
    return tuple(TaxGroup(category, rate, base, tax, reason) for (category, rate), (base, tax, reason) in sums.items())
