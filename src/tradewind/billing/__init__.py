"""Billing: invoices and credit notes, what settles them, and the receivables ledger behind them.

Invariants: a shipment is billed once (M4); numbers have no gap in their series (M5); what was posted never changes, and every
journal is balanced (M6); nothing is settled above what is open or received (M7), nothing credited above what was billed.
"""
