"""A kept document becomes orders, changes and acknowledgements: set by set, in commits of bounded size.

Whoever works holds a lease; one who is killed leaves the document to the next, who goes on behind the last commit: a set has
its outcome in the commit of its effect, under a key that admits one.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from tradewind.channels.commands import Inbound, note_outcomes, take_in
from tradewind.channels.decide.x12.acknowledge import write_ta1
from tradewind.channels.decide.x12.model import (
    Envelope,
    Fault,
    GroupEnd,
    GroupHeader,
    InterchangeEnd,
    TransactionSet,
)
from tradewind.channels.decide.x12.read import walk
from tradewind.channels.edi import sets
from tradewind.channels.edi.acks import owed_997
from tradewind.channels.edi.beside import work_beside, worth_sharing
from tradewind.channels.edi.chunk import Chunk
from tradewind.channels.edi.commands import (
    claim_work,
    finish_interchange,
    note_arrival,
    put_to_do,
    work_is_done,
)
from tradewind.channels.edi.letters import delivery_of, write_to_partners
from tradewind.channels.edi.model import Arrived, Partner
from tradewind.channels.edi.queries.inbound import (
    document_of,
    findings_of,
    highest_control,
    other_bytes,
    places_done,
    places_held,
    tallies,
)
from tradewind.channels.edi.queries.outbound import message_by_id
from tradewind.channels.edi.queries.partners import partner_between, partners_like
from tradewind.channels.edi.split import digest_of, interchanges_in
from tradewind.kernel.deliveries import put_deliveries
from tradewind.kernel.tx import Actor, Database, Tx
from tradewind.orchestration.commands.incidents import close_incidents, open_incidents

CHANNEL = "edi"
CONTENT_TYPE = "application/edi-x12"
WINDOW = timedelta(days=180)  # so long a control number means the same interchange
HALF_TURN = 500_000_000  # a number lower by more than this has wrapped
Finding = dict[str, Any]


def keep_document(
    database: Database, body: bytes, *, actor: Actor, content_type: str = CONTENT_TYPE, leased: bool = True
) -> UUID:
    """Keep the bytes, committed, before anybody is told anything; gives the document.

    `leased`: the caller works on it next; else whoever looks for work does.
    """

    def keep(tx: Tx) -> UUID:
        document_id = tx.ids.new()
        take_in(tx, [Inbound(document_id, CHANNEL, actor.principal_id, content_type, body)])
        note_outcomes(tx, [(document_id, "in_progress", None)])
        put_to_do(tx, document_id, leased=leased)
        return document_id

    return database.write(keep, actor=actor)


@dataclass(frozen=True, slots=True)
class How:
    """`only`: no other partner's interchanges are taken (a partner's own door). `mending`: what was held is tried again;
    then `forced` says that a control number that was used for other bytes is meant, `as_new` that a change or replacement
    of something we never had is to be an order."""

    only: UUID | None = None
    mending: bool = False
    forced: bool = False
    as_new: bool = False


AS_USUAL = How()


def work_on(database: Database, document_id: UUID, *, actor: Actor, how: How = AS_USUAL) -> dict[str, Any]:
    """Work a document through; gives what became of it, as it is kept with the document."""
    found = database.read(lambda reader: document_of(reader, document_id))
    if found is None:
        raise LookupError(f"no document {document_id}")
    whole = _Document(database, document_id, actor, how)
    for number, piece in enumerate(interchanges_in(found[2])):
        whole.take(piece, number)
    return whole.finish()


def work_next(database: Database, *, actor: Actor) -> bool:
    """Work on the document that waits longest, if there is one: what a killed process left, or what was only put down."""
    claimed = database.write(claim_work, actor=actor)
    if claimed is None:
        return False
    work_on(database, claimed[0], actor=actor)
    return True


@dataclass(slots=True)
class _Document:
    """One document on its way."""

    database: Database
    id: UUID
    actor: Actor
    how: How
    interchanges: list[dict[str, Any]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    pieces: int = 0

    def take(self, piece: bytes, number: int) -> None:
        """One piece of the file: usually one interchange."""
        current: _Interchange | None = None
        ordinal = 0
        for step in walk(piece):
            if isinstance(step, Envelope):
                current = self._begin(step, digest_of(piece, ordinal))
                if current is not None and not ordinal:
                    current.head_start(piece, number)
                ordinal += 1
            elif isinstance(step, Fault):
                self.findings.append(fault_json(step))
            elif isinstance(step, InterchangeEnd):
                if current is not None:
                    self.interchanges.append(current.end(step))
                current = None
            elif current is not None:
                current.take(step)

    def _begin(self, envelope: Envelope, digest: bytes) -> "_Interchange | None":
        self.pieces += 1
        place = self.pieces
        begun = self.database.write(
            lambda tx: _arrive(tx, self.id, envelope, place=place, digest=digest, how=self.how), actor=self.actor
        )
        if isinstance(begun, dict):
            self.interchanges.append(begun)
            return None
        return _Interchange(self, begun.partner, begun.arrived, envelope, begun.findings, begun.done, begun.mending)

    def finish(self) -> dict[str, Any]:
        """Say what became of the document, once all of it has its outcome."""
        results = {"interchanges": self.interchanges, "findings": self.findings[:100]}
        if not self.interchanges and not self.findings:
            self.findings.append(
                {"code": "channels.no_interchange", "severity": "error", "message": "There is no interchange in it."}
            )
            results["findings"] = self.findings
        outcome = _outcome(self.interchanges)

        def close(tx: Tx) -> None:
            note_outcomes(tx, [(self.id, outcome, results)])
            work_is_done(tx, self.id)
            if outcome == "held" or any(one["outcomes"].get("held") for one in self.interchanges):
                open_incidents(tx, [(self.id, "channels.document_held", _why_held(results))])
            else:
                close_incidents(tx, [self.id], "Nothing of the document is held any more.")

        self.database.write(close, actor=self.actor)
        return {"document": str(self.id), "outcome": outcome, **results}


def _outcome(interchanges: list[dict[str, Any]]) -> str:
    """One word for a document: what all of it became, else mixed; nothing readable in it is a rejection."""
    kinds: set[str] = set()
    for one in interchanges:
        if one["status"] == "held":
            kinds.add("held")
        elif one["status"] == "duplicate":
            kinds.add("duplicate")
        kinds |= {kind for kind, count in one["outcomes"].items() if count}
    kinds = {"rejected" if kind == "ignored" else kind for kind in kinds}
    if not kinds:
        return "held" if interchanges else "rejected"
    return kinds.pop() if len(kinds) == 1 else "mixed"


def _why_held(results: dict[str, Any]) -> str:
    texts = [one["message"] for one in results["findings"]]
    for interchange in results["interchanges"]:
        texts += [one["message"] for one in interchange["findings"]]
        if held := interchange["outcomes"].get("held"):
            texts.append(f"{held} of its sets wait for a person")
    return "; ".join(dict.fromkeys(texts)) or "Nothing of it could be understood."


@dataclass(frozen=True, slots=True)
class _Begun:
    """An interchange that is to be worked on; the sets in `done` are left alone."""

    partner: Partner
    arrived: Arrived
    findings: tuple[Finding, ...]
    done: frozenset[int]
    mending: bool = False


def _arrive(
    tx: Tx, document_id: UUID, envelope: Envelope, *, place: int, digest: bytes, how: How
) -> _Begun | dict[str, Any]:
    """Note an interchange; a report where nothing more is to be done with it."""
    partner = partner_between(tx, envelope.sender, envelope.receiver)
    if partner is None or (how.only is not None and partner.id != how.only):
        return _stranger(tx, envelope, partner)
    control = int(envelope.control) if envelope.control.isdigit() else 0
    is_test = envelope.is_test or partner.in_test
    arrived = note_arrival(tx, partner.id, document_id, place=place, control_no=control, digest=digest, is_test=is_test)
    if not arrived.is_new and (arrived.status == "done" or arrived.document_id != document_id):
        if not how.mending and arrived.document_id == document_id and arrived.place == place:
            return _through(tx, partner, arrived)
        if arrived.document_id != document_id or not how.mending:
            return _again(tx, partner, arrived, document_id)
        left = places_held(tx, arrived.id)
        return _Begun(partner, arrived, (), frozenset(places_done(tx, arrived.id) - left), mending=True)
    findings, conflict = _check_number(tx, arrived)
    if conflict and not how.forced:
        finish_interchange(tx, arrived, status="held", sets=0, findings=findings, message_id=None)
        return _report(partner.code, control, "held", findings, is_test=is_test)
    return _Begun(partner, arrived, tuple(findings), frozenset(places_done(tx, arrived.id)))


def _report(
    partner: str | None, control: int | str, status: str, findings: list[Finding], *, is_test: bool, **more: Any
) -> dict[str, Any]:
    return {
        "partner": partner, "control": f"{control:0>9}", "status": status, "test": is_test, "sets": 0, "outcomes": {},
        "acknowledgement": None, "findings": findings, **more,
    }  # fmt: skip


def _stranger(tx: Tx, envelope: Envelope, partner: Partner | None) -> dict[str, Any]:
    """From nobody we know, or through the door of another: kept, and held for a person."""
    who = f"{envelope.sender.qualifier}/{envelope.sender.id} to {envelope.receiver.qualifier}/{envelope.receiver.id}"
    if partner is not None:
        message = f"{who} is {partner.code}, whose documents do not come this way."
        finding: Finding = {"code": "channels.other_partners_door", "severity": "error", "message": message}
    else:
        near = partners_like(tx, envelope.sender, envelope.receiver)
        finding = {"code": "channels.unknown_partner", "severity": "error", "message": f"Nobody is known as {who}."}
        if near:
            finding["detail"] = {"did_you_mean": near}
    return _report(None, envelope.control, "held", [finding], is_test=envelope.is_test)


def _through(tx: Tx, partner: Partner, arrived: Arrived) -> dict[str, Any]:
    """Somebody was through with this very interchange and did not come to say what became of its document."""
    sets_, outcomes = tallies(tx, arrived.id)
    return _report(
        partner.code, arrived.control_no, "done", findings_of(tx, arrived.id), is_test=arrived.is_test, sets=sets_,
        outcomes=outcomes, acknowledgement=None if arrived.message_id is None else str(arrived.message_id),
    )  # fmt: skip


def _again(tx: Tx, partner: Partner, arrived: Arrived, document_id: UUID) -> dict[str, Any]:
    """The same interchange again has the same answer: the 997 that was given, sent once more."""
    message = None if arrived.message_id is None else message_by_id(tx, arrived.message_id)
    if message is not None:
        again = delivery_of(partner, message.id, message.type, message.serial, again=str(document_id))
        put_deliveries(tx, [again])
    finding = {
        "code": "channels.interchange_repeated",
        "severity": "info",
        "message": f"Interchange {arrived.control_no} came before, byte for byte.",
        "detail": {"document": str(arrived.document_id)},
    }
    sets_, outcomes = tallies(tx, arrived.id)
    return _report(
        partner.code, arrived.control_no, "duplicate", [finding], is_test=arrived.is_test, sets=sets_, repeated=outcomes,
        acknowledgement=None if arrived.message_id is None else str(arrived.message_id),
    )  # fmt: skip


def _check_number(tx: Tx, arrived: Arrived) -> tuple[list[Finding], bool]:
    """Numbers come one after the other and each once. A gap is said; other bytes under the same number are held."""
    since = tx.now - WINDOW
    other = other_bytes(tx, arrived.partner_id, arrived.control_no, but=arrived.id, since=since)
    if other is not None:
        message = f"Interchange {arrived.control_no} came on {other[1]:%Y-%m-%d} with other content."
        detail = {"document": str(other[0])}
        return [
            {"code": "channels.control_number_reused", "severity": "error", "message": message, "detail": detail}
        ], True
    highest = highest_control(tx, arrived.partner_id, but=arrived.id, since=since)
    if highest is None or arrived.control_no == highest + 1 or highest - arrived.control_no > HALF_TURN:
        return [], False
    if arrived.control_no > highest:
        missing = arrived.control_no - highest - 1
        message = f"{missing} interchanges between {highest} and {arrived.control_no} have not come."
        return [{"code": "channels.control_number_gap", "severity": "warning", "message": message}], False
    message = f"Interchange {arrived.control_no} comes after {highest}."
    return [{"code": "channels.control_number_back", "severity": "info", "message": message}], False


@dataclass(slots=True)
class _Interchange:
    """An interchange of a known partner while its sets are worked on."""

    document: _Document
    partner: Partner
    arrived: Arrived
    envelope: Envelope
    findings: tuple[Finding, ...]
    done: frozenset[int]
    mending: bool
    chunk: Chunk = field(init=False)
    header: GroupHeader | None = None
    groups: list[tuple[GroupHeader, tuple[Fault, ...]]] = field(default_factory=list)
    place: int = 0

    def __post_init__(self) -> None:
        document = self.document
        self.chunk = Chunk(
            self.partner, self.arrived, document.id, document.actor, mending=self.mending, as_new=document.how.as_new
        )

    def head_start(self, piece: bytes, number: int) -> None:
        """What is large and simple is worked by two; what they have done is then left alone."""
        if not self.mending and worth_sharing(self.document.database, piece):
            work_beside(self.document.database, self.chunk, piece, number)
            self.done = self.document.database.read(lambda reader: frozenset(places_done(reader, self.arrived.id)))

    def take(self, step: GroupHeader | TransactionSet | GroupEnd) -> None:
        if isinstance(step, GroupHeader):
            self.header = step
        elif isinstance(step, GroupEnd):
            self.groups.append((step.header, step.faults))
        elif self.header is not None:
            self.place += 1
            if self.place not in self.done:
                self._take_set(self.header, step)

    def _take_set(self, header: GroupHeader, one: TransactionSet) -> None:
        item = sets.read_set(self.partner, header, one, place=self.place)
        if not self.chunk.fits(item):
            self._work()
        self.chunk.items.append(item)

    def _work(self) -> None:
        chunk, self.chunk = self.chunk, self.chunk.empty()
        if chunk.items:
            sets.work_chunk(self.document.database, chunk)

    def end(self, step: InterchangeEnd) -> dict[str, Any]:
        """The rest of the sets, then the 997 and the last word about the interchange, in one commit."""
        self._work()
        findings = [*self.findings, *(fault_json(fault) for fault in step.faults)]

        def close(tx: Tx) -> dict[str, Any]:
            owed = []
            if self.partner.wants_997 and not self.mending:
                owed = owed_997(tx, self.partner, self.arrived.id, self.groups, is_test=self.arrived.is_test)
            notes = [write_ta1(step, self.partner.map)] if self.envelope.ack_requested else []
            written = write_to_partners(tx, owed, notes=notes)
            message_id = next(iter(written.values()), self.arrived.message_id)
            finish_interchange(
                tx, self.arrived, status="done", sets=self.place, findings=findings, message_id=message_id
            )
            count, outcomes = tallies(tx, self.arrived.id)
            return _report(
                self.partner.code, self.arrived.control_no, "done", findings, is_test=self.arrived.is_test, sets=count,
                outcomes=outcomes, acknowledgement=None if message_id is None else str(message_id),
            )  # fmt: skip

        return self.document.database.write(close, actor=self.document.actor)


def fault_json(fault: Fault) -> Finding:
    """A fault as it is kept and shown."""
    said: Finding = {"code": fault.code, "severity": fault.severity, "message": fault.message}
    return {**said, "where": fault.where} if fault.where else said
