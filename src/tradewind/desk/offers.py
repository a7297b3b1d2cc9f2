"""Offers: staged by a representative, priced as an order of today would be, agreed to where a policy asks for it, and then frozen.

Prices, taxes and terms come from the very decisions that place orders, on a draft that is never placed. What an approval policy
of the selling side asks of such an order it asks of the offer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from tradewind.accounts.model import Account
from tradewind.accounts.queries import accounts_by_id
from tradewind.approvals.decide import tier_json
from tradewind.approvals.model import RequiredTier
from tradewind.calendars.queries import read_calendars
from tradewind.catalog.model import Product
from tradewind.desk.preview import preview_resolved
from tradewind.desk.quotes import hold, move_on, moved
from tradewind.desk.resolve import Resolved, Submission, resolve
from tradewind.kernel.money import plain
from tradewind.kernel.problem import Problem, Refused
from tradewind.kernel.tx import Tx
from tradewind.orders.model import LinePrice
from tradewind.pricing.decide import document_price, waterfall_text
from tradewind.pricing.model import Loser, PricedLine, PriceRequest
from tradewind.quotes import errors
from tradewind.quotes.commands import drop_pending, insert_version, keep_pending, keep_staged, update_quotes
from tradewind.quotes.decide import after, check_end, digest_of, end_of, staged_from, staged_json
from tradewind.quotes.events import quote_event
from tradewind.quotes.model import MOST_LINES, MOST_VERSIONS, Quote, Staged, StagedLine, Version, VersionLine
from tradewind.quotes.queries import staged_of, terms_of, versions_of
from tradewind.semantics.model import ZERO, DraftGroup, DraftLine, OrderDraft
from tradewind.streams.approval_need import needs_now
from tradewind.streams.order_locks import look_at_shelves
from tradewind.streams.order_work import LineWork, OrderWork, OrderWorkset

ANYWHERE = "UTC"


@dataclass(slots=True)
class Prepared:
    """An offer as it would go out, what each line costs by the lists (per unit), what was noticed, and whom it needs."""

    version: Version
    list_nets: dict[int, Decimal | None] = field(default_factory=dict)
    findings: list[dict[str, Any]] = field(default_factory=list)
    tiers: list[RequiredTier] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Offered:
    """What became of an offer: it went out as a version, or waits for the tiers named."""

    quote: Quote
    version: Version
    waits_for: tuple[str, ...] = ()


def stage(tx: Tx, quote_id: Any, staged: Staged) -> Prepared:
    """Keep an offer in the making, and show what it comes to. Raises `Refused` with everything that is wrong."""
    quote = hold(tx, quote_id)
    status = after(quote, "stage", tx.now)
    if isinstance(status, Problem):
        raise Refused([status])
    prepared = prepare(tx, quote, staged)
    keep_staged(tx, quote, staged_json(staged))
    if status == "staged" and quote.status != "staged":
        update_quotes(tx, [moved(tx, quote, "stage")])
    tx.emit(quote_event("staged", quote, {"lines": len(staged.lines), "net": str(prepared.version.net)}))
    return prepared


def offer(tx: Tx, quote_id: Any) -> Offered:
    """Offer what is staged, at the prices of now: as the next version, or to those who must agree first. Raises `Refused`."""
    quote = hold(tx, quote_id)
    body = staged_of(tx, quote.id)
    if body is None:
        raise Refused([errors.nothing_staged(quote.number)])
    return offer_held(tx, quote, staged_from(body))


def offer_held(tx: Tx, quote: Quote, staged: Staged) -> Offered:
    """`offer` for a quote that is held already."""
    if quote.version_no >= MOST_VERSIONS:
        raise Refused([errors.too_many_versions(quote.number)])
    status = after(quote, "offer", tx.now)
    if isinstance(status, Problem):
        raise Refused([status])
    prepared = prepare(tx, quote, staged)
    version = prepared.version
    standing = versions_of(tx, quote.id, quote.version_no).get(quote.version_no) if quote.version_no else None
    if standing is not None and quote.status == "offered" and _says_the_same(version, standing):
        return Offered(quote, standing)
    if not prepared.tiers:
        return Offered(send_out(tx, quote, version, act="offer"), version)
    waiting = moved(tx, quote, "ask")
    update_quotes(tx, [waiting])
    keep_pending(tx, version, [tier_json(tier) for tier in prepared.tiers])
    names = tuple(tier.name for tier in prepared.tiers)
    payload = {"version": version.version_no, "net": str(version.net), "needed": list(names)}
    tx.emit(quote_event("approval_asked", waiting, payload))
    move_on(tx, waiting, {"asked": True})
    return Offered(waiting, version, names)


def _says_the_same(version: Version, standing: Version) -> bool:
    """Whether the buyer has just this offer already: sent once more by mistake, it makes no new version."""
    return digest_of(replace(version, version_no=standing.version_no)) == digest_of(standing)


def send_out(tx: Tx, quote: Quote, version: Version, *, act: Any) -> Quote:
    """Freeze a version and let the buyer have it; it takes the place of the one before."""
    problem = check_end(version.expires_at, tx.now)
    if problem is not None:
        raise Refused([problem])
    version = replace(version, offered_at=tx.now)
    now = moved(
        tx,
        quote,
        act,
        version_no=version.version_no,
        expires_at=version.expires_at,
        remind_at=version.remind_at,
        reminded_at=None,
    )
    drop_pending(tx, quote.id)
    insert_version(tx, version)
    update_quotes(tx, [now])
    payload = {
        "version": version.version_no,
        "net": str(version.net),
        "currency": version.currency,
        "lines": len(version.lines),
        "valid_until": version.valid_until,
        "zone": version.zone,
        "digest": version.digest.hex(),
    }
    tx.emit(quote_event("offered", now, payload))
    move_on(tx, now, {"offered": version.version_no})
    return now


def prepare(tx: Tx, quote: Quote, staged: Staged) -> Prepared:
    """The offer as it would go out now; nothing is written. Raises `Refused` with everything that is wrong."""
    problems = _line_problems(staged)
    account = accounts_by_id(tx, [quote.account_id])[quote.account_id]
    terms = staged.terms_code or account.terms_code
    known = terms_of(tx, terms)
    if known is None:
        problems.append(errors.unknown_terms(terms))
    else:
        account = replace(account, terms_code=terms, net_days=known[0], prepay_percent=known[1])
    answer, products = _resolved(tx, quote, staged, account)
    problems += answer.problems or list(answer.unclear.values())
    zone = staged.zone or _zone_of(tx, account, answer)
    ends = end_of(staged.valid_until, zone)
    ends_wrong = ends if isinstance(ends, Problem) else check_end(ends, tx.now)
    if ends_wrong is not None:
        problems.append(ends_wrong)
    if problems or isinstance(ends, Problem):
        raise Refused(problems)
    answer.account = account
    work, listed = _priced(tx, quote, staged, answer, products)
    version = _version(tx, quote, staged, work, expires_at=ends, zone=zone)
    found = [one.as_json() for one in work.findings if one.severity != "info"]
    return Prepared(version, listed, found, _tiers(tx, work, products))


def _line_problems(staged: Staged) -> list[Problem]:
    problems: list[Problem] = []
    if not 1 <= len(staged.lines) <= MOST_LINES:
        problems.append(errors.bad_line(f"An offer has 1 to {MOST_LINES} lines.", "/lines"))
    for index, one in enumerate(staged.lines):
        if one.min_qty > one.qty:
            problems.append(
                errors.bad_line("The least of a line is not above its quantity.", f"/lines/{index}/min_qty")
            )
        if one.unit_price is not None and not one.price_reason.strip():
            problems.append(errors.bad_line("A price of one's own has a reason.", f"/lines/{index}/price_reason"))
    names = [one.alternative for one in staged.lines if one.alternative is not None]
    for name in sorted({name for name in names if names.count(name) == 1}):
        problems.append(errors.bad_line(f"{name} has only one line: nothing to choose from.", "/lines"))
    return problems


def groups_by_date(dates: list[datetime | None], ship_to: str | None) -> tuple[tuple[DraftGroup, ...], dict[Any, int]]:
    """A delivery group for each date that is asked for, and the group of each date."""
    numbers = {at: number for number, at in enumerate(dict.fromkeys(dates), 1)}
    return tuple(DraftGroup(number, ship_to, at) for at, number in numbers.items()), numbers


def _resolved(tx: Tx, quote: Quote, staged: Staged, account: Account) -> tuple[Resolved, dict[Any, Product]]:
    groups, number_of = groups_by_date([one.requested_at for one in staged.lines], staged.ship_to)
    lines = tuple(
        DraftLine(one.line_no, one.item, one.qty, one.uom, group_no=number_of[one.requested_at]) for one in staged.lines
    )
    draft = OrderDraft(account.code, lines, groups, channel=quote.channel)
    resolved, products = resolve(tx, [Submission(draft, tx.actor)])
    for one in resolved:  # an offer has its own prices, whatever was agreed elsewhere
        one.agreed.clear()
        one.called.clear()
    return resolved[0], products


def _zone_of(tx: Tx, account: Account, answer: Resolved) -> str:
    """The zone a buyer lives in: that of the calendar by which the ship-to, or the account, receives."""
    receiving = read_calendars(tx).receiving
    places = [group.ship_to.address_id for group in answer.groups if group.ship_to.address_id is not None]
    return next((receiving[one].zone for one in [*places, account.id] if one in receiving), ANYWHERE)


def _priced(
    tx: Tx, quote: Quote, staged: Staged, answer: Resolved, products: dict[Any, Product]
) -> tuple[OrderWork, dict[int, Decimal | None]]:
    """The draft as an order of today would come out, first at the lists' prices, then with those a representative gives."""
    whole = {one.line.line_no: one.quantities for one in answer.lines}
    work = _previewed(tx, answer, products)
    listed = {one.line.line_no: one.price.net if one.price.waterfall is not None else None for one in work.lines}
    given = {one.line_no: one for one in staged.lines if one.unit_price is not None}
    if given:
        losers = {one.line.line_no: one.price for one in work.lines}
        answer.lines = [LineWork(one.line, whole[one.line.line_no]) for one in answer.lines]
        for one in answer.lines:
            if one.line.line_no in given:
                one.price = _given(
                    tx, quote, given[one.line.line_no], one, losers[one.line.line_no], work.header.currency
                )
        work = _previewed(tx, answer, products)
    problems = [
        errors.no_price(one.line.line_no, f"{one.line.sku} has no price.", f"/lines/{index}/unit_price")
        for index, one in enumerate(work.lines)
        if one.price.waterfall is None
    ]
    if problems:
        raise Refused(problems)
    return work, listed


