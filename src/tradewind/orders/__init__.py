"""Sales orders: what was ordered, where each unit of it stands, and what holds it up.

Invariants: every unit of a line is in exactly one bucket (L1); a header's status is a function of its lines and holds (L4);
a total is the sum of what is printed (M1); a hold names the transitions it blocks.
"""
