"""Trials over HTTP: asked for, watched, read, ended; and one order stepped through."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from edge_client import EdgeClient
from shop import Shop
from tradewind.access.commands.keys import NewKey, create_keys
from tradewind.access.commands.principals import NewPrincipal, create_principals
from tradewind.access.model import Kind
from tradewind.app.http import create_app
from tradewind.app.settings import read_settings
from tradewind.trials.jobs import work_next

V1 = "/api/v1"
PEOPLE = {"lea": "analyst", "sam": "sales"}


@dataclass
class Door:
    """The shop with an HTTP door, and people at it by their first names."""

    shop: Shop
    client: EdgeClient
    keys: dict[str, str]

    def post(self, path: str, body: Any = None, *, who: str = "lea") -> Any:
        return self.client.post(V1 + path, json=body or {}, key=self.keys[who])

    def get(self, path: str, *, who: str = "lea", **params: Any) -> Any:
        return self.client.get(V1 + path, key=self.keys[who], params=params)


@pytest.fixture
def door(shop: Shop) -> Iterator[Door]:
    def make(tx: Any) -> list[Any]:
        made = create_principals(
            tx, [NewPrincipal(Kind.STAFF, name, name.title(), frozenset({role})) for name, role in PEOPLE.items()]
        )
        return list(create_keys(tx, [NewKey(one, "test") for one in made]))

    keys = shop.database.write(make)
    with EdgeClient(create_app(shop.database, read_settings({}))) as client:
        yield Door(shop, client, {name: key.key for name, key in zip(PEOPLE, keys, strict=True)})


DEARER = {"lanes": [{"site": "N", "country": "DE", "cost": "7"}]}


def test_a_trial_is_asked_for_run_and_read(door):
    door.shop.order(("CUP", "10"))
    door.shop.order(("CUP", "20"))
    door.shop.order(("TEA", "1"))

    asked = door.post("/trials", {"name": "dearer north", "change": DEARER, "orders": {"last": 2}})
    assert asked.status_code == 202
    trial = asked.json()
    assert asked.headers["location"] == f"{V1}/trials/{trial['id']}"
    assert (trial["state"], trial["changes"], trial["orders_asked"]) == ("queued", ["lanes"], {"last": 2})
    work_next(door.shop.database)

    read = door.get(f"/trials/{trial['id']}").json()
    assert (read["state"], read["orders"], read["done"], read["changed"]) == ("done", 2, 2, 2)
    assert read["change"] == {"lanes": [{"site": "N", "region": "", "country": "DE", "cost": "7"}]}
    assert read["summary"]["kinds"]["cost"] == {"orders": 1, "value": {"EUR": "2.13"}, "by": "7"}
    page = door.get(f"/trials/{trial['id']}/findings", limit=1).json()
    assert page["findings"][0]["number"] == "SO-00000002"
    assert page["findings"][0]["kinds"] == ["route"]
    rest = door.get(f"/trials/{trial['id']}/findings", after=page["next"]).json()["findings"]
    assert [(one["number"], one["kinds"], one["value"]) for one in rest] == [("SO-00000003", ["cost"], "2.13")]
    assert rest[0]["differences"] == [
        {"kind": "cost", "from": "0", "to": "7", "reason": "N has everything at 7", "by": "7"}
    ]
    assert [one["number"] for one in door.get(f"/trials/{trial['id']}/findings", kind="cost").json()["findings"]] == [
        "SO-00000003"
    ]
    assert [one["id"] for one in door.get("/trials", state="done").json()["trials"]] == [trial["id"]]
    assert door.post(f"/trials/{trial['id']}/cancel").status_code == 409


def test_what_cannot_be_tried_is_refused_before_it_runs(door):
    door.shop.order(("CUP", "10"))

    def codes(change: Any, **more: Any) -> tuple[int, list[str]]:
        found = door.post("/trials", {"name": "x", "change": change, **more})
        body = found.json()
        return found.status_code, [one["code"] for one in body.get("errors", [body])]

    assert codes({}) == (422, ["trials.nothing_changes"])
    assert codes({"lanes": [{"site": "MOON", "country": "DE"}]}) == (422, ["trials.unknown_name"])
    assert codes({"stream": {"stream": "invoice_to_cash", "version": 1}}) == (422, ["trials.other_stream"])
    assert codes({"stream": {"bpmn": "<x/>"}})[0] == 422
    assert codes({"stream": {}})[0] == 422
    assert codes(DEARER, orders={"accounts": ["NOBODY"]}) == (422, ["trials.no_orders"])
    assert codes(DEARER, orders={"last": 1_000_000})[0] == 422
    assert door.get("/trials").json()["trials"] == []


def test_only_who_may_run_trials_sees_them(door):
    door.shop.order(("CUP", "10"))

    assert door.post("/trials", {"name": "x", "change": DEARER}, who="sam").status_code == 403
    assert door.get("/trials", who="sam").status_code == 403
    assert door.get("/trials/00000000-0000-7000-8000-000000000000").status_code == 404


def test_a_recorded_order_is_stepped_through(door, with_a_check):
    door.shop.order(("CUP", "10"), ("TEA", "40"))

    as_it_is = door.post("/trials/walk", {"order": "SO-00000001"}).json()
    drafted = door.post("/trials/walk", {"order": "SO-00000001", "change": {"stream": {"bpmn": with_a_check}}}).json()

    assert [one["step"] for one in as_it_is["steps"]] == [
        "orders.assess",
        "orders.take",
        "orders.confirm",
        "orders.release",
    ]
    assess, take, _, release = as_it_is["steps"]
    assert assess["node"] == "assess"
    assert assess["inputs"]["lines"][0] == {
        "line": 1, "sku": "CUP", "qty": "10", "uom": "EA", "open": "10", "reserved": "0", "allocated": "0",
    }  # fmt: skip
    assert assess["decisions"]["total"] == "124.83"
    assert take["decisions"]["sourcing"] == {"1": "N has part of it"} or take["decisions"]["sourcing"]["1"]
    assert take["decisions"]["credit"]
    assert take["outputs"]["held"] is False
    assert release["outputs"] == {"left": True}
    assert as_it_is["stops"] == [
        {"node": "wait_goods", "name": "Wait for goods", "kind": "message", "waits_for": ["goods.ready"], "holds": [],
         "until": None, "touches": 0}
    ]  # fmt: skip
    assert as_it_is["ended"] == "wait_goods"
    assert [one["node"] for one in drafted["stops"]] == ["check_papers", "wait_goods"]
    assert drafted["touches"] == 1
    assert door.post("/trials/walk", {"order": "SO-99"}).status_code == 404
