"""Delivery rules over HTTP: schedules, dates, substitutes, prices, and the rules themselves."""

from collections.abc import Iterator
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


class Door:
    """The application, and keys of people at it."""

    def __init__(self, shop: Shop, client: EdgeClient, keys: dict[str, str]) -> None:
        self.shop, self.client, self.keys = shop, client, keys

    def ask(self, who: str, method: str, path: str, body: Any = None, **params: Any) -> Any:
        return self.client.request(method, V1 + path, json=body, key=self.keys[who], params=params)

    def rules(self, kind: str, *rows: dict[str, Any], remove: list[dict[str, Any]] | None = None) -> Any:
        answer = self.ask("admin", "PUT", f"/rules/{kind}", {"rows": list(rows), "remove": remove or []})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def order(self, who: str = "buyer", *, path: str = "/orders", **body: Any) -> Any:
        answer = self.ask(who, "POST", path, {"account": "ALMA", **body})
        assert answer.status_code in (200, 201), answer.text
        self.shop.turn()
        return answer.json()

    def now(self, order: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("sales", "GET", f"/orders/{order['id']}").json()
        return found


@pytest.fixture
def door(shop: Shop) -> Iterator[Door]:
    people = {
        "admin": (Kind.STAFF, "admin", None),
        "sales": (Kind.STAFF, "sales", None),
        "buyer": (Kind.BUYER, "buyer", "alma"),
        "stranger": (Kind.BUYER, "buyer", "bela"),
    }
    wanted = [
        NewPrincipal(kind, f"{name}@x.example", name, frozenset({role}), frozenset([shop.id[of]] if of else []))
        for name, (kind, role, of) in people.items()
    ]
    made = shop.database.write(lambda tx: create_principals(tx, wanted))
    keys = shop.database.write(
        lambda tx: create_keys(tx, [NewKey(one, "test") for one in made if isinstance(one, UUID)])
    )
    combiner = start_combiner(shop.database)
    with EdgeClient(create_app(shop.database, read_settings({}), combiner)) as client:
        yield Door(shop, client, dict(zip(people, (key.key for key in keys), strict=True)))
    combiner.close()
    shop.verify()


def run(shop: Shop, *statements: str) -> None:
    def write(tx: Any) -> None:
        for statement in statements:
            tx.connection.execute(statement, shop.id)

    shop.database.write(write)


def test_a_line_for_three_places_and_dates_is_promised_shipped_and_billed_part_by_part(door):
    run(
        door.shop,
        "insert into address (id, account_id, code, name, country) values (gen_random_uuid(), %(alma)s, 'WIEN', 'Alma Wien', 'AT')",
        "update account set vat_id = 'ATU12345678', vat_verified = true where id = %(alma)s",
    )
    schedule = [
        {"ship_to": "HQ", "qty": "5"},
        {"ship_to": "WIEN", "qty": "3"},
        {"ship_to": "HQ", "qty": "2", "requested_at": "2026-03-20T09:00:00Z"},
    ]
    charges = [{"code": "FREIGHT", "amount": "7.50", "group_no": 2}]

    order = door.order(
        lines=[{"item": "CUP", "qty": "10", "schedule": schedule}, {"item": "TEA", "qty": "1"}], charges=charges
    )

    assert [(one["group_no"], one["ship_to"]["code"], one["requested_at"]) for one in order["groups"]] == [
        (1, "HQ", None), (2, "HQ", None), (3, "WIEN", None), (4, "HQ", "2026-03-20T09:00:00+00:00"),
    ]  # fmt: skip
    assert [(one["line_no"], one["group_no"], one["qty"], one["tax_category"]) for one in order["lines"]] == [
        (1001, 2, "5", "S"), (1002, 3, "3", "K"), (1003, 4, "2", "S"), (2, 1, "1", "S"),
    ]  # fmt: skip
    assert order["tax_groups"] == [
        {"category": "S", "rate": "19.000000", "base": "30.84", "tax": "5.86", "place": "DE"},
        {"category": "K", "rate": "0", "base": "10.00", "tax": "0.00", "place": "AT"},
        {"category": "S", "rate": "7.000000", "base": "1.99", "tax": "0.14", "place": "DE"},
    ]
    assert len(door.shop.shipments(order["id"])) == 3  # the fourth group has time
    for shipment in door.shop.shipments(order["id"]):
        door.shop.ship(shipment)
    assert door.now(order)["status"] == "part_shipped"
    door.shop.wait(days=18)
    door.shop.turn()
    (last,) = door.shop.shipments(order["id"])
    door.shop.ship(last)
    assert door.now(order)["status"] == "shipped"
    assert door.shop.one("select count(*), sum(total)::text from invoice") == (4, f"{order['total']}0")


def test_a_schedule_that_leaves_something_out_is_refused_with_its_place(door):
    line = {"item": "CUP", "qty": "10", "schedule": [{"qty": "4"}, {"qty": "5"}]}

    refused = door.ask("buyer", "POST", "/orders", {"account": "ALMA", "lines": [line]})

    assert refused.status_code == 422
    assert "the schedule adds up to 9, the line orders 10" in refused.text
    assert "/lines/0" in refused.text


def test_parts_for_one_place_and_time_share_a_group_and_a_single_part_keeps_its_number(door):
    lines = [
        {"item": "CUP", "qty": "4", "schedule": [{"ship_to": "HQ", "qty": "4", "ship_method": "EXPRESS"}]},
        {"item": "TEA", "qty": "4", "schedule": [{"ship_to": "HQ", "qty": "4", "ship_method": "EXPRESS"}]},
    ]

    order = door.order(lines=lines)

    assert [(one["line_no"], one["group_no"]) for one in order["lines"]] == [(1, 1), (2, 1)]
    assert [one["ship_method"] for one in order["groups"]] == ["EXPRESS"]


@pytest.mark.parametrize("path", ["/orders/preview", "/orders"])
def test_a_buyer_reads_the_nearest_three_days_before_and_after_placing(door, path):
    week = [{"calendar": "DE", "time_zone": "Europe/Berlin", "day": day, "opens": "08:00", "closes": "17:00"}
            for day in ("mon", "tue", "wed", "thu", "fri")]  # fmt: skip
    door.rules("calendars", *week, {"calendar": "DE", "day": "2026-03-16", "day_name": "inventory"})
    door.rules("calendar_uses", {"use": "shipping", "site": "N", "calendar": "DE", "cut_off": "14:00"},
               {"use": "receiving", "account": "ALMA", "calendar": "DE"})  # fmt: skip

    order = door.order(
        path=path, lines=[{"item": "CUP", "qty": "1"}], groups=[{"requested_at": "2026-03-16T10:00:00+01:00"}]
    )

    assert order["findings"] == [{
        "code": "calendars.date_closed", "severity": "warning", "field": "groups/1/requested_at",
        "message": "nobody receives goods on 2026-03-16 (inventory)", "suggestion": "2026-03-13, 2026-03-17, 2026-03-18",
    }]  # fmt: skip
    assert order["lines"][0]["promised_at"] == "2026-03-17T16:00:00+00:00"


def test_a_buyer_answers_for_their_own_substitute_and_nobody_for_a_strangers(door):
    run(door.shop, "update product set status = 'discontinued' where id = %(cup)s")
    door.rules("substitutes", {"sku": "CUP", "substitute": "TEA"})
    order = door.order(lines=[{"item": "CUP", "qty": "3"}])
    (hold,) = order["holds"]
    assert (hold["code"], hold["reason"]) == (
        "catalog.substitute_offered", "CUP is discontinued; 3 EA of TEA (Tea) can be sent instead",
    )  # fmt: skip
    path, body = f"/orders/{order['number']}/lines/1/substitute", {"decision": "accept", "reason": "fine", "sku": "TEA"}

    assert door.ask("stranger", "POST", path, body).status_code == 404
    accepted = door.ask("buyer", "POST", path, body)
    door.shop.turn()

    assert accepted.json() == {"order": order["id"], "line_no": 1, "sku": "TEA", "status": "waiting"}
    now = door.now(order)
    assert (now["status"], now["lines"][0]["sku"], now["lines"][0]["buyer_sku"], now["total"]) == (
        "released",
        "TEA",
        "CUP",
        "6.39",
    )
    assert now["lines"][0]["substituted"] == {
        "ordered_sku": "CUP", "qty": "3", "uom": "EA", "base_qty": "3", "consent": "ask", "price": "own",
    }  # fmt: skip
    again = door.ask("buyer", "POST", path, body)
    assert (again.status_code, again.json()["code"]) == (409, "orders.nothing_offered")


def test_sales_decides_on_a_price_and_a_buyer_does_not(door):
    door.rules(
        "price_tolerances", {"scope": "account", "value": "ALMA", "line_down_percent": "1", "floor_percent": "15"}
    )
    order = door.order(lines=[{"item": "CUP", "qty": "100", "unit_price": "300", "price_basis": "100"}])
    assert [hold["code"] for hold in order["holds"]] == ["pricing.po_price_differs"]
    assert (
        order["holds"][0]["reason"] == "the order says 300 per 100 EA: 33.3 (9.99 %) below ours, the tolerance is 1 %"
    )
    path, body = f"/orders/{order['number']}/lines/1/price", {"decision": "accept_stated", "reason": "spring fair"}

    assert door.ask("buyer", "POST", path, body).status_code == 403
    decided = door.ask("sales", "POST", path, body).json()
    door.shop.turn()

    assert (decided["unit_price"], decided["price_basis"], decided["net"], decided["goes_on"]) == (
        "300",
        "100",
        "300",
        True,
    )
    now = door.now(order)
    assert (now["status"], now["total"]) == ("released", "357.00")
    story = door.ask("sales", "GET", path).json()
    assert story["waterfall"]["steps"][0]["reason"] == "accepted"


def test_rules_are_written_read_and_taken_away_as_the_rows_of_their_import(door):
    row = {"scope": "account", "value": "ALMA", "effect": "exclude", "sku": "CUP", "reason": "recalled"}

    assert door.rules("entitlements", row) == {
        "kind": "entitlements",
        "created": 1,
        "changed": 0,
        "unchanged": 0,
        "removed": 0,
    }
    (found,) = door.ask("sales", "GET", "/rules/entitlements").json()["rows"]
    assert {name: found[name] for name in row} == row
    assert [hold["code"] for hold in door.order(lines=[{"item": "CUP", "qty": "1"}])["holds"]] == [
        "catalog.not_entitled"
    ]
    assert door.rules("entitlements", remove=[row])["removed"] == 1
    assert door.order(lines=[{"item": "CUP", "qty": "1"}])["holds"] == []


@pytest.mark.parametrize(
    ("kind", "body", "status", "code", "where"),
    [
        ("calendars", {"rows": [{"calendar": "X", "day": "someday"}]}, 422, "import.bad_day", "/rows/0/day"),
        ("licences", {"rows": [{"account": "NOBODY", "code": "ADR", "number": "1"}]}, 422, "import.unknown_account", "/rows/0/account"),
        ("licences", {"rows": [{"who": "ALMA"}]}, 422, "import.unknown_column", "/rows/0/who"),
        ("prices", {"rows": []}, 404, "request.not_found", ""),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_be_is_refused_with_its_place_and_nothing_is_written(door, kind, body, status, code, where):
    refused = door.ask("admin", "PUT", f"/rules/{kind}", body)

    assert refused.status_code == status, refused.text
    problem = refused.json()
    if status == 422:
        assert [(one["code"], one["pointer"]) for one in problem["errors"]] == [(code, where)]


def test_only_who_may_writes_rules(door):
    row = {"rows": [{"scope": "all", "consent": "automatic"}]}

    assert door.ask("buyer", "PUT", "/rules/substitution_policies", row).status_code == 403
    assert door.ask("buyer", "GET", "/rules/substitution_policies").status_code == 403
    assert door.ask("sales", "PUT", "/rules/substitution_policies", row).status_code == 403
