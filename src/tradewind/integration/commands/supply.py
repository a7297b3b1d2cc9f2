"""Stock as somebody counted it, and goods on their way."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from tradewind.integration.commands.upsert import Reference, resolve, without_refused
from tradewind.integration.model import Applied, Run
from tradewind.integration.queries import ProductUnits, product_units
from tradewind.inventory.commands import record_moves
from tradewind.inventory.decide import CountOutcome, read_count
from tradewind.inventory.model import Move
from tradewind.inventory.queries import LOCK_STOCK, LOCK_SUPPLY
from tradewind.kernel.arrays import numbers
from tradewind.kernel.locks import lock_set
from tradewind.kernel.problem import Problem
from tradewind.kernel.quantity import QUANTITY_DIGITS, UNITS, to_base
from tradewind.kernel.tx import Event, Tx
from tradewind.semantics.decide.rows.model import Severity, place

Key = tuple[UUID, UUID]

_OPEN_STOCK = """
insert into stock (product_id, site_id)
select * from unnest(%(product)s::uuid[], %(site)s::uuid[]) as w(product_id, site_id) order by product_id, site_id
on conflict do nothing
"""
_SINCE = """
select w.product_id, w.site_id, s.observed_as_of,
  coalesce((select sum(m.qty) from stock_move m
            where m.product_id = w.product_id and m.site_id = w.site_id and m.as_of > w.as_of), 0),
  exists (select from stock_move m where m.product_id = w.product_id and m.site_id = w.site_id),
  exists (select from stock_observation o where o.product_id = w.product_id and o.site_id = w.site_id
          and o.as_of = w.as_of and o.qty = w.qty and o.source = w.source)
from unnest(%(product)s::uuid[], %(site)s::uuid[], %(as_of)s::timestamptz[], %(qty)s::numeric[], %(source)s::text[])
     as w(product_id, site_id, as_of, qty, source)
join stock s on s.product_id = w.product_id and s.site_id = w.site_id
"""
_OBSERVE = """
insert into stock_observation (id, product_id, site_id, qty, as_of, taken_in_at, source, adjusted_by)
select w.id, w.product_id, w.site_id, w.qty, w.as_of, %(now)s, w.source, w.adjusted_by
from unnest(%(id)s::uuid[], %(product)s::uuid[], %(site)s::uuid[], %(qty)s::numeric[], %(as_of)s::timestamptz[],
            %(source)s::text[], %(adjusted)s::numeric[]) as w(id, product_id, site_id, qty, as_of, source, adjusted_by)
"""
_COUNT = """
update stock s set on_hand = s.on_hand + w.adjusted, shortage = w.shortage, observed_as_of = w.as_of
from unnest(%(product)s::uuid[], %(site)s::uuid[], %(adjusted)s::numeric[], %(shortage)s::numeric[], %(as_of)s::timestamptz[])
     as w(product_id, site_id, adjusted, shortage, as_of)
where s.product_id = w.product_id and s.site_id = w.site_id
"""
_SUPPLIES = """
select i.reference, i.product_id, i.site_id, i.qty, i.received, i.promised, i.expected_at, i.status
from unnest(%(reference)s::text[], %(product)s::uuid[], %(site)s::uuid[]) as w(reference, product_id, site_id)
join inbound_supply i on i.reference = w.reference and i.product_id = w.product_id and i.site_id = w.site_id
"""
_PUT_SUPPLIES = """
insert into inbound_supply as i (id, reference, product_id, site_id, qty, expected_at, status)
select * from unnest(%(id)s::uuid[], %(reference)s::text[], %(product)s::uuid[], %(site)s::uuid[], %(qty)s::numeric[],
                     %(at)s::timestamptz[], %(status)s::text[])
