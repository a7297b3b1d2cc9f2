"""Accepting offers: what is taken of a version becomes an order in the same transaction, at exactly the version's prices.

In time is before the offer's last instant. After it the offer itself says what holds: nothing, the same prices, somebody of ours
decides, or a new version at today's prices. Nothing of it hangs on whether the house had marked the offer as expired.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from tradewind.accounts.model import Account
from tradewind.accounts.queries import accounts_by_id
from tradewind.desk.offers import groups_by_date, offer_held
from tradewind.desk.place import place_resolved
from tradewind.desk.quotes import hold, move_on, moved
from tradewind.desk.resolve import Resolved, Submission, resolve
from tradewind.kernel.problem import Problem, Refused
from tradewind.kernel.tx import Tx
from tradewind.orders.model import LinePrice, Quantities
from tradewind.orders.queries import order_numbers
from tradewind.pricing.decide import waterfall_text
from tradewind.pricing.model import Layer, PricedLine, Step
from tradewind.quotes import errors
from tradewind.quotes.commands import accept, add_round, update_quotes
from tradewind.quotes.decide import completes, standing_at, take
from tradewind.quotes.events import quote_event
from tradewind.quotes.model import (
    MOVES,
    OVER,
    Acceptance,
    Choice,
    Quote,
    Round,
    Staged,
    StagedLine,
    TakenLine,
    Version,
    Wish,
)
from tradewind.quotes.queries import rounds_of, terms_of, versions_of
from tradewind.semantics.model import DraftLine, OrderDraft
from tradewind.streams.order_work import OrderWork

Policy = Literal["in_time", "allow", "approve"]


@dataclass(frozen=True, slots=True)
class Accepting:
    """What a buyer accepts: of which version, which lines (None: all that is left), under which number of theirs.
    `decline_rest`: what is left then is not wanted."""

    quote_id: UUID
    version_no: int
    choices: tuple[Choice, ...] | None = None
    buyer_po: str | None = None
    decline_rest: bool = False


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of it: an order, or (accepted late) a question to us, or a new version and the problem that names it."""

    quote: Quote
    policy: Policy | Literal["asked", "repriced"]
    work: OrderWork | None = None
    acceptance: Acceptance | None = None
    taken: tuple[TakenLine, ...] = ()
    problem: Problem | None = None


def accept_offer(tx: Tx, wanted: Accepting, *, lock_all_sites: bool = False) -> Accepted:
    """Accept an offer whole or in part. Raises `Refused`, and `StockMoved` where it must be repeated with `lock_all_sites`."""
    quote = hold(tx, wanted.quote_id)
    if wanted.version_no != quote.version_no or quote.version_no == 0:
        raise Refused([errors.other_version(quote.number, wanted.version_no, quote.version_no)])
    standing = standing_at(quote, tx.now)
    if "accept_part" not in MOVES[standing] or standing == "late":
        raise Refused([errors.not_now(quote.number, standing, "accept")])
    version = versions_of(tx, quote.id, quote.version_no)[quote.version_no]
    taken = take(version, wanted.choices)
    if isinstance(taken, list):
        raise Refused(taken)
    if standing != "expired":
        return _order(tx, quote, version, taken, wanted, policy="in_time", lock_all_sites=lock_all_sites)
    if version.on_late == "allow":
        return _order(tx, quote, version, taken, wanted, policy="allow", lock_all_sites=lock_all_sites)
    if version.on_late == "approve":
        return _ask(tx, quote, taken, wanted)
    if version.on_late == "reprice":
        return _reprice(tx, quote, version, taken)
    raise Refused([errors.expired(quote.number, version.valid_until, version.zone)])