def _previewed(tx: Tx, answer: Resolved, products: dict[Any, Product]) -> OrderWork:
    (placed,) = preview_resolved(tx, [answer], products)
    if placed.work is None:
        raise Refused(placed.problems)
    return placed.work


def _given(tx: Tx, quote: Quote, staged: StagedLine, one: LineWork, listed: LinePrice, currency: str) -> LinePrice:
    """A line at the price a representative gives, per ordered unit; what the lists say is kept as what lost against it."""
    assert staged.unit_price is not None
    line, qty = one.line, one.quantities.ordered
    request = PriceRequest(line.line_no, line.product_id, line.qty, line.uom, qty, tx.now, currency)
    priced = document_price(
        request,
        staged.unit_price,
        uom_factor=(line.factor_num, line.factor_den),
        source=quote.number,
        reason=staged.price_reason,
    )
    if isinstance(priced, Problem):
        raise Refused([priced])
    if listed.waterfall is not None:
        lost = (Loser("LIST", "base", 0, "quoted", listed.unit_price, listed.net),)
        priced = PricedLine(**{**{name: getattr(priced, name) for name in PricedLine.__slots__}, "losers": lost})
    return LinePrice(
        priced.unit_price, priced.price_basis, priced.uom, priced.net, None, waterfall_text(priced), priced.qty
    )


