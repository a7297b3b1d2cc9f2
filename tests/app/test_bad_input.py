"""Whatever comes in, a refusal names place and reason, nothing is half-written, and the rest of a batch goes on."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zipfile import ZipFile

import openpyxl
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_walls import CALLS, ROUTES, counts

from edge_client import EdgeClient
from invariants import assert_invariants
from tradewind.app.http import create_app
from tradewind.app.settings import read_settings
from tradewind.channels.intake import start_combiner
from two_companies import TwoCompanies, application_url, open_two_companies, someone_else

JSON = {"content-type": "application/json"}
LIMIT = 100_000
LINE = {"item": "CUP", "qty": "1"}
ORDER = {"account": "ALMA", "lines": [LINE]}


@pytest.fixture(scope="module")
def world(server: Any, _clones: Any) -> Iterator[TwoCompanies]:
    name = _clones.take()
    made = open_two_companies(server.url(name), application_url(server, name))
    yield made
    made.close()
    assert_invariants(made.url)
    _clones.given_back.append(name)


@pytest.fixture(scope="module")
def client(world: TwoCompanies) -> Iterator[EdgeClient]:
    combiner = start_combiner(world.database)
    app = create_app(world.database, read_settings({"TRADEWIND_BODY_MAX_BYTES": str(LIMIT)}), combiner)
    with EdgeClient(app, world.people["admin"].key) as made:
        yield made
    combiner.close()


def problems(body: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["code"], one.get("pointer", "")) for one in body["errors"]]


def order(**changes: Any) -> bytes:
    return json.dumps({**ORDER, **changes}).encode()


# ---- orders ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "status", "expected"),
    [
        (b"", 422, [("request.malformed_json", "line 1 column 0")]),
        (b'{"account": "ALMA", "lines": [', 422, [("request.malformed_json", "line 1 column 30")]),
        (b'{"account": "ALMA"} {}', 422, [("request.malformed_json", "line 1 column 21")]),
        (order()[:-1] + b', "note": "\xe9"}', 422, [("request.wrong_encoding", "byte 69")]),
        (b"[]", 422, [("request.invalid", "")]),
        (b'"order"', 422, [("request.invalid", "")]),
        (order(colour="red"), 422, [("request.invalid", "/colour")]),
        (b'{"account": "ALMA"}', 422, [("request.invalid", "/lines")]),
        (order(lines=[{"item": "CUP"}]), 422, [("request.invalid", "/lines/0/qty")]),
        (order(lines=[{**LINE, "qty": -1}, {**LINE, "qty": "many"}, {"item": "", "qty": 1}]), 422,
         [("request.invalid", "/lines/0/qty"), ("request.invalid", "/lines/1/qty"), ("request.invalid", "/lines/2/item")]),
        (order(lines=[{**LINE, "qty": "1e40"}]), 422, [("request.invalid", "/lines/0/qty")]),
        (order(lines=[{**LINE, "qty": "0.0000001"}]), 422, [("request.invalid", "/lines/0/qty")]),
        (order(lines=[{**LINE, "item": "NOTHING"}, {**LINE, "uom": "QQ"}]), 422,
         [("catalog.unknown_item", "/lines/0/item"), ("catalog.unknown_unit", "/lines/1/uom")]),
        (order(lines=[{**LINE, "line_no": 1}, {**LINE, "line_no": 1}]), 422, [("orders.line_number", "/lines/1/line_no")]),
        (order(lines=[{**LINE, "group_no": 7}]), 422, [("orders.unknown_group", "/lines/0/group_no")]),
        (order(groups=[{}, {}]), 422, [("orders.group_number", "/groups/1/group_no")]),
        (order(groups=[{"ship_to": "MOON"}]), 422, [("accounts.unknown_ship_to", "/groups/0/ship_to")]),
        (order(account="NOBODY"), 404, [("accounts.unknown", "/account")]),
        (order(currency="euro"), 422, [("request.invalid", "/currency")]),
    ],
)  # fmt: skip
def test_a_bad_order_is_refused_with_its_place_and_leaves_nothing(
    world: TwoCompanies, client: EdgeClient, content: bytes, status: int, expected: list[tuple[str, str]]
) -> None:
    before = counts(world)

    answer = client.post("/api/v1/orders", content=content, headers=JSON)

    assert (answer.status_code, problems(answer.json())) == (status, expected), answer.text
    assert counts(world) == before


def test_an_order_larger_than_the_limit_is_refused_unread(world: TwoCompanies, client: EdgeClient) -> None:
    before = counts(world)

    answer = client.post("/api/v1/orders", content=order(note="x" * LIMIT), headers=JSON)

    assert (answer.status_code, problems(answer.json())) == (413, [("request.too_large", "")])
    assert counts(world) == before


def test_a_page_of_orders_with_bad_ones_in_it_places_the_good_ones(world: TwoCompanies, client: EdgeClient) -> None:
    before = world.ask("select count(*) from sales_order")[0][0]
    wanted = [
        {**ORDER, "client_ref": "good 1"},
        {**ORDER, "client_ref": "no such account", "account": "NOBODY"},
        {**ORDER, "client_ref": "no such item", "lines": [LINE, {"item": "NOTHING", "qty": "1"}]},
        {**ORDER, "client_ref": "good 2", "lines": [{"item": "=CMD()|A1", "qty": "1"}, LINE][1:]},
        {**ORDER, "client_ref": "formula", "lines": [{"item": "=CMD()|A1", "qty": "1"}]},
    ]

    answer = client.post("/api/v1/orders", json={"orders": wanted})

    results = {one["client_ref"]: one for one in answer.json()["results"]}
    assert answer.status_code == 200
    assert {ref: one["status"] for ref, one in results.items()} == {
        "good 1": 201, "no such account": 404, "no such item": 422, "good 2": 201, "formula": 422,
    }  # fmt: skip
    assert problems(results["no such item"]["problem"]) == [("catalog.unknown_item", "/lines/1/item")]
    assert world.ask("select count(*) from sales_order")[0][0] == before + 2


def test_a_page_of_orders_with_one_malformed_is_refused_whole_with_its_place(
    world: TwoCompanies, client: EdgeClient
) -> None:
    before = counts(world)

    answer = client.post("/api/v1/orders", json={"orders": [ORDER, {**ORDER, "lines": [{"item": "CUP", "qty": "0"}]}]})

    assert (answer.status_code, problems(answer.json())) == (422, [("request.invalid", "/orders/1/lines/0/qty")])
    assert counts(world) == before


# ---- every route -------------------------------------------------------------------------------------------------

JUNK_TEXT = (
    "\0",
    "a\0b",
    "'; drop table account; --",
    "../../etc/passwd",
    "9" * 400,
    "\U0001f4a9" * 60,
    "-1",
    "null",
    "%",
    "\u202e",
)
JUNK_VALUES = ("", "\0", "x" * 5_000, -1, 0, 10**30, 1.5, "1e999", "NaN", True, None, [], {}, [[1]], "\U0001f4a9", "2026-99-99",
               "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "00000000-0000-0000-0000-000000000000")  # fmt: skip
JUNK_BODIES = (b"", b"{", b"[]", b"null", b"0", b'"x"', b"1e999999", b"NaN", b'{"a":"\\u0000"}', b'{"a":"\\ud800"}', b"\xff\xfe{}",
               b"[" * 20_000, b'{"a":' * 5_000, b'{"a":1,"a":2}', b"9" * 5_000)  # fmt: skip


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The place of every value within a body, the inner ones first."""
    if isinstance(value, dict):
        for name in value:
            yield from leaves(value[name], (*path, name))
    if isinstance(value, list):
        for index, one in enumerate(value):
            yield from leaves(one, (*path, index))
    if path:
        yield path


