"""860s, and 850s that cancel, change or replace: changes of an order that is there, answered with an 865."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from tradewind.accounts.queries import account_ids
from tradewind.channels.decide.partners.change import (
    Granted,
    Wish,
    answer_change,
    cancelled,
    restated_of,
    wishes_of,
)
from tradewind.channels.decide.partners.said import Said, read_said
from tradewind.channels.decide.x12.documents import PurchaseOrder
from tradewind.channels.decide.x12.drafts import release_of
from tradewind.channels.decide.x12.orders import intent
from tradewind.channels.edi.chunk import Chunk, Item, found_json, outcome_of, problem_json
from tradewind.channels.edi.commands import add_words, note_answers
from tradewind.channels.edi.model import ON_HOLD, OwedSet, SetOutcome
from tradewind.channels.edi.orders import CHANNEL, account_code
from tradewind.channels.edi.queries.outbound import TradedOrder, traded_orders
from tradewind.channels.edi.queries.partners import names_in
from tradewind.channels.edi.standing import standing_of, traded_works
from tradewind.desk.change import Changed, ChangeRequest, change
from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Tx
from tradewind.orders.decide import normal_po
from tradewind.orders.queries import same_purchase_orders

REASONS = {"cancel": "Cancelled by the buyer.", "change": "Changed by the buyer.", "replace": "Replaced by the buyer."}
Answered = tuple[SetOutcome, OwedSet | None]


def change_order(tx: Tx, chunk: Chunk, item: Item) -> Answered:
    """Do what a change asks as far as it can be done; without an order to change it is held for a person."""
    assert item.order is not None
    order, wanted = item.order, intent(item.order)
    found = _order_meant(tx, chunk, order)
    if isinstance(found, Problem):
        return outcome_of(chunk, item, "held", [problem_json(found)]), None
    account_id, order_id = found
    if order_id is None:
        problem = _without_original(order, wanted)
        return outcome_of(chunk, item, "held", [problem_json(problem)], account_id=account_id), None
    if wanted in ("confirm", "copy"):
        return outcome_of(chunk, item, "duplicate", account_id=account_id, order_id=order_id), None
    if wanted == "other":
        problem = Problem("channels.unknown_purpose", f"We do not know what purpose {order.purpose} asks for.", "BEG01")
        return outcome_of(chunk, item, "held", [problem_json(problem)], account_id=account_id, order_id=order_id), None
    return _change(tx, chunk, item, account_id, order_id)


def _order_meant(tx: Tx, chunk: Chunk, order: PurchaseOrder) -> tuple[UUID, UUID | None] | Problem:
    """(account, the order under this number), as an 850 under the number would be found."""
    names = names_in(tx, chunk.partner.system, {party.id for party in order.parties} - {""})
    code = account_code(chunk, order, names)
    account_id = account_ids(tx, [code]).get(code) if code is not None else None
    if account_id is None:
        if chunk.arrived.is_test:
            message = f"It is a test, and {chunk.partner.code} has no sandbox account."
            return Problem("channels.test_without_sandbox", message, "ISA15")
        return Problem("channels.unknown_account", "Nobody knows whose order it is.", "N1")
    number = normal_po(order.number)
    releases = dict.fromkeys((release_of(order, chunk.partner.map), ""))
    live = same_purchase_orders(tx, [(account_id, number, release, 0) for release in releases])
    return account_id, live[min(live)][0] if live else None


def _without_original(order: PurchaseOrder, wanted: str) -> Problem:
    what = {"replace": "replaces", "cancel": "cancels", "change": "changes"}.get(wanted, "speaks of")
    code = "channels.replace_without_original" if wanted == "replace" else "channels.change_without_order"
    return Problem(code, f"It {what} order {order.number}, which nobody has here.", "BEG03")


def _change(tx: Tx, chunk: Chunk, item: Item, account_id: UUID, order_id: UUID) -> Answered:
    order = item.order
    assert order is not None
    traded = traded_orders(tx, [order_id]).get(order_id)
    said = read_said(traded.said if traded is not None else None)
    work = traded_works(tx, [order_id])[order_id]
    wishes = _wishes(chunk, order, said, standing_of(work))
    actions = tuple(action for wish in wishes for action in wish.actions)
    changed = Changed(order_id, status=work.status)
    if actions:
        request = ChangeRequest(
            order_id,
            actions,
            REASONS.get(intent(order), REASONS["change"]),
            source=f"{chunk.partner.system}:{chunk.arrived.id}:{item.place}",
            document_id=chunk.document_id,
        )
        acting = tx.acting(replace(chunk.actor, channel=CHANNEL, on_behalf_of=account_id))
        changed = change(acting, [request])[0]
    granted = _granted(wishes, changed)
    said = _with_added(tx, said, granted, traded)
    standing = standing_of(traded_works(tx, [order_id])[order_id])
    findings = [*found_json(item.given.faults), *_findings(granted, changed)]
    outcome = outcome_of(chunk, item, "change", findings, account_id=account_id, order_id=order_id)
    if "865" not in chunk.partner.sends:
        return outcome, None
    content = answer_change(order, said, standing, granted, on=tx.now.date())
    if not standing.confirmed and content.code == ON_HOLD and traded is not None and traded.answered_at is not None:
        # the order's own answer is open again: an 855 says when the hold is gone
        note_answers(tx, [(traded.interchange_id, traded.place, ON_HOLD)])
    key = f"865:{chunk.arrived.id}:{item.place}"
    is_test = chunk.arrived.is_test
    return outcome, OwedSet(chunk.partner, "865", "CA", key, "sales_order", order_id, account_id, is_test, content)


def _wishes(chunk: Chunk, order: PurchaseOrder, said: Said, standing: Any) -> list[Wish]:
    if intent(order) == "cancel":
        return cancelled()
    if order.type == "860" and intent(order) == "change":
        return wishes_of(order, said, standing, chunk.partner.map)
    return restated_of(order, said, standing, chunk.partner.map)


def _granted(wishes: Sequence[Wish], changed: Changed) -> list[Granted]:
    """Answers by action, gathered by the wish they came from: the worst of them counts."""
    rest = list(changed.answers)
    granted: list[Granted] = []
    for wish in wishes:
        if wish.refused:
            granted.append(Granted(wish, "rejected", reason=wish.refused))
            continue
        if not wish.actions:
            granted.append(Granted(wish, "accepted", wish.line_no))
            continue
        mine, rest = rest[: len(wish.actions)], rest[len(wish.actions) :]
        if not mine:  # the request as a whole was refused
            reason = "; ".join(problem.message for problem in changed.problems) or "It cannot be changed."
            granted.append(Granted(wish, "rejected", wish.line_no, reason))
            continue
        verdicts = {one.verdict for one in mine}
        verdict = "accepted" if verdicts == {"accepted"} else "rejected" if verdicts == {"rejected"} else "changed"
        reason = "; ".join(dict.fromkeys(one.problem.message for one in mine if one.problem is not None))
        granted.append(Granted(wish, verdict, wish.line_no or mine[0].line_no, reason))
    return granted


def _with_added(tx: Tx, said: Said, granted: Sequence[Granted], traded: TradedOrder | None) -> Said:
    """The words of lines they added are kept with the order's, for the documents to come."""
    lines = dict(said.lines)
    for one in granted:
        line = one.wish.line
        if line is not None and one.verdict != "rejected" and one.line_no is not None:
            lines[one.line_no] = said.words_of(line, one.line_no)
    now = replace(said, lines=lines)
    if now != said and traded is not None:
        add_words(tx, traded.interchange_id, traded.place, now.as_json())
    return now


def _findings(granted: Sequence[Granted], changed: Changed) -> list[dict[str, Any]]:
    found = [
        {"code": f"channels.change_{one.verdict}", "severity": "warning", "message": one.reason or "Not as asked.",
         **({"line": one.line_no} if one.line_no is not None else {})}
        for one in granted if one.verdict != "accepted"
    ]  # fmt: skip
    return [*found, *(problem_json(problem) for problem in changed.problems)]
