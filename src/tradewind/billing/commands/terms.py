"""Payment terms are stored; what was invoiced under them before keeps the due dates it got."""

from typing import Any

from tradewind.billing.model import DueRule, Terms
from tradewind.kernel.arrays import numbers
from tradewind.kernel.tx import Tx

_PUT = """
insert into payment_terms (code, name, net_days, month_end, months, pay_day, starts_from, not_before, closed_days,
  discount_percent, discount_days, grace_days, prepay_percent)
values (%(code)s, %(name)s, %(net_days)s, %(month_end)s, %(months)s, %(pay_day)s, %(starts_from)s, %(not_before)s,
  %(closed_days)s, %(discount_percent)s, %(discount_days)s, %(grace_days)s, %(prepay_percent)s)
on conflict (code) do update set name = excluded.name, net_days = excluded.net_days, month_end = excluded.month_end,
  months = excluded.months, pay_day = excluded.pay_day, starts_from = excluded.starts_from, not_before = excluded.not_before,
  closed_days = excluded.closed_days, discount_percent = excluded.discount_percent, discount_days = excluded.discount_days,
  grace_days = excluded.grace_days, prepay_percent = excluded.prepay_percent
"""
_FORGET_PARTS = "delete from payment_terms_part where terms_code = %(code)s"
_PARTS = """
insert into payment_terms_part (terms_code, part_no, percent, net_days, month_end, months, pay_day)
select %(code)s, * from unnest(%(part)s::int[], %(percent)s::numeric[], %(net_days)s::int[], %(month_end)s::text[],
  %(months)s::int[], %(pay_day)s::int[])
"""


def put_terms(tx: Tx, terms: Terms) -> None:
    """Store terms under their code, new or in place of the old ones. They were checked by `decide.terms.check_terms`."""
    tx.run(
        _PUT,
        {
            "code": terms.code,
            "name": terms.name,
            **_rule(terms.rule),
            "starts_from": terms.starts_from,
            "not_before": terms.not_before,
            "closed_days": terms.closed_days,
            "discount_percent": terms.discount_percent,
            "discount_days": terms.discount_days,
            "grace_days": terms.grace_days,
            "prepay_percent": terms.prepay_percent,
        },
    )
    tx.run(_FORGET_PARTS, {"code": terms.code})
    if terms.parts:
        rules = [part.rule for part in terms.parts]
        tx.run(
            _PARTS,
            {
                "code": terms.code,
                "part": numbers(range(1, len(rules) + 1)),
                "percent": numbers(part.percent for part in terms.parts),
                "net_days": numbers(rule.net_days for rule in rules),
                "month_end": [rule.month_end for rule in rules],
                "months": numbers(rule.months for rule in rules),
                "pay_day": numbers(rule.pay_day for rule in rules),
            },
        )


def _rule(rule: DueRule) -> dict[str, Any]:
    return {
        "net_days": rule.net_days,
        "month_end": rule.month_end,
        "months": rule.months,
        "pay_day": rule.pay_day,
    }
