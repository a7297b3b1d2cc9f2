"""Small DMN files, written in a line or two."""

from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from tradewind.rules.decide.dmn import Model, Outcome, Plan, read_model

NAMESPACE = "https://www.omg.org/spec/DMN/20230324/MODEL/"


def dmn(*parts: str, namespace: str = NAMESPACE) -> bytes:
    return f'<definitions xmlns="{namespace}" name="m">{"".join(parts)}</definitions>'.encode()


def input_data(name: str, kind: str = "") -> str:
    return f'<inputData id={quoteattr("i " + name)} name={quoteattr(name)}><variable name={quoteattr(name)} typeRef="{kind}"/></inputData>'


def decision(name: str, logic: str, *, inputs: Sequence[str] = (), after: Sequence[str] = (), calls: Sequence[str] = (), kind: str = "") -> str:  # fmt: skip
    requires = [
        f"<informationRequirement><requiredInput href={quoteattr('#i ' + at)}/></informationRequirement>"
        for at in inputs
    ]
    requires += [
        f"<informationRequirement><requiredDecision href={quoteattr('#d ' + at)}/></informationRequirement>"
        for at in after
    ]
    requires += [
        f"<knowledgeRequirement><requiredKnowledge href={quoteattr('#b ' + at)}/></knowledgeRequirement>"
        for at in calls
    ]
    return (
        f"<decision id={quoteattr('d ' + name)} name={quoteattr(name)}>"
        f'<variable name={quoteattr(name)} typeRef="{kind}"/>{"".join(requires)}{logic}</decision>'
    )


def knowledge(name: str, parameters: Sequence[str], logic: str, *, calls: Sequence[str] = ()) -> str:
    given = "".join(f"<formalParameter name={quoteattr(parameter)}/>" for parameter in parameters)
    requires = [
        f"<knowledgeRequirement><requiredKnowledge href={quoteattr('#b ' + at)}/></knowledgeRequirement>"
        for at in calls
    ]
    return (
        f"<businessKnowledgeModel id={quoteattr('b ' + name)} name={quoteattr(name)}>"
        f"<encapsulatedLogic>{given}{logic}</encapsulatedLogic>{''.join(requires)}</businessKnowledgeModel>"
    )


def feel(text: str) -> str:
    return f"<literalExpression><text>{escape(text)}</text></literalExpression>"


def table(*lines: str, policy: str = "UNIQUE", aggregation: str = "", outputs: Sequence[str] = ("",)) -> str:
    """The first line has the input expressions, each other one `tests | => | results`, cells parted by `|`.

    An output is `name: values = default`; each part may be missing.
    """
    head, *rows = lines
    columns = "".join(
        f'<input id="c{at}"><inputExpression><text>{escape(text)}</text></inputExpression></input>'
        for at, text in enumerate(_cells(head), 1)
    )
    concluded = "".join(_output(at, text) for at, text in enumerate(outputs, 1))
    rules = "".join(_rule(number, row) for number, row in enumerate(rows, 1))
    added = f' aggregation="{aggregation}"' if aggregation else ""
    return f'<decisionTable id="t" hitPolicy="{policy}"{added}>{columns}{concluded}{rules}</decisionTable>'


def _output(at: int, text: str) -> str:
    named, _, default = text.partition("=")
    name, _, values = named.partition(":")
    listed = f"<outputValues><text>{escape(values.strip())}</text></outputValues>" if values else ""
    fallback = f"<defaultOutputEntry><text>{escape(default.strip())}</text></defaultOutputEntry>" if default else ""
    return f'<output id="o{at}" name={quoteattr(name.strip())}>{listed}{fallback}</output>'


def _rule(number: int, row: str) -> str:
    tests, _, results = row.partition("=>")
    found = "".join(_cell("inputEntry", f"r{number}c{at}", text) for at, text in enumerate(_cells(tests), 1))
    found += "".join(_cell("outputEntry", f"r{number}o{at}", text) for at, text in enumerate(_cells(results), 1))
    return f'<rule id="r{number}">{found}</rule>'


def _cell(tag: str, at: str, text: str) -> str:
    return f'<{tag} id="{at}"><text>{escape(text)}</text></{tag}>'


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("|") if cell.strip()]


def compiled(*parts: str) -> Model:
    model = read_model(dmn(*parts))
    assert isinstance(model, Model), model
    return model


def decided(model: Model, /, *names: str, **given: object) -> Outcome:
    plan = model.plan(*names)
    assert isinstance(plan, Plan), plan
    return plan.decide(given)
