"""What the house's rules say of a set of orders: one look, and nothing at all where there are no rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from tradewind.catalog.model import Product
from tradewind.kernel.tx import Reader
from tradewind.pricing.decide import Tolerance
from tradewind.semantics.model import Finding
from tradewind.streams.entitle import Entitling, look_entitling
from tradewind.streams.governed import Governed, govern
from tradewind.streams.order_work import OrderWork, OrderWorkset
from tradewind.streams.rules_at_hand import HouseRules, house_rules, nearest
from tradewind.streams.substitutes import Offers, look_substitutes, read_substituted, told
from tradewind.streams.taxes import Origins, look_origins


@dataclass(frozen=True, slots=True)
class Ruled:
    """The rules that may matter for a set of orders, with what was read for it."""

    rules: HouseRules | None
    entitling: Entitling | None
    offers: Offers
    origins: Origins | None
    governed: Governed | None = None

    def tolerance(self, work: OrderWork) -> Tolerance | None:
        """How far a document's prices may be off ours for this order; None where nothing is agreed."""
        if self.rules is None or work.header.price_policy == "document":
            return None
        return nearest(self.rules.tolerances, work.account, work.header.channel)

    def findings(self, work: OrderWork, products: Mapping[UUID, Product]) -> list[Finding]:
        """Why this account may not buy what it ordered, and what is sent instead of what.

        An order that is new is asked as of when it was placed, one that waited as of now: a licence that came since lifts the
        hold, one that ended is missing. Nothing is asked of what a warehouse has been given.
        """
        found = told(work)
        if self.entitling is None:
            return found
        at = work.header.price_at if work.fresh else self.entitling.now
        for one in work.lines:
            units = one.quantities
            if units.open + units.reserved + units.allocated > 0:
                found += self.entitling.findings(
                    work.account,
                    products[one.line.product_id],
                    channel=work.header.channel,
                    country=work.group(one.line.group_no).ship_to.country,
                    at=at,
                    line_no=one.line.line_no,
                )
        return found


def look_ruled(reader: Reader, workset: OrderWorkset, works: Sequence[OrderWork]) -> Ruled | None:
    """What must be known of these orders beside prices and taxes; None where no rule matters and nothing is discontinued."""
    rules, governed = house_rules(reader), govern(reader, workset)
    if governed is not None:
        governed.read_categories(reader, workset, works)
    read_substituted(reader, workset, works)
    offers = look_substitutes(reader, workset, works, rules)
    if rules is None and governed is None and not offers and not any(work.substituted for work in works):
        return None
    if governed is not None:  # what is sent instead has a category of its own
        governed.read_categories(reader, workset, works)
        governed.read_past(reader, workset, works)
    products = {one.line.product_id for work in works for one in work.lines}
    buyers = [(work.account, work.header.channel) for work in works]
    entitling = look_entitling(reader, rules, buyers, products)
    return Ruled(rules, entitling, offers, look_origins(reader, workset, works, rules), governed)
