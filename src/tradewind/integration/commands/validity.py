"""Kinds with periods: prices, whom price lists are for, agreements and tax rates.

The rows of a set are planned on top of what the database knows of the same keys (`decide.periods`), under one lock a kind,
and written in three statements: ends that move, what has not begun and is replaced, and what is new.
"""

from collections.abc import Hashable, Iterable, Sequence
from typing import Any, TypeVar
from uuid import UUID

from tradewind.integration.commands.upsert import (
    Column,
    Reference,
    Target,
    as_records,
    count,
    resolve,
    upsert,
    without_refused,
    writable,
)
from tradewind.integration.decide.kinds.prices import Ladder
from tradewind.integration.decide.periods import ALWAYS, Period, Plan, Wish, plan_periods
from tradewind.integration.model import Applied, Run
from tradewind.integration.queries import decimals, ids_by_code, product_units
from tradewind.kernel.arrays import numbers
from tradewind.kernel.tx import Tx
from tradewind.semantics.decide.rows.model import place

AGREEMENT_PRECEDENCE = 10
K = TypeVar("K", bound=Hashable)

_TAX_RATES = """
select t.id, t.country, t.region, t.tax_class, t.category, t.rate, t.valid_from, t.valid_to
from (select distinct * from unnest(%(country)s::text[], %(region)s::text[], %(class)s::text[])) as w(country, region, tax_class)
join tax_rate t on t.country = w.country and t.region = w.region and t.tax_class = w.tax_class
"""
_INSERT_TAX_RATES = """
insert into tax_rate (id, country, region, tax_class, category, rate, valid_from, valid_to)
select * from unnest(%(id)s::uuid[], %(country)s::text[], %(region)s::text[], %(class)s::text[], %(category)s::text[],
                     %(rate)s::numeric[], %(start)s::timestamptz[], %(end)s::timestamptz[])
"""
_REPLACE_TAX_RATES = """
update tax_rate t set category = w.category, rate = w.rate, valid_to = w.valid_to
from unnest(%(id)s::uuid[], %(category)s::text[], %(rate)s::numeric[], %(end)s::timestamptz[])
     as w(id, category, rate, valid_to)
where t.id = w.id
"""
_ASSIGNMENTS = """
select a.id, a.list_id, a.scope_key, a.precedence, a.valid_from, a.valid_to
from (select distinct * from unnest(%(list)s::uuid[], %(scope)s::text[])) as w(list_id, scope_key)
join price_assignment a on a.list_id = w.list_id and a.scope_key = w.scope_key
"""
_INSERT_ASSIGNMENTS = """
insert into price_assignment (id, list_id, scope_key, precedence, valid_from, valid_to)
select * from unnest(%(id)s::uuid[], %(list)s::uuid[], %(scope)s::text[], %(precedence)s::int[], %(start)s::timestamptz[],
                     %(end)s::timestamptz[])
"""
_REPLACE_ASSIGNMENTS = """
update price_assignment t set precedence = w.precedence, valid_to = w.valid_to
from unnest(%(id)s::uuid[], %(precedence)s::int[], %(end)s::timestamptz[]) as w(id, precedence, valid_to)
where t.id = w.id
"""
_PRICES = """
select p.id, p.list_id, p.product_id, p.uom, p.kind, p.tier_from::text, p.tier_price::text, p.price_basis, p.valid_from, p.valid_to
from (select distinct * from unnest(%(list)s::uuid[], %(product)s::uuid[])) as w(list_id, product_id)
join price p on p.product_id = w.product_id and p.list_id = w.list_id
"""
_INSERT_PRICES = """
insert into price (id, list_id, product_id, uom, kind, tier_from, tier_price, price_basis, valid_from, valid_to)
select w.id, w.list_id, w.product_id, w.uom, w.kind, w.tier_from::numeric[], w.tier_price::numeric[], w.price_basis,
  w.valid_from, w.valid_to
from unnest(%(id)s::uuid[], %(list)s::uuid[], %(product)s::uuid[], %(uom)s::text[], %(kind)s::text[], %(from)s::text[],
            %(price)s::text[], %(basis)s::numeric[], %(start)s::timestamptz[], %(end)s::timestamptz[])
     as w(id, list_id, product_id, uom, kind, tier_from, tier_price, price_basis, valid_from, valid_to)
"""
_REPLACE_PRICES = """
update price t set kind = w.kind, tier_from = w.tier_from::numeric[], tier_price = w.tier_price::numeric[],
  price_basis = w.price_basis, valid_to = w.valid_to
from unnest(%(id)s::uuid[], %(kind)s::text[], %(from)s::text[], %(price)s::text[], %(basis)s::numeric[], %(end)s::timestamptz[])
     as w(id, kind, tier_from, tier_price, price_basis, valid_to)
where t.id = w.id
"""
_ENDS = {
    table: f"""
update {table} t set valid_to = w.valid_to from unnest(%(id)s::uuid[], %(end)s::timestamptz[]) as w(id, valid_to) where t.id = w.id
"""  # noqa: S608 - names are ours
    for table in ("price", "price_assignment", "tax_rate")
}
_NEW_VERSION = "update price_list set version = version + 1 where id = any(%(ids)s::uuid[])"
_AGREEMENT = Target(
    "agreement",
    (Column("code", "code"),),
    (
        Column("name", "name"),
        Column("account", "account_id", "uuid"),
        Column("price_list", "list_id", "uuid"),
        Column("valid_from", "valid_from", "timestamptz"),
        Column("valid_to", "valid_to", "timestamptz"),
    ),
)


