"""Supplier orders and their lines."""
