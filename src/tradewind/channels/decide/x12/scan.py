"""Bytes to segments: byte order marks, any separators, white space, unpadded and wrapped headers, missing terminators.

`scan` works on pieces of the source, so that its memory does not grow with the file: what it holds is one piece and the
segment that is not complete yet. Bounds are named; passing one ends the file with a fault.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from tradewind.channels.decide.x12.model import Envelope, Fault, PartnerId, Segment, Separators

PIECE_BYTES = 1 << 18
ISA_CHARS = 512  # an ISA is 106 characters; unpadded ones are shorter, foreign blanks make longer ones
SEGMENT_CHARS = 1 << 16
BLANKS = " \t\r\n\x0b\x0c\x1a\xa0\ufeff\u200b"
NEXT_SEGMENT = r"[A-Z][A-Z0-9]{1,2}"
EMPTY_IN_A_ROW = 1_000
BAD_STARTS = 200

Scanned = Envelope | Fault | list[Segment]


@dataclass(slots=True)
class _Text:
    """What has been decoded and not yet cut: `text` from `at` on."""

    pieces: Iterator[str]
    text: str = ""
    at: int = 0
    is_wrapped: bool = False

    def more(self) -> bool:
        """Take in the next piece; False at the end of the source."""
        piece = next(self.pieces, None)
        if piece is None:
            return False
        self.text = self.text[self.at :] + (_unwrapped(piece) if self.is_wrapped else piece)
        self.at = 0
        return True

    def fill(self, wanted: int) -> None:
        while len(self.text) - self.at < wanted and self.more():
            pass

    def unwrap(self) -> None:
        """From here on line breaks mean nothing: somebody broke the lines at a fixed width."""
        self.text, self.at, self.is_wrapped = _unwrapped(self.text[self.at :]), 0, True

    def drop(self) -> None:
        """Read no further."""
        self.text, self.at, self.pieces = "", 0, iter(())


def scan(source: bytes | BinaryIO) -> Iterator[Scanned]:
    """Envelopes, the segments that follow each (in lists, the IEA among them), and faults of the file."""
    text = _Text(_decoded(source))
    bad_starts = found = 0
    while True:
        text.fill(ISA_CHARS)
        skipped = _skip_blanks(text)
        if not skipped:
            if not found:
                yield Fault("channels.empty", "error", "The file is empty.")
            return
        found += 1
        if text.text.startswith("ISA", text.at):
            envelope = _envelope(text)
            if isinstance(envelope, Envelope):
                yield envelope
                yield from _body(text, envelope.separators)
                continue
            yield envelope
        else:
            yield _outside(text.text[text.at : text.at + 20], first=found == 1)
        bad_starts += 1
        if bad_starts > BAD_STARTS:
            yield Fault(
                "channels.too_many_faults", "error", f"More than {BAD_STARTS} places are no X12; the rest is not read."
            )
            text.drop()
        elif not _to_next_start(text):
            return


def _outside(seen: str, *, first: bool) -> Fault:
    if first:
        return Fault("channels.not_x12", "error", f"An interchange begins with ISA, this with {seen!r}.")
    return Fault("channels.outside_interchange", "error", f"{seen!r} stands outside any interchange.")


def _decoded(source: bytes | BinaryIO) -> Iterator[str]:
    """Text of the source, piece by piece, without NULs: UTF-8 (or UTF-16 by its mark), Latin-1 from the first byte that is
    none."""
    pieces = _pieces(source)
    first = next(pieces, b"")
    codec = "utf-16" if first.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"
    decoder = codecs.getincrementaldecoder(codec)("replace" if codec == "utf-16" else "strict")
    piece: bytes | None = first
    while piece is not None:
        pending = decoder.getstate()[0]
        try:
            text = decoder.decode(piece)
        except UnicodeDecodeError:
            text = (pending + piece).decode("latin-1")
            decoder = codecs.getincrementaldecoder("latin-1")()
        yield text.replace("\x00", "") if "\x00" in text else text
        piece = next(pieces, None)
    yield decoder.getstate()[0].decode("latin-1").replace("\x00", "")


def _pieces(source: bytes | BinaryIO) -> Iterator[bytes]:
    if isinstance(source, bytes):
        for start in range(0, len(source), PIECE_BYTES):
            yield source[start : start + PIECE_BYTES]
    else:
        while piece := source.read(PIECE_BYTES):
            yield piece


def _unwrapped(text: str) -> str:
    return text.replace("\r", "").replace("\n", "")


def _skip_blanks(text: _Text) -> bool:
    """To the next character that is no blank; False at the end."""
    while True:
        rest = text.text[text.at : text.at + ISA_CHARS]
        blank = len(rest) - len(rest.lstrip(BLANKS))
        text.at += blank
        if blank < len(rest):
            text.fill(ISA_CHARS)
            return True
        if text.at >= len(text.text) and not text.more():
            return False


def _to_next_start(text: _Text) -> bool:
    """To the next `ISA` that could begin an interchange; False if there is none."""
    text.at += 1
    while True:
        at = text.text.find("ISA", text.at)
        if at >= 0:
            text.at = at
            text.fill(4)
            mark = text.text[text.at + 3 : text.at + 4]
            if mark and not mark.isalnum() and mark != " ":
                return True
            text.at += 3
            continue
        text.at = max(text.at, len(text.text) - 2)
        if not text.more():
            return False


# ---- the header --------------------------------------------------------------------------------------------------


def _envelope(text: _Text) -> Envelope | Fault:
    """The ISA at this place, by its separators rather than by its widths; the text is then behind its terminator."""
    element = text.text[text.at + 3 : text.at + 4]
    if not element or element.isalnum() or element in " \r\n":
        return _bad_header("no element separator follows ISA")
    if "\n" in "".join(text.text[text.at : text.at + ISA_CHARS].split(element, 16)[:16]):
        text.unwrap()
        text.fill(ISA_CHARS)
    parts = text.text[text.at : text.at + ISA_CHARS].split(element, 16)
    if len(parts) < 17 or not parts[16]:
        return _bad_header("it has less than 16 elements")
    head = [part.strip(BLANKS) for part in parts[:16]]
    if not (head[9].isdecimal() or not head[9]) or len(head[1]) > 2 or len(head[15]) > 1 or not head[13]:
        return _bad_header("its elements are not those of an ISA")
    marks = _marks(parts[16])
    if marks is None:
        return _bad_header("no segment terminator follows it")
    component, terminator, width = marks
    if terminator == element:
        return _bad_header("its separators are the same")
    text.at += sum(map(len, parts[:16])) + 16 + width
    repetition = parts[11].strip() if head[12] >= "00402" else ""
    separators = Separators(element, component, terminator, "" if repetition.isalnum() else repetition[:1])
    return Envelope(
        PartnerId(head[5], head[6]), PartnerId(head[7], head[8]), head[13], head[9], head[10], head[15] or "P", head[12],
        head[11] or " ", head[14] == "1", PartnerId(head[1], head[2]), PartnerId(head[3], head[4]), separators,
    )  # fmt: skip


def _bad_header(why: str) -> Fault:
    return Fault(
        "channels.header_unreadable", "error", f"The ISA segment cannot be read: {why}.", "ISA", "interchange", "022"
    )


def _marks(rest: str) -> tuple[str, str, int] | None:
    """Component separator, terminator, and how many characters they take, from what follows ISA15.

    Usually two characters. Where the first is followed by a line break, either it is the component separator and the line
    break terminates, or ISA16 is missing and it is the terminator itself: the end of the next line tells.
    """
    first, second = rest[0], rest[1:2]
    if first in "\r\n":
        return "", first if rest[:2] != "\r\n" else "\n", 1 + (rest[:2] == "\r\n")
    if first.isalnum():
        return None
    if second in ("\r", "\n"):
        line = rest[1:].strip(BLANKS).partition("\n")[0].rstrip(BLANKS)
        if line.startswith("GS") and line.endswith(first):
            return "", first, 1
        broken = rest[1:3] == "\r\n"
        return first, "\n" if broken else second, 2 + broken
    if rest[1:3] in ("GS", "TA", "IE"):
        return "", first, 1
    return None if not second or second.isalnum() or second == " " else (first, second, 2)


# ---- the segments ------------------------------------------------------------------------------------------------


def _body(text: _Text, marks: Separators) -> Iterator[Scanned]:
    """Segments up to and with IEA, or up to the next ISA, or to the end of the source."""
    cut = _Cut(marks, "".join(one for one in BLANKS if one not in (marks.element, marks.segment)))
    while True:
        end, is_last = _closing(text, marks, cut.blanks)
        if end < 0:
            end = text.text.rfind(marks.segment, text.at)
        begin = text.at
        if end > begin or is_last:
            text.at = end
            yield from cut.segments(text.text[begin:end])
            if cut.restart >= 0:
                text.at = begin + cut.restart
                return
            if cut.empty > EMPTY_IN_A_ROW:
                yield Fault("channels.too_many_faults", "error", f"More than {EMPTY_IN_A_ROW} empty segments in a row.")
                text.drop()
        if is_last:
            if text.text.startswith(marks.segment, text.at):
                text.at += len(marks.segment)
            return
        if len(text.text) - text.at > SEGMENT_CHARS and text.text.find(marks.segment, text.at + 1) < 0:
            yield Fault("channels.segment_too_long", "error", f"A segment has more than {SEGMENT_CHARS} characters.")
            text.drop()
        if not text.more():
            yield from cut.last(text.text[text.at :])
            text.at = len(text.text)
            return


def _closing(text: _Text, marks: Separators, blanks: str) -> tuple[int, bool]:
    """Where the interchange ends in the text at hand: behind the IEA segment's data, or before a next ISA; (-1, False) else."""
    begin = text.at
    trailer = _start_of(text, "IEA" + marks.element, begin, len(text.text), marks.segment, blanks)
    before = trailer if trailer >= 0 else len(text.text)
    foreign = _start_of(text, "ISA" + marks.element, begin, before, marks.segment, blanks)
    if trailer >= 0 and foreign < 0:
        while True:
            ends = [at for mark in {marks.segment, "\n"} if (at := text.text.find(mark, trailer)) >= 0]
            if ends:
                return min(ends), True
            kept = trailer - text.at
            if len(text.text) - trailer > ISA_CHARS or not text.more():
                return len(text.text), True
            trailer = text.at + kept
    return (foreign, True) if foreign >= 0 else (-1, False)


