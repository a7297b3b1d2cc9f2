"""Catalogues of the events and problems that the code can give, collected from its syntax trees."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
CODE = re.compile(r"[a-z][a-z_]*\.[a-z][a-z0-9_]*")
EVENT_CALLS = ("Event", "say")
PROBLEM_CALLS = ("Problem", "refuse", "Finding", "Fault", "CellRefused", "Hold", "_refusal", "Fate")
POINTER = re.compile(r"\s+")


@dataclass(slots=True)
class Entry:
    """A code with what is known of it."""

    code: str
    message: str = ""
    status: str = ""
    subject: str = ""
    payload: set[str] = field(default_factory=set)
    places: set[str] = field(default_factory=set)


def events() -> str:
    """`events.md`."""
    found: dict[str, Entry] = {}
    for module, tree in _modules():
        for call, around in _calls(tree):
            if _name(call.func) in EVENT_CALLS:
                _note_event(found, module, call, around)
        if module.endswith("events"):
            for constant in _constants(tree):
                found.setdefault(constant, Entry(constant)).places.add(module)
    lines = [
        "# Events",
        "",
        "What the log says; each is written in the transaction of the fact. Made from the code.",
        "",
    ]
    lines += ["| event | subject | payload | meaning | said in |", "|---|---|---|---|---|"]
    for entry in sorted(found.values(), key=lambda one: one.code):
        payload = ", ".join(sorted(entry.payload))
        lines.append(f"| `{entry.code}` | {entry.subject} | {payload} | {entry.message} | {_places(entry)} |")
    return "\n".join(lines) + "\n"


def problems() -> str:
    """`problems.md`."""
    found: dict[str, Entry] = {}
    for module, tree in _modules():
        for call, _ in _calls(tree):
            if _name(call.func) in PROBLEM_CALLS:
                _note_problem(found, module, call)
    lines = ["# Problems", "", "Every code a refusal, a finding or a hold can carry. The status is that of an HTTP answer whose first "
             "problem it is; findings and holds come with an order instead. `…` stands for values. Made from the code.", ""]  # fmt: skip
    lines += ["| code | status | says | in |", "|---|---|---|---|"]
    for entry in sorted(found.values(), key=lambda one: one.code):
        lines.append(f"| `{entry.code}` | {entry.status} | {entry.message} | {_places(entry)} |")
    return "\n".join(lines) + "\n"


def _modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(SOURCE.rglob("*.py")):
        yield path.relative_to(SOURCE).with_suffix("").as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def _calls(tree: ast.AST, around: str = "") -> Iterator[tuple[ast.Call, str]]:
    """Every call, with the first sentence of the docstring of the function it stands in."""
    for node in ast.iter_child_nodes(tree):
        inner = around
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            inner = (ast.get_docstring(node) or "").partition("\n\n")[0]
        if isinstance(node, ast.Call):
            yield node, around
        yield from _calls(node, inner)


def _constants(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and _is_code(node.value):
            yield str(node.value.value)


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _is_code(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and bool(CODE.fullmatch(node.value))


def _note_event(found: dict[str, Entry], module: str, call: ast.Call, around: str) -> None:
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    kinds = [one for node in given[:2] for one in _codes(node)]
    for kind in kinds:
        entry = found.setdefault(kind, Entry(kind))
        entry.places.add(module)
        if _name(call.func) == "Event" and len(call.args) > 1 and isinstance(call.args[1], ast.Constant):
            entry.subject = str(call.args[1].value)
        elif _name(call.func) == "say":
            entry.subject = "sales_order"
        if module.endswith("events"):  # elsewhere the docstring speaks of the work, not of the fact
            entry.message = entry.message or _sentence(around, kind)
        for node in given:
            if isinstance(node, ast.Dict):
                entry.payload |= {str(key.value) for key in node.keys if isinstance(key, ast.Constant)}


def _codes(node: ast.expr) -> list[str]:
    """The code that a literal is, or the codes between which a condition chooses."""
    if isinstance(node, ast.IfExp):
        return _codes(node.body) + _codes(node.orelse)
    return [node.value] if isinstance(node, ast.Constant) and _is_code(node) and isinstance(node.value, str) else []


def _sentence(text: str, kind: str) -> str:
    """A docstring in a table cell, without the event's own name at its start."""
    one_line = _one_line(text)
    said = one_line.removeprefix(f"`{kind}`: ").removeprefix(f"`{kind}`").strip()
    return said[:1].upper() + said[1:]


def _note_problem(found: dict[str, Entry], module: str, call: ast.Call) -> None:
    for place, node in enumerate(call.args):
        for code in _codes(node):
            entry = found.setdefault(code, Entry(code))
            entry.places.add(module)
            words = [text for after in call.args[place + 1 :] if (text := _words(after))]
            entry.message = entry.message or max(words, key=len, default="")
            if _name(call.func) in ("Problem", "refuse"):
                entry.status = entry.status or _status(call)


def _status(call: ast.Call) -> str:
    for keyword in call.keywords:
        if keyword.arg == "status" and isinstance(keyword.value, ast.Constant):
            return str(keyword.value.value)
    if _name(call.func) == "Problem" and len(call.args) > 3 and isinstance(call.args[3], ast.Constant):
        return str(call.args[3].value)
    return "422"


def _words(node: ast.expr) -> str:
    """A literal or formatted text as people read it, `…` for what is filled in."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return "" if node.value.startswith("/") else _one_line(node.value)
    if isinstance(node, ast.JoinedStr):
        parts = [str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values]
        text = "".join(parts)
        return "" if text.startswith("/") else _one_line(text)
    return ""


def _one_line(text: str) -> str:
    return POINTER.sub(" ", text).strip().replace("|", "\\|")


def _places(entry: Entry) -> str:
    return ", ".join(f"`{place}`" for place in sorted(entry.places))
