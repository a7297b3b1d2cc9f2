"""Orders over HTTP: placed by buyers with keys, durable, confirmed and allocated before the answer; and what follows them."""

import json
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import psycopg

from bench.client import Load, Loaded
from bench.fill import Filled
from bench.limit import Limit
from bench.measure import Cost, System
from bench.report import Figure
from bench.scratch import HOST, Running, Scratch

ROOT = Path(__file__).resolve().parents[1]
MIXES = ("disjoint", "contended", "hot")
CLIENTS, LINES = (1, 8, 64), (10, 100)
DRAIN_SECONDS = 180.0
BATCHES = "tradewind_combiner_batch_orders"
DUE = "select count(*) from stream_instance where status = 'running' and wake_at <= now()"
FIT_RATIO, AIM_RATIO = 0.10, 0.25
FIT_CPU, AIM_CPU = 2.5, 1.2
FIT_SHARE = 0.8


@dataclass(frozen=True, slots=True)
class Effort:
    """How long and how often is measured."""

    rounds: int = 5
    limit_seconds: float = 3.0
    load_seconds: float = 5.0
    grid_seconds: float = 4.0
    clients: tuple[int, ...] = CLIENTS


QUICK = Effort(rounds=1, limit_seconds=2.0, load_seconds=2.0, grid_seconds=1.5, clients=(1, 64))


@dataclass(frozen=True, slots=True)
class Run:
    """One load and its cost."""

    loaded: Loaded
    cost: Cost
    batch: float | None = None

    @property
    def rate(self) -> float:
        return self.loaded.orders / self.loaded.seconds if self.loaded.seconds else 0.0

    def beside(self) -> dict[str, float | str]:
        """The columns of a figure."""
        found: dict[str, float | str] = {"orders/s": self.rate}
        found |= {f"{name} ms": self.loaded.latencies[name] for name in ("p50", "p95", "p99") if self.loaded.latencies}
        found |= {"CPU ms/order": self.cost.ours, **self.cost.cpu_ms, "WAL kB/order": self.cost.wal / 1000}
        return found if self.batch is None else {**found, "orders/batch": self.batch}


