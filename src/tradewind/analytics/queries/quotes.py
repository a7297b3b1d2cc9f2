"""Quotes: nothing is accepted beyond the offer, ordered at another price, or expired after it was won."""

from tradewind.analytics.model import Check

QUOTES = (
    Check(
        "Q1",
        "What is counted as accepted of an offered line is what its acceptances took, and never more than was offered.",
        """
        select l.quote_id, l.version_no, l.line_no, l.qty, l.qty_accepted, coalesce(t.qty, 0) as taken
        from quote_version_line l
        left join (
          select a.quote_id, a.version_no, n.line_no, sum(n.qty) as qty
          from quote_acceptance a join quote_acceptance_line n on n.acceptance_id = a.id group by 1, 2, 3
        ) t on t.quote_id = l.quote_id and t.version_no = l.version_no and t.line_no = l.line_no
        where l.qty_accepted <> coalesce(t.qty, 0) or l.qty_accepted > l.qty
        """,
    ),
    Check(
        "Q1.alternatives",
        "Of lines that exclude each other at most one is accepted.",
        """
        select quote_id, version_no, alternative, array_agg(line_no) as lines from quote_version_line
        where qty_accepted > 0 and alternative is not null group by 1, 2, 3 having count(*) > 1
        """,
    ),
    Check(
        "Q2",
        "What is ordered from a quote costs what its version says: the same unit price, and as long as nobody changed the order the same net.",
        """
        select n.order_id, n.order_line_no, v.unit_price, v.price_basis, n.unit_price as accepted_at, l.unit_price as ordered_at, n.net,
               l.net as ordered_net
        from quote_acceptance a join quote_acceptance_line n on n.acceptance_id = a.id
        join quote_version_line v on v.quote_id = a.quote_id and v.version_no = a.version_no and v.line_no = n.line_no
        join sales_order o on o.id = n.order_id join order_line l on l.order_id = n.order_id and l.line_no = n.order_line_no
        where (n.unit_price, n.price_basis) <> (v.unit_price, v.price_basis)
           or (o.version = 1 and o.status <> 'cancelled'
               and (l.unit_price, l.price_basis, l.net) is distinct from (v.unit_price, v.price_basis, n.net))
        """,
    ),
    Check(
        "Q2.sums",
        "The parts of an offered line that was accepted whole cost together what it was offered at.",
        """
        select a.quote_id, a.version_no, n.line_no, v.net, sum(n.net) as accepted
        from quote_acceptance a join quote_acceptance_line n on n.acceptance_id = a.id
        join quote_version_line v on v.quote_id = a.quote_id and v.version_no = a.version_no and v.line_no = n.line_no
        where v.qty_accepted = v.qty group by 1, 2, 3, 4 having sum(n.net) <> v.net
        """,
    ),
    Check(
        "Q3",
        "A quote that was won, partly won, lost or withdrawn never becomes anything else, least of all expired.",
        """
        select e.subject_id as quote_id, e.type, e.payload ->> 'status' as status, b.payload ->> 'status' as was
        from event e join event b on b.subject_id = e.subject_id and b.subject_seq < e.subject_seq
        where e.subject_type = 'quote' and b.type like 'quote.%' and e.type like 'quote.%'
          and b.payload ->> 'status' in ('won', 'partly_won', 'lost', 'withdrawn')
          and e.payload ->> 'status' is distinct from b.payload ->> 'status'
        """,
    ),
    Check(
        "Q4",
        "The offer that counts is the newest version, and ends when that says.",
        """
        select q.id as quote_id, q.number, q.version_no, v.version_no as newest, q.expires_at, v.expires_at as says
        from quote q
        left join lateral (
          select v.version_no, v.expires_at from quote_version v where v.quote_id = q.id order by v.version_no desc limit 1
        ) v on true
        where q.version_no <> coalesce(v.version_no, 0) or q.expires_at is distinct from v.expires_at
        """,
    ),
    Check(
        "Q5",
        "An acceptance came in time, or the offer said what holds after its time.",
        """
        select a.id as acceptance_id, a.policy, v.on_late, a.accepted_at, v.expires_at
        from quote_acceptance a join quote_version v on v.quote_id = a.quote_id and v.version_no = a.version_no
        where (a.policy = 'in_time') <> (a.accepted_at < v.expires_at) or (a.policy <> 'in_time' and a.policy <> v.on_late)
        """,
    ),
    Check(
        "Q6",
        "A quote that is not over has a process that takes it on, and every part of a quote carries its account.",
        """
        select q.id as quote_id, q.status as what, q.account_id from quote q
        where q.status not in ('won', 'partly_won', 'lost', 'expired', 'withdrawn')
          and not exists (select from stream_instance i where i.subject_id = q.id and i.status in ('running', 'incident'))
        union all
        select q.id, 'version', v.account_id from quote q join quote_version v on v.quote_id = q.id where v.account_id <> q.account_id
        union all
        select q.id, 'line', l.account_id from quote q join quote_version_line l on l.quote_id = q.id where l.account_id <> q.account_id
        union all
        select q.id, 'round', r.account_id from quote q join quote_round r on r.quote_id = q.id where r.account_id <> q.account_id
        union all
        select q.id, 'order', o.account_id from quote q join quote_acceptance a on a.quote_id = q.id
        join sales_order o on o.id = a.order_id where o.account_id <> q.account_id or a.account_id <> q.account_id
        """,
    ),
)
