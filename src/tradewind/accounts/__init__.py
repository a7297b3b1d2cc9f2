"""Accounts: our legal entities, the companies that buy from us in their trees, their places, people, terms and certificates.

Invariants: the tree has no circle and its closure is kept with it; an address belongs to one account; a certificate has a
jurisdiction and dates.
"""
