"""Order lines that take goods from blanket orders: what fits under the ceilings is called off at the agreed price, the rest is a
line of its own at the standard price, held where the blanket order says so. Decided on locked rows, line after line.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from math import gcd
from uuid import UUID

from tradewind.blankets.decide import bearable, price_at
from tradewind.blankets.model import BlanketLine, Calling
from tradewind.blankets.queries import accounts_with_blankets, callings_of, line_of
from tradewind.catalog.model import Product
from tradewind.kernel.locks import LockKind
from tradewind.kernel.money import line_gross, plain, round_money
from tradewind.kernel.problem import Problem
from tradewind.kernel.quantity import QUANTITY_DIGITS, UNITS, factor_between, to_base
from tradewind.kernel.tx import Reader, Row, Tx
from tradewind.orders.model import Hold, Line, Quantities
from tradewind.pricing.decide import document_price
from tradewind.pricing.model import PricedLine, PriceRequest
from tradewind.semantics.model import ZERO, AgreedPrice
from tradewind.streams.order_work import LineWork, OrderWork, OrderWorkset

OVER, REASON = "blankets.over_ceiling", "blanket"
Locks = tuple[LockKind, set[UUID]]


def read_called(reader: Reader, workset: OrderWorkset) -> set[UUID]:
    """What the orders at hand take of blanket orders; gives the lines of these, to be locked. Nothing is asked of accounts without
    any."""
    with_some = accounts_with_blankets(reader) if workset.orders else frozenset()
    if not with_some:
        return set()
    works = [work for work in workset.orders.values() if work.account.id in with_some]
    known = [work.id for work in works if not work.fresh and not work.called]
    if known:
        for order_id, callings in callings_of(reader, known).items():
            workset.orders[order_id].called = callings
    return {calling.line.id for work in works for calling in work.called.values()}


def see_called(workset: OrderWorkset, locked: Iterable[Row]) -> None:
    """Keep the locked rows of blanket orders on the shelves."""
    workset.shelves.blanket_lines = {row[0]: line_of(row) for row in locked}


def settle_calls(tx: Tx, workset: OrderWorkset, works: Sequence[OrderWork]) -> None:
    """Give new orders what is left of their blanket orders, in the order they came; what does not fit goes on without."""
    for work in works:
        if not work.fresh:
            _close_over(tx, work)
            continue
        for line_no, calling in list(work.called.items()):
            _settle(tx, workset, work, line_no, calling)


def _settle(tx: Tx, workset: OrderWorkset, work: OrderWork, line_no: int, calling: Calling) -> None:
    one, agreed = work.line(line_no), work.agreed[line_no]
    line = workset.shelves.blanket_lines.get(calling.line.id, calling.line)
    decimals = UNITS[one.line.uom].decimals if one.line.uom in UNITS else 0
    factor = (one.line.factor_num, one.line.factor_den)
    fits = bearable(
        line, one.line.qty, price=agreed.unit_price, basis=agreed.basis, factor=factor, currency=work.header.currency,
        decimals=decimals,
    )  # fmt: skip
    units = to_base(fits, factor, decimals=QUANTITY_DIGITS, where="")
    if isinstance(units, Problem) or not fits:
        fits = units = ZERO
    rest = one.quantities.ordered - units
    if not rest:
        beyond = None
    elif not units:
        beyond = line_no
        del work.called[line_no], work.agreed[line_no]
    else:
        beyond = _split(workset, work, one, fits, units)
    if units:
        net = round_money(line_gross(fits, agreed.unit_price, agreed.basis), work.header.currency)
        workset.shelves.blanket_lines[line.id] = replace(
            line, called_off=line.called_off + units, called_value=line.called_value + net
        )
        payload = {
            "number": work.header.number, "blanket": calling.number, "line": line_no, "blanket_line": line.line_no,
            "units": plain(units), "automatic": calling.automatic,
        }  # fmt: skip
        workset.say(work, "order.called_off", payload, objects=[("blanket", line.blanket_id, "called_off")])
    asked = units + rest
    told = {
        "line": line_no,
        "blanket": calling.number,
        "blanket_line": line.line_no,
        "asked": plain(asked),
        "called_off": plain(units),
    }
    work.decisions.setdefault("call_offs", []).append(told)
    if beyond is not None:
        _note_beyond(tx, work, beyond, calling, line, asked=asked, rest=rest)


def _split(workset: OrderWorkset, work: OrderWork, one: LineWork, fits: Decimal, units: Decimal) -> int:
    """Two lines of one: what fits, and what is beyond; gives the number of the latter. What was estimated for the one line is not
    asked any more."""
    number = max(each.line.line_no for each in work.lines) + 1
    rest = one.quantities.ordered - units
    beyond = LineWork(
        replace(one.line, line_no=number, qty=one.line.qty - fits),
        Quantities(ordered=rest, open=rest),
        stated_price=one.stated_price,
        stated_basis=one.stated_basis,
    )
    one.line = replace(one.line, qty=fits)
    one.move(Quantities(ordered=units, open=units))
    work.lines.append(beyond)
    workset.estimate, workset.seen = {}, None
    return number


def _note_beyond(
    tx: Tx, work: OrderWork, line_no: int, calling: Calling, line: BlanketLine, *, asked: Decimal, rest: Decimal
) -> None:
    if calling.overflow != "hold":
        return
    reason = f"{plain(rest)} of {plain(asked)} are more than blanket order {calling.number} has left; release them at the standard price, or cancel them"
    detail = {"blanket": calling.number, "blanket_line": line.line_no, "asked": plain(asked), "beyond": plain(rest)}
    work.open_hold(Hold(tx.ids.new(), "line", "price", OVER, reason, tx.now, line_no=line_no, detail=detail))


def _close_over(tx: Tx, work: OrderWork) -> None:
    """The hold of a line of which nothing is left has nothing to say."""
    for hold in [hold for hold in work.holds if hold.code == OVER and hold.released_at is None]:
        if hold.line_no is not None and not work.left_of(hold.line_no)[0]:
            work.close_hold(hold, "No longer the case.", tx.now)


def agreed_price(number: str, line: BlanketLine, own: Line, product: Product, at: datetime) -> AgreedPrice | None:
    """A blanket order's price at an instant, in the unit of the order line; exact. None where it has none yet."""
    price, of = price_at(line.prices, at), product.units.get(line.uom) or factor_between(line.uom, product.base_uom)
    if price is None or of is None:
        return None
    up, low = own.factor_num * of[1], own.factor_den * of[0]
    common = gcd(up, low)
    return AgreedPrice(price * (up // common), line.price_basis * (low // common), number, REASON)


def _called_anew(work: OrderWork, products: Mapping[UUID, Product]) -> dict[int, AgreedPrice]:
    """Call-offs that a change asks to be priced again: they cost what the blanket order says by then."""
    found: dict[int, AgreedPrice] = {}
    for line_no, calling in work.called.items():
        one = work.line(line_no)
        if line_no not in work.agreed and one.price.waterfall is None:
            product = products[one.line.product_id]
            agreed = agreed_price(calling.number, calling.line, one.line, product, work.priced_at(one))
            if agreed is not None:
                found[line_no] = agreed
    return found


def agreed_prices(
    work: OrderWork, products: Mapping[UUID, Product]
) -> dict[int, tuple[PricedLine | Problem, PriceRequest]]:
    """The lines of an order that cost what was agreed for them before, and are not priced yet; frozen prices stay as they are."""
    prices: dict[int, tuple[PricedLine | Problem, PriceRequest]] = {}
    for line_no, agreed in {**work.agreed, **_called_anew(work, products)}.items():
        one = work.line(line_no)
        left = one.quantities.ordered - one.quantities.cancelled
        if one.price.waterfall is not None or not left:
            continue
        line = one.line
        qty = line.qty if left == one.quantities.ordered else left * line.factor_den / line.factor_num
        request = PriceRequest(line_no, line.product_id, qty, line.uom, left, work.priced_at(one), work.header.currency)
        factor = (line.factor_num, line.factor_den)
        priced = document_price(
            request,
            agreed.unit_price,
            price_basis=agreed.basis,
            uom_factor=factor,
            source=agreed.source,
            reason=agreed.reason,
        )
        prices[line_no] = (priced, request)
    return prices
