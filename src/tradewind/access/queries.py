"""Reads of access. `authenticate_many` is one statement for a whole batch of credentials."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any
from uuid import UUID

from tradewind.access.decide import ATTEMPTS_PER_ADDRESS, ATTEMPTS_PER_LOGIN, Attempt
from tradewind.access.events import LOGIN_SUCCEEDED
from tradewind.access.model import Caller, Kind, Mandate, Principal
from tradewind.kernel.limits import PAGE
from tradewind.kernel.tx import Reader

_MANDATES = """
(select jsonb_agg(jsonb_build_object(
   'id', m.id, 'account', m.account_id, 'actions', m.actions, 'order_max', m.order_max::text, 'currency', m.currency,
   'accounts', array(select c.account_id from account_closure c where c.ancestor_id = m.account_id)))
 from mandate m
 where m.principal_id = p.id and m.revoked_at is null and m.valid_from <= %(now)s
   and (m.valid_to is null or m.valid_to > %(now)s))
"""
_PRINCIPAL = f"""
p.id, p.kind, p.login, p.name,
array(select r.role from principal_role r where r.principal_id = p.id),
case when p.kind = 'buyer' then array(
  select c.account_id from principal_account a join account_closure c on c.ancestor_id = a.account_id
  where a.principal_id = p.id) end,
case when p.kind = 'agent' then {_MANDATES} end
"""  # noqa: S608 - ours
_AUTHENTICATE = f"""
with given as (select unnest(%(hashes)s::bytea[]) as hash),
shown as (
  select g.hash, k.principal_id, 'api' as channel from given g join api_key k on k.hash = g.hash
  where k.revoked_at is null and (k.expires_at is null or k.expires_at > %(now)s)
  union all
  select g.hash, s.principal_id, 'web' from given g join session s on s.token_hash = g.hash
  where s.revoked_at is null and s.expires_at > %(now)s
)
select shown.hash, shown.channel, {_PRINCIPAL}
from shown join principal p on p.id = shown.principal_id where p.active
"""  # noqa: S608 - ours
_BY_LOGIN = f"select {_PRINCIPAL} from principal p where p.login = any(%(logins)s) and p.active"  # noqa: S608 - ours

_BY_ID = f"select {_PRINCIPAL} from principal p where p.id = any(%(ids)s::uuid[]) and p.active"  # noqa: S608 - ours


def hash_of(secret: str) -> bytes:
    """The SHA-256 of a key or token: 256 random bits need no salt and no stretching."""
    return sha256(secret.encode()).digest()


def authenticate_many(reader: Reader, hashes: Iterable[bytes]) -> dict[bytes, Caller]:
    """The caller of every credential (SHA-256 of an API key or a session token) that is valid at `reader.now`.

    One statement whatever the number. A credential that is unknown, expired, revoked or whose principal is switched off
    is missing from the answer. Accounts come with their trees; mandates are those valid now.
    """
    wanted = list(set(hashes))
    if not wanted:
        return {}
    rows = reader.rows(_AUTHENTICATE, {"hashes": wanted, "now": reader.now})
    return {bytes(row[0]): _caller(row[2:], channel=row[1], credential=bytes(row[0])) for row in rows}


def callers_by_login(reader: Reader, logins: Collection[str], *, channel: str) -> dict[str, Caller]:
    """Active principals by login, as callers without a credential: for the command line and for tests."""
    rows = reader.rows(_BY_LOGIN, {"logins": list(logins), "now": reader.now})
    return {row[2]: _caller(row, channel=channel, credential=None) for row in rows}


def callers_by_id(reader: Reader, ids: Collection[UUID], *, channel: str) -> dict[UUID, Caller]:
    """Active principals by id, as callers without a credential: for what is done in somebody's name while they are away."""
    rows = reader.rows(_BY_ID, {"ids": list(ids), "now": reader.now})
    return {row[0]: _caller(row, channel=channel, credential=None) for row in rows}


def _caller(row: tuple[Any, ...], *, channel: str, credential: bytes | None) -> Caller:
    principal = Principal(row[0], Kind(row[1]), row[2], row[3])
    mandates: tuple[Mandate, ...] = ()
    visible: frozenset[UUID] | None = None
    if principal.kind is Kind.BUYER:
        visible = frozenset(row[5])
    elif principal.kind is Kind.AGENT:
        mandates = tuple(sorted((_mandate(found) for found in row[6] or ()), key=lambda mandate: mandate.id))
        visible = frozenset().union(*(mandate.accounts for mandate in mandates))
        channel = "agent"
    return Caller(principal, frozenset(row[4]), visible, channel, mandates, credential)


def _mandate(found: dict[str, Any]) -> Mandate:
    return Mandate(
        id=UUID(found["id"]),
        account_id=UUID(found["account"]),
        accounts=frozenset(map(UUID, found["accounts"])),
        actions=frozenset(found["actions"]),
        order_max=None if found["order_max"] is None else Decimal(found["order_max"]),
        currency=found["currency"],
    )


@dataclass(frozen=True, slots=True)
class Known:
    """What a login stands for; without an id where it stands for nothing that can log in."""

    principal_id: UUID | None
    name: str
    password_hash: str | None = field(repr=False)


_KNOWN = "select id, name, password_hash from principal where login = %s and active"
_ON_LOGIN = """
select at, type, payload ->> 'origin' from event where subject_id = %(subject)s order by subject_seq desc limit %(limit)s
"""
_FROM_ORIGIN = """
select e.at, e.type, e.payload ->> 'origin' from event_object o
join event e on e.xid = o.event_xid and e.seq = o.event_seq
where o.object_id = %(origin)s order by o.event_xid desc, o.event_seq desc limit %(limit)s
"""


