"""Trading partners, what they sent and what was written to them, as values."""

import re
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from tradewind.channels.decide.x12.maps import DEFAULT, PartnerMap
from tradewind.channels.decide.x12.model import PartnerId, Separators

HIGHEST_CONTROL = 999_999_999
FOLDER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
ANSWERS = ("855", "856", "810", "865")
"""What may be sent to a partner beside the 997."""
ON_HOLD = "HD"  # BAK02

Outcome = Literal["order", "change", "duplicate", "rejected", "held", "answer", "ignored"]
USUAL = Separators()
SendBy = Literal["http", "folder", "pickup"]


@dataclass(frozen=True, slots=True)
class Partner:
    """Who trades with us. `account` None: the N1 codes of each order say whose it is.

    `answer_minutes`: an order has its 855 so long after it came, even while it is on hold; `ack_minutes`: their 997 is missed
    after so long, None where they send none.
    """

    id: UUID
    code: str
    name: str
    ours: PartnerId
    theirs: PartnerId
    account_id: UUID | None = None
    account: str | None = None
    sandbox_id: UUID | None = None
    sandbox: str | None = None
    in_test: bool = False
    our_group: str | None = None
    their_group: str | None = None
    version: str = "004010"
    separators: Separators = USUAL
    map: PartnerMap = DEFAULT
    mapping: dict[str, Any] = field(default_factory=dict)
    wants_997: bool = True
    sends: frozenset[str] = frozenset(ANSWERS)
    answer_minutes: int = 1440
    ack_minutes: int | None = None
    send_by: SendBy = "pickup"
    send_to: str | None = None

    @property
    def system(self) -> str:
        """Under which its outside names stand."""
        return f"edi:{self.code}"


@dataclass(frozen=True, slots=True)
class Arrived:
    """An interchange that came in, as it was noted. `place`: which one of its document, from 1. `is_new` False: the same bytes
    under the same number were there before."""

    id: UUID
    partner_id: UUID
    document_id: UUID
    place: int
    control_no: int
    is_test: bool
    status: str
    message_id: UUID | None
    is_new: bool


@dataclass(frozen=True, slots=True)
class SetOutcome:
    """What became of one transaction set. `said` is what of the buyer's own words our answers repeat.

    `awaits`: the partner is to have an 855 for it.
    """

    place: int
    type: str
    group_no: str
    group_code: str
    set_no: str
    verdict: Literal["A", "E", "R"]
    outcome: Outcome
    number: str | None = None
    account_id: UUID | None = None
    order_id: UUID | None = None
    findings: tuple[dict[str, Any], ...] = ()
    ack: dict[str, Any] | None = None
    said: dict[str, Any] | None = None
    awaits: bool = False


@dataclass(frozen=True, slots=True)
class OwedSet:
    """A transaction set that is to be written to a partner; once per `effect_key`."""

    partner: Partner
    type: str
    functional_id: str
    effect_key: str
    subject_type: str
    subject_id: UUID
    account_id: UUID | None
    is_test: bool
    content: Any


def control_number(serial: int) -> int:
    """The control number of the n-th interchange, group or set: 1 follows 999999999."""
    return (serial - 1) % HIGHEST_CONTROL + 1
