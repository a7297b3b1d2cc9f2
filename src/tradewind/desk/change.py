"""Change placed orders: a batch of lists of actions, each action with its own answer; preview and confirm are this one function."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Tx
from tradewind.orders.decide.actions import Action

Verdict = Literal["accepted", "changed", "rejected"]


@dataclass(frozen=True, slots=True)
class ChangeRequest:
    """What is asked of one order. `source` names the message that asks (an 860's control numbers, say): the same source is
    answered again and done once. `may`: what of `STAFF_ONLY` the requester may; a buyer nothing."""

    order_id: UUID
    actions: tuple[Action, ...]
    reason: str
    expected_version: int | None = None
    source: str | None = None
    document_id: UUID | None = None
    may: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one action: done as asked, done as far as it could be, or not.

    `line_no` is the line it was about, or the one it made. `done` and `asked_back` count the line's unit: what changed at once,
    and what a warehouse was asked for (its answer comes later). `problem` says why it was changed or rejected.
    """

    place: int
    verb: str
    verdict: Verdict
    line_no: int | None = None
    done: Decimal | None = None
    asked_back: Decimal | None = None
    problem: Problem | None = None
    lines: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Changed:
    """What became of a request. Nothing changed where `change_id` is None: `problems` or the answers say why.

    `consequences` is what the change does to the order, as it is stored and shown: quantities, stock, price, tax, credit,
    approval, holds, promise, documents issued before.
    """

    order_id: UUID
    change_id: UUID | None = None
    number: str = ""
    status: str = ""
    from_version: int = 0
    to_version: int = 0
    answers: tuple[Answer, ...] = ()
    consequences: dict[str, Any] | None = None
    duplicate: bool = False
    problems: tuple[Problem, ...] = ()


def change(tx: Tx, requests: Sequence[ChangeRequest]) -> list[Changed]:
    """Change each order as far as it can be changed. An order comes once in a batch.

    Locks instances, orders, credit, supplies and stock; the caller commits, or rolls back for a preview.
    """
    raise NotImplementedError
