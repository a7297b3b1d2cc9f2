"""What may be asked of a placed order, as values. Quantities count the line's own unit; lines and groups go by their number."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from tradewind.kernel.value import value


@value(frozen=True, slots=True)
class SetQuantity:
    """The line shall count `qty` in all: more, or less. `price` is the unit price the buyer states for it, if one is stated."""

    line_no: int
    qty: Decimal
    price: Decimal | None = None


@value(frozen=True, slots=True)
class CancelLine:
    """Units of a line are not wanted any more; without a quantity, all that was not shipped."""

    line_no: int
    qty: Decimal | None = None


@value(frozen=True, slots=True)
class CancelOrder:
    """Nothing of the order that was not shipped is wanted any more."""


@value(frozen=True, slots=True)
class SwapItem:
    """Another item instead of what is left of a line; without a quantity as many of it as are left, in its own unit."""

    line_no: int
    item: str
    qty: Decimal | None = None
    uom: str | None = None
    ids: tuple[tuple[str, str], ...] = ()


@value(frozen=True, slots=True)
class AddLine:
    """One more item. Without a group the first one's place and date."""

    item: str
    qty: Decimal
    uom: str | None = None
    group_no: int | None = None
    price: Decimal | None = None
    description: str | None = None
    ids: tuple[tuple[str, str], ...] = ()


@value(frozen=True, slots=True)
class MoveDate:
    """Another requested date: of a line, of a delivery group, or of the whole order. None is as soon as possible."""

    requested_at: datetime | None
    line_no: int | None = None
    group_no: int | None = None


@value(frozen=True, slots=True)
class MovePlace:
    """Another ship-to of the account, by its code: for a line, a delivery group, or the whole order."""

    ship_to: str
    line_no: int | None = None
    group_no: int | None = None


@value(frozen=True, slots=True)
class PinSite:
    """The line shall come from this site and no other; None lets the house choose again."""

    line_no: int
    site: str | None


@value(frozen=True, slots=True)
class OverridePrice:
    """A person gives the line another unit price, and says why."""

    line_no: int
    unit_price: Decimal
    reason: str


@value(frozen=True, slots=True)
class RepriceLine:
    """The whole line shall be priced as of now."""

    line_no: int


@value(frozen=True, slots=True)
class CorrectPo:
    """The buyer's order number was wrong."""

    buyer_po: str


Action = (
    SetQuantity
    | CancelLine
    | CancelOrder
    | SwapItem
    | AddLine
    | MoveDate
    | MovePlace
    | PinSite
    | OverridePrice
    | RepriceLine
    | CorrectPo
)
VERBS: Mapping[str, type] = {
    "set_quantity": SetQuantity,
    "cancel_line": CancelLine,
    "cancel_order": CancelOrder,
    "swap_item": SwapItem,
    "add_line": AddLine,
    "move_date": MoveDate,
    "move_place": MovePlace,
    "pin_site": PinSite,
    "override_price": OverridePrice,
    "reprice_line": RepriceLine,
    "correct_po": CorrectPo,
}
"""How each kind of action is called in answers, rows and over HTTP."""
