"""When places work, and who keeps which calendar."""

import re
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from tradewind.semantics.decide.rows.fields import clock_time, code, one_of, words, zone
from tradewind.semantics.decide.rows.schema import Fault, Kind

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


class CalendarRow(NamedTuple):
    """One row."""

    row: int
    calendar: str
    name: str | None
    time_zone: str
    day: str
    opens: str | None
    closes: str | None
    day_name: str | None


def _check(row: CalendarRow) -> Iterable[Fault]:
    if row.day not in WEEKDAYS and not _is_date(row.day):
        yield Fault("day", "import.bad_day", f"{row.day!r} is no day: mon to sun, or a date like 2026-12-25")
    if (row.opens is None) != (row.closes is None):
        yield Fault("closes", "import.missing_value", "a day that opens closes, too")
    elif row.opens is not None and row.closes is not None and row.closes <= row.opens:
        yield Fault("closes", "import.ends_before_it_begins", "a day closes after it opens")


def _is_date(text: str) -> bool:
    if not _DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


CALENDARS = Kind(
    name="calendars",
    sentence="Working hours by weekday and the dates that differ; a day without hours is closed, as is a weekday without a row.",
    row=CalendarRow,
    fields=(
        code("calendar", "what we call it", required=True, aliases=("code",)),
        words("name", "its name"),
        zone("time_zone", "where its days begin and end; said once a calendar", default=""),
        code(
            "day",
            "mon, tue, wed, thu, fri, sat, sun, or a date like 2026-12-25",
            required=True,
            aliases=("date", "weekday"),
        ),
        clock_time("opens", "when work begins; empty means closed", default=None, aliases=("from",)),
        clock_time("closes", "when it ends", default=None, aliases=("to",)),
        words("day_name", "what the day is called, for people", aliases=("holiday",)),
    ),
    key=("calendar", "day"),
    check=_check,
)


class CalendarUseRow(NamedTuple):
    """One row."""

    row: int
    use: str
    site: str | None
    account: str | None
    ship_to: str | None
    ship_method: str | None
    calendar: str | None
    cut_off: str | None


def _check_use(row: CalendarUseRow) -> Iterable[Fault]:
    if row.use == "shipping":
        if row.site is None:
            yield Fault("site", "import.missing_value", "say which site ships")
        if row.account is not None or row.ship_to is not None:
            yield Fault("account", "import.value_not_wanted", "a site ships for everybody")
        if row.calendar is None and row.cut_off is None:
            yield Fault("calendar", "import.missing_value", "give a calendar, a cut-off or both")
        return
    if row.account is None:
        yield Fault("account", "import.missing_value", "say who receives")
    if row.site is not None or row.ship_method is not None or row.cut_off is not None:
        yield Fault("site", "import.value_not_wanted", "who receives has no site, ship method or cut-off")
    if row.calendar is None:
        yield Fault("calendar", "import.missing_value", "say which calendar")


CALENDAR_USES = Kind(
    name="calendar_uses",
    sentence="When a site ships and until when of a day (per ship method), and when an account or one of its ship-tos receives.",
    row=CalendarUseRow,
    fields=(
        one_of("use", "what for", "shipping", "receiving", required=True),
        code("site", "code of the site that ships", aliases=("warehouse",)),
        code("account", "code of the account that receives", aliases=("customer",)),
        code("ship_to", "code of its ship-to; empty means all of them", aliases=("address",)),
        code("ship_method", "for this way of shipping only"),
        code("calendar", "the calendar"),
        clock_time("cut_off", "orders released later are picked on the next working day", default=None),
    ),
    key=("use", "site", "account", "ship_to", "ship_method"),
    after=("sites", "addresses", "calendars"),
    check=_check_use,
)
