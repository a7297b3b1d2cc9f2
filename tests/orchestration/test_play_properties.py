"""Properties of the token game over random, well-formed diagrams."""

import itertools
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from token_games import NOW, Game, graph_of

from tradewind.orchestration.decide.board import Board
from tradewind.orchestration.decide.play import _answered, begin, complete, deliver, fire, signal, undo
from tradewind.orchestration.decide.straight import straight_on
from tradewind.orchestration.model import Graph, Kind, Turn, Verb

MOST_MOVES = 600
EXTRA = frozenset({Kind.BOUNDARY_TIMER, Kind.BOUNDARY_MESSAGE, Kind.START_MESSAGE})
"""What need not happen."""


@dataclass
class Drawing:
    """A diagram as it grows; `often` says how many times each task is done when nothing is skipped or interrupted."""

    lines: list[str] = field(default_factory=list)
    often: Counter[str] = field(default_factory=Counter)
    count: int = 0

    def new(self, kind: str, depth: int, rest: str = "") -> str:
        self.count += 1
        name = f"n{self.count}"
        self.lines.append(f"{'  ' * depth}{kind} {name} {rest}")
        return name

    def flow(self, depth: int, text: str) -> None:
        self.lines.append("  " * depth + text)


LEAF = {
    "step": lambda depth: ("step", depth, "step=x"),
    "user": lambda depth: ("user", depth, "role=x"),
    "catch": lambda depth: ("catch", depth, "message=m"),
    "timer": lambda depth: ("timer", depth, "timer=PT1H"),
    "signal": lambda depth: ("catch", depth, "signal=s"),
    "call": lambda depth: ("call", depth, "called=other"),
}


def draw(d: Drawing, block: tuple, depth: int, times: int) -> tuple[str, str]:
    """Draw a block; the first and the last node of it."""
    kind = block[0]
    if kind in ("many", "many in sequence"):
        rest = f"step=x times={block[1]}{' sequential' if kind != 'many' else ''}"
        name = d.new("step", depth, rest)
        d.often[name] += times * block[1]
        return name, name
    if kind in LEAF:
        name = d.new(*LEAF[kind](depth))
        d.often[name] += times
        return name, name
    return GROUPS[kind](d, block[1], depth, times)


def _then(d, parts, depth, times):
    ends = [draw(d, part, depth, times) for part in parts]
    for (_, out), (into, _) in itertools.pairwise(ends):
        d.flow(depth, f"{out} -> {into}")
    return ends[0][0], ends[-1][1]


def _between(kind: str, condition):
    def group(d, parts, depth, times):
        fork, join = d.new(kind, depth), d.new(kind, depth)
        for number, part in enumerate(parts):
            into, out = draw(d, part, depth, times)
            d.flow(depth, f"{fork} -> {into}{condition(number)}")
            d.flow(depth, f"{out} -> {join}")
        return fork, join

    return group


def _first(d, parts, depth, times):
    """Behind an event-based gateway, one event before each part."""
    fork, join = d.new("first", depth), d.new("choice", depth)
    for number, part in enumerate([*parts, parts[0]]):
        event = d.new("catch", depth, f"message=m{number}") if number else d.new("timer", depth, "timer=PT1H")
        into, out = draw(d, part, depth, times)
        d.flow(depth, f"{fork} -> {event} -> {into}")
        d.flow(depth, f"{out} -> {join}")
    return fork, join


def _broken(d, parts, depth, times):
    """A sub-process that ends well or with an error; both come together behind it. What it did can be undone."""
    name = d.new("sub", depth)
    start, gate, end = d.new("start", depth + 1), d.new("choice", depth + 1), d.new("end", depth + 1)
    bad, work, handler = (
        d.new("end", depth + 1, "error=bad"),
        d.new("step", depth + 1, "step=x"),
        d.new("step", depth + 1, "step=y aside"),
    )
    d.new("on", depth + 1, f"{work} undo={handler}")
    into, out = _then(d, parts, depth + 1, times)
    d.flow(depth + 1, f"{start} -> {work} -> {into}")
    d.flow(depth + 1, f"{out} -> {gate}")
    d.flow(depth + 1, f"{gate} -> {bad} when pick = 1")
    d.flow(depth + 1, f"{gate} -> {end} else")
    caught, back, join = d.new("on", depth, f"{name} error=bad"), d.new("throw", depth, "undo"), d.new("choice", depth)
    d.flow(depth, f"{name} -> {join}")
    d.flow(depth, f"{caught} -> {back} -> {join}")
    return name, join


