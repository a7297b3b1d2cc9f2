"""Approvals: bound to exactly what was approved, by enough different people, none of them whoever ordered."""

from tradewind.analytics.model import Check

# The newest request of each order, and what an approval binds to: the order but for units cancelled since it was asked. `left`
# are the units that lived then; `more` is whether any line has more by now. `bare` is the hash of requests from before
# cancelled units were part of it.
_NEWEST = """
with newest as (
  select distinct on (r.order_id) r.* from approval_request r order by r.order_id, r.request_no desc
), asked as (
  select n.order_id, (p ->> 'line')::int as line_no, (p ->> 'left')::numeric as units
  from newest n cross join lateral jsonb_array_elements(n.snapshot -> 'lines') p
), lived as (
  select n.order_id, l.line_no, l.unit_price, l.qty_ordered, l.qty_ordered - l.qty_cancelled as now,
    case when n.snapshot ? 'lines' then coalesce(a.units, 0) else l.qty_ordered - l.qty_cancelled end as "left"
  from newest n join order_line l on l.order_id = n.order_id and l.qty > 0
  left join asked a on a.order_id = l.order_id and a.line_no = l.line_no
), lines as (
  select order_id, string_agg(trim_scale(unit_price)::text, '|' order by line_no) as prices, bool_or(now > "left") as more,
    string_agg('|X' || line_no || ':' || trim_scale(qty_ordered - "left"), '' order by line_no)
      filter (where qty_ordered > "left") as cut
  from lived group by order_id
), says as (
  select o.id as order_id, o.number, o.status, o.confirmed_at, coalesce(l.more, false) as more,
    sha256(o.content_hash || convert_to(concat_ws('|', o.terms_code, l.prices) || coalesce(l.cut, ''), 'UTF8')) as hash,
    sha256(o.content_hash || convert_to(concat_ws('|', o.terms_code, l.prices), 'UTF8')) as bare
  from newest n join sales_order o on o.id = n.order_id left join lines l on l.order_id = o.id
  where o.status <> 'cancelled'
)
"""

APPROVALS = (
    Check(
        "A1",
        "An order is past its approval only with the full set of decisions about exactly what it says.",
        f"""
        {_NEWEST}
        select s.order_id, s.number, s.status, n.status as request, s.hash as must_be, n.content_hash as was_asked
        from says s join newest n on n.order_id = s.order_id
        where s.confirmed_at is not null
          and not exists (select from order_hold h where h.order_id = s.order_id and h.kind = 'approval' and h.released_at is null)
          and (n.status <> 'approved' or s.more or n.content_hash not in (s.hash, s.bare) or exists (
            select from jsonb_array_elements(n.tiers) t
            where (t ->> 'need')::int > (
              select count(*) from approval_seat e
              join approval a on a.id = e.approval_id and a.request_id = n.id and a.order_id = n.order_id
                and a.decision = 'approved' and a.content_hash = n.content_hash and e.tier_no = any(a.tiers)
                and e.person_id = a.decided_by
              where e.request_id = n.id and e.tier_no = (t ->> 'no')::int)))
        """,  # noqa: S608 - the house's own words
    ),
    Check(
        "A1.asked",
        "An order that needed approval went to the warehouse only where somebody was asked, or approved exactly what it says.",
        """
        select o.id as order_id, o.number, o.status, o.total from sales_order o
        where o.status in ('released', 'part_shipped', 'shipped', 'closed')
          and exists (select from order_hold h where h.order_id = o.id and h.kind = 'approval')
          and not exists (select from approval_request r where r.order_id = o.id)
          and not exists (select from approval p where p.order_id = o.id and p.decision = 'approved')
        """,
    ),
    Check(
        "A1.waiting",
        "What waits for approval is held, and whatever is held for approval was asked of somebody.",
        """
        select r.order_id, r.id as request_id, 'not held' as what from approval_request r
        where r.status = 'waiting' and not exists (
          select from order_hold h where h.order_id = r.order_id and h.kind = 'approval' and h.released_at is null)
        union all
        select h.order_id, h.id, 'not asked' from order_hold h
        where h.kind = 'approval' and h.code = 'approvals.needed' and h.released_at is null
          and not exists (select from approval_request r where r.order_id = h.order_id)
        """,
    ),
    Check(
        "A2",
        "Nobody approves what they ordered or changed, themselves or through another, and nobody grants themselves a limit.",
        """
        select p.id as decision_id, 'approval' as what, o.number, p.decided_by
        from approval p join sales_order o on o.id = p.order_id left join approval_request r on r.id = p.request_id
        where p.decision = 'approved'
          and (o.principal_id in (p.decided_by, p.on_behalf_of) or exists (
            select from event e where e.subject_id = p.order_id and e.type = 'order.changed' and e.at < p.decided_at
              and e.actor_id in (p.decided_by, p.on_behalf_of)))
          and not exists (
            select from jsonb_array_elements(r.tiers) t
            where (t ->> 'no')::int = any(p.tiers) and (t ->> 'own_orders')::boolean)
        union all
        select id, 'credit override', null, approved_by from credit_override
        where (requested_by = approved_by and amount > alone_up_to) or approver_limit < amount
        union all
        select id, 'credit request', null, decided_by from credit_request
        where status = 'confirmed' and decided_by = proposed_by and amount > alone_up_to
        """,
    ),
    Check(
        "A2.once",
        "Nobody counts twice: not in one tier, and in one policy that wants distinct people not at all.",
        """
        with voices as (
          select e.request_id, e.tier_no, e.policy, e.counts_once, e.approval_id, v.person
          from approval_seat e join approval a on a.id = e.approval_id
          cross join lateral (select a.decided_by as person union select a.on_behalf_of where a.on_behalf_of is not null) v
        )
        select request_id, policy, person, count(distinct (tier_no, approval_id)) as times, min(tier_no) as tier
        from voices group by request_id, policy, person, case when counts_once then 0 else tier_no end
        having count(distinct (tier_no, approval_id)) > 1
        """,
    ),
    Check(
        "A2.cap",
        "Nobody approved more than they were allowed to at that moment.",
        """
        select p.id as decision_id, p.decided_by, p.cap, r.snapshot ->> 'total' as total
        from approval p join approval_request r on r.id = p.request_id
        where p.decision = 'approved' and (coalesce(p.snapshot, r.snapshot) ->> 'total')::numeric > p.cap
        """,
    ),
)
