"""Ten thousand orders due for release in the same second, and new orders meanwhile.

`python -m bench.waking [--orders N]` on a durable scratch server: one worker process drains what is due while this process places
orders of ten lines, one after the other. Printed: how long the drain took, what a new order took before and during it, and how
long a new order waited for its release.
"""

import argparse
import multiprocessing
import os
import random
import statistics
import sys
import time
from collections.abc import Sequence
from decimal import Decimal
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from uuid import UUID

import psycopg

from bench.fill import Filled, fill_orders
from bench.scratch import scratch_server
from tradewind.app.migrate import migrate
from tradewind.desk.place import place
from tradewind.desk.resolve import Submission
from tradewind.kernel.tx import SYSTEM, Database
from tradewind.orchestration.commands.crank import Crank
from tradewind.rules.decide.feel import read_expression
from tradewind.semantics.model import DraftGroup, DraftLine, OrderDraft
from tradewind.streams.library import STREAMS

ORDERS, LINES, SET, ALONE, PAUSE = 10_000, 10, 64, 60, 0.02
FIT_RATIO = 4.0
"""A new order may take so many times as long as on an idle machine: its placing shares two cores and the disk with the drain."""
_DUE = (
    "select count(*) from stream_instance where status = 'running' and wake_at <= now() and stream = 'order_to_release'"
)
_SAME_SECOND = "update stream_instance set wake_at = now() where status = 'running' and wake_at is not null"
_RELEASED = """
select extract(epoch from min(s.released_at) - o.placed_at) from sales_order o join shipment s on s.order_id = o.id
where o.id = any(%s) group by o.id, o.placed_at
"""


def drafts(filled: Filled, count: int, *, lines: int, seed: int) -> list[Submission]:
    """Orders of many accounts for random products."""
    chance = random.Random(seed)
    return [
        Submission(
            OrderDraft(
                chance.choice(filled.buyers).account,
                tuple(DraftLine(n, sku, Decimal(chance.randint(1, 5))) for n, sku in enumerate(chance.sample(filled.skus, lines), 1)),
                (DraftGroup(),),
            ),
            SYSTEM,
        )
        for _ in range(count)
    ]  # fmt: skip


def timed(
    database: Database, submissions: Sequence[Submission], until: Event | None = None
) -> tuple[list[float], list[UUID]]:
    """Place one after the other; how many milliseconds each took, and its id."""
    took: list[float] = []
    placed: list[UUID] = []
    for one in submissions:
        if until is not None and until.is_set():
            break
        begun = time.perf_counter()
        (answer,) = database.write(lambda tx, one=one: place(tx, [one]))
        took.append((time.perf_counter() - begun) * 1000)
        assert answer.order_id is not None, answer.problems
        placed.append(answer.order_id)
        time.sleep(PAUSE)
    return took, placed


def drain(url: str, over: Event, spent: "Queue[float]") -> None:
    """What a worker does, until nothing is due; then it says how long that took."""
    database = Database(url)
    crank = Crank(database, STREAMS, read_expression)
    begun = time.perf_counter()
    with psycopg.connect(url, autocommit=True) as look:
        while crank.turn_once():
            row = look.execute(_DUE).fetchone()
            if row is not None and row[0] < SET:
                break
    spent.put(time.perf_counter() - begun)
    over.set()
    database.close()


def percentile(values: Sequence[float], percent: int) -> float:
    ordered = sorted(values)
    return ordered[max(-(-len(ordered) * percent // 100) - 1, 0)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=ORDERS)
    wanted: int = parser.parse_args().orders
    with scratch_server() as scratch:
        url = scratch.owner()
        migrate(url)
        filled = fill_orders(url)
        database = Database(url)
        sleeping = drafts(filled, wanted, lines=2, seed=1)
        for start in range(0, wanted, SET):
            database.write(lambda tx, start=start: place(tx, sleeping[start : start + SET]))
        with psycopg.connect(url, autocommit=True) as owner:
            owner.execute("vacuum (analyze)")
            owner.execute("update stream_instance set wake_at = now() + interval '1 day' where wake_at is not null")
            alone, _ = timed(database, drafts(filled, ALONE, lines=LINES, seed=2))
            owner.execute(_SAME_SECOND)
        context = multiprocessing.get_context("fork")
        over, spent = context.Event(), context.Queue()
        worker = context.Process(target=drain, args=(url, over, spent))
        worker.start()
        meanwhile, placed = timed(database, drafts(filled, 5_000, lines=LINES, seed=3), over)
        seconds = spent.get(timeout=600)
        worker.join()
        Crank(database, STREAMS, read_expression).turn_until_idle()
        waited = [float(row[0]) for row in database.read(lambda reader: reader.rows(_RELEASED, [placed]))]
        database.close()
    ratio = statistics.median(meanwhile) / statistics.median(alone)
    print(
        f"{wanted:,} orders due in the same second were released in {seconds:.1f} s ({wanted / seconds:,.0f}/s), {os.cpu_count()} cores"
    )
    for name, values in (("alone", alone), ("while they drain", meanwhile)):
        print(
            f"a new order of {LINES} lines, {name}: p50 {statistics.median(values):.1f} ms, p99 {percentile(values, 99):.1f} ms, {len(values)} orders"
        )
    print(f"a new order was released after p50 {statistics.median(waited):.2f} s, at most {max(waited):.2f} s")
    print(f"placing while they drain: {ratio:.1f} times as long (limit {FIT_RATIO})")
    return int(ratio > FIT_RATIO)


if __name__ == "__main__":
    sys.exit(main())
