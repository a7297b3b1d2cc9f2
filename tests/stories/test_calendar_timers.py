"""Timers that count working time: over weekends, holidays and the change of clocks, and over a restart."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from shop import Shop
from tradewind.kernel.problem import Refused
from tradewind.kernel.tx import Database
from tradewind.orchestration.commands.crank import Crank
from tradewind.orchestration.commands.steps import Start, Stream
from tradewind.orchestration.commands.streams import latest_versions, publish
from tradewind.orchestration.commands.turns import begin_instances, finish_turn
from tradewind.streams.language import read_expression

BPMN = b"""<?xml version="1.0"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:tw="https://tradewind.dev/bpmn" id="d" targetNamespace="t">
  <process id="waits" name="Waits" isExecutable="true">
    <startEvent id="s"/>
    <intermediateCatchEvent id="wait" name="Two working days and an hour" tw:calendar="= place">
      <timerEventDefinition><timeDuration>P2DT1H</timeDuration></timerEventDefinition>
    </intermediateCatchEvent>
    <userTask id="do" name="Do it" tw:role="sales" tw:due="PT4H" tw:calendar="DE"/>
    <endEvent id="e"/>
    <sequenceFlow id="a" sourceRef="s" targetRef="wait"/>
    <sequenceFlow id="b" sourceRef="wait" targetRef="do"/>
    <sequenceFlow id="c" sourceRef="do" targetRef="e"/>
  </process>
</definitions>"""
WEEK = "insert into calendar (id, code, name, time_zone) values (gen_random_uuid(), 'DE', 'Germany', 'Europe/Berlin')"
DAYS = """
insert into calendar_day (calendar_id, day, opens, closes)
select c.id, d, '08:00', '16:00' from calendar c, unnest(array['mon', 'tue', 'wed', 'thu', 'fri']) as d where c.code = 'DE'
"""
HOLIDAY = "insert into calendar_day (calendar_id, day, name) select id, %s, 'Holiday' from calendar where code = 'DE'"


class _Nothing:
    """What a stream without steps works on."""

    def __init__(self) -> None:
        self.starts: list[Any] = []
        self.messages: list[Any] = []

    def widen(self) -> None: ...

    def flush(self, tx: Any) -> None: ...


STREAM = Stream("waits", "Waits", "thing", BPMN, {}, lambda tx, ids: _Nothing(), lambda tx, workset, needs: None)


@pytest.fixture
def waits(shop: Shop) -> Iterator[Shop]:
    """The stream, published, and a German calendar with a holiday on Monday, 30 March 2026."""
    shop.database.write(lambda tx: [tx.run(WEEK), tx.run(DAYS), tx.run(HOLIDAY, ["2026-03-30"])])
    shop.database.write(lambda tx: publish(tx, "waits", name="Waits", bpmn=BPMN, expressions=read_expression))
    return shop


def start(shop: Shop, at: datetime, place: str = "DE") -> None:
    shop.clock.at = at

    def begun(tx: Any) -> None:
        versions = latest_versions(tx)
        starts = [Start("waits", "thing", tx.ids.new(), None, {"place": place})]
        instances = begin_instances(tx, starts, versions=versions, expressions=read_expression)
        finish_turn(tx, instances, _Nothing(), versions=versions, expressions=read_expression)

    shop.database.write(begun)


def due(shop: Shop) -> datetime:
    found: datetime = shop.one("select due_at from stream_wait where kind = 'timer'")[0]
    return found.astimezone(UTC)


def utc(month: int, day: int, hour: int) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def test_a_delay_counts_working_days_over_weekend_holiday_and_the_change_of_clocks(waits):
    start(
        waits, utc(3, 27, 14)
    )  # Friday 15:00 in Berlin; Monday is a holiday; clocks go forward in the night to Sunday

    assert due(waits) == utc(4, 1, 14)  # Wednesday 15:00 and an hour; Tuesday was the first working day


def test_a_timer_outlives_a_restart_and_a_task_is_due_in_working_time(waits):
    start(waits, utc(3, 2, 9))
    assert due(waits) == utc(3, 4, 10)
    again = Database(waits.url, clock=waits.clock)  # another process: nothing is remembered but rows
    crank = Crank(again, {"waits": STREAM}, read_expression)

    waits.clock.at = utc(3, 4, 9)
    assert crank.turn_once() == 0
    waits.clock.at = utc(3, 6, 14)  # Friday, after two days on which nothing ran
    assert crank.turn_once() == 1
    again.close()

    assert waits.one("select due_at from user_task where status = 'open'")[0] == utc(3, 9, 10)


def test_a_holiday_that_was_written_later_counts_from_the_next_wait_on(waits):
    start(waits, utc(3, 2, 9))
    waits.database.write(lambda tx: tx.run(HOLIDAY, ["2026-03-03"]))
    waits.database.write(lambda tx: tx.run("delete from stream_wait"))

    start(waits, utc(3, 2, 9))

    assert due(waits) == utc(3, 5, 10)
    waits.database.write(
        lambda tx: tx.run("update stream_instance set status = 'cancelled', ended_at = now(), wake_at = null")
    )
    waits.database.write(lambda tx: tx.run("delete from stream_wait"))


def test_a_calendar_that_is_not_there_is_named(waits):
    with pytest.raises(Refused) as refused:
        start(waits, utc(3, 2, 9), place="MOON")

    assert refused.value.problems[0].code == "orchestration.no_calendar_time"
