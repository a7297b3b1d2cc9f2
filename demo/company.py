"""Master data of the made-up company "Tideline": same seed and same moment, same rows.

`company(now)` gives the rows of every kind in the order in which they are imported; `write_files` puts them into CSV files
that go through the ordinary import.
"""

import csv
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from random import Random

from demo.catalogue import (
    FAMILIES,
    FEATURED,
    GROUPS,
    LIMITS,
    POLICIES,
    REGIONS,
    SEGMENTS,
    SINGLES,
    Family,
    Featured,
)
from tradewind.semantics.decide.rows.codes import gs1_check_digit

SEED = 20_250_114
CENT = Decimal("0.01")
POUNDS = Decimal("0.86")
"""Pounds for a euro on the price lists."""
SITES = ("HAM", "MUC", "LDS", "BRS")
AGREEMENT_HANSA = "AGR-HANSA"

Row = dict[str, str]
Company = dict[str, list[Row]]


def company(now: datetime) -> Company:
    """Every kind of master data. Periods and expected receipts lie around `now`."""
    chance = Random(SEED)
    products, units, prices, stock = _products(chance)
    accounts = _accounts()
    lists, special, assignments, agreements = _special_prices(chance, prices, now)
    as_of = (now - timedelta(hours=6)).isoformat()
    return {
        "legal_entities": _legal_entities(),
        "sites": _sites(),
        "payment_terms": [
            {"code": code, "name": name, "net_days": days}
            for code, name, days in (
                ("NET14", "14 days net", "14"), ("NET30", "30 days net", "30"), ("NET60", "60 days net", "60"),
                ("CASH", "due at once", "0"),
            )
        ],
        "tax_rates": _tax_rates(),
        "accounts": accounts,
        "addresses": _addresses(accounts),
        "contacts": _contacts(chance, accounts),
        "tax_certificates": [
            {"account": "KLINIK", "country": "DE", "number": "FB-2291-08", "valid_from": "2022-01-01", "valid_to": ""},
            {"account": "PENNINE", "country": "GB", "number": "CH-104882", "valid_from": "2019-04-06",
             "valid_to": "2023-04-05"},
        ],
        "products": products,
        "product_units": units,
        "cross_references": _cross_references(products),
        "price_lists": lists,
        "prices": prices + special,
        "price_assignments": assignments,
        "agreements": agreements,
        "stock": [{**row, "as_of": as_of, "source": "COUNT"} for row in stock],
        "inbound_supply": _inbound(chance, products, now),
        "freight_lanes": _freight_lanes(),
        "outside_ids": [
            {"system": "ERP", "noun": "account", "outside": str(100_200 + 7 * place), "our_code": account["code"]}
            for place, account in enumerate(accounts)
        ],
        "record_owners": [{"noun": "product", "attribute": "weight_kg", "system": "PIM"}],
    }  # fmt: skip


def write_files(rows: Mapping[str, Iterable[Row]], folder: Path) -> dict[str, Path]:
    """One CSV file a kind; gives where each lies, in the order given."""
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[str, Path] = {}
    for kind, records in rows.items():
        listed = list(records)
        files[kind] = folder / f"{kind}.csv"
        with files[kind].open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(dict.fromkeys(name for row in listed for name in row)))
            writer.writeheader()
            writer.writerows(listed)
    return files


# ---- us ----------------------------------------------------------------------------------------------------------


def _legal_entities() -> list[Row]:
    return [
        {"code": "TIDE-DE", "name": "Tideline Handel GmbH", "country": "DE", "currency": "EUR", "tax_id": "DE811907980",
         "invoice_prefix": "INV-DE", "time_zone": "Europe/Berlin", "tax_rounding": "per_tax_group",
         "street": "Am Sandtorkai 44", "city": "Hamburg", "postal_code": "20457", "registration": "Amtsgericht Hamburg, HRB 98211",
         "phone": "+49 40 5550 120", "email": "rechnung@tideline.example", "website": "tideline.example",
         "bank_name": "Hanseatische Handelsbank", "iban": "DE02120300000000202051", "bic": "BYLADEM1001", "language": "de"},
        {"code": "TIDE-GB", "name": "Tideline Supply Ltd", "country": "GB", "currency": "GBP", "tax_id": "GB999999973",
         "invoice_prefix": "INV-GB", "time_zone": "Europe/London", "tax_rounding": "per_line",
         "street": "18 Wharf Street", "city": "Leeds", "postal_code": "LS2 7EQ", "registration": "Registered in England, No. 04418822",
         "phone": "+44 113 496 0120", "email": "accounts@tideline.example", "website": "tideline.example",
         "bank_name": "Pennine Trade Bank", "iban": "GB33BUKB20201555555555", "bic": "BUKBGB22", "language": "en"},
    ]  # fmt: skip


