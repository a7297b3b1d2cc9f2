"""FEEL, the expression language of DMN 1.3+: conditions, times, keys, and the cells of decision tables.

`read_expression(text)` answers an `Expression` or a `Problem`; `compile_expression(text)` raises the problem.
`read_tests(text)` reads what stands in the condition cells of a table. `vocabulary(...)` says which names are not plain words.
`Duration` is an ISO 8601 span, exact in the calendar; `Span` a range. `as_literal(value)` writes a value as an expression.
"""

from tradewind.rules.decide.feel.compiler import Expression, compile_expression, read_expression
from tradewind.rules.decide.feel.duration import Duration, read_duration
from tradewind.rules.decide.feel.functions import Callee
from tradewind.rules.decide.feel.span import Span
from tradewind.rules.decide.feel.unary import UnaryTests, read_tests
from tradewind.rules.decide.feel.vocabulary import Vocabulary, vocabulary
from tradewind.rules.decide.feel.written import as_literal, as_text

__all__ = [
    "Callee",
    "Duration",
    "Expression",
    "Span",
    "UnaryTests",
    "Vocabulary",
    "as_literal",
    "as_text",
    "compile_expression",
    "read_duration",
    "read_expression",
    "read_tests",
    "vocabulary",
]
