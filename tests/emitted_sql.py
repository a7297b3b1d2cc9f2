"""Records the SQL that transactions emit, and holds it against the one lock order."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg

from tradewind.kernel.locks import ORDER
from tradewind.kernel.tx import Database, Row

# The tables whose rows are locked before they are changed, and the kind of lock that stands for them.
LOCKED = {
    "stream_instance": "instance",
    "sales_order": "order",
    "shipment": "shipment",
    "invoice": "invoice",
    "payment": "payment",
    "credit_node": "credit",
    "inbound_supply": "supply",
    "stock": "stock",
}
_UPDATED = re.compile(r"(?<!for )(?<!key )(?<!do )\bupdate\s+(?:only\s+)?([a-z_]+)")
_LOCK = re.compile(r"\bfor\s+(?:no\s+key\s+)?update\b(?:\s+of\s+([a-z_, ]+))?")
_SOURCES = re.compile(r"\b(?:from|join)\s+([a-z_]+)(?:\s+(?:as\s+)?([a-z_]+))?")


@dataclass
class RecordingDatabase(Database):
    """A `Database` that keeps the statements of every connection's use: one list a transaction, tries included."""

    transactions: list[list[str]] = field(default_factory=list)

    @contextmanager
    def connection(self) -> Iterator[psycopg.Connection[Row]]:
        statements: list[str] = []
        self.transactions.append(statements)

        class Recording(psycopg.Cursor[Row]):
            def execute(self, query: Any, *args: Any, **options: Any) -> "Recording":
                statements.append(str(query))
                super().execute(query, *args, **options)
                return self

        with super().connection() as connection:
            connection.cursor_factory = Recording
            yield connection


def assert_locks_before_write(statements: Sequence[str], *, inserted: Sequence[str] = ()) -> None:
    """Fails unless rows of locked tables are locked in order, by a statement before the first UPDATE of their table.

    A lock is `FOR NO KEY UPDATE` (or `FOR UPDATE`) with an ORDER BY; kinds are taken in `locks.ORDER`. `inserted` names
    tables whose rows the transaction made itself.
    """
    locked: dict[str, int] = {}
    for number, statement in enumerate(statements):
        text = " ".join(statement.lower().split())
        for table in _locked_by(text):
            assert "order by" in text, f"{table} is locked in no order by statement {number}: {text[:200]}"
            locked.setdefault(table, number)
        for table in _UPDATED.findall(text):
            if table in LOCKED and table not in inserted:
                early = locked.get(table, number) < number
                assert early, f"statement {number} updates {table} before it is locked: {text[:200]}"
    taken = [ORDER.index(LOCKED[table]) for table in sorted(locked, key=lambda table: locked[table])]
    assert taken == sorted(taken), f"locks were taken in the order {[ORDER[rank] for rank in taken]}"


def _locked_by(text: str) -> list[str]:
    """The tables of `LOCKED` whose rows a statement locks."""
    found = _LOCK.search(text)
    if found is None:
        return []
    sources = [(table, alias) for table, alias in _SOURCES.findall(text) if table in LOCKED]
    wanted = {
        name.strip() for name in (found.group(1) or "").split(",") if name.strip() not in ("", "skip locked", "nowait")
    }
    names = {name.split()[0] for name in wanted}
    return [table for table, alias in sources if not names or table in names or alias in names]
