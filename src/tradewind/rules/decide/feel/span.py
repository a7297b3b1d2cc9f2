"""A range as a value."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """From `low` to `high`, each end in it or not; `is_open` says which end is none at all: `low` of `(< 5)`."""

    low: object
    high: object
    low_included: bool
    high_included: bool
    is_open: str = ""
