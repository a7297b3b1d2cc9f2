"""Writing to partners: sets become interchanges with numbers, are kept byte for byte, and wait to be sent; all in one commit."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from tradewind.channels.decide.x12.acknowledge import write_997
from tradewind.channels.decide.x12.answers import write_855, write_865
from tradewind.channels.decide.x12.invoices import write_810
from tradewind.channels.decide.x12.model import (
    Envelope,
    FunctionalGroup,
    GroupHeader,
    Segment,
    TransactionSet,
)
from tradewind.channels.decide.x12.notices import write_856
from tradewind.channels.decide.x12.write import write_interchange
from tradewind.channels.edi.commands import due_in, keep_messages, next_numbers
from tradewind.channels.edi.model import OwedSet, Partner, control_number
from tradewind.channels.edi.queries.outbound import written_before
from tradewind.kernel.deliveries import Delivery, put_deliveries
from tradewind.kernel.problem import Problem, Refused
from tradewind.kernel.tx import Tx
from tradewind.orchestration.commands.incidents import open_incidents

SETS_PER_INTERCHANGE = 1_000
WRITERS: dict[str, Callable[[Any, str], TransactionSet | Problem]] = {
    "997": write_997,
    "855": write_855,
    "865": write_865,
    "856": write_856,
    "810": write_810,
}
FUNCTIONAL_IDS = {"997": "FA", "855": "PR", "865": "CA", "856": "SH", "810": "IN"}
ISA_VERSIONS = {"003": "00300", "004": "00401", "005": "00501"}


def write_to_partners(tx: Tx, owed: Iterable[OwedSet], *, notes: Sequence[Segment] = ()) -> dict[str, UUID]:
    """Write what partners are owed, each `effect_key` once; gives the message of each key, of those written before too.

    Sets of one partner and type share an interchange; `notes` are the TA1 of the first. What cannot be said in X12 is an
    incident and is left out. Takes the partners' counters: the last locks of a transaction.
    """
    asked = {one.effect_key: one for one in owed}
    known = written_before(tx, asked)
    parcels = _parcels(_written_out(tx, [one for key, one in asked.items() if key not in known]))
    if not parcels:
        return known
    wanted: dict[UUID, tuple[int, int]] = {}
    for parcel in parcels:
        before = wanted.get(parcel[0][0].partner.id, (0, 0))
        wanted[parcel[0][0].partner.id] = (before[0] + 1, before[1] + len(parcel))
    numbers = next_numbers(tx, wanted)
    messages: list[dict[str, Any]] = []
    sets: list[dict[str, Any]] = []
    deliveries: list[Delivery] = []
    for place, parcel in enumerate(parcels):
        first = parcel[0][0]
        last = numbers[first.partner.id]
        message, inside = _message(tx, parcel, last, notes=() if place else notes)
        numbers[first.partner.id] = (last[0] + 1, last[1] + 1, last[2] + len(parcel))
        messages.append(message)
        sets += inside
        deliveries.append(delivery_of(first.partner, message["id"], first.type, message["serial"]))
        known.update({one.effect_key: message["id"] for one, _ in parcel})
    keep_messages(tx, messages, sets)
    put_deliveries(tx, deliveries)
    return known


Letter = tuple[OwedSet, TransactionSet]


def _written_out(tx: Tx, owed: Iterable[OwedSet]) -> list[Letter]:
    """Sets that still lack their number."""
    letters: list[Letter] = []
    unsayable: list[tuple[UUID, str, str]] = []
    for one in owed:
        written = WRITERS[one.type](one.content, "0")
        if isinstance(written, Problem):
            message = f"The {one.type} to {one.partner.code} for {one.effect_key} cannot be written: {written.message}"
            unsayable.append((tx.ids.new(), "channels.not_written", message))
        else:
            letters.append((one, written))
    open_incidents(tx, unsayable)
    return letters


def _parcels(letters: Iterable[Letter]) -> list[list[Letter]]:
    """Sets that travel together, in the order in which each kind was first owed."""
    groups: dict[tuple[UUID, str, bool], list[Letter]] = {}
    for one in letters:
        groups.setdefault((one[0].partner.id, one[0].type, one[0].is_test), []).append(one)
    return [
        several[start : start + SETS_PER_INTERCHANGE]
        for several in groups.values()
        for start in range(0, len(several), SETS_PER_INTERCHANGE)
    ]


def _message(
    tx: Tx, parcel: Sequence[Letter], last: tuple[int, int, int], *, notes: Sequence[Segment]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The rows of one interchange and its sets; their numbers follow `last`."""
    first = parcel[0][0]
    message_id = tx.ids.new()
    written = [
        replace(one, control=f"{control_number(last[2] + place):04d}") for place, (_, one) in enumerate(parcel, 1)
    ]
    message = {
        "id": message_id,
        "partner": first.partner.id,
        "serial": last[0] + 1,
        "group": last[1] + 1,
        "type": first.type,
        "test": first.is_test,
        "body": _render(tx, first, written, last[0] + 1, last[1] + 1, notes),
        "due": None if first.type == "997" else due_in(tx, first.partner.ack_minutes),
    }
    sets = [
        {
            "message": message_id,
            "place": place,
            "partner": first.partner.id,
            "serial": last[2] + place,
            "type": one.type,
            "key": one.effect_key,
            "subject_type": one.subject_type,
            "subject": one.subject_id,
            "account": one.account_id,
        }
        for place, (one, _) in enumerate(parcel, 1)
    ]
    return message, sets


def _render(
    tx: Tx,
    first: OwedSet,
    sets: Sequence[TransactionSet],
    serial: int,
    group_serial: int,
    notes: Sequence[Segment],
) -> bytes:
    header = GroupHeader(
        FUNCTIONAL_IDS[first.type],
        first.partner.our_group or first.partner.ours.id,
        first.partner.their_group or first.partner.theirs.id,
        str(control_number(group_serial)),
        date=f"{tx.now:%Y%m%d}",
        time=f"{tx.now:%H%M}",
        version=first.partner.version,
    )
    envelope = envelope_to(first.partner, serial, tx.now, is_test=first.is_test)
    written = write_interchange(envelope, [FunctionalGroup(header, tuple(sets))], notes=notes, substitute=" ")
    if isinstance(written, Problem):  # what a partner may be saved with was written once to see that it can be
        raise Refused([written])
    return written


def envelope_to(partner: Partner, serial: int, at: datetime, *, is_test: bool) -> Envelope:
    """The ISA of the n-th interchange to a partner."""
    return Envelope(
        sender=partner.ours,
        receiver=partner.theirs,
        control=f"{control_number(serial):09d}",
        date=f"{at:%y%m%d}",
        time=f"{at:%H%M}",
        usage="T" if is_test else "P",
        version=ISA_VERSIONS.get(partner.version[:3], "00401"),
        separators=partner.separators,
    )


def delivery_of(partner: Partner, message_id: UUID, type_: str, serial: int, *, again: str = "") -> Delivery:
    """How a message gets to its partner. `again`: for what it is sent once more."""
    destination = {"http": partner.send_to or "", "folder": f"folder:{partner.send_to}", "pickup": "pickup"}
    return Delivery(
        f"edi:{message_id}{':' if again else ''}{again}",
        destination[partner.send_by],
        f"edi.{type_}",
        None,
        "partner_message",
        message_id,
        {"partner": partner.code, "type": type_, "control": f"{control_number(serial):09d}"},
    )
