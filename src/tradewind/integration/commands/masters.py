"""Kinds that are plain records under their own name."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tradewind.catalog.queries import normal
from tradewind.integration.commands.upsert import (
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
from tradewind.integration.decide.kinds import KINDS
from tradewind.integration.decide.periods import ALWAYS
from tradewind.integration.model import Applied, Run
from tradewind.integration.queries import numbers_in_use, product_units
from tradewind.kernel.tx import Tx
from tradewind.semantics.decide.rows.codes import nearest
from tradewind.semantics.decide.rows.model import place


@dataclass(frozen=True, slots=True)
class Master:
    """How a kind is written: its noun (for systems of record), its table, and what its rows name."""

    noun: str
    target: Target
    references: tuple[Reference, ...] = ()


def _same(*names: str) -> tuple[Column, ...]:
    """Text columns called like their field."""
    return tuple(Column(name, name) for name in names)


_CODE = _same("code")
_ACCOUNT = Column("account", "account_id", "uuid")
_PERIOD = (Column("valid_from", "valid_from", "timestamptz"), Column("valid_to", "valid_to", "timestamptz"))

MASTERS: dict[str, Master] = {
    "legal_entities": Master(
        "legal_entity",
        Target(
            "legal_entity",
            _CODE,
            _same(
                *(
                    "name",
                    "country",
                    "currency",
                    "tax_id",
                    "invoice_prefix",
                    "time_zone",
                    "tax_rounding",
                    "street",
                    "city",
                ),
                *("postal_code", "region", "registration", "phone", "email", "website", "bank_name", "iban", "bic"),
                "language",
            ),
        ),
    ),
    "sites": Master(
        "site",
        Target(
            "site",
            _CODE,
            (
                *_same("name", "country", "region", "time_zone", "cut_off"),
                Column("legal_entity", "legal_entity_id", "uuid"),
                Column("rank", "rank", "int"),
                Column("handling_cost", "handling_cost", "numeric"),
                Column("lead_days", "lead_days", "int"),
            ),
        ),
        (Reference("legal_entity", "legal_entity"),),
    ),
    "payment_terms": Master(
        "payment_terms",
        Target("payment_terms", _CODE, (*_same("name"), Column("net_days", "net_days", "int")), has_id=False),
    ),
    "product_units": Master(
        "product",
        Target(
            "product_unit",
            (Column("sku", "product_id", "uuid"), Column("uom", "uom")),
            (
                Column("numerator", "numerator", "bigint"),
                Column("denominator", "denominator", "bigint"),
                Column("gtin", "gtin"),
            ),
            has_id=False,
        ),
        (Reference("sku", "product"),),
    ),
    "addresses": Master(
        "address",
        Target(
            "address",
            (_ACCOUNT, Column("code", "code")),
            (
                *_same("kind", "name", "street", "city", "postal_code", "region", "country", "gln"),
                Column("is_default", "is_default", "boolean"),
            ),
        ),
        (Reference("account", "account"),),
    ),
    "contacts": Master(
        "contact",
        Target("contact", (_ACCOUNT, Column("code", "code")), _same("name", "email", "phone", "job", "language")),
        (Reference("account", "account"),),
    ),
    "tax_certificates": Master(
        "tax_certificate",
        Target("tax_certificate", (_ACCOUNT, *_same("country", "region", "number")), _PERIOD),
        (Reference("account", "account"),),
    ),
    "price_lists": Master("price_list", Target("price_list", _CODE, _same("name", "currency", "layer"))),
    "freight_lanes": Master(
        "freight_lane",
        Target(
            "freight_lane",
            (Column("site", "site_id", "uuid"), *_same("country", "region")),
            (
                Column("cost", "cost", "numeric"),
                Column("currency", "currency"),
                Column("transit_days", "transit_days", "int"),
            ),
            has_id=False,
        ),
        (Reference("site", "site"),),
    ),
}
_OUTSIDE_ID = Target(
    "outside_id",
    _same("system", "noun", "outside"),
    (Column("our_code", "our_id", "uuid"),),
    has_id=False,
    stamped="since",
)
_RECORD_OWNER = Target("record_owner", _same("noun", "attribute"), _same("system"), has_id=False, stamped="since")
_OWNABLE = {
    "account": "accounts",
    "address": "addresses",
    "contact": "contacts",
    "product": "products",
    "site": "sites",
    "legal_entity": "legal_entities",
    "price_list": "price_lists",
}
_CROSS_REFERENCE = """
with done as (
  insert into cross_reference (id, kind, account_id, number, product_id)
  select * from unnest(%(id)s::uuid[], %(kind)s::text[], %(account)s::uuid[], %(number)s::text[], %(product)s::uuid[])
  on conflict do nothing returning 1
) select count(*) from done
"""


def apply_master(tx: Tx, kind: str, rows: Sequence[Any], run: Run) -> Applied:
    """Write rows of a plain kind."""
    master, applied = MASTERS[kind], Applied()
    found = resolve(tx, rows, master.references, applied)
    records = as_records(without_refused(rows, applied), found)
    for record in records:
        if "valid_from" in record and record["valid_from"] is None:
            record["valid_from"] = ALWAYS
    count(applied, len(records), upsert(tx, master.target, records, written=writable(tx, master.noun, run)))
    return applied


def apply_product_units(tx: Tx, rows: Sequence[Any], run: Run) -> Applied:
    """Write units and packs. The base unit itself is one of one, whatever a file says."""
    applied = Applied()
    known = product_units(tx, [row.sku for row in rows])
    for row in rows:
        product = known.get(row.sku)
        if product is not None and row.uom == product.base_uom and row.numerator != row.denominator:
            applied.refuse(
                row.row,
                "uom",
                "import.base_unit_is_one",
                f"{row.uom} is the base unit of {row.sku}, so it holds one of itself",
            )
    rest = apply_master(tx, "product_units", without_refused(rows, applied), run)
    rest.refused += applied.refused
    return rest


def apply_cross_references(tx: Tx, rows: Sequence[Any], run: Run) -> Applied:
    """Add what others call our products. A number that means several products is kept and told: a person decides."""
    applied = Applied()
    found = resolve(tx, rows, (Reference("sku", "product"), Reference("account", "account")), applied)
    good = without_refused(rows, applied)
    in_use = numbers_in_use(tx, [row.number for row in good])
    for row in good:
        account_id = None if row.account is None else found["account"][row.account]
        skus = in_use.setdefault((normal(row.number), row.kind, account_id), set())
        if skus - {row.sku}:
            run.findings.add(
                "import.number_means_several",
                f"{row.number!r} also means {', '.join(sorted(skus - {row.sku})[:3])}",
                where=place(row.row, "number"),
                about="number",
            )
        skus.add(row.sku)
    created = 0
    if good:
        created = tx.value(
            _CROSS_REFERENCE,
            {
                "id": tx.ids.many(len(good)),
                "kind": [row.kind for row in good],
                "account": [None if row.account is None else found["account"][row.account] for row in good],
                "number": [normal(row.number) for row in good],
                "product": [found["sku"][row.sku] for row in good],
            },
        )
    count(applied, len(good), (created, 0))
    return applied


def apply_outside_ids(tx: Tx, rows: Sequence[Any], _run: Run) -> Applied:
    """Tie outside names to our records."""
    applied = Applied()
    by_noun: dict[str, list[Any]] = {}
    for row in rows:
        by_noun.setdefault(row.noun, []).append(row)
    ids: dict[tuple[str, str], Any] = {}
    for noun, group in by_noun.items():
        found = resolve(tx, group, (Reference("our_code", noun),), applied)
        ids |= {(noun, code): our_id for code, our_id in found["our_code"].items()}
    records = [{**row._asdict(), "our_code": ids[row.noun, row.our_code]} for row in without_refused(rows, applied)]
    count(applied, len(records), upsert(tx, _OUTSIDE_ID, records, written=("our_code",)))
    return applied


def apply_record_owners(tx: Tx, rows: Sequence[Any], _run: Run) -> Applied:
    """State which system owns an attribute; the attribute is one of the columns of that noun's import."""
    applied = Applied()
    for row in rows:
        names = [field.name for field in KINDS[_OWNABLE[row.noun]].fields]
        if row.attribute not in names:
            near = nearest(row.attribute, names)
            hint = f"; did you mean {near}?" if near else ""
            applied.refuse(
                row.row,
                "attribute",
                "import.unknown_attribute",
                f"{row.noun} has no {row.attribute!r}{hint}",
                nearest=near,
            )
    records = [row._asdict() for row in without_refused(rows, applied)]
    count(applied, len(records), upsert(tx, _RECORD_OWNER, records, written=("system",)))
    return applied
