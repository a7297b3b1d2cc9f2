"""`/api/v1/orders/{name}/lines/{line_no}/item`: a person says what a line is that nobody could identify."""

from decimal import Decimal
from typing import Annotated

from fastapi import Path, Response
from pydantic import BaseModel, ConfigDict, Field

from tradewind.access.api.edge import CallerEdge, answer, api_router, permission
from tradewind.desk.api_orders import named_order
from tradewind.desk.identify import ItemChoice, choose_items
from tradewind.kernel.money import plain
from tradewind.kernel.problem import Problem, Refused

router = api_router("orders")


class ItemIn(BaseModel):
    """Our number of the product. Unit and quantity are the buyer's unless they are said; `remember`: the account's number
    means this product from now on."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    sku: Annotated[str, Field(min_length=1, max_length=64)]
    uom: Annotated[str, Field(min_length=1, max_length=8)] | None = None
    qty: Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=6)] | None = None
    remember: bool = False


@router.post("/orders/{name}/lines/{line_no}/item", openapi_extra=permission("holds.release.data"))
def choose_item(
    name: str, line_no: Annotated[int, Path(ge=1, le=1_000_000)], body: ItemIn, edge: CallerEdge
) -> Response:
    """Choose the product of a line that was held because its item or unit could not be identified; the order goes on."""
    order_id, account_id = named_order(edge, name)
    choice = ItemChoice(order_id, line_no, body.sku, body.uom, body.qty, body.remember)
    (found,) = edge.write(lambda tx: choose_items(tx, [choice]), account_id=account_id)
    if isinstance(found, Problem):
        raise Refused([found])
    line = found.line
    return answer(
        {
            "order": found.order_id, "line_no": line.line_no, "sku": line.sku, "buyer_sku": line.buyer_sku,
            "qty": plain(line.qty), "uom": line.uom, "status": found.status, "goes_on": found.goes_on,
        }
    )  # fmt: skip
