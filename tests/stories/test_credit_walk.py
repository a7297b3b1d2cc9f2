"""Whatever the credit desk, the buyers, the warehouse and the bank do, in any order: limits, units, money and the ledger stay exact."""

import random
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from shop import Shop, open_shop
from tradewind.billing.commands.terms import put_terms
from tradewind.billing.model import CreditWish, DueRule, Terms, TermsPart
from tradewind.credit.model import Policy
from tradewind.desk.bounces import Bounce, bounce_payments
from tradewind.desk.cancel import CancelRequest, LineWish, cancel_orders
from tradewind.desk.cash import Received, record_payments
from tradewind.desk.credit_policy import change_policy
from tradewind.desk.credit_release import PartWish, release_parts
from tradewind.desk.credit_requests import ReleaseWish, TemporaryWish, decide, propose
from tradewind.desk.credits import CreditRequest, credit_invoices
from tradewind.desk.limits import LimitChange, change_limits
from tradewind.desk.refunds import Refund, refund_payments
from tradewind.kernel.problem import Problem, Refused
from tradewind.kernel.tx import Actor

D = Decimal
STEPS = 45
TERMS = (
    Terms("NET30", "net", DueRule(30)),
    Terms("2/10", "early", DueRule(30), discount_percent=D(2), discount_days=10),
    Terms(
        "3P", "parts", DueRule(), parts=tuple(TermsPart(D(one), DueRule(days)) for one, days in ((50, 10), (50, 40)))
    ),
    Terms("EOM", "month", DueRule(0, "last")),
    Terms("DEP", "deposit", DueRule(30), prepay_percent=D(30)),
)


