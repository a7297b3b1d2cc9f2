"""Blanket orders: agree them, change what was agreed, end them, call goods off; and tell who should know that one is nearly used or
nearly over. What lines of ordinary orders take is decided by `streams.call_offs`.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from tradewind.accounts.model import Account
from tradewind.accounts.queries import accounts_by_id, ship_tos
from tradewind.blankets import commands, errors
from tradewind.blankets.decide import missing, terms_problems, with_tolerance
from tradewind.blankets.model import (
    Blanket,
    BlanketLine,
    Consumption,
    Decision,
    Overflow,
    PriceStep,
)
from tradewind.blankets.queries import (
    LOCK_BLANKET_LINES,
    blanket_by_name,
    blankets_named,
    line_of,
    lines_of_blankets,
    next_blanket_number,
)
from tradewind.catalog.queries import product_ids, products_by_id
from tradewind.desk.place import Placed, place
from tradewind.desk.resolve import Submission, factor_of
from tradewind.kernel.locks import lock_set
from tradewind.kernel.money import round_money
from tradewind.kernel.problem import Problem, Refused
from tradewind.kernel.quantity import QUANTITY_DIGITS, to_base
from tradewind.kernel.tx import Event, Tx
from tradewind.kernel.value import value
from tradewind.semantics.model import DraftCharge, OrderDraft

MONEY_DIGITS = 3
SWEEP = 200  # blanket orders and lines that one sweep looks at


@value(frozen=True, slots=True)
class LineTerms:
    """Goods as they are agreed: quantities in `uom`. A commitment that is None is no cap (mode open); 0 is a cap of 0."""

    item: str
    prices: tuple[PriceStep, ...]
    committed_qty: Decimal | None
    committed_value: Decimal | None
    uom: str | None = None
    price_basis: Decimal = Decimal(1)
    min_release: Decimal | None = None
    max_release: Decimal | None = None


@value(frozen=True, slots=True)
class Terms:
    """A blanket order as it is agreed."""

    account_id: UUID
    name: str
    valid_from: datetime
    valid_to: datetime
    lines: tuple[LineTerms, ...]
    buyer_po: str | None = None
    consumption: Consumption = "named"
    overflow: Overflow = "hold"
    ship_tos: tuple[str, ...] = ()
    tolerance_percent: Decimal = Decimal(0)
    priority_at: datetime | None = None
    note: str | None = None


@value(frozen=True, slots=True)
class LineChange:
    """Another commitment of a line, in its unit: what is not named stays as it is. `price` holds from `price_from` on."""

    line_no: int
    committed_qty: Decimal | None = None
    committed_value: Decimal | None = None
    price: PriceStep | None = None


@value(frozen=True, slots=True)
class Change:
    """Other terms of a blanket order; None stays as it is."""

    reason: str
    valid_to: datetime | None = None
    consumption: Consumption | None = None
    overflow: Overflow | None = None
    ship_tos: tuple[str, ...] | None = None
    note: str | None = None
    lines: tuple[LineChange, ...] = ()
    expected_version: int | None = None


def create_blanket(tx: Tx, terms: Terms) -> tuple[Blanket, list[BlanketLine]]:
    """Agree a blanket order. Raises `Refused` with everything that is wrong with it."""
    account = accounts_by_id(tx, [terms.account_id])[terms.account_id]
    problems = terms_problems(
        valid_from=terms.valid_from, valid_to=terms.valid_to, prices=[line.prices for line in terms.lines]
    )
    problems += _place_problems(tx, account, terms.ship_tos)
    if terms.buyer_po and blankets_named(tx, [(account.id, terms.buyer_po)]):
        problems.append(errors.number_taken(terms.buyer_po, "/buyer_po"))
    blanket = Blanket(
        id=tx.ids.new(),
        number=next_blanket_number(tx),
        account_id=account.id,
        buyer_po=terms.buyer_po,
        name=terms.name,
        currency=account.currency,
        status="open",
        valid_from=terms.valid_from,
        valid_to=terms.valid_to,
        priority_at=terms.priority_at or tx.now,
        consumption=terms.consumption,
        overflow=terms.overflow,
        ship_tos=terms.ship_tos,
        tolerance_percent=terms.tolerance_percent,
        note=terms.note,
        version=1,
        created_at=tx.now,
    )
    lines = _lines(tx, blanket, terms.lines, problems)
    if problems:
        raise Refused(problems)
    commands.insert_blanket(tx, blanket, lines)
    _say(tx, "blanket.agreed", blanket, {"valid_to": blanket.valid_to.isoformat(), "lines": len(lines)})
    return blanket, lines


def _place_problems(tx: Tx, account: Account, places: Sequence[str]) -> list[Problem]:
    if not places:
        return []
    known = {place.code for place in ship_tos(tx, [account.id]).get(account.id, ())}
    return [
        Problem("accounts.unknown_ship_to", f"{account.code} has no ship-to {code}.", f"/ship_tos/{place}")
        for place, code in enumerate(places)
        if code not in known
    ]


def _lines(tx: Tx, blanket: Blanket, wanted: Sequence[LineTerms], problems: list[Problem]) -> list[BlanketLine]:
    known = product_ids(tx, [line.item for line in wanted])
    products = products_by_id(tx, known.values())
    lines: list[BlanketLine] = []
    for index, terms in enumerate(wanted):
        where = f"/lines/{index}"
        product = products.get(known[terms.item]) if terms.item in known else None
        if product is None:
            problems.append(Problem("catalog.unknown_item", f"There is no item {terms.item}.", f"{where}/item", 404))
            continue
        uom = terms.uom or product.order_uom
        factor = factor_of(product, uom)
        if factor is None:
            problems.append(Problem("catalog.unknown_unit", f"{product.sku} does not come in {uom}.", f"{where}/uom"))
            continue
        if any(line.product_id == product.id for line in lines):
            problems.append(errors.bad_terms(f"{product.sku} is there already.", f"{where}/item"))
            continue
        if (
            terms.committed_value is not None
            and round_money(terms.committed_value, blanket.currency) != terms.committed_value
        ):
            problems.append(
                errors.bad_terms(f"That is finer than {blanket.currency} is paid.", f"{where}/committed_value")
            )
            continue
        asked = (terms.committed_qty, terms.min_release, terms.max_release)
        units = [None if qty is None else to_base(qty, factor, decimals=QUANTITY_DIGITS, where=where) for qty in asked]
        wrong = [one for one in units if isinstance(one, Problem)]
        if wrong:
            problems += wrong
            continue
        committed, least, most = (one for one in units if not isinstance(one, Problem))
        if least is not None and most is not None and least > most:
            problems.append(errors.bad_terms("The least call-off is not above the most.", f"{where}/min_release"))
        lines.append(
            BlanketLine(
                tx.ids.new(), blanket.id, index + 1, blanket.account_id, product.id, uom, terms.prices, terms.price_basis,
                committed, with_tolerance(committed, blanket.tolerance_percent, digits=QUANTITY_DIGITS),
                terms.committed_value, with_tolerance(terms.committed_value, blanket.tolerance_percent, digits=MONEY_DIGITS),
                least, most,
            )
        )  # fmt: skip
    return lines


def change_blanket(tx: Tx, name: str, change: Change) -> tuple[Blanket, list[BlanketLine]]:
    """Change what was agreed; what was called off stays called off, at its price. Raises `Refused` with everything that is wrong."""
    blanket, lines = _open(tx, name)
    if change.expected_version is not None and change.expected_version != blanket.version:
        raise Refused([errors.changed_since(blanket.number, blanket.version, "/expected_version")])
    account, lines = accounts_by_id(tx, [blanket.account_id])[blanket.account_id], lock_lines(tx, lines)
    problems = _place_problems(tx, account, change.ship_tos or ())
    changed = replace(
        blanket,
        valid_to=change.valid_to or blanket.valid_to,
        consumption=change.consumption or blanket.consumption,
        overflow=change.overflow or blanket.overflow,
        ship_tos=blanket.ship_tos if change.ship_tos is None else change.ship_tos,
        note=change.note or blanket.note,
        version=blanket.version + 1,
    )
    if changed.valid_to <= changed.valid_from:
        problems.append(errors.bad_terms("A blanket order ends after it begins.", "/valid_to"))
    resized = _resized(tx, blanket, lines, change.lines, problems)
    if problems:
        raise Refused(problems)
    commands.change_blanket(tx, changed)
    commands.resize_lines(tx, list(resized.values()))
    payload = {
        "reason": change.reason,
        "version": changed.version,
        "valid_to": changed.valid_to.isoformat(),
        "lines": sorted(resized),
    }
    _say(tx, "blanket.changed", changed, payload)
    return changed, [resized.get(line.line_no, line) for line in lines]


def _resized(
    tx: Tx, blanket: Blanket, lines: Sequence[BlanketLine], wanted: Sequence[LineChange], problems: list[Problem]
) -> dict[int, BlanketLine]:
    by_number = {line.line_no: line for line in lines}
    products = products_by_id(tx, {line.product_id for line in lines})
    resized: dict[int, BlanketLine] = {}
    for index, change in enumerate(wanted):
        where, line = f"/lines/{index}", by_number.get(change.line_no)
        factor = None if line is None else factor_of(products[line.product_id], line.uom)
        if line is None or factor is None or change.line_no in resized:
            problems.append(
                errors.bad_terms(f"There is no line {change.line_no}, or it is named twice.", f"{where}/line_no")
            )
            continue
        committed, money = line.committed_qty, line.committed_value
        if change.committed_qty is not None:
            units = to_base(change.committed_qty, factor, decimals=QUANTITY_DIGITS, where=f"{where}/committed_qty")
            if isinstance(units, Problem):
                problems.append(units)
                continue
            committed = units
        money = money if change.committed_value is None else change.committed_value
        limit = with_tolerance(committed, blanket.tolerance_percent, digits=QUANTITY_DIGITS)
        value_limit = with_tolerance(money, blanket.tolerance_percent, digits=MONEY_DIGITS)
        if limit is not None and limit < line.called_off:
            problems.append(errors.below_called_off(line.line_no, line.called_off, f"{where}/committed_qty"))
        if value_limit is not None and value_limit < line.called_value:
            problems.append(errors.below_called_off(line.line_no, line.called_value, f"{where}/committed_value"))
        prices = line.prices if change.price is None else _with_price(line, change.price, tx.now, problems, where)
        resized[line.line_no] = replace(
            line,
            committed_qty=committed,
            qty_limit=limit,
            committed_value=money,
            value_limit=value_limit,
            prices=prices,
        )
    return resized


def _with_price(
    line: BlanketLine, step: PriceStep, now: datetime, problems: list[Problem], where: str
) -> tuple[PriceStep, ...]:
    """Prices that may have been used are never edited: another one begins from now on."""
    if step.since < now:
        problems.append(errors.bad_terms("A new price begins from now on.", f"{where}/price_from"))
    return (*(one for one in line.prices if one.since != step.since), step)


def close_blanket(tx: Tx, name: str, *, decision: Decision, reason: str) -> tuple[Blanket, list[BlanketLine]]:
    """End a blanket order: what was not called off is dropped, or billed as a shortfall once its time is over. Call-offs that are
    under way go on as orders. Raises `Refused`."""
    blanket, lines = _open(tx, name)
    order_id: UUID | None = None
    if decision == "shortfall":
        if tx.now < blanket.valid_to:
            raise Refused([errors.not_over(blanket.number)])
        order_id = _bill_missing(tx, blanket, lines, reason)
    commands.close_blanket(tx, blanket.id, decision=decision, reason=reason, order_id=order_id)
    closed = replace(
        blanket, status="closed", decision=decision, reason=reason, closed_at=tx.now, shortfall_order_id=order_id,
        version=blanket.version + 1,
    )  # fmt: skip
    _say(tx, "blanket.closed", closed, {"decision": decision, "reason": reason, "order": order_id and str(order_id)})
    return closed, lines


def _bill_missing(tx: Tx, blanket: Blanket, lines: Sequence[BlanketLine], reason: str) -> UUID:
    products = products_by_id(tx, {line.product_id for line in lines})
    charges: list[DraftCharge] = []
    for line in lines:
        product = products[line.product_id]
        factor = factor_of(product, line.uom) or (1, 1)
        amount = missing(blanket, line, at=blanket.valid_to, factor=factor)
        if amount:
            text = f"Shortfall of {product.sku}, blanket order {blanket.number}"
            charges.append(DraftCharge("SHORTFALL", amount, text, product.tax_class))
    if not charges:
        raise Refused([errors.nothing_missing(blanket.number)])
    account = accounts_by_id(tx, [blanket.account_id])[blanket.account_id]
    draft = OrderDraft(
        account.code,
        (),
        charges=tuple(charges),
        buyer_po=blanket.number,
        release_no="shortfall",
        channel="blanket",
        note=reason,
    )
    (placed,) = place(tx, [Submission(draft, tx.actor)])
    if placed.order_id is None:
        raise Refused(placed.problems)
    return placed.order_id


def _open(tx: Tx, name: str) -> tuple[Blanket, list[BlanketLine]]:
    """The terms, locked with their lines; a blanket order that is closed is left as it is."""
    found = blanket_by_name(tx, name)
    if found is None:
        raise Refused([errors.unknown(name)])
    commands.lock_blanket(tx, found.id)
    blanket = blanket_by_name(tx, name)
    if blanket is None or blanket.status != "open":
        raise Refused([errors.closed(found.number)])
    # no lock of the lines here: closing with a shortfall places an order, which locks what comes before them
    return blanket, lines_of_blankets(tx, [blanket.id]).get(blanket.id, [])


def call_off(tx: Tx, submission: Submission, *, lock_all_sites: bool = False) -> Placed:
    """Place a call-off, whole or not at all: raises `Refused` where it asks for more than is left, and for every other reason."""
    (placed,) = place(tx, [submission], lock_all_sites=lock_all_sites)
    if placed.problems:
        raise Refused(placed.problems)
    work = placed.work
    if work is None:
        return placed
    for told in work.decisions.get("call_offs", ()):
        asked, units = Decimal(told["asked"]), Decimal(told["called_off"])
        if units < asked:
            where = f"/lines/{told['line'] - 1}/qty"
            raise Refused(
                [errors.ceiling_passed(told["blanket"], told["blanket_line"], asked=asked, left=units, where=where)]
            )
    return placed


def _say(tx: Tx, kind: str, blanket: Blanket, payload: dict[str, Any]) -> None:
    account = ("account", blanket.account_id, "sold_to")
    tx.emit(Event(kind, "blanket", blanket.id, {"number": blanket.number, **payload}, blanket.account_id, (account,)))


def lock_lines(tx: Tx, lines: Sequence[BlanketLine]) -> list[BlanketLine]:
    """The lines as they are now; nobody calls off of them meanwhile."""
    locked = lock_set(tx, [(LOCK_BLANKET_LINES, [line.id for line in lines])])["agreement"]
    return sorted((line_of(row) for row in locked), key=lambda line: line.line_no)
