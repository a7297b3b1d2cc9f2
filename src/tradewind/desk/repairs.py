"""Repairing running instances, one or many: what a filter means, and that an order's process ends by cancelling the order."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar
from uuid import UUID

from tradewind.desk.cancel import CancelRequest, cancel_orders
from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Reader, Tx
from tradewind.orchestration import events
from tradewind.orchestration.commands.operate import Act, Acted, Verb, operate
from tradewind.orchestration.decide.state_json import from_json
from tradewind.orchestration.queries.instances import Filter, Instance, find_instances, instances_by_id
from tradewind.streams.language import read_expression

T = TypeVar("T")
BY_THE_ORDER = "order_to_release"
NEVER_ALONE: Mapping[str, str] = {
    "goods_to_release": "cancel the units of the order that it is about",
    "shipment_to_invoice": "answer the shipment, or cancel what is on it",
    "invoice_to_cash": "settle or credit the invoice",
}
"""Streams whose instance is the only one that looks after its subject, and what to do instead of ending it."""
LIVE = ("running", "incident")


class Writes(Protocol):
    """What runs a transaction: an edge in its caller's name, or the database itself."""

    def write(self, work: Callable[[Tx], T], /) -> T:
        """Run, commit, give the result."""


def acts_for(
    reader: Reader,
    wanted: Filter,
    verb: Verb,
    *,
    to: str = "",
    variables: Mapping[str, Any] | None = None,
    after: UUID | None = None,
    limit: int,
) -> tuple[list[Act], UUID | None]:
    """What one verb means for every instance that a filter finds, and after which to go on. skip and move mean the tokens that
    rest at the filter's element; the others mean the instance as it was found."""
    found = find_instances(reader, wanted, after=after, limit=limit)
    acts: list[Act] = []
    for one in found:
        state = from_json(one.state)
        if isinstance(state, Problem):
            acts.append(Act(one.id, verb))
        elif verb in (Verb.SKIP, Verb.MOVE):
            tokens = [token.id for token in state.tokens if token.node == wanted.node]
            acts += [Act(one.id, verb, token, to, variables or {}) for token in tokens]
        else:
            acts.append(Act(one.id, verb, variables=variables or {}, position=state.last))
    return acts, found[-1].id if len(found) == limit else None


def repair_instances(to: Writes, acts: Sequence[Act], *, reason: str) -> list[Acted | Problem]:
    """Do every act; each answers for itself. Orders are cancelled in a transaction of their own, before all others."""
    ids = [act.instance_id for act in acts]
    known = to.write(lambda tx: instances_by_id(tx, ids))
    answers: dict[int, Acted | Problem] = {}
    orders: list[int] = []
    for place, act in enumerate(acts):
        one = known.get(act.instance_id)
        if act.verb is not Verb.CANCEL or one is None or one.status not in LIVE:
            continue
        if one.stream in NEVER_ALONE:
            answers[place] = _nobody(one, f"/{place}")
        elif one.stream == BY_THE_ORDER:
            orders.append(place)
    if orders:
        chosen = [(acts[place], known[acts[place].instance_id]) for place in orders]
        cancelled = to.write(lambda tx: _cancel_orders(tx, chosen, reason=reason))
        answers |= {place: one for place, one in zip(orders, cancelled, strict=True) if one is not None}
    rest = [place for place in range(len(acts)) if place not in answers]
    if rest:
        left = [acts[place] for place in rest]
        done = to.write(lambda tx: operate(tx, left, reason=reason, expressions=read_expression))
        answers |= {
            place: one.at(f"/{place}") if isinstance(one, Problem) else one
            for place, one in zip(rest, done, strict=True)
        }
    return [answers[place] for place in range(len(acts))]


def _cancel_orders(tx: Tx, chosen: Sequence[tuple[Act, Instance]], *, reason: str) -> list[Acted | Problem | None]:
    """Cancel the orders; None where the process stands in an incident still and nothing is left of its order: it ends, too."""
    results = cancel_orders(tx, [CancelRequest(one.subject_id, reason) for _, one in chosen])
    after = instances_by_id(tx, [one.id for _, one in chosen])
    answers: list[Acted | Problem | None] = []
    for result, (act, one) in zip(results, chosen, strict=True):
        now = after[one.id]
        if result.problems and not result.cancelled and not result.asked_back and result.status != "cancelled":
            answers.append(result.problems[0])
            continue
        tx.emit(
            events.repaired(
                instance_id=one.id, stream=one.stream, version=one.version, subject=(one.subject_type, one.subject_id),
                account_id=one.account_id, act=act.verb.value, reason=reason,
            )
        )  # fmt: skip
        answers.append(None if now.status == "incident" and result.status == "cancelled" else _standing(now))
    return answers


def _standing(one: Instance) -> Acted:
    state = from_json(one.state)
    if isinstance(state, Problem):
        return Acted(one.id, one.status, 0, ())
    return Acted(one.id, one.status, state.last, tuple((token.id, token.node) for token in state.tokens))


def _nobody(one: Instance, where: str) -> Problem:
    what = f"Nobody would look after it any more: {NEVER_ALONE[one.stream]}."
    return Problem("desk.nobody_would_look_after_it", what, where, 409)
