"""CSV as people send it: UTF-8, UTF-16 with a mark, declared code pages; `,` `;` tab or `|`; quoted line breaks."""

import codecs
import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, BinaryIO

from tradewind.kernel.problem import Problem, Refused, refuse
from tradewind.semantics.decide.rows.model import Declared, Findings, Limits, RefusedRow, Severity, TextRow, place

ENCODINGS = ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "iso-8859-1", "iso-8859-15", "cp850")
DELIMITERS = (",", ";", "\t", "|")

_BLOCK = 1 << 20
_BLANK_LINES_MAX = 100
_FORM_LINES = 30


@dataclass(frozen=True, slots=True)
class TextFile:
    """Records of a checked text file; `lines` is at least their number."""

    encoding: str
    delimiter: str
    lines: int
    records: Iterator[TextRow | RefusedRow]


def open_text(file: BinaryIO, *, declared: Declared, limits: Limits, findings: Findings) -> TextFile:
    """Check the encoding of the whole file, find the delimiter, and give the records. Raises `Refused`."""
    encoding, lines = _encoding(file, declared, findings)
    file.seek(0)
    text = io.TextIOWrapper(io.BufferedReader(_Borrowed(file)), encoding=encoding, newline="")
    text_lines = _lines(text, limits)
    ahead: list[str] = []
    number, first = _first_line(text_lines)
    delimiter = declared.delimiter
    if delimiter is not None and delimiter not in DELIMITERS:
        raise refuse("import.unknown_delimiter", f"the delimiter {delimiter!r} is none of , ; tab |")
    named = _sep_line(first)
    if named is not None:
        delimiter = delimiter or named
        more, first = _first_line(text_lines)
        number += more
    if declared.is_form and delimiter is None:
        ahead = list(islice(text_lines, _FORM_LINES))
        delimiter = _sniff_form([first, *ahead])
    delimiter = delimiter or _sniff(first)
    records = _records(chain([first], ahead, text_lines), delimiter, number - 1, limits)
    return TextFile(encoding, delimiter, lines, records)


class _Borrowed(io.RawIOBase):
    """A file that is read here and closed elsewhere."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        block = self._file.read(len(buffer))
        buffer[: len(block)] = block
        return len(block)


def _encoding(file: BinaryIO, declared: Declared, findings: Findings) -> tuple[str, int]:
    """The encoding every byte of the file agrees with, and the number of lines."""
    start = file.read(4)
    if declared.encoding is not None:
        name = declared.encoding.lower().replace("_", "-")
        if name not in ENCODINGS:
            raise refuse(
                "import.unknown_encoding", f"the encoding {declared.encoding!r} is none of {', '.join(ENCODINGS)}"
            )
        name = "utf-8-sig" if name == "utf-8" else name
        return name, _checked_lines(file, name)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16", _checked_lines(file, "utf-16")
    unmarked = _without_mark(start + file.read(60)) if declared.is_form else None
    if unmarked is not None:
        return unmarked, _checked_lines(file, unmarked)
    try:
        return "utf-8-sig", _checked_lines(file, "utf-8-sig")
    except Refused as refused:
        if refused.problems[0].code != "import.wrong_encoding" or not declared.guess_cp1252:
            raise
        found = refused.problems[0]
    lines = _checked_lines(file, "cp1252")
    findings.add(
        "import.encoding_guessed",
        f"not UTF-8 ({found.where}); read as Windows western text (cp1252): check names",
        where=found.where,
        severity=Severity.WARNING,
    )
    return "cp1252", lines


def _checked_lines(file: BinaryIO, encoding: str) -> int:
    """Number of lines of a file whose every byte decodes. Raises `Refused` with the line of the first that does not."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    file.seek(0)
    lines = 1
    while True:
        block = file.read(_BLOCK)
        try:
            text = decoder.decode(block, not block)
        except UnicodeDecodeError as error:
            line = lines + error.object[: error.start].count(b"\n")
            byte = error.object[error.start : error.start + 1].hex()
            raise refuse(
                "import.wrong_encoding",
                f"the byte {byte or 'at the end'} is not {_plain(encoding)}; save it as UTF-8, or declare its encoding",
                where=f"line {line}",
                line=line,
                encoding=_plain(encoding),
                known=list(ENCODINGS),
            ) from None
        except UnicodeError as error:
            raise refuse(
                "import.wrong_encoding",
                f"the file is not {_plain(encoding)}: {error}",
                encoding=_plain(encoding),
                known=list(ENCODINGS),
            ) from None
        nul = text.find("\0")
        if nul >= 0:
            line = lines + text.count("\n", 0, nul)
            raise refuse(
                "import.nul_character",
                "a NUL character: this is no text file, or UTF-16 without its mark",
                where=f"line {line}",
                line=line,
            )
        lines += text.count("\n")
        if not block:
            return lines


