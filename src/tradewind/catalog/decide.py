"""Pure decisions of the catalogue: who may buy what, what restricts it, and what may be sent instead."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from math import gcd
from uuid import UUID

from tradewind.catalog.model import (
    AssortmentRow,
    Barred,
    Entitlement,
    Factor,
    LicenceLike,
    Product,
    Restriction,
    SubstituteLink,
    Substitution,
)
from tradewind.kernel.problem import Problem
from tradewind.kernel.quantity import ONE, UNITS, from_base, to_base

CHAIN_MAX = 5
_TARGETS = ("product", "category", "everything")


def in_force(valid_from: datetime | None, valid_to: datetime | None, at: datetime) -> bool:
    """Whether a period holds an instant; its end is not part of it."""
    return (valid_from is None or valid_from <= at) and (valid_to is None or at < valid_to)


def entitled(
    rows: Iterable[AssortmentRow], scopes: Sequence[str], *, closed_by: str | None, at: datetime
) -> Entitlement:
    """Whether an account may buy a product. `rows` are about this product; `scopes` are the account's, the nearest first.

    The nearest scope decides, in it the product before its category before everything, and a ban before a permission. Where
    no row speaks of the product it may be bought, unless `closed_by` names a scope whose permissions are a closed list.
    """
    rank = {scope: place for place, scope in enumerate(scopes)}
    found = [row for row in rows if row.scope_key in rank and in_force(row.valid_from, row.valid_to, at)]
    if found:
        row = min(found, key=lambda one: (rank[one.scope_key], _TARGETS.index(one.target), one.effect == "include"))
        said = f"{scope_name(row.scope_key)} {row.effect}s {_what(row)}"
        return Entitlement(row.effect == "include", f"{said}: {row.reason}" if row.reason else said, row)
    if closed_by is not None:
        return Entitlement(allowed=False, reason=f"{scope_name(closed_by)} buys only what is listed for it")
    return Entitlement(allowed=True, reason="nothing is said of it")


def scope_name(scope_key: str) -> str:
    """How a scope is called in a reason; ids say nothing to people."""
    kind, _, name = scope_key.partition(":")
    return {"account": "the account's list", "all": "the general list"}.get(kind, f"the list of {kind} {name}")


def _what(row: AssortmentRow) -> str:
    return {"product": "it", "category": "its category", "everything": "everything"}[row.target]


def barred(
    codes: Iterable[str],
    restrictions: Mapping[tuple[str, str], Restriction],
    licences: Sequence[LicenceLike],
    *,
    country: str,
    at: datetime,
) -> list[Barred]:
    """What stands against selling goods of these codes to a country: every restriction that no licence lifts then and there."""
    found: list[Barred] = []
    for code in sorted(codes):
        rule = restrictions.get((code, country)) or restrictions.get((code, ""))
        if rule is None or rule.effect == "allow":
            continue
        if rule.licence is None:
            found.append(Barred(rule, country))
            continue
        held = [one for one in licences if one.code == rule.licence and one.country in ("", country)]
        if any(in_force(one.valid_from, one.valid_to, at) for one in held):
            continue
        past = max((one for one in held if one.valid_to and one.valid_to <= at), key=_end, default=None)
        later = min((one for one in held if one.valid_from > at), key=lambda one: one.valid_from, default=None)
        known = later or past
        found.append(
            Barred(
                rule,
                country,
                rule.licence,
                known.number if known else None,
                past.valid_to if past else None,
                later.valid_from if later else None,
            )
        )
    return found


def _end(licence: LicenceLike) -> datetime:
    assert licence.valid_to is not None
    return licence.valid_to


def why_barred(one: Barred, sku: str) -> str:
    """A restriction in a sentence: the licence that is missing, and until when there was one."""
    where = f" to {one.country}" if one.restriction.country else ""
    if one.licence is None:
        return f"{sku} is not sold{where} ({one.restriction.name})"
    text = f"{sku} needs licence {one.licence}{where} ({one.restriction.name})"
    if one.ended is not None:
        text += f"; {one.number} was valid until {one.ended:%Y-%m-%d}"
    if one.begins is not None:
        text += f"; {one.number} is valid from {one.begins:%Y-%m-%d}"
    return text


def find_substitute(
    product: Product,
    links: Mapping[UUID, Sequence[SubstituteLink]],
    products: Mapping[UUID, Product],
    *,
    base_qty: Decimal,
    ordered: tuple[Decimal, str, Factor],
    at: datetime,
    never: Collection[UUID] = (),
) -> Substitution | None:
    """What can be sent instead of so many base units, `ordered` as (quantity, unit, base units in one unit).

    Better ranks first, over at most `CHAIN_MAX` links; what is itself discontinued leads on. A substitute is taken only if it
    is sold, is not among `never`, and stands for exactly what was ordered, without rounding.
    """
    seen = {product.id}
    paths: list[tuple[UUID, Factor, tuple[UUID, ...]]] = [(product.id, ONE, ())]
    while paths:
        at_id, factor, chain = paths.pop(0)
        following = []
        for link in sorted(links.get(at_id, ()), key=lambda one: (one.rank, one.substitute_id)):
            other = products.get(link.substitute_id)
            if other is None or other.id in seen or not in_force(link.valid_from, link.valid_to, at):
                continue
            seen.add(other.id)
            whole = _times(factor, link.factor)
            steps = (*chain, other.id)
            if other.status == "active" and other.id not in never:
                found = _fit(other, whole, base_qty, ordered, steps)
                if found is not None:
                    return found
            elif other.status == "discontinued" and len(steps) < CHAIN_MAX:
                following.append((other.id, whole, steps))
        paths = [*following, *paths]
    return None


def _times(one: Factor, other: Factor) -> Factor:
    top, low = one[0] * other[0], one[1] * other[1]
    common = gcd(top, low)
    return top // common, low // common


def _fit(
    other: Product, factor: Factor, base_qty: Decimal, ordered: tuple[Decimal, str, Factor], chain: tuple[UUID, ...]
) -> Substitution | None:
    """The substitute in the unit that was ordered, where that holds as much of it; else in its base unit."""
    decimals = UNITS[other.base_uom].decimals if other.base_uom in UNITS else 6
    base = to_base(base_qty, factor, decimals=decimals)
    if isinstance(base, Problem):
        return None
    qty, uom, uom_factor = ordered
    own = other.units.get(uom)
    same = own is not None and own[0] * uom_factor[1] * factor[1] == uom_factor[0] * factor[0] * own[1]
    if own is not None and same:
        return Substitution(other, factor, base, qty, uom, own, chain)
    if own is not None and not isinstance(whole := from_base(base, own, decimals=0), Problem):
        return Substitution(other, factor, base, whole, uom, own, chain)
    return Substitution(other, factor, base, base, other.base_uom, ONE, chain)


def circle(links: Mapping[UUID, Collection[UUID]], start: UUID) -> bool:
    """Whether following substitutes from a product leads back to it."""
    seen: set[UUID] = set()
    ahead = list(links.get(start, ()))
    while ahead:
        one = ahead.pop()
        if one == start:
            return True
        if one not in seen:
            seen.add(one)
            ahead += links.get(one, ())
    return False
