"""Principals, callers and mandates, and what each role may do, as data."""

from collections.abc import Mapping
from dataclasses import field
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from tradewind.kernel.value import value

PUBLIC = "public"
"""The permission of a route that needs no caller."""

PERMISSIONS: Mapping[str, str] = MappingProxyType(
    {
        "access.self": "see oneself, log out, manage one's own keys",
        "access.manage": "create principals, grant roles, accounts and keys",
        "mandates.manage": "let an agent act for an account, and end that",
        "accounts.read": "see accounts, addresses, contacts and terms",
        "catalog.read": "see products, units and sites",
        "prices.read": "ask for prices and their waterfalls",
        "prices.manage": "see and change price lists and agreements",
        "stock.read": "see availability and promises",
        "stock.manage": "post receipts, observations and adjustments; see stock, moves and supply",
        "masterdata.import": "load master data files",
        "documents.read": "see inbound documents as they arrived",
        "documents.submit": "hand in documents of trading partners, and try held ones again",
        "partners.manage": "say who trades with us by X12, and how",
        "orders.read": "see orders, lines, charges and holds",
        "orders.preview": "ask what an order would become, without placing it",
        "orders.place": "place orders",
        "orders.change": "change placed orders",
        "orders.cancel": "cancel orders or ask for it",
        "orders.replay": "push a file of historic orders through",
        "blankets.read": "see blanket orders and what was called off",
        "blankets.manage": "agree, change and end blanket orders",
        "recurring.read": "see standing orders and their periods",
        "recurring.manage": "set up, change, pause and end standing orders; a buying company its own",
        "quotes.read": "see quotes, their rounds and versions",
        "quotes.request": "ask for a quote, and for another version of it",
        "quotes.accept": "accept or decline what was offered",
        "quotes.offer": "prepare, offer and withdraw quotes, decide on late acceptances",
        "warnings.acknowledge": "acknowledge what a rule warns of, with a reason",
        "holds.release.credit": "release credit holds",
        "holds.release.price": "release price holds",
        "holds.release.stock": "release stock holds",
        "holds.release.address": "release address holds",
        "holds.release.approval": "release approval holds",
        "holds.release.fraud": "release fraud holds",
        "holds.release.data": "release data holds",
        "holds.release.customer": "release holds the customer asked for",
        "holds.release.dispute": "release dispute holds",
        "tasks.read": "see the inbox of tasks, holds and incidents",
        "tasks.decide": "claim and decide tasks of one's roles",
        "tasks.assign": "give tasks to others, and make links to them",
        "tasks.link": "make links to tasks: to one's own, and a system that sends them to anybody's",
        "tasks.manage": "say how tasks are looked after and what they ask",
        "approvals.read": "see approval policies",
        "approvals.manage": "write, publish and end approval policies; a buying company its own",
        "credit.read": "see limits and exposure",
        "credit.manage": "set limits and overrides",
        "shipments.read": "see shipments",
        "shipments.answer": "answer for the warehouse: shipped, short, refused",
        "purchasing.read": "see vendors, supplier orders, and what drop-shipped lines cost and bring in",
        "purchasing.manage": "say who ships which products for us, and what that costs",
        "purchasing.answer": "answer for a vendor: shipped, refused, cancelled",
        "invoices.read": "see invoices, credit notes and open items",
        "payments.read": "see payments and what they were applied to",
        "payments.record": "record and apply payments",
        "dunning.manage": "say how debts are dunned, let dunning rest, end what is claimed on top",
        "returns.read": "see return authorisations",
        "returns.request": "ask for a return",
        "returns.decide": "authorise and receive returns, issue credit notes",
        "streams.read": "see value streams, their versions and instances",
        "streams.publish": "draft, review and publish value streams",
        "streams.repair": "retry, skip, move, change, cancel and migrate running instances",
        "messages.send": "send messages to waiting instances",
        "rules.read": "see decision tables",
        "rules.write": "write decision tables and hand them in for review",
        "rules.review": "review decision tables that others wrote",
        "rules.publish": "put decision tables in force, roll back, end and withdraw",
        "trials.run": "try a change on past orders, and see what it would have done",
        "events.read": "read the log",
        "analytics.read": "see reports and exports",
        "operate.read": "see incidents, deliveries and the state of the engine",
        "operate.repair": "retry, resolve, pause and resume",
    }
)

_EVERYONE = {"access.self"}
_SEES_TRADE = {
    "accounts.read", "catalog.read", "prices.read", "stock.read", "orders.read", "shipments.read", "invoices.read",
    "payments.read", "returns.read", "blankets.read", "recurring.read", "quotes.read",
}  # fmt: skip
_BUYS = {
    "orders.preview", "orders.place", "orders.change", "orders.cancel", "returns.request", "quotes.request", "quotes.accept",
}  # fmt: skip
_STAFF = {
    "approvals.read", "tasks.read", "tasks.decide", "tasks.link", "documents.read", "streams.read", "rules.read", "events.read", "credit.read",
}  # fmt: skip

