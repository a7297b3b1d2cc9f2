"""The crank: claims instances that are due, turns them in sets, and isolates what fails.

A set takes what has been due for longest; where more is due than fits, a quarter of it is what became due last, so that ten
thousand timers of one second do not hold up the orders that come in while they drain.

A set that fails is halved until the failing item stands alone with an incident (at most 2·log2 n + 8 tries); where more than
a fifth of a set fails in the same step, the step gets one incident and is paused.
"""

from collections.abc import Mapping, Sequence
from math import log2
from typing import Any
from uuid import UUID

from tradewind.kernel.limits import CRANK_SET
from tradewind.kernel.problem import Refused
from tradewind.kernel.tx import Actor, Database, Tx, is_transient
from tradewind.orchestration import events
from tradewind.orchestration.commands.instances import Running
from tradewind.orchestration.commands.steps import Stream, TurnAgain
from tradewind.orchestration.commands.streams import latest_versions
from tradewind.orchestration.commands.turns import (
    StepFailed,
    deliver_arrivals,
    finish_turn,
    read_instances,
    resumed,
    run_steps,
)
from tradewind.orchestration.model import ExpressionReader, Turn

CRANK = Actor(principal_id=None, name="crank", channel="crank")
_COLUMNS = "i.id, i.stream, i.version, i.subject_type, i.subject_id, i.account_id, i.state"
_CLAIM = f"""
select {_COLUMNS} from stream_instance i
where i.status = 'running' and i.wake_at <= %(now)s and i.stream = %(stream)s
  and (%(only)s::uuid[] is null or i.id = any(%(only)s::uuid[]))
order by i.wake_at limit %(limit)s for no key update skip locked
"""  # noqa: S608 - columns are ours
_CLAIM_LATEST = f"""
select {_COLUMNS} from stream_instance i
where i.status = 'running' and i.wake_at <= %(now)s and i.stream = %(stream)s and i.id <> all(%(claimed)s::uuid[])
order by i.wake_at desc, i.id desc limit %(limit)s for no key update skip locked
"""  # noqa: S608 - columns are ours
_INCIDENT = """
with found as (
  insert into incident (id, instance_id, step, kind, code, message, trace, opened_at)
  values (%(id)s, %(instance)s, %(step)s, %(kind)s, %(code)s, %(message)s, %(trace)s, %(now)s) returning id
)
update stream_instance set status = 'incident', attempts = attempts + 1 where id = %(instance)s
"""
_PAUSE = """
with found as (
  insert into incident (id, step, kind, code, message, trace, opened_at)
  values (%(id)s, %(step)s, 'step', 'orchestration.step_failed', %(message)s, %(trace)s, %(now)s) returning id
)
insert into step_pause (step, paused_at, incident_id) select %(step)s, %(now)s, id from found on conflict do nothing
"""


