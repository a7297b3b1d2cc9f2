"""What a run costs: CPU of every process by its part, bytes of write-ahead log, memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg

PARTS = ("PostgreSQL", "HTTP", "worker", "client")


@dataclass(frozen=True, slots=True)
class Reading:
    """CPU seconds by part since the processes began, and the position of the log."""

    cpu: Mapping[str, float]
    wal: int

    def since(self, earlier: "Reading", orders: int) -> "Cost":
        """What each of `orders` cost between two readings."""
        cpu = {part: (self.cpu[part] - earlier.cpu.get(part, 0.0)) / max(orders, 1) * 1000 for part in self.cpu}
        return Cost(cpu, (self.wal - earlier.wal) / max(orders, 1))


@dataclass(frozen=True, slots=True)
class Cost:
    """An order's CPU milliseconds by part and its bytes of write-ahead log."""

    cpu_ms: Mapping[str, float]
    wal: float

    @property
    def ours(self) -> float:
        """CPU of the system without the client that loads it."""
        return sum(ms for part, ms in self.cpu_ms.items() if part != "client")


@dataclass(slots=True)
class System:
    """The processes to be watched. The last child of the master is its worker; a replaced one is noticed."""

    postmaster: int
    master: int
    watch: psycopg.Connection
    http: list[int] = field(default_factory=list)
    worker: int = 0

    def __post_init__(self) -> None:
        children = sorted(psutil.Process(self.master).children(), key=lambda one: (one.create_time(), one.pid))
        self.http = [one.pid for one in children[:-1]]
        self.worker = children[-1].pid

    def replaced(self) -> bool:
        """Whether a process died since the start."""
        return {one.pid for one in psutil.Process(self.master).children()} != {*self.http, self.worker}

    def read(self, client: int | None = None) -> Reading:
        """Now; with the process that loads, where one does."""
        cpu = {
            "PostgreSQL": cpu_of_family(self.postmaster),
            "HTTP": cpu_of(self.master) + sum(map(cpu_of, self.http)),
            "worker": cpu_of(self.worker),
        }
        if client is not None:
            cpu["client"] = cpu_of(client)
        row = self.watch.execute("select pg_current_wal_lsn() - '0/0'::pg_lsn").fetchone()
        return Reading(cpu, int(row[0]) if row else 0)

    def pss(self) -> dict[str, float]:
        """Megabytes of every process: shared pages divided among those that share them."""
        found: dict[str, float] = {}
        named = [
            ("master", self.master),
            *((f"http {n}", pid) for n, pid in enumerate(self.http)),
            ("worker", self.worker),
        ]
        for name, pid in named:
            found[name] = pss_of(pid)
        postmaster = psutil.Process(self.postmaster)
        found["postmaster"] = pss_of(self.postmaster)
        for child in postmaster.children(recursive=True):
            if child.pid == self.watch.info.backend_pid:
                continue  # ours, not the system's
            title = " ".join(child.cmdline()).removeprefix("postgres: ").strip()
            kind = " ".join(title.split()[:2]) if title.split()[:1] != ["tradewind_app"] else "backend"
            name = f"postgres {kind}"
            found[name] = found.get(name, 0.0) + pss_of(child.pid)
        return found


def cpu_of(pid: int) -> float:
    """User and system seconds of a living process; nothing for one that is gone."""
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system)


def cpu_of_family(pid: int) -> float:
    """A process, its living children, and those it has outlived."""
    try:
        process = psutil.Process(pid)
        times = process.cpu_times()
        own = times.user + times.system + times.children_user + times.children_system
        return float(own + sum(cpu_of(child.pid) for child in process.children(recursive=True)))
    except psutil.Error:
        return 0.0


def pss_of(pid: int) -> float:
    """Proportional set size in megabytes."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)
