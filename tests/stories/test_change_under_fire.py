"""Any sequence of changes, reverts, cancels, shipments, goods and money keeps quantities, stock, credit and money exact."""

import os
import random
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from changing import STAFF, ask, second_place, undo
from shop import Shop, open_shop
from tradewind.desk.approvals import Decision, decide_orders
from tradewind.desk.cancel import CancelRequest, LineWish, cancel_orders
from tradewind.desk.cash import Received, record_payments
from tradewind.desk.change import ChangeRequest, preview
from tradewind.desk.stock import Receipt, receive_goods
from tradewind.kernel.tx import Actor
from tradewind.orders.decide.actions import (
    Action,
    AddLine,
    CancelLine,
    CorrectPo,
    MoveDate,
    MovePlace,
    OverridePrice,
    PinSite,
    RepriceLine,
    SetQuantity,
    SwapItem,
)
from tradewind.streams.backorders import BackorderCrank

SEEDS = int(os.environ.get("SEEDS", "6"))
STEPS = 14
STOCK = {("cup", "north"): "40", ("cup", "south"): "15", ("tea", "north"): "30", ("gift", "south"): "6"}
DEARER = """
update price set valid_to = %(now)s where product_id = %(cup)s and valid_to is null;
insert into price (id, list_id, product_id, uom, tier_from, tier_price, valid_from)
values (gen_random_uuid(), %(list)s, %(cup)s, 'EA', '{1,20}', '{3.5,3.25}', %(now)s)
"""


def everything(shop: Shop, order: UUID) -> dict[str, Any]:
    """What a revert has to restore: what is wanted, at what price, where and when, and what it comes to."""
    head = shop.one(
        "select buyer_po, net_total, charge_total, tax_total, total, credit_taken, content_hash from sales_order where id = %s",
        [order],
    )
    lines = shop.all(
        "select line_no, qty_ordered - qty_cancelled, case when qty_ordered > qty_cancelled then group_no end, unit_price, net, tax, "
        "m.site_id from order_line l left join changed_line m using (order_id, line_no) "
        "where order_id = %s and qty_ordered > qty_cancelled order by 1",
        [order],
    )
    groups = shop.all(
        "select g.group_no, g.ship_to ->> 'code', g.requested_at from delivery_group g where g.order_id = %s and exists (select "
        "from order_line l where l.order_id = g.order_id and l.group_no = g.group_no and l.qty_ordered > 0) order by 1",
        [order],
    )
    stock = shop.all("select product_id, sum(reserved + allocated) from stock group by 1 order by 1")
    return {"head": head, "lines": lines, "groups": groups, "stock": stock}


