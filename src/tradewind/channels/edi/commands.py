"""Writes of partners, of what they sent and of what is written to them. Plural; counters are added to."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tradewind.channels.edi.model import Arrived, Partner, SetOutcome
from tradewind.kernel.locks import LockKind, lock_set
from tradewind.kernel.tx import Tx, dumps

LEASE = timedelta(seconds=60)

LOCK_PARTNER_COUNTERS = LockKind(
    "counter",
    """
select c.partner_id, c.interchanges, c.groups, c.sets from unnest(%(keys)s::uuid[]) as w(id)
join partner_counter c on c.partner_id = w.id order by c.partner_id for no key update of c
""",
)
_COUNT_ON = """
update partner_counter c set interchanges = c.interchanges + w.interchanges, groups = c.groups + w.groups, sets = c.sets + w.sets
from unnest(%(partner)s::uuid[], %(interchanges)s::bigint[], %(groups)s::bigint[], %(sets)s::bigint[])
  as w(partner_id, interchanges, groups, sets)
where c.partner_id = w.partner_id
"""
_SAVE_PARTNER = """
insert into trading_partner (id, code, name, account_id, sandbox_account_id, in_test, our_qualifier, our_id, their_qualifier,
  their_id, our_group_id, their_group_id, version, separators, mapping, wants_997, sends, answer_minutes, ack_minutes, send_by,
  send_to, since)
values (%(id)s, %(code)s, %(name)s, %(account)s, %(sandbox)s, %(in_test)s, %(our_qualifier)s, %(our_id)s, %(their_qualifier)s,
  %(their_id)s, %(our_group)s, %(their_group)s, %(version)s, %(separators)s::jsonb, %(mapping)s::jsonb, %(wants_997)s,
  %(sends)s::jsonb, %(answer_minutes)s, %(ack_minutes)s, %(send_by)s, %(send_to)s, %(now)s)
on conflict (code) do update set name = excluded.name, account_id = excluded.account_id,
  sandbox_account_id = excluded.sandbox_account_id, in_test = excluded.in_test, our_qualifier = excluded.our_qualifier,
  our_id = excluded.our_id, their_qualifier = excluded.their_qualifier, their_id = excluded.their_id,
  our_group_id = excluded.our_group_id, their_group_id = excluded.their_group_id, version = excluded.version,
  separators = excluded.separators, mapping = excluded.mapping, wants_997 = excluded.wants_997, sends = excluded.sends,
  answer_minutes = excluded.answer_minutes, ack_minutes = excluded.ack_minutes, send_by = excluded.send_by,
  send_to = excluded.send_to, closed_at = null
returning id
"""
_OPEN_COUNTER = "insert into partner_counter (partner_id) values (%s) on conflict do nothing"
_FORGET_NAMES = "delete from outside_id where system = %s and noun in ('account', 'ship_to')"
_SAVE_NAMES = """
insert into outside_id (system, noun, outside, our_id, since)
select %(system)s, w.noun, w.outside, w.our_id, %(now)s
from unnest(%(noun)s::text[], %(outside)s::text[], %(our_id)s::uuid[]) as w(noun, outside, our_id)
"""
_OPEN_DOOR = "update trading_partner set door_hash = %s where id = %s"
_TO_DO = """
insert into inbound_work (document_id, since, lease_until) values (%(document)s, %(now)s, %(until)s) on conflict do nothing
"""
_CLAIM = """
update inbound_work w set lease_until = %(until)s, attempts = w.attempts + 1
from (
  select document_id from inbound_work where lease_until is null or lease_until <= %(now)s
  order by since, document_id limit 1 for update skip locked
) due
where w.document_id = due.document_id returning w.document_id, w.attempts
"""
_KEEP_ON = "update inbound_work set lease_until = %s where document_id = %s"
_DONE = "delete from inbound_work where document_id = %s"
_ARRIVE = """
insert into partner_interchange (id, partner_id, document_id, place, control_no, digest, is_test, received_at, status)
values (%(id)s, %(partner)s, %(document)s, %(place)s, %(control)s, %(digest)s, %(test)s, %(now)s, 'in_progress')
on conflict (partner_id, control_no, digest) do nothing returning id
"""
_ARRIVED = """
select id, partner_id, document_id, place, control_no, is_test, status, message_id from partner_interchange
where partner_id = %(partner)s and control_no = %(control)s and digest = %(digest)s
"""
_FINISH = """
update partner_interchange set status = %(status)s, sets = %(sets)s, findings = %(findings)s::jsonb, message_id = %(message)s,
  finished_at = %(now)s where id = %(id)s and status <> 'done'
