"""Pricing at scale: 100 lines of one account out of 10,000 accounts, 50,000 products and 2,000 lists, warm.

What is timed is the real path of assessing an order on a read snapshot: resolve the draft, look (lists, candidates, taxes),
decide (price, tax, totals). Writing and locks are left out; they are in the figures of placing.
"""

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import psycopg

from bench.client import quantiles
from bench.fill import START, settle, without_indexes
from bench.report import Figure
from bench.scratch import Scratch
from tradewind.desk.place import open_works
from tradewind.desk.resolve import Submission, resolve
from tradewind.kernel.tx import SYSTEM, Database, Tx
from tradewind.orchestration.commands.steps import Call
from tradewind.semantics.model import DraftLine, OrderDraft
from tradewind.streams import assess
from tradewind.streams.order_work import OrderWorkset

DATABASE = "bench_prices"
LINES, FIT_MS = 100, 15.0
ROUNDS, WARM = 300, 40
MAKE = """
create temp table p as select n, uuidv7() as id, 'P' || lpad(n::text, 6, '0') as sku from generate_series(0, %(products)s - 1) n;
create temp table a as select n, uuidv7() as id, n / 5 as tree from generate_series(0, %(accounts)s - 1) n;
create temp table l as
  select n, uuidv7() as id,
    case when n = 0 then 'base' when n <= 10 then 'segment' when n <= 20 then 'region' else 'account' end as layer,
    (case when n = 0 then 1.0 when n <= 10 then 0.4 when n <= 20 then 0.2 else 0.024 end * %(products)s)::int as size
  from generate_series(0, %(lists)s - 1) n;
insert into legal_entity (id, code, name, country, currency) values (uuidv7(), 'BENCH', 'Bench GmbH', 'DE', 'EUR');
insert into payment_terms values ('NET30', '30 days net', 30);
insert into tax_rate (id, country, tax_class, rate, valid_from) values (uuidv7(), 'DE', 'standard', 19, %(start)s);
insert into product (id, sku, name) select id, sku, 'Product ' || sku from p;
insert into product_unit (product_id, uom, numerator) select id, 'XCS', 12 from p;
insert into account (id, code, parent_id, name, legal_entity_id, currency, segment, region)
  select a.id, 'A' || lpad(a.n::text, 5, '0'), case when a.n %% 5 > 0 then r.id end, 'Account ' || a.n, e.id, 'EUR',
    'S' || (1 + a.tree %% 10), 'R' || (1 + a.tree / 10 %% 10)
  from a join a r on r.n = a.tree * 5 cross join legal_entity e;
insert into account_closure select id, id, 0 from a;
insert into account_closure select r.id, a.id, 1 from a join a r on r.n = a.tree * 5 where a.n %% 5 > 0;
insert into address (id, account_id, code, name, country, is_default) select uuidv7(), id, 'MAIN', 'Dock', 'DE', true from a;
insert into price_list (id, code, name, currency, layer) select id, upper(layer) || '-' || n, layer || ' ' || n, 'EUR', layer from l;
insert into price_assignment (id, list_id, scope_key, precedence, valid_from)
  select uuidv7(), l.id,
    case layer when 'base' then 'all' when 'segment' then 'segment:S' || l.n when 'region' then 'region:R' || l.n - 10
               else 'account:' || r.id end,
    case layer when 'base' then 800 when 'segment' then 500 when 'region' then 700 else 300 end, %(start)s
  from l left join a r on layer = 'account' and r.n = (l.n - 21) * 5;
"""
# Each list holds its share of the products, spread evenly; the stride has no factor in common with their number.
LADDERS = """
insert into price (id, list_id, product_id, uom, tier_from, tier_price, valid_from)
select uuidv7(), l.id, p.id, 'EA', '{1,10,100}', array[w.price, w.price * 0.95, w.price * 0.9], %(start)s
from l cross join generate_series(0, l.size - 1) g join p on p.n = (l.n * 7919 + g * 37) %% %(products)s
cross join lateral (select (1 + p.n %% 97) * (1 - l.n %% 30 * 0.01) as price) w
"""


@dataclass(frozen=True, slots=True)
class Scale:
    """How many of each."""

    accounts: int = 10_000
    products: int = 50_000
    lists: int = 2_000


