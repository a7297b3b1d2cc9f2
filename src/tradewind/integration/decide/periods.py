"""Periods of validity on one key: what is known, what is wanted, and the smallest set of writes between the two.

Nothing that was in force is edited: it ends, and another begins. What has not begun yet may be replaced. Asking for the
same again changes nothing, also where the known period was cut short by a later one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Generic, NamedTuple, TypeVar
from uuid import UUID

C = TypeVar("C")

ALWAYS = datetime(2000, 1, 1, tzinfo=UTC)
"""Where a period begins that has no stated beginning and follows nothing."""


@dataclass(frozen=True, slots=True)
class Period(Generic[C]):
    """What holds from `start` until before `end` (None: without end). `id` is None until it is written."""

    start: datetime
    end: datetime | None
    content: C
    id: UUID | None = None

    def holds_at(self, moment: datetime) -> bool:
        """Whether the moment lies within."""
        return self.start <= moment and (self.end is None or moment < self.end)


class Wish(NamedTuple, Generic[C]):
    """A period somebody wants; `start` None means always, or from now where it replaces something. `row`: who asks."""

    row: int
    start: datetime | None
    end: datetime | None
    content: C


class Fate(NamedTuple):
    """What became of a wish: `created`, `changed`, `unchanged` or `refused`; a code and sentence where there is more to say."""

    row: int
    outcome: str
    code: str = ""
    message: str = ""


@dataclass(slots=True)
class Plan(Generic[C]):
    """Writes of one key, in this order: move ends, replace contents, insert."""

    ends: dict[UUID, datetime | None] = field(default_factory=dict)
    replaced: dict[UUID, Period[C]] = field(default_factory=dict)
    inserted: list[Period[C]] = field(default_factory=list)
    fates: list[Fate] = field(default_factory=list)


def plan_periods(known: Iterable[Period[C]], wishes: Sequence[Wish[C]], now: datetime) -> Plan[C]:
    """Fulfil the wishes of one key by rising start on top of what is known (periods that do not overlap)."""
    line = sorted(known, key=lambda period: period.start)
    before = {period.id: period for period in line}
    plan: Plan[C] = Plan()
    for wish in sorted(wishes, key=lambda one: (one.start is not None, one.start or ALWAYS)):
        line, fate = _fulfil(line, wish, now)
        plan.fates.append(fate)
    for period in line:
        old = before.get(period.id) if period.id is not None else None
        if old is None:
            plan.inserted.append(period)
        elif (old.start, old.content) != (period.start, period.content):
            plan.replaced[old.id] = period  # type: ignore[index]
        elif old.end != period.end:
            plan.ends[old.id] = period.end  # type: ignore[index]
    return plan


def _fulfil(line: list[Period[C]], wish: Wish[C], now: datetime) -> tuple[list[Period[C]], Fate]:
    """One wish: the new line and what became of it."""
    start = wish.start
    same = next(
        (at for at, period in enumerate(line) if period.start == start and period.content == wish.content), None
    )
    if same is None and (start is None or start <= now):
        at_now = next((at for at, period in enumerate(line) if period.holds_at(now)), None)
        if at_now is not None and line[at_now].content == wish.content:
            same = at_now
    if same is not None:
        return _same_again(line, same, wish, now)
    start = _beginning(line, start, now)
    if wish.end is not None and wish.end <= start:
        return line, Fate(
            wish.row,
            "refused",
            "import.period_is_over",
            f"it ends at {wish.end:%Y-%m-%d %H:%M}Z, when another has been in force",
        )
    return _put_in(line, wish, start, now)


def _same_again(line: list[Period[C]], at: int, wish: Wish[C], now: datetime) -> tuple[list[Period[C]], Fate]:
    """The content is there already; at most its end moves."""
    period = line[at]
    following = line[at + 1] if at + 1 < len(line) else None
    if wish.end == period.end or (
        following is not None and following.start == period.end and _reaches(wish.end, period.end)
    ):
        if period.end is not None and period.end <= now and wish.end != period.end:
            return line, Fate(
                wish.row,
                "unchanged",
                "import.superseded_since",
                f"it was superseded on {period.end:%Y-%m-%d}; a new beginning would bring it back",
            )
        return line, Fate(wish.row, "unchanged")
    if following is not None and (wish.end is None or wish.end > following.start):
        return line, Fate(
            wish.row, "refused", "import.periods_overlap", f"another begins at {following.start:%Y-%m-%d %H:%M}Z"
        )
    if (wish.end is not None and wish.end <= now) or (period.end is not None and period.end <= now):
        return line, Fate(
            wish.row, "refused", "import.period_is_over", "an end in the past is not moved, and none is set there"
        )
    return [*line[:at], replace(period, end=wish.end), *line[at + 1 :]], Fate(wish.row, "changed")


def _reaches(end: datetime | None, other: datetime | None) -> bool:
    """Whether a period to `end` covers one to `other`."""
    return end is None or (other is not None and end >= other)


def _beginning(line: Sequence[Period[C]], wanted: datetime | None, now: datetime) -> datetime:
    """When the wish can begin without editing what was in force (what is not written yet never was)."""
    if wanted is not None and wanted > now:
        return wanted
    start = ALWAYS if wanted is None else wanted
    was_in_force = any(
        period.id is not None and period.start <= now and (period.end is None or period.end > start) for period in line
    )
    return now if was_in_force else start


def _put_in(line: list[Period[C]], wish: Wish[C], start: datetime, now: datetime) -> tuple[list[Period[C]], Fate]:
    """Cut what overlaps: the earlier ends, goes on after a stated end, and what has not begun yet is replaced."""
    end = wish.end
    later = [period for period in line if period.start > start]
    if later and end is None:
        end = later[0].start
    if later and end is not None and later[0].start < end:
        return line, Fate(
            wish.row, "refused", "import.periods_overlap", f"another begins at {later[0].start:%Y-%m-%d %H:%M}Z"
        )
    result: list[Period[C]] = []
    outcome, own_id = "created", None
    for period in line:
        if period.start > start or (period.end is not None and period.end <= start):
            result.append(period)
            continue
        outcome = outcome if period.id is None else "changed"
        if period.start < start:
            result.append(replace(period, end=start))
        else:
            own_id = period.id
        if wish.end is not None and (period.end is None or period.end > wish.end):
            result.append(Period(wish.end, period.end, period.content))
    result.append(Period(start, end, wish.content, own_id))
    result.sort(key=lambda period: period.start)
    late = start == now and wish.start is not None and wish.start < now
    note = (
        ("import.begins_now", f"what was in force is not edited; it begins now, not at {wish.start:%Y-%m-%d}")
        if late
        else ("", "")
    )
    return result, Fate(wish.row, outcome, *note)
