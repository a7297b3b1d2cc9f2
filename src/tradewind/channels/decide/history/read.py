"""The streaming reader: lines of a delimited file in, documents and findings out.

Bounded: at most `open_documents` documents are held open, each with at most `rows_per_document` rows. A document is
all or nothing: where one of its rows is bad, its other rows are findings too (`channels.document_refused`), because a
document with a missing row would have a wrong total. So rows in = rows in documents + rows in findings, always.
Wholly blank lines are no rows.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal

from tradewind.channels.decide.history.mapping import COLUMN_KEYS, charge_for, normal_code
from tradewind.channels.decide.history.model import (
    Document,
    DocumentCharge,
    DocumentKind,
    DocumentLine,
    Finding,
    Mapping,
    Priced,
    Sign,
)
from tradewind.kernel.problem import Problem

Row = tuple[int, list[str]]

MAX_FIELD = 1_000
MAX_NUMBER = 100
MAX_ROWS = 5_000_000
NUMBER = re.compile(r"-?[0-9]{1,12}(?:\.([0-9]{1,10}))?")


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where each meaning stands in a row of this file, and the exponents its numbers are kept with."""

    mapping: Mapping
    width: int
    document: int
    sku: int
    description: int
    qty: int
    at: int
    unit_price: int
    customer: int
    country: int
    price_exponent: Decimal
    amount_exponent: Decimal


def read_documents(lines: Iterable[str], mapping: Mapping) -> Iterator[Document | Finding]:
    """Documents in the order of their first row, and a finding for every row that is in none of them.

    `lines` are decoded text lines, the header first. A file whose header lacks a column gives one finding
    (`channels.missing_column`) and is read no further.
    """
    records = csv.reader(lines, delimiter=mapping.delimiter, strict=True)
    layout = _layout(records, mapping)
    if isinstance(layout, Finding):
        yield layout
        return
    waiting: dict[str, list[Row]] = {}
    finished: set[str] = set()
    row = 1
    while True:
        row += 1
        try:
            fields = next(records)
        except StopIteration:
            break
        except csv.Error as error:
            yield _finding(row, "", "channels.unreadable_row", f"line {records.line_num} of the file: {error}")
            continue
        if not fields:
            continue
        if row > MAX_ROWS:
            yield _finding(row, "", "channels.too_many_rows", f"a file may have {MAX_ROWS} rows; the rest was not read")
            break
        number = fields[layout.document].strip() if len(fields) > layout.document else ""
        pile = waiting.get(number)
        if pile is not None:
            if len(pile) > mapping.rows_per_document:  # already refused: its rows are not kept any more
                yield _finding(row, number, "channels.document_too_long", _too_long(number, mapping))
            else:
                pile.append((row, fields))
            continue
        refusal = _cannot_open(number, row, finished, mapping)
        if refusal is not None:
            yield refusal
            continue
        waiting[number] = [(row, fields)]
        finished.add(number)
        if len(waiting) > mapping.open_documents:
            oldest = next(iter(waiting))
            yield from _close(oldest, waiting.pop(oldest), layout)
    for number, pile in waiting.items():
        yield from _close(number, pile, layout)


def _layout(records: Iterator[list[str]], mapping: Mapping) -> _Layout | Finding:
    try:
        header = [name.strip().removeprefix("\ufeff") for name in next(records)]
    except StopIteration:
        return _finding(1, "", "channels.missing_column", "the file is empty")
    except csv.Error as error:
        return _finding(1, "", "channels.missing_column", f"the header cannot be read: {error}")
    places: dict[str, int] = {}
    for key in COLUMN_KEYS:
        name = getattr(mapping.columns, key)
        if header.count(name) != 1:
            said = "has no column" if name not in header else "has more than one column"
            return _finding(1, "", "channels.missing_column", f"the header {said} {name!r}")
        places[key] = header.index(name)
    return _Layout(
        mapping=mapping,
        width=len(header),
        price_exponent=Decimal(1).scaleb(-mapping.price_decimals),
        amount_exponent=Decimal(1).scaleb(-mapping.amount_decimals),
        **places,
    )


