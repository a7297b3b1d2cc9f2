"""The same stories over HTTP: who may answer, pay, return and read what."""

from collections.abc import Iterator
from decimal import Decimal
from uuid import UUID

import pytest

from edge_client import EdgeClient
from shop import Shop
from tradewind.access.commands.keys import NewKey, create_keys
from tradewind.access.commands.principals import NewPrincipal, create_principals
from tradewind.access.model import Kind
from tradewind.app.http import create_app
from tradewind.app.settings import read_settings
from tradewind.kernel.tx import Tx

STAFF = {"warehouse": Kind.STAFF, "accounting": Kind.STAFF, "sales": Kind.STAFF, "admin": Kind.STAFF}


@pytest.fixture
def keys(shop: Shop) -> dict[str, str]:
    """A key for somebody of each role, for a buyer of ALMA and a buyer of BELA."""
    wanted = [NewPrincipal(kind, role, role, frozenset({role}), frozenset(), None) for role, kind in STAFF.items()]
    wanted += [
        NewPrincipal(Kind.BUYER, name, name, frozenset({"buyer"}), frozenset({shop.id[name]}), None)
        for name in ("alma", "bela")
    ]

    def make(tx: Tx) -> dict[str, str]:
        ids = create_principals(tx, wanted)
        made = create_keys(tx, [NewKey(one, "test", None) for one in ids])
        return {one.login: key.key for one, key in zip(wanted, made, strict=True)}

    return shop.database.write(make)


@pytest.fixture
def client(shop: Shop) -> Iterator[EdgeClient]:
    with EdgeClient(create_app(shop.database, read_settings({}))) as made:
        yield made


def shipped(shop, client, keys):
    """An order of ten cups, shipped over HTTP; its shipment's number."""
    order = shop.order(("CUP", "10"))
    number = shop.one("select number from shipment where order_id = %s", [order])[0]
    answer = client.post(f"/api/v1/shipments/{number}/answer", json={"outcome": "shipped"}, key=keys["warehouse"])
    assert answer.status_code == 200, answer.text
    return number


def test_a_shipment_is_answered_billed_and_read(shop, client, keys):
    number = shipped(shop, client, keys)

    body = client.get(f"/api/v1/shipments/{number}", key=keys["alma"]).json()
    assert (body["status"], body["site"], body["lines"][0]["shipped"], "reason" in body) == (
        "shipped",
        "N",
        "10",
        False,
    )
    assert "reason" in client.get(f"/api/v1/shipments/{body['id']}", key=keys["sales"]).json()
    invoice = client.get("/api/v1/invoices/INV-2026-000001", key=keys["alma"]).json()
    assert (invoice["total"], invoice["open"], invoice["lines"][0]["net"]) == ("39.66", "39.66", "33.33")
    assert client.get("/api/v1/invoices", key=keys["alma"], params={"open_only": "true"}).json()["invoices"] == [
        invoice
    ]
    shop.verify()


def test_the_same_answer_is_a_replay_and_another_a_conflict(shop, client, keys):
    number = shipped(shop, client, keys)
    path = f"/api/v1/shipments/{number}/answer"

    same = client.post(path, json={"outcome": "shipped"}, key=keys["warehouse"])
    other = client.post(path, json={"outcome": "refused"}, key=keys["warehouse"])

    assert (same.status_code, same.json()["replay"]) == (200, True)
    assert (other.status_code, other.json()["code"]) == (409, "fulfilment.already_answered")


def test_many_answers_each_get_their_own_result(shop, client, keys):
    first, second = shop.order(("CUP", "1")), shop.order(("CUP", "2"))
    numbers = [shop.one("select number from shipment where order_id = %s", [one])[0] for one in (first, second)]
    answers = [
        {"shipment": numbers[0], "outcome": "shipped"},
        {"shipment": "SH-404", "outcome": "shipped"},
        {"shipment": numbers[1], "outcome": "shipped", "lines": [{"line": 1, "shipped": "9"}]},
    ]

    results = client.post("/api/v1/shipment-answers", json={"answers": answers}, key=keys["warehouse"]).json()[
        "results"
    ]

    assert results[0]["booked"] is True
    assert [one["errors"][0]["code"] for one in results[1:]] == [
        "fulfilment.unknown_shipment",
        "fulfilment.over_shipped",
    ]
    shop.verify()


def test_a_payment_is_recorded_applied_and_bounced(shop, client, keys):
    shipped(shop, client, keys)
    body = {"account": "ALMA", "amount": "50.00", "currency": "EUR", "reference": "INV-2026-000001"}
    asked = {"json": body, "headers": {"Idempotency-Key": "b-1"}, "key": keys["accounting"]}

    made = client.post("/api/v1/payments", **asked)
    again = client.post("/api/v1/payments", **asked)
    assert (made.status_code, again.status_code) == (201, 200)
    paid = made.json()
    assert (paid["applied"], paid["free"]) == ([{"invoice": "INV-2026-000001", "amount": "39.66"}], "10.34")
    assert again.json()["id"] == paid["id"]
    shown = client.get(f"/api/v1/payments/{paid['number']}", key=keys["alma"]).json()
    assert (shown["applied"], "key" in shown) == ("39.66", False)
    back = client.post(
        f"/api/v1/payments/{paid['number']}/bounce", json={"reason": "no funds"}, key=keys["accounting"]
    ).json()
    assert back["reopened"] == ["INV-2026-000001"]
    shop.verify()


