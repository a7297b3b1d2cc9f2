"""850s come in: each is an order, a duplicate, a rejection or held, and its 997 says which."""

from typing import Any

import pytest

from shop import Shop, open_shop
from tradewind.channels.edi.work import keep_document, work_next
from tradewind.kernel.tx import SYSTEM
from trading import Trading, interchange, segments_of, x12_850


@pytest.fixture
def shop(app_url: str) -> Shop:
    return open_shop(app_url)


@pytest.fixture
def trading(shop: Shop) -> Trading:
    return Trading(shop).open(answer_minutes=0)


def set_outcomes(trading: Trading) -> list[tuple[str, str]]:
    return [(row[0], row[1]) for row in trading.shop.all("select verdict, outcome from partner_set order by at, place")]


def codes_of(trading: Trading) -> list[str]:
    rows = trading.shop.all("select findings from partner_set where findings is not null order by at, place")
    return [one["code"] for (findings,) in rows for one in findings]


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


def test_a_bad_set_rejects_itself_and_no_other(trading: Trading) -> None:
    bad = x12_850("PO-2", ("CUP", "1", ""), control="0002")
    bad[-1] = "SE*99*0009"

    report = trading.receive(
        interchange(x12_850("PO-1", ("CUP", "5", "")), bad, x12_850("PO-3", ("TEA", "1", ""), control="0003"))
    )

    assert report["interchanges"][0]["outcomes"] == {"order": 2, "rejected": 1}
    assert [one[0] for one in trading.orders()] == ["PO-1", "PO-3"]
    (ack,) = trading.sets()
    assert [one[:2] for one in segments_of(ack, "AK5")] == [("AK5", "A"), ("AK5", "R"), ("AK5", "A")]
    assert segments_of(ack, "AK9") == [("AK9", "P", "3", "3", "2")]


def test_a_set_that_we_do_not_take_is_rejected_as_not_supported(trading: Trading) -> None:
    report = trading.receive(interchange(["ST*810*0001", "BIG*20260302*1", "SE*3*0001"], group="IN"))

    assert report["outcome"] == "rejected"
    (ack,) = trading.sets()
    assert segments_of(ack, "AK5") == [("AK5", "R", "1")]


def test_the_same_interchange_again_has_the_same_answer_and_no_second_order(trading: Trading) -> None:
    body = interchange(x12_850("PO-1", ("CUP", "5", "")))
    first = trading.receive(body)
    trading.sets()

    again = trading.receive(b"\xef\xbb\xbf" + body + b"\r\n")

    assert again["outcome"] == "duplicate"
    assert again["interchanges"][0]["acknowledgement"] == first["interchanges"][0]["acknowledgement"]
    assert trading.sets() == []
    assert len(trading.orders()) == 1
    keys = trading.shop.all(
        "select effect_key like %s from delivery where kind = 'edi.997' order by created_at, id", ["%:%:%"]
    )
    assert keys == [(False,), (True,)]


def test_the_same_order_in_another_interchange_is_a_duplicate_without_a_second_answer(trading: Trading) -> None:
    trading.receive(interchange(x12_850("PO-1", ("CUP", "5", "")), control=1))

    report = trading.receive(interchange(x12_850("po-1 ", ("CUP", "5", "")), control=2))

    assert report["outcome"] == "duplicate"
    assert len(trading.orders()) == 1
    trading.serve()
    assert [one.type for one in trading.sets()] == ["997", "997", "855"]


def test_twice_the_same_order_in_one_interchange_is_one(trading: Trading) -> None:
    order = x12_850("PO-1", ("CUP", "5", ""))

    report = trading.receive(interchange(order, [*order[:-1], "SE*5*0001"]))

    assert len(trading.orders()) == 1
    assert report["interchanges"][0]["sets"] == 2


def test_another_order_under_the_same_number_is_held_for_a_person(trading: Trading) -> None:
    trading.receive(interchange(x12_850("PO-1", ("CUP", "5", "")), control=1))

    trading.receive(interchange(x12_850("PO-1", ("CUP", "6", "")), control=2))

    assert codes_of(trading) == ["orders.duplicate_po"]
    assert set_outcomes(trading) == [("A", "order"), ("A", "held")]
    assert trading.incidents() == ["channels.document_held"]


def test_other_content_under_a_used_control_number_is_held_and_taken_when_a_person_says_so(trading: Trading) -> None:
    trading.receive(interchange(x12_850("PO-1", ("CUP", "5", "")), control=7))

    report = trading.receive(interchange(x12_850("PO-2", ("CUP", "1", "")), control=7))

    assert (report["outcome"], report["interchanges"][0]["findings"][0]["code"]) == (
        "held",
        "channels.control_number_reused",
    )
    assert len(trading.orders()) == 1
    mended = trading.again(report["document"], forced=True)
    assert mended["outcome"] == "order"
    assert [one[0] for one in trading.orders()] == ["PO-1", "PO-2"]
    assert trading.incidents() == []


