"""Ids are UUIDv7: made by the application, in the order of time, from an injected clock and injected randomness.

`Ids` is the one maker. Two makers with the same seed and the same clock give the same ids, so that a day can be
replayed. Within a maker ids strictly increase, also within one millisecond.
"""

import os
import random
from collections.abc import Callable
from uuid import UUID

_VERSION_7 = 0x7 << 76
_VARIANT = 0x2 << 62
_COUNTER_BITS = 12
_TAIL_MASK = (1 << 62) - 1


class Ids:
    """Makes UUIDv7 values (RFC 9562 §5.7, method 1: a 12-bit counter after the millisecond)."""

    __slots__ = ("_counter", "_last_ms", "_now_ms", "_random")

    def __init__(self, now_ms: Callable[[], int], seed: int | None = None) -> None:
        self._now_ms = now_ms
        self._random = random.Random(int.from_bytes(os.urandom(16)) if seed is None else seed)
        self._last_ms = 0
        self._counter = 0

    def new(self) -> UUID:
        """The next id; greater than every id this maker made before."""
        now = self._now_ms()
        if now > self._last_ms:
            self._last_ms, self._counter = now, 0
        else:
            self._counter += 1
            if self._counter >> _COUNTER_BITS:
                self._last_ms, self._counter = self._last_ms + 1, 0
        head = self._last_ms << 80 | _VERSION_7 | self._counter << 64 | _VARIANT
        return UUID(int=head | self._random.getrandbits(64) & _TAIL_MASK)

    def many(self, count: int) -> list[UUID]:
        """`count` ids in increasing order."""
        return [self.new() for _ in range(count)]
