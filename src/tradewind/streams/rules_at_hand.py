"""The rules of the house that a process keeps in memory: entitlement, substitutes, price tolerance, calendars.

They are read again when one of them, or a site, was written (`kernel.kept`); a house without such rules costs no statement.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from tradewind.accounts.model import Account
from tradewind.calendars.model import Calendars
from tradewind.calendars.queries import read_calendars
from tradewind.catalog.model import Restriction, SubstitutionPolicy
from tradewind.catalog.queries import assorted_scopes, restricted_products, restrictions, substitution_policies
from tradewind.fulfilment.queries import site_countries
from tradewind.kernel.kept import book
from tradewind.kernel.tx import Reader
from tradewind.pricing.decide import Tolerance
from tradewind.pricing.queries import price_tolerances

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class HouseRules:
    """What was agreed beside prices, by scope key (`account:<id>`, `segment:<name>`, …, `all`).

    `closing`: scopes whose permissions are a closed list, with the periods of these. `foreign_sites`: some site ships from
    another country than its company's, so tax must ask where goods leave.
    """

    assorted: frozenset[str]
    closing: Mapping[str, Sequence[tuple[datetime, datetime | None]]]
    restrictions: Mapping[tuple[str, str], Restriction]
    restricted: Mapping[UUID, frozenset[str]]
    substitution: Mapping[str, SubstitutionPolicy]
    tolerances: Mapping[str, Tolerance]
    calendars: Calendars
    site_countries: Mapping[UUID, str]
    foreign_sites: bool

    @property
    def empty(self) -> bool:
        """Whether nothing of it could change anything about an order."""
        asked = (self.assorted, self.restricted, self.substitution, self.tolerances, self.foreign_sites)
        return not any(asked) and self.calendars.empty

    @property
    def refusing(self) -> bool:
        """Whether some restriction refuses orders outright."""
        return bool(self.restricted) and any(one.effect == "refuse" for one in self.restrictions.values())


def house_rules(reader: Reader) -> HouseRules | None:
    """The rules as this transaction sees them; None where there are none that matter."""
    kept, sites = book(reader, "rules", most=4), book(reader, "lane", most=1).mark
    known: tuple[HouseRules | None] | None = kept.rows.get(sites)
    if known is None:
        read = _read(reader)
        known = (None if read.empty else read,)
        reader.keep(kept, {sites: known})
    return known[0]


def _read(reader: Reader) -> HouseRules:
    closing: dict[str, list[tuple[datetime, datetime | None]]] = {}
    assorted: set[str] = set()
    for scope, effect, start, end in assorted_scopes(reader):
        assorted.add(scope)
        if effect == "include":
            closing.setdefault(scope, []).append((start, end))
    sites = site_countries(reader)
    return HouseRules(
        frozenset(assorted),
        closing,
        restrictions(reader),
        restricted_products(reader),
        substitution_policies(reader),
        price_tolerances(reader),
        read_calendars(reader),
        {site: country for site, (country, _) in sites.items()},
        any(country != home for country, home in sites.values()),
    )


def nearest(by_scope: Mapping[str, V], account: Account, channel: str) -> V | None:
    """What the nearest scope of an account says."""
    if not by_scope:
        return None
    for scope in account.price_scopes(channel):
        if scope in by_scope:
            return by_scope[scope]
    return None
