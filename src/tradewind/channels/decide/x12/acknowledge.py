"""997 and 999: what we found wrong with a group as an acknowledgement, written and read; TA1 for the interchange."""

from collections.abc import Iterator
from itertools import groupby

from tradewind.channels.decide.x12.build import made_set, segment
from tradewind.channels.decide.x12.documents import (
    ElementError,
    GroupAcknowledgement,
    SegmentError,
    SetAcknowledgement,
)
from tradewind.channels.decide.x12.elements import at
from tradewind.channels.decide.x12.maps import DEFAULT, PartnerMap
from tradewind.channels.decide.x12.model import (
    Envelope,
    Fault,
    FunctionalGroup,
    InterchangeEnd,
    Segment,
    TransactionSet,
)

REASONS, ERRORS = 5, 20  # AK502-06, and AK3 segments we write for one set
GROUP_CODES, SET_CODES = frozenset("AEPRMWX"), frozenset("AERMWX")
REJECTING = frozenset("RMWX")


def wants_acknowledgement(group: FunctionalGroup) -> bool:
    """Acknowledgements are not acknowledged."""
    return group.header.functional_id != "FA"


def is_accepted(given: TransactionSet, map_: PartnerMap = DEFAULT) -> bool:
    """No error that this partner's map does not tolerate."""
    return not any(fault.severity == "error" and fault.code not in map_.tolerated for fault in given.faults)


def acknowledge_group(group: FunctionalGroup, map_: PartnerMap = DEFAULT) -> GroupAcknowledgement:
    """A, E or R for each set by its faults (add those of its content first, with `set.also(*order.faults)`).

    A set with an error is rejected, one with a fault that the standard has a code for is accepted with errors noted;
    whatever is wrong with the group itself is noted and rejects no set.
    """
    sets = tuple(_of_set(one, map_) for one in group.sets)
    accepted = sum(one.code != "R" for one in sets)
    reasons = tuple(dict.fromkeys(fault.ack_code for fault in group.faults if fault.ack_code))[:REASONS]
    if accepted == 0:
        code = "R"
    elif accepted < len(sets):
        code = "P"
    else:
        code = "E" if reasons or any(one.code == "E" for one in sets) else "A"
    said = next((fault.value for fault in group.faults if fault.code == "channels.set_count_differs"), "")
    included = int(said) if said.isdecimal() and len(said) <= 6 else len(sets)
    return GroupAcknowledgement(
        group.header.functional_id, group.header.control, code, sets, included, len(sets), accepted, reasons
    )


def _of_set(given: TransactionSet, map_: PartnerMap) -> SetAcknowledgement:
    noted = [
        fault for fault in given.faults if fault.severity != "info" and (fault.ack_code or fault.severity == "error")
    ]
    if not noted:
        return SetAcknowledgement(given.type, given.control, "A")
    code = "E" if is_accepted(given, map_) else "R"
    of_set = [fault.ack_code or "5" for fault in noted if fault.level == "set"]
    detailed = sorted(
        (fault for fault in noted if fault.level in ("segment", "element")), key=lambda one: one.segment_no
    )
    reasons = tuple(dict.fromkeys([*of_set, *(["5"] if detailed else [])]))[:REASONS]
    errors: list[SegmentError] = []
    for number, faults in groupby(detailed, key=lambda one: one.segment_no):
        found = list(faults)
        elements = tuple(
            ElementError(str(fault.element_no), fault.ack_code or "7", value=fault.value[:99])
            for fault in found
            if fault.level == "element"
        )
        of_segment = next((fault.ack_code for fault in found if fault.level == "segment" and fault.ack_code), "")
        errors.append(SegmentError(found[0].segment_id, number, of_segment or "8", "", elements))
    return SetAcknowledgement(given.type, given.control, code, reasons, tuple(errors[:ERRORS]))


# ---- writing -----------------------------------------------------------------------------------------------------


def write_997(given: GroupAcknowledgement, control: str) -> TransactionSet:
    """The acknowledgement as a set for a group FA."""
    return made_set("997", control, _ak(given))


def _ak(given: GroupAcknowledgement) -> Iterator[Segment]:
    yield segment("AK1", given.functional_id, given.control, given.version)
    for one in given.sets:
        yield segment("AK2", one.type, one.control)
        for error in one.errors:
            yield segment("AK3", error.segment_id, error.position, error.loop, error.code)
            for element in error.elements:
                yield segment("AK4", element.position, element.reference, element.code, element.value)
        yield segment("AK5", one.code, *one.reasons)
    yield segment("AK9", given.code, given.included, given.received, given.accepted, *given.reasons)


def write_ta1(given: InterchangeEnd, map_: PartnerMap = DEFAULT) -> Segment:
    """TA1 for an interchange: its control number, date and time, A, E or R, and the note code (000: no error)."""
    envelope: Envelope = given.envelope
    errors = [fault for fault in given.faults if fault.severity == "error"]
    code = "A" if not errors else "E" if all(fault.code in map_.tolerated for fault in errors) else "R"
    note = next(
        (fault.ack_code for fault in errors if fault.level == "interchange" and fault.ack_code),
        "000" if not errors else "024",
    )
    return ("TA1", envelope.control, envelope.date, envelope.time, code, note)


