"""Models written back: nothing of a file is lost, and tables come and go as plain rows."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from decision_models import compiled, decided, decision, dmn, feel, input_data, knowledge, table
from tradewind.kernel.problem import Problem
from tradewind.rules.decide.dmn.build import read_model
from tradewind.rules.decide.dmn.read import read_definitions
from tradewind.rules.decide.dmn.sheet import rows_as_dmn, table_as_rows, tables_of
from tradewind.rules.decide.dmn.write import write_model

SHARED = Path(os.environ.get("TRADEWIND_SHARED") or Path(__file__).parents[2].parent / "shared")
KIT = sorted((SHARED / "samples" / "dmn-tck").rglob("*.dmn"))

DRAWN = b"""<?xml version="1.0" encoding="UTF-8"?>
<!-- drawn by hand -->
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" xmlns:dmndi="https://www.omg.org/spec/DMN/20191111/DMNDI/"
    xmlns:other="http://other.example" id="defs" name="Approval" namespace="http://example" exporter="Other" other:build="7">
  <inputData id="in1" name="total"><variable id="v1" name="total" typeRef="number"/></inputData>
  <inputData id="in2" name="unused"><variable id="v2" name="unused" typeRef="string"/></inputData>
  <decision id="d1" name="approver" other:owner="sales">
    <description>Who approves</description>
    <extensionElements><other:note>kept</other:note></extensionElements>
    <question>Who?</question>
    <variable id="v3" name="approver" typeRef="string"/>
    <informationRequirement id="ir1"><requiredInput href="#in1"/></informationRequirement>
    <authorityRequirement id="ar1"><requiredAuthority href="#ks1"/></authorityRequirement>
    <decisionTable id="t1" hitPolicy="FIRST" other:width="300">
      <input id="c1" label="Order total" other:width="90"><inputExpression id="e1" typeRef="number"><text>total</text></inputExpression></input>
      <output id="o1" name="approver" typeRef="string"/>
      <annotation name="Why"/>
      <rule id="r1" other:color="red"><description>big</description><inputEntry id="r1c1"><text>&gt; 5000</text></inputEntry><outputEntry id="r1o1"><text>"head"</text></outputEntry><annotationEntry><text>policy 7</text></annotationEntry></rule>
      <rule id="r2"><extensionElements><other:x/></extensionElements><inputEntry id="r2c1"><text>-</text></inputEntry><outputEntry id="r2o1"><text>"nobody"</text></outputEntry></rule>
    </decisionTable>
  </decision>
  <knowledgeSource id="ks1" name="Policy"/>
  <dmndi:DMNDI><dmndi:DMNDiagram id="dia"><dmndi:DMNShape id="s1" dmnElementRef="d1"/><dmndi:DMNShape id="s2" dmnElementRef="in2"/></dmndi:DMNDiagram></dmndi:DMNDI>
