"""Decision tables: at most one in force, seen by two people, never changed once published, and only what was in force decided."""

from tradewind.analytics.model import Check

DECISION_TABLES = (
    Check(
        "DT1",
        "At every instant at most one version governs a decision point for a scope.",
        """
        select a.governs, a.rule_set_id, a.version, b.rule_set_id as other_set, b.version as other_version, b.since
        from rule_period a join rule_period b on b.governs = a.governs and (b.rule_set_id, b.entry) > (a.rule_set_id, a.entry)
          and tstzrange(a.since, a.until) && tstzrange(b.since, b.until)
        union all
        select p.governs, p.rule_set_id, p.version, null, null, p.since
        from rule_period p join rule_set s on s.id = p.rule_set_id where s.governs <> p.governs
        """,
    ),
    Check(
        "DT2",
        "What is or was in force was reviewed as it stands, by somebody who wrote nothing of it.",
        """
        select p.rule_set_id, p.version, p.since, v.stage, v.reviewer
        from rule_period p left join rule_version v on v.rule_set_id = p.rule_set_id and v.version = p.version
        where p.until is distinct from p.since and (
          v.stage is distinct from 'published' or v.reviewer is null or v.reviewer = any(v.authors)
          or exists (select from rule_act a where a.rule_set_id = p.rule_set_id and a.version = p.version
                       and a.verb in ('draft', 'edit') and a.by = v.reviewer)
          or not exists (
            select from rule_act r where r.rule_set_id = p.rule_set_id and r.version = p.version and r.verb = 'review'
              and r.by = v.reviewer and not exists (
                select from rule_act l where l.rule_set_id = r.rule_set_id and l.version = r.version and l.act_no > r.act_no
                  and l.verb in ('edit', 'send_back'))))
        """,
    ),
    Check(
        "DT3",
        "The bytes of a published version are those that were reviewed and published.",
        """
        select v.rule_set_id, v.version, a.verb, a.at, encode(a.digest, 'hex') as was, encode(sha256(v.source), 'hex') as now
        from rule_version v
        join lateral (
          select distinct on (verb) verb, at, digest from rule_act
          where rule_set_id = v.rule_set_id and version = v.version and verb in ('review', 'publish')
          order by verb, act_no desc
        ) a on a.digest <> sha256(v.source)
        where v.stage = 'published'
        union all
        select rule_set_id, version, 'digest', changed_at, encode(digest, 'hex'), encode(sha256(source), 'hex')
        from rule_version where digest <> sha256(source)
        """,
    ),
    Check(
        "DT4",
        "A decision was made by a version that was in force then (a transaction that ran meanwhile may have seen the one before).",
        """
        select d.id, d.point, d.rule_set_id, d.version, d.decided_at
        from rule_decision d left join rule_set s on s.id = d.rule_set_id
        where s.point is distinct from d.point or not exists (
          select from rule_period p where p.rule_set_id = d.rule_set_id and p.version = d.version
            and d.decided_at >= p.since and (p.until is null or d.decided_at < p.until + interval '10 seconds'))
        """,
    ),
)
