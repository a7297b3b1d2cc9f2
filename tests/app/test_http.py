"""The HTTP edge on a real database: refusals, limits, walls, and what it must not serve."""

import io
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from types import ModuleType
from uuid import UUID

import psycopg
import pytest
from fastapi import APIRouter
from fastapi import Response as Answer
from pydantic import BaseModel

from edge_client import EdgeClient
from tradewind.access.api import CallerEdge, answer, api_router, edge_of, not_found, permission
from tradewind.access.commands.keys import NewKey, create_keys
from tradewind.access.commands.logins import hash_password
from tradewind.access.commands.principals import NewPrincipal, create_principals
from tradewind.access.model import Kind
from tradewind.app.http import build_app, create_app
from tradewind.app.logs import JsonFormatter
from tradewind.app.settings import read_settings
from tradewind.kernel.problem import refuse
from tradewind.kernel.tx import Database, Reader

OWN, FOREIGN = UUID(int=2), UUID(int=3)
PASSWORD = "correct horse battery"
router = api_router("probe")


class Line(BaseModel):
    sku: str
    qty: Decimal


class Body(BaseModel):
    lines: list[Line]


class Seen(BaseModel):
    code: str
    role: str


@router.post("/probe", openapi_extra=permission("orders.place"))
def probe(body: Body, edge: CallerEdge) -> Body:
    return body


@router.get("/probe/account/{account_id}", openapi_extra=permission("accounts.read"))
def account(account_id: UUID, edge: CallerEdge) -> Seen:
    def find(reader: Reader) -> tuple[str, str] | None:
        return reader.row("select code, current_user::text from account where id = %s", [account_id])  # type: ignore[return-value]

    found = edge.read(find)
    if found is None:
        raise not_found()
    return Seen(code=found[0], role=found[1])


@router.post("/probe/account/{account_id}", openapi_extra=permission("orders.place"))
def act(account_id: UUID, edge: CallerEdge) -> Answer:
    edge.allow(account_id)
    return answer(edge.write(lambda tx: {"now": tx.actor.name, "total": Decimal("1.10")}, account_id=account_id))


@router.get("/probe/broken", openapi_extra=permission("public"))
def broken() -> Seen:
    raise RuntimeError("password=hunter2hunter2")


@router.get("/probe/refused", openapi_extra=permission("public"))
def refused() -> Seen:
    raise refuse("orders.too_late", "It has shipped.", where="/lines/1", status=409, order="SO-1")


@dataclass
class World:
    client: EdgeClient
    database: Database
    owner: psycopg.Connection
    keys: dict[str, str]

    def audit(self) -> list[tuple[str, str]]:
        rows = self.owner.execute(
            "select payload ->> 'code', payload ->> 'path' from event where type = 'access.refused'"
        )
        return rows.fetchall()


@pytest.fixture
def world(app_url: str, owner_url: str) -> Iterator[World]:
    database = Database(app_url)
    with psycopg.connect(owner_url, autocommit=True) as owner:
        owner.execute("grant select on alembic_version to tradewind_app")
        owner.execute("insert into legal_entity (id, code, name, country, currency) "
                      "values (%s, 'E', 'E', 'DE', 'EUR')", [UUID(int=1)])  # fmt: skip
        for account_id in (OWN, FOREIGN):
            owner.execute("insert into account (id, code, name, legal_entity_id, currency) "
                          "values (%s, %s, 'N', %s, 'EUR')", [account_id, f"A-{account_id.int}", UUID(int=1)])  # fmt: skip
            owner.execute("insert into account_closure values (%s, %s, 0)", [account_id, account_id])
        keys = make_keys(database)
        with EdgeClient(create_app(database, read_settings({}), routers=(__name__, "tradewind.access.api"))) as client:
            yield World(client, database, owner, keys)
    database.close()