@dataclass(slots=True)
class Stage:
    """A filled database with the product serving it, and everything that was acknowledged on it."""

    scratch: Scratch
    filled: Filled
    running: Running
    system: System
    watch: psycopg.Connection
    runs: int = 0
    acknowledged: int = 0
    faults: dict[str, int] = field(default_factory=dict)
    shown: list[str] = field(default_factory=list)
    drains: list[float] = field(default_factory=list)

    def count(self, sql: str) -> int:
        row = self.watch.execute(sql).fetchone()
        return int(row[0]) if row else 0

    def load(self, clients: int, lines: int, mix: str, *, seconds: float) -> Run:
        """One load from a process of its own; its answers are counted and their faults kept."""
        self.runs += 1
        buyers = [(one.key, one.account) for one in self.filled.buyers]
        load = Load(HOST, self.running.port, clients, lines, mix, seconds, list(self.filled.skus), buyers,
                    f"{time.time_ns():x}", self.runs)  # fmt: skip
        with subprocess.Popen([sys.executable, "-m", "bench.client"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              text=True, cwd=ROOT) as client:  # fmt: skip
            assert client.stdin is not None
            assert client.stdout is not None
            client.stdin.write(json.dumps(asdict(load)) + "\n")
            client.stdin.flush()
            _expect(client, "ready")
            batched, before = batches(self.running.port), self.system.read(client.pid)
            client.stdin.write("go\n")
            client.stdin.flush()
            _expect(client, "done")
            after, now = self.system.read(client.pid), batches(self.running.port)
            loaded = Loaded(**json.loads(client.stdout.readline()))
        self.acknowledged += loaded.orders
        for fault, count in loaded.faults.items():
            self.faults[fault] = self.faults.get(fault, 0) + count
        self.shown = [*self.shown, *loaded.shown][:5]
        orders, times = (later - earlier for later, earlier in zip(now, batched, strict=True))
        return Run(loaded, after.since(before, loaded.orders), orders / times if times else None)

    def drain(self) -> bool:
        """Wait until the worker has nothing due; keeps its rate in instances a second. False where it does not end."""
        begun = time.monotonic()
        left = due = self.count(DUE)
        while left and time.monotonic() - begun < DRAIN_SECONDS:
            time.sleep(0.1)
            left = self.count(DUE)
        took = time.monotonic() - begun
        if due - left > 500:
            self.drains.append((due - left) / took)
        return left == 0


def batches(port: int) -> tuple[float, float]:
    """Orders and batches the combiners of all server processes have placed, by the product's own metrics."""
    connection = HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
    except (OSError, HTTPException):
        return 0.0, 0.0
    finally:
        connection.close()
    found = dict(line.rsplit(" ", 1) for line in text.splitlines() if line.startswith(BATCHES))
    return float(found.get(f"{BATCHES}_sum", 0)), float(found.get(f"{BATCHES}_count", 0))


def _expect(client: subprocess.Popen[str], word: str) -> None:
    assert client.stdout is not None
    said = client.stdout.readline().strip()
    if said != word:
        raise RuntimeError(f"the client said {said[:500]!r} instead of {word!r}")


@contextmanager
def paused(pid: int) -> Iterator[None]:
    """A process that stands still for a while."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def rounds(stage: Stage, limit: Limit, effort: Effort) -> Iterator[Figure]:
    """Limit and product in turns, so that a change of the machine meets both; the median of the rounds' ratios counts.

    The worker has nothing left to do while the limit is measured; while orders come it releases them, as in real life.
    """
    stage.load(64, 10, "contended", seconds=min(2.0, effort.load_seconds))
    limit.rate(effort.limit_seconds)
    ceilings: list[float] = []
    runs: dict[str, list[Run]] = {mix: [] for mix in MIXES}
    whole: list[float] = []
    for number in range(effort.rounds):
        stage.drain()
        ceilings.append(limit.median_rate(effort.limit_seconds, times=1 if effort is QUICK else 3))
        for mix in MIXES[number % 3 :] + MIXES[: number % 3]:
            stage.drain()
            before = stage.system.read()
            runs[mix].append(stage.load(64, 10, mix, seconds=effort.load_seconds))
            if mix == "contended":
                stage.drain()
                whole.append(stage.system.read().since(before, runs[mix][-1].loaded.orders).ours)
    times = f"{effort.rounds} rounds"
    yield Figure("limit: one SQL function, pgbench, 16 clients", statistics.median(ceilings), "orders/s", note=f"{limit.which}; "
                 f"median of {times} of {'1 run' if effort is QUICK else '3 runs'}: {_listed(ceilings)}")  # fmt: skip
    for mix in MIXES:
        ratios = [run.rate / ceiling for run, ceiling in zip(runs[mix], ceilings, strict=True)]
        yield Figure(f"64 clients, 10 lines, {mix}: share of the limit", statistics.median(ratios), "", FIT_RATIO, AIM_RATIO,
                     "more", middle(runs[mix]).beside(), f"median of {times}: {_listed(ratios, 3)}")  # fmt: skip
    costs = [run.cost.ours for run in runs["contended"]]
    yield Figure("CPU of an order, 64 clients, 10 lines, contended", statistics.median(costs), "ms", FIT_CPU, AIM_CPU,
                 note="PostgreSQL, HTTP and worker together; the worker releases earlier orders meanwhile")  # fmt: skip
    yield Figure("CPU of an order placed and released to its warehouse", statistics.median(whole), "ms",
                 note=f"the same loads until the worker has released every order: {_listed(whole, 2)}")  # fmt: skip
    for mix in MIXES[1:]:
        shares = [one.rate / other.rate for one, other in zip(runs[mix], runs["disjoint"], strict=True) if other.rate]
        share = statistics.median(shares) if shares else None
        yield Figure(f"{mix} against disjoint, 64 clients, 10 lines", share, "", FIT_SHARE, None, "more",
                     note=f"median of {times}: {_listed(shares, 2)}")  # fmt: skip


def placing_alone(stage: Stage, effort: Effort) -> Iterator[Figure]:
    """The same with the worker standing still: what placing alone costs."""
    stage.drain()
    with paused(stage.system.worker):
        runs = [stage.load(64, 10, "contended", seconds=effort.load_seconds) for _ in range(min(3, effort.rounds))]
    costs = [run.cost.ours for run in runs]
    yield Figure("CPU of placing an order alone (worker paused)", statistics.median(costs), "ms", FIT_CPU, AIM_CPU,
                 "less", middle(runs).beside(), f"median of {_listed(costs, 2)}")  # fmt: skip


def middle(runs: list[Run]) -> Run:
    """The run whose rate is the median."""
    return sorted(runs, key=lambda run: run.rate)[len(runs) // 2]


def _listed(values: list[float], places: int = 0) -> str:
    return ", ".join(f"{value:,.{places}f}" for value in values)


def grid(stage: Stage, effort: Effort) -> Iterator[Figure]:
    """Every number of clients with every size and mix. 100 lines have no 64 disjoint shares of 1,000 products."""
    for lines in LINES:
        for clients in effort.clients:
            for mix in MIXES:
                if mix == "disjoint" and clients * lines > len(stage.filled.skus):
                    continue
                stage.drain()
                stage.load(clients, lines, mix, seconds=0.5)
                run = stage.load(clients, lines, mix, seconds=effort.grid_seconds)
                yield _grid_figure(run, clients, lines, mix)


def _grid_figure(run: Run, clients: int, lines: int, mix: str) -> Figure:
    name = f"{clients} client{'s'[: clients > 1]}, {lines} lines, {mix}"
    found = run.loaded.latencies
    if clients == 1 and lines == 10:
        return Figure(f"{name}: median", found.get("p50"), "ms", 15, None, "less", run.beside())
    if clients == 1:
        return Figure(f"{name}: p95", found.get("p95"), "ms", 40, None, "less", run.beside())
    return Figure(name, run.rate, "orders/s", None, None, "more", run.beside())


def draining(stage: Stage) -> Iterator[Figure]:
    """What the worker does with the confirmed orders once the load is over."""
    done = stage.drain()
    left = stage.count(DUE)
    yield Figure("orders the worker left unreleased", left if not done else 0, "", 0,
                 note=f"{stage.count('select count(*) from shipment'):,} shipments")  # fmt: skip
    rate = statistics.median(stage.drains) if stage.drains else None
    if rate is not None:
        yield Figure("worker alone: due instances turned", rate, "a second", better="more",
                     note=f"median of {len(stage.drains)} drains")  # fmt: skip


def checks(stage: Stage) -> Iterator[Figure]:
    """Nothing acknowledged is lost, nothing is there that was not acknowledged, every answer was right."""
    stored = stage.count("select count(*) from sales_order")
    yield Figure("orders stored that nobody acknowledged, or the reverse", abs(stored - stage.acknowledged), "", 0,
                 note=f"{stored:,} stored, {stage.acknowledged:,} acknowledged")  # fmt: skip
    listed = ", ".join(f"{fault}: {count}" for fault, count in sorted(stage.faults.items()))
    yield Figure("answers that were not a confirmed, allocated order", sum(stage.faults.values()), "", 0,
                 note="; ".join(filter(None, [listed, *stage.shown[:1]])))  # fmt: skip
    yield Figure("server processes that died", int(stage.system.replaced()), "", 0)


def idle_memory(stage: Stage, name: str, *, limit: float | None) -> Figure:
    """Everything that runs, with nothing to do."""
    parts = stage.system.pss()
    note = ", ".join(f"{part} {size:.0f}" for part, size in sorted(parts.items(), key=lambda one: -one[1]))
    return Figure(name, sum(parts.values()), "MB", limit, note=note)
