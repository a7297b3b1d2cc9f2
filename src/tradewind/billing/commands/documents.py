"""Posting invoices and credit notes. The counters that number them are locked by the caller, last in the lock order."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from tradewind.billing.decide.post import document_journal
from tradewind.billing.model import Counter, Document, Instalment, Journal
from tradewind.kernel.arrays import numbers
from tradewind.kernel.tx import Tx, dumps

_COUNTERS = """
insert into document_counter (legal_entity_id, series, prefix)
select w.legal_entity_id, w.series, case when exists (
         select from legal_entity o where o.invoice_prefix = e.invoice_prefix and o.code < e.code
       ) then e.invoice_prefix || '-' || e.code || w.mark else e.invoice_prefix || w.mark end
from unnest(%(entity)s::uuid[], %(series)s::text[], %(mark)s::text[]) as w(legal_entity_id, series, mark)
join legal_entity e on e.id = w.legal_entity_id
where not exists (select from document_counter c where c.legal_entity_id = w.legal_entity_id and c.series = w.series)
order by 1, 2 on conflict do nothing
"""
_COUNT = """
update document_counter c set last_no = c.last_no + w.taken
from unnest(%(entity)s::uuid[], %(series)s::text[], %(taken)s::bigint[]) as w(legal_entity_id, series, taken)
where c.legal_entity_id = w.legal_entity_id and c.series = w.series
"""
_DOCUMENTS = """
insert into invoice (id, kind, legal_entity_id, series, series_no, number, account_id, order_id, shipment_id, corrects_id,
  return_id, currency, net_total, charge_total, tax_total, total, tax_groups, tax_rounding, bill_to, buyer_po, issued_at, due_at,
  closed_at)
select w.id, w.kind, w.legal_entity_id, w.series, w.series_no, w.number, w.account_id, w.order_id, w.shipment_id, w.corrects_id,
  w.return_id, w.currency, w.net, w.charges, w.tax, w.net + w.charges + w.tax, w.tax_groups::jsonb, w.tax_rounding,
  w.bill_to::jsonb, w.buyer_po, w.issued_at, w.due_at, case when w.net + w.charges + w.tax = 0 then w.issued_at end
from unnest(%(id)s::uuid[], %(kind)s::text[], %(entity)s::uuid[], %(series)s::text[], %(no)s::bigint[], %(number)s::text[],
  %(account)s::uuid[], %(order)s::uuid[], %(shipment)s::uuid[], %(corrects)s::uuid[], %(return)s::uuid[], %(currency)s::text[],
  %(net)s::numeric[], %(charges)s::numeric[], %(tax)s::numeric[], %(groups)s::text[], %(rounding)s::text[], %(bill_to)s::text[],
  %(buyer_po)s::text[], %(issued)s::timestamptz[], %(due)s::timestamptz[])
as w(id, kind, legal_entity_id, series, series_no, number, account_id, order_id, shipment_id, corrects_id, return_id, currency,
  net, charges, tax, tax_groups, tax_rounding, bill_to, buyer_po, issued_at, due_at)
"""
_LINES = """
insert into invoice_line (invoice_id, line_no, account_id, order_id, order_line_no, charge_no, shipment_id, shipment_line_no,
  corrects_invoice_id, corrects_line_no, product_id, description, qty, uom, unit_price, price_basis, price_uom, net, tax_category,
  tax_rate)
select * from unnest(%(invoice)s::uuid[], %(line)s::int[], %(account)s::uuid[], %(order)s::uuid[], %(order_line)s::int[],
  %(charge)s::int[], %(shipment)s::uuid[], %(shipment_line)s::int[], %(corrects)s::uuid[], %(corrects_line)s::int[],
  %(product)s::uuid[], %(description)s::text[], %(qty)s::numeric[], %(uom)s::text[], %(unit_price)s::numeric[],
  %(basis)s::numeric[], %(price_uom)s::text[], %(net)s::numeric[], %(category)s::text[], %(rate)s::numeric[])
