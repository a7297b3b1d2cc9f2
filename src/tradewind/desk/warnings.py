"""Warnings that rules gave about an order, acknowledged by a person with a reason; the log says who and why."""

from collections.abc import Collection
from uuid import UUID

from tradewind.kernel.locks import lock_set
from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Event, Tx
from tradewind.orders.commands.warnings import acknowledge
from tradewind.orders.errors import no_reason, no_such_warning, unknown_order
from tradewind.orders.model import OrderWarning
from tradewind.orders.queries import LOCK_ORDERS, headers_of, warnings_of


def acknowledge_warnings(
    tx: Tx, order_id: UUID, *, warnings: Collection[UUID], reason: str
) -> list[OrderWarning] | Problem:
    """Acknowledge these warnings of an order, or all that are open where none is named; gives all of them as they stand then.

    One that is gone or not of this order is refused, and nothing is done; one that somebody acknowledged before stays theirs.
    """
    if not reason.strip():
        return no_reason("/reason")
    lock_set(tx, [(LOCK_ORDERS, [order_id])])
    rows = headers_of(tx, [order_id])
    if not rows:
        return unknown_order()
    there = {one.id: one for one in warnings_of(tx, order_id)}
    missing = [one for one in warnings if one not in there]
    if missing:
        return no_such_warning("/warnings")
    seen = acknowledge(tx, sorted(set(warnings) or there.keys()), reason=reason)
    if seen:
        said = [
            {"code": there[one].code, "line": there[one].line_no, "message": there[one].message} for one in sorted(seen)
        ]
        header = rows[0].header
        payload = {"number": header.number, "reason": reason, "warnings": said}
        account = ("account", header.account_id, "sold_to")
        tx.emit(Event("order.warnings_acknowledged", "sales_order", order_id, payload, header.account_id, (account,)))
    return warnings_of(tx, order_id)
