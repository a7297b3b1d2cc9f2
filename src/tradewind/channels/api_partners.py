"""`/api/v1/partners`: who trades with us by X12, what was written to them, and what they collect."""

import secrets
from hashlib import sha256
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict, Field

from tradewind.access.api.edge import API, CallerEdge, answer, api_router, not_found, permission
from tradewind.channels.decide.x12.model import PartnerId
from tradewind.channels.edi.commands import open_door
from tradewind.channels.edi.model import ANSWERS
from tradewind.channels.edi.queries.outbound import Written, message_by_id, messages_to, sets_in_message
from tradewind.channels.edi.queries.partners import partner_of, partners
from tradewind.channels.edi.saving import Described, describe_partner, partner_json, saved_partner
from tradewind.kernel.tx import Event, Reader, Tx
from tradewind.orchestration.commands.deliveries import note_collected

router = api_router("partners")
X12 = "application/edi-x12"
DOOR_BYTES = 32
Code = Annotated[str, Field(min_length=1, max_length=40)]
Name = Annotated[str, Field(min_length=1, max_length=200)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class IdIn(_Strict):
    """An id of the envelope: ISA05/06 or ISA07/08."""

    qualifier: Annotated[str, Field(pattern="^[0-9A-Z]{2}$")]
    id: Annotated[str, Field(min_length=1, max_length=15, pattern=r"^[\x21-\x7e]+$")]

    def value(self) -> PartnerId:
        return PartnerId(self.qualifier, self.id)


class NamesIn(_Strict):
    """What the partner calls our accounts and their ship-tos: theirs to ours."""

    accounts: Annotated[dict[Name, Code], Field(max_length=10_000)] = {}
    ship_tos: Annotated[dict[Name, Name], Field(max_length=10_000)] = {}


class PartnerIn(_Strict):
    """A trading partner, whole."""

    name: Name
    ours: IdIn
    theirs: IdIn
    account: Code | None = None
    sandbox_account: Code | None = None
    in_test: bool = False
    our_group: Annotated[str, Field(min_length=2, max_length=15)] | None = None
    their_group: Annotated[str, Field(min_length=2, max_length=15)] | None = None
    version: Annotated[str, Field(pattern="^00[345]0[0-9]{2}[0-9A-Z]{0,6}$")] = "004010"
    separators: dict[str, str] = {}
    map: dict[str, Any] = {}
    wants_997: bool = True
    sends: tuple[str, ...] = ANSWERS
    answer_minutes: Annotated[int, Field(ge=0, le=43_200)] = 1_440
    ack_minutes: Annotated[int, Field(ge=1, le=43_200)] | None = None
    send_by: Literal["http", "folder", "pickup"] = "pickup"
    send_to: Annotated[str, Field(max_length=500)] | None = None
    names: NamesIn = NamesIn()

    def described(self) -> Described:
        """As the house takes it."""
        values = {name: getattr(self, name) for name in Described.__slots__ if name not in _DERIVED}
        values |= {"accounts": self.names.accounts, "ship_tos": self.names.ship_tos}
        return Described(**values, ours=self.ours.value(), theirs=self.theirs.value())


_DERIVED = ("ours", "theirs", "accounts", "ship_tos")


@router.get("/partners", openapi_extra=permission("documents.read"))
def read_partners(edge: CallerEdge, after: str = "", limit: Annotated[int, Query(ge=1, le=200)] = 100) -> Response:
    """Trading partners by code."""
    page = edge.read(lambda reader: [partner_json(reader, one) for one in partners(reader, after=after, limit=limit)])
    return answer({"partners": page, "next": page[-1]["code"] if len(page) == limit else None})


@router.get("/partners/{code}", openapi_extra=permission("documents.read"))
def read_partner(code: str, edge: CallerEdge) -> Response:
    """One partner, as it may be put back."""
    found = edge.read(lambda reader: saved_partner(reader, code))
    if found is None:
        raise not_found()
    return answer(found)


@router.put("/partners/{code}", openapi_extra=permission("partners.manage"))
def put_partner(code: Code, given: PartnerIn, edge: CallerEdge) -> Response:
    """Make a partner, or say anew what it is; names that are left out are gone."""
    edge.write(lambda tx: describe_partner(tx, code, given.described()))
    return answer(edge.read(lambda reader: saved_partner(reader, code)))


@router.post("/partners/{code}/door", openapi_extra=permission("partners.manage"))
def make_door(code: str, edge: CallerEdge) -> Response:
    """An address of the partner's own, for software that can send but not log in. It is shown once; an older one ends."""
    secret = secrets.token_urlsafe(DOOR_BYTES)

    def make(tx: Tx) -> None:
        partner = partner_of(tx, code)
        if partner is None:
            raise not_found()
        open_door(tx, partner.id, sha256(secret.encode()).digest())
        tx.emit(Event("partner.door_opened", "trading_partner", partner.id, {"code": code}))

    edge.write(make)
    return answer({"address": f"{API}/edi/{secret}"}, 201)


@router.get("/partners/{code}/messages", openapi_extra=permission("documents.read"))
def read_messages(
    code: str,
    edge: CallerEdge,
    before: UUID | None = None,
    status: Annotated[str | None, Query(pattern="^(pending|sent|parked|dead)$")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """What was written to a partner, newest first; `status=parked` is what waits to be collected."""

    def find(reader: Reader) -> list[dict[str, Any]] | None:
        partner = partner_of(reader, code)
        return None if partner is None else messages_to(reader, partner.id, before=before, status=status, limit=limit)

    page = edge.read(find)
    if page is None:
        raise not_found()
    return answer({"messages": page, "next": page[-1]["id"] if len(page) == limit else None})


def _message(reader: Reader, code: str, message: UUID) -> Written | None:
    partner, found = partner_of(reader, code), message_by_id(reader, message)
    return found if partner is not None and found is not None and found.partner_id == partner.id else None


@router.get("/partners/{code}/messages/{message}", openapi_extra=permission("documents.read"))
def read_message(code: str, message: UUID, edge: CallerEdge) -> Response:
    """The interchange, byte for byte as it was written."""
    found = edge.read(lambda reader: _message(reader, code, message))
    if found is None:
        raise not_found()
    name = f"{code}-{found.type}-{found.control}.edi"
    return Response(found.body, 200, {"Content-Disposition": f'attachment; filename="{name}"'}, X12)


@router.get("/partners/{code}/messages/{message}/sets", openapi_extra=permission("documents.read"))
def read_message_sets(code: str, message: UUID, edge: CallerEdge) -> Response:
    """The sets of an interchange: what each is about, and what the partner's 997 said of it."""
    found = edge.read(lambda reader: sets_in_message(reader, message) if _message(reader, code, message) else None)
    if found is None:
        raise not_found()
    return answer({"sets": found})


@router.post("/partners/{code}/messages/{message}/collected", openapi_extra=permission("documents.submit"))
def collect_message(code: str, message: UUID, edge: CallerEdge) -> Response:
    """The partner has it: it does not wait to be collected any more."""

    def collect(tx: Tx) -> bool:
        if _message(tx, code, message) is None:
            raise not_found()
        return bool(note_collected(tx, f"edi:{message}"))

    return answer({"collected": edge.write(collect)})
