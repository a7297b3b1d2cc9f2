"""What requires what: in order, and whether it goes in a circle. Without recursion, however long a chain is."""

from collections.abc import Callable, Iterable, Mapping, Sequence


def in_order(wanted: Iterable[str], required_by: Callable[[str], Iterable[str]]) -> list[str]:
    """All that is wanted and what that requires, each once and behind what it requires; nothing goes in a circle."""
    found: dict[str, None] = {}
    pending = [(name, False) for name in reversed(list(wanted))]
    while pending:
        name, is_open = pending.pop()
        if name in found:
            continue
        if is_open:
            found[name] = None
            continue
        pending.append((name, True))
        pending.extend((other, False) for other in required_by(name) if other not in found)
    return list(found)


def circle_in(required: Mapping[str, Sequence[str]]) -> list[str]:
    """The first circle, from a name back to itself; empty where there is none. Unknown names require nothing."""
    done: set[str] = set()
    for start in required:
        path: list[str] = []
        on_path: set[str] = set()
        pending = [(start, False)]
        while pending:
            name, is_left = pending.pop()
            if is_left:
                on_path.discard(path.pop())
                done.add(name)
            elif name in on_path:
                return [*path[path.index(name) :], name]
            elif name not in done:
                path.append(name)
                on_path.add(name)
                pending.append((name, True))
                pending.extend((other, False) for other in required.get(name, ()))
    return []
