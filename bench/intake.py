"""A 10,000-order interchange of ten lines each: read, deduplicated, assessed, allocated, confirmed and acknowledged.

`python -m bench.intake [--profile] [--orders N]` on a durable scratch server with the settings the product ships with. The same
file once more is one duplicate; memory is the resident set of the process that works, early and late.
"""

import argparse
import cProfile
import gc
import pstats
import random
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg

from bench.fill import Filled, fill_orders
from bench.measure import cpu_of, cpu_of_family
from bench.scratch import scratch_server
from tradewind.accounts.queries import account_ids
from tradewind.app.migrate import migrate
from tradewind.channels.decide.x12.model import PartnerId
from tradewind.channels.decide.x12.read import walk
from tradewind.channels.edi.commands import save_names, save_partner
from tradewind.channels.edi.model import Partner
from tradewind.channels.edi.outbound import serve_partners
from tradewind.channels.edi.work import keep_document, work_on
from tradewind.kernel.tx import Actor, Database

ORDERS, LINES, BRANCHES = 10_000, 10, 20
FIT_LINES, FIT_SEGMENTS = 5_000, 100_000
FIT_GROWTH = 32.0
BENCH = Actor(principal_id=None, name="bench", channel="edi")


@dataclass(frozen=True, slots=True)
class Measured:
    """A figure beside its limit."""

    name: str
    value: float
    unit: str
    limit: float
    better: str = "more"
    note: str = ""

    @property
    def missed(self) -> bool:
        return self.value < self.limit if self.better == "more" else self.value > self.limit


def interchange(filled: Filled, *, orders: int, control: int, seed: int = 7) -> bytes:
    """Orders of many branches of one buyer, each for ten products."""
    chance = random.Random(seed)
    head = (
        f"ISA*00*{' ' * 10}*00*{' ' * 10}*ZZ*{'BENCHBUYER':15}*ZZ*{'HOUSE':15}*260302*0900*U*00401*{control:09}*0*P*>~"
    )
    parts = [head, f"GS*PO*BENCHBUYER*HOUSE*20260302*0900*{control}*X*004010~"]
    for number in range(1, orders + 1):
        branch = filled.buyers[number % BRANCHES].account
        lines = [
            f"PO1*{place}*{chance.randint(1, 5)}*EA***VP*{sku}~PID*F****{sku} as ordered~"
            for place, sku in enumerate(chance.sample(filled.skus, LINES), 1)
        ]
        body = (
            f"BEG*00*SA*B{control}-{number:06}**20260302~N1*BY**92*{branch}~N1*ST**92*MAIN~{''.join(lines)}CTT*{LINES}~"
        )
        parts.append(f"ST*850*{number:06}~{body}SE*{6 + 2 * LINES}*{number:06}~")
    return ("".join(parts) + f"GE*{orders}*{control}~IEA*1*{control:09}~").encode()


def open_partner(database: Database, filled: Filled) -> None:
    """The buyer, whose branches are accounts of ours by their N1 code."""
    codes = sorted({buyer.account for buyer in filled.buyers[:BRANCHES]})
    accounts = database.read(lambda reader: account_ids(reader, codes))
    partner = Partner(
        database.ids.new(), "BENCH", "Bench buyer", PartnerId("ZZ", "HOUSE"), PartnerId("ZZ", "BENCHBUYER")
    )
    database.write(lambda tx: save_partner(tx, partner, separators={}))
    names = [("account", code, account_id) for code, account_id in accounts.items()]
    database.write(lambda tx: save_names(tx, partner.system, names))


