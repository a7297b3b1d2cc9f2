"""What a change of an order voids: only decisions of which a bound part of the content changed for the worse (AP3).

Amounts may fall, and rise within the policy's tolerance; items may leave but not join; prices may not move against the side
that approved; everything else must be the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from tradewind.approvals.model import RequiredTier, Side, Vote

_AMOUNTS = frozenset({"total", "net", "charges", "line_count", "lines.net", "lines.qty"})
_SETS = frozenset({"items", "ship_to", "ship_to_countries", "categories"})


def uncovered(old: RequiredTier, new: RequiredTier) -> tuple[str, ...]:
    """The bound parts by which a decision given for `old` does not count for `new`; none: it still counts."""
    names = sorted({*old.inputs, *new.inputs})
    return tuple(
        name
        for name in names
        if name not in old.inputs
        or (
            name in new.inputs
            and not _holds(name, old.inputs[name], new.inputs[name], side=new.side, tolerance=old.tolerance)
        )
    )


def _holds(name: str, old: Any, new: Any, *, side: Side, tolerance: Decimal) -> bool:
    if old == new:
        return True
    if name in _AMOUNTS:
        return _not_more(old, new, 1 + tolerance / 100)
    if name in _SETS:
        return set(new) <= set(old)
    if name == "prices":
        return _prices_hold(old, new, side)
    return False


def _not_more(old: Any, new: Any, factor: Decimal) -> bool:
    """Amounts, or lists of them matched by size, largest first: none above its like by more than the factor."""
    before, after = _amounts(old), _amounts(new)
    return len(after) <= len(before) and all(one <= limit * factor for one, limit in zip(after, before, strict=False))


def _amounts(value: Any) -> list[Decimal]:
    values = value if isinstance(value, list) else [value]
    return sorted((Decimal(one) for one in values), reverse=True)


def _prices_hold(old: Mapping[str, Any], new: Mapping[str, Any], side: Side) -> bool:
    """By item: what a buyer approved must not become dearer, what a seller approved not cheaper. Items that left do not
    count; items that joined are told by `items`."""
    for item, price in new.items():
        before = old.get(item)
        if before is None:
            continue
        if (Decimal(price) > Decimal(before)) if side == "buyer" else (Decimal(price) < Decimal(before)):
            return False
    return True


def carry_votes(
    given: Sequence[tuple[RequiredTier, Vote]], tiers: Sequence[RequiredTier], *, total: Decimal
) -> tuple[list[tuple[Vote, frozenset[int]]], dict[int, tuple[str, ...]]]:
    """Which earlier approvals still count for which of the new tiers, and for tiers that lost theirs what changed.

    `given` pairs each approval with the tier it was given for, newest last. One approval a person and tier; an approval
    whose cap the new total passes does not count.
    """
    counts: dict[Vote, set[int]] = {}
    lost: dict[int, tuple[str, ...]] = {}
    for tier in tiers:
        seen: set[Any] = set()
        for old, vote in _given_for(tier, given):
            changed = uncovered(old, tier)
            if not changed and vote.cap is not None and total > vote.cap:
                changed = ("total",)
            if changed:
                lost.setdefault(tier.no, changed)
            elif not {vote.person, vote.voice} & seen:
                seen |= {vote.person, vote.voice}
                counts.setdefault(vote, set()).add(tier.no)
    kept = {no for numbers in counts.values() for no in numbers}
    return (
        [(vote, frozenset(numbers)) for vote, numbers in counts.items()],
        {no: changed for no, changed in lost.items() if no not in kept},
    )


def _given_for(tier: RequiredTier, given: Iterable[tuple[RequiredTier, Vote]]) -> list[tuple[RequiredTier, Vote]]:
    """The approvals given for the same tier of the same version of the same policy, newest first."""
    same = (tier.policy_id, tier.policy, tier.version, tier.tier)
    return [one for one in given if (one[0].policy_id, one[0].policy, one[0].version, one[0].tier) == same][::-1]
