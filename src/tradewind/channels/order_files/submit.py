"""Take an order file in: read it, see what is wrong with which row, place what may be placed, keep what became of it all."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import psycopg

from tradewind.access.decide import within_mandate
from tradewind.channels.commands import Inbound, note_outcomes, take_in
from tradewind.channels.decide.sheets import Mapping, SheetFile, orders_of, read_mapping, read_sheet
from tradewind.channels.order_files.answer import answer_of, line_picture, order_figures, order_outcome
from tradewind.channels.order_files.commands import keep_order_file, remember_mapping
from tradewind.channels.order_files.queries import answer_of_same, mappings_of
from tradewind.channels.order_files.taken import FileRequest, Outcome, Taken
from tradewind.desk.place import Placed, open_works, place_resolved
from tradewind.desk.preview import preview_resolved
from tradewind.desk.resolve import Resolved, Submission, resolve
from tradewind.kernel.problem import Problem, Refused
from tradewind.kernel.tx import Database, Reader, Tx
from tradewind.semantics.decide.rows.model import Declared
from tradewind.streams.order_work import OrderWork
from tradewind.streams.sources import StockMoved

ACTION = "orders.place"
Write = Callable[[Callable[[Tx], dict[str, Any]]], dict[str, Any]]


def remembered(reader: Reader, account_id: UUID) -> dict[str, Mapping]:
    """How the account's files were read before, by the signature of their columns."""
    return {one["signature"]: read_mapping(one["mapping"]) for one in mappings_of(reader, account_id)}


def read_request(request: FileRequest, known: dict[str, Mapping], *, declared: Declared | None = None) -> SheetFile:
    """The file as rows. Raises `Refused` where it cannot be read as a whole."""
    return read_sheet(request.data, told=known.get, given=request.given, declared=declared)


def preview_file(database: Database, request: FileRequest, file: SheetFile) -> dict[str, Any]:
    """What the file would give, row by row, with price and promise. Nothing is kept or taken."""

    def look(tx: Tx) -> dict[str, Any]:
        tx.run("set transaction read only")
        taken = _taken(request, file)
        resolved, products = resolve(tx, _submissions(request, taken, None))
        live = _leave_out(request, taken, resolved)
        placed = preview_resolved(tx, [resolved[at] for at in live], products)
        _note_placed(taken, dict(zip(live, placed, strict=True)), estimate=True)
        return answer_of(request, taken, document_id=None, outcome="preview")

    return database.write(look)


def submit_file(write: Write, request: FileRequest, file: SheetFile) -> dict[str, Any]:
    """Place the orders of a file in one transaction, with its bytes and the outcome of each row; see `outcome` of the answer.

    `write` runs work in a transaction in the sender's name.
    """
    try:
        return _submit(write, request, file)
    except psycopg.errors.UniqueViolation:  # the same file, or one of its numbers, was placed at this moment
        return _submit(write, request, file)


def _submit(write: Write, request: FileRequest, file: SheetFile) -> dict[str, Any]:
    try:
        return write(lambda tx: _place(tx, request, file, lock_all_sites=False))
    except StockMoved:
        return write(lambda tx: _place(tx, request, file, lock_all_sites=True))


def keep_unreadable(database: Database, request: FileRequest, problems: Sequence[Problem]) -> UUID:
    """Keep the bytes of a file that could not be read, and why; gives the document."""

    def keep(tx: Tx) -> UUID:
        document_id = _keep_bytes(tx, request)
        note_outcomes(tx, [(document_id, "rejected", [problem.as_json() for problem in problems])])
        return document_id

    return database.write(keep, actor=request.actor)


def _place(tx: Tx, request: FileRequest, file: SheetFile, *, lock_all_sites: bool) -> dict[str, Any]:
    known = answer_of_same(tx, request.account_id, request.data)
    if known is not None:
        _keep_repeat(tx, request, known)
        return {**known, "repeated": True}
    taken = _taken(request, file)
    document_id = _keep_bytes(tx, request)
    resolved, products = resolve(tx, _submissions(request, taken, document_id))
    live = _leave_out(request, taken, resolved)
    if request.mode == "all-or-nothing":
        live = _all_or_nothing(tx, taken, resolved, live)
    placed = place_resolved(tx, [resolved[at] for at in live], products, lock_all_sites=lock_all_sites) if live else []
    _within_mandates(request, placed)
    _note_placed(taken, dict(zip(live, placed, strict=True)), estimate=False)
    outcome = "placed" if any(one["outcome"] in ("placed", "held") for one in taken.order_outcomes) else "refused"
    if outcome == "refused" and any(one["outcome"] == "duplicate" for one in taken.order_outcomes):
        outcome = "duplicate"
    answer = answer_of(request, taken, document_id=document_id, outcome=outcome)
    _keep_outcome(tx, request, file, answer, document_id=document_id)
    return answer


