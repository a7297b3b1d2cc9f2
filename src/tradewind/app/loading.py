"""`tradewind import`: a file into the database, with a progress bar where somebody watches, and every bad row named."""

import sys
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tradewind.app.credentials import ACTOR
from tradewind.integration.commands.importing import ImportOptions, import_file
from tradewind.integration.model import ImportResult
from tradewind.kernel.tx import Database

PROBLEMS_SHOWN = 20


def import_command(database: Database, kind: str, file: Path, *, dry_run: bool, refused: Path | None = None) -> int:
    """Import the file; 0 when every row was taken, else 1. Refused rows go to `refused` as CSV. `Refused`: nothing was."""
    options = ImportOptions(is_dry=dry_run, actor=ACTOR)
    with ExitStack() as open_files:
        rejects = None
        if refused is not None:
            rejects = open_files.enter_context(refused.open("w", encoding="utf-8", newline=""))
        bar = open_files.enter_context(_bar())
        task = bar.add_task(f"{kind} from {file.name}", total=None)

        def moved(done: int, about: int) -> None:
            bar.update(task, completed=done, total=about)

        result = import_file(database, file, kind, options=options, progress=moved, refused_to=rejects)
    _tell(result, refused)
    return 0 if result.is_clean else 1


def _bar() -> Progress:
    console = Console(stderr=True)
    return Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
                    console=console, disable=not console.is_terminal)  # fmt: skip


def _tell(result: ImportResult, refused: Path | None) -> None:
    dry = " (dry run: nothing was kept)" if result.is_dry else ""
    print(f"{result.kind}: {result.rows} rows, {result.created} created, {result.changed} changed, "
          f"{result.unchanged} unchanged, {result.refused} refused{dry}")  # fmt: skip
    for finding in result.findings:
        times = f" ({finding.count} times)" if finding.count > 1 else ""
        print(f"{finding.severity}: {finding.where}: {finding.message}{times}", file=sys.stderr)
    for problem in result.problems[:PROBLEMS_SHOWN]:
        print(f"{problem.where}: {problem.message} [{problem.code}]", file=sys.stderr)
    if len(result.problems) > PROBLEMS_SHOWN:
        all_of_them = (
            f"; all refused rows are in {refused}" if refused else "; --refused OUT.csv keeps all refused rows"
        )
        print(f"and more{all_of_them}", file=sys.stderr)
    if result.stopped is not None:
        print(f"stopped: {result.stopped.message} [{result.stopped.code}]", file=sys.stderr)
