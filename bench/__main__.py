"""`make bench`: the hot paths, each figure beside its limit. Exit 1 where a limit is missed or a part could not be measured.

python -m bench [--quick] [--only PART ...] [--profile]
"""

import argparse
import statistics
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from bench import orders, statements
from bench.fill import Filled, fill_orders
from bench.limit import compare, limits
from bench.measure import System
from bench.orders import QUICK, Effort, Stage
from bench.prices import SMALL, Scale, prices
from bench.report import Figure, about_machine, table, write_results
from bench.scratch import Scratch, scratch_server, serving
from tradewind.analytics.verify import run_verify
from tradewind.app.migrate import migrate

HERE = Path(__file__).parent
ALONE = (
    "token_game",
    "pricing_decide",
    "decision_table",
    "papers",
    "order_files",
    "intake",
    "x12",
    "trials",
    "waking",
    "eight_steps",
)
PARTS = ("limit", "orders", "grid", "statements", "prices", *ALONE)
FIT_PSS = 250
SETTLE_SECONDS = 3.0


@dataclass(slots=True)
class Bench:
    """What was asked for and what was found."""

    only: frozenset[str]
    effort: Effort
    scale: Scale
    figures: list[Figure] = field(default_factory=list)
    about: dict[str, object] = field(default_factory=about_machine)

    def wants(self, *parts: str) -> bool:
        return not self.only or not self.only.isdisjoint(parts)

    def take(self, name: str, work: Callable[[], Iterator[Figure]]) -> None:
        """All figures of a part; one that breaks is a figure that could not be measured, and the rest goes on."""
        begun = time.monotonic()
        print(f"-- {name}", flush=True)
        try:
            for figure in work():
                self.figures.append(figure)
                print(
                    f"   {figure.name}: {figure.value if figure.value is not None else '-'} {figure.unit} {figure.verdict}",
                    flush=True,
                )
        except Exception as failure:  # noqa: BLE001 - whatever it is, the other parts are measured
            traceback.print_exc()
            self.figures.append(Figure(name, None, "", note=f"not measured: {type(failure).__name__}: {failure}"[:400]))
        print(f"   ({time.monotonic() - begun:.0f} s)", flush=True)


def main(argv: Sequence[str] | None = None) -> int:
    arguments = _parser().parse_args(argv)
    if arguments.profile:
        from bench.inside import profile  # noqa: PLC0415 - the profiler is loaded where it is wanted

        profile()
        return 0
    bench = Bench(
        frozenset(arguments.only), QUICK if arguments.quick else Effort(), SMALL if arguments.quick else Scale()
    )
    for name in ALONE:
        if bench.wants(name):
            bench.take(name, lambda name=name: _script(name))  # type: ignore[misc]
    if bench.wants("limit", "orders", "grid", "statements", "prices"):
        bench.take("scratch server", lambda: _on_a_server(bench))
    print("\n" + table(bench.figures) + "\n")
    write_results(bench.figures, bench.about)
    missed = [figure.name for figure in bench.figures if figure.missed]
    print(f"{len(bench.figures)} figures, {len(missed)} limits missed{': ' if missed else ''}{'; '.join(missed)}")
    return 1 if missed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench", description="Measures the hot paths beside their limits.")
    parser.add_argument(
        "--quick", action="store_true", help="one short round of everything, pricing at a tenth of the scale"
    )
    parser.add_argument("--only", action="append", default=[], choices=PARTS, help="only this part (may be repeated)")
    parser.add_argument(
        "--profile", action="store_true", help="where placing spends its time, in one process; nothing else"
    )
    return parser


def _script(name: str) -> Iterator[Figure]:
    """A measurement that is a script of its own: it prints, and its exit code is its verdict."""
    script = [sys.executable, "-m", f"bench.{name}"]
    done = subprocess.run(script, capture_output=True, text=True, check=False, cwd=HERE.parent)
    print(done.stdout + done.stderr, end="", flush=True)
    yield Figure(f"bench/{name}.py: limits missed", done.returncode, "", 0)


