"""Reads of documents, payments and counters, and the statements that lock them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from tradewind.billing.model import (
    Application,
    Counter,
    DueRule,
    InvoicedLine,
    Offer,
    OpenItem,
    Payment,
    PostedLine,
    TaxGroup,
    Terms,
    TermsPart,
)
from tradewind.kernel.arrays import numbers
from tradewind.kernel.locks import LockKind
from tradewind.kernel.money import ZERO
from tradewind.kernel.tx import Reader

_ITEM = """i.id, i.kind, i.number, i.account_id, i.order_id, i.legal_entity_id, i.currency, i.total, i.paid, i.credited,
i.issued_at, i.due_at, i.closed_at, i.overdue_at"""
_PAYMENT = """p.id, p.number, p.account_id, p.currency, p.amount, p.applied, p.method, p.reference, p.key, p.received_at,
p.bounced_at, p.refunded"""
LOCK_INVOICES = LockKind(
    "invoice",
    f"""
select {_ITEM} from unnest(%(keys)s::uuid[]) as w(id) join invoice i on i.id = w.id order by i.id for no key update of i
""",  # noqa: S608 - columns are ours
)
LOCK_PAYMENTS = LockKind(
    "payment",
    f"""
select {_PAYMENT} from unnest(%(keys)s::uuid[]) as w(id) join payment p on p.id = w.id order by p.id for no key update of p
""",  # noqa: S608 - columns are ours
)
LOCK_COUNTERS = LockKind(
    "counter",
    """
select c.legal_entity_id, c.series, c.prefix, c.last_no
from unnest(%(keys)s::uuid[], %(keys_2)s::text[]) as w(legal_entity_id, series)
join document_counter c on c.legal_entity_id = w.legal_entity_id and c.series = w.series
order by c.legal_entity_id, c.series for no key update of c
""",
    parts=2,
)
_ITEMS = f"""
select {_ITEM} from unnest(%(ids)s::uuid[]) as w(id) join invoice i on i.id = w.id
"""  # noqa: S608 - columns are ours
_ITEMS_BY_NUMBER = f"""
select {_ITEM} from unnest(%(numbers)s::text[]) as w(number) join invoice i on i.number = w.number
"""  # noqa: S608 - columns are ours
_OPEN_OF_ACCOUNTS = """
select i.account_id, i.id from unnest(%(accounts)s::uuid[]) as w(account_id)
join invoice i on i.account_id = w.account_id and i.closed_at is null and i.kind = 'invoice' order by i.due_at, i.number
"""
_OPEN_OF_ORDERS = """
select i.order_id, count(*) from unnest(%(orders)s::uuid[]) as w(order_id)
join invoice i on i.order_id = w.order_id and i.closed_at is null and i.kind = 'invoice' group by 1
"""
_LINES = """
select l.invoice_id, l.line_no, l.order_line_no, l.charge_no, l.shipment_line_no, l.product_id, l.description, l.qty, l.uom,
  l.unit_price, l.price_basis, l.price_uom, l.net, l.tax_category, l.tax_rate, l.corrects_line_no, l.credited_qty,
  l.credited_net
