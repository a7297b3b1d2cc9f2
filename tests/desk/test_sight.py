"""What agents may do and see by the actions of their mandates, and what buyers read of limits that are not theirs."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest

from edge_client import EdgeClient
from shop import Shop
from tradewind.access.commands.keys import NewKey, create_keys
from tradewind.access.commands.mandates import NewMandate, grant_mandates, revoke_mandates
from tradewind.access.commands.principals import NewPrincipal, create_principals
from tradewind.access.model import Kind
from tradewind.app.http import create_app
from tradewind.app.settings import read_settings
from tradewind.channels.intake import start_combiner

ORDERS = "/api/v1/orders"
WANTED = {"account": "ALMA", "buyer_po": "PO-1", "lines": [{"item": "CUP", "qty": "10"}]}
People = dict[str, tuple[str, UUID]]


@pytest.fixture
def people(shop: Shop) -> People:
    """Key and id of each."""
    wanted = [
        NewPrincipal(Kind.STAFF, "admin@x.example", "admin", frozenset({"admin"}), frozenset()),
        NewPrincipal(Kind.BUYER, "buyer@x.example", "buyer", frozenset({"buyer"}), frozenset([shop.id["alma"]])),
        NewPrincipal(Kind.AGENT, "bot@x.example", "bot", frozenset({"agent"}), frozenset()),
    ]

    def make(tx: Any) -> People:
        made = create_principals(tx, wanted)
        keys = create_keys(tx, [NewKey(one, "test") for one in made if isinstance(one, UUID)])
        return {new.name: (key.key, one) for new, key, one in zip(wanted, keys, made, strict=True)}

    return shop.database.write(make)


@pytest.fixture
def client(shop: Shop) -> Iterator[EdgeClient]:
    combiner = start_combiner(shop.database)
    with EdgeClient(create_app(shop.database, read_settings({}), combiner)) as opened:
        yield opened
    combiner.close()


@pytest.fixture
def mandate(shop: Shop, people: People) -> Callable[..., UUID]:
    """Lets the bot do these actions for an account."""

    def grant(account: str, *actions: str) -> UUID:
        new = NewMandate("bot@x.example", shop.id[account], frozenset(actions))
        (found,) = shop.database.write(lambda tx: grant_mandates(tx, [new], granted_by=people["admin"][1]))
        assert isinstance(found, UUID)
        return found

    return grant


def test_an_agent_that_may_read_and_not_change_stops_no_order(shop, people, client, mandate):
    order, other = shop.order(("CUP", "1")), shop.order(("CUP", "1"), account="BELA")
    bot = people["bot"][0]
    wish = {"kind": "customer", "reason": "wait"}
    mandate("alma", "orders.read")
    mandate("bela", "orders.read", "orders.change")

    refused = client.post(f"{ORDERS}/{order}/holds", json=wish, key=bot)

    assert (refused.status_code, refused.json()["code"]) == (403, "access.mandate_lacks_action")
    assert shop.one("select count(*) from order_hold") == (0,)
    assert client.post(f"{ORDERS}/{other}/holds", json=wish, key=bot).status_code == 201


@pytest.mark.parametrize("path", [ORDERS, f"{ORDERS}/preview"])
def test_an_account_whose_mandate_names_another_action_is_none_for_an_agent(shop, people, client, mandate, path):
    client.post(ORDERS, json=WANTED, key=people["buyer"][0])
    mandate("alma", "stock.read")
    mandate("bela", "orders.place", "orders.preview")

    known = client.post(path, json=WANTED, key=people["bot"][0])
    missing = client.post(path, json={**WANTED, "account": "NONE"}, key=people["bot"][0])

    assert (known.status_code, known.json()["code"]) == (404, "accounts.unknown")
    assert known.content.replace(b"ALMA", b"NONE") == missing.content
    assert shop.one("select count(*) from sales_order") == (1,)


def test_a_repeated_request_shows_no_order_of_an_account_that_was_taken_away(shop, people, client, mandate):
    bot, once = people["bot"][0], {"Idempotency-Key": "k-1"}
    given = mandate("alma", "orders.place")
    mandate("bela", "orders.place")
    placed = client.post(ORDERS, json=WANTED, key=bot, headers=once)
    assert client.post(ORDERS, json=WANTED, key=bot, headers=once).json()["id"] == placed.json()["id"]
    shop.database.write(lambda tx: revoke_mandates(tx, [given], accounts=None))

    again = client.post(ORDERS, json=WANTED, key=bot, headers=once)

    assert (placed.status_code, again.status_code, again.json()["code"]) == (201, 404, "access.not_found")


def test_figures_of_a_limit_are_for_the_house_only(shop, people, client):
    shop.database.write(lambda tx: tx.run("update credit_node set credit_limit = 12.34"))
    buyer, admin = people["buyer"][0], people["admin"][0]

    placed = client.post(ORDERS, json=WANTED, key=buyer)

    order = placed.json()
    outside = [
        placed,
        client.post(ORDERS, json=WANTED, key=buyer),
        client.post(f"{ORDERS}/preview", json={**WANTED, "buyer_po": "PO-2"}, key=buyer),
        client.get(f"{ORDERS}/{order['id']}", key=buyer),
        client.get(ORDERS, key=buyer),
    ]
    assert [one.status_code for one in outside] == [201, 201, 200, 200, 200]
    for one in outside:
        assert "over the credit limit" in one.text
        assert "12.34" not in one.text
        assert "27.32" not in one.text
        assert "detail" not in one.text
    (hold,) = client.get(f"{ORDERS}/{order['id']}", key=admin).json()["holds"]
    figures = hold["detail"]["detail"]
    assert (hold["reason"], figures["reason"], figures["short_by"]) == (
        "over the credit limit",
        "39.66 EUR asked, 12.34 of 12.34 free",
        "27.32",
    )
    (said,) = shop.one("select payload -> 'holds' -> 0 ->> 'reason' from event where type = 'order.held'")
    assert said == "over the credit limit"
