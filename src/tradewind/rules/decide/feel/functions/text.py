"""Strings: parts, searches, regular expressions, and values as strings."""

from collections.abc import Callable
from decimal import Decimal

from tradewind.rules.decide.feel.functions.signature import Arguments, Function, function
from tradewind.rules.decide.feel.pattern import read_pattern
from tradewind.rules.decide.feel.pattern_run import Marks, Program
from tradewind.rules.decide.feel.values import MAX_LIST, MAX_TEXT, plain
from tradewind.rules.decide.feel.written import as_text

MAX_WORK = 400_000
"""Characters of a text times the instructions of a pattern."""


def whole(value: object) -> int | None:
    """A whole number of a size that counts places."""
    if isinstance(value, Decimal) and abs(value) < 10_000_000 and value == value.to_integral_value():
        return int(value)
    return None


def _test(test: Callable[[str, str], bool]) -> Callable[[Arguments], object]:
    def apply(arguments: Arguments) -> object:
        text, part = arguments
        return test(text, part) if isinstance(text, str) and isinstance(part, str) else None

    return apply


def _change(change: Callable[[str], object]) -> Callable[[Arguments], object]:
    return lambda arguments: change(arguments[0]) if isinstance(arguments[0], str) else None


def _substring(arguments: Arguments) -> object:
    text, start = arguments[0], whole(arguments[1])
    length = whole(arguments[2]) if len(arguments) == 3 else MAX_TEXT
    if not isinstance(text, str) or not start or length is None or length < 0:
        return None
    begin = start - 1 if start > 0 else len(text) + start
    return text[begin : begin + length] if begin >= 0 else None


def _around(*, is_before: bool) -> Callable[[Arguments], object]:
    def apply(arguments: Arguments) -> object:
        text, mark = arguments
        if not (isinstance(text, str) and isinstance(mark, str)):
            return None
        at = text.find(mark)
        if at < 0:
            return ""
        return text[:at] if is_before else text[at + len(mark) :]

    return apply


def _string(arguments: Arguments) -> object:
    value = arguments[0]
    return None if value is None else as_text(value)


def _string_join(arguments: Arguments) -> object:
    items = arguments[0] if isinstance(arguments[0], list) else [arguments[0]]
    marks = [one if isinstance(one, str) else "" if one is None else None for one in (*arguments[1:], None, None, None)]
    texts = [plain(item) for item in items if item is not None]
    if any(mark is None for mark in marks) or len(texts) > MAX_LIST:
        return None
    between, before, after = (mark or "" for mark in marks[:3])
    words = [text for text in texts if isinstance(text, str)]
    if len(words) < len(texts) or sum(map(len, words)) + len(words) * len(between) > MAX_TEXT:
        return None
    return f"{before}{between.join(words)}{after}"


def _program(text: object, pattern: object, flags: object) -> tuple[str, Program] | None:
    if not (isinstance(text, str) and isinstance(pattern, str) and (flags is None or isinstance(flags, str))):
        return None
    program = read_pattern(pattern, flags or "")
    if program is None or (len(text) + 1) * len(program.code) > MAX_WORK:
        return None
    return text, program


def _pattern_steps(arguments: Arguments) -> int:
    """What following a pattern costs, known from its program before the text is looked at."""
    pattern, flags = arguments[1], arguments[-1] if len(arguments) > 2 else None
    found = _program(arguments[0], pattern, flags if len(arguments) == 4 or _is_matches(arguments) else None)
    return 20 if found is None else 20 + (len(found[0]) + 1) * len(found[1].code) // 2


def _is_matches(arguments: Arguments) -> bool:
    return len(arguments) == 3 and isinstance(arguments[2], str) and set(arguments[2]) <= set("smixq")


def _matches(arguments: Arguments) -> object:
    found = _program(arguments[0], arguments[1], arguments[2] if len(arguments) == 3 else None)
    return None if found is None else found[1].first(found[0]) is not None


def _replace(arguments: Arguments) -> object:
    found = _program(arguments[0], arguments[1], arguments[3] if len(arguments) == 4 else None)
    pieces = _pieces(arguments[2])
    if found is None or pieces is None or found[1].first("") is not None:
        return None
    text, program = found
    made, end, size = [], 0, 0
    for marks in program.matches(text):
        new = text[end : marks[0]] + "".join(
            piece if isinstance(piece, str) else _group(text, marks, piece) for piece in pieces
        )
        size += len(new)
        if size > MAX_TEXT:
            return None
        made.append(new)
        end = marks[1]
    return "".join(made) + text[end:]


def _group(text: str, marks: Marks, number: int) -> str:
    return (
        text[marks[2 * number] : marks[2 * number + 1]]
        if 2 * number < len(marks) and marks[2 * number + 1] >= 0
        else ""
    )


def _pieces(replacement: object) -> list[str | int] | None:
    """Plain parts, and the numbers of groups; None where `$` or a backslash stands alone."""
    if not isinstance(replacement, str):
        return None
    found: list[str | int] = []
    at = 0
    while at < len(replacement):
        sign, following = replacement[at], replacement[at + 1 : at + 2]
        if sign == "$":
            if not (following.isascii() and following.isdigit()):
                return None
            found.append(int(following))
            at += 2
        elif sign == "\\":
            if following not in ("$", "\\"):
                return None
            found.append(following)
            at += 2
        else:
            found.append(sign)
            at += 1
    return found


def _split(arguments: Arguments) -> object:
    found = _program(arguments[0], arguments[1], None)
    if found is None or found[1].first("") is not None:
        return None
    text, program = found
    parts: list[object] = []
    end = 0
    for marks in program.matches(text):
        parts.append(text[end : marks[0]])
        end = marks[1]
    parts.append(text[end:])
    return parts if len(parts) <= MAX_LIST else None


TEXT: dict[str, Function] = {
    "contains": function(_test(str.__contains__), "string, match"),
    "starts with": function(_test(lambda text, part: text.startswith(part)), "string, match"),
    "ends with": function(_test(lambda text, part: text.endswith(part)), "string, match"),
    "string length": function(_change(lambda text: Decimal(len(text))), "string"),
    "lower case": function(_change(str.lower), "string"),
    "upper case": function(_change(str.upper), "string"),
    "substring": function(_substring, "string, start position, length?"),
    "substring before": function(_around(is_before=True), "string, match"),
    "substring after": function(_around(is_before=False), "string, match"),
    "string": function(_string, "from"),
    "string join": function(_string_join, "list, delimiter?, prefix?, suffix?"),
    "matches": function(_matches, "input, pattern, flags?", steps=_pattern_steps),
    "replace": function(_replace, "input, pattern, replacement, flags?", steps=_pattern_steps),
    "split": function(_split, "string, delimiter", steps=_pattern_steps),
}
