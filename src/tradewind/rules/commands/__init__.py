"""Writes of rule sets and of what was decided."""
