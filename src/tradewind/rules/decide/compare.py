"""Two versions of a model side by side: rows added, removed, moved and changed, cell by cell, and whatever else differs."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence

from tradewind.kernel.value import value
from tradewind.rules.decide.dmn.sheet import tables_of
from tradewind.rules.model import Boxed, Decision, Definitions, Knowledge, Place, Rule, Table


@value(frozen=True, slots=True)
class CellChange:
    """A cell of a row: in which column, what it was and what it is."""

    column: str
    was: str
    now: str


@value(frozen=True, slots=True)
class RowChange:
    """A row of the older version beside the newer one's; numbers from 1, None where there is none. `moved`: it changed its place
    among the rows that both have. `cells` are those that differ, of a row that was added or removed all."""

    was: int | None
    now: int | None
    moved: bool
    cells: tuple[CellChange, ...]


@value(frozen=True, slots=True)
class TableChange:
    """What differs in a table, found by the decision it stands in; `whole` is `added` or `removed` where only one has it.

    `settings` are what is not a row: hit policy, columns, their types and values.
    """

    decision: str
    table: str
    whole: str
    settings: tuple[CellChange, ...]
    rows: tuple[RowChange, ...]


def compare(old: Definitions, new: Definitions) -> tuple[tuple[TableChange, ...], tuple[CellChange, ...]]:
    """What differs in the tables, and the names of what else does, as `column`, with the kind of change."""
    olds, news = _tables(old), _tables(new)
    found = [_tables_side_by_side(name, olds.get(name), news.get(name)) for name in dict.fromkeys((*olds, *news))]
    differing = tuple(one for one in found if one.whole or one.settings or one.rows)
    return differing, tuple(_others(old, new))


def _tables(definitions: Definitions) -> dict[tuple[str, int], Table]:
    """Tables by the decision they stand in and their place there."""
    found: dict[tuple[str, int], Table] = {}
    seen: dict[str, int] = {}
    for name, table in tables_of(definitions):
        found[name, seen.setdefault(name, 0)] = table
        seen[name] += 1
    return found


def _tables_side_by_side(name: tuple[str, int], old: Table | None, new: Table | None) -> TableChange:
    table = new or old
    assert table is not None
    if old is None or new is None:
        rows = tuple(_alone(_columns(table), row, at, is_new=old is None) for at, row in enumerate(table.rules, 1))
        return TableChange(name[0], table.place.id, "added" if old is None else "removed", (), rows)
    return TableChange(name[0], new.place.id, "", tuple(_settings(old, new)), tuple(_rows(old, new)))


def _settings(old: Table, new: Table) -> Iterator[CellChange]:
    were, are = _said(old), _said(new)
    for what in dict.fromkeys((*were, *are)):
        if were.get(what, "") != are.get(what, ""):
            yield CellChange(what, were.get(what, ""), are.get(what, ""))


def _said(table: Table) -> dict[str, str]:
    policy = table.hit_policy.value + (f" {table.aggregation.value}" if table.aggregation else "")
    said = {"hit policy": policy}
    for at, one in enumerate(table.inputs, 1):
        values = f" in {one.allowed.text}" if one.allowed else ""
        said[f"input {at}"] = f"{one.expression.text}: {one.type or 'Any'}{values}"
    for at, out in enumerate(table.outputs, 1):
        values = f" in {out.values.text}" if out.values else ""
        default = f", otherwise {out.default.text}" if out.default else ""
        said[f"output {at}"] = f"{out.name}: {out.type or 'Any'}{values}{default}"
    return said


# ---- rows --------------------------------------------------------------------------------------------------------------


def _columns(table: Table) -> list[str]:
    return _names([one.expression.text for one in table.inputs] + [f"→ {one.name}" for one in table.outputs])


def _cells(columns: Sequence[str], row: Rule) -> dict[str, str]:
    """A row's cells by column: the condition's expression, the output's name, notes by their place."""
    cells = dict(zip(columns, (one.text for one in (*row.tests, *row.outputs)), strict=False))
    return cells | {f"note {at}": note for at, note in enumerate(row.notes, 1) if note}


def _names(said: Sequence[str]) -> list[str]:
    """Column names, a second of one name told apart by its place."""
    return [name if name not in said[:at] else f"{name} ({at + 1})" for at, name in enumerate(said)]


