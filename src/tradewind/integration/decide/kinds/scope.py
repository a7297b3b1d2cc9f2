"""Who a rule is for: a kind of buyer and which one."""

from collections.abc import Iterable
from typing import Protocol

from tradewind.semantics.decide.rows.fields import code, one_of
from tradewind.semantics.decide.rows.schema import Fault

SCOPE = one_of("scope", "what kind of buyer", "account", "segment", "channel", "region", "all", required=True)
VALUE = code(
    "value", "which account (with all below it), segment, channel or region; empty for all", aliases=("scope_value",)
)


class HasScope(Protocol):
    """A row that is for somebody."""

    @property
    def scope(self) -> str: ...
    @property
    def value(self) -> str | None: ...


def scoped(row: HasScope) -> Iterable[Fault]:
    """Everybody has no value; the others say who."""
    if row.scope == "all" and row.value is not None:
        yield Fault("value", "import.value_not_wanted", "the scope all has no value")
    if row.scope != "all" and row.value is None:
        yield Fault("value", "import.missing_value", f"say which {row.scope}")
