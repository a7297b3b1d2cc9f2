"""The whole of it: load the company, let people in, open the door, play the day, judge it."""

import json
from pathlib import Path
from time import monotonic

from demo.day import Day
from demo.door import open_door
from demo.loading import load_company
from demo.people import Login, create_people, keep
from tradewind.app.settings import Settings
from tradewind.app.worker import Duties
from tradewind.kernel.tx import Database
from tradewind.streams.library import publish_streams

CREDENTIALS = "demo-credentials.json"
MOST_ROUNDS = 1_000
_OURS = "select exists (select from legal_entity where code = 'TIDE-DE')"
_KNOWN = "select exists (select from principal where login = 'admin@tideline.example')"


def is_ours(database: Database) -> bool:
    """Whether the company in the database is the made-up one."""
    return bool(database.read(lambda reader: reader.value(_OURS)))


def run_day(database: Database, settings: Settings, folder: Path) -> bool:
    """Load what is missing and play the day; gives whether every order is where it should be. Files go into `folder`."""
    begun = monotonic()
    print("Loading the company through the ordinary import:", flush=True)
    load_company(database, folder / "demo-files", now=database.clock())
    database.write(publish_streams)
    people = _people(database, folder / CREDENTIALS)
    print(f"{len(people)} logins with keys. Loaded in {monotonic() - begun:.1f} s; the day begins.", flush=True)
    duties = Duties(database)
    with open_door(database, settings) as door:
        day = Day(database, door, people, lambda: _until_idle(duties))
        day.run()
        wrong = day.judge()
        day.report()
    return not wrong


def _until_idle(duties: Duties) -> None:
    """What a worker process does, until nothing is left to do."""
    for _ in range(MOST_ROUNDS):
        if not duties.round():
            return


def _people(database: Database, file: Path) -> dict[str, Login]:
    """Everybody; those of an earlier start that did not get further are read from the file they were kept in."""
    if database.read(lambda reader: reader.value(_KNOWN)):
        kept = json.loads(file.read_text(encoding="utf-8"))
        return {
            login: Login(
                login, one["kind"], tuple(one["roles"]), one["account"] or "", one["password"] or "", one["key"]
            )
            for login, one in kept.items()
        }
    people = create_people(database)
    keep(people, file)
    return people
