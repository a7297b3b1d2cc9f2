"""Reads of returns."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from tradewind.kernel.tx import Reader
from tradewind.returns.model import Return, ReturnLine, ReturnPolicy

_RETURNS = """
select r.id, r.number, r.account_id, r.status, r.reason, r.outside_number
from unnest(%(ids)s::uuid[]) as w(id) join return_authorisation r on r.id = w.id
"""
_LINES = """
select l.return_id, l.line_no, l.order_id, l.order_line_no, l.invoice_id, l.invoice_line_no, l.description, l.qty, l.disposition,
  l.problem, l.qty_received, l.qty_credited, l.site_id, o.product_id
from unnest(%(ids)s::uuid[]) as w(id) join return_line l on l.return_id = w.id
left join order_line o on o.order_id = l.order_id and o.line_no = l.order_line_no order by l.return_id, l.line_no
"""
_IDS = "select r.number, r.id from unnest(%(numbers)s::text[]) as w(number) join return_authorisation r on r.number = w.number"
_EXPECTED = """
select l.invoice_id, l.invoice_line_no, sum(l.qty - l.qty_credited), sum(l.qty - l.qty_received)
from unnest(%(invoice)s::uuid[], %(line)s::int[]) as w(invoice_id, line_no)
join return_line l on l.invoice_id = w.invoice_id and l.invoice_line_no = w.line_no
join return_authorisation r on r.id = l.return_id and r.status in ('authorised', 'received')
group by 1, 2
"""


def returns_of(reader: Reader, ids: Iterable[UUID]) -> dict[UUID, Return]:
    """Returns with their lines, in two statements."""
    wanted = sorted(set(ids))
    lines: dict[UUID, list[ReturnLine]] = {}
    for row in reader.rows(_LINES, {"ids": wanted}):
        lines.setdefault(row[0], []).append(ReturnLine(*row[1:]))
    return {row[0]: Return(*(*row, tuple(lines.get(row[0], ())))) for row in reader.rows(_RETURNS, {"ids": wanted})}


def return_ids(reader: Reader, numbers: Iterable[str]) -> dict[str, UUID]:
    """Ids by return number, as far as the reader may see them."""
    return dict(reader.rows(_IDS, {"numbers": sorted(set(numbers))}))


def still_expected(
    reader: Reader, lines: Sequence[tuple[UUID, int]]
) -> dict[tuple[UUID, int], tuple[Decimal, Decimal]]:
    """What open returns hold of invoice lines: (units not credited yet, units not received yet)."""
    columns = {"invoice": [one for one, _ in lines], "line": [line_no for _, line_no in lines]}
    return {(row[0], row[1]): (row[2], row[3]) for row in reader.rows(_EXPECTED, columns)}


_POLICIES = """
select distinct on (code) code, version, name, valid_from, account_id, category, returnable, window_days, wait_days
from return_policy where valid_from <= %(now)s order by code, version desc
"""
_LAST_VERSION = "select coalesce(max(version), 0) from return_policy where code = %(code)s"
_OPENED = "select r.id, r.opened_at from unnest(%(ids)s::uuid[]) as w(id) join return_authorisation r on r.id = w.id"


def return_policies(reader: Reader) -> list[ReturnPolicy]:
    """The policies that hold now."""
    return [ReturnPolicy(*row) for row in reader.rows(_POLICIES, {"now": reader.now})]


def last_policy_version(reader: Reader, code: str) -> int:
    """The newest version of a policy; 0 where there is none."""
    row = reader.row(_LAST_VERSION, {"code": code})
    return int(row[0]) if row else 0


def opened_at(reader: Reader, ids: Iterable[UUID]) -> dict[UUID, datetime]:
    """When returns were asked for."""
    return dict(reader.rows(_OPENED, {"ids": sorted(set(ids))}))
