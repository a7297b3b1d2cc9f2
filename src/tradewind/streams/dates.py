"""Dates of delivery groups (VA7): when goods arrive by the calendars of both sides, and what is said of a wish that cannot be."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tradewind.calendars.decide import (
    hours_on,
    instant,
    local_day,
    nearest_days,
    plan_trip,
    release_for,
    working_day,
)
from tradewind.calendars.model import DAY_END, Calendar, Calendars, SiteClock, every_day
from tradewind.fulfilment.decide import Lane
from tradewind.kernel.tx import Tx
from tradewind.orders.model import HOUSE_REASONS, Group, Hold
from tradewind.semantics.model import Finding
from tradewind.streams.order_work import OrderWork, OrderWorkset

TOO_LATE = "calendars.arrives_too_late"
WRONG_DATES = frozenset(("calendars.date_past", "calendars.date_closed", "calendars.date_not_feasible"))
NOBODY = Calendars()


def arrival(calendars: Calendars | None, work: OrderWork, group: Group, lane: Lane, start: datetime) -> datetime | None:
    """When what is free at an instant arrives by a lane; None where one of the places never works.

    Where neither side has a calendar or a cut-off, days are days.
    """
    clock, receiving = _sides(calendars, work, group, lane)
    if clock is None:
        return start + timedelta(days=lane.transit_days)
    road = lane.transit_days - lane.lead_days
    trip = plan_trip(clock, receiving, start, lead_days=lane.lead_days, transit_days=road)
    return None if trip is None else trip.arrives_at


def not_sooner(calendars: Calendars, work: OrderWork, group: Group, ready: datetime) -> datetime:
    """The promise of what could be there at `ready`: not sooner than is wished, on a day on which the ship-to receives."""
    wish = group.wished_at
    if wish is None or wish <= ready:
        return ready
    receiving = calendars.receiver(group.ship_to.address_id, work.account.ancestors)
    if receiving is None:
        return wish
    day = local_day(receiving, wish)
    open_day = working_day((receiving,), day)
    hours = hours_on(receiving, open_day) if open_day else None
    if open_day is None or hours is None or open_day == day:
        return wish
    return instant(receiving, open_day, hours[1])


def _sides(
    calendars: Calendars | None, work: OrderWork, group: Group, lane: Lane
) -> tuple[SiteClock | None, Calendar | None]:
    """The clock of the shipping side and the calendar of the receiving one; a side nobody spoke of works every day."""
    if calendars is None:
        return None, None
    clock = calendars.site(lane.site_id, group.ship_method)
    receiving = calendars.receiver(group.ship_to.address_id, work.account.ancestors)
    if clock is None and receiving is not None:
        clock = SiteClock(every_day(receiving.zone), DAY_END)
    return clock, receiving


def release_at(calendars: Calendars, work: OrderWork, group: Group, lanes: Sequence[Lane]) -> datetime | None:
    """When a group must be released so that the slowest of its lanes still meets the wished day; None where days are days."""
    wish = group.wished_at
    found: list[datetime] = []
    for lane in lanes:
        clock, receiving = _sides(calendars, work, group, lane)
        if wish is None or clock is None:
            return None
        both = [clock.calendar] if receiving is None else [clock.calendar, receiving]
        day = local_day(both[-1], wish)
        if group.not_before is not None:  # rather a day later than one too soon
            day = working_day(both, day) or day
        road = lane.transit_days - lane.lead_days
        at = release_for(clock, receiving, day, lead_days=lane.lead_days, transit_days=road)
        if at is None:
            return None
        found.append(at)
    return min(found, default=None)


def check_dates(tx: Tx, workset: OrderWorkset, work: OrderWork) -> None:
    """Say where a wished date cannot be, with the nearest three that can; what comes after its window waits for the customer."""
    for group in work.groups:
        if group.wished_at is None and group.arrive_by is None:
            continue
        _check_group(tx, workset, work, group, _promised(work, group))


def check_wishes_again(tx: Tx, workset: OrderWorkset, work: OrderWork) -> None:
    """Say of the wished dates what holds now that lines were promised anew."""
    work.findings = [one for one in work.findings if one.code not in WRONG_DATES]
    for group in work.groups:
        if group.requested_at is not None:
            _check_group(tx, workset, work, replace(group, arrive_by=None), _promised(work, group))


def check_windows_again(tx: Tx, workset: OrderWorkset, work: OrderWork, groups: Collection[int]) -> None:
    """Hold the groups whose window is missed now that their lines were promised anew, and free those that make it."""
    for group in work.groups:
        if group.group_no in groups and group.arrive_by is not None:
            work.findings = [one for one in work.findings if one.code != TOO_LATE]
            _check_group(tx, workset, work, replace(group, requested_at=None), _promised(work, group))


def _promised(work: OrderWork, group: Group) -> list[datetime | None]:
    return [
        one.promised_at
        for one in work.lines_of(group.group_no)
        if one.line.stocked and one.quantities.cancelled < one.quantities.ordered
    ]


def _check_group(
    tx: Tx, workset: OrderWorkset, work: OrderWork, group: Group, promised: Sequence[datetime | None]
) -> None:
    known = [at for at in promised if at is not None]
    last = max(known) if known and len(known) == len(promised) else None
    calendars = workset.calendars or NOBODY
    receiving = calendars.receiver(group.ship_to.address_id, work.account.ancestors) or every_day("UTC")
    days = _feasible(tx, workset, work, group, receiving)
    detail: dict[str, Any] = {"group": group.group_no, "feasible": [day.isoformat() for day in days]}
    offered = ", ".join(detail["feasible"]) or None
    if group.requested_at is not None:
        said = _wrong_date(work, group, receiving, last)
        if said is not None:
            code, text = said
            place = f"groups/{group.group_no}/requested_at"
            work.findings.append(Finding(code, "warning", text, None, place, offered, None, detail))
    if group.arrive_by is not None:
        late = bool(promised) and (last is None or last > group.arrive_by)
        _hold_late(tx, work, group, late=late, last=last, offered=offered, detail=detail)


def _wrong_date(work: OrderWork, group: Group, receiving: Calendar, last: datetime | None) -> tuple[str, str] | None:
    """What is wrong with a requested date: gone, a day nobody receives on, or sooner than it can be."""
    assert group.requested_at is not None
    wanted = local_day(receiving, group.requested_at)
    if wanted < local_day(receiving, work.header.placed_at):
        return "calendars.date_past", f"{wanted} is over"
    if hours_on(receiving, wanted) is None:
        name = receiving.names.get(wanted) or f"{wanted:%A}"
        return "calendars.date_closed", f"nobody receives goods on {wanted} ({name})"
    if last is not None and local_day(receiving, last) > wanted:
        return "calendars.date_not_feasible", f"not everything can be there on {wanted}"
    return None


def _feasible(tx: Tx, workset: OrderWorkset, work: OrderWork, group: Group, receiving: Calendar) -> tuple[date, ...]:
    """The three days nearest to the wish on which everything of the group that has a date could be there."""
    calendars, lanes = workset.calendars, {lane.site_id: lane for lane in _lanes(workset, group)}
    dates = workset.shelves.supply_dates()
    ready: list[datetime | None] = []
    carried: dict[str, Calendar] = {}
    for one in work.lines_of(group.group_no):
        for claim in work.claims_of(one.line.line_no):
            lane = lanes.get(claim.site_id)
            if lane is None or claim.state not in ("reserved", "allocated", "released", "promised"):
                continue
            start = dates.get(claim.supply_id, tx.now) if claim.supply_id else tx.now
            ready.append(arrival(calendars, work, group, lane, start))
            clock, _ = _sides(calendars, work, group, lane)
            if clock is not None:
                carried[clock.calendar.code] = clock.calendar
        if one.line.stocked and one.promised_at is None and one.quantities.open > 0:
            return ()
    known = [at for at in ready if at is not None]
    if not known or len(known) != len(ready):
        return ()
    wish = group.wished_at or group.arrive_by
    earliest = local_day(receiving, max(known))
    if group.not_before is not None:
        earliest = max(earliest, local_day(receiving, group.not_before))
    wanted = local_day(receiving, wish) if wish else earliest
    by = None if group.arrive_by is None else local_day(receiving, group.arrive_by)
    latest = by if by is None or by >= earliest else None
    return nearest_days((receiving, *carried.values()), wanted, earliest=earliest, latest=latest)


def _lanes(workset: OrderWorkset, group: Group) -> list[Lane]:
    return workset.shelves.lanes.get((group.ship_to.country, group.ship_to.region), [])


def _hold_late(
    tx: Tx,
    work: OrderWork,
    group: Group,
    *,
    late: bool,
    last: datetime | None,
    offered: str | None,
    detail: dict[str, Any],
) -> None:
    """Open the hold of a group that comes after its window, close it where it is in time; what a person let pass stays passed."""
    ours = [hold for hold in work.holds if hold.code == TOO_LATE and hold.group_no == group.group_no]
    if not late:
        for hold in [hold for hold in ours if hold.released_at is None]:
            work.close_hold(hold, "No longer the case.", tx.now)
        return
    assert group.arrive_by is not None
    when = "there is no date yet" if last is None else f"it can be there on {last:%Y-%m-%d %H:%M} UTC"
    text = f"must arrive by {group.arrive_by.astimezone(UTC):%Y-%m-%d %H:%M} UTC; {when}"
    place = f"groups/{group.group_no}/arrive_by"
    finding = Finding(TOO_LATE, "hold", text, None, place, offered, "customer", detail)
    work.findings.append(finding)
    if any(hold.released_at is not None and hold.release_reason not in HOUSE_REASONS for hold in ours):
        return
    work.open_hold(
        Hold(
            tx.ids.new(), "group", "customer", TOO_LATE, text, tx.now, group_no=group.group_no, detail=finding.as_json()
        )
    )
