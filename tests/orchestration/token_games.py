"""Two small languages: one draws a diagram, one plays tokens over it and says what must then be open.

A diagram, indented lines lie inside the sub-process above them:

    start s
    user approve role=boss due=PT4H
    on late approve timer=PT2H keeps
    s -> approve -> e
    gate -> approve when total > 100
    gate -> e else

Events say what they are about: `message=`, `signal=`, `timer=` (a delay), `at=` (an instant), `cycle=`, `error=` and
`escalation=` (a code, `*` for all), `link=`, `undo` (compensation). `keeps` does not interrupt, `aside` is for compensation.

A game: `begin`, `done NODE`, `fail NODE CODE`, `escalate NODE CODE`, `message NAME KEY`, `signal NAME`, `fire NODE`, `cancel`, `undo`,
`stop NODE`, `jump NODE TARGET`, each with `name=value` pairs (values are FEEL), then what is expected: `open a b`, `sent name/key`,
`signals name`, `has name=value`, `error code`, `told code` (to who called), `refused code`, `ended`; `after PT2H` lets time pass.
"""

import itertools
import shlex
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from tradewind.kernel.problem import Problem
from tradewind.orchestration.decide.compile import compile_bpmn
from tradewind.orchestration.decide.play import (
    begin,
    cancel,
    complete,
    deliver,
    escalate,
    fail,
    fire,
    jump,
    signal,
    standing,
    undo,
)
from tradewind.orchestration.decide.state_json import from_json, to_json
from tradewind.orchestration.model import Graph, State, Turn
from tradewind.rules.decide.feel import compile_expression, read_duration, read_expression

NOW = datetime(2026, 1, 5, 8, tzinfo=UTC)
HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:tw="https://tradewind.dev/bpmn" '
    'xmlns:x="urn:other" id="defs">'
)
TAGS = {
    "start": "startEvent", "end": "endEvent", "terminate": "endEvent", "step": "serviceTask", "user": "userTask",
    "send": "sendTask", "receive": "receiveTask", "choice": "exclusiveGateway", "both": "parallelGateway",
    "timer": "intermediateCatchEvent", "catch": "intermediateCatchEvent", "throw": "intermediateThrowEvent",
    "on": "boundaryEvent", "sub": "subProcess", "react": "subProcess", "task": "task", "manual": "manualTask",
    "script": "scriptTask", "decide": "businessRuleTask", "call": "callActivity", "some": "inclusiveGateway",
    "first": "eventBasedGateway",
}  # fmt: skip
PLAIN = (
    "name", "sequential", "times", "until", "keeps", "timer", "at", "cycle", "default", "error", "escalation", "link", "undo",
    "aside", "set", "called", "while", "before", "most", "undoes",
)  # fmt: skip
EVENTS = {
    "message": "messageEventDefinition", "signal": "signalEventDefinition", "error": "errorEventDefinition",
    "escalation": "escalationEventDefinition", "link": "linkEventDefinition", "undo": "compensateEventDefinition",
}  # fmt: skip
TIMES = {"timer": "timeDuration", "at": "timeDate", "cycle": "timeCycle"}


def bpmn(body: str) -> bytes:
    """A whole file around the inside of one process."""
    return f'{HEAD}<process id="p" isExecutable="true">{body}</process></definitions>'.encode()


def drawn(text: str) -> bytes:
    """The BPMN file behind a drawing."""
    lines = [line for line in text.splitlines() if line.strip()]
    margin = min(len(line) - len(line.lstrip()) for line in lines)
    return bpmn(_inside([line[margin:] for line in lines]))


def graph_of(text: str) -> Graph:
    report = compile_bpmn(drawn(text), read_expression)
    assert report.graph is not None, (report.unsupported, report.findings)
    return report.graph


def _inside(lines: list[str]) -> str:
    parts: list[str] = []
    defaults = {line.split()[0]: line for line in lines if line.endswith(" else")}
    while lines:
        line, deeper = lines.pop(0), []
        while lines and lines[0].startswith(" "):
            deeper.append(lines.pop(0)[2:])
        if "->" in line:
            parts.append(_flows(line))
        else:
            parts.append(_element(shlex.split(line), _inside(deeper) if deeper else "", defaults))
    return "".join(parts)


