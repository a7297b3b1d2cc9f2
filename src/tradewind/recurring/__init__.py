"""Recurring orders: a standing order, its calendar of periods, and the one order of each period.

Invariants: a period has at most one order, however often or late the job runs (a constraint); a skipped or failed period says why;
dates are days of the schedule's own time zone, so neither a change of clocks nor the end of a month loses or doubles one.
"""
