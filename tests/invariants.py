"""Holds a test's database against every invariant."""

from tradewind.analytics.queries import CHECKS
from tradewind.analytics.verify import broken_checks, run_verify
from tradewind.analytics.verify.command import as_text

# A test has no worker and moves its clock as it likes, and the schema is verified once, not after each test.
_ROWS = tuple(check for check in CHECKS if check.kind == "rows")


def assert_invariants(url: str, *, everything: bool = False) -> None:
    """Fails with the violating rows where the database at `url` breaks an invariant.

    What waits too long and the schema itself are looked at only with `everything`.
    """
    broken = broken_checks(url, checks=CHECKS if everything else _ROWS)
    if broken:
        raise AssertionError("\n".join(as_text(run_verify(url, checks=broken))))
