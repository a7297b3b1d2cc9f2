"""Principals and their keys, for those who manage access."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response
from pydantic import BaseModel

from tradewind.access import queries
from tradewind.access.api.edge import CallerEdge, answer, api_router, not_found, permission
from tradewind.access.api.logins import KeyIn, KeyMade, make_key, revoke_key_of
from tradewind.access.commands.logins import hash_password
from tradewind.access.commands.principals import (
    NewPrincipal,
    PrincipalChange,
    change_principals,
    create_principals,
)
from tradewind.access.decide import check_password
from tradewind.access.model import Kind, roles_explained
from tradewind.kernel.limits import PAGE
from tradewind.kernel.problem import Problem, Refused

router = api_router("access")


class PrincipalIn(BaseModel):
    kind: Kind
    login: str
    name: str
    roles: frozenset[str]
    account_ids: frozenset[UUID] = frozenset()
    password: str | None = None


class PrincipalPatch(BaseModel):
    """What changes; what is missing stays."""

    roles: frozenset[str] | None = None
    account_ids: frozenset[UUID] | None = None
    active: bool | None = None
    password: str | None = None


class PrincipalOut(BaseModel):
    id: UUID
    kind: str
    login: str
    name: str
    active: bool
    created_at: datetime
    roles: list[str]
    account_ids: list[UUID]


class Made(BaseModel):
    id: UUID


@router.get("/principals", openapi_extra=permission("access.manage"))
def list_principals(
    edge: CallerEdge,
    after: Annotated[str, Query(max_length=120)] = "",
    limit: Annotated[int, Query(ge=1, le=PAGE)] = 100,
) -> list[PrincipalOut]:
    """A page of principals by login, after `after`."""
    rows = edge.read(lambda reader: queries.principals_after(reader, after, limit=limit))
    return [PrincipalOut.model_validate(row, from_attributes=True) for row in rows]


@router.post("/principals", status_code=201, openapi_extra=permission("access.manage"))
def create_principal(body: PrincipalIn, edge: CallerEdge) -> Made:
    """A person, an integration or an agent that can act."""
    new = NewPrincipal(body.kind, body.login, body.name, body.roles, body.account_ids, _hashed(body.password))
    made = edge.write(lambda tx: create_principals(tx, [new]))[0]
    if isinstance(made, Problem):
        raise Refused([made])
    return Made(id=made)


@router.patch("/principals/{principal_id}", status_code=204, openapi_extra=permission("access.manage"))
def change_principal(principal_id: UUID, body: PrincipalPatch, request: Request, edge: CallerEdge) -> Response:
    """Grants, switches off, sets a password; valid for the very next command."""
    change = PrincipalChange(principal_id, body.roles, body.account_ids, body.active, _hashed(body.password))
    problem = edge.write(lambda tx: change_principals(tx, [change]))[0]
    if problem is not None:
        raise Refused([problem])
    request.app.state.guard.forget()
    return Response(status_code=204)


@router.post("/principals/{principal_id}/keys", status_code=201, openapi_extra=permission("access.manage"))
def create_key_for(principal_id: UUID, body: KeyIn, edge: CallerEdge) -> KeyMade:
    """A key of another principal, for instance an integration."""
    if not edge.read(lambda reader: queries.principals_known(reader, [principal_id])):
        raise not_found()
    return make_key(edge, principal_id, body)


@router.delete("/principals/{principal_id}/keys/{key_id}", status_code=204, openapi_extra=permission("access.manage"))
def revoke_key_for(principal_id: UUID, key_id: UUID, request: Request, edge: CallerEdge) -> Response:
    """No use of the key is accepted any more."""
    revoke_key_of(edge, principal_id, key_id)
    request.app.state.guard.forget()
    return Response(status_code=204)


@router.get("/roles", openapi_extra=permission("access.self"))
def list_roles(_: CallerEdge) -> Response:
    """What each role may do, and what each permission means."""
    return answer(roles_explained())


def _hashed(password: str | None) -> str | None:
    if password is None:
        return None
    if problem := check_password(password):
        raise Refused([problem])
    return hash_password(password)
