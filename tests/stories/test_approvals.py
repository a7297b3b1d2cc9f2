"""Orders that several people must approve, over HTTP: tiers, four eyes, delegation, change, expiry (AP1 to AP6, AP9)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from edge_client import EdgeClient
from shop import Shop
from tradewind.access.commands.keys import NewKey, create_keys
from tradewind.access.commands.principals import NewPrincipal, create_principals
from tradewind.access.model import Kind
from tradewind.app.http import create_app
from tradewind.app.settings import read_settings
from tradewind.channels.intake import start_combiner

V1 = "/api/v1"
CUPS = "select reserved, allocated from stock s join product p on p.id = s.product_id where p.sku = 'CUP'"
PEOPLE = {
    "bea": (Kind.BUYER, "buyer", "alma"),
    "ann": (Kind.BUYER, "buyer_approver", "alma"),
    "ben": (Kind.BUYER, "buyer_approver", "alma"),
    "cem": (Kind.BUYER, "buyer_approver", "alma"),
    "eve": (Kind.BUYER, "buyer_approver", "alma"),
    "zoe": (Kind.BUYER, "buyer_approver", "bela"),
    "sam": (Kind.STAFF, "sales", None),
    "kim": (Kind.STAFF, "credit_desk", None),
    "ada": (Kind.STAFF, "admin", None),
    "lea": (Kind.STAFF, "analyst", None),
}


@dataclass
class House:
    """The shop with an HTTP door, and people at it by their first names."""

    shop: Shop
    client: EdgeClient
    keys: dict[str, str]
    ids: dict[str, UUID]

    def post(self, who: str, path: str, body: Any = None) -> Any:
        return self.client.post(V1 + path, json=body or {}, key=self.keys[who])

    def get(self, who: str, path: str, **params: Any) -> Any:
        return self.client.get(V1 + path, key=self.keys[who], params=params).json()

    def policy(self, writer: str = "ann", publisher: str = "ben", **body: Any) -> dict[str, Any]:
        """Written by one, published by another."""
        self.shop.wait(seconds=1)
        made = self.post(writer, "/approval-policies", body)
        assert made.status_code == 201, made.text
        put = self.post(publisher, f"/approval-policies/{made.json()['id']}/publish")
        assert put.status_code == 200, put.text
        return dict(put.json())

    def order(self, who: str = "bea", qty: str = "30", **more: Any) -> str:
        body = {"account": "ALMA", "lines": [{"item": "CUP", "qty": qty}], **more}
        placed = self.post(who, "/orders", body)
        assert placed.status_code == 201, placed.text
        self.shop.turn()
        return str(placed.json()["number"])

    def decide(self, who: str, order: str, decision: str = "approve", **more: Any) -> Any:
        found = self.post(who, f"/orders/{order}/{decision}", {"reason": "seen", **more})
        self.shop.turn()
        return found

    def flow(self, order: str, who: str = "ada") -> dict[str, Any]:
        return dict(self.get(who, f"/orders/{order}/approvals"))

    def resize(self, order: str, qty: str) -> None:
        actions = [{"verb": "set_quantity", "line": 1, "qty": qty}]
        changed = self.post("bea", f"/orders/{order}/changes", {"reason": "plans", "actions": actions})
        assert changed.status_code == 200, changed.text
        self.shop.turn()

    def hashes(self, order: str) -> list[str]:
        """Of the order's requests, oldest first."""
        return [row[0] for row in self.shop.all(
            "select encode(r.content_hash, 'hex') from approval_request r join sales_order o on o.id = r.order_id "
            "where o.number = %s order by r.request_no", [order])]  # fmt: skip

    def states(self, order: str) -> list[tuple[str, str]]:
        return [(tier["name"], tier["state"]) for tier in self.flow(order)["tiers"]]

    def status(self, order: str) -> str:
        return str(self.shop.one("select status from sales_order where number = %s", [order])[0])


@pytest.fixture
def house(shop: Shop) -> Iterator[House]:
    wanted = [
        NewPrincipal(kind, name, name.title(), frozenset({role}), frozenset([shop.id[of]] if of else []))
        for name, (kind, role, of) in PEOPLE.items()
    ]

    def make(tx: Any) -> tuple[list[Any], list[Any]]:
        made = create_principals(tx, wanted)
        return made, create_keys(tx, [NewKey(one, "story") for one in made])

    made, keys = shop.database.write(make)
    combiner = start_combiner(shop.database)
    with EdgeClient(create_app(shop.database, read_settings({}), combiner)) as client:
        yield House(
            shop,
            client,
            {name: key.key for name, key in zip(PEOPLE, keys, strict=True)},
            dict(zip(PEOPLE, made, strict=True)),
        )
    combiner.close()
    shop.verify()