class Fire:
    """A shop with a few orders, and everything that happens to them."""

    def __init__(self, shop: Shop, seed: int) -> None:
        self.shop, self.dice = shop, random.Random(seed)
        self.backorders = BackorderCrank(shop.database)
        self.said: list[str] = []
        self.anna = shop.database.ids.new()
        insert = "insert into principal (id, kind, login, name, created_at) values (%s, 'staff', 'anna', 'Anna', now())"
        shop.database.write(lambda tx: tx.run(insert, [self.anna]))
        if seed % 3 == 2:  # some companies approve what is large
            shop.database.write(lambda tx: tx.run("update account set approval_above = 60 where code = 'ALMA'"))
        self.orders = [self.place() for _ in range(2)]

    def place(self) -> UUID:
        later = self.shop.clock.at + timedelta(days=self.dice.choice((0, 4)))
        lines = [("CUP", str(self.dice.randint(5, 25))), ("TEA", str(self.dice.randint(1, 9)))]
        charges = (("FREIGHT", "7.50"),) if self.dice.random() < 0.5 else ()
        return self.shop.order(*lines, charges=charges, requested=later if self.dice.random() < 0.5 else None)

    def action(self) -> Action:
        line, dice = self.dice.randint(1, 3), self.dice
        later = self.shop.clock.at + timedelta(days=dice.randint(1, 20))
        return dice.choice(
            (
                lambda: SetQuantity(line, Decimal(dice.randint(0, 40))),
                lambda: SetQuantity(line, Decimal(dice.randint(5, 30))),
                lambda: SetQuantity(1, Decimal(dice.randint(1, 30))),
                lambda: CancelLine(line, dice.choice((None, Decimal(2)))),
                lambda: SwapItem(line, dice.choice(("GIFT", "TEA", "CUP"))),
                lambda: AddLine(dice.choice(("GIFT", "TEA", "CUP", "ENGRAVE")), Decimal(dice.randint(1, 6))),
                lambda: MoveDate(dice.choice((later, None)), dice.choice((None, line))),
                lambda: MovePlace(dice.choice(("HQ", "DEPOT")), dice.choice((None, line))),
                lambda: PinSite(line, dice.choice(("N", "S", None))),
                lambda: OverridePrice(line, Decimal(dice.randint(1, 500)) / 100, "a deal"),
                lambda: RepriceLine(line),
                lambda: CorrectPo(f"PO {dice.randint(1, 10_000)}"),
            )
        )()

    def change(self, order: UUID) -> None:
        """Preview, change, and now and then take it back at once: then everything is as it was."""
        actions = tuple(self.action() for _ in range(self.dice.randint(1, 3)))
        request = ChangeRequest(order, actions, "they called", may=STAFF)
        before = everything(self.shop, order)
        (told,) = self.shop.database.write(lambda tx: preview(tx, [request]))
        assert everything(self.shop, order) == before
        done = ask(self.shop, order, *actions)
        self.said.append(f"{actions} -> {[one.verdict for one in done.answers]}")
        assert (told.answers, told.status, told.consequences) == (done.answers, done.status, done.consequences)
        if done.change_id is None:
            assert everything(self.shop, order) == before
        elif self.dice.random() < 0.5 and done.status not in ("cancelled", "closed"):
            self.take_back(order, done, before)

    def take_back(self, order: UUID, done: Any, before: dict[str, Any]) -> None:
        back = undo(self.shop, order, done)
        self.said.append(f"taken back {[(one.verb, one.verdict) for one in back.answers]}")
        asked = any(one.asked_back for one in (*done.answers, *back.answers)) or "asked" in str(done.consequences)
        if not asked and all(one.verdict == "accepted" for one in back.answers) and back.status != "held":
            assert everything(self.shop, order) == before, self.said[-4:]

    def cancel(self, order: UUID) -> None:
        wish = LineWish(self.dice.randint(1, 2), Decimal(self.dice.randint(1, 3)))
        self.shop.database.write(lambda tx: cancel_orders(tx, [CancelRequest(order, "no need", (wish,))]))

    def ship(self, order: UUID) -> None:
        """The warehouse ships all, less, or nothing of the oldest that it has."""
        for shipment in self.shop.shipments(order)[:1]:
            lines = self.shop.all(
                "select line_no, qty_released from shipment_line where shipment_id = %s order by 1", [shipment]
            )
            how = self.dice.choice(("all", "all", "short", "refused"))
            if how == "refused":
                self.shop.ship(shipment, outcome="refused", reason="closed today")
            elif how == "short":
                said = [
                    {"line": line, "shipped": str(self.dice.randint(0, int(qty))), "reason": "not there"}
                    for line, qty in lines
                ]
                if any(one["shipped"] != "0" for one in said):
                    self.shop.ship(shipment, lines=said)
            else:
                self.shop.ship(shipment)

    def receive(self, order: UUID) -> None:
        wanted = Receipt("N", self.dice.choice(("CUP", "TEA", "GIFT")), Decimal(self.dice.randint(1, 20)))
        self.shop.database.write(lambda tx: receive_goods(tx, [wanted]))

    def pay(self, order: UUID) -> None:
        amount = Decimal(self.dice.randint(1, 9_000)) / 100
        key = f"pay {self.dice.random()}"
        self.shop.database.write(
            lambda tx: record_payments(tx, [Received("ALMA", amount, "EUR", "transfer", None, None, key)])
        )

    def dearer(self, order: UUID) -> None:
        """Cups cost something else from now on, and less by the score."""
        self.shop.wait(hours=1)
        if self.shop.one("select count(*) from price where product_id = %s", [self.shop.id["cup"]])[0] == 1:
            params = {"now": self.shop.clock.at, "cup": self.shop.id["cup"], "list": self.shop.id["list"]}
            for statement in DEARER.split(";\n"):
                self.shop.database.write(lambda tx, one=statement: tx.connection.execute(one, params))

    def limit(self, order: UUID) -> None:
        amount = self.dice.choice((100, 200, 100_000))
        self.shop.database.write(
            lambda tx: tx.run(
                "update credit_node set credit_limit = greatest(%s, open_orders + receivables - unapplied)", [amount]
            )
        )

    def approve(self, order: UUID) -> None:
        """Whatever waits is decided, mostly for it."""
        said = Decision(order, self.dice.random() < 0.9, "looked at")
        actor = Actor(self.anna, "anna", "api")
        self.shop.database.write(lambda tx: decide_orders(tx, [said], roles={"approver"}), actor=actor)

    def wait(self, order: UUID) -> None:
        self.shop.wait(days=self.dice.randint(1, 4))

    def step(self) -> None:
        acts: tuple[Callable[[UUID], None], ...] = (
            self.change, self.change, self.change, self.change, self.ship, self.ship, self.cancel, self.receive, self.pay,
            self.dearer, self.limit, self.wait, self.approve,
        )  # fmt: skip
        act, order = self.dice.choice(acts), self.dice.choice(self.orders)
        self.said.append(act.__name__)
        act(order)
        if self.dice.random() < 0.6:
            self.shop.turn()
            self.backorders.turn_until_idle()
            self.shop.turn()


@pytest.mark.parametrize("seed", range(SEEDS))
def test_everything_stays_exact(seed: int, owner_url: str) -> None:
    shop = open_shop(owner_url, stock=STOCK)
    second_place(shop)
    fire = Fire(shop, seed)

    for _ in range(STEPS):
        fire.step()
        try:
            shop.verify()
        except AssertionError as broken:
            raise AssertionError("\n".join([*fire.said[-8:], str(broken)])) from None

    shop.database.close()
