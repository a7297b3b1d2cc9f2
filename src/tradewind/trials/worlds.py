"""The two worlds of a trial: the one that is in force, and the same with the change in it.

A world reads one snapshot of the database and keeps its own copies of prices, policies, lanes and rules; the change is put into
these copies, where the steps look. So both worlds are asked by the same code that decides for live orders, live orders never see
a draft, and neither world can write: its transaction is read-only at the database.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NoReturn
from uuid import UUID

import psycopg

from tradewind.accounts.queries import account_ids
from tradewind.approvals.model import Policy
from tradewind.approvals.queries.policies import KEPT as POLICIES
from tradewind.approvals.queries.policies import Book, policies_in_force
from tradewind.catalog.queries import products_by_id
from tradewind.credit.model import Node
from tradewind.fulfilment.queries import SiteLane, site_lanes
from tradewind.kernel.clock import FixedClock, milliseconds
from tradewind.kernel.ids import Ids
from tradewind.kernel.kept import book, mark_of
from tradewind.kernel.tx import Keeps, Params, Row, Tx
from tradewind.orchestration.commands.streams import latest_versions, published
from tradewind.orchestration.model import Graph
from tradewind.pricing.model import PriceRow
from tradewind.pricing.queries import price_rows
from tradewind.rules.decide.govern import Governing, Published
from tradewind.rules.queries.published import KIND as TABLES
from tradewind.rules.queries.published import published_tables
from tradewind.semantics.model import ZERO
from tradewind.streams.credit_check import read_conduct
from tradewind.streams.language import read_expression
from tradewind.streams.order_work import OrderWork, OrderWorkset
from tradewind.trials.model import STREAM, Change, CreditDraft, LaneDraft, PriceDraft, TableDraft
from tradewind.trials.queries import list_ids, product_ids

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
NEWEST = 1 << 40
"""An epoch no house reaches: what a world keeps of policies is never read again."""
GATES = ("checks_release", "blocks_release", "horizon_days")


class HasEffectError(Exception):
    """A step wanted to write."""


class Snapshot(Tx):
    """A transaction that only looks. What it reads it keeps at once, since nothing it could have written is among it."""

    def keep(self, book: Keeps, found: Any) -> None:
        book.fill(found)

    def run(self, sql: str, params: Params = None) -> NoReturn:
        """Refused, whatever it is: a trial has no effect. The database would refuse it, too, and with it all that follows."""
        raise HasEffectError(sql, params)


@dataclass(slots=True)
class World:
    """What is asked: the snapshot with the copies the steps look into, the graph orders run through with its parameters, and
    what is changed."""

    tx: Snapshot
    graph: Graph
    parameters: Mapping[str, Any]
    change: Change
    credit: dict[UUID, CreditDraft]

    def prepare(self, work: OrderWork) -> OrderWork:
        """Flags of an account by which steps save themselves a look, where the change makes the look worth it."""
        if self.change.policies and not work.account.approval_epoch:
            work.account = replace(work.account, approval_epoch=1)
        if not work.account.credit_gate and any(
            draft.policy.get(name)
            for node in work.account.ancestors
            if (draft := self.credit.get(node))
            for name in GATES
        ):
            work.account = replace(work.account, credit_gate=True)
        return work

    def adjust(self, workset: OrderWorkset) -> None:
        """Limits and policies of credit as they would be."""
        nodes = workset.shelves.nodes
        changed = self.credit.keys() & nodes.keys()
        for account_id in changed:
            nodes[account_id] = _node(nodes[account_id], self.credit[account_id])
        if changed:
            read_conduct(self.tx, workset)


def open_world(connection: psycopg.Connection[Row], change: Change, *, now: datetime) -> World:
    """A world on a connection whose transaction is a read-only snapshot; `now` is its instant."""
    tx = Snapshot(connection, FixedClock(now), Ids(lambda: milliseconds(now), 0))
    in_force = published(tx, STREAM, latest_versions(tx)[STREAM], expressions=read_expression)
    graph = change.graph or in_force.graph
    parameters = in_force.parameters if change.parameters is None else change.parameters
    if change.policies or change.ended:
        _put_policies(tx, change)
    if change.lanes:
        _put_lanes(tx, change.lanes)
    if change.prices:
        _put_prices(tx, change.prices)
    if change.tables:
        _put_tables(tx, change.tables)
    known = account_ids(tx, [one.account for one in change.credit]) if change.credit else {}
    return World(
        tx, graph, parameters, change, {known[one.account]: one for one in change.credit if one.account in known}
    )


def _put_policies(tx: Snapshot, change: Change) -> None:
    """Drafts stand in for what is in force under their codes, from ever on."""
    gone = change.ended | {one.code for one in change.policies}
    found: dict[UUID | None, list[Policy]] = {}
    for account_id, policies in policies_in_force(tx, 0).by_account.items():
        found[account_id] = [one for one in policies if one.code not in gone]
    for draft in change.policies:
        found.setdefault(draft.account_id, []).append(replace(draft, valid_from=None, valid_to=None))
    tx.kept[POLICIES] = Book(NEWEST, found)


def _put_lanes(tx: Snapshot, drafts: Iterable[LaneDraft]) -> None:
    lanes = list(site_lanes(tx))
    for draft in drafts:
        lanes = _with_lane(lanes, draft)
    book(tx, "lane", most=1).fill({"all": lanes})


def _with_lane(lanes: list[SiteLane], draft: LaneDraft) -> list[SiteLane]:
    of_site = [lane for lane in lanes if lane.code == draft.site]
    if not of_site:
        return lanes
    same = next((lane for lane in of_site if (lane.country, lane.region) == (draft.country, draft.region)), None)
    wider = next((lane for lane in of_site if (lane.country, lane.region) == (draft.country, "")), None)
    kept = [lane for lane in lanes if lane is not same]
    like = same or wider or of_site[0]
    return [
        *kept,
        replace(
            like,
            country=draft.country,
            region=draft.region,
            cost=like.cost if draft.cost is None else draft.cost,
            transit_days=like.transit_days if draft.transit_days is None else draft.transit_days,
            is_priced=True,
        ),
    ]


def _put_prices(tx: Snapshot, drafts: Iterable[PriceDraft]) -> None:
    """A drafted price takes the place of the item's prices in its list and unit, whenever an order was placed."""
    found = list(drafts)
    lists, skus = list_ids(tx, [one.price_list for one in found]), product_ids(tx, [one.sku for one in found])
    products = products_by_id(tx, skus.values())
    wanted: dict[UUID, set[UUID]] = {}
    for one in found:
        wanted.setdefault(lists[one.price_list].id, set()).add(skus[one.sku])
    units = {product.id: product.units for product in products.values()}
    price_rows(tx, wanted, since=LONG_AGO, units=units)
    for one in found:
        of_list, product = lists[one.price_list], products[skus[one.sku]]
        shelf = tx.kept["price"][of_list.id].products
        uom = one.uom or product.base_uom
        kept = [row for row in shelf.get(product.id, ()) if row.uom != uom]
        row = PriceRow(
            list_id=of_list.id, list_code=one.price_list, layer=of_list.layer, precedence=0, currency=of_list.currency, uom=uom,
            uom_factor=product.units[uom], price_basis=Decimal(1), kind="volume", tiers=one.tiers, valid_from=LONG_AGO,
            version=of_list.version,
        )  # fmt: skip
        shelf[product.id] = (*kept, row)


