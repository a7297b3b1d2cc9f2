"""Credit: who may owe how much, and how much of it is taken.

Invariants: exposure = open orders + receivables - unapplied cash stays within the limit or a four-eyes override (C1);
headroom is taken on the locked row in the transaction that needs it (C2); every path that revives demand asks again.
"""
