"""The nouns of pricing: price rows, what is asked of them, and the priced line with its reasons.

All amounts and quantities are Decimal; unit prices have at most 6 places and are per `price_basis` units of `uom`.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Literal
from uuid import UUID

from tradewind.kernel.money import ZERO
from tradewind.kernel.problem import Problem
from tradewind.kernel.quantity import Factor
from tradewind.kernel.value import value


class Layer(StrEnum):
    """Where a price comes from, from the most to the least particular."""

    OFFER = "offer"
    AGREEMENT = "agreement"
    ACCOUNT = "account"
    PARENT = "parent"
    SEGMENT = "segment"
    CHANNEL = "channel"
    REGION = "region"
    BASE = "base"
    DOCUMENT = "document"


PRECEDENCE: dict[Layer, int] = {layer: (index + 1) * 100 for index, layer in enumerate(list(Layer)[:-1])}
"""The declared precedence a new list of a layer starts with; the lower number wins. Gaps are room to move one list."""

TierKind = Literal["volume", "graduated"]
TierMeasure = Literal["qty", "amount", "weight", "pallet"]
Strategy = Literal["first_match", "lowest", "merge_per_tier"]
Tier = tuple[Decimal, Decimal]
"""(from quantity, unit price)"""


@value(frozen=True, slots=True)
class PriceRow:
    """One product's price in one list and version.

    `tiers` ascend by quantity in the row's unit. `volume`: the tier reached prices all units. `graduated`: each band
    has its own price; a band begins with its `from` unit where the first tier is from 1 (pieces: 9 at the first price
    before "from 10"), and beyond its `from` where the first is from 0 (measures). A first tier from 1 or less covers
    every quantity; a first tier from more passes smaller quantities on to the next list.
    `uom_factor` is base units in one price unit. Valid from `valid_from` until just before `valid_to` (None: open) and
    an offer also only before `expires_at`. `discountable` is False for a net price that takes no account discount.
    `available` is what may still be bought at this price, in base units (an agreement's maximum); None: no bound.
    `row_id` is the stored row, carried through to the priced line.
    """

    list_id: UUID
    list_code: str
    layer: str
    precedence: int
    currency: str
    uom: str
    uom_factor: Factor
    price_basis: Decimal
    kind: TierKind
    tiers: tuple[Tier, ...]
    valid_from: datetime
    valid_to: datetime | None = None
    expires_at: datetime | None = None
    version: int = 1
    tier_by: TierMeasure = "qty"
    discountable: bool = True
    available: Decimal | None = None
    row_id: UUID | None = None

    @property
    def offer(self) -> bool:
        """Whether this is an offer: it beats by its layer, but only before its expiry."""
        return self.layer == Layer.OFFER


@value(frozen=True, slots=True)
class PriceRequest:
    """One line to be priced.

    `qty` counts `uom`, `qty_base` the same in base units; prices and tiers go by the latter. `tier_qty` (base units)
    replaces the line's own quantity in volume tiers: the sum over a product group. `measures` gives what rows need
    whose tiers go by something else: `amount` in the currency, `weight` in kilograms, `pallet` in pallets.
    """

    line_no: int
    product_id: UUID
    qty: Decimal
    uom: str
    qty_base: Decimal
    at: datetime
    currency: str
    tier_qty: Decimal | None = None
    measures: Mapping[str, Decimal] | None = None


@value(frozen=True, slots=True)
class Adjustment:
    """A discount or surcharge on a line, in the order given.

    `percent` is of the amount reached so far, `amount` is for the whole line, `per_unit` per unit of the price. A
    discount takes away, a surcharge adds; `value` is positive. `scope` "account" is not applied to net prices.
    """

    kind: Literal["discount", "surcharge"]
    unit: Literal["percent", "amount", "per_unit"]
    value: Decimal
    source: str
    reason: str = ""
    scope: Literal["account", "line"] = "account"


@value(frozen=True, slots=True)
class ExchangeRate:
    """One unit of `base` in `quote`, from whom and as of when (M7)."""

    base: str
    quote: str
    rate: Decimal
    source: str
    as_of: datetime


@value(frozen=True, slots=True)
class Part:
    """A stretch of a line's quantity at one unit price: a band, what a maximum left, or what an edit added."""

    qty: Decimal
    uom: str
    unit_price: Decimal
    price_basis: Decimal
    list_code: str


@value(frozen=True, slots=True)
class Step:
    """One step of a waterfall: the line's amount before and after, which row or source did it, and why.

    `kind`: `list` first, then layers, `discount`, `surcharge`, and `net` (the rounding) last. `unit_price` and `tier`
    are those of a price row, else None.
    """

    kind: str
    source: str
    version: int
    unit_price: Decimal | None
    tier: Decimal | None
    before: Decimal
    after: Decimal
    reason: str


@value(frozen=True, slots=True)
class Loser:
    """A price row that was looked at and did not win. `amount` is the line at its price, where it has one."""

    list_code: str
    layer: str
    version: int
    reason: str
    unit_price: Decimal | None = None
    amount: Decimal | None = None


@value(frozen=True, slots=True)
class PricedLine:
    """A price with its reasons.

    `unit_price` is the price before discounts, per `price_basis` units of `uom`; `gross` that price times quantity
    and `net` after adjustments, both rounded to the currency. `tier` is the `from` quantity reached. Where `parts` is
    not empty the line has several unit prices and `unit_price` is their average to 6 places: the parts say how `gross`
    comes about. `as_of` is the instant the price is of: the same rows at that instant give the same price (M3).
    """

    line_no: int
    currency: str
    qty: Decimal
    uom: str
    unit_price: Decimal
    price_basis: Decimal
    tier: Decimal | None
    gross: Decimal
    net: Decimal
    list_id: UUID | None
    list_code: str
    layer: str
    version: int
    as_of: datetime
    waterfall: tuple[Step, ...]
    losers: tuple[Loser, ...] = ()
    parts: tuple[Part, ...] = ()
    row_id: UUID | None = None

    @property
    def allowance(self) -> Decimal:
        """Discounts less surcharges, in whole minor units: `gross − allowance = net`."""
        return self.gross - self.net


@value(frozen=True, slots=True)
class LockedPrice:
    """What an accepted line was frozen at. `done` is the quantity shipped or invoiced, whose price never moves."""

    qty: Decimal
    uom: str
    unit_price: Decimal
    price_basis: Decimal
    tier: Decimal | None
    net: Decimal
    list_code: str
    currency: str
    done: Decimal = ZERO


@value(frozen=True, slots=True)
class Repriced:
    """An edited line: stretches of quantity with their unit prices, the new net, and the change in money."""

    parts: tuple[Part, ...]
    net: Decimal
    delta: Decimal
    reason: str


@value(frozen=True, slots=True)
class TaxRate:
    """What tax class `tax_class` bears in a jurisdiction (`DE`, or `US-CA` for a region) during a time.

    `category` is a code of UNCL5305: S standard (also reduced), Z zero rated, E exempt, AE reverse charge by law,
    G export, O outside the scope, K intra-community supply. `jurisdiction_of` writes a country and region as one.
    """

    jurisdiction: str
    tax_class: str
    category: str
    percent: Decimal
    valid_from: datetime
    valid_to: datetime | None = None
    reason: str = ""
    version: int = 1


@value(frozen=True, slots=True)
class ExemptionCertificate:
    """A buyer's exemption in one jurisdiction; `tax_classes` None means all of them."""

    number: str
    jurisdiction: str
    valid_from: datetime
    valid_to: datetime | None = None
    tax_classes: frozenset[str] | None = None


@value(frozen=True, slots=True)
class TaxSituation:
    """The facts tax hangs on, as the order has them (never the account's current address).

    Countries are ISO 3166-1 alpha-2; `ship_to_region` is the second part of ISO 3166-2 (`CA`, `NRW`). `ship_from` is
    where the goods start; `drop_shipped` says that they start at a supplier's, not at a site of the seller.
    `vat_id_verified`: None where the check could not be made (yet).
    """

    at: datetime
    seller_country: str
    ship_to_country: str
    ship_to_region: str = ""
    ship_from_country: str = ""
    buyer_vat_id: str = ""
    vat_id_verified: bool | None = None
    drop_shipped: bool = False

    @property
    def goods_from(self) -> str:
        """The country the goods leave, the seller's own unless said otherwise."""
        return self.ship_from_country or self.seller_country


@value(frozen=True, slots=True)
class TaxPolicy:
    """How tax is worked out, stored on the document.

    `rounding`: each line's tax rounded, or each group's (category and rate) with the lines' shares spread from it.
    `service_classes` are tax classes of services. `no_vat_id` says where tax falls inside the EU when the
    buyer has no valid VAT number: where the goods start, or where they go.
    """

    rounding: Literal["per_line", "per_tax_group"] = "per_tax_group"
    mode: Literal["half_up", "half_even"] = "half_up"
    service_classes: frozenset[str] = frozenset()
    no_vat_id: Literal["origin", "destination"] = "origin"


@value(frozen=True, slots=True)
class TaxedLine:
    """One line's tax. A line without a rate has category "" and rate None, and its finding in the result."""

    category: str
    rate: Decimal | None
    base: Decimal
    tax: Decimal
    jurisdiction: str
    reason: str


@value(frozen=True, slots=True)
class TaxGroup:
    """A tax subtotal, as EN 16931 prints it (BG-23): one for each category and rate."""

    category: str
    rate: Decimal
    base: Decimal
    tax: Decimal
    reason: str


@value(frozen=True, slots=True)
class TaxResult:
    """Tax of a document: per line in the order given, per group, in all, and what was noticed."""

    lines: tuple[TaxedLine, ...]
    groups: tuple[TaxGroup, ...]
    total: Decimal
    findings: tuple[Problem, ...]


@value(frozen=True, slots=True)
class LineAmount:
    """A line as totals see it."""

    line_no: int
    net: Decimal
    tax_class: str
    discountable: bool = True


@value(frozen=True, slots=True)
class Charge:
    """Freight, fee or deposit, taxed by its own class."""

    code: str
    amount: Decimal
    tax_class: str


@value(frozen=True, slots=True)
class HeaderDiscount:
    """A discount on the document: an amount, or per cent of the discountable lines."""

    code: str
    unit: Literal["amount", "percent"]
    value: Decimal


@value(frozen=True, slots=True)
class Totals:
    """M1: `total = lines + charges − discounts + tax`, to the last minor unit.

    `line_discounts` is each line's share of the header discounts, in the order of the lines; `tax.lines` holds the
    lines first, then the charges.
    """

    lines: Decimal
    charges: Decimal
    discounts: Decimal
    net: Decimal
    tax_total: Decimal
    total: Decimal
    line_discounts: tuple[Decimal, ...]
    discount_amounts: tuple[Decimal, ...]
    tax: TaxResult
