"""What tables say of orders and their lines: taken or not, checks, fees, the price a buyer states. Pure: answers become findings.

A hold is opened and closed like that of any check; somebody with the permission of its kind may wave it through. What a table
refuses is refused when an order comes; an order that was placed before is held instead.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal, cast
from uuid import UUID

from tradewind.catalog.model import SubstitutionPolicy
from tradewind.kernel.money import minor_digits, plain, round_places
from tradewind.kernel.problem import Problem
from tradewind.orders.commands.warnings import Warned
from tradewind.orders.model import Charge, LinePrice, Totals
from tradewind.pricing.decide import Tolerance
from tradewind.rules.decide.govern import Compiled
from tradewind.rules.model import Ruling, Table
from tradewind.semantics.model import ZERO, Finding
from tradewind.streams.approval_facts import live
from tradewind.streams.governed import Governed, answer, is_broken, number, source_of, word
from tradewind.streams.governed_facts import Asked
from tradewind.streams.order_work import LineWork, OrderWork

BY_RULE = "rules."
"""What the codes of findings and holds begin with that a table opened."""
REFUSING = ("order.acceptance", "order.validation", "line.validation")
_NO_ANSWER = "rules.no_answer"
_LONGEST_CODE = 40
_HOLD_KINDS = frozenset(("data", "price", "address", "fraud", "customer", "stock"))
_SEVERITY: Mapping[object, Literal["info", "warning", "hold", "reject"]] = {
    "info": "info",
    "warn": "warning",
    "hold": "hold",
    "reject": "reject",
}


def code_of(named: str, text: str) -> str:
    """The code of a finding: the word it was given, else one made of its text, so that another text is another reason."""
    made = re.sub(r"[^a-z0-9]+", "_", (named or text).lower())[:_LONGEST_CODE].strip("_")
    return f"{BY_RULE}{made or 'said'}"


def findings_of(
    governed: Governed, work: OrderWork, *, prices: Mapping[int, LinePrice], totals: Totals
) -> list[Finding]:
    """Everything that tables say of one order as it is priced now; what they warn of is kept to be acknowledged."""
    asked = Asked(work, governed.read, governed.products, prices, totals)
    found: list[Finding] = []
    if live(work) or not work.lines:
        for ruling in governed.ask("order.acceptance", asked):
            found += _accepted(work, ruling)
        for ruling in governed.ask("order.validation", asked):
            found += _said(work, ruling, None)
        if governed.has("line.validation"):
            for one in live(work):
                line_ruling = governed.ask_line("line.validation", asked, one)
                found += [] if line_ruling is None else _said(work, line_ruling, one.line.line_no)
    _keep_warnings(governed, work, found)
    return found


def _accepted(work: OrderWork, ruling: Ruling) -> list[Finding]:
    if is_broken(ruling):
        return [_no_answer(ruling, "hold")]
    decisions = [word(one.get("decision")) for one in ruling.answers]
    decision = next((one for one in ("refuse", "hold") if one in decisions), "accept")
    if decision == "accept":
        return []
    said = next(one for one in ruling.answers if word(one.get("decision")) == decision)
    text = word(said.get("text")) or ("not taken" if decision == "refuse" else "somebody looks at it first")
    code = code_of(f"acceptance {text}", text)
    return [_finding(work, ruling, "reject" if decision == "refuse" else "hold", code, text, None, "data")]


def _said(work: OrderWork, ruling: Ruling, line_no: int | None) -> list[Finding]:
    if is_broken(ruling):
        return [_no_answer(ruling, "warning", line_no)]
    found: list[Finding] = []
    for one in ruling.answers:
        severity = _SEVERITY.get(word(one.get("effect")))
        if severity is None:
            continue
        text, kind = word(one.get("text")) or f"{ruling.code} says so", word(one.get("hold kind"))
        kind = kind if kind in _HOLD_KINDS else "data"
        found.append(_finding(work, ruling, severity, code_of(word(one.get("code")), text), text, line_no, kind))
    return found


def _finding(
    work: OrderWork,
    ruling: Ruling,
    severity: Literal["info", "warning", "hold", "reject"],
    code: str,
    text: str,
    line_no: int | None,
    kind: str,
) -> Finding:
    stops = severity in ("hold", "reject")
    if severity == "reject" and not work.fresh:
        severity = "hold"
    return Finding(code, severity, text, line_no, "", None, kind if stops else None, source_of(ruling))


def _no_answer(ruling: Ruling, severity: Literal["hold", "warning"], line_no: int | None = None) -> Finding:
    detail = {**source_of(ruling), "why": sorted({one.message for one in ruling.findings})}
    kind = "data" if severity == "hold" else None
    return Finding(_NO_ANSWER, severity, "a rule could not decide about it", line_no, "", None, kind, detail)


def _keep_warnings(governed: Governed, work: OrderWork, found: Sequence[Finding]) -> None:
    if not (governed.has("order.validation") or governed.has("line.validation")):
        return
    said = {(one.code, one.line_no): one.message for one in found if one.severity == "warning"}
    if said or not work.fresh:
        warnings = tuple((code, line_no, text) for (code, line_no), text in said.items())
        governed.warned[work.id] = Warned(work.id, work.account.id, warnings, work.fresh)


def refusals(work: OrderWork, findings: Sequence[Finding]) -> tuple[Problem, ...]:
    """Why a new order is not taken, if it is not. Which rule refused it is for the house: `asked_as` is what its decisions are
    kept under."""
    refused = (
        [one for one in findings if one.severity == "reject" and one.code.startswith(BY_RULE)] if work.fresh else []
    )
    return tuple(
        Problem(
            "rules.refused",
            one.message,
            "" if one.line_no is None else f"/lines/{_place_of(work, one.line_no)}",
            409,
            {"reason": one.code, "asked_as": str(work.id)},
        )
        for one in refused
    )


def _place_of(work: OrderWork, line_no: int) -> int:
    return next(place for place, one in enumerate(work.lines) if one.line.line_no == line_no)


# ---- fees --------------------------------------------------------------------------------------------------------------


def fees_of(governed: Governed, work: OrderWork, prices: Mapping[int, LinePrice]) -> tuple[list[Charge], list[Finding]]:
    """The charges that tables add to a new order, and what is said of them."""
    if not work.fresh or not governed.has("order.mutation"):
        return [], []
    net = sum((prices.get(one.line.line_no, one.price).net for one in work.lines), ZERO)
    asked = Asked(work, governed.read, governed.products, prices, Totals(net=net))
    charges: list[Charge] = []
    findings: list[Finding] = []
    last = max((charge.charge_no for charge, _ in work.charges), default=0)
    for ruling in governed.ask("order.mutation", asked):
        for one in ruling.answers:
            code, amount = word(one.get("fee")), number(one.get("amount"))
            if not code or amount is None or amount <= 0:
                continue
            amount = round_places(amount, minor_digits(work.header.currency))
            text = word(one.get("text")) or code
            charges.append(Charge(last + len(charges) + 1, code, text, amount, "standard"))
            said = f"{plain(amount)} {work.header.currency} added by a rule: {text}"
            detail = {**source_of(ruling), "charge": code, "amount": plain(amount)}
            findings.append(Finding("rules.fee_added", "info", said, None, "charges", None, None, detail))
    return charges, findings


# ---- prices and substitutes --------------------------------------------------------------------------------------------


def tolerances_of(
    governed: Governed, work: OrderWork, lines: Sequence[LineWork], prices: Mapping[int, LinePrice]
) -> dict[int, Tolerance]:
    """How far the stated price of each of these lines may be off ours; lines without an answer are left out."""
    if not governed.has("line.price_tolerance"):
        return {}
    asked = Asked(work, governed.read, governed.products, prices)
    found: dict[int, Tolerance] = {}
    for one in lines:
        ruling = governed.ask_line("line.price_tolerance", asked, one)
        take = word(answer((ruling,), "take"))
        if take not in ("ours", "buyers", "lower"):
            continue

        def limit(way: str, ruling: Ruling | None = ruling) -> tuple[Decimal | None, Decimal | None]:
            parts = (number(answer((ruling,), f"{way} {part}")) for part in ("percent", "amount"))
            percent, amount = (None if part is None else max(part, ZERO) for part in parts)
            return percent, amount

        found[one.line.line_no] = Tolerance(cast(Any, take), line_up=limit("up"), line_down=limit("down"))
    return found


def substitution_of(governed: Governed, work: OrderWork, one: LineWork) -> SubstitutionPolicy | None:
    """What a table says of sending something else for this line; None where it says nothing."""
    if not governed.has("line.substitution"):
        return None
    ruling = governed.ask_line("line.substitution", Asked(work, governed.read, governed.products), one)
    consent, price = word(answer((ruling,), "consent")), word(answer((ruling,), "price"))
    if consent not in ("never", "ask", "automatic"):
        return None
    return SubstitutionPolicy(cast(Any, consent), "original" if price == "original" else "own")


def refuses(governed: Governed, known: dict[tuple[UUID, int], bool]) -> bool:
    """Whether some table might refuse an order outright: then an order is looked at before it is placed. `known`: what was found
    of versions before, kept for the next."""
    found = False
    for table in governed.published.tables:
        if table.point in REFUSING and table.compiled is not None and table.holds(governed.at):
            key = (table.rule_set_id, table.version)
            if key not in known:
                known[key] = _may_refuse(table.compiled)
            found = found or known[key]
    return found


def _may_refuse(compiled: Compiled) -> bool:
    """Whether an answer is one that refuses, or is not plainly another."""
    tables = [part.logic for part in compiled.model.definitions.decisions]
    cells = [
        cell.text.strip()
        for table in tables
        if isinstance(table, Table)
        for rule in table.rules
        for cell in rule.outputs
    ]
    plainly = all(isinstance(table, Table) for table in tables) and not compiled.model.definitions.knowledge
    return not plainly or any(cell[:1] not in ('"', "-", "") or cell in ('"reject"', '"refuse"') for cell in cells)


def holds_by_rule(code: str) -> bool:
    """Whether a finding, or the hold it opened, is a table's."""
    return code.startswith(BY_RULE)