def with_junk(body: Any, path: tuple[Any, ...], junk: Any) -> Any:
    changed = deepcopy(body)
    holder = changed
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = junk
    return changed


def failed(answer: Any) -> bool:
    """Neither done nor refused by name: a crash, or a refusal that does not say what is wrong."""
    if answer.status_code < 400:
        return False
    return answer.status_code >= 500 or "code" not in answer.json()


def test_junk_in_every_path_and_query_is_refused_by_name(world: TwoCompanies, client: EdgeClient) -> None:
    broken: list[str] = []

    for method, template in ROUTES:
        if template.endswith("/login"):
            continue
        call = CALLS[method, template][0]
        body = None if call.body is None else call.body(world.own, world.own)
        names = {**call.path(world.own, world.own), **call.query(world.own, world.own)}
        for junk in JUNK_TEXT:
            path = template
            for name in call.path(world.own, world.own):
                path = path.replace("{" + name + "}", quote(junk, safe=""))
            asked = dict.fromkeys(
                (*names, "account", "order", "status", "find", "after", "limit", "kind", "sku", "buyer_po"), junk
            )
            for params in ({}, asked):
                if path == template and not params:
                    continue
                answer = (
                    client.request(method, path, params=params, json=body)
                    if body
                    else client.request(method, path, params=params)
                )
                if failed(answer):
                    broken.append(
                        f"{method} {template} {junk[:20]!r} {bool(params)}: {answer.status_code} {answer.text[:120]}"
                    )

    assert not broken, "\n".join(broken)