def _sites() -> list[Row]:
    return [
        {"code": code, "name": name, "legal_entity": entity, "country": country, "time_zone": zone, "rank": rank,
         "handling_cost": cost, "lead_days": "0", "cut_off": "16:00"}
        for code, name, entity, country, zone, rank, cost in (
            ("HAM", "Hamburg", "TIDE-DE", "DE", "Europe/Berlin", "10", "4.50"),
            ("MUC", "München", "TIDE-DE", "DE", "Europe/Berlin", "20", "5.20"),
            ("LDS", "Leeds", "TIDE-GB", "GB", "Europe/London", "10", "4.80"),
            ("BRS", "Bristol", "TIDE-GB", "GB", "Europe/London", "20", "5.10"),
        )
    ]  # fmt: skip


def _freight_lanes() -> list[Row]:
    costs = {
        "HAM": {"DE": ("6.90", "1", "EUR"), "AT": ("14.50", "3", "EUR"), "CH": ("24.00", "4", "EUR"), "NL": ("11.00", "2", "EUR")},
        "MUC": {"DE": ("7.40", "2", "EUR"), "AT": ("9.80", "1", "EUR"), "CH": ("19.00", "2", "EUR"), "NL": ("13.00", "3", "EUR")},
        "LDS": {"GB": ("5.90", "1", "GBP"), "IE": ("16.00", "3", "GBP")},
        "BRS": {"GB": ("6.20", "2", "GBP"), "IE": ("15.00", "3", "GBP")},
    }  # fmt: skip
    return [
        {"site": site, "country": country, "cost": cost, "currency": currency, "transit_days": days}
        for site, lanes in costs.items()
        for country, (cost, days, currency) in lanes.items()
    ]


def _tax_rates() -> list[Row]:
    rows = [("DE", "standard", "S", "19", "", "2020-06-30"), ("DE", "standard", "S", "16", "2020-07-01", "2020-12-31"),
            ("DE", "standard", "S", "19", "2021-01-01", "")]  # fmt: skip
    now = {
        "DE": {"reduced": ("S", "7"), "book": ("S", "7"), "metal": ("AE", "0")},
        "GB": {"standard": ("S", "20"), "reduced": ("Z", "0"), "book": ("Z", "0"), "metal": ("S", "20")},
        "AT": {"standard": ("S", "20"), "reduced": ("S", "10"), "book": ("S", "10"), "metal": ("AE", "0")},
        "NL": {"standard": ("S", "21"), "reduced": ("S", "9"), "book": ("S", "9"), "metal": ("AE", "0")},
        "CH": {"standard": ("S", "8.1"), "reduced": ("S", "2.6"), "book": ("S", "2.6"), "metal": ("S", "8.1")},
    }
    rows += [
        (country, of, category, rate, "", "")
        for country, classes in now.items()
        for of, (category, rate) in classes.items()
    ]
    names = ("country", "tax_class", "category", "rate", "valid_from", "valid_to")
    return [dict(zip(names, row, strict=True)) for row in rows]


# ---- who buys ----------------------------------------------------------------------------------------------------


def _accounts() -> list[Row]:
    rows: list[Row] = []
    for code, name, country, places in GROUPS:
        limit = LIMITS.get(code, "180000")
        rows.append(_account(code, name, country, top=code, limit=limit))
        rows += [
            _account(f"{code}-{number}", f"{name} {place}", country, top=code, parent=code)
            for number, place in enumerate(places, 1)
        ]
    return rows + [
        _account(code, name, country, top=code, limit=LIMITS.get(code, "60000")) for code, name, country, _ in SINGLES
    ]


def _account(code: str, name: str, country: str, *, top: str, parent: str = "", limit: str = "") -> Row:
    british = country == "GB"
    number = 100_000_000 + sum(ord(letter) * 7919**place for place, letter in enumerate(top)) % 899_999_999
    return {
        "code": code, "name": name, "parent": parent, "legal_entity": "TIDE-GB" if british else "TIDE-DE",
        "currency": "GBP" if british else "EUR", "segment": SEGMENTS.get(top, ""), "region": REGIONS[country],
        "status": "active", "vat_id": f"{country}{number}", "tax_exempt": "no", "terms": "CASH" if code == "KIOSK" else "NET30",
        "ship_policy": "partial", "price_policy": "list", "price_strategy": "first_match", "discount_percent": "0",
        "duplicate_po": "refuse", "approval_above": "", "priority": "100", "credit_limit": limit,
        **POLICIES.get(top, {}),
    }  # fmt: skip


