"""Quotes between people: what buyers ask for, wish anew and decline, what we withdraw, and offers whose time is over.

Every act holds the quote's process and then its row, looks up in the table of states where it leads, and wakes the process.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from tradewind.kernel.limits import CRANK_SET
from tradewind.kernel.locks import lock_set
from tradewind.kernel.problem import Problem, Refused
from tradewind.kernel.tx import Tx
from tradewind.kernel.value import value
from tradewind.orchestration.commands.instances import store_instances
from tradewind.orchestration.commands.messages import Message
from tradewind.orchestration.commands.steps import Start
from tradewind.orchestration.commands.streams import latest_versions
from tradewind.orchestration.commands.tasks import Completion, finish_tasks, tasks_about
from tradewind.orchestration.commands.turns import begin_instances
from tradewind.orchestration.commands.waits import live_instances
from tradewind.orchestration.commands.waking import LOCK_SUBJECTS, wake_waiting
from tradewind.quotes import errors
from tradewind.quotes.commands import add_round, drop_pending, insert_quotes, next_numbers, update_quotes
from tradewind.quotes.decide import after
from tradewind.quotes.events import quote_event
from tradewind.quotes.model import MOST_LINES, OVER, Act, Quote, Reason, Round, Wish
from tradewind.quotes.queries import LOCK_QUOTES, quotes_from, quotes_over, versions_of
from tradewind.streams.language import read_expression
from tradewind.streams.quotes import MOVED, STREAM, expired_at


@value(frozen=True, slots=True)
class Asked:
    """What a buyer, or a representative for one, asks a quote for."""

    account_id: UUID
    wishes: tuple[Wish, ...]
    title: str = ""
    note: str | None = None
    buyer_po: str | None = None
    ship_to: str | None = None


def request_quote(tx: Tx, asked: Asked) -> Quote:
    """A new quote with what was asked; it waits in the inbox of those who prepare offers. Raises `Refused`."""
    if not asked.wishes or len(asked.wishes) > MOST_LINES:
        raise Refused([errors.bad_line(f"A quote is asked for 1 to {MOST_LINES} lines.", "/lines")])
    problems = [
        errors.bad_line("A line names an item and a quantity.", f"/lines/{index}")
        for index, one in enumerate(asked.wishes)
        if one.item is None or one.qty is None
    ]
    problems += twice(asked.wishes)
    if problems:
        raise Refused(problems)
    quote = Quote(
        tx.ids.new(), next_numbers(tx, 1)[0], asked.account_id, "requested", 0, asked.title, tx.actor.channel, 0, 0, tx.now,
        tx.actor.principal_id, tx.actor.on_behalf_of, None, None, None, None, None, None,
    )  # fmt: skip
    insert_quotes(tx, [quote])
    add_round(tx, quote, _round(tx, "request", quote, asked.wishes, note=asked.note, buyer_po=asked.buyer_po, ship_to=asked.ship_to))  # fmt: skip
    tx.emit(quote_event("requested", quote, {"lines": len(asked.wishes), "title": asked.title}))
    move_on(tx, quote, {})
    return quote


def twice(wishes: Sequence[Wish]) -> list[Problem]:
    """Lines that are named more than once."""
    seen: set[int] = set()
    found: list[Problem] = []
    for index, one in enumerate(wishes):
        if one.line_no in seen:
            found.append(errors.line_twice(one.line_no, f"/lines/{index}"))
        seen.add(one.line_no)
    return found


def _round(tx: Tx, kind: Any, quote: Quote, wishes: Sequence[Wish] = (), **said: Any) -> Round:
    known: dict[str, Any] = {"reason": None, "note": None, "buyer_po": None, "ship_to": None, **said}
    return Round(
        id=tx.ids.new(), round_no=0, kind=kind, version_no=quote.version_no, said_at=tx.now, said_by=tx.actor.principal_id,
        wishes=tuple(wishes), **known,
    )  # fmt: skip


def hold(tx: Tx, quote_id: UUID) -> Quote:
    """Lock a quote, its process first; 404 where there is none."""
    locked = lock_set(tx, [(LOCK_SUBJECTS, [quote_id]), (LOCK_QUOTES, [quote_id])])
    quote = quotes_from(locked["order"]).get(quote_id)
    if quote is None:
        raise Refused([errors.unknown_quote()])
    return quote


def moved(tx: Tx, quote: Quote, act: Act, **changes: Any) -> Quote:
    """The quote after an act; raises `Refused` where the table of states does not know it from here."""
    status = after(quote, act, tx.now)
    if isinstance(status, Problem):
        raise Refused([status])
    ended = tx.now if status in OVER else None
    return replace(quote, **{"status": status, "ended_at": ended, "end_reason": None, "end_note": None, **changes})


def move_on(tx: Tx, quote: Quote, outcome: Mapping[str, Any]) -> None:
    """Let the process of a quote see what happened; one that had ended begins anew. The caller holds both."""
    if quote.id not in live_instances(tx, STREAM, [quote.id]):
        if quote.status in OVER:
            return
        start = Start(STREAM, "quote", quote.id, quote.account_id, {"quote": str(quote.id)})
        fresh = begin_instances(tx, [start], versions=latest_versions(tx), expressions=read_expression)
        store_instances(tx, fresh, wake_now=frozenset(one.id for one in fresh))
        return
    done = [Completion(task.id, dict(outcome)) for task in tasks_about(tx, [quote.id])]
    finish_tasks(tx, done)
    wake_waiting(tx, [Message(MOVED, str(quote.id), f"{quote.status}:{tx.ids.new()}")])


def renegotiate(
    tx: Tx, quote_id: UUID, *, version_no: int, reason: Reason, wishes: Sequence[Wish], note: str | None = None
) -> Quote:
    """Ask for another version with a reason and wishes by line; what was offered no longer counts. Raises `Refused`."""
    quote = hold(tx, quote_id)
    if version_no != quote.version_no:
        raise Refused([errors.other_version(quote.number, version_no, quote.version_no)])
    now = moved(tx, quote, "renegotiate")
    version = versions_of(tx, quote.id, version_no)[version_no]
    problems = twice(wishes) + [
        errors.unknown_line(one.line_no, f"/lines/{index}")
        for index, one in enumerate(wishes)
        if one.item is None and version.line(one.line_no) is None
    ]
    if problems:
        raise Refused(problems)
    update_quotes(tx, [now])
    number = add_round(tx, now, _round(tx, "renegotiate", now, wishes, reason=reason, note=note))
    now = replace(now, round_no=number)
    tx.emit(quote_event("renegotiated", now, {"version": version_no, "round": number, "reason": reason}))
    move_on(tx, now, {"renegotiated": True})
    return now


def decline(tx: Tx, quote_id: UUID, *, reason: Reason, note: str | None = None) -> Quote:
    """The buyer does not want it (any more): lost, or won as far as it was accepted. Raises `Refused`."""
    return _end(tx, quote_id, "decline", reason=reason, note=note)


def withdraw(tx: Tx, quote_id: UUID, *, reason: Reason, note: str | None = None) -> Quote:
    """We do not offer it (any more). Raises `Refused`."""
    return _end(tx, quote_id, "withdraw", reason=reason, note=note)


def _end(tx: Tx, quote_id: UUID, act: Any, *, reason: Reason, note: str | None) -> Quote:
    quote = hold(tx, quote_id)
    now = moved(tx, quote, act, end_reason=reason, end_note=note)
    update_quotes(tx, [now])
    drop_pending(tx, quote.id)
    add_round(tx, now, _round(tx, act, now, reason=reason, note=note))
    payload = {"version": quote.version_no, "reason": reason, "note": note}
    tx.emit(quote_event("declined" if act == "decline" else "withdrawn", now, payload))
    move_on(tx, now, {act: True})
    return now


def expire_quotes(tx: Tx) -> int:
    """Mark offers whose time is over and whose process did not (yet); those that somebody holds come next time."""
    ids = quotes_over(tx, limit=CRANK_SET)
    if not ids:
        return 0
    locked = quotes_from(lock_set(tx, [(LOCK_QUOTES, ids)])["order"])
    ended = [now for quote in locked.values() if (now := expired_at(quote, tx)) is not None]
    update_quotes(tx, ended)
    for one in ended:
        tx.emit(quote_event("expired", one, {"version": one.version_no}))
    return len(ended)
