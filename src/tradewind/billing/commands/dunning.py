"""Writes of dunning: policies by version, notices with their claims, what rests, and how claims end."""

import json
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from tradewind.billing.decide.dunning import Charge, Dunned
from tradewind.billing.model import DunningPolicy
from tradewind.billing.queries.dunning import Pause
from tradewind.kernel.arrays import numbers
from tradewind.kernel.money import ZERO, minor_digits
from tradewind.kernel.tx import Tx
from tradewind.kernel.value import value


@value(frozen=True, slots=True)
class NewNotice:
    """A notice to be written: what was decided for one debtor in one currency, and the interest of what was paid late.

    `dunned` without lines is no notice, but may carry claims.
    """

    id: UUID
    number: str
    account_id: UUID
    legal_entity_id: UUID
    policy: DunningPolicy
    language: str
    day: date
    dunned: Dunned

    @property
    def open_total(self) -> Decimal:
        return sum((line.item.open for line in self.dunned.lines), ZERO)

    @property
    def interest(self) -> Decimal:
        """What is claimed with the notice; what was paid late is claimed without one."""
        return sum((one.amount for one in self.dunned.charges if one.item.open > 0), ZERO)

    @property
    def total(self) -> Decimal:
        return self.open_total + self.dunned.fee + self.interest


_PUT = """
insert into dunning_policy (code, version, name, currency, account_id, segment, interest_percent, year_days, gap_days, min_amount,
  fee_per, calendar_code, language, ended, valid_from, put_by)
values (%(code)s, %(version)s, %(name)s, %(currency)s, %(account)s, %(segment)s, %(percent)s, %(year)s, %(gap)s, %(least)s,
  %(fee_per)s, %(calendar)s, %(language)s, %(ended)s, %(from)s, %(by)s)
"""
_PUT_LEVELS = """
insert into dunning_level (policy_code, policy_version, level, after_days, fee, texts)
select %(code)s, %(version)s, w.level, w.days, w.fee, w.texts::jsonb
from unnest(%(level)s::int[], %(days)s::int[], %(fee)s::numeric[], %(texts)s::text[]) as w(level, days, fee, texts)
"""
_NUMBERS = "select 'DN-' || lpad(nextval('dunning_number')::text, 8, '0') from generate_series(1, %(count)s)"
_NOTICES = """
insert into dunning_notice (id, number, account_id, legal_entity_id, currency, policy_code, policy_version, level, language, day,
  noticed_at, open_total, fee, interest, total)
select w.id, w.number, w.account_id, w.entity_id, w.currency, w.code, w.version, w.level, w.language, w.day, %(now)s, w.open, w.fee,
  w.interest, w.open + w.fee + w.interest
from unnest(%(id)s::uuid[], %(number)s::text[], %(account)s::uuid[], %(entity)s::uuid[], %(currency)s::text[], %(code)s::text[],
  %(version)s::int[], %(level)s::int[], %(language)s::text[], %(day)s::date[], %(open)s::numeric[], %(fee)s::numeric[],
  %(interest)s::numeric[])
  as w(id, number, account_id, entity_id, currency, code, version, level, language, day, open, fee, interest)
"""
_LINES = """
insert into dunning_line (notice_id, line_no, account_id, invoice_id, part_no, level, due_day, days_overdue, open)
select * from unnest(%(notice)s::uuid[], %(line)s::int[], %(account)s::uuid[], %(invoice)s::uuid[], %(part)s::int[], %(level)s::int[],
  %(due)s::date[], %(days)s::int[], %(open)s::numeric[])
"""
_CLAIMS = """
insert into dunning_claim (id, account_id, notice_id, invoice_id, part_no, kind, currency, digits, amount, interest_percent, year_days,
  to_day, claimed_at)
select w.*, %(now)s from unnest(%(id)s::uuid[], %(account)s::uuid[], %(notice)s::uuid[], %(invoice)s::uuid[], %(part)s::int[],
  %(kind)s::text[], %(currency)s::text[], %(digits)s::int[], %(amount)s::numeric[], %(percent)s::numeric[], %(year)s::int[],
  %(to)s::date[]) as w
"""
_SPANS = """
insert into dunning_span (claim_id, span_no, account_id, from_day, to_day, days, base)
select w.claim, w.no, w.account, w.begins, w.ends, w.ends - w.begins, w.base
from unnest(%(claim)s::uuid[], %(no)s::int[], %(account)s::uuid[], %(from)s::date[], %(to)s::date[], %(base)s::numeric[])
  as w(claim, no, account, begins, ends, base)
"""
_PAUSE = """
insert into dunning_pause (id, account_id, invoice_id, kind, until_day, amount, reason, opened_at, opened_by)
values (%(id)s, %(account)s, %(invoice)s, %(kind)s, %(until)s, %(amount)s, %(reason)s, %(now)s, %(by)s)
"""
_RESUME = """
update dunning_pause set ended_at = %(now)s, ended_by = %(by)s, end_reason = %(reason)s where id = %(id)s and ended_at is null
"""
_END_CLAIM = """
update dunning_claim set status = %(status)s, ended_at = %(now)s, ended_by = %(by)s, end_reason = %(reason)s
where id = %(id)s and status = 'open'
"""


