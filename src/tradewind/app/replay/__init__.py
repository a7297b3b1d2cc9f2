"""`tradewind replay`: a file of historic orders through the ordinary path, and what became of it as JSON.

Two plans. `exact`: everything in the file, priced as the documents say, with stock for all of it; every document's total must
come out to the penny. `short`: the last month only, priced from lists learnt from the months before, with a shelf that
runs short and receipts that come later.
"""

import gzip
import json
from pathlib import Path
from time import monotonic, process_time
from typing import TextIO

from tradewind.analytics.verify import run_verify
from tradewind.app.credentials import ACTOR
from tradewind.app.replay.company import load_master_data, start_of
from tradewind.app.replay.plans import exact_plan, short_plan
from tradewind.app.replay.report import Speed, in_words, is_good, report
from tradewind.channels.decide.history import Document, Finding, batches, in_time, mapping_from, read_documents
from tradewind.channels.decide.history import Mapping as FileMapping
from tradewind.channels.replay import finish, replay
from tradewind.kernel.clock import FixedClock
from tradewind.kernel.problem import Refused, refuse
from tradewind.kernel.tx import Database
from tradewind.streams.library import publish_streams

NOT_EMPTY = "select exists (select from account) or exists (select from product)"


def replay_command(
    database: Database,
    file: Path,
    *,
    mapping: Path,
    summary: Path,
    plan: str = "exact",
    pay: bool = False,
    is_parallel: bool | None = None,
) -> int:
    """Replay the file into an empty database and write the summary; 0 when everything came out as it should, else 1."""
    columns = _mapping(mapping)
    began = (monotonic(), process_time())
    items = read_file(file, columns)
    read = (monotonic() - began[0], process_time() - began[1])
    documents = in_time(item for item in items if isinstance(item, Document))
    if not documents:
        raise refuse("channels.nothing_to_replay", f"{file} holds no document that can be replayed")
    if database.read(lambda reader: reader.value(NOT_EMPTY)):
        raise refuse("channels.not_empty", "a replay needs an empty database; this one has accounts or products")
    made = short_plan(documents, columns) if plan == "short" else exact_plan(documents, columns, pay=pay)
    clock = FixedClock(start_of(made.documents[0], columns))
    database.clock = clock
    database.write(publish_streams, actor=ACTOR)
    loading = monotonic()
    load_master_data(database, made.tables)
    started = monotonic()
    cuts = [at for at, _ in made.story.receipts]
    result = replay(
        database,
        batches(made.documents, zone=columns.zone, cuts=cuts),
        made.story,
        clock=clock,
        is_parallel=made.is_parallel if is_parallel is None else is_parallel,
    )
    finish(database)
    speed = Speed(read, started - loading, started)
    told = report(database, items, made, result, columns, speed=speed, verified=run_verify(database.url))
    summary.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    print(in_words(told))
    return 0 if is_good(told) else 1


def _mapping(path: Path) -> FileMapping:
    try:
        found = mapping_from(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as reason:
        raise refuse("channels.bad_mapping", f"{path} is not UTF-8 text", where=str(path)) from reason
    if isinstance(found, tuple):
        raise Refused(list(found))
    return found


def read_file(file: Path, mapping: FileMapping) -> list[Document | Finding]:
    """All documents and findings of a file, plain or gzipped. Raises `Refused` where it cannot be read at all."""
    try:
        with _text_of(file) as lines:
            return list(read_documents(lines, mapping))
    except (OSError, EOFError, UnicodeDecodeError) as reason:
        raise refuse("channels.unreadable_file", f"{file} cannot be read: {reason}", where=str(file)) from reason


def _text_of(file: Path) -> TextIO:
    if file.suffix == ".gz":
        return gzip.open(file, "rt", encoding="utf-8", newline="")
    return file.open(encoding="utf-8", newline="")
