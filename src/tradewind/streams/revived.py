"""Orders that a change sent back to assessment while part of them is at warehouses, shipped or invoiced.

Their headroom counts from what is still to be invoiced; what they hold firmly becomes soft while somebody decides, as for an
order that has just come; and what a warehouse holds keeps its headroom when a reservation is over.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from tradewind.billing.queries import invoiced_totals
from tradewind.inventory.model import Delta
from tradewind.kernel.tx import Reader
from tradewind.semantics.model import ZERO
from tradewind.streams.order_work import OrderWork, OrderWorkset


def read_billed(reader: Reader, works: Iterable[OrderWork]) -> None:
    """Note on each order with a second version what was invoiced of it."""
    changed = {work.id: work for work in works if work.version > 1}
    if changed:
        for order_id, total in invoiced_totals(reader, changed).items():
            changed[order_id].billed = total


def excess_credit(work: OrderWork) -> Decimal:
    """Headroom that an order holds beyond what is still to be invoiced of it."""
    return max(work.credit_taken - max(work.totals.total - work.billed, ZERO), ZERO)


def returnable_credit(work: OrderWork) -> Decimal:
    """What goes back when a reservation is over: all of it, unless goods are at a warehouse or not invoiced yet."""
    out = any(one.quantities.released + one.quantities.shipped for one in work.lines)
    return ZERO if out else work.credit_taken


def make_soft(workset: OrderWorkset, work: OrderWork, *, expires: datetime | None) -> None:
    """Allocations become reservations that end: somebody has to decide first."""
    for claim in work.open_claims("allocated"):
        one = work.line(claim.line_no)
        units = one.quantities
        one.move(replace(units, allocated=units.allocated - claim.qty, reserved=units.reserved + claim.qty))
        work.change_claim(claim, state="reserved", expires_at=expires)
        workset.shelves.add_stock(claim.product_id, claim.site_id, Delta(allocated=-claim.qty, reserved=claim.qty))
