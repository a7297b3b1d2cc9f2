"""A set of past orders in both worlds, and what differs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from tradewind.kernel.money import plain
from tradewind.semantics.model import ZERO
from tradewind.trials.compare import add_side, differences, hours_of, merge_sides, side_json
from tradewind.trials.model import Finding, Outcome, Paces, Side
from tradewind.trials.outcomes import outcome_of
from tradewind.trials.play import Journey, play
from tradewind.trials.recorded import read_recorded
from tradewind.trials.worlds import World


@dataclass(slots=True)
class Batch:
    """What a set of orders came to: the orders whose outcome changes, and both sides summed up."""

    findings: list[Finding]
    before: Side = field(default_factory=Side)
    after: Side = field(default_factory=Side)
    tried: int = 0

    def summary(self) -> dict[str, Any]:
        """The part of the trial's summary that this set adds."""
        return {
            "before": side_json(self.before),
            "after": side_json(self.after),
            "kinds": kinds_of(self.findings),
        }


def run_batch(
    baseline: World, candidate: World, order_ids: Sequence[UUID], *, paces: Paces, assumed: Decimal | None = None
) -> Batch:
    """Play the orders in both worlds on the same snapshot, and compare."""
    recorded = read_recorded(baseline.tx, order_ids)
    was = play(baseline, recorded, order_ids)
    will = play(candidate, recorded, order_ids)
    batch = Batch([], tried=len(was))
    for one, other in zip(was, will, strict=True):
        _add(batch, one, other, paces=paces, assumed=assumed)
    return batch


def _add(batch: Batch, one: Journey, other: Journey, *, paces: Paces, assumed: Decimal | None) -> None:
    before, after = outcome(one), outcome(other)
    now = one.workset.shelves.at or one.work.header.placed_at
    waited = hours_of(before.stops, paces, now=now, assumed=assumed)
    waits = hours_of(after.stops, paces, now=now, assumed=assumed)
    batch.before = add_side(batch.before, before, hours=waited[0], unknown=waited[1])
    batch.after = add_side(batch.after, after, hours=waits[0], unknown=waits[1])
    found = differences(before, after)
    if found:
        batch.findings.append(
            Finding(
                one.work.id,
                one.work.header.number,
                one.work.account.code,
                one.work.header.currency,
                after.total,
                found,
                (before.touches, after.touches),
                (None if waited[1] else waited[0], None if waits[1] else waits[0]),
            )
        )


def outcome(one: Journey) -> Outcome:
    """What a journey came to."""
    return outcome_of(one.work, one.workset, path=one.path, stops=one.stops, ended=one.ended, rulings=one.rulings)


def kinds_of(findings: Iterable[Finding]) -> dict[str, dict[str, Any]]:
    """By kind of change: how many orders, and by currency what they are worth and what the change adds up to."""
    kinds: dict[str, dict[str, Any]] = {}
    for finding in findings:
        for name in finding.kinds:
            kind = kinds.setdefault(name, {"orders": 0, "value": {}, "by": ZERO})
            kind["orders"] += 1
            kind["value"][finding.currency] = kind["value"].get(finding.currency, ZERO) + finding.value
            kind["by"] += sum(
                (one.by for one in finding.differences if one.kind.value == name and one.by is not None), ZERO
            )
    return {name: _told(kind) for name, kind in kinds.items()}


def _told(kind: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "orders": kind["orders"],
        "value": {currency: plain(amount) for currency, amount in kind["value"].items()},
        "by": plain(kind["by"]),
    }


def merge_summaries(one: Mapping[str, Any], part: Mapping[str, Any]) -> dict[str, Any]:
    """A summary with one set more in it."""
    if not one:
        return dict(part)
    return {
        "before": merge_sides(one["before"], part["before"]),
        "after": merge_sides(one["after"], part["after"]),
        "kinds": _merge_kinds(one["kinds"], part["kinds"]),
    }


def _merge_kinds(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Two parts of a summary as one."""
    merged: dict[str, Any] = {}
    for name in dict.fromkeys([*one, *other]):
        parts = [side[name] for side in (one, other) if name in side]
        value: dict[str, Decimal] = {}
        for part in parts:
            for currency, amount in part["value"].items():
                value[currency] = value.get(currency, ZERO) + Decimal(amount)
        merged[name] = {
            "orders": sum(part["orders"] for part in parts),
            "value": {currency: plain(amount) for currency, amount in value.items()},
            "by": plain(sum((Decimal(part["by"]) for part in parts), ZERO)),
        }
    return merged
