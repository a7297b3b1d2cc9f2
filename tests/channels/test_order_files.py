"""Order files over HTTP: every row has its outcome, the file is kept, and the same file is never ordered twice."""

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from openpyxl import Workbook

from edge_client import EdgeClient
from shop import Shop, open_shop
from tradewind.access.commands.keys import NewKey, create_keys
from tradewind.access.commands.principals import NewPrincipal, create_principals
from tradewind.access.model import Kind
from tradewind.app.http import create_app
from tradewind.app.settings import read_settings
from tradewind.channels.intake import start_combiner

V1 = "/api/v1"
D = Decimal


@dataclass
class Door:
    """The application, and keys of people at it."""

    shop: Shop
    client: EdgeClient
    keys: dict[str, str]

    def send(self, text: str | bytes, *, who: str = "buyer", account: str = "ALMA", **params: Any) -> Any:
        content = text.encode() if isinstance(text, str) else text
        given = {name: json.dumps(value) if isinstance(value, dict) else value for name, value in params.items()}
        return self.client.post(
            f"{V1}/order-files", content=content, params={"account": account, **given}, key=self.keys[who],
            headers={"content-type": "text/csv"},
        )  # fmt: skip

    def get(self, path: str, *, who: str = "buyer", **params: Any) -> Any:
        return self.client.get(V1 + path, key=self.keys[who], params=params)


@pytest.fixture
def door(app_url: str) -> Iterator[Door]:
    shop = open_shop(app_url)
    people = {
        "sales": (Kind.STAFF, {"sales"}, None),
        "buyer": (Kind.BUYER, {"buyer"}, "alma"),
        "stranger": (Kind.BUYER, {"buyer"}, "bela"),
    }
    wanted = [
        NewPrincipal(kind, f"{name}@x.example", name, frozenset(roles), frozenset([shop.id[of]] if of else []))
        for name, (kind, roles, of) in people.items()
    ]

    def make(tx: Any) -> list[Any]:
        made = create_principals(tx, wanted)
        return create_keys(tx, [NewKey(one, "test") for one in made if isinstance(one, UUID)])

    keys = dict(zip(people, [one.key for one in shop.database.write(make)], strict=True))
    app = create_app(shop.database, read_settings({}))
    with EdgeClient(app) as client:
        yield Door(shop, client, keys)
    shop.database.close()


def rows(answer: Any) -> list[tuple[Any, ...]]:
    return [(one["row"], one["outcome"], one.get("sku")) for one in answer.json()["rows"]]


GOOD = "Part;Qty;UoM;PO\nCUP;2;EA;P-1\nTEA;3;;P-1\nCUP;1;CS;P-2\n"


def test_a_file_becomes_an_order_for_each_number_with_price_and_promise_for_each_row(door: Door) -> None:
    answer = door.send(GOOD)

    assert answer.status_code == 201
    found = answer.json()
    assert found["counts"] == {
        "rows": 3,
        "accepted": 3,
        "orders": 2,
        "held": 0,
        "refused": 0,
        "duplicate": 0,
        "valid": 0,
    }
    assert [(one["buyer_po"], one["outcome"], one["rows"], one["total"]) for one in found["orders"]] == [
        ("P-1", "placed", [2, 3], "14.33"), ("P-2", "placed", [4], "47.60"),
    ]  # fmt: skip
    assert [(one["sku"], one["qty"], one["uom"], one["unit_price"], one["net"]) for one in found["rows"]] == [
        ("CUP", "2", "EA", "3.333", "6.67"), ("TEA", "3", "EA", "1.99", "5.97"), ("CUP", "1", "CS", "3.333", "40.00"),
    ]  # fmt: skip
    assert all(one["promised_at"].startswith("2026-03-02") for one in found["rows"])
    assert door.get(f"/orders/{found['orders'][0]['number']}").json()["channel"] == "csv"
    assert door.get(answer.headers["location"].removeprefix(V1)).json()["answer"]["rows"] == found["rows"]


