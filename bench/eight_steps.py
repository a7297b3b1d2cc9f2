"""Instances of eight automatic steps with their history, beside bare token rows that are written in the same sets.

`python -m bench.eight_steps [--instances N] [--profile]` on a durable scratch server. A bare token row is instance, step, instant:
inserted for a set of instances, then written once more for each step, a statement a step, all in one transaction. Ours begins the
instances of a set, runs all steps, stores where they stand and says on the log what they did and when, in one transaction too. The
limit: ours has at least 0.4 of the speed of the bare rows, both measured in turns. For comparison, the same number of rows inserted
by one statement a set: no engine can write fewer.
"""

import argparse
import cProfile
import gc
import statistics
import sys
import time
from collections.abc import Sequence
from itertools import pairwise
from typing import Any
from uuid import UUID

import psycopg

from bench.scratch import scratch_server
from tradewind.app.migrate import migrate
from tradewind.kernel.limits import CRANK_SET
from tradewind.kernel.tx import SYSTEM, Database, Tx
from tradewind.orchestration.commands.messages import Message
from tradewind.orchestration.commands.steps import Call, Start, Step, Stream
from tradewind.orchestration.commands.streams import latest_versions, publish
from tradewind.orchestration.commands.turns import begin_instances, finish_turn, run_steps
from tradewind.rules.decide.feel import read_expression

LIMIT = 0.4
STEPS, INSTANCES, ROUNDS = 8, 8_192, 5
_TABLE = """
create table bare_token (instance_id uuid primary key, node text not null, entered timestamptz not null) with (fillfactor = 70);
create table bare_move (instance_id uuid not null, place int not null, node text not null, entered timestamptz not null,
  primary key (instance_id, place));
grant select, insert, update on bare_token, bare_move to tradewind_app
"""
_TOKENS = (
    "insert into bare_token (instance_id, node, entered) select w, %(node)s, %(now)s from unnest(%(id)s::uuid[]) as w"
)
_MOVE = """
update bare_token t set node = %(node)s, entered = %(now)s from unnest(%(id)s::uuid[]) as w(id) where t.instance_id = w.id
"""
_ROWS = """
insert into bare_move (instance_id, place, node, entered)
select w.*, %(now)s from unnest(%(id)s::uuid[], %(place)s::int[], %(node)s::text[]) as w
"""


class Notes:
    """A workset of steps that keep what they did in variables."""

    def __init__(self) -> None:
        self.starts: list[Start] = []
        self.messages: list[Message] = []

    def widen(self) -> None:
        """Nothing is locked."""

    def flush(self, tx: Tx) -> None:
        """Nothing is kept."""


def decide(_: Any, calls: Sequence[Call], __: Any) -> list[dict[str, Any]]:
    return [{"weight": call.variables["weight"] + 1} for call in calls]


def drawing() -> bytes:
    places = ["began", *(f"step_{number}" for number in range(STEPS)), "over"]
    parts = [f'<serviceTask id="{name}" tw:step="{name}"/>' for name in places[1:-1]]
    parts += [
        f'<sequenceFlow id="f{number}" sourceRef="{here}" targetRef="{there}"/>'
        for number, (here, there) in enumerate(pairwise(places))
    ]
    return (
        '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:tw="https://tradewind.dev/bpmn" id="d">'
        f'<process id="eight"><startEvent id="began"/>{"".join(parts)}<endEvent id="over"/></process></definitions>'
    ).encode()


EIGHT = Stream(
    code="eight",
    name="Eight steps",
    subject_type="note",
    bpmn=drawing(),
    steps={f"step_{n}": Step(f"step_{n}", decide, lambda _, __, ___, outcomes: outcomes) for n in range(STEPS)},
    open=lambda _, __: Notes(),
    lock=lambda *_: None,
)


def run_set(tx: Tx, size: int) -> None:
    """Instances from their start to their end."""
    notes = tx.ids.many(size)
    versions = latest_versions(tx)
    starts = [Start("eight", "note", note, None, {"order": str(note), "weight": 1}) for note in notes]
    instances = begin_instances(tx, starts, versions=versions, expressions=read_expression)
    workset = EIGHT.open(tx, notes)
    run_steps(tx, EIGHT, instances, workset)
    finish_turn(tx, instances, workset, versions=versions, expressions=read_expression)
    if not all(one.state.ended for one in instances):
        raise SystemExit("the bench is wrong: an instance did not end")


def bare_set(tx: Tx, size: int) -> None:
    """As many tokens, moved as often."""
    ids: list[UUID] = tx.ids.many(size)
    tx.run(_TOKENS, {"now": tx.now, "id": ids, "node": "began"})
    for place in range(STEPS):
        tx.run(_MOVE, {"now": tx.now, "id": ids, "node": f"step_{place}"})


def rows_set(tx: Tx, size: int) -> None:
    """As many rows as tokens moved, at once."""
    ids: list[UUID] = tx.ids.many(size)
    columns = {
        "now": tx.now,
        "id": [one for one in ids for _ in range(STEPS)],
        "place": [place for _ in ids for place in range(STEPS)],
        "node": [f"step_{place}" for _ in ids for place in range(STEPS)],
    }
    tx.run(_ROWS, columns)


def rate(database: Database, work: Any, instances: int) -> float:
    """Instances a second."""
    begun = time.perf_counter()
    for _ in range(0, instances, CRANK_SET):
        database.write(lambda tx: work(tx, CRANK_SET), actor=SYSTEM)
    return instances / (time.perf_counter() - begun)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--instances", type=int, default=INSTANCES)
    parser.add_argument("--profile", action="store_true")
    asked = parser.parse_args()
    wanted: int = asked.instances
    with scratch_server() as scratch:
        url = scratch.owner()
        migrate(url)
        with psycopg.connect(url, autocommit=True) as owner:
            owner.execute(_TABLE)
        database = Database(url)
        database.write(
            lambda tx: publish(tx, "eight", name=EIGHT.name, bpmn=EIGHT.bpmn, expressions=read_expression), actor=SYSTEM
        )
        gc.freeze()
        gc.set_threshold(50_000, 20, 50)  # as the server has it
        for work in (bare_set, rows_set, run_set):
            rate(database, work, CRANK_SET * 4)
        if asked.profile:
            cProfile.runctx("rate(database, run_set, wanted // 4)", globals(), locals(), sort="tottime")
        found: dict[Any, list[float]] = {bare_set: [], rows_set: [], run_set: []}
        for _ in range(ROUNDS):
            for work, rates in found.items():
                rates.append(rate(database, work, wanted // ROUNDS))
        database.close()
    bare, rows, ours = (statistics.median(rates) for rates in found.values())
    ratio = ours / bare
    print(f"{STEPS} automatic steps with history: {ours:,.0f} instances/s in sets of {CRANK_SET}")
    print(f"bare token rows, written in the same sets: {bare:,.0f} instances/s; at once: {rows:,.0f}")
    print(f"ours beside the bare rows: {ratio:.2f} (limit {LIMIT})")
    return int(ratio < LIMIT)


if __name__ == "__main__":
    sys.exit(main())
