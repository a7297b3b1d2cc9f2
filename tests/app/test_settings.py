"""Settings: defaults, wrong values, and where the home lies."""

from pathlib import Path

import pytest

from tradewind.app.settings import HOME, VARIABLES, describe, read_settings
from tradewind.kernel.problem import Refused

CHECKOUT = '[project]\nname = "tradewind"\n'


def test_an_empty_environment_gives_every_default(tmp_path: Path) -> None:
    found = read_settings({"HOME": str(tmp_path)}, cwd=tmp_path)

    assert (found.host, found.port, found.processes, found.log_level) == ("127.0.0.1", 8080, 2, "INFO")
    assert (found.database_url, found.app_database_url, found.pg_shared_buffers) == ("", "", "64MB")
    assert found.body_max_bytes == 32 * 1024 * 1024


def test_every_value_can_be_chosen(tmp_path: Path) -> None:
    chosen = {
        "TRADEWIND_HOME": str(tmp_path / "here"),
        "TRADEWIND_DATABASE_URL": "postgresql://owner:secret@db.example/tradewind",
        "TRADEWIND_APP_DATABASE_URL": "host=db.example user=app",
        "TRADEWIND_HOST": "0.0.0.0",
        "TRADEWIND_PORT": "9000",
        "TRADEWIND_PROCESSES": " 4 ",
        "TRADEWIND_LOG_LEVEL": "debug",
        "TRADEWIND_BODY_MAX_BYTES": "1024",
        "TRADEWIND_PG_SHARED_BUFFERS": "1GB",
    }

    found = read_settings(chosen, cwd=tmp_path)

    assert (found.home, found.home_chosen) == (tmp_path / "here", True)
    assert found.database_url == "postgresql://owner:secret@db.example/tradewind"
    assert found.app_database_url == "host=db.example user=app"
    assert (found.host, found.port, found.processes, found.log_level) == ("0.0.0.0", 9000, 4, "DEBUG")
    assert (found.body_max_bytes, found.pg_shared_buffers) == (1024, "1GB")


@pytest.mark.parametrize(
    ("variable", "text", "reason"),
    [
        ("TRADEWIND_PORT", "eighty", "TRADEWIND_PORT 'eighty' is not a whole number"),
        ("TRADEWIND_PORT", "65536", "TRADEWIND_PORT '65536' is not between 0 and 65535"),
        ("TRADEWIND_PORT", "-1", "TRADEWIND_PORT '-1' is not between 0 and 65535"),
        ("TRADEWIND_PROCESSES", "0", "TRADEWIND_PROCESSES '0' is not between 1 and 64"),
        ("TRADEWIND_LOG_LEVEL", "loud", "TRADEWIND_LOG_LEVEL 'loud' is none of DEBUG, INFO, WARNING, ERROR"),
        ("TRADEWIND_HOST", "a b", "TRADEWIND_HOST 'a b' is not a host name or an address"),
        ("TRADEWIND_PG_SHARED_BUFFERS", "lots", "TRADEWIND_PG_SHARED_BUFFERS 'lots' is not a size such as 64MB"),
        (
            "TRADEWIND_DATABASE_URL",
            "mysql://owner:secret@db",
            "TRADEWIND_DATABASE_URL is neither a postgresql:// address nor a `key=value` connection string",
        ),
        (
            "TRADEWIND_APP_DATABASE_URL",
            "postgresql://app@db/tradewind",
            "TRADEWIND_APP_DATABASE_URL is given without TRADEWIND_DATABASE_URL",
        ),
    ],
)
def test_a_wrong_value_is_refused_with_variable_and_reason(
    variable: str, text: str, reason: str, tmp_path: Path
) -> None:
    with pytest.raises(Refused) as refused:
        read_settings({variable: text, "HOME": str(tmp_path)}, cwd=tmp_path)

    assert [(found.code, found.message, found.where) for found in refused.value.problems] == [
        ("settings.bad_value", reason, variable)
    ]


def test_all_wrong_values_are_named_at_once(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()

    with pytest.raises(Refused) as refused:
        read_settings({"TRADEWIND_HOME": str(file), "TRADEWIND_PORT": "x", "TRADEWIND_LOG_LEVEL": "x"}, cwd=tmp_path)

    assert [found.where for found in refused.value.problems] == [
        "TRADEWIND_PORT", "TRADEWIND_LOG_LEVEL", "TRADEWIND_HOME",
    ]  # fmt: skip


def test_an_empty_value_counts_as_not_set(tmp_path: Path) -> None:
    assert read_settings({"TRADEWIND_PORT": " ", "HOME": str(tmp_path)}, cwd=tmp_path).port == 8080


def test_a_checkout_keeps_its_data_in_itself(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(CHECKOUT)

    found = read_settings({"XDG_DATA_HOME": "/elsewhere"}, cwd=tmp_path)

    assert (found.home, found.home_chosen) == (tmp_path / ".tradewind", False)


@pytest.mark.parametrize("project", ['[project]\nname = "other"\n', "not toml [", "project = 1\n"])
def test_another_project_is_no_checkout(project: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(project)

    assert read_settings({"XDG_DATA_HOME": "/elsewhere"}, cwd=tmp_path).home == Path("/elsewhere/tradewind")


def test_a_relative_xdg_folder_is_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")

    found = read_settings({"XDG_DATA_HOME": "relative", "HOME": str(tmp_path)}, cwd=tmp_path)

    assert found.home == tmp_path / ".local" / "share" / "tradewind"


def test_a_mac_keeps_data_where_macs_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")

    found = read_settings({"HOME": str(tmp_path)}, cwd=tmp_path)

    assert found.home == tmp_path / "Library" / "Application Support" / "tradewind"


def test_a_relative_home_starts_at_the_working_directory(tmp_path: Path) -> None:
    assert read_settings({"TRADEWIND_HOME": "data"}, cwd=tmp_path).home == tmp_path / "data"


def test_the_description_has_one_sentence_for_each_variable() -> None:
    rows = describe()

    assert [name for name, *_ in rows] == [HOME.name, *(row.name for row in VARIABLES)]
    assert all(sentence.endswith(".") and kind for _, _, kind, sentence in rows)