def test_the_same_file_again_is_the_same_answer_and_no_order(door: Door) -> None:
    first = door.send(GOOD)
    again = door.send(GOOD, mode="all-or-nothing")

    assert again.status_code == 200
    assert again.json() == {**first.json(), "repeated": True}
    assert door.shop.one("select count(*) from sales_order") == (2,)
    assert door.shop.all("select outcome, channel from inbound_document order by id") == [
        ("order", "csv"),
        ("duplicate", "csv"),
    ]


def test_the_same_file_sent_many_times_at_once_is_placed_once(door: Door) -> None:
    call = (
        "POST",
        f"{V1}/order-files",
        {"content": GOOD.encode(), "params": {"account": "ALMA"}, "key": door.keys["buyer"]},
    )

    answers = door.client.requests([(call[0], call[1], dict(call[2])) for _ in range(4)])

    assert sorted(one.status_code for one in answers) == [200, 200, 200, 201]
    assert door.shop.one("select count(*) from sales_order") == (2,)


MIXED = "Item,Qty,Unit\nCUP,2,\nCUPS,1,\nTEA,1,PAL\nTEA,x,\nTEA,1.5,\nTEA,4,EA\n"


def test_rows_that_are_right_are_ordered_and_the_others_say_what_would_be_right(door: Door) -> None:
    answer = door.send(MIXED, buyer_po="7")

    assert answer.status_code == 201
    assert rows(answer) == [
        (2, "accepted", "CUP"), (3, "refused", None), (4, "refused", None), (5, "refused", None), (6, "refused", None),
        (7, "accepted", "TEA"),
    ]  # fmt: skip
    wrong = {one["row"]: one["problems"][0] for one in answer.json()["rows"] if one["outcome"] == "refused"}
    assert {row: (one["code"], one.get("suggestions"), one["where"]) for row, one in wrong.items()} == {
        3: ("catalog.unknown_item", ["CUP"], "row 3, item"),
        4: ("catalog.unknown_unit", ["EA"], "row 4, uom"),
        5: ("import.not_a_number", None, "row 5, column qty"),
        6: ("quantity.inexact", ["1", "2"], "row 6, qty"),
    }
    assert door.shop.all("select line_no, qty from order_line order by 1") == [(1, 2), (5, 4)]
    assert door.shop.all("select outcome from inbound_document") == [("mixed",)]


def test_or_nothing_is_ordered_where_one_row_is_wrong_and_the_file_is_kept(door: Door) -> None:
    answer = door.send(MIXED, mode="all-or-nothing")

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "channels.nothing_placed"
    assert [one["outcome"] for one in answer.json()["rows"]] == ["valid", *["refused"] * 4, "valid"]
    assert door.shop.all("select 1 from sales_order") == []
    assert door.shop.all("select d.outcome, f.outcome, f.accepted from inbound_document d join order_file f on f.document_id = d.id") == [
        ("rejected", "refused", 0)
    ]  # fmt: skip

    mended = door.send("Item,Qty\nCUP,2\n", mode="all-or-nothing")
    assert mended.status_code == 201


def test_a_number_that_was_used_before_stops_the_whole_file_or_its_own_order(door: Door) -> None:
    door.send("Item,Qty,PO\nCUP,2,P-1\n")
    other = "Item,Qty,PO\nTEA,2,p 1\nTEA,1,P-2\n"

    nothing = door.send(other, mode="all-or-nothing")
    rest = door.send(other)

    assert nothing.status_code == 422
    assert [one["outcome"] for one in nothing.json()["orders"]] == ["refused", "not_placed"]
    assert [one["outcome"] for one in rest.json()["orders"]] == ["refused", "placed"]
    assert rest.json()["orders"][0]["problems"][0]["code"] == "orders.duplicate_po"
    assert "SO-" in rest.json()["orders"][0]["problems"][0]["title"]


def test_a_dry_run_shows_price_and_promise_and_keeps_nothing(door: Door) -> None:
    answer = door.send(GOOD, dry_run=True)

    assert answer.status_code == 200
    assert answer.json()["outcome"] == "preview"
    assert [(one["net"], one["promised_at"][:10]) for one in answer.json()["rows"]] == [
        ("6.67", "2026-03-02"), ("5.97", "2026-03-02"), ("40.00", "2026-03-02"),
    ]  # fmt: skip
    assert "id" not in answer.json()["orders"][0]
    assert door.shop.all("select 1 from sales_order union all select 1 from inbound_document") == []
    assert door.shop.all("select 1 from order_file_mapping") == []


