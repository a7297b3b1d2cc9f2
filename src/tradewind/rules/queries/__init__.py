"""Reads of rule sets, of what is published, and of what was decided."""
