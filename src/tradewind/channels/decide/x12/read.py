"""Interchanges, groups and sets out of segments. Wrong counts and control numbers are faults; a bad set rejects itself.

`walk` gives one thing after the other and holds one set at a time; `read_interchanges` gives the whole file.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import BinaryIO

from tradewind.channels.decide.x12.kinds import functional_id_of
from tradewind.channels.decide.x12.model import (
    Envelope,
    Fault,
    FunctionalGroup,
    GroupEnd,
    GroupHeader,
    Interchange,
    InterchangeEnd,
    Level,
    Reading,
    Segment,
    Severity,
    Step,
    TransactionSet,
)
from tradewind.channels.decide.x12.scan import NEXT_SEGMENT, scan

SET_SEGMENTS = 200_000
WHOLE_SEGMENTS = 1_000_000
FAULTS = 1_000  # kept of one group or interchange; of the frame of a file, the rest of which is then not read
CONTROLS = frozenset(("ST", "SE", "GS", "GE", "IEA", "TA1"))
NAME = re.compile(NEXT_SEGMENT)


def read_interchanges(data: bytes) -> Reading:
    """All interchanges of a file of up to `WHOLE_SEGMENTS` segments; a longer one is for `walk`."""
    interchanges: list[Interchange] = []
    faults: list[Fault] = []
    groups: list[FunctionalGroup] = []
    sets: list[TransactionSet] = []
    segments = 0
    for step in walk(data):
        if isinstance(step, TransactionSet):
            sets.append(step)
            segments += len(step.segments) + 2
            if segments > WHOLE_SEGMENTS:
                faults.append(
                    Fault("channels.too_long", "error", f"More than {WHOLE_SEGMENTS} segments; send it in parts.")
                )
                break
        elif isinstance(step, GroupEnd):
            groups.append(FunctionalGroup(step.header, tuple(sets), step.faults))
            sets = []
        elif isinstance(step, InterchangeEnd):
            interchanges.append(Interchange(step.envelope, tuple(groups), step.notes, step.faults))
            groups = []
        elif isinstance(step, Fault):
            faults.append(step)
    return Reading(tuple(interchanges), tuple(faults))


def walk(source: bytes | BinaryIO) -> Iterator[Step]:
    """The file in order: Envelope, (GroupHeader, sets, GroupEnd)*, InterchangeEnd; faults of the file between them.

    Every set is closed when it is yielded, so whoever consumes may answer each at once. Memory is one set.
    """
    state = _State()
    for found in scan(source):
        if isinstance(found, list):
            for segment in found:
                name = segment[0]
                if name not in CONTROLS:
                    if state.is_open:
                        state.body.append(segment)
                    else:
                        state.stray(segment)
                else:
                    yield from state.control(segment)
                    if state.broken > FAULTS:
                        break
            if len(state.body) > SET_SEGMENTS:
                state.shorten()
                break
        elif isinstance(found, Envelope):
            yield from state.end_interchange(None)
            state.envelope = found
            yield found
        elif found.level == "set" and state.is_open:
            state.faults.append(replace(found, where=state.place, segment_no=len(state.body) + 2))
        elif found.level == "set" and state.envelope is not None:
            state.note(found)
        else:
            yield found
        if state.broken > FAULTS:
            break
    else:
        yield from state.end_interchange(None)
        return
    yield from state.end_interchange(None)
    yield Fault("channels.too_many_faults", "error", "Too much is wrong, or a set is too long; the rest is not read.")


@dataclass(slots=True)
class _State:
    """What is open: an interchange, a group in it, a set in that."""

    broken: int = 0
    envelope: Envelope | None = None
    header: GroupHeader | None = None
    groups: int = 0
    sets: int = 0
    sets_read: int = 0
    notes: list[Segment] = field(default_factory=list)
    interchange_faults: list[Fault] = field(default_factory=list)
    group_faults: list[Fault] = field(default_factory=list)
    is_open: bool = False
    type: str = ""
    set_control: str = ""
    implementation: str = ""
    body: list[Segment] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    controls: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)

    @property
    def place(self) -> str:
        """The set as people find it."""
        return f"set {self.set_control or self.sets_read}"

    def control(self, segment: Segment) -> Iterator[Step]:
        """One of ST, SE, GS, GE, IEA, TA1."""
        name = segment[0]
        if name == "ST":
            yield from self.end_set(None)
            yield from self.open_set(segment)
        elif name == "SE":
            if self.is_open:
                yield from self.end_set(segment)
            else:
                self.stray(segment)
        elif name == "GS":
            yield from self.end_group(None)
            yield self.open_group(segment)
        elif name == "GE":
            if self.header is not None:
                yield from self.end_group(segment)
            else:
                self.stray(segment)
        elif name == "IEA":
            yield from self.end_interchange(segment)
        else:
            self.notes.append(segment)

    def stray(self, segment: Segment) -> None:
        """A segment outside any set."""
        self.note(Fault("channels.segment_outside_set", "error", f"The segment {segment[0][:20]!r} stands in no set.",
                        level="group", segment_id=segment[0][:20]))  # fmt: skip

    def note(self, fault: Fault) -> None:
        """A fault of the open group, else of the interchange."""
        self.broken += 1
        kept = self.interchange_faults if self.header is None else self.group_faults
        if len(kept) < FAULTS:
            kept.append(fault)

    def shorten(self) -> None:
        """A set beyond the bound: what is over is let go, and the set is wrong."""
        if not any(fault.code == "channels.set_too_long" for fault in self.faults):
            self.faults.append(
                self.fault("channels.set_too_long", f"It has more than {SET_SEGMENTS} segments.", ack="5")
            )
        del self.body[SET_SEGMENTS:]

    def fault(
        self, code: str, message: str, *, ack: str, severity: Severity = "error", level: Level = "set", value: str = ""
    ) -> Fault:
        """A fault of the open set."""
        return Fault(code, severity, message, self.place, level, ack, value=value)

    # ---- sets

    def open_set(self, segment: Segment) -> Iterator[Step]:
        if self.header is None:
            self.header = GroupHeader("", "", "", "")
            self.groups += 1
            yield self.header
            self.note(Fault("channels.group_header_missing", "error", "A set stands outside any group.", level="group"))
        self.is_open = True
        self.sets += 1
        self.sets_read += 1
        self.type, self.set_control, self.implementation = _values(segment, 1, 2, 3)
        if not self.type.isalnum() or len(self.type) != 3:
            self.faults.append(
                self.fault("channels.set_type_unknown", f"ST01 is {self.type!r}.", ack="6", value=self.type)
            )
        elif self.header.functional_id and functional_id_of(self.type) not in ("", self.header.functional_id):
            message = f"A {self.type} does not belong into a group {self.header.functional_id}."
            self.faults.append(self.fault("channels.set_in_other_group", message, ack="6", severity="warning"))
        if not self.set_control:
            self.faults.append(
                self.fault("channels.set_control_missing", "ST02, the control number, is missing.", ack="7")
            )
        elif self.set_control in self.controls:
            message = f"The control number {self.set_control} is used twice in this group."
            self.broken += 1
            self.faults.append(self.fault("channels.set_control_repeated", message, ack="23", value=self.set_control))
        self.controls.add(self.set_control)

    def end_set(self, trailer: Segment | None) -> Iterator[TransactionSet]:
        if not self.is_open:
            return
        if trailer is None:
            self.broken += 1
            self.faults.append(self.fault("channels.set_trailer_missing", "The set has no end (SE).", ack="2"))
        else:
            counted = len(self.body) + 2
            said, control = _values(trailer, 1, 2)
            if not _same(said, str(counted)):
                message = f"SE says {said or 'nothing'}, the set has {counted} segments."
                self.faults.append(self.fault("channels.segment_count_differs", message, ack="4", value=said))
            if not _same(control, self.set_control):
                message = f"ST says {self.set_control}, SE {control or 'nothing'}."
                self.faults.append(self.fault("channels.set_control_differs", message, ack="3", value=control))
        self.check_names()
        yield TransactionSet(
            self.type, self.set_control, tuple(self.body), self.implementation, tuple(self.faults), self.sets_read,
            self.envelope.separators.component if self.envelope else "",
        )  # fmt: skip
        self.body, self.faults, self.is_open = [], [], False

    def check_names(self) -> None:
        """Names that are no names of segments; those once found right are remembered for the whole file."""
        for name in {segment[0] for segment in self.body} - self.names:
            if NAME.fullmatch(name):
                self.names.add(name)
                continue
            at = next(index for index, segment in enumerate(self.body, 2) if segment[0] == name)
            self.faults.append(Fault("channels.segment_unknown", "error", f"{name[:20]!r} is no name of a segment.",
                                     f"{self.place}, segment {at}", "segment", "1", at, name[:3]))  # fmt: skip

    # ---- groups and interchanges

    def open_group(self, segment: Segment) -> GroupHeader:
        name, sender, receiver, day, time, control, agency, version = _values(segment, 1, 2, 3, 4, 5, 6, 7, 8)
        self.header = GroupHeader(name, sender, receiver, control, day, time, agency, version)
        self.groups += 1
        if not name or not control:
            self.note(Fault("channels.group_header_unreadable", "error", "GS lacks its kind or control number.",
                            f"group {control}", "group", "6"))  # fmt: skip
        return self.header

    def end_group(self, trailer: Segment | None) -> Iterator[Step]:
        yield from self.end_set(None)
        if self.header is None:
            return
        where = f"group {self.header.control}"
        if trailer is None:
            self.note(
                Fault("channels.group_trailer_missing", "error", "The group has no end (GE).", where, "group", "3")
            )
        else:
            said, control = _values(trailer, 1, 2)
            if not _same(said, str(self.sets)):
                message = f"GE says {said or 'nothing'}, the group has {self.sets} sets."
                self.note(Fault("channels.set_count_differs", "error", message, where, "group", "5", value=said))
            if not _same(control, self.header.control):
                message = f"GS says {self.header.control}, GE {control or 'nothing'}."
                self.note(Fault("channels.group_control_differs", "error", message, where, "group", "4", value=control))
        yield GroupEnd(self.header, tuple(self.group_faults))
        self.header, self.group_faults, self.sets, self.controls = None, [], 0, set()

    def end_interchange(self, trailer: Segment | None) -> Iterator[Step]:
        if self.envelope is None:
            return
        yield from self.end_group(None)
        where, kept = f"interchange {self.envelope.control}", self.interchange_faults
        if trailer is None:
            self.broken += 1
            kept.append(Fault("channels.interchange_trailer_missing", "error", "The interchange has no end (IEA).", where,
                              "interchange", "023"))  # fmt: skip
        else:
            said, control = _values(trailer, 1, 2)
            if not _same(said, str(self.groups)):
                message = f"IEA says {said or 'nothing'}, the interchange has {self.groups} groups."
                kept.append(Fault("channels.group_count_differs", "error", message, where, "interchange", "021"))
            if not _same(control, self.envelope.control):
                message = f"ISA says {self.envelope.control}, IEA {control or 'nothing'}."
                kept.append(
                    Fault("channels.interchange_control_differs", "error", message, where, "interchange", "001")
                )
        yield InterchangeEnd(self.envelope, tuple(self.notes), tuple(kept))
        self.envelope, self.notes, self.interchange_faults, self.groups = None, [], [], 0


def _values(segment: Segment, *places: int) -> tuple[str, ...]:
    """Elements without the blanks around them; "" where the segment is too short."""
    return tuple(segment[place].strip() if place < len(segment) else "" for place in places)


def _same(said: str, known: str) -> bool:
    """Control numbers and counts are numbers: leading zeros say nothing."""
    return said == known or (said.isdecimal() and known.isdecimal() and said.lstrip("0") == known.lstrip("0"))