def test_places_and_dates_become_delivery_groups(door: Door) -> None:
    door.shop.database.write(
        lambda tx: tx.run(
            "insert into address (id, account_id, code, kind, name, country) values (gen_random_uuid(), %s, 'STORE-2', 'ship_to', 'Store 2', 'DE')",
            [door.shop.id["alma"]],
        )
    )
    text = "Item;Qty;Ship to;Delivery date;PO\nCUP;1;HQ;2026-04-01;A\nTEA;1;STORE-2;2026-04-01;A\nCUP;2;HQ;2026-04-01;A\nTEA;2;HQ;2026-04-02;A\nTEA;1;STORE2;;A\n"

    answer = door.send(text)

    assert rows(answer)[4] == (6, "refused", None)
    assert answer.json()["rows"][4]["problems"][0] == {
        "code": "accounts.unknown_ship_to", "message": "ALMA has no ship-to STORE2.", "where": "row 6, ship_to",
        "suggestions": ["STORE-2"],
    }  # fmt: skip
    order = door.get(f"/orders/{answer.json()['orders'][0]['number']}").json()
    assert [(one["group_no"], one["ship_to"]["code"], one["requested_at"][:10]) for one in order["groups"]] == [
        (1, "HQ", "2026-04-01"), (2, "STORE-2", "2026-04-01"), (3, "HQ", "2026-04-02"),
    ]  # fmt: skip
    assert [(one["line_no"], one["group_no"]) for one in order["lines"]] == [(1, 1), (2, 2), (3, 1), (4, 3)]


def test_a_german_form_in_windows_letters_with_its_header_below_a_title(door: Door) -> None:
    text = "Bestellung Müller GmbH;;;\n;;;\nArtikel;Bezeichnung;Menge;Einheit\nCUP;Täßchen;1.024,0;Stück\nTEA;Tee;;\nSumme;;1.024,0;\n"

    answer = door.send(text.encode("cp1252"))

    assert rows(answer) == [(4, "accepted", "CUP")]
    assert answer.json()["rows"][0]["qty"] == "1024"
    assert answer.json()["read_as"] == {
        "format": "csv", "encoding": "cp1252", "delimiter": ";", "header_row": 3, "decimal_mark": ",",
    }  # fmt: skip


def workbook(*lines: tuple[object, ...]) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for line in lines:
        sheet.append(line)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_workbook_says_the_same_as_the_csv(door: Door) -> None:
    book = workbook(
        ("Order form",),
        (),
        ("SKU", "Quantity", "Need by", "PO number"),
        ("CUP", 2, date(2026, 4, 1), 4711),
        ("TEA", 3.0, None, 4711),
    )

    answer = door.send(book)

    assert answer.json()["read_as"] == {"format": "xlsx", "sheet": "Sheet", "header_row": 3}
    assert [(one["sku"], one["qty"]) for one in answer.json()["rows"]] == [("CUP", "2"), ("TEA", "3")]
    order = door.get(f"/orders/{answer.json()['orders'][0]['number']}").json()
    assert (order["buyer_po"], [one["requested_at"] for one in order["groups"]]) == (
        "4711",
        ["2026-04-01T00:00:00+00:00", None],
    )


def test_columns_with_strange_names_are_asked_for_then_remembered(door: Door) -> None:
    text = "Ding;Wieviel\nCUP;2\n"
    unknown = door.send(text)
    assert (unknown.status_code, [one["code"] for one in unknown.json()["errors"]]) == (
        422, ["channels.no_item_column", "channels.no_quantity_column"],
    )  # fmt: skip
    assert door.shop.all("select outcome from inbound_document") == [("rejected",)]

    told = door.send(text, mapping={"item": "Ding", "qty": "wieviel"})
    again = door.send("Ding;Wieviel\nTEA;1\n")

    assert [one["why"] for one in told.json()["mapping"]["columns"]] == ["given", "given"]
    assert [(one["field"], one["column"], one["why"]) for one in again.json()["mapping"]["columns"]] == [
        ("item", "Ding", "remembered"), ("qty", "Wieviel", "remembered"),
    ]  # fmt: skip
    assert door.get("/accounts/ALMA/order-file-mappings").json()["mappings"][0]["version"] == 1
    assert door.get("/accounts/ALMA/order-file-mappings", who="stranger").status_code == 404


