"""The nouns of a replay: a mapping of columns, and the documents it finds in a file."""

from collections.abc import Mapping as Table
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from tradewind.kernel.problem import Problem


class DocumentKind(StrEnum):
    """What a historic document did."""

    ORDER = "order"
    ADJUSTMENT = "adjustment"
    RETURN = "return"


class ChargeKind(StrEnum):
    """What a line that is not goods stands for."""

    FREIGHT = "freight"
    DISCOUNT = "discount"
    MANUAL = "manual"
    FEE = "fee"
    SAMPLES = "samples"
    VOUCHER = "voucher"
    DONATION = "donation"


class Sign(StrEnum):
    """Which sign the quantities of all rows of a document have."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    ANY = "any"


class Priced(StrEnum):
    """`zero`: every row costs nothing; `priced`: no row costs less than nothing and one costs more."""

    ZERO = "zero"
    PRICED = "priced"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class ChargeCode:
    """A code in the item column that is no goods. With `prefix`, every code that starts with it."""

    code: str
    name: str
    kind: ChargeKind
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class DocumentRule:
    """A document is of `kind` when its number starts with `prefix` and its rows have this sign and price. Only the
    rules with the longest prefix that fits a number are asked, in their order."""

    kind: DocumentKind
    prefix: str
    sign: Sign
    price: Priced


@dataclass(frozen=True, slots=True)
class Columns:
    """The header names of the file, one for each meaning."""

    document: str
    sku: str
    description: str
    qty: str
    at: str
    unit_price: str
    customer: str
    country: str


@dataclass(frozen=True, slots=True)
class TaxFrom:
    """A rate of tax in percent on deliveries within our country, from a day of the mapping's zone on."""

    day: date
    percent: Decimal


@dataclass(frozen=True, slots=True)
class House:
    """Who sold: our legal entity, its sites (the first keeps nearly everything, the second what sells rarely), its terms
    and the tax it charged."""

    code: str
    name: str
    country: str
    net_days: int
    sites: tuple[tuple[str, str], ...]
    taxes: tuple[TaxFrom, ...]


@dataclass(frozen=True, slots=True)
class Mapping:
    """How one shape of file is read. Times in the file are local to `zone`; amounts are rounded half up."""

    name: str
    version: int
    currency: str
    amount_decimals: int
    price_decimals: int
    qty_decimals: int
    delimiter: str
    zone: ZoneInfo
    time_format: str
    columns: Columns
    rules: tuple[DocumentRule, ...]
    charges: Table[str, ChargeCode]
    charge_prefixes: tuple[ChargeCode, ...]
    countries: Table[str, str]
    cash_account: str
    cash_account_name: str
    customer_suffix: str
    open_documents: int
    rows_per_document: int
    time_spread: timedelta
    house: House


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """Goods. `qty` has the file's sign (negative: goods came back or left the stock); `amount = qty × unit_price`,
    rounded half up to the currency."""

    row: int
    sku: str
    description: str
    qty: Decimal
    unit_price: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class DocumentCharge:
    """Money without goods: carriage, a fee, a voucher, a discount. Signs as in the file."""

    row: int
    code: str
    kind: ChargeKind
    description: str
    qty: Decimal
    unit_price: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Document:
    """One historic document. `at` is UTC, the earliest time of its rows; `country` is ISO 3166-1 alpha-2;
    `row` is the file row it starts at (the header is row 1)."""

    kind: DocumentKind
    number: str
    row: int
    at: datetime
    customer: str
    country: str
    lines: tuple[DocumentLine, ...]
    charges: tuple[DocumentCharge, ...]

    @property
    def rows(self) -> int:
        """How many rows of the file this document holds."""
        return len(self.lines) + len(self.charges)

    @property
    def goods_amount(self) -> Decimal:
        """Sum of the goods lines, net of tax."""
        return sum((line.amount for line in self.lines), Decimal())

    @property
    def charge_amount(self) -> Decimal:
        """Sum of the charges, net of tax."""
        return sum((charge.amount for charge in self.charges), Decimal())


@dataclass(frozen=True, slots=True)
class Finding:
    """A row that is in no document, and why. One finding stands for exactly one record of the file (`row`, the
    header is row 1), except the refusal of the whole file, which is about the header."""

    row: int
    document: str
    problem: Problem


@dataclass(frozen=True, slots=True)
class ProductRecord:
    """An item that was sold or moved. `named_from` counts the priced rows that carried this name (0: the name is the
    sku, no priced row named it)."""

    sku: str
    name: str
    named_from: int


@dataclass(frozen=True, slots=True)
class AccountRecord:
    """A customer. `country` is where most of its documents went; `countries` lists all, most frequent first."""

    code: str
    name: str
    country: str
    countries: tuple[str, ...]
    cash: bool


@dataclass(frozen=True, slots=True)
class MasterData:
    """What must exist before the documents can be replayed, each in the order of its code."""

    products: tuple[ProductRecord, ...]
    accounts: tuple[AccountRecord, ...]
    charges: tuple[ChargeCode, ...]
