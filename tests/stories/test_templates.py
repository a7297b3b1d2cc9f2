"""Templates by API only: looked at, installed, changed here and there, upgraded, measured, passed on to another company."""

from collections.abc import Iterator
from dataclasses import replace
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
from tradewind.library.decide.files import pack
from tradewind.library.shipped import CODES, shipped
from tradewind.orchestration.decide.edit import edit
from tradewind.orchestration.decide.operations import Operation, Rename, SetParameter

V1 = "/api/v1"


class Door:
    """The application, and people at it."""

    def __init__(self, shop: Shop, client: EdgeClient, keys: dict[str, str]) -> None:
        self.shop, self.client, self.keys = shop, client, keys

    def ask(self, who: str, method: str, path: str, body: Any = None, **params: Any) -> Any:
        return self.client.request(method, V1 + path, json=body, key=self.keys[who], params=params)

    def upload(self, data: bytes, who: str = "ann") -> Any:
        return self.client.request(
            "POST", f"{V1}/templates", content=data, key=self.keys[who], headers={"Content-Type": "application/zip"}
        )

    def publish(self, stream: str, version: int) -> None:
        for who, act in (("ann", "submit"), ("ben", "review"), ("ann", "publish")):
            done = self.ask(who, "POST", f"/streams/{stream}/versions/{version}/acts", {"act": act})
            assert done.status_code == 200, done.text


@pytest.fixture
def door(shop: Shop) -> Iterator[Door]:
    people = {"ann": (Kind.STAFF, "admin"), "ben": (Kind.STAFF, "admin"), "sales": (Kind.STAFF, "sales")}
    wanted = [NewPrincipal(kind, f"{name}@x.example", name, frozenset({role})) for name, (kind, role) in people.items()]

    def make(tx: Any) -> list[Any]:
        made = create_principals(tx, wanted)
        return create_keys(tx, [NewKey(one, "test") for one in made if isinstance(one, UUID)])

    keys = shop.database.write(make)
    with EdgeClient(create_app(shop.database, read_settings({}))) as client:
        yield Door(shop, client, dict(zip(people, (key.key for key in keys), strict=True)))


def changed(code: str, *operations: Operation) -> bytes:
    found = edit(shipped()[code].bpmn, operations)
    assert isinstance(found, bytes), found
    return found


def test_every_template_is_listed_whole_and_runs_from_the_first_day(door):
    found = door.ask("sales", "GET", "/templates").json()["templates"]
    one = door.ask("sales", "GET", "/templates/order_to_release").json()

    assert {each["code"] for each in found} == set(CODES)
    assert [each["missing"] for each in found] == [[]] * len(CODES)
    assert one["bpmn"].startswith("<?xml")
    assert [kpi["code"] for kpi in one["kpis"]] == ["cycle", "touchless", "approvals_on_time", "incidents"]
    order = door.shop.order(("CUP", "10"))
    assert door.shop.status(order) == "released"
    installed = door.ask("ann", "POST", "/templates/order_to_release/install", {})
    assert installed.json() == {
        "template": "order_to_release",
        "version": 1,
        "stream": "order_to_release",
        "draft": None,
    }


def test_an_upgrade_keeps_what_was_changed_here_and_asks_where_both_changed(door):
    code = "shipment_to_invoice"
    mine = changed(code, Rename("invoice", "Bill it"), Rename("book", "Write it down"))
    drafted = door.ask("ann", "POST", f"/streams/{code}/versions", {"name": "Ours", "bpmn": mine.decode()})
    door.publish(code, drafted.json()["version"])
    newer = replace(
        shipped()[code], version=2, bpmn=changed(code, SetParameter("ask", "role", "sales"), Rename("book", "Book it"))
    )
    assert door.upload(pack(newer)).status_code == 201

    seen = door.ask("ann", "GET", f"/templates/{code}/upgrade").json()
    undecided = door.ask("ann", "POST", f"/templates/{code}/upgrade", {})
    done = door.ask("ann", "POST", f"/templates/{code}/upgrade", {"choices": {"book": "mine"}})
    door.publish(code, done.json()["draft"])
    after = door.ask("ann", "GET", f"/templates/{code}/upgrade").json()

    assert {one["id"]: one["origin"] for one in seen["elements"]} == {
        "ask": "template",
        "book": "conflict",
        "invoice": "here",
    }
    assert (undecided.status_code, undecided.json()["code"]) == (409, "library.undecided")
    assert {one["id"]: one["origin"] for one in after["elements"]} == {"book": "here", "invoice": "here"}
    door.shop.order(("CUP", "10"))
    door.shop.wait(days=3)
    door.shop.turn()
    assert door.shop.all("select role, name from user_task where status = 'open'") == [("sales", "Ask the warehouse")]


def test_an_upgrade_whose_draft_was_thrown_away_is_offered_again(door):
    code = "shipment_to_invoice"
    newer = replace(shipped()[code], version=2, bpmn=changed(code, Rename("book", "Book it")))
    assert door.upload(pack(newer)).status_code == 201
    first = door.ask("ann", "POST", f"/templates/{code}/upgrade", {}).json()["draft"]
    gone = {"act": "withdraw", "reason": "not yet"}
    assert door.ask("ann", "POST", f"/streams/{code}/versions/{first}/acts", gone).status_code == 200

    seen = door.ask("ann", "GET", f"/templates/{code}/upgrade").json()
    again = door.ask("ann", "POST", f"/templates/{code}/upgrade", {}).json()["draft"]

    assert [(one["id"], one["origin"]) for one in seen["elements"]] == [("book", "template")]
    assert again == first + 1