def one(*logins: str, need: int = 1, name: str = "", **more: Any) -> dict[str, Any]:
    return {"name": name or "/".join(logins), "need": need, "any_of": [{"login": login} for login in logins], **more}


# ---- tiers -------------------------------------------------------------------------------------------------------


def test_four_people_approve(house):
    """Budget owner, then two of three, then the seller for long terms: only then it is released."""
    house.policy(code="BIG", name="Big orders", account="ALMA", condition="total > 100", currency="EUR",
                 tiers=[{"name": "Budget", "any_of": [{"login": "ann", "up_to": "500"}]}, one("ben", "cem", "eve", need=2, name="Board")])  # fmt: skip
    house.policy("lea", "ada", code="TERMS", name="Long terms", side="seller", condition="net_days >= 30",
                 tiers=[{"name": "Credit desk", "any_of": [{"role": "credit_desk"}]}])  # fmt: skip

    order = house.order()

    assert house.status(order) == "held"
    flow = house.flow(order)
    assert [(tier["no"], tier["name"], tier["state"], tier["after"]) for tier in flow["tiers"]] == [
        (1, "Credit desk", "open", []),
        (2, "Budget", "open", []),
        (3, "Board", "later", [2]),
    ]
    assert [tier["reason"] for tier in flow["tiers"]][:2] == [
        "Long terms (TERMS v1): net_days >= 30, with net_days = 30",
        "Big orders (BIG v1): total > 100, with total = 118.99",
    ]
    assert [len(house.get(who, "/approvals")["approvals"]) for who in ("ann", "ben", "kim", "sam", "zoe")] == [
        1,
        0,
        1,
        0,
        0,
    ]
    assert house.decide("ben", order).json()["code"] == "approvals.comes_later"

    assert house.decide("ann", order).json()["waits_for"] == ["Credit desk", "Board"]
    assert house.decide("kim", order).json()["waits_for"] == ["Board"]
    assert house.decide("ben", order).json()["complete"] is False
    assert house.decide("ben", order).json()["code"] == "approvals.counted_already"
    assert house.decide("ann", order).json()["code"] == "approvals.counted_already"
    assert house.status(order) == "held"
    last = house.decide("eve", order)

    assert (last.json()["complete"], house.status(order)) == (True, "released")
    assert house.shop.all("select tier_no, policy from approval_seat order by tier_no, seat_no") == [
        (1, "TERMS v1"), (2, "BIG v1"), (3, "BIG v1"), (3, "BIG v1"),
    ]  # fmt: skip
    assert [said["by"] for said in house.flow(order)["said"]] == ["Ann", "Kim", "Ben", "Eve"]
    assert house.shop.one("select count(*) from approval where snapshot ->> 'total' = '118.99'") == (4,)


def test_one_rejection_ends_it_and_gives_everything_back(house):
    house.policy(code="TWO", name="Two", account="ALMA", condition="true", tiers=[one("ann", "ben", need=2)])
    order = house.order()
    house.decide("ann", order)

    found = house.decide("ben", order, "reject", reason="not this year")

    assert (found.json()["status"], house.status(order)) == ("cancelled", "cancelled")
    assert house.shop.one("select status, ended_reason from approval_request") == ("rejected", "not this year")
    assert house.shop.one(CUPS) == (0, 0)
    assert house.shop.one("select open_orders from credit_node") == (0,)
    assert house.decide("cem", order).json()["code"] == "approvals.not_waiting"


