"""Every action on an order in every state: what is answered, and where the units are at once after.

Two lines: ten cups (what the actions name) and four teas. "10: 7 open 3 cancelled" is a line of ten with seven still open.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from changing import STATES, actions, ask_in, second_place, status_in, units_in, verdict
from shop import Shop, open_shop

STOCK = {("cup", "north"): "100", ("cup", "south"): "50", ("tea", "north"): "100", ("gift", "north"): "9"}
TABLE = """
open         | raise        | accepted                             | released     | 12: 12 open; 4: 4 released
open         | cut          | accepted                             | released     | 10: 7 open 3 cancelled; 4: 4 released
open         | cut more     | accepted                             | released     | 10: 2 open 8 cancelled; 4: 4 released
open         | cancel line  | accepted                             | released     | 10: 10 cancelled; 4: 4 released
open         | cancel order | changed orders.asked_back            | released     | 10: 10 cancelled; 4: 4 released
open         | swap         | accepted                             | released     | 10: 10 cancelled; 4: 4 released; 10: 1 open 9 allocated
open         | add          | accepted                             | released     | 10: 10 open; 4: 4 released; 2: 2 allocated
open         | date         | changed orders.handed_over           | released     | 10: 10 open; 4: 4 released
open         | line's date  | accepted                             | released     | 10: 10 open; 4: 4 released
open         | place        | changed orders.handed_over           | released     | 10: 10 open; 4: 4 released
open         | site         | accepted                             | released     | 10: 10 open; 4: 4 released
open         | price        | accepted                             | released     | 10: 10 open; 4: 4 released
open         | reprice      | accepted                             | released     | 10: 10 open; 4: 4 released
open         | number       | accepted                             | released     | 10: 10 open; 4: 4 released
reserved     | raise        | accepted                             | held         | 12: 12 reserved; 4: 4 reserved
reserved     | cut          | accepted                             | held         | 10: 7 reserved 3 cancelled; 4: 4 reserved
reserved     | cut more     | accepted                             | held         | 10: 2 reserved 8 cancelled; 4: 4 reserved
reserved     | cancel line  | accepted                             | confirmed    | 10: 10 cancelled; 4: 4 allocated
reserved     | cancel order | accepted                             | cancelled    | 10: 10 cancelled; 4: 4 cancelled
reserved     | swap         | accepted                             | backordered  | 10: 10 cancelled; 4: 4 allocated; 10: 1 open 9 allocated
reserved     | add          | accepted                             | held         | 10: 10 reserved; 4: 4 reserved; 2: 2 reserved
reserved     | date         | accepted                             | held         | 10: 10 reserved; 4: 4 reserved
reserved     | line's date  | accepted                             | held         | 10: 10 reserved; 4: 4 reserved
reserved     | place        | accepted                             | held         | 10: 10 reserved; 4: 4 reserved
reserved     | site         | accepted                             | held         | 10: 10 reserved; 4: 4 reserved
reserved     | price        | accepted                             | held         | 10: 10 reserved; 4: 4 reserved
reserved     | reprice      | accepted                             | held         | 10: 10 reserved; 4: 4 reserved
reserved     | number       | accepted                             | held         | 10: 10 reserved; 4: 4 reserved
allocated    | raise        | accepted                             | confirmed    | 12: 12 allocated; 4: 4 allocated
allocated    | cut          | accepted                             | confirmed    | 10: 7 allocated 3 cancelled; 4: 4 allocated
allocated    | cut more     | accepted                             | confirmed    | 10: 2 allocated 8 cancelled; 4: 4 allocated
allocated    | cancel line  | accepted                             | confirmed    | 10: 10 cancelled; 4: 4 allocated
allocated    | cancel order | accepted                             | cancelled    | 10: 10 cancelled; 4: 4 cancelled
allocated    | swap         | accepted                             | backordered  | 10: 10 cancelled; 4: 4 allocated; 10: 1 open 9 allocated
allocated    | add          | accepted                             | confirmed    | 10: 10 allocated; 4: 4 allocated; 2: 2 allocated
allocated    | date         | accepted                             | confirmed    | 10: 10 allocated; 4: 4 allocated
allocated    | line's date  | accepted                             | confirmed    | 10: 10 allocated; 4: 4 allocated
allocated    | place        | accepted                             | confirmed    | 10: 10 allocated; 4: 4 allocated
allocated    | site         | accepted                             | confirmed    | 10: 10 allocated; 4: 4 allocated
allocated    | price        | accepted                             | confirmed    | 10: 10 allocated; 4: 4 allocated
allocated    | reprice      | accepted                             | confirmed    | 10: 10 allocated; 4: 4 allocated
allocated    | number       | accepted                             | confirmed    | 10: 10 allocated; 4: 4 allocated
released     | raise        | accepted                             | released     | 12: 2 allocated 10 released; 4: 4 released
released     | cut          | changed orders.asked_back asked 3    | released     | 10: 10 released; 4: 4 released
released     | cut more     | changed orders.asked_back asked 8    | released     | 10: 10 released; 4: 4 released
released     | cancel line  | changed orders.asked_back asked 10   | released     | 10: 10 released; 4: 4 released
released     | cancel order | changed orders.asked_back            | released     | 10: 10 released; 4: 4 released
released     | swap         | rejected orders.handed_over          | released     | 10: 10 released; 4: 4 released
released     | add          | accepted                             | released     | 10: 10 released; 4: 4 released; 2: 2 allocated
released     | date         | rejected orders.handed_over          | released     | 10: 10 released; 4: 4 released
released     | line's date  | rejected orders.handed_over          | released     | 10: 10 released; 4: 4 released
released     | place        | rejected orders.handed_over          | released     | 10: 10 released; 4: 4 released
released     | site         | rejected orders.handed_over          | released     | 10: 10 released; 4: 4 released
released     | price        | accepted                             | released     | 10: 10 released; 4: 4 released
released     | reprice      | accepted                             | released     | 10: 10 released; 4: 4 released
released     | number       | accepted                             | released     | 10: 10 released; 4: 4 released
part shipped | raise        | accepted                             | part_shipped | 12: 6 allocated 6 shipped; 4: 4 shipped
part shipped | cut          | accepted                             | part_shipped | 10: 1 open 6 shipped 3 cancelled; 4: 4 shipped
part shipped | cut more     | changed orders.handed_over           | shipped      | 10: 6 shipped 4 cancelled; 4: 4 shipped
part shipped | cancel line  | changed orders.handed_over           | shipped      | 10: 6 shipped 4 cancelled; 4: 4 shipped
part shipped | cancel order | changed orders.handed_over           | shipped      | 10: 6 shipped 4 cancelled; 4: 4 shipped
part shipped | swap         | accepted                             | part_shipped | 10: 6 shipped 4 cancelled; 4: 4 shipped; 4: 4 allocated
part shipped | add          | accepted                             | part_shipped | 10: 4 allocated 6 shipped; 4: 4 shipped; 2: 2 allocated
part shipped | date         | accepted                             | part_shipped | 10: 4 allocated 6 shipped; 4: 4 shipped
part shipped | line's date  | accepted                             | part_shipped | 10: 4 allocated 6 shipped; 4: 4 shipped
part shipped | place        | accepted                             | part_shipped | 10: 4 allocated 6 shipped; 4: 4 shipped
part shipped | site         | accepted                             | part_shipped | 10: 4 allocated 6 shipped; 4: 4 shipped
part shipped | price        | rejected orders.billed_already       | part_shipped | 10: 4 open 6 shipped; 4: 4 shipped
part shipped | reprice      | rejected orders.billed_already       | part_shipped | 10: 4 open 6 shipped; 4: 4 shipped
part shipped | number       | accepted                             | part_shipped | 10: 4 open 6 shipped; 4: 4 shipped
invoiced     | raise        | accepted                             | part_shipped | 12: 2 allocated 10 shipped; 4: 4 shipped
invoiced     | cut          | rejected orders.handed_over          | shipped      | 10: 10 shipped; 4: 4 shipped
invoiced     | cut more     | rejected orders.handed_over          | shipped      | 10: 10 shipped; 4: 4 shipped
invoiced     | cancel line  | rejected orders.handed_over          | shipped      | 10: 10 shipped; 4: 4 shipped
invoiced     | cancel order | rejected orders.handed_over          | shipped      | 10: 10 shipped; 4: 4 shipped
invoiced     | swap         | rejected orders.nothing_left         | shipped      | 10: 10 shipped; 4: 4 shipped
invoiced     | add          | accepted                             | part_shipped | 10: 10 shipped; 4: 4 shipped; 2: 2 allocated
invoiced     | date         | rejected orders.nothing_left         | shipped      | 10: 10 shipped; 4: 4 shipped
invoiced     | line's date  | rejected orders.nothing_left         | shipped      | 10: 10 shipped; 4: 4 shipped
invoiced     | place        | rejected orders.nothing_left         | shipped      | 10: 10 shipped; 4: 4 shipped
invoiced     | site         | rejected orders.nothing_left         | shipped      | 10: 10 shipped; 4: 4 shipped
invoiced     | price        | rejected orders.billed_already       | shipped      | 10: 10 shipped; 4: 4 shipped
invoiced     | reprice      | rejected orders.billed_already       | shipped      | 10: 10 shipped; 4: 4 shipped
invoiced     | number       | accepted                             | shipped      | 10: 10 shipped; 4: 4 shipped
held         | raise        | accepted                             | held         | 12: 12 reserved; 4: 4 reserved
held         | cut          | accepted                             | held         | 10: 7 allocated 3 cancelled; 4: 4 allocated
held         | cut more     | accepted                             | held         | 10: 2 allocated 8 cancelled; 4: 4 allocated
held         | cancel line  | accepted                             | held         | 10: 10 cancelled; 4: 4 allocated
held         | cancel order | accepted                             | cancelled    | 10: 10 cancelled; 4: 4 cancelled
held         | swap         | accepted                             | held         | 10: 10 cancelled; 4: 4 reserved; 10: 1 open 9 reserved
held         | add          | accepted                             | held         | 10: 10 reserved; 4: 4 reserved; 2: 2 reserved
held         | date         | accepted                             | held         | 10: 10 reserved; 4: 4 reserved
held         | line's date  | accepted                             | held         | 10: 10 reserved; 4: 4 reserved
held         | place        | accepted                             | held         | 10: 10 reserved; 4: 4 reserved
held         | site         | accepted                             | held         | 10: 10 reserved; 4: 4 reserved
held         | price        | accepted                             | held         | 10: 10 reserved; 4: 4 reserved
held         | reprice      | accepted                             | held         | 10: 10 reserved; 4: 4 reserved
held         | number       | accepted                             | held         | 10: 10 allocated; 4: 4 allocated
approval     | raise        | accepted                             | held         | 12: 12 reserved; 4: 4 reserved
approval     | cut          | accepted                             | held         | 10: 7 reserved 3 cancelled; 4: 4 reserved
approval     | cut more     | accepted                             | held         | 10: 2 reserved 8 cancelled; 4: 4 reserved
approval     | cancel line  | accepted                             | held         | 10: 10 cancelled; 4: 4 reserved
approval     | cancel order | accepted                             | cancelled    | 10: 10 cancelled; 4: 4 cancelled
approval     | swap         | accepted                             | held         | 10: 10 cancelled; 4: 4 reserved; 10: 1 open 9 reserved
approval     | add          | accepted                             | held         | 10: 10 reserved; 4: 4 reserved; 2: 2 reserved
approval     | date         | accepted                             | held         | 10: 10 reserved; 4: 4 reserved
approval     | line's date  | accepted                             | held         | 10: 10 reserved; 4: 4 reserved
approval     | place        | accepted                             | held         | 10: 10 reserved; 4: 4 reserved
approval     | site         | accepted                             | held         | 10: 10 reserved; 4: 4 reserved
approval     | price        | accepted                             | held         | 10: 10 reserved; 4: 4 reserved
approval     | reprice      | accepted                             | held         | 10: 10 reserved; 4: 4 reserved
approval     | number       | accepted                             | held         | 10: 10 reserved; 4: 4 reserved
cancelled    | raise        | orders.order_over                    | cancelled    | 10: 10 cancelled; 4: 4 cancelled
cancelled    | cut          | orders.order_over                    | cancelled    | 10: 10 cancelled; 4: 4 cancelled
cancelled    | cut more     | orders.order_over                    | cancelled    | 10: 10 cancelled; 4: 4 cancelled
cancelled    | cancel line  | orders.order_over                    | cancelled    | 10: 10 cancelled; 4: 4 cancelled
cancelled    | cancel order | orders.order_over                    | cancelled    | 10: 10 cancelled; 4: 4 cancelled
cancelled    | swap         | orders.order_over                    | cancelled    | 10: 10 cancelled; 4: 4 cancelled
cancelled    | add          | orders.order_over                    | cancelled    | 10: 10 cancelled; 4: 4 cancelled
cancelled    | date         | orders.order_over                    | cancelled    | 10: 10 cancelled; 4: 4 cancelled
cancelled    | line's date  | orders.order_over                    | cancelled    | 10: 10 cancelled; 4: 4 cancelled
cancelled    | place        | orders.order_over                    | cancelled    | 10: 10 cancelled; 4: 4 cancelled
cancelled    | site         | orders.order_over                    | cancelled    | 10: 10 cancelled; 4: 4 cancelled
cancelled    | price        | orders.order_over                    | cancelled    | 10: 10 cancelled; 4: 4 cancelled
cancelled    | reprice      | orders.order_over                    | cancelled    | 10: 10 cancelled; 4: 4 cancelled
cancelled    | number       | orders.order_over                    | cancelled    | 10: 10 cancelled; 4: 4 cancelled
closed       | raise        | orders.order_over                    | closed       | 10: 10 shipped; 4: 4 shipped
closed       | cut          | orders.order_over                    | closed       | 10: 10 shipped; 4: 4 shipped
closed       | cut more     | orders.order_over                    | closed       | 10: 10 shipped; 4: 4 shipped
closed       | cancel line  | orders.order_over                    | closed       | 10: 10 shipped; 4: 4 shipped
closed       | cancel order | orders.order_over                    | closed       | 10: 10 shipped; 4: 4 shipped
closed       | swap         | orders.order_over                    | closed       | 10: 10 shipped; 4: 4 shipped
closed       | add          | orders.order_over                    | closed       | 10: 10 shipped; 4: 4 shipped
closed       | date         | orders.order_over                    | closed       | 10: 10 shipped; 4: 4 shipped
closed       | line's date  | orders.order_over                    | closed       | 10: 10 shipped; 4: 4 shipped
closed       | place        | orders.order_over                    | closed       | 10: 10 shipped; 4: 4 shipped
closed       | site         | orders.order_over                    | closed       | 10: 10 shipped; 4: 4 shipped
closed       | price        | orders.order_over                    | closed       | 10: 10 shipped; 4: 4 shipped
closed       | reprice      | orders.order_over                    | closed       | 10: 10 shipped; 4: 4 shipped
closed       | number       | orders.order_over                    | closed       | 10: 10 shipped; 4: 4 shipped
"""
CELLS = [tuple(part.strip() for part in row.split("|")) for row in TABLE.strip().splitlines()]


@pytest.fixture(scope="module", params=STATES)
def placed(request: pytest.FixtureRequest, _clones: Any, server: Any) -> Iterator[tuple[str, Shop, Any]]:
    """A shop with an order in one state; every action is tried on it and taken back."""
    name = _clones.take()
    shop = open_shop(server.url(name), stock=STOCK)
    second_place(shop)
    yield request.param, shop, STATES[request.param](shop)
    shop.verify()
    shop.database.close()
    _clones.given_back.append(name)


def test_each_action_is_answered_as_the_state_allows(placed: tuple[str, Shop, Any]) -> None:
    state, shop, order = placed
    wanted = [cell for cell in CELLS if cell[0] == state]

    found = []
    for name, action in actions(shop).items():
        with shop.trying() as tx:
            answer = ask_in(tx, order, action)
            found.append((state, name, verdict(answer), status_in(tx, order), units_in(tx, order)))

    assert found == wanted


def test_the_table_has_every_state_and_every_action() -> None:
    names = {name: len([cell for cell in CELLS if cell[0] == name]) for name in STATES}

    assert names == dict.fromkeys(STATES, 14)
