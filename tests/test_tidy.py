"""House rules that a linter does not know. Each offence names its place and what to do instead."""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "tradewind"
MAX_FUNCTION, MAX_FILE = 70, 400

ROLES = ("model", "errors", "events", "decide", "tables", "queries", "commands", "api")
FREE = (
    "analytics",
    "app",
    "channels",
    "desk",
    "kernel",
    "library",
    "papers",
    "streams",
    "trials",
    "views",
)  # their files are named by what they do
VAGUE = re.compile(r"(^|_)(utils?|helpers?|managers?|services?|common|misc)(_|$|\d)")
SQL = re.compile(r"\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH)\s")
SQL_ROLES = ("tables", "queries", "commands")
SQL_EXEMPT = ("app/migrate", "app/postgres", "kernel/tx", "kernel/log")  # what commands stand on
LEFT_OVER = re.compile(r"\b(FIX" r"ME|TO" r"DO|XX" r"X)\b")
CODE = re.compile(r"([a-z]+)\.[a-z][a-z0-9]*(_[a-z0-9]+)*")
# Codes may also start with a noun that one package owns and everybody knows it by.
SUBJECTS = {
    "database": ("app",),
    "http": ("app",),
    "import": ("integration", "semantics"),
    "money": ("kernel",),
    "quantity": ("kernel",),
    "request": ("access", "app", "channels", "kernel"),
    "settings": ("app",),
    "tax": ("pricing",),
    "versions": ("kernel",),
}
PROBLEM_MAKERS = ("Problem", "refuse")
RESTS = ("kernel/tx.py",)  # jitter between the tries of a transaction is the one wait outside app
CLOCKS = ("datetime.now", "datetime.utcnow", "datetime.today", "date.today")


@dataclass(frozen=True)
class Module:
    """A file of src/tradewind: its path below that folder, its text and its tree."""

    path: PurePosixPath
    text: str
    tree: ast.Module

    @property
    def package(self) -> str:
        return self.path.parts[0] if len(self.path.parts) > 1 else ""


def module(path: str, text: str) -> Module:
    return Module(PurePosixPath(path), text, ast.parse(text))


def modules() -> list[Module]:
    found = sorted(SOURCE.rglob("*.py"))
    return [module(file.relative_to(SOURCE).as_posix(), file.read_text(encoding="utf-8")) for file in found]


def packages() -> set[str]:
    return {folder.name for folder in SOURCE.iterdir() if folder.is_dir() and folder.name != "__pycache__"}


