"""Customers."""

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from tradewind.semantics.decide.rows.fields import code, currency, flag, money, number, one_of, whole, words
from tradewind.semantics.decide.rows.schema import Fault, Kind


class AccountRow(NamedTuple):
    """One row."""

    row: int
    code: str
    name: str
    parent: str | None
    legal_entity: str
    currency: str
    segment: str | None
    region: str | None
    status: str
    vat_id: str | None
    vat_verified: bool | None
    tax_exempt: bool
    terms: str
    ship_policy: str
    price_policy: str
    price_strategy: str
    discount_percent: Decimal
    over_ship_percent: Decimal
    duplicate_po: str
    approval_above: Decimal | None
    priority: int
    reserve_hours: int
    delivery_url: str | None
    credit_limit: Decimal | None
    language: str | None
    unknown_items: str
    change_pricing: str


def _check(row: AccountRow) -> Iterable[Fault]:
    if row.parent == row.code:
        yield Fault("parent", "import.refers_to_itself", "an account cannot stand above itself")
    if row.delivery_url is not None and not row.delivery_url.startswith("https://"):
        yield Fault("delivery_url", "import.not_an_https_address", "an address beginning with https:// is wanted")


ACCOUNTS = Kind(
    name="accounts",
    sentence="Customers (sold-to), each a node of a company tree.",
    row=AccountRow,
    fields=(
        code(
            "code",
            "our number of the customer",
            required=True,
            aliases=("account", "customer", "customer_number", "account_number"),
            repeats=False,
        ),
        words("name", "the company's name", required=True, aliases=("company", "company_name", "customer_name")),
        code("parent", "the account above it in the company tree", aliases=("parent_code", "parent_account")),
        code("legal_entity", "code of our company that sells to it", required=True, aliases=("seller",)),
        currency("currency", "the currency it buys in", required=True),
        code("segment", "a group that prices and rules speak of"),
        code("region", "a region that prices and rules speak of"),
        one_of("status", "whether it may order", "active", "blocked", "closed", default="active"),
        code("vat_id", "its VAT number", aliases=("vat_number", "tax_id")),
        flag(
            "vat_verified", "whether a check of its VAT number found it valid; empty where none was made", default=None
        ),
        flag("tax_exempt", "whether it never pays tax (a certificate is better)"),
        code("terms", "code of its payment terms", default="NET30", aliases=("payment_terms", "terms_code")),
        one_of(
            "ship_policy", "what may leave separately", "partial", "ship_complete", "line_complete", default="partial"
        ),
        one_of("price_policy", "our prices, or the ones the order states", "list", "document", default="list"),
        one_of(
            "price_strategy",
            "which of several prices counts",
            "first_match",
            "lowest",
            "merge_per_tier",
            default="first_match",
        ),
        number("discount_percent", "taken off every price", maximum="100", default="0", aliases=("discount",)),
        number("over_ship_percent", "how much more than ordered a warehouse may ship", maximum="100", default="0"),
        one_of(
            "duplicate_po",
            "what to do with a purchase order number seen before",
            "refuse",
            "hold",
            "allow",
            default="refuse",
        ),
        money("approval_above", "orders above this amount need approval; empty means none"),
        whole("priority", "lower is served first when stock is short", default=100),
        whole("reserve_hours", "how long stock is held for an order that waits", maximum=8_760, default=72),
        words("delivery_url", "where its system takes our messages", length=2_000),
        money("credit_limit", "the limit it carries for itself and its tree; empty means it has none of its own"),
        one_of(
            "language", "what its papers are written in; empty leaves it to its contacts and our company", "en", "de"
        ),
        one_of(
            "unknown_items",
            "what to do with lines nobody can identify: as the channel does, refuse the order, or hold the line",
            "channel",
            "refuse",
            "hold",
            default="channel",
        ),
        one_of(
            "change_pricing",
            "what a change of a placed order costs: only what is added has today's price, all is frozen, or the whole line",
            "added",
            "frozen",
            "whole",
            default="added",
        ),
    ),
    key=("code",),
    after=("legal_entities", "payment_terms"),
    check=_check,
)
