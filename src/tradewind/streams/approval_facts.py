"""What approval policies ask about orders: the facts conditions read, the content decisions bind to, and the picture that
approvers see. Only what the policies at hand read is fetched.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from tradewind.approvals.model import Policy
from tradewind.approvals.queries.people import people
from tradewind.approvals.queries.requests import accounts_that_ordered, categories_of
from tradewind.catalog.queries import products_by_id
from tradewind.credit.model import Answer, Node
from tradewind.kernel.money import plain, round_places
from tradewind.kernel.tx import Reader
from tradewind.orders.queries import substitutions_of
from tradewind.pricing.decide import price_lines
from tradewind.pricing.model import PricedLine, PriceRequest, PriceRow, Strategy
from tradewind.pricing.queries import assigned_lists, price_rows
from tradewind.semantics.model import ZERO
from tradewind.streams.order_work import LineWork, OrderWork, OrderWorkset

_BY_HAND = '["list","OVERRIDE",'  # how the waterfall of a price that a person set begins
FLOOR = "floor"  # the scope of price lists below which nothing is sold unasked


@dataclass(slots=True)
class Fetched:
    """What the policies of a batch read beyond the orders themselves."""

    ordered_before: set[UUID] = field(default_factory=set)
    categories: dict[UUID, str | None] = field(default_factory=dict)
    floors: dict[tuple[UUID, int], Decimal] = field(default_factory=dict)
    roles: dict[UUID, frozenset[str]] = field(default_factory=dict)
    substituted: set[UUID] = field(default_factory=set)
    risks: Mapping[UUID, tuple[Decimal, list[str]]] = field(default_factory=dict)


def fetch(reader: Reader, workset: OrderWorkset, wanted: Mapping[UUID, Sequence[Policy]]) -> Fetched:
    """Fetch what the policies of these orders read, a statement a kind of fact, and none for what nobody reads."""
    reads = {
        order_id: {name.partition(".")[0] for policy in policies for name in policy.condition.inputs}
        | {name for policy in policies for name in policy.condition.inputs}
        for order_id, policies in wanted.items()
    }
    fetched = Fetched()

    def asking(*names: str) -> list[OrderWork]:
        return [workset.orders[order_id] for order_id, read in reads.items() if read & set(names)]

    if works := asking("first_order"):
        fetched.ordered_before = accounts_that_ordered(reader, [(work.account.id, work.id) for work in works])
    if works := asking("lines", "lines.category"):
        fetched.categories = categories_of(reader, {one.line.product_id for work in works for one in work.lines})
    if works := asking("requester_roles"):
        ids = {work.header.principal_id for work in works if work.header.principal_id is not None}
        found = people(reader, accounts=(), ids=ids)
        fetched.roles = {one.id: one.roles for one in found.values()}
    if works := asking("below_floor", "floor_gap", "floor_percent"):
        fetched.floors = floors_of(reader, workset, works)
    if works := asking("substituted"):
        known = [work.id for work in works if not work.fresh]
        fetched.substituted = {order_id for order_id, _ in (substitutions_of(reader, known) if known else ())}
    return fetched


def floors_of(reader: Reader, workset: OrderWorkset, works: Sequence[OrderWork]) -> dict[tuple[UUID, int], Decimal]:
    """What each line would bring at the floor: (order, line) → net; a line without a floor is missing."""
    assigned = assigned_lists(reader, [([FLOOR], work.header.price_at) for work in works])
    lists = {work.id: found for work, found in zip(works, assigned, strict=True)}
    asked: dict[UUID, set[UUID]] = {}
    for work in works:
        for list_id in lists[work.id]:
            asked.setdefault(list_id, set()).update(one.line.product_id for one in live(work))
    if not asked:
        return {}
    missing = {product_id for products in asked.values() for product_id in products} - workset.products.keys()
    if missing:
        workset.products.update(products_by_id(reader, missing))
    units = {product.id: product.units for product in workset.products.values()}
    rows: dict[UUID, list[PriceRow]] = {}
    kept = price_rows(reader, asked, since=min(work.header.price_at for work in works), units=units)
    for list_id, products in asked.items():  # what is kept of a list may be all of it
        for product_id in products:
            rows.setdefault(product_id, []).extend(kept[list_id][product_id])
    floors: dict[tuple[UUID, int], Decimal] = {}
    for work in works:
        requests = [_floor_request(work, one) for one in live(work)]
        priced = price_lines(
            requests, rows, precedence=lists[work.id], strategy=cast(Strategy, work.account.price_strategy)
        )
        for request, answer in zip(requests, priced, strict=True):
            if isinstance(answer, PricedLine):
                floors[work.id, request.line_no] = answer.net
    return floors


def _floor_request(work: OrderWork, one: LineWork) -> PriceRequest:
    line, left = one.line, one.quantities.ordered - one.quantities.cancelled
    qty = line.qty if left == one.quantities.ordered else left * line.factor_den / line.factor_num
    return PriceRequest(line.line_no, line.product_id, qty, line.uom, left, work.header.price_at, work.header.currency)


def live(work: OrderWork) -> list[LineWork]:
    """The lines of which anything is left."""
    return [one for one in work.lines if one.quantities.ordered > one.quantities.cancelled]


def facts_of(
    work: OrderWork, fetched: Fetched, *, credit: Answer, wanted: Decimal, nodes: Collection[Node]
) -> dict[str, Any]:
    """What conditions read, in FEEL's types."""
    lines = [
        {
            "line": one.line.line_no,
            "sku": one.line.sku,
            "category": fetched.categories.get(one.line.product_id),
            "qty": one.line.qty,
            "uom": one.line.uom,
            "unit_price": one.price.unit_price / one.price.basis,
            "net": one.price.net,
        }
        for one in live(work)
    ]
    gaps = [
        (floor - one.price.net, floor)
        for one in live(work)
        if (floor := fetched.floors.get((work.id, one.line.line_no))) is not None
    ]
    below = [round_places(gap * 100 / floor, 2) for gap, floor in gaps if floor > 0 and gap > 0]
    account, totals = work.account, work.totals
    shares = [round_places((node.exposure + wanted) * 100 / (node.limit + node.extra), 2) for node in nodes if node.limit + node.extra > 0]  # fmt: skip
    return {
        "total": totals.total,
        "net": totals.net,
        "charges": totals.charges,
        "currency": work.header.currency,
        "terms": work.header.terms_code,
        "net_days": account.net_days,
        "channel": work.header.channel,
        "line_count": len(lines),
        "lines": lines,
        "ship_to": [group.ship_to.code for group in work.groups],
        "ship_to_countries": [group.ship_to.country for group in work.groups],
        "requested_dates": [group.requested_at for group in work.groups if group.requested_at is not None],
        "account": account.code,
        "segment": account.segment,
        "region": account.region,
        "requester_roles": _roles(work, fetched),
        "first_order": account.id not in fetched.ordered_before,
        "over_limit": not credit.granted,
        "credit_short_by": credit.short_by,
        "credit_used_percent": max(shares, default=None),
        "below_floor": any(gap > 0 for gap, _ in gaps),
        "floor_gap": sum((gap for gap, _ in gaps if gap > 0), ZERO),
        "floor_percent": max(below, default=ZERO),
        "overridden": any(_BY_HAND in (one.price.waterfall or "") for one in live(work)),
        "substituted": work.id in fetched.substituted or bool(work.substituted),
        "risk_score": fetched.risks[work.id][0] if work.id in fetched.risks else ZERO,
        "risk_reasons": fetched.risks[work.id][1] if work.id in fetched.risks else [],
    }


