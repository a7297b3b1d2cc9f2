"""Decision models: what feeds what, functions, contexts, types, bounds, and hostile files."""

import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decision_models import NAMESPACE, compiled, decided, decision, dmn, feel, input_data, knowledge, table
from tradewind.kernel.problem import Problem
from tradewind.rules.decide.dmn import Model, read_model
from tradewind.rules.decide.dmn.build import MAX_CALL_DEPTH
from tradewind.rules.decide.dmn.xml import MAX_BYTES, MODELS

D = Decimal


def test_a_table_feeds_a_table():
    risk = table("score", '> 5 => "high"', '- => "low"', policy="FIRST")
    route = table(
        "Risk Class | total", '"high" | - => "manager"', '"low" | > 1000 => "lead"', '"low" | <= 1000 => "none"'
    )
    model = compiled(
        decision("Route", route, inputs=["total"], after=["Risk Class"]),
        decision("Risk Class", risk, inputs=["score"]),
        input_data("score", "number"),
        input_data("total", "number"),
    )

    outcome = decided(model, "Route", score=3, total=D("1000.01"))

    assert model.problems == ()
    assert outcome.values == {"Risk Class": "low", "Route": "lead"}
    assert [hit.rows for hit in outcome.hits] == [(2,), (2,)]


def test_only_what_is_asked_for_is_decided():
    model = compiled(decision("a", feel("1")), decision("b", feel("a + 1"), after=["a"]), decision("c", feel("3")))

    assert decided(model, "b").values == {"a": D(1), "b": D(2)}
    assert decided(model).values == {"a": D(1), "b": D(2), "c": D(3)}
    assert model.plan("d").code == "rules.unknown_decision"


def test_a_function_is_called_by_name_and_by_invocation():
    bound = (
        "<invocation><literalExpression><text>Late Fee</text></literalExpression>"
        f'<binding><parameter name="days"/>{feel("d + 1")}</binding>'
        f'<binding><parameter name="rate"/>{feel("2")}</binding></invocation>'
    )
    model = compiled(
        input_data("d"),
        knowledge("Late Fee", ["rate", "days"], feel("rate * days + base()"), calls=["base"]),
        knowledge("base", [], feel("100")),
        decision("called", feel("Late Fee(2, d) + 1"), inputs=["d"], calls=["Late Fee"]),
        decision("invoked", bound, inputs=["d"], calls=["Late Fee"]),
    )

    assert model.problems == ()
    assert decided(model, d=5).values == {"called": D(111), "invoked": D(112)}


def test_a_function_may_be_a_table_and_its_hits_are_traced():
    model = compiled(
        knowledge("rate", ["n"], table("n", "> 10 => 2", "<= 10 => 1")),
        decision("d", feel("rate(5) + rate(50)"), calls=["rate"]),
    )

    outcome = decided(model)

    assert outcome.values["d"] == D(3)
    assert [hit.rows for hit in outcome.hits] == [(2,), (1,)]


CONTEXT = (
    "<context>"
    f'<contextEntry><variable name="net total"/>{feel("n * 2")}</contextEntry>'
    f'<contextEntry><variable name="gross"/>{feel("net total * 1.19")}</contextEntry>{{}}</context>'
)
LIST = f"<list>{feel('n')}{feel('n + 1')}</list>"
RELATION = (
    '<relation><column name="code"/><column name="qty"/>'
    f"<row>{feel(chr(34) + 'A' + chr(34))}{feel('n')}</row><row>{feel('null')}{feel('2')}</row></relation>"
)
CONDITIONAL = f"<conditional><if>{feel('n > 5')}</if><then>{feel('1')}</then><else>{feel('2')}</else></conditional>"


@pytest.mark.parametrize(
    ("logic", "value"),
    [
        (CONTEXT.format(""), {"net total": D(6), "gross": D("7.14")}),
        (CONTEXT.format(f"<contextEntry>{feel('gross - net total')}</contextEntry>"), D("1.14")),
        (LIST, [D(3), D(4)]),
        (RELATION, [{"code": "A", "qty": D(3)}, {"code": None, "qty": D(2)}]),
        (CONDITIONAL, D(2)),
    ],
)
def test_boxed_expressions(logic, value):
    model = compiled(input_data("n"), decision("d", logic, inputs=["n"]))

    assert model.problems == ()
    assert decided(model, n=3).values == {"d": value}


TYPES = """
<itemDefinition name="tStatus"><typeRef>string</typeRef><allowedValues><text>"open", "paid"</text></allowedValues></itemDefinition>
<itemDefinition name="tStatuses" isCollection="true"><typeRef>tStatus</typeRef></itemDefinition>
<itemDefinition name="tOrder"><itemComponent name="ship to"><typeRef>string</typeRef></itemComponent>
<itemComponent name="total"><typeRef>number</typeRef></itemComponent></itemDefinition>
"""


