"""DMN 1.3+: decision models read from XML, compiled once, decided many times with a trace.

`read_model(data)` answers a `Model` or a `Problem`; `model.plan(names)` a `Plan`, whose `decide(inputs)` is an `Outcome`:
values by decision, the rows that tables hit, and findings where a value is null because a rule was broken.
"""

from tradewind.rules.decide.dmn.build import compile_model, read_model
from tradewind.rules.decide.dmn.decide import Model, Outcome, Plan
from tradewind.rules.decide.dmn.table import Hit, NearMiss

__all__ = ["Hit", "Model", "NearMiss", "Outcome", "Plan", "compile_model", "read_model"]
