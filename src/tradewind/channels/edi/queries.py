"""Reads of partners, of what they sent and of what was written to them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tradewind.channels.decide.partners.separators import read_separators
from tradewind.channels.decide.x12.maps import PartnerMap, map_from_json
from tradewind.channels.decide.x12.model import PartnerId, Separators
from tradewind.channels.edi.model import HIGHEST_CONTROL, Partner, control_number
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
_WORK = """
select d.channel, d.content_type, d.body, d.principal_id from inbound_document d where d.id = %s
"""
_PLACES = "select place from partner_set where interchange_id = %s"
_HELD = "select place from partner_set where interchange_id = %s and outcome = 'held' for update"
_SETS = """
select s.place, s.type, s.group_no, s.group_code, s.set_no, s.verdict, s.outcome, s.ack from partner_set s
where s.interchange_id = %s order by s.place
"""
_HIGHEST = "select max(control_no) from partner_interchange where partner_id = %s and id <> %s and received_at > %s"
_OTHER_BYTES = """
select document_id, received_at from partner_interchange where partner_id = %s and control_no = %s and id <> %s and received_at > %s
order by received_at desc limit 1
"""
_WRITTEN = """
select s.effect_key, s.message_id from unnest(%(keys)s::text[]) as w(key) join partner_message_set s on s.effect_key = w.key
"""
_IN_GROUP = """
select s.message_id, s.place, s.serial, s.type from partner_message m join partner_message_set s on s.message_id = m.id
where m.partner_id = %(partner)s and m.type = any(%(types)s::text[])
  and m.group_serial = (
    select max(g.group_serial) from partner_message g
    where g.partner_id = %(partner)s and g.type = any(%(types)s::text[]) and (g.group_serial - 1) %% %(turn)s + 1 = %(control)s
  )
order by s.place
"""
_UNACKNOWLEDGED = """
select m.id, p.code, m.type, m.serial from partner_message m join trading_partner p on p.id = m.partner_id
where m.ack_due_at <= %(until)s and m.missed_at is null order by m.ack_due_at, m.id limit %(limit)s
"""
_ORDERS = """
select s.order_id, i.partner_id, i.is_test, s.interchange_id, s.place, s.said, s.answered_at, s.answer_code, s.number, s.account_id,
  s.findings
from partner_set s join partner_interchange i on i.id = s.interchange_id
"""
_OF_ORDERS = f"{_ORDERS} where s.order_id = any(%(orders)s::uuid[]) and s.outcome = 'order'"
_DUE = f"""{_ORDERS} where s.answered_at is null and s.answer_due_at <= %(until)s and s.answer_due_at is not null
order by s.answer_due_at, s.interchange_id, s.place limit %(limit)s for update of s skip locked"""
_MESSAGE = """
select m.id, m.partner_id, m.serial, m.type, m.is_test, m.body, m.created_at from partner_message m where m.id = %s
"""
_LETTER = "select body from partner_message where id = %s"
_EARLIER = """
select exists (
  select from delivery mine join partner_message m on m.id = mine.subject_id
  join delivery d on d.status = 'pending' and d.kind like 'edi.%%' and d.destination = mine.destination
  join partner_message e on e.id = d.subject_id and e.partner_id = m.partner_id and e.serial < m.serial
  where mine.id = %s
)
"""
_TALLIES = "select outcome, count(*) from partner_set where interchange_id = %s group by outcome order by outcome"


@dataclass(frozen=True, slots=True)
class Written:
    """An interchange as it was written to a partner."""

    id: UUID
    partner_id: UUID
    serial: int
    type: str
    is_test: bool
    body: bytes
    created_at: datetime

    @property
    def control(self) -> str:
        """ISA13."""
        return f"{control_number(self.serial):09d}"


@dataclass(frozen=True, slots=True)
class TradedOrder:
    """An order set that came in and is owed answers. `order_id` None: it waits for a person before it can be an order."""

    order_id: UUID | None
    partner_id: UUID
    is_test: bool
    interchange_id: UUID
    place: int
    said: dict[str, Any] | None
    answered_at: datetime | None
    answer_code: str | None
    number: str | None
    account_id: UUID | None
    findings: list[dict[str, Any]] | None


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


def document_of(reader: Reader, document_id: UUID) -> tuple[str, str, bytes, UUID | None] | None:
    """(channel, content type, bytes, who handed it in) of a document."""
    row = reader.row(_WORK, [document_id])
    return None if row is None else (row[0], row[1], bytes(row[2]), row[3])


def places_done(reader: Reader, interchange_id: UUID) -> set[int]:
    """Which sets of an interchange have their outcome."""
    return {row[0] for row in reader.rows(_PLACES, [interchange_id])}


def outcomes_of(reader: Reader, interchange_id: UUID) -> list[tuple[Any, ...]]:
    """(place, type, group, group code, set, verdict, outcome, ack) of an interchange's sets, in their order."""
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