ROLES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        role: frozenset(_EVERYONE | granted)
        for role, granted in {
            "admin": set(PERMISSIONS),
            "sales": _SEES_TRADE | _BUYS | _STAFF | {
                "holds.release.price", "holds.release.stock", "holds.release.address", "holds.release.data",
                "holds.release.customer", "quotes.offer", "prices.manage", "returns.decide", "mandates.manage", "blankets.manage", "recurring.manage",
                "rules.write", "warnings.acknowledge", "tasks.assign", "purchasing.read", "purchasing.manage", "purchasing.answer",
            },
            "credit_desk": _SEES_TRADE | _STAFF | {
                "credit.manage", "dunning.manage", "tasks.assign", "warnings.acknowledge", "holds.release.credit", "holds.release.fraud", "holds.release.dispute", "rules.write",
            },
            "warehouse": _STAFF - {"credit.read"} | {
                "catalog.read", "accounts.read", "stock.read", "stock.manage", "orders.read", "shipments.read",
                "shipments.answer", "returns.read", "returns.decide", "holds.release.stock",
            },
            "accounting": _SEES_TRADE | _STAFF | {
                "payments.record", "dunning.manage", "returns.decide", "holds.release.dispute", "analytics.read", "purchasing.read",
            },
            "analyst": _SEES_TRADE | _STAFF - {"tasks.decide"} | {
                "analytics.read", "approvals.manage", "operate.read", "prices.manage", "rules.write", "rules.review", "rules.publish",
                "streams.publish",
                "orders.preview", "trials.run", "tasks.manage", "purchasing.read",
            },
            "buyer": _SEES_TRADE | _BUYS | {"recurring.manage"},
            "buyer_approver": _SEES_TRADE | _BUYS | {
                "approvals.read", "approvals.manage", "tasks.read", "tasks.decide", "tasks.link", "mandates.manage", "recurring.manage",
            },
            "agent": _SEES_TRADE | _BUYS,
            "integration": _SEES_TRADE | _BUYS | {
                "tasks.read", "tasks.link", "masterdata.import", "documents.read", "documents.submit", "stock.manage", "shipments.answer", "payments.record",
                "messages.send", "events.read", "orders.replay", "purchasing.manage", "purchasing.answer",
            },
        }.items()
    }
)  # fmt: skip
"""What each role may do."""


class Kind(StrEnum):
    """What a principal is. Staff and systems see every account; buyers theirs; agents those of their mandates."""

    STAFF = "staff"
    BUYER = "buyer"
    AGENT = "agent"
    SYSTEM = "system"


ROLES_OF_KIND: Mapping[Kind, frozenset[str]] = MappingProxyType(
    {
        Kind.STAFF: frozenset({"admin", "sales", "credit_desk", "warehouse", "accounting", "analyst"}),
        Kind.BUYER: frozenset({"buyer", "buyer_approver"}),
        Kind.AGENT: frozenset({"agent"}),
        Kind.SYSTEM: frozenset({"integration", "admin"}),
    }
)
"""Which roles a principal of a kind may hold: a buyer can never be made staff by a slip."""

MANDATE_ACTIONS = ROLES["agent"] - {"access.self"}
"""What a mandate can name."""


@value(frozen=True, slots=True)
class Mandate:
    """What a company lets an agent do in its name; only mandates valid at the time of the check are ever loaded.

    `accounts` is the company tree below `account_id`, itself included. `order_max` caps the total of one order, in
    `currency`; None is no cap.
    """

    id: UUID
    account_id: UUID
    accounts: frozenset[UUID]
    actions: frozenset[str]
    order_max: Decimal | None = None
    currency: str | None = None


@value(frozen=True, slots=True)
class Principal:
    """A person, an integration or an agent."""

    id: UUID
    kind: Kind
    login: str
    name: str


@value(frozen=True, slots=True)
class Caller:
    """A principal at the door: what it may do and see, and how it came.

    `visible` is every account it sees (company trees expanded), None for all. `channel` is `api` (key), `web` (session)
    or `agent`. `credential` is the SHA-256 of the key or token it showed, to check it again inside a transaction; None
    for a caller made by the command line. `on_behalf_of` is the one account it acts for, where that was named.
    """

    principal: Principal
    roles: frozenset[str]
    visible: frozenset[UUID] | None
    channel: str
    mandates: tuple[Mandate, ...] = ()
    credential: bytes | None = field(default=None, repr=False)
    on_behalf_of: UUID | None = None

    @property
    def permissions(self) -> frozenset[str]:
        """Everything its roles allow."""
        if len(self.roles) == 1:
            return ROLES.get(next(iter(self.roles)), frozenset())
        return frozenset().union(*(ROLES.get(role, frozenset()) for role in self.roles))


def roles_explained() -> dict[str, dict[str, object]]:
    """What each permission means and what each role may do, for screens and documents."""
    return {"permissions": dict(PERMISSIONS), "roles": {role: sorted(granted) for role, granted in ROLES.items()}}
