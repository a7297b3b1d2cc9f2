"""Handing sheets to the child process that sets pages, and taking the PDF back.

The child starts with the first paper and goes when nobody prints; one a server process, so pages are set one after another.
Nothing of this happens within a transaction.
"""

import atexit
import contextlib
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from struct import pack, unpack
from typing import IO, Any

from tradewind.kernel.problem import Refused
from tradewind.kernel.tx import dumps
from tradewind.papers.coverage import covered_characters
from tradewind.papers.decide import sheet_of
from tradewind.papers.decide.wording import CATALOGUES
from tradewind.papers.errors import printer_busy
from tradewind.papers.model import LARGEST_PDF, Printed, Wanted
from tradewind.papers.press import FONTS, TEMPLATES

PRESS = (sys.executable, "-m", "tradewind.papers.press")
PATIENCE_SECONDS = 20.0
MOST_WAITING = 3
SECRETS = ("TRADEWIND_", "PG")  # variables that the child has no use for


class NotPrinted(RuntimeError):  # noqa: N818 - reads as what it is
    """The pages could not be set: a bug of a template, or a font of ours that is missing."""


@dataclass
class Printer:
    """One child that sets pages, started when it is needed. Safe to use from several threads."""

    command: Sequence[str] = PRESS
    patience: float = PATIENCE_SECONDS
    _child: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _one: threading.Lock = field(default_factory=threading.Lock, init=False)
    _queue: threading.BoundedSemaphore = field(
        default_factory=lambda: threading.BoundedSemaphore(MOST_WAITING), init=False
    )

    def pages(self, kind: str, sheet: dict[str, Any], *, at: datetime) -> bytes:
        """The PDF of a sheet. Refuses while too many wait; NotPrinted where it cannot be set."""
        job = dumps({"kind": kind, "sheet": sheet, "at": at.isoformat()}).encode()
        if not self._queue.acquire(blocking=False):
            raise Refused([printer_busy()])
        try:
            if not self._one.acquire(timeout=self.patience):
                raise Refused([printer_busy()])
            try:
                return self._print(job)
            finally:
                self._one.release()
        finally:
            self._queue.release()

    def close(self) -> None:
        """End the child."""
        child, self._child = self._child, None
        if child is not None:
            for pipe in (child.stdin, child.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()
            child.kill()
            child.wait()

    def _print(self, job: bytes) -> bytes:
        until = time.monotonic() + self.patience
        for attempt in (1, 2):  # one that went to rest meanwhile is started again, once
            try:
                status, body = self._asked(job, until)
            except OSError as reason:
                self.close()
                if attempt == 2:
                    raise NotPrinted(f"the press ended: {reason}") from reason
            else:
                break
        if status:
            raise NotPrinted(body.decode(errors="replace"))
        return body

    def _asked(self, job: bytes, until: float) -> tuple[int, bytes]:
        child = self._started()
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(pack(">I", len(job)) + job)
        child.stdin.flush()
        head = self._read(child.stdout, 5, until)
        size: int = unpack(">I", head[1:])[0]
        if size > LARGEST_PDF:
            raise OSError(f"an answer of {size} bytes")
        return head[0], self._read(child.stdout, size, until)

    def _started(self) -> subprocess.Popen[bytes]:
        if self._child is None or self._child.poll() is not None:
            self.close()
            kept = {name: value for name, value in os.environ.items() if not name.startswith(SECRETS)}
            self._child = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=kept)
            # somebody takes note when it goes to rest, so that nothing of it is left
            threading.Thread(target=self._child.wait, name="press", daemon=True).start()
        return self._child

    def _read(self, source: IO[bytes], size: int, until: float) -> bytes:
        parts = bytearray()
        while len(parts) < size:
            if not select.select([source], [], [], max(0.0, until - time.monotonic()))[0]:
                self.close()
                raise Refused([printer_busy()])
            found = os.read(source.fileno(), size - len(parts))
            if not found:
                raise OSError("it closed its output")
            parts += found
        return bytes(parts)


PRINTER = Printer()
atexit.register(PRINTER.close)


@cache
def template_version() -> str:
    """What pages are set with: a hash of our templates, texts and fonts, and the typesetter's version."""
    files = [*TEMPLATES.glob("*.typ"), *CATALOGUES.glob("*.json"), *FONTS.glob("*.ttf")]
    digest = sha256(b"".join(sha256(path.read_bytes()).digest() for path in sorted(files))).hexdigest()[:12]
    return f"{digest}/typst-{version('typst')}"


def print_paper(
    wanted: Wanted, *, at: datetime, newest: dict[str, Any] | None = None, printer: Printer = PRINTER
) -> Printed:
    """The pages of a wanted paper; `newest` is the version it replaces (`id`, `version`, `date`)."""
    number = newest["version"] + 1 if newest else 1
    replaces = {"version": number, "old": newest["version"], "date": newest["date"]} if newest else None
    sheet, findings = sheet_of(wanted.values, wanted.language, covered_characters(), replaces=replaces)
    body = printer.pages(wanted.kind, sheet, at=at)
    return Printed(wanted, body, template_version(), findings, number, newest["id"] if newest else None)
