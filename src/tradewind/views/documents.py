"""Shipments, invoices, payments and returns as people and programs read them; under the buyer role only what that role sees.

A page asks only for what was asked for: a condition that may be empty would cost the plan its index.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from tradewind.kernel.money import plain
from tradewind.kernel.tx import Reader, Row

_SHIPMENTS = """
select s.id, s.number, s.status, o.number as order_number, a.code as account, t.code as site, s.group_no, s.ship_to, s.released_at,
  s.answered_at, s.shipped_at, s.tracking, s.reason,
  (select jsonb_agg(jsonb_build_object('line', l.line_no, 'order_line', l.order_line_no, 'sku', p.sku,
      'buyer_sku', ol.buyer_sku, 'released', trim_scale(l.qty_released)::text,
      'shipped', trim_scale(l.qty_shipped)::text, 'short', trim_scale(l.qty_short)::text, 'reason', l.short_reason) order by l.line_no)
   from shipment_line l join order_line ol on ol.order_id = l.order_id and ol.line_no = l.order_line_no
   join product p on p.id = ol.product_id where l.shipment_id = s.id) as lines
from shipment s join sales_order o on o.id = s.order_id join account a on a.id = s.account_id left join site t on t.id = s.site_id
"""
_SHIPMENT = (
    "id number status order account site group_no ship_to released_at answered_at shipped_at tracking reason lines"
)
_INVOICES = """
select i.id, i.kind, i.number, o.number as order_number, s.number as shipment, c.number as corrects, a.code as account, i.currency,
  i.net_total, i.charge_total, i.tax_total, i.total, i.tax_groups, i.tax_rounding, i.bill_to, i.buyer_po, i.issued_at, i.due_at,
  i.paid, i.credited, i.total - i.paid - i.credited as open, i.closed_at, i.overdue_at,
  (select jsonb_agg(jsonb_build_object('line', l.line_no, 'order_line', l.order_line_no, 'charge', l.charge_no, 'sku', p.sku,
      'buyer_sku', ol.buyer_sku, 'description', l.description, 'qty', trim_scale(l.qty)::text, 'uom', l.uom, 'unit_price', trim_scale(l.unit_price)::text, 'price_basis', trim_scale(l.price_basis)::text,
      'price_uom', l.price_uom, 'net', trim_scale(l.net)::text, 'tax_category', l.tax_category, 'tax_rate', trim_scale(l.tax_rate)::text,
      'corrects_line', l.corrects_line_no, 'credited_qty', trim_scale(l.credited_qty)::text, 'credited_net', trim_scale(l.credited_net)::text) order by l.line_no)
   from invoice_line l left join product p on p.id = l.product_id
   left join order_line ol on ol.order_id = i.order_id and ol.line_no = l.order_line_no where l.invoice_id = i.id) as lines
from invoice i join sales_order o on o.id = i.order_id join account a on a.id = i.account_id
left join shipment s on s.id = i.shipment_id left join invoice c on c.id = i.corrects_id
"""
_INVOICE = (
    "id kind number order shipment corrects account currency net charges tax total tax_groups tax_rounding bill_to buyer_po "
    "issued_at due_at paid credited open closed_at overdue_at lines"
)
_PAYMENTS = """
select p.id, p.number, a.code as account, p.currency, p.amount, p.applied, p.amount - p.applied as free, p.method, p.reference,
  p.key, p.received_at, p.bounced_at, p.bounce_reason,
  (select jsonb_agg(jsonb_build_object('invoice', i.number, 'amount', trim_scale(x.amount)::text, 'at', x.applied_at) order by x.applied_at, x.id)
   from payment_application x join invoice i on i.id = x.invoice_id where x.payment_id = p.id) as applications
