"""A person says what a line is that nobody could identify (OC7): the line gets its product, its hold ends, the order goes on.

The buyer's words stay on the line and are echoed to them. Where the choice is to be remembered, the account calls the
product so from now on, at every door.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from uuid import UUID

from tradewind.catalog.commands import remember_numbers
from tradewind.catalog.model import UNIDENTIFIED, Product
from tradewind.catalog.queries import normal, product_ids, products_by_id
from tradewind.desk.items import with_unidentified
from tradewind.desk.resolve import factor_of
from tradewind.kernel.locks import lock_set
from tradewind.kernel.money import plain
from tradewind.kernel.problem import Problem
from tradewind.kernel.quantity import UNITS, to_base
from tradewind.kernel.tx import Tx
from tradewind.orchestration.commands.messages import Message
from tradewind.orchestration.commands.waking import LOCK_SUBJECTS, wake_waiting
from tradewind.orders import errors
from tradewind.orders.commands import identify_lines, insert_changes, rehash_orders
from tradewind.orders.decide import blockers, content_hash
from tradewind.orders.model import Line, OrderChange, Quantities
from tradewind.orders.queries import LOCK_ORDERS
from tradewind.streams.order_work import NO_PRICE, LineWork, OrderWork, OrderWorkset, read_orders
from tradewind.streams.unidentified import UNCLEAR

_OVER = ("closed", "cancelled")


@dataclass(frozen=True, slots=True)
class ItemChoice:
    """What a line is. Unit and quantity are the buyer's unless they are said; `remember`: for this account from now on."""

    order_id: UUID
    line_no: int
    sku: str
    uom: str | None = None
    qty: Decimal | None = None
    remember: bool = False


@dataclass(frozen=True, slots=True)
class ItemChosen:
    """The line as it is now, and where its order stands. `goes_on`: nothing that was known before is in its way any more."""

    order_id: UUID
    line: Line
    status: str
    goes_on: bool


def choose_items(tx: Tx, choices: Sequence[ItemChoice]) -> list[ItemChosen | Problem]:
    """Give lines their products. An order is checked, priced, and taken credit and stock for, when it goes on."""
    orders = {one.order_id for one in choices}
    locked = lock_set(tx, [(LOCK_SUBJECTS, orders), (LOCK_ORDERS, orders)])
    workset = read_orders(tx, [row[0] for row in locked["order"]])
    own = product_ids(tx, {one.sku for one in choices} | {normal(one.sku) for one in choices})
    products = products_by_id(tx, own.values())
    changed: list[tuple[OrderWork, LineWork]] = []
    steps: list[OrderChange] = []
    answers: list[ItemChosen | Problem] = []
    for place, choice in enumerate(choices):
        product = products.get(own.get(choice.sku) or own.get(normal(choice.sku)) or UNIDENTIFIED)
        found = _chosen(workset.orders.get(choice.order_id), choice, product, where=f"/{place}")
        if isinstance(found, Problem):
            answers.append(found)
            continue
        work, one = found
        changed.append(found)
        _settle(tx, workset, work, one)
        steps.append(_step(tx, work, one))
        answers.append(ItemChosen(work.id, one.line, work.compute_status(), not blockers(work.holds, "confirm")))
    _remember(tx, changed, choices)
    _write(tx, workset, changed)
    insert_changes(tx, steps)
    return answers


def _chosen(
    work: OrderWork | None, choice: ItemChoice, product: Product | None, *, where: str
) -> tuple[OrderWork, LineWork] | Problem:
    if work is None:
        return errors.unknown_order(where)
    if work.status in _OVER:
        return errors.order_over(work.header.number, work.status, where)
    one = next((one for one in work.lines if one.line.line_no == choice.line_no), None)
    if one is None:
        return errors.unknown_line(choice.line_no, f"{where}/line_no")
    if one.line.product_id != UNIDENTIFIED:
        return errors.already_identified(choice.line_no, one.line.sku, f"{where}/line_no")
    if product is None or product.id == UNIDENTIFIED:
        return Problem("catalog.unknown_item", f"There is no item {choice.sku}.", f"{where}/sku")
    problem = _identify(one, product, choice, where=where)
    return problem or (work, one)


