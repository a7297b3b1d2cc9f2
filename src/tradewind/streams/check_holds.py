"""The holds that follow from the findings of a check: opened, closed where the reason is gone, not opened again once waved through."""

from collections.abc import Sequence
from datetime import datetime

from tradewind.kernel.tx import Tx
from tradewind.orders.model import HOUSE_REASONS, Hold
from tradewind.streams.entitle import LICENCE_MISSING, NOT_SOLD_THERE
from tradewind.streams.governed import govern
from tradewind.streams.governed_orders import REFUSING, findings_of, holds_by_rule
from tradewind.streams.order_work import OrderWork, OrderWorkset
from tradewind.streams.tolerances import DIFFERS
from tradewind.streams.unidentified import UNCLEAR

# Findings that a person may wave through: their holds do not open again once released.
WAVED_THROUGH = frozenset({"data", "price", "address", "stock"})
# Without these an order would go out at nothing or untaxed; they end only when the price or the rate is there.
NEVER_WAVED = frozenset({"pricing.no_price", "tax.no_rate", LICENCE_MISSING, NOT_SOLD_THERE}) | UNCLEAR


def _came_of_a_check(hold: Hold) -> bool:
    """Whether a finding of an earlier assessment opened it. What the desk or a person opened is theirs to close."""
    if holds_by_rule(hold.code):
        return True
    if hold.code == DIFFERS:  # a price is compared once, when the document comes in; then somebody decides
        return False
    return hold.kind in ("data", "price", "address") and (hold.detail or {}).get("code") == hold.code


def check_again(tx: Tx, workset: OrderWorkset, works: Sequence[OrderWork]) -> None:
    """Ask the tables of checks once more about orders that were changed without being assessed again; their holds follow."""
    governed = govern(tx, workset)
    if governed is None or not any(governed.has(point) for point in REFUSING):
        return
    governed.read_categories(tx, workset, works)
    governed.read_past(tx, workset, works)
    for work in works:
        work.findings += findings_of(governed, work, prices={}, totals=work.totals)
        settle_holds(tx, work, tx.now, by_rule=True)


def settle_holds(tx: Tx, work: OrderWork, now: datetime, *, by_rule: bool = False) -> None:
    """Open a hold for each finding of an order that asks for one, close those whose reason is gone; `by_rule`: only tables' holds."""
    wanted = {
        (finding.hold_kind, finding.code, finding.line_no): finding
        for finding in work.findings
        if finding.hold_kind and (not by_rule or holds_by_rule(finding.code))
    }
    checked = [hold for hold in work.holds if hold.released_at is None and _came_of_a_check(hold)]
    for hold in [hold for hold in checked if not by_rule or holds_by_rule(hold.code)]:
        if (hold.kind, hold.code, hold.line_no) not in wanted:
            work.close_hold(hold, "No longer the case.", now)
    waved = {
        (hold.kind, hold.code, hold.line_no)
        for hold in work.holds
        if hold.released_at is not None
        and hold.release_reason not in HOUSE_REASONS
        and hold.line_no not in work.voided  # it was waved through before a change
    }
    for (kind, code, line_no), finding in wanted.items():
        assert kind is not None
        may_wave = kind in WAVED_THROUGH or holds_by_rule(code)
        if may_wave and code not in NEVER_WAVED and (kind, code, line_no) in waved:
            continue
        work.open_hold(
            Hold(
                tx.ids.new(),
                "order" if line_no is None else "line",
                kind,
                code,
                finding.message,
                now,
                line_no=line_no,
                detail=finding.as_json(),
            )
        )