def _plain(encoding: str) -> str:
    return "utf-8" if encoding == "utf-8-sig" else encoding


def _lines(text: io.TextIOWrapper, limits: Limits) -> Iterator[str]:
    """Lines with their ends; none longer than the limit is ever held."""
    readline, chars_max, number = text.readline, limits.line_chars_max, 0
    while line := readline(chars_max):
        number += 1
        if len(line) == chars_max and line[-1] not in "\r\n":
            raise refuse(
                "import.line_too_long",
                f"a line may have {chars_max:,} characters",
                where=f"line {number}",
                status=413,
                chars_max=chars_max,
            )
        yield line


def _first_line(lines: Iterator[str]) -> tuple[int, str]:
    """The first line with something on it, and how many lines it took."""
    for number, line in enumerate(lines, 1):
        if line.strip():
            return number, line
        if number >= _BLANK_LINES_MAX:
            break
    raise refuse("import.no_header", "the file has no row with column names")


def _sep_line(line: str) -> str | None:
    """The delimiter where a spreadsheet wrote `sep=;` above the header."""
    bare = line.strip("\r\n")
    return bare[4:] if bare[:4].lower() == "sep=" and bare[4:] in DELIMITERS else None


def _sniff(header: str) -> str:
    """The delimiter that stands most often outside quotes in the header line; the comma where none does."""
    outside = "".join(header.split('"')[::2])
    return max(DELIMITERS, key=outside.count)


def _sniff_form(lines: list[str]) -> str:
    """The delimiter that stands in most lines the same number of times; a decimal comma stands in fewer than a semicolon."""
    best, best_score = DELIMITERS[0], (0, 0)
    outside = ["".join(line.split('"')[::2]) for line in lines]
    for delimiter in DELIMITERS:
        counts = Counter(line.count(delimiter) for line in outside if delimiter in line)
        if not counts:
            continue
        times, repeated = max(counts.items(), key=lambda one: (one[1], one[0]))
        score = (repeated, times)
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _without_mark(start: bytes) -> str | None:
    """UTF-16 that does not say so: every other byte of western text is zero."""
    if len(start) < 8 or b"\0" not in start:
        return None
    for name, zeros in (("utf-16-le", start[1::2]), ("utf-16-be", start[::2])):
        if zeros.count(0) * 4 > len(zeros) * 3:
            return name
    return None


def _records(lines: Iterator[str], delimiter: str, skipped: int, limits: Limits) -> Iterator[TextRow | RefusedRow]:
    """One record a row; a malformed one is refused alone, and reading goes on with the next line."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    number, field_chars_max = skipped, limits.field_chars_max
    while True:
        number += 1
        line = reader.line_num
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            refused = _malformed(number, skipped + line + 1, skipped + reader.line_num, str(error))
            if "field limit" in str(error):
                raise Refused(refused.problems) from error
            yield refused
            continue
        if not any(cells):
            continue
        if max(map(len, cells)) > field_chars_max:
            problem = Problem(
                "import.field_too_long",
                f"a cell may have {field_chars_max:,} characters",
                place(number),
                detail={"chars_max": field_chars_max},
            )
            yield RefusedRow(number, [cell[:80] for cell in cells], (problem,))
            continue
        yield TextRow(number, cells)


def _malformed(number: int, first_line: int, last_line: int, said: str) -> RefusedRow:
    lines = f"line {first_line}" if first_line == last_line else f"lines {first_line} to {last_line}"
    if "field limit" in said:
        code, message = (
            "import.field_too_long",
            "a cell has no end: a quote is opened and not closed, or it is far too long",
        )
    elif "unexpected end" in said:
        code, message = "import.quote_not_closed", "a quote is opened and never closed"
    else:
        code, message = (
            "import.bad_quotes",
            'text after a closing quote; quotes inside a quoted cell are written twice ("")',
        )
    problem = Problem(
        code, f"{message} ({lines})", place(number), detail={"first_line": first_line, "last_line": last_line}
    )
    return RefusedRow(number, [], (problem,))
