"""Receivables: payments and credit notes, what they settle, and the ledger behind them."""

from tradewind.analytics.model import Check

RECEIVABLES = (
    Check(
        "M6",
        "Every journal has two sides or more that sum to zero per currency.",
        """
        select j.id as journal_id, j.kind, j.reference_type, j.reference_id, p.currency, count(p.journal_id) as sides,
               sum(p.amount) as difference
        from journal j left join posting p on p.journal_id = j.id
        group by j.id, p.currency
        having count(p.journal_id) < 2 or sum(p.amount) <> 0
        """,
    ),
    Check(
        "M6.open_items",
        "The receivables control account equals the open items of every account.",
        """
        select account_id, currency, l.balance as control, i.balance as open_items
        from (
          select account_id, currency, sum(amount) as balance from posting where ledger_account = 'receivables' group by 1, 2
        ) l
        full join (
          select account_id, currency, sum(balance) as balance
          from (
            select account_id, currency, sum(case kind when 'invoice' then total else -total end) as balance
            from invoice group by 1, 2
            union all
            select account_id, currency, -sum(amount - refunded) from payment where bounced_at is null group by 1, 2
            union all
            select i.account_id, i.currency, -sum(a.discount)
            from payment_application a join invoice i on i.id = a.invoice_id where a.discount <> 0 group by 1, 2
          ) items group by 1, 2
        ) i using (account_id, currency)
        where coalesce(l.balance, 0) <> coalesce(i.balance, 0)
        """,
    ),
    Check(
        "M6.journals",
        "Every posted invoice, credit note, payment, bounce, refund and discount has its journal.",
        """
        select i.kind as what, i.id, i.number, i.total as amount from invoice i
        where not exists (select from journal j where j.reference_id = i.id and j.kind = i.kind)
        union all
        select 'payment', p.id, p.number, p.amount from payment p
        where not exists (select from journal j where j.reference_id = p.id and j.kind = 'payment')
        union all
        select 'bounce', p.id, p.number, p.amount from payment p
        where p.bounced_at is not null and not exists (select from journal j where j.reference_id = p.id and j.kind = 'bounce')
        union all
        select 'refund', r.id, p.number, r.amount from payment_refund r join payment p on p.id = r.payment_id
        where not exists (select from journal j where j.reference_id = r.id and j.kind = 'refund')
        union all
        select 'discount', a.id, i.number, a.discount from payment_application a join invoice i on i.id = a.invoice_id
        where a.discount <> 0 and not exists (select from journal j where j.reference_id = a.id and j.kind = 'discount')
        """,
    ),
    Check(
        "M7",
        "What is applied of a payment was received and is what its applications sum to; what went back is its refunds.",
        """
        select p.id as payment_id, p.number, p.amount, p.applied, a.amount as applications, p.refunded, r.amount as refunds
        from payment p
        left join (
          select payment_id, sum(amount) as amount from payment_application where payment_id is not null group by 1
        ) a on a.payment_id = p.id
        left join (select payment_id, sum(amount) as amount from payment_refund group by 1) r on r.payment_id = p.id
        where p.applied <> coalesce(a.amount, 0) or p.applied + p.refunded > p.amount or p.applied < 0
           or p.refunded <> coalesce(r.amount, 0)
        """,
    ),
    Check(
        "M7.invoices",
        "What is paid and credited of an invoice is what was applied to it, never more than its total; only settled ones close.",
        """
        select i.id as invoice_id, i.number, i.total, i.paid, a.paid as applied, i.credited, a.credited as credit_applied,
               i.closed_at
        from invoice i
        left join (
          select invoice_id, coalesce(sum(amount) filter (where payment_id is not null), 0) as paid,
                 coalesce(sum(amount) filter (where credit_note_id is not null), 0) + sum(discount) as credited
          from payment_application group by 1
        ) a on a.invoice_id = i.id
        where i.kind = 'invoice'
          and (i.paid <> coalesce(a.paid, 0) or i.credited <> coalesce(a.credited, 0) or i.paid + i.credited > i.total
               or (i.closed_at is not null) <> (i.paid + i.credited = i.total))
        """,
    ),
    Check(
        "M7.credit_notes",
        "What is used of a credit note is what its applications sum to, and never more than it is worth.",
        """
        select i.id as credit_note_id, i.number, i.kind, i.total, i.paid as used, a.amount as applied, i.closed_at
        from invoice i
        left join (
          select credit_note_id, sum(amount) as amount from payment_application where credit_note_id is not null group by 1
        ) a on a.credit_note_id = i.id
        where (i.kind <> 'credit_note' and a.amount is not null)
           or (i.kind = 'credit_note' and (i.paid <> coalesce(a.amount, 0) or i.paid > i.total or i.credited <> 0
                                           or (i.closed_at is not null) <> (i.paid = i.total)))
        """,
    ),
    Check(
        "M7.currency",
        "Nothing is settled across currencies, and every posting is in its document's currency.",
        """
        select a.id, 'application' as what, i.currency, coalesce(p.currency, c.currency) as other
        from payment_application a
        join invoice i on i.id = a.invoice_id
        left join payment p on p.id = a.payment_id
        left join invoice c on c.id = a.credit_note_id
        where i.currency <> coalesce(p.currency, c.currency)
        union all
        select i.id, 'invoice of its order', i.currency, o.currency
        from invoice i join sales_order o on o.id = i.order_id where i.currency <> o.currency
        union all
        select j.id, 'posting', s.currency, coalesce(i.currency, p.currency)
        from posting s
        join journal j on j.id = s.journal_id
        left join invoice i on i.id = j.reference_id
        left join payment p on p.id = j.reference_id
        where s.currency <> coalesce(i.currency, p.currency)
        """,
    ),
    Check(
        "M8",
        "What an invoice line says was credited is what the credit note lines that correct it sum to.",
        """
        select invoice_id, line_no, l.qty, l.net, l.credited_qty, c.qty as corrected_qty, l.credited_net, c.net as corrected_net
        from (
          select invoice_id, line_no, qty, net, credited_qty, credited_net from invoice_line
          where credited_qty <> 0 or credited_net <> 0
        ) l
        full join (
          select corrects_invoice_id as invoice_id, corrects_line_no as line_no, sum(abs(qty)) as qty, sum(abs(net)) as net
          from invoice_line where corrects_invoice_id is not null group by 1, 2
        ) c using (invoice_id, line_no)
        where coalesce(l.credited_qty, 0) <> coalesce(c.qty, 0) or abs(coalesce(l.credited_net, 0)) <> coalesce(c.net, 0)
           or l.credited_qty > l.qty or abs(l.credited_net) > abs(l.net)
        """,
    ),
    Check(
        "M9",
        "The instalments of an invoice sum to its total, and none of its discounts is of more than that.",
        """
        select i.id as invoice_id, i.number, i.total, p.amount as instalments, p.discount
        from (
          select invoice_id, sum(amount) as amount, sum(discount) as discount, count(*) as parts, max(part_no) as last
          from invoice_instalment group by 1
        ) p join invoice i on i.id = p.invoice_id
        where p.amount <> i.total or p.parts <> p.last or p.discount > greatest(i.total, 0)
        """,
    ),
    Check(
        "M10",
        "A discount for paying early is taken only with money that came in time, and never more of it than the invoice gives.",
        """
        select a.id as application_id, i.number, a.amount, a.discount, y.received_at, p.discount_until
        from payment_application a
        join invoice i on i.id = a.invoice_id
        left join payment y on y.id = a.payment_id
        left join invoice_instalment p on p.invoice_id = a.invoice_id and p.discount > 0
        where a.discount <> 0 and (p.discount_until is null or y.received_at > p.discount_until)
        union all
        select null, i.number, i.total, sum(a.discount), null, p.discount_until
        from payment_application a
        join invoice i on i.id = a.invoice_id
        join invoice_instalment p on p.invoice_id = a.invoice_id and p.discount > 0
        group by i.id, p.discount, p.discount_until having sum(a.discount) not between 0 and p.discount
        """,
    ),
)
