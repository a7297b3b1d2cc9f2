"""Past orders through a stream, in sets, without any outward effect: look, load and decide as for live orders, on one snapshot.

Steps run until every order waits; then what it waits for is taken as done well: a hold as released by whoever released it, a task
as answered the way it was answered on record, a timer as over. So the whole way of an order is seen, with every place where
somebody would have had to do something. Goods that are not there do not come: an order that waits for them ends there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from tradewind.kernel.problem import Problem, Refused
from tradewind.kernel.tx import Tx
from tradewind.orchestration.commands.steps import ERROR, Call, Decisions, Step
from tradewind.orchestration.commands.turns import DECISION
from tradewind.orchestration.decide.play import begin, complete, deliver, fail, fire, signal
from tradewind.orchestration.model import Graph, Run, State, Turn, Verb, Wait, WaitKind
from tradewind.orders.decide import blockers
from tradewind.rules.model import RuleDecision
from tradewind.streams.governed import Governed
from tradewind.streams.governed_take import look_terms
from tradewind.streams.library import STREAMS
from tradewind.streams.order_locks import look_at_shelves
from tradewind.streams.order_work import OrderWork, OrderWorkset
from tradewind.trials import errors
from tradewind.trials.carried import CARRIED, facts_alone
from tradewind.trials.model import STREAM, Stop
from tradewind.trials.model import Step as Shown
from tradewind.trials.outcomes import plainly, shown_decisions, shown_inputs
from tradewind.trials.recorded import Recorded, as_placed, by_itself, rows_by_product, shelves_of
from tradewind.trials.worlds import HasEffectError, World

CLEARED, GOODS = "order.cleared", "goods.ready"
_BY_US = "Released in the trial."
_MOST_MOVES = 500


@dataclass(slots=True)
class Journey:
    """One order on its way: its working copy with shelves of its own, its position, where it waited and what it did."""

    work: OrderWork
    workset: OrderWorkset
    state: State = field(default_factory=State)
    runs: list[Run] = field(default_factory=list)
    waits: list[Wait] = field(default_factory=list)
    path: list[str] = field(default_factory=list)
    stops: list[Stop] = field(default_factory=list)
    steps: list[Shown] = field(default_factory=list)
    answered: dict[str, int] = field(default_factory=dict)
    moves: int = 0
    ended: str = ""
    rulings: list[RuleDecision] = field(default_factory=list)
    is_cleared: bool = False

    def follow(self, turn: Turn | Problem, node: str) -> None:
        """The order has moved on from an element: what is to run and what it waits for now. Where it cannot go on, somebody has to
        look at it, and it ends there."""
        if isinstance(turn, Problem):
            self.stops.append(Stop(node, turn.message, "incident", (turn.code,), touches=1))
            self.runs, self.waits, self.ended = [], [], node
            return
        gone = frozenset(turn.closed)
        self.state = turn.state
        self.runs = [run for run in self.runs if run.token not in gone] + list(turn.run)
        self.waits = [wait for wait in self.waits if wait.token not in gone] + list(turn.wait)
        self.path += _entered(turn)
        self.moves += 1


def _entered(turn: Turn) -> list[str]:
    return [move.node for move in turn.trail if move.verb is Verb.ENTERED]


def play(world: World, recorded: Recorded, order_ids: Sequence[UUID], *, keeps_steps: bool = False) -> list[Journey]:
    """The way of each order through the world's graph, in the order asked. Raises `Refused` for a step that cannot be tried."""
    works = [
        world.prepare(as_placed(recorded.works[order_id], reprices=world.change.reprices))
        for order_id in order_ids
        if order_id in recorded.works
    ]
    shared = OrderWorkset({work.id: work for work in works}, products=dict(recorded.products), lock_all_sites=True)
    journeys = [_begin(world, shared, work) for work in works]
    is_set_out = False
    while True:
        ready = [(one, run) for one in journeys for run in one.runs]
        if not ready:
            if any([_go_on(world, recorded, one) for one in journeys if not one.ended]):
                continue
            _keep_rulings(shared, journeys)
            return journeys
        name = ready[0][1].step
        step = _step(name)
        if step.locks and not is_set_out:
            _set_out(world, recorded, shared, journeys)
            is_set_out = True
        _run_step(world, shared, step, [pair for pair in ready if pair[1].step == name], keeps_steps=keeps_steps)


def _begin(world: World, shared: OrderWorkset, work: OrderWork) -> Journey:
    one = Journey(work, by_itself(work, shared))
    one.follow(begin(world.graph, {**world.parameters, "order": str(work.id)}, now=world.tx.now), world.graph.start)
    return one