def _flows(line: str) -> str:
    line, _, condition = line.removesuffix(" else").partition(" when ")
    nodes = [node.strip() for node in line.split("->")]
    flows = ""
    for source, target in itertools.pairwise(nodes):
        inner = f"<conditionExpression>{condition.replace('&', '&amp;').replace('<', '&lt;')}</conditionExpression>"
        flows += f'<sequenceFlow id="{source}-{target}" sourceRef="{source}" targetRef="{target}">{inner if condition else ""}</sequenceFlow>'
    return flows


def _element(words: list[str], inside: str, defaults: dict[str, str]) -> str:
    kind, identity, *rest = words
    given = {name: value for name, _, value in (word.partition("=") for word in rest)}
    own = {name: value for name, value in given.items() if name not in PLAIN and value}
    attributes = {"id": identity, "name": given.get("name", ""), **{f"tw:{name}": value for name, value in own.items()}}
    if kind == "on":
        attributes |= {"attachedToRef": rest[0], "cancelActivity": str("keeps" not in given).lower()}
    if kind == "start" and "keeps" in given:
        attributes["isInterrupting"] = "false"
    if kind == "react":
        attributes["triggeredByEvent"] = "true"
    if kind in ("choice", "some") and identity in defaults:
        attributes["default"] = f"{identity}-{defaults[identity].split()[2]}"
    attributes |= {"isForCompensation": "true"} if "aside" in given else {}
    attributes |= {"calledElement": given["called"]} if "called" in given else {}
    if kind == "terminate":
        inside += "<terminateEventDefinition/>"
    if "set" in given:
        inside += f"<script>{escape(given['set'])}</script>"
    events, behind = _events(kind, identity, given, attributes)
    inside += events + _loop(given)
    spelled = " ".join(f"{name}={quoteattr(value)}" for name, value in attributes.items() if value)
    return f"<{TAGS[kind]} {spelled}>{inside}</{TAGS[kind]}>{behind}"


def _events(kind: str, identity: str, given: dict[str, str], attributes: dict[str, str]) -> tuple[str, str]:
    """The event definition of an event, and what ties it to its handler."""
    if kind not in ("start", "end", "catch", "throw", "on", "timer"):
        return "", ""
    for name, tag in TIMES.items():
        if name in given:
            return f"<timerEventDefinition><{tag}>{escape(given[name])}</{tag}></timerEventDefinition>", ""
    for name, tag in EVENTS.items():
        if name in given:
            if name in ("error", "escalation") and given[name] not in ("", "*"):
                attributes["tw:code"] = given[name]
            more = f" name={quoteattr(given[name])}" if name == "link" else ""
            more += f" activityRef={quoteattr(given['undoes'])}" if "undoes" in given else ""
            tie = f'<association id="{identity}~" sourceRef="{identity}" targetRef="{given[name]}"/>'
            return f"<{tag}{more}/>", tie if name == "undo" and kind == "on" else ""
    return "", ""


def _loop(given: dict[str, str]) -> str:
    if "while" in given or "most" in given:
        condition = f"<loopCondition>{escape(given['while'])}</loopCondition>" if "while" in given else ""
        before = str("before" in given).lower()
        most = f' loopMaximum="{given["most"]}"' if "most" in given else ""
        return f'<standardLoopCharacteristics testBefore="{before}"{most}>{condition}</standardLoopCharacteristics>'
    if "collection" not in given and "times" not in given:
        return ""
    loop = f"<loopCardinality>{given['times']}</loopCardinality>" if "times" in given else ""
    loop += f"<completionCondition>{escape(given['until'])}</completionCondition>" if "until" in given else ""
    return (
        f'<multiInstanceLoopCharacteristics isSequential="{str("sequential" in given).lower()}">{loop}'
        "</multiInstanceLoopCharacteristics>"
    )


# ---- the game ----------------------------------------------------------------------------------------------------


