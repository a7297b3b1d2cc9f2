"""Writes of quotes: rows of whole sets; counters are added to."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from tradewind.kernel.tx import Tx, dumps
from tradewind.quotes.decide import version_json
from tradewind.quotes.model import Acceptance, Quote, Round, TakenLine, Version

_NUMBERS = "select 'QU-' || lpad(nextval('quote_number')::text, 8, '0') from generate_series(1, %(count)s)"
_INSERT = """
insert into quote (id, number, account_id, status, version_no, title, channel, round_no, acceptances, created_at, created_by, on_behalf_of)
select w.*, 0, 0, %(now)s, %(by)s, %(behalf)s from unnest(%(id)s::uuid[], %(number)s::text[], %(account)s::uuid[], %(status)s::text[],
  %(version)s::int[], %(title)s::text[], %(channel)s::text[]) as w
"""
_UPDATE = """
update quote q set status = w.status, version_no = w.version_no, expires_at = w.expires_at, remind_at = w.remind_at,
  reminded_at = w.reminded_at, ended_at = w.ended_at, end_reason = w.end_reason, end_note = w.end_note
from unnest(%(id)s::uuid[], %(status)s::text[], %(version)s::int[], %(expires)s::timestamptz[], %(remind)s::timestamptz[],
  %(reminded)s::timestamptz[], %(ended)s::timestamptz[], %(reason)s::text[], %(note)s::text[])
  as w(id, status, version_no, expires_at, remind_at, reminded_at, ended_at, end_reason, end_note)
where q.id = w.id
"""
_COUNT_ROUND = "update quote set round_no = round_no + 1 where id = %s returning round_no"
_COUNT_ACCEPTANCE = """
update quote set acceptances = acceptances + 1, status = %(status)s, ended_at = %(ended)s, end_reason = %(reason)s where id = %(id)s
returning acceptances
"""
_ROUND = """
insert into quote_round (id, quote_id, account_id, round_no, kind, version_no, reason, note, buyer_po, ship_to, said_at, said_by)
values (%(id)s, %(quote)s, %(account)s, %(no)s, %(kind)s, %(version)s, %(reason)s, %(note)s, %(po)s, %(ship_to)s, %(at)s, %(by)s)
"""
_WISHES = """
insert into quote_wish (round_id, line_no, account_id, item, qty, uom, target_price, requested_at, reason, note)
select %(round)s, w.line_no, %(account)s, w.item, w.qty, w.uom, w.target_price, w.requested_at, w.reason, w.note
from unnest(%(line)s::int[], %(item)s::text[], %(qty)s::numeric[], %(uom)s::text[], %(price)s::numeric[], %(date)s::timestamptz[],
  %(reason)s::text[], %(note)s::text[]) as w(line_no, item, qty, uom, target_price, requested_at, reason, note)
"""
_STAGE = """
insert into quote_staged (quote_id, account_id, body, staged_at, staged_by)
values (%(quote)s, %(account)s, %(body)s::jsonb, %(now)s, %(by)s)
on conflict (quote_id) do update set body = excluded.body, staged_at = excluded.staged_at, staged_by = excluded.staged_by
"""
_PEND = """
insert into quote_pending (quote_id, account_id, version_no, digest, body, tiers, asked_at, asked_by)
values (%(quote)s, %(account)s, %(version)s, %(digest)s, %(body)s::jsonb, %(tiers)s::jsonb, %(now)s, %(by)s)
"""
_VOTE = """
insert into quote_vote (id, quote_id, account_id, version_no, digest, decision, person_id, voice_id, tiers, cap, reason, decided_at)
values (%(id)s, %(quote)s, %(account)s, %(version)s, %(digest)s, %(decision)s, %(person)s, %(voice)s, %(tiers)s, %(cap)s, %(reason)s,
  %(now)s)
"""
_VERSION = """
insert into quote_version (quote_id, version_no, account_id, currency, terms_code, ship_to_id, ship_to, valid_until, zone, expires_at,
  remind_at, on_late, partial, net, note, offered_at, offered_by, digest)
values (%(quote_id)s, %(version_no)s, %(account_id)s, %(currency)s, %(terms_code)s, %(ship_to_id)s, %(place)s::jsonb, %(valid_until)s,
  %(zone)s, %(expires_at)s, %(remind_at)s, %(on_late)s, %(partial)s, %(net)s, %(note)s, %(offered_at)s, %(offered_by)s, %(digest)s)
