"""Writes of stock. Counters are added to, never set; the table's checks refuse an oversell whatever the caller decided."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from tradewind.inventory.model import Claim, Delta, Move, Observation, Supply
from tradewind.kernel.arrays import numbers
from tradewind.kernel.tx import Tx

_ADD = """
update stock s set on_hand = s.on_hand + w.on_hand, reserved = s.reserved + w.reserved, allocated = s.allocated + w.allocated,
  shortage = greatest(least(s.shortage, s.reserved + w.reserved + s.allocated + w.allocated
                            - greatest(s.on_hand + w.on_hand - s.safety, 0) - s.backorder_limit), 0)
from unnest(%(product)s::uuid[], %(site)s::uuid[], %(on_hand)s::numeric[], %(reserved)s::numeric[], %(allocated)s::numeric[])
     as w(product_id, site_id, on_hand, reserved, allocated)
where s.product_id = w.product_id and s.site_id = w.site_id
"""
_INSERT_CLAIMS = """
insert into stock_claim (order_id, line_no, claim_no, account_id, product_id, site_id, qty, state, supply_id, expires_at)
select * from unnest(%(order)s::uuid[], %(line)s::int[], %(no)s::smallint[], %(account)s::uuid[], %(product)s::uuid[],
                     %(site)s::uuid[], %(qty)s::numeric[], %(state)s::text[], %(supply)s::uuid[], %(expires)s::timestamptz[])
"""
_CHANGE_CLAIMS = """
update stock_claim c set qty = w.qty, state = w.state, expires_at = w.expires_at
from unnest(%(order)s::uuid[], %(line)s::int[], %(no)s::smallint[], %(qty)s::numeric[], %(state)s::text[],
            %(expires)s::timestamptz[]) as w(order_id, line_no, claim_no, qty, state, expires_at)
where c.order_id = w.order_id and c.line_no = w.line_no and c.claim_no = w.claim_no
"""
_PROMISE = """
update inbound_supply i set promised = i.promised + w.qty
from unnest(%(id)s::uuid[], %(qty)s::numeric[]) as w(id, qty) where i.id = w.id
"""
_MOVES = """
insert into stock_move (id, product_id, site_id, kind, qty, at, as_of, reference_type, reference_id, reason)
select w.id, w.product_id, w.site_id, w.kind, w.qty, %(now)s, w.as_of, w.reference_type, w.reference_id, w.reason
from unnest(%(id)s::uuid[], %(product)s::uuid[], %(site)s::uuid[], %(kind)s::text[], %(qty)s::numeric[],
            %(as_of)s::timestamptz[], %(type)s::text[], %(reference)s::uuid[], %(reason)s::text[])
     as w(id, product_id, site_id, kind, qty, as_of, reference_type, reference_id, reason)
"""


def add_to_stock(tx: Tx, deltas: Mapping[tuple[UUID, UUID], Delta]) -> None:
    """Add to the counters of (product, site) rows that the caller has locked. A shortage heals as goods come or claims go."""
    wanted = [(key, delta) for key, delta in deltas.items() if delta != Delta()]
    if not wanted:
        return
    changed = tx.run(
        _ADD,
        {
            "product": [key[0] for key, _ in wanted],
            "site": [key[1] for key, _ in wanted],
            "on_hand": numbers(delta.on_hand for _, delta in wanted),
            "reserved": numbers(delta.reserved for _, delta in wanted),
            "allocated": numbers(delta.allocated for _, delta in wanted),
        },
    )
    if changed != len(wanted):
        raise LookupError(f"{len(wanted) - changed} stock rows are missing")


def insert_claims(tx: Tx, claims: Sequence[Claim]) -> None:
    """Store new claims; the counters are the caller's next statement."""
    if not claims:
        return
    tx.run(
        _INSERT_CLAIMS,
        {
            "order": [claim.order_id for claim in claims],
            "line": numbers(claim.line_no for claim in claims),
            "no": numbers(claim.claim_no for claim in claims),
            "account": [claim.account_id for claim in claims],
            "product": [claim.product_id for claim in claims],
            "site": [claim.site_id for claim in claims],
            "qty": numbers(claim.qty for claim in claims),
            "state": [claim.state for claim in claims],
            "supply": [claim.supply_id for claim in claims],
            "expires": [claim.expires_at for claim in claims],
        },
    )


