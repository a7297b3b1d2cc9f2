"""A large interchange is worked by two processes; whatever one of them leaves is done by the other."""

import pytest

from shop import open_shop
from tradewind.channels.edi import beside
from tradewind.channels.edi.work import keep_document, work_on
from tradewind.kernel.clock import system_clock
from tradewind.kernel.tx import Database
from trading import DOOR, Trading, interchange, x12_850


@pytest.fixture
def trading(app_url: str) -> Trading:
    return Trading(open_shop(app_url)).open()


def orders(count: int) -> bytes:
    return interchange(*(x12_850(f"PO-{one}", ("TEA", "1", ""), control=f"{one:04}") for one in range(1, count + 1)))


def test_only_what_is_large_and_nothing_but_new_orders_is_shared(
    trading: Trading, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Database(trading.shop.url, system_clock)
    assert not beside.worth_sharing(real, orders(3))
    monkeypatch.setattr(beside, "LARGE", 100)

    assert beside.worth_sharing(real, orders(3))
    assert not beside.worth_sharing(
        real, interchange(x12_850("A", ("CUP", "1", "")), x12_850("A", ("CUP", "2", ""), purpose="05"))
    )
    assert not beside.worth_sharing(trading.shop.database, orders(3))  # a clock of its own cannot be handed over
    real.close()


@pytest.mark.parametrize("breaks", [False, True])
def test_every_order_is_there_once_whether_the_helper_helps_or_breaks(
    trading: Trading, monkeypatch: pytest.MonkeyPatch, *, breaks: bool
) -> None:
    real = Database(trading.shop.url, system_clock)
    monkeypatch.setattr(beside, "LARGE", 100)
    if breaks:
        monkeypatch.setattr(beside, "_help", breaking)

    report = work_on(real, keep_document(real, orders(200), actor=DOOR), actor=DOOR)

    assert report["interchanges"][0]["outcomes"] == {"order": 200}
    assert trading.shop.one("select count(*), count(distinct buyer_po) from sales_order") == (200, 200)
    real.close()


def breaking(*_: object) -> None:
    raise SystemExit(3)