def make_keys(database: Database) -> dict[str, str]:
    hashed = hash_password(PASSWORD)
    wanted = [
        NewPrincipal(Kind.STAFF, "sales", "Sales", frozenset({"sales"}), password_hash=hashed),
        NewPrincipal(Kind.STAFF, "warehouse", "Warehouse", frozenset({"warehouse"})),
        NewPrincipal(Kind.STAFF, "admin", "Admin", frozenset({"admin"})),
        NewPrincipal(Kind.BUYER, "buyer", "Buyer", frozenset({"buyer"}), frozenset({OWN}), password_hash=hashed),
        NewPrincipal(Kind.BUYER, "approver", "Approver", frozenset({"buyer_approver"}), frozenset({OWN})),
        NewPrincipal(Kind.AGENT, "agent", "Agent", frozenset({"agent"})),
    ]
    made = database.write(lambda tx: create_principals(tx, wanted))
    ids = [one for one in made if isinstance(one, UUID)]
    shown = database.write(lambda tx: create_keys(tx, [NewKey(one, "test") for one in ids]))
    return {new.login: key.key for new, key in zip(wanted, shown, strict=True)}


def codes(response) -> list[tuple[str, str]]:
    return [(found["code"], found.get("pointer", "")) for found in response.json()["errors"]]


# ---- problems ----------------------------------------------------------------------------------------------------


def test_a_refusal_is_a_problem_document(world):
    response = world.client.get("/api/v1/probe/refused")

    assert response.status_code == 409
    assert response.headers["content-type"] == "application/problem+json"
    first = {"type": "urn:tradewind:orders.too_late", "title": "It has shipped.", "status": 409,
             "code": "orders.too_late", "pointer": "/lines/1", "detail_values": {"order": "SO-1"}}  # fmt: skip
    assert response.json() == {**first, "errors": [first]}


def test_every_wrong_field_is_named_at_once(world):
    body = {"lines": [{"sku": "A", "qty": "x"}, {"qty": "1"}]}

    response = world.client.post("/api/v1/probe", json=body, key=world.keys["sales"])

    assert response.status_code == 422
    assert codes(response) == [("request.invalid", "/lines/0/qty"), ("request.invalid", "/lines/1/sku")]


BODIES = (
    # content                     content type                            status  code                          where
    (b'{"lines": [',              "application/json",                     422, "request.malformed_json",      "character 11"),
    (b'{"lines": [{"qty": NaN}]}', "application/json",                    422, "request.malformed_json",      "character 0"),
    (b"[" * 100_000,              "application/json",                     422, "request.malformed_json",      "character 0"),
    (b'{"lines": ' + b"9" * 5000 + b"}", "application/json",              422, "request.malformed_json",      "character 0"),
    (b'{"lines": [{"sku": "\xe4"}]}', "application/json",                 422, "request.wrong_encoding",      "byte 20"),
    (b"{}",                       "application/json; charset=latin-1",    415, "request.wrong_encoding",      "header:Content-Type"),
    (b"lines=1",                  "application/x-www-form-urlencoded",    415, "request.wrong_content_type",  "header:Content-Type"),
    (b"{}",                       "",                                     415, "request.wrong_content_type",  "header:Content-Type"),
    (b"",                         "application/json",                     422, "request.invalid",             ""),
    (b'{"lines": {}}',            "application/json; charset=UTF-8",      422, "request.invalid",             "/lines"),
)  # fmt: skip


@pytest.mark.parametrize(("content", "content_type", "status", "code", "where"), BODIES)
def test_a_body_that_cannot_be_read_is_refused_with_its_place(world, content, content_type, status, code, where):
    headers = {"Content-Type": content_type} if content_type else {}

    response = world.client.post("/api/v1/probe", content=content, headers=headers, key=world.keys["sales"])

    assert response.status_code == status
    assert codes(response) == [(code, where)]


def test_numbers_come_in_exact_and_leave_as_strings(world):
    body = b'{"lines": [{"sku": "A", "qty": 12345678901234.123456789}]}'
    headers = {"Content-Type": "application/json"}

    response = world.client.post("/api/v1/probe", content=body, headers=headers, key=world.keys["sales"])

    assert response.text == '{"lines":[{"sku":"A","qty":"12345678901234.123456789"}]}'


