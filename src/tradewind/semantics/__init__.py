"""The canonical nouns that neighbours exchange, and what the outside world calls our things.

Invariant: a value here is complete in itself; it never needs a database to be understood. An outside name belongs to
exactly one of our things per system and noun.
"""
