"""The routes of the credit desk: who may, what comes back, what a second person is for; and what an ordinary order does not pay."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from edge_client import EdgeClient
from emitted_sql import RecordingDatabase, assert_locks_before_write
from shop import Shop
from tradewind.access.commands.keys import NewKey, create_keys
from tradewind.access.commands.principals import NewPrincipal, create_principals
from tradewind.access.model import Kind
from tradewind.app.http import create_app
from tradewind.app.settings import read_settings
from tradewind.credit.model import Policy
from tradewind.desk.cash import Received, record_payments
from tradewind.desk.credit_policy import change_policy
from tradewind.desk.credit_release import PartWish, release_parts
from tradewind.desk.place import place
from tradewind.desk.refunds import Refund, refund_payments
from tradewind.desk.resolve import Submission
from tradewind.kernel.tx import SYSTEM
from tradewind.orchestration.commands.crank import Crank
from tradewind.rules.decide.feel import read_expression
from tradewind.semantics.model import DraftGroup, DraftLine, OrderDraft
from tradewind.streams.library import STREAMS

V1 = "/api/v1"
FOREVER = "2099-01-01T00:00:00Z"


@dataclass
class Door:
    """The application, and keys of people at it."""

    shop: Shop
    client: EdgeClient
    keys: dict[str, str]

    def ask(self, who: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        found = self.client.request(method, V1 + path, json=body, key=self.keys[who])
        return found.status_code, found.json()


@pytest.fixture
def door(shop: Shop) -> Iterator[Door]:
    people = [
        NewPrincipal(Kind.STAFF, "anna", "Anna", frozenset({"credit_desk"})),
        NewPrincipal(Kind.STAFF, "boris", "Boris", frozenset({"credit_desk"})),
        NewPrincipal(Kind.STAFF, "chief", "Chief", frozenset({"admin"})),
        NewPrincipal(Kind.STAFF, "till", "Till", frozenset({"accounting"})),
        NewPrincipal(Kind.STAFF, "seller", "Seller", frozenset({"sales"})),
        NewPrincipal(Kind.STAFF, "ramp", "Ramp", frozenset({"warehouse"})),
        NewPrincipal(Kind.BUYER, "buyer", "Buyer", frozenset({"buyer"}), frozenset([shop.id["alma"]])),
    ]

    def make(tx: Any) -> dict[str, str]:
        made = [one for one in create_principals(tx, people) if isinstance(one, UUID)]
        keys = create_keys(tx, [NewKey(one, "test") for one in made])
        return {new.login: key.key for new, key in zip(people, keys, strict=True)}

    keys = shop.database.write(make)
    with EdgeClient(create_app(shop.database, read_settings({}))) as client:
        yield Door(shop, client, keys)


def held(door: Door, limit: str = "30") -> str:
    """An order over 60.95 that a limit holds; its number."""
    door.ask("anna", "PUT", "/accounts/ALMA/credit-limit", {"limit": limit, "reason": "reviewed"})
    order = door.shop.order(("CUP", "10"), ("TEA", "10"))
    return str(door.shop.one("select number from sales_order where id = %s", [order])[0])


def test_a_held_order_goes_in_part_and_then_whole_with_a_second_person(door: Door) -> None:
    number = held(door)
    door.ask("chief", "PUT", "/credit-authority/release", {"alone_up_to": "20", "reason": "careful"})

    status, part = door.ask(
        "anna",
        "POST",
        f"/orders/{number}/credit-release",
        {"lines": [{"line": 2, "qty": 4}, {"line": 1}], "reason": "fits"},
    )
    assert (status, part["released"], part["amount"]) == (
        200,
        [{"line": 1, "qty": "5"}, {"line": 2, "qty": "4"}],
        "28.36",
    )
    assert part["held"] == [{"line": 1, "qty": "5"}, {"line": 2, "qty": "6"}]
    door.shop.turn()

    status, asked = door.ask("anna", "POST", f"/orders/{number}/credit-release", {"mode": "whole", "reason": "season"})
    assert (status, asked["status"], asked["amount"], asked["alone_up_to"]) == (202, "open", "30.95", "20")
    path = f"/credit-requests/{asked['request']}"
    status, own = door.ask("anna", "POST", f"{path}/confirm", {"reason": "me again"})
    assert (status, own["code"]) == (409, "credit.same_person")
    _, waiting = door.ask("boris", "GET", "/credit-requests")
    assert [(one["order"], one["proposed_by"], one["amount"]) for one in waiting["requests"]] == [
        (number, "anna", "30.95")
    ]
    status, done = door.ask("boris", "POST", f"{path}/confirm", {"reason": "seen"})

    assert (status, done["status"], done["freed"]) == (200, "confirmed", [number])
    door.shop.turn()
    assert door.shop.one("select sum(qty_released) from order_line") == (20,)


def test_the_queue_and_the_waterfall_are_for_staff(door: Door) -> None:
    number = held(door)

    _, queue = door.ask("anna", "GET", "/credit-queue")
    _, picture = door.ask("seller", "GET", "/accounts/ALMA/credit")

    (one,) = queue["orders"]
    assert (one["order"], one["amount"], one["headroom"], one["suggested"]) == (
        number,
        "60.95",
        "30",
        "release in part",
    )
    assert one["holds"][0]["detail"]["detail"]["waterfall"][0]["short_by"] == "30.95"
    assert (picture["headroom"], picture["nodes"][0]["limit"]) == ("30", "30")
    for path in ("/credit-queue", "/accounts/ALMA/credit", "/credit-requests", "/credit-authority"):
        assert door.ask("buyer", "GET", path)[0] == 403
    _, order = door.ask("buyer", "GET", f"/orders/{number}")
    assert [(hold["code"], hold["reason"], "detail" in hold) for hold in order["holds"]] == [
        ("credit.over_limit", "over the credit limit", False)
    ]


@pytest.mark.parametrize("who", ["seller", "till", "ramp", "buyer"])
def test_only_the_credit_desk_decides(door: Door, who: str) -> None:
    number = held(door)
    temporary = {"kind": "temporary", "amount": "50", "valid_to": FOREVER, "reason": "fair"}
    for method, path, body in (
        ("POST", "/accounts/ALMA/credit-requests", temporary),
        ("POST", f"/orders/{number}/credit-release", {"reason": "please"}),
        ("PUT", "/accounts/ALMA/credit-policy", {"reason": "lax"}),
        ("PUT", "/payment-terms/NET99", {"name": "late", "net_days": 99}),
    ):
        assert door.ask(who, method, path, body)[0] == 403
    assert door.ask("anna", "PUT", "/credit-authority/limit", {"alone_up_to": "1", "reason": "x"})[0] == 403


def test_a_raise_above_what_one_decides_alone_is_a_request(door: Door) -> None:
    status, found = door.ask("anna", "PUT", "/accounts/ALMA/credit-limit", {"limit": "150000.01", "reason": "grown"})

    assert (status, found["status"], found["amount"]) == (202, "open", "50000.01")
    assert door.shop.one("select credit_limit from credit_node") == (100_000,)
    status, boris = door.ask("boris", "POST", f"/credit-requests/{found['request']}/confirm", {"reason": "seen"})
    assert (status, boris["code"]) == (403, "credit.above_approver")
    assert door.ask("chief", "POST", f"/credit-requests/{found['request']}/confirm", {"reason": "seen"})[0] == 200
    assert door.shop.one("select credit_limit from credit_node") == (Decimal("150000.01"),)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"kind": "limit", "reason": "x"}, "/limit"),
        ({"kind": "temporary", "reason": "x", "valid_to": FOREVER}, "/amount"),
        ({"kind": "temporary", "reason": "x", "amount": "5"}, "/valid_to"),
        ({"kind": "temporary", "reason": "x", "amount": "5", "valid_to": "2020-01-01T00:00:00Z"}, "/valid_to"),
        ({"kind": "limit", "reason": "x", "limit": "5"}, "/limit"),
    ],
)
def test_a_request_that_says_too_little_is_refused_with_its_place(door: Door, body: Any, pointer: str) -> None:
    status, found = door.ask("anna", "POST", "/accounts/ALMA/credit-requests", body)
    assert (status, found["pointer"]) == (422, pointer)


def test_terms_are_rows_that_are_tried_before_they_are_used(door: Door) -> None:
    terms = {"name": "end of the next month, paid on the tenth", "month_end": "first", "months": 1, "pay_day": 10}
    assert door.ask("anna", "PUT", "/payment-terms/EOM10", terms)[0] == 200
    _, found = door.ask("buyer", "GET", "/payment-terms/EOM10?start=2028-01-31")
    assert found["due"] == ["2028-03-10"]
    bad = {"name": "parts", "parts": [{"percent": "60"}, {"percent": "30"}]}
    status, problem = door.ask("anna", "PUT", "/payment-terms/P", bad)
    assert (status, problem["code"], problem["pointer"]) == (422, "billing.parts_not_whole", "/parts")
    assert door.ask("anna", "GET", "/payment-terms/NONE")[0] == 404


def test_goods_leave_the_ramp_only_where_credit_lets_them(door: Door) -> None:
    order = door.shop.order(("CUP", "10"))
    (shipment,) = door.shop.shipments(order)
    assert door.ask("ramp", "GET", f"/shipments/{shipment}/clearance")[1]["checked"] is False
    door.ask("anna", "PUT", "/accounts/ALMA/credit-policy", {"checks_ship": True, "reason": "careful"})
    assert door.ask("ramp", "GET", f"/shipments/{shipment}/clearance")[1]["cleared"] is True
    door.ask("anna", "PUT", "/accounts/ALMA/credit-limit", {"limit": "10", "reason": "late"})

    _, found = door.ask("ramp", "GET", f"/shipments/{shipment}/clearance")

    assert (found["cleared"], found["reasons"]) == (False, ["over the credit limit"])


def test_money_that_is_not_needed_goes_back(door: Door) -> None:
    money = {"account": "ALMA", "amount": "50", "currency": "EUR", "applications": []}
    _, paid = door.ask("till", "POST", "/payments", money)

    status, back = door.ask("till", "POST", f"/payments/{paid['number']}/refund", {"amount": "20", "reason": "spare"})
    assert (status, back["refunded"]) == (201, "20")
    status, more = door.ask("till", "POST", f"/payments/{paid['number']}/refund", {"amount": "31", "reason": "spare"})
    assert (status, more["code"]) == (409, "billing.not_free")
    status, bounced = door.ask("till", "POST", f"/payments/{paid['number']}/bounce", {"reason": "no funds"})
    assert (status, bounced["code"]) == (409, "billing.paid_back")


# ---- locks, and what ordinary orders do not pay ------------------------------------------------------------------


def test_every_decision_locks_in_the_one_order(shop: Shop) -> None:
    shop.database.write(lambda tx: tx.run("update credit_node set credit_limit = 30"))
    order = shop.order(("CUP", "10"), ("TEA", "10"))
    database = RecordingDatabase(shop.url, clock=shop.clock)
    paid = Received("ALMA", Decimal(40), "EUR", applications=())

    database.write(lambda tx: release_parts(tx, [PartWish(order, "it fits")]))
    database.write(lambda tx: change_policy(tx, shop.id["alma"], Policy(overdue_days=3), reason="reviewed"))
    (found,) = database.write(lambda tx: record_payments(tx, [paid]))
    assert found.payment is not None
    number = found.payment.number
    database.write(lambda tx: refund_payments(tx, [Refund(number, "spare", Decimal(5))]))

    for statements in database.transactions:
        assert_locks_before_write(statements, inserted=("payment", "stream_instance"))
    database.close()
    shop.turn()


def test_an_ordinary_order_asks_nothing_more_of_credit(shop: Shop) -> None:
    lines = tuple(DraftLine(number, "CUP", Decimal(1)) for number in range(1, 11))
    submission = Submission(OrderDraft("ALMA", lines, (DraftGroup(),)), SYSTEM)
    database = RecordingDatabase(shop.url, clock=shop.clock, seed=11)
    database.write(lambda tx: place(tx, [submission]))
    database.transactions.clear()

    database.write(lambda tx: place(tx, [submission]))
    (placing,) = database.transactions
    database.transactions.clear()
    Crank(database, STREAMS, read_expression).turn_until_idle(rounds=20)

    credit = [text for text in placing if "credit_" in text and "from account_closure c join credit_node" not in text]
    # the nodes above the account, their lock, the overrides in force, and what is added to them
    assert (
        len([text for text in credit if "insert into sales_order" not in text and "from sales_order" not in text]) == 4
    )
    rare = ("payment_promise", "invoice_instalment", "credit_request", "payment_terms_part", "from payment ")
    assert [text for text in placing if any(name in text for name in rare)] == []
    releasing = [text for statements in database.transactions for text in statements if "insert into shipment" in text]
    turns = [
        statements for statements in database.transactions if any("insert into shipment " in one for one in statements)
    ]
    assert releasing
    for statements in turns:
        assert [text for text in statements if "for no key update of n" in text or "credit_override" in text] == []
    database.close()
