"""Trials: a change of rules, streams, prices or policies run over past orders, without any outward effect.

Invariants: a trial reads one snapshot and writes nothing but its own result; what it compares was decided by the same code that
decides for live orders; every order whose outcome changes is listed with what changed and why.
"""
