"""What an account ordered before an order: what conditions and decision tables ask about its history."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from tradewind.kernel.tx import Reader


class Asking(NamedTuple):
    """An order whose account's past is asked for: only orders before it count, and only those in its currency."""

    order_id: UUID
    account_id: UUID
    placed_at: datetime
    currency: str


class Past(NamedTuple):
    """Orders of the account in the 90 days before: how many, what they came to, the largest; whether there was any ever."""

    orders: int
    value: Decimal
    largest: Decimal | None
    ever: bool


# Orders of one instant count by their ids, so that a preview and the order placed after it see the same past.
_BEFORE = "(o.placed_at, o.id) < (w.at, w.order_id) and o.status <> 'cancelled'"
_PAST = f"""
select w.order_id, h.orders, h.value, h.largest,
       exists (select from sales_order o where o.account_id = w.account_id and {_BEFORE})
from unnest(%(orders)s::uuid[], %(accounts)s::uuid[], %(at)s::timestamptz[], %(currency)s::text[])
     as w(order_id, account_id, at, currency)
cross join lateral (
  select count(*) as orders, coalesce(sum(o.total), 0) as value, max(o.total) as largest from sales_order o
  where o.account_id = w.account_id and o.placed_at >= w.at - interval '90 days' and {_BEFORE} and o.currency = w.currency
) h
"""  # noqa: S608 - text of ours
_PLACES = f"""
select w.order_id, w.place
from unnest(%(orders)s::uuid[], %(accounts)s::uuid[], %(at)s::timestamptz[], %(places)s::uuid[])
     as w(order_id, account_id, at, place)
where exists (
  select from sales_order o join delivery_group g on g.order_id = o.id
  where o.account_id = w.account_id and o.placed_at >= w.at - interval '365 days' and {_BEFORE} and g.ship_to_id = w.place)
"""  # noqa: S608 - text of ours


def past_of(reader: Reader, asked: Sequence[Asking]) -> dict[UUID, Past]:
    """The past of each order, one statement for all of them."""
    return {row[0]: Past(*row[1:]) for row in reader.rows(_PAST, _columns(asked))} if asked else {}


def known_places(reader: Reader, asked: Sequence[tuple[Asking, UUID]]) -> set[tuple[UUID, UUID]]:
    """Of (order, address) those to which an order of the account went in the 365 days before."""
    if not asked:
        return set()
    columns = {**_columns([one for one, _ in asked]), "places": [place for _, place in asked]}
    return {(row[0], row[1]) for row in reader.rows(_PLACES, columns)}


def _columns(asked: Sequence[Asking]) -> dict[str, list[object]]:
    return {
        "orders": [one.order_id for one in asked],
        "accounts": [one.account_id for one in asked],
        "at": [one.placed_at for one in asked],
        "currency": [one.currency for one in asked],
    }
