"""Operators look at running instances and repair them over HTTP; people change a stream and move instances to a new version."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from edge_client import EdgeClient
from emitted_sql import RecordingDatabase
from shop import Shop
from tradewind.access.commands.keys import NewKey, create_keys
from tradewind.access.commands.principals import NewPrincipal, create_principals
from tradewind.access.model import Kind
from tradewind.app.http import create_app
from tradewind.app.settings import read_settings
from tradewind.channels.intake import start_combiner
from tradewind.orchestration.commands.messages import Message, post_messages
from tradewind.orchestration.commands.streams import publish as publish_shipped
from tradewind.orchestration.commands.timeouts import expire_waits
from tradewind.rules.decide.feel import read_expression
from tradewind.streams.library import diagram, publish_streams

V1 = "/api/v1"
STREAM = f"{V1}/streams/order_to_release"


@dataclass
class Desk:
    """The application, and keys of the people at it."""

    shop: Shop
    client: EdgeClient
    keys: dict[str, str]

    def ask(self, who: str, method: str, path: str, body: Any = None, *, status: int = 200, **params: Any) -> Any:
        answer = self.client.request(method, path, json=body, key=self.keys[who], params=params)
        assert answer.status_code == status, answer.text
        return answer.json()

    def get(self, path: str, **params: Any) -> Any:
        return self.ask("admin", "GET", f"{V1}{path}", **params)

    def repair(self, instance: str, *, status: int = 200, **body: Any) -> Any:
        path = f"{V1}/instances/{instance}/repair"
        return self.ask("admin", "POST", path, {"reason": "the goods are here", **body}, status=status)

    def short(self, qty: str = "150") -> UUID:
        """An order that waits for goods."""
        return self.shop.order(("CUP", qty))

    def instance(self, order: UUID) -> Any:
        (found,) = self.get("/instances", find=str(order))["instances"]
        return found


@pytest.fixture
def desk(shop: Shop) -> Iterator[Desk]:
    people = {"admin": "admin", "ana": "analyst", "ben": "analyst", "sales": "sales"}
    wanted = [NewPrincipal(Kind.STAFF, name, name, frozenset({role}), frozenset()) for name, role in people.items()]
    made = [one for one in shop.database.write(lambda tx: create_principals(tx, wanted)) if isinstance(one, UUID)]
    keys = shop.database.write(lambda tx: create_keys(tx, [NewKey(one, "test") for one in made]))
    combiner = start_combiner(shop.database)
    with EdgeClient(create_app(shop.database, read_settings({}), combiner)) as client:
        yield Desk(shop, client, dict(zip(people, (key.key for key in keys), strict=True)))
    combiner.close()


def test_an_instance_is_found_by_its_order_and_seen_with_its_places_waits_and_history(desk):
    order = desk.short()
    number = desk.shop.one("select number from sales_order where id = %s", [order])[0]

    found, of_shipment = desk.get("/instances", find=number)["instances"]
    whole = desk.get(f"/instances/{found['id']}")
    history = desk.get(f"/instances/{found['id']}/history")["history"]

    assert (found["stream"], found["version"], found["status"]) == ("order_to_release", 1, "running")
    assert found["subject"] == {"type": "sales_order", "id": str(order), "number": number, "account": "ALMA"}
    assert [place["element"] for place in found["places"]] == ["deliver", "wait_goods"]
    assert [(wait["name"], wait["key"]) for wait in whole["waits"]] == [("goods.ready", f"{order}/1")]
    assert whole["variables"]["order"] == str(order)
    assert [scope["variables"]["loopCounter"] for scope in whole["scopes"]] == [1]
    assert of_shipment["subject"]["type"] == "shipment"  # of what there was
    assert whole["related"] == []
    assert [one["what"] for one in history] == ["stream.advanced", "stream.advanced"]
    assert [step["step"] for one in history for step in one["steps"]][:2] == ["orders.assess", "orders.take"]
    assert desk.get("/instances", element="wait_goods")["instances"] == [found]
    assert desk.get("/instances", element="approve")["instances"] == []
    assert desk.get("/instances", still_minutes=5)["instances"] == []
    desk.shop.wait(minutes=6)
    assert len(desk.get("/instances", still_minutes=5)["instances"]) == 2


def test_a_wait_is_skipped_once_with_its_reason_on_the_log(desk):
    order = desk.short()
    seen = desk.instance(order)
    token = seen["places"][-1]["token"]

    done = desk.repair(seen["id"], act="skip", token=token)
    again = desk.repair(seen["id"], act="skip", token=token, status=409)
    desk.shop.turn()

    assert done["places"][-1]["element"] == "release"
    assert again["code"] == "orchestration.unknown_token"
    history = desk.get(f"/instances/{seen['id']}/history")["history"]
    (said,) = [one for one in history if one["what"] == "stream.repaired"]
    assert (said["by"], said["act"], said["token"], said["reason"]) == ("admin", "skip", token, "the goods are here")
    assert desk.instance(order)["places"][-1]["element"] == "wait_goods"  # there were no goods: it waits anew


def test_variables_are_put_and_a_token_is_moved_only_where_the_author_saw_it(desk):
    order = desk.short()
    seen = desk.instance(order)
    outer, inner = (place["token"] for place in seen["places"])

    put = desk.repair(seen["id"], act="put", variables={"note": "urgent"}, position=seen["position"])
    stale = desk.repair(seen["id"], act="put", variables={"note": "x"}, position=seen["position"] - 1, status=409)
    wrong = desk.repair(seen["id"], act="move", token=inner, to="confirm", status=409)
    nowhere = desk.repair(seen["id"], act="move", token=inner, to="moon", status=409)
    moved = desk.repair(seen["id"], act="move", token=inner, to="release_time")

    assert put["status"] == "running"
    assert stale["code"] == "orchestration.moved_meanwhile"
    assert (wrong["code"], nowhere["code"]) == ("orchestration.wrong_scope", "orchestration.unknown_node")
    assert [place["element"] for place in moved["places"]] == ["deliver", "release_time"]
    assert desk.get(f"/instances/{seen['id']}")["variables"]["note"] == "urgent"
    assert outer == moved["places"][0]["token"]
    desk.shop.turn()
    assert desk.instance(order)["places"][-1]["element"] == "wait_goods"


def test_an_order_s_process_is_cancelled_by_cancelling_the_order_and_a_shipment_s_not_at_all(desk):
    order = desk.short()
    of_order = desk.instance(order)
    shipment = desk.shop.shipments(order)[0]
    of_shipment = desk.instance(shipment)

    done = desk.repair(of_order["id"], act="cancel")
    refused = desk.repair(of_shipment["id"], act="cancel", status=409)
    desk.shop.turn()

    assert done["instance"] == of_order["id"]
    assert refused["code"] == "desk.nobody_would_look_after_it"
    assert desk.shop.one("select sum(qty_cancelled) from order_line")[0] == 50


def test_a_bulk_repair_answers_each_and_goes_on_where_it_ended(desk):
    orders = [desk.short("200") for _ in range(5)]
    body = {
        "filter": {"stream": "order_to_release", "element": "wait_goods"},
        "act": "skip",
        "reason": "counted",
        "limit": 3,
    }

    first = desk.ask("admin", "POST", f"{V1}/instance-repairs", body)
    body["filter"]["after"] = first["next"]
    second = desk.ask("admin", "POST", f"{V1}/instance-repairs", body)
    ids = [desk.instance(order)["id"] for order in orders]
    named = {
        "reason": "x",
        "acts": [{"instance": ids[0], "act": "retry"}, {"instance": str(UUID(int=1)), "act": "retry"}],
    }
    wrong = desk.ask("admin", "POST", f"{V1}/instance-repairs", named)

    assert [len(first["results"]), len(second["results"])] == [3, 2]
    assert {one["instance"] for one in [*first["results"], *second["results"]]} == set(ids)
    assert second["next"] is None
    assert [one["problem"]["code"] for one in wrong["results"]] == [
        "orchestration.no_incident", "orchestration.unknown_instance",
    ]  # fmt: skip
    assert desk.shop.one("select count(*) from event where type = 'stream.repaired'") == (5,)
    desk.shop.turn()


def test_repair_needs_its_permission(desk):
    seen = desk.instance(desk.short())
    body = {"act": "retry", "reason": "x"}

    assert (
        desk.ask("ana", "POST", f"{V1}/instances/{seen['id']}/repair", body, status=403)["code"] == "access.forbidden"
    )


# ---- versions ----------------------------------------------------------------------------------------------------


def draft(desk: Desk, bpmn: str, **more: Any) -> int:
    answer = desk.ask(
        "ana", "POST", f"{STREAM}/versions", {"name": "Order to release", "bpmn": bpmn, **more}, status=201
    )
    return int(answer["version"])


def act(desk: Desk, who: str, version: int, name: str, *, status: int = 200, **body: Any) -> Any:
    return desk.ask(who, "POST", f"{STREAM}/versions/{version}/acts", {"act": name, **body}, status=status)


def renamed() -> str:
    """The shipped diagram with another wait for goods, and one element more."""
    return diagram("order_to_release").decode().replace("wait_goods", "goods_awaited")


def publish(desk: Desk, bpmn: str, **body: Any) -> int:
    version = draft(desk, bpmn)
    act(desk, "ana", version, "submit")
    act(desk, "ben", version, "review")
    act(desk, "ana", version, "publish", **body)
    return version


def test_a_version_is_drafted_reviewed_by_another_published_for_an_instant_and_rolled_back(desk):
    before = desk.instance(desk.short())
    version = draft(desk, renamed())

    changes = desk.get(f"/streams/order_to_release/versions/{version}/changes")
    own = act(desk, "ana", version, "review", status=409)
    act(desk, "ana", version, "submit")
    eyes = act(desk, "ana", version, "review", status=403)
    act(desk, "ben", version, "review")
    at = desk.shop.clock.at + timedelta(hours=2)
    coming = act(desk, "ana", version, "publish", effective=at.isoformat())
    during = desk.instance(desk.short())
    desk.shop.wait(hours=2)
    after = desk.instance(desk.short())
    back = desk.ask("ben", "POST", f"{STREAM}/rollback", {"reason": "too many calls"})
    last = desk.instance(desk.short())

    assert (version, changes["added"], changes["removed"]) == (
        2,
        ["goods_awaited"],
        [{"element": "wait_goods", "open": 1}],
    )
    assert (own["code"], eyes["code"]) == ("versions.wrong_stage", "versions.four_eyes")
    assert (coming["in_force"], coming["standing"]) == (1, "scheduled")
    assert [one["version"] for one in (before, during, after, last)] == [1, 1, 2, 1]
    assert (back["in_force"], back["version"]) == (1, 1)
    assert desk.instance(UUID(after["subject"]["id"]))["version"] == 2  # what runs keeps its version
    (stream,) = [one for one in desk.get("/streams")["streams"] if one["stream"] == "order_to_release"]
    assert [(one["version"], one["standing"], one["running"]) for one in stream["versions"]] == [
        (1, "in_force", 3), (2, "superseded", 1),
    ]  # fmt: skip
    acts = desk.get(f"/streams/order_to_release/versions/{version}")["acts"]
    assert [(one["verb"], one["by"]) for one in acts] == [
        ("draft", "ana"), ("submit", "ana"), ("review", "ben"), ("publish", "ana"),
    ]  # fmt: skip


def test_a_draft_that_cannot_run_is_refused_by_name(desk):
    strange = renamed().replace('tw:step="orders.take"', 'tw:step="orders.give"')
    body = {"name": "x", "bpmn": strange}

    step = desk.ask("ana", "POST", f"{STREAM}/versions", body, status=422)
    late = desk.ask(
        "ana", "POST", f"{STREAM}/versions", {**body, "bpmn": renamed(), "timeouts": {"confirm": "P1D"}}, status=422
    )
    never = desk.ask(
        "ana", "POST", f"{STREAM}/versions", {**body, "bpmn": renamed(), "timeouts": {"wait_on": "soon"}}, status=422
    )
    broken = desk.ask("ana", "POST", f"{STREAM}/versions", {**body, "bpmn": "<definitions/>"}, status=422)
    nowhere = desk.ask("ana", "POST", f"{V1}/streams/moon/versions", body, status=404)

    assert (step["code"], step["detail_values"]["element"]) == ("orchestration.unknown_step", "take")
    assert (late["code"], late["pointer"]) == ("orchestration.no_message_wait", "/timeouts/confirm")
    assert never["code"] == "orchestration.no_timeout"
    assert broken["code"] == "orchestration.cannot_run"
    assert nowhere["code"] == "orchestration.unknown_stream"
    assert desk.shop.all("select version from stream_draft") == []


def test_instances_move_to_a_new_version_only_by_a_mapping_and_only_those_that_pass(desk):
    orders = [desk.short() for _ in range(2)]
    version = publish(desk, renamed())
    asked = {"target": version, "element": "wait_goods"}
    path = f"{STREAM}/versions/1/migrations"

    stranded = desk.ask("admin", "POST", path, asked)
    mapped = {**asked, "mapping": {"wait_goods": "goods_awaited"}}
    dry = desk.ask("admin", "POST", path, mapped)
    wrong = desk.ask("admin", "POST", path, {**asked, "mapping": {"moon": "goods_awaited"}}, status=422)
    silent = desk.ask("admin", "POST", path, {**mapped, "dry_run": False}, status=422)
    untouched = desk.instance(orders[0])
    real = desk.ask("admin", "POST", path, {**mapped, "dry_run": False, "reason": "all on the new way"})

    assert (stranded["moved"], stranded["stranded"]) == (0, 2)
    assert stranded["instances"][0]["stranded"][0]["code"] == "orchestration.element_removed"
    assert (dry["moved"], dry["stranded"], untouched["version"]) == (2, 0, 1)
    assert (wrong["code"], silent["code"]) == ("orchestration.bad_mapping", "orchestration.no_reason")
    assert (real["moved"], [one["moves"][0]["to"] for one in real["instances"]]) == (2, ["goods_awaited"] * 2)
    now = desk.instance(orders[0])
    assert (now["version"], now["places"][-1]["element"]) == (2, "goods_awaited")
    desk.repair(now["id"], act="skip", token=now["places"][-1]["token"])
    desk.shop.turn()
    assert desk.instance(orders[0])["places"][-1]["element"] == "goods_awaited"
    assert desk.get(f"/instances/{now['id']}")["waits"][0]["element"] == "goods_awaited"


def test_a_message_that_does_not_come_in_time_is_an_incident_and_one_that_comes_late_is_taken_on_retry(desk):
    version = draft(desk, renamed(), timeouts={"goods_awaited": "P3D"})
    act(desk, "ana", version, "submit")
    act(desk, "ben", version, "review")
    act(desk, "ana", version, "publish")
    shop, order = desk.shop, desk.short()
    seen = desk.instance(order)

    shop.wait(days=2, hours=23)
    early = shop.database.write(expire_waits)
    shop.wait(hours=1)
    late = shop.database.write(expire_waits)
    again = shop.database.write(expire_waits)
    stopped = desk.instance(order)
    message = Message("goods.ready", f"{order}/1", "late")
    shop.database.write(lambda tx: post_messages(tx, [message]))
    shop.crank.turn_until_idle()
    untouched = shop.one("select consumed_at from message where message_id = 'late'")[0]
    desk.repair(seen["id"], act="retry")
    shop.turn()

    assert (early, late, again) == (0, 1, 0)
    assert (stopped["status"], stopped["incident"]["code"]) == ("incident", "orchestration.wait_timed_out")
    assert desk.get("/instances", code="orchestration.wait_timed_out")["instances"] == []
    assert untouched is None
    assert shop.one("select consumed_by::text from message where message_id = 'late'") == (seen["id"],)
    assert desk.instance(order)["status"] == "running"
    (wait,) = desk.get(f"/instances/{seen['id']}")["waits"]
    assert wait["expires_at"] == "2026-03-08T09:00:00Z"  # it waits anew, for as long


def test_the_monitor_counts_what_stands_where_and_what_the_past_took(desk):
    desk.shop.order(("CUP", "1"))
    desk.shop.order(("CUP", "1"))
    desk.short("900")

    elements = {one["element"]: one for one in desk.get("/streams/order_to_release/versions/1/monitor")["elements"]}

    assert (elements["wait_goods"]["open"], elements["wait_goods"]["visits"]) == (1, 0)
    assert (elements["assess"]["open"], elements["assess"]["visits"], elements["assess"]["share"]) == (0, 3, 100)
    assert elements["released"]["visits"] == 2
    assert elements["assess"]["p50"] == "0.000"


def test_what_the_house_ships_later_does_not_take_the_place_of_what_people_put_in_force(desk):
    theirs = publish(desk, renamed())
    shop, newer = desk.shop, diagram("order_to_release").decode().replace("Order received", "An order came in")

    shipped = shop.database.write(
        lambda tx: publish_shipped(tx, "order_to_release", name="x", bpmn=newer.encode(), expressions=read_expression)
    )
    again = shop.database.write(publish_streams)

    assert (shipped, again, theirs) == (True, 0, 2)
    (stream,) = [one for one in desk.get("/streams")["streams"] if one["stream"] == "order_to_release"]
    assert stream["in_force"] == 2
    assert [(one["version"], one["standing"]) for one in stream["versions"]] == [
        (1, "superseded"), (2, "in_force"), (3, "superseded"),
    ]  # fmt: skip
    assert desk.instance(desk.short())["version"] == 2


def test_a_scheduled_version_is_withdrawn_and_parameters_go_with_a_version(desk):
    version = draft(desk, renamed(), parameters={"greeting": "hello", "limit": 7})
    act(desk, "ana", version, "submit")
    act(desk, "ben", version, "review")
    act(desk, "ana", version, "publish", effective=(desk.shop.clock.at + timedelta(days=1)).isoformat())

    silent = act(desk, "ben", version, "withdraw", status=422)
    back = act(desk, "ben", version, "withdraw", reason="not yet")
    edited = desk.ask("ana", "PUT", f"{STREAM}/versions/{version}", {"name": "x", "bpmn": renamed()}, status=409)
    desk.shop.wait(days=2)
    before = desk.instance(desk.short())
    act(desk, "ana", version, "publish")
    after = desk.instance(desk.short())

    assert silent["code"] == "versions.no_reason"
    assert (back["standing"], back["in_force"], back["scheduled"]) == ("reviewed", 1, [])
    assert edited["code"] == "orchestration.stored_already"
    assert (before["version"], after["version"]) == (1, 2)
    assert desk.get(f"/instances/{after['id']}")["variables"]["limit"] == 7


def test_starting_an_instance_asks_nothing_about_versions_that_is_known(desk):
    publish(desk, renamed())
    shop = desk.shop
    shop.database = RecordingDatabase(shop.url, clock=shop.clock, seed=8)
    desk.short()
    shop.database.transactions.clear()

    order = desk.short()

    asked = [text for statements in shop.database.transactions for text in statements]
    assert [text for text in asked if "stream_period" in text or "stream_version" in text] == []
    assert desk.instance(order)["version"] == 2
    shop.database.close()


def test_a_step_is_added_by_people_alone_and_only_new_orders_take_it(desk):
    shop = desk.shop
    looked_at = (
        diagram("order_to_release")
        .decode()
        .replace('sourceRef="in_the_way" targetRef="confirm"', 'sourceRef="in_the_way" targetRef="look"')
        .replace(
            '<serviceTask id="confirm"',
            '<userTask id="look" name="Look at the order" tw:role="approver"/>'
            '<sequenceFlow id="looked" sourceRef="look" targetRef="confirm"/><serviceTask id="confirm"',
        )
    )
    earlier = desk.short()
    version = publish(desk, looked_at)

    order = shop.order(("TEA", "1"))
    (task,) = [one for one in desk.ask("sales", "GET", f"{V1}/tasks")["tasks"] if one["subject"]["id"] == str(order)]
    waiting = shop.status(order)
    desk.ask("sales", "POST", f"{V1}/tasks/{task['id']}/complete", {"outcome": {"looks": "good"}})
    shop.turn()

    assert (task["name"], waiting, shop.status(order)) == ("Look at the order", "waiting", "released")
    asked = {"status": "done", "find": str(order)}
    (seen,) = desk.client.get(f"{V1}/instances", params=asked, key=desk.keys["admin"]).json()["instances"]
    assert (seen["version"], desk.get(f"/instances/{seen['id']}")["variables"]["looks"]) == (version, "good")
    history = desk.get(f"/instances/{seen['id']}/history")["history"]
    assert [one["by"] for one in history if one["what"] == "task.done"] == ["sales"]
    assert desk.instance(earlier)["version"] == 1
