"""A shop for stories: one legal entity, some accounts, three sites, priced and stocked products; a clock that stands still."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from invariants import assert_invariants
from tradewind.desk.place import place
from tradewind.desk.resolve import Submission
from tradewind.desk.shipping import Given, answer_shipments
from tradewind.kernel.clock import FixedClock
from tradewind.kernel.tx import SYSTEM, Database, Tx
from tradewind.orchestration.commands.crank import Crank
from tradewind.rules.decide.feel import read_expression
from tradewind.semantics.model import DraftCharge, DraftGroup, DraftLine, OrderDraft
from tradewind.streams.library import STREAMS, publish_streams

START = datetime(2026, 3, 2, 9, tzinfo=UTC)

_COMPANY = """
insert into legal_entity (id, code, name, country, currency) values (%(entity)s, 'DE01', 'House', 'DE', 'EUR');
insert into payment_terms (code, name, net_days) values ('NET30', 'net 30', 30), ('NET14', 'net 14', 14);
insert into account (id, code, name, legal_entity_id, currency, vat_id) values
  (%(alma)s, 'ALMA', 'Alma', %(entity)s, 'EUR', 'DE111'), (%(bela)s, 'BELA', 'Bela', %(entity)s, 'EUR', null);
insert into account_closure values (%(alma)s, %(alma)s, 0), (%(bela)s, %(bela)s, 0);
insert into credit_node (account_id, currency, credit_limit) values (%(alma)s, 'EUR', 100000);
insert into address (id, account_id, code, kind, name, street, country, is_default) values
  (gen_random_uuid(), %(alma)s, 'HQ', 'ship_to', 'Alma HQ', 'Main 1', 'DE', true),
  (gen_random_uuid(), %(alma)s, 'BILL', 'bill_to', 'Alma Accounts', 'Main 2', 'DE', true),
  (gen_random_uuid(), %(bela)s, 'HQ', 'ship_to', 'Bela HQ', 'Side 1', 'DE', true);
insert into product (id, sku, name, base_uom, order_uom, tax_class, kind) values
  (%(cup)s, 'CUP', 'Cup', 'EA', 'EA', 'standard', 'stocked'), (%(tea)s, 'TEA', 'Tea', 'EA', 'EA', 'reduced', 'stocked'),
  (%(engrave)s, 'ENGRAVE', 'Engraving', 'EA', 'EA', 'standard', 'service'), (%(gift)s, 'GIFT', 'Gift', 'EA', 'EA', 'standard', 'stocked');
insert into product_unit (product_id, uom, numerator) values (%(cup)s, 'CS', 12);
insert into site (id, code, name, legal_entity_id, country, rank) values
  (%(north)s, 'N', 'North', %(entity)s, 'DE', 1), (%(south)s, 'S', 'South', %(entity)s, 'DE', 2);
insert into price_list (id, code, name, currency, layer) values (%(list)s, 'BASE', 'Base', 'EUR', 'base');
insert into price_assignment (id, list_id, scope_key, precedence, valid_from) values (gen_random_uuid(), %(list)s, 'all', 100, '2020-01-01');
insert into price (id, list_id, product_id, uom, tier_from, tier_price, valid_from) values
  (gen_random_uuid(), %(list)s, %(cup)s, 'EA', '{1}', '{3.333}', '2020-01-01'),
  (gen_random_uuid(), %(list)s, %(tea)s, 'EA', '{1}', '{1.99}', '2020-01-01'),
  (gen_random_uuid(), %(list)s, %(gift)s, 'EA', '{1}', '{0}', '2020-01-01'),
  (gen_random_uuid(), %(list)s, %(engrave)s, 'EA', '{1}', '{12}', '2020-01-01');
insert into tax_rate (id, country, tax_class, category, rate, valid_from) values
  (gen_random_uuid(), 'DE', 'standard', 'S', 19, '2020-01-01'), (gen_random_uuid(), 'DE', 'reduced', 'S', 7, '2020-01-01')
