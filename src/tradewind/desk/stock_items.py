"""Items of a stock batch in our things: what every use case of stock resolves and refuses alike."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

from tradewind.catalog.model import Product
from tradewind.catalog.queries import product_ids, products_by_id
from tradewind.inventory import errors
from tradewind.inventory.queries import site_ids
from tradewind.kernel.money import LARGEST_AMOUNT
from tradewind.kernel.problem import Problem
from tradewind.kernel.quantity import QUANTITY_DIGITS, UNITS, factor_between, to_base
from tradewind.kernel.tx import Event, Reader, Tx

Key = tuple[UUID, UUID]


class Named(Protocol):
    """What every item of a batch says: a site, a product, a quantity, and maybe its unit (else the base unit)."""

    @property
    def site(self) -> str: ...
    @property
    def sku(self) -> str: ...
    @property
    def qty(self) -> Decimal: ...
    @property
    def uom(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a batch in our things: its place, product and site, and its quantity in base units."""

    place: int
    product: Product
    site_id: UUID
    qty: Decimal

    @property
    def key(self) -> Key:
        return (self.product.id, self.site_id)


def resolve_items(reader: Reader, named: Sequence[Named]) -> tuple[list[Any], list[Item]]:
    """An answer for each item that cannot be (None for the others), and the items that can, in a few statements."""
    skus = product_ids(reader, {one.sku for one in named})
    products = products_by_id(reader, skus.values())
    sites = site_ids(reader, {one.site for one in named})
    answers: list[Any] = []
    items: list[Item] = []
    for place, one in enumerate(named):
        found = _item(one, place, products.get(skus[one.sku]) if one.sku in skus else None, sites.get(one.site))
        answers.append(found if isinstance(found, Problem) else None)
        if isinstance(found, Item):
            items.append(found)
    return answers, items


def _item(one: Named, place: int, product: Product | None, site_id: UUID | None) -> Item | Problem:
    where = f"/{place}"
    if product is None or not product.stocked:
        return errors.unknown_product(one.sku, f"{where}/sku")
    if site_id is None:
        return errors.unknown_site(one.site, f"{where}/site")
    uom = one.uom or product.base_uom
    factor = product.units.get(uom) or factor_between(uom, product.base_uom)
    if factor is None:
        return errors.unknown_unit(one.sku, uom, sorted(product.units), f"{where}/uom")
    if not one.qty.is_finite() or abs(one.qty) >= LARGEST_AMOUNT:
        return errors.bad_quantity("This is no quantity.", f"{where}/qty")
    unit = UNITS.get(product.base_uom)
    qty = to_base(one.qty, factor, decimals=QUANTITY_DIGITS if unit is None else unit.decimals, where=f"{where}/qty")
    return qty if isinstance(qty, Problem) else Item(place, product, site_id, qty)


def refuse_items(answers: list[Any], items: Sequence[Item], check: Callable[[Item], Problem | None]) -> list[Item]:
    """Note what is wrong with items that are not refused yet; gives those that are left."""
    for item in items:
        if answers[item.place] is None:
            answers[item.place] = check(item)
    return [item for item in items if answers[item.place] is None]


def not_above_zero(item: Item) -> Problem | None:
    return None if item.qty > 0 else errors.bad_quantity("A quantity is above zero.", f"/{item.place}/qty")


def below_zero(item: Item) -> Problem | None:
    return None if item.qty >= 0 else errors.bad_quantity("A quantity is never negative.", f"/{item.place}/qty")


def in_future(tx: Tx, at: datetime | None, item: Item) -> Problem | None:
    return errors.in_the_future(f"/{item.place}/as_of") if at is not None and at > tx.now else None


def stock_fact(kind: str, product_id: UUID, site_id: UUID, payload: dict[str, Any]) -> Event:
    """A fact about a product at a site."""
    return Event(kind, "product", product_id, payload, None, (("site", site_id, "at"),))