def test_buyers_see_of_the_seller_s_side_only_that_it_is_asked(house):
    house.policy("lea", "ada", code="SECRET", name="Margin of Alma", side="seller", condition="total > 1",
                 tiers=[{"name": "Boss", "any_of": [{"role": "sales"}]}])  # fmt: skip

    order = house.order()

    seen = house.client.get(f"{V1}/orders/{order}/approvals", key=house.keys["bea"]).text
    assert "SECRET" not in seen
    assert "Margin" not in seen
    assert "Boss" not in seen
    assert house.flow(order, "bea")["tiers"] == [
        {"no": 1, "name": "the seller", "side": "seller", "need": 1, "state": "open", "given": 0}
    ]
    assert house.decide("ann", order).json()["code"] == "approvals.not_waiting"
    assert "SECRET" not in house.client.get(f"{V1}/orders/{order}", key=house.keys["bea"]).text
    house.decide("sam", order, reason="the boss says fine")
    assert "boss" not in house.client.get(f"{V1}/orders/{order}/approvals", key=house.keys["bea"]).text
    assert house.status(order) == "released"


def test_a_price_below_the_floor_is_the_seller_s_to_approve(house):
    floor = house.shop.database.ids.new()
    house.shop.database.write(lambda tx: [
        tx.run("insert into price_list (id, code, name, currency, layer) values (%s, 'FLOOR', 'Floor', 'EUR', 'base')", [floor]),
        tx.run("insert into price_assignment (id, list_id, scope_key, precedence, valid_from) values (gen_random_uuid(), %s, 'floor', 1, '2020-01-01')", [floor]),
        tx.run("insert into price (id, list_id, product_id, uom, tier_from, tier_price, valid_from) values "
               "(gen_random_uuid(), %s, %s, 'EA', '{1}', '{3.5}', '2020-01-01'), (gen_random_uuid(), %s, %s, 'EA', '{1}', '{1.5}', '2020-01-01')",
               [floor, house.shop.id["cup"], floor, house.shop.id["tea"]]),
    ])  # fmt: skip
    house.policy("lea", "ada", code="FLOOR", name="Below the floor", side="seller", condition="floor_percent > 2",
                 tiers=[{"name": "Sales", "any_of": [{"role": "sales"}]}])  # fmt: skip

    cheap, fine = house.order(), house.order(lines=[{"item": "TEA", "qty": "10"}])

    assert (house.status(cheap), house.status(fine)) == ("held", "released")
    assert house.flow(cheap)["tiers"][0]["reads"] == {"floor_percent": "4.77"}


def test_many_are_decided_at_once_each_with_its_own_answer(house):
    house.policy(code="ALL", name="All", account="ALMA", condition="true", tiers=[one("ann")])
    first, second, third = house.order(), house.order(qty="2"), house.order("ann", qty="3")

    found = house.post("ann", "/approvals/decisions", {"decisions": [
        {"order": first, "decision": "approve"},
        {"order": second, "decision": "reject"},
        {"order": third, "decision": "approve"},
        {"order": "SO-9", "decision": "approve"},
        {"order": second, "decision": "ask", "reason": "why two?"},
    ]}).json()["results"]  # fmt: skip
    house.shop.turn()

    assert [one.get("complete") or one["problem"]["code"] if "problem" in one else one["complete"] for one in found] == [
        True, "orders.no_reason", "approvals.own_order", "orders.unknown_order", False,
    ]  # fmt: skip
    assert [house.status(order) for order in (first, second, third)] == ["released", "held", "held"]
    assert house.post("bea", f"/orders/{second}/approvals/answer", {"reason": "for the two of us"}).status_code == 200
    assert [said["said"] for said in house.flow(second)["said"]] == ["asked", "answered"]


# ---- what was looked at ------------------------------------------------------------------------------------------


def test_deciding_on_a_stale_view_is_refused_with_what_differs(house):
    house.policy(code="ALL", name="All", account="ALMA", condition="true", tiers=[one("ann")])
    order = house.order()
    mine = house.get("ann", "/approvals")["approvals"][0]

    changed = house.post("bea", f"/orders/{order}/changes", {"reason": "more", "actions": [
        {"verb": "set_quantity", "line": 1, "qty": "40"}]})  # fmt: skip
    assert changed.status_code == 200, changed.text
    house.shop.turn()
    refused = house.decide("ann", order, hash=mine["hash"])

    assert (refused.status_code, refused.json()["code"]) == (409, "approvals.changed_since")
    differs = {one["at"]: (one["was"], one["is"]) for one in refused.json()["detail_values"]["differences"]}
    assert differs["/lines/1/qty"] == ("30", "40")
    assert differs["/total"] == ("118.99", "158.65")
    now = house.get("ann", "/approvals")["approvals"][0]
    assert house.decide("ann", order, hash=now["hash"], seen=now["seen"]).json()["complete"] is True
    assert house.status(order) == "released"