# ---- reading -----------------------------------------------------------------------------------------------------


def read_acknowledgement(given: TransactionSet) -> GroupAcknowledgement:
    """A 997 or 999. Its faults say what cannot be read, and, as warnings, what the partner rejects."""
    reader = _Reader(given)
    for number, one in enumerate(given.segments, 2):
        reader.take(number, one)
    return reader.result()


class _Reader:
    """AK1, then (AK2, (AK3, AK4*)*, AK5)*, then AK9; IK for AK in a 999."""

    def __init__(self, given: TransactionSet) -> None:
        self.given = given
        self.group: Segment = ()
        self.end: Segment = ()
        self.sets: list[SetAcknowledgement] = []
        self.open: Segment = ()
        self.errors: list[SegmentError] = []
        self.faults: list[Fault] = []

    def take(self, number: int, one: Segment) -> None:
        """The next segment."""
        name = one[0].replace("IK", "AK") if given_999(self.given) else one[0]
        if name == "AK1":
            self.group = one
            self.expect(number, one, 1, alphabetic=True)
        elif name == "AK2":
            self.open, self.errors = one, []
        elif name == "AK3":
            self.expect(number, one, 2)
            position = at(one, 2)
            place = int(position) if position.isdecimal() and len(position) < 10 else 0
            self.errors.append(SegmentError(at(one, 1), place, at(one, 4), at(one, 3)))
        elif name == "AK4" and self.errors:
            last = self.errors[-1]
            reference = at(one, 2)
            if reference and not reference.isdecimal():
                self.wrong(number, one, 2, f"{reference!r} is no element number.")
            element = ElementError(at(one, 1), at(one, 3), reference, at(one, 4))
            self.errors[-1] = SegmentError(
                last.segment_id, last.position, last.code, last.loop, (*last.elements, element)
            )
        elif name == "AK5":
            self.close(number, one)
        elif name == "AK9":
            self.end = one

    def expect(self, number: int, one: Segment, place: int, *, alphabetic: bool = False) -> None:
        value = at(one, place)
        if alphabetic and (len(value) != 2 or not value.isalnum()):
            self.wrong(number, one, place, f"{value!r} is no kind of group.")
        elif not alphabetic and not value.isdecimal():
            self.wrong(number, one, place, f"{value!r} is no number.")

    def wrong(self, number: int, one: Segment, place: int, message: str) -> None:
        where = f"set {self.given.control}, segment {number} ({one[0]}), element {place}"
        self.faults.append(Fault("channels.code_unknown", "error", message, where, "element", "7", number, one[0], place,
                                 at(one, place)))  # fmt: skip

    def close(self, number: int, one: Segment) -> None:
        code = at(one, 1)
        if code not in SET_CODES:
            self.wrong(number, one, 1, f"{code!r} is no acknowledgement code.")
        type_, control = at(self.open, 1), at(self.open, 2)
        reasons = tuple(value for value in (at(one, place) for place in range(2, 7)) if value)
        self.sets.append(SetAcknowledgement(type_, control, code, reasons, tuple(self.errors)))
        if code in REJECTING:
            self.faults.append(Fault("channels.set_rejected_by_partner", "warning", f"The partner rejects set {control} ({type_}).",
                                     f"set {self.given.control}, segment {number} ({one[0]})", "set", segment_no=number,
                                     segment_id=one[0], value=control))  # fmt: skip
        self.open, self.errors = (), []

    def result(self) -> GroupAcknowledgement:
        if not self.group or not self.end:
            missing = "AK1" if not self.group else "AK9"
            self.faults.append(Fault("channels.segment_missing", "error", f"{missing} is missing.", f"set {self.given.control}",
                                     "segment", "3", 2, missing))  # fmt: skip
        counts = [
            int(text) if text.isdecimal() and len(text) < 10 else 0 for text in (at(self.end, n) for n in (2, 3, 4))
        ]
        code = at(self.end, 1)
        number = len(self.given.segments) + 1
        if self.end and code not in GROUP_CODES:
            self.wrong(number, self.end, 1, f"{code!r} is no acknowledgement code.")
        elif code in REJECTING or code == "P":
            message = f"The partner rejects {'a part of ' if code == 'P' else ''}group {at(self.group, 2)} ({at(self.group, 1)})."
            self.faults.append(Fault("channels.group_rejected_by_partner", "warning", message, f"set {self.given.control}",
                                     "set", value=at(self.group, 2)))  # fmt: skip
        if self.end and code in REJECTING and counts[2]:
            self.faults.append(Fault("channels.acknowledgement_contradicts_itself", "warning",
                                     f"AK9 says rejected and {counts[2]} sets accepted.", f"set {self.given.control}",
                                     "set"))  # fmt: skip
        reasons = tuple(value for value in (at(self.end, place) for place in range(5, 10)) if value)
        return GroupAcknowledgement(
            at(self.group, 1), at(self.group, 2), code, tuple(self.sets), counts[0], counts[1], counts[2], reasons,
            at(self.group, 3), tuple(self.faults),
        )  # fmt: skip


def given_999(given: TransactionSet) -> bool:
    """Whether the segments are those of a 999."""
    return given.type == "999"