def test_an_unexpected_error_says_nothing_but_its_correlation_id(world, caplog):
    given = "01890000-0000-7000-8000-000000000001"

    response = world.client.get("/api/v1/probe/broken", headers={"X-Correlation-Id": given})

    assert response.status_code == 500
    assert response.headers["x-correlation-id"] == given
    assert codes(response) == [("http.unexpected", "")]
    assert given in response.text
    assert "hunter2" not in response.text
    record = next(record for record in caplog.records if record.levelname == "ERROR")
    line = JsonFormatter().format(record)
    assert "RuntimeError: password=***" in line
    assert json.loads(line)["correlation"] == given


def test_the_secret_of_a_link_is_in_no_log(world, caplog):
    caplog.set_level("INFO")

    world.client.get("/api/v1/task-links/0123456789-0123456789-0123456789")
    world.client.get("/api/v1/task-links/0123456789-0123456789-0123456789/no-such")

    said = [json.loads(JsonFormatter().format(one)) for one in caplog.records if one.name == "tradewind.http"]
    assert [one["path"] for one in said] == ["/api/v1/task-links/…"] * 2
    assert "0123456789" not in str(said)


def test_a_path_and_a_method_that_do_not_exist_are_problems(world):
    assert codes(world.client.get("/nowhere")) == [("access.not_found", "")]
    response = world.client.delete("/api/v1/probe")
    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert codes(response) == [("http.method_not_allowed", "")]


def test_a_database_that_is_gone_is_503(world):
    app = create_app(Database("host=/nonexistent dbname=x"), read_settings({}), routers=(__name__,))

    with EdgeClient(app, world.keys["sales"]) as client:
        response = client.post("/api/v1/probe", json={})
        alive, ready, figures = client.get("/healthz"), client.get("/readyz"), client.get("/metrics")

    assert (response.status_code, response.headers["retry-after"]) == (503, "1")
    assert codes(response) == [("database.unavailable", "")]
    assert (alive.status_code, ready.status_code, figures.status_code) == (200, 503, 200)


# ---- limits ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("told", [True, False], ids=["with its length", "in chunks"])
def test_a_body_over_the_limit_is_413(world, told):
    app = create_app(world.database, read_settings({"TRADEWIND_BODY_MAX_BYTES": "1024"}), routers=(__name__,))

    async def chunks():
        for _ in range(5):
            yield b" " * 256

    with EdgeClient(app, world.keys["sales"]) as client:
        response = client.post("/api/v1/probe", content=b" " * 1025 if told else chunks(),
                               headers={"Content-Type": "application/json"})  # fmt: skip

    assert response.status_code == 413
    assert codes(response) == [("request.too_large", "")]


def test_a_stranger_is_refused_before_the_body_is_read(world):
    read = []

    async def chunks():
        read.append(1)
        yield b"{}"

    transport_body = {"content": chunks(), "headers": {"Content-Type": "application/json"}}
    response = world.client.post("/api/v1/probe", **transport_body)

    assert (response.status_code, response.headers["www-authenticate"]) == (401, "Bearer")
    assert read == []


# ---- who may -----------------------------------------------------------------------------------------------------


def stray() -> APIRouter:
    return api_router("stray")


def test_a_route_without_a_permission_cannot_be_made():
    with pytest.raises(TypeError, match=r"/api/v1/open .* declares no permission"):

        @stray().get("/open")
        def open_door() -> str:
            return ""


def test_a_route_with_a_permission_nobody_knows_cannot_be_made():
    with pytest.raises(KeyError, match=r"orders\.teleport"):
        permission("orders.teleport")


def test_a_route_without_a_return_type_cannot_be_made():
    with pytest.raises(TypeError, match="declares no return type"):

        @stray().get("/untyped", openapi_extra=permission("public"))
        def untyped():
            return 1.5


