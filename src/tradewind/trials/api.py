"""`/api/v1/trials`: a change tried on past orders before it goes live, and one recorded order stepped through a stream."""

from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from tradewind.access.api.edge import CallerEdge, answer, api_router, not_found, permission
from tradewind.kernel.limits import PAGE
from tradewind.kernel.money import plain
from tradewind.kernel.problem import Problem, Refused
from tradewind.trials import errors
from tradewind.trials.changes import LARGEST_DIAGRAM, LARGEST_DRAFT, LARGEST_SELECTION, read_change, read_selection
from tradewind.trials.commands import cancel_trial, request_trial
from tradewind.trials.model import STREAM, Step, TrialRow
from tradewind.trials.queries import chosen_orders, findings_after, trial_by_id, trials_after
from tradewind.trials.walk import walk

router = api_router("trials")
Page = Annotated[int, Query(ge=1, le=PAGE)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Code = Annotated[str, Field(min_length=1, max_length=100)]
Amount = Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=6)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class StreamIn(_Strict):
    """A stream as it would be: a version of it, a draft too, or the diagram itself; with other parameters than its own, where
    some are said."""

    stream: Code = STREAM
    version: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    bpmn: Annotated[str, Field(max_length=LARGEST_DIAGRAM)] | None = None
    parameters: Annotated[dict[str, Any], Field(max_length=100)] | None = None

    @model_validator(mode="after")
    def says_one(self) -> "StreamIn":
        if (self.version is None) == (self.bpmn is None):
            raise ValueError("say either version or bpmn")
        return self


class LaneIn(_Strict):
    """What shipping from a site to a place would cost, all in all, and how long it would take; what is left out stays."""

    site: Code
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")]
    region: Annotated[str, Field(max_length=20)] = ""
    cost: Amount | None = None
    transit_days: Annotated[int, Field(ge=0, le=366)] | None = None


class TierIn(_Strict):
    """A price from a quantity on."""

    from_qty: Amount = Decimal(1)
    price: Amount


class PriceIn(_Strict):
    """An item's price in a list, as if it had always been this; per base unit, where no unit is said."""

    price_list: Code
    sku: Code
    uom: Annotated[str, Field(max_length=10)] | None = None
    tiers: Annotated[list[TierIn], Field(min_length=1, max_length=50)]


class CreditIn(_Strict):
    """An account's limit and when it is asked; what is left out stays."""

    account: Code
    limit: Amount | None = None
    checks_submit: bool | None = None
    checks_release: bool | None = None
    horizon_days: Annotated[int, Field(ge=0, le=3660)] | None = None
    overdue_days: Annotated[int, Field(ge=0, le=3660)] | None = None
    overdue_tolerated: Amount | None = None
    blocks_orders: bool | None = None


class TableIn(_Strict):
    """A decision table as it would be: a version of its rule set, a draft too, or a DMN file in its place."""

    rule_set: Code
    version: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    dmn: Annotated[str, Field(max_length=LARGEST_DIAGRAM)] | None = None
    decision: Annotated[str, Field(max_length=200)] | None = None

    @model_validator(mode="after")
    def says_one(self) -> "TableIn":
        if (self.version is None) == (self.dmn is None):
            raise ValueError("say either version or dmn")
        return self


class ChangeIn(_Strict):
    """Everything that would be different, at once. Drafts of approval policies are named by their ids."""

    stream: StreamIn | None = None
    approval_policies: Annotated[list[UUID], Field(max_length=100)] = []
    ended_policies: Annotated[list[Code], Field(max_length=100)] = []
    lanes: Annotated[list[LaneIn], Field(max_length=LARGEST_DRAFT)] = []
    prices: Annotated[list[PriceIn], Field(max_length=LARGEST_DRAFT)] = []
    credit: Annotated[list[CreditIn], Field(max_length=LARGEST_DRAFT)] = []
    tables: Annotated[list[TableIn], Field(max_length=100)] = []


class OrdersIn(_Strict):
    """Which past orders: the newest `last` of those that fit everything else that is said."""

    last: Annotated[int, Field(ge=1, le=LARGEST_SELECTION)] = LARGEST_SELECTION
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    accounts: Annotated[list[Code], Field(max_length=1_000)] = []
    segment: Code | None = None
    region: Code | None = None
    channel: Code | None = None
    numbers: Annotated[list[Code], Field(max_length=1_000)] = []


class TrialIn(_Strict):
    """What to try on which orders. `mode` shadow: not on past ones, but beside those that come from now on, until it is cancelled.
    `assume_hours`: how long a wait takes for which nothing is on record."""

    name: Name
    mode: Literal["past", "shadow"] = "past"
    change: ChangeIn
    orders: OrdersIn = OrdersIn()
    assume_hours: Annotated[Decimal, Field(ge=0, le=8784, decimal_places=4)] | None = None


class WalkIn(_Strict):
    """One recorded order, and what would be different; nothing: as things are."""

    order: Code
    change: ChangeIn = ChangeIn()


