"""Trials run by a worker: one snapshot, the orders in sets, in processes of their own where there are many.

The first process takes the snapshot and hands it on by name, so that every process sees the same state of the database, and
none keeps the interpreter of the worker busy. Each set's result is written in a transaction of its own while the others run, so a
trial can be watched, and ended between two sets.
"""

import multiprocessing
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from queue import Empty
from typing import Any
from uuid import UUID

import psycopg

from tradewind.kernel.problem import Problem, Refused
from tradewind.kernel.tx import Actor, Database, Row, snapshot
from tradewind.trials import errors
from tradewind.trials.changes import read_change, read_selection
from tradewind.trials.commands import begin_trial, claim_trial, end_trial, note_batch
from tradewind.trials.model import Change, Finding, TrialRow
from tradewind.trials.queries import (
    chosen_orders,
    is_cancelled,
    recorded_paces,
    snapshot_name,
    trial_by_id,
    use_snapshot,
)
from tradewind.trials.run import Batch, merge_summaries, run_batch
from tradewind.trials.worlds import open_world

SET = 200  # orders looked at and loaded together
PROCESSES = 2
FEW = 400  # so many are run at once by the worker itself: a process of its own would take longer to begin
PATIENCE = 0.2
LONGEST_SET = 300.0
RUNNER = Actor(principal_id=None, name="trials", channel="trial")


@dataclass(frozen=True, slots=True)
class Told:
    """What came of one set: its place among the sets, the findings, its part of the summary."""

    place: int
    findings: list[Finding]
    summary: dict[str, Any]
    tried: int


def work_next(database: Database, *, processes: int = PROCESSES) -> bool:
    """Run the next trial that waits, if there is one; gives whether there was."""
    claimed = database.write(claim_trial, actor=RUNNER)
    if claimed is None:
        return False
    trial_id, attempt = claimed
    began = time.monotonic()
    state, problem = "done", None
    try:
        row = database.read(lambda reader: trial_by_id(reader, trial_id))
        assert row is not None
        if not _run(database, row, attempt, processes=processes):
            state = "cancelled"
    except Refused as refused:
        state, problem = "failed", refused.problems[0]
    except psycopg.OperationalError:
        raise  # the database went away: the lease runs out, and it begins anew
    except Exception as failure:  # noqa: BLE001 - whatever broke, the trial says so instead of beginning for ever
        state, problem = "failed", errors.broke(f"{type(failure).__name__}: {failure}"[:500])
    seconds = Decimal(str(round(time.monotonic() - began, 2)))
    database.write(partial(_end, trial_id, attempt, state, seconds, problem), actor=RUNNER)
    return True


def _end(trial_id: UUID, attempt: int, state: str, seconds: Decimal, problem: Problem | None, tx: Any) -> None:
    end_trial(tx, trial_id, attempt, state=state, seconds=seconds, problem=problem)


def _run(database: Database, row: TrialRow, attempt: int, *, processes: int) -> bool:
    """All sets of a trial; False where somebody ended it. Raises `Refused` for what cannot be tried."""
    now = database.clock()
    with database.connection() as connection, snapshot(connection):
        reader = open_world(connection, Change(), now=now).tx
        read_change(reader, row.change)  # what was there when it was asked may be gone
        ids = chosen_orders(reader, read_selection(row.selection))
        if not ids:
            raise Refused([errors.no_orders()])
        sets = [ids[start : start + SET] for start in range(0, len(ids), SET)]
        database.write(lambda tx: begin_trial(tx, row.id, attempt, orders=len(ids)), actor=RUNNER)
        if processes == 1 or len(ids) <= FEW:
            told = _here(connection, row, sets, now=now)
            return _note_all(database, row, attempt, told)
        name, awake = snapshot_name(reader), partial(connection.execute, "select")
        with _processes(database, name, row, sets, now=now, processes=processes, awake=awake) as told:
            return _note_all(database, row, attempt, told)