"""
_LINES = """
insert into quote_version_line (quote_id, version_no, account_id, line_no, alternative, product_id, sku, description, qty, uom,
  factor_num, factor_den, min_qty, unit_price, price_basis, price_uom, price_qty, allowance, net, price_id, waterfall, requested_at, note)
select %(quote)s, %(version)s, %(account)s, w.* from unnest(%(line_no)s::int[], %(alternative)s::text[], %(product_id)s::uuid[],
  %(sku)s::text[], %(description)s::text[], %(qty)s::numeric[], %(uom)s::text[], %(num)s::int[], %(den)s::int[], %(min_qty)s::numeric[],
  %(unit_price)s::numeric[], %(basis)s::numeric[], %(price_uom)s::text[], %(price_qty)s::numeric[], %(allowance)s::numeric[],
  %(net)s::numeric[], %(price_id)s::uuid[], %(waterfall)s::text[], %(requested_at)s::timestamptz[], %(note)s::text[]) as w
"""
_COUNT_UP = """
update quote_version_line l set qty_accepted = l.qty_accepted + w.qty from unnest(%(line)s::int[], %(qty)s::numeric[]) as w(line_no, qty)
where l.quote_id = %(quote)s and l.version_no = %(version)s and l.line_no = w.line_no
"""
_ACCEPTANCE = """
insert into quote_acceptance (id, quote_id, account_id, acceptance_no, version_no, order_id, buyer_po, policy, accepted_at, accepted_by)
values (%(id)s, %(quote)s, %(account)s, %(no)s, %(version)s, %(order)s, %(po)s, %(policy)s, %(at)s, %(by)s)
"""
_ACCEPTANCE_LINES = """
insert into quote_acceptance_line (acceptance_id, line_no, account_id, qty, unit_price, price_basis, net, order_id, order_line_no)
select %(id)s, w.line_no, %(account)s, w.qty, w.unit_price, w.basis, w.net, %(order)s, w.line_no
from unnest(%(line)s::int[], %(qty)s::numeric[], %(price)s::numeric[], %(basis)s::numeric[], %(net)s::numeric[])
  as w(line_no, qty, unit_price, basis, net)
