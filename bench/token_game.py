"""How long the token game takes from one wait to the next, JSON round trip included; limit 30 us for twelve nodes.

python bench/token_game.py
"""

import gc
import statistics
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from tradewind.kernel.problem import Problem
from tradewind.orchestration.decide.compile import compile_bpmn
from tradewind.orchestration.decide.play import begin, complete, deliver, fire
from tradewind.orchestration.decide.state_json import from_json, to_json
from tradewind.orchestration.model import Graph, State, Turn
from tradewind.rules.decide.feel import read_expression

LIMIT_US = 30.0
ROUNDS, INSTANCES = 7, 2_000
NOW = datetime(2026, 1, 5, 8, tzinfo=UTC)
DIAGRAM = b"""<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:tw="https://tradewind.dev/bpmn" id="d">
<process id="order_to_release">
  <startEvent id="received"/>
  <serviceTask id="assess" tw:step="assess"/>
  <exclusiveGateway id="needs_approval" default="no"/>
  <userTask id="approve" tw:role="sales_manager" tw:due="P1D"/>
  <boundaryEvent id="late" attachedToRef="approve" cancelActivity="false">
    <timerEventDefinition><timeDuration>PT4H</timeDuration></timerEventDefinition>
  </boundaryEvent>
  <exclusiveGateway id="approved"/>
  <parallelGateway id="both"/>
  <serviceTask id="confirm" tw:step="confirm"/>
  <serviceTask id="source" tw:step="source"/>
  <parallelGateway id="joined"/>
  <receiveTask id="answer" tw:message="warehouse.answered" tw:key="order"/>
  <endEvent id="released"/><endEvent id="reminded"/>
  <sequenceFlow id="f1" sourceRef="received" targetRef="assess"/>
  <sequenceFlow id="f2" sourceRef="assess" targetRef="needs_approval"/>
  <sequenceFlow id="yes" sourceRef="needs_approval" targetRef="approve">
    <conditionExpression>total &gt; 1000 and not(trusted)</conditionExpression>
  </sequenceFlow>
  <sequenceFlow id="no" sourceRef="needs_approval" targetRef="approved"/>
  <sequenceFlow id="f3" sourceRef="approve" targetRef="approved"/>
  <sequenceFlow id="f4" sourceRef="approved" targetRef="both"/>
  <sequenceFlow id="f5" sourceRef="both" targetRef="confirm"/>
  <sequenceFlow id="f6" sourceRef="both" targetRef="source"/>
  <sequenceFlow id="f7" sourceRef="confirm" targetRef="joined"/>
  <sequenceFlow id="f8" sourceRef="source" targetRef="joined"/>
  <sequenceFlow id="f9" sourceRef="joined" targetRef="answer"/>
  <sequenceFlow id="f10" sourceRef="answer" targetRef="released"/>
  <sequenceFlow id="f11" sourceRef="late" targetRef="reminded"/>
</process></definitions>"""


def turn(found: Turn | Problem) -> Turn:
    if isinstance(found, Problem):
        raise SystemExit(f"the bench is wrong: {found}")
    return found


def stored(state: State, sizes: list[int]) -> State:
    """Through JSON and back, as at every wait."""
    text = to_json(state)
    sizes.append(len(text))
    back = from_json(text)
    if isinstance(back, Problem):
        raise SystemExit(f"the bench is wrong: {back}")
    return back


def instance(graph: Graph, number: int, sizes: list[int]) -> int:
    """One order through all twelve nodes; how many moves it took."""
    variables: dict[str, Any] = {"order": f"SO-{number}"}
    now = turn(begin(graph, variables, now=NOW))
    state = stored(now.state, sizes)
    now = turn(complete(graph, state, now.run[0].token, {"total": Decimal("1200.50"), "trusted": False}, now=NOW))
    task, timer = now.wait
    now = turn(fire(graph, stored(now.state, sizes), timer.token, now=NOW + timedelta(hours=4)))
    now = turn(complete(graph, stored(now.state, sizes), task.token, {"by": "kim"}, now=NOW))
    for run in now.run:
        now = turn(complete(graph, stored(now.state, sizes), run.token, {}, now=NOW))
    now = turn(deliver(graph, stored(now.state, sizes), "warehouse.answered", f"SO-{number}", {}, now=NOW))
    if not now.ended:
        raise SystemExit("the bench is wrong: the instance did not end")
    return 7


def main() -> None:
    report = compile_bpmn(DIAGRAM, read_expression)
    if report.graph is None:
        raise SystemExit(f"the bench is wrong: {report.findings}")
    begun = time.perf_counter()
    for _ in range(20):
        compile_bpmn(DIAGRAM, read_expression)
    compiling = (time.perf_counter() - begun) / 20
    figures: list[float] = []
    sizes: list[int] = []
    gc.disable()
    for _ in range(ROUNDS):
        begun, moves = time.perf_counter(), 0
        for number in range(INSTANCES):
            moves += instance(report.graph, number, sizes)
        figures.append((time.perf_counter() - begun) / moves * 1e6)
        gc.collect()
    move = statistics.median(figures)
    waiting = turn(begin(report.graph, {"order": "SO-1"}, now=NOW)).state
    print(f"compile           {compiling * 1e3:8.2f} ms a diagram of {len(report.graph.nodes)} nodes")
    print(f"wait to wait      {move:8.2f} us, JSON round trip included (median of {ROUNDS}; limit {LIMIT_US})")
    print(f"whole instance    {move * 7:8.2f} us, 7 moves, about {1e6 / move / 7:,.0f} instances a second on one core")
    print(
        f"state             {len(to_json(waiting)):8d} B with one token, {statistics.mean(sizes):.0f} B on average, {max(sizes)} B at most"
    )
    raise SystemExit(move > LIMIT_US)


if __name__ == "__main__":
    main()
