"""Reads of what partners are owed and of what was written to them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tradewind.channels.edi.model import HIGHEST_CONTROL, control_number
from tradewind.kernel.tx import Reader, Tx

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
_TO_ANSWER = f"{_OF_ORDERS} order by s.order_id for no key update of s"
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
_MESSAGES = """
select m.id, m.serial, m.type, m.is_test, m.created_at, m.missed_at, d.status, d.attempts, d.last_error, d.sent_at,
  (select count(*) from partner_message_set s where s.message_id = m.id),
  (select array_agg(distinct coalesce(s.verdict, 'open')) from partner_message_set s where s.message_id = m.id)
from partner_message m left join delivery d on d.effect_key = 'edi:' || m.id
where m.partner_id = %(partner)s and (%(status)s::text is null or d.status = %(status)s)
  and (%(before)s::uuid is null or m.serial < (select b.serial from partner_message b where b.id = %(before)s))
order by m.serial desc limit %(limit)s
"""
_MESSAGE_SETS = """
select s.place, s.serial, s.type, s.subject_type, s.subject_id, s.verdict, s.answered_at, s.notes, o.number
from partner_message_set s left join sales_order o on o.id = s.subject_id where s.message_id = %s order by s.place limit 1000
"""


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


def orders_to_answer(tx: Tx, orders: Iterable[UUID]) -> dict[UUID, TradedOrder]:
    """The same, locked: nobody else answers them meanwhile, and what was answered is seen."""
    wanted = sorted(set(orders))
    if not wanted:
        return {}
    return {row[0]: TradedOrder(*row) for row in tx.rows(_TO_ANSWER, {"orders": wanted})}


def answers_due(reader: Reader, *, until: datetime, limit: int) -> list[TradedOrder]:
    """Order sets without an answer whose time for one comes by then, the most urgent first; locked."""
    return [TradedOrder(*row) for row in reader.rows(_DUE, {"until": until, "limit": limit})]


def message_by_id(reader: Reader, message_id: UUID) -> Written | None:
    """What was written to a partner, byte for byte."""
    row = reader.row(_MESSAGE, [message_id])
    return None if row is None else Written(row[0], row[1], row[2], row[3], row[4], bytes(row[5]), row[6])


def letter_of(reader: Reader, message_id: UUID) -> bytes | None:
    """The bytes of a message."""
    found = reader.value(_LETTER, [message_id])
    return None if found is None else bytes(found)


def earlier_waiting(reader: Reader, delivery_id: UUID) -> bool:
    """Whether an earlier message to the same partner still has to be taken."""
    return bool(reader.value(_EARLIER, [delivery_id]))


def messages_to(
    reader: Reader, partner_id: UUID, *, before: UUID | None, status: str | None, limit: int
) -> list[dict[str, Any]]:
    """What was written to a partner, newest first."""
    columns = {"partner": partner_id, "before": before, "status": status, "limit": limit}
    names = (
        "id",
        "control",
        "type",
        "test",
        "at",
        "missed_at",
        "delivery",
        "attempts",
        "error",
        "sent_at",
        "sets",
        "verdicts",
    )
    found = [dict(zip(names, row, strict=True)) for row in reader.rows(_MESSAGES, columns)]
    return [{**one, "control": f"{control_number(one['control']):09d}"} for one in found]


def sets_in_message(reader: Reader, message_id: UUID) -> list[dict[str, Any]]:
    """The sets of a message, in their order."""
    names = ("place", "control", "type", "subject_type", "subject", "verdict", "answered_at", "notes", "order")
    found = [dict(zip(names, row, strict=True)) for row in reader.rows(_MESSAGE_SETS, [message_id])]
    return [{**one, "control": f"{control_number(one['control']):04d}"} for one in found]
