"""Passwords and sessions. Failed logins are facts of the log, and counting them there is their bound."""

import secrets
import threading
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from tradewind.access import events
from tradewind.access.decide import Attempt, seconds_to_wait
from tradewind.access.errors import WRONG_LOGIN, too_many_attempts
from tradewind.access.queries import Known, attempts_from, attempts_on, hash_of, known_login
from tradewind.kernel.problem import Problem, Refused
from tradewind.kernel.tx import Actor, Database, Reader, Tx

SESSION_HOURS = 12
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 << 10, parallelism=1)  # OWASP's second choice: 19 MiB each
_UNKNOWN = _HASHER.hash(secrets.token_urlsafe(32))  # what a login that does not exist is compared with
_AT_ONCE = threading.BoundedSemaphore(2)  # bounds the memory that passwords take
_INSERT_SESSION = """
insert into session (token_hash, principal_id, created_at, expires_at) values (%(hash)s, %(principal)s, %(now)s, %(until)s)
"""
_END_SESSION = "update session set revoked_at = %(now)s where token_hash = %(hash)s and revoked_at is null"
_STILL = "select id from principal where id = %(id)s and password_hash = %(hash)s and active for no key update"
_REHASH = "update principal set password_hash = %(new)s where id = %(id)s and password_hash = %(old)s"


@dataclass(frozen=True, slots=True)
class Session:
    """A new session. `token` goes to the browser as a cookie, or to a program as a bearer token."""

    principal_id: UUID
    expires_at: datetime
    token: str = field(repr=False)


def hash_password(password: str) -> str:
    """argon2id of a password; takes about 20 ms and 19 MiB."""
    with _AT_ONCE:
        return _HASHER.hash(password)


def verify_password(password_hash: str | None, password: str) -> bool:
    """Whether the password is the one. Without a hash the same work is done, so that time tells nothing."""
    with _AT_ONCE:
        try:
            return _HASHER.verify(password_hash or _UNKNOWN, password) and password_hash is not None
        except (VerificationError, InvalidHashError):
            return False


def login(
    database: Database, login_name: str, password: str, *, address: str, correlation: UUID | None = None
) -> Session:
    """A session for a right login and password. `Refused`: wrong, or too many failed attempts (with `retry_after`)."""
    typed = login_name.strip().lower()
    subject, origin = _id_of("login", typed), _id_of("address", address)
    known = database.read(lambda reader: _look(reader, typed, subject, origin))
    if isinstance(known, Problem):
        raise Refused([known])
    right = verify_password(known.password_hash, password)
    better = None
    if right and known.password_hash and _HASHER.check_needs_rehash(known.password_hash):
        better = hash_password(password)
    actor = Actor(known.principal_id if right else None, known.name, "web", correlation=correlation)
    outcome = database.write(
        lambda tx: _settle(tx, known, right=right, better=better, subject=subject, origin=origin), actor=actor
    )
    if isinstance(outcome, Problem):
        raise Refused([outcome])
    return outcome


def _look(reader: Reader, typed: str, subject: UUID, origin: UUID) -> Known | Problem:
    if problem := _bound(reader, subject, origin):
        return problem
    return known_login(reader, typed)


def _bound(reader: Reader, subject: UUID, origin: UUID) -> Problem | None:
    on_login: list[Attempt] = attempts_on(reader, subject)
    wait = seconds_to_wait(on_login, attempts_from(reader, origin), origin=origin, now=reader.now)
    return too_many_attempts(wait) if wait else None


def _settle(tx: Tx, known: Known, *, right: bool, better: str | None, subject: UUID, origin: UUID) -> Session | Problem:
    # attempts on one login take turns, so that many at once cannot pass the bound together
    tx.run("select pg_advisory_xact_lock(%s)", [int.from_bytes(subject.bytes[:8], signed=True)])
    if problem := _bound(tx, subject, origin):
        return problem
    if right:
        right = tx.row(_STILL, {"id": known.principal_id, "hash": known.password_hash}) is not None
    if not right or known.principal_id is None:
        tx.emit(events.of_attempt(events.LOGIN_FAILED, subject, origin, {"origin": str(origin)}))
        return WRONG_LOGIN
    if better:
        tx.run(_REHASH, {"id": known.principal_id, "old": known.password_hash, "new": better})
    payload = {"origin": str(origin), "principal": str(known.principal_id)}
    tx.emit(events.of_attempt(events.LOGIN_SUCCEEDED, subject, origin, payload))
    return start_session(tx, known.principal_id)


def start_session(tx: Tx, principal_id: UUID) -> Session:
    """A session of a principal whose identity is proven."""
    session = Session(principal_id, tx.now + timedelta(hours=SESSION_HOURS), f"tws_{secrets.token_urlsafe(32)}")
    tx.run(_INSERT_SESSION, {"hash": hash_of(session.token), "principal": principal_id, "now": tx.now,
                             "until": session.expires_at})  # fmt: skip
    return session


def end_session(tx: Tx, token_hash: bytes) -> bool:
    """Whether this ended a session that was alive."""
    ended = tx.run(_END_SESSION, {"now": tx.now, "hash": token_hash}) == 1
    if ended and tx.actor.principal_id is not None:
        event = events.of_principal(events.SESSION_ENDED, tx.actor.principal_id, {})
        # a principal may end two sessions at once: the fact's subject is the session
        tx.emit(replace(event, subject_type="session", subject_id=UUID(bytes=token_hash[:16]),
                        objects=(("principal", tx.actor.principal_id, "holder"),)))  # fmt: skip
    return ended


def _id_of(kind: str, text: str) -> UUID:
    """A stable id for something that has none of its own."""
    return UUID(bytes=sha256(f"{kind}:{text}".encode()).digest()[:16])
