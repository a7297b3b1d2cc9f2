"""The working copy of a set of orders during one turn: steps change it, `flush` writes what changed, a statement a table.

The same copy serves an order that has just arrived (its rows are inserted once, with their final values) and one that is
read back under its lock.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from json.encoder import encode_basestring as quoted
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tradewind.accounts.model import Account
from tradewind.accounts.queries import accounts_by_id
from tradewind.approvals.commands.requests import Opening, open_requests
from tradewind.blankets.commands import count_callings
from tradewind.blankets.model import Calling
from tradewind.calendars.model import Calendars
from tradewind.catalog.model import Product
from tradewind.credit.commands import add_to_nodes
from tradewind.fulfilment.decide import Sourcing
from tradewind.inventory import commands as stock_commands
from tradewind.inventory.model import Claim
from tradewind.inventory.queries import claims_of
from tradewind.kernel.locks import lock_set
from tradewind.kernel.tx import Actor, Event, Reader, Tx
from tradewind.orchestration.commands.messages import Message
from tradewind.orchestration.commands.steps import Start
from tradewind.orders import commands as order_commands
from tradewind.orders import queries as order_queries
from tradewind.orders.commands import HeaderRow, LineRow
from tradewind.orders.decide import normal_po, status_of
from tradewind.orders.model import (
    Charge,
    Group,
    Header,
    Hold,
    Line,
    LineMark,
    LinePrice,
    LineSubstitution,
    LineTax,
    Quantities,
    Totals,
)
from tradewind.semantics.model import ZERO, AgreedPrice, Finding
from tradewind.streams.shelves import Shelves as Shelves

if TYPE_CHECKING:
    from tradewind.streams.governed import Governed

ONE = Decimal(1)
NO_PRICE = LinePrice(ZERO, Decimal(1), "", ZERO, None, None)
NO_TAX = LineTax("S", ZERO, ZERO)


def _piece_text(piece: Mapping[str, str | None]) -> str:
    """A dated piece as JSON; by hand, since every line stored pays for it and the encoder takes four times as long."""
    return f"{{{','.join([f'{quoted(name)}:' + ('null' if said is None else quoted(said)) for name, said in piece.items()])}}}"


@dataclass(slots=True)
class LineWork:
    """One line in hand."""

    line: Line
    quantities: Quantities
    price: LinePrice = NO_PRICE
    tax: LineTax = NO_TAX
    promised_at: datetime | None = None
    promise_text: str | None = None
    stated_price: Decimal | None = None
    stated_basis: Decimal = ONE
    moved: bool = False
    repriced: bool = False
    promises_anew: bool = False
    mark: LineMark | None = None
    _pieces: list[dict[str, Any]] | None = None

    @property
    def promise(self) -> list[dict[str, Any]]:
        """The dated pieces; read from their text when first asked for, since most turns never ask."""
        if self._pieces is None:
            self._pieces = [] if self.promise_text is None else json.loads(self.promise_text)
        return self._pieces

    def promise_anew(self, pieces: list[dict[str, str | None]], at: datetime | None) -> None:
        """Another promise; `at` is when the last piece is there, None where a piece has no date."""
        self._pieces, self.promised_at = pieces, at
        self.promise_text = f"[{','.join([_piece_text(piece) for piece in pieces])}]"
        self.promises_anew = self.moved = True

    def move(self, quantities: Quantities) -> None:
        """The units stand elsewhere now."""
        self.quantities = quantities
        self.moved = True


@dataclass(slots=True)
class OrderWork:
    """One order in hand."""

    header: Header
    account: Account
    lines: list[LineWork]
    groups: list[Group]
    charges: list[tuple[Charge, LineTax]]
    totals: Totals = field(default_factory=Totals)
    holds: list[Hold] = field(default_factory=list)
    claims_by_line: dict[int, list[Claim]] = field(default_factory=dict)
    credit_taken: Decimal = ZERO
    version: int = 1
    confirmed_at: datetime | None = None
    closed_at: datetime | None = None
    status: str = "waiting"
    fresh: bool = False
    touched: bool = False
    actor: Actor | None = None
    findings: list[Finding] = field(default_factory=list)
    voided: frozenset[int | None] = frozenset()
    billed: Decimal = ZERO
    decisions: dict[str, Any] = field(default_factory=dict)
    opened: list[Hold] = field(default_factory=list)
    closing: dict[UUID, str] = field(default_factory=dict)
    new_claims: dict[tuple[int, int], Claim] = field(default_factory=dict)
    changed_claims: dict[tuple[int, int], Claim] = field(default_factory=dict)
    substituted: dict[int, LineSubstitution] = field(default_factory=dict)
    swapped: list[LineSubstitution] = field(default_factory=list)
    agreed: dict[int, AgreedPrice] = field(default_factory=dict)
    called: dict[int, Calling] = field(default_factory=dict)
    _by_number: dict[int, LineWork] = field(default_factory=dict, repr=False)

    @property
    def id(self) -> UUID:
        return self.header.id

    def line(self, line_no: int) -> LineWork:
        """The line with a number; LookupError where there is none."""
        if len(self._by_number) != len(self.lines):
            self._by_number = {one.line.line_no: one for one in self.lines}
        return self._by_number[line_no]

    def left_of(self, line_no: int) -> tuple[Decimal, Decimal]:
        """The base units of a line that were not cancelled, and their net."""
        one = self.line(line_no)
        return one.quantities.ordered - one.quantities.cancelled, one.price.net

    def priced_at(self, one: LineWork) -> datetime:
        """The instant whose prices a line gets: the order's, or that of the change that asked for it."""
        return self.header.price_at if one.mark is None else one.mark.priced_at or self.header.price_at

    def unit_prices(self) -> list[Decimal]:
        """What an approval binds to beside the content (A1): not of lines that were added and taken back."""
        return [one.price.unit_price for one in self.lines if one.line.qty]

    def group(self, group_no: int) -> Group:
        return next(group for group in self.groups if group.group_no == group_no)

    def lines_of(self, group_no: int) -> list[LineWork]:
        return [one for one in self.lines if one.line.group_no == group_no]

    @property
    def claims(self) -> list[Claim]:
        """Every claim, ended ones too, by line and number."""
        return [claim for claims in self.claims_by_line.values() for claim in claims]

    def claims_of(self, line_no: int) -> list[Claim]:
        """The claims of a line, by number."""
        return self.claims_by_line.get(line_no, [])

    def open_claims(self, *states: str) -> list[Claim]:
        """The claims in one of these states, by line and number."""
        return [claim for claims in self.claims_by_line.values() for claim in claims if claim.state in states]

    def add_claim(self, claim: Claim) -> None:
        """A new claim; its number is the next one of its line."""
        self.claims_by_line.setdefault(claim.line_no, []).append(claim)
        self.new_claims[claim.line_no, claim.claim_no] = claim

    def next_claim_no(self, line_no: int) -> int:
        of_line = self.claims_by_line.get(line_no)
        return of_line[-1].claim_no + 1 if of_line else 1

    def change_claim(self, old: Claim, **changes: Any) -> Claim:
        """A claim goes on to another state, quantity or expiry."""
        new = replace(old, **changes)
        of_line = self.claims_by_line[old.line_no]
        of_line[of_line.index(old)] = new
        key = (old.line_no, old.claim_no)
        (self.new_claims if key in self.new_claims else self.changed_claims)[key] = new
        return new

    def open_hold(self, hold: Hold) -> None:
        """A new hold, unless one for the same reason is open already."""
        same = (hold.kind, hold.code, hold.group_no, hold.line_no)
        if not any(
            one.released_at is None and (one.kind, one.code, one.group_no, one.line_no) == same for one in self.holds
        ):
            self.holds.append(hold)
            self.opened.append(hold)

    def close_hold(self, hold: Hold, reason: str, now: datetime) -> None:
        """A hold whose condition is gone."""
        self.holds[self.holds.index(hold)] = replace(hold, released_at=now, release_reason=reason)
        if hold in self.opened:
            self.opened.remove(hold)
        else:
            self.closing[hold.id] = reason
        self.touched = True

    def compute_status(self) -> str:
        """L4: the status from lines and holds."""
        return status_of(
            (one.quantities for one in self.lines),
            self.holds,
            confirmed=self.confirmed_at is not None,
            closed=self.closed_at is not None,
        )

    def row(self) -> HeaderRow:
        return HeaderRow(
            self.header,
            normal_po(self.header.buyer_po),
            self.status,
            self.version,
            self.totals,
            self.credit_taken,
            self.confirmed_at,
            self.closed_at,
        )


