"""Trials as work of a worker: claimed once, watched, ended, begun anew where a worker was lost."""

from datetime import timedelta
from decimal import Decimal

import psycopg
import pytest

from tradewind.kernel.problem import Problem
from tradewind.trials import jobs
from tradewind.trials.commands import cancel_trial, claim_trial, request_trial
from tradewind.trials.jobs import work_next
from tradewind.trials.queries import findings_after, trial_by_id

DEARER = {"lanes": [{"site": "N", "country": "DE", "cost": "7"}]}


@pytest.fixture
def asked(shop):
    """Seven orders of cups, and a way to ask for a trial of them."""
    for qty in range(1, 8):
        shop.order(("CUP", str(qty)))

    def ask(change=DEARER, **selection):
        return shop.database.write(lambda tx: request_trial(tx, "dearer north", change=change, selection=selection))

    return ask


def row(shop, trial):
    found = shop.database.read(lambda reader: trial_by_id(reader, trial))
    assert found is not None
    return found


def found(shop, trial, **more):
    page = {"kind": None, "after": 0, "limit": 100, **more}
    return shop.database.read(lambda reader: findings_after(reader, trial, **page))


def test_it_runs_to_its_end_and_says_what_it_came_to(shop, asked, monkeypatch):
    monkeypatch.setattr(jobs, "SET", 3)
    trial = asked()
    assert row(shop, trial).state == "queued"

    assert work_next(shop.database) is True

    done = row(shop, trial)
    assert (done.state, done.orders, done.done, done.changed) == ("done", 7, 7, 7)
    assert done.summary["kinds"]["route"] == {"orders": 7, "value": {"EUR": "111.06"}, "by": "0"}
    assert done.summary["before"]["orders"] == 7
    assert done.seconds is not None
    assert [one["number"] for one in found(shop, trial)] == [f"SO-{number:08}" for number in range(1, 8)]
    assert found(shop, trial, limit=2, after=found(shop, trial)[5]["place"])[0]["number"] == "SO-00000007"
    assert found(shop, trial, kind="hold") == []
    assert shop.all("select type from event where subject_type = 'trial' order by seq") == [
        ("trial.requested",),
        ("trial.ended",),
    ]
    assert work_next(shop.database) is False
    shop.verify()


def test_the_newest_of_those_that_fit_are_tried(shop, asked):
    shop.wait(days=1)
    shop.order(("CUP", "8"), account="BELA")

    for selection, numbers in (
        ({"last": 2}, ["SO-00000007", "SO-00000008"]),
        ({"accounts": ["BELA"]}, ["SO-00000008"]),
        ({"until": (shop.clock() - timedelta(hours=1)).isoformat(), "last": 1}, ["SO-00000007"]),
        ({"numbers": ["SO-00000002"]}, ["SO-00000002"]),
    ):
        trial = asked(**selection)
        work_next(shop.database)
        assert [one["number"] for one in found(shop, trial)] == numbers


def test_two_processes_find_what_one_finds(shop, asked, monkeypatch):
    monkeypatch.setattr(jobs, "SET", 2)
    alone, shared = asked(), asked()
    work_next(shop.database, processes=1)
    monkeypatch.setattr(jobs, "FEW", 0)

    work_next(shop.database, processes=2)

    assert row(shop, shared).problem is None
    assert row(shop, shared).summary == row(shop, alone).summary
    assert sorted(one["number"] for one in found(shop, shared)) == [one["number"] for one in found(shop, alone)]


def test_one_that_waits_is_cancelled_at_once_and_one_that_runs_after_its_set(shop, asked, monkeypatch):
    waiting, running = asked(), asked()
    assert shop.database.write(lambda tx: cancel_trial(tx, waiting)).state == "cancelled"
    monkeypatch.setattr(jobs, "SET", 2)
    note = jobs.note_batch

    def note_and_cancel(tx, trial, attempt, **what):
        kept = note(tx, trial, attempt, **what)
        cancel_trial(tx, trial)
        return kept

    monkeypatch.setattr(jobs, "note_batch", note_and_cancel)

    work_next(shop.database)

    assert (row(shop, running).state, row(shop, running).done) == ("cancelled", 2)
    again = shop.database.write(lambda tx: cancel_trial(tx, running))
    assert isinstance(again, Problem)
    assert again.code == "trials.over"


def test_a_lost_worker_leaves_a_trial_that_begins_anew(shop, asked):
    trial = asked()
    assert shop.database.write(claim_trial) == (trial, 1)
    assert shop.database.write(claim_trial) is None
    shop.wait(minutes=3)

    work_next(shop.database)

    assert row(shop, trial).state == "done"
    assert len(found(shop, trial)) == 7


def test_one_that_is_lost_again_and_again_is_given_up(shop, asked):
    trial = asked()
    for _ in range(3):
        assert shop.database.write(claim_trial) is not None
        shop.wait(minutes=3)

    assert work_next(shop.database) is False

    assert row(shop, trial).state == "failed"
    assert row(shop, trial).problem["code"] == "trials.given_up"


def test_what_is_gone_when_it_runs_fails_it_by_name(shop, asked):
    trial = asked()
    with psycopg.connect(shop.url, autocommit=True) as owner:
        owner.execute("update site set code = 'NN' where code = 'N'")

    work_next(shop.database)

    assert row(shop, trial).state == "failed"
    assert row(shop, trial).problem["code"] == "trials.unknown_name"
    assert row(shop, trial).seconds >= Decimal(0)
    with psycopg.connect(shop.url, autocommit=True) as owner:
        owner.execute("update site set code = 'N' where code = 'NN'")
