"""No hot statement reads a table from end to end: what the sessions really prepared is explained on a filled database.

A connection of ours prepares everything it runs and plans it once for all values, so that its `pg_prepared_statements`
holds exactly the texts that were emitted, and EXPLAIN EXECUTE shows exactly the plans that are used.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tradewind.access.queries import authenticate_many
from tradewind.app.schema import metadata
from tradewind.desk.cash import Received, record_payments
from tradewind.desk.place import place
from tradewind.desk.preview import preview
from tradewind.desk.resolve import Submission
from tradewind.desk.shipping import Given, answer_shipments
from tradewind.kernel.tx import SYSTEM, Database, Row
from tradewind.orchestration.commands.crank import Crank
from tradewind.rules.decide.feel import read_expression
from tradewind.semantics.model import DraftLine, OrderDraft
from tradewind.streams.library import STREAMS, publish_streams
from tradewind.views.orders import orders_json

PRODUCTS, ACCOUNTS, ORDERS, LINES = 5_000, 5_000, 2_000, 2
# Reference tables that are read whole because all of them is wanted, or because they never hold more than a page or two.
# Rules that a process reads whole, once per change of them, and keeps.
RULES = {name for name, table in metadata.tables.items() if table.info["kept_as"] == "rules"}
SMALL = {
    "site", "freight_lane", "legal_entity", "payment_terms", "tax_rate", "stream_version", "installation", "step_pause",
    "setting", "document_series",
}  # fmt: skip
MANY = 500  # rows; a table with more is filled enough for the planner to have a choice
FILL = """
insert into legal_entity (id, code, name, country, currency) values (uuidv7(), 'DE1', 'Seller', 'DE', 'EUR');
insert into payment_terms values ('NET30', '30 days net', 30);
insert into tax_rate (id, country, tax_class, rate, valid_from) values (uuidv7(), 'DE', 'standard', 19, '2020-01-01');
insert into site (id, code, name, legal_entity_id, country, rank)
  select uuidv7(), 'S' || n, 'Site ' || n, e.id, 'DE', n from legal_entity e, generate_series(1, 3) n;
insert into product (id, sku, name) select uuidv7(), 'P' || n, 'Product ' || n from generate_series(1, 5000) n;
insert into product_unit (product_id, uom, numerator) select id, 'XCS', 12 from product;
insert into stock (product_id, site_id, on_hand) select p.id, s.id, 1000000 from product p, site s;
insert into stock_move (id, product_id, site_id, kind, qty, at, as_of, reference_type)
  select uuidv7(), product_id, site_id, 'opening', on_hand, now(), now(), 'fill' from stock;
insert into inbound_supply (id, reference, product_id, site_id, qty, expected_at)
  select uuidv7(), 'PO' || row_number() over (), p.id, s.id, 100, now() + interval '9 days' from product p, site s where s.rank = 1;
insert into account (id, code, name, legal_entity_id, currency, segment)
  select uuidv7(), 'A' || n, 'Account ' || n, e.id, 'EUR', 'S' || n % 5 from legal_entity e, generate_series(1, 5000) n;
insert into account_closure select id, id, 0 from account;
insert into address (id, account_id, code, name, country, is_default) select uuidv7(), id, 'MAIN', 'Dock', 'DE', true from account;
insert into credit_node (account_id, currency, credit_limit) select id, 'EUR', 100000000 from account;
insert into price_list (id, code, name, currency, layer) values (uuidv7(), 'BASE', 'Base', 'EUR', 'base');
insert into price_list (id, code, name, currency, layer)
  select uuidv7(), 'L' || a.code, 'List', 'EUR', 'account' from account a order by code limit 400;
insert into price_assignment (id, list_id, scope_key, precedence, valid_from)
  select uuidv7(), l.id, coalesce('account:' || a.id, 'all'), 500, '2020-01-01' from price_list l left join account a on l.code = 'L' || a.code;
insert into price (id, list_id, product_id, uom, tier_from, tier_price, valid_from)
  select uuidv7(), l.id, p.id, 'EA', '{1,10}', '{12.34,11.50}', '2020-01-01'
  from product p join price_list l on l.layer = 'base' or hashtext(l.code || p.sku) % 50 = 0;
insert into principal (id, kind, login, name, created_at) select uuidv7(), 'buyer', code, code, now() from account;
insert into principal_role select id, 'buyer' from principal;
insert into principal_account select p.id, a.id, now() from principal p join account a on a.code = p.login;
insert into api_key (id, hash, hint, principal_id, label, created_at)
  select uuidv7(), sha256(login::bytea), login, id, 'plans', now() from principal;
