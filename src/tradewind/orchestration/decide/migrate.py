"""From one version of a stream to another: how the diagrams differ, and where a standing instance would come to rest. Pure.

A migration is an explicit mapping of element ids; what is not named keeps its id. Nothing is guessed: a token whose element is
gone, is of another kind, lies elsewhere, or that lacks what the new version asks for, is stranded, and says why.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from tradewind.kernel.value import value
from tradewind.orchestration.model import Expression, Graph, Node, State, Token

PARTS = ("condition", "key", "payload", "timer", "due")


@value(frozen=True, slots=True)
class Stranded:
    """A token, watch or scope (0: something done that could be undone) that cannot come along, and why: `code` is stable,
    `message` is for people."""

    place: int
    element: str
    code: str
    message: str


@value(frozen=True, slots=True)
class Plan:
    """Where an instance would stand: its new state where nothing is stranded, what changes its element, and what cannot come."""

    state: State
    moved: tuple[tuple[int, str, str], ...] = ()
    stranded: tuple[Stranded, ...] = ()
    unarmed: tuple[str, ...] = ()
    """Events that the new version arms on an activity where a token rests already: they are armed at the next visit."""


@value(frozen=True, slots=True)
class Difference:
    """How a version differs from another, by element id."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]


def compare(old: Graph, new: Graph) -> Difference:
    """Elements that came, went, or say something else now."""
    return Difference(
        tuple(sorted(new.nodes.keys() - old.nodes.keys())),
        tuple(sorted(old.nodes.keys() - new.nodes.keys())),
        tuple(
            sorted(one for one in old.nodes.keys() & new.nodes.keys() if _said(old.nodes[one]) != _said(new.nodes[one]))
        ),
    )


