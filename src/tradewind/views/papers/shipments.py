"""What a packing slip says: every line of the delivery, also those of which nothing is in this parcel."""

from tradewind.kernel.tx import Reader
from tradewind.views.papers.orders import Said, said_by
from tradewind.views.papers.parts import ACCOUNT, LANGUAGE, SELLER, THEIR_ITEM, day, text

_LINES = f"""
(select jsonb_agg(jsonb_build_object('line', ol.line_no, 'sku', p.sku, 'their_item', {THEIR_ITEM},
    'description', coalesce(ol.description, p.name), 'uom', p.base_uom, 'order_qty', {text("ol.qty")}, 'order_uom', ol.uom,
    'ordered', {text("ol.qty_ordered")}, 'cancelled', {text("ol.qty_cancelled")}, 'backordered', {text("ol.qty_backordered")},
    'released', {text("coalesce(l.released, 0)")}, 'shipped', {text("coalesce(l.shipped, 0)")}, 'short', {text("coalesce(l.short, 0)")},
    'short_reason', l.reason, 'shipped_before', {text("ol.qty_shipped - coalesce(l.shipped, 0)")},
    'to_follow', {text("ol.qty_open + ol.qty_reserved + ol.qty_allocated + ol.qty_released - case when s.status = 'released' then coalesce(l.released, 0) else 0 end")},
    'weight_kg', {text("p.weight_kg")}, 'promised_on', {day("ol.promised_at")}) order by ol.line_no)
 from order_line ol join product p on p.id = ol.product_id
 left join (select x.order_line_no, sum(x.qty_released) as released, sum(x.qty_shipped) as shipped, sum(x.qty_short) as short,
                   string_agg(distinct x.short_reason, ', ') as reason
            from shipment_line x where x.shipment_id = s.id group by 1) l on l.order_line_no = ol.line_no
 where ol.order_id = s.order_id and ol.group_no = s.group_no and (p.kind = 'stocked' or l.order_line_no is not null))
"""  # noqa: S608 - pieces of ours
_SHIPMENT = f"""
select s.id, s.account_id, s.number, {LANGUAGE}, s.status in ('released', 'shipped'), s.status,
  jsonb_build_object('kind', 'packing_slip', 'id', s.id, 'number', s.number, 'status', s.status,
    'date', coalesce({day("coalesce(s.shipped_at, s.answered_at)")}, {day("s.released_at")}), 'seller', {SELLER}, 'account', {ACCOUNT},
    'ship_to', s.ship_to, 'order', o.number, 'order_date', {day("o.placed_at")}, 'buyer_po', o.buyer_po, 'site', t.name,
    'tracking', s.tracking, 'note', o.note, 'lines', {_LINES})
from shipment s join sales_order o on o.id = s.order_id join account a on a.id = s.account_id
join legal_entity e on e.id = o.legal_entity_id left join site t on t.id = s.site_id
where {{condition}}
"""  # noqa: S608 - pieces of ours


def shipment_values(reader: Reader, name: str) -> Said | None:
    """What the packing slip of a shipment says; its state is `released` until the warehouse answered, then `shipped`."""
    return said_by(reader, _SHIPMENT, name, "s")
