"""Reads of partners, of what they sent and of what was written to them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tradewind.channels.decide.partners.maps import read_map, read_separators
from tradewind.channels.decide.x12.maps import PartnerMap
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
_OUTSIDE = """
select w.place::int, o.noun, o.outside, o.our_id from unnest(%(outside)s::text[]) with ordinality as w(outside, place)
join outside_id o on o.system = %(system)s and o.outside = w.outside and o.noun in ('account', 'ship_to')
"""
_SHIP_TOS = """
select d.account_id, d.id, d.code, d.name, d.street, d.city, d.postal_code from unnest(%(accounts)s::uuid[]) as w(id)
join address d on d.account_id = w.id and d.kind = 'ship_to' order by d.account_id, d.is_default desc, d.code
"""
_WORK = """
select d.channel, d.content_type, d.body, d.principal_id from inbound_document d where d.id = %s
"""
_PLACES = "select place from partner_set where interchange_id = %s"
_SETS = """
select s.place, s.type, s.group_no, s.group_code, s.set_no, s.verdict, s.outcome, s.findings from partner_set s
where s.interchange_id = %s order by s.place
"""
_HIGHEST = "select max(control_no) from partner_interchange where partner_id = %s and id <> %s and received_at > %s"
_OTHER_BYTES = """
select document_id, received_at from partner_interchange where partner_id = %s and control_no = %s and id <> %s and received_at > %s
order by received_at desc limit 1
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
    mapped, separators = read_map(row[1], row[16]), read_separators(row[15])
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


def outside_names(reader: Reader, system: str, names: Iterable[str]) -> dict[tuple[str, str], UUID]:
    """Our accounts and addresses by (noun, what the partner calls them)."""
    wanted = sorted(set(names))
    if not wanted:
        return {}
    return {(row[1], row[2]): row[3] for row in reader.rows(_OUTSIDE, {"system": system, "outside": wanted})}


def ship_to_addresses(reader: Reader, accounts: Iterable[UUID]) -> dict[UUID, list[ShipToAddress]]:
    """The ship-tos of accounts, the default first."""
    found: dict[UUID, list[ShipToAddress]] = {}
    for row in reader.rows(_SHIP_TOS, {"accounts": sorted(set(accounts))}):
        found.setdefault(row[0], []).append(ShipToAddress(*row))
    return found


def document_of(reader: Reader, document_id: UUID) -> tuple[str, str, bytes, UUID | None] | None:
    """(channel, content type, bytes, who handed it in) of a document."""
    row = reader.row(_WORK, [document_id])
    return None if row is None else (row[0], row[1], bytes(row[2]), row[3])


def places_done(reader: Reader, interchange_id: UUID) -> set[int]:
    """Which sets of an interchange have their outcome."""
    return {row[0] for row in reader.rows(_PLACES, [interchange_id])}


def outcomes_of(reader: Reader, interchange_id: UUID) -> list[tuple[Any, ...]]:
    """(place, type, group, group code, set, verdict, outcome, findings) of an interchange's sets, in their order."""
    return reader.rows(_SETS, [interchange_id])


def highest_control(reader: Reader, partner_id: UUID, *, but: UUID, since: datetime) -> int | None:
    """The highest control number a partner has used since then."""
    found: int | None = reader.value(_HIGHEST, [partner_id, but, since])
    return found


def other_bytes(
    reader: Reader, partner_id: UUID, control_no: int, *, but: UUID, since: datetime
) -> tuple[UUID, datetime] | None:
    """(document, when) of another interchange that came under the same number since then."""
    row = reader.row(_OTHER_BYTES, [partner_id, control_no, but, since])
    return None if row is None else (row[0], row[1])