def test_a_gap_in_the_control_numbers_is_said_and_a_wrap_is_none(trading: Trading) -> None:
    reports = [
        trading.receive(interchange(x12_850(f"PO-{number}", ("CUP", "1", "")), control=number))
        for number in (999_999_997, 999_999_999, 1)
    ]

    assert [[one["code"] for one in report["interchanges"][0]["findings"]] for report in reports] == [
        [], ["channels.control_number_gap"], [],
    ]  # fmt: skip


def test_an_unknown_sender_is_held_with_who_is_meant_and_worked_on_when_known(trading: Trading) -> None:
    report = trading.receive(interchange(x12_850("PO-1", ("CUP", "1", "")), sender="BUYER2"))

    (finding,) = report["interchanges"][0]["findings"]
    assert (report["outcome"], finding["code"]) == ("held", "channels.unknown_partner")
    assert finding["detail"]["did_you_mean"] == ["BUYER (ZZ/BUYER to ZZ/HOUSE)"]
    assert trading.orders() == []
    trading.shop.database.write(lambda tx: tx.run("update trading_partner set their_id = 'BUYER2'"))
    assert trading.again(report["document"])["outcome"] == "order"
    assert trading.incidents() == []


@pytest.mark.parametrize("usage", ["T", "I"])
def test_a_test_is_never_a_live_order(trading: Trading, usage: str) -> None:
    report = trading.receive(interchange(x12_850("PO-1", ("CUP", "1", "")), usage=usage))

    assert report["outcome"] == "held"
    assert codes_of(trading) == ["channels.test_without_sandbox"]
    assert trading.orders() == []


def test_a_test_goes_to_the_sandbox_and_so_does_everything_of_a_partner_in_test(trading: Trading, shop: Shop) -> None:
    trading.open(sandbox_id=shop.id["bela"])
    trading.receive(interchange(x12_850("PO-1", ("CUP", "1", "")), usage="T", control=1))
    trading.open(sandbox_id=shop.id["bela"], in_test=True)
    trading.receive(interchange(x12_850("PO-2", ("CUP", "1", "")), usage="P", control=2))

    assert [(one[0], one[2]) for one in trading.orders()] == [("PO-1", "BELA"), ("PO-2", "BELA")]
    assert shop.all("select distinct is_test from partner_message") == [(True,)]


def test_whose_order_it_is_may_be_said_by_the_numbers_of_its_parties(trading: Trading, shop: Shop) -> None:
    trading.open(None, names=(("account", "4711", shop.id["bela"]),))
    known = x12_850("PO-1", ("CUP", "1", ""))
    known.insert(2, "N1*BY*Bela*92*4711")
    known[-1] = f"SE*{len(known)}*0001"

    trading.receive(interchange(known, x12_850("PO-2", ("CUP", "1", ""), control="0002")))

    assert [(one[0], one[2]) for one in trading.orders()] == [("PO-1", "BELA")]
    assert codes_of(trading) == ["channels.unknown_account"]


def test_an_unknown_product_holds_its_line_with_suggestions(trading: Trading) -> None:
    trading.receive(interchange(x12_850("PO-1", ("CUPP", "1", ""), ("TEA", "2", ""))))

    assert trading.orders() == [("PO-1", "held", "ALMA")]
    ((kind, line, detail),) = trading.shop.all("select kind, line_no, detail from order_hold where released_at is null")
    assert (kind, line) == ("data", 1)
    assert detail["suggestion"] == "CUP"
    trading.serve()
    answer = trading.sets()[-1]
    assert segments_of(answer, "BAK")[0][2] == "HD"
    assert [one[1] for one in segments_of(answer, "ACK")] == ["IH", "IA"]


def test_an_unknown_place_holds_the_set_until_it_has_a_name_and_is_answered_meanwhile(
    trading: Trading, shop: Shop
) -> None:
    report = trading.receive(interchange(x12_850("PO-1", ("CUP", "1", ""), ship_to="DOCK9")))

    assert codes_of(trading) == ["channels.unknown_ship_to"]
    trading.serve()
    held = trading.sets()[-1]
    assert (segments_of(held, "BAK")[0][1:4], [one[1] for one in segments_of(held, "ACK")]) == (
        ("00", "HD", "PO-1"),
        ["IH"],
    )
    (address,) = shop.one("select id from address where account_id = %s and code = 'HQ'", [shop.id["alma"]])
    trading.open(answer_minutes=0, names=(("ship_to", "DOCK9", address),))
    assert trading.again(report["document"])["outcome"] == "order"
    trading.serve()
    (second,) = trading.sets()
    assert (segments_of(second, "BAK")[0][1:4], [one[1] for one in segments_of(second, "ACK")]) == (
        ("05", "AD", "PO-1"),
        ["IA"],
    )


def test_a_line_that_names_no_item_is_held_and_answered_without_an_empty_id(trading: Trading) -> None:
    body = x12_850("PO-1", ("CUP", "1", ""), ("", "5", ""))

    trading.receive(interchange([one.removesuffix("***VP*") if one.startswith("PO1*2") else one for one in body]))

    assert codes_of(trading) == ["channels.item_missing"]
    trading.serve()
    answer = trading.sets()[-1]
    assert segments_of(answer, "PO1")[1] == ("PO1", "2", "5", "EA")
    assert segments_of(answer, "REF")[-1][-1] == "The line names no item."
    assert segments_of(answer, "ACK")[1] == ("ACK", "IH", "5", "EA")