def _noted(d, parts, depth, times):
    """A sub-process in which something else can begin beside the rest, and an escalation branches off."""
    name = d.new("sub", depth)
    start, tell, end = d.new("start", depth + 1), d.new("throw", depth + 1, "escalation=slow"), d.new("end", depth + 1)
    into, out = _then(d, parts, depth + 1, times)
    d.flow(depth + 1, f"{start} -> {tell} -> {into}")
    d.flow(depth + 1, f"{out} -> {end}")
    d.new("react", depth + 1)
    begins, reads, ends = (
        d.new("start", depth + 2, "message=n keeps"),
        d.new("user", depth + 2, "role=x"),
        d.new("end", depth + 2),
    )
    d.flow(depth + 2, f"{begins} -> {reads} -> {ends}")
    slow, other = d.new("on", depth, f"{name} escalation=slow keeps"), d.new("user", depth, "role=x")
    d.flow(depth, f"{slow} -> {other} -> {d.new('end', depth)}")
    return name, name


def _again(d, parts, depth, times):
    into, out = _then(d, parts, depth, times)
    head, gate, after = d.new("choice", depth), d.new("choice", depth), d.new("user", depth, "role=x")
    d.flow(depth, f"{head} -> {into}")
    d.flow(depth, f"{out} -> {after} -> {gate}")
    d.flow(depth, f"{gate} -> {head} when again")
    leave = d.new("throw", depth)
    d.flow(depth, f"{gate} -> {leave} else")
    return head, leave


def _sub(extra: str = "", many: int = 1, event: str = "", ending: str = "end"):
    def group(d, parts, depth, times):
        name = d.new("sub", depth, extra)
        start, end = d.new("start", depth + 1), d.new(ending, depth + 1)
        into, out = _then(d, parts, depth + 1, times * many)
        d.flow(depth + 1, f"{start} -> {into}")
        d.flow(depth + 1, f"{out} -> {end}")
        if event:
            watch, other, join = (
                d.new("on", depth, f"{name} {event}"),
                d.new("user", depth, "role=x"),
                d.new("choice", depth),
            )
            d.flow(depth, f"{name} -> {join}")
            if "keeps" in event:
                d.flow(depth, f"{watch} -> {other} -> {d.new('end', depth)}")
            else:
                d.flow(depth, f"{watch} -> {other} -> {join}")
            return name, join
        return name, name

    return group


GROUPS = {
    "then": _then,
    "both": _between("both", lambda _: ""),
    "choice": _between("choice", lambda number: f" when pick = {number}" if number else " else"),
    "some": _between("some", lambda number: f" when pick >= {number}" if number else " else"),
    "all of some": _between("some", lambda _: " when true"),
    "first": _first,
    "broken": _broken,
    "noted": _noted,
    "rounds": _sub("most=2", 2),
    "again": _again,
    "sub": _sub(),
    "sub many": _sub("times=2", 2),
    "enough": _sub("times=3 until='nrOfCompletedInstances >= 2'"),
    "late": _sub(event="timer=PT1H"),
    "note": _sub(event="message=n keeps"),
    "stop": _sub(ending="terminate"),
}


