"""The command `tradewind verify`: prints what breaks an invariant; its exit code says whether anything does."""

import sys
from collections.abc import Iterator

from tradewind.analytics.model import Outcome, Report
from tradewind.analytics.verify.snapshot import run_verify
from tradewind.kernel.tx import dumps


def verify_command(url: str, *, json: bool = False) -> int:
    """Verify the database at `url`, print violations and a last line; 0 when nothing breaks an invariant, else 1."""
    report = run_verify(url)
    sys.stdout.write("".join(f"{line}\n" for line in (as_json(report) if json else as_text(report))))
    return 1 if report.violations else 0


def summary(report: Report) -> str:
    """The last line of a run."""
    violations = "1 violation" if report.violations == 1 else f"{report.violations} violations"
    return f"verify: {len(report.outcomes)} checks, {violations} in {report.ms:.0f} ms"


def as_text(report: Report) -> Iterator[str]:
    """Broken invariants with their rows, then the summary."""
    for outcome in report.broken:
        yield f"{outcome.check.code}: {outcome.check.sentence} Not so in {outcome.count}:"
        for row in outcome.rows:
            yield "  " + ", ".join(f"{name}={_shown(value)}" for name, value in zip(outcome.columns, row, strict=True))
        if outcome.count > len(outcome.rows):
            yield f"  and {outcome.count - len(outcome.rows)} more"
    yield summary(report)


def as_json(report: Report) -> Iterator[str]:
    """One JSON object a broken invariant and one for the run."""
    for outcome in report.broken:
        yield dumps(_members(outcome))
    yield dumps(
        {
            "checks": len(report.outcomes),
            "violations": report.violations,
            "ms": round(report.ms, 1),
            "slowest": [
                {"code": outcome.check.code, "ms": round(outcome.ms, 1)}
                for outcome in sorted(report.outcomes, key=lambda one: -one.ms)[:5]
            ],
        }
    )


def _members(outcome: Outcome) -> dict[str, object]:
    return {
        "code": outcome.check.code,
        "sentence": outcome.check.sentence,
        "violations": outcome.count,
        "rows": [dict(zip(outcome.columns, map(_plain, row), strict=True)) for row in outcome.rows],
        "ms": round(outcome.ms, 1),
    }


def _plain(value: object) -> object:
    return bytes(value).hex() if isinstance(value, bytes | memoryview) else value


def _shown(value: object) -> str:
    return "-" if value is None else str(_plain(value))