def put_policy(tx: Tx, policy: DunningPolicy) -> None:
    """Store a version of a policy. It was checked by `decide.dunning.check_policy`."""
    tx.run(
        _PUT,
        {
            "code": policy.code,
            "version": policy.version,
            "name": policy.name,
            "currency": policy.currency,
            "account": policy.account_id,
            "segment": policy.segment,
            "percent": policy.interest_percent,
            "year": policy.year_days,
            "gap": policy.gap_days,
            "least": policy.min_amount,
            "fee_per": policy.fee_per,
            "calendar": policy.calendar,
            "language": policy.language,
            "ended": policy.ended,
            "from": policy.valid_from,
            "by": tx.actor.principal_id,
        },
    )
    levels = policy.levels
    columns = {
        "level": numbers(one.level for one in levels),
        "days": numbers(one.after_days for one in levels),
        "fee": numbers(one.fee for one in levels),
        "texts": [json.dumps(dict(one.texts)) for one in levels],
    }
    tx.run(_PUT_LEVELS, {"code": policy.code, "version": policy.version, **columns})


def next_notice_numbers(tx: Tx, count: int) -> list[str]:
    """Numbers people can read; they may have gaps."""
    return [row[0] for row in tx.rows(_NUMBERS, {"count": count})] if count else []


def write_notices(tx: Tx, notices: Sequence[NewNotice]) -> list[tuple[UUID, UUID, Charge]]:
    """Store notices with their lines, fees and interest; gives the claims on what was paid late: (claim, account, charge)."""
    said = [one for one in notices if one.dunned.lines]
    if said:
        _write_heads(tx, said)
        _write_lines(tx, said)
    fees = [one for one in said if one.dunned.fee]
    charges = [(one, charge) for one in notices for charge in one.dunned.charges]
    ids = tx.ids.many(len(fees) + len(charges))
    if not ids:
        return []
    fee_ids, charge_ids = ids[: len(fees)], ids[len(fees) :]
    _write_claims(tx, fees, charges, ids)
    spans = [
        (claim_id, number, one, span)
        for claim_id, (one, charge) in zip(charge_ids, charges, strict=True)
        for number, span in enumerate(charge.spans, 1)
    ]
    assert len(fee_ids) == len(fees)
    tx.run(
        _SPANS,
        {
            "claim": [claim_id for claim_id, _, _, _ in spans],
            "no": numbers(number for _, number, _, _ in spans),
            "account": [one.account_id for _, _, one, _ in spans],
            "from": [span.start for _, _, _, span in spans],
            "to": [span.end for _, _, _, span in spans],
            "base": numbers(span.base for _, _, _, span in spans),
        },
    )
    return [
        (claim_id, one.account_id, charge)
        for claim_id, (one, charge) in zip(charge_ids, charges, strict=True)
        if charge.item.open <= 0
    ]


