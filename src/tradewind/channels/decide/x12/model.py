"""The nouns of X12: separators, envelope, groups, transaction sets as segments, and what is wrong with them.

Segments are plain tuples of strings, the segment's name first: `("PO1", "1", "5", "EA", "5.09")`. Elements are kept as
they came (composites and repetitions unsplit), so that a set which nobody here interprets is written back the same.
"""

from dataclasses import dataclass, field, replace
from typing import Literal

Segment = tuple[str, ...]
Severity = Literal["info", "warning", "error"]
Level = Literal["file", "interchange", "group", "set", "segment", "element"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a document, and where.

    `where` is for people ("set 0001, segment 7 (PO1), element 2"); the numbers are for acknowledgements: `segment_no`
    counts within the set, ST being 1; `ack_code` is the code of AK5, AK304 or AK403 (by level) that says the same, for
    a group AK905, for an interchange TA105. An error rejects what it stands on, unless the partner's map tolerates it.
    """

    code: str
    severity: Severity
    message: str
    where: str = ""
    level: Level = "file"
    ack_code: str = ""
    segment_no: int = 0
    segment_id: str = ""
    element_no: int = 0
    value: str = ""


@dataclass(frozen=True, slots=True)
class Separators:
    """What parts elements, components, repetitions and segments. Empty: the interchange has none.

    `segment` may be a line break; `newline` is what is written behind each segment for people.
    """

    element: str = "*"
    component: str = ">"
    segment: str = "~"
    repetition: str = ""
    newline: str = ""


@dataclass(frozen=True, slots=True)
class PartnerId:
    """Who sends or receives an interchange: ISA05/06 or ISA07/08, without the padding."""

    qualifier: str
    id: str


@dataclass(frozen=True, slots=True)
class Envelope:
    """The ISA segment. `date` is YYMMDD and `time` HHMM as written; `usage` is P, T or I (ISA15)."""

    sender: PartnerId
    receiver: PartnerId
    control: str
    date: str = ""
    time: str = ""
    usage: str = "P"
    version: str = "00401"
    standard: str = "U"
    ack_requested: bool = False
    authorization: PartnerId = PartnerId("00", "")
    security: PartnerId = PartnerId("00", "")
    separators: Separators = Separators()

    @property
    def is_test(self) -> bool:
        """Not for production: anything but P."""
        return self.usage != "P"


@dataclass(frozen=True, slots=True)
class GroupHeader:
    """The GS segment. `functional_id`: PO (850), PC (860), FA (997/999), PR (855), CA (865), SH (856), IN (810) …"""

    functional_id: str
    sender: str
    receiver: str
    control: str
    date: str = ""
    time: str = ""
    agency: str = "X"
    version: str = "004010"


@dataclass(frozen=True, slots=True)
class TransactionSet:
    """ST to SE: the body without both. `position` is the ordinal of the set in its file, from 1."""

    type: str
    control: str
    segments: tuple[Segment, ...]
    implementation: str = ""
    faults: tuple[Fault, ...] = field(default=(), compare=False)
    position: int = field(default=0, compare=False)
    component: str = field(default=">", compare=False)

    @property
    def is_wrong(self) -> bool:
        """It has an error: without a map that tolerates it, it is rejected (AK5 R)."""
        return any(fault.severity == "error" for fault in self.faults)

    def also(self, *faults: Fault) -> "TransactionSet":
        """The same set with more faults."""
        return replace(self, faults=(*self.faults, *faults)) if faults else self


@dataclass(frozen=True, slots=True)
class FunctionalGroup:
    """GS to GE."""

    header: GroupHeader
    sets: tuple[TransactionSet, ...] = ()
    faults: tuple[Fault, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Interchange:
    """ISA to IEA. `notes` are the TA1 segments between ISA and the first group."""

    envelope: Envelope
    groups: tuple[FunctionalGroup, ...] = ()
    notes: tuple[Segment, ...] = ()
    faults: tuple[Fault, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Reading:
    """A file: its interchanges, and the faults that belong to none of them."""

    interchanges: tuple[Interchange, ...] = ()
    faults: tuple[Fault, ...] = ()

    @property
    def all_faults(self) -> tuple[Fault, ...]:
        """Those of the file, of each interchange, group and set, in the order of the file."""
        found = list(self.faults)
        for interchange in self.interchanges:
            found += interchange.faults
            for group in interchange.groups:
                found += group.faults
                for one in group.sets:
                    found += one.faults
        return tuple(found)


# What `walk` yields, in the order of the file: an envelope, headers, sets, and the ends with their faults.


@dataclass(frozen=True, slots=True)
class GroupEnd:
    """A group is over, with or without its GE."""

    header: GroupHeader
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class InterchangeEnd:
    """An interchange is over, with or without its IEA."""

    envelope: Envelope
    notes: tuple[Segment, ...] = ()
    faults: tuple[Fault, ...] = ()


Step = Envelope | GroupHeader | TransactionSet | GroupEnd | InterchangeEnd | Fault
