"""Decisions a second on one core: a table of 100 rows with two equality and two range inputs; limit 50,000.

Each evaluation asks for another row, at random; nothing is kept from one to the next, and each answer has its trace.

python -m bench.decision_table
"""

import random
import statistics
import sys
import time
from decimal import Decimal

from tradewind.kernel.problem import Problem
from tradewind.rules.decide.dmn import Plan, read_model

LIMIT = 50_000
EVALUATIONS, ROUNDS = 50_000, 5
NAMES = ("region", "segment", "total", "quantity")
TYPES = ("string", "string", "number", "number")
ROWS = [(f"R{at // 20}", f"S{at // 4 % 5}", at // 2 % 2 * 1000, at % 2 * 50) for at in range(100)]
"""Region, segment, and where the ranges of total (1,000 wide) and quantity (50 wide) begin."""
Asked = tuple[dict[str, object], int]


def model() -> bytes:
    """The table as a DMN file; row n decides n."""
    rules = ""
    for number, (region, segment, total, quantity) in enumerate(ROWS, 1):
        cells = (f'"{region}"', f'"{segment}"', f"[{total}..{total + 1000})", f"[{quantity}..{quantity + 50})")
        tests = "".join(f"<inputEntry><text>{cell}</text></inputEntry>" for cell in cells)
        rules += f'<rule id="r{number}">{tests}<outputEntry><text>{number}</text></outputEntry></rule>'
    typed = list(zip(NAMES, TYPES, strict=True))
    inputs = "".join(
        f'<inputData id="i_{name}" name="{name}"><variable name="{name}" typeRef="{kind}"/></inputData>'
        for name, kind in typed
    )
    requires = "".join(
        f'<informationRequirement><requiredInput href="#i_{name}"/></informationRequirement>' for name in NAMES
    )
    columns = "".join(
        f'<input><inputExpression typeRef="{kind}"><text>{name}</text></inputExpression></input>'
        for name, kind in typed
    )
    return f"""<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" name="bench">{inputs}
    <decision id="d" name="d"><variable name="d" typeRef="number"/>{requires}
    <decisionTable id="t" hitPolicy="UNIQUE">{columns}<output id="o"/>{rules}</decisionTable></decision></definitions>""".encode()


def questions(seed: int) -> list[Asked]:
    """Inputs that hit a row at random, with its number."""
    chance = random.Random(seed)
    found: list[Asked] = []
    for _ in range(EVALUATIONS):
        at = chance.randrange(len(ROWS))
        region, segment, total, quantity = ROWS[at]
        given: dict[str, object] = {"region": region, "segment": segment}
        given["total"] = total + Decimal(chance.randrange(100_000)) / 100
        given["quantity"] = Decimal(quantity + chance.randrange(50))
        found.append((given, at + 1))
    return found


def rate(plan: Plan, asked: list[Asked]) -> float:
    """Evaluations a second; every answer and the row of its trace are compared."""
    wrong = 0
    begun = time.perf_counter()
    for given, row in asked:
        outcome = plan.decide(given)
        wrong += outcome.values["d"] != row or outcome.hits[0].rows != (row,)
    took = time.perf_counter() - begun
    if wrong:
        raise SystemExit(f"{wrong} of {len(asked)} answers are wrong")
    return len(asked) / took


def main() -> int:
    begun = time.perf_counter()
    made = read_model(model())
    plan = made if isinstance(made, Problem) else made.plan("d")
    if isinstance(plan, Problem):
        print(f"{plan.code} {plan.where}: {plan.message}")
        return 1
    print(f"read and compiled: {(time.perf_counter() - begun) * 1000:.1f} ms")
    rates = [rate(plan, questions(seed)) for seed in range(ROUNDS)]
    median = statistics.median(rates)
    listed = ", ".join(f"{one:,.0f}" for one in rates)
    verdict = "" if median >= LIMIT else "   BELOW"
    print(f"100 rows, 4 inputs, trace on: {median:,.0f} evaluations/s (median of {listed})   limit {LIMIT:,}{verdict}")
    return int(median < LIMIT)


if __name__ == "__main__":
    sys.exit(main())