@pytest.mark.parametrize(
    ("kind", "given_value", "value"),
    [
        ("number", 5, D(5)),
        ("number", [5], D(5)),
        ("number", [5, 6], None),
        ("number", "5", None),
        ("feel:number", 5, D(5)),
        ("boolean", 1, None),
        ("Any", [1], [1]),
        ("tStatus", "open", "open"),
        ("tStatus", "lost", None),
        ("tStatus", None, None),
        ("tStatuses", ["open", "paid"], ["open", "paid"]),
        ("tStatuses", "open", ["open"]),
        ("tStatuses", ["open", "lost"], None),
        ("tOrder", {"ship to": "DE", "total": 5, "more": 1}, {"ship to": "DE", "total": D(5), "more": 1}),
        ("tOrder", {"ship to": "DE"}, {"ship to": "DE", "total": None}),
        ("tOrder", {"total": "5"}, None),
        ("tOrder", "DE", None),
    ],
)
def test_a_value_conforms_to_its_type_or_is_null(kind, given_value, value):
    model = compiled(TYPES, input_data("x", kind), decision("d", feel("x"), inputs=["x"]))

    outcome = decided(model, x=given_value)

    assert model.problems == ()
    assert outcome.values["d"] == value
    assert [found.code for found in outcome.findings] == ["rules.wrong_type"] * (
        value is None and given_value is not None
    )


def test_what_is_decided_conforms_to_its_type_too():
    model = compiled(decision("d", feel('"five"'), kind="number"), decision("l", feel("5"), kind="list"))

    outcome = decided(model, "d")

    assert outcome.values == {"d": None}
    assert [(found.code, found.where) for found in outcome.findings] == [("rules.wrong_type", "decision d d")]


def test_components_may_have_several_words():
    model = compiled(TYPES, input_data("the order", "tOrder"),
                     decision("d", feel('the order.ship to + "-" + the order.ship to'), inputs=["the order"]))  # fmt: skip

    assert decided(model, **{"the order": {"ship to": "DE"}}).values["d"] == "DE-DE"