def _rows(old: Table, new: Table) -> Iterator[RowChange]:
    pairs = _pairs(old, new)
    moved = _moved([(was, now) for was, now in pairs if was is not None and now is not None])
    olds, news = _columns(old), _columns(new)
    for was, now in pairs:
        if was is None and now is not None:
            yield _alone(news, new.rules[now - 1], now, is_new=True)
        elif now is None and was is not None:
            yield _alone(olds, old.rules[was - 1], was, is_new=False)
        elif was is not None and now is not None:
            before, after = _cells(olds, old.rules[was - 1]), _cells(news, new.rules[now - 1])
            cells = tuple(
                CellChange(name, before.get(name, ""), after.get(name, ""))
                for name in dict.fromkeys((*before, *after))
                if before.get(name, "") != after.get(name, "")
            )
            if cells or (was, now) in moved:
                yield RowChange(was, now, (was, now) in moved, cells)


def _alone(columns: Sequence[str], row: Rule, at: int, *, is_new: bool) -> RowChange:
    cells = _cells(columns, row).items()
    changes = tuple(CellChange(name, "" if is_new else text, text if is_new else "") for name, text in cells)
    return RowChange(None if is_new else at, at if is_new else None, moved=False, cells=changes)


def _pairs(old: Table, new: Table) -> list[tuple[int | None, int | None]]:
    """Rows that are the same one: by their id, else by what they say, else by their conditions; in the order of the newer."""
    free_old, free_new = dict(enumerate(old.rules, 1)), dict(enumerate(new.rules, 1))
    paired: dict[int, int] = {}
    for key in (_id, _all, _conditions):
        known: dict[object, list[int]] = {}
        for at, row in free_old.items():
            known.setdefault(key(row), []).append(at)
        for at, row in list(free_new.items()):
            places = known.get(key(row), []) if key(row) else []
            if places:
                paired[at] = places.pop(0)
                del free_new[at], free_old[paired[at]]
    found: list[tuple[int | None, int | None]] = [(paired.get(at), at) for at in range(1, len(new.rules) + 1)]
    return found + [(at, None) for at in free_old]


def _id(row: Rule) -> object:
    return "" if row.place.within else row.place.id


def _all(row: Rule) -> object:
    return tuple(one.text for one in (*row.tests, *row.outputs))


def _conditions(row: Rule) -> object:
    return tuple(one.text for one in row.tests)


def _moved(pairs: Sequence[tuple[int, int]]) -> set[tuple[int, int]]:
    """The pairs that are not in the longest run of rows which kept their order."""
    ends: list[int] = []  # of the runs of each length, the place of the pair that ends lowest
    lows: list[int] = []
    earlier: list[int] = []
    for at, (was, _) in enumerate(pairs):
        length = bisect_left(lows, was)
        earlier.append(ends[length - 1] if length else -1)
        ends[length : length + 1] = [at]
        lows[length : length + 1] = [was]
    kept: set[tuple[int, int]] = set()
    place = ends[-1] if ends else -1
    while place >= 0:
        kept.add(pairs[place])
        place = earlier[place]
    return set(pairs) - kept


# ---- what is no table --------------------------------------------------------------------------------------------------


def _others(old: Definitions, new: Definitions) -> Iterator[CellChange]:
    were, are = _parts(old), _parts(new)
    for name in dict.fromkeys((*were, *are)):
        if name not in are:
            yield CellChange(name, "there", "removed")
        elif name not in were:
            yield CellChange(name, "", "added")
        elif were[name] != are[name]:
            yield CellChange(name, "there", "changed")


def _parts(definitions: Definitions) -> Mapping[str, object]:
    """Inputs, types, decisions and functions by kind and name, without places, and without the rows of tables."""
    found: dict[str, object] = {f"input {one.name}": one.type for one in definitions.inputs}
    found |= {f"type {one.name}": _placeless(one) for one in definitions.types}
    parts: list[Decision | Knowledge] = [*definitions.decisions, *definitions.knowledge]
    for part in parts:
        kind = "decision" if isinstance(part, Decision) else "function"
        found[f"{kind} {part.name}"] = _logic(part)
    return found


def _logic(part: Decision | Knowledge) -> object:
    boxed: Boxed | None = part.logic
    if isinstance(boxed, Table):
        return part.type
    return part.type, _placeless(boxed)


def _placeless(one: object) -> object:
    """A written element without where it stands."""
    if isinstance(one, Table):
        return "table"
    if isinstance(one, tuple):
        return tuple(_placeless(part) for part in one)
    if isinstance(one, Place):
        return None
    names = getattr(type(one), "__dataclass_fields__", None)
    return one if names is None else (type(one).__name__, *(_placeless(getattr(one, name)) for name in names))
