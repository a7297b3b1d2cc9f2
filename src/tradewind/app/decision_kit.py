"""`tradewind rules tck DIR`: the cases of the DMN compatibility kit in a folder, run one by one."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tradewind.kernel.problem import Problem, refuse
from tradewind.rules.decide.dmn import read_model
from tradewind.rules.decide.tck import failures, read_cases


@dataclass(frozen=True, slots=True)
class Ran:
    """A case, by its file and id, and why it failed: nothing where it passed."""

    name: str
    failures: tuple[str, ...]


def tck_command(folder: Path) -> int:
    """Run all cases below a folder; prints what failed and `passed N of M`. 1 where one failed or there is none."""
    if not folder.is_dir():
        raise refuse("request.file_not_readable", f"{folder}: not a folder", where=str(folder))
    passed = total = 0
    for case in run_cases(folder):
        total += 1
        passed += not case.failures
        for failure in case.failures:
            print(f"failed {case.name}: {failure}".encode("ascii", "backslashreplace").decode())
    print(f"passed {passed} of {total}")
    return 0 if passed == total > 0 else 1


def run_cases(folder: Path) -> Iterator[Ran]:
    """Every case of every test file, in the order of their names; a file that cannot be read counts as one that failed."""
    for file in sorted(folder.rglob("*.xml")):
        name = file.relative_to(folder).as_posix()
        try:
            yield from _run_file(file, name)
        except OSError as reason:
            yield Ran(name, (reason.strerror or str(reason),))


def _run_file(file: Path, name: str) -> Iterator[Ran]:
    found = read_cases(file.read_bytes())
    if isinstance(found, Problem):
        yield Ran(name, (found.message,))
    elif found is not None:
        model = read_model((file.parent / Path(found.model).name).read_bytes())
        for case in found.cases:
            why = (f"{model.where}: {model.message}",) if isinstance(model, Problem) else tuple(failures(model, case))
            yield Ran(f"{name} {case.id}", why)