@dataclass
class Watch:
    """The resident set of this process while something works, in megabytes."""

    sizes: list[float] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "Watch":
        self.thread = threading.Thread(target=self._look, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.thread.join()

    def _look(self) -> None:
        this = psutil.Process()
        while not self.over.wait(0.1):
            self.sizes.append(this.memory_info().rss / (1 << 20))

    @property
    def growth(self) -> float:
        """What the last fifth has more than the second one."""
        fifth = max(1, len(self.sizes) // 5)
        return max(self.sizes[-fifth:]) - max(self.sizes[fifth : 2 * fifth] or self.sizes)


def reading(body: bytes) -> Iterator[Measured]:
    """The reader alone."""
    begun = time.perf_counter()
    segments = sum(len(step.segments) + 2 for step in walk(body) if hasattr(step, "segments"))
    took = time.perf_counter() - begun
    yield Measured("segments read a second", segments / took, "/s", FIT_SEGMENTS, note=f"{segments:,} in {took:.2f} s")


def taking_in(database: Database, owner: str, postmaster: int, body: bytes, *, orders: int) -> Iterator[Measured]:
    """The whole way in, then the answers, then the same file again."""
    this = psutil.Process().pid
    ours, pg = cpu_of(this), cpu_of_family(postmaster)
    begun = time.perf_counter()
    with Watch() as watch:
        document = keep_document(database, body, actor=BENCH)
        report = work_on(database, document, actor=BENCH)
    took = time.perf_counter() - begun
    ours, pg = cpu_of(this) - ours, cpu_of_family(postmaster) - pg
    (done,) = report["interchanges"]
    assert done["outcomes"] == {"order": orders}, done
    assert done["acknowledgement"], done
    with psycopg.connect(owner) as look:
        row = look.execute("select count(*), sum((status = 'confirmed')::int) from sales_order").fetchone()
        assert row is not None
        assert row[1] >= orders, row
    note = f"{orders:,} orders in {took:.1f} s; an order {ours / orders * 1e3:.2f} ms of ours, {pg / orders * 1e3:.2f} ms of PostgreSQL"
    yield Measured("lines taken in a second", orders * LINES / took, "/s", FIT_LINES, note=note)
    yield Measured(
        "memory that grew meanwhile", watch.growth, "MB", FIT_GROWTH, "less", f"at most {max(watch.sizes):.0f} MB"
    )
    begun = time.perf_counter()
    while serve_partners(database):
        continue
    answered = time.perf_counter() - begun
    yield Measured(
        "orders answered by 855 a second", orders / answered, "/s", FIT_LINES / LINES, note=f"{answered:.1f} s"
    )
    begun = time.perf_counter()
    report = work_on(database, keep_document(database, body, actor=BENCH), actor=BENCH)
    again = time.perf_counter() - begun
    assert report["outcome"] == "duplicate", report
    yield Measured("the same interchange again", again, "s", 5.0, "less")


def measured(*, orders: int, profiled: bool = False) -> Iterator[Measured]:
    with scratch_server() as scratch:
        migrate(scratch.owner())
        filled = fill_orders(scratch.owner())
        database = Database(scratch.application())
        open_partner(database, filled)
        gc.freeze()
        gc.set_threshold(50_000, 20, 50)  # as the server has it
        warm = interchange(filled, orders=256, control=1)
        work_on(database, keep_document(database, warm, actor=BENCH), actor=BENCH)
        body = interchange(filled, orders=orders, control=2)
        Path(scratch.home / "intake.edi").write_bytes(body)
        yield from reading(body)
        if profiled:
            profiler = cProfile.Profile()
            profiler.enable()
            work_on(database, keep_document(database, body, actor=BENCH), actor=BENCH)
            profiler.disable()
            pstats.Stats(profiler).sort_stats("cumulative").print_stats("tradewind", 45)
            pstats.Stats(profiler).sort_stats("tottime").print_stats(25)
        else:
            yield from taking_in(database, scratch.owner(), scratch.server.pid, body, orders=orders)
        database.close()


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--orders", type=int, default=ORDERS)
    parser.add_argument("--profile", action="store_true")
    asked = parser.parse_args()
    missed = False
    for one in measured(orders=asked.orders, profiled=asked.profile):
        missed = missed or one.missed
        over = "   PASSED OVER" if one.missed else ""
        print(f"{one.name:36} {one.value:10,.1f} {one.unit:3} limit {one.limit:9,.0f}  {one.note}{over}", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