def test_what_was_cut_and_comes_back_is_not_what_was_seen_when_it_was_cut(house):
    house.policy(code="ALL", name="All", account="ALMA", condition="true", tiers=[one("ann")])
    order = house.order(qty="12")
    seen = [house.get("ann", "/approvals")["approvals"][0]]
    for qty in ("2", "12"):
        house.resize(order, qty)
        seen.append(house.get("ann", "/approvals")["approvals"][0])

    refused = house.decide("ann", order, hash=seen[1]["hash"])

    assert [one["total"] for one in seen] == ["47.6", "7.94", "47.6"]
    assert (seen[0]["hash"], seen[1]["hash"]) == (seen[2]["hash"], house.hashes(order)[1])
    assert seen[1]["hash"] != seen[2]["hash"]
    assert (refused.status_code, refused.json()["code"]) == (409, "approvals.changed_since")
    differs = {one["at"]: (one["was"], one["is"]) for one in refused.json()["detail_values"]["differences"]}
    assert (differs["/lines/1/left"], differs["/total"]) == (("2", "12"), ("7.94", "47.6"))
    assert house.decide("ann", order, hash=seen[2]["hash"]).json()["complete"] is True


def test_who_was_asked_before_a_cut_reads_what_was_cut(house):
    house.policy(code="ALL", name="All", account="ALMA", condition="true", tiers=[one("ann")])
    order = house.order(qty="12")
    mine = house.get("ann", "/approvals")["approvals"][0]
    assert mine["changed_since_asked"] == []
    house.resize(order, "2")

    now = house.get("ann", "/approvals")["approvals"][0]
    refused = [house.decide("ann", order, **{name: mine[name]}).json() for name in ("hash", "seen")]

    told = [now["changed_since_asked"], house.flow(order)["changed_since_asked"]]
    told += [one["detail_values"]["differences"] for one in refused]
    for differences in told:
        differs = {one["at"]: (one["was"], one["is"]) for one in differences}
        assert (differs["/lines/1/left"], differs["/total"]) == (("12", "2"), ("47.6", "7.94"))
    assert {one["code"] for one in refused} == {"approvals.changed_since"}


def test_an_approval_stands_over_units_cancelled_since_and_not_over_more(house):
    house.policy(code="ALL", name="All", account="ALMA", condition="true", tiers=[one("ann")])
    when = (house.shop.clock.at + timedelta(days=5)).isoformat()
    order = house.order(qty="12", groups=[{"group_no": 1, "requested_at": when}])
    house.resize(order, "6")
    house.decide("ann", order)

    cancelled = house.post("bea", f"/orders/{order}/cancel", {"reason": "less", "lines": [{"line": 1, "qty": "2"}]})
    assert cancelled.status_code == 200, cancelled.text
    house.shop.turn()
    assert (house.status(order), len(house.hashes(order))) == ("confirmed", 2)
    house.shop.verify()
    house.resize(order, "6")
    assert (house.status(order), len(house.hashes(order))) == ("confirmed", 2)
    house.resize(order, "12")

    assert (house.status(order), len(house.hashes(order))) == ("held", 3)


def test_what_was_approved_before_cancelled_units_were_in_the_hash_stands(house):
    house.policy(code="ALL", name="All", account="ALMA", condition="true", tiers=[one("ann")])
    when = (house.shop.clock.at + timedelta(days=5)).isoformat()
    order = house.order(qty="12", groups=[{"group_no": 1, "requested_at": when}])
    house.resize(order, "6")
    old = "update approval_request set content_hash = (select content_hash from approval_request where request_no = 1)"
    house.shop.database.write(lambda tx: tx.run(old))
    mine = house.get("ann", "/approvals")["approvals"][0]
    assert house.decide("ann", order, hash=mine["hash"], seen=mine["seen"]).json()["complete"] is True

    house.shop.verify()
    house.resize(order, "5")

    assert (house.status(order), len(house.hashes(order))) == ("confirmed", 2)