"""
_INSTALMENTS = """
insert into invoice_instalment (invoice_id, part_no, account_id, due_at, amount, discount_until, discount)
select * from unnest(%(invoice)s::uuid[], %(part)s::int[], %(account)s::uuid[], %(due)s::timestamptz[], %(amount)s::numeric[],
  %(until)s::timestamptz[], %(discount)s::numeric[])
"""
_CREDITED = """
update invoice_line l set credited_qty = l.credited_qty + w.qty, credited_net = l.credited_net + w.net
from (
  select invoice_id, line_no, sum(qty) as qty, sum(net) as net
  from unnest(%(invoice)s::uuid[], %(line)s::int[], %(qty)s::numeric[], %(net)s::numeric[]) as u(invoice_id, line_no, qty, net)
  group by 1, 2
) w
where l.invoice_id = w.invoice_id and l.line_no = w.line_no
"""
_JOURNALS = """
insert into journal (id, kind, legal_entity_id, reference_type, reference_id, at)
select w.*, %(now)s from unnest(%(id)s::uuid[], %(kind)s::text[], %(entity)s::uuid[], %(type)s::text[], %(reference)s::uuid[]) as w
"""
_POSTINGS = """
insert into posting (journal_id, posting_no, ledger_account, account_id, currency, amount)
select * from unnest(%(journal)s::uuid[], %(no)s::int[], %(ledger)s::text[], %(account)s::uuid[], %(currency)s::text[],
  %(amount)s::numeric[])
