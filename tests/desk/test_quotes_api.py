"""The routes of quotes: who may, what buyers see and what they do not, approvals before an offer goes out, and one lock order."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
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
from tradewind.desk.quote_orders import Accepting, accept_offer

V1 = "/api/v1"


@dataclass
class Door:
    """The application, and keys of people at it."""

    shop: Shop
    client: EdgeClient
    keys: dict[str, str]

    def ask(self, who: str, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        found = self.client.request(method, V1 + path, json=body, key=self.keys[who], headers=headers)
        self.shop.turn()
        return found.status_code, found.json()

    def quoted(self, **more: Any) -> str:
        """A quote of forty cups and ten teas, asked for by the buyer and offered by a representative; its number."""
        lines = [{"item": "CUP", "qty": "40", "target_price": "3"}, {"item": "TEA", "qty": "10"}]
        status, asked = self.ask("buyer", "POST", "/quotes", {"account": "ALMA", "title": "Spring", "lines": lines})
        assert status == 201, asked
        number = str(asked["number"])
        self.offered(number, **more)
        return number

    def offered(self, number: str, **more: Any) -> Any:
        lines = [
            {"item": "CUP", "qty": "40", "unit_price": "3.10", "price_reason": "volume"},
            {"item": "TEA", "qty": "10"},
        ]
        body = {"lines": lines, "valid_until": "2026-03-06", "zone": "America/Los_Angeles", **more}
        status, staged = self.ask("rep", "PUT", f"/quotes/{number}/offer", body)
        assert status == 200, staged
        status, found = self.ask("rep", "POST", f"/quotes/{number}/offer")
        assert status in (201, 202), found
        return {"staged": staged, **found}


@pytest.fixture
def door(shop: Shop) -> Iterator[Door]:
    people = [
        NewPrincipal(Kind.STAFF, "rep", "Rep", frozenset({"sales"})),
        NewPrincipal(Kind.STAFF, "chief", "Chief", frozenset({"admin"})),
        NewPrincipal(Kind.STAFF, "lea", "Lea", frozenset({"analyst"})),
        NewPrincipal(Kind.STAFF, "ada", "Ada", frozenset({"admin"})),
        NewPrincipal(Kind.BUYER, "buyer", "Buyer", frozenset({"buyer"}), frozenset([shop.id["alma"]])),
        NewPrincipal(Kind.BUYER, "other", "Other", frozenset({"buyer"}), frozenset([shop.id["bela"]])),
    ]

    def make(tx: Any) -> dict[str, str]:
        made = [one for one in create_principals(tx, people) if isinstance(one, UUID)]
        keys = create_keys(tx, [NewKey(one, "test") for one in made])
        return {new.login: key.key for new, key in zip(people, keys, strict=True)}

    keys = shop.database.write(make)
    with EdgeClient(create_app(shop.database, read_settings({}))) as client:
        yield Door(shop, client, keys)


def test_a_quote_is_read_with_its_rounds_versions_and_what_changed_between_them(door: Door) -> None:
    number = door.quoted()
    wish = {"version": 1, "reason": "price", "lines": [{"line": 2, "target_price": "1.80", "reason": "competitor"}]}
    assert door.ask("buyer", "POST", f"/quotes/{number}/renegotiate", wish)[0] == 200
    assert [one["form"] for one in door.ask("rep", "GET", "/tasks")[1]["tasks"]] == ["quote_request"]
    lines = [{"item": "CUP", "qty": "40", "unit_price": "3.10", "price_reason": "volume"},
             {"item": "TEA", "qty": "10", "unit_price": "1.85", "price_reason": "met half way"}]  # fmt: skip
    door.offered(number, lines=lines)

    _, found = door.ask("buyer", "GET", f"/quotes/{number}")
    _, changes = door.ask("buyer", "GET", f"/quotes/{number}/versions/2/changes")
    _, version = door.ask("buyer", "GET", f"/quotes/{number}/versions/2")

    assert [(one["kind"], one["reason"]) for one in found["history"]] == [("request", None), ("renegotiate", "price")]
    assert [(one["version"], one["net"]) for one in found["versions"]] == [(1, "143.9"), (2, "142.5")]
    assert (found["status"], found["acceptable"]) == ("offered", True)
    assert changes["offer"] == {"net": ["143.9", "142.5"]}
    assert changes["lines"] == [
        {
            "line": 2,
            "what": "changed",
            "sku": "TEA",
            "from_to": {"unit_price": ["1.99", "1.85"], "net": ["19.9", "18.5"]},
        }
    ]
    assert version["lines"][1]["price"]["steps"][0]["reason"] == "met half way"


def test_what_is_only_ours_is_not_shown_to_buyers_nor_anything_to_strangers(door: Door) -> None:
    number = door.quoted()

    assert door.ask("other", "GET", f"/quotes/{number}")[0] == 404
    assert door.ask("other", "POST", f"/quotes/{number}/accept", {"version": 1})[0] == 404
    assert door.ask("buyer", "GET", f"/quotes/{number}/offer")[0] == 403
    assert door.ask("other", "GET", "/quotes")[1]["quotes"] == []
    _, staged = door.ask("rep", "GET", f"/quotes/{number}/offer")
    _, seen = door.ask("buyer", "GET", f"/quotes/{number}")

    assert staged["staged"]["lines"][0]["price_reason"] == "volume"
    for word in ("below_list_percent", "list_net", "needs", "margin", "cost"):
        assert f'"{word}"' not in str(seen)


def test_an_acceptance_is_one_order_however_often_its_key_comes(door: Door, shop: Shop) -> None:
    number = door.quoted()
    body = {"version": 1, "buyer_po": "PO-9", "lines": [{"line": 1, "qty": "30"}]}

    first = door.ask("buyer", "POST", f"/quotes/{number}/accept", body, **{"Idempotency-Key": "k"})
    again = door.ask("buyer", "POST", f"/quotes/{number}/accept", body, **{"Idempotency-Key": "k"})
    other = door.ask("buyer", "POST", f"/quotes/{number}/accept", {"version": 1}, **{"Idempotency-Key": "k"})
    rest = door.ask("buyer", "POST", f"/quotes/{number}/accept", {"version": 1, "buyer_po": "PO-9"})

    assert first == again
    assert (first[0], first[1]["order"]["net"], first[1]["order"]["buyer_po"]) == (201, "93", "PO-9")
    assert first[1]["lines"] == [{"line": 1, "qty": "30", "unit_price": "3.1", "net": "93"}]
    assert (other[0], other[1]["code"]) == (422, "request.idempotency_key_reused")
    assert (rest[0], rest[1]["status"], rest[1]["order"]["net"]) == (201, "won", "50.9")
    _, found = door.ask("buyer", "GET", f"/quotes/{number}")
    assert [(one["acceptance"], one["buyer_po"]) for one in found["accepted"]] == [(1, "PO-9"), (2, "PO-9")]
    assert shop.one("select count(*) from sales_order") == (2,)


def test_late_by_a_second_is_answered_by_what_the_offer_says(door: Door, shop: Shop) -> None:
    numbers = {word: door.quoted(on_late=word) for word in ("refuse", "allow", "approve", "reprice")}

    shop.clock.at = datetime(2026, 3, 7, 8, tzinfo=UTC)
    answers = {
        word: door.ask("buyer", "POST", f"/quotes/{number}/accept", {"version": 1}) for word, number in numbers.items()
    }

    assert {word: found[0] for word, found in answers.items()} == {
        "refuse": 409, "allow": 201, "approve": 202, "reprice": 409,
    }  # fmt: skip
    assert answers["refuse"][1]["code"] == "quotes.expired"
    assert (answers["allow"][1]["policy"], answers["approve"][1]["policy"]) == ("allow", "asked")
    assert answers["reprice"][1]["detail_values"] == {"version": 2, "net": "153.22", "net_before": "143.9"}
    agreed = door.ask("rep", "POST", f"/quotes/{numbers['approve']}/late", {"agree": True})
    assert (agreed[0], agreed[1]["status"], agreed[1]["order"]["net"]) == (200, "won", "143.9")


def policy(door: Door, **body: Any) -> None:
    door.shop.wait(seconds=1)
    status, made = door.ask("lea", "POST", "/approval-policies", body)
    assert status == 201, made
    assert door.ask("ada", "POST", f"/approval-policies/{made['id']}/publish", {})[0] == 200


def test_an_offer_that_a_policy_asks_about_goes_out_only_when_somebody_else_agreed(door: Door) -> None:
    policy(door, code="LARGE", name="Large offers", side="seller", condition="net > 100",
           tiers=[{"name": "Head of sales", "any_of": [{"role": "admin"}, {"role": "sales"}]}])  # fmt: skip
    _, asked = door.ask("buyer", "POST", "/quotes", {"account": "ALMA", "lines": [{"item": "CUP", "qty": "40"}]})
    number = asked["number"]

    offered = door.offered(number)
    assert (offered["status"], offered["waits_for"]) == ("approving", ["Head of sales"])
    assert door.ask("rep", "GET", f"/quotes/{number}")[1]["status"] == "approving"
    _, seen = door.ask("buyer", "GET", f"/quotes/{number}")
    assert (seen["status"], seen["versions"]) == ("staged", [])
    listed = {
        one: len(door.ask("buyer", "GET", f"/quotes?status={one}")[1]["quotes"]) for one in ("staged", "approving")
    }
    assert listed == {"staged": 1, "approving": 0}
    assert door.ask("buyer", "GET", "/tasks")[0] == 403
    assert door.ask("buyer", "POST", f"/quotes/{number}/accept", {"version": 1})[0] == 409
    _, own = door.ask("rep", "POST", f"/quotes/{number}/offer/decision", {"approve": True, "reason": "mine"})
    assert own["code"] == "quotes.not_yours_to_decide"
    _, waiting = door.ask("chief", "GET", f"/quotes/{number}/offer")
    _, back = door.ask("chief", "POST", f"/quotes/{number}/offer/decision", {"approve": False, "reason": "too low"})
    assert back["status"] == "staged"
    door.offered(number)
    body = {"approve": True, "reason": "fine", "digest": waiting["waiting"]["digest"]}
    status, agreed = door.ask("chief", "POST", f"/quotes/{number}/offer/decision", body)

    assert (status, agreed["status"], agreed["offered"]) == (200, "offered", 1)
    _, seen = door.ask("buyer", "GET", f"/quotes/{number}")
    assert seen["versions"][0]["digest"] == waiting["waiting"]["digest"]
    assert "Head of sales" not in str(seen)


def test_what_cannot_be_offered_is_refused_with_every_reason(door: Door) -> None:
    _, asked = door.ask("buyer", "POST", "/quotes", {"account": "ALMA", "lines": [{"item": "CUP", "qty": "40"}]})
    lines = [
        {"item": "NOTHING", "qty": "1"},
        {"item": "CUP", "qty": "1", "unit_price": "3"},
        {"item": "CUP", "qty": "1", "min_qty": "2"},
        {"item": "TEA", "qty": "1", "alternative": "alone"},
    ]
    body = {"lines": lines, "valid_until": "2026-03-01", "zone": "UTC", "terms": "NET999"}

    status, found = door.ask("rep", "PUT", f"/quotes/{asked['number']}/offer", body)

    assert status == 422
    assert sorted(one["code"] for one in found["errors"]) == [
        "catalog.unknown_item", "quotes.bad_line", "quotes.bad_line", "quotes.bad_line", "quotes.bad_validity", "quotes.unknown_terms",
    ]  # fmt: skip


def test_accepting_takes_its_locks_in_the_one_order_before_it_writes(door: Door, shop: Shop) -> None:
    number = door.quoted()
    quote_id = shop.one("select id from quote where number = %s", [number])[0]
    recording = RecordingDatabase(shop.url, clock=shop.clock, seed=3)

    recording.write(lambda tx: accept_offer(tx, Accepting(quote_id, 1)))
    recording.close()

    (statements,) = [one for one in recording.transactions if any("quote_acceptance" in each for each in one)]
    assert_locks_before_write(statements, inserted=("sales_order", "stream_instance"))
    shop.turn()


def test_the_same_offer_sent_twice_is_one_version(door: Door) -> None:
    number = door.quoted()

    again = door.ask("rep", "POST", f"/quotes/{number}/offer")
    _, found = door.ask("buyer", "GET", f"/quotes/{number}")

    assert again[0] in (200, 201)
    assert [one["version"] for one in found["versions"]] == [1]
