"""Orders as people and programs read them. The same picture serves the answer to a placed order and a later read."""

from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID

from tradewind.blankets.queries import callings_of
from tradewind.catalog.model import UNIDENTIFIED_PRODUCT
from tradewind.kernel.money import minor_digits, plain
from tradewind.kernel.tx import Reader
from tradewind.orders.decide import normal_po
from tradewind.orders.model import Hold, LineSubstitution
from tradewind.orders.queries import substitutions_of
from tradewind.pricing.decide import read_waterfall
from tradewind.semantics.model import Finding
from tradewind.streams.order_work import LineWork, OrderWork, read_orders

# A filter that is not asked for is not in the statement: "or the parameter is null" would keep every index from being used.
_FILTERS = {
    "account": "o.account_id = (select a.id from account a where a.code = %(account)s)",
    "status": "o.status = %(status)s",
    "buyer_po": "o.buyer_po_normal = %(buyer_po)s",
    "after": "o.id < %(after)s",
}
NAMELESS = UNIDENTIFIED_PRODUCT.sku
_BY_NAME = "select id from sales_order where number = %(name)s"


def money(value: Decimal, currency: str) -> str:
    """An amount as it is printed: as many places as its currency has, more only where it has more."""
    short = value.quantize(_smallest(currency))
    return str(short) if short == value else plain(value)


@cache
def _smallest(currency: str) -> Decimal:
    """The smallest amount of a currency that is printed."""
    return Decimal(1).scaleb(-minor_digits(currency))


def order_json(work: OrderWork, *, inside: bool = True) -> dict[str, Any]:
    """The order with its price, promise, holds and reasons per line.

    Why it was sourced as it was speaks of our costs, and the details of holds and findings of limits that belong to another
    account of the tree: these parts are for `inside` readers, not for buyers and their agents.
    """
    head, currency = work.header, work.header.currency
    totals = work.totals
    return {
        "id": str(head.id),
        "number": head.number,
        "status": work.status,
        "version": work.version,
        "account": work.account.code,
        "buyer_po": head.buyer_po,
        "channel": head.channel,
        "currency": currency,
        "placed_at": head.placed_at.isoformat(),
        "ship_policy": head.ship_policy,
        "terms": head.terms_code,
        "net": money(totals.net, currency),
        "charges": money(totals.charges, currency),
        "discounts": money(totals.discounts, currency),
        "tax": money(totals.tax, currency),
        "total": money(totals.total, currency),
        "tax_groups": list(totals.groups),
        "groups": [
            {
                "group_no": group.group_no,
                "ship_to": group.ship_to.as_json(),
                "requested_at": _iso(group.requested_at),
                "not_before": _iso(group.not_before),
                "arrive_by": _iso(group.arrive_by),
                "ship_method": group.ship_method or None,
            }
            for group in work.groups
        ],
        "lines": [_line_json(work, one) for one in work.lines],
        **({"call_offs": _call_offs_json(work)} if work.called else {}),
        "charge_lines": [
            {
                "code": charge.code,
                "description": charge.description,
                "amount": money(charge.amount, currency),
                "tax_category": tax.category,
                "tax_rate": plain(tax.rate),
                "group_no": charge.group_no,
            }
            for charge, tax in work.charges
        ],
        "holds": [_hold_json(hold, inside=inside) for hold in work.holds if hold.released_at is None],
        "findings": [_finding_json(finding, inside=inside) for finding in work.findings],
        "decisions": work.decisions if inside else {},
    }


def _call_offs_json(work: OrderWork) -> list[dict[str, Any]]:
    """Which lines take goods from which blanket orders, and how many base units of them count there."""
    return [
        {
            "line_no": line_no,
            "blanket": one.number,
            "blanket_line": one.line.line_no,
            "units": plain(work.left_of(line_no)[0]),
        }
        for line_no, one in sorted(work.called.items())
    ]