def _write_heads(tx: Tx, said: Sequence[NewNotice]) -> None:
    tx.run(
        _NOTICES,
        {
            "now": tx.now,
            "id": [one.id for one in said],
            "number": [one.number for one in said],
            "account": [one.account_id for one in said],
            "entity": [one.legal_entity_id for one in said],
            "currency": [one.policy.currency for one in said],
            "code": [one.policy.code for one in said],
            "version": numbers(one.policy.version for one in said),
            "level": numbers(one.dunned.level for one in said),
            "language": [one.language for one in said],
            "day": [one.day for one in said],
            "open": numbers(one.open_total for one in said),
            "fee": numbers(one.dunned.fee for one in said),
            "interest": numbers(one.interest for one in said),
        },
    )


def _write_lines(tx: Tx, said: Sequence[NewNotice]) -> None:
    lines = [(one, number, line) for one in said for number, line in enumerate(one.dunned.lines, 1)]
    tx.run(
        _LINES,
        {
            "notice": [one.id for one, _, _ in lines],
            "line": numbers(number for _, number, _ in lines),
            "account": [one.account_id for one, _, _ in lines],
            "invoice": [line.item.invoice_id for _, _, line in lines],
            "part": numbers(line.item.part_no for _, _, line in lines),
            "level": numbers(line.level for _, _, line in lines),
            "due": [line.item.due_day for _, _, line in lines],
            "days": numbers((one.day - line.item.due_day).days for one, _, line in lines),
            "open": numbers(line.item.open for _, _, line in lines),
        },
    )


def _write_claims(
    tx: Tx, fees: Sequence[NewNotice], charges: Sequence[tuple[NewNotice, Charge]], ids: Sequence[UUID]
) -> None:
    none = [None] * len(fees)
    owners = [*fees, *(one for one, _ in charges)]
    tx.run(
        _CLAIMS,
        {
            "now": tx.now,
            "id": list(ids),
            "account": [one.account_id for one in owners],
            "notice": [
                *(one.id for one in fees),
                *(one.id if charge.item.open > 0 else None for one, charge in charges),
            ],
            "invoice": [*none, *(charge.item.invoice_id for _, charge in charges)],
            "part": numbers([*none, *(charge.item.part_no for _, charge in charges)]),
            "kind": ["fee"] * len(fees) + ["interest"] * len(charges),
            "currency": [one.policy.currency for one in owners],
            "digits": numbers(minor_digits(one.policy.currency) for one in owners),
            "amount": numbers([*(one.dunned.fee for one in fees), *(charge.amount for _, charge in charges)]),
            "percent": numbers([*none, *(one.policy.interest_percent for one, _ in charges)]),
            "year": numbers([*none, *(one.policy.year_days for one, _ in charges)]),
            "to": [*none, *(one.day for one, _ in charges)],
        },
    )


def open_pause(tx: Tx, pause: Pause) -> None:
    """Store that dunning rests."""
    tx.run(
        _PAUSE,
        {
            "id": pause.id,
            "account": pause.account_id,
            "invoice": pause.invoice_id,
            "kind": pause.kind,
            "until": pause.until_day,
            "amount": pause.amount,
            "reason": pause.reason,
            "now": tx.now,
            "by": tx.actor.principal_id,
        },
    )


def end_pause(tx: Tx, pause_id: UUID, reason: str) -> bool:
    """Let dunning go on; False where it did already."""
    return tx.run(_RESUME, {"id": pause_id, "reason": reason, "now": tx.now, "by": tx.actor.principal_id}) == 1


def end_claim(tx: Tx, claim_id: UUID, *, status: str, reason: str) -> bool:
    """Say that a claim was paid or is waived; False where it ended before."""
    columns = {"id": claim_id, "status": status, "reason": reason, "now": tx.now, "by": tx.actor.principal_id}
    return tx.run(_END_CLAIM, columns) == 1
