"""Interchanges to bytes. Counts and trailers are made here; data that would break the envelope is refused by its place."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from tradewind.channels.decide.x12.model import Envelope, FunctionalGroup, Segment, Separators, TransactionSet
from tradewind.kernel.problem import Problem

WIDTHS = ((1, 2), (2, 10), (3, 2), (4, 10), (5, 2), (6, 15), (7, 2), (8, 15), (9, 6), (10, 4))
BREAKS = ("\r", "\n")


def write_interchange(
    envelope: Envelope,
    groups: Sequence[FunctionalGroup],
    *,
    notes: Sequence[Segment] = (),
    substitute: str | None = None,
) -> bytes | Problem:
    """ISA to IEA in UTF-8, by the separators of the envelope.

    Data that contains a separator is refused (`channels.separator_in_data`), or the separator is written as `substitute`
    where one is given. `notes` are TA1 segments. Composites of a set are rewritten from its own component separator.
    """
    marks = envelope.separators
    problem = _wrong_marks(marks, substitute) or _wrong_envelope(envelope)
    if problem is not None:
        return problem
    segments: list[Segment] = [*notes]
    for group in groups:
        head = group.header
        if not head.functional_id or not head.control:
            return Problem("channels.group_header_incomplete", "A group needs its kind and a control number.", "GS")
        segments.append(("GS", head.functional_id, head.sender, head.receiver, head.date, head.time, head.control,
                         head.agency, head.version))  # fmt: skip
        for one in group.sets:
            segments.append(("ST", one.type, one.control, *([one.implementation] if one.implementation else [])))
            segments += _with_marks(one, marks, substitute)
            segments.append(("SE", str(len(one.segments) + 2), one.control))
        segments.append(("GE", str(len(group.sets)), head.control))
    segments.append(("IEA", str(len(groups)), envelope.control.zfill(9)))
    found = _written(segments, marks, substitute)
    return found if isinstance(found, Problem) else (_isa(envelope) + found).encode()


def _with_marks(one: TransactionSet, marks: Separators, substitute: str | None) -> Iterable[Segment]:
    """The set with this interchange's component separator. Where it has another of its own, ours must not be in its data."""
    own, ours = one.component, marks.component
    if own == ours:
        return one.segments
    known = [mark for mark in (ours, marks.repetition) if mark]
    return [tuple(_moved(element, own, ours, known, substitute) for element in segment) for segment in one.segments]


def _moved(element: str, own: str, ours: str, known: list[str], substitute: str | None) -> str:
    for mark in known:
        if mark in element:
            # left to be refused where it stands: doubled by a mark that no interchange can have
            element = element.replace(mark, substitute) if substitute is not None else element.replace(mark, "\x00")
    return element.replace(own, ours) if own and own in element else element


def _written(segments: Iterable[Segment], marks: Separators, substitute: str | None) -> str | Problem:
    """Segments as text, or where a separator stands in data."""
    element_mark, end, tail = marks.element, marks.segment, marks.segment + marks.newline
    written: list[str] = []
    for number, segment in enumerate(segments, 2):
        line = element_mark.join(segment)
        if line.count(element_mark) != len(segment) - 1 or end in line or "\x00" in line:
            if substitute is None:
                return _refused(segment, number, marks)
            line = element_mark.join(one.replace(element_mark, substitute).replace(end, substitute) for one in segment)
        written.append(line)
    return tail.join([*written, ""])


def _refused(segment: Segment, number: int, marks: Separators) -> Problem:
    for place, element in enumerate(segment):
        if marks.element in element or marks.segment in element or "\x00" in element:
            shown = element.replace("\x00", marks.component)
            return Problem(
                "channels.separator_in_data", f"{shown[:60]!r} contains a separator of this interchange.",
                f"segment {number} ({segment[0]}), element {place}", detail={"value": shown[:200]},
            )  # fmt: skip
    raise AssertionError("a segment without a separator in its data was refused")


def _isa(envelope: Envelope) -> str:
    marks = envelope.separators
    values = ["ISA", envelope.authorization.qualifier, envelope.authorization.id, envelope.security.qualifier,
              envelope.security.id, envelope.sender.qualifier, envelope.sender.id, envelope.receiver.qualifier,
              envelope.receiver.id, envelope.date, envelope.time, marks.repetition or envelope.standard,
              envelope.version, envelope.control.zfill(9), "1" if envelope.ack_requested else "0", envelope.usage]  # fmt: skip
    for place, width in WIDTHS:
        values[place] = values[place].ljust(width)
    return marks.element.join([*values, marks.component + marks.segment]) + marks.newline


def _wrong_envelope(envelope: Envelope) -> Problem | None:
    text = _isa(replace(envelope, separators=Separators("\x00", "", "", envelope.separators.repetition)))
    parts = text.split("\x00")
    for place, width in WIDTHS:
        if len(parts[place]) > width:
            return Problem(
                "channels.header_too_wide",
                f"{parts[place]!r} is wider than {width} characters.",
                f"ISA, element {place}",
            )
    if not envelope.control.isdecimal() or len(envelope.control) > 9:
        return Problem(
            "channels.header_too_wide", f"{envelope.control!r} is no number of nine digits.", "ISA, element 13"
        )
    marks = envelope.separators
    for place, part in enumerate(parts[1:], 1):
        if marks.element in part or marks.segment in part or any(one in part for one in BREAKS):
            return Problem("channels.separator_in_data", f"{part!r} contains a separator.", f"ISA, element {place}")
    return None


def _wrong_marks(marks: Separators, substitute: str | None) -> Problem | None:
    """Separators are one character each, all different, and none that data is made of."""
    chosen = [marks.element, marks.segment, *(one for one in (marks.component, marks.repetition) if one)]
    if any(len(one) != 1 or one.isalnum() or one == " " for one in chosen) or len(set(chosen)) != len(chosen):
        return Problem(
            "channels.separators_unfit", "Separators are single, different, and no letters, digits or blanks.", "ISA"
        )
    if marks.newline.strip("\r\n") or (substitute is not None and (substitute in chosen or len(substitute) > 1)):
        return Problem(
            "channels.separators_unfit",
            "What stands behind a segment or for a separator is no separator itself.",
            "ISA",
        )
    return None
