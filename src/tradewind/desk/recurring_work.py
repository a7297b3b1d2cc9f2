"""What is due of standing orders is ordered: each period once, in one transaction with its row and its place in the calendar.

A worker that is killed has done all of a period or nothing of it; one that comes late, or twice, finds what is settled settled: by
the lock on the standing order, by the key of the period's row, and by the order's own business key.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from itertools import takewhile
from typing import Any
from uuid import UUID

import psycopg

from tradewind.access.decide import authorize, seen_for, within_mandate
from tradewind.access.model import Caller
from tradewind.access.queries import callers_by_id
from tradewind.accounts.model import Account
from tradewind.accounts.queries import accounts_by_id
from tradewind.calendars.decide import instant
from tradewind.calendars.model import Calendar, every_day
from tradewind.calendars.queries import calendars_by_code
from tradewind.desk.place import Placed, place
from tradewind.desk.resolve import Submission
from tradewind.kernel.deliveries import Delivery, put_deliveries
from tradewind.kernel.problem import Problem, Refused
from tradewind.kernel.tx import Actor, Database, Event, Tx, is_transient
from tradewind.orchestration.commands.turns import StepFailed
from tradewind.recurring import commands, errors
from tradewind.recurring.decide import Due, first_planned, plan, settle_due, wait_minutes
from tradewind.recurring.model import LARGEST_CATCH_UP, TRIES, Period, Standing, Status
from tradewind.recurring.queries import claim_due, claim_tries, due_ids, lock_standing
from tradewind.semantics.model import AgreedPrice, DraftGroup, DraftLine, OrderDraft
from tradewind.streams.sources import StockMoved

ACTION, CHANNEL = "orders.place", "recurring"
SET = 16  # standing orders that share a transaction
ROUND = 256  # standing orders of one round
_NOON = time(12)
log = logging.getLogger("tradewind.recurring")


@dataclass(slots=True)
class _Job:
    """A period that is to be ordered, and what became of it."""

    standing: Standing
    period: Period
    problem: Problem | None = None
    submission: Submission | None = None
    placed: Placed = field(default_factory=Placed)


def work_recurring(database: Database) -> int:
    """Order everything that is due by now, and try again what failed. Gives how many periods were settled."""
    settled = 0
    ids = database.read(lambda reader: due_ids(reader, limit=ROUND))
    for start in range(0, len(ids), SET):
        settled += _settle_set(database, ids[start : start + SET])
    return settled + _try_again(database)


def _settle_set(database: Database, ids: Sequence[UUID]) -> int:
    """One transaction for all of them; where it fails, each alone, and one that fails alone says so in its period."""
    try:
        return _wide(database, ids)
    except (psycopg.Error, StepFailed, Refused, LookupError, ArithmeticError, ValueError) as failure:
        if is_transient(failure):
            raise
        if len(ids) > 1:
            return sum(_settle_set(database, [one]) for one in ids)
        log.exception("a standing order failed", extra={"recurring": str(ids[0])})
        problem = _unexpected(failure)
        return database.write(lambda tx: _settle(tx, ids, failed=problem), actor=_worker())


def _unexpected(failure: BaseException) -> Problem:
    if isinstance(failure, Refused):
        return failure.problems[0]
    return Problem("recurring.unexpected", f"Something failed on our side: {type(failure).__name__}.", "", 500)


def _wide(database: Database, ids: Sequence[UUID]) -> int:
    try:
        return database.write(lambda tx: _settle(tx, ids), actor=_worker())
    except StockMoved:
        return database.write(lambda tx: _settle(tx, ids, lock_all_sites=True), actor=_worker())


def _worker() -> Actor:
    return Actor(principal_id=None, name="recurring", channel=CHANNEL)


def _settle(tx: Tx, ids: Sequence[UUID], *, lock_all_sites: bool = False, failed: Problem | None = None) -> int:
    """Settle every period of these that is due. `failed`: why none of them can be ordered now."""
    claimed = claim_due(tx, ids)
    calendars = calendars_by_code(tx) if any(one.calendar for one in claimed) else {}
    jobs: list[_Job] = []
    settled: list[Period] = []
    after: list[Standing] = []
    used: list[bool] = []
    for standing in claimed:
        calendar = calendars.get(standing.calendar or "")
        due = settle_due(standing, _due_now(standing, calendar, tx.now), now=tx.now)
        wanted = [one for one in due if one.status is None]
        for one in due:
            period = _period(standing, one)
            if one.status is not None:
                settled.append(period)
                continue
            only = standing.next_lines if one is wanted[0] else None
            jobs.append(_Job(standing, replace(period, lines=only), failed))
        after.append(_moved_on(standing, calendar, due))
        used.append(bool(wanted))
    settled += order_periods(tx, jobs, lock_all_sites=lock_all_sites)
    commands.insert_periods(tx, settled)
    commands.advance(tx, after, used=used)
    _tell(tx, {one.id: one for one in claimed}, settled)
    for standing in after:
        if standing.status == Status.ENDED:
            _say(tx, "recurring.ended", standing, {"reason": standing.end_reason})
    return len(settled)


def _due_now(standing: Standing, calendar: Calendar | None, now: datetime) -> list[Any]:
    return list(takewhile(lambda one: one.due_at <= now, plan(standing, calendar, count=LARGEST_CATCH_UP)))


def _period(standing: Standing, due: Due) -> Period:
    one = due.planned
    return Period(
        standing.id, standing.account_id, one.day, one.period_no, one.wanted_on or one.day, one.due_at, due.status or "placed",
        due.code, due.reason,
    )  # fmt: skip


def _moved_on(standing: Standing, calendar: Calendar | None, due: Sequence[Due]) -> Standing:
    """Where a standing order stands once these periods are settled."""
    if not due:
        return standing
    skipped = min(standing.skip_next, len(due))
    done = replace(standing, periods_done=standing.periods_done + len(due), skip_next=standing.skip_next - skipped)
    following = first_planned(done, calendar, after=due[-1].planned.day)
    if following is None:
        return replace(done, status=Status.ENDED, next_day=None, due_at=None, end_reason="Its last period is over.")
    return replace(done, next_day=following.day, due_at=following.due_at)


def order_periods(tx: Tx, jobs: Sequence[_Job], *, lock_all_sites: bool) -> list[Period]:
    """Place the orders of periods, all in one go, each in the name of its owner; what became of each, as it is to be stored."""
    owners = callers_by_id(tx, {job.standing.owner_id for job in jobs}, channel=CHANNEL) if jobs else {}
    accounts = accounts_by_id(tx, {job.standing.account_id for job in jobs}) if jobs else {}
    for job in jobs:
        _prepare(job, owners.get(job.standing.owner_id), accounts[job.standing.account_id])
    asking = [job for job in jobs if job.submission is not None]
    submissions = [job.submission for job in asking if job.submission is not None]
    answers = place(tx, submissions, lock_all_sites=lock_all_sites) if submissions else []
    for job, placed in zip(asking, answers, strict=True):
        job.placed = placed
        job.problem = placed.problems[0] if placed.problems else _over_mandate(job, owners[job.standing.owner_id])
    return [_outcome(job, tx.now) for job in jobs]


def _prepare(job: _Job, owner: Caller | None, account: Account) -> None:
    standing, period = job.standing, job.period
    if job.problem is not None:
        return
    if owner is None or authorize(owner, ACTION, account.id) is not None:
        job.problem = errors.owner_may_not(standing.number)
        return
    lines = period.lines or standing.lines
    requested = instant(every_day(standing.zone), period.wanted_on, _NOON) if standing.lead_days else None
    draft = OrderDraft(
        account.code,
        tuple(DraftLine(number, one.item, one.qty, one.uom) for number, one in enumerate(lines, 1)),
        (DraftGroup(ship_to=standing.ship_to, requested_at=requested),),
        buyer_po=standing.buyer_po or standing.number,
        release_no=period.day.isoformat(),
        channel=CHANNEL,
        note=standing.note,
    )
    agreed = tuple(
        (number, AgreedPrice(one.unit_price, one.basis, standing.number, CHANNEL))
        for number, one in enumerate(lines, 1)
        if standing.pricing == "fixed" and one.unit_price is not None
    )
    seen = seen_for(owner, ACTION)
    actor = Actor(owner.principal.id, owner.principal.name, CHANNEL, account.id)
    job.submission = Submission(draft, actor, None if seen is None else tuple(sorted(seen)), agreed=agreed)


def _over_mandate(job: _Job, owner: Caller) -> Problem | None:
    work = job.placed.work
    if work is None:
        return None
    problem = within_mandate(owner, ACTION, work.account.id, total=work.totals.total, currency=work.header.currency)
    if problem is not None:
        raise Refused([problem])
    return None


def _outcome(job: _Job, now: datetime) -> Period:
    if job.problem is None:
        return replace(job.period, status="placed", code=None, reason=None, order_id=job.placed.order_id, try_at=None)
    tries = job.period.tries + 1
    reason, code = job.problem.message, job.problem.code
    if tries >= TRIES:
        return replace(job.period, status="given_up", code=code, reason=reason, tries=tries, try_at=None)
    try_at = now.astimezone(UTC) + timedelta(minutes=wait_minutes(tries))
    return replace(job.period, status="failed", code=code, reason=reason, tries=tries, try_at=try_at)


def _try_again(database: Database) -> int:
    """Periods that failed, one a transaction: what is wrong with one holds no other up."""
    tried = 0
    for _ in range(ROUND):
        failed: list[Problem] = []
        try:
            done = database.write(lambda tx: _retry(tx, lock_all_sites=True), actor=_worker())
        except (psycopg.Error, StepFailed, Refused, LookupError, ArithmeticError, ValueError) as failure:
            if is_transient(failure):
                raise
            log.exception("a period failed again")
            failed = [_unexpected(failure)]
            done = database.write(lambda tx, why=failed: _retry(tx, failed=why[0]), actor=_worker())  # type: ignore[misc]
        if not done:
            break
        tried += done
    return tried


def _retry(tx: Tx, *, lock_all_sites: bool = False, failed: Problem | None = None) -> int:
    periods = claim_tries(tx, limit=1)
    standings = lock_standing(tx, [one.recurring_id for one in periods])
    jobs = [_Job(standings[one.recurring_id], one, failed) for one in periods]
    settled = order_periods(tx, jobs, lock_all_sites=lock_all_sites)
    commands.settle_again(tx, settled)
    _tell(tx, standings, settled)
    return len(settled)


def _tell(tx: Tx, standings: dict[UUID, Standing], settled: Sequence[Period]) -> None:
    """The facts, and a letter about each period that got no order."""
    told = [one for one in settled if one.status != "placed"]
    accounts = accounts_by_id(tx, {one.account_id for one in told}) if told else {}
    letters: list[Delivery] = []
    for one in settled:
        standing = standings[one.recurring_id]
        payload = {
            "number": standing.number, "day": one.day.isoformat(), "wanted_on": one.wanted_on.isoformat(),
            "order": one.order_id and str(one.order_id), "code": one.code, "reason": one.reason, "tries": one.tries,
            "try_at": one.try_at and one.try_at.isoformat(),
        }  # fmt: skip
        objects = (("sales_order", one.order_id, "placed"),) if one.order_id else ()
        _say(tx, f"recurring.{one.status}", standing, payload, objects)
        url = accounts[one.account_id].delivery_url if one.account_id in accounts else None
        if url and one.status != "placed":
            key = f"recurring.{one.status}:{one.recurring_id}:{one.day.isoformat()}:{one.tries}"
            kind = f"recurring.{one.status}"
            letters.append(Delivery(key, url, kind, one.account_id, "recurring_order", one.recurring_id, payload))
    put_deliveries(tx, letters)


def _say(
    tx: Tx, kind: str, standing: Standing, payload: dict[str, Any], objects: tuple[tuple[str, UUID, str], ...] = ()
) -> None:
    account = ("account", standing.account_id, "sold_to")
    told = {"number": standing.number, **payload}
    tx.emit(Event(kind, "recurring_order", standing.id, told, standing.account_id, (account, *objects)))
