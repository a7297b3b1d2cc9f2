"""Segments out of values: numbers without exponents, dates as CCYYMMDD, texts without line breaks, no empty tail."""

import datetime
from collections.abc import Iterable, Iterator
from decimal import Decimal

from tradewind.channels.decide.x12.documents import Charge, Ids, Party, Reference
from tradewind.channels.decide.x12.model import Segment, TransactionSet
from tradewind.kernel.money import plain
from tradewind.kernel.problem import Problem

NAME_CHARS, TEXT_CHARS, STREET_CHARS = 60, 80, 55  # N102, PID05 (and REF03), N301
COMPOSITE = "\x1f"  # joins composites in sets that we make; the writer puts the interchange's separator there
MOST_TEXTS = 99
CONTROL_DIGITS = 4  # at least, of ST02

Element = str | int | Decimal | datetime.date | None


def segment(name: str, *elements: Element) -> Segment:
    """A segment; empty elements at its end are left away."""
    made = [name, *(_element(one) for one in elements)]
    while len(made) > 1 and not made[-1]:
        made.pop()
    return tuple(made)


def made_set(type_: str, control: str, segments: Iterable[Segment]) -> TransactionSet:
    """A set of our own."""
    return TransactionSet(type_, control.zfill(CONTROL_DIGITS), tuple(segments), component=COMPOSITE)


def pairs(ids: Ids, most: int = 10) -> tuple[str, ...]:
    """Qualifiers and values, one behind the other."""
    return tuple(part for pair in ids[:most] for part in pair)


def in_cents(amount: Decimal) -> str:
    """N2: cents without a point. Ask `too_fine` first."""
    return str(int(amount.scaleb(2)))


def too_fine(place: str, amounts: Iterable[Decimal | None]) -> Problem | None:
    """X12 writes totals and charges in whole cents; a finer amount is refused rather than rounded."""
    for amount in amounts:
        if amount is not None and amount.scaleb(2) != amount.scaleb(2).to_integral_value():
            return Problem("channels.finer_than_cents", f"{plain(amount)} has parts of a cent.", place)
    return None


def texts(name: str, place: int, text: str, *first: Element) -> Iterator[Segment]:
    """A text of any length in as many segments as it takes, at most `MOST_TEXTS`."""
    words = _flat(text)
    for start in range(0, min(len(words), TEXT_CHARS * MOST_TEXTS), TEXT_CHARS):
        blanks = [None] * (place - 1 - len(first))
        yield segment(name, *first, *blanks, words[start : start + TEXT_CHARS])


def descriptions(text: str) -> Iterator[Segment]:
    """PID*F."""
    yield from texts("PID", 5, text, "F")


def reference(given: Reference) -> Segment:
    """REF."""
    return segment("REF", given.qualifier, given.value, given.description[:TEXT_CHARS])


def charge(given: Charge) -> Segment:
    """SAC; its amount must be in whole cents."""
    amount = None if given.amount is None else in_cents(given.amount)
    basis = None if given.percent is None else "Z"
    return segment("SAC", given.indicator, given.code, None, None, amount, basis, given.percent, given.rate, None, None,
                   None, None, None, None, given.description[:TEXT_CHARS])  # fmt: skip


def party(given: Party) -> Iterator[Segment]:
    """N1 with N2, N3, N4, REF and PER. A long name goes on in N2, a long street in N3's second element."""
    name = _flat(given.name)
    more = [name[NAME_CHARS : 2 * NAME_CHARS], *given.more_names] if len(name) > NAME_CHARS else list(given.more_names)
    yield segment("N1", given.code, name[:NAME_CHARS], given.id_qualifier, given.id)
    for start in range(0, min(len(more), 4), 2):
        yield segment("N2", *more[start : start + 2])
    street = [part for line in given.street for part in _wrapped(_flat(line))]
    for start in range(0, min(len(street), 4), 2):
        yield segment("N3", *street[start : start + 2])
    if given.city or given.region or given.postal_code or given.country:
        yield segment("N4", given.city, given.region, given.postal_code, given.country)
    yield from map(reference, given.references)
    for contact in given.contacts:
        yield segment("PER", contact.function, contact.name, *pairs(contact.numbers, 3))


def date_times(dates: Iterable[tuple[str, datetime.date]]) -> Iterator[Segment]:
    """DTM by qualifier."""
    return (segment("DTM", qualifier, on) for qualifier, on in dates)


def notes(given: Iterable[str]) -> Iterator[Segment]:
    """N9 and MSG for each note."""
    for note in given:
        yield segment("N9", "ZZ", "NOTE")
        yield from (("MSG", one[1]) for one in texts("MSG", 1, note))


def _element(value: Element) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime.date):
        return value.strftime("%Y%m%d")
    return plain(value) if isinstance(value, Decimal) else _flat(str(value))


def _flat(text: str) -> str:
    """On one line: control characters and runs of blanks are one blank."""
    if text.isprintable() and "  " not in text:
        return text.strip()
    printable = "".join(one if one.isprintable() or one == COMPOSITE else " " for one in text)
    return " ".join(filter(None, printable.split(" ")))


def _wrapped(text: str) -> list[str]:
    return [text[start : start + STREET_CHARS] for start in range(0, len(text), STREET_CHARS)]
