"""A mapping is data: a TOML text that says what the columns of a historic file mean.

Every mistake in it is a problem with the key it stands at; all of them are reported at once, and a key that nobody
reads is a mistake too (a misspelt rule would otherwise change figures in silence).
"""

import tomllib
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tradewind.channels.decide.history.model import (
    ChargeCode,
    ChargeKind,
    Columns,
    DocumentKind,
    DocumentRule,
    House,
    Mapping,
    Priced,
    Sign,
    TaxFrom,
)
from tradewind.kernel.problem import Problem

Choice = TypeVar("Choice", bound=StrEnum)

COLUMN_KEYS = ("document", "sku", "description", "qty", "at", "unit_price", "customer", "country")
DELIMITERS = (",", ";", "|", "\t")
MAX_TEXT = 100_000
MAX_OPEN_DOCUMENTS = 10_000
MAX_ROWS_PER_DOCUMENT = 100_000
MAX_SPREAD_MINUTES = 60 * 24 * 31


class _Section:
    """One table of the TOML text: hands out checked values and notes what is wrong or never asked for."""

    def __init__(self, values: object, path: str, problems: list[Problem]) -> None:
        self.path, self.problems = path, problems
        self.values: dict[str, Any] = values if isinstance(values, dict) else {}
        self.asked: set[str] = set()
        if not isinstance(values, dict):
            problems.append(_wrong(path, "must be a table"))

    def where(self, key: str) -> str:
        return f"{self.path}/{key}"

    def text(self, key: str, default: str | None = None) -> str:
        value = self._value(key, default)
        if isinstance(value, str) and (value or default == ""):
            return value
        self.problems.append(_wrong(self.where(key), "must be a text that is not empty"))
        return ""

    def number(self, key: str, *, low: int, high: int, default: int | None = None) -> int:
        value = self._value(key, default)
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        self.problems.append(_wrong(self.where(key), f"must be a whole number from {low} to {high}"))
        return low

    def percent(self, key: str) -> Decimal:
        try:
            value = Decimal(self._value(key, None))
        except (InvalidOperation, TypeError, ValueError):
            value = Decimal("NaN")
        if value.is_finite() and 0 <= value <= 100:
            return value
        self.problems.append(_wrong(self.where(key), 'must be a percentage in quotes, such as "17.5"'))
        return Decimal()

    def day(self, key: str) -> date:
        value = self._value(key, None)
        if type(value) is date:
            return value
        self.problems.append(_wrong(self.where(key), "must be a day such as 2011-01-04"))
        return date.min

    def one_of(self, key: str, choices: type[Choice], default: Choice | None = None) -> Choice:
        value = self._value(key, default)
        if value in list(choices):
            return choices(value)
        self.problems.append(_wrong(self.where(key), f"must be one of {', '.join(choices)}"))
        return next(iter(choices))

    def table(self, key: str) -> "_Section":
        return _Section(self._value(key, None), self.where(key), self.problems)

    def tables(self, key: str) -> "list[_Section]":
        value = self._value(key, None)
        if isinstance(value, list) and value:
            return [_Section(item, f"{self.where(key)}/{index}", self.problems) for index, item in enumerate(value)]
        self.problems.append(_wrong(self.where(key), "must be a list of tables with at least one entry"))
        return []

    def close(self) -> None:
        """Every key that was not asked for is a mistake."""
        for key in self.values.keys() - self.asked:
            self.problems.append(_wrong(self.where(key), "is not a key of a mapping"))

    def _value(self, key: str, default: object) -> Any:
        self.asked.add(key)
        return self.values.get(key, default)


def mapping_from(text: str) -> Mapping | tuple[Problem, ...]:
    """The mapping written in this TOML text, or everything that is wrong with it (`channels.bad_mapping`)."""
    if len(text) > MAX_TEXT:
        return (_wrong("", f"is longer than {MAX_TEXT} characters"),)
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return (_wrong("", f"is not TOML: {error}"),)
    problems: list[Problem] = []
    mapping = _mapping(_Section(values, "", problems), problems)
    return tuple(sorted(problems, key=lambda problem: problem.where)) if problems else mapping


def normal_code(text: str) -> str:
    """An item code as we keep it: upper case, inner space single. The same item is keyed `4711A` and `4711a`."""
    return " ".join(text.upper().split())


def charge_for(mapping: Mapping, code: str) -> ChargeCode | None:
    """The charge that this normalised code stands for, or None when it is goods."""
    exact = mapping.charges.get(code)
    if exact is not None:
        return exact
    for charge in mapping.charge_prefixes:
        if code.startswith(charge.code):
            return charge
    return None