def test_an_application_with_an_unguarded_route_does_not_start(monkeypatch):
    loose = ModuleType("loose_api")
    loose.router = APIRouter()  # type: ignore[attr-defined]
    loose.router.add_api_route("/loose", lambda: "x")  # type: ignore[attr-defined]
    loose.__spec__ = build_app.__globals__["__spec__"]
    monkeypatch.setitem(__import__("sys").modules, "loose_api", loose)

    with pytest.raises(TypeError, match="/loose is not a guarded route"):
        build_app(read_settings({}), routers=("loose_api",))


BAD_CREDENTIALS = (
    {}, {"Authorization": "Bearer "}, {"Authorization": "Bearer tw_abcdef_wrong"}, {"Authorization": "Basic dTpw"},
    {"Authorization": "Bearer " + "x" * 10_000}, {"Cookie": "tradewind_session=tws_wrong"},
)  # fmt: skip


@pytest.mark.parametrize("headers", BAD_CREDENTIALS, ids=range(len(BAD_CREDENTIALS)))
def test_without_a_valid_credential_every_door_says_the_same(world, headers):
    response = world.client.post("/api/v1/probe", json={}, headers=headers)

    assert response.status_code == 401
    assert codes(response) == [("access.not_authenticated", "")]


def test_a_role_without_the_permission_is_403_and_leaves_one_audit_row(world):
    response = world.client.post("/api/v1/probe", json={}, key=world.keys["warehouse"])

    assert response.status_code == 403
    assert codes(response) == [("access.forbidden", "")]
    assert world.audit() == [("access.forbidden", "/api/v1/probe")]


def test_a_foreign_account_and_one_that_does_not_exist_give_the_same_bytes(world):
    key = world.keys["buyer"]

    own = world.client.get(f"/api/v1/probe/account/{OWN}", key=key)
    foreign = world.client.get(f"/api/v1/probe/account/{FOREIGN}", key=key)
    random = world.client.get(f"/api/v1/probe/account/{UUID(int=99)}", key=key)

    assert own.json() == {"code": "A-2", "role": "tradewind_buyer"}
    assert (foreign.status_code, foreign.content) == (random.status_code, random.content)
    assert foreign.status_code == 404
    assert [path[-1] for _, path in world.audit()] == ["3", "3"]  # …0003 and …0063


def test_a_command_on_a_foreign_account_gives_the_same_bytes_too(world):
    key = world.keys["buyer"]

    own = world.client.post(f"/api/v1/probe/account/{OWN}", key=key)
    foreign = world.client.post(f"/api/v1/probe/account/{FOREIGN}", key=key)
    random = world.client.post(f"/api/v1/probe/account/{UUID(int=99)}", key=key)

    assert own.json() == {"now": "Buyer", "total": "1.10"}
    assert (foreign.status_code, foreign.content) == (404, random.content)


def test_staff_read_as_the_application_and_see_all(world):
    found = world.client.get(f"/api/v1/probe/account/{FOREIGN}", key=world.keys["sales"])

    assert found.json()["code"] == "A-3"
    assert found.json()["role"] != "tradewind_buyer"


def test_a_revoked_key_ends_commands_at_once_though_it_is_remembered(world):
    path = f"/api/v1/probe/account/{OWN}"
    before = world.client.post(path, key=world.keys["buyer"])
    world.owner.execute("update api_key set revoked_at = now()")  # behind the back of this process

    after = world.client.post(path, key=world.keys["buyer"])

    assert (before.status_code, after.status_code) == (200, 401)


def test_a_busy_caller_costs_no_query(world):
    world.client.post("/api/v1/probe", json={"lines": []}, key=world.keys["buyer"])
    world.database.close()
    world.database.url = "host=/nonexistent"

    answers = world.client.requests(
        [("POST", "/api/v1/probe", {"json": {"lines": []}, "key": world.keys["buyer"]}) for _ in range(20)]
    )

    assert {one.status_code for one in answers} == {200}


# ---- sessions, keys, mandates ------------------------------------------------------------------------------------


def log_in(world: World, login: str = "buyer") -> str:
    response = world.client.post("/api/v1/login", json={"login": login, "password": PASSWORD})
    assert response.status_code == 200
    cookie = response.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert response.json()["token"] in cookie
    return response.json()["token"]


