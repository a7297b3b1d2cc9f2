"""Principals: created, granted roles and accounts, switched off. Never deleted."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from tradewind.access import events
from tradewind.access.decide import check_principal
from tradewind.access.errors import LOGIN_TAKEN, NOT_FOUND, UNKNOWN_ACCOUNT
from tradewind.access.model import Kind
from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Tx

_INSERT = """
insert into principal (id, kind, login, name, password_hash, created_at)
select u.id, u.kind, u.login, u.name, u.password_hash, %(now)s
from unnest(%(ids)s::uuid[], %(kinds)s::text[], %(logins)s::text[], %(names)s::text[], %(hashes)s::text[])
     as u(id, kind, login, name, password_hash)
on conflict (login) do nothing returning id
"""
_LOCK = "select id, kind, login, name from principal where id = any(%(ids)s) order by id for no key update"
_ADD_ROLES = """
insert into principal_role (principal_id, role)
select * from unnest(%(principals)s::uuid[], %(roles)s::text[]) on conflict do nothing
"""
_ADD_ACCOUNTS = """
insert into principal_account (principal_id, account_id, granted_at)
select u.principal_id, u.account_id, %(now)s
from unnest(%(principals)s::uuid[], %(accounts)s::uuid[]) as u(principal_id, account_id) on conflict do nothing
"""
_DROP_ROLES = """
delete from principal_role r using unnest(%(targets)s::uuid[]) as t(id)
where r.principal_id = t.id and not exists (
  select from unnest(%(principals)s::uuid[], %(roles)s::text[]) as k(id, role) where k.id = t.id and k.role = r.role)
"""
_DROP_ACCOUNTS = """
delete from principal_account a using unnest(%(targets)s::uuid[]) as t(id)
where a.principal_id = t.id and not exists (
  select from unnest(%(principals)s::uuid[], %(accounts)s::uuid[]) as k(id, account)
  where k.id = t.id and k.account = a.account_id)
"""
_SET = """
update principal p set active = coalesce(u.active, p.active), password_hash = coalesce(u.password_hash, p.password_hash)
from unnest(%(ids)s::uuid[], %(actives)s::boolean[], %(hashes)s::text[]) as u(id, active, password_hash) where p.id = u.id
"""
_END_SESSIONS = """
update session set revoked_at = %(now)s where principal_id = any(%(ids)s) and revoked_at is null
"""


@dataclass(frozen=True, slots=True)
class NewPrincipal:
    """A principal to make. `account_ids` are tops of company trees (buyers only); the login is kept in lower case."""

    kind: Kind
    login: str
    name: str
    roles: frozenset[str]
    account_ids: frozenset[UUID] = frozenset()
    password_hash: str | None = None


@dataclass(frozen=True, slots=True)
class PrincipalChange:
    """What becomes of a principal; None leaves it. A new password or switching off ends its sessions."""

    principal_id: UUID
    roles: frozenset[str] | None = None
    account_ids: frozenset[UUID] | None = None
    active: bool | None = None
    password_hash: str | None = None


def create_principals(tx: Tx, wanted: Sequence[NewPrincipal]) -> list[UUID | Problem]:
    """Each principal's id or what is wrong with it, in the order given."""
    known = _known_accounts(tx, {account for new in wanted for account in new.account_ids})
    answers: list[UUID | Problem] = []
    good: list[tuple[int, UUID, NewPrincipal]] = []
    for new in wanted:
        problem = check_principal(new.kind, new.login, new.name, new.roles, new.account_ids)
        if problem is None and not new.account_ids <= known:
            problem = UNKNOWN_ACCOUNT
        made = tx.ids.new()
        answers.append(problem or made)
        if problem is None:
            good.append((len(answers) - 1, made, new))
    made_ids = _insert(tx, good)
    kept = [(made, new) for _, made, new in good if made in made_ids]
    for place, made, _ in good:
        if made not in made_ids:
            answers[place] = LOGIN_TAKEN
    _add_roles(tx, [(made, role) for made, new in kept for role in sorted(new.roles)])
    _add_accounts(tx, [(made, account) for made, new in kept for account in sorted(new.account_ids)])
    for made, new in kept:
        payload = {"kind": new.kind, "login": new.login.lower(), "roles": sorted(new.roles),
                   "accounts": sorted(map(str, new.account_ids))}  # fmt: skip
        tx.emit(events.of_principal(events.PRINCIPAL_CREATED, made, payload))
    return answers


