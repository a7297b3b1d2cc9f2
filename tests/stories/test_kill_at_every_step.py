"""A process that runs a stream of twenty steps is killed at every step and every commit, one after the other: it resumes each time,
nothing happens twice, nothing is lost."""

import os
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from uuid import UUID

import psutil
import pytest
from twenty_steps import STEPS, UNDO, UNDONE, twenty

from invariants import assert_invariants
from tradewind.app.postgres import ensure_server
from tradewind.app.postgres_place import find_place
from tradewind.kernel.tx import Database, Tx
from tradewind.orchestration.commands.crank import Crank
from tradewind.orchestration.commands.deliveries import claim_deliveries, note_sent
from tradewind.orchestration.commands.instances import store_instances
from tradewind.orchestration.commands.messages import Message, post_messages
from tradewind.orchestration.commands.steps import Start
from tradewind.orchestration.commands.streams import latest_versions, publish
from tradewind.orchestration.commands.tasks import Completion, complete_tasks, open_tasks
from tradewind.orchestration.commands.turns import begin_instances
from tradewind.rules.decide.feel import read_expression

SECONDS = 20.0
_PLACES = (
    "select string_agg(distinct t ->> 1, '+') from stream_instance i, jsonb_array_elements(i.state::jsonb -> 't') t"
)


def start(database: Database, *notes: UUID) -> None:
    """The stream is published, and an instance of it waits for each note."""

    def begin(tx: Tx) -> None:
        stream = twenty()
        publish(tx, stream.code, name=stream.name, bpmn=stream.bpmn, expressions=read_expression)
        starts = [Start("twenty", "note", note, None, {"note": str(note)}) for note in notes]
        fresh = begin_instances(tx, starts, versions=latest_versions(tx), expressions=read_expression)
        store_instances(tx, fresh, wake_now=frozenset(one.id for one in fresh))

    database.write(begin)


class Life:
    """What one process does until every instance has ended: turns, does tasks, sends what is due, hears the partner's answers.

    `mail` is the partner's: it holds the effect keys that arrived. `reached` is told of every point that the process comes to.
    """

    def __init__(self, url: str, mail: Path, reached: Callable[[str], None]) -> None:
        self.reached, self.mail = reached, mail
        self.database = Database(url, at=lambda point, tx: reached(f"{point} of {self.doing}"))
        self.crank = Crank(self.database, {"twenty": twenty(reached)}, read_expression)
        self.doing = ""

    def live(self) -> None:
        until = time.monotonic() + SECONDS
        while time.monotonic() < until and self._left():
            self.doing = f"a turn from {self.database.read(lambda reader: reader.value(_PLACES))}"
            self.crank.turn_once()
            self._do_tasks()
            self._send()
            self._hear()
            time.sleep(0.002)

    def _left(self) -> bool:
        return bool(
            self.database.read(
                lambda reader: reader.value("select 1 from stream_instance where status <> 'done' limit 1")
            )
        )

    def _do_tasks(self) -> None:
        self.doing = "a task"
        tasks = self.database.read(lambda reader: open_tasks(reader, roles=["clerk"]))
        if tasks:
            done = [Completion(task.id, {"approved": True}) for task in tasks]
            self.database.write(lambda tx: complete_tasks(tx, done, roles=["clerk"]))

    def _send(self) -> None:
        self.doing = "a claim"
        if not self.database.read(
            lambda reader: reader.value("select 1 from delivery where status = 'pending' limit 1")
        ):
            return
        due = self.database.write(claim_deliveries)
        for one in due:
            with self.mail.open("a") as box:
                box.write(f"{one.effect_key}\n")
            self.reached("sent")
        self.doing = "a note"
        if due:
            self.database.write(lambda tx: note_sent(tx, due))

    def _hear(self) -> None:
        self.doing = "an answer"
        asked = "select 1 from stream_wait where name = 'partner.answered' limit 1"
        if self.mail.exists() and self.database.read(lambda reader: reader.value(asked)):
            keys = self.mail.read_text().split()  # the partner answers whatever it was sent, as often as it was sent
            answers = [Message("partner.answered", key.split(":")[0], key) for key in dict.fromkeys(keys)]
            self.database.write(lambda tx: post_messages(tx, answers))


