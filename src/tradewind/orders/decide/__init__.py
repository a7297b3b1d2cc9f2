"""Pure decisions about orders: moving units between buckets, the status, holds, cancelling, content hash, business keys."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

from tradewind.kernel.money import line_gross, percent_of, round_places, settle, spread
from tradewind.kernel.value import value
from tradewind.orders.model import ZERO, Charge, Group, Hold, Line, LinePrice, Quantities, Status, Transition

_PARTS = re.compile(r"[^\W_]+")


class NotSoMany(Exception):  # noqa: N818
    """More units were to be moved than the bucket holds: a bug above, never bad input."""


def move(quantities: Quantities, qty: Decimal, *, source: str, target: str) -> Quantities:
    """Units from one bucket to another; whatever leaves `open` leaves the backorder first where it must."""
    have: Decimal = getattr(quantities, source)
    if qty < 0 or qty > have:
        raise NotSoMany(f"{qty} of {have} {source}")
    changed = {name: getattr(quantities, name) for name in Quantities.__slots__}
    changed[source] = have - qty
    changed[target] = changed[target] + qty
    if source == "open":
        changed["backordered"] = min(quantities.backordered, changed["open"])
    return Quantities(**changed)


def take_stock(quantities: Quantities, qty: Decimal, *, firm: bool, backorder: bool) -> Quantities:
    """Give open units stock: allocated when firm, softly reserved otherwise; what stays open waits for goods if wanted."""
    still_open = quantities.open - qty
    if qty < 0 or still_open < 0:
        raise NotSoMany(f"{qty} of {quantities.open} open")
    return Quantities(
        ordered=quantities.ordered,
        open=still_open,
        reserved=quantities.reserved + (ZERO if firm else qty),
        allocated=quantities.allocated + (qty if firm else ZERO),
        released=quantities.released,
        shipped=quantities.shipped,
        cancelled=quantities.cancelled,
        backordered=still_open if backorder else ZERO,
        over_shipped=quantities.over_shipped,
    )


def over_ship(quantities: Quantities, extra: Decimal) -> Quantities:
    """Units shipped beyond what was ordered, within the tolerance that was checked before."""
    changed = {name: getattr(quantities, name) for name in Quantities.__slots__}
    changed["over_shipped"] = quantities.over_shipped + extra
    changed["shipped"] = quantities.shipped + extra
    return Quantities(**changed)


def status_of(lines: Iterable[Quantities], holds: Iterable[Hold], *, confirmed: bool, closed: bool = False) -> Status:
    """How far an order has got (L4): a function of its lines and holds and nothing else."""
    ordered = open_ = soft = allocated = released = shipped = cancelled = ZERO
    for line in lines:
        ordered += line.ordered + line.over_shipped
        open_ += line.open
        soft += line.reserved
        allocated += line.allocated
        released += line.released
        shipped += line.shipped
        cancelled += line.cancelled
    return _status(
        (ordered, open_, soft, allocated, released, shipped, cancelled),
        held=any(hold.released_at is None and hold.blocks("confirm") for hold in holds),
        confirmed=confirmed,
        closed=closed,
    )


def _status(sums: Sequence[Decimal], *, held: bool, confirmed: bool, closed: bool) -> Status:
    ordered, open_, soft, allocated, released, shipped, cancelled = sums
    if closed:
        return "closed"
    if ordered > 0 and cancelled == ordered:
        return "cancelled"
    if ordered > 0 and shipped > 0 and shipped + cancelled == ordered:
        return "shipped"
    if held and released == 0 and shipped == 0:
        return "held"
    if shipped > 0:
        return "part_shipped"
    if released > 0:
        return "released"
    if not confirmed:
        return "waiting"
    return "backordered" if open_ > 0 and allocated + soft < ordered - cancelled else "confirmed"


def blockers(
    holds: Iterable[Hold], transition: Transition, *, group_no: int | None = None, line_no: int | None = None
) -> list[Hold]:
    """The open holds that stop a transition."""
    return [hold for hold in holds if hold.blocks(transition, group_no=group_no, line_no=line_no)]


def normal_po(buyer_po: str | None) -> str | None:
    """A purchase order number as it is compared: compatible forms and cases are one, spaces and signs are kept apart only
    between two digits or two letters ("1-23" is not "12-3"), leading zeros of the whole do not count."""
    if buyer_po is None:
        return None
    parts = _PARTS.findall(unicodedata.normalize("NFKC", buyer_po).casefold().upper())
    text = ""
    for part in parts:
        # "PO 17" and "PO17" are one number; "1-23" and "123" are two
        apart = bool(text) and text[-1].isdigit() == part[0].isdigit()
        text += f"-{part}" if apart else part
    return text.lstrip("0-") or None


def content_hash(
    account_id: UUID, currency: str, *, lines: Sequence[Line], groups: Sequence[Group], charges: Sequence[Charge]
) -> bytes:
    """What an order says, as 32 bytes: items, quantities, places, dates and charges; not when or how it arrived.

    A line that was added and taken back, and a group without a line, say nothing.
    """
    digest = hashlib.sha256(f"1|{account_id}|{currency}".encode())
    used = {line.group_no for line in lines if line.qty}
    for line in lines:
        if line.qty:
            digest.update(
                f"|L{line.line_no}:{line.product_id}:{line.qty.normalize()}:{line.uom}:{line.group_no}".encode()
            )
    for group in groups:
        if lines and group.group_no not in used:
            continue
        place = group.ship_to
        digest.update(
            f"|G{group.group_no}:{place.address_id}:{place.country}:{place.region}:{group.requested_at}".encode()
        )
        if group.not_before is not None or group.arrive_by is not None or group.ship_method:
            digest.update(f":{group.not_before}:{group.arrive_by}:{group.ship_method}".encode())
    for charge in charges:
        of_group = "" if charge.group_no is None else f":{charge.group_no}"
        digest.update(f"|C{charge.code}:{charge.amount.normalize()}{of_group}".encode())
    return digest.digest()


def approval_hash(
    content: bytes, *, prices: Iterable[Decimal], terms: str, cut: Iterable[tuple[int, Decimal]] = ()
) -> bytes:
    """What an approval binds to (A1): the order's content with its prices and terms, and what of it does not live any more:
    `cut` are the cancelled base units by line, in the order of the lines. Where nothing was cancelled it says nothing."""
    said = "|".join([terms, *(format(price.normalize(), "f") for price in prices)])
    gone = "".join([f"|X{line_no}:{units.normalize():f}" for line_no, units in cut if units])
    return hashlib.sha256(content + said.encode() + gone.encode()).digest()


@value(frozen=True, slots=True)
class Cut:
    """What a wish to cancel units of a line comes to, in base units.

    `now` can be cancelled at once, `asked` is with a warehouse and must be asked back, `refused` was shipped.
    """

    now: Decimal = ZERO
    asked: Decimal = ZERO
    refused: Decimal = ZERO


def plan_cut(quantities: Quantities, qty: Decimal | None, *, asked_before: Decimal = ZERO) -> Cut:
    """Where the units of a cancel come from; `qty` None is everything that is not cancelled yet."""
    free = quantities.open + quantities.reserved + quantities.allocated
    wanted = quantities.ordered - quantities.cancelled - asked_before if qty is None else qty
    now = min(wanted, free)
    asked = min(wanted - now, max(quantities.released - asked_before, ZERO))
    return Cut(now, asked, max(wanted - now - asked, ZERO))


def price_of_rest(price: LinePrice, *, before: Decimal, after: Decimal, qty: Decimal, digits: int) -> LinePrice:
    """A line's price when only `after` of `before` units count any more: the unit price stays (PR6), the allowance shrinks
    with the units. `qty` is what is left in the price's unit."""
    if before == after or not price.uom:
        return price
    plain_net = round_places(line_gross(qty, price.unit_price, price.basis), digits)
    allowance = round_places(settle(price.allowance * after / before), digits)
    return replace(price, qty=qty, net=plain_net - allowance, allowance=allowance)


