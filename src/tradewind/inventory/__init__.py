"""Stock: an append-only ledger of movements, its counters, what orders hold of it, and what is expected.

Invariants: on hand is the sum of the movements (S1); counters equal the claims behind them (S2); nothing is negative (S3);
never more is reserved and allocated than is there, safety stock aside (S4); inbound goods are not promised twice.
"""