def _addresses(accounts: list[Row]) -> list[Row]:
    towns = {f"{code}-{at}": place for code, _, _, places in GROUPS for at, place in enumerate(places, 1)}
    towns |= {code: places[0] for code, _, _, places in GROUPS} | {code: town for code, _, _, town in SINGLES}
    countries = {code: country for code, _, country, _ in GROUPS} | {code: country for code, _, country, _ in SINGLES}
    rows: list[Row] = []
    for place, account in enumerate(accounts):
        code = account["code"]
        common = {
            "account": code, "name": account["name"], "city": towns[code], "region": "",
            "country": countries[account["parent"] or code], "postal_code": f"{10_000 + 137 * place}",
        }  # fmt: skip
        street = f"Quay {3 + place}" if common["country"] == "GB" else f"Am Kai {3 + place}"
        gln = f"290000{place:06d}"
        rows.append({**common, "code": "MAIN", "kind": "ship_to", "street": street, "is_default": "yes",
                     "gln": gln + gs1_check_digit(gln)})  # fmt: skip
        rows.append({**common, "code": "BILL", "kind": "bill_to", "street": street, "is_default": "yes", "gln": ""})
        if place % 3 == 0:
            rows.append(
                {**common, "code": "YARD", "kind": "ship_to", "street": f"{street} b", "is_default": "no", "gln": ""}
            )
    return rows


def _contacts(chance: Random, accounts: list[Row]) -> list[Row]:
    first = (
        "Ada",
        "Ben",
        "Clara",
        "David",
        "Edda",
        "Finn",
        "Greta",
        "Hugo",
        "Ida",
        "Jon",
        "Kaya",
        "Leo",
        "Mira",
        "Nils",
    )
    last = (
        "Albers",
        "Brandt",
        "Carver",
        "Dietz",
        "Ellis",
        "Frey",
        "Grant",
        "Hale",
        "Imhof",
        "Jansen",
        "Keller",
        "Lowe",
    )
    rows = []
    for account in accounts:
        for code, job in (("BUY", "purchasing"), ("ACC", "accounts payable"))[: 1 + chance.randrange(2)]:
            given, family = chance.choice(first), chance.choice(last)
            mail = f"{given}.{family}@{account['code']}.example".lower()
            rows.append(
                {"account": account["code"], "code": code, "name": f"{given} {family}", "email": mail, "job": job}
            )
    return rows


# ---- what is sold ------------------------------------------------------------------------------------------------


def _gtin(number: int) -> str:
    """A GTIN-13 of the range that companies use within their own walls."""
    digits = f"29{number:010d}"
    return digits + gs1_check_digit(digits)


def _products(chance: Random) -> tuple[list[Row], list[Row], list[Row], list[Row]]:
    """Products, their units, their base prices in both currencies, and their stock."""
    products: list[Row] = []
    units: list[Row] = []
    prices: list[Row] = []
    stock: list[Row] = []
    number = 1
    for family in FAMILIES:
        for place, (kind, size) in enumerate((kind, size) for kind in family.kinds for size in family.sizes):
            sku = f"{family.prefix}-{100 + place}"
            products.append(_product(family, sku, f"{kind} {size}", number))
            last = place == len(family.kinds) * len(family.sizes) - 1
            if place % 17 == 16 and not last:
                products[-1] |= {"status": "discontinued", "superseded_by": f"{family.prefix}-{101 + place}"}
            units += [
                {"sku": sku, "uom": uom, "numerator": str(of), "gtin": _gtin(number + 10_000 * at)}
                for at, (uom, of) in enumerate(family.packs.items(), 1)
            ]
            cents = Decimal(chance.randint(*family.cents)) / 100
            prices += _base_prices(family, sku, cents)
            stock += _stock(chance, sku, cents)
            number += 1
    for one in FEATURED:
        products.append(_featured(one, number))
        units += [
            {"sku": one.sku, "uom": uom, "numerator": str(of), "gtin": _gtin(number + 10_000 * at)}
            for at, (uom, of) in enumerate((one.packs or {}).items(), 1)
        ]
        for quantity, price in one.ladder:
            prices += _in_both(one.sku, quantity if len(one.ladder) > 1 else 0, Decimal(price), basis=one.basis)
        stock += [{"site": site, "sku": one.sku, "qty": str(qty)} for site, qty in one.stock.items()]
        number += 1
    return products, units, prices, stock


