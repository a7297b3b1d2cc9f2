"""Recorded histories replay identically: the same moves make the same trails, waits and states as when they were recorded."""

import json

import pytest
from recorded import HISTORIES, replay, sources

from tradewind.orchestration.decide.state_json import from_json
from tradewind.orchestration.model import State

BOOKS = {path.stem: json.loads(path.read_text()) for path in sorted(HISTORIES.glob("*.json"))}
STORIES = [(book, title) for book, stories in BOOKS.items() for title in stories]


@pytest.mark.parametrize(("book", "title"), STORIES, ids=lambda part: part)
def test_a_history_replays_identically(book, title):
    recorded = BOOKS[book][title]

    again = replay(recorded["bpmn"], [one["move"] for one in recorded["history"]])

    assert again == recorded["history"]


def test_every_game_has_its_history():
    names = {name.rpartition("/")[::2] for name in sources()}

    assert {(book or title, title) for book, title in names} <= set(STORIES)


def test_states_of_the_first_version_are_still_read():
    old = '{"v":1,"n":4,"t":[[1,"pack"],[3,"pick",2]],"x":{"d":{"~n":"1.50"}},"w":[[4,"late",1,"2026-01-05T16:00:00+00:00"]],"s":[[2,0,1,"pack"]]}'

    state = from_json(old)

    assert isinstance(state, State)
    assert (state.last, len(state.tokens), len(state.watches), len(state.scopes), state.done) == (4, 2, 1, 1, ())
