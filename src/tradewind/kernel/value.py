"""Frozen values that cost little to make.

A frozen dataclass sets every field through `object.__setattr__`, which takes three times as long as plain assignment, and an
order makes hundreds of values. `@value(frozen=True, slots=True)` reads to the type checker as the dataclass it replaces, so
that changing a field is an error in `make check`; at run time the fields are assigned plainly. Equality, hash, `replace` and
the printed form are those of a frozen dataclass.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass as value
else:
    from dataclasses import dataclass

    def value(*, frozen, slots):
        """The class decorator; both flags are said at every use, so that a reader sees what the type checker holds."""
        assert frozen
        assert slots
        return dataclass(slots=True, unsafe_hash=True)


__all__ = ["value"]