def taxes_of_rest(parts: Sequence[tuple[str, Decimal, Decimal]], *, rounding: str, digits: int) -> list[Decimal]:
    """The tax of each (category, rate, net) at the rates it was taxed with, by the order's rounding rule."""
    taxes = [round_places(percent_of(net, rate), digits) for _, rate, net in parts]
    if rounding == "per_line":
        return taxes
    members: dict[tuple[str, Decimal], list[int]] = {}
    for index, (category, rate, _) in enumerate(parts):
        members.setdefault((category, rate), []).append(index)
    for (_, rate), places in members.items():
        nets = [parts[place][2] for place in places]
        whole = round_places(percent_of(sum(nets, ZERO), rate), digits)
        if all(net >= 0 for net in nets) or all(net <= 0 for net in nets):
            shares = spread(whole, [abs(net) for net in nets], digits)
        else:
            shares = [taxes[place] for place in places]
            shares[0] += whole - sum(shares, ZERO)
        for place, share in zip(places, shares, strict=True):
            taxes[place] = share
    return taxes


def tax_groups(parts: Sequence[tuple[str, Decimal, Decimal]], taxes: Sequence[Decimal]) -> tuple[dict[str, str], ...]:
    """The tax breakdown of (category, rate, net) parts with their taxes, in order of appearance."""
    sums: dict[tuple[str, Decimal], tuple[Decimal, Decimal]] = {}
    for (category, rate, net), tax in zip(parts, taxes, strict=True):
        base, known = sums.get((category, rate), (ZERO, ZERO))
        sums[category, rate] = (base + net, known + tax)
    return tuple(
        {"category": category, "rate": str(rate), "base": str(base), "tax": str(tax)}
        for (category, rate), (base, tax) in sums.items()
    )
