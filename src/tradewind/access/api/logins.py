"""Log in and out, and what everybody may do with their own principal: see it, its keys, its password."""

from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Request, Response
from pydantic import BaseModel, Field

from tradewind.access import queries
from tradewind.access.api.edge import CallerEdge, answer, api_router, not_found, permission
from tradewind.access.api.gate import COOKIE
from tradewind.access.commands.keys import NewKey, create_keys, revoke_keys
from tradewind.access.commands.logins import SESSION_HOURS, end_session, hash_password, login, verify_password
from tradewind.access.commands.principals import PrincipalChange, change_principals
from tradewind.access.decide import check_password
from tradewind.access.errors import WRONG_LOGIN
from tradewind.kernel.problem import Refused
from tradewind.kernel.tx import Tx

router = api_router("access")
LONGEST_KEY_DAYS = 3_650


class LoginIn(BaseModel):
    login: Annotated[str, Field(min_length=1, max_length=120)]
    password: Annotated[str, Field(min_length=1, max_length=512)]


class SessionOut(BaseModel):
    token: str
    expires_at: datetime


class AccountOut(BaseModel):
    id: UUID
    code: str
    name: str


class MeOut(BaseModel):
    """`accounts` is null for those who see all; for others the first 500 by code."""

    id: UUID
    kind: str
    login: str
    name: str
    channel: str
    roles: list[str]
    permissions: list[str]
    accounts: list[AccountOut] | None


class KeyIn(BaseModel):
    label: Annotated[str, Field(min_length=1, max_length=200)]
    expires_in_days: Annotated[int, Field(ge=1, le=LONGEST_KEY_DAYS)] | None = None


class KeyMade(BaseModel):
    """A new key; this is the only time it is shown."""

    id: UUID
    hint: str
    key: str


class KeyOut(BaseModel):
    id: UUID
    hint: str
    label: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class PasswordIn(BaseModel):
    old: Annotated[str, Field(min_length=1, max_length=512)]
    new: str


@router.post("/login", openapi_extra=permission("public"))
def log_in(body: LoginIn, request: Request) -> Response:
    """A session: as a cookie for a browser, and as a bearer token."""
    state = request.scope["state"]
    address = request.client.host if request.client else ""
    session = login(
        request.app.state.database, body.login, body.password, address=address, correlation=state["correlation"]
    )
    response = answer(SessionOut(token=session.token, expires_at=session.expires_at))
    _set_cookie(response, session.token, SESSION_HOURS * 3600, secure=request.url.scheme == "https")
    return response


@router.post("/logout", openapi_extra=permission("access.self"))
def log_out(request: Request, edge: CallerEdge) -> Response:
    """Ends the session that was shown; a key is not ended by it."""
    credential = edge.caller.credential
    if credential is not None:
        edge.write(lambda tx: end_session(tx, credential))
        request.app.state.guard.forget([credential])
    response = Response(status_code=204)
    _set_cookie(response, "", 0, secure=request.url.scheme == "https")
    return response


def _set_cookie(response: Response, token: str, seconds: int, *, secure: bool) -> None:
    same_site: Literal["strict"] = "strict"
    response.set_cookie(COOKIE, token, max_age=seconds, path="/", secure=secure, httponly=True, samesite=same_site)


@router.get("/me", openapi_extra=permission("access.self"))
def read_me(edge: CallerEdge) -> MeOut:
    """Who the caller is, and what it may do and see."""
    caller = edge.caller
    accounts = None
    if caller.visible is not None:
        seen = edge.read(queries.accounts_seen)
        accounts = [AccountOut(id=account_id, code=code, name=name) for account_id, code, name in seen]
    return MeOut(
        id=caller.principal.id, kind=caller.principal.kind, login=caller.principal.login, name=caller.principal.name,
        channel=caller.channel, roles=sorted(caller.roles), permissions=sorted(caller.permissions), accounts=accounts,
    )  # fmt: skip


@router.put("/me/password", openapi_extra=permission("access.self"))
def change_password(body: PasswordIn, edge: CallerEdge) -> Response:
    """Sets a new password and ends every session of the principal."""
    if problem := check_password(body.new):
        raise Refused([problem.at("/new")])
    me = edge.caller.principal
    known = edge.database.read(lambda reader: queries.known_login(reader, me.login))
    if not verify_password(known.password_hash, body.old):
        raise Refused([WRONG_LOGIN])
    change = PrincipalChange(me.id, password_hash=hash_password(body.new))
    edge.write(lambda tx: change_principals(tx, [change]))
    return Response(status_code=204)


@router.get("/keys", openapi_extra=permission("access.self"))
def list_keys(edge: CallerEdge) -> list[KeyOut]:
    """The caller's own keys, newest first."""
    # keys hold no account's data and the buyer role cannot read them: own ones only, by the principal's id
    rows = edge.database.read(lambda reader: queries.keys_of(reader, edge.caller.principal.id))
    return [KeyOut.model_validate(row, from_attributes=True) for row in rows]


@router.post("/keys", status_code=201, openapi_extra=permission("access.self"))
def create_key(body: KeyIn, edge: CallerEdge) -> KeyMade:
    """A key that does what the caller may do."""
    return make_key(edge, edge.caller.principal.id, body)


@router.delete("/keys/{key_id}", status_code=204, openapi_extra=permission("access.self"))
def revoke_key(key_id: UUID, request: Request, edge: CallerEdge) -> Response:
    """No use of the key is accepted any more."""
    revoke_key_of(edge, edge.caller.principal.id, key_id)
    request.app.state.guard.forget()
    return Response(status_code=204)


def make_key(edge: CallerEdge, principal_id: UUID, body: KeyIn) -> KeyMade:
    """A key for a principal, and what is shown of it this once."""

    def make(tx: Tx) -> KeyMade:
        until = None if body.expires_in_days is None else tx.now + timedelta(days=body.expires_in_days)
        made = create_keys(tx, [NewKey(principal_id, body.label, until)])[0]
        return KeyMade(id=made.id, hint=made.hint, key=made.key)

    return edge.write(make)


def revoke_key_of(edge: CallerEdge, principal_id: UUID, key_id: UUID) -> None:
    """Revoke one principal's key; 404 where it has none of that id that is alive."""
    if not edge.write(lambda tx: revoke_keys(tx, [key_id], principal_id=principal_id)):
        raise not_found()
