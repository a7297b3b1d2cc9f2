"""The facts of this capability. A return changes only under the locks of its orders."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from tradewind.kernel.tx import Event
from tradewind.returns.model import Return, ReturnLine


def _event(kind: str, found: Return, payload: dict[str, Any]) -> Event:
    orders = dict.fromkeys(line.order_id for line in found.lines if line.order_id is not None)
    objects = [("account", found.account_id, "sold_to"), *(("sales_order", one, "returns") for one in orders)]
    return Event(kind, "return", found.id, {"number": found.number, **payload}, found.account_id, tuple(objects))


def authorised(found: Return) -> Event:
    """`return.authorised`, or `return.held` with the problems of its lines."""
    lines = [
        {"line": line.line_no, "qty": str(line.qty), "order_line": line.order_line_no, "problem": line.problem}
        for line in found.lines
    ]
    return _event(f"return.{found.status}", found, {"reason": found.reason, "lines": lines})


def received(found: Return, lines: Sequence[ReturnLine], status: str) -> Event:
    """`return.received`: what lies where, and what becomes of it."""
    told = [
        {"line": one.line_no, "qty": str(one.qty_received), "disposition": one.disposition, "site": one.site_id}
        for one in lines
    ]
    return _event("return.received", found, {"status": status, "lines": told})


def credited(found: Return, notes: Sequence[tuple[UUID, str]], status: str) -> Event:
    """`return.credited`: the credit notes issued for it."""
    return _event("return.credited", found, {"status": status, "credit_notes": [number for _, number in notes]})


def restocked(found: Return, products: Sequence[UUID]) -> Event:
    """`stock.received`: goods came back into stock; who waits for them is told."""
    return _event("stock.received", found, {"products": sorted(map(str, products)), "reason": "return"})


def expired(found: Return) -> Event:
    """`return.expired`: the goods never came."""
    return _event("return.expired", found, {"status": "expired"})