def _start_of(text: _Text, name: str, begin: int, before: int, terminator: str, blanks: str) -> int:
    """The first place where a segment of this name begins: behind a terminator or a line break, blanks between."""
    at = text.text.find(name, begin, before)
    while at >= 0:
        back = at - 1
        is_broken = False
        while back >= begin and at - back < ISA_CHARS and text.text[back] in blanks:
            is_broken = is_broken or text.text[back] in "\r\n"
            back -= 1
        if back < begin or text.text[back] == terminator or is_broken:
            return at
        at = text.text.find(name, at + 1, before)
    return -1


@dataclass(slots=True)
class _Cut:
    """Cuts text at the marks. `restart` is where in the text another interchange begins with other separators."""

    marks: Separators
    blanks: str
    empty: int = 0
    restart: int = -1

    def segments(self, text: str) -> Iterator[Scanned]:
        element, blanks = self.marks.element, self.blanks
        found: list[Segment] = []
        for piece in text.split(self.marks.segment):
            stripped = piece.strip(blanks)
            if not stripped:
                self.empty += 1
                continue
            self.empty = 0
            if stripped.startswith("ISA"):
                self.restart = text.index(stripped)
                break
            if "\n" in stripped or "\r" in stripped:
                yield found
                yield from self.broken(stripped)
                found = []
            else:
                found.append(tuple(stripped.split(element)))
        yield found

    def broken(self, piece: str) -> Iterator[Scanned]:
        """A segment with line breaks in it: where a line begins like a segment, the terminator before it is missing."""
        element = self.marks.element
        begins = re.compile(f"{NEXT_SEGMENT}{re.escape(element)}")
        whole: list[str] = []
        for line in piece.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
            stripped = line.strip(self.blanks)
            if not stripped:
                continue
            if whole and not begins.match(stripped):
                whole[-1] += "\n" + stripped
                continue
            if whole:
                yield [tuple(whole[-1].split(element))]
                yield Fault("channels.terminator_missing", "warning",
                            f"A segment terminator is missing before {stripped[:20]!r}; the line break was taken for it.",
                            level="set")  # fmt: skip
            whole.append(stripped)
        yield [tuple(whole[-1].split(element))]

    def last(self, rest: str) -> Iterator[Scanned]:
        """What stands behind the last terminator of a source that ends without IEA."""
        stripped = rest.strip(self.blanks + self.marks.segment)
        if stripped:
            yield from self.segments(stripped)
            if not stripped.startswith("IEA"):
                yield Fault(
                    "channels.cut_off", "error", f"The file ends inside a segment: {stripped[:40]!r}.", level="set"
                )