def _taken(request: FileRequest, file: SheetFile) -> Taken:
    """Every row with its outcome so far: refused where it could not be read."""
    rows = {bad.row: Outcome(bad.row, "refused", problems=bad.problems) for bad in file.bad}
    orders = orders_of(
        file.rows, account=request.account, channel=request.channel, buyer_po=request.buyer_po, findings=file.findings
    )
    for index, order in enumerate(orders):
        for line, row in zip(order.draft.lines, order.rows, strict=True):
            rows[row] = Outcome(row, "valid", order=index, line_no=line.line_no)
    return Taken(file, orders, rows)


def _submissions(request: FileRequest, taken: Taken, document_id: UUID | None) -> list[Submission]:
    return [Submission(order.draft, request.actor, request.visible, document_id) for order in taken.orders]


def _leave_out(request: FileRequest, taken: Taken, resolved: Sequence[Resolved]) -> list[int]:
    """Note what is wrong with rows, take those out of their orders, and give the places of the orders that are left."""
    live = []
    for index, (order, one) in enumerate(zip(taken.orders, resolved, strict=True)):
        by_row, whole = _by_row(order.rows, [line.group_no for line in order.draft.lines], one.problems)
        for row, problems in by_row.items():
            taken.rows[row].outcome = "refused"
            taken.rows[row].problems = tuple(problems)
        good = {line.line_no for line, row in zip(order.draft.lines, order.rows, strict=True) if row not in by_row}
        one.problems[:] = whole
        one.lines = [line for line in one.lines if line.line.line_no in good]
        used = {line.line.group_no for line in one.lines}
        one.groups = [group for group in one.groups if group.group_no in used]
        if one.lines or whole:
            live.append(index)
    if request.mode == "all-or-nothing" and any(one.outcome == "refused" for one in taken.rows.values()):
        live = []
    for index, order in enumerate(taken.orders):
        outcome = "refused" if any(taken.rows[row].outcome == "refused" for row in order.rows) else "not_placed"
        taken.order_outcomes.append(
            order_outcome(
                index, outcome, buyer_po=order.draft.buyer_po, rows=order.rows, release_no=order.draft.release_no
            )
        )
    return live


def _by_row(
    rows: Sequence[int], group_of_line: Sequence[int], problems: Sequence[Problem]
) -> tuple[dict[int, list[Problem]], list[Problem]]:
    """Problems of lines and of their groups by row, and those of the whole order."""
    found: dict[int, list[Problem]] = {}
    whole = []
    for problem in problems:
        parts = problem.where.split("/")
        if len(parts) < 3 or parts[1] not in ("lines", "groups"):
            whole.append(problem)
            continue
        at = int(parts[2])
        members = [at] if parts[1] == "lines" else [n for n, group in enumerate(group_of_line) if group == at + 1]
        for member in members:
            field = parts[3] if len(parts) > 3 else ""
            found.setdefault(rows[member], []).append(problem.at(f"row {rows[member]}, {field}".rstrip(", ")))
    return found, whole


def _all_or_nothing(tx: Tx, taken: Taken, resolved: Sequence[Resolved], live: list[int]) -> list[int]:
    """The places of the orders, or none where one of them would be refused as a whole (its number was used before)."""
    answers, _ = open_works(tx, [resolved[at] for at in live], numbered=False)
    refused = {at: one for at, one in zip(live, answers, strict=True) if one is not None and one.problems}
    for at, one in refused.items():
        _refuse_order(taken, at, one.problems)
    return [] if refused else live


def _within_mandates(request: FileRequest, placed: Sequence[Placed]) -> None:
    for one in placed:
        if one.work is not None and request.caller is not None:
            work = one.work
            problem = within_mandate(
                request.caller, ACTION, work.account.id, total=work.totals.total, currency=work.header.currency
            )
            if problem is not None:
                raise Refused([problem])


