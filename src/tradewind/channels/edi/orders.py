"""850s that ask for something new: whose they are, where they go, and a batch of them placed."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from tradewind.accounts.queries import account_ids
from tradewind.channels.decide.partners.places import KnownPlace, place_meant
from tradewind.channels.decide.partners.said import Said, said_in
from tradewind.channels.decide.x12.documents import PurchaseOrder
from tradewind.channels.decide.x12.drafts import ship_to_of, to_order_draft
from tradewind.channels.edi.chunk import Chunk, Item, found_json, outcome_of, problem_json
from tradewind.channels.edi.model import SetOutcome
from tradewind.channels.edi.queries.partners import names_in, ship_to_addresses
from tradewind.desk.place import Placed, place
from tradewind.desk.resolve import Submission
from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Reader, Tx
from tradewind.semantics.model import DraftGroup, Finding, OrderDraft

CHANNEL = "edi"
BUYERS = ("BY", "OB", "BO", "ST", "BT", "SO")  # N1 codes that may say whose order it is
Names = dict[tuple[str, str], str]


@dataclass(frozen=True, slots=True)
class Whose:
    """What the orders of a chunk are read with: what the partner calls things, our accounts by code, and their ship-tos."""

    names: Names
    accounts: dict[str, UUID]
    places: dict[UUID, list[KnownPlace]]

    @property
    def ship_tos(self) -> dict[str, str]:
        """Their numbers for our places."""
        return {outside: ours for (noun, outside), ours in self.names.items() if noun == "ship_to"}


@dataclass(frozen=True, slots=True)
class Ready:
    """An order that can be placed, or why it cannot."""

    item: Item
    account_id: UUID | None = None
    submission: Submission | None = None
    said: Said | None = None
    problems: tuple[Problem, ...] = ()
    findings: tuple[dict[str, Any], ...] = field(default=())


def place_orders(tx: Tx, chunk: Chunk, items: Sequence[Item], *, lock_all_sites: bool) -> list[SetOutcome]:
    """Place the orders of a chunk, each with its outcome; nothing is lost: what cannot be placed is held."""
    if not items:
        return []
    whose = look_up(tx, chunk, items)
    ready = [make_ready(chunk, whose, item) for item in items]
    submissions = [one.submission for one in ready if one.submission is not None]
    placed = iter(place(tx, submissions, lock_all_sites=lock_all_sites)) if submissions else iter(())
    return [_outcome(chunk, one, next(placed) if one.submission is not None else None) for one in ready]


def look_up(reader: Reader, chunk: Chunk, items: Sequence[Item]) -> Whose:
    """Names, accounts and places of all orders at once: three statements."""
    orders = [item.order for item in items if item.order is not None]
    names = names_in(reader, chunk.partner.system, _outside_names(orders))
    codes = {account_code(chunk, order, names) for order in orders} - {None}
    accounts = account_ids(reader, [code for code in codes if code is not None]) if codes else {}
    places: dict[UUID, list[KnownPlace]] = {}
    for account_id, found in (ship_to_addresses(reader, accounts.values()) if accounts else {}).items():
        places[account_id] = [
            KnownPlace(one.code, one.name, one.street or "", one.city or "", one.postal_code or "") for one in found
        ]
    return Whose(names, accounts, places)


def _outside_names(orders: Sequence[PurchaseOrder]) -> set[str]:
    names = {party.id for order in orders for party in order.parties}
    names |= {party.id for order in orders for line in order.lines for party in line.parties}
    names |= {one.location for order in orders for line in order.lines for one in line.destinations}
    return names - {""}


def account_code(chunk: Chunk, order: PurchaseOrder, names: Names) -> str | None:
    """Whose order it is: a test's the sandbox's, else by the numbers of its parties, else the partner's own account."""
    partner = chunk.partner
    if chunk.arrived.is_test:
        return partner.sandbox
    for code in BUYERS:
        party = order.party(code)
        if party is not None and (found := names.get(("account", party.id))) is not None:
            return found
    return partner.account


def make_ready(chunk: Chunk, whose: Whose, item: Item) -> Ready:
    """The submission of an order, or the problems that hold it."""
    assert item.order is not None
    order, partner = item.order, chunk.partner
    code = account_code(chunk, order, whose.names)
    account_id = whose.accounts.get(code or "")
    if code is None or account_id is None:
        return Ready(item, problems=(_no_account(chunk, order),))
    drafted = to_order_draft(order, partner.map, account=code)
    groups, problems = _places(order, drafted.draft, whose, account_id, partner.map.ship_to)
    said = said_in(order, drafted.draft, drafted.origins)
    if problems:
        return Ready(item, account_id, None, said, tuple(problems))
    draft = replace(
        drafted.draft, channel=CHANNEL, groups=groups, holds_unknown=True,
        client_ref=f"{chunk.arrived.control_no}/{item.header.control}/{item.given.control}",
    )  # fmt: skip
    findings = [one for one in drafted.findings if one.code != "channels.ship_to_by_address"]
    actor = replace(chunk.actor, channel=CHANNEL, on_behalf_of=account_id)
    submission = Submission(
        draft, actor, document_id=chunk.document_id, findings=tuple(one for one in findings if one.hold_kind)
    )
    return Ready(item, account_id, submission, said, findings=tuple(_json(one) for one in findings))


def _no_account(chunk: Chunk, order: PurchaseOrder) -> Problem:
    if chunk.arrived.is_test:
        message = f"It is a test, and {chunk.partner.code} has no sandbox account."
        return Problem("channels.test_without_sandbox", message, "ISA15")
    named = [f"{party.code} {party.id}" for party in order.parties if party.id]
    message = f"Nobody knows whose order it is by {', '.join(named) or 'its parties'}."
    return Problem("channels.unknown_account", message, "N1")


def _places(
    order: PurchaseOrder, draft: OrderDraft, whose: Whose, account_id: UUID, codes: Sequence[str]
) -> tuple[tuple[DraftGroup, ...], list[Problem]]:
    """The delivery groups with our codes of their places."""
    known, names = whose.places.get(account_id, []), whose.ship_tos
    header = ship_to_of(order)
    by_id = {party.id: party for line in order.lines for party in line.parties if party.code in codes and party.id}
    groups: list[DraftGroup] = []
    problems: dict[str, Problem] = {}
    for group in draft.groups:
        party = by_id.get(group.ship_to or "")
        if party is None and header is not None and group.ship_to in (None, header.id):
            party = header
        found = place_meant(group.ship_to, party, known, names)
        if isinstance(found, Problem):
            problems[found.message] = found
        else:
            groups.append(DraftGroup(group.group_no, found, group.requested_at))
    return tuple(groups), list(problems.values())


def _json(finding: Finding) -> dict[str, Any]:
    return finding.as_json()


def _outcome(chunk: Chunk, ready: Ready, placed: Placed | None) -> SetOutcome:
    problems = ready.problems if placed is None else placed.problems
    if placed is None or problems:
        why = [problem_json(problem) for problem in problems]
        return outcome_of(chunk, ready.item, "held", why, account_id=ready.account_id, said=ready.said)
    found = [*found_json(ready.item.given.faults), *ready.findings] if ready.item.given.faults else ready.findings
    return outcome_of(
        chunk,
        ready.item,
        "duplicate" if placed.duplicate else "order",
        {(one["code"], one["message"]): one for one in found}.values(),
        account_id=ready.account_id,
        order_id=placed.order_id,
        said=ready.said,
    )
