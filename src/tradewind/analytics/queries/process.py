"""Processes and the log: facts in order, nothing forgotten, nothing sent twice."""

from tradewind.analytics.model import Check
from tradewind.analytics.queries.intake import LAST_EVENT

APPEND_ONLY = (
    "approval",
    "approval_seat",
    "dunning_level",
    "dunning_line",
    "dunning_notice",
    "dunning_policy",
    "dunning_span",
    "event",
    "event_object",
    "invoice_instalment",
    "issued_paper",
    "journal",
    "line_substitution",
    "order_change",
    "order_file",
    "payment_application",
    "payment_promise",
    "payment_refund",
    "posting",
    "promise_move",
    "quote_acceptance",
    "quote_acceptance_line",
    "quote_round",
    "quote_version",
    "quote_vote",
    "quote_wish",
    "return_policy",
    "rule_act",
    "rule_decision",
    "stock_move",
    "stock_observation",
    "stream_act",
    "stream_version",
    "supplier_answer",
    "supplier_shipment",
    "template_install",
    "template_package",
)
POSTED = (
    "dunning_claim",
    "dunning_pause",
    "invoice",
    "invoice_line",
    "partner_message",
    "partner_message_set",
    "quote_version_line",
    "rule_period",
    "rule_set",
)
_GUARDS = ", ".join(
    f"('{name}', '{name}_{guard}')"
    for names, guards in ((APPEND_ONLY, ("append_only", "no_truncate")), (POSTED, ("posted", "no_truncate")))
    for name in names
    for guard in guards
)
_APPEND_ONLY = ", ".join(f"('{name}')" for name in APPEND_ONLY)

