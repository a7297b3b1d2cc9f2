"""What a function is called with."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

MANY = 1_000
"""Arguments of a function that takes any number."""
Arguments = list[object]


def light(arguments: Arguments) -> int:
    """Steps of a call that looks once through what it is given."""
    steps = 2
    for one in arguments:
        if isinstance(one, list):
            steps += len(one)
        elif isinstance(one, str):
            steps += len(one) // 64
    return steps


@dataclass(frozen=True, slots=True)
class Function:
    """`apply(arguments)`; called with `least` to `most` of them, by place or by the names of one of its `signatures`."""

    apply: Callable[[Arguments], object]
    least: int
    most: int
    signatures: tuple[tuple[str, ...], ...] = ()
    steps: Callable[[Arguments], int] = field(default=light, repr=False)

    @property
    def expected(self) -> str:
        if self.least == self.most:
            return f"{self.least} argument{'s' * (self.least != 1)}"
        return f"{self.least} or more arguments" if self.most == MANY else f"{self.least} to {self.most} arguments"

    def places(self, names: Iterable[str]) -> list[int] | None:
        """Where arguments of these names stand; None where no signature has them all."""
        wanted = list(names)
        for signature in self.signatures:
            if len(set(wanted)) == len(wanted) and set(wanted) <= set(signature):
                return [signature.index(name) for name in wanted]
        return None


def function(
    apply: Callable[[Arguments], object], *signatures: str, steps: Callable[[Arguments], int] = light
) -> Function:
    """From signatures such as `string, start position, length?`; `list...` stands for any number."""
    least, most, named = MANY, 0, []
    for signature in signatures:
        parts = [part.strip() for part in signature.split(",")] if signature else []
        required = [part for part in parts if not part.endswith("?")]
        least = min(least, len(required))
        most = MANY if signature.endswith("...") else max(most, len(parts))
        named.append(tuple(part.rstrip("?.") for part in parts))
    return Function(apply, least, most, tuple(named), steps)
