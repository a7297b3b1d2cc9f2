"""How points and ranges lie to each other: before, meets, overlaps, includes and their like; ranges from text."""

import re
from collections.abc import Callable
from decimal import Decimal

from tradewind.rules.decide.feel.functions.moments import MOMENTS
from tradewind.rules.decide.feel.functions.signature import Arguments, Function, function
from tradewind.rules.decide.feel.span import Span
from tradewind.rules.decide.feel.values import DECIMAL, equal, finite, order

_RANGE = re.compile(r"\s*([\[\(\]])(.{0,200}?)\.\.(.{0,200})([\]\)\[])\s*", re.DOTALL)
_NUMBER = re.compile(r"-?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)", re.ASCII)
_TEXT = re.compile(r'"([^"\\]*)"')
_MADE = re.compile(r'(?:@|(date and time|date|time|duration)\s*\(\s*)"([^"\\]*)"\s*(\)?)')


class _UnknownError(ValueError):
    """Two ends that have no order."""


class _Place:
    """An end of a range: a value and a hair before (-1), at (0) or behind it (1); or no end at all, on one side."""

    __slots__ = ("hair", "side", "value")

    def __init__(self, value: object, hair: int, side: int = 0) -> None:
        self.value, self.hair, self.side = value, hair, side

    def against(self, other: "_Place") -> int:
        if self.side or other.side:
            return self.side - other.side
        found = order(self.value, other.value)
        if found is None:
            raise _UnknownError
        return found or (self.hair > other.hair) - (self.hair < other.hair)


def _ends(value: object) -> tuple[_Place, _Place]:
    if not isinstance(value, Span):
        return _Place(value, 0), _Place(value, 0)
    low = _Place(None, 0, -1) if value.is_open == "low" else _Place(value.low, 0 if value.low_included else 1)
    high = _Place(None, 0, 1) if value.is_open == "high" else _Place(value.high, 0 if value.high_included else -1)
    return low, high


Ends = tuple[_Place, _Place]


def _relation(
    holds: Callable[[Ends, Ends], bool], *, first: bool = False, second: bool = False
) -> Callable[[Arguments], object]:
    """`first` and `second`: whether that one must be a range."""

    def apply(arguments: Arguments) -> object:
        one, other = arguments
        if (first and not isinstance(one, Span)) or (second and not isinstance(other, Span)):
            return None
        try:
            return holds(_ends(one), _ends(other))
        except _UnknownError:
            return None

    return apply


def _turned(holds: Callable[[Ends, Ends], bool]) -> Callable[[Ends, Ends], bool]:
    return lambda one, other: holds(other, one)


def _before(one: Ends, other: Ends) -> bool:
    return one[1].against(other[0]) < 0


def _meets(one: Ends, other: Ends) -> bool:
    return one[1].hair == other[0].hair == 0 and one[1].against(other[0]) == 0


def _overlaps(one: Ends, other: Ends) -> bool:
    return one[1].against(other[0]) >= 0 and other[1].against(one[0]) >= 0


def _overlaps_before(one: Ends, other: Ends) -> bool:
    return one[0].against(other[0]) < 0 and one[1].against(other[0]) >= 0 and one[1].against(other[1]) <= 0


def _includes(one: Ends, other: Ends) -> bool:
    return one[0].against(other[0]) <= 0 and one[1].against(other[1]) >= 0


def _starts(one: Ends, other: Ends) -> bool:
    return one[0].against(other[0]) == 0 and one[1].against(other[1]) <= 0


def _finishes(one: Ends, other: Ends) -> bool:
    return one[1].against(other[1]) == 0 and one[0].against(other[0]) >= 0


def _coincides(one: Ends, other: Ends) -> bool:
    return one[0].against(other[0]) == 0 and one[1].against(other[1]) == 0


def _is(arguments: Arguments) -> object:
    """Of one kind and equal; never unknown."""
    return equal(*arguments) is True


def _range(arguments: Arguments) -> object:
    """From text, `[1..5)`, with constants as its ends."""
    text = arguments[0]
    found = _RANGE.fullmatch(text) if isinstance(text, str) and len(text) <= 500 else None
    if found is None:
        return None
    opening, first, last, closing = found.groups()
    low, high = _point(first.strip()), _point(last.strip())
    if low is None or high is None or order(low, high) is None:
        return None
    return Span(low, high, opening == "[", closing == "]")


def _point(text: str) -> object:
    if _NUMBER.fullmatch(text):
        return finite(DECIMAL.create_decimal(Decimal(text)))
    plain = _TEXT.fullmatch(text)
    if plain is not None:
        return plain.group(1)
    made = _MADE.fullmatch(text)
    if made is None or (made.group(1) is None) is not (made.group(3) == ""):
        return None
    return MOMENTS[made.group(1) or temporal_kind(made.group(2))].apply([made.group(2)])


def temporal_kind(text: str) -> str:
    """Which function reads what stands behind `@`."""
    if "P" in text[:2]:
        return "duration"
    if "T" in text:
        return "date and time"
    return "time" if text[2:3] == ":" else "date"


SPANS: dict[str, Function] = {
    "before": function(_relation(_before), "point1, point2", "point, range", "range, point", "range1, range2"),
    "after": function(_relation(_turned(_before)), "point1, point2", "point, range", "range, point", "range1, range2"),
    "meets": function(_relation(_meets, first=True, second=True), "range1, range2"),
    "met by": function(_relation(_turned(_meets), first=True, second=True), "range1, range2"),
    "overlaps": function(_relation(_overlaps, first=True, second=True), "range1, range2"),
    "overlaps before": function(_relation(_overlaps_before, first=True, second=True), "range1, range2"),
    "overlaps after": function(_relation(_turned(_overlaps_before), first=True, second=True), "range1, range2"),
    "finishes": function(_relation(_finishes, second=True), "point, range", "range1, range2"),
    "finished by": function(_relation(_turned(_finishes), first=True), "range, point", "range1, range2"),
    "includes": function(_relation(_includes, first=True), "range, point", "range1, range2"),
    "during": function(_relation(_turned(_includes), second=True), "point, range", "range1, range2"),
    "starts": function(_relation(_starts, second=True), "point, range", "range1, range2"),
    "started by": function(_relation(_turned(_starts), first=True), "range, point", "range1, range2"),
    "coincides": function(_relation(_coincides), "point1, point2", "range1, range2"),
    "is": function(_is, "value1, value2"),
    "range": function(_range, "from"),
}
