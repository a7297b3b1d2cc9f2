"""Sets that are worked together, and how their outcomes are said."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from tradewind.channels.decide.partners.said import Said, said_unread
from tradewind.channels.decide.x12.documents import PurchaseOrder, SetAcknowledgement
from tradewind.channels.decide.x12.model import Fault, GroupHeader, TransactionSet
from tradewind.channels.decide.x12.orders import intent
from tradewind.channels.edi.model import Arrived, Outcome, Partner, SetOutcome
from tradewind.kernel.limits import BATCH_LINES, BATCH_ORDERS
from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Actor

MOST_FINDINGS = 50  # kept of one set


@dataclass(frozen=True, slots=True)
class Item:
    """A set, what our 997 says of it, and the order or change in it."""

    place: int
    header: GroupHeader
    given: TransactionSet
    ack: SetAcknowledgement
    order: PurchaseOrder | None = None

    @property
    def stands_alone(self) -> bool:
        """It speaks of something that may have come just before it."""
        return self.order is None or intent(self.order) != "original"


@dataclass(frozen=True, slots=True)
class Chunk:
    """Sets of one interchange, within the bounds of a batch.

    `mending`: they were held and are tried again; `as_new`: a person says that a change or replacement of something we never
    had is to be an order. `again`: they are tried a second time.
    """

    partner: Partner
    arrived: Arrived
    document_id: UUID
    actor: Actor
    items: list[Item] = field(default_factory=list)
    mending: bool = False
    as_new: bool = False
    again: bool = False

    def empty(self) -> "Chunk":
        """The next one."""
        return replace(self, items=[])

    def fits(self, item: Item) -> bool:
        """Whether it may be worked with those that are in: orders are, a batch at a time."""
        if not self.items:
            return True
        if item.stands_alone or self.items[-1].stands_alone or len(self.items) >= BATCH_ORDERS:
            return False
        lines = sum(len(one.order.lines) for one in self.items if one.order is not None)
        return lines + (len(item.order.lines) if item.order is not None else 0) <= BATCH_LINES


def outcome_of(
    chunk: Chunk,
    item: Item,
    outcome: Outcome,
    findings: Iterable[dict[str, Any]] = (),
    *,
    account_id: UUID | None = None,
    order_id: UUID | None = None,
    said: Said | None = None,
) -> SetOutcome:
    """What became of a set; an order that waits or is placed keeps the buyer's words for its answers."""
    awaits = item.order is not None and (outcome == "order" or (outcome == "held" and intent(item.order) == "original"))
    if awaits and said is None and item.order is not None:
        said = said_unread(item.order)
    return SetOutcome(
        place=item.place,
        type=item.given.type,
        group_no=item.header.control,
        group_code=item.header.functional_id,
        set_no=item.given.control,
        verdict="A" if item.ack.code == "A" else "E" if item.ack.code == "E" else "R",
        outcome=outcome,
        number=item.order.number if item.order is not None else None,
        account_id=account_id,
        order_id=order_id,
        findings=tuple(findings)[:MOST_FINDINGS],
        ack={"reasons": item.ack.reasons, "errors": [_error(one) for one in item.ack.errors]}
        if item.ack.code != "A"
        else None,
        said=said.as_json() if awaits and said is not None else None,
        awaits=awaits and "855" in chunk.partner.sends,
    )


def _error(one: Any) -> dict[str, Any]:
    return {
        "segment_id": one.segment_id, "position": one.position, "code": one.code, "loop": one.loop,
        "elements": [
            {"position": element.position, "code": element.code, "reference": element.reference, "value": element.value}
            for element in one.elements
        ],
    }  # fmt: skip


def found_json(faults: Iterable[Fault]) -> list[dict[str, Any]]:
    """Faults of a set as they are kept and shown."""
    return [
        {
            "code": one.code,
            "severity": one.severity,
            "message": one.message,
            **({"where": one.where} if one.where else {}),
        }
        for one in faults
    ]


def problem_json(problem: Problem) -> dict[str, Any]:
    """A problem as a finding."""
    said: dict[str, Any] = {"code": problem.code, "severity": "hold", "message": problem.message}
    if problem.where:
        said["where"] = problem.where
    return {**said, "detail": problem.detail} if problem.detail else said
