"""Facts of access for the log. Payloads never hold a secret, a hash or a password."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from tradewind.kernel.tx import Event

PRINCIPAL_CREATED = "principal.created"
PRINCIPAL_CHANGED = "principal.changed"
KEY_CREATED = "key.created"
KEY_REVOKED = "key.revoked"
LOGIN_FAILED = "login.failed"
LOGIN_SUCCEEDED = "login.succeeded"
SESSION_ENDED = "session.ended"
MANDATE_GRANTED = "mandate.granted"
MANDATE_REVOKED = "mandate.revoked"
ACCESS_REFUSED = "access.refused"


def of_principal(kind: str, principal_id: UUID, payload: Mapping[str, Any]) -> Event:
    """A fact whose subject is a principal."""
    return Event(kind, "principal", principal_id, dict(payload))


def of_key(kind: str, key_id: UUID, principal_id: UUID, payload: Mapping[str, Any]) -> Event:
    """A fact about an API key of a principal."""
    return Event(kind, "api_key", key_id, dict(payload), objects=(("principal", principal_id, "holder"),))


def of_mandate(kind: str, mandate_id: UUID, principal_id: UUID, account_id: UUID, payload: Mapping[str, Any]) -> Event:
    """A fact about a mandate; the account's buyers see it in the log."""
    objects = (("principal", principal_id, "agent"), ("account", account_id, "grantor"))
    return Event(kind, "mandate", mandate_id, dict(payload), account_id=account_id, objects=objects)


def of_attempt(kind: str, attempt_id: UUID, address_id: UUID, payload: Mapping[str, Any]) -> Event:
    """A login attempt; its subject stands for the login that was typed, so that attempts can be counted."""
    return Event(kind, "login", attempt_id, dict(payload), objects=(("address", address_id, "from"),))


def of_refusal(refusal_id: UUID, principal_id: UUID, payload: Mapping[str, Any]) -> Event:
    """A caller was refused something, or asked for what it may not see."""
    return Event(ACCESS_REFUSED, "refusal", refusal_id, dict(payload), objects=(("principal", principal_id, "caller"),))
