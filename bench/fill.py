"""Fills a scratch database for loads of orders, fast: as the owner, by COPY.

1,000 products on 4 sites with ample stock, 5,000 accounts (100 company trees of ten with a limit at the top and on
each member, 4,000 alone), three ladders a product and account (base, segment, contract), taxes, lanes, 100 buyers with keys.
"""

import random
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID

import psycopg

from tradewind.kernel.ids import Ids
from tradewind.kernel.tx import Database
from tradewind.streams.library import publish_streams

START = datetime(2020, 1, 1, tzinfo=UTC)
PRODUCTS, SITES, TREES, TREE, ALONE, SEGMENTS = 1_000, 4, 100, 10, 4_000, 4
COUNTRIES = (("DE", 19), ("AT", 20), ("NL", 21))
AMPLE, LIMIT = 1_000_000_000, 1_000_000_000
LADDER = "{1,10,100}"


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who orders: a key, and the account it orders for, a leaf of the tree it sees."""

    key: str
    account: str


@dataclass(frozen=True, slots=True)
class Filled:
    """What a load needs to know of a filled database."""

    skus: tuple[str, ...]
    buyers: tuple[Buyer, ...]
    rows: int
    seconds: float


class _Filling:
    """One connection as the owner, ids in the order of time, and how many rows went in."""

    def __init__(self, connection: psycopg.Connection, seed: int) -> None:
        self.connection = connection
        self.ids = Ids(lambda: int(time.time() * 1000), seed)
        self.random = random.Random(seed)
        self.rows = 0

    def copy(self, table: str, columns: str, rows: Iterable[Sequence[object]]) -> None:
        with self.connection.cursor() as cursor, cursor.copy(f"copy {table} ({columns}) from stdin") as copy:
            for row in rows:
                copy.write_row(row)
                self.rows += 1


@contextmanager
def without_indexes(connection: psycopg.Connection) -> Iterator[None]:
    """Prices go in without their index and the constraint that forbids overlaps; both are then made again over all of them."""
    index, overlap = "ix_price_product_list", "ex_price_overlap"
    asked = "select pg_get_indexdef(%s::regclass), pg_get_constraintdef(oid) from pg_constraint where conname = %s"
    row = connection.execute(asked, [index, overlap]).fetchone()
    assert row is not None
    connection.execute(f"drop index {index}; alter table price drop constraint {overlap}")
    yield
    connection.execute("set maintenance_work_mem = '512MB'")
    connection.execute(row[0])
    connection.execute(f"alter table price add constraint {overlap} {row[1]}")
    connection.execute("reset maintenance_work_mem")


def settle(connection: psycopg.Connection) -> None:
    """Statistics and visibility of every table that has rows, as autovacuum would leave them, and a checkpoint.

    Empty tables stay as they are: nothing in life vacuums them, and one that was found empty is planned as if it stayed so.
    """
    filled = """
    select string_agg(format('%I', relname), ', ') from pg_class
    where relnamespace = 'public'::regnamespace and relkind = 'r' and pg_relation_size(oid) > 0
    """
    row = connection.execute(filled).fetchone()
    assert row is not None
    connection.execute(f"vacuum (analyze) {row[0]}")
    connection.execute("checkpoint")


def fill_orders(owner_url: str, *, seed: int = 7) -> Filled:
    """Fill a migrated, empty database for loads of orders; publish the streams; analyse."""
    begun = time.perf_counter()
    with psycopg.connect(owner_url, autocommit=True) as connection:
        filling = _Filling(connection, seed)
        with connection.transaction():
            entity = _house(filling)
            products = _products(filling, PRODUCTS)
            _stock(filling, entity, products)
            trees = _accounts(filling, entity)
            _price_lists(filling, products, trees)
            buyers = _buyers(filling, trees)
        database = Database(owner_url)
        database.write(publish_streams)
        database.close()
        settle(connection)
    skus = tuple(sku for _, sku in products)
    return Filled(skus, tuple(buyers), filling.rows, time.perf_counter() - begun)


def _house(filling: _Filling) -> UUID:
    entity = filling.ids.new()
    filling.copy("legal_entity", "id, code, name, country, currency", [(entity, "BENCH", "Bench GmbH", "DE", "EUR")])
    filling.copy("payment_terms", "code, name, net_days", [("NET30", "30 days net", 30)])
    rates = [(filling.ids.new(), country, "standard", rate, START) for country, rate in COUNTRIES]
    reduced = [(filling.ids.new(), country, "reduced", rate / 2, START) for country, rate in COUNTRIES]
    filling.copy("tax_rate", "id, country, tax_class, rate, valid_from", [*rates, *reduced])
    return entity


def _products(filling: _Filling, count: int) -> list[tuple[UUID, str]]:
    products = [(filling.ids.new(), f"B{number:05d}") for number in range(count)]
    filling.copy(
        "product",
        "id, sku, name, tax_class, weight_kg",
        (
            (one, sku, f"Product {sku}", "reduced" if n % 5 == 0 else "standard", 1)
            for n, (one, sku) in enumerate(products)
        ),
    )
    filling.copy("product_unit", "product_id, uom, numerator", ((one, "XCS", 12) for one, _ in products))
    return products


def _stock(filling: _Filling, entity: UUID, products: list[tuple[UUID, str]]) -> None:
    sites = filling.ids.many(SITES)
    # all in the company's own country: a site abroad makes every order ask from where its goods leave
    named = [(site, f"W{n}", f"Warehouse {n}", entity, COUNTRIES[0][0], n) for n, site in enumerate(sites, 1)]
    filling.copy("site", "id, code, name, legal_entity_id, country, rank", named)
    lanes = [
        (site, country, 10 + 7 * ((n + c) % SITES), "EUR", 1 + (n + c) % 3)
        for n, site in enumerate(sites)
        for c, (country, _) in enumerate(COUNTRIES)
    ]
    filling.copy("freight_lane", "site_id, country, cost, currency, transit_days", lanes)
    places = [(product, site) for product, _ in products for site in sites]
    filling.copy("stock", "product_id, site_id, on_hand", ((*place, AMPLE) for place in places))
    filling.copy(
        "stock_move",
        "id, product_id, site_id, kind, qty, at, as_of, reference_type",
        ((filling.ids.new(), *place, "opening", AMPLE, START, START, "bench") for place in places),
    )


def _accounts(filling: _Filling, entity: UUID) -> list[list[tuple[UUID, str]]]:
    """Company trees: a root, three divisions, six branches; then accounts of their own. Gives the trees, root first."""
    accounts: list[tuple[UUID, str, UUID | None]] = []
    closure: list[tuple[UUID, UUID, int]] = []
    trees: list[list[tuple[UUID, str]]] = []
    for t in range(TREES):
        members = [(filling.ids.new(), f"T{t:03d}-{n}") for n in range(TREE)]
        trees.append(members)
        for n, (one, code) in enumerate(members):
            parent = None if n == 0 else 0 if n <= 3 else 1 + (n - 4) // 2
            accounts.append((one, code, None if parent is None else members[parent][0]))
            above, depth = n, 0
            while True:
                closure.append((members[above][0], one, depth))
                if above == 0:
                    break
                above, depth = (0 if above <= 3 else 1 + (above - 4) // 2), depth + 1
    for n in range(ALONE):
        one = filling.ids.new()
        accounts.append((one, f"A{n:04d}", None))
        closure.append((one, one, 0))
    filling.copy(
        "account",
        "id, code, parent_id, name, legal_entity_id, currency, segment, region, vat_id, vat_verified",
        (
            (one, code, parent, f"Account {code}", entity, "EUR", f"S{n % SEGMENTS}", "north", f"EU{n:06d}", True)
            for n, (one, code, parent) in enumerate(accounts)
        ),
    )
    filling.copy("account_closure", "ancestor_id, account_id, depth", closure)
    filling.copy(
        "address",
        "id, account_id, code, name, country, is_default",
        (
            (filling.ids.new(), one, "MAIN", f"Dock of {code}", COUNTRIES[n % 3][0], True)
            for n, (one, code, _) in enumerate(accounts)
        ),
    )
    filling.copy("credit_node", "account_id, currency, credit_limit", ((one, "EUR", LIMIT) for one, _, _ in accounts))
    return trees


def _price_lists(filling: _Filling, products: list[tuple[UUID, str]], trees: list[list[tuple[UUID, str]]]) -> None:
    """A base list for all, a list a segment, a contract for each tree: three ladders for each line of a buyer."""
    lists = [(filling.ids.new(), "BASE", "base", "all", 800, "1")]
    lists += [(filling.ids.new(), f"SEG-{n}", "segment", f"segment:S{n}", 500, "0.96") for n in range(SEGMENTS)]
    lists += [
        (filling.ids.new(), f"CON-{n:03d}", "account", f"account:{tree[0][0]}", 300, "0.91")
        for n, tree in enumerate(trees)
    ]
    filling.copy(
        "price_list",
        "id, code, name, currency, layer",
        ((one, code, code, "EUR", layer) for one, code, layer, *_ in lists),
    )
    filling.copy(
        "price_assignment",
        "id, list_id, scope_key, precedence, valid_from",
        ((filling.ids.new(), one, scope, rank, START) for one, _, _, scope, rank, _ in lists),
    )
    with without_indexes(filling.connection):
        filling.copy(
            "price",
            "id, list_id, product_id, uom, tier_from, tier_price, valid_from",
            (
                (filling.ids.new(), one, product, "EA", LADDER, _ladder(n, float(factor)), START)
                for one, *_, factor in lists
                for n, (product, _) in enumerate(products)
            ),
        )


def _ladder(number: int, factor: float) -> str:
    price = (1 + number % 97) * factor
    return f"{{{price:.4f},{price * 0.95:.4f},{price * 0.9:.4f}}}"


def _buyers(filling: _Filling, trees: list[list[tuple[UUID, str]]]) -> list[Buyer]:
    """A buyer for each tree: it sees the whole tree and orders for its last branch."""
    principals = filling.ids.many(len(trees))
    keys = [f"tw_bench{n:03d}_{filling.random.getrandbits(256):064x}" for n in range(len(trees))]
    filling.copy(
        "principal",
        "id, kind, login, name, created_at",
        ((one, "buyer", f"buyer{n:03d}@bench.example", f"Buyer {n}", START) for n, one in enumerate(principals)),
    )
    filling.copy("principal_role", "principal_id, role", ((one, "buyer") for one in principals))
    filling.copy(
        "principal_account",
        "principal_id, account_id, granted_at",
        ((one, tree[0][0], START) for one, tree in zip(principals, trees, strict=True)),
    )
    filling.copy(
        "api_key",
        "id, hash, hint, principal_id, label, created_at",
        (
            (filling.ids.new(), sha256(key.encode()).digest(), key[3:11], one, "bench", START)
            for one, key in zip(principals, keys, strict=True)
        ),
    )
    return [Buyer(key, tree[-1][1]) for key, tree in zip(keys, trees, strict=True)]