@dataclass
class Game:
    """One instance at play. After every move: what the turns told is what the state says, also through JSON."""

    graph: Graph
    state: State = field(default_factory=State)
    now: datetime = NOW
    open: dict[int, str] = field(default_factory=dict)
    last: Turn | Problem | None = None

    def take(self, found: Turn | Problem) -> None:
        self.last = found
        if isinstance(found, Problem):
            return
        self.state = found.state
        for token in found.closed:
            del self.open[token]
        for item in (*found.run, *found.wait):
            assert item.token not in self.open
            self.open[item.token] = item.node
        back = from_json(to_json(self.state))
        assert isinstance(back, State), back
        assert back == self.state
        told = standing(self.graph, back)
        assert not isinstance(told, Problem)
        assert {item.token: item.node for part in told for item in part} == self.open
        assert self.state.ended or self.open
        self.state = back

    def token(self, node: str) -> int:
        """`pick` is the oldest open token at pick, `pick#2` the second; a number is an id."""
        name, _, place = node.partition("#")
        here = sorted(token for token, at in self.open.items() if at == name)
        return int(name) if name.isdigit() else here[int(place or 1) - 1]

    def play(self, table: str) -> "Game":
        for line in filter(None, (line.strip() for line in table.splitlines())):
            verb, *words = shlex.split(line.replace('"', '\\"'))
            values = {word.partition("=")[0]: _value(word.partition("=")[2]) for word in words if "=" in word}
            names = [word for word in words if "=" not in word]
            if verb in MOVES:
                self.take(MOVES[verb](self, names, values))
            else:
                EXPECTED[verb](self, names, values, line)
        return self


def _value(text: str) -> Any:
    value = compile_expression(text).evaluate({})
    assert value is not None or text == "null", text
    return value


def _later(game: Game, span: str) -> None:
    later = read_duration(span)
    assert later is not None
    moment = later.added_to(game.now)
    assert moment is not None
    game.now = moment


MOVES = {
    "begin": lambda game, names, values: begin(game.graph, values, now=game.now, message="".join(names)),
    "done": lambda game, names, values: complete(game.graph, game.state, game.token(names[0]), values, now=game.now),
    "message": lambda game, names, values: deliver(game.graph, game.state, *names, payload=values, now=game.now),
    "fail": lambda game, names, values: fail(
        game.graph, game.state, game.token(names[0]), names[1], values, now=game.now
    ),
    "escalate": lambda game, names, values: escalate(
        game.graph, game.state, game.token(names[0]), names[1], values, now=game.now
    ),
    "signal": lambda game, names, values: signal(game.graph, game.state, names[0], values, now=game.now),
    "undo": lambda game, names, values: undo(game.graph, game.state, now=game.now),
    "fire": lambda game, names, values: fire(game.graph, game.state, game.token(names[0]), now=game.now),
    "cancel": lambda game, names, values: cancel(game.graph, game.state, now=game.now),
    "stop": lambda game, names, values: cancel(game.graph, game.state, now=game.now, token=game.token(names[0])),
    "jump": lambda game, names, values: jump(game.graph, game.state, game.token(names[0]), names[1], now=game.now),
}


def _expect(condition: bool, line: str, found: object) -> None:
    assert condition, f"{line!r}, but: {found}"


def _turn(game: Game) -> Turn:
    assert isinstance(game.last, Turn), game.last
    return game.last


EXPECTED = {
    "open": lambda game, names, values, line: _expect(
        sorted(names) == sorted(game.open.values()), line, (game.open, game.last)
    ),
    "ended": lambda game, names, values, line: _expect(_turn(game).ended and not game.open, line, game.last),
    "refused": lambda game, names, values, line: _expect(
        isinstance(game.last, Problem) and game.last.code == f"orchestration.{names[0]}", line, game.last
    ),
    "sent": lambda game, names, values, line: _expect(
        [f"{item.name}/{item.key}" for item in _turn(game).sent] == names, line, game.last
    ),
    "signals": lambda game, names, values, line: _expect(
        [item.name for item in _turn(game).signals] == names, line, game.last
    ),
    "error": lambda game, names, values, line: _expect(
        (error := _turn(game).error) is not None and error.code == names[0], line, game.last
    ),
    "told": lambda game, names, values, line: _expect(
        [item.code for item in _turn(game).escalated] == names, line, game.last
    ),
    "has": lambda game, names, values, line: _expect(
        all(game.state.variables.get(name) == value for name, value in values.items()), line, game.state.variables
    ),
    "after": lambda game, names, values, line: _later(game, names[0]),
}