@dataclass(slots=True)
class OrderWorkset:
    """The orders of a turn, in the order they came."""

    orders: dict[UUID, OrderWork]
    shelves: Shelves = field(default_factory=Shelves)
    starts: list[Start] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    events: list[tuple[Event, Actor | None]] = field(default_factory=list)
    billed: dict[tuple[UUID, int], tuple[Decimal, Decimal]] = field(default_factory=dict)
    products: dict[UUID, Product] = field(default_factory=dict)
    turned_down: dict[tuple[UUID, int], frozenset[UUID]] = field(default_factory=dict)
    lock_all_sites: bool = False
    estimate: dict[tuple[UUID, int], Sourcing] = field(default_factory=dict)
    # an estimate that was made for another question, with the free stock it was made of
    seen: tuple[dict[tuple[UUID, int], Sourcing], dict[tuple[UUID, UUID], Decimal]] | None = None
    calendars: Calendars | None = None
    asked: list[Opening] = field(default_factory=list)
    governed: "Governed | None" = None
    vendors: dict[tuple[UUID, int], Any] = field(default_factory=dict)  # purchasing.model.Offer by line

    def widen(self) -> None:
        """Every site's stock of the products at hand."""
        self.lock_all_sites = True

    def of(self, ids: Iterable[UUID]) -> list[OrderWork]:
        return [self.orders[one] for one in ids]

    def say(
        self, work: OrderWork, kind: str, payload: dict[str, Any], *, objects: Sequence[tuple[str, UUID, str]] = ()
    ) -> None:
        """A fact about an order for the log."""
        account = ("account", work.account.id, "sold_to")
        self.events.append(
            (Event(kind, "sales_order", work.id, payload, work.account.id, (account, *objects)), work.actor)
        )

    def bill(self, order_id: UUID, line_no: int, units: Decimal, net: Decimal) -> None:
        """Units of a line, and their net amount, are on an invoice now."""
        before = self.billed.get((order_id, line_no), (ZERO, ZERO))
        self.billed[order_id, line_no] = (before[0] + units, before[1] + net)

    def flush(self, tx: Tx) -> None:
        """Write everything that changed. Counters go last: their rows are the ones others wait for."""
        works = list(self.orders.values())
        self._flush_orders(tx, works)
        open_requests(tx, self.asked)
        if self.governed is not None:
            self.governed.write(tx)
        stock_commands.insert_claims(tx, [claim for work in works for claim in work.new_claims.values()])
        stock_commands.change_claims(tx, [claim for work in works for claim in work.changed_claims.values()])
        stock_commands.add_to_promised(tx, self.shelves.promised)
        stock_commands.add_to_stock(tx, self.shelves.stock)
        add_to_nodes(tx, self.shelves.credit)
        self._flush_called(tx, [work for work in works if work.called])
        for event, actor in self.events:
            tx.emit(event, actor)
        self._forget()

    def _flush_orders(self, tx: Tx, works: list[OrderWork]) -> None:
        for work in works:
            status = work.compute_status()
            if status != work.status or any(one.moved or one.repriced for one in work.lines):
                work.touched = True
            work.status = status
        fresh = [work for work in works if work.fresh]
        order_commands.insert_headers(tx, [work.row() for work in fresh])
        order_commands.insert_groups(tx, [(work.id, work.account.id, group) for work in fresh for group in work.groups])
        order_commands.insert_lines(tx, [_line_row(work, one) for work in fresh for one in work.lines])
        order_commands.insert_charges(
            tx, [(work.id, work.account.id, charge, tax) for work in fresh for charge, tax in work.charges]
        )
        known = [work for work in works if not work.fresh]
        order_commands.update_headers(tx, [work.row() for work in known if work.touched])
        self._flush_moves(tx, [(work, one) for work in known for one in work.lines if one.moved])
        order_commands.reprice_lines(tx, [_line_row(work, one) for work in known for one in work.lines if one.repriced])
        swapped = [(work.id, work.account.id, one) for work in works if work.swapped for one in work.swapped]
        order_commands.insert_substitutions(tx, swapped)
        for reason in {reason for work in works for reason in work.closing.values()}:
            ids = [hold_id for work in works for hold_id, why in work.closing.items() if why == reason]
            order_commands.close_holds(tx, ids, reason=reason)
        order_commands.open_holds(tx, [(work.id, work.account.id, hold) for work in works for hold in work.opened])

    def _flush_called(self, tx: Tx, works: list[OrderWork]) -> None:
        """A line counts on its blanket order what of it was not cancelled, whatever changed that, and is as old as that (BQ2)."""
        since = [(work.id, [one.since for one in work.called.values() if one.since]) for work in works if work.fresh]
        order_commands.queue_orders(tx, [(order_id, min(found)) for order_id, found in since if found])
        count_callings(tx, [(work.id, work.called, work.left_of) for work in works])

    def _flush_moves(self, tx: Tx, moved: Sequence[tuple[OrderWork, LineWork]]) -> None:
        """Most moves leave the promise as it is, and what ships is billed in the same stroke."""
        plain = [_line_row(work, one) for work, one in moved if not one.promises_anew]
        order_commands.update_lines(tx, [_line_row(work, one) for work, one in moved if one.promises_anew])
        order_commands.move_lines(tx, plain, self.billed)
        written = {(row.order_id, row.line.line_no) for row in plain}
        rest = [(*key, *amounts) for key, amounts in self.billed.items() if key not in written]
        order_commands.add_billed(tx, rest)

    def _forget(self) -> None:
        """What was written is no longer new; the copy may go on being used in this transaction."""
        for work in self.orders.values():
            work.fresh = work.touched = False
            work.opened.clear()
            work.closing.clear()
            work.new_claims.clear()
            work.changed_claims.clear()
            work.swapped.clear()
            for one in work.lines:
                one.moved = one.repriced = one.promises_anew = False
        shelves = self.shelves
        shelves.stock.clear()
        shelves.promised.clear()
        shelves.credit.clear()
        self.events.clear()
        self.billed.clear()
        self.asked.clear()