def written_before(reader: Reader, keys: Iterable[str]) -> dict[str, UUID]:
    """The messages of these effect keys, as far as they were written."""
    wanted = sorted(set(keys))
    return dict(reader.rows(_WRITTEN, {"keys": wanted})) if wanted else {}


def messages_in_group(
    reader: Reader, partner_id: UUID, control: str, types: Sequence[str]
) -> list[tuple[UUID, int, str, str]]:
    """(message, place, ST02, type) of the sets we sent in the last group under a control number."""
    if not control.strip().isdigit() or not types:
        return []
    columns = {"partner": partner_id, "types": list(types), "control": int(control), "turn": HIGHEST_CONTROL}
    return [(row[0], row[1], f"{control_number(row[2]):04d}", row[3]) for row in reader.rows(_IN_GROUP, columns)]


def unacknowledged(reader: Reader, *, until: datetime, limit: int) -> list[tuple[UUID, str, str, str]]:
    """(message, partner, type, control number) of what should have been acknowledged by then and was not."""
    rows = reader.rows(_UNACKNOWLEDGED, {"until": until, "limit": limit})
    return [(row[0], row[1], row[2], f"{control_number(row[3]):09d}") for row in rows]


def traded_orders(reader: Reader, orders: Iterable[UUID]) -> dict[UUID, TradedOrder]:
    """Those of these orders that came from trading partners."""
    wanted = sorted(set(orders))
    if not wanted:
        return {}
    return {row[0]: TradedOrder(*row) for row in reader.rows(_OF_ORDERS, {"orders": wanted})}


def answers_due(reader: Reader, *, until: datetime, limit: int) -> list[TradedOrder]:
    """Order sets without an answer whose time for one comes by then, the most urgent first; locked."""
    return [TradedOrder(*row) for row in reader.rows(_DUE, {"until": until, "limit": limit})]


def message_by_id(reader: Reader, message_id: UUID) -> Written | None:
    """What was written to a partner, byte for byte."""
    row = reader.row(_MESSAGE, [message_id])
    return None if row is None else Written(row[0], row[1], row[2], row[3], row[4], bytes(row[5]), row[6])


def tallies(reader: Reader, interchange_id: UUID) -> tuple[int, dict[str, int]]:
    """How many sets an interchange has, and how many became what."""
    found: dict[str, int] = dict(reader.rows(_TALLIES, [interchange_id]))
    return sum(found.values()), found


def places_held(reader: Reader, interchange_id: UUID) -> set[int]:
    """Which sets of an interchange wait for a person; locked."""
    return {row[0] for row in reader.rows(_HELD, [interchange_id])}


def letter_of(reader: Reader, message_id: UUID) -> bytes | None:
    """The bytes of a message."""
    found = reader.value(_LETTER, [message_id])
    return None if found is None else bytes(found)


def earlier_waiting(reader: Reader, delivery_id: UUID) -> bool:
    """Whether an earlier message to the same partner still has to be taken."""
    return bool(reader.value(_EARLIER, [delivery_id]))


def has_partners(reader: Reader) -> bool:
    """Whether anybody trades by X12 at all."""
    return bool(reader.value("select exists (select from trading_partner)"))
