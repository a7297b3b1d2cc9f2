"""Writes of approvals, by noun."""