def test_a_promise_that_moved_while_it_waited_is_seen(house):
    house.policy(code="ALL", name="All", account="ALMA", condition="true", tiers=[one("ann")])
    order = house.order(qty="90")
    mine = house.get("ann", "/approvals")["approvals"][0]
    assert mine["changed_since_asked"] == []
    house.shop.wait(hours=73)
    house.shop.turn()
    assert house.shop.one(CUPS) == (0, 0)

    refused = house.decide("ann", order, seen=mine["seen"])

    assert refused.json()["code"] == "approvals.changed_since"
    assert [one["at"] for one in refused.json()["detail_values"]["differences"]] == ["/credit/taken"]


def test_where_nothing_is_kept_while_it_waits_the_approver_sees_what_could_be_had(house):
    house.policy(code="LATE", name="Re-check", account="ALMA", condition="true", pending="recheck", tiers=[one("ann")])
    order = house.order(qty="80")
    assert (house.shop.one(CUPS), house.shop.one("select open_orders from credit_node")) == ((0, 0), (0,))
    mine = house.get("ann", "/approvals")["approvals"][0]

    house.shop.order(("CUP", "50"), account="BELA")
    refused = house.decide("ann", order, seen=mine["seen"])

    assert {one["at"]: (one["was"], one["is"]) for one in refused.json()["detail_values"]["differences"]} == {
        "/lines/1/available": ("80", "50")
    }
    house.decide("ann", order)
    assert house.shop.one(
        "select qty_released, qty_backordered from order_line l join sales_order o on o.id = l.order_id where o.number = %s",
        [order],
    ) == (50, 30)


# ---- change ------------------------------------------------------------------------------------------------------


def test_a_change_asks_again_only_for_what_it_touches(house):
    house.policy(
        code="AMOUNT", name="Amount", account="ALMA", condition="total > 10", tolerance_percent="5", tiers=[one("ann")]
    )
    house.policy(
        code="WHEN", name="Date", account="ALMA", condition="count(requested_dates) > 0", binds=[], tiers=[one("ben")]
    )
    when = (house.shop.clock.at + timedelta(days=5)).isoformat()
    order = house.order(groups=[{"group_no": 1, "requested_at": when}])
    house.decide("ann", order)

    def changed(*actions: dict[str, Any]) -> None:
        found = house.post("bea", f"/orders/{order}/changes", {"reason": "plans", "actions": list(actions)})
        assert found.status_code == 200, found.text
        house.shop.turn()

    later = (house.shop.clock.at + timedelta(days=9)).isoformat()
    changed({"verb": "move_date", "requested_at": later})
    assert house.states(order) == [("ann", "complete"), ("ben", "open")]
    house.decide("ben", order)
    assert house.status(order) == "confirmed"

    changed({"verb": "move_date", "requested_at": when})
    assert (house.status(order), house.states(order)) == ("held", [("ann", "complete"), ("ben", "open")])
    changed({"verb": "set_quantity", "line": 1, "qty": "31"})
    assert house.states(order) == [("ann", "complete"), ("ben", "open")]
    changed({"verb": "set_quantity", "line": 1, "qty": "40"})
    assert house.states(order) == [("ann", "open"), ("ben", "open")]
    void = house.shop.all(
        "select payload -> 'void' from event where type = 'order.approval_reassessed' order by subject_seq"
    )
    assert [row[0] for row in void] == [{}, {"2": ["dates"]}, {}, {"1": ["total"]}]
    house.decide("ann", order)
    house.decide("ben", order)

    assert house.status(order) == "confirmed"
    said = house.flow(order)["said"]
    assert [(one["by"], one["carried_on"], one["of_now"]) for one in said if one["of_now"]] == [
        ("Ann", False, True),
        ("Ben", False, True),
    ]
    assert len(said) == 7  # everything that was ever said stays


def test_a_smaller_order_stays_approved_and_one_that_needs_nothing_any_more_goes_on(house):
    house.policy(code="AMOUNT", name="Amount", account="ALMA", condition="total > 100", tiers=[one("ann")])
    when = (house.shop.clock.at + timedelta(days=5)).isoformat()
    order, other = (house.order(groups=[{"group_no": 1, "requested_at": when}]) for _ in range(2))
    house.decide("ann", order)
    assert house.status(order) == "confirmed"

    for number, qty in ((order, "28"), (other, "5")):
        cut = house.post(
            "bea",
            f"/orders/{number}/changes",
            {"reason": "less", "actions": [{"verb": "set_quantity", "line": 1, "qty": qty}]},
        )
        assert cut.status_code == 200
    house.shop.turn()

    assert [house.status(number) for number in (order, other)] == ["confirmed", "confirmed"]
    house.shop.verify()


