"""A change that runs beside the orders that come: decided for each of them, compared with what was decided, and only the difference
is written.

It reads the log behind the orders, so that placing one costs nothing more, and looks at them as a trial looks at past ones: both
worlds on one snapshot, each order by itself.
"""

from functools import partial
from uuid import UUID

from tradewind.kernel.log import move_cursor, read_log
from tradewind.kernel.problem import Refused
from tradewind.kernel.tx import Database, Tx, snapshot
from tradewind.orchestration.commands.readers import claim_reader
from tradewind.trials.changes import read_change, read_selection
from tradewind.trials.commands import fail_shadow, note_shadow, shadow_reader
from tradewind.trials.jobs import RUNNER
from tradewind.trials.model import Change, TrialRow
from tradewind.trials.queries import chosen_orders, recorded_paces, shadows, trial_by_id
from tradewind.trials.run import Batch, merge_summaries, run_batch
from tradewind.trials.worlds import open_world

MOST = 20
"""Changes that run beside orders at once."""
EVENTS = 400
"""Facts of the log that are looked at in one go."""
RECEIVED = "order.received"


def follow_shadows(database: Database) -> int:
    """Try every shadow on the orders that came since it looked last; gives how many orders were looked at. One whose change cannot
    be tried any more (a draft or a site of it is gone) ends, and says why."""
    tried = 0
    for trial_id in database.read(lambda reader: shadows(reader, limit=MOST)):
        try:
            tried += database.write(partial(_follow, database, trial_id), actor=RUNNER)
        except Refused as refused:
            database.write(partial(fail_shadow, trial_id=trial_id, problem=refused.problems[0]), actor=RUNNER)
    return tried


def _follow(database: Database, trial_id: UUID, tx: Tx) -> int:
    cursor = claim_reader(tx, shadow_reader(trial_id))
    entries = [] if cursor is None else read_log(tx, cursor, limit=EVENTS)
    if not entries:
        return 0
    move_cursor(tx, shadow_reader(trial_id), entries[-1].cursor)
    came = {one.subject_id for one in entries if one.type == RECEIVED}
    row = trial_by_id(tx, trial_id) if came else None
    if row is None:
        return 0
    batch = _try(database, row, came)
    places = list(enumerate(batch.findings, row.done + 1))
    note_shadow(tx, row, findings=places, tried=batch.tried, summary=merge_summaries(row.summary, batch.summary()))
    return batch.tried


def _try(database: Database, row: TrialRow, came: set[UUID]) -> Batch:
    with database.connection() as connection, snapshot(connection):
        baseline = open_world(connection, Change(), now=database.clock())
        candidate = open_world(connection, read_change(baseline.tx, row.change), now=baseline.tx.now)
        ids = chosen_orders(baseline.tx, read_selection(row.selection), among=came)
        return run_batch(baseline, candidate, ids, paces=recorded_paces(baseline.tx), assumed=row.assumed_hours)
