"""850s come in: each is an order, a duplicate, a rejection or held, and its 997 says which."""

import pytest

from shop import open_shop
from trading import Trading, interchange, segments_of, x12_850


@pytest.fixture
def trading(app_url: str) -> Trading:
    return Trading(open_shop(app_url)).open(answer_minutes=0)


def test_an_order_is_placed_acknowledged_and_answered(trading: Trading) -> None:
    body = interchange(x12_850("PO-1", ("CUP", "5", "3.333"), ("TEA", "10", "1.99")))

    report = trading.receive(body)

    assert report["outcome"] == "order"
    assert trading.orders() == [("PO-1", "confirmed", "ALMA")]
    (ack,) = trading.sets()
    assert ack.type == "997"
    assert segments_of(ack, "AK5") == [("AK5", "A")]
    trading.serve()
    (answer,) = trading.sets()
    assert segments_of(answer, "BAK")[0][:4] == ("BAK", "00", "AD", "PO-1")
    assert [one[:4] for one in segments_of(answer, "ACK")] == [("ACK", "IA", "5", "EA"), ("ACK", "IA", "10", "EA")]
