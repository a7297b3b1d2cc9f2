import json
from pathlib import Path

import pytest

from tradewind.app.cli import main
from tradewind.rules.decide.dmn.sheet import rows_as_dmn

ROWS = [
    {"id": "a", "conditions": ["> 100"], "conclusions": ['"hold"']},
    {"id": "b", "conditions": ["> 500"], "conclusions": ['"reject"']},
]


def written(folder: Path, name: str, **changed: object) -> str:
    sheet = {
        "decision": "large",
        "hit_policy": "COLLECT",
        "inputs": [{"expression": "order total", "type": "number"}],
        "outputs": [{"name": "effect", "type": "string"}],
        "rows": ROWS,
        **changed,
    }
    source = rows_as_dmn(sheet)
    assert isinstance(source, bytes)
    path = folder / f"{name}.dmn"
    path.write_bytes(source)
    return str(path)


def test_files_are_looked_at_as_a_publication_would(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, tie = written(tmp_path, "good"), written(tmp_path, "tie", hit_policy="UNIQUE")

    code = main(["rules", "check", good, tie, "--point", "order.validation"])

    reports = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert code == 1
    assert [one["ready"] for one in reports] == [True, False]
    assert [one["code"] for one in reports[1]["problems"]] == ["rules.unresolved_tie"]
    assert [(one["kind"], one["rows"]) for one in reports[0]["seen"]] == [("overlap", [1, 2]), ("gap", [])]


def test_what_cannot_be_looked_at_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = written(tmp_path, "good")

    assert main(["rules", "check", good, "--point", "order.validatio"]) == 2
    assert main(["rules", "check", str(tmp_path / "nowhere.dmn")]) == 2
    assert main(["rules", "check"]) == 2
    assert main(["rules", "export"]) == 2

    said = capsys.readouterr().err.splitlines()
    assert (
        said[0]
        == "rules.unknown_point: there is no decision point 'order.validatio'; did you mean 'order.validation'? (/point)"
    )
    assert said[1].startswith("request.file_not_readable: ")
    assert said[2] == "request.wrong_arguments: rules check is for files"
    assert said[3] == "request.wrong_arguments: rules export is for one rule set"
