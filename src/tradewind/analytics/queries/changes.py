"""Changes of placed orders: an unbroken chain of versions, and quantities that are what was placed and changed since."""

from tradewind.analytics.model import Check

CHANGES = (
    Check(
        "L8.versions",
        "The versions of an order are one chain of steps, from the first to the one it stands at.",
        """
        with steps as (
          select order_id, from_version, to_version,
                 lag(to_version, 1, 1) over (partition by order_id order by to_version) as before,
                 max(to_version) over (partition by order_id) as last
          from order_change
        )
        select o.id as order_id, o.number, o.version, s.from_version, s.to_version, s.before, s.last
        from sales_order o left join steps s on s.order_id = o.id
        where (s.order_id is null and o.version > 1) or s.from_version <> s.before or s.last <> o.version
        """,
    ),
    Check(
        "L8.quantities",
        "What is ordered of a changed line is what it was placed with and every change since added or took back.",
        """
        with said as (
          select c.order_id, l.key::int as line_no, c.to_version, (l.value ->> 'ordered')::numeric as after,
                 (c.before -> 'lines' -> l.key ->> 'ordered')::numeric as before
          from order_change c, jsonb_each(c.after -> 'lines') l where c.kind in ('change', 'revert')
        ), chained as (
          select *, lag(after) over w as left_by, row_number() over (w rows between unbounded preceding and unbounded following)
                   = count(*) over (partition by order_id, line_no) as latest
          from said window w as (partition by order_id, line_no order by to_version)
        )
        select order_id, line_no, c.to_version, m.qty_placed, c.left_by, c.before, c.after, l.qty_ordered
        from changed_line m
        left join chained c using (order_id, line_no)
        join order_line l using (order_id, line_no)
        where coalesce(c.left_by, m.qty_placed) <> coalesce(c.before, 0) or c.after is null
           or (c.latest and c.after <> l.qty_ordered)
        """,
    ),
    Check(
        "L8.site",
        "What a line that was pinned to a site holds and no warehouse has yet is of that site.",
        """
        select m.order_id, m.line_no, m.site_id as pinned_to, c.claim_no, c.site_id, c.state, c.qty
        from changed_line m
        join stock_claim c on c.order_id = m.order_id and c.line_no = m.line_no and c.site_id <> m.site_id
        where c.state in ('promised', 'reserved', 'allocated')
        """,
    ),
)