def _mapping(root: _Section, problems: list[Problem]) -> Mapping:
    columns, customers, decimals, limits, times = (
        root.table(key) for key in ("columns", "customers", "decimals", "limits", "times")
    )
    exact, prefixes = _charges(root)
    mapping = Mapping(
        name=root.text("name"),
        version=root.number("version", low=1, high=1_000_000),
        currency=root.text("currency"),
        amount_decimals=decimals.number("amount", low=0, high=4),
        price_decimals=decimals.number("price", low=0, high=6),
        qty_decimals=decimals.number("qty", low=0, high=6),
        delimiter=root.text("delimiter", ","),
        zone=_zone(times, problems),
        time_format=times.text("format"),
        columns=Columns(**{key: columns.text(key) for key in COLUMN_KEYS}),
        rules=tuple(_rule(section) for section in root.tables("documents")),
        charges=exact,
        charge_prefixes=prefixes,
        countries=_countries(root),
        cash_account=customers.text("cash_account"),
        cash_account_name=customers.text("cash_account_name"),
        customer_suffix=customers.text("drop_suffix", ""),
        open_documents=limits.number("open_documents", low=1, high=MAX_OPEN_DOCUMENTS),
        rows_per_document=limits.number("rows_per_document", low=1, high=MAX_ROWS_PER_DOCUMENT),
        time_spread=timedelta(minutes=limits.number("minutes_within_a_document", low=0, high=MAX_SPREAD_MINUTES)),
        house=_house(root.table("house"), problems),
    )
    for section in (columns, customers, decimals, limits, times, root):
        section.close()
    if mapping.delimiter not in DELIMITERS:
        problems.append(_wrong("/delimiter", "must be a comma, a semicolon, a bar or a tab"))
    if len(mapping.currency) != 3 or not mapping.currency.isalpha() or not mapping.currency.isupper():
        problems.append(_wrong("/currency", "must be a currency code of three capital letters"))
    return mapping


def _house(section: _Section, problems: list[Problem]) -> House:
    house = House(
        code=section.text("code"),
        name=section.text("name"),
        country=section.text("country"),
        net_days=section.number("net_days", low=0, high=3_650),
        sites=tuple(_site(site) for site in section.tables("sites")),
        taxes=tuple(_tax(tax) for tax in section.tables("taxes")),
    )
    section.close()
    if len(house.country) != 2 or not house.country.isalpha() or not house.country.isupper():
        problems.append(_wrong(section.where("country"), "must be an ISO 3166 code of two capital letters"))
    if len({code for code, _ in house.sites}) != len(house.sites):
        problems.append(_wrong(section.where("sites"), "names a site twice"))
    return house


def _site(section: _Section) -> tuple[str, str]:
    site = (section.text("code"), section.text("name"))
    section.close()
    return site


def _tax(section: _Section) -> TaxFrom:
    tax = TaxFrom(section.day("from"), section.percent("percent"))
    section.close()
    return tax


def _zone(times: _Section, problems: list[Problem]) -> ZoneInfo:
    name = times.text("zone")
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        problems.append(_wrong(times.where("zone"), f"{name!r} is not a time zone"))
        return ZoneInfo("UTC")


def _rule(section: _Section) -> DocumentRule:
    rule = DocumentRule(
        kind=section.one_of("kind", DocumentKind),
        prefix=section.text("prefix", ""),
        sign=section.one_of("sign", Sign, Sign.ANY),
        price=section.one_of("price", Priced, Priced.ANY),
    )
    section.close()
    return rule


def _charges(root: _Section) -> tuple[dict[str, ChargeCode], tuple[ChargeCode, ...]]:
    exact: dict[str, ChargeCode] = {}
    prefixes: list[ChargeCode] = []
    for section in root.tables("charges"):
        prefix = section.text("prefix", "")
        code = normal_code(prefix or section.text("code"))
        charge = ChargeCode(code, section.text("name"), section.one_of("kind", ChargeKind), prefix=bool(prefix))
        section.close()
        if code in exact or any(code == other.code for other in prefixes):
            section.problems.append(_wrong(section.path, f"{code} stands here twice"))
        if prefix:
            prefixes.append(charge)
        else:
            exact[code] = charge
    return exact, tuple(prefixes)


def _countries(root: _Section) -> dict[str, str]:
    section = root.table("countries")
    found: dict[str, str] = {}
    for name in section.values:
        code = section.text(name)
        if code and not (len(code) == 2 and code.isascii() and code.isalpha() and code.isupper()):
            section.problems.append(_wrong(section.where(name), "must be an ISO 3166 code of two capital letters"))
        found[name] = code
    return found


def _wrong(where: str, message: str) -> Problem:
    return Problem("channels.bad_mapping", f"{where or 'the mapping'} {message}", where)
