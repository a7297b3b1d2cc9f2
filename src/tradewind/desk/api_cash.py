"""`/api/v1/payments`: money recorded, applied, and taken back when it bounces."""

from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import Header, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from tradewind.access.api.edge import CallerEdge, Edge, answer, api_router, not_found, permission
from tradewind.accounts.queries import account_ids
from tradewind.billing.queries import payments_by_number
from tradewind.desk.bounces import Bounce, bounce_payments
from tradewind.desk.cash import Received, Recorded, Use, apply_free_money, record_payments
from tradewind.desk.refunds import Refund, refund_payments
from tradewind.kernel.limits import PAGE
from tradewind.kernel.money import plain
from tradewind.kernel.problem import Problem, Refused

router = api_router("payments")
Amount = Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=6)]
Text = Annotated[str, Field(min_length=1, max_length=200)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class ApplicationIn(_Strict):
    """How much of the money settles which invoice."""

    invoice: Text
    amount: Amount


class PaymentIn(_Strict):
    """Money from an account. Without `applications` it settles what its reference names, else the oldest invoices."""

    account: Text
    amount: Amount
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    method: Text = "transfer"
    reference: Annotated[str, Field(max_length=500)] | None = None
    received_at: AwareDatetime | None = None
    key: Text | None = None
    applications: Annotated[list[ApplicationIn], Field(max_length=PAGE)] | None = None

    def received(self, key: str | None = None) -> Received:
        """As the desk takes it."""
        return Received(
            self.account,
            self.amount,
            self.currency,
            self.method,
            self.reference,
            self.received_at,
            self.key or key,
            None if self.applications is None else tuple((one.invoice, one.amount) for one in self.applications),
        )


class PaymentsIn(_Strict):
    """Many payments; each gets its own result."""

    payments: Annotated[list[PaymentIn], Field(min_length=1, max_length=PAGE)]


class BounceIn(_Strict):
    """Why the money came back."""

    reason: Annotated[str, Field(min_length=1, max_length=500)]


class RefundIn(_Strict):
    """How much goes back, and why; all that is free if no amount is named."""

    amount: Amount | None = None
    reason: Annotated[str, Field(min_length=1, max_length=500)]


class ApplyIn(_Strict):
    """Which invoices the free money settles; the oldest if none are named."""

    applications: Annotated[list[ApplicationIn], Field(max_length=PAGE)] | None = None


@router.post("/payments", status_code=201, openapi_extra=permission("payments.record"))
def record(
    body: PaymentIn | PaymentsIn,
    edge: CallerEdge,
    idempotency_key: Annotated[str | None, Header(max_length=200)] = None,
) -> Response:
    """Record one payment (201) or many (200, a result each). The same key of an account is recorded once."""
    one_only = isinstance(body, PaymentIn)
    received = (
        [body.received(idempotency_key)] if isinstance(body, PaymentIn) else [p.received() for p in body.payments]
    )
    accounts = edge.read(lambda reader: account_ids(reader, {one.account for one in received}))
    for account_id in accounts.values():
        edge.allow(account_id)
    found = edge.write(lambda tx: record_payments(tx, received))
    if not one_only:
        return answer({"results": [_result(one) for one in found]})
    if found[0].problems:
        raise Refused(found[0].problems)
    return answer(_result(found[0]), 200 if found[0].replay else 201)


@router.post("/payments/{number}/bounce", openapi_extra=permission("payments.record"))
def bounce(number: str, body: BounceIn, edge: CallerEdge) -> Response:
    """The payment was not money after all: its invoices open again, and orders over the limit stop."""
    owner = _owner(edge, number)
    found = edge.write(lambda tx: bounce_payments(tx, [Bounce(number, body.reason)]), account_id=owner)[0]
    if found.problems:
        raise Refused(found.problems)
    return answer({"payment": number, "reopened": found.reopened, "stopped": found.stopped})


@router.post("/payments/{number}/apply", openapi_extra=permission("payments.record"))
def apply(number: str, body: ApplyIn, edge: CallerEdge) -> Response:
    """Apply what is free of a payment."""
    owner = _owner(edge, number)
    wanted = None if body.applications is None else tuple((one.invoice, one.amount) for one in body.applications)
    found = edge.write(lambda tx: apply_free_money(tx, [Use(number, wanted)]), account_id=owner)[0]
    if found.problems:
        raise Refused(found.problems)
    return answer({"payment": number, "applied": _applied(found)})


@router.post("/payments/{number}/refund", status_code=201, openapi_extra=permission("payments.record"))
def refund(number: str, body: RefundIn, edge: CallerEdge) -> Response:
    """Pay back what is free of a payment: all of it, or an amount."""
    owner = _owner(edge, number)
    (found,) = edge.write(lambda tx: refund_payments(tx, [Refund(number, body.reason, body.amount)]), account_id=owner)
    if isinstance(found, Problem):
        raise Refused([found])
    return answer({"payment": number, "refunded": plain(found[1]), "currency": found[0].currency}, 201)


def _owner(edge: Edge, number: str) -> UUID:
    found = edge.read(lambda reader: payments_by_number(reader, [number])).get(number)
    if found is None:
        raise not_found()
    edge.allow(found.account_id)
    return found.account_id


def _applied(found: Recorded) -> list[dict[str, str]]:
    return [
        {"invoice": item.number, "amount": plain(amount)}
        | ({"discount": plain(found.discounts[item.id])} if item.id in found.discounts else {})
        for item, amount in found.applied
    ]


def _result(found: Recorded) -> dict[str, Any]:
    if found.problems or found.payment is None:
        return {"errors": [problem.as_json() for problem in found.problems]}
    payment = found.payment
    return {
        "id": payment.id,
        "number": payment.number,
        "amount": plain(payment.amount),
        "currency": payment.currency,
        "applied": _applied(found),
        "free": plain(payment.free),
        "freed": found.freed,
        "replay": found.replay,
    }