def _version(tx: Tx, quote: Quote, staged: Staged, work: OrderWork, *, expires_at: datetime, zone: str) -> Version:
    place = work.groups[0].ship_to
    said = {one.line_no: one for one in staged.lines}
    lines = tuple(_offered_line(one, said[one.line.line_no]) for one in work.lines)
    # of lines that exclude each other the first one counts
    counted = {one.alternative or one.line_no: one.line_no for one in reversed(lines)}.values()
    remind = None if staged.remind_hours is None else expires_at - timedelta(hours=staged.remind_hours)
    version = Version(
        quote_id=quote.id,
        version_no=quote.version_no + 1,
        account_id=quote.account_id,
        currency=work.header.currency,
        terms_code=work.header.terms_code,
        ship_to_id=place.address_id,
        ship_to=replace(place, address_id=None),
        valid_until=staged.valid_until,
        zone=zone,
        expires_at=expires_at,
        remind_at=remind if remind is not None and remind > tx.now else None,
        on_late=staged.on_late,
        partial=staged.partial,
        net=sum((one.net for one in lines if one.line_no in counted), ZERO),
        note=staged.note,
        offered_at=tx.now,
        offered_by=tx.actor.principal_id,
        digest=b"",
        lines=lines,
    )
    return replace(version, digest=digest_of(version))


