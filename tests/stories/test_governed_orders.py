"""Eight things that tables govern, each changed by publishing a table and seen on the next order, over HTTP."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from emitted_sql import RecordingDatabase
from ruling import House, codes, line, open_house
from shop import Shop
from tradewind.desk.place import place
from tradewind.desk.resolve import Submission
from tradewind.kernel.tx import SYSTEM
from tradewind.semantics.model import DraftGroup, DraftLine, OrderDraft


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
        "line.validation",
        ["item", "quantity"],
        ["effect", "text"],
        (['"TEA"', "> 50"], ['"reject"', '"no more than 50 of it"']),
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
    kept = house.decisions(refused.json()["detail_values"]["asked_as"])
    assert [(one["subject"]["line"], one["effect"]) for one in kept] == [(1, None), (2, "reject")]
    assert house.decisions(looked.json()["detail_values"]["asked_as"]) == []
    assert house.place(line("TEA", "50"))["status"] == "confirmed"


# acceptance


def test_a_channel_waits_for_a_person_and_a_segment_is_refused(house: House) -> None:
    run(house, "update account set segment = 'reseller', region = 'north' where id = %(bela)s")
    house.publish(
        "order.acceptance",
        ["channel"],
        ["decision", "text"],
        (['"api"'], ['"hold"', '"programs are new to us"']),
        hit_policy="FIRST",
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
        "order.acceptance",
        ["order net"],
        ["decision", "text"],
        (["-"], ['"hold"', '"food is looked at"']),
        code="food",
        category="food",
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


def test_a_warning_is_acknowledged_with_a_permission_and_is_gone_when_the_order_changes(house: House) -> None:
    house.publish(
        "order.validation",
        ["order net"],
        ["effect", "text", "code"],
        (["> 30"], ['"warn"', '"rather large"', '"large"']),
    )
    order = house.place(line("CUP", "10"))
    path = f"/orders/{order['number']}/warnings"
    (warned,) = house.good(house.call("sam", "GET", path))["warnings"]
    assert (warned["code"], warned["message"], warned["acknowledged_at"]) == ("rules.large", "rather large", None)

    refused = house.call("ann", "POST", f"{path}/acknowledge", json={"reason": "known"})
    (seen,) = house.good(house.call("sam", "POST", f"{path}/acknowledge", json={"reason": "known customer"}))[
        "warnings"
    ]

    assert (refused.status_code, refused.json()["code"]) == (403, "access.forbidden")
    assert seen["acknowledgement"] == "known customer"
    (said,) = house.shop.one("select payload from event where type = 'order.warnings_acknowledged'")
    assert said["warnings"] == [{"code": "rules.large", "line": None, "message": "rather large"}]
    assert order["status"] == "confirmed"


# risk and approvals


RISK = [
    (["-", "true"], ["25"], "first order"),
    (["> 30", "-"], ["40"], "worth more than 30"),
    (["> 1000", "-"], ["60"], "worth more than 1,000"),
]


def approvals(house: House, number: str) -> dict[str, Any]:
    return house.good(house.call("adam", "GET", f"/orders/{number}/approvals"))


def test_a_score_routes_an_order_past_people_or_to_a_tier_with_its_reasons(house: House) -> None:
    house.publish("order.risk", ["order net", "first order"], ["points"], *RISK, aggregation="SUM")
    house.publish(
        "order.approval", ["risk score"], ["tier", "people", "reason"],
        (["> 60"], ['"sales"', "1", '"risky"']), (["<= 60"], ['"auto"', "1", '"safe"']), hit_policy="FIRST",
    )  # fmt: skip

    risky, safe = house.place(line("CUP", "10")), house.place(line("CUP", "2"))

    assert risky["decisions"]["risk"] == {"score": "65", "reasons": ["first order", "worth more than 30"]}
    assert codes(risky) == ["approvals.needed"]
    (tier,) = approvals(house, risky["number"])["tiers"]
    assert (tier["name"], tier["side"], tier["need"]) == ("sales", "seller", 1)
    assert tier["reason"] == ("risky (order-approval/sales v1): row 1 at a risk of 65: first order, worth more than 30")
    assert safe["decisions"]["risk"] == {"score": "0", "reasons": []}
    assert safe["status"] == "confirmed"
    body = {"reason": "known to me", "hash": approvals(house, risky["number"])["hash"]}
    assert house.good(house.call("sue", "POST", f"/orders/{risky['number']}/approve", json=body))["complete"] is True
    house.shop.turn()
    assert house.order(risky["number"])["status"] == "released"


def test_who_waits_keeps_the_tiers_it_was_asked_by_when_the_threshold_moves(house: House) -> None:
    table = house.publish("order.approval", ["order net"], ["tier", "reason"], (["> 30"], ['"sales"', '"large"']))
    waiting = house.place(line("CUP", "10"))

    house.publish(
        "order.approval", ["order net"], ["tier", "reason"], (["> 50"], ['"credit_desk"', '"larger"']), code=table
    )

    (tier,) = approvals(house, waiting["number"])["tiers"]
    assert tier["reason"] == "large (order-approval/sales v1): row 1"
    assert house.place(line("CUP", "10"))["status"] == "confirmed"
    (later,) = approvals(house, house.place(line("CUP", "20"))["number"])["tiers"]
    assert later["reason"] == "larger (order-approval/credit_desk v2): row 1"


def test_a_policy_reads_the_score(house: House) -> None:
    house.publish("order.risk", ["order net", "first order"], ["points"], *RISK, aggregation="SUM")
    policy = {"code": "RISK", "name": "Risky orders", "side": "seller", "condition": "risk_score >= 65",
              "tiers": [{"name": "Desk", "any_of": [{"role": "sales"}]}]}  # fmt: skip
    made = house.good(house.call("ann", "POST", "/approval-policies", json=policy))
    house.good(house.call("ben", "POST", f"/approval-policies/{made['id']}/publish", json={}))

    assert codes(house.place(line("CUP", "10"))) == ["approvals.needed"]
    assert house.place(line("CUP", "10"))["status"] == "confirmed"  # it is not the first one any more


# credit


def test_credit_is_held_by_a_rule_until_the_desk_or_another_version_lets_it_go(house: House) -> None:
    code = house.publish(
        "order.credit", ["order total"], ["decision", "text"], (["> 30"], ['"hold"', '"looked at by credit"'])
    )

    held = house.place(line("CUP", "10"))

    (hold,) = held["holds"]
    assert (hold["kind"], hold["code"], hold["reason"]) == ("credit", "credit.held_by_rule", "looked at by credit")
    assert house.place(line("CUP", "2"))["status"] == "confirmed"
    house.publish("order.credit", ["order total"], ["decision"], (["> 90"], ['"hold"']), code=code)
    assert house.place(line("CUP", "10"))["status"] == "confirmed"
    body = {"mode": "whole", "reason": "known for years"}
    through = house.good(house.call("cora", "POST", f"/orders/{held['number']}/credit-release", json=body))
    assert (through["status"], through["freed"]) == ("confirmed", [held["number"]])
    house.shop.turn()
    assert house.order(held["number"])["status"] == "released"


def test_a_limit_is_passed_by_a_percentage_and_never_further_with_an_override_for_each_order(house: House) -> None:
    run(house, "update credit_node set credit_limit = 100 where account_id = %(alma)s")
    house.publish("order.credit", ["segment"], ["decision", "over percent"], (["-"], ['"limit"', "20"]))

    within, over, beyond = (house.place(line("CUP", "15")) for _ in range(3))  # 59.50 each

    assert (within["status"], over["status"], codes(beyond)) == ("confirmed", "confirmed", ["credit.over_limit"])
    assert over["decisions"]["credit"] == "up to 20 % over the limit"
    (amount, most, reason) = house.shop.one("select amount, approver_limit, reason from credit_override")
    assert (str(amount), str(most)) == ("19.000", "20.000")
    assert reason == "order-credit v1, row 1: up to 20 % over the limit"


# sourcing


STOCKED_IN_SOUTH = """
with kept as (
  insert into stock (product_id, site_id, on_hand) select id, %(south)s, 100 from product where sku in ('CUP', 'TEA')
  returning product_id
)
insert into stock_move (id, product_id, site_id, kind, qty, at, as_of, reference_type)
select gen_random_uuid(), product_id, %(south)s, 'opening', 100, now(), now(), 'import' from kept
"""


def sites(house: House, number: str) -> list[tuple[Any, ...]]:
    return house.shop.all(
        "select c.line_no, s.code, c.qty::int from stock_claim c join site s on s.id = c.site_id "
        "join sales_order o on o.id = c.order_id where o.number = %s order by 1, 2",
        [number],
    )


def test_sites_are_preferred_allowed_and_kept_to_one(house: House) -> None:
    run(house, STOCKED_IN_SOUTH)
    assert sites(house, house.place(line("CUP", "1"))["number"]) == [(1, "N", 1)]

    code = house.publish(
        "line.sourcing", ["item", "line ship to country"], ["strategy", "prefer", "only"],
        (['"CUP"', '"DE"'], ['"fewest"', '"S"', "null"]), (['"TEA"', "-"], ["null", "null", '"N"']), hit_policy="FIRST",
    )  # fmt: skip
    assert sites(house, house.place(line("CUP", "1"), line("TEA", "1"))["number"]) == [(1, "S", 1), (2, "N", 1)]

    house.publish("line.sourcing", ["item"], ["strategy"], (["-"], ['"one site"']), code=code)
    assert sites(house, house.place(line("CUP", "150"))["number"]) == [(1, "N", 99)]
    assert sites(house, house.place(line("TEA", "150"))["number"]) == [(1, "N", 99)]


# shipping


def test_what_leaves_separately_is_governed_when_goods_could_go(house: House) -> None:
    code = house.publish(
        "order.shipping", ["ready percent"], ["ship policy", "minimum part"], (["< 100"], ['"ship_complete"', "0"])
    )
    waits = house.place(line("CUP", "10"), line("TEA", "200"))
    assert house.order(waits["number"])["status"] == "backordered"

    terms = ['"partial"', "30"]
    house.publish("order.shipping", ["ready amount"], ["ship policy", "minimum part"], (["-"], terms), code=code)

    small, large = house.place(line("CUP", "2"), line("TEA", "10")), house.place(line("CUP", "10"), line("TEA", "10"))
    assert house.order(small["number"])["status"] == "backordered"
    assert house.order(large["number"])["status"] == "released"
    (decided,) = house.decisions(small["number"], "order.shipping")
    assert (decided["version"], decided["inputs"]["ready amount"]) == (2, "6.67")


# fees


def test_a_fee_is_added_and_said_to_be_added(house: House) -> None:
    house.publish(
        "order.mutation", ["order net"], ["fee", "amount", "text"], (["< 20"], ['"SMALL"', "4.95", '"small order"'])
    )

    small, large = house.place(line("CUP", "1")), house.place(line("CUP", "10"))

    assert [(one["code"], one["amount"]) for one in small["charge_lines"]] == [("SMALL", "4.95")]
    assert small["total"] == "9.85"
    assert [one["message"] for one in small["findings"]] == ["4.95 EUR added by a rule: small order"]
    assert large["charge_lines"] == []
    assert house.order(small["number"])["total"] == "9.85"


# what is published and what is not


def test_a_preview_says_what_placing_would(house: House) -> None:
    house.publish("order.validation", ["order net"], ["effect", "text"], (["> 30"], ['"hold"', '"large"']))
    house.publish("order.risk", ["order net", "first order"], ["points"], *RISK, aggregation="SUM")
    house.publish("order.mutation", ["order net"], ["fee", "amount", "text"], (["-"], ['"FEE"', "2", '"fee"']))
    house.publish("order.credit", ["risk score"], ["decision"], (["> 60"], ['"hold"']))

    looked, placed = house.preview(line("CUP", "10")), house.place(line("CUP", "10"))

    assert codes(looked) == codes(placed) == ["credit.held_by_rule", "rules.large"]
    for part in ("total", "decisions", "charge_lines"):
        assert looked[part] == placed[part]
    assert house.shop.one("select count(*) from rule_decision where subject_id = %s", [looked["id"]]) == (0,)


def test_a_changed_order_is_decided_anew_by_what_is_in_force_then(house: House) -> None:
    code = house.publish("order.validation", ["order net"], ["effect", "text"], (["> 30"], ['"hold"', '"large"']))
    order = house.place(line("CUP", "20"))
    assert codes(order) == ["rules.large"]
    house.publish("order.validation", ["order net"], ["effect", "text"], (["> 50"], ['"hold"', '"large"']), code=code)
    path = f"/orders/{order['number']}/changes"

    answered = house.call(
        "sam", "POST", path, json={"reason": "less", "actions": [{"verb": "set_quantity", "line": 1, "qty": "12"}]}
    )

    assert answered.status_code in (200, 201), answered.text
    house.shop.turn()
    now = house.order(order["number"])
    assert (codes(now), now["status"]) == ([], "released")
    assert [(one["version"], one["effect"]) for one in house.decisions(order["number"])][:2] == [(1, "hold"), (2, None)]


def test_tables_that_answer_nothing_change_nothing_about_an_order(house: House) -> None:
    lines = (line("CUP", "10", unit_price="3.333"), line("TEA", "150"), line("ENGRAVE", "1"))
    with_nothing = house.preview(*lines)

    for point, says in {
        "order.acceptance": "decision", "order.validation": "effect", "line.validation": "effect", "order.risk": "reason",
        "order.approval": "tier", "order.credit": "decision", "line.price_tolerance": "take", "line.sourcing": "strategy",
        "order.shipping": "ship policy", "line.substitution": "consent", "order.mutation": "fee",
    }.items():  # fmt: skip
        house.publish(point, ["channel"], [says], (['"letter"'], ["null"]))

    with_tables = house.preview(*lines)
    assert timeless(with_tables) == timeless(with_nothing)
    assert with_tables["decisions"] == {**with_nothing["decisions"], "risk": {"score": "0", "reasons": []}}


def timeless(order: dict[str, Any]) -> dict[str, Any]:
    """A preview without what depends on when and as what it was asked."""
    kept = {key: found for key, found in order.items() if key not in ("id", "decisions", "placed_at", "buyer_po")}
    passing = ("promise", "promised_at")
    return {**kept, "lines": [{key: one[key] for key in one if key not in passing} for one in kept["lines"]]}


def statements_of_an_order(house: House, *lines: DraftLine) -> list[str]:
    """What placing emits once a process has placed an order before."""
    database = RecordingDatabase(house.shop.url, seed=9)
    draft = OrderDraft("ALMA", lines, (DraftGroup(),))
    for _ in range(2):
        database.write(lambda tx: place(tx, [Submission(draft, SYSTEM)]))
    database.close()
    return database.transactions[-1]


def test_orders_cost_a_statement_a_kind_of_fact_that_is_asked_for_and_none_where_nothing_is_published(
    house: House,
) -> None:
    lines = tuple(DraftLine(number, "CUP", Decimal(1)) for number in range(1, 11))
    without = statements_of_an_order(house, *lines)
    assert not [one for one in without if "rule_" in one]

    house.publish("line.validation", ["quantity"], ["effect", "text"], (["> 99"], ['"hold"', '"much"']))
    checked = statements_of_an_order(house, *lines)
    house.publish("order.validation", ["times the average"], ["effect", "text"], (["> 99"], ['"hold"', '"much"']))
    asked = statements_of_an_order(house, *lines)

    assert [one.split()[:3] for one in checked if one not in without] == [["insert", "into", "rule_decision"]]
    assert len(checked) == len(without) + 1
    assert len(asked) == len(checked) + 1
    assert [one for one in asked if "interval '90 days'" in one]


# approvals of the seller's side, on the same engine


@pytest.mark.parametrize(
    ("condition", "lines", "asks"),
    [
        ("substituted", [line("GIFT", "2")], True),
        ("substituted", [line("CUP", "2")], False),
        ("overridden", [line("CUP", "2")], False),
        ("below_floor", [line("CUP", "2")], True),
        ("net_days > 20", [line("CUP", "2")], True),
        ("credit_used_percent > 1", [line("CUP", "2")], False),
        ("credit_used_percent > 1", [line("CUP", "99"), line("TEA", "90"), line("ENGRAVE", "90")], True),
    ],
)
def test_the_sellers_side_is_asked_about_what_sells_otherwise_than_agreed(
    house: House, condition: str, lines: list[dict[str, Any]], asks: bool
) -> None:
    run(
        house,
        "update product set status = 'discontinued' where id = %(gift)s",
        "insert into substitute (product_id, substitute_id, valid_from) values (%(gift)s, %(cup)s, '2020-01-01')",
        "insert into substitution_policy (scope_key, consent, price) values ('all', 'automatic', 'own')",
        "insert into price_list (id, code, name, currency, layer) values (%(south)s, 'FLOOR', 'Floor', 'EUR', 'base')",
        "insert into price_assignment (id, list_id, scope_key, precedence, valid_from) values (gen_random_uuid(), %(south)s, 'floor', 1, '2020-01-01')",
        "insert into price (id, list_id, product_id, uom, tier_from, tier_price, valid_from) values (gen_random_uuid(), %(south)s, %(cup)s, 'EA', '{1}', '{3.5}', '2020-01-01')",
    )
    policy = {"code": "OURS", "name": "Ours", "side": "seller", "condition": condition,
              "tiers": [{"name": "Desk", "any_of": [{"role": "sales"}]}]}  # fmt: skip
    made = house.good(house.call("ann", "POST", "/approval-policies", json=policy))
    house.good(house.call("ben", "POST", f"/approval-policies/{made['id']}/publish", json={}))

    order = house.place(*lines)

    assert codes(order) == (["approvals.needed"] if asks else [])


def test_a_date_that_moves_is_checked_by_the_tables_and_a_line_that_is_added_comes_from_where_they_say(
    house: House,
) -> None:
    run(house, STOCKED_IN_SOUTH)
    house.publish(
        "order.validation", ["days to requested date"], ["effect", "text"], (["> 60"], ['"hold"', '"far ahead"'])
    )
    house.publish("line.sourcing", ["item"], ["prefer"], (['"TEA"'], ['"S"']))
    order = house.place(
        line("CUP", "2"), ship_policy="ship_complete", groups=[{"requested_at": "2026-03-20T09:00:00Z"}]
    )
    path = f"/orders/{order['number']}/changes"

    def change(**action: Any) -> dict[str, Any]:
        house.good(house.call("sam", "POST", path, json={"reason": "as agreed", "actions": [action]}))
        house.shop.turn()
        return house.order(order["number"])

    assert codes(change(verb="move_date", requested_at="2026-06-20T09:00:00Z")) == ["rules.far_ahead"]
    assert codes(change(verb="move_date", requested_at="2026-03-25T09:00:00Z")) == []
    change(verb="add_line", item="TEA", qty="3")
    assert sites(house, order["number"]) == [(1, "N", 2), (2, "S", 3)]
