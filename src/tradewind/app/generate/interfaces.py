"""Reference pages of what others rely on: settings, the HTTP interface, imports, tables."""

import json
from pathlib import Path

import tradewind.app.schema  # noqa: F401 - declares every table
from tradewind.analytics.queries import CHECKS
from tradewind.app.http import build_app
from tradewind.app.settings import describe as describe_settings
from tradewind.app.settings import read_settings
from tradewind.integration.decide.describe import describe as describe_kind
from tradewind.integration.decide.kinds import KINDS
from tradewind.kernel.tables import metadata


def settings() -> str:
    """Every `TRADEWIND_*` variable."""
    lines = ["# Settings", "", "Environment variables; `tradewind settings` shows them with their values.", ""]
    lines += ["| variable | default | type | meaning |", "|---|---|---|---|"]
    lines += [
        f"| `{name}` | {default or '–'} | {kind} | {sentence} |"
        for name, default, kind, sentence in describe_settings()
    ]
    return "\n".join(lines) + "\n"


def openapi() -> str:
    """The HTTP interface, as `/api/v1/openapi.json` answers it."""
    app = build_app(read_settings({}, cwd=Path("/")))
    return json.dumps(app.openapi(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def imports() -> str:
    """Every kind of import with its columns."""
    parts = [
        "# Import kinds\n\n`tradewind import KIND FILE` takes CSV and XLSX files. The kinds stand in an order in which each finds "
        "what it refers to. Columns may stand in any order; those a file leaves out keep the value a known record has.\n"
    ]
    return "\n".join([*parts, *(describe_kind(kind) for kind in KINDS.values())])


def schema() -> str:
    """Every table with its sentence, its columns and its promises."""
    lines = ["# Tables", "", f"{len(metadata.tables)} tables. *buyers*: buyers read the rows of accounts they see, by row-level "
             "security. *append-only*: the database refuses changes. *frozen*: only the named columns change.", ""]  # fmt: skip
    for table in sorted(metadata.tables.values(), key=lambda one: one.name):
        promises = []
        if table.info.get("buyer"):
            promises.append("buyers")
        if table.info.get("append_only"):
            promises.append("append-only")
        if table.info.get("frozen_but") is not None:
            promises.append(f"frozen, but {', '.join(table.info['frozen_but']) or 'nothing'}")
        lines += [f"## {table.name}", "", f"{table.comment}" + (f" ({'; '.join(promises)})" if promises else ""), ""]
        lines += ["| column | type | null | points to |", "|---|---|---|---|"]
        for column in table.columns:
            target = ", ".join(sorted(key.target_fullname for key in column.foreign_keys))
            key = " (key)" if column.primary_key else ""
            null = "yes" if column.nullable else ""
            lines.append(f"| {column.name}{key} | {str(column.type).lower()} | {null} | {target} |")
        lines.append("")
    return "\n".join(lines[:-1]) + "\n"


def checks() -> str:
    """Every invariant that `tradewind verify` looks at."""
    lines = ["# Checks", "", f"What `tradewind verify` holds a live database to: {len(CHECKS)} queries that must give no row. "
             "*aged* ones find what has waited too long, *catalogue* ones look at the schema.", ""]  # fmt: skip
    lines += ["| check | kind | what must hold |", "|---|---|---|"]
    lines += [f"| {check.code} | {check.kind} | {check.sentence} |" for check in CHECKS]
    return "\n".join(lines) + "\n"