def _product(family: Family, sku: str, name: str, number: int) -> Row:
    multiple = {"FST": "100", "PCK": "25"}.get(family.prefix, "0")
    return {
        "sku": sku, "name": name, "base_uom": family.base_uom, "order_uom": "", "status": "active", "kind": "stocked",
        "tax_class": family.tax_class, "category": family.category, "gtin": _gtin(number),
        "weight_kg": str(Decimal(family.grams) / 1000), "minimum_qty": multiple, "multiple_qty": multiple,
        "superseded_by": "",
    }  # fmt: skip


def _featured(one: Featured, number: int) -> Row:
    return {
        "sku": one.sku, "name": one.name, "base_uom": one.base_uom, "order_uom": one.order_uom, "status": one.status,
        "kind": one.kind, "tax_class": one.tax_class, "category": one.category, "gtin": _gtin(number),
        "weight_kg": one.weight_kg, "minimum_qty": str(one.minimum), "multiple_qty": str(one.multiple),
        "superseded_by": one.superseded_by,
    }  # fmt: skip


def _base_prices(family: Family, sku: str, cents: Decimal) -> list[Row]:
    if family.prefix == "FST":  # so small that the price is for a hundred
        return _in_both(sku, 100, cents * 100, basis=100) + _in_both(sku, 2000, cents * 85, basis=100)
    rows = _in_both(sku, 1, cents) + _in_both(sku, 24, cents * Decimal("0.94"))
    return rows + (_in_both(sku, 120, cents * Decimal("0.88")) if cents < 5 else [])


def _in_both(sku: str, quantity: int, price: Decimal, *, basis: int = 1) -> list[Row]:
    return [
        _price(base, sku, price * factor, quantity=quantity, basis=basis)
        for base, factor in (("BASE-EUR", Decimal(1)), ("BASE-GBP", POUNDS))
    ]


def _price(
    price_list: str, sku: str, price: Decimal, *, quantity: int = 0, basis: int = 1, kind: str = "volume"
) -> Row:
    rounded = max(price.quantize(CENT, rounding=ROUND_HALF_UP), CENT)
    return {"price_list": price_list, "sku": sku, "from_qty": str(quantity), "price": str(rounded),
            "price_basis": str(basis), "kind": kind}  # fmt: skip


