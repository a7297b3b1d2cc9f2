"""Calendars as values: the hours of weekdays, the dates that differ, and who keeps which calendar."""

from collections.abc import Iterable, Mapping
from dataclasses import field
from datetime import date, datetime, time
from uuid import UUID

from tradewind.kernel.value import value

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_START, DAY_END = time(0), time(23, 59)

Hours = tuple[time, time]


@value(frozen=True, slots=True)
class Calendar:
    """When a place works, in its own zone. `week` begins with Monday, None is closed; `dates` go before it."""

    code: str
    zone: str
    week: tuple[Hours | None, ...]
    dates: Mapping[date, Hours | None] = field(default_factory=dict)
    names: Mapping[date, str] = field(default_factory=dict)


def every_day(zone: str) -> Calendar:
    """A place of which nothing is known but its zone: it works round the clock."""
    return Calendar("", zone, ((DAY_START, DAY_END),) * 7)


@value(frozen=True, slots=True)
class SiteClock:
    """How a site ships by one method: its calendar, and until when of a day (that minute included) an order still leaves on it."""

    calendar: Calendar
    cut_off: time


@value(frozen=True, slots=True)
class Trip:
    """How goods travel: the local days on which they are picked, shipped and received, as instants where that matters."""

    pick_day: date
    ship_day: date
    arrive_day: date
    arrives_at: datetime


@value(frozen=True, slots=True)
class Calendars:
    """Every site clock by (site, ship method), every receiving calendar by account or address."""

    shipping: Mapping[tuple[UUID, str], SiteClock] = field(default_factory=dict)
    receiving: Mapping[UUID, Calendar] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        return not self.shipping and not self.receiving

    def site(self, site_id: UUID, ship_method: str = "") -> SiteClock | None:
        """The clock of a site for a method, else for any method."""
        return self.shipping.get((site_id, ship_method)) or self.shipping.get((site_id, ""))

    def receiver(self, address_id: UUID | None, ancestors: Iterable[UUID]) -> Calendar | None:
        """When a ship-to receives: its own calendar, else its account's, else the nearest one above."""
        if not self.receiving:
            return None
        for key in (address_id, *ancestors):
            if key is not None and (found := self.receiving.get(key)) is not None:
                return found
        return None