on conflict (reference, product_id, site_id)
do update set qty = excluded.qty, expected_at = excluded.expected_at, status = excluded.status
"""


def apply_stock(tx: Tx, rows: Sequence[Any], run: Run) -> Applied:
    """Take in counts: movements after a count's time are kept, the difference is an adjustment in the ledger."""
    applied = Applied()
    products = product_units(tx, [row.sku for row in rows])
    sites = resolve(tx, rows, (Reference("site", "site"), Reference("sku", "product")), applied)["site"]
    counted: dict[Key, tuple[Any, Decimal]] = {}
    for row in without_refused(rows, applied):
        product = products[row.sku]
        if row.as_of is not None and row.as_of > tx.now:
            applied.refuse(row.row, "as_of", "import.observed_in_future", f"{row.as_of:%Y-%m-%d %H:%M}Z is yet to come")
        elif not product.is_stocked:
            applied.refuse(row.row, "sku", "import.not_a_stocked_product", f"no stock is kept of {row.sku}")
        else:
            qty = _in_base(row, product, applied)
            if qty is not None:
                counted[product.id, sites[row.site]] = (row, qty)
    if counted:
        _take_in(tx, counted, applied, run)
    return applied


def _in_base(row: Any, product: ProductUnits, applied: Applied) -> Decimal | None:
    """The row's quantity in base units; a unit the product does not have, or an inexact conversion, is refused."""
    uom = row.uom or product.base_uom
    factor = product.units.get(uom)
    if factor is None:
        known = ", ".join(product.units)
        applied.refuse(row.row, "uom", "import.unknown_unit_of_product", f"{row.sku} has no unit {uom}; it has {known}")
        return None
    unit = UNITS.get(product.base_uom)
    qty = to_base(row.qty, factor, decimals=QUANTITY_DIGITS if unit is None else unit.decimals)
    if isinstance(qty, Problem):
        applied.refuse(row.row, "qty", "import.inexact_quantity", qty.message, **qty.detail)
        return None
    return qty


def _take_in(tx: Tx, counted: Mapping[Key, tuple[Any, Decimal]], applied: Applied, run: Run) -> None:
    keys = sorted(counted)
    tx.run(_OPEN_STOCK, {"product": [key[0] for key in keys], "site": [key[1] for key in keys]})
    locked = {(row[0], row[1]): row for row in lock_set(tx, [(LOCK_STOCK, keys)])["stock"]}
    ordered = [(key, *counted[key]) for key in keys]
    since = tx.rows(
        _SINCE,
        {
            "product": [key[0] for key in keys],
            "site": [key[1] for key in keys],
            "as_of": [row.as_of or tx.now for _, row, _ in ordered],
            "qty": numbers(qty for _, _, qty in ordered),
            "source": [row.source for _, row, _ in ordered],
        },
    )
    outcomes: dict[Key, tuple[CountOutcome, bool]] = {}
    for product_id, site_id, observed, moved, has_moved, is_known in since:
        key = (product_id, site_id)
        row, qty = counted[key]
        if is_known:
            applied.unchanged += 1
        elif observed is not None and row.as_of is not None and row.as_of < observed:
            applied.unchanged += 1
            run.findings.add(
                "import.observation_superseded",
                f"a later count, of {observed:%Y-%m-%d %H:%M}Z, is known; this one is left out",
                where=place(row.row, "as_of"),
                about="as_of",
            )
        else:
            _, _, on_hand, reserved, allocated, _, safety, *_ = locked[key]
            outcome = read_count(qty, moved_since=moved, on_hand=on_hand, committed=reserved + allocated, safety=safety)
            outcomes[key] = (outcome, has_moved)
            _note_outcome(row, outcome, applied, run, is_new=observed is None and not has_moved)
    if outcomes:
        _write_counts(tx, counted, outcomes, run)


def _note_outcome(row: Any, outcome: CountOutcome, applied: Applied, run: Run, *, is_new: bool) -> None:
    if is_new:
        applied.created += 1
    elif outcome.adjustment:
        applied.changed += 1
    else:
        applied.unchanged += 1
    if outcome.shortage:
        run.findings.add(
            "import.stock_is_short",
            f"{outcome.shortage} more of {row.sku} are promised than there are at {row.site}",
            where=place(row.row, "qty"),
            about="qty",
            severity=Severity.WARNING,
        )