def _put_tables(tx: Snapshot, drafts: Sequence[TableDraft]) -> None:
    """Drafted tables stand in for the versions in force of their rule sets, from ever on; new ones govern beside the others."""
    published = published_tables(tx)
    codes = {one.code for one in drafts}
    tables = [one for one in (published.tables if published is not None else ()) if one.code not in codes]
    tables += [
        Governing(one.rule_set_id, one.code, one.version, one.point, one.scope, LONG_AGO, None, one.compiled)
        for one in drafts
    ]
    mark_of(tx, TABLES)  # the marks are read before one of ours goes among them
    assert tx.marks is not None
    tx.marks[TABLES] = "trial"
    book(tx, TABLES, most=1).fill({"": Published(tables)})


def _node(node: Node, draft: CreditDraft) -> Node:
    limit = node.limit if draft.limit is None else draft.limit
    return replace(node, limit=limit, policy=replace(node.policy, **draft.policy) if draft.policy else node.policy)


def cost_of_lanes(workset: OrderWorkset, work: OrderWork) -> Decimal:
    """What the lanes cost that an order's goods take: each site once a group."""
    cost = ZERO
    for group in work.groups:
        lanes = {
            lane.site_id: lane for lane in workset.shelves.lanes.get((group.ship_to.country, group.ship_to.region), ())
        }
        sites = {
            claim.site_id
            for one in work.lines_of(group.group_no)
            for claim in work.claims_of(one.line.line_no)
            if claim.state != "ended"
        }
        cost += sum((lanes[site].cost for site in sites if site in lanes), ZERO)
    return cost
