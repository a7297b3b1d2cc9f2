"""What differs between two outcomes of one order, why, and what it comes to. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from tradewind.kernel.money import plain
from tradewind.semantics.model import ZERO
from tradewind.trials.model import Difference, HoldSeen, Kind, Outcome, Paces, Side, Stop

_HOUR = Decimal(3600)
_SHOWN = 20


def differences(before: Outcome, after: Outcome) -> tuple[Difference, ...]:
    """Everything that changes about an order; nothing where the change does not touch it."""
    if before == after:
        return ()
    found = [
        *_holds(before, after),
        *_approval(before, after),
        *_price(before, after),
        *_route(before, after),
        *_promise(before, after),
        *_decisions(before, after),
        *_path(before, after),
    ]
    return tuple(found)


def _holds(before: Outcome, after: Outcome) -> list[Difference]:
    had, gets = ({_name(one): one for one in side.holds} for side in (before, after))
    gone = [Difference(Kind.HOLD, name, "", had[name].reason) for name in had if name not in gets]
    new = [Difference(Kind.HOLD, "", name, gets[name].reason) for name in gets if name not in had]
    return gone + new


def _name(hold: HoldSeen) -> str:
    return hold.code if hold.line_no is None else f"{hold.code} (line {hold.line_no})"


def _approval(before: Outcome, after: Outcome) -> list[Difference]:
    if before.tiers.keys() == after.tiers.keys():
        return []
    new, gone = after.tiers.keys() - before.tiers.keys(), before.tiers.keys() - after.tiers.keys()
    reasons = [after.tiers[name] for name in sorted(new)] or [
        f"no longer: {before.tiers[name]}" for name in sorted(gone)
    ]
    return [
        Difference(Kind.APPROVAL, ", ".join(sorted(before.tiers)), ", ".join(sorted(after.tiers)), "; ".join(reasons))
    ]


def _price(before: Outcome, after: Outcome) -> list[Difference]:
    lines = [line for line, net in after.prices.items() if before.prices.get(line) != net]
    if before.total == after.total and not lines:
        return []
    reason = f"{_lines(lines)} priced otherwise" if lines else "taxes or charges come out otherwise"
    return [Difference(Kind.PRICE, plain(before.total), plain(after.total), reason, after.total - before.total)]


def _lines(lines: Sequence[int]) -> str:
    shown = ", ".join(map(str, lines[:_SHOWN])) + (" …" if len(lines) > _SHOWN else "")
    return f"line {shown}" if len(lines) == 1 else f"lines {shown}"


def _route(before: Outcome, after: Outcome) -> list[Difference]:
    found: list[Difference] = []
    if before.routes != after.routes:
        found.append(Difference(Kind.ROUTE, _sites(before), _sites(after), "; ".join(after.sourcing)))
    if before.cost != after.cost:
        reason = "; ".join(after.sourcing)
        found.append(Difference(Kind.COST, plain(before.cost), plain(after.cost), reason, after.cost - before.cost))
    return found


def _sites(side: Outcome) -> str:
    sums: dict[str, int] = {}
    for _, name in side.routes:
        sums[name] = sums.get(name, 0) + 1
    return ", ".join(f"{name} ({count} {'line' if count == 1 else 'lines'})" for name, count in sorted(sums.items()))


def _promise(before: Outcome, after: Outcome) -> list[Difference]:
    was, will = _last(before.promises.values()), _last(after.promises.values())
    lines = [line for line, at in after.promises.items() if before.promises.get(line) != at]
    if not lines:
        return []
    days = None if was is None or will is None else Decimal((will - was).total_seconds().__round__()) / _HOUR / 24
    return [Difference(Kind.PROMISE, _day(was), _day(will), f"{_lines(lines)} promised otherwise", days)]


def _last(dates: Iterable[datetime | None]) -> datetime | None:
    """When everything is there; None where something has no date."""
    known = list(dates)
    return max((at for at in known if at is not None), default=None) if None not in known else None


def _day(at: datetime | None) -> str:
    return "no date" if at is None else at.isoformat(timespec="minutes")


def _decisions(before: Outcome, after: Outcome) -> list[Difference]:
    found: list[Difference] = []
    for about in sorted(before.decisions.keys() | after.decisions.keys()):
        was, will = before.decisions.get(about, ("", "")), after.decisions.get(about, ("", ""))
        if was[0] != will[0]:
            found.append(Difference(Kind.DECISION, was[0], will[0], f"{about}: {will[1] or was[1]}"))
    return found


def _path(before: Outcome, after: Outcome) -> list[Difference]:
    found: list[Difference] = []
    if before.path != after.path:
        left = [node for node in dict.fromkeys(before.path) if node not in after.path]
        new = [node for node in dict.fromkeys(after.path) if node not in before.path]
        reason = "; ".join(
            text for text in (f"now by {', '.join(new)}" if new else "", f"no longer by {', '.join(left)}" if left else "") if text
        )  # fmt: skip
        found.append(Difference(Kind.PATH, " ".join(left), " ".join(new), reason or "in another order"))
    if before.ended != after.ended:
        found.append(Difference(Kind.END, before.ended, after.ended, "it ends elsewhere"))
    return found


# ---- what it takes -------------------------------------------------------------------------------------------------


def hours_of(
    stops: Sequence[Stop], paces: Paces, *, now: datetime, assumed: Decimal | None = None
) -> tuple[Decimal, int]:
    """How long an order waits in all, in hours, by the medians on record, and for how many of its waits nothing is on record
    (they take `assumed` hours, or count as no time). Waits come one after the other."""
    hours, unknown = ZERO, 0
    for stop in stops:
        pace = _pace(stop, paces, now=now)
        if pace is None and stop.kind != "message":
            unknown += assumed is None
            pace = assumed
        hours += pace or ZERO
    return hours, unknown


def _pace(stop: Stop, paces: Paces, *, now: datetime) -> Decimal | None:
    if stop.kind == "timer":
        return None if stop.until is None else max(Decimal(round((stop.until - now).total_seconds())) / _HOUR, ZERO)
    if stop.kind == "task":
        known = [paces.tasks.get(stop.node) or next((paces.roles[who] for who in stop.who if who in paces.roles), None)]
    else:
        known = [paces.codes.get(code) for code in stop.codes]
        if None in known or not known:
            known += [paces.kinds.get(kind) for kind in stop.who]
    found = [pace[0] for pace in known if pace is not None]
    return max(found) if found else None


def add_side(side: Side, outcome: Outcome, *, hours: Decimal, unknown: int) -> Side:
    """One order more."""
    return replace(
        side,
        orders=side.orders + 1,
        touched=side.touched + (outcome.touches > 0),
        touches=side.touches + outcome.touches,
        holds=side.holds + bool(outcome.holds),
        approvals=side.approvals + bool(outcome.tiers),
        hours=side.hours + hours,
        unknown=side.unknown + unknown,
        cost=side.cost + outcome.cost,
    )


def side_json(side: Side) -> dict[str, Any]:
    """A side as the summary has it; hours with two places."""
    return {
        "orders": side.orders,
        "orders_touched": side.touched,
        "touches": side.touches,
        "orders_held": side.holds,
        "orders_needing_approval": side.approvals,
        "waiting_hours": plain(round(side.hours, 2)),
        "waits_without_record": side.unknown,
        "lane_cost": plain(side.cost),
    }


def merge_sides(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Two parts of a summary as one."""
    return {
        name: said + other[name] if isinstance(said, int) else plain(Decimal(said) + Decimal(other[name]))
        for name, said in one.items()
    }
