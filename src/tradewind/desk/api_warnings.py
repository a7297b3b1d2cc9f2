"""`/api/v1/orders/{name}/warnings`: what rules warn of, and who says that it may stand."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field

from tradewind.access.api.edge import CallerEdge, answer, api_router, permission
from tradewind.desk.api_orders import named_order
from tradewind.desk.warnings import acknowledge_warnings
from tradewind.kernel.limits import PAGE
from tradewind.kernel.problem import Problem, Refused
from tradewind.orders.model import OrderWarning
from tradewind.orders.queries import warnings_of

router = api_router("orders")


class AcknowledgeIn(BaseModel):
    """Which warnings (all that are open, where none is named), and why they may stand."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    reason: Annotated[str, Field(min_length=1, max_length=500)]
    warnings: Annotated[list[UUID], Field(max_length=PAGE)] = []


@router.get("/orders/{name}/warnings", openapi_extra=permission("orders.read"))
def read_warnings(name: str, edge: CallerEdge) -> Response:
    """What rules warn of about the order as it is now. It stops nothing."""
    order_id, _ = named_order(edge, name)
    return answer(_shown(edge.read(lambda reader: warnings_of(reader, order_id)), inside=edge.caller.visible is None))


@router.post("/orders/{name}/warnings/acknowledge", openapi_extra=permission("warnings.acknowledge"))
def acknowledge(name: str, body: AcknowledgeIn, edge: CallerEdge) -> Response:
    """Say that warnings were seen, and why they may stand."""
    order_id, account_id = named_order(edge, name)
    found = edge.write(
        lambda tx: acknowledge_warnings(tx, order_id, warnings=body.warnings, reason=body.reason), account_id=account_id
    )
    if isinstance(found, Problem):
        raise Refused([found])
    return answer(_shown(found, inside=True))


def _shown(warnings: Sequence[OrderWarning], *, inside: bool) -> dict[str, Any]:
    """Who acknowledged a warning, and why, is for the house."""
    return {
        "warnings": [
            {
                "id": one.id,
                "code": one.code,
                "line": one.line_no,
                "message": one.message,
                "raised_at": one.raised_at,
                "acknowledged_at": one.acknowledged_at,
                **({"acknowledged_by": one.acknowledged_by, "acknowledgement": one.acknowledgement} if inside else {}),
            }
            for one in warnings
        ]
    }