def _on_a_server(bench: Bench) -> Iterator[Figure]:
    with scratch_server() as scratch:
        bench.about["server"] = scratch.shown()
        filled: list[Filled] = []
        if bench.wants("limit"):
            bench.take("limit", lambda: _limits(bench, scratch))
        if bench.wants("orders", "grid", "statements"):
            migrate(scratch.owner())
            filled.append(fill_orders(scratch.owner()))
            bench.about["fill"] = {"rows": filled[0].rows, "seconds": round(filled[0].seconds, 1)}
        if bench.wants("orders", "grid"):
            bench.take("orders", lambda: _orders(bench, scratch, filled[0]))
        if bench.wants("prices"):
            bench.take("prices", lambda: prices(scratch, bench.scale))
        scratch.server.stop()
        if bench.wants("statements"):
            bench.take("statements", lambda: _statements(bench, scratch, filled[0]))
    yield from ()


def _limits(bench: Bench, scratch: Scratch) -> Iterator[Figure]:
    """The probe's function and our own one in turns: one work, one rate."""
    found = limits(scratch)
    if len(found) == 1:
        print("   the shared probe is not there; the limit is our own function")
        return
    rates = compare(found, bench.effort.limit_seconds)
    medians = [statistics.median(rates[one.which]) for one in found]
    for one, median in zip(found, medians, strict=True):
        listed = ", ".join(f"{rate:,.0f}" for rate in rates[one.which])
        yield Figure(f"limit by {one.which}", median, "orders/s", better="more", note=f"median of {listed}")
    yield Figure(
        "our own function against the probe's", medians[1] / medians[0], "", note="1 within the machine's noise"
    )


@contextmanager
def _stage(scratch: Scratch, filled: Filled) -> Iterator[Stage]:
    with serving(scratch) as running, psycopg.connect(scratch.owner(), autocommit=True) as watch:
        assert scratch.server.pid is not None
        system = System(scratch.server.pid, running.process.pid, watch)
        known = watch.execute("select count(*) from sales_order").fetchone()
        yield Stage(scratch, filled, running, system, watch, acknowledged=int(known[0]) if known else 0)


def _orders(bench: Bench, scratch: Scratch, filled: Filled) -> Iterator[Figure]:
    with _stage(scratch, filled) as stage:
        time.sleep(SETTLE_SECONDS)
        yield orders.idle_memory(stage, "PSS of the idle system, started and filled", limit=FIT_PSS)
        if bench.wants("orders"):
            limit = limits(scratch)[0]
            yield from orders.rounds(stage, limit, bench.effort)
            yield from orders.placing_alone(stage, bench.effort)
        if bench.wants("grid", "orders"):
            yield from orders.grid(stage, bench.effort)
        yield from orders.draining(stage)
        yield from orders.checks(stage)
        time.sleep(SETTLE_SECONDS)
        yield orders.idle_memory(stage, "PSS of the idle system after the load", limit=None)
    yield _verified(scratch)


def _verified(scratch: Scratch) -> Figure:
    report = run_verify(scratch.owner())
    note = f"{len(report.outcomes)} checks in {report.ms / 1000:.1f} s"
    broken = "; ".join(f"{one.check.code}: {one.count}" for one in report.broken)
    return Figure("violations found by verify", report.violations, "", 0, note=f"{note} {broken}".strip())


def _statements(bench: Bench, scratch: Scratch, filled: Filled) -> Iterator[Figure]:
    """On the same data, but with a server that counts statements; its rates are not looked at."""
    with scratch_server(statements.OPTIONS, home=scratch.home) as counting, _stage(counting, filled) as stage:
        yield from statements.statements(stage, bench.effort)


if __name__ == "__main__":
    sys.exit(main())
