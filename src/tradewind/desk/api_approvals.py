"""`/api/v1/approvals` and `/api/v1/orders/{name}/approvals`: what waits for me, how an order's approval stands, decisions on
many at once, questions and answers, asking anew, and who would have to approve."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict, Field

from tradewind.access.api.edge import CallerEdge, Edge, answer, api_router, not_found, permission
from tradewind.approvals.errors import unknown_policy
from tradewind.approvals.queries.policies import policies_by_id
from tradewind.desk.approval_views import BEGINNING, flow_json, my_approvals, simulate
from tradewind.desk.approvals import Decided, Decision, answer_questions, decide_orders, restart_approvals
from tradewind.kernel.problem import Problem, Refused
from tradewind.kernel.tx import Reader
from tradewind.orders.errors import unknown_order
from tradewind.orders.queries import headers_of, order_ids
from tradewind.semantics.model import task_roles

router = api_router("approvals")
MOST = 200  # decisions or orders of one request
Reason = Annotated[str, Field(min_length=1, max_length=500)]
Name = Annotated[str, Field(min_length=1, max_length=100)]
Hash = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class OneDecision(_Strict):
    """What becomes of one order; `hash` and `seen` are what was looked at."""

    order: Name
    decision: Literal["approve", "reject", "ask"]
    reason: Annotated[str, Field(max_length=500)] = ""
    hash: Hash | None = None
    seen: Hash | None = None


class DecisionsIn(_Strict):
    """Decisions on many orders."""

    decisions: Annotated[list[OneDecision], Field(min_length=1, max_length=MOST)]


class SimulateIn(_Strict):
    """Orders to look at, and policies (drafts, mostly) that would take the place of the versions in force."""

    orders: Annotated[list[Name], Field(min_length=1, max_length=MOST)]
    policies: Annotated[list[UUID], Field(max_length=20)] = []


class QuestionIn(_Strict):
    """What one wants to know before deciding; `hash` is what was looked at."""

    reason: Reason
    hash: Hash | None = None


class ReasonIn(_Strict):
    """Why, or what is said."""

    reason: Reason


@router.get("/approvals", openapi_extra=permission("tasks.read"))
def read_mine(
    edge: CallerEdge,
    after: Annotated[str, Query(max_length=100)] = "",
    limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
) -> Response:
    """What waits for the caller, in their own place or one they stand in for, oldest first; `after` is the last `next`. A page
    may show fewer than `limit` and still have a next one."""
    # requests are not for the buyer role: read as the application, of exactly the caller's accounts
    found, last = edge.database.read(lambda reader: my_approvals(reader, edge.caller, after=_place(after), limit=limit))
    return answer({"approvals": found, "next": last and f"{last[0].isoformat()},{last[1]}"})


@router.get("/orders/{name}/approvals", openapi_extra=permission("orders.read"))
def read_flow(name: str, edge: CallerEdge) -> Response:
    """How an order's approval stands: tiers with their reasons, what was said, what changed since it was asked."""
    order_id = _named(edge, [name]).get(name)
    if order_id is None:
        raise not_found()
    return answer(edge.database.read(lambda reader: flow_json(reader, order_id, edge.caller)))


@router.post("/approvals/decisions", openapi_extra=permission("tasks.decide"))
def post_decisions(body: DecisionsIn, edge: CallerEdge) -> Response:
    """Decide on many orders; a result or a problem for each, in their order. One that cannot be decided stops no other."""
    known = _named(edge, [one.order for one in body.decisions])
    wanted = [
        Decision(known[one.order], one.decision == "approve", one.reason, one.hash, one.seen, one.decision == "ask")
        for one in body.decisions
        if one.order in known
    ]
    roles = edge.caller.roles | task_roles(edge.caller.roles)
    found = iter(edge.write(lambda tx: decide_orders(tx, wanted, roles=roles)) if wanted else [])
    results = []
    for place, one in enumerate(body.decisions):
        got = next(found) if one.order in known else unknown_order()
        results.append({"order": one.order, **_result(got, place)})
    return answer({"results": results})


def _result(found: Decided | Problem, place: int) -> dict[str, Any]:
    if isinstance(found, Problem):
        where = f"/decisions/{place}" + "".join(f"/{part}" for part in found.where.split("/")[2:])
        return {"problem": found.at(where).as_json()}
    return decided_json(found)