SMALL = Scale(1_000, 5_000, 200)


def fill_prices(owner_url: str, scale: Scale) -> int:
    """Fill a migrated, empty database; gives the number of ladders. Foreign keys are not checked row by row meanwhile."""
    values = {"accounts": scale.accounts, "products": scale.products, "lists": scale.lists, "start": START}
    with psycopg.connect(owner_url, autocommit=True, cursor_factory=psycopg.ClientCursor) as connection:
        connection.execute(MAKE, values)
        connection.execute("analyze p; analyze a; analyze l")
        connection.execute("set session_replication_role = replica")
        with without_indexes(connection):
            ladders = connection.execute(LADDERS, values).rowcount
        connection.execute("reset session_replication_role")
        settle(connection)
    return ladders


def draft(scale: Scale, chance: random.Random, account: int | None = None) -> OrderDraft:
    """100 lines of one account: half of them on its own list, half anywhere."""
    trees = min(scale.lists - 21, scale.accounts // 5)
    tree = chance.randrange(trees) if account is None else account // 5
    own = ((tree + 21) * 7919 + place * 37 for place in chance.sample(range(int(scale.products * 0.024)), LINES // 2))
    chosen = {number % scale.products for number in own}
    while len(chosen) < LINES:
        chosen.add(chance.randrange(scale.products))
    lines = tuple(DraftLine(n, f"P{number:06d}", Decimal(chance.randint(1, 150))) for n, number in enumerate(chosen, 1))
    return OrderDraft(f"A{chance.randrange(5) + tree * 5 if account is None else account:05d}", lines)


def quote(tx: Tx, wanted: OrderDraft) -> assess.Assessment:
    """What assessing says of a draft, from its words to its totals; the transaction only reads."""
    tx.run("set transaction read only")
    resolved, products = resolve(tx, [Submission(wanted, SYSTEM)])
    answers, works = open_works(tx, resolved, numbered=False)
    assert works, answers
    workset = OrderWorkset({work.id: work for work in works.values()}, products=products)
    calls = [Call(work.id, {}) for work in works.values()]
    found: assess.Assessment = assess.decide(workset, calls, assess.look(tx, workset, calls))[0]["assessment"]
    return found


def prices(scratch: Scratch, scale: Scale, *, rounds: int = ROUNDS) -> Iterator[Figure]:
    """Fill, warm up, time: one account again and again with other lines, then other accounts each time."""
    begun = time.perf_counter()
    ladders = fill_prices(scratch.create(DATABASE, schema=True), scale)
    note = (
        f"{scale.accounts:,} accounts, {scale.products:,} products, {scale.lists:,} lists, {ladders:,} ladders, filled in "
        f"{time.perf_counter() - begun:.0f} s without checking foreign keys, index and overlap constraint made afterwards"
    )
    database = Database(scratch.application(DATABASE))
    chance = random.Random(11)
    yield _timed(database, [draft(scale, chance, 4) for _ in range(rounds)], "one account", FIT_MS, note)
    yield _timed(database, [draft(scale, chance) for _ in range(rounds)], "another account each time", None, "")
    database.close()


def _timed(database: Database, drafts: list[OrderDraft], which: str, limit: float | None, note: str) -> Figure:
    for wanted in drafts[:WARM]:
        _one(database, wanted)
    cpu = time.process_time()
    took = sorted(_one(database, wanted) for wanted in drafts)
    cpu = time.process_time() - cpu
    spread = quantiles(took)
    beside = {f"{name} ms": spread[name] for name in ("p50", "p95", "p99")}
    note = "; ".join(filter(None, [note, f"{len(drafts)} times, Python {cpu / len(drafts) * 1000:.1f} ms of it"]))
    return Figure(f"pricing {LINES} lines of {which}: p95", spread["p95"], "ms", limit, None, "less", beside, note)


def _one(database: Database, wanted: OrderDraft) -> float:
    """Milliseconds of one quote, which must have a price for every line."""
    started = time.perf_counter()
    found = database.write(lambda tx: quote(tx, wanted))
    took = (time.perf_counter() - started) * 1000
    unpriced = [finding.code for finding in found.findings if finding.hold_kind == "price"]
    assert not unpriced, unpriced[:3]
    assert len(found.prices) == LINES
    return took
