"""Tiers as they are kept in rows, and back."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from tradewind.approvals.model import RequiredTier, Seat, Tier
from tradewind.kernel.money import plain


def seat_json(seat: Seat) -> dict[str, Any]:
    """A seat without its empty members."""
    found = {
        "role": seat.role,
        "person": seat.person and str(seat.person),
        "name": seat.name,
        "up_to": None if seat.up_to is None else plain(seat.up_to),
    }
    return {name: value for name, value in found.items() if value}


def _seat(found: Mapping[str, Any]) -> Seat:
    return Seat(
        found.get("role"),
        UUID(found["person"]) if found.get("person") else None,
        found.get("name", ""),
        Decimal(found["up_to"]) if found.get("up_to") else None,
    )


def policy_tier_json(tier: Tier) -> dict[str, Any]:
    """A policy's tier."""
    return {
        "name": tier.name,
        "need": tier.need,
        "any_of": [seat_json(seat) for seat in tier.seats],
        "fallback": [seat_json(seat) for seat in tier.fallback],
    }


def tiers_of_policy(found: Sequence[Mapping[str, Any]]) -> tuple[Tier, ...]:
    """A policy's tiers from its row."""
    return tuple(
        Tier(one["name"], one["need"], tuple(map(_seat, one["any_of"])), tuple(map(_seat, one.get("fallback", ()))))
        for one in found
    )


def tier_json(tier: RequiredTier) -> dict[str, Any]:
    """A required tier with everything it was frozen with; amounts are text."""
    return {
        "no": tier.no,
        "policy_id": tier.policy_id and str(tier.policy_id),
        "policy": tier.policy,
        "version": tier.version,
        "tier": tier.tier,
        "side": tier.side,
        "name": tier.name,
        "need": tier.need,
        "seats": [seat_json(seat) for seat in tier.seats],
        "fallback": [seat_json(seat) for seat in tier.fallback],
        "after": list(tier.after),
        "distinct_people": tier.distinct_people,
        "own_orders": tier.own_orders,
        "currency": tier.currency,
        "tolerance": plain(tier.tolerance),
        "reason": tier.reason,
        "condition": tier.condition,
        "reads": _text(tier.reads),
        "inputs": _text(tier.inputs),
    }


def tier_from_json(found: Mapping[str, Any]) -> RequiredTier:
    """The other way round; amounts in `reads` and `inputs` stay text, which compares alike."""
    return RequiredTier(
        found["no"],
        UUID(found["policy_id"]) if found["policy_id"] else None,
        found["policy"],
        found["version"],
        found["tier"],
        found["side"],
        found["name"],
        found["need"],
        tuple(map(_seat, found["seats"])),
        tuple(map(_seat, found["fallback"])),
        tuple(found["after"]),
        found["distinct_people"],
        found["own_orders"],
        found["currency"],
        Decimal(found["tolerance"]),
        found["reason"],
        found["condition"],
        found["reads"],
        found["inputs"],
    )


def _text(value: Any) -> Any:
    """Plain JSON with amounts as text in their shortest form."""
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, Mapping):
        return {str(name): _text(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_text(one) for one in value]
    if value is None or isinstance(value, bool | int | str):
        return value
    return str(value)
