"""Money is a decimal amount with its currency: never a float, never two currencies in one sum.

Amounts travel inside as plain `Decimal` beside one currency per document; `Money` is for places where the two could
part. Multiply first, divide once, round once: `line_net` is the one formula of a line. A sum is broken into parts with
`spread`, so that the parts give the whole back to the last cent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import (
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
)
from typing import Literal

from tradewind.kernel.problem import Problem

RoundingMode = Literal["half_up", "half_even"]
ROUNDING: dict[RoundingMode, str] = {"half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN}
"""half_up rounds a tie away from zero, so that a credit mirrors its invoice."""

WIDE = Context(prec=60, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation, DivisionByZero, Overflow])
"""Products and the one division of a line are made here: wide enough for any price × quantity × percent we allow."""

ZERO = Decimal(0)
_HUNDRED = Decimal(100)
UNIT_PRICE_DIGITS = 6
LARGEST_AMOUNT = Decimal(10) ** 12
"""Prices, quantities and amounts of a line of this size or larger are refused; the tables hold sums a thousand times it."""
LONGEST_TEXT = 64

_EXPONENT = tuple(Decimal(1).scaleb(-digits) for digits in range(21))
# A quotient times a percentage may come to 1.50499…9 where exact arithmetic has a tie; cut to 20 places it is one again.
_SNAP = _EXPONENT[20]

# ISO 4217 exponents, amendment 177. Codes without a minor unit (metals, XDR, XSU, XUA, test codes) are not money here.
_MINOR_DIGITS: dict[str, int] = {
    code: digits
    for digits, codes in (
        (0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"),
        (
            2,
            "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF "
            "CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD "
            "HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT "
            "MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR "
            "SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU "
            "UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG",
        ),
        (3, "BHD IQD JOD KWD LYD OMR TND"),
        (4, "CLF UYW"),
    )
    for code in codes.split()
}
_MINOR_EXPONENT = {code: _EXPONENT[digits] for code, digits in _MINOR_DIGITS.items()}


class CurrencyMismatch(ValueError):  # noqa: N818 - reads as what it is
    """Two currencies met in one operation: a bug of the caller, not a refusal."""


def is_currency(code: str) -> bool:
    """Whether `code` is an ISO 4217 currency with a minor unit."""
    return code in _MINOR_DIGITS


def minor_digits(currency: str) -> int:
    """Decimal places of the currency's minor unit: EUR 2, JPY 0, KWD 3. ValueError for an unknown code."""
    try:
        return _MINOR_DIGITS[currency]
    except KeyError:
        raise ValueError(f"{currency!r} is not an ISO 4217 currency") from None


def round_money(value: Decimal, currency: str, mode: RoundingMode = "half_up") -> Decimal:
    """`value` in the currency's minor unit. ValueError for an unknown currency."""
    exponent = _MINOR_EXPONENT.get(currency)
    if exponent is None:
        raise ValueError(f"{currency!r} is not an ISO 4217 currency")
    return value.quantize(exponent, ROUNDING[mode], WIDE)


def round_places(value: Decimal, digits: int, mode: RoundingMode = "half_up") -> Decimal:
    """`value` with `digits` (0 to 20) decimal places."""
    return value.quantize(_EXPONENT[digits], ROUNDING[mode], WIDE)


def settle(value: Decimal) -> Decimal:
    """A value that a division went into, to 20 places: short enough to keep, and a tie again where it was one."""
    return value.quantize(_SNAP, ROUND_HALF_EVEN, WIDE)


def line_gross(
    qty: Decimal, unit_price: Decimal, price_basis: Decimal = Decimal(1), factor: tuple[int, int] = (1, 1)
) -> Decimal:
    """The unrounded amount of a line: `qty` × `unit_price` per `price_basis`.

    `factor` (numerator, denominator) is the size of the price's unit in units of `qty`: (12, 1) where `qty` counts
    eaches and the price is for a dozen.
    """
    amount = WIDE.multiply(qty, unit_price)
    num, den = factor
    if den != 1:
        amount = WIDE.multiply(amount, Decimal(den))
    divisor = price_basis if num == 1 else WIDE.multiply(price_basis, Decimal(num))
    if divisor == 1:
        return amount
    return settle(WIDE.divide(amount, divisor))


