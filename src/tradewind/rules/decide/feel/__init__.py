"""FEEL, the expression language of DMN 1.3+: the subset that gateways, timers and correlation keys need.

`read_expression(text)` answers an `Expression` or a `Problem`; `compile_expression(text)` raises the problem.
`Duration` is an ISO 8601 span, exact in the calendar.
"""

from tradewind.rules.decide.feel.compiler import Expression, compile_expression, read_expression
from tradewind.rules.decide.feel.duration import Duration, read_duration

__all__ = ["Duration", "Expression", "compile_expression", "read_duration", "read_expression"]