def wrong_mapping(old: Graph, new: Graph, mapping: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Entries that name what is not there, as (place, sentence)."""
    for source, target in mapping.items():
        if source not in _ids(old):
            yield source, f"the old version has no {source}"
        elif target not in _ids(new):
            yield source, f"the new version has no {target}"


def plan(old: Graph, new: Graph, state: State, mapping: Mapping[str, str], *, parameters: Iterable[str] = ()) -> Plan:
    """Where an instance of `old` would rest in `new`. `parameters` are the names that the new version gives by itself."""
    stranded: list[Stranded] = []
    moved: list[tuple[int, str, str]] = []
    places = [(token.id, token.node) for token in state.tokens] + [(watch.id, watch.node) for watch in state.watches]
    places += [(scope.id, scope.node) for scope in state.scopes]
    places += [(0, element) for done in state.done for element in (done.node, *done.inside)]
    for place, element in places:
        why = _misfit(old, new, element, mapping)
        if why is not None:
            stranded.append(Stranded(place, element, *why))
        elif place and (there := mapping.get(element, element)) != element:
            moved.append((place, element, there))
    if not stranded:
        stranded += _joins(new, state, mapping)
        stranded += _missing(old, new, state, mapping, set(parameters))
    if stranded:
        return Plan(state, (), tuple(stranded))
    after = _renamed(new, state, mapping)
    watched = {watch.node for watch in after.watches}
    unarmed = {event for token in after.tokens for event in new.nodes[token.node].boundaries if event not in watched}
    return Plan(after, tuple(moved), (), tuple(sorted(unarmed)))


def _misfit(old: Graph, new: Graph, element: str, mapping: Mapping[str, str]) -> tuple[str, str] | None:
    there = mapping.get(element, element)
    here, target = old.nodes.get(element), new.nodes.get(there)
    if target is None:
        return (
            "orchestration.element_removed",
            f"{element} is not in the new version, and no other element is named for it",
        )
    if here is None:
        return "orchestration.unknown_node", f"{element} is not in the old version"
    if here.kind is not target.kind or (here.many is None) != (target.many is None):
        return "orchestration.other_kind", f"{there} is not a {here.kind.value} as {element} is"
    if mapping.get(here.parent, here.parent) != target.parent:
        return "orchestration.other_scope", f"{there} lies in another sub-process than {element}"
    if mapping.get(here.attached_to, here.attached_to) != target.attached_to:
        return "orchestration.other_activity", f"{there} sits on another activity than {element}"
    if here.message != target.message:
        return "orchestration.other_message", f"{there} waits for {target.message}, {element} for {here.message}"
    return None


def _joins(new: Graph, state: State, mapping: Mapping[str, str]) -> Iterator[Stranded]:
    """Tokens that came to a join along a flow which the new one does not have."""
    for token in state.tokens:
        if not _at_join(new, token, mapping):
            continue
        there = new.nodes[mapping.get(token.node, token.node)]
        if mapping.get(token.mark, token.mark) not in there.incoming:
            what = f"it came along the flow {token.mark}, which does not lead to {there.id} in the new version"
            yield Stranded(token.id, token.node, "orchestration.flow_removed", what)


def _at_join(new: Graph, token: Token, mapping: Mapping[str, str]) -> bool:
    node = new.nodes[mapping.get(token.node, token.node)]
    return node.kind.value in ("parallel", "inclusive") and len(node.incoming) > 1


def _missing(old: Graph, new: Graph, state: State, mapping: Mapping[str, str], given: set[str]) -> Iterator[Stranded]:
    """Variables that the new version reads ahead of a token, the old one did not, and the instance does not have."""
    known = set(state.variables) | given
    for scope in state.scopes:
        known |= set(scope.variables or ())
    known |= {name for node in old.nodes.values() for name in _reads(old, node.id)}
    for node in new.nodes.values():
        many = node.many
        known |= {name for name in (getattr(many, "element", ""), getattr(many, "gather", ""), node.result) if name}
    known |= {"loopCounter", "nrOfInstances", "nrOfCompletedInstances", "nrOfActiveInstances"}
    for token in state.tokens:
        ahead = _ahead(new, mapping.get(token.node, token.node))
        missing = {name.split(".")[0] for node in ahead for name in _reads(new, node)} - known
        for name in sorted(missing):
            yield Stranded(
                token.id,
                token.node,
                "orchestration.variable_missing",
                f"the new version asks for {name}, which is not there",
            )


def _reads(graph: Graph, element: str) -> Iterator[str]:
    node = graph.nodes[element]
    expressions: list[Expression | None] = [getattr(node, part) for part in PARTS if hasattr(node, part)]
    expressions += [flow.condition for flow in node.outgoing]
    expressions += [getattr(node, part, None) for part in ("inputs", "script")]
    expressions += [getattr(node.many, part, None) for part in ("collection", "cardinality", "until")]
    for expression in expressions:
        if expression is not None:
            yield from expression.names


def _ahead(graph: Graph, element: str) -> set[str]:
    seen: set[str] = set()
    todo = [element]
    while todo:
        place = todo.pop()
        if place in seen or place not in graph.nodes:
            continue
        seen.add(place)
        node = graph.nodes[place]
        todo += [flow.target for flow in node.outgoing]
        todo += [*node.boundaries, node.start, node.parent]
    return seen


def _renamed(new: Graph, state: State, mapping: Mapping[str, str]) -> State:
    def there(element: str) -> str:
        return mapping.get(element, element)

    return replace(
        state,
        tokens=tuple(
            token._replace(
                node=there(token.node), mark=there(token.mark) if _at_join(new, token, mapping) else token.mark
            )
            for token in state.tokens
        ),
        watches=tuple(watch._replace(node=there(watch.node)) for watch in state.watches),
        scopes=tuple(scope._replace(node=there(scope.node)) for scope in state.scopes),
        done=tuple(
            done._replace(node=there(done.node), inside=tuple(there(one) for one in done.inside)) for done in state.done
        ),
    )


def _ids(graph: Graph) -> set[str]:
    return set(graph.nodes) | {flow.id for node in graph.nodes.values() for flow in node.outgoing}


def _said(node: Node) -> tuple[object, ...]:
    """What an element says, without where it is drawn; expressions by their text."""

    def text(expression: Expression | None) -> str:
        return "" if expression is None else expression.text

    many = node.many
    loop = tuple(
        getattr(part, "text", part)
        for part in (
            getattr(many, name, None)
            for name in ("sequential", "collection", "cardinality", "element", "gather", "result", "until")
        )
    )
    return (
        node.kind, node.name, node.parent, node.step, node.role, node.form, node.message, node.attached_to, node.interrupting,
        node.default, text(node.due), text(node.key), text(node.payload), text(node.timer), loop,
        tuple(sorted((flow.target, text(flow.condition)) for flow in node.outgoing)),
    )  # fmt: skip
