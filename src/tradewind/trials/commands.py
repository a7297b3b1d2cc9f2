"""Writes of trials: asked for, claimed by a worker, noted batch by batch, ended."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from tradewind.kernel.log import end_of_log, move_cursor
from tradewind.kernel.money import plain
from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Event, Tx, dumps
from tradewind.trials import errors
from tradewind.trials.model import Finding, TrialRow
from tradewind.trials.queries import trial_by_id

LEASE = timedelta(minutes=2)  # a worker that was killed leaves a trial behind that begins anew elsewhere
ATTEMPTS = 3
_INSERT = """
insert into trial (id, name, mode, state, started_at, change, selection, assumed_hours, requested_by, requested_at, summary)
values (%(id)s, %(name)s, %(mode)s, case when %(mode)s = 'shadow' then 'running' else 'queued' end,
  case when %(mode)s = 'shadow' then %(now)s::timestamptz end, %(change)s::jsonb, %(selection)s::jsonb, %(hours)s, %(by)s, %(now)s, '{}')
"""
_CLAIM = """
update trial set state = 'running', started_at = coalesce(started_at, %(now)s), lease_until = %(until)s, attempts = attempts + 1,
  orders = 0, done = 0, changed = 0, summary = '{}'
where id = (
  select id from trial where mode = 'past' and (state = 'queued' or (state = 'running' and lease_until < %(now)s))
  order by requested_at, id limit 1 for update skip locked)
returning id, attempts
"""
_CLEAR = "delete from trial_finding where trial_id = %s"
_BEGIN = "update trial set orders = %(orders)s, as_of = %(as_of)s where id = %(id)s and attempts = %(attempt)s and state = 'running'"
_NOTE = """
update trial set done = done + %(done)s, changed = changed + %(changed)s, summary = %(summary)s::jsonb, lease_until = %(until)s
where id = %(id)s and attempts = %(attempt)s and state = 'running'
"""
_NOTE_SHADOW = """
update trial set orders = orders + %(tried)s, done = done + %(tried)s, changed = changed + %(changed)s, summary = %(summary)s::jsonb,
  as_of = %(now)s
where id = %(id)s and mode = 'shadow' and state = 'running'
"""
_FAIL_SHADOW = """
update trial set state = 'failed', ended_at = %(now)s, problem = %(problem)s::jsonb
where id = %(id)s and mode = 'shadow' and state = 'running'
"""
_FINDINGS = """
insert into trial_finding (trial_id, place, order_id, kinds, value, differences, touches_before, touches_after, hours_before,
  hours_after)
select %(trial)s, w.place, w.order_id, string_to_array(w.kinds, ','), w.value, w.differences, w.touches_before, w.touches_after,
  w.hours_before, w.hours_after
from unnest(%(place)s::int[], %(order)s::uuid[], %(kinds)s::text[], %(value)s::numeric[], %(differences)s::jsonb[],
  %(touches_before)s::int[], %(touches_after)s::int[], %(hours_before)s::numeric[], %(hours_after)s::numeric[])
  as w(place, order_id, kinds, value, differences, touches_before, touches_after, hours_before, hours_after)
"""
_END = """
update trial set state = %(state)s, ended_at = %(now)s, seconds = %(seconds)s, problem = %(problem)s::jsonb, lease_until = null
where id = %(id)s and attempts = %(attempt)s and state = 'running'
"""
_CANCEL = """
update trial set cancel_asked = true, state = case when state = 'queued' or mode = 'shadow' then 'cancelled' else state end,
  ended_at = case when state = 'queued' or mode = 'shadow' then %(now)s::timestamptz end
