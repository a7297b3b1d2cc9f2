"""Reads an import needs: ids by outside name, what is known of the same keys, and names close to a wrong one."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from tradewind.catalog.queries import normal
from tradewind.kernel.tx import Reader

# What a code of each noun leads to, and where names like a wrong one are looked for.
_BY_CODE = {
    "legal_entity": "select t.code, t.id from unnest(%(codes)s::text[]) as w(code) join legal_entity t on t.code = w.code",
    "account": "select t.code, t.id from unnest(%(codes)s::text[]) as w(code) join account t on t.code = w.code",
    "site": "select t.code, t.id from unnest(%(codes)s::text[]) as w(code) join site t on t.code = w.code",
    "product": "select t.sku, t.id from unnest(%(codes)s::text[]) as w(code) join product t on t.sku = w.code",
    "price_list": "select t.code, t.id from unnest(%(codes)s::text[]) as w(code) join price_list t on t.code = w.code",
    "calendar": "select t.code, t.id from unnest(%(codes)s::text[]) as w(code) join calendar t on t.code = w.code",
    "agreement": "select t.code, t.id from unnest(%(codes)s::text[]) as w(code) join agreement t on t.code = w.code",
    "payment_terms": "select t.code, null::uuid from unnest(%(codes)s::text[]) as w(code) "
    "join payment_terms t on t.code = w.code",
}
_LIKE = {
    noun: f"""
select code from (
  select n.code from unnest(%(starts)s::text[]) as w(start)
  cross join lateral (select t.{column} as code from {noun} t where t.{column} >= w.start
                      and t.{column} < w.start || chr(1114111) order by t.{column} limit 50) n
) found limit 2000
"""  # noqa: S608 - names are ours
    for noun, column in {**dict.fromkeys(_BY_CODE, "code"), "product": "sku"}.items()
}
_OWNERS = "select attribute, system from record_owner where noun = %(noun)s"
_PRODUCTS = """
select p.sku, p.id, p.base_uom, p.kind = 'stocked',
  (select string_agg(u.uom || ' ' || u.numerator || ' ' || u.denominator, ',') from product_unit u where u.product_id = p.id)
from unnest(%(skus)s::text[]) as w(sku) join product p on p.sku = w.sku
"""
_SAME_NUMBER = """
select x.number, x.kind, x.account_id, p.sku
from unnest(%(numbers)s::text[]) as w(number) join cross_reference x on x.number = w.number join product p on p.id = x.product_id
"""


class ProductUnits(NamedTuple):
    """A product as quantities and prices need it: base units in one unit by unit code."""

    id: UUID
    base_uom: str
    is_stocked: bool
    units: dict[str, tuple[int, int]]


def ids_by_code(reader: Reader, noun: str, codes: Iterable[str]) -> dict[str, UUID | None]:
    """Ids of a noun's records by their code, as far as they exist (payment terms have no id: None)."""
    return dict(reader.rows(_BY_CODE[noun], {"codes": sorted(set(codes))}))


def codes_like(reader: Reader, noun: str, codes: Sequence[str]) -> list[str]:
    """Known codes that begin like these; for suggestions."""
    return [row[0] for row in reader.rows(_LIKE[noun], {"starts": sorted({code[:2] for code in codes})})]


def attributes_owned_by_others(reader: Reader, noun: str, system: str) -> dict[str, str]:
    """Attributes of a noun whose system of record is another one: attribute → that system."""
    return {attribute: owner for attribute, owner in reader.rows(_OWNERS, {"noun": noun}) if owner != system}


def product_units(reader: Reader, skus: Iterable[str]) -> dict[str, ProductUnits]:
    """Products by SKU with their units."""
    found = {}
    for sku, product_id, base_uom, is_stocked, listed in reader.rows(_PRODUCTS, {"skus": sorted(set(skus))}):
        units = {base_uom: (1, 1)}
        for part in (listed or "").split(",") if listed else ():
            uom, numerator, denominator = part.split(" ")
            units[uom] = (int(numerator), int(denominator))
        found[sku] = ProductUnits(product_id, base_uom, is_stocked, units)
    return found


def numbers_in_use(reader: Reader, numbers: Iterable[str]) -> dict[tuple[str, str, UUID | None], set[str]]:
    """What cross-reference numbers already mean: (normalised number, kind, account) → SKUs."""
    found: dict[tuple[str, str, UUID | None], set[str]] = {}
    for number, kind, account_id, sku in reader.rows(
        _SAME_NUMBER, {"numbers": sorted({normal(one) for one in numbers})}
    ):
        found.setdefault((number, kind, account_id), set()).add(sku)
    return found


_EDGES = """
with recursive chain as (
  select w.id from unnest(%(products)s::uuid[]) as w(id)
  union
  select s.substitute_id from chain c join substitute s on s.product_id = c.id
)
select s.product_id, s.substitute_id from chain c join substitute s on s.product_id = c.id
"""


def substitute_edges(reader: Reader, products: Iterable[UUID]) -> list[tuple[UUID, UUID]]:
    """Every link that can be reached from these products, as (product, substitute)."""
    return reader.rows(_EDGES, {"products": sorted(set(products))})


@lru_cache(4_096)
def decimals(array: str) -> tuple[Decimal, ...]:
    """A numeric array that was selected as text."""
    return tuple(Decimal(part) for part in array[1:-1].split(","))
