"""The fixed table of functions an expression can call. Arguments come evaluated; null where there is no value."""

from tradewind.rules.decide.feel.functions.callee import Callee
from tradewind.rules.decide.feel.functions.contexts import CONTEXTS
from tradewind.rules.decide.feel.functions.lists import LISTS
from tradewind.rules.decide.feel.functions.moments import MOMENTS, NOW
from tradewind.rules.decide.feel.functions.numbers import NUMBERS
from tradewind.rules.decide.feel.functions.signature import MANY, Function
from tradewind.rules.decide.feel.functions.spans import SPANS, temporal_kind
from tradewind.rules.decide.feel.functions.text import TEXT

FUNCTIONS: dict[str, Function] = {**LISTS, **NUMBERS, **TEXT, **MOMENTS, **CONTEXTS, **SPANS}
LONGEST_NAME = max(len(name.split()) for name in FUNCTIONS)

__all__ = ["FUNCTIONS", "LONGEST_NAME", "MANY", "NOW", "Callee", "Function", "temporal_kind"]
