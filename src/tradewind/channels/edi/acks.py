"""997s: ours for what came in, theirs for what we sent, and those that never came."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from typing import Any
from uuid import UUID

from tradewind.channels.decide.x12.acknowledge import acknowledge_group, read_acknowledgement
from tradewind.channels.decide.x12.documents import (
    ElementError,
    GroupAcknowledgement,
    SegmentError,
    SetAcknowledgement,
)
from tradewind.channels.decide.x12.model import Fault, FunctionalGroup, GroupHeader, TransactionSet
from tradewind.channels.edi.commands import mark_missed, note_verdicts
from tradewind.channels.edi.letters import FUNCTIONAL_IDS
from tradewind.channels.edi.model import OwedSet, Partner
from tradewind.channels.edi.queries.inbound import outcomes_of
from tradewind.channels.edi.queries.outbound import messages_in_group, unacknowledged
from tradewind.kernel.tx import Event, Reader, Tx
from tradewind.orchestration.commands.incidents import close_incidents, open_incidents

VERDICTS = {"A": "accepted", "E": "with_errors", "P": "with_errors"}
MISSED_AT_ONCE = 100
ACKNOWLEDGEMENTS = ("997", "999")


def acknowledge_set(header: GroupHeader, one: TransactionSet, partner: Partner) -> SetAcknowledgement:
    """What our 997 says of a set: A, E or R, with its errors."""
    return acknowledge_group(FunctionalGroup(header, (one,)), partner.map).sets[0]


def owed_997(
    reader: Reader,
    partner: Partner,
    interchange_id: UUID,
    groups: Iterable[tuple[GroupHeader, Sequence[Fault]]],
    *,
    is_test: bool,
) -> list[OwedSet]:
    """The 997 of each group, from what became of its sets. Acknowledgements are not acknowledged."""
    by_group: dict[str, list[SetAcknowledgement]] = {}
    for _, type_, group_no, _, set_no, verdict, _, ack in outcomes_of(reader, interchange_id):
        by_group.setdefault(group_no, []).append(_kept(type_, set_no, verdict, ack))
    owed: list[OwedSet] = []
    for place, (header, faults) in enumerate(groups):
        if header.functional_id == "FA":
            continue
        content = _of_group(header, by_group.get(header.control, []), faults)
        key = f"997:{interchange_id}:{place}"
        owed.append(OwedSet(partner, "997", "FA", key, "partner_interchange", interchange_id, None, is_test, content))
    return owed


def _kept(type_: str, set_no: str, verdict: str, ack: dict[str, Any] | None) -> SetAcknowledgement:
    if ack is None:
        return SetAcknowledgement(type_, set_no, verdict)
    errors = tuple(
        SegmentError(
            one["segment_id"], one["position"], one["code"], one["loop"],
            tuple(ElementError(**element) for element in one["elements"]),
        )
        for one in ack["errors"]
    )  # fmt: skip
    return SetAcknowledgement(type_, set_no, verdict, tuple(ack["reasons"]), errors)


def _of_group(header: GroupHeader, sets: Sequence[SetAcknowledgement], faults: Sequence[Fault]) -> GroupAcknowledgement:
    """Every set stands for itself: what is wrong with the group's trailer is said, and rejects none of them."""
    empty = acknowledge_group(FunctionalGroup(header, (), tuple(faults)))
    accepted = sum(1 for one in sets if one.code != "R")
    if not accepted:
        code = "R"
    elif accepted < len(sets):
        code = "P"
    else:
        code = "E" if empty.reasons or any(one.code == "E" for one in sets) else "A"
    included = empty.included or len(sets)
    return replace(empty, code=code, sets=tuple(sets), included=included, received=len(sets), accepted=accepted)


# ---- theirs ------------------------------------------------------------------------------------------------------


def take_acknowledgement(tx: Tx, partner: Partner, one: TransactionSet) -> list[dict[str, Any]]:
    """Note what a partner's 997 says of our sets; findings where it names something we never sent, or rejects something."""
    said = read_acknowledgement(one)
    ours = messages_in_group(tx, partner.id, said.control, _types(said.functional_id))
    if not ours:
        message = f"The {one.type} names group {said.functional_id} {said.control}, which we never sent."
        return [{"code": "channels.acknowledges_nothing", "severity": "warning", "message": message, "where": "AK1"}]
    named = {ack.control.lstrip("0"): ack for ack in said.sets}
    verdicts: list[tuple[UUID, int, str, dict[str, Any] | None]] = []
    findings: list[dict[str, Any]] = []
    for message_id, place, set_no, type_ in ours:
        ack = named.pop(set_no.lstrip("0"), None)
        if ack is None and named:
            continue  # it speaks of others of the group
        code = ack.code if ack is not None else said.code
        if ack is None and said.sets:
            continue
        verdict = VERDICTS.get(code, "rejected")
        verdicts.append((message_id, place, verdict, asdict(ack) if ack is not None else {"group": said.code}))
        if verdict == "rejected":
            text = f"{partner.code} rejected our {type_} {set_no}: {_why(ack, said)}"
            findings.append(
                {"code": "channels.rejected_by_partner", "severity": "warning", "message": text, "where": "AK5"}
            )
    note_verdicts(tx, verdicts)
    _speak(tx, partner, verdicts, findings)
    return findings


def _types(functional_id: str) -> list[str]:
    return [type_ for type_, one in FUNCTIONAL_IDS.items() if one == functional_id]


def _why(ack: SetAcknowledgement | None, said: GroupAcknowledgement) -> str:
    if ack is None:
        return f"the whole group {said.control} ({', '.join(said.reasons) or said.code})"
    errors = [f"{one.segment_id} at {one.position}" for one in ack.errors[:3]]
    return ", ".join([*errors, *(f"reason {one}" for one in ack.reasons)]) or "no reason given"


def _speak(
    tx: Tx, partner: Partner, verdicts: Sequence[tuple[UUID, int, str, Any]], findings: Sequence[dict[str, Any]]
) -> None:
    """A missed acknowledgement that came late is no trouble any more; a rejection is."""
    messages = sorted({message_id for message_id, _, _, _ in verdicts})
    close_incidents(tx, messages, "The acknowledgement came.")
    rejected = sorted({message_id for message_id, _, verdict, _ in verdicts if verdict == "rejected"})
    if rejected:
        text = "; ".join(one["message"] for one in findings)
        open_incidents(tx, [(one, "channels.rejected_by_partner", text) for one in rejected])
    for message_id in messages:
        worst = "rejected" if message_id in rejected else "accepted"
        tx.emit(
            Event(
                "partner_message.acknowledged",
                "partner_message",
                message_id,
                {"partner": partner.code, "verdict": worst},
            )
        )


def find_missing(tx: Tx) -> int:
    """What was sent and should have been acknowledged by now is an incident; gives how many are new."""
    missing = unacknowledged(tx, until=tx.now, limit=MISSED_AT_ONCE)
    mark_missed(tx, [message_id for message_id, _, _, _ in missing])
    open_incidents(
        tx,
        [
            (message_id, "channels.no_acknowledgement", f"{code} has not acknowledged our {type_} {control} in time.")
            for message_id, code, type_, control in missing
        ],
    )
    return len(missing)