def test_an_upgrade_that_was_rolled_back_is_offered_again(door):
    code = "shipment_to_invoice"
    newer = replace(shipped()[code], version=2, bpmn=changed(code, Rename("book", "Book it")))
    assert door.upload(pack(newer)).status_code == 201
    door.publish(code, door.ask("ann", "POST", f"/templates/{code}/upgrade", {}).json()["draft"])
    door.shop.wait(seconds=1)
    back = door.ask("ann", "POST", f"/streams/{code}/rollback", {"reason": "too soon"})

    seen = door.ask("ann", "GET", f"/templates/{code}/upgrade").json()

    assert back.status_code == 200
    assert [(one["id"], one["origin"]) for one in seen["elements"]] == [("book", "template")]


def test_what_runs_here_goes_as_one_file_to_another_company(door):
    code = "shipment_to_invoice"
    mine = changed(code, Rename("invoice", "Bill it"))
    drafted = door.ask("ann", "POST", f"/streams/{code}/versions", {"name": "Ours", "bpmn": mine.decode()})
    door.publish(code, drafted.json()["version"])

    file = door.ask("ann", "GET", f"/templates/{code}/file")
    came, again = door.upload(file.content), door.upload(file.content)
    other = door.upload(pack(replace(shipped()[code], version=2)))
    short = door.upload(pack(replace(shipped()[code], version=3, stream="moon_to_earth")))

    assert file.headers["content-type"] == "application/zip"
    assert (came.status_code, came.json()["version"], again.status_code) == (201, 2, 201)
    assert (other.status_code, other.json()["code"]) == (409, "library.version_known")
    assert (short.status_code, short.json()["detail_values"]) == (409, {"missing": ["stream moon_to_earth"]})
    assert door.upload(b"x").json()["code"] == "library.bad_file"
    assert door.upload(file.content, who="sales").status_code == 403


def test_results_stand_beside_their_targets_with_how_sure_they_are(door):
    for _ in range(6):
        door.shop.order(("CUP", "1"))
    door.shop.wait(hours=1)
    changed_at = door.shop.clock.at.isoformat()
    door.shop.wait(hours=1)

    now = door.ask("ann", "GET", "/templates/order_to_release/results", days=1).json()
    both = door.ask("ann", "GET", "/templates/order_to_release/results", days=1, changed_at=changed_at).json()

    kpis = {one["code"]: one for one in now["kpis"]}
    assert kpis["touchless"]["figures"] == [{"n": 6, "value": "1.0000", "low": "0.6097", "high": "1.0000"}]
    assert (kpis["touchless"]["meets"], kpis["cycle"]["meets"], kpis["approvals_on_time"]["meets"]) == (
        True,
        True,
        None,
    )
    assert [figure["n"] for figure in both["kpis"][1]["figures"]] == [6, 0]
    assert both["kpis"][1]["differs"] is None


def test_what_is_not_there_is_said(door):
    assert door.ask("ann", "GET", "/templates/nothing").json()["code"] == "library.unknown_template"
    wrong = door.ask("ann", "POST", "/templates/order_to_release/install", {"parameters": {"colour": "red"}})
    nothing = door.ask("ann", "POST", "/templates/order_to_release/upgrade", {})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "library.unknown_parameter")
    assert (nothing.status_code, nothing.json()["code"]) == (409, "library.nothing_new")


def test_a_version_is_edited_by_operations_and_read_in_words(door):
    steps: list[dict[str, Any]] = [
        {"do": "insert_after", "after": "book", "id": "count", "element": "userTask", "name": "Count the crates",
         "parameters": {"role": "warehouse", "due": "PT4H", "calendar": "HQ"}},
        {"do": "rename", "id": "ask", "name": "Ring the warehouse"},
    ]  # fmt: skip
    path = "/streams/shipment_to_invoice/versions"

    made = door.ask("ann", "POST", f"{path}/1/edits", {"operations": steps, "reason": "crates get lost"})
    text = door.ask("sales", "GET", f"{path}/2/text").json()
    differ = door.ask("sales", "GET", f"{path}/2/diff", since=1).json()["elements"]
    wrong = door.ask("ann", "POST", f"{path}/1/edits", {"operations": [{"do": "rename", "id": "nobody", "name": "x"}]})

    steps[0]["parameters"]["role"] = "nobody"
    for_nobody = door.ask("ann", "POST", f"{path}/1/edits", {"operations": steps})
    assert (for_nobody.status_code, for_nobody.json()["code"]) == (422, "orchestration.unknown_role")
    assert made.json() == {"stream": "shipment_to_invoice", "version": 2, "from": 1}
    assert "Warehouse does: Count the crates." in " ".join(text["sentences"])
    assert [(one["change"], one["id"]) for one in differ if one["change"] != "changed"] == [("added", "count")]
    assert "calendar=HQ" in next(one["after"] for one in differ if one["id"] == "count")
    assert (wrong.status_code, wrong.json()["pointer"]) == (422, "/operations/0")
