"""`/api/v1/stock` and `/api/v1/supplies`: goods come in, are counted, adjusted and expected; what can be promised by when."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Annotated, Any

from fastapi import Header, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from tradewind.access.api.edge import CallerEdge, Edge, answer, api_router, not_found, permission
from tradewind.catalog.queries import product_ids, products_by_id
from tradewind.desk.once import once
from tradewind.desk.stock import Adjustment, Count, Receipt, adjust_stock, observe_stock, receive_goods
from tradewind.desk.supply import Expectation, expect_supply
from tradewind.inventory.model import ZERO, StockRow
from tradewind.inventory.queries import availability, expected_goods, site_codes
from tradewind.kernel.limits import PAGE
from tradewind.kernel.money import plain
from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Reader, Tx

router = api_router("stock")
Name = Annotated[str, Field(min_length=1, max_length=200)]
Unit = Annotated[str, Field(max_length=8)] | None
Signed = Annotated[Decimal, Field(max_digits=18, decimal_places=6)]
Qty = Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=6)]
IdempotencyKey = Annotated[str | None, Header(min_length=1, max_length=200)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class ReceiptIn(_Strict):
    """Goods that came in; `supply` is the reference they were expected under."""

    site: Name
    sku: Name
    qty: Qty
    uom: Unit = None
    supply: Annotated[str, Field(max_length=200)] | None = None
    as_of: AwareDatetime | None = None


class ReceiptsIn(_Strict):
    """Many receipts; each gets its own result."""

    receipts: Annotated[list[ReceiptIn], Field(min_length=1, max_length=PAGE)]


class CountIn(_Strict):
    """What somebody counted, or another system reported, as of a time."""

    site: Name
    sku: Name
    qty: Qty
    as_of: AwareDatetime
    uom: Unit = None
    source: Name = "count"


class CountsIn(_Strict):
    """Many observations; each gets its own result."""

    observations: Annotated[list[CountIn], Field(min_length=1, max_length=PAGE)]


class AdjustmentIn(_Strict):
    """A correction: plus found, minus lost."""

    site: Name
    sku: Name
    qty: Signed
    reason: Annotated[str, Field(min_length=1, max_length=500)]
    uom: Unit = None


class AdjustmentsIn(_Strict):
    """Many adjustments; each gets its own result."""

    adjustments: Annotated[list[AdjustmentIn], Field(min_length=1, max_length=PAGE)]


class SupplyIn(_Strict):
    """Goods on their way: a new supply, or a known one with another date or quantity; 0 cancels it."""

    reference: Name
    site: Name
    sku: Name
    qty: Qty
    expected_at: AwareDatetime
    uom: Unit = None


class SuppliesIn(_Strict):
    """Many supplies; each gets its own result."""

    supplies: Annotated[list[SupplyIn], Field(min_length=1, max_length=PAGE)]


@router.post("/stock/receipts", openapi_extra=permission("stock.manage"))
def post_receipts(body: ReceiptsIn, edge: CallerEdge, idempotency_key: IdempotencyKey = None) -> Response:
    """Book goods that came in; orders that wait for them are served at once afterwards."""
    given = [Receipt(**one.model_dump()) for one in body.receipts]
    return _answered(edge, body, idempotency_key, lambda tx: receive_goods(tx, given), "receipts")


@router.post("/stock/observations", openapi_extra=permission("stock.manage"))
def post_observations(body: CountsIn, edge: CallerEdge, idempotency_key: IdempotencyKey = None) -> Response:
    """Take in counts: movements after their time are kept, late ones change nothing and say so."""
    given = [Count(**one.model_dump()) for one in body.observations]
    return _answered(edge, body, idempotency_key, lambda tx: observe_stock(tx, given), "observations")


@router.post("/stock/adjustments", openapi_extra=permission("stock.manage"))
def post_adjustments(body: AdjustmentsIn, edge: CallerEdge, idempotency_key: IdempotencyKey = None) -> Response:
    """Correct what is on hand, with a reason."""
    given = [Adjustment(**one.model_dump()) for one in body.adjustments]
    return _answered(edge, body, idempotency_key, lambda tx: adjust_stock(tx, given), "adjustments")


@router.post("/supplies", openapi_extra=permission("stock.manage"))
def post_supplies(body: SuppliesIn, edge: CallerEdge, idempotency_key: IdempotencyKey = None) -> Response:
    """Note goods on their way; for those that slip, the order lines that were promised them are listed."""
    given = [Expectation(**one.model_dump()) for one in body.supplies]
    return _answered(edge, body, idempotency_key, lambda tx: expect_supply(tx, given), "supplies")


def _answered(edge: Edge, body: BaseModel, key: str | None, work: Callable[[Tx], Sequence[Any]], name: str) -> Response:
    def results(tx: Tx) -> list[dict[str, Any]]:
        return [_result(one, name) for one in work(tx)]

    said = f"{name}:{body.model_dump_json()}".encode()
    principal = edge.caller.principal.id
    return answer({"results": edge.write(lambda tx: once(tx, results, principal_id=principal, key=key, said=said))})


def _result(one: Any, name: str) -> dict[str, Any]:
    if isinstance(one, Problem):
        return {"errors": [one.at(f"/{name}{one.where}").as_json()]}
    found: dict[str, Any] = _plain(asdict(one))
    if "findings" in found:
        found["findings"] = [problem.at(f"/{name}{problem.where}").as_json() for problem in one.findings]
    return found


def _plain(value: Any) -> Any:
    """Values as JSON keeps them: quantities without trailing zeros, ids and times as text."""
    if isinstance(value, dict):
        return {name: _plain(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(member) for member in value]
    if isinstance(value, Decimal):
        return plain(value)
    return value if value is None or isinstance(value, str | int | bool) else str(value)


@router.get("/availability", openapi_extra=permission("stock.read"))
def read_availability(edge: CallerEdge, sku: Annotated[list[str], Query(min_length=1, max_length=100)]) -> Response:
    """What of each product can be promised now and by when: stock less what is taken, plus goods on their way that nobody was
    promised yet. An estimate: only an order takes it."""
    # stock is the same for everybody who may ask, and belongs to no account
    found = edge.database.read(lambda reader: _availability(reader, sku))
    if not found:
        raise not_found()
    return answer({"products": found})


def _availability(reader: Reader, skus: Sequence[str]) -> list[dict[str, Any]]:
    ids = product_ids(reader, skus)
    products = products_by_id(reader, ids.values())
    rows: dict[Any, list[StockRow]] = {}
    for row in availability(reader, ids.values()):
        rows.setdefault(row.product_id, []).append(row)
    to_come: dict[Any, list[Any]] = {}
    for one in expected_goods(reader, ids.values()):
        to_come.setdefault(one.product_id, []).append(one)
    sites = site_codes(
        reader,
        {row.site_id for found in rows.values() for row in found}
        | {one.site_id for found in to_come.values() for one in found},
    )
    shown: list[dict[str, Any]] = []
    for name in dict.fromkeys(skus):
        product = products.get(ids[name]) if name in ids else None
        if product is None:
            continue
        here = rows.get(product.id, [])
        total = sum((row.available for row in here), ZERO)
        steps: list[dict[str, Any]] = []
        sofar = total
        for one in to_come.get(product.id, []):
            sofar += one.free
            steps.append(
                {
                    "at": one.expected_at.isoformat(),
                    "site": sites[one.site_id],
                    "qty": plain(one.free),
                    "available": plain(sofar),
                }
            )
        shown.append(
            {
                "sku": product.sku,
                "uom": product.base_uom,
                "available": plain(total),
                "sites": [{"site": sites[row.site_id], "available": plain(row.available)} for row in here],
                "to_come": steps,
            }
        )
    return shown
