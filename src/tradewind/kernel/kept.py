"""Master data that a process keeps between transactions, and how it learns that it changed.

Every statement that writes a table of a kind (`kept_as` of its declaration) leaves a mark that no other statement ever leaves,
in the same transaction: a trigger does it, so that nothing can write past it. A transaction reads the marks once; a copy made
under other marks is thrown away. What is used is therefore never older than the transaction's first look, as with any read.
What a writing transaction has read is kept only once it has committed: it may have read what it wrote itself.
"""

from collections.abc import Mapping
from itertools import islice
from typing import Any

from tradewind.kernel.tx import Reader

_MARKS = "select kind, string_agg(mark::text, ',' order by shard) from master_change group by kind"


class Book:
    """What was read of one kind under one mark: values that never change, at most `most`; the oldest go first."""

    __slots__ = ("_most", "mark", "rows")

    def __init__(self, mark: str, most: int) -> None:
        self.mark = mark
        self.rows: dict[Any, Any] = {}
        self._most = most

    def fill(self, found: Mapping[Any, Any]) -> None:
        """Keep some more."""
        rows = self.rows
        if len(rows) + len(found) > self._most:
            for old in list(islice(rows, max(len(found), self._most // 8))):
                rows.pop(old, None)
        rows.update(found)


def book(reader: Reader, kind: str, *, most: int) -> Book:
    """The copy of one kind that is true for this transaction; empty where something of the kind was written since.

    What is missing the caller reads, and hands to `reader.keep(book, found)`.
    """
    mark = mark_of(reader, kind)
    kept: Book | None = reader.kept.get(kind)
    if kept is None or kept.mark != mark:
        kept = reader.kept[kind] = Book(mark, most)
    return kept


def mark_of(reader: Reader, kind: str) -> str:
    """What the last statements that wrote a kind left, as this transaction first saw it."""
    if reader.marks is None:
        reader.marks = dict(reader.rows(_MARKS))
    return reader.marks.get(kind, "")