def change_principals(tx: Tx, changes: Sequence[PrincipalChange]) -> list[Problem | None]:
    """What is wrong with each change, or None where it was made; takes effect at the next call of the principal."""
    found = {row[0]: row for row in tx.rows(_LOCK, {"ids": sorted({change.principal_id for change in changes})})}
    known = _known_accounts(tx, {account for change in changes for account in change.account_ids or ()})
    answers: list[Problem | None] = []
    good: list[PrincipalChange] = []
    for change in changes:
        problem: Problem | None = NOT_FOUND
        if row := found.get(change.principal_id):
            accounts = change.account_ids or frozenset()
            problem = check_principal(Kind(row[1]), row[2], row[3], change.roles, accounts)
            if problem is None and not accounts <= known:
                problem = UNKNOWN_ACCOUNT
        answers.append(problem)
        if problem is None:
            good.append(change)
    _apply(tx, good)
    return answers


def _apply(tx: Tx, changes: list[PrincipalChange]) -> None:
    roles = [(change.principal_id, role) for change in changes for role in sorted(change.roles or ())]
    accounts = [(change.principal_id, account) for change in changes for account in sorted(change.account_ids or ())]
    if targets := [change.principal_id for change in changes if change.roles is not None]:
        tx.run(_DROP_ROLES, {"targets": targets, "principals": [p for p, _ in roles], "roles": [r for _, r in roles]})
    if targets := [change.principal_id for change in changes if change.account_ids is not None]:
        pairs = {"principals": [p for p, _ in accounts], "accounts": [a for _, a in accounts]}
        tx.run(_DROP_ACCOUNTS, {"targets": targets, **pairs})
    _add_roles(tx, roles)
    _add_accounts(tx, accounts)
    tx.run(_SET, {"ids": [change.principal_id for change in changes],
                  "actives": [change.active for change in changes],
                  "hashes": [change.password_hash for change in changes]})  # fmt: skip
    ended = [change.principal_id for change in changes if change.active is False or change.password_hash is not None]
    if ended:
        tx.run(_END_SESSIONS, {"now": tx.now, "ids": ended})
    for change in changes:
        payload = {
            "roles": None if change.roles is None else sorted(change.roles),
            "accounts": None if change.account_ids is None else sorted(map(str, change.account_ids)),
            "active": change.active,
            "password_changed": change.password_hash is not None,
        }
        tx.emit(events.of_principal(events.PRINCIPAL_CHANGED, change.principal_id, payload))


def _insert(tx: Tx, good: list[tuple[int, UUID, NewPrincipal]]) -> set[UUID]:
    if not good:
        return set()
    rows = tx.rows(_INSERT, {
        "now": tx.now, "ids": [made for _, made, _ in good], "kinds": [str(new.kind) for _, _, new in good],
        "logins": [new.login.lower() for _, _, new in good], "names": [new.name for _, _, new in good],
        "hashes": [new.password_hash for _, _, new in good],
    })  # fmt: skip
    return {row[0] for row in rows}


def _add_roles(tx: Tx, pairs: list[tuple[UUID, str]]) -> None:
    if pairs:
        tx.run(_ADD_ROLES, {"principals": [p for p, _ in pairs], "roles": [role for _, role in pairs]})


def _add_accounts(tx: Tx, pairs: list[tuple[UUID, UUID]]) -> None:
    if pairs:
        parameters = {"principals": [p for p, _ in pairs], "accounts": [a for _, a in pairs], "now": tx.now}
        tx.run(_ADD_ACCOUNTS, parameters)


def _known_accounts(tx: Tx, wanted: set[UUID]) -> set[UUID]:
    if not wanted:
        return set()
    return {row[0] for row in tx.rows("select id from account where id = any(%s)", [sorted(wanted)])}
