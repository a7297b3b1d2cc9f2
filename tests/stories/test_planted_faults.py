"""The suite's own teeth: faults that such systems are known for, planted here, are caught by the checks that stand guard.

(A reader of the log that follows sequence numbers alone is planted in tests/kernel/test_log.py.)
"""

import re
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from emitted_sql import RecordingDatabase, assert_locks_before_write
from invariants import assert_invariants
from live_server import together
from shop import Shop, open_shop
from tradewind.desk.place import Placed, place
from tradewind.desk.resolve import Submission
from tradewind.inventory import commands as stock_commands
from tradewind.inventory.model import Delta
from tradewind.inventory.queries import LOCK_STOCK
from tradewind.kernel.locks import LockKind
from tradewind.kernel.tx import SYSTEM, Database, Tx
from tradewind.semantics.model import DraftGroup, DraftLine, OrderDraft
from tradewind.streams import order_locks
from tradewind.streams.sources import StockMoved

FEW, BUYERS = 5, 12


@pytest.fixture
def shop(owner_url: str) -> Iterator[Shop]:
    opened = open_shop(owner_url, stock={("cup", "north"): str(FEW), ("tea", "north"): "1000"})
    yield opened
    opened.database.close()


def draft(account: str, *items: str) -> OrderDraft:
    return OrderDraft(
        account, tuple(DraftLine(number, item, Decimal(1)) for number, item in enumerate(items, 1)), (DraftGroup(),)
    )


def placed(database: Database, account: str, *items: str) -> Placed:
    def work(tx: Tx, lock_all_sites: bool = False) -> Placed:
        return place(tx, [Submission(draft(account, *items), SYSTEM)], lock_all_sites=lock_all_sites)[0]

    try:
        return database.write(work)
    except StockMoved:
        return database.write(lambda tx: work(tx, lock_all_sites=True))


# ---- locks -------------------------------------------------------------------------------------------------------


def locks_are_in_order(url: str) -> None:
    """The check: what a placement emits locks its rows in the one order before it changes them."""
    with closing(RecordingDatabase(url)) as database:
        placed(database, "ALMA", "TEA", "CUP")
    for statements in database.transactions:
        assert_locks_before_write(statements)


def unsorted_lock_set(tx: Tx, wanted: Iterable[tuple[LockKind, Iterable[Any]]]) -> dict[str, list[tuple[Any, ...]]]:
    """Planted: takes the kinds as they come and the rows as the plan finds them."""
    locked: dict[str, list[tuple[Any, ...]]] = {}
    for kind, keys in wanted:
        given = list(set(keys))
        names = (
            {"keys": [key[0] for key in given], "keys_2": [key[1] for key in given]}
            if kind.parts == 2
            else {"keys": given}
        )
        locked[kind.name] = tx.rows(re.sub(r"order by [\w., ]+?(?=\s+for\b)", "", kind.sql), names) if given else []
    return locked


def test_a_placement_locks_in_the_one_order(shop: Shop) -> None:
    locks_are_in_order(shop.url)


def test_a_lock_set_that_sorts_nothing_is_caught(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order_locks, "lock_set", unsorted_lock_set)

    with pytest.raises(AssertionError, match="is locked in no order"):
        locks_are_in_order(shop.url)


def test_kinds_that_are_locked_the_other_way_round_are_caught(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def backwards(tx: Tx, wanted: Iterable[tuple[LockKind, Iterable[Any]]]) -> dict[str, list[tuple[Any, ...]]]:
        locked: dict[str, list[tuple[Any, ...]]] = {}
        for kind, keys in reversed(list(wanted)):
            tx.locked.clear()
            locked |= genuine(tx, [(kind, keys)])
        return locked

    genuine = order_locks.lock_set
    monkeypatch.setattr(order_locks, "lock_set", backwards)

    with pytest.raises(AssertionError, match="locks were taken in the order"):
        locks_are_in_order(shop.url)


# ---- stock -------------------------------------------------------------------------------------------------------


def only_what_is_there_is_sold(shop: Shop) -> None:
    """The check: more buyers at once than units; as many units are promised as there are, and the books agree."""

    def buy() -> Placed:
        with closing(Database(shop.url, clock=shop.clock)) as database:
            return placed(database, "BELA", "CUP")  # has no limit whose lock would put its orders in a row

    answers = together(*[buy] * BUYERS)

    assert all(one.order_id for one in answers)
    sold = shop.one("select sum(qty_allocated) from order_line")[0]
    assert sold == FEW, f"{sold} of {FEW} units were sold"
    assert_invariants(shop.url)


def read_check_write(tx: Tx, deltas: Mapping[tuple[UUID, UUID], Delta]) -> None:
    """Planted: reads the counters, takes its time, and writes what it makes of them."""
    for (product, site), delta in deltas.items():
        where = {"product": product, "site": site}
        counters = tx.row(
            "select reserved, allocated from stock where product_id = %(product)s and site_id = %(site)s", where
        )
        assert counters is not None
        time.sleep(0.05)
        absolute = {"reserved": counters[0] + delta.reserved, "allocated": counters[1] + delta.allocated, **where}
        tx.run("update stock set reserved = %(reserved)s, allocated = %(allocated)s "
               "where product_id = %(product)s and site_id = %(site)s", absolute)  # fmt: skip


def without_lock(kind: LockKind) -> LockKind:
    """Planted: looks at the rows and holds none of them."""
    looked = re.sub(r"for no key update( of \w+)?", "", kind.sql)
    assert looked != kind.sql
    return replace(kind, sql=looked)


def test_only_what_is_there_is_sold(shop: Shop) -> None:
    only_what_is_there_is_sold(shop)


@pytest.mark.breaks_invariants
def test_an_allocation_that_reads_checks_and_writes_is_caught(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order_locks, "LOCK_STOCK", without_lock(LOCK_STOCK))
    monkeypatch.setattr(stock_commands, "add_to_stock", read_check_write)

    with pytest.raises(AssertionError, match=r"units were sold"):
        only_what_is_there_is_sold(shop)


def test_an_allocation_that_only_forgets_the_lock_is_refused_by_the_table(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_locks, "LOCK_STOCK", without_lock(LOCK_STOCK))
    slow(monkeypatch)

    with pytest.raises(Exception, match=r"stock_\w+|units were sold"):
        only_what_is_there_is_sold(shop)


def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time passes between the decision and the write, so that others decide on the same row."""
    genuine = stock_commands.add_to_stock

    def late(tx: Tx, deltas: Mapping[tuple[UUID, UUID], Delta]) -> None:
        time.sleep(0.05)
        genuine(tx, deltas)

    monkeypatch.setattr(stock_commands, "add_to_stock", late)
