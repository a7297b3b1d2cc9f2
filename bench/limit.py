"""The limit: what one SQL function that does the bare work of an order reaches under pgbench on this server, right now.

`python -m bench.limit` alone: a durable scratch server, the probe's function and our own one beside each other.
"""

import os
import re
import statistics
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psycopg

from bench.scratch import Scratch, scratch_server

LINES, CLIENTS, THREADS = 10, 16, 2
ITEMS, BUYERS = 20_000, 5_000
ROOT = Path(__file__).resolve().parents[1]
OWN = Path(__file__).with_suffix(".sql")
DATABASE = "bench_limit"
_RATE = re.compile(r"^tps = ([\d.]+)", re.MULTILINE)
_FAILED = re.compile(r"^number of failed transactions: (\d+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Limit:
    """A loaded function with the script that calls it; `which` says whose text it is."""

    which: str
    url: str
    script: Path
    pgbench: Path

    def rate(self, seconds: float) -> float:
        """Orders a second of one run: prepared, 10 lines, 16 clients."""
        words = [str(self.pgbench), "--no-vacuum", "--protocol=prepared", f"--client={CLIENTS}", f"--jobs={THREADS}",
                 f"--time={max(1, round(seconds))}", f"--file={self.script}", self.url]  # fmt: skip
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=seconds + 60)
        found, failed = _RATE.search(done.stdout), _FAILED.search(done.stdout)
        if done.returncode or found is None or (failed and failed[1] != "0"):
            raise RuntimeError(f"pgbench ended with {done.returncode}: {(done.stderr or done.stdout)[-500:]}")
        return float(found[1])

    def median_rate(self, seconds: float, *, times: int = 3) -> float:
        """The median of several runs, one after the other."""
        return statistics.median(self.rate(seconds) for _ in range(times))


def probe_file() -> Path | None:
    """The shared probe, where this checkout has it beside itself or TRADEWIND_SHARED names the folder."""
    shared = Path(os.environ.get("TRADEWIND_SHARED") or ROOT.parent / "shared")
    path = shared / "probes" / "hotpath.sql"
    return path if path.is_file() else None


def limits(scratch: Scratch) -> list[Limit]:
    """The limit to be used first: the probe's function where it is there; then our own equivalent, for comparison."""
    probe = probe_file()
    found = [_loaded(scratch, "hp", "place", probe, "the shared probe's hotpath.sql")] if probe else []
    return [*found, _loaded(scratch, "ceiling", "take_order", OWN, "our own bench/limit.sql")]


def _loaded(scratch: Scratch, schema: str, function: str, path: Path, which: str) -> Limit:
    name = f"{DATABASE}_{schema}"
    url = scratch.create(name)
    with psycopg.connect(url, autocommit=True) as connection:
        # a vacuum cannot stand in a text of several statements
        connection.execute(path.read_text(encoding="utf-8").replace("vacuum analyze;", ""))
        connection.execute("vacuum analyze")
    script = scratch.home / f"{name}.pgbench"
    script.write_text(_script(f"{schema}.{function}"), encoding="utf-8")
    return Limit(which, url, script, scratch.programs / "pgbench")


def _script(function: str) -> str:
    numbers = range(1, LINES + 1)
    draws = [f"\\set item{n} random(1, {ITEMS})\n\\set pieces{n} random(1, 5)" for n in numbers]
    items, pieces = (",".join(f":{word}{n}" for n in numbers) for word in ("item", "pieces"))
    prices = ",".join("12.34" for _ in numbers)
    call = f"select {function}(:buyer, array[{items}]::int[], array[{pieces}]::int[], array[{prices}]::numeric[]);"
    return "\n".join([f"\\set buyer random(1, {BUYERS})", *draws, call, ""])


def compare(found: list[Limit], seconds: float, *, rounds: int = 3) -> dict[str, list[float]]:
    """Rates of every limit in turns, so that a change of the machine meets all of them."""
    rates: dict[str, list[float]] = {one.which: [] for one in found}
    for _ in range(rounds):
        for one in found:
            rates[one.which].append(one.rate(seconds))
    return rates


def main() -> None:
    with scratch_server() as scratch:
        found = limits(scratch)
        print(f"PostgreSQL as the product runs it: {scratch.shown()}")
        for which, rates in compare(found, 5).items():
            listed = ", ".join(f"{rate:,.0f}" for rate in rates)
            print(f"{which}: {statistics.median(rates):,.0f} orders/s (median of {len(rates)}: {listed})")


if __name__ == "__main__":
    main()
