"""Brings a database to the current schema, and tells when declared tables and migrations have drifted apart."""

import sys
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, text

from tradewind.app.schema import APP, metadata

_LOCK = 7_201_811_233  # any number of ours: two migrations at once wait for each other


def migrations_folder() -> Path:
    """`migrations/` of the checkout."""
    return Path(__file__).resolve().parents[3] / "migrations"


def engine_url(url: str) -> str:
    """A libpq URL as SQLAlchemy wants it."""
    return url.replace("postgresql://", "postgresql+psycopg://", 1).replace("postgres://", "postgresql+psycopg://", 1)


def migrate(owner_url: str) -> None:
    """Run every migration that is missing. Safe to call at once from two processes."""
    engine = create_engine(engine_url(owner_url))
    try:
        with engine.connect() as connection:
            connection.execute(text("select pg_advisory_lock(:key)"), {"key": _LOCK})
            connection.commit()
            config = Config()
            config.set_main_option("script_location", str(migrations_folder()))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.execute(text(f"grant select on alembic_version to {APP}"))  # readiness asks which ones ran
            connection.commit()
            connection.execute(text("select pg_advisory_unlock(:key)"), {"key": _LOCK})
            connection.commit()
    finally:
        engine.dispose()


def drift(connection: Connection) -> list[str]:
    """What a migration is missing to reach the declared tables; empty when they agree."""
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return [str(difference) for difference in compare_metadata(context, metadata)]


def check() -> int:
    """Migrate an empty database and compare it with the declared tables; 0 when nothing differs."""
    from tradewind.app.postgres import scratch_database  # noqa: PLC0415 - only the check needs a server

    with scratch_database() as url:
        migrate(url)
        engine = create_engine(engine_url(url))
        try:
            with engine.connect() as connection:
                found = drift(connection)
        finally:
            engine.dispose()
    for line in found:
        print(f"migrations are missing: {line}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(check() if "--check" in sys.argv[1:] else migrate(sys.argv[1]))  # type: ignore[func-returns-value]