def _cannot_open(number: str, row: int, finished: set[str], mapping: Mapping) -> Finding | None:
    if not number:
        return _finding(row, "", "channels.no_document_number", f"the row has no {mapping.columns.document}")
    if len(number) > MAX_NUMBER:
        return _finding(row, "", "channels.field_too_long", f"a document number has at most {MAX_NUMBER} characters")
    if number in finished:
        return _finding(
            row,
            number,
            "channels.document_scattered",
            f"rows of {number} stand more than {mapping.open_documents} documents apart; sort the file, or "
            "raise limits.open_documents in the mapping",
        )
    return None


def _close(number: str, pile: list[Row], layout: _Layout) -> Iterator[Document | Finding]:
    """The document these rows make; or a finding for each row: its own problem, or that the document is refused."""
    mapping = layout.mapping
    entries: list[DocumentLine | DocumentCharge] = []
    wrong: dict[int, Problem] = {}
    for row, fields in pile:
        entry = _entry(row, fields, layout)
        if isinstance(entry, Problem):
            wrong[row] = entry
        else:
            entries.append(entry)
    head: tuple[datetime, str, str] | Problem | None = None
    kind: DocumentKind | Problem | None = None
    if len(pile) > mapping.rows_per_document:
        kind = _problem("channels.document_too_long", _too_long(number, mapping))
    elif not wrong:
        kind = _kind(number, entries, mapping)
        head = _head([fields for _, fields in pile], layout)
    if isinstance(kind, DocumentKind) and isinstance(head, tuple):
        at, customer, country = head
        yield Document(
            kind,
            number,
            pile[0][0],
            at,
            customer,
            country,
            tuple(entry for entry in entries if isinstance(entry, DocumentLine)),
            tuple(entry for entry in entries if isinstance(entry, DocumentCharge)),
        )
        return
    whole = next((problem for problem in (kind, head) if isinstance(problem, Problem)), None)
    if whole is None:
        bad = ", ".join(str(row) for row in list(wrong)[:5])
        whole = _problem("channels.document_refused", f"{number} is refused as a whole because of row {bad}")
    for row, _ in pile:
        yield Finding(row, number, wrong.get(row) or whole.at(f"row {row}"))


def _entry(row: int, fields: list[str], layout: _Layout) -> DocumentLine | DocumentCharge | Problem:
    mapping, columns = layout.mapping, layout.mapping.columns
    if len(fields) != layout.width:
        said = f"the row has {len(fields)} columns, the header {layout.width}"
        return _problem("channels.wrong_column_count", said, row=row)
    if max(map(len, fields)) > MAX_FIELD:
        return _problem("channels.field_too_long", f"a field of the row is longer than {MAX_FIELD} characters", row=row)
    code = normal_code(fields[layout.sku])
    if not code:
        return _problem("channels.no_item_code", "the row has no item code", row=row, column=columns.sku)
    qty = _decimal(fields[layout.qty], mapping.qty_decimals)
    if qty is None or not qty:
        said = f"{fields[layout.qty]!r} is no quantity other than zero with at most {mapping.qty_decimals} decimals"
        return _problem("channels.bad_quantity", said, row=row, column=columns.qty)
    price = _decimal(fields[layout.unit_price], mapping.price_decimals)
    if price is None or price < 0:
        said = (
            f"{fields[layout.unit_price]!r} is no price of zero or more with at most {mapping.price_decimals} decimals"
        )
        return _problem("channels.bad_price", said, row=row, column=columns.unit_price)
    price = price.quantize(layout.price_exponent)
    amount = (qty * price).quantize(layout.amount_exponent, ROUND_HALF_UP)
    description = " ".join(fields[layout.description].split())
    charge = charge_for(mapping, code)
    if charge is None:
        return DocumentLine(row, code, description, qty, price, amount)
    return DocumentCharge(row, code, charge.kind, description or charge.name, qty, price, amount)


