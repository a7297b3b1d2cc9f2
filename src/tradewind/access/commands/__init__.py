"""Writes of access: principals, keys, logins, mandates, refusals. Plural, each with its fact in the log."""
