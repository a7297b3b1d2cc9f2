"""Analytics: reads over everything below, and the proof that nothing broke.

`verify` states every invariant as one query that returns the rows that break it; `queries` holds them by noun. Invariant:
nothing here writes; a whole verification sees one snapshot.
"""
