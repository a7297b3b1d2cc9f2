"""The formats we read, each with how it is recognised by its first bytes (names of files say little)."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from tradewind.channels.decide.reading import FileReading, ReadFinding
from tradewind.channels.decide.sheets.glance import is_separated, is_workbook, read_order_file
from tradewind.channels.decide.x12.glance import read_x12

HEAD_BYTES = 4_096
FILE_BYTES = 64 << 20
MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
ISA = re.compile(rb"\s*ISA[^A-Za-z0-9 ]")


@dataclass(frozen=True, slots=True)
class Format:
    """`recognises` gets the first `HEAD_BYTES` and the file's name; `read` the open file, at its beginning."""

    name: str
    recognises: Callable[[bytes, str], bool]
    read: Callable[[BinaryIO], FileReading]


def read_source(source: BinaryIO, *, name: str, size: int) -> FileReading:
    """The file as the first format that recognises it. `size` in bytes; what is too large is not looked at."""
    if size > FILE_BYTES:
        return _refused(
            "channels.file_too_large", f"{size} bytes are more than the {FILE_BYTES} that are read at once."
        )
    head = source.read(HEAD_BYTES)
    source.seek(0)
    if not head.strip():
        return _refused("channels.empty", "The file is empty.")
    for one in FORMATS:
        if one.recognises(head, name):
            return one.read(source)
    return _refused("channels.format_unknown", f"Nothing we read begins with {_shown(head)!r}.")


def is_x12(head: bytes, _name: str) -> bool:
    """ISA and a separator, perhaps behind a byte order mark."""
    for mark in MARKS:
        head = head.removeprefix(mark)
    return ISA.match(head.replace(b"\x00", b"")) is not None


def _refused(code: str, message: str) -> FileReading:
    return FileReading(None, (), (ReadFinding(code, "error", "", message),))


def _shown(head: bytes) -> str:
    return head[:40].decode("utf-8", "replace")


# A new format is a line here: its name, how its first bytes look, its reader. The first that recognises a file reads it.
FORMATS: tuple[Format, ...] = (
    Format("x12", is_x12, read_x12),
    Format("xlsx", is_workbook, read_order_file),
    Format("csv", is_separated, read_order_file),
)
