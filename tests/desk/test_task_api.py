"""Tasks over HTTP: claimed, given, filled in, reminded of, escalated, and done by a link."""

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
from tradewind.desk.task_care import Cared, look_after_tasks
from tradewind.orchestration.commands.crank import CRANK

V1 = "/api/v1"


class Door:
    """The application, and people at it."""

    def __init__(self, shop: Shop, client: EdgeClient, keys: dict[str, str], ids: dict[str, UUID]) -> None:
        self.shop, self.client, self.keys, self.ids = shop, client, keys, ids

    def ask(self, who: str, method: str, path: str, body: Any = None, **params: Any) -> Any:
        return self.client.request(method, V1 + path, json=body, key=self.keys[who], params=params)

    def care(self) -> Cared:
        """What the worker does every few seconds."""
        return self.shop.database.write(look_after_tasks, actor=CRANK)

    def silent_shipment(self) -> dict[str, Any]:
        """The task of a shipment that the warehouse has not answered for two days."""
        self.shop.order(("CUP", "5"))
        self.shop.wait(days=2)
        self.shop.turn()
        return self.tasks("carl")[-1]

    def tasks(self, who: str, **asked: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.ask(who, "GET", "/tasks", **asked).json()["tasks"]
        return found

    def events(self, kind: str) -> list[dict[str, Any]]:
        return [row[0] for row in self.shop.all("select payload from event where type = %s order by seq", [kind])]


@pytest.fixture
def door(shop: Shop) -> Iterator[Door]:
    people = {
        "admin": (Kind.STAFF, "admin", None),
        "sales": (Kind.STAFF, "sales", None),
        "mailer": (Kind.SYSTEM, "integration", None),
        "carl": (Kind.STAFF, "warehouse", None),
        "dora": (Kind.STAFF, "warehouse", None),
        "buyer": (Kind.BUYER, "buyer", "alma"),
        "approver": (Kind.BUYER, "buyer_approver", "alma"),
        "stranger": (Kind.BUYER, "buyer_approver", "bela"),
    }
    wanted = [
        NewPrincipal(kind, f"{name}@x.example", name, frozenset({role}), frozenset([shop.id[of]] if of else []))
        for name, (kind, role, of) in people.items()
    ]

    def make(tx: Any) -> tuple[list[Any], list[Any]]:
        made = create_principals(tx, wanted)
        return made, create_keys(tx, [NewKey(one, "test") for one in made if isinstance(one, UUID)])

    made, keys = shop.database.write(make)
    with EdgeClient(create_app(shop.database, read_settings({}))) as client:
        yield Door(
            shop,
            client,
            dict(zip(people, (key.key for key in keys), strict=True)),
            dict(zip(people, made, strict=True)),
        )


def test_a_claimed_task_is_taken_over_only_with_a_reason_and_given_back(door):
    task = door.silent_shipment()
    path = f"/tasks/{task['id']}"

    assert door.ask("carl", "POST", f"{path}/claim").json()["claimed_by"] == str(door.ids["carl"])
    refused = door.ask("dora", "POST", f"{path}/claim")
    taken = door.ask("dora", "POST", f"{path}/claim", {"take_over": "Carl is at lunch"})
    not_mine = door.ask("carl", "POST", f"{path}/release", {"reason": "done for today"})
    back = door.ask("dora", "POST", f"{path}/release", {"reason": "done for today"})

    assert (refused.status_code, refused.json()["code"]) == (409, "orchestration.claimed_by_another")
    assert taken.json()["claimed_by"] == str(door.ids["dora"])
    assert not_mine.json()["code"] == "orchestration.claimed_by_another"
    assert back.json()["claimed_by"] is None
    assert [one["reason"] for one in door.events("task.handed")] == ["", "Carl is at lunch", "done for today"]


def test_tasks_are_given_to_who_may_do_them_and_to_nobody_else(door):
    task = door.silent_shipment()
    nobody = str(UUID(int=9))

    given = door.ask(
        "admin", "POST", "/tasks/assign", {"tasks": [task["id"], nobody], "login": "dora@x.example", "reason": "near"}
    )
    wrong = door.ask(
        "admin", "POST", "/tasks/assign", {"tasks": [task["id"]], "login": "approver@x.example", "reason": "near"}
    )

    assert given.json()["results"][0]["claimed_by"] == str(door.ids["dora"])
    assert given.json()["results"][1]["problem"]["code"] == "orchestration.unknown_task"
    assert wrong.json()["results"][0]["problem"]["code"] == "orchestration.cannot_do"
    assert [one["id"] for one in door.tasks("dora", claimed="me")] == [task["id"]]
    assert door.tasks("carl", claimed="nobody") == []


def test_a_task_is_filled_in_as_its_form_asks(door):
    fields = [
        {"name": "outcome", "label": "What happened", "type": "choice", "choices": ["shipped", "refused"], "required": True},
        {"name": "crates", "label": "Crates", "type": "number", "min": "0", "max": "10"},
    ]  # fmt: skip
    written = door.ask("admin", "PUT", "/task-forms/shipment_answer", {"title": "Ask the warehouse", "fields": fields})
    task = door.silent_shipment()
    path = f"/tasks/{task['id']}"

    shown = door.ask("carl", "GET", path).json()
    wrong = door.ask("carl", "POST", f"{path}/complete", {"outcome": {"crates": "11"}})
    done = door.ask("carl", "POST", f"{path}/complete", {"outcome": {"outcome": "shipped", "crates": "2.5"}})

    assert written.json()["schema"]["required"] == ["outcome"]
    assert [one["name"] for one in shown["fields"]] == ["outcome", "crates"]
    assert (wrong.status_code, wrong.json()["code"]) == (422, "orchestration.bad_outcome")
    assert done.json()["outcome"] == {"outcome": "shipped", "crates": "2.5"}


def test_dates_follow_the_calendar_and_who_is_late_is_reminded_and_escalated_once(door):
    week = [
        {"calendar": "HQ", "time_zone": "UTC", "day": day, "opens": "08:00", "closes": "16:00"}
        for day in ("mon", "tue", "wed", "thu", "fri")
    ]
    assert door.ask("admin", "PUT", "/rules/calendars", {"rows": week}).status_code == 200
    rule = {
        "calendar": "HQ",
        "due_minutes": 480,
        "remind_minutes": 60,
        "escalate_minutes": 540,
        "escalate_role": "sales",
    }
    assert door.ask("admin", "PUT", "/task-rules/warehouse", rule).status_code == 200
    task = door.silent_shipment()  # opened on Wednesday 2026-03-04 at 09:00

    assert door.care().dated == 1
    (dated,) = door.tasks("carl")
    early = door.care()
    door.shop.wait(hours=1)
    reminded = door.care()
    door.shop.wait(days=1)
    escalated, again = door.care(), door.care()

    assert (dated["due_at"], dated["remind_at"]) == ("2026-03-05T09:00:00Z", "2026-03-04T10:00:00Z")
    assert (early.reminded, reminded.reminded, escalated.escalated, again) == (0, 1, 1, Cared())
    assert [one["id"] for one in door.tasks("sales", late=True)] == [task["id"]]
    assert door.events("task.escalated")[0]["to"] == "sales"
    assert (
        door.ask("sales", "POST", f"/tasks/{task['id']}/complete", {"outcome": {"outcome": "shipped"}}).status_code
        == 200
    )


def test_tasks_go_to_who_has_the_fewest_and_on_to_who_stands_in(door):
    assert door.ask("admin", "PUT", "/task-rules/warehouse", {"assign": "load"}).status_code == 200
    for _ in range(3):
        door.silent_shipment()

    given = door.care()
    loads = {name: len(door.tasks(name, claimed="me")) for name in ("admin", "carl", "dora")}
    now = door.shop.clock.at
    away = {
        "substitute": "dora@x.example",
        "begins": now.isoformat(),
        "ends": now.replace(year=2027).isoformat(),
        "reason": "leave",
    }
    created = door.ask("carl", "POST", "/task-absences", away)
    relieved = door.care()

    assert (given.dated, given.given) == (3, 3)
    assert loads == {"admin": 1, "carl": 1, "dora": 1}
    assert (created.status_code, relieved.relieved) == (201, 1)
    assert len(door.tasks("dora", claimed="me")) == 2
    assert door.ask("stranger", "GET", "/task-absences").json()["absences"] == []


@pytest.mark.parametrize("substitute", ["buyer@x.example", "sales@x.example", "nobody@x.example"])
def test_of_people_of_another_company_nothing_is_said_to_who_is_away(door, substitute):
    now = door.shop.clock.at
    away = {
        "substitute": substitute,
        "begins": now.isoformat(),
        "ends": now.replace(year=2027).isoformat(),
        "reason": "leave",
    }

    refused = door.ask("stranger", "POST", "/task-absences", away)

    assert (refused.status_code, refused.json()["code"]) == (422, "orchestration.bad_absence")
    assert refused.json()["title"] == f"There is nobody active called {substitute}."


@pytest.fixture
def waiting(door: Door) -> dict[str, Any]:
    """An order of ten cups that waits for its approver, and its task."""
    door.shop.database.write(lambda tx: tx.run("update account set approval_above = 1 where code = 'ALMA'"))
    order = door.shop.order(("CUP", "10"))
    return {"order": order, "task": door.tasks("approver")[0]["id"]}


def link_for(door: Door, task: str, login: str = "approver@x.example", who: str = "mailer") -> Any:
    return door.ask(who, "POST", f"/tasks/{task}/links", {"login": login, "hours": 24})


def open_link(door: Door, path: str) -> Any:
    return door.client.get(path)


def test_a_link_shows_price_stock_and_credit_of_now_and_decides_once(door, waiting):
    path = link_for(door, waiting["task"]).json()["path"]

    shown = open_link(door, path).json()
    line = shown["picture"]["lines"][0]
    done = door.client.post(path, json={"seen": shown["seen"], "approved": True, "reason": "fine"})
    again = door.client.post(path, json={"seen": shown["seen"], "approved": True})
    door.shop.turn()

    assert (shown["person"], shown["task"]["name"]) == ("approver", "Approve the order")
    assert (line["sku"], line["qty"], line["net"] == line["net_today"], line["short_today"]) == ("CUP", "10", True, "0")
    assert shown["picture"]["credit"]["enough"] is True
    assert (done.status_code, done.json()["complete"]) == (200, True)
    assert (again.status_code, again.json()["code"]) == (410, "orchestration.link_over")
    assert door.shop.status(waiting["order"]) == "released"
    actor = door.shop.one("select actor_id, channel from event where type = 'order.approved'")
    assert actor == (door.ids["approver"], "link")


def test_a_price_that_changed_since_the_look_decides_nothing_and_the_link_stays_good(door, waiting):
    path = link_for(door, waiting["task"]).json()["path"]
    before = open_link(door, path).json()
    door.shop.database.write(
        lambda tx: tx.run("update price set tier_price = array(select p * 2 from unnest(tier_price) as p)")
    )

    refused = door.client.post(path, json={"seen": before["seen"], "approved": True})
    done = door.client.post(path, json={"seen": refused.json()["detail_values"]["seen"], "approved": True})

    assert (refused.status_code, refused.json()["code"]) == (409, "orchestration.changed_since")
    assert [one["at"] for one in refused.json()["detail_values"]["differences"]] == ["/lines/1/net_today"]
    assert done.status_code == 200


def test_a_link_is_for_one_person_who_may_and_for_a_while(door, waiting):
    stranger = link_for(door, waiting["task"], "stranger@x.example")
    buyer = door.ask("buyer", "POST", f"/tasks/{waiting['task']}/links", {"login": "approver@x.example"})
    old, revoked = (link_for(door, waiting["task"]).json()["path"] for _ in range(2))
    door.shop.wait(hours=25)
    late = open_link(door, old)
    assert door.ask("sales", "DELETE", f"/tasks/{waiting['task']}/links").json() == {"revoked": 2}

    assert (stranger.status_code, stranger.json()["code"]) == (409, "orchestration.cannot_do")
    assert buyer.status_code == 403
    assert (late.status_code, late.json()["title"]) == (410, "The link is too old.")
    assert open_link(door, revoked).json()["title"] == "The link was taken back."
    assert open_link(door, f"{V1}/task-links/{'x' * 43}").json()["title"] == "There is no such link."


def test_who_ordered_neither_makes_a_link_to_the_approval_nor_has_one_that_is_good(door, waiting):
    path = link_for(door, waiting["task"]).json()["path"]
    door.shop.database.write(
        lambda tx: tx.run(
            "update sales_order set principal_id = %s where id = %s", [door.ids["mailer"], waiting["order"]]
        )
    )

    made, used = link_for(door, waiting["task"]), open_link(door, path)

    assert (made.status_code, made.json()["code"]) == (409, "approvals.own_order")
    assert (used.status_code, used.json()["title"]) == (410, "Who made the link changed the order since.")


def test_a_link_is_made_by_whom_it_is_for_or_by_the_system_that_sends_it(door, waiting):
    colleague = link_for(door, waiting["task"], who="sales")
    own = link_for(door, waiting["task"], who="approver")

    assert (colleague.status_code, colleague.json()["code"]) == (403, "orchestration.link_for_another")
    assert own.status_code == 201


def test_a_task_that_somebody_has_claimed_is_done_by_them(door):
    task = door.silent_shipment()
    door.ask("carl", "POST", f"/tasks/{task['id']}/claim")

    other = door.ask("dora", "POST", f"/tasks/{task['id']}/complete", {"outcome": {"outcome": "shipped"}})
    own = door.ask("carl", "POST", f"/tasks/{task['id']}/complete", {"outcome": {"outcome": "shipped"}})

    assert (other.status_code, other.json()["code"]) == (409, "orchestration.claimed_by_another")
    assert own.status_code == 200


def test_who_lost_the_role_finds_the_link_closed(door, waiting):
    path = link_for(door, waiting["task"]).json()["path"]
    door.shop.database.write(
        lambda tx: tx.run("update principal set active = false where login = 'approver@x.example'")
    )

    assert open_link(door, path).json()["title"] == "The task is not for this person any more."
