"""Numbers: rounding, roots, logarithms, and text as numbers. All of it in decimals of 34 digits."""

import re
from collections.abc import Callable
from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Decimal,
)

from tradewind.rules.decide.feel.duration import Duration
from tradewind.rules.decide.feel.functions.signature import Arguments, Function, function
from tradewind.rules.decide.feel.functions.text import whole
from tradewind.rules.decide.feel.values import DECIMAL, finite

_NUMBER = re.compile(r"-?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,4})?", re.ASCII)
Change = Callable[[Decimal], Decimal]


def rounded(value: object, scale: object, rounding: str) -> Decimal | None:
    """A number with so many places behind the point; null where that takes more than 34 digits."""
    places = whole(scale)
    if not isinstance(value, Decimal) or places is None or not -6111 <= places <= 6176:
        return None
    if -value.as_tuple().exponent <= places:  # type: ignore[operator]  # finite: an exponent is a number
        return value
    if value.adjusted() < -places - 1:
        value = Decimal((value.as_tuple().sign, (1,), -places - 2)) if value else value
    return finite(value.quantize(Decimal((0, (1,), -places)), rounding=rounding, context=DECIMAL))


def _round(rounding: str) -> Callable[[Arguments], object]:
    return lambda arguments: rounded(arguments[0], arguments[1] if len(arguments) == 2 else Decimal(0), rounding)


def _of_number(change: Change) -> Callable[[Arguments], object]:
    return lambda arguments: finite(change(arguments[0])) if isinstance(arguments[0], Decimal) else None


def _abs(arguments: Arguments) -> object:
    value = arguments[0]
    if isinstance(value, Decimal):
        return DECIMAL.abs(value)
    return (-value if value.months < 0 or value.micros < 0 else value) if isinstance(value, Duration) else None


def _modulo(arguments: Arguments) -> object:
    """What is left of the dividend, with the sign of the divisor."""
    dividend, divisor = arguments
    if not (isinstance(dividend, Decimal) and isinstance(divisor, Decimal)) or not divisor:
        return None
    rest = DECIMAL.remainder(dividend, divisor)
    if rest and (rest < 0) is not (divisor < 0):
        rest = DECIMAL.add(rest, divisor)
    return finite(rest)


def _parity(wanted: int) -> Callable[[Arguments], object]:
    def apply(arguments: Arguments) -> object:
        value = arguments[0]
        if not isinstance(value, Decimal) or value != value.to_integral_value():
            return None
        rest = DECIMAL.remainder(value, Decimal(2))
        return abs(rest) == wanted if rest.is_finite() else wanted == 0

    return apply


def _number(arguments: Arguments) -> object:
    """Text with a mark between thousands and a mark before decimals; or a number as it is."""
    value = arguments[0]
    if len(arguments) == 1 and isinstance(value, Decimal):
        return value
    if not isinstance(value, str) or len(value) > 100:
        return None
    grouping, point = [*arguments[1:], None, None][:2]
    if grouping not in (None, " ", ",", ".") or point not in (None, ",", ".") or (grouping == point is not None):
        return None
    text = value.replace(grouping, "") if isinstance(grouping, str) else value
    if isinstance(point, str) and point != ".":
        text = "?" if "." in text else text.replace(point, ".")
    return finite(DECIMAL.create_decimal(text)) if _NUMBER.fullmatch(text) else None


NUMBERS: dict[str, Function] = {
    "abs": function(_abs, "n"),
    "decimal": function(_round(ROUND_HALF_EVEN), "n, scale"),
    "floor": function(_round(ROUND_FLOOR), "n, scale?"),
    "ceiling": function(_round(ROUND_CEILING), "n, scale?"),
    "round up": function(_round(ROUND_UP), "n, scale"),
    "round down": function(_round(ROUND_DOWN), "n, scale"),
    "round half up": function(_round(ROUND_HALF_UP), "n, scale"),
    "round half down": function(_round(ROUND_HALF_DOWN), "n, scale"),
    "modulo": function(_modulo, "dividend, divisor"),
    "sqrt": function(_of_number(DECIMAL.sqrt), "number", steps=lambda _: 50),
    "log": function(_of_number(DECIMAL.ln), "number", steps=lambda _: 250),
    "exp": function(_of_number(DECIMAL.exp), "number", steps=lambda _: 250),
    "odd": function(_parity(1), "number"),
    "even": function(_parity(0), "number"),
    "number": function(_number, "from, grouping separator?, decimal separator?"),
}
