"""What came back: goods received where they come in, credit notes issued on the exact invoice lines.

Receipt and credit are separate facts: neither waits for the other. A return changes only under the locks of its orders.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from tradewind.billing.model import CreditWish
from tradewind.catalog.queries import site_ids
from tradewind.desk.credits import Noted, NoteWish, issue, lock_to_credit
from tradewind.desk.return_terms import tell_returns
from tradewind.inventory.commands import add_to_stock, record_moves
from tradewind.inventory.model import Delta, Move
from tradewind.inventory.queries import LOCK_STOCK
from tradewind.kernel.locks import lock_set
from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Tx
from tradewind.orchestration.commands.waits import live_instances
from tradewind.orchestration.commands.waking import LOCK_SUBJECTS
from tradewind.orders.commands import add_returned
from tradewind.orders.queries import LOCK_ORDERS
from tradewind.returns import errors, events
from tradewind.returns.commands import credit_lines, receive_lines, set_statuses
from tradewind.returns.decide import receive, status_after
from tradewind.returns.model import Disposition, ReceiptLine, Return, ReturnLine
from tradewind.returns.queries import returns_of
from tradewind.semantics.model import ZERO
from tradewind.streams.returns import STREAM


@dataclass(frozen=True, slots=True)
class Receipt:
    """Goods that came back: (return line, units, what becomes of them, site code)."""

    return_id: UUID
    lines: tuple[tuple[int, Decimal, Disposition, str | None], ...]


@dataclass(frozen=True, slots=True)
class Returned:
    """A return as it stands after a receipt or credit, or why nothing was done."""

    found: Return | None = None
    notes: tuple[Noted, ...] = ()
    problems: tuple[Problem, ...] = ()


def receive_returns(tx: Tx, receipts: Sequence[Receipt]) -> list[Returned]:
    """Take goods in, a result for each receipt. Restocked goods are stock at once, and whoever waits for them is told."""
    sites = site_ids(tx, {code for one in receipts for _, _, _, code in one.lines if code is not None})
    before = returns_of(tx, {one.return_id for one in receipts})
    keys = {
        (line.product_id, sites[code])
        for one in receipts
        if one.return_id in before
        for line_no, _, disposition, code in one.lines
        if disposition == "restock" and code in sites
        if (line := before[one.return_id].line(line_no)) is not None and line.product_id is not None
    }
    orders = _orders_of(before.values())
    locked = lock_set(tx, [(LOCK_SUBJECTS, before), (LOCK_ORDERS, orders), (LOCK_STOCK, keys)])
    kept = {(row[0], row[1]) for row in locked["stock"]}
    found = returns_of(tx, before)  # as they stand under the locks
    took = _Taken(tx.now)
    answers = [_receive(one, place, found, sites=sites, kept=kept, took=took) for place, one in enumerate(receipts)]
    _write_receipts(tx, took, found)
    tell_returns(tx, sorted({one for one, _ in took.lines}))
    return [replace(answer, found=found[answer.found.id]) if answer.found else answer for answer in answers]


def _orders_of(returns: Iterable[Return]) -> set[UUID]:
    return {line.order_id for one in returns for line in one.lines if line.order_id is not None}


@dataclass(slots=True)
class _Taken:
    """What receipts of a batch add up to."""

    at: datetime
    lines: list[tuple[UUID, ReturnLine]] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    stock: dict[tuple[UUID, UUID], Delta] = field(default_factory=dict)
    returned: list[tuple[UUID, int, Decimal]] = field(default_factory=list)
    restocked: dict[UUID, set[UUID]] = field(default_factory=dict)


def _receive(
    one: Receipt,
    place: int,
    found: dict[UUID, Return],
    *,
    sites: Mapping[str, UUID],
    kept: set[tuple[UUID, UUID]],
    took: _Taken,
) -> Returned:
    known = found.get(one.return_id)
    if known is None:
        return Returned(problems=(errors.unknown_return(str(one.return_id), f"/{place}"),))
    lines = [ReceiptLine(line_no, qty, what, sites.get(code or "")) for line_no, qty, what, code in one.lines]
    changed = receive(known, lines)
    problems = [line for line in changed if isinstance(line, Problem)]
    after = [line for line in changed if isinstance(line, ReturnLine)]
    problems += [
        errors.needs_site(line.line_no, f"/{place}")
        for line in after
        if line.disposition == "restock" and (line.product_id, line.site_id) not in kept
    ]
    if problems:
        return Returned(problems=tuple(problems))
    for line in after:
        before = known.line(line.line_no)
        assert before is not None
        _take_in(took, known, line, line.qty_received - before.qty_received)
    by_no = {line.line_no: line for line in known.lines} | {line.line_no: line for line in after}
    found[known.id] = replace(known, lines=tuple(by_no.values()))
    return Returned(found[known.id])


def _take_in(took: _Taken, found: Return, line: ReturnLine, qty: Decimal) -> None:
    took.lines.append((found.id, line))
    if line.order_id is not None and line.order_line_no is not None:
        took.returned.append((line.order_id, line.order_line_no, qty))
    if line.disposition != "restock" or line.product_id is None or line.site_id is None:
        return
    key = (line.product_id, line.site_id)
    took.stock[key] = took.stock.get(key, Delta()).plus(Delta(on_hand=qty))
    took.restocked.setdefault(found.id, set()).add(line.product_id)
    took.moves.append(Move(*key, "return", qty, took.at, "return", found.id, found.reason))


def _write_receipts(tx: Tx, took: _Taken, found: dict[UUID, Return]) -> None:
    receive_lines(tx, list({(one, line.line_no): (one, line) for one, line in took.lines}.values()))
    add_returned(tx, took.returned)
    record_moves(tx, took.moves)
    add_to_stock(tx, took.stock)
    statuses = {one: status_after(found[one].lines) for one, _ in took.lines}
    set_statuses(tx, list(statuses.items()))
    for one, status in statuses.items():
        found[one] = replace(found[one], status=status)
        tx.emit(events.received(found[one], [line for owner, line in took.lines if owner == one], status))
        if one in took.restocked:
            tx.emit(events.restocked(found[one], sorted(took.restocked[one])))


@dataclass(frozen=True, slots=True)
class CreditReturn:
    """Credit a return: these (line, units), or everything that came back and is not credited."""

    return_id: UUID
    lines: tuple[tuple[int, Decimal], ...] | None = None


def credit_returns(tx: Tx, credits: Sequence[CreditReturn]) -> list[Returned]:
    """Issue the credit notes of returns, one for each invoice that is corrected; a result for each return."""
    before = returns_of(tx, {one.return_id for one in credits})
    invoices = {line.invoice_id for one in before.values() for line in one.lines if line.invoice_id is not None}
    followed = live_instances(tx, STREAM, list(before))
    books = lock_to_credit(tx, invoices, orders=_orders_of(before.values()), instances=followed.values())
    found = returns_of(tx, before)
    chosen = [_chosen(found, one, place) for place, one in enumerate(credits)]
    wishes: list[tuple[int, NoteWish]] = []
    for place, parts in enumerate(chosen):
        if not isinstance(parts, Problem):
            wishes += [(place, wish) for wish in _wishes(found[credits[place].return_id], parts)]
    notes: dict[int, list[Noted]] = {}
    credited: list[tuple[UUID, int, Decimal]] = []
    for (place, wish), note in zip(wishes, issue(tx, books, [wish for _, wish in wishes]), strict=True):
        notes.setdefault(place, []).append(note)
        parts = chosen[place]
        if note.note is not None and not isinstance(parts, Problem):
            credited += [
                (credits[place].return_id, line.line_no, qty)
                for line, qty in parts
                if line.invoice_id == wish.invoice_id
            ]
    credit_lines(tx, credited)
    after = returns_of(tx, found)
    _close(tx, after, {one for one, _, _ in credited}, notes, credits)
    tell_returns(tx, sorted({one for one, _, _ in credited}))
    return [_answer(one, chosen[place], after, notes.get(place, [])) for place, one in enumerate(credits)]


Parts = list[tuple[ReturnLine, Decimal]]


def _chosen(found: dict[UUID, Return], one: CreditReturn, place: int) -> Parts | Problem:
    """Which units of which lines are to be credited. Units chosen earlier in the batch are no longer there."""
    known = found.get(one.return_id)
    if known is None:
        return errors.unknown_return(str(one.return_id), f"/{place}")
    if known.status not in ("authorised", "received"):
        return errors.not_open(known.number, known.status, f"/{place}")
    wanted = one.lines if one.lines is not None else [(line.line_no, line.creditable) for line in known.lines]
    parts: Parts = []
    for line_no, qty in wanted:
        line = known.line(line_no)
        if line is None or line.invoice_id is None:
            return errors.no_such_line(line_no, f"/{place}")
        if qty > line.creditable:
            return errors.more_than_authorised(f"{qty:f}", f"{line.creditable:f}", f"/{place}")
        if qty > 0:
            parts.append((line, qty))
    if not parts:
        return errors.nothing_to_credit(known.number, f"/{place}")
    taken = {line.line_no: qty for line, qty in parts}
    rest = [replace(line, qty_credited=line.qty_credited + taken.get(line.line_no, ZERO)) for line in known.lines]
    found[known.id] = replace(known, lines=tuple(rest))
    return parts


def _wishes(found: Return, parts: Parts) -> list[NoteWish]:
    by_invoice: dict[UUID, list[CreditWish]] = {}
    for line, qty in parts:
        assert line.invoice_id is not None
        assert line.invoice_line_no is not None
        by_invoice.setdefault(line.invoice_id, []).append(CreditWish(line.invoice_line_no, qty=qty))
    return [NoteWish(invoice_id, tuple(wishes), found.id) for invoice_id, wishes in by_invoice.items()]


def _close(
    tx: Tx,
    after: dict[UUID, Return],
    changed: set[UUID],
    notes: Mapping[int, list[Noted]],
    credits: Sequence[CreditReturn],
) -> None:
    """Where the returns stand now, and the facts."""
    statuses = {one: status_after(after[one].lines) for one in sorted(changed)}
    set_statuses(tx, list(statuses.items()))
    for one, status in statuses.items():
        after[one] = replace(after[one], status=status)
        issued = [
            (note.note.id, note.note.number)
            for place, of_return in notes.items()
            if credits[place].return_id == one
            for note in of_return
            if note.note is not None
        ]
        tx.emit(events.credited(after[one], issued, status))


def _answer(one: CreditReturn, chosen: Parts | Problem, after: Mapping[UUID, Return], notes: list[Noted]) -> Returned:
    if isinstance(chosen, Problem):
        return Returned(problems=(chosen,))
    problems = tuple(problem for note in notes for problem in note.problems)
    return Returned(after[one.return_id], tuple(note for note in notes if note.note is not None), problems)
