"""What replaces a product, who wants that, and how far a buyer's price may be off ours."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from tradewind.integration.decide.kinds.period import period
from tradewind.integration.decide.kinds.scope import SCOPE, VALUE, scoped
from tradewind.semantics.decide.rows.fields import code, moment, number, one_of, whole
from tradewind.semantics.decide.rows.schema import Fault, Field, Kind


class SubstituteRow(NamedTuple):
    """One row."""

    row: int
    sku: str
    substitute: str
    rank: int
    numerator: int
    denominator: int
    valid_from: datetime | None
    valid_to: datetime | None


def _check(row: SubstituteRow) -> Iterable[Fault]:
    yield from period(row)
    if row.sku == row.substitute:
        yield Fault("substitute", "import.refers_to_itself", "a product does not replace itself")


SUBSTITUTES = Kind(
    name="substitutes",
    sentence="What can be sent instead of a product once it is discontinued; in base units of both, exactly.",
    row=SubstituteRow,
    fields=(
        code("sku", "the product that is replaced", required=True, aliases=("product", "item")),
        code("substitute", "our product that replaces it", required=True, aliases=("substitute_sku", "replaced_by")),
        whole("rank", "lower is tried first", default=1, minimum=1),
        whole("numerator", "so many base units of the substitute…", default=1, minimum=1, maximum=1_000_000_000),
        whole("denominator", "…stand for so many of the product", default=1, minimum=1, maximum=1_000_000_000),
        moment("valid_from", "from when; empty means always", aliases=("from", "start", "start_date")),
        moment(
            "valid_to",
            "until when; a bare date is included, empty means without end",
            last_day=True,
            aliases=("to", "end", "end_date", "expires"),
        ),
    ),
    key=("sku", "substitute"),
    after=("products",),
    check=_check,
)


class SubstitutionPolicyRow(NamedTuple):
    """One row."""

    row: int
    scope: str
    value: str | None
    consent: str
    price: str


SUBSTITUTION_POLICIES = Kind(
    name="substitution_policies",
    sentence="Who gets substitutes without being asked, who is asked (as is who says nothing), who never wants them.",
    row=SubstitutionPolicyRow,
    fields=(
        SCOPE,
        VALUE,
        one_of("consent", "how", "automatic", "ask", "never", required=True),
        one_of("price", "at the substitute's own price or at the original's", "own", "original", default="own"),
    ),
    key=("scope", "value"),
    after=("accounts",),
    check=scoped,
)


class PriceToleranceRow(NamedTuple):
    """One row."""

    row: int
    scope: str
    value: str | None
    take: str
    line_up_percent: Decimal | None
    line_up_amount: Decimal | None
    line_down_percent: Decimal | None
    line_down_amount: Decimal | None
    order_up_percent: Decimal | None
    order_up_amount: Decimal | None
    order_down_percent: Decimal | None
    order_down_amount: Decimal | None
    floor_percent: Decimal | None


def _percent(name: str, sentence: str) -> Field:
    return number(name, sentence, digits=7, maximum="1000")


def _amount(name: str, sentence: str) -> Field:
    return number(name, sentence, places=3, digits=15)


PRICE_TOLERANCES = Kind(
    name="price_tolerances",
    sentence="How far the price in a buyer's order may be above (up) or below (down) ours, and whose counts then.",
    row=PriceToleranceRow,
    fields=(
        SCOPE,
        VALUE,
        one_of("take", "whose price counts within the tolerance", "ours", "buyers", "lower", default="ours"),
        _percent("line_up_percent", "a line above ours, percent"),
        _amount("line_up_amount", "a line above ours, amount"),
        _percent("line_down_percent", "a line below ours, percent"),
        _amount("line_down_amount", "a line below ours, amount"),
        _percent("order_up_percent", "the order above ours, percent"),
        _amount("order_up_amount", "the order above ours, amount"),
        _percent("order_down_percent", "the order below ours, percent"),
        _amount("order_down_amount", "the order below ours, amount"),
        _percent("floor_percent", "how far below ours a person may still accept"),
    ),
    key=("scope", "value"),
    after=("accounts",),
    check=scoped,
)
