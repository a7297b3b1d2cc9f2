"""Who may buy what, what is restricted, and who is licensed for it."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from tradewind.integration.decide.kinds.period import period
from tradewind.integration.decide.kinds.scope import SCOPE, VALUE, scoped
from tradewind.semantics.decide.rows.fields import code, country, moment, one_of, words
from tradewind.semantics.decide.rows.schema import Fault, Kind

_FROM = moment("valid_from", "from when; empty means always", aliases=("from", "start", "start_date"))
_TO = moment(
    "valid_to",
    "until when; a bare date is included, empty means without end",
    last_day=True,
    aliases=("to", "end", "end_date", "expires"),
)


class EntitlementRow(NamedTuple):
    """One row."""

    row: int
    scope: str
    value: str | None
    effect: str
    sku: str | None
    category: str | None
    reason: str | None
    valid_from: datetime | None
    valid_to: datetime | None


def _check(row: EntitlementRow) -> Iterable[Fault]:
    yield from period(row)
    yield from scoped(row)
    if row.sku is not None and row.category is not None:
        yield Fault("category", "import.value_not_wanted", "a row is about a product or a category, not both")


ENTITLEMENTS = Kind(
    name="entitlements",
    sentence="What somebody may buy (a closed list), or may not. Without product and category a row is about everything.",
    row=EntitlementRow,
    fields=(
        SCOPE,
        VALUE,
        one_of("effect", "whether it may be bought", "include", "exclude", required=True),
        code("sku", "our product", aliases=("product", "item")),
        words("category", "a category of products", aliases=("product_category",)),
        words("reason", "why; buyers read it"),
        _FROM,
        _TO,
    ),
    key=("scope", "value", "effect", "sku", "category", "valid_from"),
    after=("accounts", "products"),
    check=_check,
)


class RestrictionRow(NamedTuple):
    """One row."""

    row: int
    code: str
    country: str | None
    name: str
    effect: str
    licence: str | None


RESTRICTIONS = Kind(
    name="restrictions",
    sentence="What selling restricted goods needs, by code and country of destination.",
    row=RestrictionRow,
    fields=(
        code("code", "what we call the restriction", required=True, aliases=("restriction",)),
        country("country", "where the goods go; empty means anywhere not named"),
        words("name", "what it is; buyers read it", required=True),
        one_of("effect", "what happens without the licence", "allow", "hold", "refuse", default="hold"),
        code("licence", "the licence that lifts it; empty means nothing does", aliases=("license",)),
    ),
    key=("code", "country"),
)


class RestrictedProductRow(NamedTuple):
    """One row."""

    row: int
    sku: str
    code: str


RESTRICTED_PRODUCTS = Kind(
    name="restricted_products",
    sentence="Which products a restriction is about.",
    row=RestrictedProductRow,
    fields=(
        code("sku", "our product", required=True, aliases=("product", "item"), repeats=False),
        code("code", "code of the restriction", required=True, aliases=("restriction",)),
    ),
    key=("sku", "code"),
    after=("products", "restrictions"),
)


class LicenceRow(NamedTuple):
    """One row."""

    row: int
    account: str
    code: str
    number: str
    country: str | None
    valid_from: datetime | None
    valid_to: datetime | None


LICENCES = Kind(
    name="licences",
    sentence="What accounts are licensed to buy, where and until when.",
    row=LicenceRow,
    fields=(
        code("account", "code of the account", required=True, aliases=("customer", "account_code")),
        code("code", "code of the licence, as restrictions name it", required=True, aliases=("licence", "license")),
        code("number", "the licence's own number", required=True, aliases=("licence_number",)),
        country("country", "where it holds; empty means anywhere"),
        _FROM,
        _TO,
    ),
    key=("account", "code", "country", "number"),
    after=("accounts",),
    check=period,
)
