"""Which column of a file is which field: names compared by letters and digits alone, aliases, overrides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tradewind.kernel.problem import Problem
from tradewind.semantics.decide.rows.codes import nearest
from tradewind.semantics.decide.rows.model import Findings, Severity, place
from tradewind.semantics.decide.rows.schema import Field, Kind


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """Positions of fields in the rows of a file."""

    positions: dict[str, int]
    unknown: tuple[str, ...]


def map_columns(
    kind: Kind[Any],
    header: Sequence[str],
    *,
    overrides: Mapping[str, str] | None = None,
    header_row: int = 1,
    findings: Findings | None = None,
) -> ColumnMap | list[Problem]:
    """Find each field of the kind in the header. `overrides`: field → the file's column name.

    Unknown columns are noted as warnings; a missing required one, a field twice, an override to nothing are problems.
    """
    where = place(header_row)
    by_name: dict[str, list[int]] = {}
    for position, name in enumerate(header):
        if folded(name):
            by_name.setdefault(folded(name), []).append(position)
    overrides = overrides or {}
    problems = _bad_overrides(kind, by_name, overrides, header, where)
    known = {field.name: overrides[field.name] for field in kind.fields if field.name in overrides}
    positions: dict[str, int] = {}
    for field in kind.fields:
        found = _candidates(field, by_name, known)
        if len(found) > 1:
            names = ", ".join(repr(header[position]) for position in found)
            problems.append(
                Problem(
                    "import.column_twice",
                    f"the columns {names} all mean {field.name}; keep one, or map it",
                    where,
                    detail={"field": field.name, "columns": [header[at] for at in found]},
                )
            )
        elif found:
            positions[field.name] = found[0]
        elif field.required and field.name not in overrides:
            problems.append(_missing(field, header, where))
    unknown = tuple(name for at, name in enumerate(header) if name and at not in positions.values())
    if problems:
        return problems
    if findings is not None:
        _note_unknown(kind, unknown, findings, where)
    return ColumnMap(positions, unknown)


def folded(name: str) -> str:
    """A column name as it is compared."""
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _candidates(field: Field, by_name: Mapping[str, list[int]], overrides: Mapping[str, str]) -> list[int]:
    """Positions that mean the field: an override alone, else its own name, else any alias."""
    if field.name in overrides:
        return by_name.get(folded(overrides[field.name]), [])
    own = by_name.get(folded(field.name))
    taken = {folded(name) for name in overrides.values()}
    if own and folded(field.name) not in taken:
        return own
    return [at for alias in field.aliases if folded(alias) not in taken for at in by_name.get(folded(alias), [])]


def _bad_overrides(
    kind: Kind[Any], by_name: Mapping[str, list[int]], overrides: Mapping[str, str], header: Sequence[str], where: str
) -> list[Problem]:
    names = [field.name for field in kind.fields]
    problems = []
    for field, column in overrides.items():
        if field not in names:
            near = nearest(field, names)
            problems.append(
                Problem(
                    "import.unknown_field",
                    f"{kind.name} has no field {field!r}" + (f"; did you mean {near}?" if near else ""),
                    where,
                    detail={"field": field, "fields": names},
                )
            )
        elif folded(column) not in by_name:
            problems.append(
                Problem(
                    "import.no_such_column",
                    f"the file has no column {column!r} to map {field} to; it has {_listed(header)}",
                    where,
                    detail={"field": field, "column": column, "columns": list(header)},
                )
            )
    return problems


def _missing(field: Field, header: Sequence[str], where: str) -> Problem:
    also = f" (or {', '.join(field.aliases)})" if field.aliases else ""
    return Problem(
        "import.missing_column",
        f"the column {field.name}{also} is missing; the file has {_listed(header)}",
        where,
        detail={"field": field.name, "aliases": list(field.aliases), "columns": list(header)},
    )


def _listed(header: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in header[:40]) + (" …" if len(header) > 40 else "")


def _note_unknown(kind: Kind[Any], unknown: Sequence[str], findings: Findings, where: str) -> None:
    names = [field.name for field in kind.fields]
    for name in unknown:
        near = nearest(name, names)
        hint = f"; did you mean {near}?" if near else ""
        findings.add(
            "import.unknown_column",
            f"the column {name!r} is not read{hint}",
            where=where,
            about=name,
            severity=Severity.WARNING,
        )
