"""Reads of the people who may decide, and of who stands in for whom."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tradewind.approvals.model import LONGEST_CHAIN, Delegation, Person
from tradewind.kernel.limits import PAGE
from tradewind.kernel.tx import Reader

MOST_PEOPLE = 2_000  # of the seats of one batch
_PEOPLE = """
select p.id, p.login, p.name, p.kind, p.active, array(select r.role from principal_role r where r.principal_id = p.id),
  case when p.kind = 'buyer' then array(
    select c.account_id from principal_account a join account_closure c on c.ancestor_id = a.account_id
    where a.principal_id = p.id and c.account_id = any(%(accounts)s::uuid[])) end
from principal p
where p.kind in ('staff', 'buyer', 'system') and (p.id = any(%(ids)s::uuid[]) or p.login = any(%(logins)s::text[])
  or (p.active and exists (select from principal_role r where r.principal_id = p.id and r.role = any(%(roles)s::text[]))))
order by p.id limit %(limit)s
"""
_COLUMNS = "d.id, d.principal_id, d.delegate_id, d.valid_from, d.valid_to, d.cap, d.currency, d.order_id"
_TO = f"""
with recursive given as (
  select {_COLUMNS}, 1 as depth from approval_delegation d
  where d.delegate_id = any(%(takers)s::uuid[]) and d.revoked_at is null and d.valid_from <= %(now)s and d.valid_to > %(now)s
  union
  select {_COLUMNS}, g.depth + 1 from given g join approval_delegation d on d.delegate_id = g.principal_id
  where g.depth < %(most)s and d.revoked_at is null and d.valid_from <= %(now)s and d.valid_to > %(now)s
)
select distinct {_COLUMNS.replace("d.", "g.")} from given g
"""  # noqa: S608 - columns are ours
_AROUND = f"""
select {_COLUMNS} from approval_delegation d where d.revoked_at is null and d.valid_to > %(now)s limit %(limit)s
"""  # noqa: S608 - columns are ours
_OF = """
select d.id, g.login, t.login, d.order_id, o.number, d.cap, d.currency, d.valid_from, d.valid_to, d.reason, d.revoked_at,
  d.principal_id, d.delegate_id
from approval_delegation d join principal g on g.id = d.principal_id join principal t on t.id = d.delegate_id
left join sales_order o on o.id = d.order_id
where (%(person)s::uuid is null or %(person)s in (d.principal_id, d.delegate_id)) and d.id > %(after)s
  and (%(ids)s::uuid[] is null or d.id = any(%(ids)s::uuid[]))
order by d.id limit %(limit)s
"""
MOST_DELEGATIONS = 20_000  # in force or to come, of the whole house


@dataclass(frozen=True, slots=True)
class Someone:
    """A person with what they may see of the accounts that were asked about; None: all of them."""

    id: UUID
    login: str
    name: str
    kind: str
    active: bool
    roles: frozenset[str]
    accounts: frozenset[UUID] | None

    def at(self, account_id: UUID) -> Person:
        """This person as somebody who may decide about an account."""
        sees = self.accounts is None or account_id in self.accounts
        return Person(self.id, self.name, self.roles, self.active, sees)


@dataclass(frozen=True, slots=True)
class DelegationRow:
    """A delegation as it is shown."""

    id: UUID
    giver: str
    taker: str
    order_id: UUID | None
    order: str | None
    cap: object
    currency: str | None
    valid_from: datetime
    valid_to: datetime
    reason: str
    revoked_at: datetime | None
    giver_id: UUID
    taker_id: UUID


def people(
    reader: Reader,
    *,
    accounts: Iterable[UUID],
    ids: Iterable[UUID] = (),
    roles: Iterable[str] = (),
    logins: Iterable[str] = (),
) -> dict[UUID, Someone]:
    """People by id or login, and the active ones who hold any of these roles."""
    params = {
        "accounts": sorted(set(accounts)),
        "ids": sorted(set(ids)),
        "roles": sorted(set(roles)),
        "logins": sorted(set(logins)),
        "limit": MOST_PEOPLE,
    }
    return {
        row[0]: Someone(
            row[0], row[1], row[2], row[3], row[4], frozenset(row[5]), None if row[6] is None else frozenset(row[6])
        )
        for row in reader.rows(_PEOPLE, params)
    }


def delegations_to(reader: Reader, takers: Collection[UUID]) -> list[Delegation]:
    """The delegations in force that lead to these people, with those that lead to their givers."""
    params = {"takers": list(takers), "now": reader.now, "most": LONGEST_CHAIN}
    return [Delegation(*row) for row in reader.rows(_TO, params)]


def delegations_ahead(reader: Reader) -> list[Delegation]:
    """Every delegation in force or to come."""
    return [Delegation(*row) for row in reader.rows(_AROUND, {"now": reader.now, "limit": MOST_DELEGATIONS})]


def delegations_of(
    reader: Reader,
    person: UUID | None,
    *,
    after: UUID | None = None,
    ids: Collection[UUID] | None = None,
    limit: int = PAGE,
) -> list[DelegationRow]:
    """The delegations somebody gave or was given (None: everybody's), oldest first."""
    params = {
        "person": person,
        "after": after or UUID(int=0),
        "ids": None if ids is None else list(ids),
        "limit": limit,
    }
    return [DelegationRow(*row) for row in reader.rows(_OF, params)]
