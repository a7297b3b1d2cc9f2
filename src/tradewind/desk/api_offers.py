"""`/api/v1/quotes/{name}/…` for those who make offers: stage, offer, agree to it, decide on late acceptances, withdraw."""

from decimal import Decimal
from typing import Annotated

from fastapi import Response
from pydantic import AwareDatetime, Field

from tradewind.access.api.edge import CallerEdge, answer, api_router, permission
from tradewind.approvals.decide import tier_from_json
from tradewind.desk.api_quotes import (
    EndIn,
    LineNo,
    Note,
    Price,
    Qty,
    Strict,
    Text,
    accepted_json,
    named_quote,
    with_stock,
)
from tradewind.desk.offer_votes import decide_offer
from tradewind.desk.offers import offer, shown, stage
from tradewind.desk.quote_orders import decide_late
from tradewind.desk.quote_views import quote_json, version_out
from tradewind.desk.quotes import withdraw
from tradewind.kernel.tx import Reader
from tradewind.quotes.model import MOST_LINES, OnLate, Partial, Staged, StagedLine
from tradewind.quotes.queries import pending_of, staged_of

router = api_router("quotes")
Reasoned = Annotated[str, Field(min_length=1, max_length=500)]
ZERO = Decimal(0)


class StagedLineIn(Strict):
    """A line of an offer; without a price that of the price lists. A price of one's own is per ordered unit and has a reason."""

    line: LineNo | None = None
    item: Text
    qty: Qty
    uom: Annotated[str, Field(max_length=10)] | None = None
    alternative: Annotated[str, Field(min_length=1, max_length=50)] | None = None
    min_qty: Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=6)] = ZERO
    unit_price: Price | None = None
    price_reason: Annotated[str, Field(max_length=500)] = ""
    requested_at: AwareDatetime | None = None
    note: Note | None = None


class StagedIn(Strict):
    """An offer in the making. `valid_until` is a day of the zone, valid to its last instant, or an instant."""

    lines: Annotated[list[StagedLineIn], Field(min_length=1, max_length=MOST_LINES)]
    valid_until: Annotated[str, Field(min_length=10, max_length=40)]
    zone: Annotated[str, Field(min_length=1, max_length=60)] | None = None
    ship_to: Text | None = None
    terms: Text | None = None
    on_late: OnLate = "refuse"
    partial: Partial = "quantities"
    remind_hours: Annotated[int, Field(ge=1, le=2_000)] | None = 24
    note: Note | None = None

    def staged(self) -> Staged:
        """As the desk takes it."""
        lines = tuple(
            StagedLine(
                one.line or index,
                one.item,
                one.qty,
                one.uom,
                one.alternative,
                one.min_qty,
                one.unit_price,
                one.price_reason,
                one.requested_at,
                one.note,
            )
            for index, one in enumerate(self.lines, 1)
        )
        return Staged(
            lines,
            self.valid_until,
            self.zone,
            self.ship_to,
            self.terms,
            self.on_late,
            self.partial,
            self.remind_hours,
            self.note,
        )


class OfferDecisionIn(Strict):
    """Whether an offer may go out, and why; `digest` is of what was looked at."""

    approve: bool
    reason: Reasoned
    digest: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None


class LateIn(Strict):
    """Whether an acceptance that came too late still counts."""

    agree: bool
    note: Note | None = None


@router.put("/quotes/{name}/offer", openapi_extra=permission("quotes.offer"))
def put_stage(name: str, body: StagedIn, edge: CallerEdge) -> Response:
    """Stage an offer: kept, priced, and shown beside what the lists say and whom policies would ask."""
    quote = named_quote(edge, name)
    staged = body.staged()
    found = edge.write(lambda tx: shown(stage(tx, quote.id, staged)), account_id=quote.account_id)
    return answer({"quote": quote.number, **found})


@router.get("/quotes/{name}/offer", openapi_extra=permission("quotes.offer"))
def get_stage(name: str, edge: CallerEdge) -> Response:
    """The offer in the making, and the one that waits for somebody to agree with the tiers asked."""
    quote = named_quote(edge, name)

    def read(reader: Reader) -> dict[str, object]:
        pending = pending_of(reader, quote.id)
        waiting = None
        if pending is not None:
            tiers = [tier_from_json(one) for one in pending.tiers]
            waiting = {
                **version_out(pending.version, explained=True),
                "asked_at": pending.asked_at,
                "needs": [{"tier": tier.name, "need": tier.need, "reason": tier.reason} for tier in tiers],
                "said": [{"decision": one["decision"], "person": one["person"], "reason": one["reason"]} for one in pending.votes],
            }  # fmt: skip
        return {"quote": quote.number, "staged": staged_of(reader, quote.id), "waiting": waiting}

    return answer(edge.read(read))


@router.post("/quotes/{name}/offer", status_code=201, openapi_extra=permission("quotes.offer"))
def post_offer(name: str, edge: CallerEdge) -> Response:
    """Offer what is staged: 201 with the version, or 202 where somebody must agree first."""
    quote = named_quote(edge, name)
    found = edge.write(lambda tx: offer(tx, quote.id), account_id=quote.account_id)
    body = {**quote_json(found.quote, ours=True), "offer": version_out(found.version, explained=False)}
    return answer({**body, "waits_for": list(found.waits_for)}, 202 if found.waits_for else 201)


@router.post("/quotes/{name}/offer/decision", openapi_extra=permission("tasks.decide"))
def post_decision(name: str, body: OfferDecisionIn, edge: CallerEdge) -> Response:
    """Agree to an offer that waits for it, or send it back to the desk; not one's own."""
    quote, roles = named_quote(edge, name), edge.caller.roles
    found = edge.write(
        lambda tx: decide_offer(
            tx, quote.id, approve=body.approve, reason=body.reason, digest=body.digest, roles=roles
        ),
        account_id=quote.account_id,
    )
    said = quote_json(found.quote, ours=edge.visible is None)
    return answer({**said, "offered": found.version_no if found.quote.status == "offered" else None, "waits_for": list(found.waits_for)})  # fmt: skip


@router.post("/quotes/{name}/late", openapi_extra=permission("quotes.offer"))
def post_late(name: str, body: LateIn, edge: CallerEdge) -> Response:
    """Decide on an acceptance that came after the validity; agreed to, it is an order at the version's prices."""
    quote = named_quote(edge, name)

    def write(*, all_sites: bool) -> dict[str, object]:
        return edge.write(
            lambda tx: accepted_json(
                decide_late(tx, quote.id, agree=body.agree, note=body.note, lock_all_sites=all_sites), ours=True
            ),
            account_id=quote.account_id,
        )

    return answer(with_stock(write))


@router.post("/quotes/{name}/withdraw", openapi_extra=permission("quotes.offer"))
def post_withdraw(name: str, body: EndIn, edge: CallerEdge) -> Response:
    """Take a quote back: nothing of it can be accepted any more."""
    quote = named_quote(edge, name)
    found = edge.write(
        lambda tx: withdraw(tx, quote.id, reason=body.reason, note=body.note), account_id=quote.account_id
    )
    return answer(quote_json(found, ours=True))