def test_a_column_that_is_only_guessed_at_is_shown_and_waits_for_somebody_to_say_so(door: Door) -> None:
    text = "Product thing,Qty\nCUP,2\n"

    shown = door.send(text, dry_run=True)
    refused = door.send(text)

    assert shown.json()["mapping"]["columns"][0] == {
        "field": "item", "column": "Product thing", "confidence": "0.60", "why": "a word in its name",
    }  # fmt: skip
    assert refused.json()["code"] == "channels.unsure_column"

    signature = shown.json()["mapping"]["signature"]
    put = door.client.request(
        "PUT", f"{V1}/accounts/ALMA/order-file-mappings/{signature}", key=door.keys["buyer"],
        json={"columns": {"item": "Product thing", "qty": "Qty"}},
    )  # fmt: skip
    assert put.status_code == 200
    assert door.send(text).status_code == 201


def test_what_customers_call_it_resolves_in_files_as_in_json_and_is_echoed(door: Door) -> None:
    shop = door.shop
    shop.database.write(lambda tx: tx.run("update product set gtin = '4006381333931' where sku = 'TEA'"))
    for kind, account, number in (
        ("customer", shop.id["alma"], "K-1"),
        ("manufacturer", None, "M-1"),
        ("superseded", None, "OLD-1"),
    ):
        values = [kind, account, number, shop.id["cup"]]
        shop.database.write(
            lambda tx, values=values: tx.run(
                "insert into cross_reference (id, kind, account_id, number, product_id) values (gen_random_uuid(), %s, %s, %s, %s)",
                values,
            )
        )
    numbers = ["K-1", "M-1", "OLD-1", "4006381333931", "04006381333931"]

    in_file = door.send("Part no,Qty\n" + "".join(f"{number},1\n" for number in numbers))
    typed = door.send("Customer part no,MPN,EAN,Quantity\nK-1,,,1\n,M-1,,1\n,,4006381333931,1\n")
    in_json = door.client.post(
        f"{V1}/orders/preview", json={"account": "ALMA", "lines": [{"item": number, "qty": "1"} for number in numbers]},
        key=door.keys["buyer"],
    )  # fmt: skip

    expected = [("CUP", "K-1"), ("CUP", "M-1"), ("CUP", "OLD-1"), ("TEA", numbers[3]), ("TEA", numbers[4])]
    assert [(one["sku"], one["buyer_sku"]) for one in in_file.json()["rows"]] == expected
    assert [(one["sku"], one["buyer_sku"]) for one in in_json.json()["lines"]] == expected
    assert [(one["sku"], one["buyer_sku"]) for one in typed.json()["rows"]] == [expected[0], expected[1], expected[3]]


def test_a_quantity_that_breaks_the_pack_is_held_as_everywhere_with_the_next_right_one(door: Door) -> None:
    door.shop.database.write(
        lambda tx: tx.run("update product set minimum_qty = 6, multiple_qty = 6 where sku = 'CUP'")
    )

    answer = door.send("Item,Qty\nCUP,7\nTEA,1\n")

    assert rows(answer) == [(2, "held", "CUP"), (3, "accepted", "TEA")]
    assert answer.json()["rows"][0]["findings"] == [
        {"code": "quantity.not_a_multiple", "severity": "hold", "message": "the quantity goes in steps of 6 (EA)", "field": "qty",
         "suggestion": "12 EA"},
    ]  # fmt: skip
    assert answer.json()["orders"][0]["outcome"] == "held"


def test_the_same_order_by_file_and_by_json_is_one_order(door: Door) -> None:
    first = door.send("Item,Qty,PO\nCUP,2,F 1\nTEA,3,F 1\n").json()["orders"][0]
    draft = {"account": "ALMA", "buyer_po": "f-1", "lines": [{"item": "CUP", "qty": "2"}, {"item": "TEA", "qty": "3"}]}
    app = door.client.app
    app.state.combiner = start_combiner(door.shop.database)

    second = door.client.post(f"{V1}/orders", json=draft, key=door.keys["buyer"])
    third = door.client.post(f"{V1}/orders", json={**draft, "lines": draft["lines"][:1]}, key=door.keys["buyer"])

    app.state.combiner.close()
    assert (second.json()["id"], second.json()["duplicate"]) == (first["id"], True)
    assert third.json()["code"] == "orders.duplicate_po"
    assert third.json()["detail_values"] == {"order": first["number"]}


