"""Reads of prices and tax rates: the candidates of a whole batch in one statement."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from tradewind.kernel.tx import Reader
from tradewind.pricing.model import PriceRow, TaxRate

_ASSIGNED = """
select w.ord::int, a.list_id, min(a.precedence)
from unnest(%(ord)s::int[], %(scope)s::text[], %(at)s::timestamptz[]) as w(ord, scope_key, at)
join price_assignment a on a.scope_key = w.scope_key and a.valid_from <= w.at and (a.valid_to is null or a.valid_to > w.at)
group by 1, 2
"""
_CANDIDATES = """
select p.id, p.product_id, p.list_id, l.code, l.layer, l.currency, l.version, p.uom, p.price_basis, p.kind,
  p.tier_from::text, p.tier_price::text, p.valid_from, p.valid_to, p.offer_expires_at
from unnest(%(product)s::uuid[], %(list)s::uuid[]) as w(product_id, list_id)
join price p on p.product_id = w.product_id and p.list_id = w.list_id
  and p.valid_from <= %(latest)s and (p.valid_to is null or p.valid_to > %(earliest)s)
join price_list l on l.id = p.list_id
"""
_TAX_RATES = """
select country, region, tax_class, category, rate, valid_from, valid_to from tax_rate
where country = any(%(countries)s::text[])
"""


def assigned_lists(reader: Reader, wanted: Sequence[tuple[Sequence[str], datetime]]) -> list[dict[UUID, int]]:
    """For each (scopes, instant): the lists that apply, with the precedence of the best assignment."""
    ord_: list[int] = []
    scope: list[str] = []
    at: list[datetime] = []
    for place, (scopes, moment) in enumerate(wanted):
        ord_ += [place] * len(scopes)
        scope += scopes
        at += [moment] * len(scopes)
    found: list[dict[UUID, int]] = [{} for _ in wanted]
    for place, list_id, precedence in reader.rows(_ASSIGNED, {"ord": ord_, "scope": scope, "at": at}):
        found[place][list_id] = precedence
    return found


def price_candidates(
    reader: Reader,
    pairs: Iterable[tuple[UUID, UUID]],
    *,
    earliest: datetime,
    latest: datetime,
    factors: Mapping[tuple[UUID, str], tuple[int, int]],
) -> list[tuple[UUID, PriceRow]]:
    """(product, row) of every (product, list) pair that is valid somewhere between two instants.

    `factors` gives base units in one price unit by (product, unit); a price in a unit the product does not have is left out.
    The precedence of a row is not filled in: it belongs to the account, not to the row.
    """
    wanted = list(set(pairs))
    found: list[tuple[UUID, PriceRow]] = []
    rows = reader.rows(
        _CANDIDATES,
        {
            "product": [one for one, _ in wanted],
            "list": [one for _, one in wanted],
            "earliest": earliest,
            "latest": latest,
        },
    )
    for row in rows:
        factor = factors.get((row[1], row[7]))
        if factor is None:
            continue
        tiers = tuple(zip(_decimals(row[10]), _decimals(row[11]), strict=True))
        price = PriceRow(
            list_id=row[2],
            list_code=row[3],
            layer=row[4],
            precedence=0,
            currency=row[5],
            uom=row[7],
            uom_factor=factor,
            price_basis=row[8],
            kind=row[9],
            tiers=tiers,
            valid_from=row[12],
            valid_to=row[13],
            expires_at=row[14],
            version=row[6],
            row_id=row[0],
        )
        found.append((row[1], price))
    return found


def _decimals(array: str) -> list[Decimal]:
    return [Decimal(part) for part in array[1:-1].split(",")]


def tax_rates(reader: Reader, countries: Iterable[str]) -> list[TaxRate]:
    """The rates of these countries and their regions."""
    return [
        TaxRate(f"{row[0]}-{row[1]}" if row[1] else row[0], row[2], row[3], row[4], row[5], row[6])
        for row in reader.rows(_TAX_RATES, {"countries": sorted(set(countries))})
    ]
