"""Quotes: what was asked, what was offered in which version, and what of it became an order.

Invariants: a version that was offered never changes; an offered quantity is accepted once; a quote that is won, lost or completed
never becomes expired; what is ordered from a quote costs what its version says.
"""