def _stock(chance: Random, sku: str, cents: Decimal) -> list[Row]:
    most = 400 if cents > 20 else 3000
    sites = [site for site in SITES if site in ("HAM", "LDS") or chance.random() < 0.7]
    return [{"site": site, "sku": sku, "qty": str(100 * chance.randint(3, most // 100))} for site in sites]


def _special_prices(
    chance: Random, base: list[Row], now: datetime
) -> tuple[list[Row], list[Row], list[Row], list[Row]]:
    """Price lists, the prices of all but the base lists, whom they are for, and agreements."""
    lists = [
        {"code": f"BASE-{currency}", "name": f"List prices {currency}", "currency": currency, "layer": "base"}
        for currency in ("EUR", "GBP")
    ]
    assignments = [{"price_list": f"BASE-{currency}", "scope": "all", "value": "", "precedence": "500"}
                   for currency in ("EUR", "GBP")]  # fmt: skip
    prices: list[Row] = []
    first = {(row["price_list"], row["sku"]): row for row in reversed(base)}
    featured = {one.sku for one in FEATURED}  # their prices are told story by story
    skus = sorted({row["sku"] for row in base if row["price_basis"] == "1"} - featured)
    for code, layer, scope, value, precedence, factor, count in (
        ("SEG-TRADE-EUR", "segment", "segment", "TRADE", "200", "0.93", 90),
        ("SEG-HOTEL-EUR", "segment", "segment", "HOTEL", "200", "0.95", 70),
        ("SEG-CARE-EUR", "segment", "segment", "CARE", "200", "0.92", 70),
        ("SEG-PUBLIC-GBP", "segment", "segment", "PUBLIC", "200", "0.90", 60),
        ("SEG-CARE-GBP", "segment", "segment", "CARE", "200", "0.94", 60),
        ("REG-ALPS-EUR", "region", "region", "ALPS", "300", "1.04", 40),
        ("WEB-EUR", "channel", "channel", "api", "250", "0.98", 40),
        ("ACC-HANSA", "account", "account", "HANSA", "100", "0.88", 30),
        ("ACC-MERCIA", "account", "account", "MERCIA", "100", "0.85", 30),
        ("ACC-HELVIA", "account", "account", "HELVIA", "100", "0.90", 25),
    ):  # fmt: skip
        currency = "GBP" if code.endswith("GBP") or code == "ACC-MERCIA" else "EUR"
        lists.append({"code": code, "name": f"{value} {currency}", "currency": currency, "layer": layer})
        assignments.append({"price_list": code, "scope": scope, "value": value, "precedence": precedence})
        for sku in sorted(chance.sample(skus, count)):
            price = Decimal(first[f"BASE-{currency}", sku]["price"]) * Decimal(factor)
            prices += [_price(code, sku, price, quantity=1), _price(code, sku, price * Decimal("0.95"), quantity=48)]
    prices += [_price("SEG-TRADE-EUR", "CLN-1001", Decimal(price), quantity=quantity)
               for quantity, price in ((1, "17.40"), (20, "16.60"))]  # fmt: skip
    agreements = _agreements(lists, prices, now)
    return lists, prices, assignments, agreements


def _agreements(lists: list[Row], prices: list[Row], now: datetime) -> list[Row]:
    """Contracts with their own lists: volume and graduated tiers; one is over, one has yet to begin."""
    day = timedelta(days=1)
    rows = []
    for code, account, currency, start, end, ladders in (
        (AGREEMENT_HANSA, "HANSA", "EUR", now - 120 * day, now + 245 * day,
         (("CLN-1001", "volume", ((1, "15.20"), (80, "13.90"))),
          ("PPE-2001", "graduated", ((1, "9.20"), (50, "8.40"), (200, "7.60"))))),
        ("AGR-KLINIK", "KLINIK", "EUR", now - 30 * day, now + 335 * day,
         (("PPE-2001", "volume", ((1, "8.60"), (100, "7.90"))), ("CLN-1001", "graduated", ((1, "17.00"), (40, "14.50"))))),
        ("AGR-PENNINE", "PENNINE", "GBP", now - 200 * day, now + 165 * day,
         (("CLN-1001", "volume", ((1, "13.10"), (60, "12.20"))),)),
        ("AGR-ISAR-OLD", "ISAR", "EUR", now - 400 * day, now - 35 * day, (("CAT-5001", "volume", ((1, "12.00"),)),)),
        ("AGR-FALKE-NEXT", "FALKE", "EUR", now + 30 * day, now + 395 * day,
         (("TOL-9102", "volume", ((1, "580.00"),)),)),
    ):  # fmt: skip
        lists.append({"code": code, "name": f"Agreement {code}", "currency": currency, "layer": "agreement"})
        rows.append({"code": code, "account": account, "price_list": code, "name": f"Supply agreement {account}",
                     "valid_from": f"{start:%Y-%m-%d}", "valid_to": f"{end:%Y-%m-%d}"})  # fmt: skip
        for sku, kind, tiers in ladders:
            prices += [_price(code, sku, Decimal(price), quantity=quantity, kind=kind) for quantity, price in tiers]
    return rows


def _cross_references(products: list[Row]) -> list[Row]:
    rows = []
    for account, letter in (("HANSA", "H"), ("MERCIA", "M"), ("LINDEN", "L")):
        rows += [{"kind": "customer", "number": f"{letter}-{4000 + 3 * place}", "sku": product["sku"], "account": account}
                 for place, product in enumerate(products) if place % 9 == 0]  # fmt: skip
    rows.append({"kind": "customer", "number": "H-77120", "sku": "CLN-1001", "account": "HANSA-1"})
    rows += [
        {"kind": "gtin", "number": product["gtin"], "sku": product["sku"], "account": ""} for product in products[-18:]
    ]
    rows += [{"kind": "manufacturer", "number": f"MF{product['sku'].replace('-', '')}X", "sku": product["sku"], "account": ""}
             for place, product in enumerate(products) if place % 13 == 0]  # fmt: skip
    return rows


def _inbound(chance: Random, products: list[Row], now: datetime) -> list[Row]:
    def row(reference: str, site: str, sku: str, qty: int, days: int) -> Row:
        expected = (now + timedelta(days=days)).replace(hour=8, minute=0, second=0, microsecond=0)
        return {"reference": reference, "site": site, "sku": sku, "qty": str(qty), "expected_at": expected.isoformat()}

    rows = [row("PO-70001", "HAM", "BAT-8001", 200, 5), row("PO-70002", "HAM", "BAT-8003", 100, 12)]
    ordinary = [product["sku"] for product in products if product["status"] == "active"][:-18]
    rows += [
        row(f"PO-{71_000 + place}", chance.choice(SITES), sku, 100 * chance.randint(1, 20), chance.randint(2, 40))
        for place, sku in enumerate(sorted(chance.sample(ordinary, 24)))
    ]
    return rows
