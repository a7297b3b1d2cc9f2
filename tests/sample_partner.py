"""Master data for a document of somebody else's: the partner it comes from, a sandbox account, its items and its places."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from shop import Shop
from tradewind.channels.decide.x12.documents import PurchaseOrder
from tradewind.channels.decide.x12.drafts import item_of
from tradewind.channels.decide.x12.maps import DEFAULT
from tradewind.channels.decide.x12.model import Envelope, TransactionSet
from tradewind.channels.decide.x12.orders import purchase_order
from tradewind.channels.decide.x12.read import walk
from tradewind.kernel.tx import Tx
from trading import Trading

UNPRICED = Decimal("7.77")
_SANDBOX = """
insert into legal_entity (id, code, name, country, currency) values (%(entity)s, 'SAND', 'Sandbox', 'US', 'USD');
insert into account (id, code, name, legal_entity_id, currency) values (%(account)s, 'SANDBOX', 'Sandbox', %(entity)s, 'USD');
insert into account_closure values (%(account)s, %(account)s, 0);
insert into address (id, account_id, code, kind, name, country, is_default) values
  (gen_random_uuid(), %(account)s, 'DEFAULT', 'ship_to', 'Sandbox', 'US', true);
insert into site (id, code, name, legal_entity_id, country, rank) values (%(site)s, 'SAND', 'Sandbox', %(entity)s, 'US', 1);
insert into price_list (id, code, name, currency, layer) values (%(list)s, 'SAND', 'Sandbox', 'USD', 'base');
insert into price_assignment (id, list_id, scope_key, precedence, valid_from) values
  (gen_random_uuid(), %(list)s, 'all', 100, '2000-01-01');
insert into tax_rate (id, country, tax_class, category, rate, valid_from) values
  (gen_random_uuid(), 'US', 'standard', 'S', 8, '2000-01-01')
"""
_PLACE = """
insert into address (id, account_id, code, kind, name, street, postal_code, country) values
  (gen_random_uuid(), %(account)s, %(code)s, 'ship_to', %(name)s, %(street)s, %(postal)s, 'US') on conflict do nothing
"""
_PRODUCT = """
with p as (
  insert into product (id, sku, name, base_uom, order_uom, tax_class, kind) values
    (%(id)s, %(sku)s, %(sku)s, %(uom)s, %(uom)s, 'standard', 'stocked')
), s as (
  insert into stock (product_id, site_id, on_hand) values (%(id)s, %(site)s, 1000000)
), m as (
  insert into stock_move (id, product_id, site_id, kind, qty, at, as_of, reference_type)
  values (gen_random_uuid(), %(id)s, %(site)s, 'opening', 1000000, %(now)s, %(now)s, 'import')
)
insert into price (id, list_id, product_id, uom, tier_from, tier_price, valid_from) values
  (gen_random_uuid(), %(list)s, %(id)s, %(uom)s, '{1}', array[%(price)s]::numeric[], '2000-01-01')
"""


def orders_in(body: bytes) -> tuple[Envelope, list[PurchaseOrder]]:
    """The envelope and the orders of a file."""
    steps = list(walk(body))
    (envelope,) = [one for one in steps if isinstance(one, Envelope)]
    sets = [one for one in steps if isinstance(one, TransactionSet) and one.type in ("850", "875")]
    return envelope, [purchase_order(one) for one in sets if not one.is_wrong]


def open_sandbox(shop: Shop, body: bytes) -> Trading:
    """A partner in test for a file, with everything its orders name."""
    envelope, orders = orders_in(body)
    ids = dict(zip(("entity", "account", "site", "list"), shop.database.ids.many(4), strict=True))
    shop.database.write(lambda tx: _write(tx, ids, orders))
    shop.id["sandbox"] = ids["account"]
    return Trading(shop).open(
        None, ours=envelope.receiver, theirs=envelope.sender, sandbox_id=ids["account"], in_test=True, answer_minutes=0
    )


def _write(tx: Tx, ids: dict[str, UUID], orders: list[PurchaseOrder]) -> None:
    for statement in _SANDBOX.split(";\n"):
        tx.run(statement, ids)
    for party in {party for order in orders for party in order.parties if party.code == "ST"}:
        street = party.street[0] if party.street else None
        code = party.id or party.name.upper().replace(" ", "-")
        place: dict[str, Any] = {
            "code": code,
            "name": party.name,
            "street": street,
            "postal": party.postal_code or None,
        }
        tx.run(_PLACE, {**ids, **place})
    prices: dict[str, tuple[str, Decimal]] = {}
    for line in (line for order in orders for line in order.lines):
        prices.setdefault(
            item_of(line), (DEFAULT.unit(line.uom) or "EA", UNPRICED if line.price is None else line.price)
        )
    for sku, (uom, price) in prices.items():
        tx.run(_PRODUCT, {**ids, "id": tx.ids.new(), "sku": sku, "uom": uom, "price": price, "now": tx.now})
