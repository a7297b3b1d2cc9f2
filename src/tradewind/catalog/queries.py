"""Reads of the catalogue."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from tradewind.catalog.decide import CHAIN_MAX
from tradewind.catalog.model import (
    UNIDENTIFIED,
    AssortmentRow,
    Meaning,
    Product,
    Restriction,
    SubstituteLink,
    SubstitutionPolicy,
)
from tradewind.kernel.kept import book
from tradewind.kernel.limits import KEPT_PRODUCTS
from tradewind.kernel.tx import Reader

_BY_SKU = "select p.sku, p.id from unnest(%(skus)s::text[]) as w(sku) join product p on p.sku = w.sku"
_PRODUCTS = """
select p.id, p.sku, p.name, p.base_uom, p.order_uom, p.status, p.kind = 'stocked', p.tax_class, p.minimum_qty, p.multiple_qty,
  p.superseded_by, (select string_agg(u.uom || ' ' || u.numerator || ' ' || u.denominator, ',') from product_unit u
                    where u.product_id = p.id)
from unnest(%(ids)s::uuid[]) as w(id) join product p on p.id = w.id
"""
_CROSS = """
select w.ord::int, x.product_id, x.kind, null
from unnest(%(number)s::text[], %(account)s::uuid[]) with ordinality as w(number, account_id, ord)
join cross_reference x on x.number = w.number
  and (x.account_id is null or x.account_id in (select c.ancestor_id from account_closure c where c.account_id = w.account_id))
union
select g.ord::int, p.id, 'gtin', null from unnest(%(gtin)s::text[], %(place)s::int[]) as g(gtin, ord)
join product p on p.gtin = g.gtin
union
select g.ord::int, u.product_id, 'gtin', u.uom from unnest(%(gtin)s::text[], %(place)s::int[]) as g(gtin, ord)
join product_unit u on u.gtin = g.gtin
"""
_NEAR = """
select w.ord::int, n.number from unnest(%(item)s::text[], %(account)s::uuid[]) with ordinality as w(item, account_id, ord),
lateral (
  (select p.sku as number from product p
   where p.sku >= left(w.item, 3) and p.sku < left(w.item, 3) || chr(1114111) and p.id <> %(unidentified)s order by p.sku limit 50)
  union all
  (select x.number from cross_reference x
   where x.number >= left(w.item, 3) and x.number < left(w.item, 3) || chr(1114111)
     and (x.account_id is null or x.account_id in (select c.ancestor_id from account_closure c where c.account_id = w.account_id))
   order by x.number limit 50)
) n
"""
_GTIN_LENGTHS = (8, 12, 13, 14)


def product_ids(reader: Reader, skus: Iterable[str]) -> dict[str, UUID]:
    """Ids by our own stock keeping unit."""
    kept = book(reader, "product", most=KEPT_PRODUCTS)
    wanted = set(skus)
    known = kept.rows.get  # another thread may make room between two looks
    found: dict[str, UUID] = {sku: row for sku in wanted if (row := known(sku)) is not None}
    if len(found) < len(wanted):
        read: dict[str, UUID] = dict(reader.rows(_BY_SKU, {"skus": list(wanted - found.keys())}))
        reader.keep(kept, read)
        found.update(read)
    return found


def cross_referenced(reader: Reader, wanted: Sequence[tuple[str, UUID]]) -> list[list[Meaning]]:
    """For each (number, account): what it may mean. More than one product is for a person."""
    found: list[list[Meaning]] = [[] for _ in wanted]
    numbers = [normal(number) for number, _ in wanted]
    trade = [(form, place) for place, number in enumerate(numbers, 1) for form in gtin_forms(number)]
    rows = reader.rows(
        _CROSS,
        {
            "number": numbers,
            "account": [one for _, one in wanted],
            "gtin": [form for form, _ in trade],
            "place": [place for _, place in trade],
        },
    )
    for place, product_id, kind, uom in rows:
        found[place - 1].append(Meaning(product_id, kind, uom))
    return found


def gtin_forms(number: str) -> list[str]:
    """A trade number in each length it is written in: an article number of 12 digits is one of 13 or 14 with zeros before it."""
    if not (number.isascii() and number.isdigit() and 8 <= len(number) <= 14):
        return []
    bare = number.lstrip("0")
    return [bare.zfill(length) for length in _GTIN_LENGTHS if len(bare) <= length]


def normal(number: str) -> str:
    """An outside number as it is compared: capitals, without spaces around."""
    return number.strip().upper()


def products_by_id(reader: Reader, ids: Iterable[UUID]) -> dict[UUID, Product]:
    """Products with their units; one statement for those that are not kept."""
    kept = book(reader, "product", most=KEPT_PRODUCTS)
    wanted = set(ids)
    known = kept.rows.get
    found: dict[UUID, Product] = {one: row for one in wanted if (row := known(one)) is not None}
    if len(found) < len(wanted):
        read = _read_products(reader, list(wanted - found.keys()))
        reader.keep(kept, read)
        found.update(read)
    return found


def _read_products(reader: Reader, ids: Sequence[UUID]) -> dict[UUID, Product]:
    found: dict[UUID, Product] = {}
    for row in reader.rows(_PRODUCTS, {"ids": ids}):
        units = {row[3]: (1, 1)}
        for part in (row[11] or "").split(",") if row[11] else ():
            uom, numerator, denominator = part.split(" ")
            units[uom] = (int(numerator), int(denominator))
        found[row[0]] = Product(*(*row[:11], units))
    return found


def numbers_like(reader: Reader, wanted: Sequence[tuple[str, UUID]]) -> list[list[str]]:
    """For each (wrong item, account): our numbers and the account's that begin like it; for suggestions."""
    found: list[list[str]] = [[] for _ in wanted]
    values = {
        "item": [normal(item) for item, _ in wanted],
        "account": [account_id for _, account_id in wanted],
        "unidentified": UNIDENTIFIED,
    }
    for place, number in reader.rows(_NEAR, values) if wanted else ():
        found[place - 1].append(number)
    return found


