"""Reads of trading partners and of what they call our things."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tradewind.channels.decide.partners.separators import read_separators
from tradewind.channels.decide.x12.maps import PartnerMap, map_from_json
from tradewind.channels.decide.x12.model import PartnerId, Separators
from tradewind.channels.edi.model import Partner
from tradewind.kernel.tx import Reader

_COLUMNS = """p.id, p.code, p.name, p.our_qualifier, p.our_id, p.their_qualifier, p.their_id, p.account_id, a.code, p.sandbox_account_id,
  s.code, p.in_test, p.our_group_id, p.their_group_id, p.version, p.separators, p.mapping, p.wants_997, p.sends, p.answer_minutes,
  p.ack_minutes, p.send_by, p.send_to"""
_FROM = f"""
select {_COLUMNS} from trading_partner p left join account a on a.id = p.account_id
left join account s on s.id = p.sandbox_account_id
"""  # noqa: S608 - columns are ours
_ALL = f"{_FROM} where p.closed_at is null and p.code > %(after)s order by p.code limit %(limit)s"
_BY_CODE = f"{_FROM} where p.code = %(code)s and p.closed_at is null"
_BY_ID = f"{_FROM} where p.id = any(%(ids)s::uuid[])"
_BY_DOOR = f"{_FROM} where p.door_hash = %(hash)s and p.closed_at is null"
_BY_IDS = f"""{_FROM} where p.closed_at is null and p.their_id = %(their_id)s and p.our_id = %(our_id)s
  and p.their_qualifier = %(their_qualifier)s and p.our_qualifier = %(our_qualifier)s"""
_LIKE = """
select p.code, p.their_qualifier, p.their_id, p.our_qualifier, p.our_id from trading_partner p
where p.closed_at is null and (p.their_id = %(their_id)s or p.our_id = %(our_id)s) order by p.their_id <> %(their_id)s, p.code limit 5
"""
_NAMES = """
select o.noun, o.outside, coalesce(a.code, d.code) from outside_id o
left join account a on a.id = o.our_id and o.noun = 'account' left join address d on d.id = o.our_id and o.noun = 'ship_to'
where o.system = %(system)s and (%(outside)s::text[] is null or o.outside = any(%(outside)s::text[]))
  and o.noun in ('account', 'ship_to') order by o.noun, o.outside
"""
_SHIP_TOS = """
select d.account_id, d.id, d.code, d.name, d.street, d.city, d.postal_code from unnest(%(accounts)s::uuid[]) as w(id)
join address d on d.account_id = w.id and d.kind = 'ship_to' order by d.account_id, d.is_default desc, d.code
"""


@dataclass(frozen=True, slots=True)
class ShipToAddress:
    """A ship-to of an account, as N1, N3 and N4 may name it."""

    account_id: UUID
    id: UUID
    code: str
    name: str
    street: str | None
    city: str | None
    postal_code: str | None


def _partner(row: Sequence[Any]) -> Partner:
    mapped, separators = map_from_json(row[16], name=row[1]), read_separators(row[15])
    return Partner(
        id=row[0],
        code=row[1],
        name=row[2],
        ours=PartnerId(row[3], row[4]),
        theirs=PartnerId(row[5], row[6]),
        account_id=row[7],
        account=row[8],
        sandbox_id=row[9],
        sandbox=row[10],
        in_test=row[11],
        our_group=row[12],
        their_group=row[13],
        version=row[14],
        separators=separators if isinstance(separators, Separators) else Separators(),
        map=mapped if isinstance(mapped, PartnerMap) else PartnerMap(row[1]),
        mapping=row[16],
        wants_997=row[17],
        sends=frozenset(row[18]),
        answer_minutes=row[19],
        ack_minutes=row[20],
        send_by=row[21],
        send_to=row[22],
    )


def partners(reader: Reader, *, after: str = "", limit: int = 100) -> list[Partner]:
    """Partners by code."""
    return [_partner(row) for row in reader.rows(_ALL, {"after": after, "limit": limit})]


def partner_of(reader: Reader, code: str) -> Partner | None:
    """The partner with a code."""
    row = reader.row(_BY_CODE, {"code": code})
    return None if row is None else _partner(row)


def partners_by_id(reader: Reader, ids: Iterable[UUID]) -> dict[UUID, Partner]:
    """Partners by id, closed ones too."""
    wanted = sorted(set(ids))
    return {row[0]: _partner(row) for row in reader.rows(_BY_ID, {"ids": wanted})} if wanted else {}


def partner_at_door(reader: Reader, door: bytes) -> Partner | None:
    """Whose door it is, by the hash of its address."""
    row = reader.row(_BY_DOOR, {"hash": door})
    return None if row is None else _partner(row)


def partner_between(reader: Reader, theirs: PartnerId, ours: PartnerId) -> Partner | None:
    """The partner who is `theirs` to us as `ours`."""
    row = reader.row(_BY_IDS, _ids(theirs, ours))
    return None if row is None else _partner(row)


def partners_like(reader: Reader, theirs: PartnerId, ours: PartnerId) -> list[str]:
    """Partners who share one of the two ids: what an unknown sender may have meant."""
    found = reader.rows(_LIKE, _ids(theirs, ours))
    return [
        f"{code} ({theirs_q}/{theirs_id} to {ours_q}/{ours_id})" for code, theirs_q, theirs_id, ours_q, ours_id in found
    ]


def _ids(theirs: PartnerId, ours: PartnerId) -> dict[str, str]:
    return {
        "their_qualifier": theirs.qualifier,
        "their_id": theirs.id,
        "our_qualifier": ours.qualifier,
        "our_id": ours.id,
    }


def names_of(reader: Reader, partner: Partner) -> dict[str, dict[str, str]]:
    """What a partner calls our accounts and their ship-tos: {"accounts": {theirs: ours}, "ship_tos": {…}}."""
    found: dict[str, dict[str, str]] = {"accounts": {}, "ship_tos": {}}
    for noun, outside, ours in reader.rows(_NAMES, {"system": partner.system, "outside": None}):
        if ours is not None:
            found["accounts" if noun == "account" else "ship_tos"][outside] = ours
    return found


def names_in(reader: Reader, system: str, outside: Iterable[str]) -> dict[tuple[str, str], str]:
    """Our codes by (account or ship_to, what a partner calls it), for those of these names that mean something."""
    wanted = sorted(set(outside))
    if not wanted:
        return {}
    rows = reader.rows(_NAMES, {"system": system, "outside": wanted})
    return {(noun, name): ours for noun, name, ours in rows if ours is not None}


def ship_to_addresses(reader: Reader, accounts: Iterable[UUID]) -> dict[UUID, list[ShipToAddress]]:
    """The ship-tos of accounts, the default first."""
    found: dict[UUID, list[ShipToAddress]] = {}
    for row in reader.rows(_SHIP_TOS, {"accounts": sorted(set(accounts))}):
        found.setdefault(row[0], []).append(ShipToAddress(*row))
    return found


def has_partners(reader: Reader) -> bool:
    """Whether anybody trades by X12 at all."""
    return bool(reader.value("select exists (select from trading_partner)"))
