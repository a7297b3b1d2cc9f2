from datetime import UTC, datetime
from itertools import pairwise
from uuid import RFC_4122, UUID

from hypothesis import given
from hypothesis import strategies as st

from tradewind.kernel.clock import FixedClock, milliseconds, system_clock
from tradewind.kernel.ids import Ids

moments = st.integers(0, 2**48 - 2**20)


@given(st.lists(moments, min_size=1, max_size=50), st.integers(0, 2**32))
def test_ids_strictly_increase_whatever_the_clock_does(times: list[int], seed: int) -> None:
    clock = iter(times)
    ids = Ids(lambda: next(clock), seed)

    made = [ids.new() for _ in times]

    assert all(one < other for one, other in pairwise(made))


@given(moments, st.integers(0, 2**32))
def test_an_id_is_a_version_7_uuid_that_begins_with_its_millisecond(now: int, seed: int) -> None:
    made = Ids(lambda: now, seed).new()

    assert (made.version, made.variant) == (7, RFC_4122)
    assert made.int >> 80 == now


@given(moments, st.integers(0, 2**32), st.integers(1, 60))
def test_the_same_seed_and_clock_give_the_same_ids(now: int, seed: int, count: int) -> None:
    assert Ids(lambda: now, seed).many(count) == Ids(lambda: now, seed).many(count)


@given(moments)
def test_makers_without_a_seed_never_meet(now: int) -> None:
    one, other = Ids(lambda: now), Ids(lambda: now)

    assert not set(one.many(20)) & set(other.many(20))


def test_more_ids_than_a_millisecond_holds_go_on_in_the_next() -> None:
    made = Ids(lambda: 1000, 1).many(5000)

    assert made == sorted(set(made))
    assert [uuid.int >> 80 for uuid in (made[0], made[4095], made[4096], made[-1])] == [1000, 1000, 1001, 1001]


def test_a_clock_that_steps_back_does_not_take_ids_back() -> None:
    clock = iter([1000, 400, 1001])
    ids = Ids(lambda: next(clock), 1)

    made = ids.many(3)

    assert [uuid.int >> 80 for uuid in made] == [1000, 1000, 1001]


def test_the_clock_is_injected_and_counts_milliseconds() -> None:
    clock = FixedClock(datetime(2026, 3, 2, 9, 0, 0, 123_000, tzinfo=UTC))

    assert milliseconds(clock()) == 1_772_442_000_123
    assert Ids(lambda: milliseconds(clock()), 1).new() < UUID(int=1_772_442_000_124 << 80)
    assert system_clock().tzinfo is UTC