class Walk:
    """One company and a dice; every step is something somebody does."""

    def __init__(self, shop: Shop, dice: random.Random) -> None:
        self.shop, self.dice = shop, dice
        self.desk: list[Actor] = []
        text = "insert into principal (id, kind, login, name, created_at) values (%s, 'staff', %s, 'x', now())"
        for login in ("anna", "boris"):
            (one,) = shop.database.ids.many(1)
            shop.database.write(lambda tx, one=one, login=login: tx.run(text, [one, login]))
            self.desk.append(Actor(one, login, "api"))
        shop.database.write(lambda tx: [put_terms(tx, terms) for terms in TERMS])
        shop.database.write(lambda tx: tx.run("update credit_authority set alone_up_to = 20"))

    def do(self, work: Callable[[Any], Any], by: Actor | None = None) -> Any:
        try:
            found = self.shop.database.write(work, **({"actor": by} if by else {}))
        except Refused as refused:
            found = refused.problems[0]
        self.shop.turn()
        return found

    def some(self, sql: str) -> Any:
        rows = self.shop.all(sql)
        return self.dice.choice(rows)[0] if rows else None

    def step(self) -> None:
        dice = self.dice
        dice.choice(
            (self.place, self.place, self.place, self.ship, self.ship, self.pay, self.pay, self.part, self.part, self.limit,
             self.bounce, self.cancel, self.over, self.confirm, self.temporary, self.refund, self.note, self.policy,
             self.terms, self.time)
        )()  # fmt: skip

    def place(self) -> None:
        lines = [(item, str(self.dice.randint(1, 12))) for item in self.dice.sample(("CUP", "TEA", "ENGRAVE"), 2)]
        more: dict[str, Any] = {
            "ship_policy": self.dice.choice(("partial", "partial", "line_complete", "ship_complete"))
        }
        if self.dice.random() < 0.2:
            more["charges"] = (("FREIGHT", "5.00"),)
        if self.dice.random() < 0.3:
            more["requested"] = self.shop.clock.at + timedelta(days=self.dice.randint(1, 60))
        self.shop.order(*lines, **more)

    def ship(self) -> None:
        shipment = self.some("select id from shipment where status = 'released'")
        if shipment is None:
            return
        said: dict[str, Any] = {}
        if self.dice.random() < 0.2:
            line, qty = self.shop.one(
                "select line_no, qty_released from shipment_line where shipment_id = %s", [shipment]
            )
            said["lines"] = [{"line": line, "shipped": str(qty - 1), "reason": "broken"}]
        self.shop.ship(shipment, **said)

    def pay(self) -> None:
        amount = D(self.dice.randint(1, 8000)).scaleb(-2)
        self.do(lambda tx: record_payments(tx, [Received("ALMA", amount, "EUR")]))

    def held(self) -> UUID | None:
        found: UUID | None = self.some("select order_id from order_hold where released_at is null and kind = 'credit'")
        return found

    def part(self) -> None:
        if (order := self.held()) is not None:
            self.do(lambda tx: release_parts(tx, [PartWish(order, "it fits")]))

    def limit(self) -> None:
        amount = D(self.dice.choice((0, 30, 60, 120, 400)))
        self.do(lambda tx: change_limits(tx, [LimitChange(self.shop.id["alma"], amount, "reviewed")]))

    def bounce(self) -> None:
        if (number := self.some("select number from payment where bounced_at is null")) is not None:
            self.do(lambda tx: bounce_payments(tx, [Bounce(number, "no funds")]))

    def cancel(self) -> None:
        order = self.some("select id from sales_order where status not in ('closed', 'cancelled')")
        if order is not None:
            wish = (
                CancelRequest(order, "less", (LineWish(1, D(1)),))
                if self.dice.random() < 0.7
                else CancelRequest(order, "no")
            )
            self.do(lambda tx: cancel_orders(tx, [wish]))

    def over(self) -> None:
        if (order := self.held()) is not None:
            self.do(lambda tx: propose(tx, ReleaseWish(order, "season"), roles={"credit_desk"}), self.desk[0])

    def confirm(self) -> None:
        if (request := self.some("select id from credit_request where status = 'open'")) is not None:
            yes = self.dice.random() < 0.8
            self.do(lambda tx: decide(tx, request, confirm=yes, reason="seen", roles={"credit_desk"}), self.desk[1])

    def temporary(self) -> None:
        until = self.shop.clock.at + timedelta(days=self.dice.randint(1, 20))
        wish = TemporaryWish(self.shop.id["alma"], D(self.dice.choice((10, 50))), until, "fair")
        self.do(lambda tx: propose(tx, wish, roles={"credit_desk"}), self.desk[0])

    def refund(self) -> None:
        if (number := self.some("select number from payment where bounced_at is null")) is not None:
            self.do(lambda tx: refund_payments(tx, [Refund(number, "spare")]))

    def note(self) -> None:
        if (number := self.some("select number from invoice where kind = 'invoice'")) is not None:
            wish = CreditRequest(number, (CreditWish(1, amount=D("0.50")),))
            self.do(lambda tx: credit_invoices(tx, [wish]))

    def policy(self) -> None:
        minds = self.dice.choice(
            (
                Policy(),
                Policy(overdue_days=3),
                Policy(checks_release=True, blocks_returned=True, blocks_release=True),
                Policy(checks_submit=False, checks_release=True),
                Policy(horizon_days=20),
            )
        )
        self.do(lambda tx: change_policy(tx, self.shop.id["alma"], minds, reason="reviewed"))

    def terms(self) -> None:
        code = self.dice.choice(TERMS).code
        self.do(lambda tx: tx.run("update account set terms_code = %s where code = 'ALMA'", [code]))

    def time(self) -> None:
        self.shop.wait(days=self.dice.randint(1, 12))
        self.shop.turn()


@pytest.fixture
def shop(owner_url: str) -> Iterator[Shop]:
    opened = open_shop(owner_url, stock={("cup", "north"): "60", ("cup", "south"): "400", ("tea", "north"): "400"})
    yield opened
    opened.database.close()


@pytest.mark.parametrize("seed", range(6))
def test_any_walk_keeps_limits_units_money_and_the_ledger_exact(shop: Shop, seed: int) -> None:
    walk = Walk(shop, random.Random(seed))
    walk.do(lambda tx: change_limits(tx, [LimitChange(shop.id["alma"], D(80), "reviewed")]))

    for _ in range(STEPS):
        walk.step()
        shop.verify()


def test_problems_are_values(shop: Shop) -> None:
    walk = Walk(shop, random.Random(0))
    (found,) = walk.do(lambda tx: release_parts(tx, [PartWish(shop.id["alma"], "no such order")]))
    assert isinstance(found, Problem)
    assert found.code == "orders.unknown_order"
