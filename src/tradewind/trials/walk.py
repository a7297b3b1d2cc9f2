"""One recorded order, step by step."""

from collections.abc import Mapping
from typing import Any

from tradewind.kernel.money import plain
from tradewind.kernel.tx import Database, snapshot
from tradewind.orders.queries import order_ids
from tradewind.trials.changes import read_change
from tradewind.trials.model import Change, Step, Stop
from tradewind.trials.outcomes import plainly
from tradewind.trials.play import play
from tradewind.trials.recorded import read_recorded
from tradewind.trials.run import outcome
from tradewind.trials.worlds import open_world


def walk(database: Database, number: str, asked: Mapping[str, Any]) -> tuple[list[Step], dict[str, Any]] | None:
    """The steps of an order through the stream with a change in it, and what it came to; None where there is no such order."""
    with database.connection() as connection, snapshot(connection):
        baseline = open_world(connection, Change(), now=database.clock())
        order_id = order_ids(baseline.tx, [number]).get(number)
        if order_id is None:
            return None
        change = read_change(baseline.tx, asked)
        world = open_world(connection, change, now=baseline.tx.now)
        (one,) = play(world, read_recorded(world.tx, [order_id]), [order_id], keeps_steps=True)
        found = outcome(one)
        return one.steps, {
            "order": order_id,
            "number": one.work.header.number,
            "stream": change.stream or None,
            "as_of": world.tx.now,
            "path": list(found.path),
            "stops": [_stop(stop) for stop in found.stops],
            "ended": found.ended,
            "total": plain(found.total),
            "currency": one.work.header.currency,
            "holds": [
                plainly({"kind": hold.kind, "code": hold.code, "line": hold.line_no, "reason": hold.reason})
                for hold in found.holds
            ],
            "approvals": dict(found.tiers),
            "touches": found.touches,
        }


def _stop(stop: Stop) -> dict[str, Any]:
    return {
        "node": stop.node,
        "name": stop.name,
        "kind": stop.kind,
        "waits_for": list(stop.who),
        "holds": list(stop.codes),
        "until": stop.until,
        "touches": stop.touches,
    }