"""
_STOCK = """
with s as (
  insert into stock (product_id, site_id, on_hand) values (%(product)s, %(site)s, %(qty)s)
)
select 1
"""
_OPENING = """
insert into stock_move (id, product_id, site_id, kind, qty, at, as_of, reference_type)
select gen_random_uuid(), %(product)s, %(site)s, 'opening', %(qty)s, %(now)s, %(now)s, 'import' where %(qty)s <> 0
"""
NAMES = ("entity", "alma", "bela", "cup", "tea", "engrave", "gift", "north", "south", "list")


@dataclass
class Shop:
    """The company and everything one can do with it in a story."""

    database: Database
    clock: FixedClock
    url: str
    id: dict[str, UUID]
    crank: Crank = field(init=False)

    def __post_init__(self) -> None:
        self.crank = Crank(self.database, STREAMS, read_expression)

    def one(self, sql: str, params: Any = None) -> tuple[Any, ...]:
        found = self.database.read(lambda reader: reader.row(sql, params))
        assert found is not None
        return found

    def all(self, sql: str, params: Any = None) -> list[tuple[Any, ...]]:
        return self.database.read(lambda reader: reader.rows(sql, params))

    def order(
        self,
        *lines: tuple[str, str],
        account: str = "ALMA",
        charges: tuple[tuple[str, str], ...] = (),
        requested: datetime | None = None,
        **more: Any,
    ) -> UUID:
        """Place an order of (item, quantity) lines and release it; its id."""
        draft = OrderDraft(
            account,
            tuple(DraftLine(number, item, Decimal(qty)) for number, (item, qty) in enumerate(lines, 1)),
            (DraftGroup(requested_at=requested),),
            tuple(DraftCharge(code, Decimal(amount)) for code, amount in charges),
            **more,
        )
        placed = self.database.write(lambda tx: place(tx, [Submission(draft, SYSTEM)]))[0]
        assert placed.order_id is not None, placed.problems
        self.turn()
        return placed.order_id

    def turn(self) -> int:
        moved = self.crank.turn_until_idle(rounds=50)
        assert self.all("select step, code, message, trace from incident where resolved_at is null") == []
        return moved

    def shipments(self, order: UUID) -> list[UUID]:
        """The shipments of an order that the warehouse has not answered."""
        rows = self.all("select id from shipment where order_id = %s and status = 'released' order by number", [order])
        return [row[0] for row in rows]

    def ship(self, shipment: UUID, *, inline: bool = False, **answer: Any) -> Any:
        """Answer for the warehouse; shipped in full if nothing else is said."""
        given = Given(shipment, {"outcome": "shipped", **answer})
        result = self.database.write(lambda tx: answer_shipments(tx, [given], inline=inline))[0]
        self.turn()
        return result

    @contextmanager
    def trying(self) -> Iterator[Tx]:
        """A transaction that is taken back."""
        database = self.database
        with database.connection() as connection, connection.transaction(force_rollback=True):
            yield Tx(connection, database.clock, database.ids, SYSTEM, database.role, database.kept)

    def status(self, order: UUID) -> str:
        return str(self.one("select status from sales_order where id = %s", [order])[0])

    def wait(self, **span: int) -> None:
        """Let time pass."""
        self.clock.at += timedelta(**span)

    def verify(self) -> None:
        assert_invariants(self.url)


def open_shop(url: str, *, stock: dict[tuple[str, str], str] | None = None) -> Shop:
    """A fresh company in the database at `url` with this stock of (product, site)."""
    clock = FixedClock(START)
    database = Database(url, clock=clock, seed=7)
    ids = dict(zip(NAMES, database.ids.many(len(NAMES)), strict=True))

    def found(tx: Tx) -> None:
        for statement in _COMPANY.split(";\n"):
            tx.connection.execute(statement, ids)
        for (product, site), qty in (stock or {("cup", "north"): "100", ("tea", "north"): "100"}).items():
            columns = {"product": ids[product], "site": ids[site], "qty": Decimal(qty), "now": tx.now}
            tx.connection.execute(_STOCK, columns)
            tx.connection.execute(_OPENING, columns)
        publish_streams(tx)

    database.write(found)
    return Shop(database, clock, url, ids)
