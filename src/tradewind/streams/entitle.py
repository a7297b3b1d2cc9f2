"""Who may buy what (VA5): assortments and restricted goods, as findings about the lines of orders."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tradewind.accounts.model import Account, Licence
from tradewind.accounts.queries import licences_of
from tradewind.catalog.decide import barred, entitled, in_force, why_barred
from tradewind.catalog.model import AssortmentRow, Barred, Product
from tradewind.catalog.queries import assortment_rows
from tradewind.kernel.tx import Reader
from tradewind.semantics.model import Finding
from tradewind.streams.rules_at_hand import HouseRules

NOT_ENTITLED = "catalog.not_entitled"
LICENCE_MISSING = "catalog.licence_missing"
NOT_SOLD_THERE = "catalog.not_sold_there"


@dataclass(frozen=True, slots=True)
class Entitling:
    """What was read to say whether these accounts may buy these products."""

    rules: HouseRules
    rows: Mapping[UUID, Sequence[AssortmentRow]]
    licences: Mapping[UUID, Sequence[Licence]]
    now: datetime

    def barred(self, account: Account, product_id: UUID, *, country: str, at: datetime) -> list[Barred]:
        """The restrictions that stand against selling a product to an account in a country."""
        codes = self.rules.restricted.get(product_id)
        if not codes:
            return []
        held = self.licences.get(account.id, ())
        return barred(codes, self.rules.restrictions, held, country=country, at=at)

    def findings(
        self, account: Account, product: Product, *, channel: str, country: str, at: datetime, line_no: int
    ) -> list[Finding]:
        """Why an account may not buy a product; nothing where it may."""
        found = [_restricted(one, product, line_no) for one in self.barred(account, product.id, country=country, at=at)]
        if not self.rules.assorted:
            return found
        scopes = account.price_scopes(channel)
        answer = entitled(self.rows.get(product.id, ()), scopes, closed_by=_closed_by(self.rules, scopes, at), at=at)
        if not answer.allowed:
            text = f"{account.code} may not buy {product.sku}: {answer.reason}"
            found.append(
                Finding(
                    NOT_ENTITLED,
                    "hold",
                    text,
                    line_no,
                    "item",
                    "Ask for another item.",
                    "data",
                    {"reason": answer.reason},
                )
            )
        return found


def look_entitling(
    reader: Reader, rules: HouseRules | None, buyers: Iterable[tuple[Account, str]], products: Collection[UUID]
) -> Entitling | None:
    """What is said of these products to these (account, channel); None where nothing is, without a statement."""
    if rules is None or not (rules.assorted or rules.restricted):
        return None
    known = list(buyers)
    scopes = {scope for account, channel in known for scope in account.price_scopes(channel)} & rules.assorted
    named = rules.restricted.keys() & set(products)
    if not scopes and not named:
        return None
    return Entitling(
        rules,
        assortment_rows(reader, scopes, products) if scopes else {},
        licences_of(reader, {account.id for account, _ in known}) if named else {},
        reader.now,
    )


def _closed_by(rules: HouseRules, scopes: Sequence[str], at: datetime) -> str | None:
    """The nearest scope whose permissions, as of now, are a closed list."""
    for scope in scopes:
        if any(in_force(start, end, at) for start, end in rules.closing.get(scope, ())):
            return scope
    return None


def restriction_detail(one: Barred) -> dict[str, str]:
    """What stands against a sale, as members of an answer."""
    rule = one.restriction
    detail = {
        "restriction": rule.code,
        "country": one.country,
        "licence": one.licence,
        "number": one.number,
        "valid_until": one.ended and one.ended.isoformat(),
        "valid_from": one.begins and one.begins.isoformat(),
    }
    return {name: str(value) for name, value in detail.items() if value is not None}


def _restricted(one: Barred, product: Product, line_no: int) -> Finding:
    rule, told = one.restriction, restriction_detail(one)
    text = why_barred(one, product.sku)
    if rule.licence is None or rule.effect == "refuse":
        return Finding(NOT_SOLD_THERE, "hold", text, line_no, "item", None, "data", told)
    return Finding(LICENCE_MISSING, "hold", text, line_no, "item", f"Send us licence {rule.licence}.", "data", told)
