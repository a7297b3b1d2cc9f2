"""Trials and what they found."""