def test_a_stranger_sees_and_orders_nothing(door: Door) -> None:
    document = door.send(GOOD).json()["document"]

    assert door.send(GOOD, who="stranger").status_code == 404
    assert door.get(f"/order-files/{document}", who="stranger").status_code == 404
    assert door.get("/order-files", who="stranger").json()["order_files"] == []
    assert [one["document"] for one in door.get("/order-files", who="sales").json()["order_files"]] == [document]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "import.empty_file"),
        (b"%PDF-1.7", "import.not_a_table"),
        (b"Item,Qty\n", "channels.no_rows"),
        (b"Item,Qty\nCUP,\n", "channels.no_rows"),
        (b"PK\x03\x04rubbish", "import.broken_workbook"),
        (b"Item,Qty\n" + b"CUP,1\n" * 10_001, "import.too_many_rows"),
    ],
)
def test_what_is_no_order_file_is_refused_with_its_reason_and_kept(door: Door, content: bytes, code: str) -> None:
    answer = door.send(content)

    assert answer.json()["code"] == code
    assert 400 <= answer.status_code < 500
    assert door.shop.all("select outcome, body from inbound_document") == [("rejected", content)]


def test_formulas_are_refused_with_their_place(door: Door) -> None:
    answer = door.send('Item,Qty\n"=HYPERLINK(""x"")",1\nCUP,=1+1\n')

    assert [(one["row"], one["problems"][0]["code"], one["problems"][0]["where"]) for one in answer.json()["rows"]] == [
        (2, "import.formula_like_text", "row 2, column item"), (3, "import.not_a_number", "row 3, column qty"),
    ]  # fmt: skip


def test_the_customers_own_number_is_echoed_on_order_shipment_and_invoice(door: Door) -> None:
    shop = door.shop
    values = [shop.id["alma"], shop.id["cup"]]
    shop.database.write(
        lambda tx: tx.run(
            "insert into cross_reference (id, kind, account_id, number, product_id) values (gen_random_uuid(), 'customer', %s, 'K-1', %s)",
            values,
        )
    )
    order = door.send("Customer item,Qty,PO\nk-1,2,P-1\n").json()["orders"][0]
    shop.turn()
    shop.ship(shop.shipments(UUID(order["id"]))[0])

    shown = door.get(f"/orders/{order['number']}").json()
    shipment = door.get("/shipments", order=order["number"]).json()["shipments"][0]
    invoice = door.get("/invoices", order=order["number"]).json()["invoices"][0]

    numbers = [(one["sku"], one["buyer_sku"]) for one in (shown["lines"][0], shipment["lines"][0], invoice["lines"][0])]
    assert numbers == [("CUP", "k-1")] * 3


def by_json(door: Door, **more: Any) -> Any:
    """The same order by JSON; gives the answer."""
    draft = {"account": "ALMA", "buyer_po": "B 7", "lines": [{"item": "TEA", "qty": "9"}], **more}
    app = door.client.app
    app.state.combiner = start_combiner(door.shop.database)
    answer = door.client.post(f"{V1}/orders", json=draft, key=door.keys["buyer"])
    app.state.combiner.close()
    return answer


@pytest.mark.parametrize(
    ("policy", "outcome", "hold"),
    [("refuse", "refused", None), ("hold", "held", "orders.duplicate_po_held"), ("allow", "placed", None)],
)
def test_another_order_under_a_used_number_is_for_the_accounts_policy_whatever_the_door(
    door: Door, policy: str, outcome: str, hold: str | None
) -> None:
    shop = door.shop
    shop.database.write(lambda tx: tx.run("update account set duplicate_po = %s", [policy]))
    first = by_json(door, lines=[{"item": "CUP", "qty": "1"}]).json()

    in_file = door.send("Item,Qty,PO\nTEA,2,b-7\n").json()["orders"][0]
    in_json = by_json(door)

    assert in_file["outcome"] == outcome
    assert [one["code"] for one in in_file.get("holds", [])] == [hold] * bool(hold)
    if policy == "refuse":
        assert in_file["problems"][0]["detail_values"] == {"order": first["number"]}
        assert (in_json.status_code, in_json.json()["code"]) == (409, "orders.duplicate_po")
    else:
        assert [one["code"] for one in in_json.json()["holds"]] == [hold] * bool(hold)


