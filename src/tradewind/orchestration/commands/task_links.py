"""Links to one task for one person: made, looked at, used once. Only the hash of the secret is kept."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from tradewind.kernel.tx import Reader, Tx, dumps
from tradewind.orchestration import events
from tradewind.orchestration.commands.tasks import Task

_INSERT = """
insert into task_link (id, task_id, principal_id, token_hash, created_at, created_by, expires_at)
values (%(id)s, %(task)s, %(person)s, %(hash)s, %(now)s, %(by)s, %(expires)s)
"""
_FIND = """
select id, task_id, principal_id, created_by, expires_at, used_at, revoked_at, picture from task_link where token_hash = %(hash)s
"""
_LOOKED = "update task_link set looked_at = %(now)s, picture = %(picture)s::jsonb where id = %(id)s and used_at is null"
_USE = """
update task_link set used_at = %(now)s
where id = %(id)s and used_at is null and revoked_at is null and expires_at > %(now)s returning id
"""
_REVOKE = """
update task_link set revoked_at = %(now)s where task_id = %(task)s and used_at is null and revoked_at is null
  and (%(person)s::uuid is null or principal_id = %(person)s)
"""


@dataclass(frozen=True, slots=True)
class Link:
    """A link as it stands. `created_by`: who made it, and so has seen its secret; `picture`: what it last showed."""

    id: UUID
    task_id: UUID
    principal_id: UUID
    created_by: UUID | None
    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None
    picture: dict[str, Any] | None

    def over(self, now: datetime) -> str:
        """Why it cannot be used any more; empty while it can."""
        if self.used_at is not None:
            return "The link was used."
        if self.revoked_at is not None:
            return "The link was taken back."
        return "The link is too old." if self.expires_at <= now else ""


@dataclass(frozen=True, slots=True)
class MadeLink:
    """A new link. `token` is shown once and kept nowhere."""

    id: UUID
    expires_at: datetime
    token: str = field(repr=False)


def make_link(tx: Tx, task: Task, person: UUID, *, expires_at: datetime, hash_of: Callable[[str], bytes]) -> MadeLink:
    """A link with 256 random bits that lets `person` do `task` once until it expires."""
    made = MadeLink(tx.ids.new(), expires_at, secrets.token_urlsafe(32))
    tx.run(_INSERT, {"id": made.id, "task": task.id, "person": person, "hash": hash_of(made.token), "now": tx.now,
                     "by": tx.actor.principal_id, "expires": expires_at})  # fmt: skip
    tx.emit(events.task_link_made(task.id, link=made.id, name=task.name, subject=(task.subject_type, task.subject_id),
                                  account_id=task.account_id, person=person, expires_at=expires_at))  # fmt: skip
    return made


def link_by(reader: Reader, token_hash: bytes) -> Link | None:
    """The link with this secret."""
    rows = reader.rows(_FIND, {"hash": token_hash})
    return Link(*rows[0]) if rows else None


def note_looked(tx: Tx, link: Link, picture: dict[str, Any]) -> None:
    """Keep what the link showed, so that a change since can be told."""
    tx.run(_LOOKED, {"id": link.id, "now": tx.now, "picture": dumps(picture)})


def use_link(tx: Tx, link: Link) -> bool:
    """Whether it could still be used, and now is: of two clicks at once one is told no."""
    return bool(tx.rows(_USE, {"id": link.id, "now": tx.now}))


def revoke_links(tx: Tx, task_id: UUID, person: UUID | None = None) -> int:
    """Take back unused links to a task (of one person)."""
    return tx.run(_REVOKE, {"task": task_id, "person": person, "now": tx.now})