@pytest.mark.parametrize(
    ("part", "code", "where"),
    [
        (decision("d", ""), "rules.no_logic", "decision d d"),
        (decision("d", feel("1 +")), "rules.cannot_read_expression", "literalExpression in decision d d, character 4"),
        (decision("d", feel("other")), "rules.unknown_name", "literalExpression in decision d d"),
        (decision("d", feel("1"), inputs=["x"]), "rules.unknown_reference", "decision d d"),
        (decision("d", feel("1"), kind="tNone"), "rules.unknown_type", "decision d d"),
        (decision("d", "<for/>"), "rules.element_not_supported", "for in decision d d"),
        (decision("d", '<literalExpression expressionLanguage="urn:js"><text>1</text></literalExpression>'),
         "rules.language_not_supported", "literalExpression in decision d d"),
        (decision("d", "<invocation><literalExpression><text>f</text></literalExpression></invocation>"),
         "rules.unknown_function", "literalExpression in decision d d"),
        (decision("d", feel("f(1)"), calls=["f"]) + knowledge("f", [], feel("1")), "rules.wrong_arguments",
         "literalExpression in decision d d, character 1"),
        ('<decisionService id="s1" name="s"/>', "rules.element_not_supported", "decisionService s1"),
        ('<import id="m1" name="m"/>', "rules.element_not_supported", "import m1"),
        ('<itemDefinition id="t1" name="a"><typeRef>b</typeRef></itemDefinition>', "rules.unknown_type", "itemDefinition t1"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_named_and_decides_nothing(part, code, where):
    model = read_model(dmn(part, decision("good", feel("1"))))

    assert isinstance(model, Model)
    assert (code, where) in [(problem.code, problem.where) for problem in model.problems]
    assert decided(model, "good").values == {"good": D(1)}
    if "d" in model.decisions:
        assert decided(model, "d").values == {"d": None}


def test_what_calls_a_broken_function_decides_nothing():
    model = compiled(knowledge("f", [], feel("1 +")), decision("d", feel("if f() then 1 else 2"), calls=["f"]))

    outcome = decided(model)

    assert outcome.values == {"d": None}
    assert [found.code for found in outcome.findings] == ["rules.cannot_read_expression"]


ENTITIES = '<!DOCTYPE d [<!ENTITY a "x">' + "".join(
    f'<!ENTITY {chr(98 + at)} "{f"&{chr(97 + at)};" * 10}">' for at in range(9)
) + "]>"  # fmt: skip
CIRCLE = [decision(name, feel("1"), after=[after]) for name, after in (("a", "b"), ("b", "c"), ("c", "a"))]
LONG_CIRCLE = [decision(f"n{at}", feel("1"), after=[f"n{(at + 1) % 5000}"]) for at in range(5000)]
DOUBLING = [
    knowledge(f"f{at}", ["x"], feel(f"f{at + 1}(x) + f{at + 1}(x)"), calls=[f"f{at + 1}"]) for at in range(25)
] + [knowledge("f25", ["x"], feel("x"))]
CHAIN = [knowledge(f"f{at}", [], feel(f"f{at + 1}()"), calls=[f"f{at + 1}"]) for at in range(MAX_CALL_DEPTH)]


EXPRESSIONS = [decision(f"n{at}", feel("[" * 38 + "]" * 38)) for at in range(1500)]


@pytest.mark.parametrize(
    ("data", "code", "where"),
    [
        (b"", "rules.not_xml", "definitions"),
        (b"<definitions", "rules.not_xml", "definitions"),
        (b"<definitions/>", "rules.not_dmn", "definitions"),
        (f"{ENTITIES}<definitions xmlns='{NAMESPACE}'>&i;</definitions>".encode(), None, "definitions"),
        (b'<!DOCTYPE d SYSTEM "file:///etc/passwd"><d/>', "rules.document_type_refused", "definitions"),
        (dmn(*CIRCLE), "rules.circle", "decision d a"),
        (dmn(*LONG_CIRCLE), "rules.circle", "decision d n0"),
        (dmn(decision("a", feel("1"), after=["a"])), "rules.circle", "decision d a"),
        (dmn(knowledge("f", [], feel("f()"), calls=["f"])), "rules.circle", "businessKnowledgeModel b f"),
        (dmn(*DOUBLING), "rules.too_much_work", None),
        (dmn(*CHAIN, knowledge(f"f{MAX_CALL_DEPTH}", [], feel("1"))), "rules.too_much_work", "businessKnowledgeModel b f0"),
        (dmn("<decision/>" * 100_000), "rules.model_too_large", "definitions"),
        (dmn(*EXPRESSIONS), "rules.model_too_large", None),
        (dmn("<x>" * 200 + "</x>" * 200), None, None),
        (b" " * (MAX_BYTES + 1), "rules.model_too_large", "definitions"),
        (dmn(decision("a", feel("1")), decision("a", feel("2"))), "rules.not_unique", "decision d a"),
    ],
)  # fmt: skip
def test_a_hostile_file_is_refused_in_under_a_second(data, code, where):
    begun = time.process_time()

    found = read_model(data)

    assert time.process_time() - begun < 1
    if code is not None:
        assert isinstance(found, Problem)
        assert found.code == code
    assert where is None or (isinstance(found, Problem) and found.where == where)


def test_expressions_nest_to_a_bound():
    deep = "<list>" * 60 + "</list>" * 60

    model = read_model(dmn(decision("d", deep)))

    assert [(problem.code, problem.where) for problem in model.problems] == [
        ("rules.model_too_large", "list in decision d d")
    ]


def test_a_value_that_grows_from_decision_to_decision_is_cut_off():
    parts = [decision("n0", feel("[1, 1, 1, 1]"))]
    parts += [
        decision(f"n{at}", feel(f"[n{at - 1}, n{at - 1}, n{at - 1}]"), after=[f"n{at - 1}"]) for at in range(1, 40)
    ]

    outcome = decided(compiled(*parts), "n39")

    assert outcome.findings[0].code == "rules.value_too_large"


def test_a_long_chain_of_decisions_is_decided():
    parts = [decision("n0", feel("1"))]
    parts += [decision(f"n{at}", feel(f"n{at - 1} + 1"), after=[f"n{at - 1}"]) for at in range(1, 1000)]

    assert decided(compiled(*parts), "n999").values["n999"] == D(1000)


@pytest.mark.parametrize("namespace", MODELS)
def test_every_version_of_the_format_is_read(namespace):
    model = read_model(dmn(decision("d", feel("1")), namespace=namespace))

    assert decided(model).values == {"d": D(1)}


def test_notes_and_elements_of_other_tools_change_nothing():
    notes = '<textAnnotation id="n"><text>why</text></textAnnotation><x:layout xmlns:x="urn:x"><x:import/></x:layout>'

    model = compiled(notes, decision("d", f"<description>why</description>{feel('1')}"))

    assert (model.problems, decided(model).values) == ((), {"d": D(1)})


@given(st.binary(max_size=60) | st.text(max_size=80).map(str.encode))
def test_no_bytes_crash_the_reader(data):
    assert isinstance(read_model(data), Problem)


@given(st.lists(st.sampled_from(["<list>", "</list>", "<context>", "</context>", feel("x"), feel("1 +"), "<contextEntry>",
                                 "</contextEntry>", table("1", "1 => 2"), '<variable name="x"/>', "<if>", "</if>",
                                 "<conditional>", "</conditional>", "<invocation>", "</invocation>"]), max_size=8))  # fmt: skip
def test_no_logic_crashes_the_compiler(parts):
    model = read_model(dmn(decision("d", "".join(parts))))

    if isinstance(model, Model):
        assert set(decided(model).values) == {"d"}