def apply_prices(tx: Tx, rows: Sequence[Ladder], run: Run) -> Applied:
    """Write ladders. What was in force is superseded, never edited; each list that changes gets a new version."""
    applied = Applied()
    lists = ids_by_code(tx, "price_list", [row.price_list for row in rows])
    products = product_units(tx, [row.sku for row in rows])
    wishes: dict[tuple[Any, UUID, str], list[Wish[Any]]] = {}
    resolve(
        tx, [_named(row) for row in rows], (Reference("price_list", "price_list"), Reference("sku", "product")), applied
    )
    out = {number for number, _ in applied.refused}
    for row in rows:
        if row.rows[0] in out:
            continue
        product = products[row.sku]
        uom = row.uom or product.base_uom
        if uom not in product.units:
            applied.refuse(
                row.rows[0],
                "uom",
                "import.unknown_unit_of_product",
                f"{row.sku} has no unit {uom}; it has {', '.join(product.units)}",
            )
            continue
        content = (row.kind, row.tier_from, row.tier_price, row.price_basis)
        wish = Wish(row.rows[0], row.valid_from, row.valid_to, content)
        wishes.setdefault((lists[row.price_list], product.id, uom), []).append(wish)
    known_rows = tx.rows(_PRICES, {"list": [key[0] for key in wishes], "product": [key[1] for key in wishes]})
    known: dict[Any, list[Period[Any]]] = {}
    for one in known_rows:
        content = (one[4], decimals(one[5]), decimals(one[6]), one[7])
        known.setdefault((one[1], one[2], one[3]), []).append(Period(one[8], one[9], content, one[0]))
    plans = _plan(tx, wishes, known, applied, run)
    _write_ends(tx, "price", plans)
    replaced = [(period_id, period) for _, plan in plans for period_id, period in plan.replaced.items()]
    if replaced:
        tx.run(_REPLACE_PRICES, _price_columns([(None, period_id, period) for period_id, period in replaced]))
    inserted = [(key, tx.ids.new(), period) for key, plan in plans for period in plan.inserted]
    if inserted:
        tx.run(_INSERT_PRICES, _price_columns(inserted))
    changed = {key[0] for key, plan in plans if plan.inserted or plan.replaced or plan.ends}
    if changed:
        tx.run(_NEW_VERSION, {"ids": sorted(changed)})
    return applied


class _Named:
    """The first row of a ladder, for the names it has."""

    __slots__ = ("price_list", "row", "sku")

    def __init__(self, ladder: Ladder) -> None:
        self.row, self.price_list, self.sku = ladder.rows[0], ladder.price_list, ladder.sku


_named = _Named


def _price_columns(periods: Sequence[tuple[Any, UUID, Period[Any]]]) -> dict[str, Any]:
    """Columns of ladders; (key, id, period), the key is None where it stays."""
    columns: dict[str, Any] = {
        "id": [period_id for _, period_id, _ in periods],
        "kind": [period.content[0] for _, _, period in periods],
        "from": [numbers(period.content[1]) for _, _, period in periods],
        "price": [numbers(period.content[2]) for _, _, period in periods],
        "basis": numbers(period.content[3] for _, _, period in periods),
        "start": [period.start for _, _, period in periods],
        "end": [period.end for _, _, period in periods],
    }
    if periods[0][0] is not None:
        for at, name in enumerate(("list", "product", "uom")):
            columns[name] = [key[at] for key, _, _ in periods]
    return columns


def apply_price_assignments(tx: Tx, rows: Sequence[Any], run: Run) -> Applied:
    """Write whom price lists are for."""
    applied = Applied()
    found = resolve(tx, rows, (Reference("price_list", "price_list"),), applied)
    buyers = [row for row in rows if row.scope == "account"]
    accounts = resolve(tx, buyers, (Reference("value", "account"),), applied)["value"]
    wishes: dict[tuple[Any, str], list[Wish[int]]] = {}
    for row in without_refused(rows, applied):
        value = accounts[row.value] if row.scope == "account" else row.value
        scope_key = row.scope if row.scope in ("all", "floor") else f"{row.scope}:{value}"
        wish = Wish(row.row, row.valid_from, row.valid_to, row.precedence)
        wishes.setdefault((found["price_list"][row.price_list], scope_key), []).append(wish)
    _assign(tx, wishes, applied, run)
    return applied


