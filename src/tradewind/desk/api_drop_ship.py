"""`/api/v1/vendors` and `/api/v1/supplier-orders`: who ships for us, what vendors were asked for and say, and what it brings in."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from tradewind.access.api.edge import CallerEdge, answer, api_router, not_found, permission
from tradewind.accounts.queries import account_ids
from tradewind.catalog.queries import product_ids, products_by_id
from tradewind.desk.api_orders import named_order
from tradewind.desk.drop_ship import LineMargin, hear_vendor, margins
from tradewind.kernel.limits import ORDER_LINES
from tradewind.kernel.money import plain
from tradewind.kernel.problem import Refused
from tradewind.kernel.tx import Reader, Tx
from tradewind.orders.queries import headers_of
from tradewind.purchasing import errors
from tradewind.purchasing.commands import end_offer, put_offer, put_vendor
from tradewind.purchasing.model import Offer, Outcome, SupplierOrder, Vendor, VendorAnswer
from tradewind.purchasing.queries import (
    offers_of_vendor,
    supplier_order_id,
    supplier_orders,
    supplier_orders_page,
    vendor_by_code,
    vendors,
)

router = api_router("drop-ship")
Text = Annotated[str, Field(min_length=1, max_length=200)]
Qty = Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=6)]
Cost = Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=6)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class VendorIn(_Strict):
    """A vendor; without a `delivery_url` what is sent to it waits, parked under its code."""

    name: Text
    delivery_url: Annotated[str, Field(pattern="^https://", max_length=2_000)] | None = None
    active: bool = True


class OfferIn(_Strict):
    """What a vendor ships for us: for everybody, for the accounts of a segment, or for one account and those below it. Cost, pack
    and all quantities are base units of the product."""

    vendor_sku: Text
    cost: Cost
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    lead_days: Annotated[int, Field(ge=0, le=3_650)] = 0
    pack: Qty = Decimal(1)
    use_when: Literal["short", "always"] = "short"
    rank: Annotated[int, Field(ge=0, le=1_000_000)] = 100
    account: Text | None = None
    segment: Text | None = None

    @model_validator(mode="after")
    def one_scope(self) -> "OfferIn":
        """An account or a segment, not both."""
        if self.account and self.segment:
            raise ValueError("an offer is for an account or for a segment")
        return self


class UnitsIn(_Strict):
    """Units of a line of the supplier order, in base units."""

    line: Annotated[int, Field(ge=1, le=1_000_000)]
    qty: Qty


class VendorAnswerIn(_Strict):
    """What a vendor says, under its own reference. The units it names are moved, no other; without lines all that is left."""

    reference: Text
    outcome: Outcome
    lines: Annotated[list[UnitsIn], Field(max_length=ORDER_LINES)] = []
    reason: Annotated[str, Field(max_length=500)] | None = None
    tracking: Annotated[str, Field(max_length=200)] | None = None
    shipped_at: AwareDatetime | None = None
    expected_at: AwareDatetime | None = None

    def read(self) -> VendorAnswer:
        """As the desk takes it."""
        lines = tuple((one.line, one.qty) for one in self.lines)
        more = (self.reason, self.tracking, self.shipped_at, self.expected_at)
        return VendorAnswer(self.reference, self.outcome, lines, *more)


@router.get("/vendors", openapi_extra=permission("purchasing.read"))
def list_vendors(edge: CallerEdge) -> Response:
    """Every vendor, by code."""
    return answer({"vendors": [_vendor(one) for one in edge.read(vendors)]})


@router.put("/vendors/{vendor}", openapi_extra=permission("purchasing.manage"))
def put_one_vendor(vendor: str, body: VendorIn, edge: CallerEdge) -> Response:
    """A new vendor, or a known one said anew. One that is not active is sent nothing any more."""

    def write(tx: Tx) -> Vendor:
        put_vendor(tx, Vendor(tx.ids.new(), vendor, body.name, body.delivery_url, body.active))
        found = vendor_by_code(tx, vendor)
        assert found is not None
        return found

    return answer(_vendor(edge.write(write)))


@router.get("/vendors/{vendor}/products", openapi_extra=permission("purchasing.read"))
def list_offers(vendor: str, edge: CallerEdge) -> Response:
    """What a vendor ships for us now."""

    def read(reader: Reader) -> list[dict[str, Any]]:
        offers = offers_of_vendor(reader, _known(reader, vendor).id)
        skus = {one.id: one.sku for one in products_by_id(reader, [each.product_id for each in offers]).values()}
        return [_offer(one, skus[one.product_id]) for one in offers]

    return answer({"products": edge.read(read)})


@router.put("/vendors/{vendor}/products/{sku}", openapi_extra=permission("purchasing.manage"))
def put_one_offer(vendor: str, sku: str, body: OfferIn, edge: CallerEdge) -> Response:
    """Say what a vendor ships for us; supplier orders that were sent keep their cost."""

    def write(tx: Tx) -> dict[str, Any]:
        known = _known(tx, vendor)
        product = product_ids(tx, [sku]).get(sku)
        if product is None:
            raise not_found()
        scope = _scope(tx, body.account, body.segment)
        more = (body.cost, body.currency, body.lead_days, body.pack, body.use_when, body.rank)
        offer = Offer(known, product, scope, body.vendor_sku, *more)
        put_offer(tx, offer)
        return _offer(offer, sku)

    return answer(edge.write(write))


@router.delete("/vendors/{vendor}/products/{sku}", openapi_extra=permission("purchasing.manage"))
def end_one_offer(
    vendor: str,
    sku: str,
    edge: CallerEdge,
    account: Annotated[str | None, Query(max_length=200)] = None,
    segment: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """The vendor ships the product for us no more; what was sent to it stays."""

    def write(tx: Tx) -> bool:
        product = product_ids(tx, [sku]).get(sku)
        scope = _scope(tx, account, segment)
        return product is not None and end_offer(tx, _known(tx, vendor).id, product, scope_key=scope)

    if not edge.write(write):
        raise not_found()
    return answer({"vendor": vendor, "sku": sku, "active": False})


@router.get("/supplier-orders", openapi_extra=permission("purchasing.read"))
def list_supplier_orders(
    edge: CallerEdge,
    status: Literal["open", "closed"] | None = None,
    vendor: Annotated[str | None, Query(max_length=200)] = None,
    after: Annotated[str | None, Query(max_length=100)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """Supplier orders, the latest first; go on after the last number."""

    def read(reader: Reader) -> list[dict[str, Any]]:
        page = supplier_orders_page(reader, status=status, vendor=vendor, order=None, after=after, limit=limit)
        return _orders(reader, page)

    return answer({"supplier_orders": edge.read(read)})


@router.get("/supplier-orders/{name}", openapi_extra=permission("purchasing.read"))
def read_supplier_order(name: str, edge: CallerEdge) -> Response:
    """One supplier order by its number or id."""

    def read(reader: Reader) -> list[dict[str, Any]]:
        found = supplier_order_id(reader, name)
        return [] if found is None else _orders(reader, list(supplier_orders(reader, [found]).values()))

    orders = edge.read(read)
    if not orders:
        raise not_found()
    return answer(orders[0])


@router.post("/supplier-orders/{name}/answer", openapi_extra=permission("purchasing.answer"))
def answer_supplier_order(name: str, body: VendorAnswerIn, edge: CallerEdge) -> Response:
    """Answer for a vendor. What it shipped is billed, and what it refused waits for goods again, a moment later."""
    supplier_order = edge.read(lambda reader: supplier_order_id(reader, name))
    if supplier_order is None:
        raise not_found()

    def write(tx: Tx) -> dict[str, Any]:
        found = hear_vendor(tx, supplier_order, body.read())
        if found.problems:
            raise Refused(found.problems)
        assert found.order is not None
        units = [{"line": line_no, "qty": plain(qty)} for line_no, qty in sorted(found.units.items())]
        about = {"supplier_order": found.order.number, "status": found.order.status, "replay": found.replay}
        return {**about, "shipment": found.shipment_id, "units": units}

    return answer(edge.write(write))


@router.get("/orders/{name}/margins", openapi_extra=permission("purchasing.read"))
def read_margins(name: str, edge: CallerEdge) -> Response:
    """What the vendors' units of an order's lines cost and bring in; for the house alone."""
    order_id, _ = named_order(edge, name)

    def read(reader: Reader) -> tuple[str, list[LineMargin]]:
        currency = headers_of(reader, [order_id])[0].header.currency
        return currency, margins(reader, order_id, currency)

    currency, found = edge.read(read)
    return answer({"order": name, "currency": currency, "lines": [_margin(one) for one in found]})


def _known(reader: Reader, code: str) -> Vendor:
    vendor = vendor_by_code(reader, code)
    if vendor is None:
        raise Refused([errors.unknown_vendor(code)])
    return vendor


def _scope(reader: Reader, account: str | None, segment: str | None) -> str:
    if account is None:
        return "all" if segment is None else f"segment:{segment}"
    found: UUID | None = account_ids(reader, [account]).get(account)
    if found is None:
        raise not_found()
    return f"account:{found}"


def _vendor(one: Vendor) -> dict[str, Any]:
    return {"code": one.code, "name": one.name, "delivery_url": one.delivery_url, "active": one.active}


def _offer(one: Offer, sku: str) -> dict[str, Any]:
    return {
        "sku": sku, "scope": one.scope_key, "vendor_sku": one.vendor_sku, "cost": plain(one.cost), "currency": one.currency,
        "lead_days": one.lead_days, "pack": plain(one.pack), "use_when": one.use_when, "rank": one.rank,
    }  # fmt: skip


def _orders(reader: Reader, orders: Sequence[SupplierOrder]) -> list[dict[str, Any]]:
    codes = {one.id: one.code for one in vendors(reader)} if orders else {}
    numbers = {row.header.id: row.header.number for row in headers_of(reader, [one.order_id for one in orders])}
    return [
        {
            "number": one.number, "id": one.id, "vendor": codes[one.vendor_id], "order": numbers[one.order_id],
            "status": one.status, "currency": one.currency, "sent_at": one.sent_at, "expected_at": one.expected_at,
            "acknowledged_at": one.acknowledged_at,
            "lines": [
                {
                    "line": line.line_no, "order_line": line.order_line_no, "vendor_sku": line.vendor_sku,
                    "qty": plain(line.qty), "cost": plain(line.cost), "shipped": plain(line.shipped),
                    "refused": plain(line.refused), "cancelled": plain(line.cancelled), "left": plain(line.left),
                }
                for line in one.lines
            ],
        }
        for one in orders
    ]  # fmt: skip


def _margin(one: LineMargin) -> dict[str, Any]:
    return {
        "line": one.line_no, "sku": one.sku, "units": plain(one.units), "shipped": plain(one.shipped), "cost": plain(one.cost),
        "cost_shipped": plain(one.cost_shipped), "cost_currency": one.currency,
        "sales": None if one.sales is None else plain(one.sales), "margin": None if one.margin is None else plain(one.margin),
    }  # fmt: skip