def decide_late(tx: Tx, quote_id: UUID, *, agree: bool, note: str | None, lock_all_sites: bool = False) -> Accepted:
    """Agree to an acceptance that came after the validity, at the version's prices, or refuse it. Raises `Refused`."""
    quote = hold(tx, quote_id)
    if quote.status != "late":
        raise Refused([errors.not_now(quote.number, quote.status, "decide_late")])
    asked = next(one for one in reversed(rounds_of(tx, quote.id)) if one.kind == "late")
    if not agree:
        back = moved(tx, quote, "refuse_late", end_reason="validity", end_note=note)
        update_quotes(tx, [back])
        tx.emit(quote_event("late_refused", back, {"version": quote.version_no, "note": note}))
        move_on(tx, back, {"agreed": False})
        return Accepted(back, "asked")
    version = versions_of(tx, quote.id, quote.version_no)[quote.version_no]
    taken = take(version, tuple(Choice(one.line_no, one.qty) for one in asked.wishes))
    if isinstance(taken, list):
        raise Refused(taken)
    wanted = Accepting(quote.id, quote.version_no, None, asked.buyer_po)
    return _order(tx, quote, version, taken, wanted, policy="approve", lock_all_sites=lock_all_sites)


def _ask(tx: Tx, quote: Quote, taken: Sequence[TakenLine], wanted: Accepting) -> Accepted:
    late = moved(tx, quote, "ask_late")
    update_quotes(tx, [late])
    wishes = tuple(Wish(one.line.line_no, qty=one.qty) for one in taken)
    said = Round(
        tx.ids.new(),
        0,
        "late",
        quote.version_no,
        None,
        None,
        wanted.buyer_po,
        None,
        tx.now,
        tx.actor.principal_id,
        wishes,
    )
    add_round(tx, late, said)
    tx.emit(quote_event("accepted_late", late, {"version": quote.version_no, "lines": len(taken)}))
    move_on(tx, late, {"late": True})
    return Accepted(late, "asked", taken=tuple(taken))


def _reprice(tx: Tx, quote: Quote, version: Version, taken: Sequence[TakenLine]) -> Accepted:
    """A new version of what was accepted, at today's prices, valid for as long as the old one was; the buyer decides anew."""
    zone = ZoneInfo(version.zone)
    last = (tx.now + (version.expires_at - version.offered_at)).astimezone(zone).date()
    lines = tuple(
        StagedLine(
            one.line.line_no,
            one.line.sku,
            one.qty,
            one.line.uom,
            min_qty=min(one.line.min_qty, one.qty),
            requested_at=one.line.requested_at,
            note=one.line.note,
        )
        for one in taken
    )
    staged = Staged(
        lines, last.isoformat(), version.zone, version.ship_to.code, version.terms_code, version.on_late, version.partial,
        note=version.note,
    )  # fmt: skip
    found = offer_held(tx, quote, staged)
    before = sum((one.net for one in taken), start=version.net - version.net)
    problem = errors.repriced(quote.number, found.version.version_no, found.version.net, before)
    return Accepted(found.quote, "repriced", problem=problem)


def _order(
    tx: Tx,
    quote: Quote,
    version: Version,
    taken: tuple[TakenLine, ...],
    wanted: Accepting,
    *,
    policy: Policy,
    lock_all_sites: bool,
) -> Accepted:
    whole = completes(version, taken)
    now = moved(tx, quote, "accept_rest" if whole else "accept_part")
    if wanted.decline_rest and not whole and now.status not in OVER:
        now = replace(now, status=MOVES[now.status]["decline"], ended_at=tx.now)
    reason = None if now.status not in OVER else "accepted"
    work = _place(tx, quote, version, taken, wanted, lock_all_sites=lock_all_sites)
    acceptance = Acceptance(
        tx.ids.new(),
        quote.acceptances + 1,
        version.version_no,
        work.id,
        wanted.buyer_po,
        policy,
        tx.now,
        tx.actor.principal_id,
    )
    accept(tx, now, acceptance, taken, ended=(now.ended_at, reason))
    payload: dict[str, Any] = {
        "version": version.version_no,
        "policy": policy,
        "order": work.header.number,
        "net": str(sum((one.net for one in taken), start=version.net - version.net)),
        "lines": [{"line": one.line.line_no, "qty": str(one.qty)} for one in taken],
    }
    tx.emit(quote_event("accepted", now, payload, orders=(work.id,)))
    move_on(tx, now, {"accepted": True})
    return Accepted(now, policy, work, acceptance, taken)