def _head(rows: Sequence[list[str]], layout: _Layout) -> tuple[datetime, str, str] | Problem:
    """Time, customer and country: the rows must agree, the time within the mapping's spread (the earliest counts)."""
    mapping = layout.mapping
    times: list[datetime] = []
    for text in {fields[layout.at].strip() for fields in rows}:
        try:
            local = datetime.strptime(text, mapping.time_format)  # noqa: DTZ007 - the file's zone is in the mapping
            times.append((local if local.tzinfo else local.replace(tzinfo=mapping.zone)).astimezone(UTC))
        except (ValueError, OverflowError):
            return _problem(
                "channels.bad_time",
                f"{text!r} in column {mapping.columns.at} is not a time of the form {mapping.time_format}",
            )
    if max(times) - min(times) > mapping.time_spread:
        return _problem(
            "channels.document_times_differ",
            f"its rows are {max(times) - min(times)} apart, more than {mapping.time_spread} allows",
        )
    customers = {fields[layout.customer].strip() for fields in rows}
    if len(customers) > 1:
        said = f"its rows name the customers {', '.join(sorted(customers))}"
        return _problem("channels.document_customers_differ", said)
    names = {fields[layout.country].strip() for fields in rows}
    if len(names) > 1:
        return _problem("channels.document_countries_differ", f"its rows name the countries {', '.join(sorted(names))}")
    name = names.pop()
    country = mapping.countries.get(name)
    if country is None:
        return _problem("channels.unknown_country", f"{name!r} is not in the mapping's countries")
    customer = customers.pop().removesuffix(mapping.customer_suffix)
    return min(times), customer or mapping.cash_account, country


def _kind(number: str, entries: Sequence[DocumentLine | DocumentCharge], mapping: Mapping) -> DocumentKind | Problem:
    """The first rule that fits, among those with the longest fitting prefix (a credit note is never taken for an order
    because its signs are wrong); a document that fits none is refused with what it looks like."""
    low, high = min(entry.qty for entry in entries), max(entry.qty for entry in entries)
    sign = Sign.POSITIVE if low > 0 else Sign.NEGATIVE if high < 0 else Sign.ANY
    price = Priced.PRICED if any(entry.unit_price for entry in entries) else Priced.ZERO
    fitting = [rule for rule in mapping.rules if number.startswith(rule.prefix)]
    longest = max((len(rule.prefix) for rule in fitting), default=0)
    for rule in fitting:
        if len(rule.prefix) == longest and rule.sign in (Sign.ANY, sign) and rule.price in (Priced.ANY, price):
            return rule.kind
    seen = "positive and negative quantities" if sign is Sign.ANY else f"{sign} quantities"
    worth = "a price" if price is Priced.PRICED else "no price"
    said = f"no rule of the mapping fits {number}, which has {seen} and {worth}"
    return _problem("channels.unclassified_document", said)


def _decimal(text: str, decimals: int) -> Decimal | None:
    """An exact number with at most so many decimals that are not zero; None for anything else."""
    text = text.strip()
    found = NUMBER.fullmatch(text)
    if found is None:
        return None
    fraction = found[1]
    if fraction and len(fraction) > decimals and len(fraction.rstrip("0")) > decimals:
        return None
    return Decimal(text)


def _too_long(number: str, mapping: Mapping) -> str:
    return f"{number} has more than {mapping.rows_per_document} rows"


def _problem(code: str, message: str, *, row: int = 0, column: str = "") -> Problem:
    where = f"row {row}" if row else ""
    return Problem(code, message, f"{where}, column {column}" if column else where)


def _finding(row: int, document: str, code: str, message: str) -> Finding:
    return Finding(row, document, _problem(code, message, row=row))