def _set_out(world: World, recorded: Recorded, shared: OrderWorkset, journeys: Sequence[Journey]) -> None:
    """Shelves and limits, read once for all, and given to each order with what is its own."""
    look_at_shelves(world.tx, shared)
    world.adjust(shared)
    rows = rows_by_product(shared.shelves)
    for one in journeys:
        one.workset.calendars = shared.calendars
        one.workset.shelves = shelves_of(one.work, shared.shelves, rows, recorded)


def _step(name: str) -> Step:
    """A step that orders have, or the decision of a business rule task as one."""
    stream = STREAMS[STREAM]
    step, ask = stream.steps.get(name), stream.decisions
    if step is not None:
        return step
    if ask is None or not name.startswith(DECISION):
        raise Refused([errors.unknown_step(name)])
    asking: Decisions = ask

    def load(tx: Tx, _workset: OrderWorkset, calls: Sequence[Call], _looked: Any) -> dict[UUID, dict[str, Any]]:
        answers = asking(tx, name.removeprefix(DECISION), calls)
        return {call.subject_id: one for call, one in zip(calls, answers, strict=True)}

    return Step(
        name,
        load=load,
        decide=lambda _workset, calls, answers: [answers[call.subject_id] for call in calls],
        apply=lambda _tx, _workset, _calls, outcomes: outcomes,
    )


def _run_step(
    world: World, shared: OrderWorkset, step: Any, chosen: Sequence[tuple[Journey, Run]], *, keeps_steps: bool
) -> None:
    """Look and load for the set, then decide each order by itself, so that none takes what another would find."""
    tx, carry = world.tx, CARRIED.get(step.name, step.apply)
    calls = [Call(one.work.id, run.variables) for one, run in chosen]
    facts = step.load(tx, shared, calls, step.look(tx, shared, calls))
    if shared.governed is not None:
        _ask_again(world, shared.governed, [one for one, _ in chosen], step)
    for (one, run), call in zip(chosen, calls, strict=True):
        one.workset.governed = shared.governed
        outcomes = step.decide(one.workset, [call], facts_alone(facts, is_cleared=one.is_cleared))
        try:
            (variables,) = carry(tx, one.workset, [call], outcomes)
        except HasEffectError as effect:
            raise Refused([errors.has_effects(step.name)]) from effect
        _settle(one.workset)
        if keeps_steps:
            _keep_rulings(shared, [one])
            one.steps.append(_kept_step(world.graph, one, run, outcomes[0], variables))
        one.follow(_over(world, one, run, variables), run.node)


def _over(world: World, one: Journey, run: Run, variables: Mapping[str, Any]) -> Turn | Problem:
    """A step is done, or ended with a business error."""
    graph, now = world.graph, world.tx.now
    if ERROR not in variables:
        return complete(graph, one.state, run.token, variables, now=now)
    values = {name: said for name, said in variables.items() if name != ERROR}
    return fail(graph, one.state, run.token, variables[ERROR], values, now=now)


def _ask_again(world: World, governed: Governed, journeys: Sequence[Journey], step: Step) -> None:
    """Tables that look at limits are asked by each order beside its own limits; drafts are signed by nobody yet."""
    for draft in world.change.tables:
        governed.signed.setdefault((draft.rule_set_id, draft.version), (draft.rule_set_id, draft.rule_set_id))
    if "credit" not in step.locks or not any(governed.has(point) for point in ("order.risk", "order.credit")):
        return
    for one in journeys:
        one.workset.governed = governed
        governed.terms.pop(one.work.id, None)
        look_terms(world.tx, one.workset, [one.work])


def _keep_rulings(shared: OrderWorkset, journeys: Sequence[Journey]) -> None:
    """What tables decided goes to the orders it was decided about."""
    if shared.governed is None:
        return
    of_order = {one.work.id: one for one in journeys}
    for decision in shared.governed.decided.values():
        of_order[decision.subject_id].rulings.append(decision)


def _settle(workset: OrderWorkset) -> None:
    """What a step took is gone from the shelves the next one finds; what it wanted to tell others is told to nobody."""
    shelves = workset.shelves
    for key, delta in shelves.stock.items():
        row = shelves.rows[key]
        shelves.rows[key] = replace(
            row,
            on_hand=row.on_hand + delta.on_hand,
            reserved=row.reserved + delta.reserved,
            allocated=row.allocated + delta.allocated,
        )
    if shelves.promised:
        for product, supplies in shelves.inbound.items():
            shelves.inbound[product] = [
                replace(one, free=one.free - shelves.promised.get(one.supply_id, 0)) for one in supplies
            ]
    shelves.stock.clear()
    shelves.promised.clear()
    shelves.credit.clear()
    workset.events.clear()
    workset.starts.clear()
    workset.messages.clear()


