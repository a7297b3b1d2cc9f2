"""Blanket orders, their lines and what was called off."""
