"""Writes of returns: whole sets in one statement a table."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from tradewind.kernel.arrays import numbers
from tradewind.kernel.tx import Tx
from tradewind.returns.model import Return, ReturnLine, ReturnPolicy

_NUMBERS = "select 'RA-' || lpad(nextval('return_number')::text, 8, '0') from generate_series(1, %(count)s)"
_INSERT = """
insert into return_authorisation (id, number, account_id, status, reason, outside_number, opened_at)
select w.*, %(now)s from unnest(%(id)s::uuid[], %(number)s::text[], %(account)s::uuid[], %(status)s::text[], %(reason)s::text[],
  %(outside)s::text[]) as w
"""
_INSERT_LINES = """
insert into return_line (return_id, line_no, account_id, order_id, order_line_no, invoice_id, invoice_line_no, description, qty,
  disposition, problem)
select * from unnest(%(return)s::uuid[], %(line)s::int[], %(account)s::uuid[], %(order)s::uuid[], %(order_line)s::int[],
  %(invoice)s::uuid[], %(invoice_line)s::int[], %(description)s::text[], %(qty)s::numeric[], %(disposition)s::text[],
  %(problem)s::text[])
"""
_RECEIVE = """
update return_line l set qty_received = w.qty, disposition = w.disposition, site_id = w.site_id
from unnest(%(return)s::uuid[], %(line)s::int[], %(qty)s::numeric[], %(disposition)s::text[], %(site)s::uuid[])
  as w(return_id, line_no, qty, disposition, site_id)
where l.return_id = w.return_id and l.line_no = w.line_no
"""
_CREDIT = """
update return_line l set qty_credited = l.qty_credited + w.qty
from unnest(%(return)s::uuid[], %(line)s::int[], %(qty)s::numeric[]) as w(return_id, line_no, qty)
where l.return_id = w.return_id and l.line_no = w.line_no
"""
_STATUS = """
update return_authorisation r set status = w.status from unnest(%(id)s::uuid[], %(status)s::text[]) as w(id, status)
where r.id = w.id
"""


def next_return_numbers(tx: Tx, count: int) -> list[str]:
    """Numbers people can read; they may have gaps."""
    return [row[0] for row in tx.rows(_NUMBERS, {"count": count})] if count else []


def insert_returns(tx: Tx, returns: Sequence[Return]) -> None:
    """Store return authorisations with their lines."""
    if not returns:
        return
    tx.run(
        _INSERT,
        {
            "now": tx.now,
            "id": [one.id for one in returns],
            "number": [one.number for one in returns],
            "account": [one.account_id for one in returns],
            "status": [one.status for one in returns],
            "reason": [one.reason for one in returns],
            "outside": [one.outside_number for one in returns],
        },
    )
    lines = [(one, line) for one in returns for line in one.lines]
    tx.run(
        _INSERT_LINES,
        {
            "return": [one.id for one, _ in lines],
            "line": numbers(line.line_no for _, line in lines),
            "account": [one.account_id for one, _ in lines],
            "order": [line.order_id for _, line in lines],
            "order_line": numbers(line.order_line_no for _, line in lines),
            "invoice": [line.invoice_id for _, line in lines],
            "invoice_line": numbers(line.invoice_line_no for _, line in lines),
            "description": [line.description for _, line in lines],
            "qty": numbers(line.qty for _, line in lines),
            "disposition": [line.disposition for _, line in lines],
            "problem": [line.problem for _, line in lines],
        },
    )


def receive_lines(tx: Tx, lines: Sequence[tuple[UUID, ReturnLine]]) -> None:
    """Store what came in of return lines, what becomes of it and where it lies."""
    if lines:
        tx.run(
            _RECEIVE,
            {
                "return": [one for one, _ in lines],
                "line": numbers(line.line_no for _, line in lines),
                "qty": numbers(line.qty_received for _, line in lines),
                "disposition": [line.disposition for _, line in lines],
                "site": [line.site_id for _, line in lines],
            },
        )


def credit_lines(tx: Tx, lines: Sequence[tuple[UUID, int, Decimal]]) -> None:
    """Add to what was credited of return lines: (return, line, base units)."""
    if lines:
        tx.run(
            _CREDIT,
            {
                "return": [line[0] for line in lines],
                "line": numbers(line[1] for line in lines),
                "qty": numbers(line[2] for line in lines),
            },
        )


def set_statuses(tx: Tx, statuses: Sequence[tuple[UUID, str]]) -> None:
    """Store where returns stand."""
    if statuses:
        tx.run(_STATUS, {"id": [one for one, _ in statuses], "status": [status for _, status in statuses]})


_POLICY = """
insert into return_policy (code, version, name, account_id, category, returnable, window_days, wait_days, valid_from, put_by)
values (%(code)s, %(version)s, %(name)s, %(account)s, %(category)s, %(returnable)s, %(window)s, %(wait)s, %(from)s, %(by)s)
"""


def put_return_policy(tx: Tx, policy: ReturnPolicy) -> None:
    """Store a version of a policy."""
    tx.run(
        _POLICY,
        {
            "code": policy.code,
            "version": policy.version,
            "name": policy.name,
            "account": policy.account_id,
            "category": policy.category,
            "returnable": policy.returnable,
            "window": policy.window_days,
            "wait": policy.wait_days,
            "from": policy.valid_from,
            "by": tx.actor.principal_id,
        },
    )
