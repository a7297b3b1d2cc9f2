"""How long instances stayed at each element, from their trails. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from tradewind.kernel.value import value


class Passage(NamedTuple):
    """What one instance did: each turn's instant with its trail of `e:element` (entered), `l:element` (left), `c:element`."""

    started_at: datetime
    turns: list[tuple[datetime, Sequence[str]]]


@value(frozen=True, slots=True)
class Pace:
    """How long an element keeps an instance, in whole milliseconds: the median and what nine of ten do not pass.

    `visits`: how often it was left. `share`: per hundred, how many of the instances came there at all.
    """

    visits: int
    share: int
    p50: int
    p90: int


@dataclass(slots=True)
class _Seen:
    stays: list[int]
    came: int = 0


def paces_of(passages: Sequence[Passage]) -> dict[str, Pace]:
    """The pace of every element that any of them passed."""
    seen: dict[str, _Seen] = {}
    for passage in passages:
        inside: dict[str, list[datetime]] = {}
        came: set[str] = set()
        for at, trail in passage.turns:
            for move in trail:
                verb, node = move[:1], move[2:]
                came.add(node)
                if verb == "e":
                    inside.setdefault(node, []).append(at)
                    continue
                # an instance that the crank begins is stored before its first turn: it entered when it was started
                entered = inside[node].pop(0) if inside.get(node) else passage.started_at
                if verb == "l":
                    stay = round((at - entered).total_seconds() * 1000)
                    seen.setdefault(node, _Seen([])).stays.append(max(stay, 0))
        for node in came:
            seen.setdefault(node, _Seen([])).came += 1
    total = max(len(passages), 1)
    return {
        node: Pace(len(one.stays), one.came * 100 // total, quantile(one.stays, 50), quantile(one.stays, 90))
        for node, one in seen.items()
    }


def quantile(values: Sequence[int], percent: int) -> int:
    """The value that so many per hundred do not pass; 0 of none."""
    if not values:
        return 0
    ordered = sorted(values)
    return ordered[max(-(-len(ordered) * percent // 100) - 1, 0)]