def test_a_session_works_as_a_cookie_and_as_a_bearer_until_the_logout(world):
    token = log_in(world)
    cookie = {"Cookie": f"a=b; tradewind_session={token}"}

    me = world.client.get("/api/v1/me", headers=cookie).json()
    by_bearer = world.client.get("/api/v1/me", key=token).json()
    out = world.client.post("/api/v1/logout", headers=cookie)

    assert me == by_bearer
    assert (me["login"], me["channel"], me["roles"]) == ("buyer", "web", ["buyer"])
    assert me["accounts"] == [{"id": str(OWN), "code": "A-2", "name": "N"}]
    assert out.status_code == 204
    assert world.client.get("/api/v1/me", headers=cookie).status_code == 401


SITES = (
    ({"Sec-Fetch-Site": "same-origin"}, 204),
    ({"Origin": "http://tradewind.test"}, 204),
    ({"Sec-Fetch-Site": "cross-site"}, 403),
    ({"Sec-Fetch-Site": "same-site"}, 403),
    ({"Origin": "https://evil.test"}, 403),
)


@pytest.mark.parametrize(("headers", "status"), SITES)
def test_a_cookie_changes_nothing_from_another_site(world, headers, status):
    token = log_in(world)

    response = world.client.post("/api/v1/logout", headers={"Cookie": f"tradewind_session={token}", **headers})

    assert response.status_code == status


def test_a_wrong_password_and_an_unknown_login_give_the_same_bytes(world):
    wrong = world.client.post("/api/v1/login", json={"login": "buyer", "password": "wrong"})
    unknown = world.client.post("/api/v1/login", json={"login": "nobody", "password": "wrong"})

    assert wrong.status_code == 401
    assert (wrong.status_code, wrong.content) == (unknown.status_code, unknown.content)


def test_the_eleventh_failed_login_is_429(world):
    answers = [world.client.post("/api/v1/login", json={"login": "buyer", "password": "wrong"}) for _ in range(11)]

    assert [one.status_code for one in answers] == [401] * 10 + [429]
    assert 890 <= int(answers[-1].headers["retry-after"]) <= 901


def test_a_key_is_shown_once_listed_without_its_secret_and_revoked(world):
    buyer = world.keys["buyer"]

    made = world.client.post("/api/v1/keys", json={"label": "till", "expires_in_days": 30}, key=buyer).json()
    used = world.client.get("/api/v1/me", key=made["key"])
    listed = world.client.get("/api/v1/keys", key=buyer)
    stranger = world.client.delete(f"/api/v1/keys/{made['id']}", key=world.keys["approver"])
    gone = world.client.delete(f"/api/v1/keys/{made['id']}", key=buyer)

    assert made["key"].startswith(f"tw_{made['hint']}_")
    assert (used.status_code, stranger.status_code, gone.status_code) == (200, 404, 204)
    assert [one["label"] for one in listed.json()] == ["till", "test"]
    assert made["key"].rsplit("_", 1)[1] not in listed.text
    assert world.client.get("/api/v1/me", key=made["key"]).status_code == 401


def test_an_admin_makes_a_principal_and_nobody_else_does(world):
    new = {"kind": "system", "login": "erp", "name": "ERP", "roles": ["integration"]}

    refused_ = [world.client.post("/api/v1/principals", json=new, key=world.keys[who]).status_code
                for who in ("sales", "warehouse", "buyer", "approver", "agent")]  # fmt: skip
    made = world.client.post("/api/v1/principals", json=new, key=world.keys["admin"])
    key = world.client.post(
        f"/api/v1/principals/{made.json()['id']}/keys", json={"label": "x"}, key=world.keys["admin"]
    )
    me = world.client.get("/api/v1/me", key=key.json()["key"]).json()

    assert refused_ == [403] * 5
    assert (me["login"], me["roles"], me["accounts"]) == ("erp", ["integration"], None)
    patched = world.client.request("PATCH", f"/api/v1/principals/{made.json()['id']}", json={"active": False},
                                   key=world.keys["admin"])  # fmt: skip
    assert patched.status_code == 204
    assert world.client.get("/api/v1/me", key=key.json()["key"]).status_code == 401


