"""Figures beside their limits: one markdown table, one file of results."""

import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

RESULTS = Path(__file__).with_name("results.json")
MISSED = "**missed**"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value. `limit` is what must be kept, `aim` what is hoped for; `better` says which side is good.

    `value` None means it could not be measured, which is a limit missed; `beside` is what stands beside it in the table.
    """

    name: str
    value: float | None
    unit: str
    limit: float | None = None
    aim: float | None = None
    better: Literal["more", "less"] = "less"
    beside: Mapping[str, float | str] = field(default_factory=dict)
    note: str = ""

    @property
    def missed(self) -> bool:
        """Whether a limit was passed, or could not be told."""
        if self.value is None:
            return True
        return self.limit is not None and not self.within(self.limit)

    def within(self, bound: float) -> bool:
        assert self.value is not None
        return self.value >= bound if self.better == "more" else self.value <= bound

    @property
    def verdict(self) -> str:
        if self.missed:
            return MISSED
        if self.limit is None:
            return ""
        if self.aim is None:
            return "kept"
        return "kept, aim reached" if self.within(self.aim) else "kept"


COLUMNS = (
    "orders/s", "p50 ms", "p95 ms", "p99 ms", "CPU ms/order", "PostgreSQL", "HTTP", "worker", "client", "orders/batch",
    "statements/order", "commits/order", "WAL kB/order",
)  # fmt: skip


def shown(value: float | str | None) -> str:
    """A number as people read it: three or so figures, thousands apart."""
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    size = abs(value)
    return (
        f"{value:,.0f}"
        if size >= 100
        else f"{value:.1f}"
        if size >= 10
        else f"{value:.2f}"
        if size >= 0.1
        else f"{value:.3f}"
    )


def table(figures: Sequence[Figure]) -> str:
    """All figures as one markdown table; columns that nobody fills are left out."""
    used = [column for column in COLUMNS if any(column in figure.beside for figure in figures)]
    heads = ["figure", "value", "limit", "aim", "verdict", *used, "note"]
    lines = [
        "| " + " | ".join(heads) + " |",
        "|" + "|".join("---" if n in (0, 4) else "---:" for n in range(len(heads))) + "|",
    ]
    for figure in figures:
        sign = "≥" if figure.better == "more" else "≤"
        bounds = ["" if bound is None else f"{sign} {shown(bound)}" for bound in (figure.limit, figure.aim)]
        value = f"{shown(figure.value)} {figure.unit}".strip()
        beside = [shown(figure.beside[column]) if column in figure.beside else "" for column in used]
        lines.append("| " + " | ".join([figure.name, value, *bounds, figure.verdict, *beside, figure.note]) + " |")
    return "\n".join(lines)


def write_results(figures: Sequence[Figure], about: Mapping[str, Any], path: Path = RESULTS) -> None:
    """Everything again for machines; the file is not kept in the repository."""
    found = {"about": dict(about), "figures": [{**asdict(one), "verdict": one.verdict} for one in figures]}
    path.write_text(json.dumps(found, indent=1, default=str) + "\n", encoding="utf-8")


def about_machine() -> dict[str, Any]:
    """What the figures were taken on."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False,
                            cwd=RESULTS.parent).stdout.strip()  # fmt: skip
    return {
        "commit": commit,
        "python": platform.python_version(),
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "load_before": os.getloadavg()[0],
    }
