"""Writes of the catalogue that are not imports."""

from collections.abc import Sequence
from uuid import UUID

from tradewind.catalog.model import UNIDENTIFIED_PRODUCT
from tradewind.catalog.queries import normal
from tradewind.kernel.tx import Tx

_KEEP_UNIDENTIFIED = """
insert into product (id, sku, name, base_uom, order_uom, status, kind, tax_class)
values (%(id)s, %(sku)s, %(name)s, 'EA', 'EA', 'blocked', 'service', 'standard') on conflict do nothing
"""
_REMEMBER = """
insert into cross_reference (id, kind, account_id, number, product_id)
select w.id, 'customer', w.account_id, w.number, w.product_id
from unnest(%(id)s::uuid[], %(account)s::uuid[], %(number)s::text[], %(product)s::uuid[]) as w(id, account_id, number, product_id)
on conflict do nothing
"""


def keep_unidentified(tx: Tx) -> None:
    """Make the product behind lines that nobody could identify, where it is not there yet."""
    one = UNIDENTIFIED_PRODUCT
    if tx.value("select true from product where id = %(id)s", {"id": one.id}):
        return  # even an insert of nothing would leave a mark that products changed
    tx.run(_KEEP_UNIDENTIFIED, {"id": one.id, "sku": one.sku, "name": one.name})


def remember_numbers(tx: Tx, numbers: Sequence[tuple[UUID, str, UUID]]) -> None:
    """Accounts call products so from now on: (account, their number, product)."""
    if numbers:
        tx.run(
            _REMEMBER,
            {
                "id": [tx.ids.new() for _ in numbers],
                "account": [account_id for account_id, _, _ in numbers],
                "number": [normal(number) for _, number, _ in numbers],
                "product": [product_id for _, _, product_id in numbers],
            },
        )