def _assign(tx: Tx, wishes: dict[tuple[Any, str], list[Wish[int]]], applied: Applied, run: Run) -> None:
    known: dict[Any, list[Period[int]]] = {}
    for one in tx.rows(_ASSIGNMENTS, {"list": [key[0] for key in wishes], "scope": [key[1] for key in wishes]}):
        known.setdefault((one[1], one[2]), []).append(Period(one[4], one[5], one[3], one[0]))
    plans = _plan(tx, wishes, known, applied, run)
    _write_ends(tx, "price_assignment", plans)
    replaced = [period for _, plan in plans for period in plan.replaced.values()]
    if replaced:
        tx.run(
            _REPLACE_ASSIGNMENTS,
            {
                "id": [period.id for period in replaced],
                "precedence": numbers(period.content for period in replaced),
                "end": [period.end for period in replaced],
            },
        )
    inserted = [(key, period) for key, plan in plans for period in plan.inserted]
    if inserted:
        tx.run(
            _INSERT_ASSIGNMENTS,
            {
                "id": tx.ids.many(len(inserted)),
                "list": [key[0] for key, _ in inserted],
                "scope": [key[1] for key, _ in inserted],
                "precedence": numbers(period.content for _, period in inserted),
                "start": [period.start for _, period in inserted],
                "end": [period.end for _, period in inserted],
            },
        )


def apply_agreements(tx: Tx, rows: Sequence[Any], run: Run) -> Applied:
    """Write agreements, and assign each one's price list to its account for its period."""
    applied = Applied()
    found = resolve(tx, rows, (Reference("account", "account"), Reference("price_list", "price_list")), applied)
    good = without_refused(rows, applied)
    wishes: dict[tuple[Any, str], list[Wish[int]]] = {}
    for row in good:
        key = (found["price_list"][row.price_list], f"account:{found['account'][row.account]}")
        wishes.setdefault(key, []).append(Wish(row.row, row.valid_from, row.valid_to, AGREEMENT_PRECEDENCE))
    assigned = Applied()
    _assign(tx, wishes, assigned, run)
    applied.refused += assigned.refused
    records = as_records(without_refused(good, applied), found)
    for record in records:
        record["valid_from"] = record["valid_from"] or ALWAYS
    count(applied, len(records), upsert(tx, _AGREEMENT, records, written=writable(tx, "agreement", run)))
    return applied


def apply_tax_rates(tx: Tx, rows: Sequence[Any], run: Run) -> Applied:
    """Write tax rates."""
    applied = Applied()
    wishes: dict[tuple[str, str, str], list[Wish[Any]]] = {}
    for row in rows:
        wish = Wish(row.row, row.valid_from, row.valid_to, (row.category, row.rate))
        wishes.setdefault((row.country, row.region, row.tax_class), []).append(wish)
    known: dict[Any, list[Period[Any]]] = {}
    keys = {
        "country": [key[0] for key in wishes],
        "region": [key[1] for key in wishes],
        "class": [key[2] for key in wishes],
    }
    for one in tx.rows(_TAX_RATES, keys):
        known.setdefault(one[1:4], []).append(Period(one[6], one[7], (one[4], one[5]), one[0]))
    plans = _plan(tx, wishes, known, applied, run)
    _write_ends(tx, "tax_rate", plans)
    replaced = [period for _, plan in plans for period in plan.replaced.values()]
    if replaced:
        tx.run(
            _REPLACE_TAX_RATES,
            {
                "id": [period.id for period in replaced],
                "category": [period.content[0] for period in replaced],
                "rate": numbers(period.content[1] for period in replaced),
                "end": [period.end for period in replaced],
            },
        )
    inserted = [(key, period) for key, plan in plans for period in plan.inserted]
    if inserted:
        tx.run(
            _INSERT_TAX_RATES,
            {
                "id": tx.ids.many(len(inserted)),
                "country": [key[0] for key, _ in inserted],
                "region": [key[1] for key, _ in inserted],
                "class": [key[2] for key, _ in inserted],
                "category": [period.content[0] for _, period in inserted],
                "rate": numbers(period.content[1] for _, period in inserted),
                "start": [period.start for _, period in inserted],
                "end": [period.end for _, period in inserted],
            },
        )
    return applied


def _plan(
    tx: Tx, wishes: dict[K, list[Wish[Any]]], known: dict[Any, list[Period[Any]]], applied: Applied, run: Run
) -> list[tuple[K, Plan[Any]]]:
    """A plan for each key; what became of each wish is noted. Refused wishes leave no trace in the plan."""
    plans = []
    for key, wanted in wishes.items():
        plan = plan_periods(known.get(key, ()), wanted, tx.now)
        for fate in plan.fates:
            if fate.outcome == "refused":
                applied.refuse(fate.row, "valid_from", fate.code, fate.message)
                continue
            setattr(applied, fate.outcome, getattr(applied, fate.outcome) + 1)
            if fate.code:
                run.findings.add(fate.code, fate.message, where=place(fate.row, "valid_from"), about="valid_from")
        plans.append((key, plan))
    return plans


def _write_ends(tx: Tx, table: str, plans: Iterable[tuple[Any, Plan[Any]]]) -> None:
    """Move ends before anything is inserted: periods of one key never overlap, not even within a transaction."""
    ends = [(period_id, end) for _, plan in plans for period_id, end in plan.ends.items()]
    if ends:
        tx.run(_ENDS[table], {"id": [period_id for period_id, _ in ends], "end": [end for _, end in ends]})
