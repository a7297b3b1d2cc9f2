from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.kernel.problem import Problem
from tradewind.rules.decide.dmn.sheet import rows_as_dmn
from tradewind.rules.decide.govern import Compiled, Governing, Published, answers_of, ask, compiled
from tradewind.rules.decide.values_json import agrees, from_json, to_json
from tradewind.rules.model import Effect, Ruling, Scope

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def in_force(code: str, scope: Scope, *, since: int = 0, until: int | None = None, version: int = 1) -> Governing:
    end = None if until is None else NOON + timedelta(hours=until)
    return Governing(UUID(int=1), code, version, "point", scope, NOON + timedelta(hours=since), end, None)


def governing(published: Published, scope: Scope, hour: int = 0) -> str | None:
    found = published.governing("point", scope, NOON + timedelta(hours=hour))
    return found and found.code


def test_the_most_specific_table_decides() -> None:
    published = Published(
        [
            in_force("all", Scope()),
            in_force("web", Scope(channel="web")),
            in_force("north", Scope(region="north")),
            in_force("north by web", Scope(region="north", channel="web")),
            in_force("key", Scope(segment="key")),
        ]
    )

    assert governing(published, Scope()) == "all"
    assert governing(published, Scope("retail", "cups", "south", "web")) == "web"
    assert governing(published, Scope(region="north", channel="edi")) == "north"
    assert governing(published, Scope("key", "", "north", "web")) == "north by web"  # two parts before one
    assert governing(published, Scope("key", "", "north", "edi")) == "key"  # a segment before a region
    assert published.governing("another", Scope(), NOON) is None
    assert published.points == {"point"}


def test_a_table_decides_only_in_its_time_and_a_wider_one_where_it_is_over() -> None:
    published = Published([in_force("all", Scope()), in_force("key", Scope("key"), since=1, until=2)])

    assert [governing(published, Scope("key"), hour) for hour in (0, 1, 2)] == ["all", "key", "all"]


@given(
    st.lists(st.tuples(*[st.sampled_from(["", "a", "b"])] * 4), min_size=1, max_size=20, unique=True),
    st.tuples(*[st.sampled_from("ab")] * 4),
)
def test_whatever_is_published_the_choice_does_not_depend_on_its_order(
    scopes: list[tuple[str, ...]], asked: tuple[str, ...]
) -> None:
    tables = [in_force(str(scope), Scope(*scope)) for scope in scopes]

    found = governing(Published(tables), Scope(*asked))

    assert found == governing(Published(tables[::-1]), Scope(*asked))
    covering = [scope for scope in scopes if Scope(*scope).covers(Scope(*asked))]
    assert found == (str(max(covering, key=lambda one: Scope(*one).rank)) if covering else None)


def test_a_file_that_can_no_longer_be_read_answers_nothing_and_says_so() -> None:
    problem = Problem("rules.not_dmn", "another release wrote it")
    table = Governing(UUID(int=1), "x", 1, "point", Scope(), NOON, None, None, (problem,))

    ruling = table.decide({"a": 1})

    assert (ruling.answers, ruling.findings) == ((), (problem,))


def test_answers_are_one_shape_whatever_a_decision_gives() -> None:
    assert answers_of(None, "x") == ()
    assert answers_of(Decimal(3), "x") == ({"x": Decimal(3)},)
    assert answers_of({"a": 1, "b": None}, "x") == ({"a": 1, "b": None},)
    assert answers_of([{"a": 1}, 2, None], "x") == ({"a": 1}, {"x": 2})
    assert answers_of({"a": None}, "x") == ()


def test_the_most_severe_effect_counts() -> None:
    def effect(*named: object) -> Effect | None:
        return Ruling(UUID(int=1), "x", 1, "p", {}, tuple({"effect": one} for one in named), (), ()).effect

    assert effect("warn", "hold", "info") is Effect.HOLD
    assert effect("mutate", "info") is Effect.MUTATE
    assert effect("unheard of", None) is None


def test_the_decision_that_answers_is_the_one_that_no_other_requires() -> None:
    made = rows_as_dmn(
        {"decision": "risk", "inputs": [{"expression": "order total"}], "outputs": [{"name": ""}],
         "rows": [{"conditions": ["> 5"], "conclusions": ["1"]}]}
    )  # fmt: skip
    assert isinstance(made, bytes)

    one = compiled(made)
    assert isinstance(one, Compiled)
    assert (one.decision, one.answer_name) == ("risk", "risk")
    (problem,) = compiled(made, "rsk")  # type: ignore[misc]
    assert problem.detail == {"known": ["risk"]}


def looping(rows: int) -> Compiled:
    made = rows_as_dmn(
        {"decision": "slow", "hit_policy": "COLLECT", "inputs": [{"expression": "x", "type": "number"}], "outputs": [{"name": ""}],
         "rows": [{"conditions": ["count(for i in 1..400 return i * ?) < 0"], "conclusions": ["1"]} for _ in range(rows)]}
    )  # fmt: skip
    assert isinstance(made, bytes)
    found = compiled(made)
    assert isinstance(found, Compiled)
    return found


def test_saying_what_nearly_matched_is_bounded_by_itself() -> None:
    of = Ruling(UUID(int=1), "slow", 1, "p", {}, (), (), ())

    assert [one.number for one in ask(looping(3), {"x": Decimal(1)}, of).misses] == [1, 2, 3]
    assert ask(looping(300), {"x": Decimal(1)}, of).misses == ()


values = st.recursive(
    st.none() | st.booleans() | st.text(max_size=8) | st.decimals(allow_nan=False, allow_infinity=False, places=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(values)
def test_values_come_back_from_json_as_they_went(value: object) -> None:
    clean = from_json(to_json(value))

    assert from_json(to_json(clean)) == clean
    assert agrees(clean, clean)


@pytest.mark.parametrize("text", ["\x00", "\ud800", 'a"b\\c'])
def test_texts_that_a_database_would_refuse_are_told_apart_no_longer(text: str) -> None:
    made = to_json([text])

    made.encode()
    assert "\\u0000" not in made