def test_junk_in_every_body_is_refused_by_name(world: TwoCompanies, client: EdgeClient) -> None:
    nowhere = someone_else(world.database.ids.many(60))
    broken: list[str] = []

    for (method, template), calls in CALLS.items():
        if (method, template) not in ROUTES or template.endswith(("/login", "/password")):
            continue
        for call in calls:
            if call.body is None:
                continue
            path = template.format(**call.path(nowhere, nowhere))
            genuine = call.body(world.own, world.own)
            tried = [
                json.dumps(with_junk(genuine, place, junk)).encode()
                for place in leaves(genuine)
                for junk in JUNK_VALUES
            ]
            for content in (*tried, *JUNK_BODIES):
                answer = client.request(method, path, content=content, headers=JSON)
                if failed(answer):
                    broken.append(f"{method} {template} {content[:160]!r}: {answer.status_code} {answer.text[:120]}")

    assert not broken, "\n".join(broken)


@pytest.mark.parametrize("key", ["", "x" * 201, "ключ".encode().decode("latin-1"), " ", "a\tb"])
def test_a_strange_idempotency_key_is_used_or_refused(client: EdgeClient, key: str) -> None:
    for path, body in (
        ("/api/v1/orders", ORDER),
        ("/api/v1/payments", {"account": "ALMA", "amount": "0", "currency": "EUR"}),
    ):
        answer = client.post(path, json=body, headers={"Idempotency-Key": key.encode("latin-1")})

        assert not failed(answer), answer.text


# ---- orders, at random -------------------------------------------------------------------------------------------

ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
ALMOST = st.fixed_dictionaries(
    {"account": st.sampled_from(["ALMA", "BELA", "", "\0"]) | ANY},
    optional={
        "lines": st.lists(
            st.fixed_dictionaries(
                {"item": st.sampled_from(["CUP", "TEA", "nothing"]) | st.text(max_size=12), "qty": st.decimals() | ANY},
                optional={"uom": st.text(max_size=9) | ANY, "unit_price": st.decimals() | ANY, "line_no": st.integers() | ANY,
                          "group_no": st.integers(0, 3), "description": st.text()},
            ),
            max_size=4,
        )
        | ANY,
        "buyer_po": st.text(max_size=120) | ANY,
        "release_no": st.text(max_size=60),
        "currency": st.sampled_from(["EUR", "USD", "XXX"]) | ANY,
        "groups": st.lists(st.fixed_dictionaries({}, optional={"group_no": st.integers(), "ship_to": st.text(max_size=5),
                                                               "requested_at": st.datetimes().map(str) | ANY}), max_size=3),
        "charges": st.lists(st.fixed_dictionaries({"code": st.text(max_size=9), "amount": st.decimals()}), max_size=3) | ANY,
        "note": st.text(max_size=50) | ANY,
    },
)  # fmt: skip
BODIES = (
    st.binary(max_size=200)
    | ANY.map(json.dumps).map(str.encode)
    | ALMOST.map(lambda one: json.dumps(one, default=str).encode())
)


