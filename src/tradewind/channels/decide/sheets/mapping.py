"""Which column of an order file is what: told, remembered, or guessed from its name, its words and its values."""

import hashlib
from collections.abc import Iterable, Sequence
from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass, field

from tradewind.channels.decide.sheets.model import ITEM_FIELDS, Guess
from tradewind.channels.decide.sheets.names import FIELDS, GERMAN, NAMES, NAMES_BY_LENGTH, WORDS
from tradewind.kernel.problem import Problem, refuse
from tradewind.semantics.decide.rows.codes import is_gtin
from tradewind.semantics.decide.rows.columns import folded
from tradewind.semantics.decide.rows.model import DateText, TextRow

_OPTIONS = {"decimal_mark": (".", ","), "date_order": ("dmy", "mdy", "ymd")}


@dataclass(frozen=True, slots=True)
class Mapping:
    """Fields to the file's column names (None: there is none, do not guess), and how its numbers and dates are written where
    somebody said so."""

    columns: dict[str, str | None]
    decimal_mark: str | None = None
    date_order: str | None = None

    def as_json(self) -> dict[str, object]:
        shown: dict[str, object] = {"columns": dict(self.columns)}
        shown |= {"decimal_mark": self.decimal_mark} if self.decimal_mark else {}
        return shown | ({"date_order": self.date_order} if self.date_order else {})


@dataclass(frozen=True, slots=True)
class Columns:
    """Positions of the fields in a row, how each was found, and the columns nobody reads."""

    positions: dict[str, int] = field(default_factory=dict)
    guesses: tuple[Guess, ...] = ()
    unread: tuple[str, ...] = ()


def read_mapping(given: AnyMapping[str, object]) -> Mapping:
    """A mapping as somebody wrote it: {"columns": {field: column}, "decimal_mark", "date_order"}. Raises `Refused`."""
    foreign = sorted(set(given) - {"columns", *_OPTIONS})
    if foreign:
        raise refuse("channels.unknown_mapping", f"A mapping has no {foreign[0][:40]!r}.", where="/mapping")
    columns = given.get("columns", {})
    if not isinstance(columns, dict) or len(columns) > len(FIELDS):
        raise refuse("channels.unknown_mapping", "The columns of a mapping are an object.", where="/mapping/columns")
    for name, column in columns.items():
        if name not in FIELDS:
            raise refuse(
                "channels.unknown_field", f"There is no field {str(name)[:40]!r}.",
                where=f"/mapping/columns/{str(name)[:40]}", fields=list(FIELDS),
            )  # fmt: skip
        if column is not None and (not isinstance(column, str) or not folded(column) or len(column) > 200):
            raise refuse(
                "channels.unknown_mapping", f"{name} is mapped to the name of a column.", where=f"/mapping/columns/{name}"
            )  # fmt: skip
    for name, choices in _OPTIONS.items():
        if given.get(name) not in (None, *choices):
            raise refuse(
                "channels.unknown_mapping", f"{name} is one of {' '.join(choices)}.", where=f"/mapping/{name}"
            )  # fmt: skip
    return Mapping(dict(columns), given.get("decimal_mark"), given.get("date_order"))  # type: ignore[arg-type]


def signature_of(header: Sequence[str]) -> str:
    """What files with the same columns have in common: their names, compared by letters and digits, in order."""
    text = "\x1f".join(folded(name) for name in header)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def find_header(records: Sequence[TextRow]) -> int:
    """Which of the first records has the column names: the one with most names we know; the first one where none has two."""
    best, best_score = 0, 1
    for place, record in enumerate(records):
        known = {name for cell in record.cells if (name := _known(cell))}
        if len(known) > best_score:
            best, best_score = place, len(known)
    return best


def is_german(header: Sequence[str]) -> bool:
    """Whether the names of the columns are German, where numbers are written with a decimal comma."""
    return any(folded(name) in GERMAN for name in header)


