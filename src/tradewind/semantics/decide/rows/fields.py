"""The vocabulary kinds are written in: one function a type of column."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tradewind.semantics.decide.rows import cells, moments, numbers
from tradewind.semantics.decide.rows.schema import Field

Aliases = tuple[str, ...]


def words(
    name: str,
    sentence: str,
    *,
    required: bool = False,
    length: int = 200,
    default: str | None = None,
    aliases: Aliases = (),
) -> Field:
    """Text for people."""
    return Field(
        name,
        f"text, up to {length}",
        sentence,
        lambda _: lambda text: cells.text_of(text, length=length),
        required,
        default,
        aliases,
    )


def code(
    name: str,
    sentence: str,
    *,
    required: bool = False,
    length: int = 64,
    default: str | None = None,
    aliases: Aliases = (),
    repeats: bool = True,
) -> Field:
    """An identifier, kept exactly. `repeats`: the same value stands in many rows, so it is remembered."""

    def build(_: Any) -> cells.Converter:
        def convert(text: str) -> str:
            return cells.code_of(text, length=length)

        return cells.Memo(convert).__getitem__ if repeats else convert

    return Field(name, f"code, up to {length}", sentence, build, required, default, aliases)


def number(
    name: str,
    sentence: str,
    *,
    required: bool = False,
    places: int = 6,
    digits: int = 12,
    minimum: str | None = "0",
    maximum: str | None = None,
    default: str | None = None,
    aliases: Aliases = (),
) -> Field:
    """A decimal with at most `places` places."""
    low, high = None if minimum is None else Decimal(minimum), None if maximum is None else Decimal(maximum)
    kind = f"decimal, up to {places} places{_bounds(minimum, maximum)}"
    return Field(
        name,
        kind,
        sentence,
        lambda declared: numbers.decimal_converter(
            places=places, digits=digits, minimum=low, maximum=high, declared=declared
        ),
        required,
        None if default is None else Decimal(default),
        aliases,
    )


def money(
    name: str, sentence: str, *, required: bool = False, default: str | None = None, aliases: Aliases = ()
) -> Field:
    """An amount with at most 3 places, 0 or more."""
    return number(name, sentence, required=required, places=3, digits=15, default=default, aliases=aliases)


def whole(
    name: str,
    sentence: str,
    *,
    required: bool = False,
    minimum: int = 0,
    maximum: int = 1_000_000,
    default: int | None = None,
    aliases: Aliases = (),
) -> Field:
    """A whole number."""

    def build(declared: Any) -> cells.Converter:
        convert = numbers.decimal_converter(
            places=0, digits=18, minimum=Decimal(minimum), maximum=Decimal(maximum), declared=declared
        )
        return lambda text: int(convert(text))

    return Field(
        name, f"whole number{_bounds(str(minimum), str(maximum))}", sentence, build, required, default, aliases
    )


def moment(
    name: str,
    sentence: str,
    *,
    required: bool = False,
    last_day: bool = False,
    needs_time: bool = False,
    aliases: Aliases = (),
) -> Field:
    """A date or a time; see `moments.moment_converter`."""
    kind = (
        "date and time"
        if needs_time
        else "date, the last day included, or date and time"
        if last_day
        else "date, or date and time"
    )
    return Field(
        name,
        kind,
        sentence,
        lambda declared: moments.moment_converter(last_day=last_day, needs_time=needs_time, declared=declared),
        required,
        None,
        aliases,
    )


def flag(name: str, sentence: str, *, default: bool | None = False, aliases: Aliases = ()) -> Field:
    """Yes or no."""
    return Field(name, "yes or no", sentence, lambda _: cells.flag_of, required=False, default=default, aliases=aliases)


def one_of(
    name: str,
    sentence: str,
    *choices: str,
    required: bool = False,
    default: str | None = None,
    aliases: Aliases = (),
    also: Mapping[str, str] | None = None,
) -> Field:
    """One of a few words; `also`: other words for them."""
    return Field(
        name,
        f"one of {', '.join(choices)}",
        sentence,
        lambda _: cells.choice_converter(choices, also or {}),
        required,
        default,
        aliases,
    )


def country(name: str, sentence: str, *, required: bool = False, aliases: Aliases = ("country_code",)) -> Field:
    """ISO 3166-1 alpha-2."""
    return Field(
        name,
        "country, two letters (ISO 3166)",
        sentence,
        lambda _: cells.Memo(cells.country_of).__getitem__,
        required,
        None,
        aliases,
    )


def currency(name: str, sentence: str, *, required: bool = False, aliases: Aliases = ("currency_code",)) -> Field:
    """ISO 4217."""
    return Field(
        name,
        "currency, three letters (ISO 4217)",
        sentence,
        lambda _: cells.Memo(cells.currency_of).__getitem__,
        required,
        None,
        aliases,
    )


def unit(
    name: str,
    sentence: str,
    *,
    required: bool = False,
    default: str | None = None,
    aliases: Aliases = ("unit", "unit_of_measure"),
) -> Field:
    """UN/ECE Rec 20 code."""
    return Field(
        name,
        "unit code (UN/ECE Rec 20, packages of Rec 21 with X)",
        sentence,
        lambda _: cells.Memo(cells.unit_of).__getitem__,
        required,
        default,
        aliases,
    )


def gtin(name: str, sentence: str, *, aliases: Aliases = ("ean", "upc", "barcode")) -> Field:
    """GTIN-8, 12, 13 or 14."""
    return Field(
        name,
        "GTIN, 8, 12, 13 or 14 digits",
        sentence,
        lambda _: cells.gs1_converter((8, 12, 13, 14), "gtin", "import.bad_gtin"),
        required=False,
        default=None,
        aliases=aliases,
    )


def gln(name: str, sentence: str, *, aliases: Aliases = ("ila",)) -> Field:
    """GLN, 13 digits."""
    return Field(
        name,
        "GLN, 13 digits",
        sentence,
        lambda _: cells.gs1_converter((13,), "gln", "import.bad_gln"),
        required=False,
        default=None,
        aliases=aliases,
    )


def zone(name: str, sentence: str, *, default: str = "UTC", aliases: Aliases = ("timezone", "tz")) -> Field:
    """IANA time zone."""
    return Field(
        name,
        "time zone like Europe/Berlin",
        sentence,
        lambda _: cells.Memo(moments.zone_of).__getitem__,
        required=False,
        default=default,
        aliases=aliases,
    )


def clock_time(name: str, sentence: str, *, default: str | None, aliases: Aliases = ()) -> Field:
    """`HH:MM`."""
    return Field(
        name,
        "time of the day, HH:MM",
        sentence,
        lambda _: moments.clock_time_of,
        required=False,
        default=default,
        aliases=aliases,
    )


def mail_address(name: str, sentence: str, *, aliases: Aliases = ("e_mail", "mail")) -> Field:
    """An e-mail address."""
    return Field(
        name, "e-mail address", sentence, lambda _: cells.mail_address_of, required=False, default=None, aliases=aliases
    )


def _bounds(minimum: str | None, maximum: str | None) -> str:
    if minimum is not None and maximum is not None:
        return f", {minimum} to {maximum}"
    if minimum is not None:
        return f", {minimum} or more"
    return "" if maximum is None else f", at most {maximum}"
