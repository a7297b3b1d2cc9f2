"""The command line. Each command imports what it needs when it runs, so that a server holds only what serves.

Exit codes: 0 done, 1 done and something was found wrong, 2 refused (the reason is on standard error), 130 interrupted.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from tradewind import __version__
from tradewind.app.logs import setup_logs
from tradewind.app.postgres import Server, ensure_server, running_server
from tradewind.app.readiness import missing_migrations
from tradewind.app.serve import Where, application_of, load, serve, work
from tradewind.app.settings import Settings, describe, read_settings
from tradewind.kernel.problem import Problem, Refused, refuse
from tradewind.kernel.tx import Database

IMPORT = "tradewind.app.loading:import_command"
REPLAY = "tradewind.app.replay:replay_command"
DEMO = "tradewind.app.demo:demo_command"
ENSURE_DEMO = "tradewind.app.demo:ensure_demo"
VERIFY = "tradewind.analytics.verify:verify_command"
CHECK_STREAM = "tradewind.orchestration.decide.compile:check"
SUBMIT = "tradewind.app.submit:submit_command"
SHEET_OPTIONS = "tradewind.app.submit:SheetOptions"
CREATE_KEY = "tradewind.app.credentials:create_key"
READ_SOURCE = "tradewind.channels.decide.formats:read_source"
TCK = "tradewind.app.decision_kit:tck_command"
CHECK_RULES = "tradewind.app.rule_files:check_command"
LIST_RULES = "tradewind.app.rule_files:list_command"
EXPORT_RULES = "tradewind.app.rule_files:export_command"
READ_EXPRESSION = "tradewind.rules.decide.feel:read_expression"
Arguments = argparse.Namespace
_WHAT = {"check": "files", "list": "nothing else", "export": "one rule set", "tck": "one folder"}
LEAVING_SECONDS = (0.02, 0.05, 0.1, 0.2)  # what closed connections get, a look between


def main(argv: Sequence[str] | None = None) -> int:
    """The entry of `tradewind`; gives the exit code."""
    arguments = _parser().parse_args(argv)
    command: Callable[[Arguments, Settings], int] = arguments.command
    try:
        settings = read_settings()
        setup_logs(settings.log_level)
        return command(arguments, settings)
    except Refused as refused:
        for problem in refused.problems:
            place = f" ({problem.where})" if problem.where and problem.where not in problem.message else ""
            print(f"{problem.code}: {problem.message}{place}", file=sys.stderr)
        return 2
    except psycopg.OperationalError as reason:
        print(f"database.no_answer: {str(reason).strip()}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read us has left
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tradewind", description="B2B order management and commerce orchestration.")
    parser.add_argument("--version", action="version", version=f"tradewind {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Callable[[Arguments, Settings], int], sentence: str) -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = commands.add_parser(name, help=sentence, description=sentence)
        made.set_defaults(command=command)
        return made

    run = add("run", _run, "Start the database if needed, migrate it, and serve.")
    run.add_argument("--demo", action="store_true", help="load the demo company and drive its orders first")
    add("serve", _serve, "Serve: HTTP processes and one worker. The database must be migrated.")
    add("worker", _worker, "Run one worker in the foreground.")
    add("migrate", _migrate, "Bring the database to the current schema.")
    add("stop", _stop, "Stop the embedded PostgreSQL.")
    shown = add("settings", _settings, "List all settings with their values.")
    shown.add_argument("--json", action="store_true", help="one JSON object")
    demo = add("demo", _demo, "Run the demo day on a fresh database; 0 only if every order ends where it should.")
    demo.add_argument("--keep", action="store_true", help="on the configured database, where that is empty")
    reading = add("read", _read, "Read business documents without a database; one JSON object a line.")
    reading.add_argument("files", metavar="FILE", nargs="+", type=Path)
    loading = add("import", _import, "Load master data from a CSV or XLSX file.")
    loading.add_argument("kind", metavar="KIND", help="what the rows are, e.g. products, prices, accounts")
    loading.add_argument("file", metavar="FILE", type=Path)
    loading.add_argument("--dry-run", action="store_true", help="do everything, then roll it back")
    loading.add_argument("--refused", metavar="OUT.csv", type=Path, help="where refused rows go, with their reasons")
    handing = add("submit", _submit, "Take in files of trading partners and order files; one JSON object a file.")
    handing.add_argument("files", metavar="FILE", nargs="+", type=Path, help="X12 interchanges; orders as CSV or XLSX")
    handing.add_argument("--account", help="whose order files (CSV, XLSX) they are")
    handing.add_argument("--mode", choices=["accept-valid", "all-or-nothing"], default="accept-valid",
                         help="of order files: leave wrong rows out, or order nothing where one is wrong")  # fmt: skip
    handing.add_argument(
        "--dry-run", action="store_true", help="of order files: price and promise each row, order nothing"
    )
    replay = add("replay", _replay, "Push a file of historic orders through the ordinary path.")
    replay.add_argument("file", metavar="FILE", type=Path)
    replay.add_argument("--mapping", metavar="M", type=Path, required=True, help="which column is what (TOML)")
    replay.add_argument("--summary", metavar="OUT.json", type=Path, required=True, help="where the counts and sums go")
    replay.add_argument("--plan", choices=["exact", "short"], default="exact",
                        help="exact: everything as the documents say; short: the last month, priced from lists learnt from "
                             "the months before, on a shelf that runs short")  # fmt: skip
    replay.add_argument("--pay", action="store_true", help="pay every invoice on the day it is issued")
    replay.add_argument("--parallel", action=argparse.BooleanOptionalAction,
                        help="a process for each stage (default: for the exact plan)")  # fmt: skip
    verify = add("verify", _verify, "Check the invariants on the live database; prints violating rows.")
    verify.add_argument("--json", action="store_true", help="one JSON object a line")
    streams = add("streams", _check_streams, "Work with value streams.")
    streams.add_argument("action", choices=["check"])
    streams.add_argument("files", metavar="FILE", nargs="+", type=Path, help="BPMN 2.0 XML")
    rules = add("rules", _rules, "Work with decision tables: check files, list and export rule sets, run the DMN kit.")
    rules.add_argument("action", choices=["check", "list", "export", "tck"])
    rules.add_argument(
        "what", metavar="FILE|CODE|DIR", nargs="*", help="files to check, the rule set to export, the kit's cases"
    )
    rules.add_argument("--point", default="", help="check: the decision point whose words the files keep to")
    rules.add_argument("--version", dest="number", type=int, help="export: which version (default: the one in force)")
    key = add("key", _create_key, "Make an API key; it is shown once.")
    key.add_argument("action", choices=["create"])
    key.add_argument("login", metavar="LOGIN")
    key.add_argument("--label", default="command line")
    key.add_argument("--days", type=int, help="the key expires after so many days")
    key.add_argument("--kind", choices=["staff", "buyer", "agent", "system"], default="staff",
                     help="what the principal is, where it is made now")  # fmt: skip
    key.add_argument("--role", action="append", default=[], help="make the principal with this role if it is new")
    key.add_argument("--account", action="append", default=[], help="code of an account that a new buyer sees")
    return parser


# ---- the database of a command -----------------------------------------------------------------------------------


@contextmanager
def _server(settings: Settings) -> Iterator[Server]:
    """The server; one that this command started is stopped at its end, unless somebody else uses it by then."""
    server = ensure_server(settings)
    try:
        yield server
    finally:
        if server.started_by_us and not _in_use(server):
            last = running_server(settings)  # another than at the beginning where that one crashed
            if last is not None:
                last.stop()


def _in_use(server: Server) -> bool:
    """Whether somebody else is connected. Our own closed connections take a moment to leave the server: they get it."""
    others = """
    select exists (select from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid())
    """
    try:
        with psycopg.connect(server.url("postgres"), autocommit=True, connect_timeout=5) as connection:
            for pause in LEAVING_SECONDS:
                row = connection.execute(others).fetchone()
                if not (row and row[0]):
                    return False
                time.sleep(pause)
    except psycopg.OperationalError:
        return False
    return True


@contextmanager
def _database(settings: Settings) -> Iterator[tuple[Server, Database]]:
    with _server(settings) as server:
        database = application_of(server, settings).database()
        try:
            yield server, database
        finally:
            database.close()


def _migrate_apart(settings: Settings) -> None:
    """Migrations in a process of their own: what they need never stays in the memory of a server."""
    done = subprocess.run([sys.executable, "-m", "tradewind.app.cli", "migrate"], check=False,
                          env={**os.environ, "TRADEWIND_HOME": str(settings.home)})  # fmt: skip
    if done.returncode:
        raise refuse("database.not_migrated", "The migration failed; see above.", status=503)


def _migrated(where: Where) -> None:
    """Refuse to serve on a database that misses migrations."""
    database = where.database()
    try:
        problem = missing_migrations(database)
    except psycopg.OperationalError as reason:
        if "role" not in str(reason):
            raise
        problem = Problem("database.migrations_missing", "The database is empty; run `tradewind migrate`.", status=503)
    finally:
        database.close()
    if problem is not None:
        raise Refused([problem])


# ---- commands ----------------------------------------------------------------------------------------------------


def _run(arguments: Arguments, settings: Settings) -> int:
    with _server(settings) as server:
        _migrate_apart(settings)
        if arguments.demo:
            # apart as well: what the demo needs is not what serving needs
            subprocess.run([sys.executable, "-m", "tradewind.app.cli", "demo", "--keep"], check=False,
                           env={**os.environ, "TRADEWIND_HOME": str(settings.home)})  # fmt: skip
        return serve(settings, application_of(server, settings), ready=_say_ready, server=server)


def _serve(_: Arguments, settings: Settings) -> int:
    with _server(settings) as server:
        where = application_of(server, settings)
        _migrated(where)
        return serve(settings, where, ready=_say_ready, server=server)


def _say_ready(address: str) -> None:
    print(f"Tradewind answers on {address} (Ctrl-C stops it)", flush=True)


def _worker(_: Arguments, settings: Settings) -> int:
    with _server(settings) as server:
        where = application_of(server, settings)
        _migrated(where)
        return work(settings, where)


def _migrate(_: Arguments, settings: Settings) -> int:
    with _server(settings) as server:
        load("tradewind.app.migrate:migrate")(server.url())
        database = application_of(server, settings).database()
        try:
            database.write(load("tradewind.streams.library:publish_streams"))
        finally:
            database.close()
    return 0


def _stop(_: Arguments, settings: Settings) -> int:
    server = running_server(settings)
    if server is None:
        print("No embedded PostgreSQL runs.")
        return 0
    server.stop()
    print(f"PostgreSQL (pid {server.pid}) has stopped.")
    return 0


def _settings(arguments: Arguments, settings: Settings) -> int:
    given = {name: os.environ.get(name, "") for name, *_ in describe()}
    given["TRADEWIND_HOME"] = str(settings.home)
    rows = [(name, _value(name, given[name]), default, sentence) for name, default, _, sentence in describe()]
    if arguments.json:
        print(json.dumps({name: value or default for name, value, default, _ in rows}, indent=2))
        return 0
    table = load("rich.table:Table")(title="Settings (environment variables)")
    for heading in ("variable", "value", "default", "meaning"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*row)
    load("rich.console:Console")().print(table)
    return 0


def _value(name: str, text: str) -> str:
    return "(given)" if text and name.endswith("DATABASE_URL") else text  # it may hold a password


def _demo(arguments: Arguments, settings: Settings) -> int:
    with _server(settings) as server:
        if not arguments.keep:
            return int(load(DEMO)(server, settings))
        _migrate_apart(settings)
        database = application_of(server, settings).database()
        try:
            return int(load(ENSURE_DEMO)(database, settings))
        finally:
            database.close()


def _import(arguments: Arguments, settings: Settings) -> int:
    _readable(arguments.file)
    with _database(settings) as (_, database):
        return int(load(IMPORT)(database, arguments.kind, arguments.file, dry_run=arguments.dry_run,
                                refused=arguments.refused))  # fmt: skip


def _read(arguments: Arguments, _: Settings) -> int:
    read_source = load(READ_SOURCE)
    wrong = 0
    for path in arguments.files:
        try:
            with path.open("rb") as source:
                reading = read_source(source, name=path.name, size=path.stat().st_size)
            wrong += reading.is_wrong
            shown = reading.as_json(str(path))
        except OSError as reason:
            wrong += 1
            finding = {"code": "request.file_not_readable", "severity": "error", "where": "",
                       "message": reason.strerror or str(reason)}  # fmt: skip
            shown = {"file": str(path), "format": None, "documents": [], "findings": [finding]}
        print(json.dumps(shown))  # in ASCII: whatever a file or its name holds, it can be printed
    return 1 if wrong else 0


def _submit(arguments: Arguments, settings: Settings) -> int:
    with _database(settings) as (_, database):
        sheets = load(SHEET_OPTIONS)(arguments.account, arguments.mode, arguments.dry_run)
        return int(load(SUBMIT)(database, arguments.files, largest=settings.body_max_bytes, sheets=sheets))


def _replay(arguments: Arguments, settings: Settings) -> int:
    _readable(arguments.file)
    _readable(arguments.mapping)
    with _server(settings) as server:
        where = application_of(server, settings)
        _migrated(where)
        database = where.database()
        try:
            return int(load(REPLAY)(database, arguments.file, mapping=arguments.mapping, summary=arguments.summary,
                                    plan=arguments.plan, pay=arguments.pay, is_parallel=arguments.parallel))  # fmt: skip
        finally:
            database.close()


def _verify(arguments: Arguments, settings: Settings) -> int:
    with _server(settings) as server:
        return int(load(VERIFY)(server.url(), json=arguments.json))


def _check_streams(arguments: Arguments, _: Settings) -> int:
    check, expressions = load(CHECK_STREAM), load(READ_EXPRESSION)
    wrong = 0
    for path in arguments.files:
        _readable(path)
        report: dict[str, Any] = check(str(path), path.read_bytes(), expressions)
        wrong += not report["ok"]
        print(json.dumps(report, ensure_ascii=False))
    return 1 if wrong else 0


def _rules(arguments: Arguments, settings: Settings) -> int:
    what: list[str] = arguments.what
    if len(what) != 1 if arguments.action in ("tck", "export") else (arguments.action == "check") != bool(what):
        raise refuse("request.wrong_arguments", f"rules {arguments.action} is for {_WHAT[arguments.action]}")
    if arguments.action == "tck":
        return int(load(TCK)(Path(what[0])))
    if arguments.action == "check":
        return int(load(CHECK_RULES)([Path(one) for one in what], point=arguments.point))
    with _database(settings) as (_, database):
        if arguments.action == "list":
            return int(load(LIST_RULES)(database))
        return int(load(EXPORT_RULES)(database, what[0], arguments.number))


def _readable(path: Path) -> None:
    try:
        with path.open("rb"):
            pass
    except OSError as reason:
        raise refuse("request.file_not_readable", f"{path}: {reason.strerror}", where=str(path)) from reason


def _create_key(arguments: Arguments, settings: Settings) -> int:
    with _database(settings) as (_, database):
        key = load(CREATE_KEY)(
            database, arguments.login, kind=arguments.kind, roles=arguments.role, account_codes=arguments.account,
            label=arguments.label, days=arguments.days,
        )  # fmt: skip
    print(key)
    print("This is the only time the key is shown.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