def _write_counts(
    tx: Tx, counted: Mapping[Key, tuple[Any, Decimal]], outcomes: Mapping[Key, tuple[CountOutcome, bool]], run: Run
) -> None:
    """Counters, ledger and observations of the counts that matter, and one fact for all of them."""
    keys = list(outcomes)
    observation_ids = tx.ids.many(len(keys))
    as_of = [counted[key][0].as_of or tx.now for key in keys]
    adjusted = [outcomes[key][0].adjustment for key in keys]
    columns = {"product": [key[0] for key in keys], "site": [key[1] for key in keys], "as_of": as_of}
    tx.run(
        _COUNT,
        {**columns, "adjusted": numbers(adjusted), "shortage": numbers(outcomes[key][0].shortage for key in keys)},
    )
    record_moves(
        tx,
        [
            Move(
                *key,
                "adjustment" if outcomes[key][1] else "opening",
                qty,
                at,
                "observation",
                observation_id,
                run.system,
            )
            for key, qty, at, observation_id in zip(keys, adjusted, as_of, observation_ids, strict=True)
            if qty
        ],
    )
    tx.run(
        _OBSERVE,
        {
            **columns,
            "now": tx.now,
            "id": observation_ids,
            "qty": numbers(counted[key][1] for key in keys),
            "source": [counted[key][0].source for key in keys],
            "adjusted": numbers(adjusted),
        },
    )
    risen = sorted({key[0] for key, qty in zip(keys, adjusted, strict=True) if qty > 0})
    objects = tuple(("product", product_id, "risen") for product_id in risen)
    tx.emit(Event("stock.observed", "import", run.id, {"counts": len(keys), "risen": len(risen)}, objects=objects))


def apply_inbound_supply(tx: Tx, rows: Sequence[Any], _run: Run) -> Applied:
    """Write expected receipts. What is promised to orders is neither cancelled nor made smaller here."""
    applied = Applied()
    products = product_units(tx, [row.sku for row in rows])
    sites = resolve(tx, rows, (Reference("site", "site"), Reference("sku", "product")), applied)["site"]
    wanted: list[tuple[Any, UUID, UUID, Decimal]] = []
    for row in without_refused(rows, applied):
        qty = _in_base(row, products[row.sku], applied)
        if qty is not None:
            wanted.append((row, products[row.sku].id, sites[row.site], qty))
    if not wanted:
        return applied
    lock_set(tx, [(LOCK_SUPPLY, [product_id for _, product_id, _, _ in wanted])])
    columns = {
        "reference": [row.reference for row, _, _, _ in wanted],
        "product": [product_id for _, product_id, _, _ in wanted],
        "site": [site_id for _, _, site_id, _ in wanted],
    }
    known = {(row[0], row[1], row[2]): row[3:] for row in tx.rows(_SUPPLIES, columns)}
    put = []
    for one in wanted:
        row, product_id, site_id, qty = one
        old = known.get((row.reference, product_id, site_id))
        problem = None if old is None else _against_promises(row, qty, old)
        if problem is not None:
            applied.refuse(row.row, *problem)
        elif old is None:
            put.append(one)
            applied.created += 1
        elif (old[0], old[3], old[4]) == (qty, row.expected_at, row.status) or old[4] == "received":
            applied.unchanged += 1
        else:
            put.append(one)
            applied.changed += 1
    _put_supplies(tx, put)
    return applied


def _against_promises(row: Any, qty: Decimal, old: Sequence[Any]) -> tuple[str, str, str] | None:
    """Why a known supply cannot become what the row says: column, code, message."""
    _, received, promised, _, status = old
    if status == "received":
        return None
    if row.status == "cancelled" and promised:
        return "status", "import.supply_is_promised", f"{promised} of it are promised to orders; move them first"
    if qty - received < promised:
        return (
            "qty",
            "import.supply_is_promised",
            f"{promised} are promised to orders and {received} received; {qty} is too few",
        )
    return None


def _put_supplies(tx: Tx, put: Sequence[tuple[Any, UUID, UUID, Decimal]]) -> None:
    if put:
        tx.run(
            _PUT_SUPPLIES,
            {
                "id": tx.ids.many(len(put)),
                "reference": [row.reference for row, _, _, _ in put],
                "product": [product_id for _, product_id, _, _ in put],
                "site": [site_id for _, _, site_id, _ in put],
                "qty": numbers(qty for _, _, _, qty in put),
                "at": [row.expected_at for row, _, _, _ in put],
                "status": [row.status for row, _, _, _ in put],
            },
        )
