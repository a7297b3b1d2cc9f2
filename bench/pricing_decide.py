"""What the pure arithmetic of a line costs, beside its limit: `python bench/pricing_decide.py`.

Best of seven rounds, microseconds of one core. Exit 1 where a limit is passed.
"""

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from tradewind.kernel.money import line_net, round_money, spread
from tradewind.kernel.quantity import from_base, to_base
from tradewind.pricing.decide import order_totals, price_line, price_lines, rate_index, waterfall_text
from tradewind.pricing.model import (
    PRECEDENCE,
    Adjustment,
    Layer,
    LineAmount,
    PricedLine,
    PriceRequest,
    PriceRow,
    TaxRate,
    TaxSituation,
)

D = Decimal
START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 5, 4, tzinfo=UTC)


def row(code: str, layer: Layer, *tiers: str) -> PriceRow:
    ladder = [tier.split(":") for tier in tiers]
    return PriceRow(
        UUID(int=len(code)), code, layer, PRECEDENCE[layer], "EUR", "EA", (1, 1), D(1), "volume",
        tuple((D(start), D(price)) for start, price in ladder), START,
    )  # fmt: skip


ROWS = [
    row("BASE", Layer.BASE, "1:10.00", "10:9.50", "100:9.00"),
    row("DEALER", Layer.SEGMENT, "1:9.80", "10:9.30", "100:8.95"),
    row("ACME-2026", Layer.AGREEMENT, "1:9.40", "10:9.10", "50:8.90"),
]
PRODUCT = UUID(int=99)
REQUEST = PriceRequest(1, PRODUCT, D(12), "EA", D(12), NOW, "EUR")
ORDER = [PriceRequest(number, PRODUCT, D(number), "EA", D(number), NOW, "EUR") for number in range(1, 101)]
DISCOUNT = [Adjustment("discount", "percent", D("2.5"), "ACME")]
RATES = rate_index([TaxRate("DE", "standard", "S", D(19), START), TaxRate("DE", "reduced", "S", D(7), START)])
HERE = TaxSituation(NOW, "DE", "DE")
AMOUNTS = [LineAmount(number, D("10.03") + number, "standard" if number % 3 else "reduced") for number in range(10)]
WEIGHTS = [line.net for line in AMOUNTS]


def microseconds(work: Callable[[], object], *, per: int = 1) -> float:
    best, times = 1e9, 300
    for _ in range(7):
        started = time.perf_counter()
        for _ in range(times):
            work()
        best = min(best, (time.perf_counter() - started) / times / per * 1e6)
    return best


def decide_and_write() -> None:
    priced = price_line(REQUEST, ROWS)
    if isinstance(priced, PricedLine):
        waterfall_text(priced)


def main() -> int:
    priced = price_line(REQUEST, ROWS, adjustments=DISCOUNT)
    if not isinstance(priced, PricedLine):
        return 1
    by_product = {PRODUCT: ROWS}
    measured: list[tuple[str, float, float]] = [
        ("round_money", microseconds(lambda: round_money(D("12.345"), "EUR")), 0.8),
        ("line_net", microseconds(lambda: line_net(D(35), D("18.40"), D(100), currency="EUR")), 3),
        ("to_base, whole packs", microseconds(lambda: to_base(D(7), (12, 1), decimals=0)), 1.5),
        ("from_base, exact", microseconds(lambda: from_base(D("62.23"), (127, 100))), 4),
        ("spread over 10, a part", microseconds(lambda: spread(D("10.00"), WEIGHTS, 2), per=10), 3),
        ("price_line, 1 candidate", microseconds(lambda: price_line(REQUEST, ROWS[:1])), 10),
        ("price_line, 3 candidates", microseconds(lambda: price_line(REQUEST, ROWS)), 15),
        ("… with a discount", microseconds(lambda: price_line(REQUEST, ROWS, adjustments=DISCOUNT)), 18),
        ("waterfall_text", microseconds(lambda: waterfall_text(priced)), 8),
        ("price_line and its text", microseconds(decide_and_write), 20),
        ("price_lines, 100 lines, a line", microseconds(lambda: price_lines(ORDER, by_product), per=100), 15),
        (
            "order_totals of 10 lines, a line",
            microseconds(lambda: order_totals(AMOUNTS, RATES, HERE, currency="EUR"), per=10),
            8,
        ),
    ]
    for name, took, limit in measured:
        print(f"{name:34} {took:7.2f} us   limit {limit:5.1f}{'   PASSED OVER' if took > limit else ''}")
    return 1 if any(took > limit for _, took, limit in measured) else 0


if __name__ == "__main__":
    sys.exit(main())