def site_ids(reader: Reader, codes: Iterable[str]) -> dict[str, UUID]:
    """Ids by site code."""
    return dict(
        reader.rows("select code, id from site where code = any(%(codes)s::text[])", {"codes": list(set(codes))})
    )


_ASSORTED = """
select scope_key, effect, valid_from, valid_to from assortment group by 1, 2, 3, 4
"""
_ASSORTMENT = """
select p.id, a.scope_key, a.effect,
  case when a.product_id is not null then 'product' when a.category is not null then 'category' else 'everything' end,
  a.valid_from, a.valid_to, a.reason
from assortment a join product p on p.id = any(%(products)s::uuid[])
  and (a.product_id = p.id or a.category = p.category or (a.product_id is null and a.category is null))
where a.scope_key = any(%(scopes)s::text[])
"""
_SUBSTITUTES = """
with recursive chain as (
  select w.id, 0 as depth from unnest(%(products)s::uuid[]) as w(id)
  union
  select l.substitute_id, c.depth + 1 from chain c join product p on p.id = c.id and p.status = 'discontinued'
  cross join lateral (
    select s.substitute_id from substitute s where s.product_id = p.id
    union select p.superseded_by where p.superseded_by is not null
  ) l
  where c.depth < %(depth)s
)
select s.product_id, s.substitute_id, s.rank, s.numerator, s.denominator, s.valid_from, s.valid_to
from (select distinct id from chain) c join substitute s on s.product_id = c.id
union all
select p.id, p.superseded_by, 2147483647, 1, 1, null, null
from (select distinct id from chain) c join product p on p.id = c.id and p.superseded_by is not null
join product o on o.id = p.superseded_by and o.base_uom = p.base_uom
where not exists (select from substitute s where s.product_id = p.id and s.substitute_id = p.superseded_by)
"""


def assorted_scopes(reader: Reader) -> list[tuple[str, str, datetime, datetime | None]]:
    """The scopes for which something is permitted or banned, with the periods: (scope, effect, from, to)."""
    return reader.rows(_ASSORTED)


def assortment_rows(reader: Reader, scopes: Iterable[str], products: Iterable[UUID]) -> dict[UUID, list[AssortmentRow]]:
    """What these scopes say of these products, by product."""
    found: dict[UUID, list[AssortmentRow]] = {}
    values = {"scopes": sorted(set(scopes)), "products": list(set(products))}
    for product_id, *row in reader.rows(_ASSORTMENT, values):
        found.setdefault(product_id, []).append(AssortmentRow(*row))
    return found


def restrictions(reader: Reader) -> dict[tuple[str, str], Restriction]:
    """Every restriction by (code, country)."""
    rows = reader.rows("select code, country, name, effect, licence from restriction")
    return {(row[0], row[1]): Restriction(*row) for row in rows}


def restricted_products(reader: Reader) -> dict[UUID, frozenset[str]]:
    """The codes of restricted goods, by product."""
    rows = reader.rows("select product_id, array_agg(code) from product_restriction group by 1")
    return {product_id: frozenset(codes) for product_id, codes in rows}


def substitution_policies(reader: Reader) -> dict[str, SubstitutionPolicy]:
    """Who wants substitutes how, by scope."""
    rows = reader.rows("select scope_key, consent, price from substitution_policy")
    return {scope: SubstitutionPolicy(consent, price) for scope, consent, price in rows}


def substitute_links(reader: Reader, products: Iterable[UUID]) -> dict[UUID, list[SubstituteLink]]:
    """The links that lead from these products on, over so many as a chain may have; what supersedes a product comes last."""
    found: dict[UUID, list[SubstituteLink]] = {}
    for row in reader.rows(_SUBSTITUTES, {"products": sorted(set(products)), "depth": CHAIN_MAX}):
        found.setdefault(row[0], []).append(SubstituteLink(row[0], row[1], row[2], (row[3], row[4]), row[5], row[6]))
    return found


_CATEGORIES = "select p.id, p.category from unnest(%(ids)s::uuid[]) as w(id) join product p on p.id = w.id"


def categories_of(reader: Reader, ids: Iterable[UUID]) -> dict[UUID, str | None]:
    """The category of each product, where it has one."""
    return dict(reader.rows(_CATEGORIES, {"ids": sorted(set(ids))}))