def decided_json(found: Decided) -> dict[str, Any]:
    """What a decision came to."""
    return {
        "id": found.order_id,
        "approved": found.approved,
        "hash": found.hash,
        "status": found.status,
        "complete": found.complete,
        "waits_for": list(found.waits_for),
    }


@router.post("/approvals/simulate", openapi_extra=permission("orders.preview"))
def post_simulate(body: SimulateIn, edge: CallerEdge) -> Response:
    """Who would have to approve these orders by the policies of now, and by the named ones in place of those in force; the past
    of a company is where a new policy is tried. Buyers see what concerns their side."""
    known = _named(edge, body.orders)
    inside = edge.caller.visible is None

    def look(reader: Reader) -> list[dict[str, Any]]:
        rows = policies_by_id(reader, body.policies)
        mine = {
            key: row.policy for key, row in rows.items() if inside or _own(edge, row.policy.account_id, row.policy.side)
        }
        if len(mine) != len(set(body.policies)):
            raise Refused([unknown_policy("/policies")])
        return simulate(reader, list(known.values()), extra=list(mine.values()), inside=inside)

    found = edge.database.read(look)
    missing = [name for name in body.orders if name not in known]
    return answer({"orders": found, "unknown": missing})


def _own(edge: Edge, account_id: UUID | None, side: str) -> bool:
    return side == "buyer" and account_id is not None and account_id in (edge.visible or ())


@router.post("/orders/{name}/approvals/ask", openapi_extra=permission("tasks.decide"))
def ask(name: str, body: QuestionIn, edge: CallerEdge) -> Response:
    """Ask whoever ordered before deciding; the order goes on waiting."""
    order_id = _one(edge, name)
    wanted = Decision(order_id, approve=False, reason=body.reason, hash=body.hash, asks=True)
    roles = edge.caller.roles | task_roles(edge.caller.roles)
    (found,) = edge.write(lambda tx: decide_orders(tx, [wanted], roles=roles))
    if isinstance(found, Problem):
        raise Refused([found])
    return answer(decided_json(found))


@router.post("/orders/{name}/approvals/answer", openapi_extra=permission("orders.place"))
def say(name: str, body: ReasonIn, edge: CallerEdge) -> Response:
    """Answer an approver's question."""
    order_id = _one(edge, name)
    return _done(edge.write(lambda tx: answer_questions(tx, {order_id: body.reason})))


@router.post("/orders/{name}/approvals/restart", openapi_extra=permission("orders.change"))
def restart(name: str, body: ReasonIn, edge: CallerEdge) -> Response:
    """Ask anew, by the policies of now: what waits, or waited too long. What was approved before is void."""
    order_id = _one(edge, name)
    return _done(edge.write(lambda tx: restart_approvals(tx, {order_id: body.reason})))


def _done(found: Sequence[UUID | Problem]) -> Response:
    if isinstance(found[0], Problem):
        raise Refused([found[0]])
    return answer({"order": found[0]})


def _one(edge: Edge, name: str) -> UUID:
    order_id = _named(edge, [name]).get(name)
    if order_id is None:
        raise not_found()
    return order_id


def _named(edge: Edge, names: Sequence[str]) -> dict[str, UUID]:
    """Orders by number or id, as far as the caller sees them and may act on them."""

    def read(reader: Reader) -> dict[str, tuple[UUID, UUID]]:
        ids = {name: one for name in names if (one := _as_id(name)) is not None}
        ids |= order_ids(reader, [name for name in names if name not in ids])
        accounts = {row.header.id: row.header.account_id for row in headers_of(reader, list(set(ids.values())))}
        return {name: (one, accounts[one]) for name, one in ids.items() if one in accounts}

    found = edge.read(read)
    if found:
        edge.allow(*{account_id for _, account_id in found.values()})
    return {name: order_id for name, (order_id, _) in found.items()}


def _as_id(name: str) -> UUID | None:
    try:
        return UUID(name)
    except ValueError:
        return None


def _place(text: str) -> tuple[datetime, UUID]:
    at, _, one = text.partition(",")
    try:
        moment = datetime.fromisoformat(at)
        return (moment, UUID(one)) if moment.tzinfo else BEGINNING
    except ValueError:
        return BEGINNING
