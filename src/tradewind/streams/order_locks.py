"""Which rows a turn of orders must hold, taken in one `lock_set`: credit nodes, inbound supplies, stock.

Stock is looked at first without a lock, sourced as an estimate, and only the rows the estimate uses are locked (and every
site's row of a product that comes out short). The decision is made again on the locked rows. Where it then comes out
shorter than the estimate although other sites had goods, the turn is repeated once with every site locked.
"""

from uuid import UUID

from tradewind.blankets.queries import LOCK_BLANKET_LINES
from tradewind.credit.queries import LOCK_CREDIT, credit_paths, nodes_from, nodes_of
from tradewind.fulfilment.decide import Shelf
from tradewind.fulfilment.queries import lanes_to, site_lanes
from tradewind.inventory.model import StockRow
from tradewind.inventory.queries import LOCK_STOCK, LOCK_SUPPLY, free_stock, inbound_of, inbound_rows, stock_of
from tradewind.kernel.locks import lock_set
from tradewind.kernel.tx import Reader, Tx
from tradewind.streams.call_offs import read_called, see_called
from tradewind.streams.credit_check import read_conduct
from tradewind.streams.credit_gate import needs_gate
from tradewind.streams.drop_ship import look_vendors
from tradewind.streams.governed_goods import look_sites
from tradewind.streams.order_work import OrderWork, OrderWorkset
from tradewind.streams.rules_at_hand import house_rules
from tradewind.streams.sources import plan_sources, read_turned_down

Key = tuple[UUID, UUID]


def read_lanes(reader: Reader, workset: OrderWorkset) -> None:
    """The sites that can serve each place the orders go to, and those that turned lines of them down."""
    read_turned_down(reader, workset)
    rules = house_rules(reader)
    workset.calendars = None if rules is None or rules.calendars.empty else rules.calendars
    lanes = site_lanes(reader)
    for work in workset.orders.values():
        for group in work.groups:
            place = (group.ship_to.country, group.ship_to.region)
            if place not in workset.shelves.lanes:
                workset.shelves.lanes[place] = lanes_to(lanes, *place)
    look_sites(reader, workset, workset.shelves.lanes)
    look_vendors(reader, workset, workset.orders.values())


def lock_orders(tx: Tx, workset: OrderWorkset, needs: frozenset[str]) -> None:
    """Lock what the steps ahead need beyond the orders themselves, and keep it on the workset's shelves."""
    if not needs:
        return
    works = list(workset.orders.values())
    shelves = workset.shelves
    # a release alone asks nothing of credit, unless a policy wants that or the order has no headroom for all of it
    asking = works if "stock" in needs else [work for work in works if needs_gate(work)]
    if "credit" in needs and asking:
        shelves.paths = credit_paths(tx, {work.account.id for work in asking})
    keys: set[Key] = set()
    short: set[UUID] = set()
    called: set[UUID] = set()
    if "stock" in needs:
        read_lanes(tx, workset)
        keys, short = _wanted_stock(tx, workset, works)
        called = read_called(tx, workset)
    locked = lock_set(
        tx,
        [
            (LOCK_CREDIT, {node for path in shelves.paths.values() for node in path}),
            (LOCK_BLANKET_LINES, called),
            (LOCK_SUPPLY, short | {claim.product_id for work in works for claim in work.open_claims("promised")}),
            (LOCK_STOCK, keys),
        ],
    )
    see_called(workset, locked["agreement"])
    shelves.nodes = nodes_from(tx, locked["credit"])
    read_conduct(tx, workset)
    shelves.inbound = inbound_rows(locked["supply"])
    shelves.rows = {(row[0], row[1]): StockRow(*row) for row in locked["stock"]}


def look_at_shelves(reader: Reader, workset: OrderWorkset) -> None:
    """The same shelves without a lock, every site of every product: for a preview, never for a commitment."""
    works, shelves = list(workset.orders.values()), workset.shelves
    read_lanes(reader, workset)
    products = {one.line.product_id for work in works for one in work.lines if one.line.stocked}
    shelves.paths = credit_paths(reader, {work.account.id for work in works})
    shelves.nodes = nodes_of(reader, {node for path in shelves.paths.values() for node in path})
    read_conduct(reader, workset)
    shelves.inbound = inbound_of(reader, products)
    shelves.rows = {(row.product_id, row.site_id): row for row in stock_of(reader, products)}


def _wanted_stock(tx: Tx, workset: OrderWorkset, works: list[OrderWork]) -> tuple[set[Key], set[UUID]]:
    """The stock rows the estimate uses, those behind the orders' claims, and the products that come out short."""
    held = {
        (claim.product_id, claim.site_id)
        for work in works
        for claim in work.open_claims("reserved", "allocated", "released")
    }
    products = {
        one.line.product_id for work in works for one in work.lines if one.line.stocked and one.quantities.open > 0
    }
    if workset.seen is not None and not workset.lock_all_sites and not any(work.holds for work in works):
        plans, free = workset.seen  # the same question was asked a moment ago, for the taxes
    else:
        free = free_stock(tx, products)
        if workset.lock_all_sites:
            return held | free.keys(), products
        plans = plan_sources(workset, works, Shelf(free))
    workset.estimate = plans
    used = {(take.product_id, take.site_id) for plan in plans.values() for take in plan.takes}
    short = {demand.product_id for plan in plans.values() for demand in plan.short}
    return held | used | {key for key in free if key[0] in short}, short