def dotted(node: ast.AST) -> str:
    """`a.b.c` for a chain of names, else what is known of its end."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}".lstrip(".")
    return node.id if isinstance(node, ast.Name) else ""


def calls(tree: ast.AST) -> Iterator[tuple[ast.Call, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node, dotted(node.func)


def functions_are_short(this: Module) -> Iterator[str]:
    for node in ast.walk(this.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > MAX_FUNCTION:
                yield (
                    f"{node.lineno}: {node.name} has {length} lines, more than {MAX_FUNCTION}; "
                    "give a part of it a name and a function of its own"
                )


def files_are_short(this: Module) -> Iterator[str]:
    lines = this.text.count("\n")
    if lines > MAX_FILE:
        yield (f"1: {lines} lines, more than {MAX_FILE}; make it a folder of the same name, one verb per file")


def names_say_what_may_be_touched(this: Module) -> Iterator[str]:
    for part in this.path.parts:
        if VAGUE.search(part.removesuffix(".py")):
            yield f"1: {part} says nothing; name it by the noun or the verb inside"
    if this.package and this.package not in FREE:
        role = this.path.parts[1].removesuffix(".py")
        if role not in (*ROLES, "__init__"):
            yield f"1: {role} is no role of a capability; it goes into one of {', '.join(ROLES)} (a file or a folder)"


def sql_stays_in_its_files(this: Module) -> Iterator[str]:
    named = {part.removesuffix(".py") for part in this.path.parts[1:]}
    exempt = this.path.as_posix().removesuffix(".py").startswith(SQL_EXEMPT)
    if exempt or this.package == "views" or named.intersection(SQL_ROLES):
        return
    docs = {id(node.value) for node in ast.walk(this.tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(this.tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in docs
            and SQL.match(node.value)
        ):
            yield f"{node.lineno}: SQL outside {', '.join(SQL_ROLES)}; move it to queries (reads) or commands (writes)"


def packages_say_what_they_are_for(this: Module) -> Iterator[str]:
    if this.path.name == "__init__.py" and not ast.get_docstring(this.tree):
        yield "1: no docstring; say what the package is for and what always holds in it"


def nothing_is_left_for_later(this: Module) -> Iterator[str]:
    for number, line in enumerate(this.text.splitlines(), 1):
        found = LEFT_OVER.search(line)
        if found:
            yield f"{number}: {found[0]}; do it now, or open an issue and say what holds today"


def time_and_output_are_injected(this: Module) -> Iterator[str]:
    for node, name in calls(this.tree):
        if name.endswith(CLOCKS):
            yield f"{node.lineno}: {name}; time comes from tx.now or an injected Clock"
        elif name.endswith("uuid4"):
            yield f"{node.lineno}: {name}; ids come from kernel.ids"
        elif this.package != "app" and name == "time.sleep" and this.path.as_posix() not in RESTS:
            yield f"{node.lineno}: {name}; waiting is a row (timer) or a wait with an event in app"
        elif this.package != "app" and name == "print":
            yield f"{node.lineno}: print; return the value and let app print it, or log it"
    for node in ast.walk(this.tree):
        if isinstance(node, ast.ImportFrom) and node.module == "time" and this.package != "app":
            yield from (
                f"{node.lineno}: {alias.name} from time; import the module, so that the ban on it is seen"
                for alias in node.names
                if alias.name == "sleep"
            )


def problem_codes_name_capability_and_fault(this: Module) -> Iterator[str]:
    for node, name in calls(this.tree):
        if name.rpartition(".")[2] not in PROBLEM_MAKERS or not node.args:
            continue
        code = node.args[0]
        if isinstance(code, ast.JoinedStr):
            yield f"{node.lineno}: a code that is put together cannot be found again; write it out"
        elif isinstance(code, ast.Constant) and isinstance(code.value, str):
            found = CODE.fullmatch(code.value)
            if found is None or (found[1] not in packages() and this.package not in SUBJECTS.get(found[1], ())):
                yield (
                    f"{node.lineno}: {code.value!r}; write capability.what_is_wrong, the capability a package of ours "
                    f"(or a noun it owns: {', '.join(SUBJECTS)})"
                )


RULES: tuple[Callable[[Module], Iterator[str]], ...] = (
    functions_are_short, files_are_short, names_say_what_may_be_touched, sql_stays_in_its_files,
    packages_say_what_they_are_for, nothing_is_left_for_later, time_and_output_are_injected,
    problem_codes_name_capability_and_fault)  # fmt: skip


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_rules_hold(rule):
    found = [f"src/tradewind/{this.path}:{offence}" for this in modules() for offence in rule(this)]

    assert not found, "\n" + "\n".join(found)


LONG = "def f():\n" + "    x = 1\n" * 70
PLANTED = (
    (functions_are_short, "desk/place.py", LONG),
    (files_are_short, "desk/place.py", "x = 1\n" * 401),
    (names_say_what_may_be_touched, "desk/order_utils.py", ""),
    (names_say_what_may_be_touched, "orders/queries/service.py", ""),
    (names_say_what_may_be_touched, "orders/commands2.py", ""),
    (sql_stays_in_its_files, "orders/decide.py", 'x = "SELECT 1"'),
    (sql_stays_in_its_files, "orders/api/list.py", 'x = f"""\n  WITH a AS ({1}) SELECT 2"""'),
    (packages_say_what_they_are_for, "orders/__init__.py", "x = 1"),
    (nothing_is_left_for_later, "orders/decide.py", "x = 1  # TODO later"),
    (time_and_output_are_injected, "orders/decide.py", "import datetime\ndatetime.datetime.now(tz=None)"),
    (time_and_output_are_injected, "desk/place.py", "import time\ntime.sleep(1)"),
    (time_and_output_are_injected, "desk/place.py", "from time import sleep"),
    (time_and_output_are_injected, "desk/place.py", "print(1)"),
    (problem_codes_name_capability_and_fault, "orders/decide.py", 'Problem("orders.NotFound", "x")'),
    (problem_codes_name_capability_and_fault, "orders/decide.py", 'problem.refuse("nowhere.not_found", "x")'),
    (problem_codes_name_capability_and_fault, "orders/decide.py", 'Problem("tax.no_rate", "x")'),
    (problem_codes_name_capability_and_fault, "orders/decide.py", 'Problem(f"orders.{what}", "x")'),
)


@pytest.mark.parametrize(("rule", "path", "text"), PLANTED)
def test_a_planted_offence_is_seen(rule, path, text):
    assert len(list(rule(module(path, text)))) == 1


def test_what_the_rules_allow_passes():
    allowed = [
        module("orders/queries/open_lines.py", '"""Reads."""\nx = "SELECT 1"'),
        module(
            "orders/decide.py", '"""SELECT is a word here."""\nx = "Update the order"\nProblem("orders.not_found", "x")'
        ),
        module("app/cli.py", "import time\nprint(1)\ntime.sleep(1)"),
        module("views/orders.py", 'x = "SELECT 1"'),
    ]

    assert [offence for this in allowed for rule in RULES for offence in rule(this)] == []
