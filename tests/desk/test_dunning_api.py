"""The routes of dunning, return policies and moved dates: who may, and what comes back."""

from collections.abc import Iterator
from typing import Any

import pytest

from edge_client import EdgeClient
from shop import Shop
from tradewind.access.commands.keys import NewKey, create_keys
from tradewind.access.commands.principals import NewPrincipal, create_principals
from tradewind.access.model import Kind
from tradewind.app.http import create_app
from tradewind.app.settings import read_settings
from tradewind.desk.dunning import start_dunning

POLICY = {
    "name": "House", "currency": "EUR", "interest_percent": "9", "gap_days": 7,
    "levels": [{"after_days": 5}, {"after_days": 15, "fee": "2.50"}, {"after_days": 30, "fee": "10"}],
}  # fmt: skip


class Door:
    """The application, and keys of people at it."""

    def __init__(self, shop: Shop, client: EdgeClient, keys: dict[str, str]) -> None:
        self.shop, self.client, self.keys = shop, client, keys

    def ask(self, who: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        found = self.client.request(method, f"/api/v1{path}", json=body, key=self.keys[who])
        return found.status_code, found.json()


@pytest.fixture
def door(shop: Shop) -> Iterator[Door]:
    people = [
        NewPrincipal(Kind.STAFF, "till", "Till", frozenset({"accounting"})),
        NewPrincipal(Kind.STAFF, "seller", "Seller", frozenset({"sales"})),
        NewPrincipal(Kind.BUYER, "buyer", "Buyer", frozenset({"buyer"}), frozenset([shop.id["alma"]])),
        NewPrincipal(Kind.BUYER, "other", "Other", frozenset({"buyer"}), frozenset([shop.id["bela"]])),
    ]
    made = shop.database.write(lambda tx: create_principals(tx, people))
    keys = shop.database.write(lambda tx: create_keys(tx, [NewKey(one, "test") for one in made]))
    named = {person.login: key.key for person, key in zip(people, keys, strict=True)}
    with EdgeClient(create_app(shop.database, read_settings({}))) as client:
        yield Door(shop, client, named)


def overdue(shop: Shop, days: int) -> None:
    """An invoice of 39.66 that was due so many days ago, and what dunning made of it."""
    order = shop.order(("CUP", "10"))
    for shipment in shop.shipments(order):
        shop.ship(shipment)
    shop.wait(days=30 + days)
    shop.database.write(start_dunning)
    shop.turn()


def test_a_debt_is_asked_for_rests_and_its_fee_is_waived(door: Door) -> None:
    assert door.ask("seller", "PUT", "/dunning-policies/HOUSE", POLICY)[0] == 403
    status, stored = door.ask("till", "PUT", "/dunning-policies/HOUSE", POLICY)
    assert (status, stored["version"]) == (200, 1)
    overdue(door.shop, 5)
    rest = {"kind": "promise", "until": "2026-04-20", "amount": "39.66", "reason": "on the phone"}
    status, pause = door.ask("till", "POST", "/accounts/ALMA/dunning/pauses", rest)
    assert status == 201
    door.shop.wait(days=14)
    door.shop.turn()

    status, state = door.ask("till", "GET", "/accounts/ALMA/dunning")

    assert (status, [one["level"] for one in state["items"]], state["pauses"][0]["until"]) == (200, [1], "2026-04-20")
    assert door.ask("till", "POST", f"/accounts/ALMA/dunning/pauses/{pause['id']}/end", {"reason": "paid"})[0] == 200
    assert door.ask("till", "POST", f"/accounts/ALMA/dunning/pauses/{pause['id']}/end", {"reason": "paid"})[0] == 409
    door.shop.turn()
    status, notice = door.ask("buyer", "GET", "/dunning-notices/DN-00000002")
    assert (status, notice["level"], notice["fee"], notice["interest"], notice["total"]) == (
        200,
        2,
        "2.5",
        "0.14",
        "42.3",
    )
    assert door.ask("other", "GET", "/dunning-notices/DN-00000002")[0] == 404
    assert [one["number"] for one in door.ask("buyer", "GET", "/dunning-notices")[1]["notices"]] == [
        "DN-00000002",
        "DN-00000001",
    ]
    claims = door.ask("till", "GET", "/accounts/ALMA/dunning")[1]["claims"]
    fee = next(one["id"] for one in claims if one["kind"] == "fee")
    assert (
        door.ask("till", "POST", f"/dunning-claims/{fee}/end", {"outcome": "waived", "reason": "good customer"})[0]
        == 200
    )
    assert door.ask("till", "POST", f"/dunning-claims/{fee}/end", {"outcome": "paid", "reason": "twice"})[0] == 409
    assert door.ask("till", "DELETE", "/dunning-policies/HOUSE")[0] == 200
    assert door.ask("till", "GET", "/dunning-policies")[1] == {"policies": []}
    door.shop.verify()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"levels": [{"after_days": 5}, {"after_days": 5}]}, "billing.bad_dunning_levels"),
        ({"levels": [{"after_days": 5, "fee": "0.001"}]}, "billing.too_fine"),
        ({"currency": "XQX"}, "billing.bad_currency"),
        ({"calendar": "NONE"}, "billing.unknown_calendar"),
        ({"account": "ALMA", "segment": "gold"}, "billing.dunning_policy_has_one_scope"),
    ],
)
def test_a_policy_that_cannot_be_is_refused_with_its_place(door: Door, change: dict[str, Any], code: str) -> None:
    status, said = door.ask("till", "PUT", "/dunning-policies/HOUSE", {**POLICY, **change})

    assert (status >= 400, said["code"]) == (True, code)


def test_a_return_policy_is_put_and_read(door: Door) -> None:
    status, stored = door.ask("till", "PUT", "/return-policies/ALL", {"name": "All", "window_days": 14})

    assert (status, stored["version"], stored["window_days"]) == (200, 1, 14)
    assert [one["code"] for one in door.ask("seller", "GET", "/return-policies")[1]["policies"]] == ["ALL"]
    assert door.ask("buyer", "GET", "/promise-moves?broken=true") == (200, {"moves": []})
