"""Who gets a task, who stands in for whom, and when it is due."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from tradewind.orchestration.decide.tasks import Absence, Dates, TaskRule, by_load, dates_by, rule_for, stand_in

ANN, BEN, CEM, DAN, EVE = (UUID(int=number) for number in range(1, 6))
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def away(person: UUID, substitute: UUID | None, *, hours: tuple[int, int] = (-1, 1)) -> Absence:
    return Absence(person, substitute, NOON + timedelta(hours=hours[0]), NOON + timedelta(hours=hours[1]))


def test_the_rule_of_the_form_goes_before_the_rule_of_the_role():
    role, form = TaskRule("sales"), TaskRule("sales", "count")

    assert rule_for([role, form], "sales", "count") == form
    assert rule_for([role, form], "sales", "other") == role
    assert rule_for([role, form], "sales", None) == role
    assert rule_for([role, form], "warehouse", None) is None


def test_dates_count_working_time_and_what_the_stream_said_goes_first():
    rule = TaskRule("sales", due_minutes=60, remind_minutes=30)

    dates = dates_by(rule, NOON, None, lambda code, at, span: at + 2 * span)
    given_due = dates_by(rule, NOON, NOON, lambda code, at, span: at + span)

    assert dates == Dates(NOON + timedelta(hours=2), NOON + timedelta(hours=1), None)
    assert given_due == Dates(NOON, NOON + timedelta(minutes=30), None)


def test_a_substitute_stands_in_while_the_absence_lasts():
    assert stand_in(ANN, [away(ANN, BEN)], NOON) == BEN
    assert stand_in(ANN, [away(ANN, BEN, hours=(-2, 0))], NOON) == ANN
    assert stand_in(ANN, [away(ANN, BEN), away(BEN, CEM)], NOON) == CEM


def test_where_nobody_is_there_the_pool_gets_it():
    assert stand_in(ANN, [away(ANN, None)], NOON) is None
    assert stand_in(ANN, [away(ANN, BEN), away(BEN, ANN)], NOON) is None
    chain = [away(ANN, BEN), away(BEN, CEM), away(CEM, DAN), away(DAN, EVE)]
    assert stand_in(BEN, chain, NOON) == EVE
    assert stand_in(ANN, chain, NOON) is None


def test_tasks_go_to_who_has_the_fewest():
    tasks = [UUID(int=number) for number in range(10, 14)]
    could = {task: (ANN, BEN) for task in tasks[:3]}

    assert by_load(tasks, could, {ANN: 2}) == {tasks[0]: BEN, tasks[1]: BEN, tasks[2]: ANN}


@given(st.lists(st.integers(0, 4), max_size=40), st.dictionaries(st.sampled_from((ANN, BEN, CEM)), st.integers(0, 9)))
def test_loads_that_were_even_stay_even(seeds, load):
    tasks = [UUID(int=100 + place) for place in range(len(seeds))]
    people = (ANN, BEN, CEM)

    given_to = by_load(tasks, dict.fromkeys(tasks, people), load)

    after = {person: load.get(person, 0) + list(given_to.values()).count(person) for person in people}
    assert len(given_to) == len(tasks)
    reached = [after[person] for person in people if after[person] > load.get(person, 0)]
    assert not reached or max(reached) - min(after.values()) <= 1
