"""Trading partners: every set that came in has one outcome and its answers, and what goes out is numbered without a gap."""

from tradewind.analytics.model import Check
from tradewind.analytics.queries.intake import LAST_EVENT

PARTNERS = (
    Check(
        "X3.interchanges",
        "The same interchange of a partner was taken once.",
        """
        select partner_id, control_no, encode(digest, 'hex') as digest, count(*) as times from partner_interchange
        group by 1, 2, 3 having count(*) > 1
        """,
    ),
    Check(
        "X4.sets",
        "Every set of an interchange that was worked through has exactly one outcome.",
        """
        select i.id as interchange_id, i.control_no, i.sets, count(s.place) as outcomes
        from partner_interchange i left join partner_set s on s.interchange_id = i.id
        where i.status = 'done' group by i.id having i.sets <> count(s.place)
        """,
    ),
    Check(
        "X4.set_orders",
        "A set that became an order, or repeats one, names it; an order came in one set.",
        """
        select s.interchange_id, s.place, s.outcome, s.number from partner_set s
        where s.outcome in ('order', 'duplicate') and s.order_id is null
        union all
        select min(s.interchange_id::text)::uuid, min(s.place), 'order', min(s.number) from partner_set s
        where s.outcome = 'order' group by s.order_id having count(*) > 1
        union all
        select null, null, 'order', o.number from sales_order o
        where o.channel = 'edi' and not exists (select from partner_set s where s.order_id = o.id and s.outcome = 'order')
        """,
    ),
    Check(
        "X4.acknowledged",
        "An interchange that was worked through is acknowledged where the partner wants that.",
        """
        select i.id as interchange_id, p.code as partner, i.control_no from partner_interchange i
        join trading_partner p on p.id = i.partner_id
        where i.status = 'done' and i.message_id is null and p.wants_997
          and exists (select from partner_set s where s.interchange_id = i.id and s.group_code <> 'FA')
          and i.finished_at > p.since
        """,
    ),
    Check(
        "X4.answered",
        "An order of a partner has its answer in time.",
        f"""
        select s.interchange_id, s.place, s.number, s.answer_due_at from partner_set s
        where s.answered_at is null and s.answer_due_at < {LAST_EVENT} - interval '10 minutes'
        """,  # noqa: S608 - the house's own words
        kind="aged",
    ),
    Check(
        "X3.numbers_out",
        "Interchanges, groups and sets to a partner are numbered from 1 without a gap.",
        """
        select c.partner_id, 'interchanges' as what, c.interchanges as counted, count(m.serial) as written, max(m.serial) as highest
        from partner_counter c left join partner_message m on m.partner_id = c.partner_id group by c.partner_id
        having c.interchanges <> count(m.serial) or c.interchanges <> coalesce(max(m.serial), 0)
          or c.groups <> coalesce(max(m.group_serial), 0) or c.groups <> count(distinct m.group_serial)
        union all
        select c.partner_id, 'sets', c.sets, count(s.serial), max(s.serial)
        from partner_counter c left join partner_message_set s on s.partner_id = c.partner_id group by c.partner_id
        having c.sets <> count(distinct s.serial) or c.sets <> coalesce(max(s.serial), 0)
        """,
    ),
    Check(
        "X3.numbers_written",
        "The control number in an interchange to a partner is the one it is known by.",
        """
        select id as message_id, partner_id, serial, convert_from(substring(body from 91 for 9), 'UTF8') as written
        from partner_message
        where convert_from(substring(body from 91 for 9), 'UTF8') <> lpad(((serial - 1) % 999999999 + 1)::text, 9, '0')
        """,
    ),
    Check(
        "E4.partners",
        "Whatever was written to a partner is on its way, was taken, or waits to be collected.",
        """
        select m.id as message_id, m.partner_id, m.type, m.created_at from partner_message m
        where not exists (select from delivery d where d.effect_key = 'edi:' || m.id)
        """,
    ),
)
