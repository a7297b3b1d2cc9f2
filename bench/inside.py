"""`desk.place` in one process, in batches of 64 orders of 10 lines: where the time goes, without HTTP around it."""

import cProfile
import io
import pstats
import random
import time
from decimal import Decimal

import psutil
import psycopg

from bench import statements
from bench.fill import Filled, fill_orders
from bench.scratch import Scratch, scratch_server
from tradewind.app.migrate import migrate
from tradewind.desk.place import place
from tradewind.desk.resolve import Submission
from tradewind.kernel.tx import SYSTEM, Database
from tradewind.semantics.model import DraftLine, OrderDraft

ORDERS, LINES, WARM = 64, 10, 4


def submission(filled: Filled, chance: random.Random, lines: int) -> Submission:
    """An order of a random buyer, as staff would place it (the sight of buyers is HTTP's part)."""
    chosen = enumerate(chance.sample(filled.skus, lines), 1)
    drafts = tuple(DraftLine(n, sku, Decimal(chance.randint(1, 5))) for n, sku in chosen)
    return Submission(OrderDraft(chance.choice(filled.buyers).account, drafts), SYSTEM)


def batches(filled: Filled, count: int, *, orders: int = ORDERS, lines: int = LINES) -> list[list[Submission]]:
    """Drafts made before anything is timed."""
    chance = random.Random(count * orders * lines)
    return [[submission(filled, chance, lines) for _ in range(orders)] for _ in range(count)]


def place_all(database: Database, prepared: list[list[Submission]]) -> None:
    for batch in prepared:
        for placed in database.write(lambda tx, batch=batch: place(tx, batch)):  # type: ignore[misc]
            assert placed.work is not None, placed.problems
            assert placed.work.status == "confirmed", placed.work.findings


def timed(database: Database, prepared: list[list[Submission]]) -> str:
    """Wall, Python and PostgreSQL microseconds of an order."""
    with database.connection() as connection:
        backend = psutil.Process(connection.info.backend_pid)
    orders = sum(map(len, prepared))
    python, pg, wall = time.process_time(), sum(backend.cpu_times()[:2]), time.perf_counter()
    place_all(database, prepared)
    took = time.perf_counter() - wall
    python, pg = time.process_time() - python, sum(backend.cpu_times()[:2]) - pg
    size = f"{len(prepared[0])} orders of {len(prepared[0][0].draft.lines)} lines a batch"
    parts = (
        f"{name} {seconds / orders * 1e6:.0f} us"
        for name, seconds in (("wall", took), ("Python", python), ("PostgreSQL", pg))
    )
    return f"{size}: {orders / took:,.0f} orders/s, an order {', '.join(parts)}"


def profile(*, count: int = 20, shown: int = 40) -> None:
    """Times plain, then Python by function, then PostgreSQL by statement."""
    with scratch_server(statements.OPTIONS) as scratch:
        migrate(scratch.owner())
        filled = fill_orders(scratch.owner())
        database = Database(scratch.application())
        place_all(database, batches(filled, WARM))
        for orders, lines in ((64, 10), (8, 10), (1, 10), (6, 100), (1, 100)):
            print(
                timed(database, batches(filled, max(4, count * 10 // max(orders, 10)), orders=orders, lines=lines)),
                flush=True,
            )
        _by_statement(scratch, database, filled, count)
        profiler = cProfile.Profile()
        prepared = batches(filled, count)
        profiler.enable()
        place_all(database, prepared)
        profiler.disable()
        said = io.StringIO()
        pstats.Stats(profiler, stream=said).sort_stats("tottime").print_stats(shown)
        print(said.getvalue())
        database.close()


def _by_statement(scratch: Scratch, database: Database, filled: Filled, count: int) -> None:
    prepared = batches(filled, count)
    with psycopg.connect(scratch.owner(), autocommit=True) as watch:
        statements.forget(watch)
        place_all(database, prepared)
        print(statements.printed(statements.top(watch), count * ORDERS), flush=True)
        calls, commits = statements.counted(watch)
        print(f"{calls / count:.1f} statements a batch of {ORDERS} orders, {commits / count:.1f} commits\n")


if __name__ == "__main__":
    profile()