"""
_NOTE_SETS = """
insert into partner_set (interchange_id, place, type, group_no, group_code, set_no, verdict, outcome, number, account_id, order_id,
  findings, ack, said, at, answer_due_at)
select %(interchange)s, w.place, w.type, w.group_no, w.group_code, w.set_no, w.verdict, w.outcome, w.number, w.account_id,
  w.order_id, w.findings::jsonb, w.ack::jsonb, w.said::jsonb, %(now)s, w.due
from unnest(%(place)s::int[], %(type)s::text[], %(group_no)s::text[], %(group_code)s::text[], %(set_no)s::text[],
  %(verdict)s::text[], %(outcome)s::text[], %(number)s::text[], %(account)s::uuid[], %(order)s::uuid[], %(findings)s::text[],
  %(ack)s::text[], %(said)s::text[], %(due)s::timestamptz[])
  as w(place, type, group_no, group_code, set_no, verdict, outcome, number, account_id, order_id, findings, ack, said, due)
"""
_MEND_SET = """
update partner_set set outcome = %(outcome)s, number = %(number)s, account_id = %(account)s, order_id = %(order)s,
  findings = %(findings)s::jsonb, said = %(said)s::jsonb,
  answer_due_at = coalesce(answer_due_at, %(due)s), answered_at = case when %(again)s then null else answered_at end
where interchange_id = %(interchange)s and place = %(place)s and outcome = 'held'
"""
_WRITE = """
insert into partner_message (id, partner_id, serial, group_serial, type, is_test, body, created_at, ack_due_at)
select w.id, w.partner_id, w.serial, w.group_serial, w.type, w.is_test, w.body, %(now)s, w.due
from unnest(%(id)s::uuid[], %(partner)s::uuid[], %(serial)s::bigint[], %(group)s::bigint[], %(type)s::text[], %(test)s::bool[],
  %(body)s::bytea[], %(due)s::timestamptz[]) as w(id, partner_id, serial, group_serial, type, is_test, body, due)
"""
_WRITE_SETS = """
insert into partner_message_set (message_id, place, partner_id, serial, type, effect_key, subject_type, subject_id, account_id)
select w.message_id, w.place, w.partner_id, w.serial, w.type, w.effect_key, w.subject_type, w.subject_id, w.account_id
from unnest(%(message)s::uuid[], %(place)s::int[], %(partner)s::uuid[], %(serial)s::bigint[], %(type)s::text[], %(key)s::text[],
  %(subject_type)s::text[], %(subject)s::uuid[], %(account)s::uuid[])
  as w(message_id, place, partner_id, serial, type, effect_key, subject_type, subject_id, account_id)
"""

_VERDICTS = """
update partner_message_set s set verdict = w.verdict, answered_at = %(now)s, notes = w.notes::jsonb
from unnest(%(message)s::uuid[], %(place)s::int[], %(verdict)s::text[], %(notes)s::text[]) as w(message_id, place, verdict, notes)
where s.message_id = w.message_id and s.place = w.place
"""
_ALL_SAID = """
update partner_message m set ack_due_at = null where m.id = any(%(ids)s::uuid[]) and m.ack_due_at is not null
  and not exists (select from partner_message_set s where s.message_id = m.id and s.verdict is null)