def known_login(reader: Reader, login: str) -> Known:
    """The active principal of a login with its password hash."""
    row = reader.row(_KNOWN, [login])
    return Known(*row) if row else Known(None, login[:120], None)


def attempts_on(reader: Reader, subject: UUID) -> list[Attempt]:
    """The latest attempts on a login, newest first, enough for its bound."""
    return _attempts(reader.rows(_ON_LOGIN, {"subject": subject, "limit": 2 * ATTEMPTS_PER_LOGIN}))


def attempts_from(reader: Reader, origin: UUID) -> list[Attempt]:
    """The latest attempts from an address, newest first, enough for its bound."""
    return _attempts(reader.rows(_FROM_ORIGIN, {"origin": origin, "limit": 2 * ATTEMPTS_PER_ADDRESS}))


def _attempts(rows: list[tuple[Any, ...]]) -> list[Attempt]:
    return [Attempt(at, kind == LOGIN_SUCCEEDED, UUID(origin)) for at, kind, origin in rows]


@dataclass(frozen=True, slots=True)
class KeyRow:
    """An API key as it may be shown."""

    id: UUID
    hint: str
    label: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class PrincipalRow:
    """A principal with its grants."""

    id: UUID
    kind: Kind
    login: str
    name: str
    active: bool
    created_at: datetime
    roles: list[str]
    account_ids: list[UUID]


@dataclass(frozen=True, slots=True)
class MandateRow:
    """A mandate with the agent it was given to."""

    id: UUID
    agent: str
    agent_name: str
    account_id: UUID
    actions: list[str]
    order_max: Decimal | None
    currency: str | None
    valid_from: datetime
    valid_to: datetime | None
    revoked_at: datetime | None


_KEYS = """
select id, hint, label, created_at, expires_at, revoked_at from api_key
where principal_id = %(principal)s order by created_at desc, id limit %(limit)s
"""
_PRINCIPALS = """
select p.id, p.kind, p.login, p.name, p.active, p.created_at,
       array(select role from principal_role r where r.principal_id = p.id order by role),
       array(select account_id from principal_account a where a.principal_id = p.id order by account_id)
from principal p where p.login > %(after)s order by p.login limit %(limit)s
"""
_MANDATE_ROWS = """
select m.id, p.login, p.name, m.account_id, m.actions, m.order_max, m.currency, m.valid_from, m.valid_to, m.revoked_at
from mandate m join principal p on p.id = m.principal_id
where (%(accounts)s::uuid[] is null or m.account_id = any(%(accounts)s)) and m.id > %(after)s
order by m.id limit %(limit)s
"""


def keys_of(reader: Reader, principal_id: UUID, *, limit: int = PAGE) -> list[KeyRow]:
    """A principal's keys, newest first."""
    return [KeyRow(*row) for row in reader.rows(_KEYS, {"principal": principal_id, "limit": limit})]


def principals_after(reader: Reader, login: str = "", *, limit: int = PAGE) -> list[PrincipalRow]:
    """A page of principals by login."""
    return [PrincipalRow(*row) for row in reader.rows(_PRINCIPALS, {"after": login, "limit": limit})]


def principals_known(reader: Reader, ids: Collection[UUID]) -> set[UUID]:
    """Those of the ids that are principals."""
    return {row[0] for row in reader.rows("select id from principal where id = any(%s)", [list(ids)])}


def mandates_after(
    reader: Reader, after: UUID, *, accounts: Collection[UUID] | None, limit: int = PAGE
) -> list[MandateRow]:
    """A page of mandates that were given by these accounts (None: all), oldest first."""
    visible = None if accounts is None else sorted(accounts)
    rows = reader.rows(_MANDATE_ROWS, {"accounts": visible, "after": after, "limit": limit})
    return [MandateRow(*row) for row in rows]


def accounts_by_code(reader: Reader, codes: Collection[str]) -> dict[str, UUID]:
    """Ids of those of the accounts that exist."""
    return {row[0]: row[1] for row in reader.rows("select code, id from account where code = any(%s)", [list(codes)])}


def account_seen(reader: Reader, account_id: UUID) -> UUID | None:
    """The id again where there is such an account and the reader may see it."""
    found: UUID | None = reader.value("select id from account where id = %s", [account_id])
    return found


def accounts_seen(reader: Reader, *, limit: int = PAGE) -> list[tuple[UUID, str, str]]:
    """(id, code, name) of the accounts the reader sees; run it under the buyer role."""
    return [(row[0], row[1], row[2]) for row in reader.rows(
        "select id, code, name from account order by code limit %s", [limit])]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Worker:
    """Somebody of the house who does tasks."""

    id: UUID
    roles: frozenset[str]


_WORKERS = """
select p.id, array_agg(r.role) from principal p join principal_role r on r.principal_id = p.id
where p.active and p.kind = 'staff' and r.role = any(%(roles)s::text[]) group by p.id order by p.id limit 1000
"""


def workers_with(reader: Reader, roles: Collection[str]) -> list[Worker]:
    """The active people of the house who hold any of these roles, with those of them they hold; a thousand at most."""
    return [Worker(row[0], frozenset(row[1])) for row in reader.rows(_WORKERS, {"roles": sorted(roles)})]


_LOGINS = "select id, login, name from principal where id = any(%(ids)s::uuid[])"


def logins_of(reader: Reader, ids: Collection[UUID]) -> dict[UUID, tuple[str, str]]:
    """Login and name of principals."""
    return {row[0]: (row[1], row[2]) for row in reader.rows(_LOGINS, {"ids": sorted(ids)})} if ids else {}
