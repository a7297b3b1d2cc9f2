"""Loads the made-up company through the ordinary import: CSV files, typed rows, findings."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from demo.company import company, write_files
from tradewind.integration.commands.importing import ImportOptions, import_file
from tradewind.integration.model import ImportResult
from tradewind.kernel.problem import refuse
from tradewind.kernel.tx import Actor, Database

ACTOR = Actor(None, "demo", "cli")
REPORT = "  {kind:<18} {rows:>5} rows  {created:>5} created"


def load_company(
    database: Database, folder: Path, *, now: datetime, say: Callable[[str], None] = print
) -> dict[str, ImportResult]:
    """Write the files into `folder` and import each. `Refused` when a single row is not taken."""
    results: dict[str, ImportResult] = {}
    for kind, file in write_files(company(now), folder).items():
        result = import_file(database, file, kind, options=ImportOptions(actor=ACTOR))
        if not result.is_clean:
            problem = result.stopped or result.problems[0]
            raise refuse("import.demo_not_clean", f"{file.name}: {problem.message}", where=problem.where)
        say(REPORT.format(kind=kind, rows=result.rows, created=result.created))
        results[kind] = result
    return results
