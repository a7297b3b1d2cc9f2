"""Pure decisions about returns: which invoice lines a returned quantity belongs to, and what a receipt does."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from tradewind.kernel.money import ZERO
from tradewind.kernel.problem import Problem
from tradewind.returns import errors
from tradewind.returns.model import Billed, ReceiptLine, Return, Returnable, ReturnLine, ReturnPolicy, ReturnStatus


def tie(
    qty: Decimal, returnable: Returnable, where: str = ""
) -> tuple[Returnable, list[tuple[Billed, Decimal]]] | Problem:
    """The invoice lines that `qty` units come back from, oldest first, and what is returnable after it."""
    if qty <= 0:
        return errors.bad_quantity(f"{where}/qty")
    if not returnable.billed:
        return errors.not_invoiced(where)
    left = min(returnable.qty_left, sum((one.qty_left for one in returnable.billed), ZERO))
    if qty > left:
        return errors.more_than_shipped(f"{qty.normalize():f}", f"{max(left, ZERO).normalize():f}", f"{where}/qty")
    parts: list[tuple[Billed, Decimal]] = []
    rest: list[Billed] = []
    missing = qty
    for billed in returnable.billed:
        part = min(missing, billed.qty_left)
        if part > 0:
            parts.append((billed, part))
            missing -= part
        rest.append(replace(billed, qty_left=billed.qty_left - part))
    return Returnable(returnable.qty_left - qty, tuple(rest)), parts


def receive(found: Return, receipt: Sequence[ReceiptLine]) -> list[ReturnLine] | list[Problem]:
    """The lines as they stand after a receipt, or everything that is wrong with it. Restocked goods need a site."""
    if found.status not in ("authorised", "received"):
        return [errors.not_open(found.number, found.status)]
    lines = {line.line_no: line for line in found.lines}
    problems: list[Problem] = []
    changed: dict[int, ReturnLine] = {}
    for place, one in enumerate(receipt):
        line = lines.get(one.line_no)
        where = f"/lines/{place}"
        if line is None:
            problems.append(errors.no_such_line(one.line_no, where))
            continue
        problem = _wrong(line, one, where)
        if problem is not None:
            problems.append(problem)
            continue
        lines[one.line_no] = changed[one.line_no] = replace(
            line, qty_received=line.qty_received + one.qty, disposition=one.disposition, site_id=one.site_id
        )
    return problems or list(changed.values())


def _wrong(line: ReturnLine, one: ReceiptLine, where: str) -> Problem | None:
    if one.qty <= 0:
        return errors.bad_quantity(f"{where}/qty")
    left = line.qty - line.qty_received
    if one.qty > left:
        return errors.more_than_authorised(f"{one.qty.normalize():f}", f"{left.normalize():f}", f"{where}/qty")
    if line.qty_received and (line.disposition, line.site_id) != (one.disposition, one.site_id):
        return errors.other_disposition(line.line_no, where)
    if one.disposition == "restock" and (one.site_id is None or line.product_id is None):
        return errors.needs_site(line.line_no, f"{where}/site")
    return None


def status_after(lines: Sequence[ReturnLine]) -> ReturnStatus:
    """`credited` once everything expected is credited, `received` once everything expected is here, else `authorised`."""
    if all(line.qty_credited == line.qty for line in lines):
        return "credited"
    if all(line.qty_received == line.qty or line.disposition == "none" for line in lines):
        return "received"
    return "authorised"


def policy_for(
    policies: Iterable[ReturnPolicy], *, ancestors: Sequence[UUID], category: str | None
) -> ReturnPolicy | None:
    """The policy of an item: of its account (the nearest above) before everybody's, of its category before every one."""
    ranks: dict[tuple[int, bool, str], ReturnPolicy] = {}
    for one in policies:
        if one.category not in (None, category) or (one.account_id is not None and one.account_id not in ancestors):
            continue
        place = len(ancestors) if one.account_id is None else ancestors.index(one.account_id)
        ranks[place, one.category is None, one.code] = one
    return ranks[min(ranks)] if ranks else None


def refuse_by(policy: ReturnPolicy, *, billed_at: datetime, now: datetime, where: str = "") -> Problem | None:
    """Why an item does not come back; None where it may."""
    if not policy.returnable:
        return errors.not_returnable(policy.code, where)
    if policy.window_days is not None and now > billed_at + timedelta(days=policy.window_days):
        return errors.window_over(policy.code, policy.window_days, where)
    return None
