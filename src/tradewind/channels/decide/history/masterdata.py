"""The products, accounts and charge codes that historic documents speak of."""

from collections import Counter, defaultdict
from collections.abc import Iterable

from tradewind.channels.decide.history.mapping import charge_for
from tradewind.channels.decide.history.model import (
    AccountRecord,
    ChargeCode,
    Document,
    Mapping,
    MasterData,
    ProductRecord,
)


def master_data(documents: Iterable[Document], mapping: Mapping) -> MasterData:
    """What must exist before these documents can be replayed.

    A product's name is the description that most of its *priced* rows carry (first by alphabet on a tie): on rows
    without a price the description is a note ("found", "mouldy, thrown away"), not a name. Without any, the sku names
    it. An account's country is the one most of its documents name. Charges come by their code, a prefix code
    expanded to the codes seen.
    """
    names: defaultdict[str, Counter[str]] = defaultdict(Counter)
    countries: defaultdict[str, Counter[str]] = defaultdict(Counter)
    charges: dict[str, ChargeCode] = {}
    for document in documents:
        countries[document.customer][document.country] += 1
        for line in document.lines:
            seen = names[line.sku]
            if line.unit_price and line.description:
                seen[line.description] += 1
        for charge in document.charges:
            if charge.code not in charges:
                charges[charge.code] = _charge(charge.code, charge.description, mapping)
    products = (_product(sku, names[sku]) for sku in sorted(names))
    accounts = (_account(code, countries[code], mapping) for code in sorted(countries))
    return MasterData(tuple(products), tuple(accounts), tuple(charges[code] for code in sorted(charges)))


def _ranked(seen: Counter[str]) -> list[str]:
    return [text for text, _ in sorted(seen.items(), key=lambda item: (-item[1], item[0]))]


def _product(sku: str, seen: Counter[str]) -> ProductRecord:
    if not seen:
        return ProductRecord(sku, sku, 0)
    name = _ranked(seen)[0]
    return ProductRecord(sku, name, seen[name])


def _account(code: str, seen: Counter[str], mapping: Mapping) -> AccountRecord:
    cash = code == mapping.cash_account
    ranked = tuple(_ranked(seen))
    return AccountRecord(code, mapping.cash_account_name if cash else f"Account {code}", ranked[0], ranked, cash)


def _charge(code: str, description: str, mapping: Mapping) -> ChargeCode:
    known = charge_for(mapping, code)
    if known is None:
        raise ValueError(f"{code} is no charge of the mapping {mapping.name}")
    return ChargeCode(code, description if known.prefix else known.name, known.kind)
