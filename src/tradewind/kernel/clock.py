"""Time is injected. A transaction reads it once (`tx.now`); nothing else asks what time it is."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """The machine's time, in UTC."""
    return datetime.fromtimestamp(time.time(), UTC)


@dataclass
class FixedClock:
    """A clock that stands still until it is told to move; for replays, demos and tests."""

    at: datetime

    def __call__(self) -> datetime:
        return self.at


def milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970, as an id wants them."""
    return int(moment.timestamp() * 1000)