def _note_placed(taken: Taken, placed: dict[int, Placed], *, estimate: bool) -> None:
    for at, one in placed.items():
        if one.problems:
            _refuse_order(taken, at, one.problems)
        elif one.work is None:
            _note_repeat(taken, at, one)
        else:
            _note_order(taken, at, one.work, estimate=estimate)


def _refuse_order(taken: Taken, at: int, problems: Sequence[Problem]) -> None:
    order = taken.orders[at]
    for row in order.rows:
        if taken.rows[row].outcome == "valid":
            taken.rows[row].outcome = "refused"
            taken.rows[row].problems = tuple(problems)
    taken.order_outcomes[at] = order_outcome(
        at, "refused", buyer_po=order.draft.buyer_po, rows=order.rows, release_no=order.draft.release_no,
        problems=[problem.as_json() for problem in problems],
    )  # fmt: skip


def _note_repeat(taken: Taken, at: int, one: Placed) -> None:
    order = taken.orders[at]
    for row in order.rows:
        if taken.rows[row].outcome == "valid":
            taken.rows[row].outcome = "duplicate"
    taken.order_outcomes[at] = order_outcome(
        at, "duplicate", buyer_po=order.draft.buyer_po, rows=order.rows, release_no=order.draft.release_no,
        id=str(one.order_id),
    )  # fmt: skip


def _note_order(taken: Taken, at: int, work: OrderWork, *, estimate: bool) -> None:
    order = taken.orders[at]
    findings: dict[int | None, list[dict[str, Any]]] = {}
    for finding in work.findings:
        shown = {name: value for name, value in finding.as_json().items() if name not in ("line", "detail")}
        findings.setdefault(finding.line_no, []).append(shown)
    held_lines = {hold.line_no for hold in work.holds if hold.released_at is None and hold.line_no is not None}
    for line, row in zip(order.draft.lines, order.rows, strict=True):
        outcome = taken.rows[row]
        if outcome.outcome == "valid":
            outcome.outcome = "held" if line.line_no in held_lines else "accepted"
            outcome.findings = tuple(findings.get(line.line_no, ()))
            outcome.picture = line_picture(work, work.line(line.line_no))
    held = work.status == "held"
    names = {} if estimate else {"id": str(work.id), "number": work.header.number}
    taken.order_outcomes[at] = order_outcome(
        at, "held" if held else "accepted" if estimate else "placed", buyer_po=order.draft.buyer_po, rows=order.rows,
        release_no=order.draft.release_no, **names, **order_figures(work), findings=findings.get(None, []),
    )  # fmt: skip


def _keep_bytes(tx: Tx, request: FileRequest) -> UUID:
    document_id = tx.ids.new()
    take_in(
        tx,
        [Inbound(document_id, request.channel, request.actor.principal_id, request.content_type, request.data)],
    )
    return document_id


def _keep_repeat(tx: Tx, request: FileRequest, known: dict[str, Any]) -> None:
    note_outcomes(tx, [(_keep_bytes(tx, request), "duplicate", [{"document": known["document"]}])])


def _keep_outcome(tx: Tx, request: FileRequest, file: SheetFile, answer: dict[str, Any], *, document_id: UUID) -> None:
    """The document's outcome, the file with the outcome of each row, and how its columns were read."""
    kinds = {"order" if one["outcome"] in ("placed", "held") else one["outcome"] for one in answer["orders"]}
    kinds = {"rejected" if kind in ("refused", "not_placed") else kind for kind in kinds or {"refused"}}
    kinds |= {"rejected"} if answer["counts"]["refused"] else set()
    results = [
        {"order": one.get("id"), "rows": len(one["rows"]), "outcome": one["outcome"]} for one in answer["orders"]
    ]
    note_outcomes(tx, [(document_id, kinds.pop() if len(kinds) == 1 else "mixed", results)])
    placed = answer["outcome"] == "placed"
    keep_order_file(
        tx, document_id, request.account_id, data=request.data, name=request.name, mode=request.mode,
        outcome="placed" if placed else "refused", answer=answer,
    )  # fmt: skip
    if placed:
        remember_mapping(tx, request.account_id, file.signature, header=list(file.header), mapping=file.mapping)
