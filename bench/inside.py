"""Placing in one process, in batches of 64 orders of 10 lines from 64 buyers: where the time goes behind HTTP."""

import cProfile
import gc
import io
import pstats
import random
import time
from collections.abc import Sequence
from decimal import Decimal

import psutil
import psycopg

from bench import statements
from bench.client import order_body
from bench.fill import Filled, fill_orders
from bench.scratch import Scratch, scratch_server
from tradewind.access.model import Caller
from tradewind.access.queries import authenticate_many, hash_of
from tradewind.app.migrate import migrate
from tradewind.channels.intake import OrderRequest, place_requests
from tradewind.kernel.ids import Ids
from tradewind.kernel.tx import Database
from tradewind.semantics.model import DraftLine, OrderDraft

ORDERS, LINES, WARM = 64, 10, 4
Batch = list[OrderRequest]


def batches(
    filled: Filled, callers: Sequence[Caller], count: int, *, orders: int = ORDERS, lines: int = LINES
) -> list[Batch]:
    """Requests as the HTTP edge hands them over, each of a buyer of its own; made before anything is timed."""
    chance = random.Random(count * orders * lines)
    ids = Ids(lambda: int(time.time() * 1000))
    made: list[Batch] = []
    for _ in range(count):
        chosen = chance.sample(range(len(callers)), orders)
        made.append([request(filled, callers, one, chance, lines, ids) for one in chosen])
    return made


def request(
    filled: Filled, callers: Sequence[Caller], buyer: int, chance: random.Random, lines: int, ids: Ids
) -> OrderRequest:
    """An order of one buyer with its Idempotency-Key and raw body."""
    account, skus = filled.buyers[buyer].account, chance.sample(filled.skus, lines)
    drafts = tuple(DraftLine(n, sku, Decimal(chance.randint(1, 5))) for n, sku in enumerate(skus, 1))
    order_id = ids.new()
    body = order_body(account, skus, chance)
    return OrderRequest(
        callers[buyer], order_id, (OrderDraft(account, drafts),), body, str(order_id), order_ids=(order_id,)
    )


def callers_of(database: Database, filled: Filled) -> list[Caller]:
    """The buyers as the gate knows them."""
    hashes = [hash_of(buyer.key) for buyer in filled.buyers]
    found = database.read(lambda reader: authenticate_many(reader, hashes))
    return [found[one] for one in hashes]


def place_all(database: Database, prepared: Sequence[Batch]) -> None:
    for batch in prepared:
        for items in place_requests(database, batch):
            assert not isinstance(items, BaseException), items
            assert items[0].order is not None, items[0].problems
            assert items[0].order["status"] == "confirmed", items[0].order["findings"]


def timed(database: Database, prepared: Sequence[Batch]) -> str:
    """Wall, Python and PostgreSQL microseconds of an order."""
    with database.connection() as connection:
        backend = psutil.Process(connection.info.backend_pid)
    orders = sum(map(len, prepared))
    python, pg, wall = time.process_time(), sum(backend.cpu_times()[:2]), time.perf_counter()
    place_all(database, prepared)
    took = time.perf_counter() - wall
    python, pg = time.process_time() - python, sum(backend.cpu_times()[:2]) - pg
    size = f"{len(prepared[0])} orders of {prepared[0][0].lines} lines a batch"
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
        callers = callers_of(database, filled)
        gc.freeze()
        gc.set_threshold(50_000, 20, 50)  # as the server has it
        place_all(database, batches(filled, callers, WARM))
        for orders, lines in ((64, 10), (8, 10), (1, 10), (6, 100), (1, 100)):
            print(
                timed(
                    database,
                    batches(filled, callers, max(4, count * 10 // max(orders, 10)), orders=orders, lines=lines),
                ),
                flush=True,
            )
        _by_statement(scratch, database, batches(filled, callers, count))
        profiler = cProfile.Profile()
        prepared = batches(filled, callers, count)
        profiler.enable()
        place_all(database, prepared)
        profiler.disable()
        said = io.StringIO()
        figures = pstats.Stats(profiler, stream=said)
        figures.sort_stats("cumulative").print_stats("tradewind", shown)
        figures.sort_stats("tottime").print_stats(shown)
        print(said.getvalue())
        database.close()


def _by_statement(scratch: Scratch, database: Database, prepared: Sequence[Batch]) -> None:
    count = len(prepared)
    with psycopg.connect(scratch.owner(), autocommit=True) as watch:
        statements.forget(watch)
        place_all(database, prepared)
        print(statements.printed(statements.top(watch), count * ORDERS), flush=True)
        calls, commits = statements.counted(watch)
        print(f"{calls / count:.1f} statements a batch of {ORDERS} orders, {commits / count:.1f} commits\n")


if __name__ == "__main__":
    profile()
