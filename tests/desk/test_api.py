"""The routes of open orders, stock, tasks and limits: who may, what comes back, and what a stranger sees."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
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
from tradewind.orchestration.commands.crank import Crank
from tradewind.rules.decide.feel import read_expression
from tradewind.streams.backorders import BackorderCrank
from tradewind.streams.library import STREAMS

V1 = "/api/v1"


@dataclass
class Door:
    """The application, and keys of people at it."""

    shop: Shop
    client: EdgeClient
    keys: dict[str, str]
    ids: dict[str, UUID]

    def post(self, who: str, path: str, body: Any = None, **headers: str) -> Any:
        return self.client.post(V1 + path, json=body or {}, key=self.keys[who], headers=headers)

    def get(self, who: str, path: str, **params: Any) -> Any:
        return self.client.get(V1 + path, key=self.keys[who], params=params)


@pytest.fixture
def door(shop: Shop) -> Iterator[Door]:
    people = {
        "sales": (Kind.STAFF, {"sales"}, None),
        "credit": (Kind.STAFF, {"credit_desk"}, None),
        "warehouse": (Kind.STAFF, {"warehouse"}, None),
        "admin": (Kind.STAFF, {"admin"}, None),
        "buyer": (Kind.BUYER, {"buyer"}, "alma"),
        "approver": (Kind.BUYER, {"buyer_approver"}, "alma"),
        "stranger": (Kind.BUYER, {"buyer_approver"}, "bela"),
    }
    wanted = [
        NewPrincipal(kind, f"{name}@x.example", name, frozenset(roles), frozenset([shop.id[of]] if of else []))
        for name, (kind, roles, of) in people.items()
    ]

    def make(tx: Any) -> tuple[list[Any], list[Any]]:
        made = create_principals(tx, wanted)
        return made, create_keys(tx, [NewKey(one, "test") for one in made if isinstance(one, UUID)])

    made, keys = shop.database.write(make)
    app = create_app(shop.database, read_settings({}))
    with EdgeClient(app) as client:
        yield Door(
            shop,
            client,
            dict(zip(people, (key.key for key in keys), strict=True)),
            dict(zip(people, made, strict=True)),
        )


def turn_broken(shop: Shop) -> None:
    """The streams turn with a release that fails."""

    def broken(*_: Any) -> Any:
        raise LookupError("no such thing")

    stream = STREAMS["order_to_release"]
    steps = {**stream.steps, "orders.release": replace(stream.steps["orders.release"], apply=broken)}
    streams = {**STREAMS, stream.code: replace(stream, steps=steps)}
    Crank(shop.database, streams, read_expression).turn_until_idle(rounds=5)


def number(shop: Shop, order: UUID) -> str:
    return str(shop.one("select number from sales_order where id = %s", [order])[0])


def later(shop: Shop) -> Any:
    return shop.clock.at + timedelta(days=3)


def test_a_buyer_cancels_units_of_an_own_order_by_its_number(door):
    order = door.shop.order(("CUP", "10"), requested=later(door.shop))

    found = door.post(
        "buyer",
        f"/orders/{number(door.shop, order)}/cancel",
        {"reason": "too many", "lines": [{"line": 1, "qty": "4"}]},
    )

    assert found.status_code == 200
    assert found.json() == {
        "id": str(order),
        "status": "confirmed",
        "total": "23.8",
        "cancelled": {"1": "4"},
        "asked_back": {},
        "refused": [],
    }
    by = door.shop.one("select actor_id, channel from event where type = 'order.cancelled'")
    assert by == (door.ids["buyer"], "api")
    again = door.post("buyer", f"/orders/{order}/cancel", {"reason": "x", "lines": [{"line": 1, "qty": "7"}]})
    assert (again.status_code, again.json()["code"], again.json()["pointer"]) == (409, "orders.not_so_many", "/lines/0")


@pytest.mark.parametrize("what", ["cancel", "approve", "reject", "holds"])
def test_a_foreign_order_is_the_same_404_as_none(door, what):
    order = door.shop.order(("CUP", "10"))
    body = {"reason": "mine", **({"kind": "customer"} if what == "holds" else {})}

    foreign = door.post("stranger", f"/orders/{order}/{what}", body)
    missing = door.post("stranger", f"/orders/{UUID(int=9)}/{what}", body)

    assert (foreign.status_code, foreign.content) == (404, missing.content)
    assert door.shop.status(order) == "released"


def test_holds_are_opened_and_released_with_the_permission_of_their_kind(door):
    order = door.shop.order(("CUP", "1"), requested=later(door.shop))

    assert door.post("buyer", f"/orders/{order}/holds", {"kind": "fraud", "reason": "x"}).status_code == 403
    asked = door.post("buyer", f"/orders/{order}/holds", {"kind": "customer", "reason": "we are closed"})
    assert asked.status_code == 201
    hold = asked.json()["id"]
    path = f"/orders/{order}/holds/{hold}/release"
    assert door.post("buyer", path, {"reason": "open again"}).status_code == 403
    assert door.post("warehouse", path, {"reason": "x"}).json()["code"] == "access.forbidden"
    assert door.post("sales", path).status_code == 422

    released = door.post("sales", path, {"reason": "they called"})

    assert (released.status_code, released.json()["goes_on"]) == (200, True)
    assert door.post("sales", path, {"reason": "again"}).json()["code"] == "orders.no_such_hold"


def test_an_approver_sees_the_task_and_decides_what_was_looked_at(door):
    shop = door.shop
    shop.database.write(lambda tx: tx.run("update account set approval_above = 1 where code = 'ALMA'"))
    order = shop.order(("CUP", "10"))

    assert door.get("stranger", "/tasks").json()["tasks"] == []
    (task,) = door.get("approver", "/tasks").json()["tasks"]
    assert (task["form"], task["subject"]["id"]) == ("order_approval", str(order))
    waiting = door.get("approver", "/inbox").json()["waiting"]
    assert [one["what"] for one in waiting] == ["hold", "task"]
    assert door.get("stranger", "/inbox").json()["waiting"] == []
    assert door.get("buyer", "/inbox").status_code == 403
    assert door.post("stranger", f"/tasks/{task['id']}/claim").status_code == 404

    assert door.post("approver", f"/tasks/{task['id']}/claim").json()["claimed_by"] == str(door.ids["approver"])
    assert door.post("approver", f"/tasks/{task['id']}/complete", {}).json()["code"] == "approvals.no_decision"
    wrong = door.post("approver", f"/tasks/{task['id']}/complete", {"approved": True, "hash": "0" * 64})
    assert (wrong.status_code, wrong.json()["code"]) == (409, "approvals.changed_since")
    done = door.post("approver", f"/tasks/{task['id']}/complete", {"approved": True})

    assert (done.status_code, done.json()["status"]) == (200, "done")
    shop.turn()
    assert shop.status(order) == "released"


def test_a_rejected_order_is_cancelled(door):
    shop = door.shop
    shop.database.write(lambda tx: tx.run("update account set approval_above = 1 where code = 'ALMA'"))
    order = shop.order(("CUP", "10"))

    assert door.post("approver", f"/orders/{order}/reject", {}).json()["code"] == "orders.no_reason"
    found = door.post("approver", f"/orders/{order}/reject", {"reason": "not now"})

    assert found.json()["status"] == "cancelled"
    assert shop.status(order) == "cancelled"


def test_goods_come_in_once_per_key_and_serve_who_waits(door):
    shop = door.shop
    order = shop.order(("CUP", "120"))
    body = {"receipts": [{"site": "N", "sku": "CUP", "qty": "30"}, {"site": "N", "sku": "NIX", "qty": "1"}]}

    first = door.post("warehouse", "/stock/receipts", body, **{"Idempotency-Key": "truck-7"})
    again = door.post("warehouse", "/stock/receipts", body, **{"Idempotency-Key": "truck-7"})
    other = door.post(
        "warehouse", "/stock/receipts", {"receipts": body["receipts"][:1]}, **{"Idempotency-Key": "truck-7"}
    )

    assert first.status_code == 200
    good, bad = first.json()["results"]
    assert (good["qty"], good["on_hand"], good["earmarked"]) == ("30", "130", "20")
    assert (bad["errors"][0]["code"], bad["errors"][0]["pointer"]) == ("inventory.unknown_product", "/receipts/1/sku")
    assert again.json() == first.json()
    assert (other.status_code, other.json()["code"]) == (422, "request.idempotency_key_reused")
    assert shop.one("select count(*) from stock_move where kind = 'receipt'") == (1,)
    assert door.post("buyer", "/stock/receipts", body).status_code == 403
    BackorderCrank(shop.database).turn_until_idle()
    shop.turn()
    assert shop.one("select qty_released from order_line where order_id = %s", [order]) == (120,)


def test_supplies_slip_and_availability_shows_what_is_free_by_when(door):
    shop = door.shop
    supply = {"reference": "PO-1", "site": "N", "sku": "CUP", "qty": "50", "expected_at": later(shop).isoformat()}
    door.post("warehouse", "/supplies", {"supplies": [supply]})
    order = shop.order(("CUP", "120"))

    slipped = door.post(
        "warehouse",
        "/supplies",
        {"supplies": [{**supply, "expected_at": (later(shop) + timedelta(days=5)).isoformat()}]},
    ).json()["results"][0]
    assert [(line["order"], line["qty"]) for line in slipped["promised_to"]] == [(number(shop, order), "20")]

    (cup,) = door.get("buyer", "/availability", sku="CUP").json()["products"]
    assert (cup["available"], cup["sites"]) == ("0", [{"site": "N", "available": "0"}])
    assert [(one["qty"], one["available"]) for one in cup["to_come"]] == [("30", "30")]
    assert door.get("buyer", "/availability", sku="NIX").status_code == 404


def test_counts_and_adjustments_say_what_they_changed(door):
    shop = door.shop
    seen = {"site": "N", "sku": "CUP", "qty": "90", "as_of": shop.clock.at.isoformat()}
    old = {**seen, "qty": "1", "as_of": (shop.clock.at - timedelta(days=1)).isoformat()}

    new = door.post("warehouse", "/stock/observations", {"observations": [seen]}).json()["results"][0]
    late = door.post("warehouse", "/stock/observations", {"observations": [old]}).json()["results"][0]
    lost = {"site": "N", "sku": "CUP", "qty": "-5", "reason": "broken"}
    adjusted = door.post("warehouse", "/stock/adjustments", {"adjustments": [lost]}).json()["results"][0]

    assert (new["adjusted_by"], new["on_hand"], new["findings"]) == ("-10", "90", [])
    assert (late["adjusted_by"], late["findings"][0]["code"]) == ("0", "inventory.late_observation")
    assert adjusted["on_hand"] == "85"
    bad = door.post("warehouse", "/stock/observations", {"observations": [{**seen, "qty": "-1"}]})
    assert (bad.status_code, bad.json()["pointer"]) == (422, "/observations/0/qty")


def test_limits_and_overrides_are_the_credit_desks(door):
    shop = door.shop
    put = door.client.request(
        "PUT", f"{V1}/accounts/ALMA/credit-limit", json={"limit": "10", "reason": "late"}, key=door.keys["credit"]
    )
    assert (put.status_code, put.json()["headroom"]) == (200, "10")
    order = shop.order(("CUP", "10"))
    assert shop.status(order) == "held"
    wanted = {
        "amount": "100",
        "reason": "season",
        "valid_to": later(shop).isoformat(),
        "requested_by": "sales@x.example",
    }

    assert door.post("sales", "/accounts/ALMA/credit-overrides", wanted).status_code == 403
    own = door.post("credit", "/accounts/ALMA/credit-overrides", {**wanted, "requested_by": "credit@x.example"})
    assert (own.status_code, own.json()["code"]) == (409, "credit.same_person")
    nobody = door.post("credit", "/accounts/ALMA/credit-overrides", {**wanted, "requested_by": "nobody"})
    assert nobody.json()["code"] == "credit.unknown_requester"
    granted = door.post("credit", "/accounts/ALMA/credit-overrides", wanted)

    assert (granted.status_code, granted.json()["overrides"], granted.json()["asked_again"]) == (201, "100", 1)
    shop.turn()
    assert shop.status(order) == "released"
    assert door.post("credit", "/accounts/BELA/credit-overrides", wanted).json()["code"] == "credit.unknown_node"


def test_an_incident_is_retried_with_a_reason_when_its_cause_is_gone(door):
    shop = door.shop
    order = shop.order(("CUP", "1"), requested=later(shop))
    shop.wait(days=4)
    turn_broken(shop)
    (incident,) = door.get("admin", "/incidents").json()["incidents"]
    assert (incident["step"], incident["subject"]["id"]) == ("orders.release", str(order))
    assert door.get("sales", "/incidents").status_code == 403
    assert [one["what"] for one in door.get("sales", "/inbox").json()["waiting"]] == ["incident"]

    path = f"/incidents/{incident['id']}/retry"
    assert door.post("admin", path).status_code == 422
    assert door.post("admin", path, {"reason": "fixed"}).json()["resolution"] == "retried: fixed"
    assert door.post("admin", path, {"reason": "again"}).json()["code"] == "orchestration.incident_over"
    shop.turn()

    assert shop.status(order) == "released"


def test_an_incident_that_is_given_up_ends_its_instance(door):
    shop = door.shop
    order = shop.order(("CUP", "1"), requested=later(shop))
    shop.wait(days=4)
    turn_broken(shop)
    (incident,) = door.get("admin", "/incidents").json()["incidents"]

    door.post("admin", f"/incidents/{incident['id']}/cancel", {"reason": "nobody wants it"})
    door.post("admin", f"/orders/{order}/cancel", {"reason": "nobody wants it"})

    assert shop.one("select status from stream_instance") == ("cancelled",)
    assert shop.one("select count(*) from stream_wait") == (0,)
    assert shop.status(order) == "cancelled"
