"""Returns, authorised against what was shipped and billed: each line tied to the invoice line it comes from.

A return changes only under the locks of its orders.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from tradewind.accounts.queries import account_ids
from tradewind.billing.queries import billed_at
from tradewind.desk.return_terms import follow_returns, read_terms
from tradewind.kernel.locks import lock_set
from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Tx
from tradewind.orders.queries import LOCK_ORDERS, billed_lines, headers_of, lines_of, order_ids
from tradewind.returns import errors, events
from tradewind.returns.commands import insert_returns, next_return_numbers
from tradewind.returns.decide import tie
from tradewind.returns.model import Billed, Disposition, Return, Returnable, ReturnLine, ReturnStatus
from tradewind.returns.queries import still_expected
from tradewind.semantics.model import ZERO

Place = tuple[UUID, int | None, int | None]  # order, line, charge


@dataclass(frozen=True, slots=True)
class WantedLine:
    """What a customer wants to send back: units of an order line, or a charge as one piece.

    `problem`: somebody before us knows already why it cannot be tied to anything; kept, never credited.
    """

    qty: Decimal
    order: str | None = None
    line_no: int | None = None
    charge_no: int | None = None
    disposition: Disposition = "restock"
    description: str | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class WantedReturn:
    """A return that is asked for. With `keep` one that has problems is kept as held instead of refused."""

    account: str
    reason: str
    lines: tuple[WantedLine, ...]
    outside_number: str | None = None
    keep: bool = False


@dataclass(frozen=True, slots=True)
class Authorised:
    """What became of one wish: authorised or held with the problems of its lines, or refused."""

    found: Return | None = None
    problems: tuple[Problem, ...] = ()


@dataclass(slots=True)
class _Sold:
    """The orders a set of returns comes from: whose they are, and what of them may still come back."""

    ids: Mapping[str, UUID]
    owners: Mapping[UUID, UUID]
    left: dict[Place, Returnable]


def authorise_returns(tx: Tx, wanted: Sequence[WantedReturn]) -> list[Authorised]:
    """Authorise returns, a result for each. Quantities are checked under the locks of the orders they come from."""
    accounts = account_ids(tx, {one.account for one in wanted})
    sold = _lock_sold(tx, wanted)
    billed = {one.invoice_id for left in sold.left.values() for one in left.billed}
    terms = read_terms(tx, accounts=list(accounts.values()), orders=sorted(sold.owners), invoices=sorted(billed))
    numbers = iter(next_return_numbers(tx, len(wanted)))
    answers: list[Authorised] = []
    for one in wanted:
        account_id = accounts.get(one.account)
        if account_id is None:
            answers.append(Authorised(problems=(errors.unknown_account(one.account, "/account"),)))
            continue
        lines, problems = _lines(one, account_id, sold)
        problems += [] if one.keep else terms.refuse(tx, account_id, lines)
        if problems and not one.keep:
            answers.append(Authorised(problems=tuple(problems)))
            continue
        status: ReturnStatus = "held" if any(line.problem for line in lines) else "authorised"
        answers.append(
            Authorised(
                Return(tx.ids.new(), next(numbers), account_id, status, one.reason, one.outside_number, tuple(lines)),
                tuple(problems),
            )
        )
    made = [answer.found for answer in answers if answer.found is not None]
    insert_returns(tx, made)
    for found in made:
        tx.emit(events.authorised(found))
    follow_returns(tx, made, terms)
    return answers


def _lock_sold(tx: Tx, wanted: Sequence[WantedReturn]) -> _Sold:
    ids = order_ids(tx, {line.order for one in wanted for line in one.lines if line.order is not None})
    orders = sorted(ids.values())
    lock_set(tx, [(LOCK_ORDERS, orders)])
    owners = {row.header.id: row.header.account_id for row in headers_of(tx, orders)}
    places = list(
        dict.fromkeys(
            (ids[line.order], line.line_no, line.charge_no)
            for one in wanted
            for line in one.lines
            if line.order in ids and (line.line_no is None) != (line.charge_no is None)
        )
    )
    return _Sold(ids, owners, _returnable(tx, places) if places else {})


def _returnable(tx: Tx, places: Sequence[Place]) -> dict[Place, Returnable]:
    """What may still come back of lines and charges: shipped less returned less expected back, by the invoices that bill it."""
    orders = sorted({place[0] for place in places})
    returned = billed_lines(tx, orders)
    shipped = {
        (row.order_id, row.line.line_no): row.quantities.shipped - returned[row.order_id, row.line.line_no].returned
        for rows in lines_of(tx, orders).values()
        for row in rows
    }
    billed = billed_at(tx, places)
    expected = still_expected(tx, [(one[0], one[1]) for ones in billed.values() for one in ones])
    found: dict[Place, Returnable] = {}
    for index, place in enumerate(places):
        lines: list[Billed] = []
        pending = ZERO
        for invoice_id, line_no, qty in billed.get(index, ()):
            uncredited, unreceived = expected.get((invoice_id, line_no), (ZERO, ZERO))
            pending += unreceived
            lines.append(Billed(invoice_id, line_no, max(qty - uncredited, ZERO)))
        bound = sum((one.qty_left for one in lines), ZERO)
        if place[1] is not None:
            bound = shipped.get((place[0], place[1]), ZERO) - pending
        found[place] = Returnable(bound, tuple(lines))
    return found


def _lines(one: WantedReturn, account_id: UUID, sold: _Sold) -> tuple[list[ReturnLine], list[Problem]]:
    """The lines of a return, split over the invoice lines they come from; what cannot be tied keeps its problem."""
    lines: list[ReturnLine] = []
    problems: list[Problem] = []
    for index, line in enumerate(one.lines):
        where = f"/lines/{index}"
        found = _tied(line, account_id, sold, where)
        if isinstance(found, Problem):
            problems.append(found)
            lines.append(_held(len(lines) + 1, line, sold, found.message))
            continue
        if line.problem is not None:
            lines.append(_held(len(lines) + 1, line, sold, line.problem))
            continue
        disposition: Disposition = "none" if line.charge_no is not None else line.disposition
        order_id = sold.ids[line.order or ""]
        lines += [
            ReturnLine(
                len(lines) + number,
                order_id,
                line.line_no,
                billed.invoice_id,
                billed.invoice_line_no,
                line.description,
                qty,
                disposition,
            )
            for number, (billed, qty) in enumerate(found, 1)
        ]
    return lines, problems


def _tied(line: WantedLine, account_id: UUID, sold: _Sold, where: str) -> list[tuple[Billed, Decimal]] | Problem:
    if line.problem is not None:
        return [] if line.qty > 0 else errors.bad_quantity(f"{where}/qty")
    order_id = sold.ids.get(line.order or "")
    place = None if order_id is None else (order_id, line.line_no, line.charge_no)
    if place is None or sold.owners.get(place[0]) != account_id or place not in sold.left:
        return errors.unknown_order_line(line.order or "An order", line.line_no or line.charge_no, where)
    found = tie(line.qty, sold.left[place], where)
    if isinstance(found, Problem):
        return found
    sold.left[place], parts = found
    return parts


def _held(line_no: int, line: WantedLine, sold: _Sold, problem: str) -> ReturnLine:
    """A line kept for a person; it names its order line only where there is one."""
    order_id = sold.ids.get(line.order or "")
    known = order_id is not None and (order_id, line.line_no, None) in sold.left and line.line_no is not None
    return ReturnLine(
        line_no,
        order_id if known else None,
        line.line_no if known else None,
        None,
        None,
        line.description,
        max(line.qty, Decimal("0.000001")),
        "none",
        problem,
    )
