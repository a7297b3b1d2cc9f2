"""Reads an import needs: ids by outside name, what is known of the same keys, and names close to a wrong one."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple
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


# Rules as their import rows: what a scope key means, the columns, where they come from, and the key a page goes on after.
_SCOPE = """split_part({key}, ':', 1) as scope,
  case split_part({key}, ':', 1) when 'all' then null when 'account' then (select code from account where id::text = split_part({key}, ':', 2))
  else substr({key}, strpos({key}, ':') + 1) end as value"""
RULE_ROWS: dict[str, str] = {
    "entitlements": f"""
select concat_ws('/', t.scope_key, t.effect, p.sku, t.category, t.valid_from, t.id) as k, {_SCOPE.format(key="t.scope_key")}, t.effect, p.sku,
  t.category, t.reason, t.valid_from, t.valid_to from assortment t left join product p on p.id = t.product_id""",  # noqa: S608 - ours
    "restrictions": "select code || '/' || country as k, code, nullif(country, '') as country, name, effect, licence from restriction",
    "restricted_products": """
select p.sku || '/' || t.code as k, p.sku, t.code from product_restriction t join product p on p.id = t.product_id""",
    "licences": """
select concat_ws('/', a.code, t.code, t.country, t.number) as k, a.code as account, t.code, t.number, nullif(t.country, '') as country,
  t.valid_from, t.valid_to from licence t join account a on a.id = t.account_id""",
    "substitutes": """
select p.sku || '/' || s.sku as k, p.sku, s.sku as substitute, t.rank, t.numerator, t.denominator, t.valid_from, t.valid_to
from substitute t join product p on p.id = t.product_id join product s on s.id = t.substitute_id""",
    "substitution_policies": f"""
select t.scope_key as k, {_SCOPE.format(key="t.scope_key")}, t.consent, t.price from substitution_policy t""",  # noqa: S608 - ours
    "price_tolerances": f"""
select t.scope_key as k, {_SCOPE.format(key="t.scope_key")}, t.take, t.line_up_percent::text, t.line_up_amount::text, t.line_down_percent::text,
  t.line_down_amount::text, t.order_up_percent::text, t.order_up_amount::text, t.order_down_percent::text, t.order_down_amount::text,
  t.floor_percent::text from price_tolerance t""",  # noqa: S608 - ours
    "calendars": """
select c.code || '/' || coalesce(d.day, '') as k, c.code as calendar, c.name, c.time_zone, d.day, d.opens, d.closes, d.name as day_name
from calendar c left join calendar_day d on d.calendar_id = c.id""",
    "calendar_uses": """
select concat_ws('/', t.use, s.code, a.code, d.code, t.ship_method) as k, t.use, s.code as site, a.code as account, d.code as ship_to,
  nullif(t.ship_method, '') as ship_method, c.code as calendar, t.cut_off
from calendar_use t left join site s on s.id = t.site_id left join account a on a.id = t.account_id
left join address d on d.id = t.address_id left join calendar c on c.id = t.calendar_id""",
}
"""The kinds of rules, each with the statement that reads its rows."""


def rule_rows(reader: Reader, kind: str, *, after: str, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """A page of rules as rows of their import kind, by key, and where the next page begins."""
    cursor = reader.connection.execute(
        f"select * from ({RULE_ROWS[kind]}) r where k > %(after)s order by k limit %(limit)s",  # noqa: S608 - ours
        {"after": after, "limit": limit},
    )
    names = [column.name for column in cursor.description or ()]
    found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    last = found[-1]["k"] if len(found) == limit else None
    return [{name: value for name, value in row.items() if name != "k"} for row in found], last
