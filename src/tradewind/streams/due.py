"""When the invoices of a turn fall due, by the terms of their orders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from tradewind.billing.decide.bill import due_date
from tradewind.billing.decide.terms import counts_from, schedule
from tradewind.billing.model import DueRule, Instalment, Terms
from tradewind.billing.queries import terms_of, zones_of
from tradewind.fulfilment.model import Shipment
from tradewind.fulfilment.queries import lanes_to, site_lanes
from tradewind.kernel.money import minor_digits
from tradewind.kernel.tx import Reader
from tradewind.semantics.model import ZERO
from tradewind.streams.order_work import OrderWork

_SATURDAY = 5
_NET = DueRule()


@dataclass(frozen=True, slots=True)
class Due:
    """The terms at hand; for those that count in calendar days also where the seller's days begin, and the ways' lengths."""

    terms: Mapping[str, Terms]
    zones: Mapping[UUID, ZoneInfo] = field(default_factory=dict)
    transit: Mapping[UUID, int] = field(default_factory=dict)

    def prepay_percent(self, work: OrderWork) -> Decimal:
        """What of an order its terms ask for before."""
        terms = self.terms.get(work.header.terms_code)
        return ZERO if terms is None else terms.prepay_percent

    def parts(
        self, work: OrderWork, shipment: Shipment, *, total: Decimal, now: datetime, shipped_at: datetime
    ) -> tuple[datetime, tuple[Instalment, ...]]:
        """When the last of an invoice falls due, and its parts where it has several or gives a discount."""
        terms = self.terms.get(work.header.terms_code)
        if terms is None or terms.is_plain:
            return due_date(now, work.account.net_days if terms is None else terms.rule.net_days), ()
        zone = self.zones[work.header.legal_entity_id]
        shipped = shipped_at.astimezone(zone).date()
        delivered = shipped + timedelta(days=self.transit.get(shipment.id, 0))
        start = counts_from(terms, now.astimezone(zone).date(), shipped=shipped, delivered=delivered)
        digits = minor_digits(work.header.currency)
        parts = schedule(terms, total, start, digits=digits, zone=zone, is_open=banks_work)
        return parts[-1].due_at, parts if len(parts) > 1 or parts[0].discount else ()


def banks_work(day: date) -> bool:
    """Whether money moves on a day."""
    return day.weekday() < _SATURDAY


def read_due(reader: Reader, works: Mapping[UUID, OrderWork], shipments: Sequence[Shipment]) -> Due:
    """The terms of these orders; more is read only for terms that are not plain days from the invoice."""
    terms = terms_of(reader, {work.header.terms_code for work in works.values()})
    by_day = [work for work in works.values() if not _terms(work, terms).is_plain]
    if not by_day:
        return Due(terms)
    zones = zones_of(reader, {work.header.legal_entity_id for work in by_day})
    carried = [one for one in shipments if _terms(works[one.order_id], terms).starts_from == "delivery"]
    return Due(terms, zones, _transit_days(reader, carried) if carried else {})


def _terms(work: OrderWork, terms: Mapping[str, Terms]) -> Terms:
    found = terms.get(work.header.terms_code)
    return Terms(work.header.terms_code, "", _NET) if found is None else found


def _transit_days(reader: Reader, shipments: Sequence[Shipment]) -> dict[UUID, int]:
    """How long each shipment is on its way, as far as its lane is known."""
    lanes = site_lanes(reader)
    days: dict[UUID, int] = {}
    for shipment in shipments:
        reach = lanes_to(lanes, shipment.ship_to["country"], shipment.ship_to.get("region") or "")
        days[shipment.id] = next((lane.transit_days for lane in reach if lane.site_id == shipment.site_id), 0)
    return days
