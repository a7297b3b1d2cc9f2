"""The warehouse's answer, from whoever gives it: checked at once, kept as a message, booked by the crank or at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from tradewind.fulfilment import errors
from tradewind.fulfilment.decide import book, read_answer
from tradewind.fulfilment.model import Shipment, WarehouseAnswer
from tradewind.fulfilment.queries import over_ship_percents, shipments_of
from tradewind.kernel.locks import lock_set
from tradewind.kernel.problem import Problem, Refused
from tradewind.kernel.tx import Tx
from tradewind.orchestration.commands.messages import Message, post_messages
from tradewind.orchestration.commands.streams import latest_versions
from tradewind.orchestration.commands.turns import (
    StepFailed,
    deliver_arrivals,
    finish_turn,
    read_instances,
    resumed,
    run_steps,
)
from tradewind.orchestration.commands.waits import LOCK_INSTANCES, live_instances, messages_sent
from tradewind.orchestration.model import Turn
from tradewind.purchasing.errors import vendor_answers
from tradewind.purchasing.queries import vendors_of_shipments
from tradewind.semantics.model import ZERO
from tradewind.streams.language import read_expression
from tradewind.streams.library import STREAMS

MESSAGE = "warehouse.answered"


@dataclass(frozen=True, slots=True)
class Given:
    """An answer as it came in: `{"outcome", "lines", "reason", "tracking", "shipped_at", "cartons"}`, see `fulfilment.decide.read_answer`."""

    shipment_id: UUID
    answer: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of one answer. `replay`: the shipment had this very answer before. `booked`: it is not only kept."""

    shipment_id: UUID
    replay: bool = False
    booked: bool = False
    problems: tuple[Problem, ...] = ()


def answer_shipments(tx: Tx, given: Sequence[Given], *, inline: bool = False) -> list[Answered]:
    """Keep the answers, a result for each. A shipment is answered once: the same again is a replay, another is refused.

    The crank books them; with `inline` this transaction does, and the caller sees the outcome (`StepFailed` never leaves:
    what a step refuses is `Refused`). Locks: the shipments' processes, then orders, shipments, credit, stock, counters.
    """
    ids = [one.shipment_id for one in given]
    if inline:
        live = live_instances(tx, "shipment_to_invoice", ids)
        locked = lock_set(tx, [(LOCK_INSTANCES, live.values())])["instance"]
    shipments = shipments_of(tx, ids)  # as they stand now that nobody else books them
    answers = _check(tx, given, shipments)
    _keep(tx, given, answers)
    if inline:
        fresh = {one.shipment_id for one in answers if not one.problems and not one.replay}
        # The process of a shipment that stands in an incident finds the answer when it goes on.
        due = [row for row in locked if row[4] in fresh and row[7] == "running"]
        _turn(tx, [row[:7] for row in due])
        booked = {row[4] for row in due}
        return [replace(one, booked=one.booked or one.shipment_id in booked) for one in answers]
    return answers


def _check(tx: Tx, given: Sequence[Given], shipments: Mapping[UUID, Shipment]) -> list[Answered]:
    """What is wrong with each answer, and which are replays; the last word on first-comes-first has the message table."""
    sent = messages_sent(tx, MESSAGE, [str(one) for one in shipments])
    tolerances = over_ship_percents(tx, {shipment.account_id for shipment in shipments.values()})
    no_site = [one.id for one in shipments.values() if one.site_id is None and one.status == "released"]
    of_vendors = {shipment_id for shipment_id, _ in vendors_of_shipments(tx, no_site)} if no_site else set()
    answers: list[Answered] = []
    for place, one in enumerate(given):
        shipment = shipments.get(one.shipment_id)
        if shipment is None:
            problem = errors.unknown_shipment(str(one.shipment_id), f"/{place}/shipment")
            answers.append(Answered(one.shipment_id, problems=(problem,)))
            continue
        if shipment.id in of_vendors:
            answers.append(Answered(shipment.id, problems=(vendor_answers(shipment.number, f"/{place}"),)))
            continue
        read = read_answer(one.answer)
        if isinstance(read, list):
            answers.append(Answered(one.shipment_id, problems=tuple(read)))
            continue
        if read.shipped_at is not None and read.shipped_at > tx.now:
            problem = errors.in_the_future("/shipped_at")
            answers.append(Answered(shipment.id, problems=(problem,)))
            continue
        before = shipment.answer or sent.get(str(shipment.id))
        if before is not None or shipment.status != "released":
            answers.append(_again(shipment, read, before, place))
            continue
        booking = book(shipment.lines, read, over_percent=tolerances.get(shipment.account_id, ZERO))
        answers.append(Answered(shipment.id, problems=tuple(booking) if isinstance(booking, list) else ()))
    return answers


def _again(shipment: Shipment, read: WarehouseAnswer, before: Mapping[str, Any] | None, place: int) -> Answered:
    known = read_answer(before) if before is not None else None
    if known == read:
        return Answered(shipment.id, replay=True, booked=shipment.status != "released")
    problem = errors.already_answered(shipment.number, shipment.status, f"/{place}")
    return Answered(shipment.id, problems=(problem,))


def _keep(tx: Tx, given: Sequence[Given], answers: list[Answered]) -> None:
    """Store the good answers; one that loses the race to another is a replay or refused like any second answer."""
    fresh: dict[UUID, int] = {}
    for place, one in enumerate(answers):
        if one.problems or one.replay:
            continue
        if one.shipment_id in fresh:
            same = read_answer(given[fresh[one.shipment_id]].answer) == read_answer(given[place].answer)
            problem = errors.already_answered(str(one.shipment_id), "released", f"/{place}")
            answers[place] = Answered(one.shipment_id, replay=same, problems=() if same else (problem,))
            continue
        fresh[one.shipment_id] = place
    ordered = sorted(fresh)
    messages = [Message(MESSAGE, str(one), "answer", _body(given[fresh[one]].answer)) for one in ordered]
    stored = post_messages(tx, messages)
    lost = [shipment_id for shipment_id, new in zip(ordered, stored, strict=True) if not new]
    first = messages_sent(tx, MESSAGE, [str(one) for one in lost])
    for shipment_id in lost:
        place = fresh[shipment_id]
        same = read_answer(first.get(str(shipment_id), {})) == read_answer(given[place].answer)
        problem = errors.already_answered(str(shipment_id), "released", f"/{place}")
        answers[place] = Answered(shipment_id, replay=same, problems=() if same else (problem,))


def _body(raw: Mapping[str, Any]) -> dict[str, Any]:
    read = read_answer(raw)
    assert isinstance(read, WarehouseAnswer)
    return read.as_json()


def _turn(tx: Tx, rows: Sequence[tuple[Any, ...]]) -> None:
    """Run the processes of the shipments to their next wait within this transaction."""
    if not rows:
        return
    stream = STREAMS["shipment_to_invoice"]
    instances = read_instances(tx, rows, read_expression)
    workset = stream.open(tx, [one.subject_id for one in instances])
    deliver_arrivals(tx, instances)
    for one in instances:
        resumed(one)
    try:
        run_steps(tx, stream, instances, workset)
    except StepFailed as failure:
        if isinstance(failure.__cause__, Refused):
            raise failure.__cause__ from failure
        raise
    for one in instances:
        if one.turn is None:
            one.turn = Turn(one.state)
    finish_turn(tx, instances, workset, versions=latest_versions(tx), expressions=read_expression)
