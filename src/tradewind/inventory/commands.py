"""Writes of stock. Counters are added to, never set; the table's checks refuse an oversell whatever the caller decided."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from tradewind.inventory.model import Claim, Delta, Move
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
