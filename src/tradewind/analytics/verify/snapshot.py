"""Runs the checks on one snapshot, as the role that may read everything and write nothing."""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache

import psycopg
from psycopg import errors

from tradewind.analytics.model import Check, Outcome, Report
from tradewind.analytics.queries import CHECKS
from tradewind.kernel.tx import Row, connect

ROLE = "tradewind_verifier"
ROWS_SHOWN = 100

# Whole tables are compared with whole tables: hashes fit, and a loop over a table without statistics never ends.
_SETUP = """
set transaction isolation level repeatable read, read only;
set local statement_timeout = 0; set local work_mem = '64MB'; set local enable_nestloop = off;
set local enable_seqscan = on
"""
_TABLES = """
select relname, pg_relation_size(oid) > 0 from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'
"""
# Rows of these alone cannot break a check that reads anything else.
MASTER_DATA = frozenset({"account", "account_closure", "installation", "legal_entity", "principal", "product", "site"})
_READ = re.compile(r"\b(?:from|join)\s+([a-z_]+)")


@contextmanager
def snapshot(url: str) -> Iterator[psycopg.Connection[Row]]:
    """A connection within one read-only snapshot; as the verifier where the login may become it."""
    connection = connect(url)
    try:
        with suppress(errors.InsufficientPrivilege, errors.InvalidParameterValue, errors.UndefinedObject):
            connection.execute(f'set role "{ROLE}"')
        with connection.transaction():
            connection.execute(_SETUP, prepare=False)
            yield connection
    finally:
        connection.close()


def run_verify(url: str, *, checks: Sequence[Check] = CHECKS) -> Report:
    """Every check with its violating rows (the first 100 of each), on one snapshot of the database at `url`."""
    began = time.perf_counter()
    with snapshot(url) as connection:
        outcomes = tuple(outcome_of(connection, check) for check in checks)
    return Report(outcomes, _since(began))


def outcome_of(connection: psycopg.Connection[Row], check: Check) -> Outcome:
    """What one check finds on a connection, within whatever transaction it is in."""
    began = time.perf_counter()
    cursor = connection.execute(check.sql, prepare=False)
    columns = tuple(column.name for column in cursor.description or ())
    return Outcome(check, cursor.rowcount, columns, cursor.fetchmany(ROWS_SHOWN), _since(began))


def _since(began: float) -> float:
    return (time.perf_counter() - began) * 1000


def broken_checks(url: str, *, checks: Sequence[Check] = CHECKS) -> tuple[Check, ...]:
    """The checks that find something, in one message and without those whose tables are empty: cheap on a small database.

    Seventy statements in one message took 26 ms on an empty database, one by one 34, as one union 40 and more.
    """
    with snapshot(url) as connection:
        tables: dict[str, bool] = dict(connection.execute(_TABLES, prepare=False).fetchall())
        due = [check for check in checks if _may_find(check, tables)]
        if not due:
            return ()
        cursor = connection.execute(";".join(check.sql for check in due), prepare=False)
        counts = [cursor.rowcount]
        while cursor.nextset():
            counts.append(cursor.rowcount)
    return tuple(check for check, count in zip(due, counts, strict=True) if count)


def _may_find(check: Check, tables: Mapping[str, bool]) -> bool:
    """Whether a table that the check reads is filled; master data alone breaks only what reads nothing else."""
    read = tables_of(check) & tables.keys()
    return check.kind == "catalogue" or any(tables[name] for name in read - MASTER_DATA or read)


@cache
def tables_of(check: Check) -> frozenset[str]:
    """The names that a check reads from: its tables and its own named parts."""
    return frozenset(_READ.findall(check.sql))