@settings(max_examples=600, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(content=BODIES)
def test_random_bodies_are_orders_or_named_refusals(client: EdgeClient, content: bytes) -> None:
    answer = client.post("/api/v1/orders", content=content, headers=JSON)

    assert answer.status_code in (200, 201, 404, 409, 422), answer.text
    assert answer.status_code < 300 or answer.json()["code"]


# ---- files -------------------------------------------------------------------------------------------------------

TERMS = "/api/v1/imports/payment_terms"
GOOD_AND_BAD = "code,name,net_days\nT1,one,1\nT2,two,soon\n=1+1,three,3\nT4,\nT5,five,5\n"
REFUSED = [
    ("import.not_a_number", "row 3, column net_days"),
    ("import.formula_like_text", "row 4, column code"),
]


def terms(world: TwoCompanies) -> list[str]:
    return [row[0] for row in world.ask("select code from payment_terms where code like 'T%' order by 1")]


def upload(client: EdgeClient, content: bytes, *, kind: str = "payment_terms", content_type: str = "text/csv") -> Any:
    return client.post(f"/api/v1/imports/{kind}", content=content, headers={"content-type": content_type})


def sheet(*rows: list[Any]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_bad_rows_of_an_uploaded_file_are_named_and_the_rest_is_taken(world: TwoCompanies, client: EdgeClient) -> None:
    answer = upload(client, GOOD_AND_BAD.encode())

    body = answer.json()
    assert answer.status_code == 200, answer.text
    assert (body["rows"], body["created"], body["refused"]) == (5, 2, 3)
    assert [(one["code"], one["pointer"]) for one in body["problems"]][:2] == REFUSED
    assert terms(world) == ["T1", "T5"]


def test_a_workbook_with_formulas_is_taken_but_for_them(world: TwoCompanies, client: EdgeClient) -> None:
    content = sheet(
        ["code", "name", "net_days"], ["X1", "one", 1], ["X2", "two", "=1+1"], ['=HYPERLINK("http://x")', "x", 3]
    )

    body = upload(
        client, content, content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    ).json()

    assert (body["created"], body["refused"]) == (1, 2)
    assert [(one["code"], one["pointer"]) for one in body["problems"]] == [
        ("import.error_value", "row 3, column net_days"),
        ("import.error_value", "row 4, column code"),
    ]


def bomb() -> bytes:
    out = io.BytesIO()
    with ZipFile(out, "w", 8) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", b" " * 50_000_000)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 422),
        (b"\0\1\2\3", 422),
        (b"PK\3\4 not a workbook", 422),
        (b"%PDF-1.7", 422),
        (b"<html></html>", 422),
        (b"code;name\n", 422),
        (b"code,code,name,net_days\nA,B,x,1\n", 422),
        (bomb(), 413),
        (b"code,name,net_days\n" + b"T,x,1\n" * 50_000, 413),
    ],
    ids=["empty", "binary", "no workbook", "pdf", "html", "columns missing", "columns twice", "bomb", "too large"],
)
def test_what_is_no_file_of_the_kind_is_refused_whole(
    world: TwoCompanies, client: EdgeClient, content: bytes, status: int
) -> None:
    before = counts(world)

    answer = upload(client, content)

    assert answer.status_code == status, answer.text[:300]
    assert all(code.split(".")[0] in ("import", "request") for code, _ in problems(answer.json()))
    assert counts(world) == before


def test_a_kind_that_is_none_lists_those_there_are(client: EdgeClient) -> None:
    answer = upload(client, b"a,b\n", kind="secrets")

    assert (answer.status_code, problems(answer.json())) == (404, [("import.unknown_kind", "kind")])
    assert "products" in answer.json()["detail_values"]["kinds"]


def test_the_command_line_takes_and_refuses_the_same_rows(owner_url: str, tmp_path: Path) -> None:
    good, latin, broken = tmp_path / "terms.csv", tmp_path / "latin.csv", tmp_path / "broken.xlsx"
    good.write_text(GOOD_AND_BAD)
    latin.write_bytes("code,name,net_days\nL1,Größe,1\n".encode("latin-1"))
    broken.write_bytes(b"PK\3\4 not a workbook")

    taken = load(owner_url, good, tmp_path)
    unreadable = load(owner_url, latin, tmp_path)
    refused = load(owner_url, broken, tmp_path)

    assert taken.returncode == 1
    assert "payment_terms: 5 rows, 2 created, 0 changed, 0 unchanged, 3 refused" in taken.stdout
    assert all(f"[{code}]" in taken.stderr and where in taken.stderr for code, where in REFUSED)
    assert (unreadable.returncode, unreadable.stderr.split(":")[0]) == (2, "import.wrong_encoding")
    assert unreadable.stderr.endswith("(line 2)\n")
    assert refused.returncode == 2
    assert refused.stderr.startswith("import.")
    assert "Traceback" not in taken.stderr + unreadable.stderr + refused.stderr
    with psycopg.connect(owner_url) as owner:
        rows = owner.execute("select code, name from payment_terms order by 1").fetchall()
    assert rows == [("T1", "one"), ("T5", "five")]


def load(url: str, file: Path, home: Path) -> subprocess.CompletedProcess[str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith("TRADEWIND_")}
    given = {**kept, "TRADEWIND_DATABASE_URL": url, "TRADEWIND_HOME": str(home)}
    words = [sys.executable, "-m", "tradewind.app.cli", "import", "payment_terms", str(file)]
    return subprocess.run(words, env=given, capture_output=True, text=True, timeout=60, check=False)
