"""Words, numbers and dates as a language writes them."""

import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from tradewind.kernel.money import minor_digits, round_places
from tradewind.papers.model import Language

CATALOGUES = Path(__file__).parents[1] / "catalogues"
_MARKS: dict[str, tuple[str, str]] = {"en": (",", "."), "de": (".", ",")}
MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True, slots=True)
class Wording:
    """One language: its texts, and how it groups digits and marks decimals."""

    language: Language
    texts: dict[str, Any]
    thousands: str
    decimal: str

    def say(self, key: str, **parts: str) -> str:
        """The text of a key with its places filled; KeyError for a key that the catalogue lacks."""
        text: str = self.texts[key]
        return text.format(**parts) if parts else text

    def number(self, value: Decimal, least: int = 0) -> str:
        """A number with at least so many places, and more only where it has more."""
        text = format(value.normalize(), "f")
        whole, _, places = text.lstrip("-").partition(".")
        grouped = f"{int(whole):,}".replace(",", self.thousands)
        places = places.ljust(least, "0")
        sign = MINUS if value < 0 else ""
        return f"{sign}{grouped}{self.decimal if places else ''}{places}"

    def money(self, value: Decimal, currency: str) -> str:
        """An amount with the places of its currency."""
        digits = minor_digits(currency)
        return self.number(value, digits) if value else self.number(round_places(value, digits), digits)

    def percent(self, value: Decimal) -> str:
        """`19 %` in German, `19%` in English."""
        return f"{self.number(value)}%" if self.language == "en" else f"{self.number(value)}\N{NO-BREAK SPACE}%"

    def day(self, text: str | None) -> str:
        """`02.03.2026` or `2 Mar 2026` of `2026-03-02`; nothing of nothing."""
        if not text:
            return ""
        day = date.fromisoformat(text[:10])
        months = self.texts["months"]
        return f"{day.day} {months[day.month - 1]} {day.year}" if months else f"{day:%d.%m.%Y}"

    def unit(self, code: str | None) -> str:
        """A unit of measure as people write it; a code that nobody has a word for stays as it is."""
        return str(self.texts["units"].get(code, code or ""))

    def country(self, code: str | None) -> str:
        return str(self.texts["countries"].get(code, code or ""))


@cache
def wording(language: Language) -> Wording:
    """A language with its catalogue, read once."""
    texts = json.loads((CATALOGUES / f"{language}.json").read_text(encoding="utf-8"))
    return Wording(language, texts, *_MARKS[language])
