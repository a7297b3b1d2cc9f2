"""Approvals: decisions of people on orders, bound to exactly what they saw.

Invariants: an approval counts only for the content hash it was given for (A1); nobody approves what they placed themselves (A2);
a copy of an order carries no approval.
"""
