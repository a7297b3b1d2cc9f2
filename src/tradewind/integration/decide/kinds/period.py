"""What every period keeps: it begins before it ends."""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from tradewind.semantics.decide.rows.schema import Fault


class HasPeriod(Protocol):
    """A row with `valid_from` and `valid_to` (exclusive), None meaning open."""

    @property
    def valid_from(self) -> datetime | None: ...

    @property
    def valid_to(self) -> datetime | None: ...


def period(row: HasPeriod) -> Iterable[Fault]:
    """The end comes after the beginning."""
    if row.valid_from is not None and row.valid_to is not None and row.valid_to <= row.valid_from:
        yield Fault("valid_to", "import.ends_before_it_begins", "the end is not after the beginning")