# A block is a name and its parts; each is drawn with one way in and one way out.
LEAVES = st.sampled_from(
    [
        ("step",),
        ("user",),
        ("catch",),
        ("timer",),
        ("signal",),
        ("call",),
        ("many", 0),
        ("many", 3),
        ("many in sequence", 2),
    ]
)
EVEN = st.recursive(
    LEAVES,
    lambda inner: st.tuples(
        st.sampled_from(["then", "both", "all of some", "sub", "sub many", "rounds"]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=7,
)
ANY = st.recursive(
    LEAVES,
    lambda inner: st.tuples(
        st.sampled_from(sorted(GROUPS)),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=9,
)


def whole(block: tuple) -> tuple[Graph, Counter[str], str]:
    """The graph of a block between a start and a last task."""
    d = Drawing()
    start, last, end = d.new("start", 0), d.new("user", 0, "role=x"), d.new("end", 0)
    into, out = draw(d, block, 0, 1)
    d.flow(0, f"{start} -> {into}")
    d.flow(0, f"{out} -> {last} -> {end}")
    return graph_of(_nested(d.lines)), d.often, last


def _nested(lines: list[str]) -> str:
    """Lines of one sub-process were drawn apart; put each right below its sub-process."""
    inside: dict[str, list[str]] = {}
    owner: dict[int, str] = {}
    for line in lines:
        depth = (len(line) - len(line.lstrip())) // 2
        if depth:
            inside.setdefault(owner[depth], []).append(line)
        else:
            inside.setdefault("", []).append(line)
        if line.split()[0] in ("sub", "react"):
            owner[depth + 1] = line.split()[1]

    def unfold(name: str) -> list[str]:
        found: list[str] = []
        for line in inside.get(name, []):
            found.append(line)
            if line.split()[0] in ("sub", "react"):
                found.extend(unfold(line.split()[1]))
        return found

    return "\n".join(unfold(""))


def answer(game: Game, token: int, values: dict[str, object]) -> None:
    """Let what waits under this token happen."""
    node = game.graph.nodes[game.open[token]]
    if node.kind in (Kind.SERVICE, Kind.USER, Kind.CALL):
        game.take(complete(game.graph, game.state, token, values, now=game.now))
    elif node.kind is Kind.CATCH_SIGNAL:
        game.take(signal(game.graph, game.state, node.signal, now=game.now, token=token))
    elif node.kind in (Kind.CATCH_TIMER, Kind.BOUNDARY_TIMER):
        game.now += timedelta(hours=1)
        game.take(fire(game.graph, game.state, token, now=game.now))
    else:
        game.take(deliver(game.graph, game.state, node.message, payload=values, now=game.now, token=token))
    assert isinstance(game.last, Turn), game.last


def begun(graph: Graph) -> Game:
    game = Game(graph)
    game.take(begin(graph, {}, now=NOW))
    return game


@settings(max_examples=60, deadline=None)
@given(EVEN, st.randoms(use_true_random=False))
def test_no_token_is_lost_or_doubled(block, random):
    graph, often, last = whole(block)
    game, done = begun(graph), Counter()

    while game.open:
        assert last not in game.open.values() or len(game.open) == 1
        token = random.choice(sorted(game.open))
        done[game.open[token]] += 1
        answer(game, token, {})

    assert game.state.ended
    assert done == +often + Counter({last: 1})
    assert game.state.scopes == game.state.loops == game.state.watches == ()


@settings(max_examples=80, deadline=None)
@given(ANY, st.randoms(use_true_random=False))
def test_every_position_that_can_be_reached_can_end(block, random):
    graph, _, _ = whole(block)
    game, moves = begun(graph), 0

    while game.open and moves < 40:
        moves += 1
        values = {"pick": random.randint(0, 2), "again": random.random() < 0.5}
        answer(game, random.choice(sorted(game.open)), values)
    while game.open and moves < MOST_MOVES:
        moves += 1
        steps = [token for token, node in sorted(game.open.items()) if graph.nodes[node].kind not in EXTRA]
        answer(game, steps[0], {"again": False})

    assert game.state.ended, (game.open, moves)
    assert game.state.scopes == game.state.loops == game.state.watches == ()


@settings(max_examples=60, deadline=None)
@given(ANY, st.randoms(use_true_random=False))
def test_the_short_way_from_step_to_step_is_the_long_way(block, random):
    graph, _, _ = whole(("then", [("step",), ("step",), block, ("step",), ("step",)]))
    game, moves, short = begun(graph), 0, 0

    while game.open and moves < 40:
        moves += 1
        token = random.choice(sorted(game.open))
        values = {"pick": random.randint(0, 2), "again": False}
        straight = straight_on(graph, game.state, token, values)
        if straight is not None:
            short += 1
            board = Board(graph, game.state, game.now)
            assert straight == _answered(board, board.tokens[token], values)
        answer(game, token, values)

    assert short


@settings(max_examples=60, deadline=None)
@given(ANY, st.randoms(use_true_random=False))
def test_from_every_position_an_instance_can_be_undone(block, random):
    graph, _, _ = whole(block)
    game, moves, highest = begun(graph), 0, 0

    while game.open and moves < random.randint(0, 12):
        moves += 1
        answer(game, random.choice(sorted(game.open)), {"pick": random.randint(0, 2), "again": random.random() < 0.5})
        assert game.state.last >= highest
        highest = game.state.last
    done = [one.node for one in game.state.done]
    game.take(undo(graph, game.state, now=game.now))

    undone = 0
    while game.open and undone < 200:
        (token,) = game.open
        assert graph.nodes[game.open[token]].for_undo
        undone += 1
        answer(game, token, {})
    assert game.state.ended
    assert undone >= len(done)


@settings(max_examples=40, deadline=None)
@given(ANY, st.randoms(use_true_random=False))
def test_the_same_answers_give_the_same_turns_and_what_is_entered_is_left(block, random):
    graph, _, _ = whole(block)
    first, second = begun(graph), begun(graph)
    entered, left = Counter(), Counter()
    moves = 0

    while first.open and moves < 60:
        moves += 1
        token, values = (
            random.choice(sorted(first.open)),
            {"pick": random.randint(0, 2), "again": random.random() < 0.4},
        )
        answer(first, token, values)
        answer(second, token, values)
        assert first.last == second.last
        for node, verb, number in first.last.trail:
            (entered if verb is Verb.ENTERED else left)[node, number] += 1

    resting = {(token.node, token.id) for token in first.state.tokens}
    still = {place for place in entered if entered[place] > left[place]}
    assert still <= resting
    assert all(entered[place] <= 1 for place in entered if place[1] and graph.nodes[place[0]].kind not in EXTRA)
