"""Pure decisions about stock: what may be promised from goods on their way, and what a count means."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from uuid import UUID

from tradewind.inventory.model import ZERO, Inbound
from tradewind.kernel.value import value
from tradewind.semantics.model import Demand, Take


def promise_from_inbound(shortfalls: Iterable[Demand], inbound: Mapping[UUID, list[Inbound]]) -> list[Take]:
    """Give what is short a piece of what is expected, earliest first, each unit once.

    `inbound` maps a product to its open supplies; only sites of the demand count. What no supply covers gets no date.
    """
    left = {supply.supply_id: supply.free for supplies in inbound.values() for supply in supplies}
    takes: list[Take] = []
    for demand in shortfalls:
        need = demand.qty
        for supply in sorted(inbound.get(demand.product_id, ()), key=lambda one: (one.expected_at, one.supply_id)):
            if need <= 0:
                break
            qty = min(need, left[supply.supply_id])
            if qty <= 0 or supply.site_id not in demand.sites:
                continue
            left[supply.supply_id] -= qty
            need -= qty
            takes.append(
                Take(
                    demand.order_id,
                    demand.line_no,
                    demand.product_id,
                    supply.site_id,
                    qty,
                    supply.expected_at,
                    supply.supply_id,
                )
            )
    return takes


@value(frozen=True, slots=True)
class CountOutcome:
    """What a count changes: the adjustment to the ledger, and the shortage it opens or closes."""

    adjustment: Decimal
    shortage: Decimal


def read_count(
    counted: Decimal, *, moved_since: Decimal, on_hand: Decimal, committed: Decimal, safety: Decimal
) -> CountOutcome:
    """A count as of an earlier time: movements since then are kept, the difference is an adjustment.

    `moved_since`: sum of physical movements after the count's time. `committed`: reserved plus allocated. Where less is
    there than was promised, the excess becomes an explicit shortage; nothing is clamped (a clamp destroys evidence),
    except that goods on hand cannot be fewer than none: what is missing below zero is part of the shortage.
    """
    actual = max(counted + moved_since, ZERO)
    return CountOutcome(adjustment=actual - on_hand, shortage=max(committed - max(actual - safety, ZERO), ZERO))


@value(frozen=True, slots=True)
class Arrival:
    """What a receipt changes: goods on hand, and how many of them are kept for orders that wait for them."""

    on_hand: Decimal
    earmarked: Decimal


def read_arrival(qty: Decimal, *, due: Decimal, waiting: Decimal, earmarked: Decimal) -> Arrival:
    """Goods that come in are kept for those who wait, until the backorder crank has dealt with them.

    `due`: units of the supply that are promised and can no longer come otherwise. `waiting`: backordered units of the
    product. `earmarked`: what is kept for them already, at all sites.
    """
    return Arrival(qty, min(qty, max(due, waiting - earmarked, ZERO)))