"""
MARKS = {"invoice": "-", "credit_note": "C-"}


def series_of(kind: str, year: int) -> str:
    """The series of a kind of document in a year: `invoice-2026`."""
    return f"{kind}-{year}"


def open_counters(tx: Tx, wanted: Iterable[tuple[UUID, str, int]]) -> None:
    """Make the counters of (legal entity, kind, year) that are not there yet; two entities never share a prefix."""
    rows = sorted({(entity, series_of(kind, year), f"{MARKS[kind]}{year}-") for entity, kind, year in wanted})
    if rows:
        tx.run(
            _COUNTERS,
            {
                "entity": [entity for entity, _, _ in rows],
                "series": [series for _, series, _ in rows],
                "mark": [mark for _, _, mark in rows],
            },
        )


class Numbers:
    """Gapless numbers from locked counters: given out one by one, the counters written once."""

    def __init__(self, counters: Mapping[tuple[UUID, str], Counter]) -> None:
        self.counters = dict(counters)
        self.taken: dict[tuple[UUID, str], int] = {}

    def next(self, legal_entity_id: UUID, series: str) -> tuple[int, str]:
        """The next (running number, number) of a series."""
        key = (legal_entity_id, series)
        counter = self.counters[key]
        self.taken[key] = self.taken.get(key, 0) + 1
        series_no = counter.last_no + self.taken[key]
        return series_no, f"{counter.prefix}{series_no:06d}"

    def write(self, tx: Tx) -> None:
        """Store where the series stand now."""
        if self.taken:
            keys = sorted(self.taken)
            tx.run(
                _COUNT,
                {
                    "entity": [entity for entity, _ in keys],
                    "series": [series for _, series in keys],
                    "taken": numbers(self.taken[key] for key in keys),
                },
            )
            self.taken = {}


def post_documents(tx: Tx, documents: Sequence[Document]) -> None:
    """Store documents with their lines and journals; a credit note marks the lines it corrects."""
    if not documents:
        return
    tx.run(_DOCUMENTS, _document_columns(documents))
    lines = [(one, line) for one in documents for line in one.amounts.lines]
    if lines:
        tx.run(_LINES, _line_columns(lines))
    _post_instalments(tx, [(one, part) for one in documents for part in one.instalments])
    corrected = [(one, line) for one, line in lines if line.corrects_line_no is not None]
    if corrected:
        tx.run(
            _CREDITED,
            {
                "invoice": [one.corrects_id for one, _ in corrected],
                "line": numbers(line.corrects_line_no for _, line in corrected),
                "qty": numbers(line.qty for _, line in corrected),
                "net": numbers(line.net for _, line in corrected),
            },
        )
    post_journals(tx, [document_journal(one) for one in documents])


def _post_instalments(tx: Tx, parts: Sequence[tuple[Document, Instalment]]) -> None:
    """What falls due in parts, or earns a discount; most invoices have nothing of it."""
    if parts:
        tx.run(
            _INSTALMENTS,
            {
                "invoice": [one.id for one, _ in parts],
                "part": numbers(part.part_no for _, part in parts),
                "account": [one.account_id for one, _ in parts],
                "due": [part.due_at for _, part in parts],
                "amount": numbers(part.amount for _, part in parts),
                "until": [part.discount_until for _, part in parts],
                "discount": numbers(part.discount for _, part in parts),
            },
        )


def _document_columns(documents: Sequence[Document]) -> dict[str, Any]:
    return {
        "id": [one.id for one in documents],
        "kind": [one.kind for one in documents],
        "entity": [one.legal_entity_id for one in documents],
        "series": [one.series for one in documents],
        "no": numbers(one.series_no for one in documents),
        "number": [one.number for one in documents],
        "account": [one.account_id for one in documents],
        "order": [one.order_id for one in documents],
        "shipment": [one.shipment_id for one in documents],
        "corrects": [one.corrects_id for one in documents],
        "return": [one.return_id for one in documents],
        "currency": [one.currency for one in documents],
        "net": numbers(one.amounts.net for one in documents),
        "charges": numbers(one.amounts.charges for one in documents),
        "tax": numbers(one.amounts.tax for one in documents),
        "groups": [dumps([group.as_json() for group in one.amounts.groups]) for one in documents],
        "rounding": [one.tax_rounding for one in documents],
        "bill_to": [dumps(one.bill_to) for one in documents],
        "buyer_po": [one.buyer_po for one in documents],
        "issued": [one.issued_at for one in documents],
        "due": [one.due_at for one in documents],
    }


def _line_columns(lines: Sequence[tuple[Document, Any]]) -> dict[str, Any]:
    return {
        "invoice": [one.id for one, _ in lines],
        "line": numbers(line.line_no for _, line in lines),
        "account": [one.account_id for one, _ in lines],
        "order": [one.order_id for one, _ in lines],
        "order_line": numbers(line.order_line_no for _, line in lines),
        "charge": numbers(line.charge_no for _, line in lines),
        "shipment": [one.shipment_id if line.shipment_line_no is not None else None for one, line in lines],
        "shipment_line": numbers(line.shipment_line_no for _, line in lines),
        "corrects": [one.corrects_id for one, _ in lines],
        "corrects_line": numbers(line.corrects_line_no for _, line in lines),
        "product": [line.product_id for _, line in lines],
        "description": [line.description for _, line in lines],
        "qty": numbers(line.qty for _, line in lines),
        "uom": [line.uom for _, line in lines],
        "unit_price": numbers(line.unit_price for _, line in lines),
        "basis": numbers(line.basis for _, line in lines),
        "price_uom": [line.price_uom for _, line in lines],
        "net": numbers(line.net for _, line in lines),
        "category": [line.category for _, line in lines],
        "rate": numbers(line.rate for _, line in lines),
    }


def post_journals(tx: Tx, journals: Sequence[Journal]) -> None:
    """Write balanced entries to the ledger."""
    if not journals:
        return
    ids = tx.ids.many(len(journals))
    tx.run(
        _JOURNALS,
        {
            "now": tx.now,
            "id": ids,
            "kind": [one.kind for one in journals],
            "entity": [one.legal_entity_id for one in journals],
            "type": [one.reference_type for one in journals],
            "reference": [one.reference_id for one in journals],
        },
    )
    sides = [
        (journal_id, number, side)
        for journal_id, one in zip(ids, journals, strict=True)
        for number, side in enumerate(one.postings, 1)
    ]
    tx.run(
        _POSTINGS,
        {
            "journal": [journal_id for journal_id, _, _ in sides],
            "no": numbers(number for _, number, _ in sides),
            "ledger": [side.ledger_account for _, _, side in sides],
            "account": [side.account_id for _, _, side in sides],
            "currency": [side.currency for _, _, side in sides],
            "amount": numbers(side.amount for _, _, side in sides),
        },
    )
