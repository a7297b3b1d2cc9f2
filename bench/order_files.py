"""Order files: 5,000 rows read, priced and promised in a dry run, and placed in one transaction; as one order and as 500.

A script of its own: it prints each figure beside its limit, and exits with 1 where one is passed over.
"""

import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from uuid import UUID

from bench.fill import Filled, fill_orders
from bench.scratch import scratch_server
from tradewind.accounts.queries import account_ids
from tradewind.app.migrate import migrate
from tradewind.channels.order_files.submit import preview_file, read_request, submit_file
from tradewind.channels.order_files.taken import FileRequest
from tradewind.kernel.tx import SYSTEM, Database

ROWS, ROUNDS = 5_000, 3
FIT_SECONDS = 5.0


class Measured(NamedTuple):
    name: str
    seconds: float
    limit: float
    note: str

    @property
    def missed(self) -> bool:
        return self.seconds > self.limit


def file_of(filled: Filled, *, orders: int, seed: int, wrong: int = 0) -> bytes:
    """A German form with semicolons; `wrong` of its rows name items that are not there."""
    chance = random.Random(seed)
    lines = ["Artikel;Menge;Einheit;Bestellnummer"]
    for row in range(ROWS):
        sku = chance.choice(filled.skus) + ("X" if wrong and row % (ROWS // wrong) == 0 else "")
        lines.append(f"{sku};{chance.randrange(1, 20)};EA;F{seed}-{row * orders // ROWS}")
    return ("\n".join(lines) + "\n").encode()


def measured(database: Database, filled: Filled) -> Iterator[Measured]:
    code = filled.buyers[0].account
    account_id = database.read(lambda reader: account_ids(reader, [code]))[code]
    for name, orders, wrong in (
        ("one order", 1, 0),
        ("500 orders", 500, 0),
        ("500 orders, 500 unknown items", 500, 500),
    ):
        times: dict[str, list[float]] = {"read": [], "priced in a dry run": [], "placed": []}
        counts: dict[str, Any] = {}
        for turn in range(ROUNDS):
            data = file_of(filled, orders=orders, seed=len(name) * 100 + turn, wrong=wrong)
            request = _request(data, account_id, code)
            for step, work in (
                ("read", lambda r=request: read_request(r, {})),
                ("priced in a dry run", lambda r=request: preview_file(database, r, read_request(r, {}))),
                ("placed", lambda r=request: submit_file(_in(database), r, read_request(r, {}))),
            ):
                begun = time.perf_counter()
                found = work()
                times[step].append(time.perf_counter() - begun)
                counts = found["counts"] if isinstance(found, dict) else counts
        for step, each in times.items():
            note = f"worst {max(each):.2f} s; {counts['accepted']} accepted, {counts['refused']} refused"
            yield Measured(f"5,000 rows, {name}: {step}", statistics.median(each), FIT_SECONDS, note)


def _in(database: Database) -> Callable[[Callable[[Any], dict[str, Any]]], dict[str, Any]]:
    return lambda work: database.write(work, actor=SYSTEM)


def _request(data: bytes, account_id: UUID, code: str) -> FileRequest:
    return FileRequest(None, SYSTEM, account_id, code, data, "text/csv")


def main() -> int:
    missed = False
    with scratch_server() as scratch:
        migrate(scratch.owner())
        filled = fill_orders(scratch.owner())
        database = Database(scratch.application())
        for one in measured(database, filled):
            missed = missed or one.missed
            print(
                f"{one.name:60} {one.seconds:6.2f} s   limit {one.limit:.0f}  {one.note}{'   PASSED OVER' if one.missed else ''}"
            )
        database.close()
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
