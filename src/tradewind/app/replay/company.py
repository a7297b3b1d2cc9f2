"""The master data of a replay, as tables for `tradewind import`."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, time
from decimal import Decimal

from tradewind.app.credentials import ACTOR
from tradewind.channels.decide.history import Document, PriceList, Receipt, master_data
from tradewind.channels.decide.history import Mapping as FileMapping
from tradewind.integration.commands.importing import ImportOptions, import_file
from tradewind.kernel.problem import Refused
from tradewind.kernel.tx import Database

Table = Sequence[Mapping[str, object]]
Shelved = Sequence[tuple[str, str, Decimal]]
RARE = 2  # an item on so many lines or fewer stands in the last site


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


def start_of(first: Document, mapping: FileMapping) -> datetime:
    """The morning before everything: midnight of the first document's day, in UTC."""
    day = first.at.astimezone(mapping.zone).date()
    return datetime.combine(day, time(), mapping.zone).astimezone(UTC)


def shelved(opening: Mapping[str, Decimal], documents: Iterable[Document], mapping: FileMapping) -> Shelved:
    """Where the opening stock stands: (sku, site, quantity). What hardly sells stands in the last site."""
    lines = Counter(line.sku for document in documents for line in document.lines)
    sites = [code for code, _ in mapping.house.sites]
    return [(sku, sites[-1] if lines[sku] <= RARE else sites[0], qty) for sku, qty in opening.items()]


def company(
    documents: Sequence[Document], stock: Shelved, mapping: FileMapping, *, price_policy: str
) -> dict[str, Table]:
    """The master data these documents need, each table after what it refers to."""
    house, known = mapping.house, master_data(documents, mapping)
    start = start_of(documents[0], mapping).isoformat()
    ours = {"legal_entity": house.code, "country": house.country, "time_zone": mapping.zone.key}
    return {
        "legal_entities": [
            {
                "code": house.code,
                "name": house.name,
                "country": house.country,
                "currency": mapping.currency,
                "time_zone": mapping.zone.key,
            }
        ],
        "sites": [
            {"code": code, "name": name, "rank": rank, **ours} for rank, (code, name) in enumerate(house.sites, 1)
        ],
        "payment_terms": [{"code": "NET", "name": f"{house.net_days} days net", "net_days": house.net_days}],
        "tax_rates": _tax_rates(mapping),
        "accounts": [
            {
                "code": account.code,
                "name": account.name,
                "legal_entity": house.code,
                "currency": mapping.currency,
                "terms": "NET",
                "price_policy": price_policy,
            }
            for account in known.accounts
        ],
        "addresses": [
            {
                "account": account.code,
                "code": country,
                "name": account.name,
                "country": country,
                "is_default": "yes" if country == account.country else "no",
            }
            for account in known.accounts
            for country in account.countries
        ],
        "products": [{"sku": product.sku, "name": product.name} for product in known.products],
        "stock": [{"site": site, "sku": sku, "qty": qty, "as_of": start} for sku, site, qty in stock],
    }


def _tax_rates(mapping: FileMapping) -> Table:
    """Deliveries at home bear tax; those that leave the country do not."""
    taxes = mapping.house.taxes
    return [
        {
            "country": mapping.house.country,
            "tax_class": "standard",
            "rate": tax.percent,
            "valid_from": datetime.combine(tax.day, time(), mapping.zone).isoformat(),
            "valid_to": datetime.combine(after.day, time(), mapping.zone).isoformat() if after else "",
        }
        for tax, after in zip(taxes, (*taxes[1:], None), strict=True)
    ]


def price_tables(lists: Sequence[PriceList], mapping: FileMapping, *, cash_list: str) -> dict[str, Table]:
    """Price lists with their tiers. The first one that has a price counts: the cash list for the cash account only, the
    others for everybody, in their order."""
    order = sorted(lists, key=lambda one: one.code != cash_list)
    return {
        "price_lists": [{"code": one.code, "name": one.code, "currency": mapping.currency} for one in order],
        "prices": [
            {"price_list": one.code, "sku": sku, "from_qty": tier.from_qty, "price": tier.unit_price}
            for one in order
            for sku, tiers in one.tiers.items()
            for tier in tiers
        ],
        "price_assignments": [
            {
                "price_list": one.code,
                "scope": "account" if one.code == cash_list else "all",
                "value": mapping.cash_account if one.code == cash_list else "",
                "precedence": 100 * place,
            }
            for place, one in enumerate(order, 1)
        ],
    }


def supply_table(receipts: Sequence[Receipt], sites: Mapping[str, str]) -> Table:
    """What is on its way, so that orders that find too little are promised a date."""
    return [
        {
            "site": sites[one.sku],
            "sku": one.sku,
            "qty": one.qty,
            "expected_at": one.due.isoformat(),
            "reference": reference_of(one),
        }
        for one in receipts
    ]


def reference_of(receipt: Receipt) -> str:
    """What the purchase order of a receipt is called."""
    return f"PO-{receipt.sku}"