def _place(
    tx: Tx, quote: Quote, version: Version, taken: Sequence[TakenLine], wanted: Accepting, *, lock_all_sites: bool
) -> OrderWork:
    """The order: the version's place, terms and prices; what the buyer calls it. A second one under the same number is a release."""
    account = accounts_by_id(tx, [quote.account_id])[quote.account_id]
    groups, number_of = groups_by_date([one.line.requested_at for one in taken], version.ship_to.code)
    draft = OrderDraft(
        account.code,
        tuple(
            DraftLine(
                one.line.line_no,
                one.line.sku,
                one.qty,
                one.line.uom,
                description=one.line.description or None,
                group_no=number_of[one.line.requested_at],
                ids=(("sku", one.line.sku),),
            )
            for one in taken
        ),
        groups,
        buyer_po=wanted.buyer_po,
        release_no="" if not quote.acceptances else f"{quote.number}.{quote.acceptances + 1}",
        currency=version.currency,
        channel=quote.channel,
        note=f"{quote.number} version {version.version_no}",
    )
    resolved, products = resolve(tx, [Submission(draft, tx.actor)])
    if resolved[0].problems or resolved[0].unclear:
        raise Refused(resolved[0].problems or list(resolved[0].unclear.values()))
    _agree(tx, resolved[0], quote, version, taken, account)
    (placed,) = place_resolved(tx, resolved, products, lock_all_sites=lock_all_sites)
    if placed.problems or placed.work is None:
        if placed.duplicate and placed.order_id is not None:
            raise Refused([errors.po_used(order_numbers(tx, [placed.order_id])[placed.order_id])])
        raise Refused(placed.problems)
    return placed.work


def _agree(
    tx: Tx, answer: Resolved, quote: Quote, version: Version, taken: Sequence[TakenLine], account: Account
) -> None:
    """Terms, units and prices as they were offered: what changed in the master data since then changes nothing here."""
    terms = terms_of(tx, version.terms_code)
    if terms is None:
        raise Refused([errors.unknown_terms(version.terms_code)])
    answer.account = replace(account, terms_code=version.terms_code, net_days=terms[0], prepay_percent=terms[1])
    answer.agreed.clear()
    answer.called.clear()
    by_line = {one.line.line_no: one for one in taken}
    for work in answer.lines:
        one = by_line[work.line.line_no]
        base = one.qty * one.line.factor[0] / one.line.factor[1]
        work.line = replace(work.line, factor_num=one.line.factor[0], factor_den=one.line.factor[1])
        work.quantities = Quantities(ordered=base, open=base)
        work.price = line_price(one, quote, version)


def line_price(one: TakenLine, quote: Quote, version: Version) -> LinePrice:
    """The price of units of an offered line, with the offer as its one reason."""
    line, gross = one.line, one.net + one.allowance
    source = f"{quote.number}.{version.version_no}"
    steps = [Step("list", source, version.version_no, line.unit_price, None, gross, gross, "quoted")]
    if one.allowance:
        steps.append(Step("discount", source, version.version_no, None, None, gross, one.net, "quoted"))
    steps.append(Step("net", version.currency, 0, None, None, one.net, one.net, "half_up"))
    priced = PricedLine(
        line.line_no, version.currency, one.price_qty, line.price_uom, line.unit_price, line.basis, None, gross, one.net, None,
        source, Layer.OFFER, version.version_no, version.offered_at, tuple(steps),
    )  # fmt: skip
    return LinePrice(
        line.unit_price, line.basis, line.price_uom, one.net, None, waterfall_text(priced), one.price_qty, one.allowance
    )
