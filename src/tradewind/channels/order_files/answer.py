"""What is answered about an order file: how it was read, its orders, and the outcome of every row with what would be right."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from tradewind.channels.decide.sheets import SheetFile
from tradewind.channels.order_files.taken import FileRequest, Outcome, Taken
from tradewind.kernel.money import plain
from tradewind.kernel.problem import Problem
from tradewind.streams.order_work import LineWork, OrderWork
from tradewind.views.orders import NAMELESS, money

_SUGGESTING = (
    "did_you_mean",
    "products",
    "units",
    "suggested",
    "readings",
    "choices",
    "nearest",
    "check_digit",
    "down",
    "up",
)


def answer_of(request: FileRequest, taken: Taken, *, document_id: UUID | None, outcome: str) -> dict[str, Any]:
    """The answer as it is stored and shown."""
    rows = [taken.rows[number] for number in sorted(taken.rows)]
    counts = {name: sum(1 for one in rows if one.outcome == name) for name in ("held", "refused", "duplicate", "valid")}
    return {
        "document": document_id and str(document_id),
        "account": request.account,
        "mode": request.mode,
        "outcome": outcome,
        "read_as": _read_as(taken.file),
        "mapping": mapping_json(taken.file),
        "counts": {"rows": len(rows), "accepted": taken.accepted, "orders": len(taken.order_outcomes), **counts},
        "orders": taken.order_outcomes,
        "rows": [_row(one) for one in rows],
        "findings": [
            {"code": one.code, "severity": one.severity, "where": one.where, "message": one.message, "count": one.count}
            for one in taken.file.findings
        ],
    }


def _read_as(file: SheetFile) -> dict[str, Any]:
    shown = {
        "format": file.format, "encoding": file.encoding and file.encoding.removesuffix("-sig"), "delimiter": file.delimiter, "sheet": file.sheet,
        "header_row": file.header_row, "decimal_mark": file.decimal_mark, "date_order": file.date_order,
    }  # fmt: skip
    return {name: value for name, value in shown.items() if value is not None}


def mapping_json(file: SheetFile) -> dict[str, Any]:
    """Which column was taken for what, and how sure that is."""
    return {
        "signature": file.signature,
        "columns": [one.as_json() for one in file.columns.guesses],
        "not_read": list(file.columns.unread),
    }


def order_outcome(
    index: int, outcome: str, *, buyer_po: str | None, rows: Iterable[int], **more: Any
) -> dict[str, Any]:
    """One order of the file."""
    shown = {"index": index, "outcome": outcome, "buyer_po": buyer_po, "rows": list(rows), **more}
    return {name: value for name, value in shown.items() if value not in (None, [], "")}


def order_figures(work: OrderWork) -> dict[str, Any]:
    """An order's amounts and what holds it."""
    currency = work.header.currency
    return {
        "status": work.status,
        "currency": currency,
        "net": money(work.totals.net, currency),
        "tax": money(work.totals.tax, currency),
        "total": money(work.totals.total, currency),
        "holds": [
            {"kind": hold.kind, "code": hold.code, "reason": hold.reason}
            for hold in work.holds
            if hold.released_at is None
        ],
    }


def line_picture(work: OrderWork, one: LineWork) -> dict[str, Any]:
    """A row's line as it was priced and promised."""
    line = one.line
    shown = {
        "sku": None if line.sku == NAMELESS else line.sku,
        "buyer_sku": line.buyer_sku,
        "qty": plain(line.qty),
        "uom": line.uom,
        "unit_price": plain(one.price.unit_price),
        "price_uom": one.price.uom,
        "net": money(one.price.net, work.header.currency),
        "promised_at": None if one.promised_at is None else one.promised_at.isoformat(),
        "promise": [{"qty": piece["qty"], "at": piece["at"], "from": piece["from"]} for piece in one.promise],
    }
    return {name: value for name, value in shown.items() if value not in (None, "")}


def _row(one: Outcome) -> dict[str, Any]:
    shown: dict[str, Any] = {"row": one.row, "outcome": one.outcome, "order": one.order, "line_no": one.line_no}
    shown |= one.picture
    shown["problems"] = [problem_json(problem) for problem in one.problems]
    shown["findings"] = list(one.findings)
    return {name: value for name, value in shown.items() if value not in (None, [])}


def problem_json(problem: Problem) -> dict[str, Any]:
    """A row's problem, with what would be right in front."""
    found: list[str] = []
    for name in _SUGGESTING:
        value = problem.detail.get(name)
        found += [] if value is None else [str(one) for one in value] if isinstance(value, list) else [str(value)]
    shown = {
        "code": problem.code,
        "message": problem.message,
        "where": problem.where,
        "suggestions": [one for one in found if one != "0"],
    }
    return {name: value for name, value in shown.items() if value not in ("", [])}
