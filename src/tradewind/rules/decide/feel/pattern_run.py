"""Runs the program of a pattern over a text: all ways at once, the preferred way first, one pass."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

CHAR, ANY, SPLIT, JUMP, SAVE, START, END, MATCH = range(8)
Instruction = tuple[int, int, int, Callable[[str], bool] | None]
"""What to do, two numbers (jumps relative to its own place, or the number of a mark), and the test of a character."""
Marks = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Program:
    code: tuple[Instruction, ...]
    groups: int
    has_lines: bool

    def matches(self, text: str) -> Iterator[Marks]:
        """The matches from left to right, none overlapping: start and end of the whole and of each group, -1 where unused."""
        at = 0
        while at <= len(text):
            found = self.first(text, at)
            if found is None:
                return
            yield found
            at = found[1] + (found[1] == found[0])

    def first(self, text: str, begin: int = 0) -> Marks | None:
        """The leftmost match from there on; of several the one that the pattern prefers."""
        best: Marks | None = None
        unused = (-1,) * (2 * self.groups + 2)
        threads: list[tuple[int, Marks]] = []
        code = self.code
        for at in range(begin, len(text) + 1):
            seen: set[int] = set()
            ready: list[tuple[int, Marks]] = []
            for place, marks in threads:
                self._follow(place, marks, at, text, seen, ready)
            if best is None:
                self._follow(0, unused, at, text, seen, ready)
            elif not ready:
                break
            threads = []
            for place, marks in ready:
                kind, _, _, test = code[place]
                if kind == MATCH:
                    best = marks
                    break
                if at < len(text) and (test is None or test(text[at])):
                    threads.append((place + 1, marks))
        return best

    def _follow(
        self, place: int, marks: Marks, at: int, text: str, seen: set[int], ready: list[tuple[int, Marks]]
    ) -> None:
        """All that can be reached from a place without reading a character, in the order of preference."""
        pending = [(place, marks)]
        while pending:
            place, marks = pending.pop()
            if place in seen:
                continue
            seen.add(place)
            kind, one, two, _ = self.code[place]
            if kind == JUMP:
                pending.append((place + one, marks))
            elif kind == SPLIT:
                pending.append((place + two, marks))
                pending.append((place + one, marks))
            elif kind == SAVE:
                pending.append((place + 1, (*marks[:one], at, *marks[one + 1 :])))
            elif kind == START:
                if at == 0 or (self.has_lines and text[at - 1] == "\n"):
                    pending.append((place + 1, marks))
            elif kind == END:
                if at == len(text) or (self.has_lines and text[at] == "\n"):
                    pending.append((place + 1, marks))
            else:
                ready.append((place, marks))
