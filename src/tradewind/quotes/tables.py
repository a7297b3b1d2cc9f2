"""Quotes, their versions and lines."""
