"""Products as values."""

from datetime import datetime
from decimal import Decimal
from typing import Literal, NamedTuple, Protocol
from uuid import UUID

from tradewind.kernel.value import value

Factor = tuple[int, int]


@value(frozen=True, slots=True)
class Product:
    """A thing we sell. `units` gives base units in one unit as (numerator, denominator), the base unit included."""

    id: UUID
    sku: str
    name: str
    base_uom: str
    order_uom: str
    status: str
    stocked: bool
    tax_class: str
    minimum_qty: Decimal
    multiple_qty: Decimal
    superseded_by: UUID | None
    units: dict[str, Factor]


# The row behind an order line of which nobody knows yet what it is: no stock, no price, never sold. It is made when first
# needed; the line says in the buyer's words what was ordered, and a data hold stops it until a person chooses the product.
UNIDENTIFIED = UUID("00000000-0000-7000-8000-000000000001")
UNIDENTIFIED_PRODUCT = Product(
    id=UNIDENTIFIED,
    sku="(unidentified)",
    name="Not identified yet",
    base_uom="EA",
    order_uom="EA",
    status="blocked",
    stocked=False,
    tax_class="standard",
    minimum_qty=Decimal(0),
    multiple_qty=Decimal(0),
    superseded_by=None,
    units={"EA": (1, 1)},
)


class Meaning(NamedTuple):
    """What a number may mean: a product, whose number it is, and the unit it stands for where it is a unit's own."""

    product_id: UUID
    kind: str
    uom: str | None


@value(frozen=True, slots=True)
class AssortmentRow:
    """What a scope (`account:<id>`, `segment:<name>`, …, `all`) may or may not buy: a product, a category, or everything."""

    scope_key: str
    effect: Literal["include", "exclude"]
    target: Literal["product", "category", "everything"]
    valid_from: datetime
    valid_to: datetime | None = None
    reason: str | None = None


class Entitlement(NamedTuple):
    """Whether an account may buy a product, why, and the row that decided, if one did."""

    allowed: bool
    reason: str
    row: AssortmentRow | None = None


@value(frozen=True, slots=True)
class Restriction:
    """What selling goods of a code to a country (empty: any) needs: the licence that lifts it; no licence means never."""

    code: str
    country: str
    name: str
    effect: Literal["allow", "hold", "refuse"]
    licence: str | None = None


class LicenceLike(Protocol):
    """A licence of an account: its code, where (empty: anywhere) and from when until when (exclusive) it holds."""

    @property
    def code(self) -> str: ...
    @property
    def number(self) -> str: ...
    @property
    def country(self) -> str: ...
    @property
    def valid_from(self) -> datetime: ...
    @property
    def valid_to(self) -> datetime | None: ...


class Barred(NamedTuple):
    """A restriction that nothing lifts: the licence that would, and the one there was, with the instant it ended or begins."""

    restriction: Restriction
    country: str
    licence: str | None = None
    number: str | None = None
    ended: datetime | None = None
    begins: datetime | None = None


@value(frozen=True, slots=True)
class SubstituteLink:
    """`factor` base units of the substitute stand for one base unit of the product; lower rank first."""

    product_id: UUID
    substitute_id: UUID
    rank: int
    factor: Factor
    valid_from: datetime | None = None
    valid_to: datetime | None = None


@value(frozen=True, slots=True)
class Substitution:
    """A substitute that can be had: in base units and in the unit the line then counts in, exactly what was ordered."""

    product: Product
    factor: Factor
    base_qty: Decimal
    qty: Decimal
    uom: str
    uom_factor: Factor
    chain: tuple[UUID, ...]


@value(frozen=True, slots=True)
class SubstitutionPolicy:
    """Whether a substitute is sent without asking, offered or never, and whether it costs its own price or the original's."""

    consent: Literal["automatic", "ask", "never"] = "ask"
    price: Literal["own", "original"] = "own"
