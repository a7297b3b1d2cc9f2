"""Orders: where each unit of a line stands, what follows from it, and what shipments say."""

from tradewind.analytics.model import Check
from tradewind.catalog.model import UNIDENTIFIED
from tradewind.orders.model import HOLD_BLOCKS, STATUS_MOVES

_STOP_CONFIRMING = ", ".join(f"'{kind}'" for kind, stops in sorted(HOLD_BLOCKS.items()) if "confirm" in stops)
_MOVES = ", ".join(f"('{before}', '{after}')" for before, allowed in STATUS_MOVES.items() for after in allowed)

ORDERS = (
    Check(
        "L1",
        "Every unit of a line is in exactly one bucket, and none is negative.",
        """
        select order_id, line_no, qty_ordered, qty_over_shipped, qty_open, qty_reserved, qty_allocated, qty_released,
               qty_shipped, qty_cancelled, qty_backordered
        from order_line
        where qty_ordered + qty_over_shipped
              <> qty_open + qty_reserved + qty_allocated + qty_released + qty_shipped + qty_cancelled
           or least(qty_ordered, qty_over_shipped, qty_open, qty_reserved, qty_allocated, qty_released, qty_shipped,
                    qty_cancelled, qty_backordered) < 0
           or qty_backordered > qty_open
        """,
    ),
    Check(
        "L1.claims",
        "What a stocked line holds reserved, allocated and released is what its claims and vendors say; promises cover open units.",
        """
        select order_id, line_no, l.qty_reserved, c.reserved, l.qty_allocated, c.allocated, l.qty_released, c.released,
               l.qty_open, c.promised, v.qty as at_vendors
        from (
          select l.* from order_line l join product p on p.id = l.product_id and p.kind = 'stocked'
          where l.qty_open + l.qty_reserved + l.qty_allocated + l.qty_released > 0
        ) l
        full join (
          select order_id, line_no, sum(qty) filter (where state = 'reserved') as reserved,
                 sum(qty) filter (where state = 'allocated') as allocated,
                 sum(qty) filter (where state = 'released') as released,
                 sum(qty) filter (where state = 'promised') as promised
          from stock_claim where state in ('promised', 'reserved', 'allocated', 'released') group by 1, 2
        ) c using (order_id, line_no)
        left join (
          select sl.order_id, sl.order_line_no as line_no, sum(sl.qty_released) as qty
          from supplier_shipment x join shipment h on h.id = x.shipment_id and h.status = 'released'
          join shipment_line sl on sl.shipment_id = h.id group by 1, 2
        ) v using (order_id, line_no)
        where coalesce(l.qty_reserved, 0) <> coalesce(c.reserved, 0)
           or coalesce(l.qty_allocated, 0) <> coalesce(c.allocated, 0)
           or coalesce(l.qty_released, 0) <> coalesce(c.released, 0) + coalesce(v.qty, 0)
           or coalesce(l.qty_open, 0) < coalesce(c.promised, 0)
        """,
    ),
    Check(
        "L1.released",
        "What a line has released is what open shipments were asked to ship of it.",
        """
        select order_id, line_no, l.qty_released, s.qty as asked
        from (select order_id, line_no, qty_released from order_line where qty_released <> 0) l
        full join (
          select sl.order_id, sl.order_line_no as line_no, sum(sl.qty_released) as qty
          from shipment h join shipment_line sl on sl.shipment_id = h.id
          where h.status = 'released' group by 1, 2
        ) s using (order_id, line_no)
        where coalesce(l.qty_released, 0) <> coalesce(s.qty, 0)
        """,
    ),
    Check(
        "L1.shipments",
        "Every released claim is on exactly one open shipment line of its site, with the same quantity.",
        """
        select order_id, line_no, claim_no, c.qty as claimed, s.qty as asked, c.site_id as claim_site, s.site_id
        from (select order_id, line_no, claim_no, site_id, qty from stock_claim where state = 'released') c
        full join (
          select sl.order_id, sl.order_line_no as line_no, sl.claim_no, h.site_id, sum(sl.qty_released) as qty
          from shipment h
          join shipment_line sl on sl.shipment_id = h.id
          join order_line l on l.order_id = sl.order_id and l.line_no = sl.order_line_no
          join product p on p.id = l.product_id and p.kind = 'stocked'
          where h.status = 'released' and not exists (select from supplier_shipment x where x.shipment_id = h.id)
          group by 1, 2, 3, 4
        ) s using (order_id, line_no, claim_no)
        where c.qty is distinct from s.qty or c.site_id is distinct from s.site_id
        """,
    ),
    Check(
        "L2",
        "What was shipped of a line is the sum of its shipment lines.",
        """
        select order_id, line_no, l.qty_shipped, s.qty as on_shipments
        from (select order_id, line_no, qty_shipped from order_line where qty_shipped <> 0) l
        full join (
          select sl.order_id, sl.order_line_no as line_no, sum(sl.qty_shipped) as qty
          from shipment_line sl where sl.qty_shipped <> 0 group by 1, 2
        ) s using (order_id, line_no)
        where coalesce(l.qty_shipped, 0) <> coalesce(s.qty, 0)
        """,
    ),
    Check(
        "L2.answered",
        "A shipment that was shipped has its answer; one that was not has shipped nothing.",
        """
        select h.id as shipment_id, h.number, h.status, h.answered_at, sl.line_no, sl.qty_released, sl.qty_shipped, sl.qty_short
        from shipment h join shipment_line sl on sl.shipment_id = h.id
        where (h.status = 'shipped' and (h.answered_at is null or sl.qty_shipped + sl.qty_short < sl.qty_released))
           or (h.status <> 'shipped' and sl.qty_shipped <> 0)
        """,
    ),
    Check(
        "L2.returned",
        "Returned is what came back of a line, and never more than was shipped; invoiced is never more than was shipped.",
        """
        select order_id, line_no, l.qty_shipped, l.qty_returned, r.qty as received, l.qty_invoiced
        from (
          select order_id, line_no, qty_shipped, qty_returned, qty_invoiced from order_line
          where qty_returned <> 0 or qty_invoiced > qty_shipped
        ) l
        full join (
          select order_id, order_line_no as line_no, sum(qty_received) as qty from return_line
          where order_id is not null and qty_received > 0 group by 1, 2
        ) r using (order_id, line_no)
        where coalesce(l.qty_returned, 0) <> coalesce(r.qty, 0) or l.qty_returned > l.qty_shipped
           or l.qty_invoiced > l.qty_shipped
        """,
    ),
    Check(
        "L3",
        "The ordered quantity converts to base units exactly.",
        """
        select order_id, line_no, qty, uom, factor_num, factor_den, qty_ordered from order_line
        where qty * factor_num <> qty_ordered * factor_den
        """,
    ),
    Check(
        "L4",
        "The status of an order is what its lines and holds say.",
        f"""
        with sums as (
          select order_id, sum(qty_ordered + qty_over_shipped) as ordered, sum(qty_open) as open, sum(qty_reserved) as soft,
                 sum(qty_allocated) as allocated, sum(qty_released) as released, sum(qty_shipped) as shipped,
                 sum(qty_cancelled) as cancelled
          from order_line group by 1
        ), held as (
          select distinct order_id from order_hold
          where released_at is null and kind in ({_STOP_CONFIRMING}) and code <> 'credit.part_held'
        ), told as (
          select o.id as order_id, o.number, o.status,
            case
              when o.closed_at is not null then 'closed'
              when s.ordered > 0 and s.cancelled = s.ordered then 'cancelled'
              when s.ordered > 0 and s.shipped > 0 and s.shipped + s.cancelled = s.ordered then 'shipped'
              when h.order_id is not null and coalesce(s.released, 0) = 0 and coalesce(s.shipped, 0) = 0 then 'held'
              when s.shipped > 0 then 'part_shipped'
              when s.released > 0 then 'released'
              when o.confirmed_at is null then 'waiting'
              when s.open > 0 and s.allocated + s.soft < s.ordered - s.cancelled then 'backordered'
              else 'confirmed'
            end as expected
          from sales_order o left join sums s on s.order_id = o.id left join held h on h.order_id = o.id
        )
        select * from told where status <> expected
        """,  # noqa: S608 - the house's own words
    ),
    Check(
        "L5",
        "The statuses an order was seen in follow the declared moves.",
        f"""
        with seen as (
          select subject_id, subject_seq, type, payload ->> 'status' as status,
                 lag(payload ->> 'status') over (partition by subject_id order by subject_seq) as before
          from event where subject_type = 'sales_order' and payload ? 'status'
        )
        select subject_id as order_id, subject_seq, type, before, status from seen
        where status <> before and (before, status) not in (values {_MOVES})
        """,  # noqa: S608 - the house's own words
    ),
    Check(
        "L6",
        "Every line belongs to a delivery group of its order.",
        """
        select l.order_id, l.line_no, l.group_no from order_line l
        left join delivery_group g on g.order_id = l.order_id and g.group_no = l.group_no
        where g.order_id is null
        """,
    ),
    Check(
        "L7",
        "A line that nobody could identify yet costs nothing and goes nowhere.",
        f"""
        select l.order_id, l.line_no, l.buyer_sku, l.net, l.qty_reserved, l.qty_allocated, l.qty_released, l.qty_shipped, o.confirmed_at
        from order_line l join sales_order o on o.id = l.order_id
        where l.product_id = '{UNIDENTIFIED}' and (l.net <> 0 or l.qty_open + l.qty_cancelled <> l.qty_ordered
                                                   or (o.confirmed_at is not null and l.qty_open > 0))
        """,  # noqa: S608 - the house's own words
    ),
)
