"""Master data as people and programs read it: accounts, products, sites, price lists; and the log."""

from typing import Any

from tradewind.catalog.model import UNIDENTIFIED
from tradewind.kernel.tx import Reader, Row

_ACCOUNTS = """
select a.id, a.code, a.name, a.status, a.currency, a.segment, a.region, p.code as parent, e.code as legal_entity, a.terms_code,
  a.ship_policy, a.price_policy, a.vat_id, n.credit_limit::text, n.open_orders::text, n.receivables::text, n.unapplied::text
from account a left join account p on p.id = a.parent_id join legal_entity e on e.id = a.legal_entity_id
left join credit_node n on n.account_id = a.id
where (%(code)s::text is null or a.code = %(code)s) and (%(find)s::text is null or a.name ilike %(find)s or a.code ilike %(find)s)
  and a.code > %(after)s
order by a.code limit %(limit)s
"""
_ADDRESSES = """
select code, kind, name, street, city, postal_code, region, country, gln, is_default from address where account_id = %(id)s
order by kind, is_default desc, code
"""
_CONTACTS = "select code, name, email, phone, job from contact where account_id = %(id)s order by code"
_PRODUCTS = """
select p.id, p.sku, p.name, p.base_uom, p.order_uom, p.status, p.kind, p.tax_class, p.category, p.gtin, p.minimum_qty::text,
  p.multiple_qty::text, s.sku as superseded_by,
  (select jsonb_agg(jsonb_build_object('uom', u.uom, 'numerator', u.numerator, 'denominator', u.denominator, 'gtin', u.gtin)
                    order by u.uom) from product_unit u where u.product_id = p.id) as units
from product p left join product s on s.id = p.superseded_by
where (%(code)s::text is null or p.sku = %(code)s) and (%(find)s::text is null or p.name ilike %(find)s or p.sku ilike %(find)s)
  and p.sku > %(after)s and p.id <> %(unidentified)s
order by p.sku limit %(limit)s
"""
_SITES = """
select code, name, country, region, time_zone, rank, handling_cost::text, lead_days, cut_off, closed_at from site order by rank, code
"""
_PRICE_LISTS = """
select l.id, l.code, l.name, l.currency, l.layer, l.version,
  (select jsonb_agg(jsonb_build_object('scope', a.scope_key, 'precedence', a.precedence, 'from', a.valid_from, 'to', a.valid_to)
                    order by a.precedence) from price_assignment a where a.list_id = l.id) as assigned
from price_list l where l.code > %(after)s order by l.code limit %(limit)s
"""
_PRICES = """
select p.sku, r.uom, r.kind, r.tier_from::text[] as tier_from, r.tier_price::text[] as tier_price, r.price_basis::text,
  r.valid_from, r.valid_to from price r join product p on p.id = r.product_id
join price_list l on l.id = r.list_id where l.code = %(code)s and p.sku > %(after)s order by p.sku, r.valid_from limit %(limit)s
"""


def _named(columns: str, row: Row) -> dict[str, Any]:
    return dict(zip(columns.split(), row, strict=True))


_ACCOUNT = ("id code name status currency segment region parent legal_entity terms ship_policy price_policy vat_id credit_limit "
            "open_orders receivables unapplied")  # fmt: skip
_PRODUCT = (
    "id sku name base_uom order_uom status kind tax_class category gtin minimum_qty multiple_qty superseded_by units"
)


def accounts(reader: Reader, *, find: str | None, after: str, limit: int) -> list[dict[str, Any]]:
    """A page of accounts by code, as far as the reader may see them."""
    rows = reader.rows(_ACCOUNTS, {"code": None, "find": find and f"%{find}%", "after": after, "limit": limit})
    return [_named(_ACCOUNT, row) for row in rows]


def account(reader: Reader, code: str) -> dict[str, Any] | None:
    """One account with its addresses and contacts."""
    row = reader.row(_ACCOUNTS, {"code": code, "find": None, "after": "", "limit": 1})
    if row is None:
        return None
    found = _named(_ACCOUNT, row)
    found["addresses"] = [
        _named("code kind name street city postal_code region country gln is_default", one)
        for one in reader.rows(_ADDRESSES, {"id": row[0]})
    ]
    found["contacts"] = [_named("code name email phone job", one) for one in reader.rows(_CONTACTS, {"id": row[0]})]
    return found


def products(reader: Reader, *, sku: str | None, find: str | None, after: str, limit: int) -> list[dict[str, Any]]:
    """A page of products by stock keeping unit, each with its units."""
    asked = {"code": sku, "find": find and f"%{find}%", "after": after, "limit": limit, "unidentified": UNIDENTIFIED}
    rows = reader.rows(_PRODUCTS, asked)
    return [_named(_PRODUCT, row) for row in rows]


def sites(reader: Reader) -> list[dict[str, Any]]:
    """Every site, by rank."""
    columns = "code name country region time_zone rank handling_cost lead_days cut_off closed_at"
    return [_named(columns, row) for row in reader.rows(_SITES)]


def price_lists(reader: Reader, *, after: str, limit: int) -> list[dict[str, Any]]:
    """Price lists with whom they are for."""
    rows = reader.rows(_PRICE_LISTS, {"after": after, "limit": limit})
    return [_named("id code name currency layer version assigned", row) for row in rows]


def prices(reader: Reader, code: str, *, after: str, limit: int) -> list[dict[str, Any]]:
    """The ladders of a price list, by stock keeping unit."""
    rows = reader.rows(_PRICES, {"code": code, "after": after, "limit": limit})
    return [_named("sku uom kind tier_from tier_price price_basis valid_from valid_to", row) for row in rows]
