"""Stock: the ledger, its counters, and what orders hold of them."""

from tradewind.analytics.model import Check

STOCK = (
    Check(
        "S1",
        "On hand is the sum of the physical movements.",
        """
        select product_id, site_id, s.on_hand, m.qty as moved
        from stock s
        full join (select product_id, site_id, sum(qty) as qty from stock_move group by 1, 2) m using (product_id, site_id)
        where coalesce(s.on_hand, 0) <> coalesce(m.qty, 0)
        """,
    ),
    Check(
        "S2",
        "Reserved and allocated equal the claims behind them; released goods stay allocated.",
        """
        select product_id, site_id, s.reserved, c.reserved as claims_reserved, s.allocated, c.allocated as claims_allocated
        from stock s
        full join (
          select product_id, site_id, coalesce(sum(qty) filter (where state = 'reserved'), 0) as reserved,
                 coalesce(sum(qty) filter (where state <> 'reserved'), 0) as allocated
          from stock_claim where state in ('reserved', 'allocated', 'released') group by 1, 2
        ) c using (product_id, site_id)
        where coalesce(s.reserved, 0) <> coalesce(c.reserved, 0) or coalesce(s.allocated, 0) <> coalesce(c.allocated, 0)
        """,
    ),
    Check(
        "S2.inbound",
        "What is promised of an inbound supply equals the promised claims on it.",
        """
        select coalesce(i.id, c.supply_id) as supply_id, i.reference, i.status, i.promised, c.qty as claims_promised
        from inbound_supply i
        full join (
          select supply_id, sum(qty) as qty from stock_claim where state = 'promised' group by 1
        ) c on c.supply_id = i.id
        where coalesce(i.promised, 0) <> coalesce(c.qty, 0)
        """,
    ),
    Check(
        "S3",
        "No counter is negative, and nothing is allocated that is neither there nor an open shortage.",
        """
        select product_id, site_id, on_hand, reserved, allocated, shortage, safety, backorder_limit from stock
        where least(on_hand, reserved, allocated, shortage, safety, backorder_limit) < 0 or allocated > on_hand + shortage
        """,
    ),
    Check(
        "S4",
        "No oversell: reserved and allocated are covered by stock above safety, the backorder limit or an open shortage.",
        """
        select product_id, site_id, on_hand, safety, reserved, allocated, backorder_limit, shortage from stock
        where reserved + allocated > greatest(on_hand - safety, 0) + backorder_limit + shortage
        """,
    ),
    Check(
        "S4.inbound",
        "No inbound unit is promised twice, only open supplies are promised, and what came in for a promise is kept for it.",
        """
        with came as (
          select product_id, site_id, sum(greatest(promised - greatest(qty - received, 0), 0)) as qty from inbound_supply
          where status = 'open' group by 1, 2
        )
        select i.id as supply_id, i.reference, i.status, i.qty, i.received, i.promised, s.earmarked
        from inbound_supply i
        left join came c on c.product_id = i.product_id and c.site_id = i.site_id
        left join stock s on s.product_id = i.product_id and s.site_id = i.site_id
        where i.promised < 0 or i.received < 0 or i.promised > i.qty or (i.status <> 'open' and i.promised > 0)
           or (c.qty > coalesce(s.earmarked, 0) and i.promised > greatest(i.qty - i.received, 0))
        """,
    ),
    Check(
        "S5.signs",
        "Goods come in with a plus and leave with a minus.",
        """
        select id as move_id, product_id, site_id, kind, qty from stock_move
        where (kind in ('ship', 'scrap') and qty > 0) or (kind in ('receipt', 'return') and qty < 0)
        """,
    ),
    Check(
        "S5.shipped",
        "What left a site is what its shipments say.",
        """
        select product_id, site_id, s.qty as shipped, m.qty as moved
        from (
          select l.product_id, h.site_id, sum(sl.qty_shipped) as qty
          from shipment h
          join shipment_line sl on sl.shipment_id = h.id
          join order_line l on l.order_id = sl.order_id and l.line_no = sl.order_line_no
          join product p on p.id = l.product_id and p.kind = 'stocked'
          where h.status = 'shipped' and h.site_id is not null and sl.qty_shipped > 0
          group by 1, 2
        ) s
        full join (
          select product_id, site_id, -sum(qty) as qty from stock_move where kind = 'ship' group by 1, 2
        ) m using (product_id, site_id)
        where coalesce(s.qty, 0) <> coalesce(m.qty, 0)
        """,
    ),
    Check(
        "S5.transfers",
        "Of a transfer no more arrives than left.",
        """
        select reference_id, product_id, sum(qty) as arrived_too_much from stock_move
        where kind = 'transfer' group by 1, 2 having sum(qty) > 0
        """,
    ),
    Check(
        "S5.returned",
        "What came back into stock is what the return lines say was received for restocking.",
        """
        select product_id, site_id, r.qty as received, m.qty as moved
        from (
          select l.product_id, rl.site_id, sum(rl.qty_received) as qty
          from return_line rl
          join order_line l on l.order_id = rl.order_id and l.line_no = rl.order_line_no
          join product p on p.id = l.product_id and p.kind = 'stocked'
          where rl.disposition = 'restock' and rl.qty_received > 0 and rl.site_id is not null
          group by 1, 2
        ) r
        full join (
          select product_id, site_id, sum(qty) as qty from stock_move where kind = 'return' group by 1, 2
        ) m using (product_id, site_id)
        where coalesce(r.qty, 0) <> coalesce(m.qty, 0)
        """,
    ),
    Check(
        "S6",
        "Every open claim belongs to a line of a live order, for that line's product.",
        """
        select c.order_id, c.line_no, c.claim_no, c.state, c.qty, o.number, o.status, c.product_id,
               l.product_id as line_product_id
        from stock_claim c
        left join order_line l on l.order_id = c.order_id and l.line_no = c.line_no
        left join sales_order o on o.id = c.order_id
        where c.state in ('promised', 'reserved', 'allocated', 'released')
          and (o.id is null or o.status in ('shipped', 'closed', 'cancelled') or c.product_id is distinct from l.product_id)
        """,
    ),
)
