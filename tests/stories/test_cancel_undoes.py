"""An operator cancels an instance: what was done and can be undone is undone in reverse, and where that fails a person is asked."""

from typing import Any
from uuid import UUID

import pytest
from twenty_steps import HEAD, TAIL, Notes

from shop import Shop
from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Actor, Tx
from tradewind.orchestration.commands.crank import Crank
from tradewind.orchestration.commands.instances import store_instances
from tradewind.orchestration.commands.operate import Act, Acted, Verb, operate
from tradewind.orchestration.commands.steps import Start, Step, Stream
from tradewind.orchestration.commands.streams import latest_versions, publish
from tradewind.orchestration.commands.turns import begin_instances
from tradewind.rules.decide.feel import read_expression

STEPS = ("reserve", "label", "give_back", "void")
DRAWING = (
    HEAD.replace("twenty", "booked")
    + """
<startEvent id="began"/><serviceTask id="reserve" tw:step="reserve"/><serviceTask id="label" tw:step="label"/>
<receiveTask id="wait" tw:message="note.shipped" tw:key="note"/><endEvent id="over"/>
<boundaryEvent id="b1" attachedToRef="reserve"><compensateEventDefinition/></boundaryEvent>
<boundaryEvent id="b2" attachedToRef="label"><compensateEventDefinition/></boundaryEvent>
<serviceTask id="give_back" isForCompensation="true" tw:step="give_back"/>
<serviceTask id="void" isForCompensation="true" tw:step="void"/>
<association id="a1" sourceRef="b1" targetRef="give_back" associationDirection="One"/>
<association id="a2" sourceRef="b2" targetRef="void" associationDirection="One"/>
<sequenceFlow id="f1" sourceRef="began" targetRef="reserve"/><sequenceFlow id="f2" sourceRef="reserve" targetRef="label"/>
<sequenceFlow id="f3" sourceRef="label" targetRef="wait"/><sequenceFlow id="f4" sourceRef="wait" targetRef="over"/>
"""
    + TAIL
)
ANNA = Actor(principal_id=None, name="anna", channel="api")


@pytest.fixture
def broken() -> set[str]:
    """The steps that fail."""
    return set()


@pytest.fixture
def booked(shop: Shop, broken: set[str]) -> tuple[Crank, UUID, UUID]:
    """A crank, and an instance that waits after two steps that can be undone, with what it is about."""

    def step(name: str) -> Step:
        def apply(_: Tx, notes: Notes, calls: Any, outcomes: Any) -> Any:
            if name in broken:
                raise RuntimeError("the printer is off")
            notes.done += [(call.subject_id, name) for call in calls]
            return outcomes

        return Step(name, lambda _, calls, __: [{} for _ in calls], apply)

    stream = Stream(
        code="booked",
        name="Booked",
        subject_type="note",
        bpmn=DRAWING.encode(),
        steps={name: step(name) for name in STEPS},
        open=lambda _, subjects: Notes(subjects, lambda _: None),
        lock=lambda *_: None,
    )

    def begin(tx: Tx) -> tuple[UUID, UUID]:
        publish(tx, "booked", name="Booked", bpmn=stream.bpmn, expressions=read_expression)
        note = tx.ids.new()
        start = Start("booked", "note", note, None, {"note": str(note)})
        (fresh,) = begin_instances(tx, [start], versions=latest_versions(tx), expressions=read_expression)
        store_instances(tx, [fresh], wake_now=frozenset([fresh.id]))
        return fresh.id, note

    instance, note = shop.database.write(begin)
    crank = Crank(shop.database, {"booked": stream}, read_expression)
    crank.turn_until_idle()
    return crank, instance, note


def act(shop: Shop, wanted: Act) -> Acted | Problem:
    (found,) = shop.database.write(
        lambda tx: operate(tx, [wanted], reason="gone", expressions=read_expression), actor=ANNA
    )
    return found


def done(shop: Shop, note: UUID) -> list[str]:
    rows = shop.all(
        "select payload ->> 'step' from event where subject_id = %s and type = 'step.done' order by subject_seq", [note]
    )
    return [row[0] for row in rows]


def test_what_was_done_is_undone_in_reverse(shop, booked):
    crank, instance, note = booked

    found = act(shop, Act(instance, Verb.CANCEL))
    crank.turn_until_idle()
    again = act(shop, Act(instance, Verb.CANCEL))

    assert isinstance(found, Acted)
    assert done(shop, note) == ["reserve", "label", "void", "give_back"]
    assert shop.one("select ended_at is not null from stream_instance where id = %s", [instance]) == (True,)
    assert isinstance(again, Problem)
    assert again.code == "orchestration.instance_over"


def test_an_undoing_that_fails_is_an_incident_and_goes_on_when_it_is_tried_again_or_skipped(shop, booked, broken):
    crank, instance, note = booked
    broken.add("void")

    act(shop, Act(instance, Verb.CANCEL))
    crank.turn_until_idle()
    stopped = shop.one("select status from stream_instance where id = %s", [instance])
    half = done(shop, note)
    state = shop.one("select state::jsonb -> 't' from stream_instance where id = %s", [instance])[0]
    (token,) = [one[0] for one in state if one[1] == "void"]
    act(shop, Act(instance, Verb.SKIP, token, variables={"voided": "by hand"}))
    crank.turn_until_idle()

    assert (stopped, half) == (("incident",), ["reserve", "label"])
    assert done(shop, note) == ["reserve", "label", "give_back"]
    assert shop.one("select resolution from incident") == ("skipped: gone",)
    assert shop.one("select ended_at is not null from stream_instance where id = %s", [instance]) == (True,)
