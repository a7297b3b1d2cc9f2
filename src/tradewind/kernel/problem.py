"""Refusals are values: a stable code, a sentence, and where it hurts.

A `Problem` names what is wrong (`capability.what_is_wrong`), at which place of the input (a JSON pointer, or
`row 17, column qty` in a file) and, where one exists, what would be right. Edges render it as RFC 9457
`application/problem+json`. Bugs are exceptions; a business refusal never is, except `Refused`, which carries
problems out of a transaction that must roll back.
"""

from collections.abc import Iterable
from dataclasses import field
from typing import Any

from tradewind.kernel.value import value

STATUS_DEFAULT = 422


@value(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. `status` is the HTTP status an edge would answer with."""

    code: str
    message: str
    where: str = ""
    status: int = STATUS_DEFAULT
    detail: dict[str, Any] = field(default_factory=dict)

    def at(self, where: str) -> "Problem":
        """The same problem at another place."""
        return Problem(self.code, self.message, where, self.status, self.detail)

    def as_json(self) -> dict[str, Any]:
        """RFC 9457 members, without the empty ones."""
        body: dict[str, Any] = {
            "type": f"urn:tradewind:{self.code}",
            "title": self.message,
            "status": self.status,
            "code": self.code,
        }
        if self.where:
            body["pointer"] = self.where
        if self.detail:
            body["detail_values"] = self.detail
        return body


class Refused(Exception):  # noqa: N818 - it is a refusal, not an error
    """Problems that end a transaction: nothing of it is kept."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{problem.code}: {problem.message}" for problem in self.problems))


def refuse(code: str, message: str, *, where: str = "", status: int = STATUS_DEFAULT, **detail: Any) -> Refused:
    """Shorthand: `raise refuse("orders.unknown_account", "…", where="/account", account="A-7")`."""
    return Refused([Problem(code, message, where, status, detail)])


def problem_body(problems: Iterable[Problem]) -> dict[str, Any]:
    """One problem document for several findings: the first one gives the status, `errors` lists all."""
    found = tuple(problems)
    if not found:
        raise ValueError("a refusal needs at least one problem")
    return {**found[0].as_json(), "errors": [problem.as_json() for problem in found]}