"""
_MISSED = "update partner_message set missed_at = %s where id = any(%s::uuid[])"
_ANSWERED = """
update partner_set s set answered_at = %(now)s, answer_code = w.code
from unnest(%(interchange)s::uuid[], %(place)s::int[], %(code)s::text[]) as w(interchange_id, place, code)
where s.interchange_id = w.interchange_id and s.place = w.place
"""

_ADD_WORDS = "update partner_set set said = %s::jsonb where interchange_id = %s and place = %s"


# ---- partners ----------------------------------------------------------------------------------------------------


def save_partner(tx: Tx, partner: Partner, *, separators: dict[str, Any]) -> UUID:
    """A new partner, or another state of the one with this code; gives its id."""
    columns = {
        "id": partner.id, "code": partner.code, "name": partner.name, "account": partner.account_id,
        "sandbox": partner.sandbox_id, "in_test": partner.in_test, "our_qualifier": partner.ours.qualifier,
        "our_id": partner.ours.id, "their_qualifier": partner.theirs.qualifier, "their_id": partner.theirs.id,
        "our_group": partner.our_group, "their_group": partner.their_group, "version": partner.version,
        "separators": dumps(separators), "mapping": dumps(partner.mapping), "wants_997": partner.wants_997,
        "sends": dumps(sorted(partner.sends)), "answer_minutes": partner.answer_minutes,
        "ack_minutes": partner.ack_minutes, "send_by": partner.send_by, "send_to": partner.send_to, "now": tx.now,
    }  # fmt: skip
    saved: UUID = tx.value(_SAVE_PARTNER, columns)
    tx.run(_OPEN_COUNTER, [saved])
    return saved


def save_names(tx: Tx, system: str, names: Iterable[tuple[str, str, UUID]]) -> None:
    """What a partner calls our accounts and ship-tos, all of it: (noun, theirs, our id)."""
    rows = list(names)
    tx.run(_FORGET_NAMES, [system])
    if rows:
        tx.run(
            _SAVE_NAMES,
            {
                "system": system,
                "now": tx.now,
                "noun": [noun for noun, _, _ in rows],
                "outside": [outside for _, outside, _ in rows],
                "our_id": [our_id for _, _, our_id in rows],
            },
        )


def open_door(tx: Tx, partner_id: UUID, door: bytes | None) -> None:
    """The hash of a partner's own address; None closes it."""
    tx.run(_OPEN_DOOR, [door, partner_id])


# ---- what came in ------------------------------------------------------------------------------------------------


def put_to_do(tx: Tx, document_id: UUID, *, leased: bool) -> None:
    """A document waits to be worked on; `leased`: the one who put it goes on with it at once."""
    tx.run(_TO_DO, {"document": document_id, "now": tx.now, "until": tx.now + LEASE if leased else None})


def claim_work(tx: Tx) -> tuple[UUID, int] | None:
    """The document that waits longest and nobody works on, with how often it was taken up; ours until the lease runs out."""
    found = tx.row(_CLAIM, {"now": tx.now, "until": tx.now + LEASE})
    return None if found is None else (found[0], found[1])


def keep_working(tx: Tx, document_id: UUID) -> None:
    """The lease goes on."""
    tx.run(_KEEP_ON, [tx.now + LEASE, document_id])


def work_is_done(tx: Tx, document_id: UUID) -> None:
    """The document is through."""
    tx.run(_DONE, [document_id])


def note_arrival(
    tx: Tx, partner_id: UUID, document_id: UUID, *, place: int, control_no: int, digest: bytes, is_test: bool
) -> Arrived:
    """An interchange, or the one that had the same bytes under the same number."""
    columns = {
        "id": tx.ids.new(), "partner": partner_id, "document": document_id, "place": place, "control": control_no,
        "digest": digest, "test": is_test, "now": tx.now,
    }  # fmt: skip
    is_new = tx.row(_ARRIVE, columns) is not None
    row = tx.row(_ARRIVED, columns)
    assert row is not None
    return Arrived(row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7], is_new)


def finish_interchange(
    tx: Tx, arrived: Arrived, *, status: str, sets: int, findings: Sequence[dict[str, Any]], message_id: UUID | None
) -> None:
    """All of its sets have their outcome; `message_id` is its 997."""
    tx.run(
        _FINISH,
        {
            "id": arrived.id, "status": status, "sets": sets, "findings": dumps(list(findings)) if findings else None,
            "message": message_id, "now": tx.now,
        },
    )  # fmt: skip


def note_sets(tx: Tx, interchange_id: UUID, outcomes: Sequence[SetOutcome], *, answer_by: datetime | None) -> None:
    """What became of sets, and by when those that await an answer have it. A second note of the same set breaks the primary key: somebody else was faster."""
    if outcomes:
        tx.run(
            _NOTE_SETS,
            {
                "interchange": interchange_id,
                "now": tx.now,
                "place": [one.place for one in outcomes],
                "type": [one.type for one in outcomes],
                "group_no": [one.group_no for one in outcomes],
                "group_code": [one.group_code for one in outcomes],
                "set_no": [one.set_no for one in outcomes],
                "verdict": [one.verdict for one in outcomes],
                "outcome": [one.outcome for one in outcomes],
                "number": [one.number for one in outcomes],
                "account": [one.account_id for one in outcomes],
                "order": [one.order_id for one in outcomes],
                "findings": [_json(one.findings) for one in outcomes],
                "ack": [_json(one.ack) for one in outcomes],
                "said": [_json(one.said) for one in outcomes],
                "due": [answer_by if one.awaits else None for one in outcomes],
            },
        )


