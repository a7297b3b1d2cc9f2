"""One cell of text to one value, strictly: a value, or `CellRefused` with what would be right.

A converter is called with the bare text of a filled cell. Converters of columns whose values repeat remember them.
Here are words and codes; `numbers` and `moments` have theirs.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tradewind.kernel.money import is_currency
from tradewind.kernel.quantity import UNITS
from tradewind.semantics.decide.rows.codes import (
    COUNTRIES,
    COUNTRIES_MEANT,
    CURRENCIES_MEANT,
    UNITS_MEANT,
    gs1_check_digit,
    nearest,
)
from tradewind.semantics.decide.rows.model import DateText

Converter = Callable[[str], Any]

ERROR_VALUES = frozenset(
    {
        "#N/A",
        "#NV",
        "#REF!",
        "#VALUE!",
        "#DIV/0!",
        "#NAME?",
        "#NULL!",
        "#NUM!",
        "#ERROR!",
        "#SPILL!",
        "#BEZUG!",
        "#WERT!",
    }
)
_FORMULA_SIGNS = frozenset("=+-@")
_SUSPECT = _FORMULA_SIGNS | {"#", "'"}
_MEMO_MAX = 20_000

IS_NUMBER = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)*").fullmatch
IS_SCIENTIFIC = re.compile(r"[+-]?[0-9](?:[.,][0-9]+)?[Ee]\+?[0-9]{1,3}").fullmatch


class CellRefused(ValueError):  # noqa: N818 - a refusal, not an error
    """Why a cell has no value: a code, a sentence, and values for programs."""

    def __init__(self, code: str, message: str, **detail: Any) -> None:
        super().__init__(message)
        self.code, self.message, self.detail = code, message, detail


class Memo(dict[str, Any]):
    """A converter that remembers; bounded."""

    __slots__ = ("_convert",)

    def __init__(self, convert: Converter) -> None:
        super().__init__()
        self._convert = convert

    def __missing__(self, text: str) -> Any:
        value = self._convert(text)
        if len(self) < _MEMO_MAX:
            self[text] = value
        return value


def shown(text: str) -> str:
    """The text as a message shows it: bounded, with invisible characters made visible."""
    return repr(text if len(text) <= 40 else text[:39] + "…")


def text_of(text: str, *, length: int) -> str:
    """Words for people: kept as they are, without control characters; an error value of a spreadsheet is none."""
    if len(text) > length:
        raise CellRefused("import.too_long", f"{len(text)} characters; {length} are allowed", length_max=length)
    if text[0] in _SUSPECT:
        text = unescaped(text)
    if text.isprintable():
        return text if text.isascii() else unicodedata.normalize("NFC", text)
    return _only_printable(text)


def _only_printable(text: str) -> str:
    """Line breaks, tabs and unusual spaces become plain ones; other invisible characters are refused."""
    tidy = unicodedata.normalize("NFC", " ".join(text.split()))
    hidden = next((letter for letter in tidy if not letter.isprintable()), None)
    if hidden is None:
        return tidy
    raise _invisible(hidden)


def _invisible(letter: str) -> CellRefused:
    name = unicodedata.name(letter, "a control character").lower()
    return CellRefused(
        "import.invisible_character",
        f"holds an invisible character, U+{ord(letter):04X} ({name}); type it anew",
        character=f"U+{ord(letter):04X}",
    )


def unescaped(text: str) -> str:
    """Take off the apostrophe by which spreadsheets (and our own exports) mark `=…` as text; refuse error values."""
    if text[0] == "'":
        return text[1:] if len(text) > 1 and text[1] in _FORMULA_SIGNS else text
    if text.upper() in ERROR_VALUES:
        raise CellRefused(
            "import.error_value", "the spreadsheet shows an error, or a formula without a result, in this cell"
        )
    return text


def code_of(text: str, *, length: int) -> str:
    """An identifier, exactly as written: printable, no formula, not mangled by a spreadsheet."""
    if len(text) > length:
        raise CellRefused("import.too_long", f"{len(text)} characters; {length} are allowed", length_max=length)
    if text[0] in _SUSPECT:
        text = _code_not_formula(text)
    if type(text) is DateText:
        raise CellRefused(
            "import.date_in_code",
            f"the spreadsheet has turned this code into the date {text}; format the column as text",
            read=str(text),
        )
    if not text.isprintable():
        raise _invisible(next(letter for letter in text if not letter.isprintable()))
    if "+" in text and IS_SCIENTIFIC(text):
        raise CellRefused(
            "import.scientific_notation",
            f"{shown(text)} is a number a spreadsheet has shortened, its digits are lost; format the column as text",
        )
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _code_not_formula(text: str) -> str:
    bare = unescaped(text)
    if bare[0] in _FORMULA_SIGNS and IS_NUMBER(bare) is None:
        raise CellRefused("import.formula_like_text", f"{shown(bare)} starts like a formula; a code may not")
    return bare


def choice_converter(choices: Iterable[str], aliases: Mapping[str, str]) -> Converter:
    """One of a few words; case, spaces and hyphens do not matter."""
    known = {choice.casefold(): choice for choice in choices} | {
        alias.casefold(): value for alias, value in aliases.items()
    }
    listed = list(choices)

    def convert(text: str) -> str:
        folded = re.sub(r"[\s\-_]+", "_", text.casefold())
        found = known.get(folded)
        if found is None:
            near = nearest(folded, listed)
            hint = f"; did you mean {near!r}?" if near else ""
            raise CellRefused(
                "import.unknown_choice",
                f"{shown(text)} is none of {', '.join(listed)}{hint}",
                choices=listed,
                nearest=near,
            )
        return found

    return Memo(convert).__getitem__


def flag_of(text: str) -> bool:
    """Yes or no."""
    found = _FLAGS.get(text.casefold())
    if found is None:
        raise CellRefused("import.not_yes_or_no", f"{shown(text)} is neither yes nor no (yes, no, true, false, 1, 0)")
    return found


_FLAGS = {"yes": True, "y": True, "true": True, "1": True, "no": False, "n": False, "false": False, "0": False}


def country_of(text: str) -> str:
    """ISO 3166-1 alpha-2."""
    upper = text.upper()
    if upper in COUNTRIES:
        return upper
    near = COUNTRIES_MEANT.get(upper)
    hint = f"; did you mean {near}?" if near else ""
    raise CellRefused(
        "import.unknown_country", f"{shown(text)} is no two-letter country code (ISO 3166){hint}", nearest=near
    )


def currency_of(text: str) -> str:
    """ISO 4217."""
    upper = text.upper()
    if is_currency(upper):
        return upper
    near = CURRENCIES_MEANT.get(upper)
    hint = f"; did you mean {near}?" if near else ""
    raise CellRefused("import.unknown_currency", f"{shown(text)} is no currency code (ISO 4217){hint}", nearest=near)


def unit_of(text: str) -> str:
    """A unit of measure: UN/ECE Recommendation 20, packages of Recommendation 21 with a leading X."""
    upper = text.upper()
    if upper in UNITS:
        return upper
    near = UNITS_MEANT.get(upper) or next((code for code, unit in UNITS.items() if unit.name == text.casefold()), None)
    near = near or nearest(upper, UNITS, 1)
    hint = f"; did you mean {near} ({UNITS[near].name})?" if near else ""
    raise CellRefused("import.unknown_unit", f"{shown(text)} is no unit code (UN/ECE Rec 20){hint}", nearest=near)


def gs1_converter(lengths: tuple[int, ...], name: str, code: str) -> Converter:
    """A GTIN or GLN: digits with a right check digit; `code` is the refusal's."""
    wanted = " or ".join(map(str, lengths))

    def convert(text: str) -> str:
        digits = code_of(text, length=32)
        if not (digits.isascii() and digits.isdigit()) or len(digits) not in lengths:
            raise CellRefused(code, f"{shown(text)} is no {name.upper()}: {wanted} digits are wanted")
        right = gs1_check_digit(digits[:-1])
        if digits[-1] != right:
            raise CellRefused(
                code,
                f"the check digit of {digits} should be {right}; is a digit mistyped?",
                check_digit=right,
            )
        return digits

    return convert


def mail_address_of(text: str) -> str:
    """Something that can be an e-mail address."""
    address = code_of(text, length=254)
    if re.fullmatch(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+", address) is None:
        raise CellRefused("import.not_a_mail_address", f"{shown(text)} is no e-mail address")
    return address