def test_whoever_changed_an_order_no_longer_counts_for_it(house):
    house.policy(code="ALL", name="All", account="ALMA", condition="true", binds=[], tiers=[one("ann", "ben", need=2)])
    order = house.order()
    house.decide("ann", order)

    when = (house.shop.clock.at + timedelta(days=9)).isoformat()
    house.post(
        "ann", f"/orders/{order}/changes", {"reason": "mine", "actions": [{"verb": "move_date", "requested_at": when}]}
    )
    house.shop.turn()

    assert house.states(order) == [("ann/ben", "open")]
    assert house.flow(order)["tiers"][0]["given"] == 0
    assert house.decide("ann", order).json()["code"] == "approvals.own_order"


# ---- time --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on_expiry", "status", "codes"), [("hold", "held", ["approvals.expired"]), ("cancel", "cancelled", [])]
)
def test_what_nobody_decides_is_reminded_of_escalated_and_ends_and_frees_stock_and_credit(
    house, on_expiry, status, codes
):
    house.policy(code="SLOW", name="Slow", account="ALMA", condition="true", expire_hours=48, remind_hours=12, escalate_hours=24,
                 on_expiry=on_expiry, tiers=[one("ann", fallback=[{"login": "eve"}])])  # fmt: skip
    order = house.order()
    assert house.shop.one(CUPS) == (30, 0)
    assert house.get("eve", "/approvals")["approvals"] == []

    def said() -> list[str]:
        return [
            row[0] for row in house.shop.all("select type from event where type like 'order.approval%%' order by seq")
        ]

    house.shop.wait(hours=13)
    house.shop.turn()
    assert said() == ["order.approval_reminded"]
    house.shop.wait(hours=12)
    house.shop.turn()
    assert said()[1:] == ["order.approval_escalated"]
    assert len(house.get("eve", "/approvals")["approvals"]) == 1
    house.shop.wait(hours=24)
    house.shop.turn()

    assert said()[2:] == ["order.approval_expired"]
    assert (house.status(order), house.shop.one(CUPS)) == (status, (0, 0))
    assert house.shop.one("select open_orders from credit_node") == (0,)
    assert [row[0] for row in house.shop.all("select code from order_hold where released_at is null")] == codes
    assert house.decide("ann", order).json()["code"] == "approvals.not_waiting"
    house.shop.verify()


def test_what_ended_unanswered_is_asked_anew_by_the_policies_of_then(house):
    house.policy(
        code="SLOW", name="Slow", account="ALMA", condition="true", expire_hours=2, tiers=[one("ann", "ben", need=2)]
    )
    order = house.order()
    house.decide("ann", order)
    house.shop.wait(hours=3)
    house.shop.turn()
    house.policy(code="SLOW", name="Slow", account="ALMA", condition="true", tiers=[one("cem")])
    assert house.status(order) == "held"

    assert house.post("bea", f"/orders/{order}/approvals/restart", {"reason": "we still want it"}).status_code == 200
    house.shop.turn()

    assert [(tier["policy"], tier["version"], tier["state"], tier["given"]) for tier in house.flow(order)["tiers"]] == [
        ("SLOW", 2, "open", 0)
    ]
    assert house.shop.one(CUPS) == (30, 0)
    house.decide("cem", order)
    assert house.status(order) == "released"


def test_a_policy_that_changes_leaves_running_approvals_as_they_were_asked(house):
    house.policy(code="ALL", name="All", account="ALMA", condition="true", tiers=[one("ann")])
    order = house.order()

    house.policy(code="ALL", name="All", account="ALMA", condition="true", tiers=[one("ben")])
    later = house.order()

    assert [house.flow(number)["tiers"][0]["version"] for number in (order, later)] == [1, 2]
    house.decide("ann", order)
    assert (house.status(order), house.status(later)) == ("released", "held")


# ---- people ------------------------------------------------------------------------------------------------------


