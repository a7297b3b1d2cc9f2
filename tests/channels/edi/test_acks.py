"""997s of partners are matched to what we sent; those that are missing are seen."""

import pytest

from shop import open_shop
from trading import Trading, interchange, x12_850


@pytest.fixture
def trading(app_url: str) -> Trading:
    """One order, answered: the 855 is set 2 in group 2."""
    opened = Trading(open_shop(app_url)).open(answer_minutes=0, ack_minutes=30)
    opened.receive(interchange(x12_850("PO-1", ("CUP", "5", "")), control=1))
    opened.serve()
    return opened


def acknowledgement(*segments: str, control: int = 2) -> bytes:
    return interchange(["ST*997*0001", *segments, f"SE*{len(segments) + 2}*0001"], group="FA", control=control)


def verdicts(trading: Trading) -> list[tuple[str, str | None]]:
    return [
        (row[0], row[1]) for row in trading.shop.all("select type, verdict from partner_message_set order by serial")
    ]


@pytest.mark.parametrize(
    ("segments", "verdict"),
    [
        (("AK1*PR*2", "AK2*855*0002", "AK5*A", "AK9*A*1*1*1"), "accepted"),
        (("AK1*PR*2", "AK2*855*0002", "AK5*E*5", "AK9*E*1*1*1"), "with_errors"),
        (("AK1*PR*2", "AK9*A*1*1*1"), "accepted"),
        (("AK1*PR*2", "AK2*855*0002", "AK5*R*5", "AK9*R*1*1*0"), "rejected"),
    ],
)
def test_what_a_partner_says_of_our_answer_is_noted(trading: Trading, segments: tuple[str, ...], verdict: str) -> None:
    report = trading.receive(acknowledgement(*segments))

    assert report["outcome"] == "answer"
    assert verdicts(trading) == [("997", None), ("855", verdict)]
    assert trading.incidents() == (["channels.rejected_by_partner"] if verdict == "rejected" else [])
    assert report["interchanges"][0]["acknowledgement"] is None  # acknowledgements are not acknowledged


def test_an_acknowledgement_of_what_we_never_sent_is_a_finding(trading: Trading) -> None:
    trading.receive(acknowledgement("AK1*IN*2", "AK9*A*1*1*1"))

    ((findings,),) = trading.shop.all("select findings from partner_set where type = '997'")
    assert [one["code"] for one in findings] == ["channels.acknowledges_nothing"]
    assert verdicts(trading) == [("997", None), ("855", None)]


def test_a_missing_acknowledgement_is_seen_once_and_ends_when_it_comes(trading: Trading) -> None:
    trading.shop.wait(minutes=29)
    assert "missing" not in trading.serve()
    trading.shop.wait(minutes=1)

    assert trading.serve()["missing"] == 1
    assert trading.incidents() == ["channels.no_acknowledgement"]
    assert "missing" not in trading.serve()
    trading.receive(acknowledgement("AK1*PR*2", "AK2*855*0002", "AK5*A", "AK9*A*1*1*1"))
    assert trading.incidents() == []