def _offered_line(one: LineWork, said: StagedLine) -> VersionLine:
    line, price = one.line, one.price
    assert price.waterfall is not None
    return VersionLine(
        line_no=line.line_no,
        alternative=said.alternative,
        product_id=line.product_id,
        sku=line.sku,
        description=line.description or "",
        qty=line.qty,
        uom=line.uom,
        factor=(line.factor_num, line.factor_den),
        min_qty=said.min_qty,
        unit_price=price.unit_price,
        basis=price.basis,
        price_uom=price.uom,
        price_qty=price.qty,
        allowance=price.allowance,
        net=price.net,
        price_id=price.price_id,
        waterfall=price.waterfall,
        requested_at=said.requested_at,
        note=said.note,
    )


def _tiers(tx: Tx, work: OrderWork, products: dict[Any, Product]) -> list[RequiredTier]:
    """Whom on our side policies ask before such an order goes on; the buyer's own people are asked when it is ordered."""
    workset = OrderWorkset({work.id: work}, products=products)
    look_at_shelves(tx, workset)
    needed = needs_now(tx, workset, [work])[work.id]
    return [tier for tier in needed.tiers if tier.side == "seller"]


def shown(prepared: Prepared) -> dict[str, Any]:
    """An offer in the making for those who make it: beside each line what the lists say, and how far the price is below."""
    lines = [_shown_line(one, prepared.list_nets) for one in prepared.version.lines]
    return {
        "version": prepared.version.version_no,
        "currency": prepared.version.currency,
        "terms": prepared.version.terms_code,
        "ship_to": prepared.version.ship_to.code,
        "valid_until": prepared.version.valid_until,
        "zone": prepared.version.zone,
        "expires_at": prepared.version.expires_at,
        "net": plain(prepared.version.net),
        "lines": lines,
        "findings": prepared.findings,
        "needs": [{"tier": tier.name, "reason": tier.reason} for tier in prepared.tiers],
    }


def _shown_line(one: VersionLine, nets: Mapping[int, Decimal | None]) -> dict[str, Any]:
    listed = nets.get(one.line_no)
    below = None if not listed else plain(((listed - one.net) * 100 / listed).quantize(Decimal("0.01")))
    return {
        "line": one.line_no,
        "sku": one.sku,
        "qty": plain(one.qty),
        "uom": one.uom,
        "alternative": one.alternative,
        "unit_price": plain(one.unit_price),
        "net": plain(one.net),
        "list_net": None if listed is None else plain(listed),
        "below_list_percent": below,
    }