def test_somebody_stands_in_within_dates_and_amount_and_the_log_says_for_whom(house):
    house.policy(code="ALL", name="All", account="ALMA", condition="true", tiers=[one("ann")])
    order, large = house.order(), house.order(qty="60")
    until = (house.shop.clock.at + timedelta(days=7)).isoformat()
    body = {"delegate": "eve", "valid_to": until, "reason": "on leave", "up_to": "150", "currency": "EUR"}

    given = house.post("ann", "/approval-delegations", body)

    assert given.status_code == 201, given.text
    assert (
        house.post("ann", "/approval-delegations", {**body, "delegate": "ann"}).json()["code"]
        == "approvals.delegation_to_oneself"
    )
    assert (
        house.post("eve", "/approval-delegations", {**body, "delegate": "ann"}).json()["code"]
        == "approvals.delegation_circle"
    )
    assert (
        house.post("ann", "/approval-delegations", {**body, "delegate": "zoe"}).json()["code"]
        == "approvals.unknown_person"
    )
    assert (
        house.post("ann", "/approval-delegations", {**body, "delegate": "sam"}).json()["code"]
        == "approvals.unknown_person"
    )
    assert house.get("zoe", "/approval-delegations")["delegations"] == []
    (mine,) = house.get("eve", "/approvals")["approvals"]
    assert (mine["number"], mine["on_behalf_of"]) == (order, "Ann")
    assert house.decide("eve", large).json()["code"] == "approvals.over_cap"
    assert house.decide("eve", order).json()["complete"] is True

    assert house.shop.one("select decided_by, on_behalf_of, cap from approval") == (
        house.ids["eve"],
        house.ids["ann"],
        150,
    )
    told = house.shop.one("select actor_id, payload ->> 'on_behalf_of' from event where type = 'order.approved'")
    assert told == (house.ids["eve"], str(house.ids["ann"]))
    ended = house.client.delete(f"{V1}/approval-delegations/{given.json()['id']}", key=house.keys["eve"])
    assert ended.json()["revoked_at"] is not None
    assert house.decide("eve", large).json()["code"] == "approvals.not_waiting"


def test_where_the_approver_has_left_the_fallback_decides(house):
    house.policy(
        code="ALL",
        name="All",
        account="ALMA",
        condition="true",
        tiers=[one("ann", fallback=[{"role": "buyer_approver"}])],
    )
    order = house.order()
    assert house.get("cem", "/approvals")["approvals"] == []

    house.shop.database.write(lambda tx: tx.run("update principal set active = false where login = 'ann'"))

    assert len(house.get("cem", "/approvals")["approvals"]) == 1
    assert house.decide("cem", order).json()["complete"] is True


# ---- policies ----------------------------------------------------------------------------------------------------


def test_a_buying_company_rules_its_own_side_only_and_with_four_eyes(house):
    body = {"code": "OURS", "name": "Ours", "account": "ALMA", "condition": "total > 5", "tiers": [one("ann")]}

    assert house.post("ann", "/approval-policies", {**body, "side": "seller"}).json()["code"] == "approvals.not_yours"
    assert house.post("ann", "/approval-policies", {**body, "account": None}).json()["code"] == "approvals.not_yours"
    assert house.post("zoe", "/approval-policies", body).status_code == 404
    assert house.post("bea", "/approval-policies", body).status_code == 403
    assert (
        house.post("ann", "/approval-policies", {**body, "tiers": [one("zoe")]}).json()["code"]
        == "approvals.unknown_person"
    )
    wrong = house.post("ann", "/approval-policies", {**body, "condition": "colour = 1"})
    assert (wrong.status_code, wrong.json()["code"], wrong.json()["pointer"]) == (
        422,
        "approvals.unknown_input",
        "/condition",
    )

    made = house.post("ann", "/approval-policies", body).json()
    assert (made["version"], made["status"], made["inputs"]) == (1, "draft", ["total"])
    assert house.status(house.order()) == "released"
    assert house.post("ann", f"/approval-policies/{made['id']}/publish").json()["code"] == "approvals.own_policy"
    assert house.post("zoe", f"/approval-policies/{made['id']}/publish").status_code == 404
    assert house.post("ben", f"/approval-policies/{made['id']}/publish").json()["status"] == "published"
    assert house.post("ben", f"/approval-policies/{made['id']}/publish").json()["code"] == "approvals.published"
    assert house.status(house.order()) == "held"
    assert house.get("zoe", "/approval-policies")["policies"] == []
    assert [one["code"] for one in house.get("ben", "/approval-policies")["policies"]] == ["OURS"]

    house.shop.wait(hours=1)
    assert house.post("ben", f"/approval-policies/{made['id']}/end").json()["code"] == "approvals.own_policy"
    assert house.post("ann", f"/approval-policies/{made['id']}/end").status_code == 200
    assert house.status(house.order()) == "released"


