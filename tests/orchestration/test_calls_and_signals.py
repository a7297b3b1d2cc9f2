"""Calls, signals, business errors and decisions with rows: what the crank makes of them."""

import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from token_games import drawn

from shop import Shop, open_shop
from tradewind.kernel.tx import Tx
from tradewind.orchestration.commands.crank import CRANK, Crank
from tradewind.orchestration.commands.messages import Message, post_messages
from tradewind.orchestration.commands.signals import Signal, broadcast, sweep_signals
from tradewind.orchestration.commands.steps import Call, Start, Step, Stream, business_error
from tradewind.orchestration.commands.streams import latest_versions, publish
from tradewind.orchestration.commands.turns import start_instances
from tradewind.rules.decide.feel import read_expression

DRAWINGS = {
    "selling": """
        start s
        call pack called=packing inputs='{boxes: boxes, weight: weight}' outputs='{packed: boxes, exact: weight}'
        on slow pack escalation=slow keeps
        user hurry role=x
        on broken pack error=broken result=why
        user repair role=x
        user last role=x
        react stop
          start stopped message=stop key=order
          end over
          stopped -> over
        end e
        s -> pack -> last -> e
        slow -> hurry -> e
        broken -> repair -> e
    """,
    "packing": """
        start s
        step count step=count
        choice how
        throw tell escalation=slow
        end bad error=broken
        user pick role=x
        end e
        s -> count -> how
        how -> bad when boxes = 13
        how -> tell when boxes > 5
        how -> pick when boxes > 1
        how -> e else
        tell -> pick -> e
    """,
    "listening": """
        start s
        user work role=x
        on ping work signal=ping keeps
        step note step=count
        on stop work signal=stop
        end e
        s -> work -> e
        ping -> note -> e
        stop -> e
    """,
    "shouting": """
        start s
        throw shout signal=ping payload='{boxes: 7}'
        end e signal=stop
        s -> shout -> e
    """,
    "failing": """
        start s
        step count step=count
        on none count error=none result=why
        user look role=x
        end e
        s -> count -> e
        none -> look -> e
    """,
    "deciding": """
        start s
        decide risk decision=risk result=risk
        user last role=x
        end e
        s -> risk -> last -> e
    """,
}  # fmt: skip


class Nothing:
    """A workset of steps that keep everything in variables."""

    def __init__(self) -> None:
        self.starts: list[Start] = []
        self.messages: list[Message] = []

    def widen(self) -> None:
        """Nothing is locked."""

    def flush(self, _: Tx) -> None:
        """Nothing is kept."""


def count(_: Any, calls: Sequence[Call], __: Any) -> list[dict[str, Any]]:
    boxes = [call.variables.get("boxes", 0) for call in calls]
    return [
        business_error("none", boxes=0) if number == 0 else business_error("odd") if number < 0 else {}
        for number in boxes
    ]


def risk(_: Tx, name: str, calls: Sequence[Call]) -> list[dict[str, Any]]:
    return [{"score": Decimal(len(name) + call.variables["boxes"])} for call in calls]


STREAMS = {
    code: Stream(
        code,
        code,
        "note",
        drawn(drawing),
        {"count": Step("count", count, lambda _, __, ___, outcomes: outcomes)},
        open=lambda _, __: Nothing(),
        lock=lambda *_: None,
        decisions=risk,
    )
    for code, drawing in DRAWINGS.items()
}


class House:
    """The streams above in a database."""

    def __init__(self, shop: Shop) -> None:
        self.shop, self.database = shop, shop.database
        self.crank = Crank(shop.database, STREAMS, read_expression)

        def put(tx: Tx) -> None:
            for one in STREAMS.values():
                publish(tx, one.code, name=one.name, bpmn=one.bpmn, expressions=read_expression)

        self.database.write(put, actor=CRANK)

    def begin(self, stream: str, **variables: Any) -> UUID:
        """An instance, and all that it can do by itself; the note it is about."""

        def write(tx: Tx) -> UUID:
            note = tx.ids.new()
            starts = [Start(stream, "note", note, None, variables)]
            start_instances(tx, starts, versions=latest_versions(tx), expressions=read_expression)
            return note

        note = self.database.write(write, actor=CRANK)
        self.turn()
        return note

    def turn(self) -> None:
        self.crank.turn_until_idle(rounds=50)

    def done(self, node: str) -> None:
        """Somebody does the task."""

        def write(tx: Tx) -> None:
            tx.run(
                "update user_task set status = 'done', outcome = '{}', done_at = %(now)s where node = %(node)s and status = 'open'",
                {"node": node, "now": tx.now},
            )
            tx.run(
                "update stream_instance i set wake_at = %(now)s from user_task t where t.instance_id = i.id and t.node = %(node)s",
                {"node": node, "now": tx.now},
            )

        self.database.write(write, actor=CRANK)
        self.turn()

    def tasks(self) -> list[str]:
        return [row[0] for row in self.shop.all("select node from user_task where status = 'open' order by 1")]

    def states(self) -> dict[str, str]:
        return dict(
            self.shop.all("select stream, string_agg(status, ' ' order by status) from stream_instance group by 1")
        )

    def variable(self, stream: str, name: str) -> Any:
        (state,) = self.shop.one("select state from stream_instance where stream = %s", [stream])
        return json.loads(state).get("x", {}).get(name)