def _line_row(work: OrderWork, one: LineWork) -> LineRow:
    return LineRow(
        work.id, work.account.id, one.line, one.quantities, one.price, one.tax, one.promised_at, one.promise_text
    )


def open_orders(tx: Tx, order_ids: Sequence[UUID]) -> OrderWorkset:
    """Lock these orders, in the one order of ids, and read all of them; missing ones are left out."""
    locked = lock_set(tx, [(order_queries.LOCK_ORDERS, order_ids)])["order"]
    return read_orders(tx, [row[0] for row in locked])


def read_orders(reader: Reader, order_ids: Sequence[UUID]) -> OrderWorkset:
    """The working copies of orders, a statement a table; for those who hold the locks, or only look."""
    ids = list(order_ids)
    rows = order_queries.headers_of(reader, ids)
    accounts = accounts_by_id(reader, [row.header.account_id for row in rows])
    groups, lines = order_queries.groups_of(reader, ids), order_queries.lines_of(reader, ids)
    charges, holds = order_queries.charges_of(reader, ids), order_queries.holds_of(reader, ids, open_only=False)
    claims: dict[UUID, dict[int, list[Claim]]] = {}
    for claim in claims_of(reader, ids):
        claims.setdefault(claim.order_id, {}).setdefault(claim.line_no, []).append(claim)
    orders = {
        row.header.id: OrderWork(
            header=row.header,
            account=accounts[row.header.account_id],
            lines=[
                LineWork(one.line, one.quantities, one.price, one.tax, one.promised_at, one.promise)
                for one in lines.get(row.header.id, [])
            ],
            groups=groups.get(row.header.id, []),
            charges=[(charge, tax) for charge, tax, _ in charges.get(row.header.id, [])],
            totals=row.totals,
            holds=holds.get(row.header.id, []),
            claims_by_line=claims.get(row.header.id, {}),
            credit_taken=row.credit_taken,
            version=row.version,
            confirmed_at=row.confirmed_at,
            closed_at=row.closed_at,
            status=row.status,
        )
        for row in rows
    }
    changed = [row.header.id for row in rows if row.version > 1]
    for (order_id, line_no), mark in order_queries.marks_of(reader, changed).items():
        orders[order_id].line(line_no).mark = mark
    return OrderWorkset(orders)