def test_a_version_supersedes_the_one_before_and_neither_is_edited(house):
    first = house.policy(code="ALL", name="All", account="ALMA", condition="total > 1", tiers=[one("ann")])
    house.shop.wait(hours=1)
    second = house.policy(code="ALL", name="All", account="ALMA", condition="total > 2", tiers=[one("ann")])

    rows = house.shop.all("select version, condition, valid_to is null from approval_policy order by version")
    assert rows == [(1, "total > 1", False), (2, "total > 2", True)]
    assert (first["version"], second["version"]) == (1, 2)
    taken = house.post("ada", "/approval-policies", {"code": "ALL", "name": "x", "side": "seller", "condition": "true",
                                                     "tiers": [{"name": "x", "any_of": [{"role": "sales"}]}]})  # fmt: skip
    assert taken.json()["code"] == "approvals.code_taken"


def test_a_draft_is_tried_on_the_orders_of_the_past(house):
    orders = [house.order(qty=qty) for qty in ("1", "10", "50")]
    draft = house.post("ann", "/approval-policies", {
        "code": "TRY", "name": "Try", "account": "ALMA", "condition": "total > 30", "currency": "EUR",
        "tiers": [{"name": "Any", "any_of": [{"role": "buyer_approver", "up_to": "100"}, {"login": "eve"}]}]}).json()  # fmt: skip

    found = house.post("ann", "/approvals/simulate", {"orders": [*orders, "SO-9"], "policies": [draft["id"]]}).json()

    assert [one["needs_approval"] for one in found["orders"]] == [False, True, True]
    assert [tier["could"] for one in found["orders"] for tier in one["tiers"]] == [
        ["Ann", "Ben", "Cem", "Eve"],
        ["Eve"],
    ]
    assert found["unknown"] == ["SO-9"]
    assert [
        one["needs_approval"] for one in house.post("ann", "/approvals/simulate", {"orders": orders}).json()["orders"]
    ] == [False] * 3
    assert house.post("zoe", "/approvals/simulate", {"orders": orders}).json() == {"orders": [], "unknown": orders}
    assert house.post("zoe", "/approvals/simulate", {"orders": orders, "policies": [draft["id"]]}).status_code == 404


def test_a_preview_says_who_will_be_asked(house):
    house.policy(code="ALL", name="All", account="ALMA", condition="total > 1", tiers=[one("ann", name="Budget")])

    found = house.post("bea", "/orders/preview", {"account": "ALMA", "lines": [{"item": "CUP", "qty": "3"}]}).json()

    assert [(hold["code"], hold["reason"]) for hold in found["holds"]] == [
        ("approvals.needed", "needs approval: Budget")
    ]
    assert house.shop.one("select count(*) from approval_request") == (0,)


def test_hours_by_a_calendar_count_working_time_and_days(house):
    week = [
        {"calendar": "HQ", "time_zone": "UTC", "day": day, "opens": "08:00", "closes": "16:00"}
        for day in ("mon", "tue", "wed", "thu", "fri")
    ]
    assert (
        house.client.request("PUT", f"{V1}/rules/calendars", json={"rows": week}, key=house.keys["ada"]).status_code
        == 200
    )
    wrong = house.post("ann", "/approval-policies", {"code": "SLOW", "name": "Slow", "account": "ALMA", "condition": "true",
                                                     "calendar": "MOON", "tiers": [one("ann", "ben", need=2)]})  # fmt: skip
    house.policy(code="SLOW", name="Slow", account="ALMA", condition="true", calendar="HQ", expire_hours=72, remind_hours=4,
                 escalate_hours=10, tiers=[one("ann", "ben", need=2)])  # fmt: skip
    house.shop.clock.at = datetime(2026, 3, 6, 14, tzinfo=UTC)  # a Friday

    order = house.order()

    flow = house.get("ann", f"/orders/{order}/approvals")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "approvals.unknown_calendar")
    assert [flow[name] for name in ("remind_at", "escalate_at", "expires_at")] == [
        "2026-03-09T10:00:00Z", "2026-03-09T16:00:00Z", "2026-03-11T14:00:00Z",
    ]  # fmt: skip
