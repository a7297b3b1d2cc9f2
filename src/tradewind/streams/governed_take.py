"""What tables say when headroom and stock are taken: how risky an order is, how its credit is checked, who must approve it.

Risk is asked first; the tables of credit and approvals may read its score. C1 stands: what a table lets over a limit is bounded,
and an override of the order says over how much, in the names of who wrote and who reviewed the version.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from tradewind.approvals.model import Condition, Policy, Seat, Side, Tier
from tradewind.credit.commands import RuledOver
from tradewind.credit.model import Answer
from tradewind.kernel.money import percent_of, plain
from tradewind.kernel.tx import Reader
from tradewind.rules.decide.feel import compile_expression
from tradewind.rules.model import RowHit, Ruling
from tradewind.rules.queries.signatures import signed_by
from tradewind.semantics.model import ZERO
from tradewind.streams.credit_check import need_of
from tradewind.streams.governed import CreditTerms, Governed, answer, govern, is_broken, number, word
from tradewind.streams.governed_facts import Asked, CreditSeen
from tradewind.streams.order_work import OrderWork, OrderWorkset

MOST_OVER = Decimal(50)
"""A table lets nobody further over a limit than by this share of it, in percent."""
_FULL = Decimal(100)
_ALWAYS = compile_expression("true")
_BUYERS_SIDE = frozenset(("buyer_approver",))
_TIERS = frozenset(("approver", "sales", "credit_desk", "accounting", "analyst", "admin", "buyer_approver"))
_MOST_PEOPLE = Decimal(10)


def look_terms(reader: Reader, workset: OrderWorkset, works: Sequence[OrderWork]) -> Governed | None:
    """Ask the tables of risk and credit about orders, once a turn; None, without a statement, where nothing is published."""
    governed = govern(reader, workset)
    if governed is None or not any(governed.has(point) for point in ("order.risk", "order.credit", "order.approval")):
        return governed
    governed.read_categories(reader, workset, works)
    governed.read_past(reader, workset, works)
    for work in works:
        if governed.has("order.risk"):
            governed.risks[work.id] = score(governed, governed.ask("order.risk", asked_of(workset, governed, work)))
        if governed.has("order.credit"):
            governed.terms.pop(work.id, None)
            terms = _terms(governed.ask("order.credit", asked_of(workset, governed, work)))
            if terms is not None:
                governed.terms[work.id] = terms
    wanted = {(one.ruling.rule_set_id, one.ruling.version) for one in governed.terms.values() if one.over}
    governed.signed.update(signed_by(reader, wanted - governed.signed.keys()))
    return governed


def asked_of(workset: OrderWorkset, governed: Governed, work: OrderWork) -> Asked:
    """An order as it asks for headroom: with its limits and its risk."""
    shelves = workset.shelves
    path = shelves.paths.get(work.account.id, ())
    nodes = tuple(shelves.nodes[one] for one in path if one in shelves.nodes)
    wanted = need_of(work, path, shelves).amount if len(nodes) == len(path) else ZERO
    seen = CreditSeen(nodes, wanted, any(one in shelves.conduct for one in path))
    return Asked(work, governed.read, workset.products, credit=seen, risk=governed.risks.get(work.id))


# ---- risk --------------------------------------------------------------------------------------------------------------


def score(governed: Governed, rulings: Iterable[Ruling]) -> tuple[Decimal, list[str]]:
    """The points of every table together, 0 to 100, and a reason for each row. What cannot be judged counts as most risky."""
    total, reasons = ZERO, list[str]()
    for ruling in rulings:
        if is_broken(ruling):
            total += _FULL
            reasons.append(f"{ruling.code} v{ruling.version} could not judge it")
            continue
        points = [found for one in ruling.answers if (found := number(one.get("points"))) is not None]
        total += sum(points, ZERO)
        said = [word(one.get("reason")) for one in ruling.answers if word(one.get("reason"))]
        if points:
            reasons += said or [row_text(governed, ruling, hit) for hit in ruling.hits]
    return min(max(total, ZERO), _FULL), reasons


def row_text(governed: Governed, ruling: Ruling, hit: RowHit) -> str:
    """What a row says for people: its notes, else its conditions."""
    table = next(
        (
            one.compiled.tables[hit.table]
            for one in governed.published.tables
            if one.compiled is not None
            and (one.rule_set_id, one.version) == (ruling.rule_set_id, ruling.version)
            and hit.table in one.compiled.tables
        ),
        None,
    )
    if table is None:
        return f"row {hit.number}"
    row = table.rules[hit.number - 1]
    notes = "; ".join(note.strip() for note in row.notes if note.strip())
    tests = [
        f"{column.expression.text} {cell.text}"
        for column, cell in zip(table.inputs, row.tests, strict=True)
        if cell.text.strip() not in ("", "-")
    ]
    return notes or " and ".join(tests) or f"row {hit.number}"


# ---- credit ------------------------------------------------------------------------------------------------------------


def _terms(rulings: Sequence[Ruling]) -> CreditTerms | None:
    for ruling in rulings:
        if is_broken(ruling):
            return CreditTerms("hold", f"{ruling.code} v{ruling.version} could not decide about credit", ZERO, ruling)
        decision, text = word(answer((ruling,), "decision")), word(answer((ruling,), "text"))
        over = min(max(number(answer((ruling,), "over percent")) or ZERO, ZERO), MOST_OVER)
        if decision in ("hold", "ignore conduct") or over:
            return CreditTerms(decision or "limit", text or "held by a rule of credit", over, ruling)
    return None


def note_over(workset: OrderWorkset, work: OrderWork, given: Answer) -> None:
    """Keep what an order is let over its limits; it is written with the working copy."""
    governed = workset.governed
    if governed is None or not given.over:
        return
    terms = governed.terms[work.id]
    author, reviewer = governed.signed[terms.ruling.rule_set_id, terms.ruling.version]
    rows = ", ".join(str(hit.number) for hit in terms.ruling.hits)
    reason = f"{terms.ruling.code} v{terms.ruling.version}, row {rows}: up to {plain(terms.over)} % over the limit"
    for node_id, amount in given.over:
        node = workset.shelves.nodes[node_id]
        most = percent_of(node.limit, terms.over)
        over = RuledOver(work.id, work.account.id, node_id, amount, node.currency, most, author, reviewer, reason)
        governed.let_over.append(over)


# ---- approvals ---------------------------------------------------------------------------------------------------------


def approvals_of(workset: OrderWorkset, work: OrderWork) -> list[Policy]:
    """What tables ask for beside the policies: one approval a role, by as many people as the row that wants most."""
    governed = workset.governed
    if governed is None or not governed.has("order.approval"):
        return []
    found: dict[tuple[str, str], Policy] = {}
    for ruling in governed.ask("order.approval", asked_of(workset, governed, work)):
        if is_broken(ruling):
            why = "could not be judged"
            found[ruling.code, "approver"] = _policy(ruling, "approver", 1, why, why)
        asked: dict[str, tuple[int, list[str]]] = {}
        for one in ruling.answers:
            role, people = word(one.get("tier")), number(one.get("people")) or Decimal(1)
            if role in _TIERS:
                before, reasons = asked.get(role, (1, []))
                asked[role] = (max(before, int(min(max(people, Decimal(1)), _MOST_PEOPLE))), reasons)
                reasons += [text] if (text := word(one.get("reason"))) else []
        rows = ", ".join(str(hit.number) for hit in ruling.hits)
        risk = governed.risks.get(work.id)
        seen = f"row {rows}" + (f" at a risk of {plain(risk[0])}: {', '.join(risk[1])}" if risk and risk[0] else "")
        for role, (people_needed, reasons) in asked.items():
            named = "; ".join(dict.fromkeys(reasons)) or "a rule asks for it"
            found[ruling.code, role] = _policy(ruling, role, people_needed, named, seen)
    return list(found.values())


def _policy(ruling: Ruling, role: str, people: int, reason: str, seen: str) -> Policy:
    side: Side = "buyer" if role in _BUYERS_SIDE else "seller"
    tier = Tier(role, people, (Seat(role=role, name=role),))
    condition = Condition(seen, _ALWAYS, ())
    return Policy(None, f"{ruling.code}/{role}", ruling.version, reason, side, condition, (tier,))
