"""From a buyer's words to our things: accounts, places, items, units. Everything wrong with a draft is said at once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from difflib import get_close_matches
from math import gcd
from uuid import UUID

from tradewind.accounts.model import Account, ShipTo
from tradewind.accounts.queries import account_ids, accounts_by_id, names_as_seen, ship_tos
from tradewind.blankets.model import Calling
from tradewind.catalog.model import UNIDENTIFIED, UNIDENTIFIED_PRODUCT, Factor, Product
from tradewind.catalog.queries import products_by_id
from tradewind.desk.call_offs import call_off_lines
from tradewind.desk.items import (
    Meanings,
    Wanted,
    ambiguous,
    candidates,
    held_back,
    meanings,
    meant,
    unidentified_line,
    unit_meant,
    unknown,
)
from tradewind.desk.restricted import bar_restricted
from tradewind.kernel.limits import datable
from tradewind.kernel.money import plain, round_money
from tradewind.kernel.problem import Problem
from tradewind.kernel.quantity import UNITS, factor_between, to_base
from tradewind.kernel.tx import Actor, Tx
from tradewind.kernel.value import value
from tradewind.orders.errors import bad_date
from tradewind.orders.model import Group, Line, Quantities
from tradewind.semantics.model import AgreedPrice, DraftGroup, DraftLine, Finding, OrderDraft, Place
from tradewind.streams.order_work import LineWork


@value(frozen=True, slots=True)
class Submission:
    """A draft, who submits it, and which accounts they may see (None: all, for staff).

    `findings`: what the reader of its document was not sure of; each holds the order until a person has looked. `agreed`: what lines
    cost because it was agreed before; only the house says so, never a door.
    """

    draft: OrderDraft
    actor: Actor
    visible: tuple[UUID, ...] | None = None
    document_id: UUID | None = None
    order_id: UUID | None = None
    findings: tuple[Finding, ...] = ()
    agreed: tuple[tuple[int, AgreedPrice], ...] = ()


@dataclass(slots=True)
class Resolved:
    """A draft in our things, or the problems that stop it. `unclear`: what is wrong with lines that a person must mend."""

    submission: Submission
    account: Account | None = None
    groups: list[Group] = field(default_factory=list)
    lines: list[LineWork] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    unclear: dict[int, Problem] = field(default_factory=dict)
    agreed: dict[int, AgreedPrice] = field(default_factory=dict)
    called: dict[int, Calling] = field(default_factory=dict)


Seen = tuple[UUID, list[ShipTo]] | None


def resolve(tx: Tx, submissions: Sequence[Submission]) -> tuple[list[Resolved], dict[UUID, Product]]:
    """Resolve a whole batch: a few statements whatever its size."""
    seen = _seen_by_callers(tx, submissions)
    answers = [Resolved(one, agreed=dict(one.agreed)) if one.agreed else Resolved(one) for one in submissions]
    accounts = accounts_by_id(tx, {one[0] for one in seen if one is not None})
    for answer, found in zip(answers, seen, strict=True):
        if found is None:
            answer.problems.append(unknown_account(answer.submission.draft.account))
            continue
        answer.account = accounts[found[0]]
        _check_draft(answer, accounts[found[0]])
        _place_groups(answer, found[1])
    lines = [(one.account.id, line) for one in answers if one.account for line in one.submission.draft.lines]
    items = meanings(tx, lines)
    products = products_by_id(tx, {one.product_id for found in items.values() for one in found})
    near = candidates(tx, items)
    for answer in answers:
        if answer.account is not None:
            _place_lines(answer, items, products, near)
    if any(answer.unclear for answer in answers):
        products[UNIDENTIFIED] = UNIDENTIFIED_PRODUCT
    bar_restricted(tx, answers, products)
    call_off_lines(tx, answers, products)
    return answers, products


def unknown_account(code: str) -> Problem:
    """No such account, or none the caller may see: the same answer, so that nothing can be learnt from it."""
    return Problem("accounts.unknown", "There is no such account.", "/account", 404, {"account": code})


def _check_draft(answer: Resolved, account: Account) -> None:
    draft = answer.submission.draft
    if not draft.lines and not draft.charges:
        answer.problems.append(Problem("orders.nothing_ordered", "An order has a line or a charge.", "/lines"))
    if draft.currency is not None and draft.currency != account.currency:
        message = f"{account.code} buys in {account.currency}, not in {draft.currency}."
        answer.problems.append(Problem("orders.other_currency", message, "/currency"))
    for index, charge in enumerate(draft.charges):
        if round_money(charge.amount, account.currency) != charge.amount:
            message = f"{plain(charge.amount)} is finer than {account.currency} can be paid."
            answer.problems.append(Problem("orders.charge_too_fine", message, f"/charges/{index}/amount"))
        if charge.group_no is not None and all(group.group_no != charge.group_no for group in draft.groups):
            message = f"There is no delivery group {charge.group_no}."
            answer.problems.append(Problem("orders.unknown_group", message, f"/charges/{index}/group_no"))


def _seen_by_callers(tx: Tx, submissions: Sequence[Submission]) -> list[Seen]:
    """The account each submission names and its ship-tos, as its caller sees them: for buyers the database function takes the
    buyer role on, so that even a mistake in our own checks finds nothing foreign."""
    seen: list[Seen] = [None] * len(submissions)
    buyers = [place for place, one in enumerate(submissions) if one.visible is not None]
    if buyers:
        wanted = [
            (",".join(map(str, submissions[place].visible or ())), submissions[place].draft.account) for place in buyers
        ]
        for place, found in zip(buyers, names_as_seen(tx, wanted), strict=True):
            seen[place] = found
    codes = {one.draft.account for one in submissions if one.visible is None}
    if codes:
        accounts = account_ids(tx, codes)
        places = ship_tos(tx, accounts.values())
        for place, one in enumerate(submissions):
            if one.visible is None and (account_id := accounts.get(one.draft.account)) is not None:
                seen[place] = (account_id, places.get(account_id, []))
    return seen


def _place_groups(answer: Resolved, places: list[ShipTo]) -> None:
    draft = answer.submission.draft
    by_code = {place.code: place for place in places}
    numbers: set[int] = set()
    for index, group in enumerate(draft.groups):
        if group.group_no in numbers:
            answer.problems.append(
                Problem(
                    "orders.group_number",
                    f"Delivery group {group.group_no} is there already.",
                    f"/groups/{index}/group_no",
                )
            )
        numbers.add(group.group_no)
        if group.ship_to is None and places:
            chosen = places[0]
        elif group.ship_to in by_code:
            chosen = by_code[group.ship_to]
        else:
            near = get_close_matches(group.ship_to or "", by_code, 3)
            answer.problems.append(
                Problem(
                    "accounts.unknown_ship_to",
                    f"{draft.account} has no ship-to {group.ship_to or 'at all'}.",
                    f"/groups/{index}/ship_to",
                    422,
                    {"did_you_mean": near} if near else {},
                )
            )
            continue
        if group.not_before is not None or group.arrive_by is not None or group.requested_at is not None:
            answer.problems += window_problems(group, f"/groups/{index}")
        wished = group.requested_at or group.not_before
        answer.groups.append(
            Group(
                group.group_no,
                _place(chosen),
                group.requested_at,
                wished,
                group.not_before,
                group.arrive_by,
                group.ship_method,
            )
        )


def window_problems(group: DraftGroup, where: str) -> list[Problem]:
    """What is wrong with the wished dates: one cannot be, the window ends before it begins, or the requested date lies outside it."""
    start, end, wish = group.not_before, group.arrive_by, group.requested_at
    for name, at in (("requested_at", wish), ("not_before", start), ("arrive_by", end)):
        if not datable(at):
            return [bad_date(f"{where}/{name}")]
    if start is not None and end is not None and end < start:
        return [Problem("orders.window_ends_first", "A window ends after it begins.", f"{where}/arrive_by")]
    if wish is not None and ((start is not None and wish < start) or (end is not None and wish > end)):
        return [Problem("orders.outside_window", "The requested date lies in the window.", f"{where}/requested_at")]
    return []


def in_unit(price: Decimal, basis: Decimal, of: Factor, unit: Factor) -> tuple[Decimal, Decimal]:
    """A price per `basis` of one unit as (price, basis) of another, without rounding: 40 per case of 12 is 40 per 12 pieces."""
    up, low = unit[0] * of[1], unit[1] * of[0]
    common = gcd(up, low)
    return price * (up // common), basis * (low // common)


def _place(found: ShipTo) -> Place:
    return Place(
        found.name, found.country, found.region, found.street, found.city, found.postal_code, found.id, found.code
    )


def _place_lines(
    answer: Resolved, items: Meanings, products: dict[UUID, Product], near: dict[Wanted, list[str]]
) -> None:
    assert answer.account is not None
    account, draft = answer.account, answer.submission.draft
    groups = {group.group_no for group in draft.groups}
    seen: set[int] = set()
    for index, line in enumerate(draft.lines):
        where = f"/lines/{index}"
        if line.line_no in seen or line.line_no < 1:
            answer.problems.append(
                Problem("orders.line_number", f"Line number {line.line_no} cannot be used (again).", f"{where}/line_no")
            )
        seen.add(line.line_no)
        if line.group_no not in groups:
            answer.problems.append(
                Problem("orders.unknown_group", f"There is no delivery group {line.group_no}.", f"{where}/group_no")
            )
        found = meant(account.id, line, items)
        if len(found) == 1:
            product_id, unit = next(iter(found.items()))
            placed = read_line(line, products[product_id], unit=unit, where=where)
        elif found:
            placed = ambiguous(line, [products[one] for one in found], where=where)
        else:
            placed = unknown(line, near.get((account.id, line.item), ()), where=where)
        if not isinstance(placed, Problem):
            answer.lines.append(placed)
        elif held_back(account, draft, placed):
            answer.lines.append(unidentified_line(line))
            answer.unclear[line.line_no] = placed
        else:
            answer.problems.append(placed)


def factor_of(product: Product, uom: str) -> Factor | None:
    """Base units in one unit of the product: its own ratio, else the measure's; None where it does not come in that unit."""
    return product.units.get(uom) or factor_between(uom, product.base_uom)


