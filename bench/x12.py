"""How fast X12 is read on one core, in segments a second: 10,000 orders of ten lines; limit 100,000. Memory lazily.

python bench/x12.py
"""

import gc
import io
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable

from tradewind.channels.decide.x12.drafts import to_order_draft
from tradewind.channels.decide.x12.glance import read_x12
from tradewind.channels.decide.x12.model import TransactionSet
from tradewind.channels.decide.x12.orders import purchase_order
from tradewind.channels.decide.x12.read import read_interchanges, walk
from tradewind.channels.decide.x12.write import write_interchange

ORDERS, LINES, ROUNDS = 10_000, 10, 3
LIMIT = 100_000  # segments a second
MEMORY_MIB = 16  # of a walk, whatever the size of the file


def interchange(orders: int) -> bytes:
    """850s of ten lines with a description each, as a wholesaler's customer sends them overnight."""
    made = ["ISA*00*          *00*          *ZZ*NORTHWIND      *ZZ*TRADEWIND      *260302*0930*U*00401*000000001*0*P*>~",
            "GS*PO*NORTHWIND*TRADEWIND*20260302*0930*1*X*004010~"]  # fmt: skip
    for order in range(1, orders + 1):
        body = [f"BEG*00*NE*PO-{order:07}**20260302~", "REF*DP*809~", "DTM*002*20260316~",
                f"N1*ST*Northwind Dock {order % 40}*92*DOCK{order % 40}~", "N3*12 Harbor Way~", "N4*Portland*OR*97201*US~"]  # fmt: skip
        for line in range(1, LINES + 1):
            body.append(
                f"PO1*{line}*{order * line % 97 + 1}*EA*{line}.{order % 100:02}**VN*BOLT-{order * line % 1000:05}*BP*{line:05}~"
            )
            body.append(f"PID*F****Hex bolt 3/8-16 x {line} in, zinc~")
        body.append(f"CTT*{LINES}~")
        made += [f"ST*850*{order:04}~", *body, f"SE*{len(body) + 2}*{order:04}~"]
    return "\n".join([*made, f"GE*{orders}*1~", "IEA*1*000000001~"]).encode()


def rate(segments: int, work: Callable[[], object]) -> float:
    """Segments a second, the median of some rounds."""
    found: list[float] = []
    for _ in range(ROUNDS):
        gc.collect()
        begun = time.perf_counter()
        work()
        found.append(segments / (time.perf_counter() - begun))
    return statistics.median(found)


def drafts(data: bytes) -> int:
    """Sets, orders and neutral drafts, one after the other."""
    lines = 0
    for step in walk(io.BytesIO(data)):
        if isinstance(step, TransactionSet):
            lines += len(to_order_draft(purchase_order(step), account="NW").draft.lines)
    return lines


def main() -> int:
    data = interchange(ORDERS)
    segments = data.count(b"~")
    if drafts(data) != ORDERS * LINES:
        raise SystemExit("the bench is wrong: lines are missing")
    whole = read_interchanges(data).interchanges[0]
    measured = [
        ("set by set", rate(segments, lambda: sum(1 for _ in walk(io.BytesIO(data))))),
        ("whole", rate(segments, lambda: read_interchanges(data))),
        ("to orders and drafts", rate(segments, lambda: drafts(data))),
        ("tradewind read", rate(segments, lambda: read_x12(data))),
        ("written", rate(segments, lambda: write_interchange(whole.envelope, whole.groups))),
    ]
    tracemalloc.start()
    for _ in walk(io.BytesIO(data)):
        pass
    peak = tracemalloc.get_traced_memory()[1] / (1 << 20)
    print(f"{ORDERS:,} orders of {LINES} lines, {segments:,} segments, {len(data) / (1 << 20):.1f} MiB, one core")
    for name, found in measured:
        print(f"{name:22} {found:12,.0f} segments/s   limit {LIMIT:,}{'   MISSED' if found < LIMIT else ''}")
    print(
        f"{'memory of a walk':22} {peak:12.1f} MiB          limit {MEMORY_MIB}{'   MISSED' if peak > MEMORY_MIB else ''}"
    )
    return 1 if peak > MEMORY_MIB or any(found < LIMIT for _, found in measured) else 0


if __name__ == "__main__":
    sys.exit(main())