</definitions>"""
FOREIGN = (
    b"<!-- drawn by hand -->", b'exporter="Other"', b'other:build="7"', b'other:owner="sales"', b"Who approves", b"<other:note>kept",
    b"<question>Who?", b'id="v3"', b'id="ir1"', b'id="ar1"', b'other:width="300"', b'other:width="90"', b'id="e1"',
    b'<annotation name="Why"/>', b'other:color="red"', b"<description>big", b'id="ks1"', b'dmnElementRef="d1"',
)  # fmt: skip


def test_a_file_that_was_not_changed_is_written_as_it_was():
    definitions = read_definitions(DRAWN)

    written = write_model(definitions, source=DRAWN)

    assert read_definitions(written) == definitions
    assert b"".join(written.replace(b"'", b'"').split()) == b"".join(DRAWN.split())


def test_a_changed_row_leaves_ids_diagram_and_extensions_of_others():
    rows = table_as_rows(read_definitions(DRAWN), "t1")
    rows["rows"][0]["conditions"] = ["> 7000"]
    rows["rows"].insert(1, {"conditions": ["[5000..7000]"], "conclusions": ['"lead"'], "notes": ["new"]})

    written = rows_as_dmn(rows, source=DRAWN)

    assert [mark for mark in FOREIGN if mark not in written] == []
    assert b"&gt; 7000" in written
    assert b"<other:x/>" in written
    again = table_as_rows(read_definitions(written), "t1")
    assert again["rows"][1] == {
        "id": "t1_r2",
        "conditions": ["[5000..7000]"],
        "conclusions": ['"lead"'],
        "notes": ["new"],
    }
    assert [row["id"] for row in again["rows"]] == ["r1", "t1_r2", "r2"]
    model = read_model(written)
    assert [decided(model, total=total).values["approver"] for total in (8000, 6000, 10)] == ["head", "lead", "nobody"]


def test_what_a_model_has_no_more_goes_with_its_shape():
    definitions = read_definitions(DRAWN)

    written = write_model(replace(definitions, inputs=definitions.inputs[:1]), source=DRAWN)

    assert b'id="in2"' not in written
    assert b'dmnElementRef="in2"' not in written
    assert b'dmnElementRef="d1"' in written


def test_a_new_variable_in_a_cell_becomes_required_input():
    rows = table_as_rows(read_definitions(DRAWN), "t1")
    rows["rows"][0]["conditions"] = ["> limit"]

    written = rows_as_dmn(rows, source=DRAWN, variables={"limit": "number"})

    model = read_model(written)
    assert model.problems == ()
    assert decided(model, total=8, limit=7).values["approver"] == "head"


SHEET = {
    "table": "t", "decision": "discount", "hit_policy": "UNIQUE", "aggregation": None,
    "inputs": [
        {"id": "i1", "expression": "order total", "label": "Total", "type": "number", "values": ""},
        {"id": "i2", "expression": "account.segment", "label": "", "type": "string", "values": '"A", "B"'},
    ],
    "outputs": [{"id": "o1", "name": "", "label": "Percent", "type": "number", "values": "", "default": "0"}],
    "rows": [
        {"id": "a", "conditions": ["> 100", '"A"'], "conclusions": ["5"], "notes": ["since May"]},
        {"id": "b", "conditions": ["<= 100", "-"], "conclusions": ["order total / 100"], "notes": []},
    ],
}  # fmt: skip


def test_a_sheet_becomes_a_file_and_a_sheet_again():
    written = rows_as_dmn(SHEET)

    assert table_as_rows(read_definitions(written)) == SHEET
    model = read_model(written)
    assert model.problems == ()
    assert decided(model, **{"order total": 200, "account": {"segment": "A"}}).values["discount"] == 5
    assert decided(model, **{"order total": 50, "account": {"segment": "B"}}).values["discount"] == 0.5


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"hit_policy": "SOME"}, "/hit_policy"),
        ({"aggregation": "PRODUCT"}, "/aggregation"),
        ({"outputs": []}, "/outputs"),
        ({"inputs": [{"label": "x"}]}, "/inputs/0/expression"),
        ({"rows": [{"conditions": ["1"], "conclusions": ["1"]}]}, "/rows/0/conditions"),
        ({"rows": [{"conditions": ["1", 2], "conclusions": ["1"]}]}, "/rows/0/conditions/1"),
        ({"rows": [{"conditions": ["1", "\x00"], "conclusions": ["1"]}]}, "/rows/0/conditions/1"),
        ({"rows": ["x"]}, "/rows/0"),
        ({"rows": {}}, "/rows"),
    ],
)
def test_what_is_wrong_with_a_sheet_is_said_at_its_place(change, where):
    problem = rows_as_dmn({**SHEET, **change})

    assert isinstance(problem, Problem)
    assert (problem.code, problem.where) == ("rules.wrong_sheet", where)


def test_a_table_that_is_not_there_is_refused():
    assert table_as_rows(read_definitions(DRAWN), "t9").code == "rules.unknown_table"
    assert rows_as_dmn({**SHEET, "table": "t9"}, source=DRAWN).code == "rules.unknown_table"
    assert rows_as_dmn("no sheet").where == "/"


def test_a_file_with_parts_that_are_not_understood_is_only_written_into_itself():
    source = dmn(decision("d", feel("1")), '<decisionService id="s1"/>')
    definitions = read_definitions(source)

    assert write_model(definitions).code == "rules.would_be_lost"
    assert b"decisionService" in write_model(definitions, source=source)


def test_all_kinds_of_expressions_are_written():
    source = dmn(
        input_data("x", "number"),
        '<itemDefinition name="size" isCollection="true"><typeRef>string</typeRef><allowedValues><text>"s", "m"</text></allowedValues></itemDefinition>',
        '<itemDefinition name="both"><itemComponent name="a b"><typeRef>number</typeRef></itemComponent></itemDefinition>',
        knowledge("f", ["p", "q"], feel("p + q")),
        decision("c", '<context><contextEntry><variable name="a" typeRef="number"/><literalExpression><text>1</text></literalExpression></contextEntry><contextEntry><literalExpression id="le"><text>a + x</text></literalExpression></contextEntry></context>', inputs=["x"]),
        decision("i", '<invocation><literalExpression><text>f</text></literalExpression><binding><parameter name="p"/><literalExpression><text>1</text></literalExpression></binding><binding><parameter name="q"/><literalExpression><text>2</text></literalExpression></binding></invocation>', calls=["f"]),
        decision("l", "<list><literalExpression><text>1</text></literalExpression><literalExpression><text>2</text></literalExpression></list>"),
        decision("r", '<relation><column name="k"/><row><literalExpression><text>1</text></literalExpression></row></relation>'),
        decision("w", "<conditional><if><literalExpression><text>true</text></literalExpression></if><then><literalExpression><text>1</text></literalExpression></then><else><literalExpression><text>2</text></literalExpression></else></conditional>"),
        decision("t", table("x", '> 5 => "big"', policy="COLLECT", aggregation="COUNT", outputs=('word: "big" = "none"',)), inputs=["x"]),
    )  # fmt: skip
    definitions = read_definitions(source)
    assert definitions.problems == ()

    written = write_model(definitions)

    assert read_definitions(written) == definitions
    assert (
        decided(read_model(written), x=7).values
        == decided(compiled(source[source.index(b">") + 1 : -14].decode()), x=7).values
    )


@pytest.mark.samples
@pytest.mark.parametrize("file", KIT, ids=lambda file: file.stem)
def test_the_models_of_the_kit_are_the_same_when_read_again(file):
    source = file.read_bytes()
    definitions = read_definitions(source)
    renamed = replace(definitions, decisions=tuple(replace(one, type=f"{one.type}X") for one in definitions.decisions))

    anew, changed = write_model(definitions), write_model(renamed, source=source)

    assert read_definitions(anew) == definitions
    assert read_definitions(changed) == renamed
    assert read_definitions(write_model(definitions, source=changed)) == definitions
    for _, one in tables_of(definitions):
        rows = table_as_rows(definitions, one.place.id)
        assert table_as_rows(read_definitions(rows_as_dmn(rows, source=source)), one.place.id) == rows
