"""Settings: every `TRADEWIND_*` variable the system reads, declared once with default, type and a sentence.

`read_settings(environ)` gives a frozen `Settings` or refuses with every wrong value at once, each naming its variable
and the reason. `describe()` gives the rows that `tradewind settings` prints.
"""

import os
import re
import sys
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tradewind.kernel.problem import Problem, Refused

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
_URL = re.compile(r"postgres(ql)?://|.*\b\w+ *=")
_MEMORY = re.compile(r"[1-9]\d{0,6}(kB|MB|GB)")


@dataclass(frozen=True, slots=True)
class Settings:
    """What an operator may choose. `home_chosen` tells a `TRADEWIND_HOME` that was given from one that was derived."""

    home: Path
    home_chosen: bool
    database_url: str
    app_database_url: str
    host: str
    port: int
    processes: int
    worker_nice: int
    log_level: str
    body_max_bytes: int
    pg_shared_buffers: str
    outbound_schemes: tuple[str, ...]
    edi_folder: str


@dataclass(frozen=True, slots=True)
class Variable:
    """One setting: `field` of `Settings`, variable, default as text, type as people say it, one sentence, parser."""

    field: str
    name: str
    default: str
    kind: str
    sentence: str
    parse: Callable[[str], Any]


def _whole(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not re.fullmatch(r"-?\d{1,15}", text):
            raise ValueError("is not a whole number")
        if not least <= int(text) <= most:
            raise ValueError(f"is not between {least} and {most}")
        return int(text)

    return parse


def _database(text: str) -> str:
    if text and not _URL.match(text):
        raise ValueError("is neither a postgresql:// address nor a `key=value` connection string")
    return text


def _host(text: str) -> str:
    if not text or any(character.isspace() or character == "/" for character in text):
        raise ValueError("is not a host name or an address")
    return text


def _level(text: str) -> str:
    if text.upper() not in LOG_LEVELS:
        raise ValueError(f"is none of {', '.join(LOG_LEVELS)}")
    return text.upper()


def _schemes(text: str) -> tuple[str, ...]:
    schemes = tuple(part.strip().lower() for part in text.split(","))
    if not set(schemes) <= {"http", "https"}:
        raise ValueError("is not https, http or both with a comma")
    return schemes


def _memory(text: str) -> str:
    if not _MEMORY.fullmatch(text):
        raise ValueError("is not a size such as 64MB")
    return text


VARIABLES = (
    Variable("host", "TRADEWIND_HOST", "127.0.0.1", "host",
             "The address the server listens on; 0.0.0.0 listens on all.", _host),
    Variable("port", "TRADEWIND_PORT", "8080", "whole number 0-65535",
             "The port the server listens on; 0 takes any free one.", _whole(0, 65535)),
    Variable("processes", "TRADEWIND_PROCESSES", "2", "whole number 1-64",
             "How many server processes share the port.", _whole(1, 64)),
    Variable("worker_nice", "TRADEWIND_WORKER_NICE", "10", "whole number 0-19",
             "How far the worker stands back for the server processes where they want the same cores.", _whole(0, 19)),
    Variable("log_level", "TRADEWIND_LOG_LEVEL", "INFO", "/".join(LOG_LEVELS),
             "The least severe log lines that are written.", _level),
    Variable("body_max_bytes", "TRADEWIND_BODY_MAX_BYTES", "33554432", "bytes",
             "The largest request body that is read; a larger one is refused.", _whole(1024, 1 << 31)),
    Variable("database_url", "TRADEWIND_DATABASE_URL", "", "connection",
             "PostgreSQL 16 or later as the owner of the tables; empty runs the embedded one.", _database),
    Variable("app_database_url", "TRADEWIND_APP_DATABASE_URL", "", "connection",
             "The same database as the application's own role; empty derives it from the owner's.", _database),
    Variable("pg_shared_buffers", "TRADEWIND_PG_SHARED_BUFFERS", "64MB", "size with kB, MB or GB",
             "The page cache of the embedded PostgreSQL, read when it starts.", _memory),
    Variable("outbound_schemes", "TRADEWIND_OUTBOUND_SCHEMES", "https", "https, http or both",
             "How deliveries may leave the house; http sends them readable to everybody on the way.", _schemes),
    Variable("edi_folder", "TRADEWIND_EDI_FOLDER", "", "folder",
             "Where partners put files (in/) and collect them (out/NAME/); empty watches none.", str),
)  # fmt: skip

HOME = Variable("home", "TRADEWIND_HOME", ".tradewind in a checkout, else the user's data folder", "folder",
                "Where data and logs live.", Path)  # fmt: skip


def describe() -> list[tuple[str, str, str, str]]:
    """(variable, default, type, sentence) of every setting, in reading order."""
    return [(row.name, row.default, row.kind, row.sentence) for row in (HOME, *VARIABLES)]


def read_settings(environ: Mapping[str, str] | None = None, cwd: Path | None = None) -> Settings:
    """The settings of `environ` (default: this process's). Refuses with `settings.bad_value`, one problem a variable.

    An empty value counts as not set. `cwd` (default: the working directory) decides where the derived home lies.
    """
    given = {name: text.strip() for name, text in (os.environ if environ is None else environ).items()}
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for row in VARIABLES:
        text = given.get(row.name) or row.default
        try:
            values[row.field] = row.parse(text)
        except ValueError as reason:
            # a connection string may hold a password: it is not repeated
            shown = "" if row.kind == "connection" else f" {text!r}"
            problems.append(Problem("settings.bad_value", f"{row.name}{shown} {reason}", row.name))
    if values.get("app_database_url") and values.get("database_url") == "":
        problems.append(Problem("settings.bad_value", "TRADEWIND_APP_DATABASE_URL is given without "
                                "TRADEWIND_DATABASE_URL", "TRADEWIND_APP_DATABASE_URL"))  # fmt: skip
    chosen = given.get(HOME.name, "")
    home = Path(chosen).expanduser() if chosen else default_home(given, Path.cwd() if cwd is None else cwd)
    if not home.is_absolute():
        home = (Path.cwd() if cwd is None else cwd) / home
    if home.exists() and not home.is_dir():
        problems.append(Problem("settings.bad_value", f"{HOME.name} {str(home)!r} is not a folder", HOME.name))
    if problems:
        raise Refused(problems)
    return Settings(home=home, home_chosen=bool(chosen), **values)


def default_home(environ: Mapping[str, str], cwd: Path) -> Path:
    """`.tradewind` where `cwd` is a checkout of this project, else the platform's user data folder."""
    if _is_checkout(cwd):
        return cwd / ".tradewind"
    base = environ.get("XDG_DATA_HOME", "")
    if base and Path(base).is_absolute():  # the XDG rules: a relative one is to be ignored
        return Path(base) / "tradewind"
    user = Path(environ.get("HOME") or "~").expanduser()
    if sys.platform == "darwin":
        return user / "Library" / "Application Support" / "tradewind"
    return user / ".local" / "share" / "tradewind"


def _is_checkout(folder: Path) -> bool:
    try:
        project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8")).get("project")
    except (OSError, ValueError):
        return False
    return isinstance(project, dict) and project.get("name") == "tradewind"
