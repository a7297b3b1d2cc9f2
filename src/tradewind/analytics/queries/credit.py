"""Credit: limits kept, and counters equal to the documents behind them."""

from tradewind.analytics.model import Check

CREDIT = (
    Check(
        "C1",
        "Exposure stays within the limit and the overrides that were given; only a bounced payment, or invoices of more than "
        "their order (units over-shipped within tolerance, tax rounded once an invoice), may lift it above, and a limit that is "
        "cut may leave it above what it was then. What an ERP says of its receivables is not ours to keep below.",
        """
        with raised as (
          select account_id, sum(amount) as amount from credit_override group by 1
        ), bounced as (
          select c.ancestor_id as account_id, sum(p.amount) as amount
          from payment p join account_closure c on c.account_id = p.account_id where p.bounced_at is not null group by 1
        ), rounded as (
          select c.ancestor_id as account_id, sum(p.cents) as amount
          from (
            select i.order_id, i.account_id, count(*) * 0.02 as cents
            from invoice i join invoice_line l on l.invoice_id = i.id
            where i.kind = 'invoice'
              and exists (select from order_hold h where h.order_id = i.order_id and h.code = 'credit.part_held')
            group by 1, 2
          ) p join account_closure c on c.account_id = p.account_id group by 1
        ), more as (
          select c.ancestor_id as account_id, sum(i.total - o.total) as amount
          from (select order_id, sum(total) as total from invoice where kind = 'invoice' group by 1) i
          join sales_order o on o.id = i.order_id and i.total > o.total
          join account_closure c on c.account_id = o.account_id group by 1
        )
        select n.account_id, n.currency, n.credit_limit, n.open_orders, n.receivables, n.unapplied,
               n.open_orders + n.receivables - n.unapplied as exposure, r.amount as overrides
        from credit_node n
        left join raised r on r.account_id = n.account_id
        left join bounced b on b.account_id = n.account_id
        left join more m on m.account_id = n.account_id
        left join rounded d on d.account_id = n.account_id
        left join lateral (
          select (e.payload ->> 'exposure')::numeric as exposure from event e
          where e.subject_id = n.account_id and e.type = 'credit.limit_changed' order by e.subject_seq desc limit 1
        ) cut on true
        where n.erp_as_of is null and n.open_orders + n.receivables - n.unapplied
              > greatest(n.credit_limit + coalesce(r.amount, 0), coalesce(cut.exposure, 0))
                + coalesce(b.amount, 0) + coalesce(m.amount, 0) + coalesce(d.amount, 0)
        """,
    ),
    Check(
        "C2.orders",
        "A credit node's open orders are what the live orders of its tree have taken.",
        """
        select n.account_id, n.currency, n.open_orders, o.amount as taken
        from credit_node n
        left join (
          select c.ancestor_id, o.currency, sum(o.credit_taken) as amount
          from sales_order o join account_closure c on c.account_id = o.account_id
          where o.status <> 'cancelled' and o.credit_taken <> 0 group by 1, 2
        ) o on o.ancestor_id = n.account_id and o.currency = n.currency
        where n.open_orders <> coalesce(o.amount, 0)
        """,
    ),
    Check(
        "C2.receivables",
        "A credit node's receivables are the open invoices of its tree.",
        """
        select n.account_id, n.currency, n.receivables, i.amount as open_invoices
        from credit_node n
        left join (
          select c.ancestor_id, i.currency, sum(i.total - i.paid - i.credited) as amount
          from invoice i join account_closure c on c.account_id = i.account_id where i.kind = 'invoice' group by 1, 2
        ) i on i.ancestor_id = n.account_id and i.currency = n.currency
        where n.receivables <> coalesce(i.amount, 0)
        """,
    ),
    Check(
        "C2.unapplied",
        "A credit node's unapplied amount is what its tree's payments and credit notes have not settled yet.",
        """
        with settled as (
          select credit_note_id, sum(amount) as amount from payment_application where credit_note_id is not null group by 1
        ), free as (
          select account_id, currency, sum(amount - applied - refunded) as amount from payment where bounced_at is null group by 1, 2
          union all
          select i.account_id, i.currency, sum(i.total - coalesce(s.amount, 0))
          from invoice i left join settled s on s.credit_note_id = i.id where i.kind = 'credit_note' group by 1, 2
        )
        select n.account_id, n.currency, n.unapplied, f.amount as free
        from credit_node n
        left join (
          select c.ancestor_id, f.currency, sum(f.amount) as amount
          from free f join account_closure c on c.account_id = f.account_id group by 1, 2
        ) f on f.ancestor_id = n.account_id and f.currency = n.currency
        where n.unapplied <> coalesce(f.amount, 0)
        """,
    ),
    Check(
        "C3",
        "An order that is closed or cancelled takes no credit, and none takes more than it is worth.",
        """
        select id as order_id, number, status, total, credit_taken from sales_order
        where credit_taken < 0 or credit_taken > greatest(total, 0)
           or (status in ('closed', 'cancelled') and credit_taken <> 0)
        """,
    ),
    Check(
        "C4",
        "An order that waits because of how its account pays has a tree that pays so: something is late, a returned payment is "
        "open, a promise is broken.",
        """
        with moment as (
          select greatest((select max(at) from event), (select max(opened_at) from order_hold)) as at
        ), held as (
          select distinct h.id, h.order_id, n.account_id, n.overdue_days, n.overdue_tolerated, n.blocks_returned,
                 n.blocks_promises, n.erp_overdue
          from order_hold h
          join account_closure c on c.account_id = h.account_id
          join credit_node n on n.account_id = c.ancestor_id
          where h.code = 'credit.blocked' and h.released_at is null
        ), caused as (
          select d.id from held d cross join moment m
          where (d.overdue_days is not null and d.overdue_tolerated < coalesce(d.erp_overdue, (
                  select sum(greatest(case when p.parts = 0 then
                           case when i.due_at < m.at - make_interval(days => d.overdue_days) then i.total else 0 end
                         else p.past end - i.paid - i.credited, 0))
                  from account_closure c
                  join invoice i on i.account_id = c.account_id and i.kind = 'invoice' and i.closed_at is null
                  cross join lateral (
                    select count(*) as parts, coalesce(sum(x.amount) filter (
                             where x.due_at < m.at - make_interval(days => d.overdue_days)), 0) as past
                    from invoice_instalment x where x.invoice_id = i.id
                  ) p
                  where c.ancestor_id = d.account_id), 0))
             or (d.blocks_returned and exists (
                  select from account_closure c
                  join invoice i on i.account_id = c.account_id and i.closed_at is null
                  join payment_application a on a.invoice_id = i.id and a.amount < 0
                  where c.ancestor_id = d.account_id))
             or (d.blocks_promises and exists (
                  select from account_closure c join payment_promise r on r.account_id = c.account_id
                  where c.ancestor_id = d.account_id and r.due_at < m.at and r.amount > coalesce((
                    select sum(y.amount - y.refunded) from payment y
                    where y.account_id = r.account_id and y.currency = r.currency and y.bounced_at is null
                      and y.received_at >= r.made_at), 0)))
        )
        select h.id as hold_id, o.number, h.reason
        from order_hold h join sales_order o on o.id = h.order_id
        where h.code = 'credit.blocked' and h.released_at is null and not exists (select from caused c where c.id = h.id)
        """,
    ),
    Check(
        "C5",
        "What an order was let through above a limit was decided: confirmed for that order over no less, above what one person "
        "decides alone by two.",
        """
        select v.id as override_id, o.number, v.amount, v.currency
        from credit_override v join sales_order o on o.id = v.order_id
        where not exists (
          select from credit_request r
          where r.order_id = v.order_id and r.kind = 'release' and r.status = 'confirmed' and r.amount >= v.amount
            and (r.decided_by <> r.proposed_by or r.amount <= r.alone_up_to))
        """,
    ),
    Check(
        "C6",
        "Units that credit does not reach for are at no warehouse.",
        """
        select h.id as hold_id, o.number, h.line_no, h.detail ->> 'qty' as held,
               l.qty_open + l.qty_reserved + l.qty_allocated as not_handed_over
        from order_hold h
        join sales_order o on o.id = h.order_id
        join order_line l on l.order_id = h.order_id and l.line_no = h.line_no
        where h.code = 'credit.part_held' and h.released_at is null
          and (h.detail ->> 'qty')::numeric > l.qty_open + l.qty_reserved + l.qty_allocated
        """,
    ),
)