def test_releases_declared_parts_and_what_was_cancelled_share_a_number(door: Door) -> None:
    first = by_json(door).json()

    release = by_json(door, release_no="2")
    part = by_json(door, po_part=2)
    in_file = door.send("Item,Qty,PO,Release,PO part\nTEA,1,B7,3,\nTEA,1,B7,,4\n").json()
    repeat = by_json(door, po_part=2)
    cancelled = door.client.post(f"{V1}/orders/{first['number']}/cancel", json={"reason": "x"}, key=door.keys["buyer"])
    again = by_json(door, lines=[{"item": "CUP", "qty": "1"}])

    assert [one.status_code for one in (release, part, cancelled, again)] == [201, 201, 200, 201]
    assert [one["outcome"] for one in in_file["orders"]] == ["placed", "placed"]
    assert repeat.json()["id"] == part.json()["id"]
    assert door.shop.all("select release_no, duplicate_no, status <> 'cancelled' from sales_order order by number") == [
        ("", 0, False), ("2", 0, True), ("", 2, True), ("3", 0, True), ("", 4, True), ("", 0, True),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "mapping", ["", "[" * 7_000, "[]", '{"columns": 1}', '{"qty": 7}', '{"columns": {"item": ["a"]}}', "NaN"]
)
def test_a_mapping_that_is_none_is_refused_with_its_place(door: Door, mapping: str) -> None:
    answer = door.send(GOOD, mapping=mapping)

    assert answer.status_code == 422
    assert answer.json()["code"] in ("request.malformed_json", "channels.unknown_mapping")


def test_an_order_is_priced_promised_and_held_the_same_by_file_and_by_json(door: Door) -> None:
    door.shop.database.write(
        lambda tx: tx.run("update product set minimum_qty = 6, multiple_qty = 6 where sku = 'CUP'")
    )
    text = "Item;Qty;Unit;Due;PO\nCUP;2;CS;2026-04-01;F\nTEA;120;;2026-04-01;F\nCUP;7;;2026-04-02;F\n"
    lines = [
        {"item": "CUP", "qty": "2", "uom": "CS"},
        {"item": "TEA", "qty": "120"},
        {"item": "CUP", "qty": "7", "group_no": 2},
    ]
    groups = [
        {"group_no": 1, "requested_at": "2026-04-01T00:00:00Z"},
        {"group_no": 2, "requested_at": "2026-04-02T00:00:00Z"},
    ]
    draft = {"account": "ALMA", "buyer_po": "F", "lines": lines, "groups": groups}

    in_json = door.client.post(f"{V1}/orders/preview", json=draft, key=door.keys["buyer"]).json()
    number = door.send(text).json()["orders"][0]["number"]
    in_file = door.get(f"/orders/{number}").json()

    same = ("status", "net", "tax", "total", "tax_groups", "groups", "terms", "ship_policy")
    assert {name: in_file[name] for name in same} == {name: in_json[name] for name in same}
    of_lines = (
        "line_no",
        "group_no",
        "sku",
        "qty",
        "uom",
        "base_qty",
        "unit_price",
        "net",
        "promise",
        "promised_at",
        "quantities",
    )
    assert [{name: one[name] for name in of_lines} for one in in_file["lines"]] == [
        {name: one[name] for name in of_lines} for one in in_json["lines"]
    ]
    of_holds = ("kind", "code", "reason", "line_no")
    assert [[one[name] for name in of_holds] for one in in_file["holds"]] == [
        [one[name] for name in of_holds] for one in in_json["holds"]
    ]
    assert [one["code"] for one in in_file["holds"]] == ["quantity.not_a_multiple"]
