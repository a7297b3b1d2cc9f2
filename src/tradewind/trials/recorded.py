"""Past orders as they came: nothing taken, nothing decided, with the goods and the headroom that are theirs given back.

Each order is looked at alone. What it took since is put back for it, and for it only: to itself it finds the shelves and the limit
as they are now, plus its own goods and its own part of the exposure. So no order's outcome hangs on another's, and a difference
is always the change's own doing, never a knock-on of an order before it.

An order that was changed is tried as it stands now; what was cancelled of it stays cancelled.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from uuid import UUID

from tradewind.catalog.model import Product
from tradewind.catalog.queries import products_by_id
from tradewind.credit.model import Node
from tradewind.inventory.model import Inbound, StockRow
from tradewind.kernel.tx import Reader
from tradewind.orders.model import Hold, Quantities
from tradewind.semantics.model import ZERO
from tradewind.streams.order_work import NO_PRICE, NO_TAX, LineWork, OrderWork, OrderWorkset, Shelves, read_orders
from tradewind.trials.queries import answers_of, owed_of

_DECIDED_ANEW = frozenset({"credit", "approval", "stock"})


@dataclass(slots=True)
class Recorded:
    """A set of past orders as they are kept, with what is theirs of the shelves and the limits, and what people answered."""

    works: dict[UUID, OrderWork]
    owed: Mapping[UUID, Decimal]
    answers: Mapping[tuple[UUID, str], Mapping[str, object]]
    products: dict[UUID, Product] = field(default_factory=dict)


def read_recorded(reader: Reader, order_ids: Sequence[UUID]) -> Recorded:
    """Read past orders, a statement a table."""
    works = read_orders(reader, order_ids).orders
    products = products_by_id(reader, {one.line.product_id for work in works.values() for one in work.lines})
    return Recorded(works, owed_of(reader, order_ids), answers_of(reader, order_ids), products)


def as_placed(work: OrderWork, *, reprices: bool) -> OrderWork:
    """The order as new. Its prices are the frozen ones; where it `reprices`, those that came of a price list are asked again, while
    what a document, a blanket order or a quote fixed stands."""
    account = replace(work.account, delivery_url=None)  # nothing is sent
    return OrderWork(
        work.header,
        account,
        [_line(one, reprices=reprices) for one in work.lines],
        work.groups,
        [(charge, NO_TAX) for charge, _ in work.charges],
        holds=[replace(hold, released_at=None, release_reason=None) for hold in work.holds if _came_with_it(hold)],
        fresh=True,
    )


def _came_with_it(hold: Hold) -> bool:
    """Whether it was not a check that opened it: such a hold is a fact of how the order came."""
    return hold.kind not in _DECIDED_ANEW and (hold.detail or {}).get("code") != hold.code and hold.kind == "data"


def _line(one: LineWork, *, reprices: bool) -> LineWork:
    units = one.quantities
    left = Quantities(units.ordered, units.ordered - units.cancelled, cancelled=units.cancelled)
    return LineWork(one.line, left, NO_PRICE if reprices and one.price.price_id is not None else one.price)


def by_itself(work: OrderWork, shared: OrderWorkset) -> OrderWorkset:
    """A working copy of one order beside a set's, with what was read for all of them."""
    return replace(
        shared, orders={work.id: work}, starts=[], messages=[], events=[], billed={}, asked=[], estimate={}, seen=None
    )


def shelves_of(
    work: OrderWork, shared: Shelves, rows: Mapping[UUID, Sequence[StockRow]], recorded: Recorded
) -> Shelves:
    """Shelves and limits as one order finds them: its own goods and its own part of the exposure given back."""
    before = recorded.works[work.id]
    own = _own_goods(before)
    products = {one.line.product_id for one in work.lines if one.line.stocked}
    mine = {
        (row.product_id, row.site_id): replace(row, on_hand=row.on_hand + own.get((row.product_id, row.site_id), ZERO))
        for product in products
        for row in rows.get(product, ())
    }
    return replace(
        shared,
        rows=mine,
        inbound=_inbound(before, products, shared),
        nodes=_nodes(before, shared, recorded),
        stock={},
        promised={},
        credit={},
    )


def rows_by_product(shelves: Shelves) -> dict[UUID, list[StockRow]]:
    """The stock of each product at every site."""
    found: dict[UUID, list[StockRow]] = {}
    for row in shelves.rows.values():
        found.setdefault(row.product_id, []).append(row)
    return found


def _own_goods(work: OrderWork) -> dict[tuple[UUID, UUID], Decimal]:
    """What the order has, or had, of each shelf."""
    own: dict[tuple[UUID, UUID], Decimal] = {}
    for claim in work.open_claims("reserved", "allocated", "released", "shipped"):
        key = (claim.product_id, claim.site_id)
        own[key] = own.get(key, ZERO) + claim.qty
    return own


def _inbound(work: OrderWork, wanted: set[UUID], shelves: Shelves) -> dict[UUID, list[Inbound]]:
    promised: dict[UUID, Decimal] = {}
    for claim in work.open_claims("promised"):
        if claim.supply_id is not None:
            promised[claim.supply_id] = promised.get(claim.supply_id, ZERO) + claim.qty
    return {
        product: [
            replace(one, free=one.free + promised[one.supply_id]) if one.supply_id in promised else one
            for one in shelves.inbound[product]
        ]
        for product in wanted & shelves.inbound.keys()
    }


def _nodes(work: OrderWork, shelves: Shelves, recorded: Recorded) -> dict[UUID, Node]:
    path, owed = shelves.paths.get(work.account.id, ()), recorded.owed.get(work.id, ZERO)
    return {
        node: replace(
            shelves.nodes[node],
            open_orders=shelves.nodes[node].open_orders - work.credit_taken,
            receivables=shelves.nodes[node].receivables - owed,
        )
        for node in path
        if node in shelves.nodes
    }
