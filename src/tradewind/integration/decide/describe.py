"""The documentation of a kind, made from the kind itself."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from tradewind.semantics.decide.rows.schema import Field, Kind


def describe(kind: Kind[Any]) -> str:
    """Markdown: what the kind is for, a table of its columns, and the smallest header that works."""
    lines = [
        f"## {kind.name}",
        "",
        kind.sentence,
        "",
        "| column | type | required | if empty | what it is | also called |",
        "|---|---|---|---|---|---|",
    ]
    lines += [_line(field) for field in kind.fields]
    required = ",".join(field.name for field in kind.fields if field.required)
    lines += [
        "",
        f"A record is named by {', '.join(kind.key)}; a file may hold each once.",
        f"The smallest header: `{required}`.",
    ]
    if kind.after:
        lines.append(f"Import first: {', '.join(kind.after)}.")
    return "\n".join(lines) + "\n"


def _line(field: Field) -> str:
    cells = (
        field.name,
        field.type,
        "yes" if field.required else "",
        "refused" if field.required else _default(field.default),
        field.sentence,
        ", ".join(field.aliases),
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _default(value: object) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if isinstance(value, (str, int, Decimal, datetime)) else repr(value)
