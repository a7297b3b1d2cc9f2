"""The kinds of master data that can be imported, in an order in which each finds what it refers to."""

from typing import Any

from tradewind.integration.decide.kinds.accounts import ACCOUNTS
from tradewind.integration.decide.kinds.addresses import ADDRESSES
from tradewind.integration.decide.kinds.agreements import AGREEMENTS
from tradewind.integration.decide.kinds.calendars import CALENDAR_USES, CALENDARS
from tradewind.integration.decide.kinds.contacts import CONTACTS
from tradewind.integration.decide.kinds.cross_references import CROSS_REFERENCES
from tradewind.integration.decide.kinds.entitlements import (
    ENTITLEMENTS,
    LICENCES,
    RESTRICTED_PRODUCTS,
    RESTRICTIONS,
)
from tradewind.integration.decide.kinds.freight_lanes import FREIGHT_LANES
from tradewind.integration.decide.kinds.inbound_supply import INBOUND_SUPPLY
from tradewind.integration.decide.kinds.legal_entities import LEGAL_ENTITIES
from tradewind.integration.decide.kinds.outside_ids import OUTSIDE_IDS
from tradewind.integration.decide.kinds.payment_terms import PAYMENT_TERMS
from tradewind.integration.decide.kinds.price_assignments import PRICE_ASSIGNMENTS
from tradewind.integration.decide.kinds.price_lists import PRICE_LISTS
from tradewind.integration.decide.kinds.prices import PRICES
from tradewind.integration.decide.kinds.product_units import PRODUCT_UNITS
from tradewind.integration.decide.kinds.products import PRODUCTS
from tradewind.integration.decide.kinds.record_owners import RECORD_OWNERS
from tradewind.integration.decide.kinds.sites import SITES
from tradewind.integration.decide.kinds.stock import STOCK
from tradewind.integration.decide.kinds.substitutes import PRICE_TOLERANCES, SUBSTITUTES, SUBSTITUTION_POLICIES
from tradewind.integration.decide.kinds.tax_certificates import TAX_CERTIFICATES
from tradewind.integration.decide.kinds.tax_rates import TAX_RATES
from tradewind.semantics.decide.rows.schema import Kind

KINDS: dict[str, Kind[Any]] = {
    kind.name: kind
    for kind in (
        LEGAL_ENTITIES,
        SITES,
        PAYMENT_TERMS,
        TAX_RATES,
        ACCOUNTS,
        ADDRESSES,
        CONTACTS,
        TAX_CERTIFICATES,
        PRODUCTS,
        PRODUCT_UNITS,
        CROSS_REFERENCES,
        PRICE_LISTS,
        PRICES,
        PRICE_ASSIGNMENTS,
        AGREEMENTS,
        STOCK,
        INBOUND_SUPPLY,
        FREIGHT_LANES,
        ENTITLEMENTS,
        RESTRICTIONS,
        RESTRICTED_PRODUCTS,
        LICENCES,
        SUBSTITUTES,
        SUBSTITUTION_POLICIES,
        PRICE_TOLERANCES,
        CALENDARS,
        CALENDAR_USES,
        OUTSIDE_IDS,
        RECORD_OWNERS,
    )
}
