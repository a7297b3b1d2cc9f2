"""The child process that sets pages: reads one job after another from its input and writes PDF bytes to its output.

It is its own program (`python -m tradewind.papers.press`), so that the typesetter's memory and its work on the processor are
not a server's: it starts with the first paper and ends when nobody has printed for a while, or with whoever started it.

A job is a length (4 bytes, big endian) and JSON `{"kind", "sheet", "at"}`. An answer is one byte (0 done, 1 failed), a length
and the PDF, or why not.
"""

import json
import resource
import select
import struct
import sys
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

HERE = Path(__file__).parent
FONTS, TEMPLATES = HERE / "fonts", HERE / "templates"
STANDARDS = ("a-3a", "ua-1")
"""PDF/A-3 with tags, and accessible: what it is, its language and its reading order are in the file."""

IDLE_SECONDS = 20.0
LARGEST_JOB = 32 << 20
MOST_MEMORY = (
    128 << 20
)  # the typesetter remembers what it has set; a child that has grown to this goes after its answer


class NotSet(Exception):  # noqa: N818 - reads as what it is
    """The pages could not be set, or not as they should be."""


class Press:
    """A typesetter that knows our fonts and no others."""

    def __init__(self) -> None:
        self._typst: Any = import_module("typst")
        fonts = self._typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)])
        self._compiler = self._typst.Compiler(root=str(TEMPLATES), font_paths=fonts, ignore_system_fonts=True)

    def set_pages(self, kind: str, sheet: dict[str, Any], *, at: datetime) -> bytes:
        """The PDF of a sheet. NotSet where a font is missing or the standard is not kept: nothing falls back in silence."""
        try:
            made, warnings = self._compiler.compile_with_warnings(
                input=str(TEMPLATES / f"{kind}.typ"),
                format="pdf",
                sys_inputs={"sheet": json.dumps(sheet, ensure_ascii=False)},
                pdf_standards=list(STANDARDS),
                timestamp=at.replace(microsecond=0),
            )
        except self._typst.TypstError as reason:
            raise NotSet(f"{reason.message} {getattr(reason, 'diagnostic', '')}"[:2000]) from reason
        if warnings:
            raise NotSet("; ".join(str(one.message) for one in warnings)[:2000])
        return bytes(made)


def write_frame(out: BinaryIO, body: bytes, *, status: bytes = b"") -> None:
    """Status, length and body."""
    out.write(status + struct.pack(">I", len(body)) + body)
    out.flush()


def read_frame(source: BinaryIO) -> bytes | None:
    """One body, None where the other side has ended."""
    head = source.read(4)
    if len(head) < 4:
        return None
    size = struct.unpack(">I", head)[0]
    if size > LARGEST_JOB:
        return None
    body = source.read(size)
    return body if len(body) == size else None


def _memory() -> int:
    """The most bytes this process has held."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def main() -> int:
    """Serve jobs until the input ends, nothing came for a while, or too much is remembered."""
    jobs, answers = sys.stdin.buffer, sys.stdout.buffer
    press = Press()
    while select.select([jobs], [], [], IDLE_SECONDS)[0]:
        body = read_frame(jobs)
        if body is None:
            break
        job = json.loads(body)
        try:
            pages = press.set_pages(job["kind"], job["sheet"], at=datetime.fromisoformat(job["at"]))
        except NotSet as reason:
            write_frame(answers, str(reason).encode(), status=b"\1")
        else:
            write_frame(answers, pages, status=b"\0")
        if _memory() > MOST_MEMORY:
            break
    return 0


if __name__ == "__main__":
    sys.exit(main())
