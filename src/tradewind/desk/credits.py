"""Credit notes: tied to the exact lines of the invoice they correct, settling it as far as it is open, the rest free money.

Locks: the invoices' processes, orders where a return asks for it, invoices, credit nodes, counters.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from uuid import UUID

from tradewind.billing import errors, events
from tradewind.billing.commands.documents import Numbers, open_counters, post_documents, series_of
from tradewind.billing.decide.credit import credit
from tradewind.billing.model import Amounts, CreditWish, Document, InvoicedLine, OpenItem, TaxGroup
from tradewind.billing.queries import (
    LOCK_COUNTERS,
    LOCK_INVOICES,
    counters_from,
    invoice_lines,
    items_by_number,
    items_from,
    items_of,
    offers_of,
    what_documents_say,
    years_of,
)
from tradewind.credit.model import CreditDelta
from tradewind.credit.queries import LOCK_CREDIT, credit_paths, nodes_from
from tradewind.desk.ledger import Ledger, Source, write_applications
from tradewind.kernel.locks import lock_set
from tradewind.kernel.money import minor_digits
from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Tx
from tradewind.orchestration.commands.waits import LOCK_INSTANCES, live_instances
from tradewind.orders.queries import LOCK_ORDERS, order_numbers
from tradewind.semantics.model import ZERO
from tradewind.streams.held import look_for_held
from tradewind.streams.order_work import Shelves
from tradewind.streams.shipment_work import add_exposure


@dataclass(frozen=True, slots=True)
class NoteWish:
    """A credit note that is wanted on an invoice; `return_id` where goods came back for it."""

    invoice_id: UUID
    wishes: tuple[CreditWish, ...]
    return_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Noted:
    """What became of one wish. `settled`: how much of it settled the invoice; the rest is free for other invoices."""

    note: Document | None = None
    settled: Decimal = ZERO
    problems: tuple[Problem, ...] = ()


@dataclass(slots=True)
class CreditBooks:
    """The invoices that may be credited, as locked, with their lines and what they say."""

    ledger: Ledger
    numbers: Numbers
    years: Mapping[UUID, int]
    lines: dict[UUID, list[InvoicedLine]]
    said: Mapping[UUID, tuple[tuple[TaxGroup, ...], str, dict[str, object], str | None]]
    orders: Mapping[UUID, str]

    def keep(self, invoice_id: UUID, amounts: Amounts) -> None:
        """What a note credits is credited for the next one."""
        by_no = {one.line.line_no: one for one in self.lines[invoice_id]}
        for line in amounts.lines:
            assert line.corrects_line_no is not None
            one = by_no[line.corrects_line_no]
            by_no[line.corrects_line_no] = replace(
                one, credited_qty=one.credited_qty + line.qty, credited_net=one.credited_net + line.net
            )
        self.lines[invoice_id] = list(by_no.values())


@dataclass(frozen=True, slots=True)
class CreditRequest:
    """Credit without goods: a price difference, a charge, units that never arrived. By the invoice's number."""

    invoice: str
    wishes: tuple[CreditWish, ...]


def credit_invoices(tx: Tx, requests: Sequence[CreditRequest]) -> list[Noted]:
    """Credit lines of invoices, a result for each request."""
    found = items_by_number(tx, {one.invoice for one in requests})
    known = {number: item for number, item in found.items() if item.kind == "invoice"}
    books = lock_to_credit(tx, {item.id for item in known.values()})
    wanted = [NoteWish(known[one.invoice].id, one.wishes) for one in requests if one.invoice in known]
    notes = iter(issue(tx, books, wanted))
    return [
        next(notes) if one.invoice in known else Noted(problems=(errors.unknown_invoice(one.invoice, f"/{place}"),))
        for place, one in enumerate(requests)
    ]


