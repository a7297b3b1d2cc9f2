"""Bounds. Everything that could grow without end has one, and passing it is a named refusal."""

from datetime import datetime

BATCH_ORDERS = 64  # orders combined into one transaction; no gain beyond (measured)
BATCH_LINES = 640  # lines combined into one transaction
ORDER_LINES = 10_000  # lines of one order
REQUEST_ORDERS = 5_000  # orders of one request
REQUEST_BYTES = 16 << 20  # body of one request
TRANSACTION_SECONDS = 5  # no transaction lasts longer; bulk work commits in chunks
LOCK_TIMEOUT_MS = 4_000
STATEMENT_TIMEOUT_MS = 5_000
KEPT_PRODUCTS = 20_000  # products a process keeps between transactions, about 1 kB each
KEPT_PRICES = 40_000  # price ladders a process keeps between transactions, about 1 kB each
RETRIES = 6  # of a transient database error
CRANK_SET = 64  # instances moved in one turn
TREE_ORDERS = 10_000  # orders of one tree of accounts that one change of its credit stops or wakes
PAGE = 500  # rows of one page
MESSAGE_LIFE_DAYS = 30  # an early message waits this long for somebody to wait for it
IDEMPOTENCY_DAYS = 30


def datable(at: datetime | None) -> bool:
    """Whether days can be counted from a date that somebody gave, and back from it: 9999-12-31 is no day goods come on."""
    return at is None or 1900 <= at.year <= 2999
