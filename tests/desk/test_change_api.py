"""Changes over HTTP: who may, what comes back, once a key, and what a stranger sees."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from changing import units
from edge_client import EdgeClient
from shop import Shop
from tradewind.access.commands.keys import NewKey, create_keys
from tradewind.access.commands.mandates import NewMandate, grant_mandates
from tradewind.access.commands.principals import NewPrincipal, create_principals
from tradewind.access.model import Kind
from tradewind.app.http import create_app
from tradewind.app.settings import read_settings
from tradewind.kernel.tx import Tx

V1 = "/api/v1"
REVERT = {"reason": "they called again"}
PEOPLE = {
    "sales": (Kind.STAFF, "sales", None),
    "credit": (Kind.STAFF, "credit_desk", None),
    "warehouse": (Kind.STAFF, "warehouse", None),
    "buyer": (Kind.BUYER, "buyer", "alma"),
    "stranger": (Kind.BUYER, "buyer", "bela"),
    "agent": (Kind.AGENT, "agent", None),
}


@dataclass
class Door:
    """The application, and keys of people at it."""

    shop: Shop
    client: EdgeClient
    keys: dict[str, str]

    def post(self, who: str, path: str, body: Any = None, **headers: str) -> Any:
        return self.client.post(V1 + path, json=body or {}, key=self.keys[who], headers=headers)

    def get(self, who: str, path: str) -> Any:
        return self.client.get(V1 + path, key=self.keys[who])


@pytest.fixture
def door(shop: Shop) -> Iterator[Door]:
    wanted = [
        NewPrincipal(kind, f"{name}@x.example", name, frozenset({role}), frozenset([shop.id[of]] if of else []))
        for name, (kind, role, of) in PEOPLE.items()
    ]

    def make(tx: Tx) -> list[Any]:
        made = [one for one in create_principals(tx, wanted) if isinstance(one, UUID)]
        actions = frozenset({"orders.read", "orders.change"})
        mandate = NewMandate("agent@x.example", shop.id["alma"], actions, order_max=Decimal(50), currency="EUR")
        grant_mandates(tx, [mandate], granted_by=made[0])
        return create_keys(tx, [NewKey(one, "test") for one in made])

    keys = shop.database.write(make)
    with EdgeClient(create_app(shop.database, read_settings({}))) as client:
        yield Door(shop, client, dict(zip(PEOPLE, (key.key for key in keys), strict=True)))


@pytest.fixture
def number(shop: Shop) -> str:
    """An order of ten cups that is confirmed and goes out in five days."""
    order = shop.order(("CUP", "10"), requested=shop.clock.at + timedelta(days=5))
    return str(shop.one("select number from sales_order where id = %s", [order])[0])


def body(*actions: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"reason": "they called", "actions": list(actions), **more}


def raise_to(qty: str) -> dict[str, Any]:
    return {"verb": "set_quantity", "line": 1, "qty": qty}


def order_of(shop: Shop) -> Any:
    return shop.one("select id from sales_order")[0]


def test_a_buyer_changes_an_own_order_and_reads_what_became_of_it(door: Door, number: str) -> None:
    answer = door.post(
        "buyer", f"/orders/{number}/changes", body(raise_to("12"), {"verb": "correct_po", "buyer_po": "PO 7"})
    )

    assert answer.status_code == 200
    told = answer.json()
    assert (told["from_version"], told["version"], told["status"], told["total"]) == (1, 2, "confirmed", "47.60")
    assert told["answers"] == [
        {"action": 0, "verb": "set_quantity", "verdict": "accepted", "line": 1, "done": "2"},
        {"action": 1, "verb": "correct_po", "verdict": "accepted"},
    ]
    assert told["consequences"]["lines"]["1"]["after"]["qty"] == "12"
    assert not {"stock", "credit_taken", "approval"} & set(told["consequences"])
    assert door.get("buyer", f"/orders/{number}").json()["version"] == 2
    (row,) = door.get("buyer", f"/orders/{number}/changes").json()["changes"]
    assert (row["id"], row["kind"], row["reason"], row["changed_by"]) == (told["id"], "change", "they called", None)
    assert row["actions"][0] == {"verb": "set_quantity", "line": 1, "qty": "12"}


def test_a_preview_does_nothing_and_says_the_same(door: Door, number: str) -> None:
    asked = body(raise_to("12"))

    told = door.post("sales", f"/orders/{number}/changes?preview=true", asked).json()

    assert (told["id"], told["preview"], told["version"]) == (None, True, 2)
    assert units(door.shop, order_of(door.shop)) == "10: 10 allocated"
    done = door.post("sales", f"/orders/{number}/changes", asked).json()
    assert done["consequences"] == told["consequences"]
    assert done["consequences"]["stock"] == {"N/CUP": {"before": "10", "after": "12"}}


def test_the_preview_of_a_revert_does_nothing_and_says_the_same(door: Door, number: str) -> None:
    made = door.post("sales", f"/orders/{number}/changes", body(raise_to("12"))).json()
    path = f"/orders/{number}/changes/{made['id']}/revert"

    told = door.post("sales", f"{path}?preview=true", REVERT).json()

    assert (told["id"], told["preview"], told["version"]) == (None, True, 3)
    assert units(door.shop, order_of(door.shop)) == "12: 12 allocated"
    done = door.post("sales", path, REVERT).json()
    assert (done["version"], done["consequences"]) == (3, told["consequences"])
    assert units(door.shop, order_of(door.shop)) == "10: 10 allocated"


def test_a_key_does_it_once_and_is_not_for_something_else(door: Door, number: str) -> None:
    path, key = f"/orders/{number}/changes", {"Idempotency-Key": "k-1"}

    first = door.post("buyer", path, body(raise_to("12")), **key)
    again = door.post("buyer", path, body(raise_to("12")), **key)
    other = door.post("buyer", path, body(raise_to("13")), **key)

    assert (first.status_code, again.json()) == (200, first.json())
    assert (other.status_code, other.json()["code"]) == (422, "request.idempotency_key_reused")
    assert units(door.shop, order_of(door.shop)) == "12: 12 allocated"


def test_who_looked_at_another_version_is_told_the_current_one(door: Door, number: str) -> None:
    door.post("sales", f"/orders/{number}/changes", body(raise_to("12")))

    late = door.post("buyer", f"/orders/{number}/changes", body(raise_to("9"), expected_version=1))

    assert (late.status_code, late.json()["code"], late.json()["detail_values"]) == (
        409, "orders.changed_since", {"version": 2},
    )  # fmt: skip


def test_where_nothing_could_be_done_every_reason_is_named(door: Door, number: str) -> None:
    asked = body(
        {"verb": "cancel_line", "line": 9},
        {"verb": "override_price", "line": 1, "unit_price": "1", "reason": "please"},
        {"verb": "pin_site", "line": 1, "site": "N"},
    )

    answer = door.post("buyer", f"/orders/{number}/changes", asked)

    assert answer.status_code == 404
    assert [one["code"] for one in answer.json()["errors"]] == [
        "orders.unknown_line", "orders.staff_only", "orders.staff_only",
    ]  # fmt: skip
    assert door.get("buyer", f"/orders/{number}/changes").json() == {"changes": [], "next": None}


def test_our_people_override_prices_and_buyers_cannot_take_that_back(door: Door, number: str) -> None:
    price = {"verb": "override_price", "line": 1, "unit_price": "3", "reason": "promised by phone"}
    made = door.post("sales", f"/orders/{number}/changes", body(price)).json()
    assert door.shop.one("select net from order_line") == (Decimal("30.00"),)

    refused = door.post("buyer", f"/orders/{number}/changes/{made['id']}/revert", REVERT)
    done = door.post("sales", f"/orders/{number}/changes/{made['id']}/revert", REVERT)

    assert (refused.status_code, refused.json()["code"]) == (403, "orders.staff_only")
    assert (done.status_code, door.shop.one("select net from order_line")) == (200, (Decimal("33.33"),))
    kinds = [one["kind"] for one in door.get("sales", f"/orders/{number}/changes").json()["changes"]]
    assert kinds == ["revert", "change"]


def test_a_change_of_another_order_is_not_found(door: Door, number: str) -> None:
    other = door.shop.order(("TEA", "1"), requested=door.shop.clock.at + timedelta(days=5))
    made = door.post("sales", f"/orders/{other}/changes", body(raise_to("2"))).json()

    answer = door.post("sales", f"/orders/{number}/changes/{made['id']}/revert", REVERT)

    assert (answer.status_code, answer.json()["code"]) == (404, "orders.unknown_change")


def test_an_agent_changes_an_order_as_far_as_its_mandate_reaches(door: Door, number: str) -> None:
    path = f"/orders/{number}/changes"

    # 12 x 3.333 with tax are 47.60, 13 are 51.56
    within, beyond = (door.post("agent", path, body(raise_to(qty))) for qty in ("12", "13"))

    assert (within.status_code, within.json()["total"]) == (200, "47.60")
    assert (beyond.status_code, beyond.json()["code"]) == (403, "access.over_mandate")
    assert units(door.shop, order_of(door.shop)) == "12: 12 allocated"


@pytest.mark.parametrize("who", ["stranger", "warehouse", "credit"])
def test_others_may_not(door: Door, number: str, who: str) -> None:
    answer = door.post(who, f"/orders/{number}/changes", body(raise_to("12")))

    assert answer.status_code == (404 if who == "stranger" else 403)
    assert units(door.shop, order_of(door.shop)) == "10: 10 allocated"


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"verb": "explode"}, "/actions/0"),
        ({"verb": "set_quantity", "line": 1}, "/actions/0/set_quantity/qty"),
        ({"verb": "set_quantity", "line": 1, "qty": "-1"}, "/actions/0/set_quantity/qty"),
        ({"verb": "cancel_line", "line": 0}, "/actions/0/cancel_line/line"),
    ],
)
def test_what_is_no_action_is_refused_with_its_place(
    door: Door, number: str, wrong: dict[str, Any], pointer: str
) -> None:
    answer = door.post("buyer", f"/orders/{number}/changes", body(wrong))

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)
