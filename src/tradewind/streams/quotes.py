"""Steps of quote to order: see where a quote stands, remind before its validity ends, mark it when it has ended.

What people do to a quote is done at the desk, in a transaction of its own; the stream follows the row, so that it neither
overtakes a decision nor believes one that was not taken. Its timers are the validity of the offer.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from tradewind.kernel.locks import lock_set
from tradewind.kernel.tx import Event, Tx
from tradewind.orchestration.commands.messages import Message
from tradewind.orchestration.commands.steps import Call, Start, Step
from tradewind.quotes.commands import note_reminded, update_quotes
from tradewind.quotes.decide import standing_at
from tradewind.quotes.events import quote_event
from tradewind.quotes.model import OVER, Quote
from tradewind.quotes.queries import LOCK_QUOTES, quotes_from

STREAM = "quote_to_order"
MOVED = "quote.moved"
_STAGE = {"approving": "approve", "offered": "answer", "partly_accepted": "answer", "late": "late"}


@dataclass(slots=True)
class QuoteWorkset:
    """The quotes of a turn."""

    quotes: dict[UUID, Quote]
    changed: dict[UUID, Quote] = field(default_factory=dict)
    reminded: list[UUID] = field(default_factory=list)
    facts: list[Event] = field(default_factory=list)
    starts: list[Start] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)

    def widen(self) -> None:
        """A quote's own row is all there is to lock."""

    def flush(self, tx: Tx) -> None:
        """Write everything that changed."""
        update_quotes(tx, list(self.changed.values()))
        note_reminded(tx, self.reminded)
        for fact in self.facts:
            tx.emit(fact)
        self.changed.clear()
        self.reminded.clear()
        self.facts.clear()


def open_quotes(tx: Tx, quote_ids: Sequence[UUID]) -> QuoteWorkset:
    """Lock these quotes, in the one order of ids, and read them."""
    return QuoteWorkset(quotes_from(lock_set(tx, [(LOCK_QUOTES, quote_ids)])["order"]))


def lock_nothing(tx: Tx, workset: QuoteWorkset, needs: frozenset[str]) -> None:
    """Nothing beyond the quotes."""


def stage_of(quote: Quote) -> str:
    """Who is to act: we prepare, we agree to the offer, the buyer answers, we decide on a late acceptance; or it is over."""
    return "over" if quote.status in OVER else _STAGE.get(quote.status, "prepare")


def decide_follow(workset: QuoteWorkset, calls: Sequence[Call], facts: Any) -> list[dict[str, Any]]:
    """Where each quote stands, and until when that may last."""
    outcomes: list[dict[str, Any]] = []
    for call in calls:
        quote = workset.quotes[call.subject_id]
        end = quote.expires_at
        # a reminder that was given or is not wanted waits for the end, and then for nothing
        remind = end if quote.reminded_at is not None else quote.remind_at or end
        outcomes.append({"stage": stage_of(quote), "remind_at": remind, "expires_at": end})
    return outcomes


def keep(tx: Tx, workset: QuoteWorkset, calls: Sequence[Call], outcomes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Nothing changes by looking."""
    return outcomes


def decide_nothing(workset: QuoteWorkset, calls: Sequence[Call], facts: Any) -> list[dict[str, Any]]:
    """What is to be done hangs on the instant, which `apply` has."""
    return [{} for _ in calls]


def apply_remind(
    tx: Tx, workset: QuoteWorkset, calls: Sequence[Call], outcomes: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Say once of a version that its validity ends soon, while it still can be accepted."""
    for call in calls:
        quote = workset.quotes[call.subject_id]
        open_ = quote.expires_at is not None and tx.now < quote.expires_at and stage_of(quote) == "answer"
        due = quote.remind_at is not None and quote.remind_at <= tx.now and quote.reminded_at is None
        if open_ and due and quote.expires_at is not None:
            workset.quotes[quote.id] = replace(quote, reminded_at=tx.now)
            workset.reminded.append(quote.id)
            payload = {"version": quote.version_no, "expires_at": quote.expires_at.isoformat()}
            workset.facts.append(quote_event("validity_ending", quote, payload))
    return outcomes


def apply_expire(
    tx: Tx, workset: QuoteWorkset, calls: Sequence[Call], outcomes: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """An offer whose time is over is expired; one that was partly accepted is done with, and won as far as it was."""
    for call in calls:
        ended = expired_at(workset.quotes[call.subject_id], tx)
        if ended is not None:
            workset.quotes[ended.id] = workset.changed[ended.id] = ended
            workset.facts.append(quote_event("expired", ended, {"version": ended.version_no}))
    return outcomes


def expired_at(quote: Quote, tx: Tx) -> Quote | None:
    """The quote as it is after its validity; None where nothing follows from the time."""
    then = standing_at(quote, tx.now)
    return None if then == quote.status else replace(quote, status=then, ended_at=tx.now, end_reason="validity")


FOLLOW = Step(name="quotes.follow", decide=decide_follow, apply=keep)
REMIND = Step(name="quotes.remind", decide=decide_nothing, apply=apply_remind)
EXPIRE = Step(name="quotes.expire", decide=decide_nothing, apply=apply_expire)