def lock_to_credit(
    tx: Tx, invoices: Iterable[UUID], *, orders: Iterable[UUID] = (), instances: Iterable[UUID] = ()
) -> CreditBooks:
    """Lock what crediting these invoices touches, and `instances` that will be told; read the invoices."""
    ids = sorted(set(invoices))
    seen = items_of(tx, ids)
    paths = credit_paths(tx, {item.account_id for item in seen.values()})
    years = years_of(tx, {item.legal_entity_id for item in seen.values()}, tx.now)
    open_counters(tx, ((entity, "credit_note", year) for entity, year in years.items()))
    live = live_instances(tx, "invoice_to_cash", ids)
    held = look_for_held(tx, {node for path in paths.values() for node in path} | set(paths))
    paths |= held.paths
    locked = lock_set(
        tx,
        [
            (LOCK_INSTANCES, {*live.values(), *held.instances, *instances}),
            (LOCK_ORDERS, {*orders, *held.order_ids}),
            (LOCK_INVOICES, ids),
            (LOCK_CREDIT, {node for path in paths.values() for node in path}),
            (LOCK_COUNTERS, {(entity, series_of("credit_note", year)) for entity, year in years.items()}),
        ],
    )
    items = items_from(locked["invoice"])
    return CreditBooks(
        Ledger(
            items,
            Shelves(paths=paths, nodes=nodes_from(tx, locked["credit"])),
            {},
            offers=offers_of(tx, ids),
            held=held,
        ),
        Numbers(counters_from(locked["counter"])),
        years,
        invoice_lines(tx, ids),
        what_documents_say(tx, ids),
        order_numbers(tx, {item.order_id for item in items.values()}),
    )


def issue(tx: Tx, books: CreditBooks, wanted: Sequence[NoteWish]) -> list[Noted]:
    """Post the credit notes that can be, settle their invoices with them, and answer each wish."""
    answers: list[Noted] = []
    notes: list[Document] = []
    sources: list[Source] = []
    for place, wish in enumerate(wanted):
        item = books.ledger.items[wish.invoice_id]
        groups, rounding, _, _ = books.said[item.id]
        amounts = credit(
            books.lines[item.id], wish.wishes, groups, rounding=rounding, digits=minor_digits(item.currency)
        )
        if not isinstance(amounts, Amounts):
            answers.append(Noted(problems=tuple(amounts)))
            continue
        books.keep(item.id, amounts)
        note = _note(tx, books, item, wish, amounts)
        notes.append(note)
        settled = min(amounts.total, books.ledger.till.left[item.id])
        source = Source(place, item.account_id, item.currency, amounts.total, None, None, credit_note_id=note.id)
        if settled:
            books.ledger.till.take(item.id, settled)
            source.applied = ((item, settled),)
        sources.append(source)
        add_exposure(books.ledger.shelves, item.account_id, item.currency, CreditDelta(unapplied=amounts.total))
        answers.append(Noted(note, settled))
    post_documents(tx, notes)
    write_applications(tx, books.ledger, sources)
    books.numbers.write(tx)
    for note in notes:
        tx.emit(events.document_issued(note, order_number=books.orders[note.order_id]))
    return answers


def _note(tx: Tx, books: CreditBooks, item: OpenItem, wish: NoteWish, amounts: Amounts) -> Document:
    _, rounding, bill_to, buyer_po = books.said[item.id]
    series = series_of("credit_note", books.years[item.legal_entity_id])
    series_no, number = books.numbers.next(item.legal_entity_id, series)
    return Document(
        id=tx.ids.new(),
        kind="credit_note",
        legal_entity_id=item.legal_entity_id,
        series=series,
        series_no=series_no,
        number=number,
        account_id=item.account_id,
        order_id=item.order_id,
        currency=item.currency,
        tax_rounding=rounding,
        bill_to=bill_to,
        buyer_po=buyer_po,
        issued_at=tx.now,
        due_at=tx.now,
        amounts=amounts,
        corrects_id=item.id,
        return_id=wish.return_id,
    )
