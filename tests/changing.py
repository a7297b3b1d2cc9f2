"""Orders in every state, and how a change of them is written down in a line."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from shop import Shop
from tradewind.desk.cash import Received, record_payments
from tradewind.desk.change import Changed, ChangeRequest, RevertRequest, change, revert
from tradewind.desk.holds import NewHold, open_holds
from tradewind.kernel.tx import Reader, Tx
from tradewind.orders.decide.actions import (
    Action,
    AddLine,
    CancelLine,
    CancelOrder,
    CorrectPo,
    MoveDate,
    MovePlace,
    OverridePrice,
    PinSite,
    RepriceLine,
    SetQuantity,
    SwapItem,
)

STAFF = frozenset({"price", "site"})
_BUCKETS = ("open", "reserved", "allocated", "released", "shipped", "cancelled")
_UNITS = f"select qty_ordered, {', '.join('qty_' + one for one in _BUCKETS)} from order_line where order_id = %s order by line_no"  # noqa: S608
_SECOND_PLACE = """
insert into address (id, account_id, code, kind, name, street, country)
values (gen_random_uuid(), %s, 'DEPOT', 'ship_to', 'Alma depot', 'Field 9', 'DE')
"""


def ask_in(tx: Tx, order: UUID, *actions: Action, may: frozenset[str] = STAFF) -> Changed:
    """Change one order in a transaction that goes on."""
    return change(tx, [ChangeRequest(order, actions, "they called", may=may)])[0]


def ask(shop: Shop, order: UUID, *actions: Action, may: frozenset[str] = STAFF, **more: Any) -> Changed:
    """Change one order."""
    request = ChangeRequest(order, actions, more.pop("reason", "they called"), may=may, **more)
    (found,) = shop.database.write(lambda tx: change(tx, [request]))
    return found


def undo(shop: Shop, order: UUID, changed: Changed, may: frozenset[str] = STAFF) -> Changed:
    """Take a change back."""
    assert changed.change_id is not None
    request = RevertRequest(order, changed.change_id, "they called again", may=may)
    (found,) = shop.database.write(lambda tx: revert(tx, [request]))
    return found


def units(shop: Shop, order: UUID) -> str:
    """Each line as what is ordered, and how many of it are where, in words; what is nowhere is left out."""
    return shop.database.read(lambda reader: units_in(reader, order))


def units_in(reader: Reader, order: UUID) -> str:
    """The same in a transaction."""
    return "; ".join(_line(row) for row in reader.rows(_UNITS, [order]))


def status_in(reader: Reader, order: UUID) -> str:
    """The order's status in a transaction."""
    return str(reader.value("select status from sales_order where id = %s", [order]))


def _line(row: tuple[Any, ...]) -> str:
    there = " ".join(f"{int(qty)} {name}" for name, qty in zip(_BUCKETS, row[1:], strict=True) if qty)
    return f"{int(row[0])}: {there}" if there else f"{int(row[0])}"


def verdict(changed: Changed) -> str:
    """The answer to a change of one action in a line: verdict, reason, and what a warehouse was asked for."""
    if changed.problems:
        return changed.problems[0].code
    (one,) = changed.answers
    words = [
        one.verdict,
        one.problem.code if one.problem else "",
        f"asked {one.asked_back:f}" if one.asked_back else "",
    ]
    return " ".join(word for word in words if word)


# ---- states ----------------------------------------------------------------------------------------------------------


def _plain(shop: Shop, **more: Any) -> UUID:
    return shop.order(("CUP", "10"), ("TEA", "4"), **more)


def _open(shop: Shop) -> UUID:
    shop.database.write(lambda tx: tx.run("update stock set safety = on_hand where product_id = %s", [shop.id["cup"]]))
    return _plain(shop)


def _reserved(shop: Shop) -> UUID:
    shop.database.write(lambda tx: tx.run("update credit_node set credit_limit = 10"))
    return _plain(shop)


def _allocated(shop: Shop) -> UUID:
    return _plain(shop, requested=shop.clock.at + timedelta(days=5))


def _part_shipped(shop: Shop) -> UUID:
    """Six cups went out and are invoiced, four wait for goods."""
    site = [shop.id["cup"]]
    shop.database.write(lambda tx: tx.run("update stock set safety = on_hand - 6 where product_id = %s", site))
    shop.database.write(lambda tx: tx.run("update site set closed_at = now() where code = 'S'"))
    order = _plain(shop)
    for shipment in shop.shipments(order):
        shop.ship(shipment)
    shop.database.write(lambda tx: tx.run("update site set closed_at = null"))
    return order


def _invoiced(shop: Shop) -> UUID:
    order = _plain(shop)
    for shipment in shop.shipments(order):
        shop.ship(shipment)
    return order


def _held(shop: Shop) -> UUID:
    order = _allocated(shop)
    shop.database.write(lambda tx: open_holds(tx, [NewHold(order, "fraud", "odd")]))
    return order


def _approval(shop: Shop) -> UUID:
    shop.database.write(lambda tx: tx.run("update account set approval_above = 1 where code = 'ALMA'"))
    return _plain(shop)


def _cancelled(shop: Shop) -> UUID:
    order = _allocated(shop)
    ask(shop, order, CancelOrder())
    return order


def _closed(shop: Shop) -> UUID:
    order = _invoiced(shop)

    def pay(tx: Tx) -> None:
        (total,) = tx.row("select sum(total) from invoice") or (Decimal(0),)
        record_payments(tx, [Received("ALMA", total, "EUR", "transfer", None, None, "paid")])

    shop.database.write(pay)
    shop.turn()
    return order


STATES: dict[str, Callable[[Shop], UUID]] = {
    "open": _open,
    "reserved": _reserved,
    "allocated": _allocated,
    "released": _plain,
    "part shipped": _part_shipped,
    "invoiced": _invoiced,
    "held": _held,
    "approval": _approval,
    "cancelled": _cancelled,
    "closed": _closed,
}


def second_place(shop: Shop) -> None:
    """Another ship-to of the account."""
    shop.database.write(lambda tx: tx.run(_SECOND_PLACE, [shop.id["alma"]]))


def actions(shop: Shop) -> dict[str, Action]:
    """One of each kind."""
    return {
        "raise": SetQuantity(1, Decimal(12)),
        "cut": SetQuantity(1, Decimal(7)),
        "cut more": SetQuantity(1, Decimal(2)),
        "cancel line": CancelLine(1),
        "cancel order": CancelOrder(),
        "swap": SwapItem(1, "GIFT"),
        "add": AddLine("GIFT", Decimal(2)),
        "date": MoveDate(shop.clock.at + timedelta(days=9)),
        "line's date": MoveDate(shop.clock.at + timedelta(days=9), line_no=1),
        "place": MovePlace("DEPOT"),
        "site": PinSite(1, "S"),
        "price": OverridePrice(1, Decimal("3"), "promised"),
        "reprice": RepriceLine(1),
        "number": CorrectPo("PO-77"),
    }
