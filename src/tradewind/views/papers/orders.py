"""What an order confirmation says."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tradewind.kernel.tx import Reader
from tradewind.views.papers.parts import (
    ACCOUNT,
    BILL_TO,
    LANGUAGE,
    SELLER,
    TERMS,
    THEIR_ITEM,
    day,
    price_factor,
    text,
)

_LINES = f"""
(select jsonb_agg(jsonb_build_object('line', ol.line_no, 'group', ol.group_no, 'sku', p.sku, 'their_item', {THEIR_ITEM},
    'description', coalesce(ol.description, p.name), 'qty', {text("ol.qty")}, 'uom', ol.uom,
    'base_qty', {text("ol.qty_ordered")}, 'base_uom', p.base_uom, 'cancelled', {text("ol.qty_cancelled")},
    'backordered', {text("ol.qty_backordered")}, 'price_qty', {text("ol.price_qty")},
    'unit_price', {text("ol.unit_price")}, 'price_basis', {text("ol.price_basis")}, 'price_uom', ol.price_uom,
    'allowance', {text("ol.allowance")}, 'net', {text("ol.net")}, 'tax_category', ol.tax_category, 'tax_rate', {text("ol.tax_rate")},
    'price_factor', {price_factor("ol.price_uom")}, 'promised_on', {day("ol.promised_at")}) order by ol.group_no, ol.line_no)
 from order_line ol join product p on p.id = ol.product_id where ol.order_id = o.id)
"""  # noqa: S608 - pieces of ours
_CHARGES = f"""
(select jsonb_agg(jsonb_build_object('description', c.description, 'net', {text("c.amount")}, 'tax_category', c.tax_category,
    'tax_rate', {text("c.tax_rate")}) order by c.charge_no) from order_charge c where c.order_id = o.id)
"""  # noqa: S608 - pieces of ours
_GROUPS = f"""
(select jsonb_agg(jsonb_build_object('group', g.group_no, 'ship_to', g.ship_to, 'requested_on', {day("g.requested_at")})
    order by g.group_no) from delivery_group g where g.order_id = o.id)
"""  # noqa: S608 - pieces of ours
_CERTIFICATE = """
(select min(t.number) from tax_certificate t where t.account_id = a.id and t.valid_from <= o.price_at
   and (t.valid_to is null or t.valid_to > o.price_at))
"""
_ORDER = f"""
select o.id, o.account_id, o.number, {LANGUAGE}, o.confirmed_at is not null and o.status <> 'cancelled', o.version,
  jsonb_build_object('kind', 'order_confirmation', 'id', o.id, 'number', o.number, 'date', {day("o.confirmed_at")},
    'order_date', {day("o.placed_at")}, 'currency', o.currency, 'seller', {SELLER}, 'account', {ACCOUNT}, 'bill_to', {BILL_TO},
    'buyer_po', o.buyer_po, 'note', o.note, 'terms', {TERMS}, 'net', {text("o.net_total")}, 'charges', {text("o.charge_total")},
    'discount', {text("o.discount_total")}, 'tax', {text("o.tax_total")}, 'total', {text("o.total")}, 'tax_groups', o.tax_groups,
    'tax_rounding', o.tax_rounding, 'certificate', {_CERTIFICATE}, 'groups', {_GROUPS}, 'lines', {_LINES},
    'charge_lines', {_CHARGES})
from sales_order o join account a on a.id = o.account_id join legal_entity e on e.id = o.legal_entity_id
where {{condition}}
"""  # noqa: S608 - pieces of ours


@dataclass(frozen=True, slots=True)
class Said:
    """A document's values with what identifies it. `ready` is False while it must not be printed."""

    id: UUID
    account_id: UUID
    number: str
    language: str
    ready: bool
    state: Any
    values: dict[str, Any]


def named_by(name: str, alias: str) -> tuple[str, Any]:
    """The condition for a name that is an id or a number, and its value."""
    try:
        return f"{alias}.id = %s", UUID(name)
    except ValueError:
        return f"{alias}.number = %s", name


def said_by(reader: Reader, statement: str, name: str, alias: str) -> Said | None:
    """One document's values by id or number, as far as the reader sees it."""
    condition, value = named_by(name, alias)
    row = reader.row(statement.replace("{condition}", condition), [value])
    return None if row is None else Said(*row)


def order_values(reader: Reader, name: str) -> Said | None:
    """What the confirmation of an order says; its state is the order's version."""
    return said_by(reader, _ORDER, name, "o")
