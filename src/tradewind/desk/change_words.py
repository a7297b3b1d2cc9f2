"""What the words of a change mean: items, ship-tos, sites, order numbers, and what a changed line would cost today.

Asked for a whole batch at once; the account of an order was seen by the caller before, so its own places and numbers are read
as the application.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, cast
from uuid import UUID

from tradewind.accounts.model import ShipTo
from tradewind.accounts.queries import change_pricings, ship_tos
from tradewind.catalog.model import UNIDENTIFIED, Product
from tradewind.catalog.queries import products_by_id, site_ids
from tradewind.desk.items import Meanings, Wanted, ambiguous, candidates, meanings, meant, unknown
from tradewind.desk.resolve import read_line
from tradewind.fulfilment.queries import lanes_to, site_lanes
from tradewind.kernel.problem import Problem
from tradewind.kernel.quantity import QUANTITY_DIGITS, UNITS, to_base
from tradewind.kernel.tx import Tx
from tradewind.orders import errors
from tradewind.orders.decide import normal_po
from tradewind.orders.decide.actions import Action, AddLine, CorrectPo, MovePlace, PinSite, SetQuantity, SwapItem
from tradewind.orders.decide.change import Meaning, Pricing
from tradewind.orders.decide.restoring import RestorePo, Restoring
from tradewind.orders.model import Line
from tradewind.orders.queries import same_purchase_orders
from tradewind.semantics.model import DraftLine, Place
from tradewind.streams import change_price
from tradewind.streams.order_work import OrderWork

Asked = Mapping[UUID, Sequence[Action | Restoring]]
Rules = tuple[Decimal | None, Decimal | None, int]
SITE = Problem("fulfilment.unknown_site", "There is no such site.", "", 422)


@dataclass(slots=True)
class Words:
    """What was found for each order, by the place of its action; and the products that are spoken of."""

    products: dict[UUID, Product]
    items: dict[tuple[UUID, int], Line | Problem] = field(default_factory=dict)
    places: dict[tuple[UUID, int], Place | Problem] = field(default_factory=dict)
    sites: dict[tuple[UUID, int], UUID | Problem | None] = field(default_factory=dict)
    prices: dict[tuple[UUID, int], Any] = field(default_factory=dict)
    priced_for: dict[tuple[UUID, int], Decimal] = field(default_factory=dict)
    pos: dict[tuple[UUID, int], Problem] = field(default_factory=dict)
    pricing: dict[UUID, str] = field(default_factory=dict)

    def of(self, work: OrderWork, may: frozenset[str]) -> Meaning:
        """What the calculator needs for one order."""
        return Meaning(
            items=_own(self.items, work.id),
            rules={product.id: rules_of(product) for product in self.products.values()},
            places=_own(self.places, work.id),
            sites=_own(self.sites, work.id),
            prices=_own(self.prices, work.id),
            priced_for=_own(self.priced_for, work.id),
            pos=_own(self.pos, work.id),
            pricing=cast(Pricing, self.pricing.get(work.account.id, "added")),
            may=may,
            unclear=frozenset(one.line.line_no for one in work.lines if one.line.product_id == UNIDENTIFIED),
        )


def _own(found: Mapping[tuple[UUID, int], Any], order_id: UUID) -> dict[int, Any]:
    return {place: one for (owner, place), one in found.items() if owner == order_id}


def rules_of(product: Product) -> Rules:
    """The least quantity, the step and the decimals of a product, in base units."""
    decimals = UNITS[product.base_uom].decimals if product.base_uom in UNITS else QUANTITY_DIGITS
    return product.minimum_qty or None, product.multiple_qty or None, decimals


def read_words(tx: Tx, works: Mapping[UUID, OrderWork], asked: Asked) -> Words:
    """Look everything up that the actions of these orders name: a few statements, whatever their number."""
    words = Words(products_by_id(tx, {one.line.product_id for work in works.values() for one in work.lines}))
    every = [
        (works[order_id], place, action) for order_id, actions in asked.items() for place, action in enumerate(actions)
    ]
    words.pricing = change_pricings(tx, {work.account.id for work in works.values()})
    _read_items(tx, words, every)
    _read_places(tx, words, every)
    _read_sites(tx, words, every)
    _read_pos(tx, words, every)
    _read_prices(tx, words, works, every)
    return words


Every = Sequence[tuple[OrderWork, int, Action | Restoring]]


def _read_items(tx: Tx, words: Words, every: Every) -> None:
    drafts: dict[tuple[UUID, int], tuple[UUID, DraftLine]] = {}
    for work, place, action in every:
        if isinstance(action, AddLine | SwapItem):
            qty = action.qty if action.qty is not None and action.qty > 0 else Decimal(1)
            text = action.description if isinstance(action, AddLine) else None
            draft = DraftLine(place + 1, action.item, qty, action.uom, None, text, 1, action.ids)
            drafts[work.id, place] = (work.account.id, draft)
    if not drafts:
        return
    found: Meanings = meanings(tx, list(drafts.values()))
    words.products |= products_by_id(tx, {one.product_id for several in found.values() for one in several})
    near: dict[Wanted, list[str]] = candidates(tx, found)
    for (order_id, place), (account_id, draft) in drafts.items():
        where, products = f"/actions/{place}", meant(account_id, draft, found)
        if len(products) == 1:
            product_id, unit = next(iter(products.items()))
            line = read_line(draft, words.products[product_id], unit=unit, where=where)
            words.items[order_id, place] = line if isinstance(line, Problem) else line.line
        elif products:
            words.items[order_id, place] = ambiguous(draft, [words.products[one] for one in products], where=where)
        else:
            words.items[order_id, place] = unknown(draft, near.get((account_id, draft.item), ()), where=where)


def _read_places(tx: Tx, words: Words, every: Every) -> None:
    moving = [(work, place, action) for work, place, action in every if isinstance(action, MovePlace)]
    if not moving:
        return
    known = ship_tos(tx, {work.account.id for work, _, _ in moving})
    for work, place, action in moving:
        by_code = {one.code: one for one in known.get(work.account.id, [])}
        chosen = by_code.get(action.ship_to)
        words.places[work.id, place] = (
            _no_ship_to(work, action.ship_to, list(by_code), f"/actions/{place}/ship_to")
            if chosen is None
            else _place(chosen)
        )


def _no_ship_to(work: OrderWork, code: str, codes: list[str], where: str) -> Problem:
    near = get_close_matches(code, codes, 3)
    message = f"{work.account.code} has no ship-to {code}."
    return Problem("accounts.unknown_ship_to", message, where, 422, {"did_you_mean": near} if near else {})


def _place(found: ShipTo) -> Place:
    return Place(
        found.name, found.country, found.region, found.street, found.city, found.postal_code, found.id, found.code
    )


def _read_sites(tx: Tx, words: Words, every: Every) -> None:
    pins = [(work, place, action) for work, place, action in every if isinstance(action, PinSite)]
    named = {action.site for _, _, action in pins if action.site is not None}
    if not named:
        return
    known, lanes = site_ids(tx, named), site_lanes(tx)
    for work, place, action in pins:
        if action.site is None:
            continue
        site_id, where = known.get(action.site), f"/actions/{place}/site"
        one = next((one for one in work.lines if one.line.line_no == action.line_no), None)
        there = None if one is None else work.group(one.line.group_no).ship_to
        reaches = there is not None and any(
            lane.site_id == site_id for lane in lanes_to(lanes, there.country, there.region)
        )
        if site_id is None:
            words.sites[work.id, place] = SITE.at(where)
        elif one is not None and not reaches:
            words.sites[work.id, place] = Problem(
                "fulfilment.no_lane", f"{action.site} does not ship there.", where, 409
            )
        else:
            words.sites[work.id, place] = site_id


def _read_pos(tx: Tx, words: Words, every: Every) -> None:
    named = [
        (work, place, action.buyer_po) for work, place, action in every if isinstance(action, CorrectPo | RestorePo)
    ]
    keys = [(work.account.id, normal_po(po), work.header.release_no, work.header.duplicate_no) for work, _, po in named]
    taken = same_purchase_orders(tx, keys) if keys else {}
    for index, (work, place, po) in enumerate(named):
        other = taken.get(index)
        if po is not None and normal_po(po) is None:
            words.pos[work.id, place] = errors.bad_po(f"/actions/{place}/buyer_po")
        elif other is not None and other[0] != work.id:
            words.pos[work.id, place] = errors.duplicate_po(other[1], po or "").at(f"/actions/{place}/buyer_po")


def _read_prices(tx: Tx, words: Words, works: Mapping[UUID, OrderWork], every: Every) -> None:
    """Today's price of what grows; and of what shrinks, where the account is priced as a whole."""
    wanted: list[change_price.Wanted] = []
    for work, place, action in every:
        if not isinstance(action, SetQuantity) or action.qty <= 0:
            continue
        one = next((one for one in work.lines if one.line.line_no == action.line_no), None)
        pricing = words.pricing.get(work.account.id, "added")
        stated = work.header.price_policy == "document"
        if one is None or pricing == "frozen" or (stated and action.price is None):
            continue
        line, alive = one.line, one.quantities.ordered - one.quantities.cancelled
        units = to_base(action.qty, (line.factor_num, line.factor_den), decimals=QUANTITY_DIGITS)
        if isinstance(units, Problem) or units == alive or (units < alive and pricing != "whole"):
            continue
        wanted.append(change_price.Wanted(work.id, place, line, units, action.price if stated else None))
        words.priced_for[work.id, place] = units
    words.prices.update(change_price.prices_today(tx, works, wanted, words.products))
