"""The demo company of the checkout: a scripted day on a database of its own (`tradewind demo`), or once on the one that is
served (`tradewind run --demo`). The company itself lives in `demo/`, which is not part of an installed package.
"""

import logging
import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from time import monotonic
from typing import Any

import psycopg
from psycopg import sql

from tradewind.analytics.verify.command import as_text
from tradewind.analytics.verify.snapshot import run_verify
from tradewind.app.migrate import migrate
from tradewind.app.postgres import Server
from tradewind.app.serve import APP_ROLE
from tradewind.app.settings import Settings
from tradewind.kernel.problem import refuse
from tradewind.kernel.tx import Database

CREDENTIALS = "demo-credentials.json"
_STATE = "select (select count(*) from account), (select count(*) from sales_order)"


def demo_folder() -> Path:
    """`demo/` of the checkout this package runs from. `Refused` for an installed package, which has none."""
    folder = Path(__file__).resolve().parents[3] / "demo"
    if not (folder / "day.py").is_file():
        raise refuse(
            "settings.no_demo",
            "The demo company comes with a checkout of the project, not with the installed package; clone it and run "
            "`make demo` there.",
        )
    return folder


def _script() -> Any:
    """The demo's entry, imported from its folder."""
    root = str(demo_folder().parent)
    if root not in sys.path:
        sys.path.insert(0, root)
    return import_module("demo.run")


def demo_command(server: Server, settings: Settings) -> int:
    """The day on a fresh database that is gone afterwards; 0 when every order is where it should be and nothing is broken."""
    script = _script()
    begun = monotonic()
    with _scratch(server) as (owner_url, database):
        print("A fresh database for the demo company.", flush=True)
        folder = settings.home / "demo-scratch"
        try:
            with _quiet():
                good: bool = script.run_day(database, settings, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)  # keys of a database that is gone
        report = run_verify(owner_url)
        print("\n".join(as_text(report)))
    print(f"{'Every order is where it should be.' if good else 'Not every order is where it should be.'} "
          f"({monotonic() - begun:.0f} s)")  # fmt: skip
    return 0 if good and not report.violations else 1


def ensure_demo(database: Database, settings: Settings) -> int:
    """Load the company and play its day where the database is empty; say so where that was done before. 0 when all is well."""
    accounts, orders = database.read(lambda reader: reader.row(_STATE) or (0, 0))
    script = _script()
    if orders:
        print(f"The database holds {orders} orders of {accounts} accounts already; the demo day is not played again.")
        return 0
    if accounts and not script.is_ours(database):
        print("The database holds a company of its own; the demo company is not loaded into it.")
        return 0
    with _quiet():
        good: bool = script.run_day(database, settings, settings.home)
    print(f"Logins and API keys of the demo company are in {settings.home / CREDENTIALS}.", flush=True)
    return 0 if good else 1


@contextmanager
def _quiet() -> Iterator[None]:
    """The day has hundreds of requests, and tells its own story; warnings are still logged."""
    log = logging.getLogger("tradewind")
    before = log.level
    log.setLevel(logging.WARNING)
    try:
        yield
    finally:
        log.setLevel(before)


@contextmanager
def _scratch(server: Server) -> Iterator[tuple[str, Database]]:
    """A migrated database beside the configured one, dropped at the end."""
    name = f"tradewind_demo_{secrets.token_hex(4)}"
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    try:
        migrate(server.url(name))
        with psycopg.connect(server.url(name), autocommit=True) as connection:
            connection.execute(sql.SQL("grant select on alembic_version to {}").format(sql.Identifier(APP_ROLE)))
        database = Database(server.url(name), role=APP_ROLE)
        try:
            yield server.url(name), database
        finally:
            database.close()
    finally:
        with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
