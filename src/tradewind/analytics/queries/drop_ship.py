"""Drop-ship: supplier orders say no more and no less than the lines and shipments they stand for."""

from tradewind.analytics.model import Check

DROP_SHIP = (
    Check(
        "P1",
        "A vendor answered no more than it was asked for, and a supplier order is closed when, and only when, all was answered.",
        """
        select o.id as supplier_order_id, o.number, o.status, l.line_no, l.qty, l.qty_shipped, l.qty_refused, l.qty_cancelled
        from supplier_order o left join supplier_order_line l on l.supplier_order_id = o.id
        where l.line_no is null or l.qty_shipped + l.qty_refused + l.qty_cancelled > l.qty
           or (o.status = 'closed' and l.qty_shipped + l.qty_refused + l.qty_cancelled < l.qty)
        union all
        select o.id, o.number, o.status, null, null, null, null, null from supplier_order o
        where o.status = 'open' and not exists (
          select from supplier_order_line l
          where l.supplier_order_id = o.id and l.qty_shipped + l.qty_refused + l.qty_cancelled < l.qty)
        """,
    ),
    Check(
        "P1.units",
        "The units of a supplier order's line are those on its shipments, of the same order line, with no stock of ours behind them.",
        """
        select supplier_order_id, line_no, l.qty, s.qty as on_shipments, l.order_line_no, s.order_line_no as shipped_of, s.claimed
        from supplier_order_line l
        full join (
          select x.supplier_order_id, sl.line_no, sum(sl.qty_released) as qty, min(sl.order_line_no) as order_line_no,
                 max(sl.claim_no) as claimed, min(sl.order_id::text) as order_id
          from supplier_shipment x join shipment_line sl on sl.shipment_id = x.shipment_id group by 1, 2
        ) s using (supplier_order_id, line_no)
        where l.qty is distinct from s.qty or l.order_line_no is distinct from s.order_line_no or s.claimed <> 0
           or l.order_id::text is distinct from s.order_id
        """,
    ),
    Check(
        "P1.shipped",
        "What shipments of a supplier order shipped was said by its vendor; what it left unanswered waits on its open shipment.",
        """
        select l.supplier_order_id, l.line_no, l.qty_shipped, s.shipped, l.qty_refused + l.qty_cancelled as not_shipped, s.short,
               l.qty - l.qty_shipped - l.qty_refused - l.qty_cancelled as unanswered, s.waiting
        from supplier_order_line l join supplier_order o on o.id = l.supplier_order_id
        join (
          select x.supplier_order_id, sl.line_no, sum(sl.qty_shipped) as shipped, sum(sl.qty_short) as short,
                 sum(sl.qty_released) filter (where h.status = 'released') as waiting
          from supplier_shipment x join shipment h on h.id = x.shipment_id join shipment_line sl on sl.shipment_id = h.id
          group by 1, 2
        ) s using (supplier_order_id, line_no)
        where s.shipped > l.qty_shipped or s.short > l.qty_refused + l.qty_cancelled
           or coalesce(s.waiting, 0) < l.qty - l.qty_shipped - l.qty_refused - l.qty_cancelled
        """,
    ),
    Check(
        "P2",
        "A supplier order belongs to the account of its order, and its shipments and lines to that order.",
        """
        select p.id as supplier_order_id, p.number, p.account_id, o.account_id as belongs_to, h.order_id as ships, l.order_id as asks
        from supplier_order p join sales_order o on o.id = p.order_id
        left join supplier_shipment x on x.supplier_order_id = p.id left join shipment h on h.id = x.shipment_id
        left join supplier_order_line l on l.supplier_order_id = p.id
        where p.account_id <> o.account_id or h.order_id <> p.order_id or l.order_id <> p.order_id or h.site_id is not null
        """,
    ),
    Check(
        "P3",
        "What was sent to a vendor is blind: of the buyer's order and money it names nothing.",
        """
        select d.id as delivery_id, d.kind, k.key from delivery d
        cross join lateral jsonb_object_keys(d.payload) as k(key)
        where d.kind like 'supplier_order.%'
          and (d.account_id is not null or k.key in ('price', 'unit_price', 'net', 'total', 'order', 'buyer_po', 'account', 'shipment'))
        union all
        select d.id, d.kind, k.key from delivery d
        cross join lateral jsonb_array_elements(coalesce(d.payload -> 'lines', '[]')) as l(line)
        cross join lateral jsonb_object_keys(l.line) as k(key)
        where d.kind = 'supplier_order.sent' and k.key in ('price', 'unit_price', 'net', 'total', 'order_line')
        """,
    ),
)
