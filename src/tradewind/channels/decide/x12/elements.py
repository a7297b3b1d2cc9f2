"""What stands in elements: numbers, dates, references, parties, charges. Pure; what cannot be read is None."""

import datetime
import re
from decimal import Decimal
from functools import lru_cache

from tradewind.channels.decide.x12.documents import Charge, Contact, Dated, Ids, Reference
from tradewind.channels.decide.x12.model import Segment

NUMBER = re.compile(r"[+-]?([0-9]{1,18}(\.[0-9]{0,9})?|\.[0-9]{1,9})")
DAY = re.compile(r"([0-9]{2})?([0-9]{2})([0-9]{2})([0-9]{2})")
CENTURY = 70  # YYMMDD: years from here on are of the twentieth century
CENT = Decimal("0.01")


def at(segment: Segment, place: int) -> str:
    """The element at a place without blanks around it; "" where the segment is shorter."""
    return segment[place].strip() if place < len(segment) else ""


@lru_cache(maxsize=8192)
def number(text: str) -> Decimal | None:
    """A number as X12 writes it (N0 or R): up to 18 digits and 9 places; None for anything else."""
    return Decimal(text) if NUMBER.fullmatch(text) else None


def cents(text: str) -> Decimal | None:
    """N2: the last two digits are cents. A written point is taken at its word."""
    found = number(text)
    return found if found is None or "." in text else found * CENT


@lru_cache(maxsize=4096)
def day(text: str) -> datetime.date | None:
    """CCYYMMDD or YYMMDD; None for what is no date."""
    found = DAY.fullmatch(text)
    if found is None:
        return None
    century, year, month, of_month = found.groups()
    hundreds = int(century) if century else (19 if int(year) >= CENTURY else 20)
    try:
        return datetime.date(hundreds * 100 + int(year), int(month), int(of_month))
    except ValueError:
        return None


def ids(segment: Segment, first: int) -> Ids:
    """Pairs of qualifier and value from a place on; pairs that miss one of both are left out."""
    pairs = zip(segment[first::2], segment[first + 1 :: 2], strict=False)
    return tuple((name.strip(), value.strip()) for name, value in pairs if name and value.strip())


def reference(segment: Segment) -> Reference:
    """REF or N9."""
    return Reference(at(segment, 1), at(segment, 2), at(segment, 3))


def dated(segment: Segment) -> Dated:
    """DTM (or G62, which has the same start)."""
    text = at(segment, 2)
    return Dated(at(segment, 1), day(text), at(segment, 3), text)


def contact(segment: Segment) -> Contact:
    """PER."""
    return Contact(at(segment, 1), at(segment, 2), ids(segment, 3)[:3])


def charge(segment: Segment) -> Charge:
    """SAC: amount in cents (SAC05), percentage (SAC07), rate (SAC08)."""
    amount, percent, rate = cents(at(segment, 5)), number(at(segment, 7)), number(at(segment, 8))
    return Charge(at(segment, 1), at(segment, 2), amount, percent, rate, at(segment, 15))
