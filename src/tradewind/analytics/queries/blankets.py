"""Blanket orders and standing orders: ceilings kept, counters equal to the lines behind them, one order a period."""

from tradewind.analytics.model import Check

BLANKETS = (
    Check(
        "B1",
        "What was called off of a blanket order never passes its ceilings, and no counter is negative.",
        """
        select blanket_id, line_no, called_off, qty_limit, called_value, value_limit from blanket_line
        where called_off > qty_limit or called_value > value_limit or least(called_off, called_value) < 0
           or (quantity_mode = 'capped') <> (qty_limit is not null) or (value_mode = 'capped') <> (value_limit is not null)
        """,
    ),
    Check(
        "B2",
        "What is counted on a line of a blanket order is what its call-offs count.",
        """
        select b.blanket_id, b.line_no, b.called_off, c.qty, b.called_value, c.value
        from blanket_line b
        left join (select blanket_line_id, sum(qty) as qty, sum(value) as value from call_off group by 1) c on c.blanket_line_id = b.id
        where b.called_off <> coalesce(c.qty, 0) or b.called_value <> coalesce(c.value, 0)
        """,
    ),
    Check(
        "B2.lines",
        "A call-off counts what of its order line was not cancelled, in units and in money; of one that a substitute serves its money.",
        """
        select c.order_id, c.line_no, c.qty, l.qty_ordered - l.qty_cancelled as alive, c.value, l.net
        from call_off c join order_line l on l.order_id = c.order_id and l.line_no = c.line_no
        where c.qty <> l.qty_ordered - l.qty_cancelled or c.value <> l.net
        """,
    ),
    Check(
        "B3",
        "A call-off takes goods of a blanket order of its own account, and the goods that it has.",
        """
        select c.order_id, c.line_no, c.account_id, o.account_id as orders, b.account_id as has_it
        from call_off c join sales_order o on o.id = c.order_id join blanket_line b on b.id = c.blanket_line_id
        join order_line l on l.order_id = c.order_id and l.line_no = c.line_no
        where c.account_id <> o.account_id or b.account_id <> o.account_id
           or l.product_id <> b.product_id
              and not exists (select from line_substitution s where s.order_id = c.order_id and s.line_no = c.line_no)
        """,
    ),
    Check(
        "B4",
        "A period of a standing order has its one order, of the same account; no other order came of a standing order.",
        """
        select p.recurring_id, p.day, p.order_id, p.account_id, o.account_id as ordered_by
        from recurring_period p left join sales_order o on o.id = p.order_id
        where p.order_id is not null and (o.id is null or o.account_id <> p.account_id)
        union all
        select null, null, o.id, o.account_id, null
        from sales_order o
        where o.channel = 'recurring' and not exists (select from recurring_period p where p.order_id = o.id)
        """,
    ),
    Check(
        "B5",
        "The period that a standing order comes to next is not settled, and those that are have come in order.",
        """
        select r.id, r.number, r.next_day, p.day, p.period_no
        from recurring_order r join recurring_period p on p.recurring_id = r.id
        where r.status = 'active' and (p.day >= r.next_day or p.period_no > r.periods_done)
        """,
    ),
)
