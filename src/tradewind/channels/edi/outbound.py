"""What partners are owed for what happened: follows the log, and looks for answers that fall due.

One process reads the log under this name at a time; what is written, its place in the log and its deliveries commit together,
so that each fact has its documents exactly once, whatever is killed when.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from tradewind.billing.queries import invoice_lines, items_of, what_documents_say
from tradewind.channels.decide.partners.answer import answer_moved, answer_order, answer_waiting
from tradewind.channels.decide.partners.bill import invoice_document
from tradewind.channels.decide.partners.notice import ship_notice
from tradewind.channels.decide.partners.said import read_said
from tradewind.channels.edi.acks import find_missing
from tradewind.channels.edi.commands import note_answers
from tradewind.channels.edi.letters import FUNCTIONAL_IDS, write_to_partners
from tradewind.channels.edi.model import ON_HOLD, OwedSet, Partner
from tradewind.channels.edi.queries.outbound import TradedOrder, answers_due, orders_to_answer
from tradewind.channels.edi.queries.partners import partners_by_id
from tradewind.channels.edi.standing import issued_of, shipped_of, standing_of, traded_works
from tradewind.fulfilment.queries import shipment_ids, shipments_of
from tradewind.kernel.log import Entry, move_cursor, read_log
from tradewind.kernel.tx import Actor, Database, Tx
from tradewind.orchestration.commands.readers import claim_reader
from tradewind.streams.order_work import OrderWork

READER = "partners"
PARTNERS = Actor(principal_id=None, name="partners", channel="edi")
ANSWERED = frozenset(("order.confirmed", "order.cancelled"))
MOVED = "order.promise_changed"
FOLLOWED = ANSWERED | {MOVED} | {"shipment.shipped", "invoice.issued"}
DUE_AT_ONCE = 64
AHEAD = timedelta(seconds=60)  # an answer is written so long before it is late
PAGES = 50


def serve_partners(database: Database) -> dict[str, int]:
    """One round: the log read on, answers that fall due, acknowledgements that are missing."""
    done: dict[str, int] = {}
    for _ in range(PAGES):
        read, written = database.write(follow_log, actor=PARTNERS)
        done["written"] = done.get("written", 0) + written
        if not read:
            break
    done["answered"] = database.write(answer_due, actor=PARTNERS)
    done["missing"] = database.write(find_missing, actor=PARTNERS)
    return {name: count for name, count in done.items() if count}


def follow_log(tx: Tx) -> tuple[int, int]:
    """One page of the log; gives how many events were read and how many documents were written."""
    cursor = claim_reader(tx, READER)
    entries = [] if cursor is None else read_log(tx, cursor)
    if not entries:
        return 0, 0
    move_cursor(tx, READER, entries[-1].cursor)
    return len(entries), _answer_facts(tx, [entry for entry in entries if entry.type in FOLLOWED])


@dataclass(slots=True)
class _Desk:
    """The orders that facts are about, as they stand, and who is owed what."""

    traded: dict[UUID, TradedOrder]
    partners: dict[UUID, Partner]
    works: dict[UUID, OrderWork]
    owed: list[OwedSet] = field(default_factory=list)
    answers: list[tuple[UUID, int, str]] = field(default_factory=list)

    def owe(self, order: TradedOrder, type_: str, key: str, subject: tuple[str, UUID], content: Any) -> None:
        """One more document, where the partner wants this kind."""
        partner = self.partners[order.partner_id]
        if type_ in partner.sends:
            self.owed.append(
                OwedSet(partner, type_, FUNCTIONAL_IDS[type_], key, *subject, order.account_id, order.is_test, content)
            )


def _answer_facts(tx: Tx, facts: Sequence[Entry]) -> int:
    if not facts:
        return 0
    items = items_of(tx, [entry.subject_id for entry in facts if entry.type == "invoice.issued"])
    of_fact = {
        entry.cursor: items[entry.subject_id].order_id if entry.type == "invoice.issued" else entry.subject_id
        for entry in facts
    }
    traded = orders_to_answer(tx, of_fact.values())
    if not traded:
        return 0
    desk = _Desk(
        traded,
        partners_by_id(tx, {one.partner_id for one in traded.values()}),
        traded_works(tx, sorted(traded)),
    )
    mine = [entry for entry in facts if of_fact[entry.cursor] in traded]
    _answer_orders(tx, desk, [entry for entry in mine if entry.type in ANSWERED])
    _reschedule(tx, desk, [entry for entry in mine if entry.type == MOVED])
    _advise(tx, desk, [entry for entry in mine if entry.type == "shipment.shipped"])
    _bill(tx, desk, [entry for entry in mine if entry.type == "invoice.issued"])
    write_to_partners(tx, desk.owed)
    note_answers(tx, desk.answers)
    return len(desk.owed)


def _answer_orders(tx: Tx, desk: _Desk, facts: Iterable[Entry]) -> None:
    """The 855 of orders that were confirmed or cancelled, where there was none or only one that said: on hold."""
    latest: dict[UUID, Entry] = {entry.subject_id: entry for entry in facts}
    for order_id, entry in latest.items():
        order = desk.traded[order_id]
        settled = order.answered_at is not None and order.answer_code != ON_HOLD
        if settled and (entry.type == "order.confirmed" or entry.channel == "edi"):
            continue
        standing = standing_of(desk.works[order_id])
        purpose = "00" if order.answer_code is None else "05"
        content = answer_order(standing, read_said(order.said), on=tx.now.date(), purpose=purpose)
        desk.owe(order, "855", f"855:{order_id}:{entry.subject_seq}", ("sales_order", order_id), content)
        desk.answers.append((order.interchange_id, order.place, content.code))


def _reschedule(tx: Tx, desk: _Desk, facts: Iterable[Entry]) -> None:
    """The 855 of orders that were confirmed with a date that moved since; any other is still to say what its dates are."""
    moved: dict[UUID, tuple[Entry, set[int]]] = {}
    for entry in facts:
        lines = moved[entry.subject_id][1] if entry.subject_id in moved else set()
        moved[entry.subject_id] = (entry, lines | {one["line"] for one in entry.payload["lines"]})
    told = {(interchange_id, place) for interchange_id, place, _ in desk.answers}
    for order_id, (entry, lines) in moved.items():
        order, work = desk.traded[order_id], desk.works[order_id]
        waits = order.answer_code in (None, ON_HOLD) or (order.interchange_id, order.place) in told
        if waits or not desk.partners[order.partner_id].map.new_dates or work.status == "cancelled":
            continue
        content = answer_moved(standing_of(work), read_said(order.said), lines, on=tx.now.date())
        desk.owe(order, "855", f"855:{order_id}:{entry.subject_seq}", ("sales_order", order_id), content)


def _advise(tx: Tx, desk: _Desk, facts: Sequence[Entry]) -> None:
    """The 856 of shipments that left."""
    ids = shipment_ids(tx, [entry.payload["shipment"] for entry in facts]) if facts else {}
    shipments = shipments_of(tx, ids.values()) if ids else {}
    for shipment in (shipments[ids[entry.payload["shipment"]]] for entry in facts):
        order, work = desk.traded[shipment.order_id], desk.works[shipment.order_id]
        if shipment.shipped_at is None or not any(line.qty_shipped for line in shipment.lines):
            continue
        content = ship_notice(standing_of(work), read_said(order.said), shipped_of(shipment, work))
        desk.owe(order, "856", f"856:{shipment.id}", ("shipment", shipment.id), content)


def _bill(tx: Tx, desk: _Desk, facts: Sequence[Entry]) -> None:
    """The 810 of invoices that were issued."""
    ids = [entry.subject_id for entry in facts]
    if not ids:
        return
    items, lines, said = items_of(tx, ids), invoice_lines(tx, ids), what_documents_say(tx, ids)
    for entry in facts:
        item = items[entry.subject_id]
        order, work = desk.traded[item.order_id], desk.works[item.order_id]
        issued = issued_of(
            item, lines.get(item.id, []), said[item.id][0], work, shipment=entry.payload.get("shipment") or ""
        )
        content = invoice_document(standing_of(work), read_said(order.said), issued)
        desk.owe(order, "810", f"810:{item.id}", ("invoice", item.id), content)


def answer_due(tx: Tx) -> int:
    """The 855 of orders that are not confirmed when their answer falls due: it says what holds them."""
    due = answers_due(tx, until=tx.now + AHEAD, limit=DUE_AT_ONCE)
    if not due:
        return 0
    works = traded_works(tx, sorted({one.order_id for one in due if one.order_id is not None}))
    desk = _Desk({}, partners_by_id(tx, {one.partner_id for one in due}), works)
    for order in due:
        said = read_said(order.said)
        if order.order_id is None:
            reasons = [one["message"] for one in order.findings or ()]
            content = answer_waiting(order.number or "", said, reasons, on=tx.now.date())
            subject = ("partner_interchange", order.interchange_id)
        else:
            content = answer_order(standing_of(works[order.order_id]), said, on=tx.now.date())
            subject = ("sales_order", order.order_id)
        key = f"855:{order.interchange_id}:{order.place}"
        desk.owe(order, "855", key, subject, content)
        desk.answers.append((order.interchange_id, order.place, content.code))
    write_to_partners(tx, desk.owed)
    note_answers(tx, desk.answers)
    return len(due)
