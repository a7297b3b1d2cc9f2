"""Whether a database has every migration, told without loading the tool that runs them."""

import re
from pathlib import Path

from psycopg import errors

from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Database, Reader

_MIGRATIONS = Path(__file__).resolve().parents[3] / "migrations" / "versions"
_HEAD = re.compile(r'^(revision|down_revision)\b.*=\s*"(\w+)"', re.MULTILINE)


def newest_migration() -> str:
    """The revision that no other one builds on, read from the files."""
    found: list[list[tuple[str, str]]] = [
        _HEAD.findall(path.read_text(encoding="utf-8")) for path in _MIGRATIONS.glob("*.py")
    ]
    named = {name for pairs in found for word, name in pairs if word == "revision"}
    return max(named - {name for pairs in found for word, name in pairs if word == "down_revision"})


def missing_migrations(database: Database) -> Problem | None:
    """None when the database is at the newest migration; psycopg.OperationalError where it does not answer."""
    try:
        found = database.read(_revision)
    except (errors.UndefinedTable, errors.InsufficientPrivilege):
        found = None
    newest = newest_migration()
    if found == newest:
        return None
    return Problem("database.migrations_missing", f"The database is at {found}, this version needs {newest}; run "
                   "`tradewind migrate`.", status=503)  # fmt: skip


def _revision(reader: Reader) -> str | None:
    found: str | None = reader.value("select version_num from alembic_version")
    return found