def map_sheet(
    header: Sequence[str], sample: Sequence[TextRow], *, given: Mapping | None, remembered: Mapping | None
) -> Columns | list[Problem]:
    """Find each field in the header. What is given is taken as said and the rest guessed; without it what is remembered of such
    files is taken as it is."""
    source = given or remembered
    why = "given" if given else "remembered"
    said = source.columns if source else {}
    told = {name: column for name, column in said.items() if column is not None}
    places: dict[str, int] = {}
    for at, name in enumerate(header):
        if folded(name):
            places.setdefault(folded(name), at)
    problems = [_no_such(name, column, header) for name, column in told.items() if folded(column) not in places]
    if problems:
        return problems
    found = {name: Guess(name, header[places[folded(column)]], 1.0, why) for name, column in told.items()}
    taken = {places[folded(column)] for column in told.values()}
    guesses = [] if source is remembered is not None else _guesses(header, sample)
    for guess, at in sorted(guesses, key=lambda one: (-one[0].confidence, one[1])):
        if guess.field not in found and at not in taken and guess.field not in said:
            found[guess.field] = guess
            taken.add(at)
    positions = {name: places[folded(guess.column)] for name, guess in found.items()}
    problems = missing_columns(positions, [one for one in header if one][:50])
    if problems:
        return problems
    read = set(positions.values())
    unread = tuple(name for at, name in enumerate(header) if name and at not in read)
    return Columns(positions, tuple(found[name] for name in FIELDS if name in found), unread)


def _known(name: str) -> str | None:
    return NAMES.get(folded(name))


def _guesses(header: Sequence[str], sample: Sequence[TextRow]) -> list[tuple[Guess, int]]:
    """Everything that may be meant by each column; a name that stands twice means the first."""
    found = []
    seen: set[str] = set()
    for at, name in enumerate(header):
        key = folded(name)
        if not key or key in seen:
            continue
        seen.add(key)
        known = NAMES.get(key)
        if known is not None:
            found.append((Guess(known, name, 1.0 if key == folded(known) else 0.95, "name"), at))
            continue
        near = _nearly(key)
        if near is not None:
            found.append((Guess(near, name, 0.8, "almost its name"), at))
            continue
        words = [(field, weight) for field, word, weight in WORDS if word in key]
        if words:
            field, weight = max(words, key=lambda one: one[1])
            found.append((Guess(field, name, weight, "a word in its name"), at))
        else:
            found += [
                (guess, at) for guess in _by_values(name, [row.cells[at] for row in sample if at < len(row.cells)])
            ]
    return found


def _nearly(key: str) -> str | None:
    """The field whose name this is but for one letter."""
    if len(key) < 5:
        return None
    others = (one for length in (len(key), len(key) - 1, len(key) + 1) for one in NAMES_BY_LENGTH.get(length, ()))
    return next((NAMES[other] for other in others if one_edit(key, other)), None)


def one_edit(one: str, other: str) -> bool:
    """Whether a letter more, less or another makes one word the other."""
    longer, shorter = (one, other) if len(one) >= len(other) else (other, one)
    if len(longer) - len(shorter) > 1:
        return False
    same = next(
        (at for at, (left, right) in enumerate(zip(longer, shorter, strict=False)) if left != right), len(shorter)
    )
    rest = same + 1
    return longer[rest:] == (shorter[rest:] if len(longer) == len(shorter) else shorter[same:])


def _by_values(name: str, cells: Sequence[str]) -> list[Guess]:
    """What the values of a column with a strange name look like."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    if len(filled) < 2:
        return []
    if all(is_gtin(cell) for cell in filled):
        return [Guess("gtin", name, 0.7, "its values")]
    if all(type(cell) is DateText for cell in cells if cell.strip()):
        return [Guess("requested_at", name, 0.6, "its values")]
    if all(cell.isascii() and cell.isdigit() and len(cell) <= 5 for cell in filled):
        return [Guess("qty", name, 0.4, "its values")]
    return []


def _no_such(name: str, column: str, header: Sequence[str]) -> Problem:
    return Problem(
        "channels.no_such_column",
        f"The file has no column {column!r} for {name}.",
        f"/mapping/columns/{name}",
        422,
        {"columns": [one for one in header if one][:50]},
    )


def missing_columns(mapped: Iterable[str], header: Sequence[str] = ()) -> list[Problem]:
    """What a file cannot be ordered without: a column of items, and one of quantities."""
    positions = set(mapped)
    shown = {"columns": list(header)} if header else {}
    problems = []
    if positions.isdisjoint(ITEM_FIELDS):
        message = "No column says which item is ordered; name it in the mapping."
        problems.append(Problem("channels.no_item_column", message, "/mapping/columns/item", 422, shown))
    if "qty" not in positions:
        message = "No column says how many are ordered; name it in the mapping."
        problems.append(Problem("channels.no_quantity_column", message, "/mapping/columns/qty", 422, shown))
    return problems