where id = %(id)s and state in ('queued', 'running')
"""


def request_trial(
    tx: Tx,
    name: str,
    *,
    change: Mapping[str, Any],
    selection: Mapping[str, Any],
    assumed_hours: Decimal | None = None,
    mode: str = "past",
) -> UUID:
    """Put a trial down for a worker. `change` and `selection` as they were asked, checked by the caller. A `shadow` begins with the
    next order that comes."""
    trial_id = tx.ids.new()
    tx.run(
        _INSERT,
        {
            "id": trial_id,
            "name": name,
            "mode": mode,
            "change": dumps(change),
            "selection": dumps(selection),
            "hours": assumed_hours,
            "by": tx.actor.principal_id,
            "now": tx.now,
        },
    )
    if mode == "shadow":
        move_cursor(tx, shadow_reader(trial_id), end_of_log(tx))
    tx.emit(Event("trial.requested", "trial", trial_id, {"name": name, "mode": mode, "changes": sorted(change)}))
    return trial_id


def claim_trial(tx: Tx) -> tuple[UUID, int] | None:
    """The next trial to run, with the number of this attempt; also one whose worker is gone. One that was tried too often fails."""
    row = tx.row(_CLAIM, {"now": tx.now, "until": tx.now + LEASE})
    if row is None:
        return None
    trial_id, attempt = row
    tx.run(_CLEAR, [trial_id])
    if attempt > ATTEMPTS:
        end_trial(tx, trial_id, attempt, state="failed", seconds=Decimal(0), problem=errors.given_up(ATTEMPTS))
        return None
    return trial_id, attempt


def begin_trial(tx: Tx, trial_id: UUID, attempt: int, *, orders: int) -> None:
    """It runs over so many orders, as of now."""
    tx.run(_BEGIN, {"id": trial_id, "attempt": attempt, "orders": orders, "as_of": tx.now})


def note_batch(
    tx: Tx,
    trial_id: UUID,
    attempt: int,
    *,
    findings: Sequence[tuple[int, Finding]],
    done: int,
    summary: Mapping[str, Any],
) -> bool:
    """Keep what a set of orders came to, findings with their places; False where the trial is no longer ours."""
    params = {
        "id": trial_id,
        "attempt": attempt,
        "done": done,
        "changed": len(findings),
        "summary": dumps(summary),
        "until": tx.now + LEASE,
    }
    if not tx.run(_NOTE, params):
        return False
    if findings:
        tx.run(_FINDINGS, {"trial": trial_id, **_columns(findings)})
    return True


def shadow_reader(trial_id: UUID) -> str:
    """The name under which a shadow keeps how far it has read the log."""
    return f"trial:{trial_id}"


def note_shadow(
    tx: Tx, row: TrialRow, *, findings: Sequence[tuple[int, Finding]], tried: int, summary: Mapping[str, Any]
) -> bool:
    """Keep what a shadow found of the orders that came; False where it was ended meanwhile."""
    params = {"id": row.id, "tried": tried, "changed": len(findings), "summary": dumps(summary), "now": tx.now}
    if not tx.run(_NOTE_SHADOW, params):
        return False
    if findings:
        tx.run(_FINDINGS, {"trial": row.id, **_columns(findings)})
    return True


def fail_shadow(tx: Tx, *, trial_id: UUID, problem: Problem) -> None:
    """A shadow cannot go on."""
    if tx.run(_FAIL_SHADOW, {"id": trial_id, "now": tx.now, "problem": dumps(problem.as_json())}):
        _say_ended(tx, trial_id)


def _columns(findings: Sequence[tuple[int, Finding]]) -> dict[str, list[Any]]:
    return {
        "place": [place for place, _ in findings],
        "order": [one.order_id for _, one in findings],
        "kinds": [",".join(one.kinds) for _, one in findings],
        "value": [one.value for _, one in findings],
        "differences": [dumps(_told(one)) for _, one in findings],
        "touches_before": [one.touches[0] for _, one in findings],
        "touches_after": [one.touches[1] for _, one in findings],
        "hours_before": [one.hours[0] for _, one in findings],
        "hours_after": [one.hours[1] for _, one in findings],
    }


def _told(finding: Finding) -> list[dict[str, Any]]:
    return [
        {
            "kind": one.kind.value,
            "from": one.before,
            "to": one.after,
            "reason": one.reason,
            **({} if one.by is None else {"by": plain(one.by)}),
        }
        for one in finding.differences
    ]


def end_trial(
    tx: Tx, trial_id: UUID, attempt: int, *, state: str, seconds: Decimal, problem: Problem | None = None
) -> None:
    """It is done, failed or cancelled."""
    told = None if problem is None else dumps(problem.as_json())
    params = {"id": trial_id, "attempt": attempt, "state": state, "now": tx.now, "seconds": seconds, "problem": told}
    if tx.run(_END, params):
        _say_ended(tx, trial_id)


def _say_ended(tx: Tx, trial_id: UUID) -> None:
    row = trial_by_id(tx, trial_id)
    assert row is not None
    payload = {"name": row.name, "state": row.state, "orders": row.orders, "changed": row.changed}
    tx.emit(Event("trial.ended", "trial", trial_id, payload))


def cancel_trial(tx: Tx, trial_id: UUID) -> TrialRow | Problem | None:
    """End a trial that waits or runs: at once where nobody runs it, else after the set at hand; None where there is none."""
    row = trial_by_id(tx, trial_id)
    if row is None:
        return None
    if not tx.run(_CANCEL, {"id": trial_id, "now": tx.now}):
        return errors.over(row.state)
    tx.emit(Event("trial.cancelled", "trial", trial_id, {"name": row.name}))
    return trial_by_id(tx, trial_id)