"""

OWED = """
select a.code, sum(i.total - i.paid) from invoice i join account a on a.id = i.account_id group by a.code having sum(i.total - i.paid) > 0
"""


@pytest.mark.slow
def test_no_hot_statement_scans_a_filled_table(owner_url: str, app_url: str) -> None:
    fill(owner_url, app_url)

    with recording(app_url) as (database, connection):
        run_one_of_everything(database)
        texts = prepared(connection)
        read_whole = scans(connection, texts, enough=MANY)
        connection.execute("discard plans", prepare=False)
        connection.execute("set enable_seqscan = off", prepare=False)
        unserved = scans(connection, texts, enough=0)

    assert len(texts) > 60
    found = [*report(read_whole, "is read from end to end"), *report(unserved, "has no index that would serve")]
    assert not found, "\n".join(found)


def fill(owner_url: str, app_url: str) -> None:
    """Products, prices and accounts by SQL; orders by the system itself, through to paid, so that every table has its rows."""
    with psycopg.connect(owner_url, autocommit=True) as owner:
        owner.execute(FILL)
        owner.execute("analyze")
        database = Database(app_url)
        database.write(publish_streams)
        place_orders(database, 0, 128)
        carry_on(database)
        owner.execute("analyze")  # the first rows taught the planner; the rest goes in with good plans
        database.close()
        place_orders(database, 128, ORDERS)
        carry_on(database)
        place_orders(database, ORDERS, ORDERS + 64)
        database.close()
        owner.execute("analyze")
        for table in SMALL & {row[0] for row in owner.execute("select relname from pg_class where relkind = 'r'")}:
            row = owner.execute(sql.SQL("select count(*) from {}").format(sql.Identifier(table))).fetchone()
            assert row is not None
            assert row[0] < MANY, f"{table} is not small"


def drafts(first: int, last: int) -> list[Submission]:
    return [
        Submission(
            OrderDraft(
                f"A{1 + n % ACCOUNTS}",
                tuple(
                    DraftLine(k, f"P{1 + (n * 7 + k * 13) % PRODUCTS}", Decimal(1 + n % 5)) for k in range(1, LINES + 1)
                ),
                buyer_po=f"PO{n}",
            ),
            SYSTEM,
        )
        for n in range(first, last)
    ]


def place_orders(database: Database, first: int, last: int) -> None:
    submissions = drafts(first, last)
    for start in range(0, len(submissions), 64):
        part = submissions[start : start + 64]
        placed = database.write(lambda tx, part=part: place(tx, part))  # type: ignore[misc]
        assert {one.work.status for one in placed if one.work} == {"confirmed"}


def carry_on(database: Database, *, pay: bool = True) -> None:
    """What stands confirmed is released, shipped, invoiced and paid."""
    crank = Crank(database, STREAMS, read_expression)
    crank.turn_until_idle()
    released = database.read(lambda reader: reader.rows("select id from shipment where status = 'released'"))
    for start in range(0, len(released), 64):
        given = [Given(row[0], {"outcome": "shipped"}) for row in released[start : start + 64]]
        answers = database.write(lambda tx, given=given: answer_shipments(tx, given))  # type: ignore[misc]
        assert not [one.problems for one in answers if one.problems]
    crank.turn_until_idle()
    if pay:
        owed = database.read(lambda reader: reader.rows(OWED))
        money = [Received(code, amount, "EUR", key=f"{code}/{number}") for number, (code, amount) in enumerate(owed)]
        for start in range(0, len(money), 64):
            part = money[start : start + 64]
            recorded = database.write(lambda tx, part=part: record_payments(tx, part))  # type: ignore[misc]
            assert not [one.problems for one in recorded if one.problems]
        crank.turn_until_idle()


def run_one_of_everything(database: Database) -> None:
    """Each hot command and read once, on the filled database."""
    database.write(lambda tx: preview(tx, drafts(ORDERS + 100, ORDERS + 103)))
    place_orders(database, ORDERS + 64, ORDERS + 70)
    place_orders(database, ORDERS + 70, ORDERS + 71)
    carry_on(database)
    database.read(lambda reader: authenticate_many(reader, [b"\0" * 32]))
    found = database.read(
        lambda reader: orders_json(
            reader, [row[0] for row in reader.rows("select id from sales_order order by id limit 3")], inside=True
        )
    )
    assert len(found) == 3


@contextmanager
def recording(url: str) -> Iterator[tuple[Database, psycopg.Connection[Row]]]:
    """A database handle with one connection that keeps every statement it prepared."""
    database = Database(url)
    with database.connection() as connection:
        connection.prepared_max = None
    yield database, connection
    assert database.connection().__enter__() is connection, "more than one connection was used"
    connection.close()


def prepared(connection: psycopg.Connection[Row]) -> dict[str, tuple[str, int]]:
    """Name to (text, number of parameters) of everything the session prepared and the planner has a say in."""
    asked = "select name, statement, cardinality(parameter_types) from pg_prepared_statements"
    words = ("select", "with", "insert", "update", "delete")
    return {
        name: (text, count)
        for name, text, count in connection.execute(asked, prepare=False)
        if text.lstrip().lower().startswith(words) and text.strip() != OWED.strip()
    }


def scans(
    connection: psycopg.Connection[Row], texts: dict[str, tuple[str, int]], *, enough: int
) -> list[tuple[str, str]]:
    """(table, statement) of each sequential scan on a table that has more than `enough` rows and is not a reference table."""
    rows: Any = connection.execute("select relname, reltuples from pg_class where relkind = 'r'", prepare=False)
    sizes: dict[str, float] = dict(rows)
    found = []
    for name, (text, count) in texts.items():
        values = sql.SQL("({})").format(sql.SQL(", ").join([sql.SQL("null")] * count)) if count else sql.SQL("")
        explain = sql.SQL("explain (format json) execute {} {}").format(sql.Identifier(name), values)
        row = connection.execute(explain, prepare=False).fetchone()
        assert row is not None
        plans = row[0] if isinstance(row[0], list) else json.loads(row[0])
        for table in {node["Relation Name"] for node in nodes(plans[0]["Plan"]) if node["Node Type"] == "Seq Scan"}:
            if table not in SMALL | RULES and sizes.get(table, 0) >= enough:
                found.append((table, text))
    return found


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)


def report(found: list[tuple[str, str]], what: str) -> list[str]:
    return [f"{table} {what}: {' '.join(text.split())[:300]}" for table, text in sorted(found)]
