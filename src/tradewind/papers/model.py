"""Papers as values: what is printed, and what was issued."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args
from uuid import UUID

PaperKind = Literal["order_confirmation", "packing_slip", "invoice", "credit_note", "statement"]
Language = Literal["en", "de"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

Values = dict[str, Any]
"""What a paper says, before any language: JSON with numbers as exact text and dates as `YYYY-MM-DD` (see `views.papers`)."""

Sheet = dict[str, Any]
"""What stands on a paper: texts ready to be set, in one language (see `decide.sheet`)."""

LARGEST_PDF = 32 << 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """A paper that somebody asks for. `scope` tells papers of one subject apart (a statement's period); `state` is what of the
    subject it is a picture of: with another state there is another version."""

    kind: PaperKind
    subject_id: UUID
    account_id: UUID
    number: str
    values: Values
    language: Language
    scope: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class Printed:
    """The pages of a wanted paper, not yet issued."""

    wanted: Wanted
    body: bytes
    template_version: str
    findings: tuple[dict[str, Any], ...]
    version: int = 1
    replaces_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Issued:
    """A paper as it was issued; it never changes."""

    id: UUID
    kind: PaperKind
    account_id: UUID
    number: str
    scope: str
    language: Language
    version: int
    issued_at: datetime
    sha256: bytes
    body: bytes
    findings: tuple[dict[str, Any], ...]