@pytest.fixture
def house(owner_url: str) -> Iterator[House]:
    opened = open_shop(owner_url)
    yield House(opened)
    opened.database.close()


def test_a_call_runs_another_stream_and_goes_on_when_that_is_over(house):
    house.begin("selling", order="SO-1", boxes=2, weight=Decimal("1.250"))
    assert house.states() == {"selling": "running", "packing": "running"}
    assert house.tasks() == ["pick"]

    house.done("pick")

    assert house.states() == {"selling": "running", "packing": "done"}
    assert house.tasks() == ["last"]
    assert (house.variable("selling", "packed"), house.variable("selling", "exact")) == ({"~n": "2"}, {"~n": "1.250"})


def test_a_called_stream_that_never_waits_is_over_at_once(house):
    house.begin("selling", order="SO-1", boxes=1, weight=1)

    assert house.states() == {"selling": "running", "packing": "done"}
    assert house.tasks() == ["last"]


def test_an_error_of_the_called_stream_reaches_the_border_of_the_call(house):
    house.begin("selling", order="SO-1", boxes=13, weight=1)

    assert house.states() == {"selling": "running", "packing": "done"}
    assert house.tasks() == ["repair"]
    assert house.variable("selling", "why") == "broken"


def test_an_escalation_of_the_called_stream_branches_off_and_both_go_on(house):
    house.begin("selling", order="SO-1", boxes=6, weight=1)

    assert house.states() == {"selling": "running", "packing": "running"}
    assert house.tasks() == ["hurry", "pick"]


def test_what_was_called_is_cancelled_with_its_caller(house):
    house.begin("selling", order="SO-1", boxes=2, weight=1)

    house.database.write(lambda tx: post_messages(tx, [Message("stop", "SO-1", "m-1")]), actor=CRANK)
    house.turn()

    assert house.states() == {"selling": "done", "packing": "cancelled"}
    assert house.tasks() == []
    assert house.shop.all("select * from stream_wait") == []


def test_an_error_that_the_caller_does_not_catch_is_its_incident(house):
    house.begin("selling", order="SO-1", boxes=-1, weight=1)

    assert house.states() == {"selling": "incident", "packing": "done"}
    assert house.shop.all("select code from incident") == [("orchestration.uncaught_error",)]


def test_a_signal_reaches_all_who_wait_and_nobody_later(house):
    first, second = house.begin("listening", boxes=1), house.begin("listening", boxes=1)
    assert first != second

    reached = house.database.write(lambda tx: broadcast(tx, [Signal("ping"), Signal("nobody")]), actor=CRANK)
    house.turn()
    later = house.begin("listening", boxes=1)

    assert reached == 2
    assert house.tasks() == ["work", "work", "work"]
    trails = house.shop.all(
        "select payload->'trail' from event where type = 'stream.advanced' and subject_id = %s", [later]
    )
    assert not any("e:note" in trail for (trail,) in trails)
    assert house.shop.all("select * from stream_signal") == []


def test_signals_that_a_stream_sends_reach_the_others(house):
    house.begin("listening", boxes=1)

    house.begin("shouting")

    assert house.states() == {"listening": "done", "shouting": "done"}
    assert house.tasks() == []


def test_a_signal_to_an_instance_that_is_held_is_not_lost(house):
    house.begin("listening", boxes=1)

    def hold(tx: Tx) -> None:
        tx.rows("select id from stream_instance for no key update")
        house.database.write(lambda other: broadcast(other, [Signal("stop")]), actor=CRANK)

    house.database.write(hold, actor=CRANK)
    house.turn()
    assert house.states() == {"listening": "running"}
    woken = house.database.write(sweep_signals, actor=CRANK)
    house.turn()

    assert woken == 1
    assert house.states() == {"listening": "done"}


def test_a_business_error_of_a_step_goes_where_the_diagram_catches_it(house):
    house.begin("failing", boxes=0)

    assert house.tasks() == ["look"]
    assert house.variable("failing", "why") == "none"


def test_a_business_error_that_nothing_catches_is_an_incident_and_nothing_moved(house):
    house.begin("failing", boxes=-1)

    assert house.states() == {"failing": "incident"}
    assert house.shop.all("select code, message from incident") == [
        ("orchestration.uncaught_error", "orchestration.uncaught_error: nothing catches the error odd")
    ]


def test_a_decision_is_asked_for_the_whole_set(house):
    house.begin("deciding", boxes=3)

    assert house.tasks() == ["last"]
    assert house.variable("deciding", "risk") == {"~n": "7"}