from unnest(%(invoices)s::uuid[]) as w(id) join invoice_line l on l.invoice_id = w.id order by l.invoice_id, l.line_no
"""
_SAID = """
select i.id, i.tax_groups, i.tax_rounding, i.bill_to, i.buyer_po
from unnest(%(invoices)s::uuid[]) as w(id) join invoice i on i.id = w.id
"""
_PAYMENTS_BY_NUMBER = f"""
select {_PAYMENT} from unnest(%(numbers)s::text[]) as w(number) join payment p on p.number = w.number
"""  # noqa: S608 - columns are ours
_PAYMENTS_BY_KEY = f"""
select {_PAYMENT} from unnest(%(account)s::uuid[], %(key)s::text[]) as w(account_id, key)
join payment p on p.account_id = w.account_id and p.key = w.key
"""  # noqa: S608 - columns are ours
_APPLICATIONS = """
select a.id, a.invoice_id, a.account_id, a.amount, a.payment_id, a.credit_note_id, a.discount
from unnest(%(payments)s::uuid[]) as w(id) join payment_application a on a.payment_id = w.id order by a.applied_at, a.id
"""
_YEARS = """
select e.id, extract(year from %(now)s::timestamptz at time zone e.time_zone)::int
from unnest(%(entities)s::uuid[]) as w(id) join legal_entity e on e.id = w.id
"""
_BILLED_AT = """
select w.ord::int, l.invoice_id, l.line_no, l.qty - l.credited_qty
from unnest(%(order)s::uuid[], %(line)s::int[], %(charge)s::int[]) with ordinality as w(order_id, line_no, charge_no, ord)
cross join lateral (
  select b.invoice_id, b.line_no, b.qty, b.credited_qty from invoice_line b
  where b.order_id = w.order_id and b.order_line_no = w.line_no
  union all
  select b.invoice_id, b.line_no, b.qty, b.credited_qty from invoice_line b
  where w.charge_no is not null and b.order_id = w.order_id and b.charge_no = w.charge_no
) l
join invoice i on i.id = l.invoice_id and i.kind = 'invoice'
where l.credited_qty < l.qty order by i.issued_at, i.number, l.line_no
"""


def items_from(rows: Iterable[tuple[Any, ...]]) -> dict[UUID, OpenItem]:
    """Locked or read rows as items, by id."""
    return {row[0]: OpenItem(*row) for row in rows}


def items_of(reader: Reader, ids: Iterable[UUID]) -> dict[UUID, OpenItem]:
    """Documents by id, without a lock."""
    return items_from(reader.rows(_ITEMS, {"ids": sorted(set(ids))}))


def items_by_number(reader: Reader, numbers: Iterable[str]) -> dict[str, OpenItem]:
    """Documents by number, without a lock."""
    rows = reader.rows(_ITEMS_BY_NUMBER, {"numbers": sorted(set(numbers))})
    return {item.number: item for item in items_from(rows).values()}


def open_invoices_of(reader: Reader, accounts: Iterable[UUID]) -> dict[UUID, list[UUID]]:
    """The open invoices of accounts, oldest due date first."""
    found: dict[UUID, list[UUID]] = {}
    for account_id, invoice_id in reader.rows(_OPEN_OF_ACCOUNTS, {"accounts": sorted(set(accounts))}):
        found.setdefault(account_id, []).append(invoice_id)
    return found


def open_invoices_of_orders(reader: Reader, orders: Iterable[UUID]) -> dict[UUID, int]:
    """How many invoices of each order are not settled; orders without one are left out."""
    return dict(reader.rows(_OPEN_OF_ORDERS, {"orders": list(orders)}))


def invoice_lines(reader: Reader, invoices: Iterable[UUID]) -> dict[UUID, list[InvoicedLine]]:
    """The lines of documents with what was credited of them."""
    found: dict[UUID, list[InvoicedLine]] = {}
    for row in reader.rows(_LINES, {"invoices": sorted(set(invoices))}):
        found.setdefault(row[0], []).append(InvoicedLine(PostedLine(*row[1:16]), row[16], row[17]))
    return found


def what_documents_say(
    reader: Reader, invoices: Iterable[UUID]
) -> dict[UUID, tuple[tuple[TaxGroup, ...], str, dict[str, Any], str | None]]:
    """(tax breakdown, rounding rule, bill-to, buyer PO) of documents."""
    return {
        row[0]: (
            tuple(
                TaxGroup(one["category"], Decimal(one["rate"]), Decimal(one["base"]), Decimal(one["tax"]))
                for one in row[1]
            ),
            row[2],
            row[3],
            row[4],
        )
        for row in reader.rows(_SAID, {"invoices": sorted(set(invoices))})
    }


def payments_from(rows: Iterable[tuple[Any, ...]]) -> dict[UUID, Payment]:
    """Locked or read rows as payments, by id."""
    return {row[0]: Payment(*row) for row in rows}


def payments_by_number(reader: Reader, numbers: Iterable[str]) -> dict[str, Payment]:
    """Payments by number."""
    rows = reader.rows(_PAYMENTS_BY_NUMBER, {"numbers": sorted(set(numbers))})
    return {payment.number: payment for payment in payments_from(rows).values()}


def payments_by_key(reader: Reader, keys: Sequence[tuple[UUID, str]]) -> dict[tuple[UUID, str], Payment]:
    """Payments that were recorded under these keys of their accounts."""
    if not keys:
        return {}
    rows = reader.rows(_PAYMENTS_BY_KEY, {"account": [one for one, _ in keys], "key": [key for _, key in keys]})
    return {(payment.account_id, payment.key or ""): payment for payment in payments_from(rows).values()}


def applications_of(reader: Reader, payments: Iterable[UUID]) -> dict[UUID, list[Application]]:
    """What payments were applied to, bounces as negative rows."""
    found: dict[UUID, list[Application]] = {}
    for row in reader.rows(_APPLICATIONS, {"payments": sorted(set(payments))}):
        found.setdefault(row[4], []).append(Application(*row))
    return found


def years_of(reader: Reader, entities: Iterable[UUID], now: datetime) -> dict[UUID, int]:
    """The year it is at each legal entity: the series of its documents."""
    return dict(reader.rows(_YEARS, {"entities": sorted(set(entities)), "now": now}))


def counters_from(rows: Iterable[tuple[Any, ...]]) -> dict[tuple[UUID, str], Counter]:
    """Locked counters by (legal entity, series)."""
    return {(row[0], row[1]): Counter(*row) for row in rows}


def billed_at(
    reader: Reader, wanted: Sequence[tuple[UUID, int | None, int | None]]
) -> dict[int, list[tuple[UUID, int, Decimal]]]:
    """Where each (order, line, charge) was billed and not wholly credited, by its place: (invoice, line, units left)."""
    found: dict[int, list[tuple[UUID, int, Decimal]]] = {}
    columns = {
        "order": [order_id for order_id, _, _ in wanted],
        "line": numbers(line_no for _, line_no, _ in wanted),
        "charge": numbers(charge_no for _, _, charge_no in wanted),
    }
    for place, invoice_id, line_no, left in reader.rows(_BILLED_AT, columns):
        found.setdefault(place - 1, []).append((invoice_id, line_no, left))
    return found


def invoices_settled_by(reader: Reader, payments: Iterable[UUID]) -> dict[UUID, dict[UUID, Decimal]]:
    """What each payment settles, by invoice; what was taken back is not in it."""
    found: dict[UUID, dict[UUID, Decimal]] = {}
    for payment_id, applications in applications_of(reader, payments).items():
        sums = found.setdefault(payment_id, {})
        for one in applications:
            sums[one.invoice_id] = sums.get(one.invoice_id, ZERO) + one.amount
    return {one: {invoice: amount for invoice, amount in sums.items() if amount} for one, sums in found.items()}


def discounts_of(reader: Reader, payments: Iterable[UUID]) -> dict[UUID, dict[UUID, Decimal]]:
    """The discounts that each payment earned, by invoice; what was taken back is not in it."""
    found: dict[UUID, dict[UUID, Decimal]] = {}
    for payment_id, applications in applications_of(reader, payments).items():
        for one in applications:
            if one.discount:
                sums = found.setdefault(payment_id, {})
                sums[one.invoice_id] = sums.get(one.invoice_id, ZERO) + one.discount
    return found


_OFFERS = """
select p.invoice_id, p.discount_until, i.total, i.tax_total, p.discount, coalesce(a.noted, 0), coalesce(a.paid, 0),
  coalesce(a.taken, 0)