def _line_json(work: OrderWork, one: LineWork) -> dict[str, Any]:
    line, units, price = one.line, one.quantities, one.price
    return {
        "line_no": line.line_no,
        "group_no": line.group_no,
        "sku": None if line.sku == NAMELESS else line.sku,
        "buyer_sku": line.buyer_sku,
        "description": line.description,
        "qty": plain(line.qty),
        "uom": line.uom,
        "base_qty": plain(units.ordered),
        "unit_price": plain(price.unit_price),
        "price_basis": plain(price.basis),
        "price_uom": price.uom,
        "net": money(price.net, work.header.currency),
        "tax_category": one.tax.category,
        "tax_rate": plain(one.tax.rate),
        "tax": money(one.tax.amount, work.header.currency),
        "quantities": {
            "open": plain(units.open),
            "reserved": plain(units.reserved),
            "allocated": plain(units.allocated),
            "released": plain(units.released),
            "shipped": plain(units.shipped),
            "cancelled": plain(units.cancelled),
            "backordered": plain(units.backordered),
        },
        "promised_at": _iso(one.promised_at),
        "promise": one.promise,
        "substituted": _substituted_json(work.substituted.get(line.line_no)) if work.substituted else None,
    }


def _substituted_json(kept: LineSubstitution | None) -> dict[str, Any] | None:
    """What was ordered where a line is served by a substitute."""
    if kept is None:
        return None
    return {
        "ordered_sku": kept.ordered_sku,
        "qty": plain(kept.ordered_qty),
        "uom": kept.ordered_uom,
        "base_qty": plain(kept.ordered_base),
        "consent": kept.consent,
        "price": kept.price,
    }


def _iso(moment: Any) -> str | None:
    return None if moment is None else moment.isoformat()


def _finding_json(finding: Finding, *, inside: bool) -> dict[str, Any]:
    shown = finding.as_json()
    return shown if inside else {name: value for name, value in shown.items() if name != "detail"}


def _hold_json(hold: Hold, *, inside: bool) -> dict[str, Any]:
    return {
        "id": str(hold.id),
        "kind": hold.kind,
        "code": hold.code,
        "reason": hold.reason,
        "scope": hold.scope,
        "group_no": hold.group_no,
        "line_no": hold.line_no,
        "opened_at": hold.opened_at.isoformat(),
        **({"suggestion": (hold.detail or {})["suggestion"]} if "suggestion" in (hold.detail or {}) else {}),
        **({"detail": hold.detail} if inside else {}),
    }


def orders_json(reader: Reader, ids: Sequence[UUID], *, inside: bool) -> dict[UUID, dict[str, Any]]:
    """Orders as they are now, as far as the reader may see them; `inside` as for `order_json`."""
    orders = read_orders(reader, list(ids)).orders if ids else {}
    for order_id, kept in substitutions_of(reader, orders) if orders else ():
        orders[order_id].substituted[kept.line_no] = kept
    for order_id, called in callings_of(reader, list(orders)).items() if orders else ():
        orders[order_id].called = called
    return {work.id: order_json(work, inside=inside) for work in orders.values()}


def list_orders(
    reader: Reader,
    *,
    account: str | None,
    status: str | None,
    buyer_po: str | None,
    after: UUID | None,
    limit: int,
    inside: bool,
) -> list[dict[str, Any]]:
    """A page of orders, newest first."""
    asked = {"account": account, "status": status, "buyer_po": normal_po(buyer_po), "after": after}
    conditions = " and ".join(_FILTERS[name] for name, value in asked.items() if value is not None) or "true"
    sql = f"select o.id from sales_order o where {conditions} order by o.id desc limit %(limit)s"  # noqa: S608 - ours
    ids = [row[0] for row in reader.rows(sql, {**asked, "limit": limit})]
    found = orders_json(reader, ids, inside=inside)
    return [found[one] for one in ids if one in found]


def order_id_of(reader: Reader, name: str) -> UUID | None:
    """An order's id from its id or its number; None where there is none that the reader may see."""
    try:
        return UUID(name)
    except ValueError:
        found: UUID | None = reader.value(_BY_NAME, {"name": name})
        return found


def price_story(work: OrderWork, line_no: int) -> dict[str, Any] | None:
    """Why a line costs what it costs: the waterfall with the losing candidates (PR4)."""
    one = next((one for one in work.lines if one.line.line_no == line_no), None)
    if one is None:
        return None
    return {
        "line_no": line_no,
        "sku": one.line.sku,
        "qty": plain(one.price.qty),
        "uom": one.price.uom,
        "unit_price": plain(one.price.unit_price),
        "price_basis": plain(one.price.basis),
        "allowance": money(one.price.allowance, work.header.currency),
        "net": money(one.price.net, work.header.currency),
        "price_id": one.price.price_id and str(one.price.price_id),
        "as_of": work.header.price_at.isoformat(),
        "waterfall": read_waterfall(one.price.waterfall) if one.price.waterfall else None,
    }
