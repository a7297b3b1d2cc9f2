"""`tradewind replay`: a file of historic orders through the ordinary path, and what became of it as JSON."""

import csv
import gzip
import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, time
from decimal import Decimal
from pathlib import Path
from time import monotonic
from typing import TextIO

from tradewind.app.credentials import ACTOR
from tradewind.channels.decide.history import (
    Document,
    DocumentKind,
    Finding,
    batches,
    in_time,
    mapping_from,
    master_data,
    match_returns,
    opening_stock,
    places_of,
    read_documents,
    sent_back,
)
from tradewind.channels.decide.history import Mapping as FileMapping
from tradewind.channels.replay import Story, replay
from tradewind.integration.commands.importing import ImportOptions, import_file
from tradewind.kernel.clock import FixedClock
from tradewind.kernel.problem import Refused, refuse
from tradewind.kernel.tx import Database
from tradewind.streams.library import publish_streams

Table = Sequence[Mapping[str, object]]


def replay_command(
    database: Database, file: Path, *, mapping: Path, summary: Path, pay: bool = False, processes: int = 3
) -> int:
    """Replay the file; 0 when every document came through and every total is the file's, else 1."""
    columns = mapping_from(mapping.read_text(encoding="utf-8"))
    if isinstance(columns, tuple):
        raise Refused(list(columns))
    items = read_file(file, columns)
    documents = in_time(item for item in items if isinstance(item, Document))
    if not documents:
        raise refuse("channels.nothing_to_replay", f"{file} holds no document that can be replayed")
    clock = FixedClock(start_of(documents[0], columns))
    database.clock = clock
    database.write(publish_streams, actor=ACTOR)
    opening = shelved(opening_stock(documents), documents, columns)
    load_master_data(database, company(documents, opening, columns))
    began = monotonic()
    orders, returns = of_kind(documents, DocumentKind.ORDER), of_kind(documents, DocumentKind.RETURN)
    matches = {match.document: match for match in match_returns(returns, orders)}
    places = places_of(orders)
    story = Story(
        {sku: site for sku, site, _ in opening},
        {one.number: sent_back(one, matches[one.number], places) for one in returns},
        pay=pay,
    )
    result = replay(database, batches(documents, zone=columns.zone), story, clock=clock, processes=processes)
    summary.write_text(json.dumps({}, indent=2) + "\n", encoding="utf-8")
    print(result.stages, len(result.orders), len(result.adjusted), len(result.refused), Counter(result.held.values()))
    print(Counter(p.code for d in result.done for _, p in d.problems))
    print(len(result.done), result.done[-1].at - began, sum(d.rows for d in result.done) / (result.done[-1].at - began))
    return 0


def of_kind(documents: Iterable[Document], kind: DocumentKind) -> list[Document]:
    """Those of one kind."""
    return [document for document in documents if document.kind is kind]


def read_file(file: Path, mapping: FileMapping) -> list[Document | Finding]:
    """All documents and findings of a file, plain or gzipped."""
    with _text_of(file) as lines:
        return list(read_documents(lines, mapping))


def _text_of(file: Path) -> TextIO:
    if file.suffix == ".gz":
        return gzip.open(file, "rt", encoding="utf-8", newline="")
    return file.open(encoding="utf-8", newline="")


def start_of(first: Document, mapping: FileMapping) -> datetime:
    """The morning before everything: midnight of the first document's day."""
    day = first.at.astimezone(mapping.zone).date()
    return datetime.combine(day, time(), mapping.zone).astimezone(UTC)


def load_master_data(database: Database, tables: Mapping[str, Table]) -> None:
    """Import each table the way `tradewind import` does; a row that is refused stops the replay with its reason."""
    for kind, rows in tables.items():
        if rows:
            result = import_file(database, _as_csv(rows), kind, options=ImportOptions(actor=ACTOR, system="replay"))
            if not result.is_clean:
                raise Refused(result.problems or ([result.stopped] if result.stopped else []))


def _as_csv(rows: Table) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def company(
    documents: Sequence[Document], opening: Sequence[tuple[str, str, Decimal]], mapping: FileMapping
) -> dict[str, Table]:
    """The master data these documents need, as tables to import, each after what it refers to."""
    house, known = mapping.house, master_data(documents, mapping)
    start = start_of(documents[0], mapping)
    return {
        "legal_entities": [
            {"code": house.code, "name": house.name, "country": house.country, "currency": mapping.currency,
             "time_zone": mapping.zone.key}
        ],
        "sites": [
            {"code": code, "name": name, "legal_entity": house.code, "country": house.country, "rank": rank,
             "time_zone": mapping.zone.key}
            for rank, (code, name) in enumerate(house.sites, 1)
        ],
        "payment_terms": [{"code": "NET", "name": f"{house.net_days} days net", "net_days": house.net_days}],
        "tax_rates": [
            {"country": house.country, "tax_class": "standard", "rate": tax.percent,
             "valid_from": datetime.combine(tax.day, time(), mapping.zone).isoformat(),
             "valid_to": datetime.combine(after.day, time(), mapping.zone).isoformat() if after else ""}
            for tax, after in zip(house.taxes, (*house.taxes[1:], None), strict=True)
        ],
        "accounts": [
            {"code": account.code, "name": account.name, "legal_entity": house.code, "currency": mapping.currency,
             "terms": "NET", "price_policy": "document"}
            for account in known.accounts
        ],
        "addresses": [
            {"account": account.code, "code": country, "name": account.name, "country": country,
             "is_default": "yes" if country == account.country else "no"}
            for account in known.accounts
            for country in account.countries
        ],
        "products": [{"sku": product.sku, "name": product.name} for product in known.products],
        "stock": [
            {"site": site, "sku": sku, "qty": qty, "as_of": start.isoformat()}
            for sku, site, qty in opening
        ],
    }  # fmt: skip


RARE = 2  # an item on so many lines or fewer stands in the second site


def shelved(
    opening: Mapping[str, Decimal], documents: Iterable[Document], mapping: FileMapping
) -> list[tuple[str, str, Decimal]]:
    """Where the opening stock stands: (sku, site, quantity). What hardly sells stands in the second site."""
    lines = Counter(line.sku for document in documents for line in document.lines)
    sites = [code for code, _ in mapping.house.sites]
    return [(sku, sites[-1] if lines[sku] <= RARE else sites[0], qty) for sku, qty in opening.items()]