def mend_set(tx: Tx, interchange_id: UUID, outcome: SetOutcome, *, answer_by: datetime | None) -> int:
    """A held set was tried again; gives 0 where somebody did that meanwhile."""
    return tx.run(
        _MEND_SET,
        {
            "interchange": interchange_id, "place": outcome.place, "outcome": outcome.outcome, "number": outcome.number,
            "account": outcome.account_id, "order": outcome.order_id, "findings": _json(outcome.findings),
            "said": _json(outcome.said), "due": answer_by if outcome.awaits else None, "again": outcome.outcome == "order",
        },
    )  # fmt: skip


def add_words(tx: Tx, interchange_id: UUID, place: int, said: dict[str, Any]) -> None:
    """The buyer's words of an order, after a change of theirs."""
    tx.run(_ADD_WORDS, [dumps(said), interchange_id, place])


def _json(value: Any) -> str | None:
    return dumps(value) if value else None


# ---- what goes out -----------------------------------------------------------------------------------------------


def next_numbers(tx: Tx, wanted: dict[UUID, tuple[int, int]]) -> dict[UUID, tuple[int, int, int]]:
    """Take (interchanges, sets) for each partner; gives the last numbers used before: (interchanges, groups, sets).

    The counters are locked until the transaction ends, so that none is lost and none is given twice.
    """
    locked = lock_set(tx, [(LOCK_PARTNER_COUNTERS, wanted)])["counter"]
    rows = sorted(wanted.items())
    tx.run(
        _COUNT_ON,
        {
            "partner": [partner_id for partner_id, _ in rows],
            "interchanges": [interchanges for _, (interchanges, _) in rows],
            "groups": [interchanges for _, (interchanges, _) in rows],
            "sets": [sets for _, (_, sets) in rows],
        },
    )
    return {row[0]: (row[1], row[2], row[3]) for row in locked}


def keep_messages(tx: Tx, messages: Sequence[dict[str, Any]], sets: Sequence[dict[str, Any]]) -> None:
    """What was written, byte for byte, with its sets; rows as columns by name."""
    if messages:
        names = ("id", "partner", "serial", "group", "type", "test", "body", "due")
        tx.run(_WRITE, {"now": tx.now, **{name: [one[name] for one in messages] for name in names}})
        of_sets = ("message", "place", "partner", "serial", "type", "key", "subject_type", "subject", "account")
        tx.run(_WRITE_SETS, {name: [one[name] for one in sets] for name in of_sets})


def note_verdicts(tx: Tx, verdicts: Sequence[tuple[UUID, int, str, dict[str, Any] | None]]) -> None:
    """What partners said of our sets: (message, place, verdict, their words)."""
    if verdicts:
        tx.run(
            _VERDICTS,
            {
                "now": tx.now,
                "message": [message_id for message_id, _, _, _ in verdicts],
                "place": [place for _, place, _, _ in verdicts],
                "verdict": [verdict for _, _, verdict, _ in verdicts],
                "notes": [_json(notes) for _, _, _, notes in verdicts],
            },
        )
        tx.run(_ALL_SAID, {"ids": sorted({message_id for message_id, _, _, _ in verdicts})})


def mark_missed(tx: Tx, messages: Sequence[UUID]) -> None:
    """These should have been acknowledged by now."""
    if messages:
        tx.run(_MISSED, [tx.now, list(messages)])


def note_answers(tx: Tx, answers: Sequence[tuple[UUID, int, str]]) -> None:
    """These sets have their answer: (interchange, place, what the answer's header says)."""
    if answers:
        tx.run(
            _ANSWERED,
            {
                "now": tx.now,
                "interchange": [interchange_id for interchange_id, _, _ in answers],
                "place": [place for _, place, _ in answers],
                "code": [code for _, _, code in answers],
            },
        )


def due_in(tx: Tx, minutes: int | None) -> datetime | None:
    """So many minutes from now."""
    return None if minutes is None else tx.now + timedelta(minutes=minutes)
