"""`MAP.md`: from the words of the business to the folders, made from the docstrings of the packages."""

import ast
import re
import tomllib
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]

WORDS = (
    ("order processing", "desk streams orders approvals credit fulfilment returns billing"),
    ("quotes, blanket and recurring orders, drop-ship", "quotes blankets recurring purchasing"),
    ("inventory visibility and promises", "inventory calendars catalog fulfilment"),
    ("pricing, agreements and tax", "pricing accounts"),
    ("unified data: one vocabulary, who is who, where from", "semantics accounts catalog integration"),
    ("self-service portal", "portal views desk access"),
    ("integration: files, connectors, documents of others", "integration channels"),
    ("analytics, verification", "analytics views"),
    ("orchestration: value streams, waiting, exceptions, templates", "orchestration streams library"),
    ("business rules and conditions", "rules approvals"),
    ("a change tried on past orders before it goes live", "trials"),
    ("agents: software that buys or helps", "agents access"),
    ("logins, roles, who sees what", "access"),
    ("invoices, payments, credit notes", "billing returns"),
    ("documents that people read, as PDF", "papers views"),
    ("log, transactions, money, quantity", "kernel"),
    ("running it", "app"),
)
MEANINGS = {
    "app": "the composition root",
    "channels": "the edges: the outside world; never each other",
    "analytics": "reads over everything below, and the papers made of them",
    "desk": "use cases that need several capabilities; read-only joins",
    "streams": "the value stream library",
    "orders": "capabilities; never each other",
    "accounts": "master data",
    "semantics": "the canonical nouns that neighbours exchange",
    "orchestration": "engines; they know no commerce",
    "kernel": "what everything stands on",
}
"""What a layer is, by its first package."""

FOLDERS = (
    ("docs/guides", "how to run, feed and read the system"),
    ("docs/decisions", "why it is built this way, one page each"),
    ("docs/reference", "settings, HTTP interface, events, problems, imports, tables; generated"),
    ("migrations", "changes of the schema, one a file"),
    ("demo", "a made-up company and one scripted day of it"),
    ("bench", "measurements, each beside its limit"),
    ("tests", "mirrors `src/tradewind`"),
)
ROLES = (
    ("model", "frozen nouns, enums, transition tables"),
    ("errors", "refusals as values"),
    ("events", "facts for the log"),
    ("decide", "pure decisions: values in, values with reasons out"),
    ("tables", "declarations for migrations; not imported at run time"),
    ("queries", "reads"),
    ("commands", "writes, plural"),
    ("api", "HTTP routes"),
)


def map_of_words() -> str:
    """The whole of MAP.md."""
    lines = ["# Map", "", "Made by `python -m tradewind.app.generate` from the package docstrings.", ""]
    lines += [
        "## From a word of the business to the folder",
        "",
        "| you look for | look in `src/tradewind/` |",
        "|---|---|",
    ]
    lines += [f"| {word} | {_linked(names)} |" for word, names in WORDS]
    lines += [
        "",
        "## The packages, from the edge down",
        "",
        "Imports point down; neighbours on one line never see each other.",
    ]
    for names in layers():
        meaning = MEANINGS[names.split()[0]]
        lines += ["", "---", "", f"*{meaning[0].upper()}{meaning[1:]}*"]
        for name in names.split():
            lines += ["", f"### {name}", "", _docstring(name)]
    lines += ["", "## What a file of a capability may touch", "", "| file (or folder) | holds |", "|---|---|"]
    lines += [f"| `{role}` | {meaning} |" for role, meaning in ROLES]
    lines += ["", "## Beside the packages", "", "| folder | holds |", "|---|---|"]
    lines += [f"| `{folder}/` | {meaning} |" for folder, meaning in FOLDERS]
    return "\n".join(lines) + "\n"


def layers() -> list[str]:
    """The layers that imports are held to, from the edge down: the packages of each, separated by blanks."""
    project = tomllib.loads((SOURCE.parents[1] / "pyproject.toml").read_text(encoding="utf-8"))
    contract = next(one for one in project["tool"]["importlinter"]["contracts"] if one["type"] == "layers")
    return [row.replace(" | ", " ") for row in contract["layers"]]


def packages() -> list[str]:
    """Every package of the source tree, by name."""
    return sorted(file.parent.name for file in SOURCE.glob("*/__init__.py"))


def _linked(names: str) -> str:
    return " · ".join(f"[{name}](#{name})" for name in names.split())


def _docstring(package: str) -> str:
    """A package's docstring as Markdown: its lines joined, its lists kept."""
    tree = ast.parse((SOURCE / package / "__init__.py").read_text(encoding="utf-8"))
    text = ast.get_docstring(tree) or ""
    return re.sub(r"(?<!\n)\n(?![\n-])", " ", text).replace("\n- ", "\n- ").replace(":\n- ", ":\n\n- ")
