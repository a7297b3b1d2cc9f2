"""Reads of approvals, by noun."""
