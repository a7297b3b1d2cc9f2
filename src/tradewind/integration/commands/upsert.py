"""Writing of sets of master data records by their own name: new ones, changed ones, and no write where nothing changed."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from tradewind.integration.model import Applied, Run
from tradewind.integration.queries import attributes_owned_by_others, codes_like, ids_by_code
from tradewind.kernel.arrays import flags, numbers
from tradewind.kernel.tx import Reader, Tx
from tradewind.semantics.decide.rows.codes import nearest
from tradewind.semantics.decide.rows.model import Severity

SUGGESTIONS_MAX = 20
LOCK_IMPORT = "select pg_advisory_xact_lock(hashtext('tradewind.import'), hashtext(%s))"
"""Imports of one kind come one after the other."""
_COUNTED = "\nselect count(*) filter (where created), count(*) filter (where not created) from done"
_EACH = "\nselect name, created from done"

_AS_LITERAL: dict[str, Callable[[Iterable[Any]], str]] = {
    "numeric": numbers,
    "int": numbers,
    "bigint": numbers,
    "boolean": flags,
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column to write: the field it comes from (or that is looked up), its name and its SQL type."""

    field: str
    name: str
    type: str = "text"


@dataclass(frozen=True, slots=True)
class Target:
    """A table with the columns that name a record (`key`) and those that describe it. `always`: written with `now`."""

    table: str
    key: tuple[Column, ...]
    columns: tuple[Column, ...]
    has_id: bool = True
    stamped: str | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """A field that names a record of another kind. `into`: the value is replaced by that record's id."""

    field: str
    noun: str


@cache
def statement(target: Target, written: frozenset[str]) -> str:
    """Insert or, where one of the `written` columns differs, update; gives first key column and whether it was created."""
    names = [column.name for column in (*target.key, *target.columns)]
    types = [column.type for column in (*target.key, *target.columns)]
    if target.has_id:
        names, types = ["id", *names], ["uuid", *types]
    arrays = ", ".join(f"%({name})s::{type_}[]" for name, type_ in zip(names, types, strict=True))
    listed, stamp = ", ".join(names), target.stamped
    key = ", ".join(column.name for column in target.key)
    changes = [column.name for column in target.columns if column.name in written]
    if changes:
        sets = ", ".join(f"{name} = excluded.{name}" for name in changes)
        sets += f", {stamp} = excluded.{stamp}" if stamp else ""
        known = ", ".join(f"t.{name}" for name in changes)
        given = ", ".join(f"excluded.{name}" for name in changes)
        action = f"do update set {sets} where ({known}) is distinct from ({given})"
    else:
        action = "do nothing"
    into, values = (f"{listed}, {stamp}", f"{listed}, %(now)s") if stamp else (listed, listed)
    return f"""
with done as (
  insert into {target.table} as t ({into}) select {values} from unnest({arrays}) as w({listed}) order by {key}
  on conflict ({key}) {action} returning t.{target.key[0].name} as name, xmax = 0 as created
)"""  # noqa: S608 - names are ours


def upsert(tx: Tx, target: Target, records: Sequence[dict[str, Any]], *, written: Iterable[str]) -> tuple[int, int]:
    """Write records (field → value, with `id` where the caller has chosen one); gives (created, changed)."""
    if not records:
        return 0, 0
    row = tx.row(*_call(tx, target, records, written, _COUNTED))
    return (row[0], row[1]) if row else (0, 0)


def upsert_each(
    tx: Tx, target: Target, records: Sequence[dict[str, Any]], *, written: Iterable[str]
) -> dict[Any, bool]:
    """The same; gives the first key column of each record that was written, and whether it is new."""
    return dict(tx.rows(*_call(tx, target, records, written, _EACH))) if records else {}


def _call(
    tx: Tx, target: Target, records: Sequence[dict[str, Any]], written: Iterable[str], outcome: str
) -> tuple[str, dict[str, Any]]:
    parameters: dict[str, Any] = {"now": tx.now}
    if target.has_id:
        parameters["id"] = [record.get("id") or tx.ids.new() for record in records]
    for column in (*target.key, *target.columns):
        values = [record[column.field] for record in records]
        literal = _AS_LITERAL.get(column.type)
        parameters[column.name] = literal(values) if literal else values
    fields = set(written)
    names = frozenset(column.name for column in target.columns if column.field in fields)
    return statement(target, names) + outcome, parameters