def read_line(line: DraftLine, product: Product, *, unit: str | None, where: str) -> LineWork | Problem:
    """An ordered item as a line: in its unit, else the one its number stands for, else the one it is ordered in."""
    uom = line.uom or unit or product.order_uom
    factor = factor_of(product, uom)
    if factor is None and (meant_unit := unit_meant(product, uom)) is not None:
        uom = meant_unit
        factor = factor_of(product, uom)
    if factor is None:
        return Problem(
            "catalog.unknown_unit",
            f"{product.sku} does not come in {uom}.",
            f"{where}/uom",
            422,
            {"product": product.sku, "units": sorted(product.units)},
        )
    decimals = UNITS[product.base_uom].decimals if product.base_uom in UNITS else 6
    base = to_base(line.qty, factor, decimals=decimals, where=f"{where}/qty")
    if isinstance(base, Problem):
        return base
    stated = (line.unit_price, line.price_basis)
    if line.unit_price is not None and line.price_uom not in (None, uom, line.uom):
        price_factor = factor_of(product, line.price_uom or uom)
        if price_factor is None:
            return Problem(
                "catalog.unknown_unit", f"{product.sku} does not come in {line.price_uom}.", f"{where}/price_uom", 422,
                {"product": product.sku, "units": sorted(product.units)},
            )  # fmt: skip
        stated = in_unit(line.unit_price, line.price_basis, price_factor, factor)
    buyer_sku = line.item if line.item != product.sku else None
    return LineWork(
        Line(
            line.line_no,
            line.group_no,
            product.id,
            product.sku,
            buyer_sku,
            line.description or product.name,
            line.qty,
            uom,
            factor[0],
            factor[1],
            product.tax_class,
            product.stocked,
        ),
        Quantities(ordered=base, open=base),
        stated_price=stated[0],
        stated_basis=stated[1],
    )
