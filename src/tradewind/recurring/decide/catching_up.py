"""What becomes of periods that are due: ordered, skipped, left out, or missed while nobody could order."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from tradewind.kernel.value import value
from tradewind.recurring.model import FIRST_WAIT_MINUTES, Planned, Standing

SKIPPED, CLOSED, MISSED = "recurring.skipped", "recurring.closed", "recurring.missed"


@value(frozen=True, slots=True)
class Due:
    """A period that is due, and why there is no order of it; to be ordered where `status` is None."""

    planned: Planned
    status: str | None = None
    code: str | None = None
    reason: str | None = None


def settle_due(standing: Standing, due: Sequence[Planned], *, now: datetime) -> list[Due]:
    """Every period that is due with what is to become of it.

    Skips are used up first, in order; a period whose day is closed is left out. Of the rest, by the policy of catching up: each is
    ordered; only the latest; or only those of today, in the zone of the standing order.
    """
    skips = standing.skip_next
    found: list[Due] = []
    for one in due:
        if skips:
            skips -= 1
            found.append(Due(one, "skipped", SKIPPED, "It was asked to be skipped."))
        elif one.closed:
            found.append(Due(one, "skipped", CLOSED, f"{standing.calendar} is closed on {one.day.isoformat()}."))
        else:
            found.append(Due(one))
    wanted = [one for one in found if one.status is None]
    today = now.astimezone(ZoneInfo(standing.zone)).date()
    for place, each in enumerate(found):
        if each.status is not None or standing.catch_up == "each":
            continue
        late = each.planned.due_at.astimezone(ZoneInfo(standing.zone)).date() < today
        if standing.catch_up == "latest" and each is not wanted[-1]:
            reason = f"It was not ordered in time; only the latest is, {wanted[-1].planned.day.isoformat()}."
            found[place] = Due(each.planned, "missed", MISSED, reason)
        elif standing.catch_up == "none" and late:
            found[place] = Due(each.planned, "missed", MISSED, "It was not ordered on its day.")
    return found


def wait_minutes(tries: int) -> int:
    """How long until a period that failed so often is tried again."""
    return int(FIRST_WAIT_MINUTES * 4 ** (tries - 1))
