"""A decision table by API only: rows, tests, a second pair of eyes, a scheduled go-live, in force at its instant, taken back."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx
import pytest

from edge_client import EdgeClient
from emitted_sql import RecordingDatabase
from shop import Shop
from tradewind.access.commands.keys import NewKey, create_keys
from tradewind.access.commands.principals import NewPrincipal, create_principals
from tradewind.access.model import Kind
from tradewind.app.http import create_app
from tradewind.app.rule_files import export_command, list_command
from tradewind.app.settings import read_settings
from tradewind.kernel.kept import mark_of
from tradewind.kernel.problem import Refused
from tradewind.kernel.versions import remembered
from tradewind.rules.commands.decisions import record
from tradewind.rules.model import RuleDecision, Scope
from tradewind.rules.queries.published import published_tables
from tradewind.rules.queries.sets import acts_of, lineages, sets_after

V1 = "/api/v1"
SET = "/rule-sets/large-orders"
PEOPLE = {"ann": "analyst", "ben": "analyst", "sam": "sales", "kim": "warehouse"}
SHEET: dict[str, Any] = {
    "table": "large",
    "decision": "large orders",
    "hit_policy": "FIRST",
    "inputs": [{"expression": "order total", "type": "number"}, {"expression": "segment", "type": "string"}],
    "outputs": [{"name": "effect", "type": "string"}, {"name": "text", "type": "string"}],
    "rows": [
        {"id": "key", "conditions": ["> 5000", '"key account"'], "conclusions": ['"info"', '"large, as usual"']},
        {
            "id": "large",
            "conditions": ["> 5000", "-"],
            "conclusions": ['"hold"', '"somebody looks at it"'],
            "notes": ["2026-02"],
        },
    ],
}
TESTS = [
    {"name": "small", "inputs": {"order total": "5000", "segment": "retail"}, "expect": None},
    {"name": "large", "inputs": {"order total": 5000.01, "segment": "retail"}, "expect": {"effect": "hold"}},
    {"name": "known", "inputs": {"order total": 9000, "segment": "key account"}, "expect": {"effect": "info"}},
]


@dataclass
class Desk:
    """The house over HTTP, for people by their first names."""

    shop: Shop
    client: EdgeClient
    keys: dict[str, str]

    def call(self, who: str, method: str, path: str, *, revision: int | None = None, **options: Any) -> httpx.Response:
        headers = {**options.pop("headers", {}), **({} if revision is None else {"If-Match": f'"{revision}"'})}
        return self.client.request(method, V1 + path, key=self.keys[who], headers=headers, **options)

    def post(self, who: str, path: str, **body: Any) -> httpx.Response:
        return self.call(who, "POST", path, json=body)

    def get(self, path: str, who: str = "ann", **params: Any) -> Any:
        found = self.call(who, "GET", path, params=params)
        assert found.status_code == 200, found.text
        return found.json()

    def good(self, answered: httpx.Response, status: int = 200) -> dict[str, Any]:
        assert answered.status_code == status, answered.text
        self.shop.wait(seconds=1)
        return dict(answered.json())

    def draft(self, who: str = "ann", path: str = SET, **body: Any) -> int:
        made = self.good(self.post(who, f"{path}/versions", **body), 201)
        return int(made["versions"][-1]["version"])

    def reviewed(self, version: int, path: str = SET) -> None:
        self.good(self.post("ann", f"{path}/versions/{version}/submit"))
        self.good(self.post("ben", f"{path}/versions/{version}/review"))

    def live(self, version: int, path: str = SET, **body: Any) -> dict[str, Any]:
        self.reviewed(version, path)
        return self.good(self.post("ann", f"{path}/versions/{version}/publish", **body))

    def in_force(self) -> int | None:
        found = self.get(SET)["in_force"]
        return found and int(found["version"])

    def ruled(self, total: str, segment: str = "retail", scope: Scope = Scope()) -> Any:  # noqa: B008 - a frozen value
        """What the table in force answers, as the streams ask it."""

        def ask(reader: Any) -> Any:
            published = published_tables(reader)
            table = published and published.governing("order.validation", scope, reader.now)
            return table and table.decide({"order total": Decimal(total), "segment": segment})

        return self.shop.database.read(ask)


@pytest.fixture
def desk(shop: Shop) -> Iterator[Desk]:
    wanted = [
        NewPrincipal(Kind.STAFF, name, name.title(), frozenset({role}), frozenset()) for name, role in PEOPLE.items()
    ]

    def make(tx: Any) -> list[Any]:
        return create_keys(tx, [NewKey(one, "story") for one in create_principals(tx, wanted)])

    keys = shop.database.write(make)
    with EdgeClient(create_app(shop.database, read_settings({}))) as client:
        yield Desk(shop, client, {name: key.key for name, key in zip(PEOPLE, keys, strict=True)})
    shop.verify()
    shop.database.read(the_history_is_the_lineage)


def the_history_is_the_lineage(reader: Any) -> None:
    """What is kept of every rule set is what its acts, one after the other, come to."""
    sets = sets_after(reader, point=None, after="", limit=100)
    kept = lineages(reader, [one.id for one in sets])
    for one in sets:
        assert remembered([act for _, act, _ in acts_of(reader, one.id, limit=1_000)]) == kept[one.id]


@pytest.fixture
def drafted(desk: Desk) -> Desk:
    """With a rule set whose first version is a draft by Ann."""
    body = {"code": "large-orders", "name": "Large orders", "point": "order.validation", "owner": "Sales operations"}
    desk.good(desk.post("sam", "/rule-sets", **body), 201)
    assert desk.draft(rows=SHEET, tests=TESTS, comment="orders above 5,000") == 1
    return desk


def code_of(answered: httpx.Response) -> tuple[int, str]:
    return answered.status_code, answered.json()["code"]


def test_from_rows_to_live_at_an_instant_and_back(drafted: Desk) -> None:
    desk = drafted
    desk.good(desk.post("ann", f"{SET}/versions/1/submit"))
    assert code_of(desk.post("ann", f"{SET}/versions/1/review")) == (403, "versions.four_eyes")
    assert code_of(desk.post("sam", f"{SET}/versions/1/review")) == (403, "access.forbidden")
    desk.good(desk.post("ben", f"{SET}/versions/1/review"))

    live = desk.good(desk.post("ann", f"{SET}/versions/1/publish"))

    assert live["in_force"]["version"] == 1
    assert live["versions"] == [{"version": 1, "stage": "in_force", "authors": ["Ann"], "reviewer": "Ben"}]
    assert [one.answers for one in (desk.ruled("5000"), desk.ruled("5001"))] == [
        (),
        ({"effect": "hold", "text": "somebody looks at it"},),
    ]

    higher = {**SHEET, "rows": [SHEET["rows"][0], {**SHEET["rows"][1], "conditions": ["> 7500", "-"]}]}
    assert desk.draft(rows=higher, tests=[TESTS[0]]) == 2
    at = "2026-03-09T00:00:00Z"
    later = desk.live(2, valid_from=at)
    assert [one["stage"] for one in later["versions"]] == ["in_force", "scheduled"]
    assert later["periods"] == [
        {"version": 1, "since": live["in_force"]["since"], "until": at},
        {"version": 2, "since": at, "until": None},
    ]
    assert desk.ruled("6000").version == 1

    desk.shop.wait(days=7)
    assert desk.in_force() == 2
    assert desk.ruled("6000").answers == ()
    assert desk.ruled("7501").answers[0]["effect"] == "hold"

    assert code_of(desk.post("ann", f"{SET}/rollback", reason="")) == (422, "request.invalid")
    back = desk.good(desk.post("ann", f"{SET}/rollback", reason="too few were looked at"))
    assert [one["stage"] for one in back["versions"]] == ["in_force", "superseded"]
    assert desk.ruled("6000").version == 1
    history = desk.get(f"{SET}/history")["acts"]
    assert [(one["verb"], one["version"], one["by"]) for one in history] == [
        ("draft", 1, "Ann"), ("submit", 1, "Ann"), ("review", 1, "Ben"), ("publish", 1, "Ann"),
        ("draft", 2, "Ann"), ("submit", 2, "Ann"), ("review", 2, "Ben"), ("publish", 2, "Ann"), ("roll_back", 1, "Ann"),
    ]  # fmt: skip
    assert (history[-1]["reason"], history[7]["effective"]) == ("too few were looked at", at)


def test_a_failing_test_refuses_the_publication_with_what_came_out(drafted: Desk) -> None:
    desk = drafted
    wrong = {"name": "wished", "inputs": {"order total": 100, "segment": "retail"}, "expect": {"effect": "hold"}}
    desk.good(desk.call("ann", "PUT", f"{SET}/versions/1", json={"tests": [*TESTS, wrong]}, revision=1))
    desk.reviewed(1)

    refused = desk.post("ann", f"{SET}/versions/1/publish")

    assert code_of(refused) == (422, "rules.test_failed")
    assert (
        refused.json()["title"] == 'test \'wished\': expected {"effect": "hold"}, decided [] (rows that matched: none)'
    )
    assert refused.json()["detail_values"]["nearly"] == [{"row": 2, "column": "order total", "cell": "> 5000"}]
    assert desk.in_force() is None
    check = desk.get(f"{SET}/versions/1/check")
    assert [(one["name"], one["passed"]) for one in check["tests"]] == [
        ("small", True), ("large", True), ("known", True), ("wished", False),
    ]  # fmt: skip
    assert check["untested"] == []


@pytest.mark.parametrize(
    ("change", "code", "rows"),
    [
        ({"rows": [SHEET["rows"][1], SHEET["rows"][0]]}, "rules.unreachable_row", [2, 1]),
        ({"hit_policy": "UNIQUE"}, "rules.unresolved_tie", [1, 2]),
    ],
)
def test_rows_without_effect_and_open_ties_refuse_with_inputs_that_prove_them(
    drafted: Desk, change: dict[str, Any], code: str, rows: list[int]
) -> None:
    desk = drafted
    version = desk.draft(rows={**SHEET, **change}, tests=[])
    desk.reviewed(version)

    refused = desk.post("ann", f"{SET}/versions/{version}/publish")

    assert code_of(refused) == (422, code)
    found = refused.json()["detail_values"]
    assert found["rows"] == rows
    assert Decimal(found["inputs"]["order total"]) > 5000
    assert found["inputs"]["segment"] == "key account"


def test_overlaps_that_the_hit_policy_provides_for_and_gaps_are_only_shown(drafted: Desk) -> None:
    check = drafted.get(f"{SET}/versions/1/check")

    assert (check["ready"], check["problems"]) == (True, [])
    assert {one["kind"] for one in check["seen"]} == {"overlap", "gap"}
    overlap = next(one for one in check["seen"] if one["kind"] == "overlap")
    assert (overlap["rows"], overlap["refused"]) == ([1, 2], False)


def test_words_that_are_not_in_the_dictionary_refuse_with_the_nearest(drafted: Desk) -> None:
    desk = drafted
    columns = [{"expression": "order totl", "type": "number"}, {"expression": "segment", "type": "number"}]
    rows = [{"id": "x", "conditions": ["> 5000", "-"], "conclusions": ['"holds"', '"x"']}]
    outputs = [{"name": "effect", "type": "string"}, {"name": "txt", "type": "string"}]
    version = desk.draft(rows={**SHEET, "inputs": columns, "outputs": outputs, "rows": rows}, tests=[])
    desk.reviewed(version)

    refused = desk.post("ann", f"{SET}/versions/{version}/publish")

    said = {(one["code"], one["title"]) for one in refused.json()["errors"]}
    assert said == {
        ("rules.unknown_fact", "order.validation has no input 'order totl'; did you mean 'order total'?"),
        ("rules.wrong_fact_type", "'segment' of order.validation is of type string, not number"),
        ("rules.unknown_fact", "order.validation has no output 'txt'; did you mean 'text'?"),
        ("rules.unknown_answer", "'holds' is no effect of order.validation; did you mean 'hold'?"),
    }
    assert code_of(desk.post("ann", "/rule-sets", code="x", name="x", point="order.validatio")) == (
        422,
        "rules.unknown_point",
    )


def test_a_file_comes_back_byte_for_byte_and_as_rows(drafted: Desk) -> None:
    desk = drafted
    source = desk.call("ann", "GET", f"{SET}/versions/1/dmn").content
    theirs = source.replace(b"?>", b"?>\n<!-- made elsewhere -->\n", 1)

    made = desk.good(desk.call("sam", "POST", f"{SET}/dmn", content=theirs, revision=1), 201)

    assert made["versions"][-1]["version"] == 2
    assert desk.call("ann", "GET", f"{SET}/versions/2/dmn").content == theirs
    rows = desk.get(f"{SET}/versions/2/rows")
    assert [one["conditions"] for one in rows["rows"]] == [["> 5000", '"key account"'], ["> 5000", "-"]]
    assert desk.get(f"{SET}/compare", old=1, new=2)["tables"] == []
    assert code_of(desk.call("ann", "POST", f"{SET}/dmn", content=b"<html/>")) == (422, "rules.not_dmn")
    assert code_of(desk.call("ann", "POST", f"{SET}/dmn", content=b"nothing")) == (422, "rules.not_xml")


def test_two_versions_differ_cell_by_cell(drafted: Desk) -> None:
    desk = drafted
    desk.draft(
        rows={**SHEET, "rows": [SHEET["rows"][0], {**SHEET["rows"][1], "conditions": ["> 7500", "-"]}]}, tests=TESTS[:1]
    )

    found = desk.get(f"{SET}/compare", old=1, new=2)

    assert found["tables"][0]["rows"] == [
        {"was": 2, "now": 2, "moved": False, "cells": [{"column": "order total", "was": "> 5000", "now": "> 7500"}]}
    ]
    assert found["tests"] == [{"test": "large", "change": "removed"}, {"test": "known", "change": "removed"}]


def test_nobodys_work_is_written_over_unseen(drafted: Desk) -> None:
    desk = drafted
    assert code_of(desk.call("sam", "PUT", f"{SET}/versions/1", json={"comment": "mine"})) == (
        428,
        "rules.say_which_revision",
    )
    desk.good(desk.call("sam", "PUT", f"{SET}/versions/1", json={"comment": "mine"}, revision=1))

    late = desk.call("ann", "PUT", f"{SET}/versions/1", json={"comment": "mine"}, revision=1)

    assert code_of(late) == (409, "rules.changed_meanwhile")
    assert desk.get(f"{SET}/versions/1")["comment"] == "mine"
    assert desk.get(SET)["versions"][0]["authors"] == ["Ann", "Sam"]


def test_an_edit_after_the_review_loses_it_and_what_was_published_is_never_edited(drafted: Desk) -> None:
    desk = drafted
    desk.reviewed(1)
    desk.good(desk.call("ben", "PUT", f"{SET}/versions/1", json={"comment": "by the reviewer"}, revision=3))
    assert desk.get(SET)["versions"][0]["stage"] == "draft"
    assert code_of(desk.post("ann", f"{SET}/versions/1/publish")) == (409, "versions.wrong_stage")
    desk.good(desk.post("ann", f"{SET}/versions/1/submit"))
    assert code_of(desk.post("ben", f"{SET}/versions/1/review")) == (403, "versions.four_eyes")

    version = desk.draft(comment="a copy")
    desk.live(version)
    revision = desk.get(SET)["revision"]
    late = desk.call("ann", "PUT", f"{SET}/versions/{version}", json={"comment": "quietly"}, revision=revision)

    assert code_of(late) == (409, "versions.wrong_stage")


def test_what_is_scheduled_can_be_withdrawn_and_what_is_in_force_ended(drafted: Desk) -> None:
    desk = drafted
    desk.live(1)
    version = desk.draft(comment="a copy")
    desk.live(version, valid_from="2026-04-01T00:00:00Z")
    desk.good(desk.post("ann", f"{SET}/versions/{version}/withdraw", reason="not before summer"))
    assert [one["stage"] for one in desk.get(SET)["versions"]] == ["in_force", "reviewed"]
    desk.good(desk.post("ann", f"{SET}/end", reason="no longer needed"))
    desk.shop.wait(days=40)

    assert desk.in_force() is None
    assert desk.ruled("9000") is None
    again = desk.good(desk.post("ann", f"{SET}/rollback", reason="needed after all"))
    assert again["in_force"]["version"] == 1


def test_the_most_specific_rule_set_decides_and_no_two_for_the_same(drafted: Desk) -> None:
    desk = drafted
    desk.live(1)
    for code, scope in (("web", {"channel": "web"}), ("north", {"region": "north"}), ("twin", {})):
        path = f"/rule-sets/{code}"
        desk.good(desk.post("ann", "/rule-sets", code=code, name=code, point="order.validation", scope=scope), 201)
        desk.draft(path=path, rows={**SHEET, "rows": [{**SHEET["rows"][1], "conclusions": ['"warn"', f'"{code}"']}]})
        desk.reviewed(1, path)
        said = desk.post("ann", f"{path}/versions/1/publish")
        assert said.status_code == (409 if code == "twin" else 200), said.text

    assert code_of(said) == (409, "rules.point_taken")
    assert said.json()["detail_values"]["rule_set"] == "large-orders"
    texts = {
        name: desk.ruled("9000", scope=scope).answers[0]["text"]
        for name, scope in {
            "web": Scope(channel="web"), "both": Scope(region="north", channel="web"), "south": Scope(region="south", channel="edi"),
        }.items()
    }  # fmt: skip
    assert texts == {"web": "web", "both": "north", "south": "somebody looks at it"}


def test_a_decision_keeps_what_was_asked_the_rows_and_the_near_misses(drafted: Desk) -> None:
    desk = drafted
    desk.live(1)
    order, line = UUID(int=77), 2

    def decide(tx: Any) -> None:
        table = published_tables(tx).governing("order.validation", Scope(), tx.now)  # type: ignore[union-attr]
        asked = [
            {"order total": Decimal("7200.50"), "segment": "retail"},
            {"order total": Decimal(1), "segment": "key account"},
        ]
        record(tx, [RuleDecision(table.decide(one), "order", order, line) for one in asked])  # type: ignore[union-attr]

    desk.shop.database.write(decide)

    found = desk.get("/rule-decisions", order=str(order))["decisions"]
    assert [(one["rule_set"], one["version"], one["effect"], one["subject"]["line"]) for one in found] == [
        ("large-orders", 1, "hold", 2), ("large-orders", 1, None, 2),
    ]  # fmt: skip
    held = desk.get(f"/rule-decisions/{found[0]['id']}")
    assert held["inputs"] == {"order total": "7200.50", "segment": "retail"}
    assert held["answers"] == [{"effect": "hold", "text": "somebody looks at it"}]
    assert held["hits"] == [{
        "table": "large", "row": "large", "number": 2,
        "says": {"when": {"order total": "> 5000"}, "then": {"effect": '"hold"', "text": '"somebody looks at it"'},
                 "notes": ["2026-02"]},
    }]  # fmt: skip
    assert [(one["number"], one["column"], one["cell"]) for one in held["misses"]] == [(1, "segment", '"key account"')]
    assert [(one["number"], one["column"]) for one in found[1]["misses"]] == [(1, "order total"), (2, "order total")]
    assert desk.get("/rule-decisions", order="SO-NONE") == {"decisions": [], "next": None}
    assert code_of(desk.call("ann", "GET", f"/rule-decisions/{order}")) == (404, "access.not_found")


def test_a_version_can_be_asked_before_it_is_live(drafted: Desk) -> None:
    asked = drafted.good(drafted.post("kim", f"{SET}/versions/1/ask", inputs={"order total": "6000"}))

    assert asked["answers"] == [{"effect": "hold", "text": "somebody looks at it"}]
    assert (asked["effect"], asked["missing"]) == ("hold", ["segment"])
    assert [one["number"] for one in asked["nearly"]] == [1]


def test_what_is_nested_without_end_is_not_asked_about(drafted: Desk) -> None:
    deep: Any = 1
    for _ in range(400):
        deep = [deep]

    refused = drafted.post("kim", f"{SET}/versions/1/ask", inputs={"order total": deep})

    assert code_of(refused) == (422, "request.invalid")
    assert refused.json()["pointer"] == "/inputs"


def test_the_dictionary_says_what_may_be_asked(desk: Desk) -> None:
    points = {one["code"]: one for one in desk.get("/decision-points")["decision_points"]}

    total = next(one for one in points["order.validation"]["inputs"] if one["name"] == "order total")
    assert total["type"] == "number"
    effect = next(one for one in points["order.validation"]["outputs"] if one["name"] == "effect")
    assert effect["allowed"] == ["info", "warn", "hold", "reject"]


def test_where_nothing_is_published_asking_costs_no_statement(desk: Desk) -> None:
    database = RecordingDatabase(desk.shop.url)

    def look(reader: Any) -> Any:
        mark_of(reader, "product")  # as a transaction does that looks at master data
        before = len(database.transactions[-1])
        return published_tables(reader), database.transactions[-1][before:]

    assert database.read(look) == (None, [])
    database.close()


def test_what_is_published_is_read_once_and_anew_only_after_an_act(drafted: Desk) -> None:
    desk = drafted
    desk.live(1)
    database = RecordingDatabase(desk.shop.url, desk.shop.clock)

    def ask() -> tuple[int | None, int]:
        before = len(database.transactions)
        found = database.read(
            lambda reader: (published := published_tables(reader)) and published.named("large-orders", reader.now)
        )
        return found and found.version, sum(map(len, database.transactions[before:]))

    first, again = ask(), ask()
    assert (first[0], again[0]) == (1, 1)
    assert first[1] - again[1] == 2
    desk.live(desk.draft(comment="a copy"))
    assert ask() == (2, again[1] + 1)  # the file is known by its digest
    database.close()


def test_people_at_a_command_line_list_and_export(drafted: Desk, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    desk = drafted
    desk.live(1)

    assert list_command(desk.shop.database) == 0
    listed = capsysbinary.readouterr().out.decode()
    assert export_command(desk.shop.database, "large-orders", None) == 0

    assert listed == "large-orders  order.validation  everybody  v1 since 2026-03-02 09:00  (1 versions)\n"
    assert capsysbinary.readouterr().out == desk.call("ann", "GET", f"{SET}/versions/1/dmn").content
    with pytest.raises(Refused, match=r"rules\.unknown_set"):
        export_command(desk.shop.database, "none", None)


def test_two_who_publish_for_the_same_at_once_get_one_in_force(desk: Desk) -> None:
    for code in ("one", "other"):
        path = f"/rule-sets/{code}"
        desk.good(desk.post("ann", "/rule-sets", code=code, name=code, point="order.validation"), 201)
        desk.draft(path=path, rows={**SHEET, "rows": [SHEET["rows"][1]]})
        desk.reviewed(1, path)
    hurry: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", f"{V1}/rule-sets/{code}/versions/1/publish", {"json": {}, "key": desk.keys["ann"]})
        for code in ("one", "other") * 3
    ]

    answered = desk.client.requests(hurry)

    said = sorted(code_of(one) if one.status_code != 200 else (200, "") for one in answered)
    assert said == [(200, ""), *[(409, "rules.point_taken")] * 3, *[(409, "versions.wrong_stage")] * 2]


def test_a_rule_set_can_be_named_anew_but_governs_what_it_governs(drafted: Desk) -> None:
    named = drafted.good(drafted.call("sam", "PATCH", SET, json={"name": "Big ones", "owner": "Sam"}, revision=1))

    assert (named["name"], named["owner"], named["revision"]) == ("Big ones", "Sam", 2)
    assert code_of(drafted.call("sam", "PATCH", SET, json={"name": "x", "point": "line.validation"})) == (
        422,
        "request.invalid",
    )
    assert [one["code"] for one in drafted.get("/rule-sets", point="order.validation")["rule_sets"]] == ["large-orders"]
    assert drafted.get("/rule-sets", point="line.validation", limit=1) == {"rule_sets": [], "next": None}


def test_what_else_stands_in_a_file_is_kept_when_its_table_is_edited(drafted: Desk) -> None:
    desk = drafted
    source = desk.call("ann", "GET", f"{SET}/versions/1/dmn").content
    noted = source.replace(
        b"</definitions>", b'<extensionElements><note xmlns="urn:x">ours</note></extensionElements></definitions>'
    )
    desk.good(desk.call("ann", "POST", f"{SET}/dmn", content=noted), 201)

    version = desk.draft(rows={**SHEET, "rows": [SHEET["rows"][1]]})

    written = desk.call("ann", "GET", f"{SET}/versions/{version}/dmn").content
    assert b'<note xmlns="urn:x">ours</note>' in written
    assert len(desk.get(f"{SET}/versions/{version}/rows")["rows"]) == 1


@pytest.mark.parametrize(
    "path",
    ["/rule-sets/none", "/rule-sets/%00", "/rule-sets/large-orders/versions/9", "/rule-sets/large-orders/versions/1/rows?table=no",
     "/rule-sets/large-orders/compare?old=1&new=7", "/rule-sets/none/history", "/rule-decisions?order=%00", "/rule-sets?after=%00"],
)  # fmt: skip
def test_what_is_not_there_is_refused_by_name(drafted: Desk, path: str) -> None:
    answered = drafted.call("ann", "GET", path)

    assert answered.status_code in (200, 404, 422), answered.text


@pytest.mark.parametrize(
    "body",
    [
        {"rows": {"inputs": 3}},
        {"rows": {**SHEET, "rows": [{"conditions": ["> 1"], "conclusions": []}]}},
        {"tests": [{"name": "\x00", "inputs": {"\ud800": "\x00"}, "expect": [{"a": [[[[1]]]]}]}]},
        {"tests": [{"name": "a"}, {"name": "a"}]},
        {"comment": "\x00"},
        {"decision": "\ud800"},
    ],
)
def test_hostile_content_is_refused_or_kept_but_never_a_failure(drafted: Desk, body: dict[str, Any]) -> None:
    sent = json.dumps(body).encode()

    answered = drafted.call(
        "ann", "POST", f"{SET}/versions", content=sent, headers={"Content-Type": "application/json"}
    )

    assert answered.status_code in (201, 422), answered.text
    if answered.status_code == 201:
        assert drafted.get(f"{SET}/versions/2/check")["tests"][0]["passed"] is False


def test_a_stream_asks_a_rule_set_by_its_code_and_the_answer_is_kept(desk: Desk) -> None:
    sheet = {
        **SHEET,
        "inputs": [{"expression": "order", "type": "string"}],
        "outputs": [{"name": "needs a look", "type": "boolean"}],
        "rows": [{"id": "all", "conditions": ["-"], "conclusions": ["true"]}],
    }
    desk.good(desk.post("ann", "/rule-sets", code="looks", name="Who looks", owner="Sales operations"), 201)
    desk.live(desk.draft(path="/rule-sets/looks", rows=sheet), "/rule-sets/looks")
    operations = [
        {"do": "insert_after", "after": "confirm", "id": "ask_rules", "element": "businessRuleTask", "name": "Who looks?",
         "parameters": {"decision": "looks"}},
        {"do": "insert_after", "after": "ask_rules", "id": "look", "element": "userTask", "name": "Look at it",
         "parameters": {"role": "sales"}},
    ]  # fmt: skip
    desk.good(desk.post("ann", "/streams/order_to_release/versions/1/edits", operations=operations), 201)
    for who, act in (("ann", "submit"), ("ben", "review"), ("ann", "publish")):
        desk.good(desk.post(who, "/streams/order_to_release/versions/2/acts", act=act))

    order = desk.shop.order(("CUP", "1"))

    state = desk.shop.one("select state from stream_instance where subject_id = %s", [order])[0]
    assert '"needs_a_look":true' in str(state).replace(" ", "")
    (kept,) = desk.get("/rule-decisions", order=str(order))["decisions"]
    assert (kept["rule_set"], kept["version"], kept["answers"]) == ("looks", 1, [{"needs a look": True}])
    (task,) = desk.shop.all("select id, name from user_task where status = 'open'")
    assert task[1] == "Look at it"