def test_many_payments_and_the_use_of_free_money(shop, client, keys):
    body = {
        "payments": [
            {"account": "ALMA", "amount": "50", "currency": "EUR"},
            {"account": "X", "amount": "1", "currency": "EUR"},
        ]
    }
    results = client.post("/api/v1/payments", json=body, key=keys["accounting"]).json()["results"]
    shipped(shop, client, keys)

    used = client.post(f"/api/v1/payments/{results[0]['number']}/apply", json={}, key=keys["accounting"]).json()

    assert results[1]["errors"][0]["code"] == "billing.unknown_account"
    assert used["applied"] == [{"invoice": "INV-2026-000001", "amount": "39.66"}]
    shop.verify()


def test_a_buyer_asks_for_a_return_that_is_received_and_credited(shop, client, keys):
    shipped(shop, client, keys)
    order = shop.one("select number from sales_order")[0]
    wanted = {"account": "ALMA", "reason": "chipped", "lines": [{"order": order, "line": 1, "qty": "4"}]}

    made = client.post("/api/v1/returns", json=wanted, key=keys["alma"])
    assert (made.status_code, made.json()["status"]) == (201, "authorised")
    path = f"/api/v1/returns/{made.json()['number']}"
    took = client.post(f"{path}/receive", json={"lines": [{"line": 1, "qty": "4", "site": "N"}]}, key=keys["warehouse"])
    assert took.json()["status"] == "received"
    credited = client.post(f"{path}/credit", json={}, key=keys["accounting"]).json()
    assert (credited["status"], credited["credit_notes"][0]["total"]) == ("credited", "15.86")
    assert client.get(path, key=keys["alma"]).json()["credit_notes"] == ["INVC-2026-000001"]
    direct = client.post(
        "/api/v1/invoices/INV-2026-000001/credits",
        json={"lines": [{"line": 1, "amount": "1.00"}]},
        key=keys["accounting"],
    )
    assert (direct.status_code, direct.json()["settled"]) == (201, "1.19")
    shop.verify()


def test_a_foreign_buyer_finds_nothing_and_a_buyer_may_not_do_what_staff_does(shop, client, keys):
    number = shipped(shop, client, keys)
    client.post("/api/v1/payments", json={"account": "ALMA", "amount": "5", "currency": "EUR"}, key=keys["accounting"])
    order = shop.one("select number from sales_order")[0]
    wanted = {"account": "ALMA", "reason": "x", "lines": [{"order": order, "line": 1, "qty": "1"}]}
    client.post("/api/v1/returns", json=wanted, key=keys["alma"])

    for path in (f"shipments/{number}", "invoices/INV-2026-000001", "payments/PAY-00000001", "returns/RA-00000001"):
        assert (
            client.get(f"/api/v1/{path}", key=keys["bela"]).content
            == client.get(f"/api/v1/{path.split('/')[0]}/{UUID(int=9)}", key=keys["bela"]).content
        )
        assert client.get(f"/api/v1/{path}", key=keys["bela"]).status_code == 404
    for name in ("shipments", "invoices", "payments", "returns"):
        assert client.get(f"/api/v1/{name}", key=keys["bela"]).json()[name] == []
    assert client.post("/api/v1/returns", json=wanted, key=keys["bela"]).status_code == 404
    own = {**wanted, "account": "BELA"}
    assert client.post("/api/v1/returns", json=own, key=keys["bela"]).status_code == 404
    for path, body in (
        (f"shipments/{number}/answer", {"outcome": "shipped"}),
        ("payments", {"account": "ALMA", "amount": "1", "currency": "EUR"}),
        ("payments/PAY-00000001/bounce", {"reason": "x"}),
        ("returns/RA-00000001/credit", {}),
        ("returns/RA-00000001/receive", {"lines": [{"line": 1, "qty": "1"}]}),
        ("invoices/INV-2026-000001/credits", {"lines": [{"line": 1, "amount": "1"}]}),
    ):
        assert client.post(f"/api/v1/{path}", json=body, key=keys["alma"]).status_code == 403
    assert shop.one("select count(*) from payment") == (1,)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("payments", {"account": "ALMA", "amount": "-1", "currency": "EUR"}),
        ("payments", {"account": "ALMA", "amount": "1", "currency": "euro"}),
        ("shipments/SH-1/answer", {"outcome": "eaten"}),
        ("returns", {"account": "ALMA", "reason": "", "lines": []}),
        ("shipment-answers", {"answers": []}),
    ],
)
def test_a_malformed_request_is_refused_with_its_place(client, keys, path, body):
    answer = client.post(f"/api/v1/{path}", json=body, key=keys["admin"])

    assert answer.status_code == 422
    assert answer.json()["errors"]


def test_amounts_stay_exact_in_both_directions(shop, client, keys):
    shipped(shop, client, keys)
    text = '{"account": "ALMA", "amount": 39.66, "currency": "EUR"}'

    made = client.post(
        "/api/v1/payments", content=text, headers={"Content-Type": "application/json"}, key=keys["accounting"]
    )

    assert made.json()["amount"] == "39.66"
    assert shop.one("select amount from payment") == (Decimal("39.66"),)