def _note_all(database: Database, row: TrialRow, attempt: int, told: Iterator[Told]) -> bool:
    """Write each set's result as it comes; findings keep the order in which the orders came."""
    summary: dict[str, Any] = {}
    for one in told:
        summary = merge_summaries(summary, one.summary)
        places = [(one.place * SET + number, finding) for number, finding in enumerate(one.findings, 1)]
        note = partial(_note, row.id, attempt, findings=places, done=one.tried, summary=summary)
        if not database.write(note, actor=RUNNER) or database.read(lambda reader: is_cancelled(reader, row.id)):
            return False
    return True


def _note(
    trial_id: UUID,
    attempt: int,
    tx: Any,
    *,
    findings: Sequence[tuple[int, Finding]],
    done: int,
    summary: Mapping[str, Any],
) -> bool:
    return note_batch(tx, trial_id, attempt, findings=findings, done=done, summary=summary)


def _here(
    connection: psycopg.Connection[Row], row: TrialRow, sets: Sequence[Sequence[UUID]], *, now: datetime
) -> Iterator[Told]:
    runner = _runner(connection, row, now=now)
    for place, ids in enumerate(sets):
        yield _told(place, runner(ids))


def _runner(connection: psycopg.Connection[Row], row: TrialRow, *, now: datetime) -> Callable[[Sequence[UUID]], Batch]:
    """Runs a set of orders in both worlds on a connection that stands on the trial's snapshot."""
    baseline = open_world(connection, Change(), now=now)
    candidate = open_world(connection, read_change(baseline.tx, row.change), now=now)
    paces = recorded_paces(baseline.tx)
    return lambda ids: run_batch(baseline, candidate, ids, paces=paces, assumed=row.assumed_hours)


def _told(place: int, batch: Batch) -> Told:
    return Told(place, batch.findings, batch.summary(), batch.tried)


# ---- processes of their own ----------------------------------------------------------------------------------------


@contextmanager
def _processes(
    database: Database,
    name: str,
    row: TrialRow,
    sets: Sequence[Sequence[UUID]],
    *,
    now: datetime,
    processes: int,
    awake: Callable[[], Any],
) -> Iterator[Iterator[Told]]:
    """Processes that take the sets in turns, each on the same snapshot; they are gone when the block ends. `awake` keeps the
    transaction that lent the snapshot from being ended as idle."""
    context = multiprocessing.get_context("spawn")
    answers: Any = context.Queue()
    children = [
        context.Process(
            target=_child,
            args=(
                (database.url, database.role),
                name,
                row,
                [(place, ids) for place, ids in enumerate(sets) if place % processes == number],
                now,
                answers,
            ),
            name=f"trial-{number}",
            daemon=True,
        )
        for number in range(processes)
    ]
    for child in children:
        child.start()
    try:
        yield _answers(answers, children, len(sets), awake=awake)
    finally:
        for child in children:
            child.terminate()
            child.join(timeout=10)
            child.close() if not child.is_alive() else child.kill()
        answers.close()


def _answers(answers: Any, children: Sequence[Any], count: int, *, awake: Callable[[], Any]) -> Iterator[Told]:
    """Results as they come. A child that died says so by its silence."""
    for _ in range(count):
        until = time.monotonic() + LONGEST_SET
        while True:
            awake()
            try:
                found = answers.get(timeout=PATIENCE)
                break
            except Empty:
                dead = [child for child in children if child.exitcode not in (None, 0)]
                if dead or time.monotonic() > until:
                    raise Refused([errors.broke("a process of the trial ended early")]) from None
        if isinstance(found, Problem):
            raise Refused([found])
        yield found


def _child(
    of: tuple[str, str | None],
    name: str,
    row: TrialRow,
    sets: Sequence[tuple[int, Sequence[UUID]]],
    now: datetime,
    answers: Any,
) -> None:
    """One process: its share of the sets, on the snapshot with that name."""
    database = Database(of[0], role=of[1])
    try:
        with database.connection() as connection, snapshot(connection):
            use_snapshot(connection, name)
            runner = _runner(connection, row, now=now)
            for place, ids in sets:
                answers.put(_told(place, runner(ids)))
    except Refused as refused:
        answers.put(refused.problems[0])
    except Exception as failure:  # noqa: BLE001 - told to the first process, which ends the trial with it
        answers.put(errors.broke(f"{type(failure).__name__}: {failure}"[:500]))
    finally:
        database.close()