# ---- what an order waits for ---------------------------------------------------------------------------------------


def _go_on(world: World, recorded: Recorded, one: Journey) -> bool:
    """Answer the first wait that can be answered; False where the order stays where it is."""
    nodes = world.graph.nodes
    for wait in one.waits:
        if not _is_stop(world.graph, wait):
            continue
        if one.moves < _MOST_MOVES and _may_go_on(one, wait):
            one.answered[wait.node] = one.answered.get(wait.node, 0) + 1
            _answer(world, recorded, one, wait)
            return True
        one.ended = one.ended or wait.node
    one.ended = one.ended or (one.path[-1] if one.path else "")
    for wait in one.waits:
        if wait.name == GOODS and _is_stop(world.graph, wait):
            one.stops.append(Stop(wait.node, nodes[wait.node].name, "message", (GOODS,)))
    return False


def _is_stop(graph: Graph, wait: Wait) -> bool:
    """Whether a token rests there; what is armed beside it (on an activity, or for a sub-process) need not come."""
    node = graph.nodes[wait.node]
    return not node.attached_to and not node.kind.value.startswith("start")


def _may_go_on(one: Journey, wait: Wait) -> bool:
    """Timers are over; a task or a message is answered once for the order, or once for each of its groups."""
    if wait.kind is WaitKind.TIMER:
        return True
    return wait.name != GOODS and one.answered.get(wait.node, 0) < max(len(one.work.groups), 1)


def _answer(world: World, recorded: Recorded, one: Journey, wait: Wait) -> None:
    graph, now = world.graph, world.tx.now
    if wait.kind is WaitKind.TIMER:
        due = wait.due or now
        if due > now:
            one.stops.append(Stop(wait.node, graph.nodes[wait.node].name, "timer", until=due))
        one.follow(fire(graph, one.state, wait.token, now=max(now, due)), wait.node)
        return
    one.stops.append(_stop(graph, one, wait))
    _clear(one, now)
    if wait.kind is WaitKind.CALL:
        one.follow(complete(graph, one.state, wait.token, {}, now=now), wait.node)
    elif wait.kind is WaitKind.SIGNAL:
        one.follow(signal(graph, one.state, wait.name, {}, now=now), wait.node)
    elif wait.kind is WaitKind.USER:
        outcome = recorded.answers.get((one.work.id, wait.node), {})
        one.follow(complete(graph, one.state, wait.token, outcome, now=now), wait.node)
    else:
        one.follow(deliver(graph, one.state, wait.name, wait.key, {}, now=now, token=wait.token), wait.node)


def _stop(graph: Graph, one: Journey, wait: Wait) -> Stop:
    node, held = graph.nodes[wait.node], blockers(one.work.holds, "confirm")
    others = {(hold.kind, hold.code) for hold in held}
    if wait.kind is WaitKind.USER:
        people = sum(tier.need for asked in one.workset.asked for tier in asked.request.tiers) if _asks(others) else 0
        touches = max(people, 1) + sum(kind != "approval" for kind, _ in others)
        return Stop(
            wait.node, node.name, "task", (wait.role,), tuple(sorted({code for _, code in others})), touches=touches
        )
    kind = "holds" if wait.name == CLEARED else "message"
    who = tuple(sorted({kind for kind, _ in others})) if kind == "holds" else (wait.name,)
    codes = tuple(sorted({code for _, code in others}))
    return Stop(wait.node, node.name, kind, who, codes, touches=max(len(others), 1) if kind == "holds" else 0)


def _asks(held: set[tuple[str, str]]) -> bool:
    return any(kind == "approval" for kind, _ in held)


def _clear(one: Journey, now: datetime) -> None:
    """Whoever had to decide has decided for it: holds are released, limits and approvals are not asked again."""
    work = one.work
    for hold in [hold for hold in work.holds if hold.released_at is None]:
        work.close_hold(hold, _BY_US, now)
    one.workset.shelves.paths = {}
    one.is_cleared = True


# ---- a step as it is shown -----------------------------------------------------------------------------------------


def _kept_step(graph: Graph, one: Journey, run: Run, outcome: Mapping[str, Any], variables: Mapping[str, Any]) -> Shown:
    node = graph.nodes[run.node]
    return Shown(
        len(one.steps) + 1,
        run.node,
        node.name,
        run.step,
        shown_inputs(one.work, run.variables),
        shown_decisions(one.work, outcome, one.rulings),
        plainly(variables),
    )