def _roles(work: OrderWork, fetched: Fetched) -> list[str]:
    by = work.header.principal_id
    return sorted(fetched.roles.get(by, ())) if by is not None else []


def content_of(work: OrderWork, fetched: Fetched) -> dict[str, Any]:
    """What decisions bind to, as it is kept: amounts are text, lists are sorted."""
    lines = live(work)
    return {
        "total": plain(work.totals.total),
        "net": plain(work.totals.net),
        "charges": plain(work.totals.charges),
        "currency": work.header.currency,
        "terms": work.header.terms_code,
        "line_count": len(lines),
        "lines": [
            [one.line.line_no, one.line.sku, plain(one.line.qty), one.line.uom, plain(one.price.net)] for one in lines
        ],
        "lines.line": [one.line.line_no for one in lines],
        "lines.qty": [plain(one.line.qty) for one in lines],
        "lines.uom": sorted(one.line.uom for one in lines),
        "lines.net": [plain(one.price.net) for one in lines],
        "items": sorted({one.line.sku for one in lines}),
        "categories": sorted({fetched.categories.get(one.line.product_id) or "" for one in lines}),
        "prices": {
            f"{one.line.line_no}:{one.line.sku}": plain(one.price.unit_price / one.price.basis) for one in lines
        },
        "ship_to": sorted({str(group.ship_to.address_id or group.ship_to.code) for group in work.groups}),
        "ship_to_countries": sorted({group.ship_to.country for group in work.groups}),
        "dates": [_utc(group.requested_at) for group in work.groups],
    }


def picture_of(work: OrderWork, *, available: Mapping[UUID, Decimal] | None = None) -> dict[str, Any]:
    """What an approver sees: lines, prices, totals, promise, credit. With `available` (free stock by product, where nothing is
    reserved while it waits) also how much of each line could be had."""
    return {
        "number": work.header.number,
        "currency": work.header.currency,
        "terms": work.header.terms_code,
        "net": plain(work.totals.net),
        "charges": plain(work.totals.charges),
        "tax": plain(work.totals.tax),
        "total": plain(work.totals.total),
        "groups": [
            {
                "group": group.group_no,
                "ship_to": group.ship_to.code or group.ship_to.name,
                "country": group.ship_to.country,
                "requested_at": _utc(group.requested_at),
            }
            for group in work.groups
        ],
        "lines": [_line(one, available) for one in live(work)],
        "credit": {
            "taken": plain(work.credit_taken),
            "over_limit": any(hold.kind == "credit" and hold.released_at is None for hold in work.holds),
        },
    }


def _line(one: LineWork, available: Mapping[UUID, Decimal] | None) -> dict[str, Any]:
    left = one.quantities.ordered - one.quantities.cancelled
    shown = {
        "line": one.line.line_no,
        "group": one.line.group_no,
        "sku": one.line.sku,
        "description": one.line.description,
        "qty": plain(one.line.qty),
        "uom": one.line.uom,
        "left": plain(left),
        "unit_price": plain(one.price.unit_price),
        "net": plain(one.price.net),
        "promised_at": _utc(one.promised_at),
    }
    if available is not None and one.line.stocked:
        shown["available"] = plain(min(max(available.get(one.line.product_id, ZERO), ZERO), left))
    return shown


def _utc(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat()
