"""Credit: limits kept, and counters equal to the documents behind them."""

from tradewind.analytics.model import Check

CREDIT = (
    Check(
        "C1",
        "Exposure stays within the limit and the overrides that were given; only a bounced payment, or invoices of more than "
        "their order (units over-shipped within tolerance, tax rounded once an invoice), may lift it above, and a limit that is "
        "cut may leave it above what it was then.",
        """
        with raised as (
          select account_id, sum(amount) as amount from credit_override group by 1
        ), bounced as (
          select c.ancestor_id as account_id, sum(p.amount) as amount
          from payment p join account_closure c on c.account_id = p.account_id where p.bounced_at is not null group by 1
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
        left join lateral (
          select (e.payload ->> 'exposure')::numeric as exposure from event e
          where e.subject_id = n.account_id and e.type = 'credit.limit_changed' order by e.subject_seq desc limit 1
        ) cut on true
        where n.open_orders + n.receivables - n.unapplied
              > greatest(n.credit_limit + coalesce(r.amount, 0), coalesce(cut.exposure, 0))
                + coalesce(b.amount, 0) + coalesce(m.amount, 0)
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
          select account_id, currency, sum(amount - applied) as amount from payment where bounced_at is null group by 1, 2
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
)
