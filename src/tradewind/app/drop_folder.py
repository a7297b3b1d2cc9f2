"""The folder that partners put files into: each is taken once, its bytes are committed, then it is moved out of the way.

`in/` is watched; what was taken lies in `in/processed/`, what nothing could be read from in `in/failed/`. A file that is being
taken lies in `in/taking/`; where a process was killed there, it is taken again after a while, and what it had done is known
again by the interchange.
"""

import logging
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from tradewind.channels.edi.work import keep_document, work_on
from tradewind.kernel.tx import Actor, Database

SETTLED = 0.3  # seconds without a change: it is not being written any more
LEFT_BEHIND = 120.0
AT_ONCE = 20
IGNORED = (".tmp", ".part", ".filepart", ".swp")
DROPPED = Actor(principal_id=None, name="drop folder", channel="edi")
log = logging.getLogger("tradewind.drop")


def take_files(database: Database, folder: Path, *, largest: int, settled: float = SETTLED) -> list[dict[str, Any]]:
    """Take what is in the folder; gives what became of each file."""
    into = folder / "in"
    for name in ("taking", "processed", "failed"):
        (into / name).mkdir(parents=True, exist_ok=True)
    taken: list[dict[str, Any]] = []
    for path in _waiting(into, settled):
        claimed = _claim(path, into / "taking")
        if claimed is not None:
            taken.append(_take(database, claimed, into, largest=largest))
        if len(taken) == AT_ONCE:
            break
    return taken


def _waiting(into: Path, settled: float) -> Iterator[Path]:
    """Files that are whole, the oldest first; then those that somebody left behind."""
    now = time.time()
    for folder, age in ((into, settled), (into / "taking", LEFT_BEHIND)):
        found: list[tuple[float, Path]] = []
        for path in folder.iterdir():
            with suppress(FileNotFoundError):
                state = path.stat()
                touched = state.st_mtime if folder == into else state.st_ctime
                hidden = path.name.startswith(".") or path.suffix in IGNORED
                if path.is_file() and not hidden and now - touched >= age:
                    found.append((touched, path))
        yield from (path for _, path in sorted(found))


def _claim(path: Path, taking: Path) -> Path | None:
    """Ours, or somebody else's: only one can rename it."""
    claimed = taking / path.name
    try:
        if path.parent != taking:
            path.rename(claimed)
        else:
            os.utime(claimed)  # its time of change tells the next one that it is being taken
    except FileNotFoundError:
        return None
    return claimed


def _take(database: Database, claimed: Path, into: Path, *, largest: int) -> dict[str, Any]:
    size = claimed.stat().st_size
    if size > largest:
        log.warning("a dropped file is too large", extra={"file": claimed.name, "bytes": size})
        _move(claimed, into / "failed")
        return {"file": claimed.name, "outcome": "rejected", "reason": f"{size} bytes are more than {largest}"}
    document_id = keep_document(database, claimed.read_bytes(), actor=DROPPED)
    report = work_on(database, document_id, actor=DROPPED)
    unreadable = report["outcome"] == "rejected" and not report["interchanges"]
    _move(claimed, into / ("failed" if unreadable else "processed"))
    return {"file": claimed.name, **report}


def _move(path: Path, folder: Path) -> None:
    """Nothing that is there already is written over."""
    target, number = folder / path.name, 0
    while target.exists():
        number += 1
        target = folder / f"{path.stem}-{number}{path.suffix}"
    path.rename(target)