def test_a_replacement_without_an_original_is_held_and_may_be_taken_as_new(trading: Trading) -> None:
    report = trading.receive(interchange(x12_850("PO-1", ("CUP", "1", ""), purpose="05")))

    assert codes_of(trading) == ["channels.replace_without_original"]
    assert trading.orders() == []
    assert trading.again(report["document"], as_new=True)["outcome"] == "order"
    assert trading.orders() == [("PO-1", "confirmed", "ALMA")]


def test_what_is_no_x12_is_kept_and_rejected_without_a_traceback(trading: Trading) -> None:
    report = trading.receive(b"Dear Sirs, please send tea.")

    assert report["outcome"] == "rejected"
    assert report["findings"][0]["code"].startswith("channels.")
    assert trading.shop.one("select body from inbound_document") == (b"Dear Sirs, please send tea.",)


def test_an_order_on_hold_has_its_855_at_its_time_and_a_second_one_when_the_hold_is_gone(
    trading: Trading, shop: Shop
) -> None:
    trading.open(answer_minutes=60)
    shop.database.write(lambda tx: tx.run("update credit_node set credit_limit = 1"))
    trading.receive(interchange(x12_850("PO-1", ("CUP", "5", ""))))
    trading.serve()
    assert [one.type for one in trading.sets()] == ["997"]

    shop.wait(minutes=59, seconds=30)
    trading.serve()
    (held,) = trading.sets()
    assert [one[1] for one in segments_of(held, "ACK")] == ["IH"]
    trading.serve()
    assert trading.sets() == []


def test_prices_and_quantities_that_differ_are_answered_by_line(trading: Trading, shop: Shop) -> None:
    trading.receive(interchange(x12_850("PO-1", ("CUP", "5", "3"), ("TEA", "150", "1.99"))))

    trading.serve()

    answer = trading.sets()[-1]
    assert segments_of(answer, "BAK")[0][2] == "AC"
    assert [one[1:4] for one in segments_of(answer, "ACK")] == [
        ("IP", "5", "EA"),
        ("BP", "100", "EA"),
        ("IB", "50", "EA"),
    ]
    assert [one[4] for one in segments_of(answer, "PO1")] == ["3.333", "1.99"]


def test_what_a_killed_process_left_is_worked_on_by_the_next_and_nothing_is_done_twice(
    trading: Trading, shop: Shop
) -> None:
    orders = [x12_850(f"PO-{number}", ("CUP", "1", ""), control=f"{number:04}") for number in range(1, 131)]
    commits: list[str] = []

    def dies(point: str, tx: Any) -> None:
        commits.append(point)
        if commits.count("after commit") == 4:  # kept, arrived, first chunk, lease: then the lights go out
            raise KeyboardInterrupt

    shop.database.at = dies
    with pytest.raises(KeyboardInterrupt):
        trading.receive(interchange(*orders))
    shop.database.at = None
    assert 0 < len(trading.orders()) < 130
    assert not work_next(shop.database, actor=SYSTEM)  # the lease of the dead

    shop.wait(seconds=61)
    assert work_next(shop.database, actor=SYSTEM)

    assert len(trading.orders()) == 130
    assert shop.one("select outcome from inbound_document") == ("order",)
    (ack,) = trading.sets()
    assert segments_of(ack, "AK9") == [("AK9", "A", "130", "130", "130")]
    assert shop.one("select count(*) from inbound_work") == (0,)


def test_several_interchanges_of_one_file_are_each_their_own(trading: Trading) -> None:
    whole = (
        interchange(x12_850("PO-1", ("CUP", "1", "")), control=1)
        + b"\n"
        + interchange(x12_850("PO-2", ("TEA", "1", "")), control=2)
    )
    trading.receive(interchange(x12_850("PO-2", ("TEA", "1", "")), control=2))

    report = trading.receive(whole)

    assert [one["status"] for one in report["interchanges"]] == ["done", "duplicate"]
    assert report["outcome"] == "mixed"
    assert sorted(one[0] for one in trading.orders()) == ["PO-1", "PO-2"]


def test_bytes_are_kept_before_anything_is_made_of_them(shop: Shop) -> None:
    document = keep_document(shop.database, b"ISA", actor=SYSTEM)

    assert shop.one("select body, outcome from inbound_document where id = %s", [document]) == (b"ISA", "in_progress")


@pytest.mark.breaks_invariants
def test_behind_the_highest_control_number_comes_the_first(trading: Trading, shop: Shop) -> None:
    used = "update partner_counter set interchanges = 999999998, groups = 999999998, sets = 999999998"
    shop.database.write(lambda tx: tx.run(used))

    trading.receive(interchange(x12_850("PO-1", ("CUP", "1", ""))))
    trading.serve()

    bodies = [bytes(row[0]) for row in shop.all("select body from partner_message order by serial")]
    assert [body[90:99] for body in bodies] == [b"999999999", b"000000001"]
