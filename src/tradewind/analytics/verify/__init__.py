"""`tradewind verify`: every invariant, on one snapshot, with the rows that break it.

Invariant: a run reads one `REPEATABLE READ READ ONLY` snapshot, so that what it compares belongs together; it changes nothing.
"""

from tradewind.analytics.verify.command import verify_command
from tradewind.analytics.verify.snapshot import broken_checks, run_verify

__all__ = ["broken_checks", "run_verify", "verify_command"]
