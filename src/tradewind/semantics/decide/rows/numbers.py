"""Cells that hold numbers: `1234.50`, and nothing that could be read in two ways."""

import re
from decimal import Decimal

from tradewind.semantics.decide.rows.cells import (
    ERROR_VALUES,
    IS_NUMBER,
    IS_SCIENTIFIC,
    CellRefused,
    Converter,
    shown,
    unescaped,
)
from tradewind.semantics.decide.rows.model import Declared, NumberText

_GROUPED = {
    ",": re.compile(
        r"[+-]?[0-9]{1,3}(?:\.[0-9]{3})+(?:,[0-9]+)?|[+-]?[0-9]{1,3}(?:[ '’\u00a0\u202f][0-9]{3})+(?:,[0-9]+)?"
        r"|[+-]?[0-9]+(?:,[0-9]+)?"
    ).fullmatch,
    ".": re.compile(
        r"[+-]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[+-]?[0-9]{1,3}(?:[ '’\u00a0\u202f][0-9]{3})+(?:\.[0-9]+)?"
        r"|[+-]?[0-9]+(?:\.[0-9]+)?"
    ).fullmatch,
}
_NOT_DIGITS = {mark: re.compile(rf"[^0-9{re.escape(mark)}+-]").sub for mark in _GROUPED}


def decimal_converter(
    *, places: int, digits: int, minimum: Decimal | None, maximum: Decimal | None, declared: Declared
) -> Converter:
    """Numbers as `1234.50`; thousands separators and decimal commas only where the file's decimal mark is declared."""
    sign = "" if minimum is not None and minimum >= 0 else "-?"
    plain = re.compile(rf"{sign}[0-9]{{1,{digits}}}" + (rf"(?:\.[0-9]{{1,{places}}})?" if places else "")).fullmatch
    mark = declared.decimal_mark

    def convert(text: str) -> Decimal:
        if plain(text) is None:
            text = _plain_number(text, places=places, digits=digits, minimum=minimum, mark=None)
        value = Decimal(text)
        if (minimum is not None and value < minimum) or (maximum is not None and value > maximum):
            raise _out_of_bounds(text, minimum, maximum)
        return value

    if mark is None:
        return convert

    def convert_declared(text: str) -> Decimal:
        if type(text) is not NumberText:
            text = _plain_number(text, places=places, digits=digits, minimum=minimum, mark=mark)
        return convert(text)

    return convert_declared


def _plain_number(text: str, *, places: int, digits: int, minimum: Decimal | None, mark: str | None) -> str:
    """The number as `-1234.5`, or the reason why it is none."""
    bare = text.strip()
    if bare.upper() in ERROR_VALUES:
        unescaped(bare)
    if mark is not None:
        if _GROUPED[mark](bare) is None:
            raise CellRefused(
                "import.not_a_number",
                f"{shown(text)} is not a number with the decimal mark {mark!r}",
                decimal_mark=mark,
            )
        bare = _NOT_DIGITS[mark]("", bare).replace(mark, ".")
    match = re.fullmatch(r"([+-]?)([0-9]*)(?:\.([0-9]*))?", bare)
    if match is None or not (match[2] or match[3]):
        raise _not_a_number(bare)
    whole, fraction = match[2].lstrip("0") or "0", (match[3] or "").rstrip("0")
    if len(whole) > digits:
        raise CellRefused(
            "import.number_too_large",
            f"{shown(text)} has {len(whole)} digits before the point; {digits} are allowed",
            digits_max=digits,
        )
    if len(fraction) > places:
        raise CellRefused(
            "import.too_many_places",
            f"{shown(text)} has {len(fraction)} decimal places; "
            + (f"{places} are allowed" if places else "a whole number is wanted"),
            places_max=places,
        )
    number = f"{whole}.{fraction}" if fraction else whole
    if match[1] != "-" or not number.strip("0."):
        return number
    if minimum is not None and minimum >= 0:
        raise _out_of_bounds(text, minimum, None)
    return "-" + number


def _not_a_number(text: str) -> CellRefused:
    """Say what the text could have meant."""
    if re.fullmatch(r"[+-]?[0-9]+,[0-9]{3}", text):
        point, none = text.replace(",", "."), text.replace(",", "")
        return CellRefused(
            "import.ambiguous_number",
            f"{shown(text)} can be {point} or {none}; write one of these, or declare the decimal mark",
            readings=[point, none],
        )
    readings = sorted(
        {_NOT_DIGITS[mark]("", text).replace(mark, ".") for mark, grouped in _GROUPED.items() if grouped(text)}
    )
    if readings:
        return CellRefused(
            "import.ambiguous_number",
            f"{shown(text)} is written with a comma or thousands separators; "
            f"write {' or '.join(readings)}, or declare the decimal mark",
            readings=readings,
        )
    if IS_SCIENTIFIC(text):
        return CellRefused(
            "import.scientific_notation", f"{shown(text)} is a number a spreadsheet has shortened; write its digits"
        )
    bare = re.sub(r"[^0-9.,+-]", "", text).strip(".,")
    if text.endswith("-") and IS_NUMBER(text[:-1]):
        bare = f"-{text[:-1]}"
    hint = f"; write {bare}" if IS_NUMBER(bare) and bare != text else ""
    return CellRefused("import.not_a_number", f"{shown(text)} is not a number like 1234.50{hint}")


def _out_of_bounds(text: str, minimum: Decimal | None, maximum: Decimal | None) -> CellRefused:
    allowed = (
        f"{minimum} to {maximum}"
        if minimum is not None and maximum is not None
        else (f"{minimum} or more" if minimum is not None else f"at most {maximum}")
    )
    return CellRefused(
        "import.out_of_bounds",
        f"{shown(text)} is not allowed; it must be {allowed}",
        minimum=None if minimum is None else str(minimum),
        maximum=None if maximum is None else str(maximum),
    )
