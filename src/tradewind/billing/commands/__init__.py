"""Writes of billing: documents with gapless numbers, what settles them, and the ledger; whole sets, a statement a table."""