def change_claims(tx: Tx, claims: Sequence[Claim]) -> None:
    """Store the quantity, state and expiry of claims that exist."""
    if not claims:
        return
    tx.run(
        _CHANGE_CLAIMS,
        {
            "order": [claim.order_id for claim in claims],
            "line": numbers(claim.line_no for claim in claims),
            "no": numbers(claim.claim_no for claim in claims),
            "qty": numbers(claim.qty for claim in claims),
            "state": [claim.state for claim in claims],
            "expires": [claim.expires_at for claim in claims],
        },
    )


def add_to_promised(tx: Tx, deltas: Mapping[UUID, Decimal]) -> None:
    """Add to what is promised of inbound supplies; the table refuses to promise a unit twice."""
    wanted = [(key, qty) for key, qty in deltas.items() if qty]
    if wanted:
        tx.run(_PROMISE, {"id": [key for key, _ in wanted], "qty": numbers(qty for _, qty in wanted)})


def record_moves(tx: Tx, moves: Iterable[Move]) -> None:
    """Write physical movements to the ledger; the counters are the caller's next statement."""
    written = list(moves)
    if not written:
        return
    tx.run(
        _MOVES,
        {
            "now": tx.now,
            "id": tx.ids.many(len(written)),
            "product": [move.product_id for move in written],
            "site": [move.site_id for move in written],
            "kind": [move.kind for move in written],
            "qty": numbers(move.qty for move in written),
            "as_of": [move.as_of for move in written],
            "type": [move.reference_type for move in written],
            "reference": [move.reference_id for move in written],
            "reason": [move.reason for move in written],
        },
    )


_OPEN_STOCK = """
insert into stock (product_id, site_id)
select * from unnest(%(product)s::uuid[], %(site)s::uuid[]) as w(product_id, site_id) order by product_id, site_id
on conflict do nothing
"""
_EARMARK = """
update stock s set earmarked = s.earmarked + w.qty
from unnest(%(product)s::uuid[], %(site)s::uuid[], %(qty)s::numeric[]) as w(product_id, site_id, qty)
where s.product_id = w.product_id and s.site_id = w.site_id
"""
_RECEIVE = """
update inbound_supply i set received = i.received + w.qty, qty = greatest(i.qty, i.received + w.qty)
from unnest(%(id)s::uuid[], %(qty)s::numeric[]) as w(id, qty) where i.id = w.id
"""
_SETTLE = """
update inbound_supply i set
  qty = case when i.target_qty > 0 then greatest(i.target_qty, i.received + i.promised) else i.qty end,
  target_qty = case when i.target_qty >= greatest(i.received + i.promised, 0.000001) then null else i.target_qty end,
  status = case when i.promised > 0 or i.received < coalesce(i.target_qty, i.qty) then 'open'
                when i.received > 0 then 'received' else 'cancelled' end
from unnest(%(id)s::uuid[]) as w(id)
where i.id = w.id and i.status = 'open' and (i.target_qty is not null or i.received >= i.qty)
"""
_PUT_SUPPLIES = """
insert into inbound_supply as i (id, reference, product_id, site_id, qty, expected_at, status)
select w.id, w.reference, w.product_id, w.site_id, w.qty, w.at, 'open'
from unnest(%(id)s::uuid[], %(reference)s::text[], %(product)s::uuid[], %(site)s::uuid[], %(qty)s::numeric[],
            %(at)s::timestamptz[]) as w(id, reference, product_id, site_id, qty, at)
on conflict do nothing returning i.id
"""
_MOVE_SUPPLIES = """
update inbound_supply i set expected_at = w.at, target_qty = w.target,
  qty = case when w.target is null then w.qty else i.qty end
from unnest(%(id)s::uuid[], %(qty)s::numeric[], %(target)s::numeric[], %(at)s::timestamptz[]) as w(id, qty, target, at)
where i.id = w.id
"""
_OBSERVE = """
insert into stock_observation (id, product_id, site_id, qty, as_of, taken_in_at, source, adjusted_by)
select w.id, w.product_id, w.site_id, w.qty, w.as_of, %(now)s, w.source, w.adjusted_by
from unnest(%(id)s::uuid[], %(product)s::uuid[], %(site)s::uuid[], %(qty)s::numeric[], %(as_of)s::timestamptz[],
            %(source)s::text[], %(adjusted)s::numeric[]) as w(id, product_id, site_id, qty, as_of, source, adjusted_by)
"""
_COUNT = """
update stock s set on_hand = s.on_hand + w.adjusted, shortage = w.shortage,
  observed_as_of = greatest(s.observed_as_of, w.as_of)
from unnest(%(product)s::uuid[], %(site)s::uuid[], %(adjusted)s::numeric[], %(shortage)s::numeric[], %(as_of)s::timestamptz[])
     as w(product_id, site_id, adjusted, shortage, as_of)
where s.product_id = w.product_id and s.site_id = w.site_id
"""


