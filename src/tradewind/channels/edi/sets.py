"""Transaction sets become what they are: orders a batch at a time, everything else one by one; outcome and effect in one commit."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import psycopg

from tradewind.channels.decide.x12.documents import PurchaseOrder, SetAcknowledgement
from tradewind.channels.decide.x12.model import Fault, GroupHeader, TransactionSet
from tradewind.channels.decide.x12.orders import intent, order_change, purchase_order
from tradewind.channels.edi.acks import ACKNOWLEDGEMENTS, acknowledge_set, take_acknowledgement
from tradewind.channels.edi.changes import change_order
from tradewind.channels.edi.chunk import Chunk, Item, found_json, outcome_of, problem_json
from tradewind.channels.edi.commands import due_in, keep_working, mend_set, note_sets
from tradewind.channels.edi.letters import write_to_partners
from tradewind.channels.edi.model import OwedSet, Partner, SetOutcome
from tradewind.channels.edi.orders import place_orders
from tradewind.channels.edi.queries.inbound import places_done, places_held
from tradewind.kernel.problem import Refused
from tradewind.kernel.tx import Database, Tx, is_transient
from tradewind.orchestration.commands.turns import StepFailed
from tradewind.streams.sources import StockMoved

ORDERS = ("850", "875")
CHANGE = "860"
NOT_SUPPORTED = "1"  # element 718
log = logging.getLogger("tradewind.edi")


def read_set(partner: Partner, header: GroupHeader, one: TransactionSet, *, place: int) -> Item:
    """What a set is and what our 997 will say of it; what it asks for is decided later."""
    order: PurchaseOrder | None = None
    if one.type in ORDERS:
        order = purchase_order(one, partner.map)
    elif one.type == CHANGE:
        order = order_change(one, partner.map)
    elif one.type not in ACKNOWLEDGEMENTS:
        fault = Fault(
            "channels.set_not_supported", "error", f"We take no {one.type}.", f"set {one.control}", "set", NOT_SUPPORTED
        )
        return Item(place, header, one.also(fault), SetAcknowledgement(one.type, one.control, "R", (NOT_SUPPORTED,)))
    whole = one if order is None else one.also(*order.faults)
    ack = acknowledge_set(header, whole, partner) if whole.faults else SetAcknowledgement(one.type, one.control, "A")
    return Item(place, header, whole, ack, order)


def work_chunk(database: Database, chunk: Chunk) -> None:
    """Work the sets of a chunk, all in one transaction; where that fails, halves, until one stands alone and is held."""
    try:
        _try(database, chunk)
    except (psycopg.Error, StepFailed, Refused, LookupError, ArithmeticError, ValueError) as failure:
        if isinstance(failure, psycopg.Error) and is_transient(failure):
            raise  # nobody's fault: the whole document is taken up again
        _apart(database, chunk, failure)


def _try(database: Database, chunk: Chunk) -> None:
    try:
        database.write(lambda tx: _work(tx, chunk, lock_all_sites=False), actor=chunk.actor)
    except StockMoved:
        database.write(lambda tx: _work(tx, chunk, lock_all_sites=True), actor=chunk.actor)


def _apart(database: Database, chunk: Chunk, failure: BaseException) -> None:
    if isinstance(failure, psycopg.errors.UniqueViolation):
        if failure.diag.table_name == "partner_set":  # somebody took the document over: what they have done is done
            done = database.read(lambda reader: places_done(reader, chunk.arrived.id))
            left = [one for one in chunk.items if one.place not in done]
            if left:
                work_chunk(database, replace(chunk, items=left))
            return
        if (
            len(chunk.items) == 1 and not chunk.again
        ):  # the same order came another way at this moment, and can be seen now
            work_chunk(database, replace(chunk, again=True))
            return
    if len(chunk.items) > 1:
        middle = len(chunk.items) // 2
        work_chunk(database, replace(chunk, items=chunk.items[:middle]))
        work_chunk(database, replace(chunk, items=chunk.items[middle:]))
        return
    log.warning("a set is held", extra={"reason": str(failure), "set": chunk.items[0].given.control})
    held = outcome_of(chunk, chunk.items[0], "held", [_why(failure)])
    database.write(lambda tx: _note(tx, chunk, [held]), actor=chunk.actor)


def _why(failure: BaseException) -> dict[str, Any]:
    if isinstance(failure, Refused):
        return problem_json(failure.problems[0])
    return {"code": "channels.not_worked", "severity": "error", "message": str(failure)[:500]}


def _work(tx: Tx, chunk: Chunk, *, lock_all_sites: bool) -> None:
    """Everything of the chunk. What partners are owed is written last: their counters are the last locks."""
    items = chunk.items
    if chunk.mending:
        held = places_held(tx, chunk.arrived.id)
        items = [one for one in items if one.place in held]
    outcomes: list[SetOutcome] = []
    owed: list[OwedSet] = []
    orders = [one for one in items if kind_of(chunk, one) == "order"]
    outcomes += place_orders(tx, chunk, orders, lock_all_sites=lock_all_sites)
    for item in items:
        kind = kind_of(chunk, item)
        if kind == "rejected":
            outcomes.append(outcome_of(chunk, item, "rejected", found_json(item.given.faults)))
        elif kind == "ack":
            outcomes.append(outcome_of(chunk, item, "answer", take_acknowledgement(tx, chunk.partner, item.given)))
        elif kind == "change":
            outcome, answer = change_order(tx, chunk, item)
            outcomes.append(outcome)
            owed += [answer] if answer is not None else []
    _note(tx, chunk, outcomes)
    keep_working(tx, chunk.document_id)
    write_to_partners(tx, owed)


def _note(tx: Tx, chunk: Chunk, outcomes: Sequence[SetOutcome]) -> None:
    answer_by = due_in(tx, chunk.partner.answer_minutes)
    if chunk.mending:
        for one in outcomes:  # a person's few
            mend_set(tx, chunk.arrived.id, one, answer_by=answer_by)
    else:
        note_sets(tx, chunk.arrived.id, outcomes, answer_by=answer_by)


Kind = Literal["order", "change", "ack", "rejected"]


def kind_of(chunk: Chunk, item: Item) -> Kind:
    """How a set is worked."""
    if item.ack.code == "R":
        return "rejected"
    if item.order is None:
        return "ack"
    return "order" if chunk.as_new or intent(item.order) == "original" else "change"
