"""Pricing: which price a line gets and why, tax by jurisdiction, and totals that equal what is printed.

Invariants: a price that is not found is a finding, never 0 (a price of 0 is a price); amounts are exact until the one
rounding at the end of a waterfall; parts sum to the whole to the last cent (M1, M2); a decision names the price rows,
versions and instant it was made of (M3).
"""
