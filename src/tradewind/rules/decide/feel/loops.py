"""Constructs whose work depends on values: loops, quantifiers, filters, functions and their calls.

Each of them counts its steps against the allowance of the evaluation before it does them. The names that they bring are put into a
context of their own, made once for all turns; what outlives a turn (a function) keeps its own copy.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal

from tradewind.rules.decide.feel.allowance import Allowance, allowance_of
from tradewind.rules.decide.feel.functions import Callee
from tradewind.rules.decide.feel.span import Span
from tradewind.rules.decide.feel.syntax import (
    Apply,
    ContextOf,
    Each,
    Either,
    Filter,
    Lambda,
    Literal,
    Local,
    Negate,
    Quantified,
    Steps,
    Tree,
    walk,
)
from tradewind.rules.decide.feel.values import MAX_LIST, has_field, member, plain

Context = Mapping[str, object]
Closure = Callable[[Context], object]
Make = Callable[[Tree], Closure]
Source = Callable[[Context], Iterator[object] | None]
Turn = Callable[[dict[str, object]], bool]
"""What is done for one set of names; True where the loop may end."""


def weight(tree: Tree) -> int:
    """Steps of evaluating a tree once."""
    return sum(1 for _ in walk(tree))


def _own(context: Context, allowance: Allowance) -> dict[str, object]:
    allowance.take(1 + len(context) // 8)
    return dict(context)


# -- sources


def _source(tree: Tree, make: Make) -> Source:
    if isinstance(tree, Steps):
        low, high = make(tree.low), make(tree.high)
        return lambda context: _steps(low(context), high(context))
    value_of = make(tree)

    def items(context: Context) -> Iterator[object] | None:
        value = value_of(context)
        if isinstance(value, Span):
            return _span_steps(value)
        if isinstance(value, list):
            return map(plain, value)
        return None if value is None else iter((value,))

    return items


def _steps(low: object, high: object) -> Iterator[object] | None:
    """Whole numbers or days from one to the other, up or down; None where there are none to count."""
    if isinstance(low, Decimal) and isinstance(high, Decimal):
        if low != low.to_integral_value() or high != high.to_integral_value() or max(abs(low), abs(high)) >= 10**15:
            return None
        first, last = int(low), int(high)
        return map(Decimal, range(first, last + 1) if first <= last else range(first, last - 1, -1))
    if type(low) is date and type(high) is date:
        return map(date.fromordinal, _ordinals(low, high))
    return None


def _ordinals(low: date, high: date) -> range:
    first, last = low.toordinal(), high.toordinal()
    return range(first, last + 1) if first <= last else range(first, last - 1, -1)


def _span_steps(span: Span) -> Iterator[object] | None:
    if span.is_open or isinstance(span.low, datetime) or isinstance(span.high, datetime):
        return None
    low, high = span.low, span.high
    if isinstance(low, Decimal) and isinstance(high, Decimal):
        low, high = low + (not span.low_included), high - (not span.high_included)
        return iter(()) if low > high else _steps(low, high)
    if isinstance(low, date) and isinstance(high, date):
        low, high = low + timedelta(days=not span.low_included), high - timedelta(days=not span.high_included)
        return iter(()) if low > high else _steps(low, high)
    return None


def _nest(sources: tuple[tuple[str, Tree], ...], make: Make, each_turn: int) -> Callable[[Context, Turn], bool]:
    """Runs a turn for every combination of the sources; False where one of them is no list."""
    made = [(name, _source(tree, make)) for name, tree in sources]

    def run(context: Context, turn: Turn) -> bool:
        allowance = allowance_of(context)
        seen = _own(context, allowance)

        def level(at: int) -> bool | None:
            """True where the loop ended early, None where a source is no list."""
            name, items_of = made[at]
            items = items_of(seen)
            if items is None:
                return None
            for item in items:
                allowance.take(each_turn)
                seen[name] = item
                ended = turn(seen) if at + 1 == len(made) else level(at + 1)
                if ended is not False:
                    return ended
            return False

        return level(0) is not None

    return run


# -- constructs


def each(tree: Each, make: Make) -> Closure:
    """`for`: the list of results."""
    run, result = _nest(tree.sources, make, weight(tree.result) + 1), make(tree.result)
    looks_back = any(isinstance(node, Local) and node.name == "partial" for node, _ in walk(tree.result))

    def evaluate(context: Context) -> object:
        found: list[object] = []
        allowance = allowance_of(context)

        def turn(seen: dict[str, object]) -> bool:
            if looks_back:
                allowance.take(len(found) // 8)
                seen["partial"] = list(found)
            found.append(result(seen))
            if len(found) > MAX_LIST:
                allowance.stop(f"a list has at most {MAX_LIST} items")
            return False

        return found if run(context, turn) else None

    return evaluate


def quantified(tree: Quantified, make: Make) -> Closure:
    """`some` as `or`, `every` as `and`, over all turns."""
    run, condition = _nest(tree.sources, make, weight(tree.condition) + 1), make(tree.condition)
    decisive = not tree.is_every

    def evaluate(context: Context) -> object:
        answers = {decisive: False, None: False}

        def turn(seen: dict[str, object]) -> bool:
            value = condition(seen)
            if value is decisive:
                answers[decisive] = True
                return True
            if value is not (not decisive):
                answers[None] = True
            return False

        if not run(context, turn):
            return None
        return decisive if answers[decisive] else None if answers[None] else not decisive

    return evaluate


def filtered(tree: Filter, make: Make) -> Closure:
    """`list[number]` is an item, `list[condition]` the list of items for which it holds."""
    base, condition = make(tree.base), make(tree.condition)
    index = _literal_index(tree.condition)
    names = sorted({node.name for node, _ in walk(tree.condition) if isinstance(node, Either)})
    each_turn = weight(tree.condition) + len(names)

    def evaluate(context: Context) -> object:
        value = base(context)
        items = [plain(item) for item in value] if isinstance(value, list) else [] if value is None else [value]
        if index is not None:
            return _item(items, index)
        allowance = allowance_of(context)
        seen = _own(context, allowance)
        found: list[object] = []
        for number, item in enumerate(items):
            allowance.take(each_turn)
            _look_at(item, names, seen, context)
            verdict = condition(seen)
            if number == 0 and isinstance(verdict, Decimal):
                return _item(items, verdict)
            if verdict is True:
                found.append(item)
        return found

    return evaluate


def _literal_index(tree: Tree) -> Decimal | None:
    if isinstance(tree, Negate):
        below = _literal_index(tree.operand)
        return None if below is None else -below
    return tree.value if isinstance(tree, Literal) and isinstance(tree.value, Decimal) else None


def _item(items: list[object], index: Decimal) -> object:
    """By place from 1, or from the end with -1."""
    if index != index.to_integral_value() or not 1 <= abs(index) <= len(items):
        return None
    return items[int(index) - 1 if index > 0 else int(index)]


def _look_at(item: object, names: list[str], seen: dict[str, object], context: Context) -> None:
    """Names inside a filter mean members of the item, where it has them, else variables outside."""
    is_context = isinstance(item, Mapping)
    for name in names:
        if (name in item) if isinstance(item, Mapping) else has_field(item, name):
            seen[name] = member(item, name)
        elif name in context:
            seen[name] = context[name]
        else:
            seen.pop(name, None)
    seen["item"] = plain(item["item"]) if is_context and isinstance(item, Mapping) and "item" in item else item


def context_of(tree: ContextOf, make: Make) -> Closure:
    entries = [(name, make(value)) for name, value in tree.entries]

    def evaluate(context: Context) -> object:
        seen, made = _own(context, allowance_of(context)), {}
        for name, value in entries:
            made[name] = seen[name] = value(seen)
        return made

    return evaluate


def function_of(tree: Lambda, make: Make) -> Closure:
    body, parameters, steps = make(tree.body), tree.parameters, weight(tree.body)

    def evaluate(context: Context) -> object:
        allowance = allowance_of(context)
        kept = _own(context, allowance)

        def apply(arguments: list[object]) -> object:
            if len(arguments) != len(parameters):
                return None
            allowance.enter()
            allowance.take(steps)
            seen = _own(kept, allowance)
            seen.update(zip(parameters, map(plain, arguments), strict=True))
            value = body(seen)
            allowance.leave()
            return value

        return Callee(apply, parameters)

    return evaluate


def applied(tree: Apply, make: Make) -> Closure:
    """A call of what is a function only at run time; null where it is none, or is called otherwise than it says."""
    called, given, names = make(tree.function), [make(part) for part in tree.arguments], tree.names

    def evaluate(context: Context) -> object:
        function = called(context)
        if not isinstance(function, Callee):
            return None
        values = [part(context) for part in given]
        if names:
            if sorted(names) != sorted(function.parameters):
                return None
            by_name = dict(zip(names, values, strict=True))
            values = [by_name[name] for name in function.parameters]
        allowance_of(context).take(2)
        return function.apply(values)

    return evaluate
