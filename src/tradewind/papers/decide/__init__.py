"""What a paper says, as values: pure functions from what the database holds to texts that are ready to be set.

`sheet_of` is the whole of it; `press.py` only sets what it gives.
"""

from tradewind.papers.decide.sheet import sheet_of

__all__ = ["sheet_of"]
