"""Tables of decisions, point by point: what is published and what follows for an order."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders_at_hand import CUP, ORDER, TEA, governed, line, order, table
from tradewind.approvals.queries.history import Past
from tradewind.catalog.model import SubstitutionPolicy
from tradewind.credit.model import Node
from tradewind.fulfilment.decide import Lane, Shelf, SiteChoice
from tradewind.inventory.model import Claim
from tradewind.orders.model import Totals
from tradewind.pricing.decide import Tolerance
from tradewind.semantics.model import Demand
from tradewind.streams.decision_points import POINTS
from tradewind.streams.governed import LineSites
from tradewind.streams.governed_facts import LINE_FACTS, ORDER_FACTS, Asked, CreditSeen
from tradewind.streams.governed_goods import allowed_sites, ship_terms, source_governed, worth_of
from tradewind.streams.governed_orders import (
    code_of,
    fees_of,
    findings_of,
    refusals,
    refuses,
    substitution_of,
    tolerances_of,
)
from tradewind.streams.governed_take import approvals_of, score
from tradewind.streams.order_work import OrderWork, OrderWorkset

D = Decimal


def said(work: OrderWork, *tables: Any, **more: Any) -> list[tuple[str, str, int | None]]:
    found = findings_of(governed(*tables, **more), work, prices={}, totals=work.totals)
    return [(one.code, one.severity, one.line_no) for one in found]


CHECK = table(
    "order.validation", ["order total", "channel"], ["effect", "text"],
    (["> 100", "-"], ['"hold"', '"large"']), (["> 1000", "-"], ['"reject"', '"too large"']), (["-", '"edi"'], ['"info"', '"EDI"']),
)  # fmt: skip


@pytest.mark.parametrize(
    ("net", "channel", "fresh", "findings"),
    [
        ("100", "api", True, []),
        ("100", "edi", True, [("rules.edi", "info", None)]),
        ("101", "api", True, [("rules.large", "hold", None)]),
        ("1001", "api", True, [("rules.large", "hold", None), ("rules.too_large", "reject", None)]),
        ("1001", "api", False, [("rules.large", "hold", None), ("rules.too_large", "hold", None)]),
    ],
)
def test_checks_of_an_order(net: str, channel: str, fresh: bool, findings: list[tuple[str, str, int | None]]) -> None:
    assert said(order(line(1, net=net), channel=channel, fresh=fresh), CHECK) == findings


def test_checks_of_lines_ask_each_by_the_table_of_its_category() -> None:
    every = table("line.validation", ["quantity"], ["effect", "text"], (["> 5"], ['"warn"', '"many"']), code="every")
    food = table(
        "line.validation",
        ["quantity"],
        ["effect", "text"],
        (["> 1"], ['"hold"', '"much food"']),
        code="food",
        category="food",
    )

    found = said(order(line(1, CUP, "6"), line(2, TEA, "2")), every, food, categories={TEA: "food"})

    assert found == [("rules.many", "warning", 1), ("rules.much_food", "hold", 2)]


def test_what_cannot_be_decided_is_held_where_it_is_about_being_taken_and_said_elsewhere() -> None:
    either = [(["> 1"], ['"accept"']), (["> 2"], ['"hold"'])]
    acceptance = table("order.acceptance", ["order total"], ["decision"], *either, hit_policy="UNIQUE")
    checks = table(
        "order.validation",
        ["order total"],
        ["effect"],
        (["> 1"], ['"info"']),
        (["> 2"], ['"warn"']),
        hit_policy="UNIQUE",
    )

    found = findings_of(governed(acceptance, checks), order(line(1)), prices={}, totals=Totals(net=D(10)))

    assert [(one.code, one.severity, one.hold_kind) for one in found] == [
        ("rules.no_answer", "hold", "data"), ("rules.no_answer", "warning", None),
    ]  # fmt: skip
    assert found[0].message == "a rule could not decide about it"
    assert found[0].detail["why"] == ["only one row may match: rows 1, 2"]


def test_a_refused_order_is_told_its_reason_and_its_rule_and_only_while_it_is_new() -> None:
    work = order(line(1, net="2000"))
    found = findings_of(governed(CHECK), work, prices={}, totals=work.totals)

    (problem,) = refusals(work, found)

    assert (problem.code, problem.message, problem.status) == ("rules.refused", "too large", 409)
    assert problem.detail == {"reason": "rules.too_large", "asked_as": str(work.id)}
    assert found[-1].detail == {"rule": "T", "version": 1, "point": "order.validation", "rows": [1, 2]}
    assert refusals(order(line(1, net="2000"), fresh=False), found) == ()


@pytest.mark.parametrize(
    ("cell", "may"),
    [('"hold"', False), ('"reject"', True), ('if channel = "edi" then "reject" else "info"', True), ("-", False)],
)
def test_orders_are_looked_at_twice_only_where_a_table_may_refuse(cell: str, may: bool) -> None:
    assert refuses(governed(table("order.validation", ["channel"], ["effect"], (["-"], [cell]))), {}) is may


@pytest.mark.parametrize(
    ("named", "text", "code"),
    [
        ("", "Too large!", "rules.too_large"),
        ("size", "Too large!", "rules.size"),
        ("", "—", "rules.said"),
        ("", "a" * 60, f"rules.{'a' * 40}"),
    ],
)
def test_a_finding_is_called_by_its_word_or_its_text(named: str, text: str, code: str) -> None:
    assert code_of(named, text) == code


def test_fees_are_added_to_new_orders_in_whole_cents() -> None:
    small = table("order.mutation", ["order net"], ["fee", "amount"], (["< 20"], ['"SMALL"', "order net * 0.0333"]))

    charges, findings = fees_of(governed(small), order(line(1, net="10")), {})

    assert [(one.charge_no, one.code, one.amount) for one in charges] == [(1, "SMALL", D("0.33"))]
    assert [(one.code, one.severity) for one in findings] == [("rules.fee_added", "info")]
    assert fees_of(governed(small), order(line(1, net="10"), fresh=False), {}) == ([], [])
    assert fees_of(governed(small), order(line(1, net="20")), {}) == ([], [])


def test_tolerances_by_line() -> None:
    by_item = table(
        "line.price_tolerance", ["item", "price difference percent"], ["take", "up percent", "down amount"],
        (['"CUP"', "< 0"], ['"buyers"', "null", "5"]), (['"TEA"', "-"], ['"lower"', "10", "null"]), hit_policy="FIRST",
    )  # fmt: skip
    lines = [line(1, CUP, stated_price=D(9)), line(2, TEA, stated_price=D(11)), line(3, CUP, stated_price=D(11))]

    assert tolerances_of(governed(by_item), order(*lines), lines, {}) == {
        1: Tolerance("buyers", line_down=(None, D(5))),
        2: Tolerance("lower", line_up=(D(10), None)),
    }


def test_substitution_by_line() -> None:
    never = table(
        "line.substitution",
        ["item"],
        ["consent", "price"],
        (['"TEA"'], ['"never"', "null"]),
        (['"CUP"'], ['"ask"', '"original"']),
    )
    work = order(line(1), line(2, TEA))

    assert substitution_of(governed(never), work, work.line(1)) == SubstitutionPolicy("ask", "original")
    assert substitution_of(governed(never), work, work.line(2)) == SubstitutionPolicy("never", "own")
    assert substitution_of(governed(), work, work.line(1)) is None


@pytest.mark.parametrize(
    ("points", "total", "reasons"),
    [
        ([], "0", []),
        (["30"], "30", ["order total > 1"]),
        (["30", "90"], "100", ["order total > 1", "order total > 1"]),
        (["-30"], "0", ["order total > 1"]),
    ],
)
def test_points_add_up_within_0_and_100_with_a_reason_each(points: list[str], total: str, reasons: list[str]) -> None:
    rows = [(["> 1"], [one]) for one in points]
    rules = governed(table("order.risk", ["order total"], ["points"], *rows, (["> 99"], ["7"]), aggregation="SUM"))

    found = score(rules, rules.ask("order.risk", Asked(order(line(1)), rules.read, rules.products)))

    assert found == (D(total), reasons)


def at_hand(work: OrderWork, *tables: Any, limit: str = "100", taken: str = "0") -> OrderWorkset:
    node = Node(work.account.id, "EUR", D(limit), D(taken), D(0), D(0))
    workset = OrderWorkset({work.id: work})
    workset.governed = governed(*tables)
    workset.shelves.paths, workset.shelves.nodes = {work.account.id: (node.account_id,)}, {node.account_id: node}
    return workset


@pytest.mark.parametrize(
    ("limit", "taken", "used", "over"),
    [("100", "0", "50.00", "0.00"), ("100", "90", "140.00", "40.00"), ("0", "0", None, "1000.00")],
)
def test_credit_as_tables_see_it(limit: str, taken: str, used: str | None, over: str) -> None:
    seen = CreditSeen((Node(CUP, "EUR", D(limit), D(taken), D(0), D(0)),), D(50), overdue=False)
    asked = Asked(order(line(1, net="50")), governed().read, {}, credit=seen)

    assert ORDER_FACTS["credit used percent"](asked) == (None if used is None else D(used))
    assert ORDER_FACTS["credit over percent"](asked) == D(over)


def test_approvals_are_one_a_role_by_the_row_that_wants_most_people() -> None:
    wanted = table(
        "order.approval", ["order total"], ["tier", "people", "reason"],
        (["> 1"], ['"sales"', "1", '"new"']), (["> 2"], ['"sales"', "2", '"large"']), (["> 3"], ['"buyer_approver"', "null", '"yours"']),
        (["> 4"], ['"auto"', "1", '"known"']),
    )  # fmt: skip
    work = order(line(1))

    found = approvals_of(at_hand(work, wanted), work)

    assert [(one.code, one.side, one.name, [tier.need for tier in one.tiers]) for one in found] == [
        ("T/sales", "seller", "new; large", [2]), ("T/buyer_approver", "buyer", "yours", [1]),
    ]  # fmt: skip


def test_shipping_is_asked_of_what_could_go() -> None:
    rule = table(
        "order.shipping", ["ready percent"], ["ship policy", "minimum part"], (["< 50"], ['"ship_complete"', "25"])
    )
    work = order(line(1, CUP, "10", "100"), line(2, TEA, "10", "100"))

    terms = ship_terms(governed(rule), work, 1, {1: D(5)})

    assert terms is not None
    assert (terms.policy, terms.minimum) == ("ship_complete", D(25))
    assert ship_terms(governed(rule), work, 1, {1: D(10)}) is None
    assert ship_terms(governed(), work, 1, {1: D(10)}) is None
    assert worth_of(work, {1: D(1), 2: D(3)}) == D("40.00")


def test_every_word_of_the_dictionary_has_a_fact_and_an_example_of_its_type() -> None:
    python = {"number": Decimal, "string": str, "boolean": bool, "list": list}
    own = {
        "line.sourcing": {"sites"},
        "order.shipping": {"group", "ready amount", "ready percent", "days since placed"},
    }
    for point in POINTS.values():
        names = [fact.name for fact in point.inputs]
        assert len(set(names)) == len(names), point.code
        for fact in point.inputs:
            assert fact.name in ORDER_FACTS or fact.name in LINE_FACTS or fact.name in own.get(point.code, set()), fact
            assert fact.name not in LINE_FACTS or point.code.startswith("line."), fact
        for fact in (*point.inputs, *point.outputs):
            assert type(fact.example) is python[fact.type], fact
            assert not fact.allowed or fact.example in fact.allowed, fact


NOBODYS = [
    table(point, ["channel"], [POINTS[point].outputs[0].name], (['"letter"'], ["null"]), code=point) for point in POINTS
]


@given(
    st.lists(st.tuples(st.sampled_from((CUP, TEA)), st.integers(1, 99), st.decimals(0, 9999, places=2)), max_size=4),
    st.booleans(),
    st.sampled_from(("api", "edi", "web")),
)
def test_tables_of_which_no_row_matches_change_nothing_whatever_the_order(
    lines: list[tuple[Any, int, Decimal]], fresh: bool, channel: str
) -> None:
    work = order(
        *(
            line(number, product, str(qty), str(net), stated_price=D(3))
            for number, (product, qty, net) in enumerate(lines, 1)
        ),
        fresh=fresh,
        channel=channel,
    )
    workset = at_hand(work, *NOBODYS)
    rules = workset.governed
    assert rules is not None

    assert findings_of(rules, work, prices={}, totals=work.totals) == []
    assert fees_of(rules, work, {}) == ([], [])
    assert tolerances_of(rules, work, work.lines, {}) == {}
    assert [substitution_of(rules, work, one) for one in work.lines] == [None] * len(work.lines)
    assert ship_terms(rules, work, 1, {one.line.line_no: D(1) for one in work.lines}) is None
    assert approvals_of(workset, work) == []
    assert score(rules, rules.ask("order.risk", Asked(work, rules.read, rules.products))) == (D(0), [])
    assert not rules.warned.get(work.id) or not rules.warned[work.id].warnings


NORTH, SOUTH = UUID(int=21), UUID(int=22)
LANES = [Lane(NORTH, "N", D(1), 1, 1), Lane(SOUTH, "S", D(2), 1, 2)]


def test_lines_that_are_chosen_alike_are_sourced_together_and_one_site_is_kept() -> None:
    rules = governed()
    one_site = LineSites(SiteChoice("one site", prefer=("S",), reason="T v1"), None)
    rules.sites = {
        (ORDER, 1): one_site,
        (ORDER, 2): one_site,
        (ORDER, 3): LineSites(SiteChoice(reason="U v1"), frozenset({NORTH})),
    }
    work = order(line(1, CUP, "5"), line(2, TEA, "5"), line(3, CUP, "5"), line(4, TEA, "1"))
    shelf = Shelf({(CUP, NORTH): D(20), (TEA, NORTH): D(20), (CUP, SOUTH): D(3), (TEA, SOUTH): D(5)})

    def demands(*lines: int) -> list[Demand]:
        return [
            Demand(ORDER, no, work.line(no).line.product_id, D(5), allowed_sites(rules, work, no, (NORTH, SOUTH)))
            for no in lines
        ]

    found = source_governed(rules, demands(1, 2, 3, 4), LANES, shelf)

    assert [(take.line_no, take.site_id, take.qty) for take in found.takes] == [
        (1, NORTH, D(5)), (2, NORTH, D(5)), (3, NORTH, D(5)), (4, NORTH, D(5)),
    ]  # fmt: skip
    assert found.reason == "N has everything at 1 (by T v1); N has everything at 1 (by U v1); N has everything at 1"
    work.add_claim(Claim(ORDER, 1, 1, work.account.id, CUP, SOUTH, D(2), "allocated"))
    assert allowed_sites(rules, work, 2, (NORTH, SOUTH)) == (SOUTH,)
    assert allowed_sites(rules, work, 3, (NORTH, SOUTH)) == (NORTH,)
    assert allowed_sites(rules, work, 4, (NORTH, SOUTH)) == (NORTH, SOUTH)
    short = source_governed(rules, demands(1), LANES, Shelf({(CUP, SOUTH): D(3), (CUP, NORTH): D(9)})).short
    assert [(one.qty, one.sites) for one in short] == [(D(2), (SOUTH,))]


FACT_NAMES = sorted(ORDER_FACTS)


@given(
    st.lists(st.tuples(st.sampled_from((CUP, TEA)), st.integers(1, 99), st.decimals(0, 9999, places=2)), max_size=4),
    st.booleans(),
    st.integers(0, 5),
)
def test_facts_are_what_the_dictionary_says_or_null_whatever_the_order(
    lines: list[tuple[Any, int, Decimal]], fresh: bool, orders: int
) -> None:
    work = order(
        *(line(number, product, str(qty), str(net)) for number, (product, qty, net) in enumerate(lines, 1)), fresh=fresh
    )
    rules = governed()
    rules.read.past[work.id] = Past(orders, D(orders * 10), D(10) if orders else None, ever=bool(orders))
    seen = CreditSeen((Node(CUP, "EUR", D(0), D(0), D(0), D(0)),), D(1), overdue=True)
    asked = Asked(work, rules.read, rules.products, credit=seen)
    python = {"number": Decimal, "string": str, "boolean": bool, "list": list}
    types = {fact.name: fact.type for point in POINTS.values() for fact in point.inputs}

    for name in FACT_NAMES:
        found = ORDER_FACTS[name](asked)
        assert found is None or type(found) is python[types[name]], name