from unnest(%(ids)s::uuid[]) as w(id)
join invoice_instalment p on p.invoice_id = w.id and p.discount > 0
join invoice i on i.id = p.invoice_id
left join lateral (
  select sum(x.amount) filter (where x.credit_note_id is not null) as noted,
    sum(x.amount) filter (where y.received_at <= p.discount_until) as paid, sum(x.discount) as taken
  from payment_application x left join payment y on y.id = x.payment_id where x.invoice_id = p.invoice_id
) a on true
"""


def offers_of(reader: Reader, invoices: Iterable[UUID]) -> dict[UUID, Offer]:
    """The discounts that invoices give for paying early, with what of them was used; those without one are left out."""
    return {row[0]: Offer(*row[1:]) for row in reader.rows(_OFFERS, {"ids": sorted(set(invoices))})}


_TERMS = """
select t.code, t.name, t.net_days, t.month_end, t.months, t.pay_day, t.starts_from, t.not_before, t.closed_days,
  t.discount_percent, t.discount_days, t.grace_days, t.prepay_percent,
  (select array_agg(array[p.percent::text, p.net_days::text, p.month_end, p.months::text, p.pay_day::text] order by p.part_no)
   from payment_terms_part p where p.terms_code = t.code)
from unnest(%(codes)s::text[]) as w(code) join payment_terms t on t.code = w.code
"""


def terms_of(reader: Reader, codes: Iterable[str]) -> dict[str, Terms]:
    """Payment terms by code."""
    return {row[0]: _terms(row) for row in reader.rows(_TERMS, {"codes": sorted(set(codes))})}


def all_terms(reader: Reader) -> list[Terms]:
    """Every payment terms, by code."""
    codes = [row[0] for row in reader.rows("select code from payment_terms order by code")]
    found = terms_of(reader, codes)
    return [found[code] for code in codes]


def _terms(row: tuple[Any, ...]) -> Terms:
    parts = [
        TermsPart(Decimal(one[0]), DueRule(int(one[1]), one[2], int(one[3]), None if one[4] is None else int(one[4])))
        for one in row[13] or ()
    ]
    rule = DueRule(row[2], row[3], row[4], row[5])
    return Terms(row[0], row[1], rule, row[6], row[7], row[8], row[9], row[10], row[11], row[12], tuple(parts))


_ZONES = "select e.id, e.time_zone from unnest(%(entities)s::uuid[]) as w(id) join legal_entity e on e.id = w.id"


def zones_of(reader: Reader, entities: Iterable[UUID]) -> dict[UUID, ZoneInfo]:
    """Where the days of each legal entity begin and end."""
    return {row[0]: ZoneInfo(row[1]) for row in reader.rows(_ZONES, {"entities": sorted(set(entities))})}


_INVOICED = """
select i.order_id, sum(i.total) from unnest(%(orders)s::uuid[]) as w(id)
join invoice i on i.order_id = w.id and i.kind = 'invoice' group by 1
"""
_DOCUMENTS = """
select i.order_id, i.id, i.kind, i.number, i.total, i.issued_at from unnest(%(orders)s::uuid[]) as w(id)
join invoice i on i.order_id = w.id order by i.issued_at, i.number
"""


def invoiced_totals(reader: Reader, orders: Iterable[UUID]) -> dict[UUID, Decimal]:
    """What invoices of each order come to, tax included; orders without one are left out."""
    return dict(reader.rows(_INVOICED, {"orders": sorted(set(orders))}))


def documents_of_orders(
    reader: Reader, orders: Iterable[UUID]
) -> dict[UUID, list[tuple[UUID, str, str, Decimal, datetime]]]:
    """The invoices and credit notes of orders, oldest first: id, kind, number, total, when issued."""
    found: dict[UUID, list[tuple[UUID, str, str, Decimal, datetime]]] = {}
    for order_id, *rest in reader.rows(_DOCUMENTS, {"orders": sorted(set(orders))}):
        found.setdefault(order_id, []).append((rest[0], rest[1], rest[2], rest[3], rest[4]))
    return found


_FREE_PAYMENTS = """
select p.id from unnest(%(accounts)s::uuid[]) as w(account_id)
join payment p on p.account_id = w.account_id and p.bounced_at is null and p.applied + p.refunded < p.amount
"""


def free_payments(reader: Reader, accounts: Iterable[UUID]) -> list[UUID]:
    """Payments of accounts with something that settles nothing yet."""
    return [row[0] for row in reader.rows(_FREE_PAYMENTS, {"accounts": sorted(set(accounts))})]
