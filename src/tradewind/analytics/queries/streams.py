"""Versions of value streams and what operators rely on: one in force, reviewed by two, timers looked at, promises watched."""

from tradewind.analytics.model import Check
from tradewind.analytics.queries.intake import LAST_EVENT

STREAM_CHECKS = (
    Check(
        "V1",
        "At no instant is more than one version of a stream in force.",
        """
        select a.stream, a.version, a.since, a.until, b.version as other, b.since as other_since
        from stream_period a join stream_period b on b.stream = a.stream and b.entry > a.entry
        where a.since < coalesce(a.until, 'infinity') and b.since < coalesce(b.until, 'infinity')
          and a.since < coalesce(b.until, 'infinity') and b.since < coalesce(a.until, 'infinity')
        """,
    ),
    Check(
        "V1.always",
        "A stream that has begun to be in force stays so: one version follows another.",
        """
        select stream, max(since) as since, max(coalesce(until, 'infinity')) as until from stream_period
        where since < coalesce(until, 'infinity') group by stream having max(coalesce(until, 'infinity')) < 'infinity'
        """,
    ),
    Check(
        "V2",
        "What people put in force was reviewed by somebody who wrote nothing of it, and is what they reviewed.",
        """
        select d.stream, d.version, d.stage, d.reviewer_id, d.authors from stream_draft d
        left join stream_version v on v.stream = d.stream and v.version = d.version
        where d.stage in ('reviewed', 'published')
          and (d.reviewer_id is null or d.authors ? d.reviewer_id::text
               or (d.stage = 'published' and (v.version is null or v.bpmn <> d.bpmn)))
        union all
        select v.stream, v.version, 'no draft', v.published_by, null from stream_version v
        left join stream_draft d on d.stream = v.stream and d.version = v.version
        where v.published_by is not null and d.version is null
          and exists (select from stream_act a where a.stream = v.stream and a.version = v.version and a.verb = 'draft')
        """,
    ),
    Check(
        "V3",
        "A version that is in force, was, or will be, was stored for good, and somebody said so.",
        """
        select p.stream, p.entry, p.version from stream_period p
        where not exists (select from stream_version v where v.stream = p.stream and v.version = p.version)
           or (exists (select from stream_draft d where d.stream = p.stream and d.version = p.version)
               and not exists (select from stream_act a where a.stream = p.stream and a.version = p.version
                               and a.verb in ('publish', 'roll_back')))
        """,
    ),
    Check(
        "W4.timer",
        "A running instance is looked at when its first timer is due, or has been woken already.",
        f"""
        select i.id as instance_id, i.stream, w.node, w.due_at, i.wake_at
        from stream_wait w join stream_instance i on i.id = w.instance_id
        where w.kind = 'timer' and i.status = 'running'
          and (i.wake_at is null or i.wake_at > greatest(w.due_at, {LAST_EVENT}))
        """,  # noqa: S608 - the house's own words
    ),
    Check(
        "W4.answer",
        "What a person answered is taken: the instance is to be looked at until it was.",
        """
        select i.id as instance_id, i.stream, t.node, t.done_at from user_task t
        join stream_instance i on i.id = t.instance_id
        where t.status = 'done' and t.done_at > i.moved_at and i.status = 'running' and i.wake_at is null
        """,
    ),
    Check(
        "W8",
        "An escalation is closed soon after its instance has ended.",
        f"""
        select e.id as escalation_id, e.instance_id, i.status, i.ended_at from stream_escalation e
        join stream_instance i on i.id = e.instance_id
        where e.closed_at is null and i.status in ('done', 'cancelled') and i.ended_at < {LAST_EVENT} - interval '1 day'
        """,  # noqa: S608 - the house's own words
        kind="aged",
    ),
)