def line_net(
    qty: Decimal,
    unit_price: Decimal,
    price_basis: Decimal = Decimal(1),
    *,
    currency: str,
    factor: tuple[int, int] = (1, 1),
    discount: Decimal = ZERO,
    mode: RoundingMode = "half_up",
) -> Decimal:
    """A line's net amount, rounded once: `qty` × `unit_price` ÷ `price_basis` − `discount` (an amount)."""
    return round_money(line_gross(qty, unit_price, price_basis, factor) - discount, currency, mode)


def less_percent(amount: Decimal, percent: Decimal) -> Decimal:
    """`amount` less `percent` per cent of it, exact. A negative percent adds."""
    return WIDE.multiply(amount, WIDE.subtract(_HUNDRED, percent).scaleb(-2, WIDE))


def percent_of(amount: Decimal, percent: Decimal) -> Decimal:
    """`percent` per cent of `amount`, exact."""
    return WIDE.multiply(amount, percent).scaleb(-2, WIDE)


def spread(total: Decimal, weights: Sequence[Decimal], digits: int) -> list[Decimal]:
    """`total` in one part per weight, with `digits` places, that sum to it exactly (largest remainder).

    Left-over minor units go to the largest remainders, ties to the earlier part; a part of weight 0 gets nothing
    unless all weights are 0, when the parts are equal. ValueError: no weights for a total other than 0, a negative
    weight, or a total finer than `digits`.
    """
    units_exact = total.scaleb(digits, WIDE)
    units = int(units_exact)
    if units != units_exact:
        raise ValueError(f"{total} has more than {digits} decimal places")
    if not weights:
        if units:
            raise ValueError("nothing to spread over")
        return []
    shares = _whole_numbers(weights)
    whole = sum(shares)
    if not whole:
        shares, whole = [1] * len(shares), len(shares)
    parts: list[int] = []
    remainders: list[int] = []
    for share in shares:
        part, remainder = divmod(abs(units) * share, whole)
        parts.append(part)
        remainders.append(remainder)
    left = abs(units) - sum(parts)
    for index in sorted(range(len(parts)), key=lambda at: -remainders[at])[:left]:
        parts[index] += 1
    sign = -1 if units < 0 else 1
    return [Decimal(sign * part).scaleb(-digits, WIDE) for part in parts]