PROCESS = (
    Check(
        "E1",
        "The events of a subject are numbered from 1 without a gap or a double.",
        """
        select subject_type, subject_id, min(subject_seq) as first, max(subject_seq) as last, count(*) as events,
               count(distinct subject_seq) as different
        from event group by 1, 2
        having min(subject_seq) <> 1 or max(subject_seq) <> count(*) or count(distinct subject_seq) <> count(*)
        """,
    ),
    Check(
        "E2",
        "An order's number, total and status are what its events last said.",
        """
        with said as (
          select subject_id,
                 (array_agg(payload ->> 'number' order by subject_seq desc) filter (where payload ? 'number'))[1] as number,
                 (array_agg(payload ->> 'total' order by subject_seq desc) filter (where payload ? 'total'))[1] as total,
                 (array_agg(payload ->> 'status' order by subject_seq desc) filter (where payload ? 'status'))[1] as status
          from event where subject_type = 'sales_order' group by 1
        )
        select o.id as order_id, o.number, s.number as said_number, o.total, s.total as said_total, o.status,
               s.status as said_status
        from sales_order o left join said s on s.subject_id = o.id
        where s.subject_id is null or o.number <> s.number or o.total <> s.total::numeric or o.status <> s.status
        """,
    ),
    Check(
        "E3",
        "Append-only and posted tables have their guards, switched on, and the application may not change their rows.",
        f"""
        select w.name, w.guard, 'guard is missing or off' as what
        from (values {_GUARDS}) as w(name, guard)
        left join pg_trigger t on t.tgrelid = to_regclass(w.name) and t.tgname = w.guard and t.tgenabled in ('O', 'A')
        where t.oid is null
        union all
        select w.name, r.rolname, 'may change rows'
        from (values {_APPEND_ONLY}) as w(name)
        cross join pg_roles r
        where r.rolname in ('tradewind_app', 'tradewind_buyer', 'tradewind_verifier')
          and has_table_privilege(r.oid, to_regclass(w.name), 'UPDATE, DELETE, TRUNCATE')
        """,  # noqa: S608 - the house's own words
        kind="catalogue",
    ),
    Check(
        "E4",
        "Whatever leaves the house is sent, parked or dead with its reason, or due less than two days ago.",
        f"""
        select id as delivery_id, destination, kind, effect_key, status, attempts, next_at, last_error from delivery
        where status = 'pending' and next_at < {LAST_EVENT} - interval '2 days'
          and not (select deliveries_paused from installation)
        """,  # noqa: S608 - the house's own words
        kind="aged",
    ),
    Check(
        "E4.ended",
        "A delivery that ended says when it was sent or why it was not.",
        """
        select id as delivery_id, destination, kind, effect_key, status, attempts, sent_at, last_error from delivery
        where (status = 'sent' and sent_at is null) or (status in ('parked', 'dead') and last_error is null)
        """,
    ),
    Check(
        "E5",
        "Every event has its subject among its objects, and every object its event.",
        """
        select xid, seq, e.type, e.subject_id, o.object_id
        from event e
        full join (
          select event_xid as xid, event_seq as seq, object_id from event_object where qualifier = 'subject'
        ) o using (xid, seq)
        where e.subject_id is distinct from o.object_id
        """,
    ),
    Check(
        "W1",
        "No effect is written for sending twice.",
        """
        select effect_key, count(*) as times from delivery group by 1 having count(*) > 1
        """,
    ),
    Check(
        "W3",
        "Every instance is on a version of its stream that exists.",
        """
        select i.id as instance_id, i.stream, i.version from stream_instance i
        left join stream_version v on v.stream = i.stream and v.version = i.version
        where v.stream is null
        """,
    ),
    Check(
        "W4",
        "Every live instance waits for something: a message or timer, a person, a wake-up, or the end of an incident.",
        """
        select i.id as instance_id, i.stream, i.status, i.subject_type, i.subject_id, i.moved_at
        from stream_instance i
        where i.status in ('running', 'incident')
          and (i.status = 'incident' or i.wake_at is null)
          and not exists (select from incident n where n.instance_id = i.id and n.resolved_at is null)
          and (i.status = 'incident'
               or not exists (select from stream_wait w where w.instance_id = i.id)
                  and not exists (select from user_task t where t.instance_id = i.id and t.status = 'open'))
        """,
    ),
    Check(
        "W5",
        "An instance that ended waits for nothing.",
        """
        select i.id as instance_id, i.stream, i.status, 'wait' as what, w.node
        from stream_instance i join stream_wait w on w.instance_id = i.id where i.status in ('done', 'cancelled')
        union all
        select i.id, i.stream, i.status, 'task', t.node
        from stream_instance i join user_task t on t.instance_id = i.id and t.status = 'open'
        where i.status in ('done', 'cancelled')
        """,
    ),
    Check(
        "W5.stuck",
        "Nothing is stuck: every order, shipment and invoice that is not at its end has a process that takes it there.",
        """
        with live as (select distinct subject_id from stream_instance where status in ('running', 'incident'))
        select 'order' as what, o.id, o.number, o.status from sales_order o
        where o.status in ('held', 'waiting', 'confirmed', 'backordered', 'released', 'part_shipped')
          and not exists (select from live v where v.subject_id = o.id)
          and not exists (select from shipment s join live v on v.subject_id = s.id where s.order_id = o.id)
          and (exists (select from order_line l where l.order_id = o.id)
               or not exists (select from invoice i join live v on v.subject_id = i.id where i.order_id = o.id))
        union all
        select 'shipment', s.id, s.number, s.status from shipment s
        where not exists (select from live v where v.subject_id = s.id)
          and (s.status = 'released'
               or (s.status = 'shipped'
                   and exists (select from shipment_line l where l.shipment_id = s.id and l.qty_shipped > 0)
                   and not exists (select from invoice i where i.shipment_id = s.id and i.kind = 'invoice')))
        union all
        select 'invoice', i.id, i.number, 'open' from invoice i
        where i.kind = 'invoice' and i.closed_at is null and i.total <> 0
          and not exists (select from live v where v.subject_id = i.id)
        """,
    ),
    Check(
        "W6",
        "A message is consumed by one instance, expired, or still waits within its life.",
        f"""
        select id as message_id, name, key, received_at, expires_at, consumed_by, consumed_at, expired_at from message
        where consumed_at is null and expired_at is null and expires_at < {LAST_EVENT} - interval '1 day'
        """,  # noqa: S608 - the house's own words
        kind="aged",
    ),
    Check(
        "W6.once",
        "A message that was consumed says by whom, and never also expired.",
        """
        select id as message_id, name, key, consumed_by, consumed_at, expired_at from message
        where (consumed_at is null) <> (consumed_by is null) or (consumed_at is not null and expired_at is not null)
        """,
    ),
)