def resolve(
    reader: Reader, rows: Sequence[Any], references: Sequence[Reference], applied: Applied
) -> dict[str, dict[str, Any]]:
    """Ids of what the rows name, by field; rows that name what does not exist are refused with the nearest name."""
    found: dict[str, dict[str, Any]] = {}
    for reference in references:
        wanted = {value for row in rows if (value := getattr(row, reference.field)) is not None}
        known = ids_by_code(reader, reference.noun, wanted) if wanted else {}
        found[reference.field] = known
        missing = wanted - known.keys()
        if missing:
            refuse_unknown(reader, rows, reference, missing, applied)
    return found


def refuse_unknown(
    reader: Reader, rows: Sequence[Any], reference: Reference, missing: set[str], applied: Applied
) -> None:
    """Refuse the rows that name a missing record; the first few names get a suggestion."""
    asked = sorted(missing)[:SUGGESTIONS_MAX]
    candidates = codes_like(reader, reference.noun, asked)
    near = {code: nearest(code, candidates) for code in asked}
    noun = reference.noun.replace("_", " ")
    for row in rows:
        code = getattr(row, reference.field)
        if code in missing:
            hint = f"; did you mean {near[code]!r}?" if near.get(code) else ""
            applied.refuse(
                row.row,
                reference.field,
                UNKNOWN[reference.noun],
                f"there is no {noun} {code!r}{hint}",
                nearest=near.get(code),
            )


UNKNOWN = {
    "legal_entity": "import.unknown_legal_entity",
    "account": "import.unknown_account",
    "site": "import.unknown_site",
    "product": "import.unknown_product",
    "price_list": "import.unknown_price_list",
    "agreement": "import.unknown_agreement",
    "payment_terms": "import.unknown_payment_terms",
    "calendar": "import.unknown_calendar",
}


def without_refused(rows: Sequence[Any], applied: Applied) -> list[Any]:
    """The rows that are still in."""
    out = {number for number, _ in applied.refused}
    return [row for row in rows if row.row not in out] if out else list(rows)


def writable(reader: Reader, noun: str, run: Run) -> frozenset[str]:
    """The fields of known records this import may change: those its file has, less those another system owns."""
    owned = attributes_owned_by_others(reader, noun, run.system)
    for attribute in sorted(owned.keys() & run.present):
        run.findings.add(
            "import.attribute_owned_elsewhere",
            f"{attribute} of known records is left alone: {owned[attribute]} is its system of record",
            about=attribute,
            severity=Severity.INFO,
        )
    return run.present - owned.keys()


def as_records(rows: Iterable[Any], found: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows as field → value, with the ids of what they name."""
    records = []
    for row in rows:
        record = row._asdict()
        for field, ids in found.items():
            value = record[field]
            record[field] = None if value is None else ids[value]
        records.append(record)
    return records


def count(applied: Applied, total: int, done: tuple[int, int]) -> None:
    """Add what an upsert of `total` records did."""
    created, changed = done
    applied.created += created
    applied.changed += changed
    applied.unchanged += total - created - changed


class OwnTree(NamedTuple):
    """Rows that refer to records of their own kind: those that can be written now, with the ids of all codes they name."""

    rows: list[Any]
    ids: dict[str, UUID]
    new: frozenset[str]


def within_own_kind(
    tx: Tx, rows: Sequence[Any], *, noun: str, code: str, reference: str, run: Run, applied: Applied
) -> OwnTree:
    """Sort out references to the same kind: known records, records of this very set, and those that may come later."""
    here = {getattr(row, code): row for row in rows}
    named = {value for row in rows if (value := getattr(row, reference)) is not None}
    known = {found: one for found, one in ids_by_code(tx, noun, named | here.keys()).items() if one is not None}
    good: list[Any] = []
    for row in rows:
        value = getattr(row, reference)
        if value is None or value in known or value in here:
            good.append(row)
        elif run.is_dry and value in run.would_exist:
            good.append(row._replace(**{reference: None}))
        else:
            applied.waiting.append(row)
    dropped = {getattr(row, code) for row in applied.waiting}
    while dropped:  # who refers to a row that has to wait waits too
        waits = [row for row in good if getattr(row, reference) in dropped and getattr(row, reference) not in known]
        good = [row for row in good if row not in waits]
        applied.waiting.extend(waits)
        dropped = {getattr(row, code) for row in waits}
    new = {value: tx.ids.new() for row in good if (value := getattr(row, code)) not in known}
    return OwnTree(good, {**known, **new}, frozenset(new))
