"""What leaves the house is told to the partner in the cartons it was packed in."""

from shop import open_shop
from tradewind.desk.api_shipping import AnswerIn
from trading import Trading, interchange, segments_of, x12_850

ONE, TWO = "003400000000000014", "003400000000000021"


def test_the_notice_has_each_carton_of_the_warehouse_with_its_number_and_what_is_in_it(app_url: str) -> None:
    trading = Trading(open_shop(app_url)).open(answer_minutes=0)
    trading.receive(interchange(x12_850("PO-1", ("CUP", "2", ""), ("TEA", "3", ""))))
    trading.serve()
    trading.sets()
    (order,) = trading.shop.one("select id from sales_order")
    (shipment,) = trading.shop.shipments(order)
    said = AnswerIn.model_validate(
        {
            "outcome": "shipped",
            "cartons": [
                {"sscc": TWO, "lines": [{"line": 2, "qty": 2}]},
                {"sscc": ONE, "lines": [{"line": 2, "qty": 1}, {"line": 1, "qty": 2}]},
            ],
        }
    )

    assert trading.shop.ship(shipment, **said.raw()).problems == ()
    trading.serve()

    notice = next(one for one in trading.sets() if one.type == "856")
    assert [one[3] for one in segments_of(notice, "HL")] == ["S", "O", "P", "I", "I", "P", "I"]
    assert segments_of(notice, "MAN") == [("MAN", "GM", ONE), ("MAN", "GM", TWO)]
    assert [
        (one[3], two[2:4]) for one, two in zip(segments_of(notice, "LIN"), segments_of(notice, "SN1"), strict=True)
    ] == [
        ("CUP", ("2", "EA")),
        ("TEA", ("1", "EA")),
        ("TEA", ("2", "EA")),
    ]
    assert segments_of(notice, "TD1")[0][2] == "2"
    assert segments_of(notice, "CTT")[0][2] == "5"