from payment p join account a on a.id = p.account_id
"""
_PAYMENT = "id number account currency amount applied free method reference key received_at bounced_at bounce_reason applications"
_RETURNS = """
select r.id, r.number, a.code as account, r.status, r.reason, r.outside_number, r.opened_at,
  (select jsonb_agg(jsonb_build_object('line', l.line_no, 'order', o.number, 'order_line', l.order_line_no, 'invoice', i.number,
      'invoice_line', l.invoice_line_no, 'description', l.description, 'qty', trim_scale(l.qty)::text, 'received', trim_scale(l.qty_received)::text,
      'credited', trim_scale(l.qty_credited)::text, 'disposition', l.disposition, 'problem', l.problem) order by l.line_no)
   from return_line l left join sales_order o on o.id = l.order_id left join invoice i on i.id = l.invoice_id
   where l.return_id = r.id) as lines,
  (select jsonb_agg(n.number order by n.number) from invoice n where n.return_id = r.id) as credit_notes
from return_authorisation r join account a on a.id = r.account_id
"""
_RETURN = "id number account status reason outside_number opened_at lines credit_notes"


def _named(columns: str, rows: Sequence[Row], *, hidden: Sequence[str] = ()) -> list[dict[str, Any]]:
    names = columns.split()
    return [{name: _plain(value) for name, value in zip(names, row, strict=True) if name not in hidden} for row in rows]


def _plain(value: Any) -> Any:
    """Decimals as text without trailing zeros; numbers inside JSON columns are exact text, too."""
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, int) or value is None:
        return value
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return value


def _page(select: str, alias: str, limit: int, conditions: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """The statement and its values: the conditions that have one, newest first. Conditions are texts of this module."""
    used = {text: value for text, value in conditions.items() if value is not None}
    where = f"where {' and '.join(used)}" if used else ""
    return f"{select} {where} order by {alias}.id desc limit %s", [*used.values(), limit]


def _named_by(alias: str, name: str | None) -> dict[str, Any]:
    """The condition for a name that is an id or a number."""
    try:
        return {f"{alias}.id = %s": UUID(name or "")}
    except ValueError:
        return {f"{alias}.number = %s": name}


def shipments(
    reader: Reader,
    *,
    name: str | None = None,
    order: str | None = None,
    status: str | None = None,
    after: UUID | None = None,
    limit: int = 1,
    inside: bool = False,
) -> list[dict[str, Any]]:
    """Shipments, newest first; `name` is an id or a number. Why a site was chosen is for `inside` readers."""
    conditions = {**_named_by("s", name), "o.number = %s": order, "s.status = %s": status, "s.id < %s": after}
    rows = reader.rows(*_page(_SHIPMENTS, "s", limit, conditions))
    return _named(_SHIPMENT, rows, hidden=() if inside else ("reason",))


def invoices(
    reader: Reader,
    *,
    name: str | None = None,
    order: str | None = None,
    account: str | None = None,
    open_only: bool = False,
    after: UUID | None = None,
    limit: int = 1,
) -> list[dict[str, Any]]:
    """Invoices and credit notes, newest first; `name` is an id or a number."""
    conditions = {**_named_by("i", name), "o.number = %s": order, "a.code = %s": account, "i.id < %s": after}
    if open_only:
        conditions["i.closed_at is null and i.kind = %s"] = "invoice"
    return _named(_INVOICE, reader.rows(*_page(_INVOICES, "i", limit, conditions)))


def payments(
    reader: Reader,
    *,
    number: str | None = None,
    account: str | None = None,
    after: UUID | None = None,
    limit: int = 1,
    inside: bool = False,
) -> list[dict[str, Any]]:
    """Payments with what they settled, newest first."""
    conditions = {"p.number = %s": number, "a.code = %s": account, "p.id < %s": after}
    rows = reader.rows(*_page(_PAYMENTS, "p", limit, conditions))
    return _named(_PAYMENT, rows, hidden=() if inside else ("key", "bounce_reason"))


def returns(
    reader: Reader,
    *,
    name: str | None = None,
    account: str | None = None,
    status: str | None = None,
    after: UUID | None = None,
    limit: int = 1,
) -> list[dict[str, Any]]:
    """Returns with their lines and credit notes, newest first; `name` is an id or a number."""
    conditions = {**_named_by("r", name), "a.code = %s": account, "r.status = %s": status, "r.id < %s": after}
    return _named(_RETURN, reader.rows(*_page(_RETURNS, "r", limit, conditions)))
