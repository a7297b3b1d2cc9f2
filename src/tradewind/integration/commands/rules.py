"""Kinds that say how orders are delivered: entitlement, restrictions, substitutes, price tolerance, calendars."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from tradewind.catalog.decide import circle
from tradewind.integration.commands.upsert import (
    LOCK_IMPORT,
    Column,
    Reference,
    Target,
    as_records,
    count,
    resolve,
    upsert,
    without_refused,
    writable,
)
from tradewind.integration.decide.periods import ALWAYS
from tradewind.integration.model import Applied, Run
from tradewind.integration.queries import substitute_edges
from tradewind.kernel.problem import Refused
from tradewind.kernel.tx import Event, Tx, dumps

_PERIOD = (Column("valid_from", "valid_from", "timestamptz"), Column("valid_to", "valid_to", "timestamptz"))
_SCOPE = Column("scope_key", "scope_key")
_PRODUCT = Column("sku", "product_id", "uuid")
_LIMITS = tuple(
    Column(name, name, "numeric")
    for side in ("line_up", "line_down", "order_up", "order_down")
    for name in (f"{side}_percent", f"{side}_amount")
)
_TARGETS: dict[str, tuple[str, Target]] = {
    "entitlements": (
        "assortment",
        Target(
            "assortment",
            (_SCOPE, Column("effect", "effect"), _PRODUCT, Column("category", "category"), _PERIOD[0]),
            (Column("reason", "reason"), _PERIOD[1]),
        ),
    ),
    "restrictions": (
        "restriction",
        Target(
            "restriction",
            (Column("code", "code"), Column("country", "country")),
            (Column("name", "name"), Column("effect", "effect"), Column("licence", "licence")),
            has_id=False,
        ),
    ),
    "restricted_products": (
        "product",
        Target("product_restriction", (_PRODUCT, Column("code", "code")), (), has_id=False),
    ),
    "licences": (
        "licence",
        Target(
            "licence",
            (
                Column("account", "account_id", "uuid"),
                Column("code", "code"),
                Column("country", "country"),
                Column("number", "number"),
            ),
            _PERIOD,
        ),
    ),
    "substitution_policies": (
        "substitution_policy",
        Target(
            "substitution_policy", (_SCOPE,), (Column("consent", "consent"), Column("price", "price")), has_id=False
        ),
    ),
    "price_tolerances": (
        "price_tolerance",
        Target(
            "price_tolerance",
            (_SCOPE,),
            (Column("take", "take"), *_LIMITS, Column("floor_percent", "floor_percent", "numeric")),
            has_id=False,
        ),
    ),
    "calendar_uses": (
        "calendar_use",
        Target(
            "calendar_use",
            (
                Column("use", "use"),
                Column("site", "site_id", "uuid"),
                Column("account", "account_id", "uuid"),
                Column("ship_to", "address_id", "uuid"),
                Column("ship_method", "ship_method"),
            ),
            (Column("calendar", "calendar_id", "uuid"), Column("cut_off", "cut_off")),
        ),
    ),
}
_REFERENCES = {
    "entitlements": (Reference("sku", "product"),),
    "restricted_products": (Reference("sku", "product"),),
    "licences": (Reference("account", "account"),),
    "calendar_uses": (Reference("site", "site"), Reference("account", "account"), Reference("calendar", "calendar")),
}
_SUBSTITUTE = Target(
    "substitute",
    (_PRODUCT, Column("substitute", "substitute_id", "uuid")),
    (
        Column("rank", "rank", "int"),
        Column("numerator", "numerator", "bigint"),
        Column("denominator", "denominator", "bigint"),
        *_PERIOD,
    ),
    has_id=False,
)
_CALENDARS = """
with done as (
  insert into calendar as t (id, code, name, time_zone)
  select w.id, w.code, coalesce(w.name, w.code), coalesce(nullif(w.zone, ''), 'UTC')
  from unnest(%(id)s::uuid[], %(code)s::text[], %(name)s::text[], %(zone)s::text[]) as w(id, code, name, zone) order by w.code
  on conflict (code) do update set name = coalesce(%(names)s::jsonb ->> excluded.code, t.name),
    time_zone = coalesce(%(zones)s::jsonb ->> excluded.code, t.time_zone)
  returning id, code
)
select code, id from done
"""
_DAY = Target(
    "calendar_day",
    (Column("calendar", "calendar_id", "uuid"), Column("day", "day")),
    (Column("opens", "opens"), Column("closes", "closes"), Column("day_name", "name")),
    has_id=False,
)
_SHIP_TOS = """
select w.row::int, a.id from unnest(%(row)s::int[], %(account)s::uuid[], %(code)s::text[]) as w(row, account_id, code)
join address a on a.account_id = w.account_id and a.code = w.code and a.kind = 'ship_to'
"""


def apply_rules(kind: str, tx: Tx, rows: Sequence[Any], run: Run) -> Applied:
    """Write rows of a kind that is a table of rules."""
    applied = Applied()
    noun, target = _TARGETS[kind]
    found = resolve(tx, rows, _REFERENCES.get(kind, ()), applied)
    scopes = _scopes(tx, rows, applied)
    places = _ship_tos(tx, rows, found, applied) if kind == "calendar_uses" else {}
    good = without_refused(rows, applied)
    records = as_records(good, found)
    for row, record in zip(good, records, strict=True):
        if "scope" in record:
            record["scope_key"] = scopes[row.row]
        if "valid_from" in record:
            record["valid_from"] = record["valid_from"] or ALWAYS
        if "country" in record:
            record["country"] = record["country"] or ""
        if kind == "calendar_uses":
            record |= {"ship_to": places.get(row.row), "ship_method": record["ship_method"] or ""}
    count(applied, len(records), upsert(tx, target, records, written=writable(tx, noun, run)))
    return applied


def _scopes(tx: Tx, rows: Sequence[Any], applied: Applied) -> dict[int, str]:
    """The scope key of each row that is for somebody, by row number."""
    if not rows or not hasattr(rows[0], "scope"):
        return {}
    accounts = resolve(tx, [row for row in rows if row.scope == "account"], (Reference("value", "account"),), applied)
    return {
        row.row: "all"
        if row.scope == "all"
        else f"{row.scope}:{accounts['value'].get(row.value) if row.scope == 'account' else row.value}"
        for row in rows
    }


def _ship_tos(tx: Tx, rows: Sequence[Any], found: dict[str, dict[str, Any]], applied: Applied) -> dict[int, UUID]:
    """The addresses that rows name, by row number; others are refused."""
    named = [row for row in rows if row.ship_to is not None and found["account"].get(row.account) is not None]
    values = {
        "row": [row.row for row in named],
        "account": [found["account"][row.account] for row in named],
        "code": [row.ship_to for row in named],
    }
    known: dict[int, UUID] = dict(tx.rows(_SHIP_TOS, values)) if named else {}
    for row in named:
        if row.row not in known:
            applied.refuse(
                row.row, "ship_to", "import.unknown_ship_to", f"{row.account} has no ship-to {row.ship_to!r}"
            )
    return known


def apply_substitutes(tx: Tx, rows: Sequence[Any], run: Run) -> Applied:
    """Write substitutes. A link that would lead a chain back to where it began is refused."""
    applied = Applied()
    found = resolve(tx, rows, (Reference("sku", "product"), Reference("substitute", "product")), applied)
    good = without_refused(rows, applied)
    links: dict[UUID, set[UUID]] = {}
    for product_id, other in substitute_edges(tx, [found["substitute"][row.substitute] for row in good]):
        links.setdefault(product_id, set()).add(other)
    for row in good:
        product_id, other = found["sku"][row.sku], found["substitute"][row.substitute]
        known = links.setdefault(product_id, set())
        if other in known:
            continue
        known.add(other)
        if circle(links, product_id):
            known.remove(other)
            applied.refuse(
                row.row,
                "substitute",
                "import.substitutes_in_a_circle",
                f"{row.substitute} leads back to {row.sku}: a chain of substitutes has an end",
            )
    records = as_records(without_refused(good, applied), found)
    for record in records:
        record["valid_from"] = record["valid_from"] or ALWAYS
    count(applied, len(records), upsert(tx, _SUBSTITUTE, records, written=writable(tx, "product", run)))
    return applied


def apply_calendars(tx: Tx, rows: Sequence[Any], run: Run) -> Applied:
    """Write calendars and their days. Name and zone are what some row of the calendar says; else they stay."""
    applied = Applied()
    names = {row.calendar: row.name for row in rows if row.name}
    zones = {row.calendar: row.time_zone for row in rows if row.time_zone}
    codes = sorted({row.calendar for row in rows})
    values = {
        "id": tx.ids.many(len(codes)),
        "code": codes,
        "name": [names.get(code) for code in codes],
        "zone": [zones.get(code) for code in codes],
        "names": dumps(names),
        "zones": dumps(zones),
    }
    ids: dict[str, UUID] = dict(tx.rows(_CALENDARS, values)) if codes else {}
    records = [{**row._asdict(), "calendar": ids[row.calendar]} for row in rows]
    count(applied, len(records), upsert(tx, _DAY, records, written=writable(tx, "calendar", run)))
    return applied


def remove_rules(tx: Tx, kind: str, rows: Sequence[Any], run: Run) -> int:
    """Take rows of a kind away, by their keys; gives how many there were. Raises `Refused` where a row names what is not there."""
    tx.run(LOCK_IMPORT, [kind])
    applied = Applied()
    _, target = _TARGETS.get(kind) or ("", _SUBSTITUTE if kind == "substitutes" else _DAY)
    references = _REFERENCES.get(kind, ())
    if kind == "substitutes":
        references = (Reference("sku", "product"), Reference("substitute", "product"))
    if kind == "calendars":
        references = (Reference("calendar", "calendar"),)
    found = resolve(tx, rows, references, applied)
    scopes = _scopes(tx, rows, applied)
    places = _ship_tos(tx, rows, found, applied) if kind == "calendar_uses" else {}
    if applied.refused:
        raise Refused([problem for _, problem in applied.refused])
    records = as_records(rows, found)
    for row, record in zip(rows, records, strict=True):
        record |= {"scope_key": scopes.get(row.row), "ship_to": places.get(row.row)}
        record["valid_from"] = record.get("valid_from") or ALWAYS
        record["country"] = record.get("country") or ""
        record["ship_method"] = record.get("ship_method") or ""
    keys = {column.name: [record[column.field] for record in records] for column in target.key}
    removed = tx.run(_removal(target), keys)
    tx.emit(Event("rules.removed", "import", run.id, {"kind": kind, "removed": removed}))
    return removed


def _removal(target: Target) -> str:
    names = ", ".join(column.name for column in target.key)
    arrays = ", ".join(f"%({column.name})s::{column.type}[]" for column in target.key)
    same = " and ".join(f"t.{column.name} is not distinct from w.{column.name}" for column in target.key)
    return f"delete from {target.table} t using unnest({arrays}) as w({names}) where {same}"  # noqa: S608 - names are ours
