"""Reads of requests, of the approvals given for them, and of who ordered what they are about."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tradewind.approvals.decide import tier_from_json
from tradewind.approvals.model import Flow, Request, RequiredTier, Vote
from tradewind.kernel.limits import PAGE
from tradewind.kernel.tx import Reader

MOST_REQUESTS = 50  # of one order that are looked back at
_COLUMNS = """r.id, r.order_id, r.account_id, r.request_no, r.content_hash, r.status, r.tiers, r.snapshot, r.on_expiry, r.pending,
  r.opened_at, r.remind_at, r.escalate_at, r.expires_at, r.ended_at, r.ended_reason"""
_REQUESTS = f"""
select {_COLUMNS} from unnest(%(orders)s::uuid[]) as w(id)
cross join lateral (select * from approval_request q where q.order_id = w.id order by q.request_no desc limit %(most)s) r
order by r.order_id, r.request_no
"""  # noqa: S608 - columns are ours
_VOTES = """
select a.request_id, a.id, a.decided_by, coalesce(a.on_behalf_of, a.decided_by), a.tiers, a.cap, a.carried_from
from unnest(%(orders)s::uuid[]) as w(id) join approval a on a.order_id = w.id
where a.request_id is not null and a.decision = 'approved' order by a.decided_at, a.id
"""
_WAITING = f"""
select {_COLUMNS} from approval_request r
where r.status = 'waiting' and (r.opened_at, r.id) > (%(after_at)s, %(after)s)
  and (r.waiting_roles && %(roles)s::text[] or r.waiting_people && %(people)s::uuid[])
  and (%(accounts)s::uuid[] is null or r.account_id = any(%(accounts)s::uuid[]))
order by r.opened_at, r.id limit %(limit)s
"""  # noqa: S608 - columns are ours
# Who placed it or changed it, and who gave the mandates under which agents did.
_REQUESTERS = """
select e.subject_id, e.actor_id, m.granted_by from unnest(%(orders)s::uuid[]) as w(id)
join event e on e.subject_id = w.id and (e.subject_seq = 1 or e.type = 'order.changed')
left join mandate m on m.id = e.mandate_id
"""
_HISTORY = """
select a.id, a.request_id, a.decision, a.decided_by, p.name, a.on_behalf_of, v.name, a.reason, a.decided_at, a.tiers, a.carried_from,
  encode(a.content_hash, 'hex')
from unnest(%(orders)s::uuid[]) as w(id) join approval a on a.order_id = w.id
left join principal p on p.id = a.decided_by left join principal v on v.id = a.on_behalf_of
order by a.decided_at, a.id limit %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Said:
    """A decision, question or answer about an order, as it was given."""

    id: UUID
    request_id: UUID | None
    decision: str
    person: UUID
    name: str | None
    on_behalf_of: UUID | None
    behalf_name: str | None
    reason: str
    at: datetime
    tiers: list[int]
    carried_from: UUID | None
    hash: str


def flows_of(reader: Reader, orders: Sequence[UUID]) -> dict[UUID, Flow]:
    """The newest request of each order, with the approvals given for it and the earlier ones that a change may carry on.

    What a restart or an expiry ended is not carried on.
    """
    if not orders:
        return {}
    requests: dict[UUID, list[Request]] = {}
    for row in reader.rows(_REQUESTS, {"orders": list(orders), "most": MOST_REQUESTS}):
        requests.setdefault(row[1], []).append(_request(row))
    if not requests:
        return {}
    votes: dict[UUID, list[Vote]] = {}
    for row in reader.rows(_VOTES, {"orders": list(requests)}):
        votes.setdefault(row[0], []).append(Vote(row[1], row[2], row[3], frozenset(row[4]), row[5], row[6]))
    return {order_id: _flow(found, votes) for order_id, found in requests.items()}


def _flow(requests: Sequence[Request], votes: dict[UUID, list[Vote]]) -> Flow:
    given: list[tuple[RequiredTier, Vote]] = []
    for one in requests:
        if one.status == "expired" or (one.status in ("void", "rejected") and one.ended_reason != "changed"):
            given.clear()
            continue
        tiers = {tier.no: tier for tier in one.tiers}
        given += [(tiers[no], vote) for vote in votes.get(one.id, ()) for no in sorted(vote.tiers) if no in tiers]
    return Flow(requests[-1], tuple(votes.get(requests[-1].id, ())), tuple(given), tuple(requests[:-1]))


def waiting_for(
    reader: Reader,
    *,
    roles: Collection[str],
    people: Collection[UUID],
    accounts: Collection[UUID] | None,
    after: tuple[datetime, UUID],
    limit: int = PAGE,
) -> list[Request]:
    """Requests that wait for holders of these roles or these people, about these accounts (None: all), oldest first."""
    params = {
        "roles": list(roles),
        "people": list(people),
        "accounts": None if accounts is None else list(accounts),
        "after_at": after[0],
        "after": after[1],
        "limit": limit,
    }
    return [_request(row) for row in reader.rows(_WAITING, params)]


def requesters_of(reader: Reader, orders: Sequence[UUID]) -> dict[UUID, set[UUID]]:
    """Who placed or changed each order, and for whom their agents did: they do not approve it."""
    found: dict[UUID, set[UUID]] = {}
    if orders:
        for order_id, *people in reader.rows(_REQUESTERS, {"orders": list(orders)}):
            found.setdefault(order_id, set()).update(one for one in people if one is not None)
    return found


def said_about(reader: Reader, orders: Sequence[UUID], *, limit: int = PAGE) -> list[Said]:
    """Everything people decided, asked and answered about orders, oldest first."""
    return [Said(*row) for row in reader.rows(_HISTORY, {"orders": list(orders), "limit": limit})]


def _request(row: tuple[Any, ...]) -> Request:
    return Request(
        row[0],
        row[1],
        row[2],
        row[3],
        bytes(row[4]),
        row[5],
        tuple(tier_from_json(one) for one in row[6]),
        row[7],
        *row[8:16],
    )


_FIRST = """
select w.account_id from unnest(%(accounts)s::uuid[], %(orders)s::uuid[]) as w(account_id, order_id)
where exists (select from sales_order o where o.account_id = w.account_id and o.id <> w.order_id and o.status <> 'cancelled')
"""
_CATEGORIES = "select p.id, p.category from unnest(%(ids)s::uuid[]) as w(id) join product p on p.id = w.id"


def accounts_that_ordered(reader: Reader, pairs: Collection[tuple[UUID, UUID]]) -> set[UUID]:
    """Of (account, order) pairs the accounts that have another order."""
    params = {"accounts": [account for account, _ in pairs], "orders": [order for _, order in pairs]}
    return {row[0] for row in reader.rows(_FIRST, params)}


def categories_of(reader: Reader, products: Collection[UUID]) -> dict[UUID, str | None]:
    """The category of each product."""
    return dict(reader.rows(_CATEGORIES, {"ids": list(products)}))


def order_of(reader: Reader, name: str) -> tuple[UUID, UUID] | None:
    """(order, account) by number, as far as the reader may see it."""
    row = reader.row("select id, account_id from sales_order where number = %s", [name])
    return None if row is None else (row[0], row[1])
