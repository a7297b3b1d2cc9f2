"""How much work one evaluation may do: counted in steps, so that the same expression ends alike on every machine."""

from collections.abc import Mapping
from dataclasses import dataclass

ALLOWANCE = "\0allowance"
"""Where a context holds it; no expression can spell this name."""
MAX_STEPS = 600_000
"""About a step for each part of an expression each time a loop comes by, and for each item that a function looks through."""
MAX_CALLS_DEEP = 24
"""Functions made in an expression that call each other or themselves."""


class SpentError(Exception):
    """Carries the end of an evaluation out of it; caught where it began."""


@dataclass(slots=True)
class Allowance:
    """`steps` left; `reason` why it ended, empty as long as it has not."""

    steps: int = MAX_STEPS
    depth: int = 0
    reason: str = ""

    def take(self, steps: int) -> None:
        """Counts work before it is done."""
        self.steps -= steps
        if self.steps < 0:
            self.stop(f"it needs more than {MAX_STEPS} steps")

    def stop(self, reason: str) -> None:
        self.steps = -1
        self.reason = self.reason or reason
        raise SpentError(reason)

    def enter(self) -> None:
        self.take(16)
        self.depth += 1
        if self.depth > MAX_CALLS_DEEP:
            self.stop(f"its functions call each other more than {MAX_CALLS_DEEP} deep")

    def leave(self) -> None:
        self.depth -= 1


def allowance_of(context: Mapping[str, object]) -> Allowance:
    """The allowance of a running evaluation; a fresh one where a part is evaluated by itself."""
    found = context.get(ALLOWANCE)
    return found if isinstance(found, Allowance) else Allowance()
