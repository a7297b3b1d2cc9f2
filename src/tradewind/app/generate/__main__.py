"""Writes the generated papers, or checks that the checked-in ones are those the code gives."""

import sys
from collections.abc import Callable
from difflib import unified_diff
from pathlib import Path

from tradewind.app.generate import facts, house, interfaces
from tradewind.app.layout import drawn

ROOT = Path(__file__).resolve().parents[4]
SHOWN_LINES = 12

PAPERS: dict[str, Callable[[], str]] = {
    "MAP.md": house.map_of_words,
    "docs/reference/settings.md": interfaces.settings,
    "docs/reference/openapi.json": interfaces.openapi,
    "docs/reference/import.md": interfaces.imports,
    "docs/reference/schema.md": interfaces.schema,
    "docs/reference/checks.md": interfaces.checks,
    "docs/reference/events.md": facts.events,
    "docs/reference/problems.md": facts.problems,
}


def texts() -> dict[Path, str]:
    """Every generated file of the checkout with the text it should have."""
    made = {ROOT / name: make() for name, make in PAPERS.items()}
    for stream in sorted((ROOT / "src" / "tradewind" / "streams").glob("*.bpmn")):
        made[stream] = drawn(stream.read_bytes()).decode()
    return made


def main(arguments: list[str]) -> int:
    """0, or 1 where `--check` finds a difference."""
    differing = 0
    for path, text in texts().items():
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        if before == text:
            continue
        differing += 1
        if "--check" not in arguments:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            print(f"wrote {path.relative_to(ROOT)}")
            continue
        lines = [line for line in unified_diff(before.splitlines(), text.splitlines(), lineterm="", n=0)][2:]
        print(f"{path.relative_to(ROOT)} differs from what the code gives ({len(lines)} lines of difference):")
        print("\n".join(f"  {line[:160]}" for line in lines[:SHOWN_LINES]))
    if differing and "--check" in arguments:
        print(f"{differing} generated files are out of date; `python -m tradewind.app.generate` writes them.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