def _whole_numbers(weights: Sequence[Decimal]) -> list[int]:
    """The weights times one power of ten that makes all of them whole."""
    ratios = [weight.as_integer_ratio() for weight in weights]
    if any(numerator < 0 for numerator, _ in ratios):
        raise ValueError("a weight is negative")
    places = max((max(0, -int(weight.as_tuple().exponent)) for weight in weights), default=0)
    scale = 10**places
    return [numerator * scale // denominator for numerator, denominator in ratios]


def cumulative_share(
    total: Decimal, done_before: Decimal, done_now: Decimal, whole: Decimal, digits: int = 2
) -> Decimal:
    """What of `total` falls to the part `done_now` when `done_before` of `whole` has had its share already.

    The difference of two rounded cumulative shares: successive parts that reach `whole` sum to `total` exactly.
    ValueError where `whole` is 0.
    """
    if not whole:
        raise ValueError("a share of nothing")
    reached = WIDE.add(done_before, done_now)
    after = total if reached == whole else _rounded_share(total, reached, whole, digits)
    before = ZERO if not done_before else _rounded_share(total, done_before, whole, digits)
    return after - before


def _rounded_share(total: Decimal, done: Decimal, whole: Decimal, digits: int) -> Decimal:
    return round_places(settle(WIDE.divide(WIDE.multiply(total, done), whole)), digits)


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in one currency. Sums and comparisons of two currencies raise CurrencyMismatch."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if not isinstance(self.amount, Decimal):
            raise TypeError(f"an amount is a Decimal, not {type(self.amount).__name__}")
        if not self.amount.is_finite():
            raise ValueError("an amount is a number")
        minor_digits(self.currency)

    @classmethod
    def of(cls, amount: Decimal | int | str, currency: str) -> "Money":
        """Money from a decimal, a whole number or its text. TypeError for a float, ValueError for other text."""
        if isinstance(amount, float):
            raise TypeError("an amount is never a float")
        try:
            return cls(Decimal(amount), currency)
        except InvalidOperation:
            raise ValueError(f"{amount!r} is not an amount") from None

    @classmethod
    def posted(cls, amount: Decimal | int | str, currency: str) -> "Money":
        """Money that can be posted: ValueError where the amount is finer than the currency's minor unit."""
        money = cls.of(amount, currency)
        if not money.is_postable:
            raise ValueError(f"{money} is finer than the minor unit of {currency}")
        return cls(round_money(money.amount, currency), currency)

    @property
    def is_postable(self) -> bool:
        """Whether the amount is a whole number of minor units."""
        return round_money(self.amount, self.currency) == self.amount

    def rounded(self, mode: RoundingMode = "half_up") -> "Money":
        """The same in whole minor units."""
        return Money(round_money(self.amount, self.currency, mode), self.currency)

    def as_json(self) -> dict[str, str]:
        """`{"amount": "12.50", "currency": "EUR"}`: a string, so that no reader makes a float of it."""
        return {"amount": format(self.amount, "f"), "currency": self.currency}

    def __add__(self, other: "Money") -> "Money":
        return Money(self.amount + self._same(other).amount, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.amount - self._same(other).amount, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def __mul__(self, times: Decimal | int) -> "Money":
        if isinstance(times, float):
            raise TypeError("money is never multiplied by a float")
        return Money(WIDE.multiply(self.amount, Decimal(times)), self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.amount < self._same(other).amount

    def __le__(self, other: "Money") -> bool:
        return self.amount <= self._same(other).amount

    def __gt__(self, other: "Money") -> bool:
        return self.amount > self._same(other).amount

    def __ge__(self, other: "Money") -> bool:
        return self.amount >= self._same(other).amount

    def __bool__(self) -> bool:
        return bool(self.amount)

    def __str__(self) -> str:
        return f"{self.amount:f} {self.currency}"

    def _same(self, other: "Money") -> "Money":
        if self.currency != other.currency:
            raise CurrencyMismatch(f"{self} and {other}")
        return other


def read_amount(text: object, *, where: str = "", digits: int = UNIT_PRICE_DIGITS) -> Decimal | Problem:
    """A decimal from the text (or whole number) of a document or request, or why it is none.

    Refuses floats, NaN and infinities, more than `digits` places, and sizes from LARGEST_AMOUNT on.
    """
    if isinstance(text, bool) or not isinstance(text, str | int | Decimal):
        return Problem("money.not_a_decimal", "an amount is a decimal number in a string", where)
    if isinstance(text, str) and len(text) > LONGEST_TEXT:
        return Problem("money.not_a_decimal", f"an amount has at most {LONGEST_TEXT} characters", where)
    try:
        # Decimal() would read 1_000 as a thousand; a document that writes so means something else.
        value = Decimal(text.strip().replace("_", "?") if isinstance(text, str) else text)
    except InvalidOperation:
        return Problem("money.not_a_decimal", f"{str(text)[:40]!r} is not a decimal number", where)
    if not value.is_finite():
        return Problem("money.not_a_decimal", f"{text!s} is not a number", where)
    if value.copy_abs() >= LARGEST_AMOUNT:  # abs() would round, and overflow on 1E+999999999
        return Problem("money.too_large", f"amounts end below {LARGEST_AMOUNT:f}", where)
    if round_places(value, digits) != value:
        return Problem("money.too_fine", f"{text!s} has more than {digits} decimal places", where)
    return value


def plain(value: Decimal) -> str:
    """The value without trailing zeros and without an exponent: `Decimal("1.2E+3")` is `1200`, `2.50` is `2.5`."""
    text = str(value)  # half the cost of a format, and the same unless there is an exponent
    if "E" in text:
        text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
