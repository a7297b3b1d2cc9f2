"""The worker: turns the streams, serves backorders, wakes what was missed, and sends what leaves the house.

Everything it does is rows and their transactions, so a worker that is killed loses nothing and any number may run. It rests
when there is nothing to do, and outlives restarts of the database.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from tradewind.app import metrics
from tradewind.app.drop_folder import take_files
from tradewind.app.outbound import NotSent, post_json
from tradewind.app.partner_post import KIND as TO_PARTNERS
from tradewind.app.partner_post import send_to_partner
from tradewind.app.settings import Settings
from tradewind.channels.edi.outbound import serve_partners
from tradewind.channels.edi.queries.partners import has_partners
from tradewind.channels.edi.work import work_next
from tradewind.desk.blanket_notices import sweep_blankets
from tradewind.desk.dunning import start_dunning
from tradewind.desk.escalations import look_ahead
from tradewind.desk.limits import ask_waiting
from tradewind.desk.quotes import expire_quotes
from tradewind.desk.recurring_work import work_recurring
from tradewind.desk.task_care import Cared, look_after_tasks
from tradewind.kernel.limits import CRANK_SET
from tradewind.kernel.problem import Refused
from tradewind.kernel.tx import Actor, Database, Tx, dumps
from tradewind.orchestration.commands.crank import CRANK, Crank
from tradewind.orchestration.commands.deliveries import Due, Failure, claim_deliveries, note_failed, note_sent
from tradewind.orchestration.commands.messages import sweep_messages
from tradewind.orchestration.commands.signals import sweep_signals
from tradewind.orchestration.commands.stuck import mend_stuck
from tradewind.orchestration.commands.timeouts import expire_waits
from tradewind.streams.backorders import BackorderCrank
from tradewind.streams.language import read_expression
from tradewind.streams.library import STREAMS
from tradewind.streams.sources import StockMoved
from tradewind.trials.jobs import work_next as run_next_trial
from tradewind.trials.shadow import follow_shadows

SHORTEST_REST, LONGEST_REST = 0.02, 0.2
GATHER = 0.1  # a turn that was not full rests this long: a set of forty costs hardly more than one of five
LONGEST_TROUBLE = 5.0
MESSAGES_EVERY, CREDIT_EVERY, BACKORDERS_EVERY, TRIALS_EVERY = 1.0, 5.0, 15.0, 1.0
RECURRING_EVERY, BLANKETS_EVERY = 1.0, 60.0
AHEAD_EVERY, STUCK_EVERY = 60.0, 300.0
TASKS_EVERY, DUNNING_EVERY = 2.0, 60.0
BUSY_TURNS = 200  # turns of one kind before the others have their turn
TRADER = Actor(principal_id=None, name="partners", channel="edi")
SENDER = Actor(principal_id=None, name="deliveries", channel="delivery")
FINAL = frozenset((400, 401, 403, 404, 405, 410, 413, 415, 422))
log = logging.getLogger("tradewind.worker")


def run_worker(database: Database, settings: Settings, stop: threading.Event) -> None:
    """Work until `stop` is set; deliveries go out in a thread of their own, so that a slow destination holds nothing up."""
    sending = Database(database.url, database.clock, role=database.role)
    sender = threading.Thread(target=_send_until, args=(sending, settings, stop), name="deliveries", daemon=True)
    sender.start()
    trading = Database(database.url, database.clock, role=database.role)
    trader = threading.Thread(target=_trade_until, args=(trading, settings, stop), name="partners", daemon=True)
    trader.start()
    trying = Database(database.url, database.clock, role=database.role)
    trials = threading.Thread(target=_try_until, args=(trying, stop), name="trials", daemon=True)
    trials.start()
    duties = Duties(database)
    _until(stop, duties.round, "round")
    sender.join(timeout=20)
    trader.join(timeout=20)
    trials.join(timeout=20)
    sending.close()
    trading.close()
    trying.close()


@dataclass
class Duties:
    """What one worker does in turn, and when it looked for what was missed last."""

    database: Database
    crank: Crank = field(init=False)
    backorders: BackorderCrank = field(init=False)
    messages_at: float = 0.0
    credit_at: float = 0.0
    backorders_at: float = 0.0
    recurring_at: float = 0.0
    blankets_at: float = 0.0
    ahead_at: float = 0.0
    stuck_at: float = 0.0
    tasks_at: float = 0.0
    dunning_at: float = 0.0

    def __post_init__(self) -> None:
        self.crank = Crank(self.database, STREAMS, read_expression)
        self.backorders = BackorderCrank(self.database)

    def round(self) -> dict[str, int]:
        """One round of everything; what it did, without what was nothing."""
        done = {"turned": self._turn_streams(), **self._serve_backorders(), **self._sweep()}
        return {name: count for name, count in done.items() if count}

    def _turn_streams(self) -> int:
        moved = 0
        for _ in range(BUSY_TURNS):
            now = self.crank.turn_once()
            moved += now
            if now:
                metrics.record_crank(now)
            if now < CRANK_SET:
                break
        return moved

    def _serve_backorders(self) -> dict[str, int]:
        read = self.backorders.turn_once()
        if read.unnamed:
            self.backorders_at = 0.0
        elif read.skipped:
            self.backorders_at = min(self.backorders_at, time.monotonic() - BACKORDERS_EVERY + MESSAGES_EVERY)
        return {"events": read.events, "served": read.orders, "skipped": read.skipped}

    def _sweep(self) -> dict[str, int]:
        now, found = time.monotonic(), dict[str, int]()
        if now - self.messages_at >= MESSAGES_EVERY:
            self.messages_at = now
            woken, expired = self.database.write(sweep_messages)
            woken += self.database.write(sweep_signals)
            found |= {"woken": woken, "expired": expired, "timed_out": self.database.write(expire_waits, actor=CRANK)}
        if now - self.credit_at >= CREDIT_EVERY:
            self.credit_at = now
            found |= {"credit_freed": len(self.database.write(ask_waiting, actor=CRANK))}
            found |= {"quotes_expired": self.database.write(expire_quotes, actor=CRANK)}
        if now - self.tasks_at >= TASKS_EVERY:
            self.tasks_at = now
            cared = self.database.write(look_after_tasks, actor=CRANK)
            found |= {f"tasks_{name}": getattr(cared, name) for name in Cared.__slots__}
        if now - self.backorders_at >= BACKORDERS_EVERY:
            self.backorders_at = now
            swept = self.backorders.sweep()
            found |= {"swept": swept.orders}
        if now - self.recurring_at >= RECURRING_EVERY:
            self.recurring_at = now
            found |= {"recurring": work_recurring(self.database)}
        if now - self.blankets_at >= BLANKETS_EVERY:
            self.blankets_at = now
            found |= {"blankets_told": self.database.write(sweep_blankets)}
        if now - self.dunning_at >= DUNNING_EVERY:
            self.dunning_at = now
            found |= {"dunned": self.database.write(start_dunning, actor=CRANK)}
        return found | self._watch(now)

    def _watch(self, now: float) -> dict[str, int]:
        """What will be late, and what stands still."""
        found = dict[str, int]()
        if now - self.ahead_at >= AHEAD_EVERY:
            self.ahead_at = now
            escalated, closed = self.database.write(look_ahead, actor=CRANK)
            found |= {"escalated": escalated, "de_escalated": closed}
        if now - self.stuck_at >= STUCK_EVERY:
            self.stuck_at = now
            woken, stuck = self.database.write(mend_stuck, actor=CRANK)
            found |= {"mended": woken, "stuck": stuck}
        return found


def _until(stop: threading.Event, work: Callable[[], dict[str, int]], what: str) -> None:
    """Repeat `work` until told to stop: at once while it finds something, resting longer and longer while it does not."""
    rest = SHORTEST_REST
    while not stop.is_set():
        try:
            done = work()
        except StockMoved:  # somebody took it between the look and the lock: look again
            stop.wait(SHORTEST_REST)
            continue
        except (psycopg.Error, Refused, OSError) as reason:
            rest = min(max(rest, 0.1) * 2, LONGEST_TROUBLE)
            log.warning("%s failed, trying again", what, extra={"reason": str(reason).strip(), "rest": rest})
            stop.wait(rest)
            continue
        except Exception:  # a bug in one round must not end the worker; nothing of the round was kept
            rest = min(max(rest, 0.1) * 2, LONGEST_TROUBLE)
            log.exception("%s failed", what)
            stop.wait(rest)
            continue
        if done:
            log.log(logging.INFO if done.keys() - {"events"} else logging.DEBUG, what, extra=done)
            rest = SHORTEST_REST
            if 0 < done.get("turned", 0) < CRANK_SET:
                stop.wait(GATHER)
            continue
        rest = min(rest, LONGEST_REST)
        stop.wait(rest)
        rest = min(rest * 1.5, LONGEST_REST)


def _trade_until(database: Database, settings: Settings, stop: threading.Event) -> None:
    folder = Path(settings.edi_folder) if settings.edi_folder else None
    _until(stop, lambda: trade(database, folder, largest=settings.body_max_bytes), "partners")


def _try_until(database: Database, stop: threading.Event) -> None:
    """Trials have a thread of their own, and processes of their own where there are many orders: nobody waits for them."""

    def run_one() -> dict[str, int]:
        shadowed, ran = follow_shadows(database), run_next_trial(database)
        if not shadowed and not ran:
            stop.wait(TRIALS_EVERY)
        return {name: count for name, count in (("shadowed", shadowed), ("trials", int(ran))) if count}

    _until(stop, run_one, "trials")


def trade(database: Database, folder: Path | None, *, largest: int) -> dict[str, int]:
    """What partners put down, what a killed process left of theirs, and what they are owed by now."""
    if not database.read(has_partners):
        return {}
    files = take_files(database, folder, largest=largest) if folder is not None else []
    taken_up = work_next(database, actor=TRADER)
    done = {"files": len(files), "taken_up": int(taken_up), **serve_partners(database)}
    return {name: count for name, count in done.items() if count}


def _send_until(database: Database, settings: Settings, stop: threading.Event) -> None:
    schemes = frozenset(settings.outbound_schemes)
    folder = Path(settings.edi_folder) if settings.edi_folder else None
    _until(stop, lambda: send_due(database, schemes, stop=stop, folder=folder), "deliveries")


def send_due(
    database: Database, schemes: frozenset[str], *, stop: threading.Event | None = None, folder: Path | None = None
) -> dict[str, int]:
    """Send what is due: claimed and committed, sent outside any transaction, then noted."""
    due = database.write(claim_deliveries, actor=SENDER)
    sent, failed = 0, 0
    for one in due:
        if stop is not None and stop.is_set():
            break  # the lease runs out and another sender takes it
        if one.kind.startswith(TO_PARTNERS):
            failure = send_to_partner(database, one, schemes=schemes, folder=folder)
        else:
            failure = _send(one, schemes)
        if failure is None:
            sent += database.write(lambda tx, one=one: note_sent(tx, [one]), actor=SENDER)  # type: ignore[misc]
        else:
            failed += database.write(_note(failure), actor=SENDER)
    return {name: count for name, count in (("sent", sent), ("failed", failed)) if count}


def _note(failure: Failure) -> Callable[[Tx], int]:
    return lambda tx: note_failed(tx, [failure])


def _send(one: Due, schemes: frozenset[str]) -> Failure | None:
    if "://" not in one.destination:
        return Failure(one, f"{one.destination} is collected, not sent to", parked=True)
    body = {
        "id": str(one.id),
        "kind": one.kind,
        "at": one.created_at,
        "subject": {"type": one.subject_type, "id": str(one.subject_id)},
        "payload": one.payload,
    }
    headers = {"Idempotency-Key": one.effect_key, "User-Agent": "Tradewind", "X-Tradewind-Kind": one.kind}
    try:
        answer = post_json(one.destination, dumps(body).encode(), headers=headers, schemes=schemes)
    except NotSent as reason:
        return Failure(one, str(reason), final=reason.final)
    if 200 <= answer.status < 300:
        return None
    return Failure(one, f"{answer.status} {answer.text[:200]}".strip(), final=answer.status in FINAL)
