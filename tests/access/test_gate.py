"""The gate asks the database for many callers at once, and what was revoked meanwhile is not accepted."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from shop import Shop, open_shop
from tradewind.access.api.gate import Gate
from tradewind.access.commands.keys import NewKey, create_keys, revoke_keys
from tradewind.access.commands.principals import NewPrincipal, create_principals
from tradewind.access.model import Caller, Kind
from tradewind.kernel.clock import FixedClock
from tradewind.kernel.tx import Database, Reader


class Watched(Database):
    """Says how often it was read, and lets something happen between a read and its answer."""

    reads = 0
    meanwhile: Callable[[], None] | None = None

    def read(self, work: Callable[[Reader], Any]) -> Any:
        self.reads += 1
        found = super().read(work)
        then, self.meanwhile = self.meanwhile, None
        if then is not None:
            then()
        return found


@pytest.fixture
def shop(owner_url: str) -> Iterator[Shop]:
    opened = open_shop(owner_url)
    yield opened
    opened.database.close()


def keys(shop: Shop, count: int) -> list[tuple[Any, bytes]]:
    """The id of each key of a new principal, and the header that shows it."""

    def make(tx: Any) -> list[tuple[Any, bytes]]:
        principal = create_principals(tx, [NewPrincipal(Kind.SYSTEM, "till", "Till", frozenset({"integration"}))])[0]
        made = create_keys(tx, [NewKey(principal, f"key {number}") for number in range(count)])
        return [(one.id, b"Bearer " + one.key.encode()) for one in made]

    return shop.database.write(make)


async def asked(gate: Gate, shown: list[bytes]) -> list[Caller | None]:
    """Who these are, all at once."""
    scope: Any = {"method": "GET"}
    return await asyncio.gather(*(gate.caller_of(scope, {b"authorization": one}) for one in shown))


def test_many_callers_at_once_are_asked_for_in_one_read(shop: Shop) -> None:
    shown = [header for _, header in keys(shop, 3)]
    database = Watched(shop.url, FixedClock(shop.clock.at))

    found = asyncio.run(asked(Gate(database, body_max=1), [*shown, shown[0], b"Bearer tw_nobody"]))

    assert [one and one.principal.login for one in found] == ["till", "till", "till", "till", None]
    assert database.reads == 1
    database.close()


def test_a_key_that_was_revoked_while_it_was_asked_for_is_not_accepted(shop: Shop) -> None:
    key_id, header = keys(shop, 1)[0]
    database = Watched(shop.url, FixedClock(shop.clock.at))
    gate = Gate(database, body_max=1)

    def revoke() -> None:
        shop.database.write(lambda tx: revoke_keys(tx, [key_id]))
        gate.forget()

    database.meanwhile = revoke

    assert asyncio.run(asked(gate, [header])) == [None]
    assert database.reads == 2
    database.close()


def test_a_failure_reaches_all_who_waited_and_nobody_after_them(shop: Shop) -> None:
    shown = [header for _, header in keys(shop, 2)]
    database = Watched(shop.url, FixedClock(shop.clock.at))
    gate = Gate(database, body_max=1)

    def fail() -> None:
        raise OSError("no way there")

    async def twice() -> tuple[list[Any], list[Any]]:
        database.meanwhile = fail
        scope: Any = {"method": "GET"}
        first = await asyncio.gather(
            *(gate.caller_of(scope, {b"authorization": one}) for one in shown), return_exceptions=True
        )
        return first, await asked(gate, shown)

    first, second = asyncio.run(twice())

    assert [type(one) for one in first] == [OSError, OSError]
    assert [one.principal.login for one in second] == ["till", "till"]
    database.close()
