"""Eight things that tables govern, each changed by publishing a table and seen on the next order, over HTTP."""

from collections.abc import Iterator
from typing import Any

import pytest

from ruling import House, codes, line, open_house
from shop import Shop


@pytest.fixture
def house(shop: Shop) -> Iterator[House]:
    with open_house(shop) as opened:
        yield opened


def run(house: House, *statements: str) -> None:
    def write(tx: Any) -> None:
        for statement in statements:
            tx.connection.execute(statement, house.shop.id)

    house.shop.database.write(write)


# validation and holds


def test_a_check_holds_warns_and_tells_and_lets_go_once_it_does_not_apply(house: House) -> None:
    house.publish(
        "order.validation",
        ["order net", "channel"],
        ["effect", "text"],
        (["> 30", "-"], ['"hold"', '"large orders are looked at"']),
        (["-", '"api"'], ['"info"', '"came by the API"']),
        (["> 20", "-"], ['"warn"', '"rather large"']),
    )

    small, large = house.place(line("CUP", "2")), house.place(line("CUP", "10"))

    assert codes(small, "findings") == ["rules.came_by_the_api"]
    assert small["status"] == "confirmed"
    assert codes(large) == ["rules.large_orders_are_looked_at"]
    assert codes(large, "findings") == [
        "rules.came_by_the_api", "rules.large_orders_are_looked_at", "rules.rather_large",
    ]  # fmt: skip
    (decided,) = house.decisions(large["number"])
    assert decided["rule_set"] == "order-validation"
    assert decided["version"] == 1
    assert [hit["number"] for hit in decided["hits"]] == [1, 2, 3]
    assert decided["inputs"] == {"order net": "33.33", "channel": "api"}
    assert [(miss["number"], miss["column"]) for miss in house.decisions(small["number"])[0]["misses"]] == [
        (1, "order net"), (3, "order net"),
    ]  # fmt: skip
    (hold,) = house.order(large["number"])["holds"]
    path = f"/orders/{large['number']}/holds/{hold['id']}/release"
    assert house.good(house.call("sam", "POST", path, json={"reason": "seen"}))["goes_on"] is True
    house.shop.turn()
    assert house.order(large["number"])["status"] == "released"


def test_a_refusal_leaves_no_order_and_a_preview_says_the_same(house: House) -> None:
    house.publish(
        "line.validation", ["item", "quantity"], ["effect", "text"], (['"TEA"', "> 50"], ['"reject"', '"no more than 50 of it"'])
    )

    refused, looked = (
        house.submit(line("CUP", "1"), line("TEA", "51"), path=path) for path in ("/orders", "/orders/preview")
    )

    for answered in (refused, looked):
        problem = answered.json()
        found = problem["problems"][0] if "problems" in problem else problem
        assert (answered.status_code, found["code"]) == (409, "rules.refused"), answered.text
        assert "no more than 50 of it" in answered.text
    assert house.shop.one("select count(*) from sales_order") == (0,)
    assert house.place(line("TEA", "50"))["status"] == "confirmed"


# acceptance


def test_a_channel_waits_for_a_person_and_a_segment_is_refused(house: House) -> None:
    run(house, "update account set segment = 'reseller', region = 'north' where id = %(bela)s")
    house.publish(
        "order.acceptance", ["channel"], ["decision", "text"], (['"api"'], ['"hold"', '"programs are new to us"']), hit_policy="FIRST"
    )
    house.publish(
        "order.acceptance",
        ["region"],
        ["decision", "text"],
        (['"north"'], ['"refuse"', '"we do not sell there"']),
        code="resellers",
        segment="reseller",
    )

    assert codes(house.place(line("CUP", "1"))) == ["rules.acceptance_programs_are_new_to_us"]
    assert house.submit(line("CUP", "1"), account="BELA").status_code == 409
    run(house, "update account set region = 'south' where id = %(bela)s")
    assert house.place(line("CUP", "1"), account="BELA")["status"] == "confirmed"


def test_a_category_is_accepted_by_its_own_table_in_a_mixed_order(house: House) -> None:
    run(house, "update product set category = 'food' where id = %(tea)s")
    house.publish(
        "order.acceptance", ["order net"], ["decision", "text"], (["-"], ['"hold"', '"food is looked at"']), code="food", category="food"
    )

    assert house.place(line("CUP", "1"))["status"] == "confirmed"
    assert codes(house.place(line("CUP", "1"), line("TEA", "1"))) == ["rules.acceptance_food_is_looked_at"]


# price tolerance


def test_the_tolerance_of_a_line_decides_whose_price_counts(house: House) -> None:
    house.publish(
        "line.price_tolerance",
        ["item"],
        ["take", "down percent"],
        (['"CUP"'], ['"buyers"', "10"]),
        (['"TEA"'], ['"ours"', "1"]),
        hit_policy="FIRST",
    )

    order = house.place(line("CUP", "10", unit_price="3.10"), line("TEA", "10", unit_price="1.90"))

    assert [one["net"] for one in order["lines"]] == ["31.00", "19.90"]
    assert [(one["code"], one["line_no"]) for one in order["holds"]] == [("pricing.po_price_differs", 2)]


# substitution


def test_what_is_sent_instead_is_governed(house: House) -> None:
    run(
        house,
        "update product set status = 'discontinued' where id = %(gift)s",
        "insert into substitute (product_id, substitute_id, valid_from) values (%(gift)s, %(cup)s, '2020-01-01')",
    )
    assert codes(house.place(line("GIFT", "2"))) == ["catalog.substitute_offered"]

    code = house.publish("line.substitution", ["item"], ["consent", "price"], (['"GIFT"'], ['"automatic"', '"own"']))

    sent = house.place(line("GIFT", "2"))
    assert [one["sku"] for one in sent["lines"]] == ["CUP"]
    house.publish("line.substitution", ["item"], ["consent"], (['"GIFT"'], ['"never"']), code=code)
    assert codes(house.place(line("GIFT", "2"))) == ["catalog.not_sold"]
