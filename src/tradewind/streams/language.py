"""The language of streams: FEEL, and the house's calendars as a transaction finds them."""

from datetime import datetime, timedelta

from tradewind.calendars.decide import working_moment_after
from tradewind.calendars.model import Calendar
from tradewind.calendars.queries import calendars_by_code
from tradewind.kernel.kept import book
from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Reader
from tradewind.orchestration.model import CalendarTime, Expression
from tradewind.rules.decide.feel import read_expression as read_feel

_CALENDARS = "calendars by code"  # beside what else is kept under the marks of rules


class StreamLanguage:
    """What diagrams are compiled with: called with a text it gives its expression."""

    def __call__(self, text: str, /) -> Expression | Problem:
        return read_feel(text)

    def calendar_time(self, reader: Reader) -> CalendarTime:
        """Working time by the calendars of now; kept by the process until one of them is written."""
        kept = book(reader, "rules", most=4)
        found: dict[str, Calendar] | None = kept.rows.get(_CALENDARS)
        if found is None:
            found = calendars_by_code(reader)
            reader.keep(kept, {_CALENDARS: found})
        calendars = found

        def after(code: str, at: datetime, span: timedelta) -> datetime | None:
            calendar = calendars.get(code)
            return None if calendar is None else working_moment_after(calendar, at, span)

        return after


read_expression = StreamLanguage()
"""Takes the place of FEEL's own reader wherever a stream is compiled or run."""
