"""The kernel: what every package stands on, and nothing of commerce: money, quantity, ids, clock, problems, transactions, log.

Invariants: money and quantities are decimals, never floats, and an inexact conversion is refused; time and ids are injected;
rows and the events about them commit together or not at all; the log is read in commit-safe order; locks are taken once, in
one order; the same request twice has one effect.
"""
