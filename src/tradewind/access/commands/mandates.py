"""Mandates: what a company lets an agent do in its name."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from tradewind.access import events
from tradewind.access.decide import check_mandate
from tradewind.access.errors import UNKNOWN_AGENT
from tradewind.access.model import Kind
from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Tx

_AGENTS = "select login, id from principal where login = any(%(logins)s) and kind = %(kind)s and active"
_INSERT = """
insert into mandate (id, principal_id, account_id, actions, order_max, currency, valid_from, valid_to, granted_by)
select u.id, u.principal_id, u.account_id, string_to_array(u.actions, ' '), u.order_max, u.currency, u.valid_from,
       u.valid_to, %(by)s
from unnest(%(ids)s::uuid[], %(principals)s::uuid[], %(accounts)s::uuid[], %(actions)s::text[], %(caps)s::numeric[],
            %(currencies)s::text[], %(from)s::timestamptz[], %(to)s::timestamptz[])
     as u(id, principal_id, account_id, actions, order_max, currency, valid_from, valid_to)
"""
_REVOKE = """
update mandate set revoked_at = %(now)s
where id = any(%(ids)s) and revoked_at is null and (%(accounts)s::uuid[] is null or account_id = any(%(accounts)s))
returning id, principal_id, account_id
"""


@dataclass(frozen=True, slots=True)
class NewMandate:
    """A mandate to grant to the agent with this login. `order_max` needs its currency; `valid_from` None is now."""

    agent: str
    account_id: UUID
    actions: frozenset[str]
    order_max: Decimal | None = None
    currency: str | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None


def grant_mandates(tx: Tx, wanted: Sequence[NewMandate], *, granted_by: UUID) -> list[UUID | Problem]:
    """Each mandate's id or what is wrong with it. Whether the granter may do so is checked by the caller."""
    agents: dict[str, UUID] = dict(
        tx.rows(_AGENTS, {"logins": [new.agent.lower() for new in wanted], "kind": str(Kind.AGENT)})
    )
    answers: list[UUID | Problem] = []
    good: list[tuple[UUID, NewMandate]] = []
    for new in wanted:
        problem = check_mandate(new.actions, new.order_max, new.currency, new.valid_from or tx.now, new.valid_to)
        if problem is None and new.agent.lower() not in agents:
            problem = UNKNOWN_AGENT
        made = tx.ids.new()
        answers.append(problem or made)
        if problem is None:
            good.append((made, new))
    if good:
        tx.run(_INSERT, {
            "by": granted_by, "ids": [made for made, _ in good],
            "principals": [agents[new.agent.lower()] for _, new in good],
            "accounts": [new.account_id for _, new in good],
            "actions": [" ".join(sorted(new.actions)) for _, new in good], "caps": [new.order_max for _, new in good],
            "currencies": [new.currency for _, new in good], "from": [new.valid_from or tx.now for _, new in good],
            "to": [new.valid_to for _, new in good],
        })  # fmt: skip
    for made, new in good:
        payload = {"actions": sorted(new.actions), "order_max": new.order_max, "currency": new.currency,
                   "valid_to": new.valid_to}  # fmt: skip
        agent_id = agents[new.agent.lower()]
        tx.emit(events.of_mandate(events.MANDATE_GRANTED, made, agent_id, new.account_id, payload))
    return answers


def revoke_mandates(tx: Tx, mandate_ids: Sequence[UUID], *, accounts: Collection[UUID] | None) -> list[UUID]:
    """The mandates that this revoked, only those of `accounts` (None: any); nothing is done under them any more."""
    visible = None if accounts is None else sorted(accounts)
    rows = tx.rows(_REVOKE, {"now": tx.now, "ids": sorted(set(mandate_ids)), "accounts": visible})
    for mandate_id, agent_id, account_id in rows:
        tx.emit(events.of_mandate(events.MANDATE_REVOKED, mandate_id, agent_id, account_id, {}))
    return [row[0] for row in rows]