def test_an_approver_lets_an_agent_act_and_ends_it(world):
    approver, agent = world.keys["approver"], world.keys["agent"]
    path = f"/api/v1/probe/account/{OWN}"
    mandate = {
        "agent": "agent",
        "account_id": str(OWN),
        "actions": ["orders.place"],
        "order_max": "500",
        "currency": "EUR",
    }

    before = world.client.post(path, key=agent)
    foreign = world.client.post("/api/v1/mandates", json={**mandate, "account_id": str(FOREIGN)}, key=approver)
    beyond = world.client.post("/api/v1/mandates", json={**mandate, "actions": ["access.manage"]}, key=approver)
    made = world.client.post("/api/v1/mandates", json=mandate, key=approver)
    world.client.app.state.guard.forget()
    during = world.client.post(path, key=agent)
    listed = world.client.get("/api/v1/mandates", key=approver).json()
    ended = world.client.delete(f"/api/v1/mandates/{made.json()['id']}", key=approver)
    after = world.client.post(path, key=agent)

    assert [one.status_code for one in (before, foreign, beyond, made, during, ended, after)] == [
        404, 404, 422, 201, 200, 204, 404,
    ]  # fmt: skip
    assert [(one["agent"], one["actions"], one["order_max"]) for one in listed] == [
        ("agent", ["orders.place"], "500.000")
    ]


# ---- what it tells of itself -------------------------------------------------------------------------------------


def test_it_is_ready_when_every_migration_has_run(world):
    ready = world.client.get("/readyz")
    world.owner.execute("update alembic_version set version_num = '0000'")
    behind = world.client.get("/readyz")

    assert (ready.status_code, ready.json()) == (200, {"status": "ready"})
    assert behind.status_code == 503
    assert codes(behind) == [("database.migrations_missing", "")]


def test_metrics_count_requests_by_route_and_read_the_state(world):
    world.client.get(f"/api/v1/probe/account/{OWN}", key=world.keys["buyer"])

    text = world.client.get("/metrics").text

    assert 'route="/api/v1/probe/account/{account_id}",status="200"' in text
    assert str(OWN) not in text
    for name in ("open_incidents", "ready_instances", "open_tasks", "open_holds", "pending_deliveries"):
        assert f"\ntradewind_{name} 0.0\n" in text
    assert "\ntradewind_log_fence_age_seconds " in text


def test_the_interface_describes_itself_with_its_permissions(world):
    document = world.client.get("/api/v1/openapi.json").json()

    assert document["paths"]["/api/v1/probe"]["post"]["x-permission"] == "orders.place"
    assert document["paths"]["/api/v1/login"]["post"]["security"] == []


def test_no_secret_reaches_the_log(world):
    lines = io.StringIO()
    handler = logging.StreamHandler(lines)
    handler.setFormatter(JsonFormatter())
    logger = logging.getLogger("tradewind.http")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        token = log_in(world)
        world.client.get(f"/api/v1/{world.keys['buyer']}/{token}", key=world.keys["buyer"])
        logger.info("Bearer %s %s", token, {"password": PASSWORD})
        logger.info("postgresql://owner:s3cret@host/db password='s3cret' %s", hash_password(PASSWORD))
    finally:
        logger.removeHandler(handler)

    text = lines.getvalue()
    assert len(text.splitlines()) == 4
    for secret in (token, world.keys["buyer"], PASSWORD.split()[0], "s3cret", "$m="):
        assert secret not in text


def test_the_edge_of_a_public_route_has_no_caller():
    with pytest.raises(Exception, match=r"access\.not_authenticated"):
        edge_of({"state": {}})


def test_the_whole_application_starts_and_describes_every_route():
    app = build_app(read_settings({}))

    document = app.openapi()

    described = [one for path in document["paths"].values() for one in path.values()]
    assert len(described) == len(app.router.routes)
    assert all(one["x-permission"] for one in described)
