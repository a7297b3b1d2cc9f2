"""How many statements and commits an order costs, and which ones take the time: a run of its own under pg_stat_statements."""

from collections.abc import Iterator
from dataclasses import dataclass

import psycopg

from bench.orders import Effort, Stage, paused
from bench.report import Figure

EXTENSION = "pg_stat_statements"
OPTIONS = {"shared_preload_libraries": EXTENSION, f"{EXTENSION}.track_planning": "on"}
_COUNTS = """
select coalesce(sum(calls), 0), coalesce(sum(calls) filter (where upper(query) like 'COMMIT%%'), 0)
from pg_stat_statements s join pg_database d on d.oid = s.dbid where d.datname = current_database() and s.userid <> %s::regrole
"""
_TOP = """
select calls, total_exec_time, total_plan_time, rows, regexp_replace(query, '\\s+', ' ', 'g')
from pg_stat_statements s join pg_database d on d.oid = s.dbid
where d.datname = current_database() and s.userid <> %s::regrole order by total_exec_time + total_plan_time desc limit %s
"""


@dataclass(frozen=True, slots=True)
class Spent:
    """One statement: calls, milliseconds executing and planning, rows, text."""

    calls: int
    executing: float
    planning: float
    rows: int
    text: str


def forget(connection: psycopg.Connection) -> None:
    """Start counting anew."""
    connection.execute(f"create extension if not exists {EXTENSION}")
    connection.execute("select pg_stat_statements_reset()")


def counted(connection: psycopg.Connection) -> tuple[int, int]:
    """Statements and commits of everybody but ourselves since `forget`; BEGIN and COMMIT are statements, too."""
    row = connection.execute(_COUNTS, [connection.info.user]).fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)


def top(connection: psycopg.Connection, count: int = 25) -> list[Spent]:
    """The statements that took most."""
    return [Spent(*row) for row in connection.execute(_TOP, [connection.info.user, count])]


def printed(spent: list[Spent], orders: int) -> str:
    """As lines: microseconds an order, calls an order, text."""
    lines = ["     us/order  calls/order   rows/call  statement"]
    for one in spent:
        per = (one.executing + one.planning) * 1000 / max(orders, 1)
        lines.append(
            f"{per:13.1f} {one.calls / max(orders, 1):12.4f} {one.rows / max(one.calls, 1):11.1f}  {one.text[:150]}"
        )
    return "\n".join(lines)


def statements(stage: Stage, effort: Effort) -> Iterator[Figure]:
    """Placing alone for each number of clients and size, then what the worker does with those orders."""
    seconds = min(2.0, effort.grid_seconds)
    stage.load(64, 10, "contended", seconds=1.0)
    stage.drain()
    for lines in (10, 100):
        placed = 0
        with paused(stage.system.worker):
            for clients in effort.clients:
                forget(stage.watch)
                run = stage.load(clients, lines, "contended", seconds=seconds)
                calls, commits = counted(stage.watch)
                orders = max(run.loaded.orders, 1)
                placed += run.loaded.orders
                beside = {"statements/order": calls / orders, "commits/order": commits / orders}
                yield Figure(
                    f"placing, {clients} clients, {lines} lines: statements", calls / orders, "an order", beside=beside
                )
            forget(stage.watch)
        stage.drain()
        calls, commits = counted(stage.watch)
        placed = max(placed, 1)
        beside = {"statements/order": calls / placed, "commits/order": commits / placed}
        yield Figure(f"releasing, {lines} lines: statements", calls / placed, "an order", beside=beside)
    yield Figure("answers that were not a confirmed, allocated order while counting", sum(stage.faults.values()), "", 0)
