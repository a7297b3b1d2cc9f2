"""Which days a standing order falls on, and what becomes of those that were missed. Pure."""

from tradewind.recurring.decide.catching_up import Due, settle_due, wait_minutes
from tradewind.recurring.decide.days import first_planned, local_today, next_day, plan
from tradewind.recurring.decide.rules import read_rule, rule_text

__all__ = [
    "Due",
    "first_planned",
    "local_today",
    "next_day",
    "plan",
    "read_rule",
    "rule_text",
    "settle_due",
    "wait_minutes",
]
