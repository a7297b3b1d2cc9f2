"""A small mutator for readers of foreign files, and the loop that watches a reader while it reads what it made.

    outcome = fuzz(read, mutants(SEEDS, 20_000, seed=1, tokens=(b"~", b"ISA")))
    assert outcome.ok, outcome

Deterministic: the same seeds, count and seed give the same inputs. A failure shows the input, so that it can be kept as
a test of its own.
"""

import random
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

LARGEST_INPUT = 1 << 16
MEMORY_BYTES = 256 << 20
WHOLE_SECONDS = 5.0  # of one input: beyond it hangs
EXTREMES = (
    b"", b"0", b"-1", b"999999999999999999999", b"1e999", b"NaN", b".", b"-", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf",
    b"\xc2\xa0", b"\xe2\x80\xa6", b"\xc2\xb2", b"\xd9\xa3", b"\xed\xa0\x80", b"\r\n", b"\n", b"\t", b" " * 64, b"A" * 300,
    b"%s%n", b"'\"", b"<!--", b"=1+1",
)  # fmt: skip


def mutants(seeds: Sequence[bytes], count: int, *, seed: int = 0, tokens: Sequence[bytes] = ()) -> Iterator[bytes]:
    """`count` inputs, each a seed after one to eight changes. `tokens` are pieces that mean something in the format."""
    chance = random.Random(seed)
    pieces = (*EXTREMES, *tokens, *tokens)
    for number in range(count):
        made = bytearray(seeds[number % len(seeds)])
        for _ in range(chance.choice((1, 1, 1, 2, 2, 3, 5, 8))):
            chance.choice(CHANGES)(made, chance, pieces, seeds)
        yield bytes(made[:LARGEST_INPUT])


@dataclass(slots=True)
class Outcome:
    """What happened: how many were read, what raised (the first few), the slowest, and how far memory rose."""

    read: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    grown: int = 0
    crashes: list[tuple[str, bytes]] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.crashes and self.slowest < WHOLE_SECONDS and self.grown < MEMORY_BYTES


def fuzz(read: Callable[[bytes], object], inputs: Iterable[bytes]) -> Outcome:
    """Read every input; stops after five crashes. An input that takes longer than `WHOLE_SECONDS` counts as a crash."""
    outcome = Outcome()
    before = _peak()
    watched = signal.signal(signal.SIGALRM, _hang)
    begun = time.perf_counter()
    try:
        for one in inputs:
            started = time.perf_counter()
            signal.setitimer(signal.ITIMER_REAL, WHOLE_SECONDS)
            try:
                read(one)
            except Exception as failure:  # noqa: BLE001 - whatever it is, it is what we look for
                outcome.crashes.append((f"{type(failure).__name__}: {failure}", one))
            signal.setitimer(signal.ITIMER_REAL, 0)
            outcome.read += 1
            outcome.slowest = max(outcome.slowest, time.perf_counter() - started)
            if len(outcome.crashes) == 5:
                break
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, watched)
    outcome.seconds = time.perf_counter() - begun
    outcome.grown = _peak() - before
    return outcome


def seconds_for(read: Callable[[bytes], object], given: bytes) -> float:
    """How long one input takes, the bombs among them."""
    begun = time.perf_counter()
    read(given)
    return time.perf_counter() - begun


class Hang(Exception):  # noqa: N818 - it says what happened
    """A reader did not come back."""


def _hang(*_: object) -> None:
    raise Hang


def _peak() -> int:
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


# ---- changes: each works on the bytes in place -------------------------------------------------------------------

Change = Callable[[bytearray, random.Random, Sequence[bytes], Sequence[bytes]], None]


def _place(made: bytearray, chance: random.Random) -> int:
    return chance.randrange(len(made) + 1)


def _flip(made: bytearray, chance: random.Random, _pieces: Sequence[bytes], _seeds: Sequence[bytes]) -> None:
    if made:
        made[chance.randrange(len(made))] ^= 1 << chance.randrange(8)


def _put(made: bytearray, chance: random.Random, pieces: Sequence[bytes], _seeds: Sequence[bytes]) -> None:
    at = _place(made, chance)
    made[at:at] = chance.choice(pieces)


def _overwrite(made: bytearray, chance: random.Random, pieces: Sequence[bytes], _seeds: Sequence[bytes]) -> None:
    at, piece = _place(made, chance), chance.choice(pieces)
    made[at : at + len(piece)] = piece


def _cut(made: bytearray, chance: random.Random, _pieces: Sequence[bytes], _seeds: Sequence[bytes]) -> None:
    at = _place(made, chance)
    del made[at : at + chance.randrange(1, 40)]


def _end(made: bytearray, chance: random.Random, _pieces: Sequence[bytes], _seeds: Sequence[bytes]) -> None:
    del made[_place(made, chance) :]


def _repeat(made: bytearray, chance: random.Random, _pieces: Sequence[bytes], _seeds: Sequence[bytes]) -> None:
    at = _place(made, chance)
    piece = bytes(made[at : at + chance.randrange(1, 200)])
    made[at:at] = piece * chance.choice((1, 1, 2, 20))


def _move(made: bytearray, chance: random.Random, _pieces: Sequence[bytes], _seeds: Sequence[bytes]) -> None:
    at = _place(made, chance)
    piece = bytes(made[at : at + chance.randrange(1, 80)])
    del made[at : at + len(piece)]
    to = _place(made, chance)
    made[to:to] = piece


def _splice(made: bytearray, chance: random.Random, _pieces: Sequence[bytes], seeds: Sequence[bytes]) -> None:
    other = chance.choice(seeds)
    start = chance.randrange(len(other) + 1)
    at = _place(made, chance)
    made[at:] = other[start:]


def _swap_all(made: bytearray, chance: random.Random, _pieces: Sequence[bytes], _seeds: Sequence[bytes]) -> None:
    """Every place of one byte becomes another: separators that are not what the rest expects."""
    if made:
        old, new = chance.choice(made), chance.randrange(256)
        made[:] = bytes(made).replace(bytes((old,)), bytes((new,)))


CHANGES: tuple[Change, ...] = (_flip, _flip, _put, _put, _overwrite, _cut, _end, _repeat, _move, _splice, _swap_all)
