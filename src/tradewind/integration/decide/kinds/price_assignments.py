"""Whom price lists are for."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from tradewind.integration.decide.kinds.period import period
from tradewind.semantics.decide.rows.fields import code, moment, one_of, whole
from tradewind.semantics.decide.rows.schema import Fault, Kind


class PriceAssignmentRow(NamedTuple):
    """One row."""

    row: int
    price_list: str
    scope: str
    value: str | None
    precedence: int
    valid_from: datetime | None
    valid_to: datetime | None


def _check(row: PriceAssignmentRow) -> Iterable[Fault]:
    yield from period(row)
    alone = row.scope in ("all", "floor")
    if alone and row.value is not None:
        yield Fault("value", "import.value_not_wanted", f"the scope {row.scope} has no value")
    if not alone and row.value is None:
        yield Fault("value", "import.missing_value", f"say which {row.scope}")


PRICE_ASSIGNMENTS = Kind(
    name="price_assignments",
    sentence="Whom a price list is for, and which comes first.",
    row=PriceAssignmentRow,
    fields=(
        code("price_list", "code of the list", required=True, aliases=("list",)),
        one_of(
            "scope",
            "what kind of buyer; floor: nobody's prices, but what approvals ask about when a price is below",
            "account",
            "segment",
            "channel",
            "region",
            "all",
            "floor",
            required=True,
        ),
        code("value", "which account, segment, channel or region; empty for all and floor", aliases=("scope_value",)),
        whole("precedence", "lower wins", default=100, aliases=("priority",)),
        moment("valid_from", "from when; empty means always", aliases=("from", "start", "start_date")),
        moment(
            "valid_to",
            "until when; a bare date is included, empty means without end",
            last_day=True,
            aliases=("to", "end", "end_date", "expires"),
        ),
    ),
    key=("price_list", "scope", "value", "valid_from"),
    after=("price_lists", "accounts"),
    check=_check,
)
