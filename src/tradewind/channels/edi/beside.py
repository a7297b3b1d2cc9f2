"""A large interchange of nothing but new orders is worked by two processes, each a share of its blocks.

Only a head start: whoever began goes through the whole interchange afterwards, as always, and does what is still missing, so
that a helper that could not start, or was killed, costs time and nothing else.
"""

import gc
import logging
import multiprocessing
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from tradewind.channels.decide.x12.model import GroupHeader, InterchangeEnd, TransactionSet
from tradewind.channels.decide.x12.read import walk
from tradewind.channels.edi import sets
from tradewind.channels.edi.chunk import Chunk
from tradewind.channels.edi.model import Arrived
from tradewind.channels.edi.queries.inbound import document_of, places_done
from tradewind.channels.edi.queries.partners import partners_by_id
from tradewind.channels.edi.split import interchanges_in
from tradewind.kernel.clock import system_clock
from tradewind.kernel.limits import BATCH_ORDERS
from tradewind.kernel.tx import Actor, Database

LARGE = 1 << 20  # bytes: some 1,500 orders of ten lines; below, starting a process costs more than it gives
SHARES = 2
LONGEST_WAIT = 600.0
log = logging.getLogger("tradewind.edi")


def worth_sharing(database: Database, piece: bytes) -> bool:
    """Whether it is large and has only new orders: what speaks of another set must come behind it."""
    if len(piece) < LARGE or database.clock is not system_clock or database.at is not None:
        return False
    return all(
        one.type == "850" and one.segments[:1] and one.segments[0][:2] == ("BEG", "00") for _, one in _sets(piece)
    )


def work_beside(database: Database, chunk: Chunk, piece: bytes, number: int) -> None:
    """Work the interchange with a helper. `number`: which piece of the document it is, from 0."""
    context = multiprocessing.get_context("spawn")
    helper = context.Process(
        target=_help, args=(database.url, database.role, chunk.arrived, chunk.actor, number), daemon=True
    )
    helper.start()
    try:
        work_share(database, chunk, piece, share=0)
    finally:
        helper.join(LONGEST_WAIT)
        if helper.is_alive():
            helper.terminate()
            helper.join()
    if helper.exitcode:
        log.warning("a helper broke; its share is done by one", extra={"exit": helper.exitcode})


def _help(url: str, role: str | None, arrived: Arrived, actor: Actor, number: int) -> None:
    gc.set_threshold(50_000, 20, 50)  # of short-lived values hardly any are in circles
    with closing(Database(url, role=role)) as database:
        partner = database.read(lambda reader: partners_by_id(reader, [arrived.partner_id]))[arrived.partner_id]
        found = database.read(lambda reader: document_of(reader, arrived.document_id))
        if found is not None:
            chunk = Chunk(partner, arrived, arrived.document_id, actor)
            work_share(database, chunk, interchanges_in(found[2])[number], share=1)


def work_share(database: Database, chunk: Chunk, piece: bytes, *, share: int) -> None:
    """Work the blocks of one share, as far as they are not done."""
    done = database.read(lambda reader: places_done(reader, chunk.arrived.id))
    now = chunk.empty()
    for place, (header, one) in enumerate(_sets(piece), 1):
        if (place - 1) // BATCH_ORDERS % SHARES != share or place in done:
            continue
        item = sets.read_set(chunk.partner, header, one, place=place)
        if not now.fits(item):
            sets.work_chunk(database, now)
            now = chunk.empty()
        now.items.append(item)
    if now.items:
        sets.work_chunk(database, now)


def _sets(piece: bytes) -> Iterator[tuple[GroupHeader, TransactionSet]]:
    """The sets of the first interchange, each with its group."""
    header: Any = None
    for step in walk(piece):
        if isinstance(step, GroupHeader):
            header = step
        elif isinstance(step, TransactionSet) and header is not None:
            yield header, step
        elif isinstance(step, InterchangeEnd):
            return