def kill(pid: int) -> None:
    """Kill a process. Of a server that is another one nothing is left when this returns: a child of it that outlived it for a moment
    would serve us beyond the point at which it was killed."""
    children = [] if pid == os.getpid() else psutil.Process(pid).children(recursive=True)
    os.kill(pid, signal.SIGKILL)
    _, left = psutil.wait_procs(children, timeout=10)
    assert not left, left


def process(url: str, mail: Path, killed: Path, *, victim: Callable[[], int] = os.getpid) -> bool:
    """Run a life in a process of its own; at the first point at which nothing was killed before, `victim` is killed (by its
    number; the process itself if nothing is said). Gives whether there was such a point."""
    before = set(killed.read_text().splitlines()) if killed.exists() else set()
    pid = os.fork()
    if pid == 0:
        done: list[str] = []

        def reached(point: str) -> None:
            if point not in before and not done:
                done.append(point)
                with killed.open("a") as book:
                    book.write(f"{point}\n")
                kill(victim())

        try:
            Life(url, mail, reached).live()
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
    return killed.exists() and set(killed.read_text().splitlines()) != before


def told(database: Database, notes: Sequence[UUID], mail: Path) -> None:
    """Every step of every note happened once, in order, and was undone once; what left the house left under one key; all is over."""
    said = database.read(
        lambda reader: reader.rows(
            "select subject_id, array_agg(payload ->> 'step' order by subject_seq) from event where type = 'step.done' group by 1"
        )
    )
    expected = [*STEPS[:17], *(f"undo_{step}" for step in reversed(UNDONE)), *STEPS[17:]]
    assert dict(said) == dict.fromkeys(notes, expected)
    asked = database.read(lambda reader: reader.rows("select effect_key, status from delivery order by 1"))
    assert asked == sorted((f"{note}:s09", "sent") for note in notes)
    assert set(mail.read_text().split()) == {
        f"{note}:s09" for note in notes
    }  # sent again after a kill, under the same key
    ended = database.read(lambda reader: reader.rows("select status, count(*) from stream_instance group by 1"))
    assert ended == [("done", len(notes))]
    assert database.read(lambda reader: reader.rows("select code, message from incident")) == []


def test_killed_at_every_step_it_resumes_with_no_effect_twice_and_none_lost(owner_url, tmp_path):
    database = Database(owner_url)
    notes = database.ids.many(3)
    start(database, *notes)
    mail, killed = tmp_path / "mail", tmp_path / "killed"

    kills = 0
    while process(owner_url, mail, killed):
        kills += 1
        assert kills < 500, "it never comes to an end"
        # whoever held a lease is dead: the next sender need not wait for it to run out
        database.write(lambda tx: tx.run("update delivery set lease_until = null where status = 'pending'"))

    points = killed.read_text().splitlines()
    assert kills == len(points) == len(set(points))
    assert {*STEPS, *UNDO, "flushed", "sent"} <= set(points)
    assert sum(point.startswith("before commit") for point in points) == sum(
        point.startswith("after commit") for point in points
    )
    told(database, notes, mail)
    database.close()


@pytest.mark.slow
@pytest.mark.durable
def test_with_postgresql_killed_at_every_step_it_is_the_same(durable_server, durable_settings, tmp_path):
    url = durable_server.url()
    database = Database(url)
    (note,) = database.ids.many(1)
    start(database, note)
    database.close()
    mail, killed = tmp_path / "mail", tmp_path / "killed"
    number = find_place(durable_settings).data / "postmaster.pid"

    kills = 0
    while process(url, mail, killed, victim=lambda: int(number.read_text().split()[0])):
        kills += 1
        assert kills < 300, "it never comes to an end"
        url = ensure_server(durable_settings).url()
        database.write(lambda tx: tx.run("update delivery set lease_until = null where status = 'pending'"))
        database.close()

    assert {*STEPS, *UNDO, "flushed", "sent"} <= set(killed.read_text().splitlines())
    told(database, [note], mail)
    database.close()
    assert_invariants(url, everything=True)
