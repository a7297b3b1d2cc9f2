"""Writes of what was substituted on the lines of orders."""

from collections.abc import Sequence
from uuid import UUID

from tradewind.kernel.arrays import numbers
from tradewind.kernel.tx import Tx
from tradewind.orders.model import LineSubstitution

_INSERT = """
insert into line_substitution (order_id, line_no, account_id, ordered_product_id, ordered_qty, ordered_uom, ordered_base,
  substitute_id, substitute_base, numerator, denominator, consent, price, decided_at, decided_by)
select w.*, %(now)s, %(by)s
from unnest(%(order)s::uuid[], %(line)s::int[], %(account)s::uuid[], %(ordered)s::uuid[], %(qty)s::numeric[], %(uom)s::text[],
  %(base)s::numeric[], %(substitute)s::uuid[], %(substitute_base)s::numeric[], %(num)s::bigint[], %(den)s::bigint[],
  %(consent)s::text[], %(price)s::text[]) as w
"""


def insert_substitutions(tx: Tx, kept: Sequence[tuple[UUID, UUID, LineSubstitution]]) -> None:
    """Keep what was ordered of lines that are served by a substitute, as (order, account, substitution)."""
    if kept:
        tx.run(
            _INSERT,
            {
                "order": [order_id for order_id, _, _ in kept],
                "line": numbers(one.line_no for _, _, one in kept),
                "account": [account_id for _, account_id, _ in kept],
                "ordered": [one.ordered_product_id for _, _, one in kept],
                "qty": numbers(one.ordered_qty for _, _, one in kept),
                "uom": [one.ordered_uom for _, _, one in kept],
                "base": numbers(one.ordered_base for _, _, one in kept),
                "substitute": [one.substitute_id for _, _, one in kept],
                "substitute_base": numbers(one.substitute_base for _, _, one in kept),
                "num": [one.factor[0] for _, _, one in kept],
                "den": [one.factor[1] for _, _, one in kept],
                "consent": [one.consent for _, _, one in kept],
                "price": [one.price for _, _, one in kept],
                "now": tx.now,
                "by": tx.actor.principal_id,
            },
        )
