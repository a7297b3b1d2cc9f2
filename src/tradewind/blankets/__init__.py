"""Blanket orders: what a buyer committed to take, and how much of it has been called off.

Invariants: what was called off and not given back never passes the ceiling of a line, however many releases run at once (the
counter is added to on the locked row); a ceiling of 0 is a ceiling; what is cancelled, closed or reopened moves the counter back or forth.
"""
