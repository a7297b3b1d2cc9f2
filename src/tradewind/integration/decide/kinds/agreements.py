"""Contracts with accounts."""

from datetime import datetime
from typing import NamedTuple

from tradewind.integration.decide.kinds.period import period
from tradewind.semantics.decide.rows.fields import code, moment, words
from tradewind.semantics.decide.rows.schema import Kind


class AgreementRow(NamedTuple):
    """One row."""

    row: int
    code: str
    account: str
    price_list: str
    name: str
    valid_from: datetime | None
    valid_to: datetime | None


AGREEMENTS = Kind(
    name="agreements",
    sentence="Contracts with accounts: a period and its own price list.",
    row=AgreementRow,
    fields=(
        code("code", "the contract's number", required=True, aliases=("agreement", "contract", "contract_number")),
        code("account", "code of the account", required=True, aliases=("customer", "account_code")),
        code("price_list", "code of the list with its prices", required=True, aliases=("list",)),
        words("name", "what it is called", required=True),
        moment("valid_from", "from when; empty means always", aliases=("from", "start", "start_date")),
        moment(
            "valid_to",
            "until when; a bare date is included, empty means without end",
            last_day=True,
            aliases=("to", "end", "end_date", "expires"),
        ),
    ),
    key=("code",),
    after=("accounts", "price_lists"),
    check=period,
)
