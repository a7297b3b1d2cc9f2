"""Refusals of papers."""

from datetime import date

from tradewind.kernel.problem import Problem


def not_confirmed(number: str) -> Problem:
    """An order that waits, is held or was cancelled has nothing to confirm."""
    return Problem("papers.not_confirmed", f"{number} is not confirmed; there is nothing to print yet.", status=409)


def nothing_to_ship(number: str, status: str) -> Problem:
    """A shipment that the warehouse refused, or that was cancelled, has no slip."""
    return Problem("papers.nothing_to_ship", f"{number} is {status}; it has no packing slip.", status=409)


def period_upside_down(start: date, until: date) -> Problem:
    return Problem("papers.period_upside_down", f"The period begins on {start} and ends on {until}.", "query:from")


def period_in_future(until: date, today: date) -> Problem:
    return Problem("papers.period_in_future", f"The period ends on {until}; today is {today}.", "query:to")


def period_too_long(days: int, most: int) -> Problem:
    return Problem("papers.period_too_long", f"A statement spans at most {most} days, not {days}.", "query:from")


def too_many_entries(most: int) -> Problem:
    return Problem("papers.too_many_entries", f"A statement holds at most {most} movements and open items; ask for a shorter period.",
                   "query:from")  # fmt: skip


def printer_busy() -> Problem:
    """Papers are set one after another; too many wait already, or one takes too long."""
    return Problem(
        "papers.printer_busy", "Too many papers are being printed now.", status=503, detail={"retry_after": 2}
    )
