"""Reads of access. `authenticate_many` is one statement for a whole batch of credentials."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from decimal import Decimal
from hashlib import sha256
from typing import Any
from uuid import UUID

from tradewind.access.model import Caller, Kind, Mandate, Principal
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


def acting_for(caller: Caller, account_id: UUID) -> Caller:
    """The caller with the one account it acts for named."""
    return replace(caller, on_behalf_of=account_id)
