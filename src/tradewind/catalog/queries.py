"""Reads of the catalogue."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from tradewind.catalog.model import Product
from tradewind.kernel.tx import Reader

_BY_SKU = "select p.sku, p.id from unnest(%(skus)s::text[]) as w(sku) join product p on p.sku = w.sku"
_PRODUCTS = """
select p.id, p.sku, p.name, p.base_uom, p.order_uom, p.status, p.kind = 'stocked', p.tax_class, p.minimum_qty, p.multiple_qty,
  p.superseded_by, (select string_agg(u.uom || ' ' || u.numerator || ' ' || u.denominator, ',') from product_unit u
                    where u.product_id = p.id)
from unnest(%(ids)s::uuid[]) as w(id) join product p on p.id = w.id
"""
_CROSS = """
select w.ord::int, x.product_id, x.kind
from unnest(%(number)s::text[], %(account)s::uuid[]) with ordinality as w(number, account_id, ord)
join cross_reference x on x.number = w.number
  and (x.account_id is null or x.account_id in (select c.ancestor_id from account_closure c where c.account_id = w.account_id))
union
select w.ord::int, p.id, 'gtin' from unnest(%(number)s::text[]) with ordinality as w(number, ord)
join product p on p.gtin = w.number
union
select w.ord::int, u.product_id, 'gtin' from unnest(%(number)s::text[]) with ordinality as w(number, ord)
join product_unit u on u.gtin = w.number
"""
_NEAR = """
select sku from product where sku >= left(%(item)s, 3) and sku < left(%(item)s, 3) || chr(1114111) order by sku limit 50
"""


def product_ids(reader: Reader, skus: Iterable[str]) -> dict[str, UUID]:
    """Ids by our own stock keeping unit."""
    return dict(reader.rows(_BY_SKU, {"skus": list(set(skus))}))


def cross_referenced(reader: Reader, wanted: Sequence[tuple[str, UUID]]) -> list[dict[UUID, str]]:
    """For each (number, account): the products it may mean, with the kind of number. More than one is for a person."""
    found: list[dict[UUID, str]] = [{} for _ in wanted]
    rows = reader.rows(
        _CROSS, {"number": [normal(number) for number, _ in wanted], "account": [one for _, one in wanted]}
    )
    for place, product_id, kind in rows:
        found[place - 1][product_id] = kind
    return found


def normal(number: str) -> str:
    """An outside number as it is compared: capitals, without spaces around."""
    return number.strip().upper()


def products_by_id(reader: Reader, ids: Iterable[UUID]) -> dict[UUID, Product]:
    """Products with their units, in one statement."""
    found: dict[UUID, Product] = {}
    for row in reader.rows(_PRODUCTS, {"ids": list(set(ids))}):
        units = {row[3]: (1, 1)}
        for part in (row[11] or "").split(",") if row[11] else ():
            uom, numerator, denominator = part.split(" ")
            units[uom] = (int(numerator), int(denominator))
        found[row[0]] = Product(*(*row[:11], units))
    return found


def skus_like(reader: Reader, item: str) -> list[str]:
    """Stock keeping units that begin like a wrong one; for suggestions."""
    return [row[0] for row in reader.rows(_NEAR, {"item": item})]


def site_ids(reader: Reader, codes: Iterable[str]) -> dict[str, UUID]:
    """Ids by site code."""
    return dict(
        reader.rows("select code, id from site where code = any(%(codes)s::text[])", {"codes": list(set(codes))})
    )
