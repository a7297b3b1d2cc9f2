"""A change tried on every order of the wholesaler's months: limit 60 s on two cores.

The real file is replayed into a scratch database, then all of its orders go through a stream with one more task, a table that holds
some of them and an approval policy, beside the way things are. In the same run the same orders without any change, which must find
nothing, and what one process takes.

python -m bench.trials
"""

import os
import sys
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from bench.scratch import Scratch, scratch_server
from tradewind.access.commands.principals import NewPrincipal, create_principals
from tradewind.access.model import Kind
from tradewind.app.migrate import migrate
from tradewind.app.replay import replay_command
from tradewind.approvals.commands.policies import draft_policy
from tradewind.approvals.decide import read_condition
from tradewind.approvals.model import Condition, Policy, Seat, Tier
from tradewind.kernel.clock import system_clock
from tradewind.kernel.tx import Actor, Database, Tx
from tradewind.rules.commands.sets import Edit, NewSet, create_set, draft
from tradewind.streams.library import diagram
from tradewind.trials.commands import request_trial
from tradewind.trials.jobs import work_next
from tradewind.trials.model import TrialRow
from tradewind.trials.queries import trial_by_id

LIMIT_SECONDS = 60
ORDERS = 3_875
ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("TRADEWIND_SHARED") or ROOT.parent / "shared")
WHOLESALER = SHARED / "samples/orders/online_retail_2010-12_2011-02.csv.gz"
MAPPING = ROOT / "demo/mappings/uk_retail_invoices.toml"
TABLE = """<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" name="checks" namespace="urn:bench">
<inputData id="i1" name="order total"><variable name="order total" typeRef="number"/></inputData>
<inputData id="i2" name="line count"><variable name="line count" typeRef="number"/></inputData>
<decision id="d" name="check"><variable name="check"/>
<informationRequirement><requiredInput href="#i1"/></informationRequirement>
<informationRequirement><requiredInput href="#i2"/></informationRequirement>
<decisionTable id="t" hitPolicy="COLLECT">
<input id="c1"><inputExpression typeRef="number"><text>order total</text></inputExpression></input>
<input id="c2"><inputExpression typeRef="number"><text>line count</text></inputExpression></input>
<output id="o1" name="effect" typeRef="string"/><output id="o2" name="text" typeRef="string"/>
<rule id="r1"><inputEntry id="e1"><text>&gt; 2000</text></inputEntry><inputEntry id="e2"><text>-</text></inputEntry>
<outputEntry id="e3"><text>"hold"</text></outputEntry><outputEntry id="e4"><text>"large orders are looked at"</text></outputEntry></rule>
<rule id="r2"><inputEntry id="e5"><text>-</text></inputEntry><inputEntry id="e6"><text>&gt; 100</text></inputEntry>
<outputEntry id="e7"><text>"warn"</text></outputEntry><outputEntry id="e8"><text>"many lines"</text></outputEntry></rule>
</decisionTable></decision></definitions>"""
TASK = '<userTask id="check_papers" name="Check the papers" tw:role="sales" tw:form="papers"/>'
CONFIRM = '<serviceTask id="confirm"'
FREE = '<sequenceFlow id="free" name="no" sourceRef="in_the_way" targetRef="confirm"/>'


@dataclass(frozen=True, slots=True)
class Drafts:
    """What is tried: the ids of its parts."""

    policy: UUID
    table: int


def one_task_more() -> str:
    """The shipped stream with a task before an order is confirmed."""
    drawn = diagram("order_to_release").decode()
    if CONFIRM not in drawn or FREE not in drawn:
        raise LookupError("the shipped stream is drawn otherwise than this bench knows it")
    to_task = FREE.replace('"confirm"', '"check_papers"')
    on = '<sequenceFlow id="checked" sourceRef="check_papers" targetRef="confirm"/>'
    return drawn.replace(CONFIRM, f"{TASK}{CONFIRM}", 1).replace(FREE, to_task + on, 1)


def write_drafts(tx: Tx) -> Drafts:
    """An approval policy and a table, both as drafts."""
    (author,) = create_principals(tx, [NewPrincipal(Kind.STAFF, "author", "Author", frozenset({"analyst"}))])
    assert isinstance(author, UUID)
    acting = tx.acting(Actor(author, "author", "bench"))
    text = "total > 1000"
    condition = read_condition(text)
    assert isinstance(condition, Condition)
    tier = Tier("Sales", 1, (Seat(role="sales"),))
    policy = draft_policy(
        acting,
        Policy(None, "LARGE", 1, "Large orders", "seller", condition, (tier,)),
        text,
    )
    assert not isinstance(policy, list), policy
    assert policy.policy.id is not None
    create_set(acting, NewSet("CHECKS", "Checks", "order.validation"))
    version = draft(acting, "CHECKS", Edit(TABLE.encode(), tests=()))
    assert isinstance(version, int), version
    return Drafts(policy.policy.id, version)


def tried(database: Database, change: dict[str, Any], *, processes: int) -> TrialRow:
    """A trial of every order, run here as a worker runs it."""
    trial = database.write(lambda tx: request_trial(tx, "bench", change=change, selection={"last": 10_000}))
    work_next(database, processes=processes)
    found = database.read(lambda reader: trial_by_id(reader, trial))
    assert found is not None
    return found


def replayed(scratch: Scratch) -> Database:
    """The wholesaler's months in the scratch server."""
    migrate(scratch.owner())
    database = Database(scratch.application())
    with TemporaryDirectory() as folder:
        summary = Path(folder) / "summary.json"
        if replay_command(database, WHOLESALER, mapping=MAPPING, summary=summary):
            raise RuntimeError(summary.read_text())
    database.clock = system_clock
    return database


def main() -> int:
    if not WHOLESALER.exists():
        print("not measured: the shared samples are not here")
        return 0
    with scratch_server() as scratch:
        database = replayed(scratch)
        drafts = database.write(write_drafts)
        change = {
            "stream": {"stream": "order_to_release", "bpmn": one_task_more()},
            "approval_policies": [str(drafts.policy)],
            "tables": [{"rule_set": "CHECKS", "version": drafts.table}],
        }
        changed = tried(database, change, processes=2)
        alone = tried(database, change, processes=1)
        same = tried(database, {}, processes=2)
        database.close()
    print(
        f"stream, table and policy, two processes: {changed.orders:,} orders in {changed.seconds} s (limit {LIMIT_SECONDS} s)"
    )
    kinds = {name: kind["orders"] for name, kind in changed.summary["kinds"].items()}
    print(f"  {changed.changed:,} orders come out otherwise: {kinds}")
    print(f"  touches {changed.summary['before']['touches']} -> {changed.summary['after']['touches']}")
    print(
        f"the same in one process: {alone.seconds} s; without a change: {same.seconds} s, {same.changed} findings (limit 0)"
    )
    good = (
        changed.state == alone.state == same.state == "done"
        and changed.orders == ORDERS
        and alone.summary == changed.summary
        and Decimal(LIMIT_SECONDS) > (changed.seconds or 0)
        and same.changed == 0
    )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
