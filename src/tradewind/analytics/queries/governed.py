"""What tables did to orders stands beside the decision that did it."""

from tradewind.analytics.model import Check

GOVERNED = (
    Check(
        "GO1",
        "A hold that a table opened, and a warning it gave, has the decision it came of: about that order and line, at that "
        "instant (since the first decision that is kept).",
        """
        with done as (
          select id, order_id, line_no, code, opened_at as at from order_hold
          where code like 'rules.%' or code = 'credit.held_by_rule'
          union all
          select id, order_id, line_no, code, raised_at from order_warning
        )
        select o.number, w.id, w.code, w.line_no, w.at from done w join sales_order o on o.id = w.order_id
        where w.at >= (select min(decided_at) from rule_decision) and not exists (
          select from rule_decision d
          where d.subject_id = w.order_id and d.line_no is not distinct from w.line_no and d.decided_at = w.at)
        """,
    ),
)
