"""Functions as values."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Callee:
    """Made by `function(…) …`, or put into a context by a decision model; its parameters by name."""

    apply: Callable[[list[object]], object] = field(repr=False)
    parameters: tuple[str, ...] = ()
