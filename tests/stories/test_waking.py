"""Ten thousand instances wake in the same second: they drain in bounded sets, and what comes in meanwhile does not wait for them."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from twenty_steps import HEAD, TAIL, Notes

from shop import Shop
from tradewind.kernel.limits import CRANK_SET
from tradewind.kernel.tx import Tx
from tradewind.orchestration.commands.crank import Crank
from tradewind.orchestration.commands.instances import store_instances
from tradewind.orchestration.commands.steps import Start, Step, Stream
from tradewind.orchestration.commands.streams import latest_versions, publish
from tradewind.orchestration.commands.turns import begin_instances
from tradewind.rules.decide.feel import read_expression
from tradewind.streams.library import STREAMS

MANY = 10_000
DRAWING = (
    HEAD.replace("twenty", "sleepers")
    + """
<startEvent id="began"/><exclusiveGateway id="how" default="at_once"/>
<intermediateCatchEvent id="sleep"><timerEventDefinition><timeDate>until</timeDate></timerEventDefinition></intermediateCatchEvent>
<exclusiveGateway id="awake" default="on"/><serviceTask id="work" tw:step="work"/><endEvent id="over"/>
<sequenceFlow id="f1" sourceRef="began" targetRef="how"/>
<sequenceFlow id="later" sourceRef="how" targetRef="sleep"><conditionExpression>until != null</conditionExpression></sequenceFlow>
<sequenceFlow id="at_once" sourceRef="how" targetRef="awake"/>
<sequenceFlow id="f2" sourceRef="sleep" targetRef="awake"/>
<sequenceFlow id="on" sourceRef="awake" targetRef="work"/>
<sequenceFlow id="f3" sourceRef="work" targetRef="over"/>
"""
    + TAIL
)


def apply(_: Tx, notes: Notes, calls: Any, outcomes: Any) -> Any:
    notes.done += [(call.subject_id, "work") for call in calls]
    return outcomes


SLEEPERS = Stream(
    code="sleepers",
    name="Sleepers",
    subject_type="note",
    bpmn=DRAWING.encode(),
    steps={"work": Step("work", lambda _, calls, __: [{} for _ in calls], apply)},
    open=lambda _, subjects: Notes(subjects, lambda _: None),
    lock=lambda *_: None,
)


def begin(shop: Shop, count: int, until: Any = None) -> list[UUID]:
    """Instances that sleep until then, or have work at once; the notes they are about."""

    def write(tx: Tx) -> list[UUID]:
        notes = tx.ids.many(count)
        starts = [Start("sleepers", "note", note, None, {"until": until}) for note in notes]
        fresh = begin_instances(tx, starts, versions=latest_versions(tx), expressions=read_expression)
        awake = frozenset(one.id for one in fresh) if until is None else frozenset[UUID]()
        store_instances(tx, fresh, wake_now=awake)
        return notes

    return shop.database.write(write)


@pytest.fixture
def crank(shop: Shop) -> Crank:
    shop.database.write(
        lambda tx: publish(tx, "sleepers", name="Sleepers", bpmn=SLEEPERS.bpmn, expressions=read_expression)
    )
    return Crank(shop.database, {"sleepers": SLEEPERS, **STREAMS}, read_expression)


def asleep(shop: Shop) -> int:
    found: int = shop.one("select count(*) from stream_instance where stream = 'sleepers' and status = 'running'")[0]
    return found


def worked(shop: Shop, note: UUID) -> int:
    found: int = shop.one("select count(*) from event where subject_id = %s and type = 'step.done'", [note])[0]
    return found


def test_they_drain_in_bounded_sets_each_once_and_what_begins_meanwhile_has_its_turn_next(shop, crank):
    until = shop.clock.at + timedelta(hours=1)
    for _ in range(10):
        begin(shop, MANY // 10, until)
    shop.wait(hours=1)

    turns, late = 0, 0
    while left := asleep(shop):
        (fresh,) = begin(shop, 1)
        shop.wait(seconds=1)
        crank.turn_once()
        turns += 1
        late += worked(shop, fresh) != 1
        assert left + 1 - asleep(shop) <= CRANK_SET

    assert late == 0  # nobody who came later waited for a second set
    assert turns == -(-MANY // (CRANK_SET - 1))
    said = shop.one("select count(*), count(distinct subject_id) from event where type = 'step.done'")
    assert said == (MANY + turns, MANY + turns)
    assert shop.all("select code from incident") == []


def test_orders_placed_while_they_drain_are_answered_at_once_and_released_in_the_next_turn(shop, crank):
    begin(shop, 1_000, shop.clock.at + timedelta(hours=1))
    shop.wait(hours=1)
    shop.crank = Crank(shop.database, STREAMS, read_expression)  # what places an order turns nothing of the others

    answered = []
    while asleep(shop):
        order = shop.order(("CUP", "1"))
        answered.append((shop.status(order), len(shop.shipments(order))))
        crank.turn_once()

    assert len(answered) == -(-1_000 // CRANK_SET)
    assert set(answered) == {("released", 1)}