class Crank:
    """Turns the instances of all streams; one a worker thread."""

    def __init__(self, database: Database, streams: Mapping[str, Stream], expressions: ExpressionReader) -> None:
        self.database = database
        self.streams = streams
        self.expressions = expressions
        self.paused: set[str] = set()

    def turn_once(self, *, limit: int = CRANK_SET) -> int:
        """One turn of every stream; gives how many instances moved."""
        self.paused = self.database.read(lambda reader: {row[0] for row in reader.rows("select step from step_pause")})
        return sum(self._turn_stream(stream, limit=limit) for stream in self.streams.values())

    def turn_until_idle(self, *, rounds: int = 10_000) -> int:
        """Turn until nothing is due; for scripts and tests. Bounded by `rounds`."""
        moved = 0
        for _ in range(rounds):
            now = self.turn_once()
            moved += now
            if not now:
                break
        return moved

    def _turn_stream(self, stream: Stream, *, limit: int) -> int:
        if self.paused.intersection(stream.steps):
            return 0
        claimed: list[UUID] = []
        try:
            return self._turn_set(stream, limit=limit, claimed=claimed)
        except Exception as failure:
            if is_transient(failure):  # no item's fault: the worker rests and turns again
                raise
            return self._isolate(stream, claimed)

    def _turn_set(self, stream: Stream, *, limit: int, claimed: list[UUID], only: Sequence[UUID] | None = None) -> int:
        """One transaction; once more with wider locks where the goods had moved between the look and the lock."""
        try:
            return self.database.write(
                lambda tx: self._turn(tx, stream, limit=limit, claimed=claimed, only=only), actor=CRANK
            )
        except TurnAgain:
            return self.database.write(
                lambda tx: self._turn(tx, stream, limit=limit, claimed=claimed, only=only, wide=True), actor=CRANK
            )

    def _turn(
        self,
        tx: Tx,
        stream: Stream,
        *,
        limit: int,
        claimed: list[UUID],
        only: Sequence[UUID] | None = None,
        wide: bool = False,
    ) -> int:
        rows = claim_due(tx, stream.code, limit=limit, only=only)
        claimed[:] = [row[0] for row in rows]
        if not rows:
            return 0
        instances = read_instances(tx, rows, self.expressions)
        self.turn_claimed(tx, stream, instances, wide=wide)
        return len(instances)

    def turn_claimed(self, tx: Tx, stream: Stream, instances: list[Running], *, wide: bool = False) -> None:
        """One turn for instances whose rows this transaction holds."""
        workset = stream.open(tx, [one.subject_id for one in instances])
        if wide:
            workset.widen()
        deliver_arrivals(tx, instances)
        for one in instances:
            resumed(one)
        run_steps(tx, stream, instances, workset)
        for one in instances:
            if one.turn is None:  # woken for nothing: the message was taken by another wait, say
                one.turn = Turn(one.state)
        finish_turn(tx, instances, workset, versions=latest_versions(tx), expressions=self.expressions)

    def _isolate(self, stream: Stream, claimed: list[UUID]) -> int:
        """Halve a failing set; what fails alone gets an incident, a step that fails for many is paused."""
        tries = 2 * int(log2(max(len(claimed), 2))) + 8
        todo, moved, alone = [list(claimed)], 0, list[tuple[UUID, Exception]]()
        while todo and tries:
            part = todo.pop()
            tries -= 1
            try:
                moved += self._turn_set(stream, limit=len(part), claimed=[], only=part)
            except Exception as failure:
                if is_transient(failure):
                    raise
                if len(part) == 1:
                    alone.append((part[0], failure))
                else:
                    todo += [part[: len(part) // 2], part[len(part) // 2 :]]
        left = [one for part in todo for one in part]
        steps = {failure.step for _, failure in alone if isinstance(failure, StepFailed)}
        if len(claimed) >= 5 and (len(alone) + len(left)) * 5 > len(claimed) and len(steps) == 1:
            self._pause(steps.pop(), alone[0][1])
            return moved
        self._report(alone)
        return moved

    def _report(self, alone: list[tuple[UUID, Exception]]) -> None:
        def report(tx: Tx) -> None:
            for instance_id, failure in alone:
                incident_id = tx.ids.new()
                code = failure.problems[0].code if isinstance(failure, Refused) else "orchestration.step_failed"
                tx.run(
                    _INCIDENT,
                    {
                        "id": incident_id,
                        "instance": instance_id,
                        "kind": "item",
                        "code": code,
                        "step": getattr(failure, "step", None),
                        "message": str(failure),
                        "trace": _trace(failure),
                        "now": tx.now,
                    },
                )
                tx.emit(
                    events.incident_opened(
                        incident_id=incident_id, instance_id=instance_id, code=code, message=str(failure)
                    )
                )

        self.database.write(report, actor=CRANK)

    def _pause(self, step: str, failure: Exception) -> None:
        def pause(tx: Tx) -> None:
            tx.run(
                _PAUSE,
                {"id": tx.ids.new(), "step": step, "message": str(failure), "trace": _trace(failure), "now": tx.now},
            )

        self.database.write(pause, actor=CRANK)


def claim_due(tx: Tx, stream: str, *, limit: int, only: Sequence[UUID] | None = None) -> list[tuple[Any, ...]]:
    """Lock instances that are due and that nobody else holds, the longest due first; where that leaves some over, a quarter of
    the set is taken from the other end. Rows as `read_instances` takes them."""
    late = 0 if only is not None else limit // 4
    params = {"now": tx.now, "stream": stream, "only": only and list(only)}
    rows = tx.rows(_CLAIM, {**params, "limit": limit - late})
    if late and len(rows) == limit - late:
        claimed = [row[0] for row in rows]
        rows += tx.rows(_CLAIM_LATEST, {**params, "limit": late, "claimed": claimed})
    return rows


def _trace(failure: BaseException) -> str:
    """Where it broke, without values that could hold a secret."""
    places: list[str] = []
    cause: Any = failure.__cause__ or failure
    step = cause.__traceback__
    while step is not None:
        places.append(f"{step.tb_frame.f_code.co_name}:{step.tb_lineno}")
        step = step.tb_next
    return " > ".join(places[-12:])
