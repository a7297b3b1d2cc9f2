"""Steps of return to credit: see where a return stands, give up on goods that never come.

Goods are received and credit notes issued at the desk, in transactions of their own; the stream follows the row.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tradewind.kernel.locks import lock_set
from tradewind.kernel.tx import Event, Tx
from tradewind.orchestration.commands.messages import Message
from tradewind.orchestration.commands.steps import Call, Start, Step
from tradewind.orders.queries import LOCK_ORDERS
from tradewind.returns.commands import set_statuses
from tradewind.returns.events import expired
from tradewind.returns.model import Return
from tradewind.returns.queries import opened_at, returns_of
from tradewind.streams.quotes import decide_nothing, keep

STREAM = "return_to_credit"
MOVED = "return.moved"
_STAGE = {"authorised": "goods", "received": "credit"}


@dataclass(slots=True)
class ReturnWorkset:
    """The returns of a turn, with when they were asked for."""

    returns: dict[UUID, Return]
    opened: dict[UUID, datetime]
    statuses: list[tuple[UUID, str]] = field(default_factory=list)
    facts: list[Event] = field(default_factory=list)
    starts: list[Start] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)

    def widen(self) -> None:
        """The orders of the returns are all there is to lock."""

    def flush(self, tx: Tx) -> None:
        """Write everything that changed."""
        set_statuses(tx, self.statuses)
        for fact in self.facts:
            tx.emit(fact)
        self.statuses.clear()
        self.facts.clear()


def open_returns(tx: Tx, return_ids: Sequence[UUID]) -> ReturnWorkset:
    """Lock the orders these returns come from, by id, and read the returns."""
    seen = returns_of(tx, return_ids)
    orders = {line.order_id for one in seen.values() for line in one.lines if line.order_id is not None}
    lock_set(tx, [(LOCK_ORDERS, orders)])
    return ReturnWorkset(returns_of(tx, return_ids), opened_at(tx, return_ids))


def lock_nothing(tx: Tx, workset: ReturnWorkset, needs: frozenset[str]) -> None:
    """Nothing beyond the orders."""


def load_now(tx: Tx, workset: ReturnWorkset, calls: Sequence[Call], looked: Any) -> datetime:
    """The instant of the turn."""
    return tx.now


def decide_follow(workset: ReturnWorkset, calls: Sequence[Call], facts: datetime) -> list[dict[str, Any]]:
    """What a return waits for: its goods, its credit note, or nothing any more; and when to give up on the goods."""
    outcomes: list[dict[str, Any]] = []
    for call in calls:
        found = workset.returns[call.subject_id]
        give_up_at = workset.opened[found.id] + timedelta(days=int(call.variables.get("wait_days", 30)))
        stage = _STAGE.get(found.status, "over")
        if stage == "goods" and facts >= give_up_at and any(line.qty_received for line in found.lines):
            stage = "credit" if any(line.creditable > 0 for line in found.lines) else "over"
        outcomes.append({"stage": stage, "give_up_at": give_up_at})
    return outcomes


def apply_expire(
    tx: Tx, workset: ReturnWorkset, calls: Sequence[Call], outcomes: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """A return of which nothing came is over; of one that came in part the rest is not expected any more."""
    for call in calls:
        found = workset.returns[call.subject_id]
        if found.status == "authorised" and not any(line.qty_received or line.qty_credited for line in found.lines):
            workset.returns[found.id] = replace(found, status="expired")
            workset.statuses.append((found.id, "expired"))
            workset.facts.append(expired(workset.returns[found.id]))
    return outcomes


FOLLOW = Step(name="returns.follow", load=load_now, decide=decide_follow, apply=keep)
EXPIRE = Step(name="returns.expire", decide=decide_nothing, apply=apply_expire)