def open_stock(tx: Tx, keys: Iterable[tuple[UUID, UUID]]) -> None:
    """A row of counters for every (product, site) that has none."""
    wanted = sorted(set(keys))
    if wanted:
        tx.run(_OPEN_STOCK, {"product": [key[0] for key in wanted], "site": [key[1] for key in wanted]})


def add_to_earmarks(tx: Tx, deltas: Mapping[tuple[UUID, UUID], Decimal]) -> None:
    """Add to what is kept for waiting orders, on rows that the caller has locked."""
    wanted = [(key, qty) for key, qty in sorted(deltas.items()) if qty]
    if wanted:
        tx.run(
            _EARMARK,
            {
                "product": [key[0] for key, _ in wanted],
                "site": [key[1] for key, _ in wanted],
                "qty": numbers(qty for _, qty in wanted),
            },
        )


def receive_supplies(tx: Tx, received: Mapping[UUID, Decimal]) -> None:
    """Goods of these inbound supplies came in; more than was expected raises what was ordered."""
    wanted = sorted(received.items())
    if wanted:
        tx.run(_RECEIVE, {"id": [key for key, _ in wanted], "qty": numbers(qty for _, qty in wanted)})


def settle_supplies(tx: Tx, ids: Iterable[UUID]) -> None:
    """Close supplies that came in whole, and let a cut take effect as far as promises allow. The caller holds their locks."""
    wanted = sorted(set(ids))
    if wanted:
        tx.run(_SETTLE, {"id": wanted})


def insert_supplies(tx: Tx, supplies: Sequence[Supply]) -> set[UUID]:
    """Store new inbound supplies; gives those that nobody else had stored under the same name meanwhile."""
    if not supplies:
        return set()
    columns = {
        "id": [one.id for one in supplies],
        "reference": [one.reference for one in supplies],
        "product": [one.product_id for one in supplies],
        "site": [one.site_id for one in supplies],
        "qty": numbers(one.qty for one in supplies),
        "at": [one.expected_at for one in supplies],
    }
    return {row[0] for row in tx.rows(_PUT_SUPPLIES, columns)}


def move_supplies(tx: Tx, changes: Sequence[tuple[UUID, Decimal, Decimal | None, datetime]]) -> None:
    """New dates and quantities of supplies as (id, quantity, target, date). A target below what is promised takes effect once
    the backorder crank has moved the promises; 0 cancels."""
    if changes:
        tx.run(
            _MOVE_SUPPLIES,
            {
                "id": [one[0] for one in changes],
                "qty": numbers(one[1] for one in changes),
                "target": numbers(one[2] for one in changes),
                "at": [one[3] for one in changes],
            },
        )


def record_observations(tx: Tx, taken: Sequence[tuple[UUID, Observation, Decimal]]) -> None:
    """Keep what was counted as (id, observation, by how much it changed the stock)."""
    if taken:
        tx.run(
            _OBSERVE,
            {
                "now": tx.now,
                "id": [one for one, _, _ in taken],
                "product": [seen.product_id for _, seen, _ in taken],
                "site": [seen.site_id for _, seen, _ in taken],
                "qty": numbers(seen.qty for _, seen, _ in taken),
                "as_of": [seen.as_of for _, seen, _ in taken],
                "source": [seen.source for _, seen, _ in taken],
                "adjusted": numbers(adjusted for _, _, adjusted in taken),
            },
        )


def apply_counts(tx: Tx, counts: Mapping[tuple[UUID, UUID], tuple[Decimal, Decimal, datetime | None]]) -> None:
    """What counts change of locked rows: (adjustment, shortage, as of) by (product, site)."""
    wanted = sorted(counts.items())
    if wanted:
        tx.run(
            _COUNT,
            {
                "product": [key[0] for key, _ in wanted],
                "site": [key[1] for key, _ in wanted],
                "adjusted": numbers(one[0] for _, one in wanted),
                "shortage": numbers(one[1] for _, one in wanted),
                "as_of": [one[2] for _, one in wanted],
            },
        )
