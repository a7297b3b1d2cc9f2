"""Dunning: nothing is asked for that is paid or disputed, levels come in order, and interest is what days and rate give."""

from tradewind.analytics.model import Check

DUNNING = (
    Check(
        "DU1",
        "A notice asks for what was owed of an instalment when it went out, and never for what was paid.",
        """
        with owed as (
          select l.notice_id, l.line_no, l.open, p.amount - least(greatest(s.before - p.earlier, 0), p.amount) as most,
            p.amount - least(greatest(s.after - p.earlier, 0), p.amount) as least
          from dunning_line l join dunning_notice n on n.id = l.notice_id join invoice i on i.id = l.invoice_id
          left join lateral (
            select x.amount, x.earlier from (
              select q.part_no, q.amount, coalesce(sum(q.amount) over (
                order by q.part_no rows between unbounded preceding and 1 preceding), 0) as earlier
              from invoice_instalment q where q.invoice_id = l.invoice_id
              union all
              select 1, i.total, 0 where not exists (select from invoice_instalment q where q.invoice_id = l.invoice_id)
            ) x where x.part_no = l.part_no
          ) p on true
          cross join lateral (
            select coalesce(sum(a.amount + a.discount) filter (where a.applied_at <= n.noticed_at - interval '5 seconds' or a.amount < 0), 0)
                as before,
              coalesce(sum(a.amount + a.discount) filter (where a.applied_at <= n.noticed_at - interval '5 seconds' or a.amount > 0), 0)
                as after
            from payment_application a where a.invoice_id = l.invoice_id and a.applied_at <= n.noticed_at + interval '5 seconds'
          ) s
        )
        select * from owed where (open between least and most) is not true
        """,
    ),
    Check(
        "DU1.rests",
        "Nothing is asked for while it is disputed, promised to be paid, or somebody stopped it.",
        """
        select l.notice_id, l.line_no, h.id as hold_id, null::uuid as pause_id
        from dunning_line l join dunning_notice n on n.id = l.notice_id join invoice i on i.id = l.invoice_id
        join order_hold h on h.order_id = i.order_id and h.kind = 'dispute' and h.opened_at < n.noticed_at
          and (h.released_at is null or h.released_at > n.noticed_at)
        union all
        select l.notice_id, l.line_no, null, p.id
        from dunning_line l join dunning_notice n on n.id = l.notice_id
        join dunning_pause p on p.account_id = l.account_id and (p.invoice_id is null or p.invoice_id = l.invoice_id)
          and p.opened_at < n.noticed_at and (p.ended_at is null or p.ended_at > n.noticed_at)
          and (p.until_day is null or p.until_day >= n.day)
        """,
    ),
    Check(
        "DU2",
        "The notices of an instalment go up the levels one by one, from the first, on later days.",
        """
        select invoice_id, part_no, notice_id, level, place, day, earlier from (
          select l.invoice_id, l.part_no, l.notice_id, l.level, row_number() over w as place, n.day, lag(n.day) over w as earlier
          from dunning_line l join dunning_notice n on n.id = l.notice_id
          window w as (partition by l.invoice_id, l.part_no order by n.noticed_at, n.number)
        ) x where level <> place or earlier >= day
        """,
    ),
    Check(
        "DU3",
        "Interest is the sum of balance times days times the rate, rounded once.",
        """
        select c.id as claim_id, c.amount, round(s.owed * c.interest_percent / (100 * c.year_days), c.digits) as exact, s.ends, c.to_day
        from dunning_claim c
        left join (
          select claim_id, sum(base * days) as owed, bool_and(days = to_day - from_day) as counted, max(to_day) as ends
          from dunning_span group by 1
        ) s on s.claim_id = c.id
        where c.kind = 'interest'
          and (s.counted is not true or s.ends > c.to_day
               or c.amount is distinct from round(s.owed * c.interest_percent / (100 * c.year_days), c.digits))
        """,
    ),
    Check(
        "DU3.days",
        "No day of an instalment bears interest twice.",
        """
        select a.claim_id, a.from_day, a.to_day, b.claim_id as other, b.from_day as other_from, b.to_day as other_to
        from dunning_span a join dunning_claim c on c.id = a.claim_id
        join dunning_claim d on d.invoice_id = c.invoice_id and d.part_no = c.part_no and d.kind = 'interest'
        join dunning_span b on b.claim_id = d.id and (b.claim_id, b.span_no) > (a.claim_id, a.span_no)
          and b.from_day < a.to_day and a.from_day < b.to_day
        """,
    ),
    Check(
        "DU4",
        "A notice comes to its lines, its fee and its interest, and every part of it carries its account.",
        """
        select n.id as notice_id, n.number, n.open_total, l.open, n.fee, c.fee as claimed_fee, n.interest, c.interest as claimed_interest
        from dunning_notice n
        left join (
          select notice_id, sum(open) as open, min(account_id::text) as least, max(account_id::text) as most, max(level) as level
          from dunning_line group by 1
        ) l on l.notice_id = n.id
        left join (
          select notice_id, sum(amount) filter (where kind = 'fee') as fee, sum(amount) filter (where kind = 'interest') as interest,
            min(account_id::text) as least, max(account_id::text) as most
          from dunning_claim where notice_id is not null group by 1
        ) c on c.notice_id = n.id
        where n.open_total is distinct from l.open or n.level is distinct from l.level or n.fee <> coalesce(c.fee, 0)
           or n.interest <> coalesce(c.interest, 0) or l.least <> n.account_id::text or l.most <> n.account_id::text
           or c.least <> n.account_id::text or c.most <> n.account_id::text
        """,
    ),
)