def _identify(one: LineWork, product: Product, choice: ItemChoice, *, where: str) -> Problem | None:
    """The line in the product's units: what was ordered and what of it was cancelled meanwhile."""
    old = one.line
    uom = choice.uom or old.uom or product.order_uom
    factor = factor_of(product, uom)
    if factor is None:
        return Problem(
            "catalog.unknown_unit", f"{product.sku} does not come in {uom}.", f"{where}/uom", 422,
            {"product": product.sku, "units": sorted(product.units)},
        )  # fmt: skip
    decimals = UNITS[product.base_uom].decimals if product.base_uom in UNITS else 6
    qty = choice.qty or old.qty
    if choice.qty is not None and one.quantities.cancelled:
        return errors.not_so_many(product.sku, plain(choice.qty), f"{where}/qty")
    base = to_base(qty, factor, decimals=decimals, where=f"{where}/qty")
    cancelled = to_base(one.quantities.cancelled, factor, decimals=decimals, where=f"{where}/qty")
    if isinstance(base, Problem):
        return base
    if isinstance(cancelled, Problem):
        return cancelled
    one.line = replace(
        old, product_id=product.id, sku=product.sku, description=old.description or product.name, qty=qty, uom=uom,
        factor_num=factor[0], factor_den=factor[1], tax_class=product.tax_class, stocked=product.stocked,
    )  # fmt: skip
    one.price = NO_PRICE
    one.move(Quantities(ordered=base, open=base - cancelled, cancelled=cancelled))
    return None


def _settle(tx: Tx, workset: OrderWorkset, work: OrderWork, one: LineWork) -> None:
    """The line's hold ends, by name."""
    line = one.line
    for hold in [hold for hold in work.holds if hold.line_no == line.line_no and hold.released_at is None]:
        if hold.kind == "data" and hold.code in UNCLEAR:
            work.close_hold(hold, f"It is {line.sku}.", tx.now)
    work.version += 1
    work.touched = True
    workset.say(
        work,
        "order.item_chosen",
        {
            "number": work.header.number,
            "status": work.compute_status(),
            "line": line.line_no,
            "buyer_sku": line.buyer_sku,
            "sku": line.sku,
            "qty": plain(line.qty),
            "uom": line.uom,
        },
        objects=[("product", line.product_id, "chosen")],
    )


def _step(tx: Tx, work: OrderWork, one: LineWork) -> OrderChange:
    """The step from a version to the next, for the order's history."""
    line, to = one.line, work.version
    action = {"verb": "identify_line", "line": line.line_no, "item": line.sku, "qty": plain(line.qty), "uom": line.uom}
    reason = f"{line.buyer_sku or 'An item'} is {line.sku}."
    return OrderChange(tx.ids.new(), work.id, work.account.id, to - 1, to, "identify", [action], [], {}, {}, {}, reason)


def _remember(tx: Tx, changed: Collection[tuple[OrderWork, LineWork]], choices: Sequence[ItemChoice]) -> None:
    wanted = {(one.order_id, one.line_no) for one in choices if one.remember}
    remember_numbers(
        tx,
        [
            (work.account.id, one.line.buyer_sku, one.line.product_id)
            for work, one in changed
            if (work.id, one.line.line_no) in wanted and one.line.buyer_sku
        ],
    )


def _write(tx: Tx, workset: OrderWorkset, changed: Sequence[tuple[OrderWork, LineWork]]) -> None:
    """Store the lines and the new content; whatever else holds an order, it is checked and priced anew with what it is now."""
    if not changed:
        return
    works = {work.id: work for work, _ in changed}
    workset.flush(tx)
    identify_lines(tx, [(work.id, one.line) for work, one in changed])
    rehash_orders(tx, [(work.id, _content(work)) for work in works.values()])
    wake_waiting(tx, [Message("order.cleared", str(work.id), f"item:{work.version}") for work in works.values()])


def _content(work: OrderWork) -> bytes:
    lines = [one.line for one in work.lines]
    digest = content_hash(
        work.account.id, work.header.currency, lines=lines, groups=work.groups,
        charges=[charge for charge, _ in work.charges],
    )  # fmt: skip
    return with_unidentified(digest, lines) if any(one.product_id == UNIDENTIFIED for one in lines) else digest
