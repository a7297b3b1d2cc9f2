"""A stream of twenty steps for tests: timers, a person, a call-out that is answered, and what is undone in reverse.

Every step says an event, so that what happened twice or never can be counted; and it tells `at`, so that the process can end there.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any
from uuid import UUID

from tradewind.kernel.deliveries import Delivery, put_deliveries
from tradewind.kernel.tx import Event, Tx
from tradewind.orchestration.commands.messages import Message
from tradewind.orchestration.commands.steps import Call, Start, Step, Stream

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  xmlns:tw="https://tradewind.dev/bpmn" targetNamespace="t" id="d">
<process id="twenty" name="Twenty steps" isExecutable="true">
"""
TAIL = "</process></definitions>"
STEPS = tuple(f"s{number:02}" for number in range(1, 21))
UNDONE = ("s13", "s14", "s16")
"""Steps that are undone, in reverse, after s17."""
UNDO = tuple(f"undo_{step}" for step in UNDONE)
CALL_OUT = "s09"


class Notes:
    """What the steps of a turn did."""

    def __init__(self, subjects: Sequence[UUID], at: Callable[[str], None]) -> None:
        self.subjects, self.at = subjects, at
        self.starts: list[Start] = []
        self.messages: list[Message] = []
        self.done: list[tuple[UUID, str]] = []

    def widen(self) -> None:
        """Nothing is locked."""

    def flush(self, tx: Tx) -> None:
        for subject, step in self.done:
            tx.emit(Event("step.done", "note", subject, {"step": step}))
        put_deliveries(
            tx,
            [
                Delivery(f"{subject}:{step}", "partner:test", "asked", None, "note", subject, {})
                for subject, step in self.done
                if step == CALL_OUT
            ],
        )
        if self.done:
            self.at("flushed")


def _step(name: str) -> Step:
    def decide(_: Any, calls: Sequence[Call], __: Any) -> list[dict[str, Any]]:
        return [{"last": name} for _ in calls]

    def apply(_: Tx, notes: Notes, calls: Sequence[Call], outcomes: list[dict[str, Any]]) -> list[dict[str, Any]]:
        notes.done += [(call.subject_id, name) for call in calls]
        notes.at(name)
        return outcomes

    return Step(name, decide, apply)


def twenty(at: Callable[[str], None] = lambda _: None) -> Stream:
    """The stream; `at` is told the name of every step that was applied, and when the work of a turn is written."""
    return Stream(
        code="twenty",
        name="Twenty steps",
        subject_type="note",
        bpmn=drawing().encode(),
        steps={name: _step(name) for name in (*STEPS, *UNDO)},
        open=lambda _, subjects: Notes(subjects, at),
        lock=lambda *_: None,
    )


def drawing() -> str:
    """Timers after s03 and s12, a person after s06, a call-out at s09 with its answer, and the undoing after s17."""
    after = {
        "s03": '<intermediateCatchEvent id="rest"><timerEventDefinition><timeDuration>PT0.01S</timeDuration>'
        "</timerEventDefinition></intermediateCatchEvent>",
        "s06": '<userTask id="person" tw:role="clerk"/>',
        "s09": '<receiveTask id="answer" tw:message="partner.answered" tw:key="note"/>',
        "s12": '<intermediateCatchEvent id="rest_again"><timerEventDefinition><timeDuration>PT0.01S</timeDuration>'
        "</timerEventDefinition></intermediateCatchEvent>",
        "s17": '<intermediateThrowEvent id="undo"><compensateEventDefinition/></intermediateThrowEvent>',
    }
    parts, places = [HEAD, '<startEvent id="began"/>'], ["began"]
    for step in STEPS:
        parts.append(f'<serviceTask id="{step}" tw:step="{step}"/>')
        places.append(step)
        if step in UNDONE:
            parts.append(
                f'<boundaryEvent id="b_{step}" attachedToRef="{step}"><compensateEventDefinition/></boundaryEvent>'
                f'<serviceTask id="undo_{step}" isForCompensation="true" tw:step="undo_{step}"/>'
                f'<association id="a_{step}" sourceRef="b_{step}" targetRef="undo_{step}" associationDirection="One"/>'
            )
        if step in after:
            parts.append(after[step])
            places.append({"s03": "rest", "s06": "person", "s09": "answer", "s12": "rest_again", "s17": "undo"}[step])
    parts.append('<endEvent id="over"/>')
    places.append("over")
    parts += [
        f'<sequenceFlow id="f{number}" sourceRef="{here}" targetRef="{there}"/>'
        for number, (here, there) in enumerate(pairwise(places))
    ]
    return "\n".join([*parts, TAIL])
