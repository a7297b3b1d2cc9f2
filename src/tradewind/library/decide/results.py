"""What a measure came to, and how sure that is: shares by Wilson's interval, medians by order statistics. Exact decimals.

Sources: E. B. Wilson, "Probable Inference", JASA 22 (1927); the order-statistic interval of a median from the binomial's normal
approximation.
"""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext

from tradewind.kernel.money import round_places
from tradewind.library.model import Kpi, Measure, Reached

Z = Decimal("1.959963985")  # 95 % of a normal distribution lie within so many deviations
FEWEST = 5


def share(measure: Measure, hits: int, n: int) -> Reached:
    """A share of `n` cases with its interval; none where there were fewer than five."""
    if n < FEWEST:
        return Reached(measure, n, None, None, None)
    with localcontext() as context:
        context.prec = 28
        p, square = Decimal(hits) / n, Z * Z
        centre = (p + square / (2 * n)) / (1 + square / n)
        half = Z * (p * (1 - p) / n + square / (4 * n * n)).sqrt() / (1 + square / n)
        low, high = max(centre - half, Decimal(0)), min(centre + half, Decimal(1))
    return Reached(measure, n, round_places(p, 4), round_places(low, 4), round_places(high, 4))


def median_ranks(n: int) -> tuple[int, int, int]:
    """The ranks (from 1) of the median of `n` sorted values and of the ends of its interval."""
    with localcontext() as context:
        context.prec = 28
        half, spread = Decimal(n) / 2, Z * Decimal(n).sqrt() / 2
        low = int((half - spread).to_integral_value(ROUND_FLOOR))
        high = int((half + spread + 1).to_integral_value(ROUND_CEILING))
    return max(low, 1), (n + 1) // 2, min(high, n)


def meets(kpi: Kpi, reached: Reached) -> bool | None:
    """Whether the target is reached; None where there is no figure."""
    if reached.value is None:
        return None
    return reached.value <= kpi.target if kpi.better == "less" else reached.value >= kpi.target


def differs(before: Reached, after: Reached) -> bool | None:
    """Whether two windows differ beyond chance: their intervals do not touch. None where one has no interval."""
    if before.low is None or before.high is None or after.low is None or after.high is None:
        return None
    return before.high < after.low or after.high < before.low
