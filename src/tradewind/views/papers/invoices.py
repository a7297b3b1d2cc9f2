"""What an invoice or a credit note says."""

from tradewind.kernel.tx import Reader
from tradewind.views.papers.orders import Said, said_by
from tradewind.views.papers.parts import ACCOUNT, LANGUAGE, SELLER, TERMS, THEIR_ITEM, day, price_factor, text

_LINES = f"""
(select jsonb_agg(jsonb_build_object('line', l.line_no, 'order_line', l.order_line_no, 'sku', p.sku, 'their_item', {THEIR_ITEM},
    'description', coalesce(l.description, p.name), 'qty', {text("l.qty")}, 'uom', coalesce(l.uom, p.base_uom),
    'base_uom', p.base_uom, 'order_qty', {text("ol.qty")}, 'order_uom', ol.uom, 'order_base_qty', {text("ol.qty_ordered")},
    'unit_price', {text("l.unit_price")}, 'price_basis', {text("l.price_basis")}, 'price_uom', coalesce(l.price_uom, l.uom, p.base_uom),
    'price_factor', {price_factor("coalesce(l.price_uom, l.uom, p.base_uom)")}, 'discounted', coalesce(ol.allowance <> 0, false),
    'net', {text("l.net")}, 'tax_category', l.tax_category, 'tax_rate', {text("l.tax_rate")}) order by l.line_no)
 from invoice_line l left join product p on p.id = l.product_id
 left join order_line ol on ol.order_id = l.order_id and ol.line_no = l.order_line_no
 where l.invoice_id = i.id and l.charge_no is null)
"""  # noqa: S608 - pieces of ours
_CHARGES = f"""
(select jsonb_agg(jsonb_build_object('description', l.description, 'net', {text("l.net")}, 'tax_category', l.tax_category,
    'tax_rate', {text("l.tax_rate")}) order by l.line_no)
 from invoice_line l where l.invoice_id = i.id and l.charge_no is not null)
"""  # noqa: S608 - pieces of ours
_PARTS = f"""
(select jsonb_agg(jsonb_build_object('due_on', {day("t.due_at")}, 'amount', {text("t.amount")},
    'discount_until', {day("t.discount_until")}, 'discount', {text("t.discount")}) order by t.part_no)
 from invoice_instalment t where t.invoice_id = i.id)
"""  # noqa: S608 - pieces of ours
_CERTIFICATE = """
(select min(t.number) from tax_certificate t where t.account_id = a.id and t.valid_from <= o.price_at
   and (t.valid_to is null or t.valid_to > o.price_at))
"""
_INVOICE = f"""
select i.id, i.account_id, i.number, {LANGUAGE}, true, null,
  jsonb_build_object('kind', i.kind, 'id', i.id, 'number', i.number, 'date', {day("i.issued_at")}, 'due_on', {day("i.due_at")},
    'currency', i.currency, 'seller', {SELLER}, 'account', {ACCOUNT}, 'bill_to', i.bill_to, 'buyer_po', i.buyer_po,
    'order', o.number, 'order_date', {day("o.placed_at")}, 'shipment', s.number, 'tracking', s.tracking,
    'shipped_on', {day("coalesce(s.shipped_at, s.answered_at)")}, 'corrects', c.number, 'corrects_date', {day("c.issued_at")},
    'return', r.number, 'ship_to', coalesce(s.ship_to, cs.ship_to), 'terms', {TERMS}, 'parts', {_PARTS}, 'net', {text("i.net_total")},
    'charges', {text("i.charge_total")}, 'discount', '0', 'tax', {text("i.tax_total")}, 'total', {text("i.total")},
    'tax_groups', i.tax_groups, 'tax_rounding', i.tax_rounding, 'certificate', {_CERTIFICATE}, 'lines', {_LINES},
    'charge_lines', {_CHARGES})
from invoice i join sales_order o on o.id = i.order_id join account a on a.id = i.account_id
join legal_entity e on e.id = i.legal_entity_id left join shipment s on s.id = i.shipment_id
left join invoice c on c.id = i.corrects_id left join shipment cs on cs.id = c.shipment_id
left join return_authorisation r on r.id = i.return_id
where {{condition}}
"""  # noqa: S608 - pieces of ours


def invoice_values(reader: Reader, name: str) -> Said | None:
    """What an invoice or a credit note says; it is posted, so it has one state."""
    return said_by(reader, _INVOICE, name, "i")