@router.post("/trials", status_code=202, openapi_extra=permission("trials.run"))
def post_trial(body: TrialIn, edge: CallerEdge) -> Response:
    """Ask for a trial; a worker runs it. Refused with everything that is wrong with the change, before anything runs."""
    change, selection = _asked(body.change), body.orders.model_dump(mode="json", exclude_defaults=True)
    if not change:
        raise Refused([errors.nothing_changes()])
    found = edge.read(lambda reader: (read_change(reader, change), chosen_orders(reader, read_selection(selection))))
    if body.mode == "past" and not found[1]:
        raise Refused([errors.no_orders()])
    made = edge.write(
        lambda tx: trial_by_id(
            tx,
            request_trial(
                tx, body.name, change=change, selection=selection, assumed_hours=body.assume_hours, mode=body.mode
            ),
        )
    )
    assert made is not None
    return answer(_trial(made), 202, {"Location": f"/api/v1/trials/{made.id}"})


@router.get("/trials", openapi_extra=permission("trials.run"))
def read_trials(
    edge: CallerEdge,
    state: Literal["queued", "running", "done", "failed", "cancelled"] | None = None,
    after: UUID | None = None,
    limit: Page = 100,
) -> Response:
    """Trials, the newest first, each with how far it is and what it came to."""
    found = edge.read(lambda reader: trials_after(reader, after=after, state=state, limit=limit))
    return answer({"trials": [_trial(one) for one in found], "next": found[-1].id if len(found) == limit else None})


@router.get("/trials/{trial_id}", openapi_extra=permission("trials.run"))
def read_trial(trial_id: UUID, edge: CallerEdge) -> Response:
    """One trial: what was changed, by whom, how far it is, and the summary."""
    found = edge.read(lambda reader: trial_by_id(reader, trial_id))
    if found is None:
        raise not_found()
    return answer({**_trial(found), "change": found.change})


@router.get("/trials/{trial_id}/findings", openapi_extra=permission("trials.run"))
def read_findings(
    trial_id: UUID,
    edge: CallerEdge,
    kind: Literal["hold", "approval", "price", "route", "promise", "cost", "path", "decision", "end"] | None = None,
    after: Annotated[int, Query(ge=0)] = 0,
    limit: Page = 100,
) -> Response:
    """Every order that comes out otherwise, in the order they were placed: what changes from what to what, why, and by how much."""
    found = edge.read(
        lambda reader: (
            trial_by_id(reader, trial_id),
            findings_after(reader, trial_id, kind=kind, after=after, limit=limit),
        )
    )
    if found[0] is None:
        raise not_found()
    rows = [
        {**row, **{name: _words(row[name]) for name in ("value", "hours_before", "hours_after")}} for row in found[1]
    ]
    return answer({"findings": rows, "next": rows[-1]["place"] if len(rows) == limit else None})


@router.post("/trials/{trial_id}/cancel", openapi_extra=permission("trials.run"))
def post_cancel(trial_id: UUID, edge: CallerEdge) -> Response:
    """End a trial: at once while it waits, else after the set at hand. What it found so far stays."""
    found = edge.write(lambda tx: cancel_trial(tx, trial_id))
    if found is None:
        raise not_found()
    if isinstance(found, Problem):
        raise Refused([found])
    return answer(_trial(found))


@router.post("/trials/walk", openapi_extra=permission("trials.run"))
def post_walk(body: WalkIn, edge: CallerEdge) -> Response:
    """Step a recorded order through the stream, as things are or with a change: each step with what it was given, what it
    decided and what it left, and every place where the order would have waited."""
    found = walk(edge.database, body.order, _asked(body.change))
    if found is None:
        raise not_found()
    steps, rest = found
    return answer({**rest, "steps": [_step(one) for one in steps]})


def _asked(change: ChangeIn) -> dict[str, Any]:
    """What was said of a change, as it is kept: plain JSON without what was left out."""
    said: dict[str, Any] = change.model_dump(mode="json", exclude_none=True)
    return {name: one for name, one in said.items() if one}


def _trial(row: TrialRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "mode": row.mode,
        "state": row.state,
        "changes": sorted(row.change),
        "orders_asked": row.selection,
        "assume_hours": _words(row.assumed_hours),
        "requested_by": row.requested_by,
        "requested_at": row.requested_at,
        "started_at": row.started_at,
        "ended_at": row.ended_at,
        "as_of": row.as_of,
        "orders": row.orders,
        "done": row.done,
        "changed": row.changed,
        "seconds": _words(row.seconds),
        "summary": row.summary,
        "problem": row.problem,
        "cancel_asked": row.cancel_asked,
    }


def _step(one: Step) -> dict[str, Any]:
    return {
        "no": one.no,
        "node": one.node,
        "name": one.name,
        "step": one.step,
        "inputs": one.inputs,
        "decisions": one.decisions,
        "outputs": one.outputs,
    }


def _words(number: Decimal | None) -> str | None:
    return None if number is None else plain(number)
