"""Pieces that every paper has: who writes to whom, what it is about, and texts that can be printed."""

import unicodedata
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Any

from tradewind.papers.decide.wording import Wording
from tradewind.papers.model import Sheet, Values

SOFT_BREAK = "\N{ZERO WIDTH SPACE}"
MISSING = "\N{WHITE SQUARE}"
LETTER_COUNTRIES = frozenset(("US", "CA", "MX"))
LONGEST_UNBROKEN, PIECE = (
    12,
    4,
)  # a word longer than this may break after every so many characters; it is not seen in the text
Pairs = list[list[str]]


def decimal_of(value: Any) -> Decimal:
    """The number of a value that JSON brought: exact text, or what another table's JSON made of it; 0 of nothing."""
    return Decimal(str(value)) if value not in (None, "") else Decimal(0)


def place_lines(place: Mapping[str, Any] | None, words: Wording, *, home: str) -> list[str]:
    """An address as it is written on an envelope; the country in words where it is not `home`."""
    if not place:
        return []
    country = place.get("country")
    town = " ".join(filter(None, (place.get("postal_code"), place.get("city"))))
    if country in LETTER_COUNTRIES or country in ("GB", "AU"):
        region = " ".join(filter(None, (place.get("region"), place.get("postal_code"))))
        town = (", " if place.get("region") else " ").join(filter(None, (place.get("city"), region)))
    lines = [place.get("name"), *str(place.get("street") or "").splitlines(), town]
    lines += [words.country(country).upper()] if country and country != home else []
    return [line for line in lines if line]


def facts(words: Wording, *pairs: tuple[str, str | None]) -> Pairs:
    """Labelled facts, without those that are empty."""
    return [[words.say(key), value] for key, value in pairs if value]


def frame(values: Values, words: Wording, *, recipient: list[str]) -> Sheet:
    """What every sheet begins with: language, paper, heading, letterhead, recipient and footer."""
    seller = values["seller"]
    home = seller["country"]
    own = [*place_lines({**seller, "name": None}, words, home=home), words.country(home)]
    title = words.say(values["kind"])
    return {
        "kind": values["kind"],
        "language": words.language,
        "paper": "us-letter" if home in LETTER_COUNTRIES else "a4",
        "title": title,
        "number": values["number"],
        "date": values["date"],
        "seller": {"name": seller["name"], "lines": own},
        "from": words.say("from"),
        "recipient": recipient,
        "page": words.say("page").replace("{page}", "|").replace("{pages}", "|").split("|"),
        "footer": _footer(seller, words, own),
        "parties": [],
        "notices": [],
        "remarks": [],
    }


def _footer(seller: Mapping[str, Any], words: Wording, own: list[str]) -> list[list[str]]:
    columns = [
        [seller["name"], *own],
        [seller.get("phone"), seller.get("email"), seller.get("website")],
        [seller.get("registration"), _tax_id(seller.get("tax_id"), words)],
        [
            seller.get("bank_name"),
            seller.get("iban") and f"IBAN {grouped(seller['iban'])}",
            seller.get("bic") and f"BIC {seller['bic']}",
        ],
    ]
    return [lines for column in columns if (lines := [line for line in column if line])]


def _tax_id(number: str | None, words: Wording) -> str:
    """A VAT number begins with its country; any other is a tax number."""
    if not number:
        return ""
    return f"{words.say('our_vat_id' if number[:2].isalpha() else 'our_tax_id')} {number}"


def grouped(iban: str) -> str:
    """An IBAN in groups of four."""
    bare = iban.replace(" ", "")
    return " ".join(bare[start : start + 4] for start in range(0, len(bare), 4))


def cell(text: str, *notes: str) -> dict[str, Any]:
    """A cell of a table with smaller lines below its text."""
    return {"text": text, "notes": [note for note in notes if note]}


def column(label: str, width: str, align: str = "left", *, figures: bool | None = None) -> dict[str, Any]:
    """A column: its head, its width (`54pt`, `1fr`), how it is aligned, and whether its figures stand below each other."""
    return {"label": label, "width": width, "align": align, "figures": align == "right" if figures is None else figures}


def breakable(text: str) -> str:
    """The text with places where an endless word may break."""
    return " ".join(_broken(word) if len(word) > LONGEST_UNBROKEN else word for word in text.split(" "))


def _broken(word: str) -> str:
    parts = [word[start : start + PIECE] for start in range(0, len(word), PIECE)]
    return SOFT_BREAK.join(parts)


def printable(sheet: Sheet, covered: Collection[int]) -> tuple[Sheet, tuple[dict[str, Any], ...]]:
    """The sheet with every character that our fonts lack as a white square, and a finding that names those characters."""
    missing: dict[str, None] = {}
    made = _printable(sheet, covered, missing)
    if not missing:
        return made, ()
    shown = "".join(missing)[:60]
    codes = [f"U+{ord(one):04X}" for one in missing][:60]
    return made, (
        {
            "code": "papers.unprintable_text",
            "severity": "warning",
            "message": f"Our typeface has no {shown}; a white square stands in each place.",
            "detail": {"characters": codes},
        },
    )


def _printable(value: Any, covered: Collection[int], missing: dict[str, None]) -> Any:
    if isinstance(value, str):
        return "".join(_shown(one, covered, missing) for one in unicodedata.normalize("NFC", value))
    if isinstance(value, dict):
        return {name: _printable(one, covered, missing) for name, one in value.items()}
    if isinstance(value, list):
        return [_printable(one, covered, missing) for one in value]
    return value


def _shown(one: str, covered: Collection[int], missing: dict[str, None]) -> str:
    if ord(one) in covered or one == SOFT_BREAK:
        return one
    if one.isspace() or unicodedata.category(one) == "Cc":
        return " "
    if unicodedata.category(one) == "Cf":  # marks of direction and joining are no characters to be seen
        return ""
    missing[one] = None
    return MISSING


def joined(parts: Iterable[str | None], mark: str = " · ") -> str:
    """The parts that are there, with a mark in between."""
    return mark.join(part for part in parts if part)
