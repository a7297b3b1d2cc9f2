"""The command line, as a user meets it: in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tradewind.app.cli import main
from tradewind.app.postgres import Server, running_server
from tradewind.app.settings import Settings, describe

BPMN = """<?xml version="1.0"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="t" id="d">
  <process id="p" isExecutable="true">{inside}</process>
</definitions>"""


def run(*words: str, home: Path | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith("TRADEWIND_")}
    given = {**kept, **variables, **({"TRADEWIND_HOME": str(home)} if home else {})}
    return subprocess.run([sys.executable, "-m", "tradewind.app.cli", *words], env=given, capture_output=True, text=True,
                          timeout=120, check=False)  # fmt: skip


def test_a_wrong_setting_is_refused_with_its_name_and_no_traceback():
    done = run("settings", TRADEWIND_PORT="eighty", TRADEWIND_PROCESSES="0")

    assert done.returncode == 2
    assert "TRADEWIND_PORT 'eighty' is not a whole number" in done.stderr
    assert "TRADEWIND_PROCESSES '0' is not between 1 and 64" in done.stderr
    assert "Traceback" not in done.stderr


def test_settings_are_listed_without_passwords(tmp_path):
    shown = run("settings", home=tmp_path, TRADEWIND_DATABASE_URL="postgresql://me:s3cret@host/db", TRADEWIND_PORT="9")
    plain = run("settings", "--json", home=tmp_path, TRADEWIND_DATABASE_URL="postgresql://me:s3cret@host/db")

    assert (shown.returncode, plain.returncode) == (0, 0)
    assert "s3cret" not in shown.stdout + plain.stdout
    values = json.loads(plain.stdout)
    assert list(values) == [name for name, *_ in describe()]
    assert values["TRADEWIND_HOME"] == str(tmp_path)


@pytest.mark.parametrize("words", [["import", "products", "/nowhere.csv"], ["streams", "check", "/nowhere.bpmn"],
                                   ["replay", "/nowhere.csv", "--mapping", "/m", "--summary", "/s"]])  # fmt: skip
def test_a_file_that_cannot_be_read_is_refused_before_anything_starts(words, tmp_path):
    done = run(*words, home=tmp_path)

    assert done.returncode == 2
    assert (
        done.stderr
        == f"request.file_not_readable: {words[-1] if words[0] == 'streams' else words[-1 if words[0] == 'import' else 1]}: No such file or directory\n"
    )
    assert not (tmp_path / "postgres").exists()


def test_an_unknown_command_lists_those_there_are():
    done = run("fly")

    assert done.returncode == 2
    for name in ("run", "serve", "worker", "migrate", "verify", "replay", "import", "streams", "key", "stop"):
        assert name in done.stderr


def test_streams_are_checked_one_json_object_a_file(tmp_path):
    good, bad = tmp_path / "good.bpmn", tmp_path / "bad.bpmn"
    good.write_text(BPMN.format(inside='<startEvent id="s"/><endEvent id="e"/>'
                                '<sequenceFlow id="f" sourceRef="s" targetRef="e"/>'))  # fmt: skip
    bad.write_text(BPMN.format(inside='<startEvent id="s"/><complexGateway id="g"/>'
                               '<sequenceFlow id="f" sourceRef="s" targetRef="g"/>'))  # fmt: skip

    done = run("streams", "check", str(good), str(bad), home=tmp_path)

    reports = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert [(report["file"], report["ok"]) for report in reports] == [(str(good), True), (str(bad), False)]
    assert [(one["element"], one["id"]) for one in reports[1]["unsupported"]] == [("complexGateway", "g")]


def test_a_database_that_does_not_answer_is_named(tmp_path):
    done = run("verify", home=tmp_path, TRADEWIND_DATABASE_URL="host=/nonexistent dbname=x connect_timeout=1")

    assert done.returncode == 2
    assert done.stderr.startswith("database.no_answer: TRADEWIND_DATABASE_URL: ")


def test_migrate_then_key_then_verify_and_what_a_command_started_it_stops(fresh_home):
    unmigrated = run("serve", home=fresh_home)
    migrated = run("migrate", home=fresh_home)
    again = run("migrate", home=fresh_home)
    lost = run("key", "create", "ben@buyer.test", "--kind", "buyer", "--role", "buyer", "--account", "A-1",
               home=fresh_home)  # fmt: skip
    unknown = run("key", "create", "ann@trade.test", home=fresh_home)
    key = run("key", "create", "ann@trade.test", "--role", "sales", "--days", "3", home=fresh_home)
    second = run("key", "create", "Ann@trade.test", home=fresh_home)
    checked = run("verify", home=fresh_home)
    stopped = run("stop", home=fresh_home)

    assert unmigrated.returncode == 2
    assert unmigrated.stderr.startswith("database.migrations_missing: ")
    assert (migrated.returncode, again.returncode) == (0, 0), migrated.stderr
    assert (lost.returncode, lost.stderr) == (2, "access.unknown_account: There is no account A-1.\n")
    assert (unknown.returncode, unknown.stderr.split(":")[0]) == (2, "access.bad_roles")
    assert key.stdout.startswith("tw_")
    assert second.stdout.startswith("tw_")
    assert key.stdout != second.stdout
    assert checked.returncode == 0, checked.stdout
    assert stopped.stdout == "No embedded PostgreSQL runs.\n"


def test_stop_stops_the_server_that_runs(durable_settings: Settings, durable_server: Server):
    done = run("stop", home=durable_settings.home)

    assert done.stdout == f"PostgreSQL (pid {durable_server.pid}) has stopped.\n"
    assert running_server(durable_settings) is None


def test_a_command_leaves_a_server_alone_that_it_did_not_start(durable_settings: Settings, durable_server: Server):
    done = run("migrate", home=durable_settings.home)

    assert done.returncode == 0, done.stderr
    assert running_server(durable_settings) is not None


def test_help_needs_neither_settings_nor_a_database(capsys):
    with pytest.raises(SystemExit) as left:
        main(["--help"])

    assert left.value.code == 0
    assert "usage: tradewind" in capsys.readouterr().out


HEAVY = ("sqlalchemy", "alembic", "lxml", "rich", "openpyxl", "python_calamine", "fastapi", "prometheus_client")


def test_the_command_line_itself_is_light():
    script = "import sys, tradewind.app.cli; print([name for name in sys.argv[1:] if name in sys.modules])"

    done = subprocess.run([sys.executable, "-c", script, *HEAVY], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"


def test_serving_loads_neither_the_table_declarations_nor_the_tools():
    script = "import sys, tradewind.app.http; print([name for name in sys.argv[1:] if name in sys.modules])"

    done = subprocess.run([sys.executable, "-c", script, "sqlalchemy", "alembic", "rich"], capture_output=True, text=True,
                          check=True)  # fmt: skip

    assert done.stdout == "[]\n"
