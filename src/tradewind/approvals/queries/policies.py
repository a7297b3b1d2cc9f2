"""Reads of policies. What is in force is kept between transactions under the version it was read at."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from tradewind.approvals.decide import applies, read_condition, tiers_of_policy
from tradewind.approvals.model import Condition, Policy
from tradewind.kernel.limits import PAGE
from tradewind.kernel.tx import Reader

_COLUMNS = """p.id, p.code, p.version, p.name, p.side, p.account_id, p.whole_tree, p.legal_entity_id, p.condition, p.tiers,
  p.tier_order, p.distinct_people, p.own_orders, p.currency, p.tolerance_percent, p.binds, p.expire_hours, p.remind_hours,
  p.escalate_hours, p.on_expiry, p.pending, p.status, p.valid_from, p.valid_to, p.created_by, p.created_at, p.published_by,
  p.published_at, p.calendar"""
_IN_FORCE = f"""
select {_COLUMNS} from approval_policy p where p.status = 'published' and (p.valid_to is null or p.valid_to > %(now)s)
order by p.code, p.version
"""  # noqa: S608 - columns are ours
_BY_ID = f"select {_COLUMNS} from approval_policy p where p.id = any(%(ids)s::uuid[])"  # noqa: S608 - columns are ours
_LIST = f"""
select {_COLUMNS} from approval_policy p
where (p.code, p.version) > (%(code)s, %(version)s) and (%(accounts)s::uuid[] is null or p.account_id = any(%(accounts)s::uuid[]))
  and (%(side)s::text is null or p.side = %(side)s) and (%(status)s::text is null or p.status = %(status)s)
order by p.code, p.version limit %(limit)s
"""  # noqa: S608 - columns are ours
_VERSIONS = f"""
select {_COLUMNS} from approval_policy p where p.code = any(%(codes)s::text[]) order by p.code, p.version
"""  # noqa: S608 - columns are ours
KEPT = "approvals.policies"


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """A policy as it stands in its row."""

    policy: Policy
    status: str
    created_by: UUID | None
    created_at: datetime
    published_by: UUID | None
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class Book:
    """Everything that is in force, by the account it was made for; None for the whole house."""

    epoch: int
    by_account: dict[UUID | None, list[Policy]] = field(default_factory=dict)

    def of(self, ancestors: Sequence[UUID], legal_entity_id: UUID, now: datetime) -> list[Policy]:
        """The policies of an account (`ancestors` starts with itself): the house's first, then from the account upwards."""
        found = [policy for key in (None, *ancestors) for policy in self.by_account.get(key, ())]
        return [one for one in found if applies(one, ancestors=ancestors, legal_entity_id=legal_entity_id, now=now)]


def policies_in_force(reader: Reader, epoch: int) -> Book:
    """Every published policy, compiled; read once for each version (`epoch`) of all of them."""
    kept: Book | None = reader.kept.get(KEPT)
    if kept is None or kept.epoch < epoch:
        kept = Book(epoch)
        for row in reader.rows(_IN_FORCE, {"now": reader.now}):
            policy = _policy(row)
            kept.by_account.setdefault(policy.account_id, []).append(policy)
        reader.kept[KEPT] = kept
    return kept


def policies_by_id(reader: Reader, ids: Collection[UUID]) -> dict[UUID, PolicyRow]:
    """Policies, drafts too."""
    return {row[0]: _row(row) for row in reader.rows(_BY_ID, {"ids": list(ids)})}


def policies_after(
    reader: Reader,
    *,
    accounts: Collection[UUID] | None = None,
    side: str | None = None,
    status: str | None = None,
    after: tuple[str, int] = ("", 0),
    limit: int = PAGE,
) -> list[PolicyRow]:
    """A page of policies by code and version; of these accounts (None: of all, and the house's)."""
    params = {
        "accounts": None if accounts is None else list(accounts),
        "side": side,
        "status": status,
        "code": after[0],
        "version": after[1],
        "limit": limit,
    }
    return [_row(row) for row in reader.rows(_LIST, params)]


def versions_of(reader: Reader, codes: Collection[str]) -> dict[str, list[PolicyRow]]:
    """All versions of policies, oldest first."""
    found: dict[str, list[PolicyRow]] = {}
    for row in reader.rows(_VERSIONS, {"codes": list(codes)}):
        found.setdefault(row[1], []).append(_row(row))
    return found


def entity_ids(reader: Reader, codes: Collection[str]) -> dict[str, UUID]:
    """Our legal entities by code."""
    return dict(reader.rows("select code, id from legal_entity where code = any(%s::text[])", [list(codes)]))


def _row(row: tuple[Any, ...]) -> PolicyRow:
    return PolicyRow(_policy(row), row[21], *row[24:28])


def _policy(row: tuple[Any, ...]) -> Policy:
    condition = read_condition(row[8])
    assert isinstance(condition, Condition), condition  # it was read before it was kept
    return Policy(
        id=row[0],
        code=row[1],
        version=row[2],
        name=row[3],
        side=row[4],
        condition=condition,
        tiers=tiers_of_policy(row[9]),
        account_id=row[5],
        whole_tree=row[6],
        legal_entity_id=row[7],
        in_sequence=row[10] == "sequence",
        distinct_people=row[11],
        own_orders=row[12],
        currency=row[13],
        tolerance=row[14],
        binds=tuple(row[15]),
        expire_hours=row[16],
        remind_hours=row[17],
        escalate_hours=row[18],
        on_expiry=row[19],
        pending=row[20],
        valid_from=row[22],
        valid_to=row[23],
        calendar=row[28],
    )