"""
_REMIND = "update quote set reminded_at = %(now)s where id = any(%(ids)s::uuid[]) and reminded_at is null"


def next_numbers(tx: Tx, count: int) -> list[str]:
    """Fresh quote numbers."""
    return [row[0] for row in tx.rows(_NUMBERS, {"count": count})]


def insert_quotes(tx: Tx, quotes: Sequence[Quote]) -> None:
    """New quotes in the name of the actor."""
    tx.run(
        _INSERT,
        {
            "now": tx.now,
            "by": tx.actor.principal_id,
            "behalf": tx.actor.on_behalf_of,
            "id": [one.id for one in quotes],
            "number": [one.number for one in quotes],
            "account": [one.account_id for one in quotes],
            "status": [one.status for one in quotes],
            "version": [one.version_no for one in quotes],
            "title": [one.title for one in quotes],
            "channel": [one.channel for one in quotes],
        },
    )


def update_quotes(tx: Tx, quotes: Sequence[Quote]) -> None:
    """How quotes stand now; the caller holds them."""
    if quotes:
        tx.run(
            _UPDATE,
            {
                "id": [one.id for one in quotes],
                "status": [one.status for one in quotes],
                "version": [one.version_no for one in quotes],
                "expires": [one.expires_at for one in quotes],
                "remind": [one.remind_at for one in quotes],
                "reminded": [one.reminded_at for one in quotes],
                "ended": [one.ended_at for one in quotes],
                "reason": [one.end_reason for one in quotes],
                "note": [one.end_note for one in quotes],
            },
        )


def note_reminded(tx: Tx, ids: Sequence[UUID]) -> int:
    """Remember that somebody was told that validity ends."""
    return tx.run(_REMIND, {"now": tx.now, "ids": list(ids)}) if ids else 0


def add_round(tx: Tx, quote: Quote, said: Round) -> int:
    """Something was said; gives its number, the next of the quote."""
    number = int(tx.value(_COUNT_ROUND, [quote.id]))
    tx.run(
        _ROUND,
        {
            "id": said.id,
            "quote": quote.id,
            "account": quote.account_id,
            "no": number,
            "kind": said.kind,
            "version": said.version_no,
            "reason": said.reason,
            "note": said.note,
            "po": said.buyer_po,
            "ship_to": said.ship_to,
            "at": tx.now,
            "by": tx.actor.principal_id,
        },
    )
    if said.wishes:
        tx.run(
            _WISHES,
            {
                "round": said.id,
                "account": quote.account_id,
                "line": [one.line_no for one in said.wishes],
                "item": [one.item for one in said.wishes],
                "qty": [one.qty for one in said.wishes],
                "uom": [one.uom for one in said.wishes],
                "price": [one.target_price for one in said.wishes],
                "date": [one.requested_at for one in said.wishes],
                "reason": [one.reason for one in said.wishes],
                "note": [one.note for one in said.wishes],
            },
        )
    return number


def keep_staged(tx: Tx, quote: Quote, body: Mapping[str, Any]) -> None:
    """The offer in the making."""
    tx.run(
        _STAGE,
        {
            "quote": quote.id,
            "account": quote.account_id,
            "body": dumps(dict(body)),
            "now": tx.now,
            "by": tx.actor.principal_id,
        },
    )


def keep_pending(tx: Tx, version: Version, tiers: Sequence[Mapping[str, Any]]) -> None:
    """An offer that waits for somebody to agree."""
    tx.run(
        _PEND,
        {
            "quote": version.quote_id,
            "account": version.account_id,
            "version": version.version_no,
            "digest": version.digest,
            "body": dumps(version_json(version)),
            "tiers": dumps(list(tiers)),
            "now": tx.now,
            "by": tx.actor.principal_id,
        },
    )


def drop_pending(tx: Tx, quote_id: UUID) -> None:
    """Nothing waits any more; the votes stay."""
    tx.run("delete from quote_pending where quote_id = %s", [quote_id])


def add_vote(tx: Tx, version: Version, vote: Mapping[str, Any]) -> None:
    """What somebody said of an offer that waits."""
    tx.run(
        _VOTE,
        {
            **vote,
            "quote": version.quote_id,
            "account": version.account_id,
            "version": version.version_no,
            "digest": version.digest,
            "now": tx.now,
        },
    )


def insert_version(tx: Tx, version: Version) -> None:
    """An offered version with its lines; neither ever changes."""
    heads = {name: getattr(version, name) for name in Version.__slots__ if name not in ("lines", "ship_to")}
    place = {name: getattr(version.ship_to, name) for name in type(version.ship_to).__slots__}
    tx.run(_VERSION, {**heads, "place": dumps({**place, "address_id": None})})
    names = ("line_no", "alternative", "product_id", "sku", "description", "qty", "uom", "min_qty", "unit_price", "basis", "price_uom",
             "price_qty", "allowance", "net", "price_id", "waterfall", "requested_at", "note")  # fmt: skip
    tx.run(
        _LINES,
        {name: [getattr(one, name) for one in version.lines] for name in names}
        | {
            "quote": version.quote_id,
            "version": version.version_no,
            "account": version.account_id,
            "num": [one.factor[0] for one in version.lines],
            "den": [one.factor[1] for one in version.lines],
        },
    )


def accept(
    tx: Tx,
    quote: Quote,
    acceptance: Acceptance,
    taken: Sequence[TakenLine],
    *,
    ended: tuple[datetime | None, str | None],
) -> int:
    """Count up what was accepted and tie it to its order; `quote` has the status it leads to. Gives which acceptance it is."""
    counted = tx.value(
        _COUNT_ACCEPTANCE, {"id": quote.id, "status": quote.status, "ended": ended[0], "reason": ended[1]}
    )
    lines = [one.line.line_no for one in taken]
    quantities = [one.qty for one in taken]
    tx.run(_COUNT_UP, {"quote": quote.id, "version": acceptance.version_no, "line": lines, "qty": quantities})
    row = {
        "id": acceptance.id,
        "quote": quote.id,
        "account": quote.account_id,
        "no": counted,
        "version": acceptance.version_no,
        "order": acceptance.order_id,
        "po": acceptance.buyer_po,
        "policy": acceptance.policy,
        "at": tx.now,
        "by": tx.actor.principal_id,
    }
    tx.run(_ACCEPTANCE, row)
    tx.run(
        _ACCEPTANCE_LINES,
        {
            **row,
            "line": lines,
            "qty": quantities,
            "price": [one.line.unit_price for one in taken],
            "basis": [one.line.basis for one in taken],
            "net": [one.net for one in taken],
        },
    )
    return int(counted)
