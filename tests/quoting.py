"""Quotes in stories: the desk's own commands in the shop, and five products with prices of a round number."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from shop import Shop
from tradewind.desk.offers import Offered, offer, stage
from tradewind.desk.quote_orders import Accepted, Accepting, accept_offer
from tradewind.desk.quotes import Asked, request_quote
from tradewind.kernel.tx import Actor
from tradewind.quotes.model import Choice, Quote, Staged, StagedLine, Wish
from tradewind.quotes.queries import quotes_of

REP = Actor(UUID(int=1), "rep", "web")
BUYER = Actor(UUID(int=2), "buyer", "web")
_PRODUCT = """
insert into product (id, sku, name, base_uom, order_uom, tax_class, kind) values (%(id)s, %(sku)s, %(sku)s, 'EA', 'EA', 'standard', 'service')
"""
_PRICE = """
insert into price (id, list_id, product_id, uom, tier_from, tier_price, valid_from)
values (%(row)s, %(list)s, %(id)s, 'EA', '{1}', array[%(price)s::numeric], '2020-01-01')
"""


@dataclass
class Quoting:
    """What a story does with quotes; everything by the desk's own commands."""

    shop: Shop
    products: dict[str, UUID] = field(default_factory=dict)

    def sell(self, **prices: str) -> None:
        """More products, of which there is always enough, with their list prices."""

        def add(tx: Any) -> None:
            for sku, price in prices.items():
                self.products[sku] = tx.ids.new()
                named = {"id": self.products[sku], "sku": sku, "list": self.shop.id["list"], "row": tx.ids.new()}
                tx.run(_PRODUCT, named)
                tx.run(_PRICE, {**named, "price": Decimal(price)})

        self.shop.database.write(add)

    def ask(self, *lines: tuple[str, str], actor: Actor = BUYER, **more: Any) -> Quote:
        wishes = tuple(Wish(number, item, Decimal(qty)) for number, (item, qty) in enumerate(lines, 1))
        asked = Asked(self.shop.id["alma"], wishes, **more)
        found = self.shop.database.write(lambda tx: request_quote(tx, asked), actor=actor)
        self.shop.turn()
        return found

    def offer(self, quote: Quote, lines: Sequence[StagedLine], *, actor: Actor = REP, **more: Any) -> Offered:
        staged = Staged(tuple(lines), **{"valid_until": "2026-03-09", "zone": "Europe/Berlin", **more})
        self.shop.database.write(lambda tx: stage(tx, quote.id, staged), actor=actor)
        found = self.shop.database.write(lambda tx: offer(tx, quote.id), actor=actor)
        self.shop.turn()
        return found

    def accept(self, quote: Quote, *choices: Choice, version: int = 1, actor: Actor = BUYER, **more: Any) -> Accepted:
        wanted = Accepting(quote.id, version, choices or None, **more)
        found = self.shop.database.write(lambda tx: accept_offer(tx, wanted), actor=actor)
        self.shop.turn()
        return found

    def now(self, quote: Quote) -> Quote:
        return self.shop.database.read(lambda reader: quotes_of(reader, [quote.id]))[quote.id]

    def facts(self, quote: Quote) -> list[str]:
        rows = self.shop.all("select type from event where subject_id = %s order by subject_seq", [quote.id])
        return [row[0].removeprefix("quote.") for row in rows if row[0].startswith("quote.")]

    def tasks(self, quote: Quote) -> list[str]:
        sql = "select form from user_task where subject_id = %s and status = 'open'"
        return [row[0] for row in self.shop.all(sql, [quote.id])]

    def order_lines(self, order_id: UUID) -> list[tuple[Any, ...]]:
        sql = "select line_no, qty, unit_price, net from order_line where order_id = %s order by line_no"
        return self.shop.all(sql, [order_id])


def line(number: int, item: str, qty: str, **more: Any) -> StagedLine:
    """A line of an offer."""
    return StagedLine(number, item, Decimal(qty), **more)


__all__ = ["BUYER", "REP", "Choice", "Quoting", "line"]
