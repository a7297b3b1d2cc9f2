"""Readings of inbound documents: text in, values with findings out. No database, clock, network or log."""
