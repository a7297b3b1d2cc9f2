"""Properties of the token game over random, well-formed diagrams."""

import itertools
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from token_games import NOW, Game, graph_of

from tradewind.orchestration.decide.play import begin, complete, deliver, fire
from tradewind.orchestration.model import Graph, Kind, Turn, Verb

MOST_MOVES = 400


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


# A block is a name and its parts; each is drawn with one way in and one way out.
LEAVES = st.sampled_from(
    [("step",), ("user",), ("catch",), ("timer",), ("many", 0), ("many", 3), ("many in sequence", 2)]
)
EVEN = st.recursive(
    LEAVES,
    lambda inner: st.tuples(
        st.sampled_from(["then", "both", "sub", "sub many"]), st.lists(inner, min_size=1, max_size=3)
    ),
    max_leaves=7,
)
ANY = st.recursive(
    LEAVES,
    lambda inner: st.tuples(
        st.sampled_from(["then", "both", "sub", "sub many", "choice", "again", "late", "note", "enough", "stop"]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=9,
)


def draw(d: Drawing, block: tuple, depth: int, times: int) -> tuple[str, str]:
    """Draw a block; the first and the last node of it."""
    kind = block[0]
    if kind in ("many", "many in sequence"):
        rest = f"step=x times={block[1]}{' sequential' if kind != 'many' else ''}"
        name = d.new("step", depth, rest)
        d.often[name] += times * block[1]
        return name, name
    if kind in ("step", "user", "catch", "timer"):
        extra = {"step": "step=x", "user": "role=x", "catch": "message=m", "timer": "timer=PT1H"}[kind]
        name = d.new(kind, depth, extra)
        d.often[name] += times
        return name, name
    return GROUPS[kind](d, block[1], depth, times)


def _then(d, parts, depth, times):
    ends = [draw(d, part, depth, times) for part in parts]
    for (_, out), (into, _) in itertools.pairwise(ends):
        d.flow(depth, f"{out} -> {into}")
    return ends[0][0], ends[-1][1]


def _between(kind: str):
    def group(d, parts, depth, times):
        fork, join = d.new(kind, depth), d.new(kind, depth)
        for number, part in enumerate(parts):
            into, out = draw(d, part, depth, times)
            condition = "" if kind == "both" else " else" if number == 0 else f" when pick = {number}"
            d.flow(depth, f"{fork} -> {into}{condition}")
            d.flow(depth, f"{out} -> {join}")
        return fork, join

    return group


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
    "both": _between("both"),
    "choice": _between("choice"),
    "again": _again,
    "sub": _sub(),
    "sub many": _sub("times=2", 2),
    "enough": _sub("times=3 until='nrOfCompletedInstances >= 2'"),
    "late": _sub(event="timer=PT1H"),
    "note": _sub(event="message=n keeps"),
    "stop": _sub(ending="terminate"),
}


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
        if line.split()[0] == "sub":
            owner[depth + 1] = line.split()[1]

    def unfold(name: str) -> list[str]:
        found: list[str] = []
        for line in inside.get(name, []):
            found.append(line)
            if line.split()[0] == "sub":
                found.extend(unfold(line.split()[1]))
        return found

    return "\n".join(unfold(""))


def answer(game: Game, token: int, values: dict[str, object]) -> None:
    """Let what waits under this token happen."""
    node = game.graph.nodes[game.open[token]]
    if node.kind in (Kind.SERVICE, Kind.USER):
        game.take(complete(game.graph, game.state, token, values, now=game.now))
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
        steps = [token for token, node in sorted(game.open.items()) if graph.nodes[node].attached_to == ""]
        answer(game, steps[0], {"again": False})

    assert game.state.ended, (game.open, moves)
    assert game.state.scopes == game.state.loops == game.state.watches == ()


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
    assert all(entered[place] <= 1 for place in entered if place[1] and graph.nodes[place[0]].attached_to == "")
