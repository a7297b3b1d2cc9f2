"""The DMN compatibility kit, and that its runner sees a wrong answer."""

import os
from pathlib import Path

import pytest

from decision_models import decision, dmn, feel, input_data, table
from tradewind.app.cli import main
from tradewind.app.decision_kit import run_cases

SHARED = Path(os.environ.get("TRADEWIND_SHARED") or Path(__file__).parents[2].parent / "shared")
KIT = SHARED / "samples" / "dmn-tck"
RAN = list(run_cases(KIT)) if KIT.is_dir() else []

CASES = """<testCases xmlns="http://www.omg.org/spec/DMN/20160719/testcase" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<modelName>own.dmn</modelName>{}</testCases>"""
CASE = """<testCase id="{}"><inputNode name="x"><value xsi:type="xsd:decimal">{}</value></inputNode>
<resultNode name="{}" type="decision"><expected>{}</expected></resultNode></testCase>"""


def value(kind: str, text: str) -> str:
    return f'<value xsi:type="xsd:{kind}">{text}</value>'


NULL = '<value xsi:nil="true"/>'


@pytest.mark.samples
@pytest.mark.skipif(not RAN, reason="the shared samples are not here")
@pytest.mark.parametrize("ran", RAN, ids=lambda ran: ran.name)
def test_a_case_of_the_compatibility_kit_passes(ran):
    assert ran.failures == ()


@pytest.fixture
def kit(tmp_path):
    """Writes a folder with a model of our own and the cases given."""

    def write(*cases: str) -> Path:
        model = dmn(
            input_data("x", "number"),
            decision("third", feel("x / 3"), inputs=["x"]),
            decision("day", feel('date("2026-01-01") + duration("P1D")')),
            decision(
                "size", table("x", '> 5 => "big" | x', '<= 5 => "small" | x', outputs=("Word", "Of")), inputs=["x"]
            ),
            decision("all", table("x", "> 1 => 1", "> 2 => 2", policy="COLLECT"), inputs=["x"]),
        )
        folder = tmp_path / "kit" / "own"
        folder.mkdir(parents=True)
        (folder / "own.dmn").write_bytes(model)
        (folder / "own-test-01.xml").write_text(CASES.format("".join(cases)), encoding="utf-8")
        return tmp_path / "kit"

    return write


GOOD = [
    CASE.format("1", "1", "third", value("decimal", "0.333333333333333")),
    CASE.format("2", "1", "day", value("date", "2026-01-02")),
    CASE.format(
        "3", "6", "size",
        f'<component name="Word">{value("string", "big")}</component><component name="Of">{value("decimal", "6.0")}</component>',
    ),
    CASE.format("4", "3", "all", f"<list><item>{value('decimal', '1')}</item><item>{value('decimal', '2')}</item></list>"),
    CASE.format("5", "0", "all", NULL),
]  # fmt: skip


def test_the_runner_says_how_many_cases_passed(kit, capsys):
    code = main(["rules", "tck", str(kit(*GOOD))])

    assert code == 0
    assert capsys.readouterr().out == "passed 5 of 5\n"


@pytest.mark.parametrize(
    ("case", "failure"),
    [
        (CASE.format("9", "1", "third", value("decimal", "0.33333")), "third: expected 0.33333, decided 0.33333333"),
        (CASE.format("9", "1", "third", value("string", "0.3")), 'third: expected "0.3", decided 0.333'),
        (CASE.format("9", "1", "third", NULL), "third: expected null, decided 0.333"),
        (CASE.format("9", "1", "fourth", NULL), "there is no decision 'fourth'"),
        (CASE.format("9", "3", "all", f"<list><item>{value('decimal', '1')}</item></list>"), "all: expected [1], decided [1, 2]"),
        (CASE.format("9", "6", "size", f'<component name="Word">{value("string", "big")}</component>'),
         'size: expected {Word: "big"}, decided {Word: "big", Of: 6}'),
        ('<testCase id="9"/>', "it expects nothing"),
    ],
)  # fmt: skip
def test_the_runner_shows_what_failed(case, failure, kit, capsys):
    code = main(["rules", "tck", str(kit(*GOOD, case))])

    lines = capsys.readouterr().out.splitlines()
    assert code == 1
    assert lines[0].startswith(f"failed own/own-test-01.xml 9: {failure}")
    assert lines[1:] == ["passed 5 of 6"]


def test_a_case_may_expect_an_error(kit, capsys):
    case = CASE.format("1", '"1"', "third", NULL).replace('type="decision"', 'type="decision" errorResult="true"')

    code = main(["rules", "tck", str(kit(case.replace("xsd:decimal", "xsd:string")))])

    assert (code, capsys.readouterr().out) == (0, "passed 1 of 1\n")


def test_files_that_cannot_be_read_are_cases_that_failed(kit, capsys):
    folder = kit(CASE.format("1", "1", "day", value("anyURI", "x")))
    (folder / "broken.xml").write_text("<testCases", encoding="utf-8")
    (folder / "lost.xml").write_text(CASES.format(GOOD[0]).replace("own.dmn", "../own/own.dmn"), encoding="utf-8")
    (folder / "other.xml").write_text("<other/>", encoding="utf-8")

    code = main(["rules", "tck", str(folder)])

    lines = capsys.readouterr().out.splitlines()
    assert code == 1
    assert [line.split(":")[0] for line in lines[:-1]] == [
        "failed broken.xml",
        "failed lost.xml",
        "failed own/own-test-01.xml",
    ]
    assert lines[-1] == "passed 0 of 3"


def test_a_folder_without_cases_has_not_passed(tmp_path, capsys):
    assert main(["rules", "tck", str(tmp_path)]) == 1
    assert capsys.readouterr().out == "passed 0 of 0\n"


def test_what_is_no_folder_is_refused(tmp_path, capsys):
    assert main(["rules", "tck", str(tmp_path / "nowhere")]) == 2
    assert "request.file_not_readable" in capsys.readouterr().err
