"""Price tables a sales manager can read: lists, prices, an order, what is expected.

unit WIDGET CS 12                                     a case is twelve
list ACME-25 agreement EUR for ACME                   name, layer, currency, [precedence 5] [for account]
price ACME-25 WIDGET EA 1:9.40 10:9.10                [per 100] [graduated] [from day] [to day] [left 60] [tiers by]
strategy lowest
order ACME WIDGET 12                                  [unit] [on day]
expect 9.10 from ACME-25 tier 10 net 109.20           or: expect no price
lost BASE lower_precedence
"""

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.kernel.money import LARGEST_AMOUNT, line_gross, round_money
from tradewind.kernel.problem import Problem
from tradewind.pricing.decide import (
    explain,
    price_instant,
    price_line,
    price_lines,
    read_waterfall,
    starts_at,
    waterfall_text,
    with_group_tiers,
)
from tradewind.pricing.model import (
    PRECEDENCE,
    Adjustment,
    ExchangeRate,
    Layer,
    Part,
    PricedLine,
    PriceRequest,
    PriceRow,
    Strategy,
)

D = Decimal
START = datetime(2026, 1, 1, tzinfo=UTC)
TODAY = datetime(2026, 5, 4, 10, 0, tzinfo=UTC)


def named(name: str) -> UUID:
    return uuid5(NAMESPACE_OID, name)


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def options(words: list[str], flags: tuple[str, ...] = ("graduated",)) -> dict[str, str]:
    rest = iter(words)
    return {word: "" if word in flags else next(rest) for word in rest}


@dataclass
class Table:
    """Reads the lines of a table and checks its expectations as it meets them."""

    units: dict[tuple[str, str], int] = field(default_factory=dict)
    lists: dict[str, tuple[PriceRow, str | None]] = field(default_factory=dict)
    rows: dict[str, list[tuple[PriceRow, str | None]]] = field(default_factory=dict)
    strategy: Strategy = "first_match"
    answer: PricedLine | Problem | None = None

    def read(self, text: str) -> None:
        for line in filter(None, map(str.strip, text.splitlines())):
            verb, *words = line.split()
            getattr(self, verb + "_")(*words)

    def unit_(self, product: str, unit: str, size: str) -> None:
        self.units[product, unit] = int(size)

    def strategy_(self, name: Any) -> None:
        self.strategy = name

    def list_(self, code: str, layer: str, currency: str, *words: str) -> None:
        more = options(list(words))
        precedence = int(more.get("precedence", PRECEDENCE[Layer(layer)]))
        self.lists[code] = (row(code, layer, precedence, currency), more.get("for"))

    def price_(self, code: str, product: str, unit: str, *words: str) -> None:
        ladder = [tuple(map(D, word.split(":"))) for word in words if ":" in word]
        more = options([word for word in words if ":" not in word])
        frame, account = self.lists[code]
        until = day(more["to"]) if "to" in more else None
        own = replace(
            frame, uom=unit, uom_factor=(self.units.get((product, unit), 1), 1), tiers=tuple(ladder),  # type: ignore[arg-type]
            price_basis=D(more.get("per", 1)), kind="graduated" if "graduated" in more else "volume",
            valid_from=day(more["from"]) if "from" in more else START, tier_by=more.get("tiers", "qty"),  # type: ignore[arg-type]
            valid_to=None if frame.offer else until, expires_at=until if frame.offer else None,
            available=D(more["left"]) if "left" in more else None,
        )  # fmt: skip
        self.rows.setdefault(product, []).append((own, account))

    def order_(self, account: str, product: str, qty: str, *words: str) -> None:
        unit = words[0] if words and words[0] != "on" else "EA"
        base = D(qty) * self.units.get((product, unit), 1)
        at = day(words[-1]) if "on" in words else TODAY
        request = PriceRequest(1, named(product), D(qty), unit, base, at, "EUR")
        mine = [own for own, of in self.rows.get(product, []) if of in (None, account)]
        self.answer = price_line(request, mine, strategy=self.strategy)

    def expect_(self, price: str, *words: str) -> None:
        if price == "no":
            assert isinstance(self.answer, Problem)
            return
        assert isinstance(self.answer, PricedLine), self.answer
        got = {"from": self.answer.list_code, "tier": str(self.answer.tier), "net": str(self.answer.net)}
        more = options(list(words))
        assert (self.answer.unit_price, {name: got[name] for name in more}) == (D(price), more)

    def lost_(self, code: str, reason: str) -> None:
        assert isinstance(self.answer, PricedLine)
        assert (code, reason) in [(loser.list_code, loser.reason) for loser in self.answer.losers]


def row(code: str, layer: str = "base", precedence: int = 800, currency: str = "EUR", discountable: bool = True,
        **changes: Any) -> PriceRow:  # fmt: skip
    plain = PriceRow(named(code), code, layer, precedence, currency, "EA", (1, 1), D(1), "volume", ((D(1), D(10)),), START,
                     discountable=discountable)  # fmt: skip
    return replace(plain, **changes)


def ask(qty: str, **changes: Any) -> PriceRequest:
    return replace(PriceRequest(1, named("WIDGET"), D(qty), "EA", D(qty), TODAY, "EUR"), **changes)


def priced(answer: PricedLine | Problem) -> PricedLine:
    assert isinstance(answer, PricedLine), answer
    return answer


TABLES = {
    "PR1 the base list is the price where nothing comes before it": """
        list BASE base EUR
        price BASE WIDGET EA 1:10.00 10:9.50
        order ACME WIDGET 12
        expect 9.50 from BASE tier 10 net 114.00
        order ACME WIDGET 9
        expect 10.00 from BASE tier 1 net 90.00
    """,
    "PR1 layers win in their declared precedence": """
        list BASE base EUR
        list NORTH region EUR
        list SHOP channel EUR
        list DEALER segment EUR
        list GROUP parent EUR
        list ACME account EUR for ACME
        list ACME-25 agreement EUR for ACME
        list DEAL offer EUR for ACME
        price BASE WIDGET EA 1:10.00
        price NORTH WIDGET EA 1:9.90
        price SHOP WIDGET EA 1:9.80
        price DEALER WIDGET EA 1:9.70
        price GROUP WIDGET EA 1:9.60
        order ACME WIDGET 1
        expect 9.60 from GROUP
        price ACME WIDGET EA 1:9.50
        order ACME WIDGET 1
        expect 9.50 from ACME
        price ACME-25 WIDGET EA 1:9.40
        order ACME WIDGET 1
        expect 9.40 from ACME-25
        price DEAL WIDGET EA 1:9.30 to 2026-06-01
        order ACME WIDGET 1
        expect 9.30 from DEAL
        lost ACME-25 lower_precedence
        lost BASE lower_precedence
        order OTHER WIDGET 1
        expect 9.60 from GROUP
    """,
    "PR1 a list without the product is passed over": """
        list BASE base EUR
        list ACME-25 agreement EUR for ACME
        price BASE WIDGET EA 1:10.00
        price BASE GADGET EA 1:5.00
        price ACME-25 WIDGET EA 1:9.40
        order ACME GADGET 1
        expect 5.00 from BASE
    """,
    "PR1 an agreement dearer than the list still wins by first match, not by lowest": """
        list BASE base EUR
        list ACME-25 agreement EUR
        price BASE WIDGET EA 1:10.00
        price ACME-25 WIDGET EA 1:11.00
        order ACME WIDGET 1
        expect 11.00 from ACME-25
        strategy lowest
        order ACME WIDGET 1
        expect 10.00 from BASE
        lost ACME-25 dearer
    """,
    "PR1 a customer in two segments gets the one with the earlier code": """
        list SEG-B segment EUR
        list SEG-A segment EUR
        price SEG-B WIDGET EA 1:8.00
        price SEG-A WIDGET EA 1:9.00
        order ACME WIDGET 1
        expect 9.00 from SEG-A
        lost SEG-B later_list_code
        strategy lowest
        order ACME WIDGET 1
        expect 8.00 from SEG-B
    """,
    "PR1 the precedence of one list can be moved": """
        list SEG-B segment EUR precedence 450
        list SEG-A segment EUR
        price SEG-B WIDGET EA 1:8.00
        price SEG-A WIDGET EA 1:9.00
        order ACME WIDGET 1
        expect 8.00 from SEG-B
    """,
    "PR1 merged per tier, each tier comes from the first list that has it": """
        strategy merge_per_tier
        list BASE base EUR
        list ACME-25 agreement EUR
        price BASE WIDGET EA 1:10.00 10:9.50 100:8.50
        price ACME-25 WIDGET EA 1:9.40 10:9.10
        order ACME WIDGET 99
        expect 9.10 from ACME-25 tier 10
        lost BASE lower_precedence
        order ACME WIDGET 100
        expect 8.50 from BASE tier 100
        lost ACME-25 lower_tier
        order ACME WIDGET 5
        expect 9.40 from ACME-25 tier 1
    """,
    "PR1 a list for cases does not merge with one for pieces": """
        unit WIDGET CS 12
        strategy merge_per_tier
        list BASE base EUR
        list ACME-25 agreement EUR
        price BASE WIDGET CS 1:100.00 10:90.00
        price ACME-25 WIDGET EA 1:9.40
        order ACME WIDGET 240
        expect 9.40 from ACME-25
        lost BASE other_ladder
    """,
    "PR2 a volume tier prices all units, from its first unit on": """
        list BASE base EUR
        price BASE WIDGET EA 1:10.00 10:9.50 100:9.00
        order ACME WIDGET 99
        expect 9.50 tier 10 net 940.50
        order ACME WIDGET 100
        expect 9.00 tier 100 net 900.00
    """,
    "PR2 graduated bands price each unit in its band": """
        list BASE base EUR
        price BASE WIDGET EA 1:10.00 10:9.50 graduated
        order ACME WIDGET 9
        expect 10.00 tier 1 net 90.00
        order ACME WIDGET 10
        expect 9.95 tier 10 net 99.50
        order ACME WIDGET 12
        expect 9.875 tier 10 net 118.50
        order ACME WIDGET 7
        expect 10.00 tier 1 net 70.00
    """,
    "PR2 graduated from zero measures what goes beyond the mark": """
        list BASE base EUR
        price BASE CABLE MTR 0:2.00 100:1.50 graduated
        order ACME CABLE 100 MTR
        expect 2.00 tier 0 net 200.00
        order ACME CABLE 100.5 MTR
        expect 1.997512 tier 100 net 200.75
    """,
    "PR2 tiers count in the unit of the price": """
        unit WIDGET CS 12
        list BASE base EUR
        price BASE WIDGET CS 1:100.00 10:90.00
        order ACME WIDGET 119
        expect 100.00 tier 1 net 991.67
        order ACME WIDGET 120
        expect 90.00 tier 10 net 900.00
        order ACME WIDGET 10 CS
        expect 90.00 tier 10 net 900.00
    """,
    "PR2 a price that starts at ten leaves less to the next list": """
        list BASE base EUR
        list ACME-25 agreement EUR
        price BASE WIDGET EA 1:10.00
        price ACME-25 WIDGET EA 10:9.00
        order ACME WIDGET 9
        expect 10.00 from BASE
        lost ACME-25 below_first_tier
        order ACME WIDGET 10
        expect 9.00 from ACME-25
    """,
    "PR2 less than one unit still has the first price": """
        list BASE base EUR
        price BASE SALT KGM 1:4.00 25:3.00
        order ACME SALT 0.25 KGM
        expect 4.00 tier 1 net 1.00
    """,
    "PR3 a price rise switches on its day": """
        list BASE base EUR
        price BASE WIDGET EA 1:10.00 to 2026-07-01
        price BASE WIDGET EA 1:11.00 from 2026-07-01
        order ACME WIDGET 1 on 2026-06-30T23:59:59.999999
        expect 10.00
        lost BASE not_yet_valid
        order ACME WIDGET 1 on 2026-07-01
        expect 11.00
        lost BASE no_longer_valid
    """,
    "PR3 an expired agreement never applies": """
        list BASE base EUR
        list ACME-25 agreement EUR
        price BASE WIDGET EA 1:10.00
        price ACME-25 WIDGET EA 1:9.00 to 2026-05-01
        order ACME WIDGET 1 on 2026-05-01
        expect 10.00 from BASE
        lost ACME-25 no_longer_valid
    """,
    "PR3 an offer beats the agreement until it expires": """
        list ACME-25 agreement EUR
        list DEAL offer EUR
        price ACME-25 WIDGET EA 1:9.00
        price DEAL WIDGET EA 1:8.75 to 2026-05-10
        order ACME WIDGET 1 on 2026-05-09
        expect 8.75 from DEAL
        order ACME WIDGET 1 on 2026-05-10
        expect 9.00 from ACME-25
        lost DEAL offer_expired
    """,
    "PR3 of two rows in force in one list the later start wins": """
        list BASE base EUR
        price BASE WIDGET EA 1:10.00 from 2026-01-01
        price BASE WIDGET EA 1:10.40 from 2026-04-01
        order ACME WIDGET 1
        expect 10.40
        lost BASE superseded
    """,
    "Units: two units with different prices for one product": """
        unit WIDGET CS 12
        list BASE base EUR
        price BASE WIDGET EA 1:10.00
        price BASE WIDGET CS 1:96.00
        order ACME WIDGET 12
        expect 10.00 net 120.00
        lost BASE other_unit
        order ACME WIDGET 1 CS
        expect 96.00 net 96.00
        lost BASE other_unit
    """,
    "Units: price per 100, quantity 35": """
        list BASE base EUR
        price BASE SCREW EA 1:18.40 per 100
        order ACME SCREW 35
        expect 18.40 net 6.44
    """,
    "Price: zero is a price, for samples": """
        list BASE base EUR
        list SAMPLES agreement EUR
        price BASE WIDGET EA 1:10.00
        price SAMPLES WIDGET EA 1:0
        order ACME WIDGET 3
        expect 0 from SAMPLES net 0.00
    """,
    "Price: no list has the product": """
        list BASE base EUR
        price BASE WIDGET EA 1:10.00
        order ACME GADGET 1
        expect no price
    """,
    "Price: an agreement in dollars is not taken for euro": """
        list BASE base EUR
        list ACME-25 agreement USD
        price BASE WIDGET EA 1:10.00
        price ACME-25 WIDGET EA 1:9.00
        order ACME WIDGET 1
        expect 10.00 from BASE
        lost ACME-25 other_currency
    """,
    "Price: a maximum reached mid-order, 60 at 9.00 and 40 at 9.80": """
        list BASE base EUR
        list ACME-25 agreement EUR
        price BASE WIDGET EA 1:9.80
        price ACME-25 WIDGET EA 1:9.00 left 60
        order ACME WIDGET 60
        expect 9.00 from ACME-25 net 540.00
        order ACME WIDGET 100
        expect 9.32 from ACME-25 net 932.00
    """,
    "Price: a used-up agreement is passed over": """
        list BASE base EUR
        list ACME-25 agreement EUR
        price BASE WIDGET EA 1:9.80
        price ACME-25 WIDGET EA 1:9.00 left 0
        order ACME WIDGET 1
        expect 9.80 from BASE
        lost ACME-25 used_up
    """,
    "Price: the parent's agreement serves the child": """
        list BASE base EUR
        list PARENT-25 parent EUR
        price BASE WIDGET EA 1:10.00
        price PARENT-25 WIDGET EA 1:9.20
        order CHILD WIDGET 5
        expect 9.20 from PARENT-25 net 46.00
    """,
}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES.keys())
def test_table(table: str) -> None:
    Table().read(table)


def test_no_price_is_a_finding_that_says_why_of_every_candidate_and_never_zero() -> None:
    rows = [row("USD", currency="USD"), row("OLD", valid_to=TODAY), row("BULK", tiers=((D(50), D(1)),))]

    answer = price_line(ask("1", line_no=7), rows)

    assert isinstance(answer, Problem)
    assert (answer.code, answer.where) == ("pricing.no_price", "/lines/7")
    assert answer.detail["candidates"] == [
        {"list": "BULK", "reason": "below_first_tier"},
        {"list": "OLD", "reason": "no_longer_valid"},
        {"list": "USD", "reason": "other_currency"},
    ]


def test_the_order_of_the_rows_does_not_matter() -> None:
    rows = [row("B"), row("A", tiers=((D(1), D(9)),)), row("C", "segment", 500), row("A", valid_from=TODAY)]

    answers = {price_line(ask("3"), rows[turn:] + rows[:turn]) for turn in range(4)}

    assert len(answers) == 1


def test_a_break_by_the_total_of_a_product_family_prices_each_line_by_the_sum() -> None:
    rows = {
        named(name): [row("BASE", tiers=((D(1), D("10.00")), (D(10), D("9.00"))))] for name in ("RED", "BLUE", "NUT")
    }
    order = [ask("4", product_id=named("RED")), ask("7", product_id=named("BLUE")), ask("9", product_id=named("NUT"))]

    alone = price_lines(order, rows)
    mixed = price_lines(with_group_tiers(order, {named("RED"): "paint", named("BLUE"): "paint"}), rows)

    assert [priced(line).net for line in alone] == [D("40.00"), D("70.00"), D("90.00")]
    assert [priced(line).net for line in mixed] == [D("36.00"), D("63.00"), D("90.00")]
    assert [priced(line).tier for line in mixed] == [D(10), D(10), D(1)]


def test_tiers_go_by_amount_weight_or_pallets_where_the_row_says_so() -> None:
    by_weight = row("BASE", tier_by="weight", tiers=((D(0), D("10.00")), (D(500), D("9.00"))))

    assert priced(price_line(ask("4", measures={"weight": D(499)}), [by_weight])).unit_price == D("10.00")
    assert priced(price_line(ask("4", measures={"weight": D(500)}), [by_weight])).unit_price == D("9.00")
    unknown = price_line(ask("4"), [by_weight])
    assert isinstance(unknown, Problem)
    assert unknown.detail["candidates"] == [{"list": "BASE", "reason": "no_weight_known"}]


def test_graduated_bands_are_the_parts_of_the_line() -> None:
    rows = [row("BASE", kind="graduated", tiers=((D(1), D("10.00")), (D(10), D("9.50")), (D(20), D("9.00"))))]

    line = priced(price_line(ask("25"), rows))

    assert [(part.qty, part.unit_price) for part in line.parts] == [
        (D(9), D("10.00")),
        (D(10), D("9.50")),
        (D(6), D("9.00")),
    ]
    assert line.net == D("239.00")


def test_a_maximum_reached_mid_order_names_both_stretches() -> None:
    rows = [row("BASE", tiers=((D(1), D("9.80")),)), row("ACME", "agreement", 200, tiers=((D(1), D("9.00")),))]
    rows[1] = replace(rows[1], available=D(60))

    line = priced(price_line(ask("100"), rows))

    assert line.parts == (
        Part(D(60), "EA", D("9.00"), D(1), "ACME"),
        Part(D(40), "EA", D("9.80"), D(1), "BASE"),
    )
    assert line.net == D("932.00")
    assert line.waterfall[-2].reason == "maximum: 60 left at this price"


def test_a_maximum_reached_with_nothing_behind_it_is_no_price() -> None:
    answer = price_line(ask("100"), [row("ACME", available=D(60))])

    assert isinstance(answer, Problem)
    assert answer.code == "pricing.no_price"


def test_lines_of_one_order_draw_on_a_maximum_in_turn() -> None:
    product = named("WIDGET")
    rows = {product: [row("BASE"), row("ACME", "agreement", 200, tiers=((D(1), D("9.00")),), available=D(60))]}

    answers = price_lines([ask("40"), ask("40", line_no=2), ask("5", line_no=3)], rows)

    assert [priced(answer).net for answer in answers] == [D("360.00"), D("380.00"), D("50.00")]


def test_tiers_in_a_line_cut_by_a_maximum_go_by_its_whole_quantity() -> None:
    base = row("BASE", tiers=((D(1), D("10.00")), (D(100), D("9.80"))))

    line = priced(price_line(ask("100"), [base, row("ACME", "agreement", 200, tiers=((D(1), D(9)),), available=D(60))]))

    assert line.net == D("932.00")


def test_price_in_usd_agreement_in_eur_at_the_stored_rate_of_a_day() -> None:
    rate = ExchangeRate("EUR", "USD", D("1.0837"), "ECB", datetime(2026, 5, 1, tzinfo=UTC))
    rows = [row("ACME-25", "agreement", 200, tiers=((D(1), D("9.99")),))]

    line = priced(price_line(ask("3", currency="USD"), rows, fx={"EUR": rate}))

    assert (line.currency, line.unit_price, line.net) == ("USD", D("10.826163"), D("32.48"))
    assert line.waterfall[0].reason == "EUR at 1.0837 (ECB, 2026-05-01)"


def test_the_waterfall_goes_from_the_list_through_each_layer_discounts_surcharges_and_rounding_to_the_net() -> None:
    rows = [
        row("BASE", tiers=((D(1), D("10.00")),)),
        row("DEALER", "segment", 500, tiers=((D(1), D("9.75")),)),
        row("ACME-25", "agreement", 200, tiers=((D(1), D("9.333333")),), version=3),
    ]
    account = Adjustment("discount", "percent", D("2.5"), "ACME")
    rep = Adjustment("discount", "amount", D("1.00"), "rep", "late delivery last week", scope="line")
    fuel = Adjustment("surcharge", "percent", D("1.5"), "FUEL")
    alloy = Adjustment("surcharge", "per_unit", D("0.02"), "ALLOY")

    line = priced(price_line(ask("7"), rows, adjustments=[account, rep, fuel, alloy]))

    assert [(step.kind, step.source, str(step.after)) for step in line.waterfall] == [
        ("list", "BASE", "70.00"),
        ("segment", "DEALER", "68.25"),
        ("agreement", "ACME-25", "65.333331"),
        ("discount", "ACME", "63.699997725"),
        ("discount", "rep", "62.699997725"),
        ("surcharge", "FUEL", "63.640497690875"),
        ("surcharge", "ALLOY", "63.780497690875"),
        ("net", "EUR", "63.78"),
    ]
    assert (line.gross, line.net, line.allowance, line.version) == (D("65.33"), D("63.78"), D("1.55"), 3)
    assert all(one.after == two.before for one, two in zip(line.waterfall, line.waterfall[1:], strict=False))


def test_under_lowest_the_waterfall_goes_from_the_list_straight_to_the_winner() -> None:
    rows = [
        row("BASE", tiers=((D(1), D("10.00")),)),
        row("DEALER", "segment", 500, tiers=((D(1), D("11.00")),)),
        row("ACME-25", "agreement", 200, tiers=((D(1), D("9.00")),)),
    ]

    line = priced(price_line(ask("1"), rows, strategy="lowest"))

    assert [(step.source, step.reason) for step in line.waterfall] == [
        ("BASE", "list_price"),
        ("ACME-25", "lowest"),
        ("EUR", "half_up"),
    ]
    assert [(loser.list_code, loser.reason) for loser in line.losers] == [("DEALER", "dearer"), ("BASE", "dearer")]


def test_an_account_discount_leaves_a_net_price_alone_but_a_line_discount_does_not() -> None:
    rows = [row("NET", discountable=False)]
    account = Adjustment("discount", "percent", D(10), "ACME")

    line = priced(price_line(ask("2"), rows, adjustments=[account]))
    by_rep = priced(price_line(ask("2"), rows, adjustments=[account, replace(account, source="rep", scope="line")]))

    assert line.net == D("20.00")
    assert line.waterfall[1].reason == "net_price_takes_no_discount"
    assert by_rep.net == D("18.00")


def test_a_tie_after_a_discount_on_an_uneven_price_basis_rounds_up() -> None:
    line = priced(
        price_line(
            ask("1"),
            [row("BASE", price_basis=D(9), tiers=((D(1), D("15.05")),))],
            adjustments=[Adjustment("discount", "percent", D(10), "ACME")],
        )
    )

    assert line.net == D("1.51")


def test_adjustments_of_the_account_come_before_those_of_the_line() -> None:
    product = named("WIDGET")
    account = Adjustment("discount", "percent", D(10), "ACME")
    own = Adjustment("discount", "amount", D(5), "rep", scope="line")

    answers = price_lines(
        [ask("10"), ask("10", line_no=2)], {product: [row("BASE")]}, account_adjustments=[account], adjustments={2: [own]}
    )  # fmt: skip

    assert [priced(answer).net for answer in answers] == [D("90.00"), D("85.00")]


def test_discounts_that_turn_a_line_negative_are_refused() -> None:
    answer = price_line(ask("2"), [row("BASE")], adjustments=[Adjustment("discount", "amount", D("20.01"), "rep")])

    assert isinstance(answer, Problem)
    assert (answer.code, answer.detail["net"]) == ("pricing.discount_exceeds_line", "-0.01")


def test_rows_shared_by_accounts_are_ranked_by_the_accounts_own_precedence_and_foreign_lists_do_not_exist() -> None:
    rows = [row("A"), row("B", tiers=((D(1), D(9)),)), row("OTHERS", "agreement", 1, tiers=((D(1), D(5)),))]
    mine = {named("A"): 2, named("B"): 1}

    line = priced(price_line(ask("1"), rows, precedence=mine))
    [in_order] = price_lines([ask("1")], {named("WIDGET"): rows}, precedence={named("A"): 1, named("B"): 1})

    assert (line.list_code, line.losers[0].list_code, line.losers[0].reason) == ("B", "A", "lower_precedence")
    assert len(line.losers) == 1
    assert (priced(in_order).list_code, priced(in_order).losers[0].reason) == ("A", "later_list_code")


def test_the_stored_row_is_carried_to_the_line() -> None:
    assert priced(price_line(ask("1"), [row("BASE", row_id=named("row 7"))])).row_id == named("row 7")


def test_a_row_without_tiers_is_passed_over() -> None:
    answer = price_line(ask("1"), [row("BASE", tiers=()), row("OTHER", kind="graduated", tiers=())])

    assert isinstance(answer, Problem)
    assert [found["reason"] for found in answer.detail["candidates"]] == ["no_tiers", "no_tiers"]


def test_an_amount_beyond_all_bounds_is_refused_not_raised() -> None:
    answer = price_line(ask(str(LARGEST_AMOUNT - 1)), [row("BASE")])

    assert isinstance(answer, Problem)
    assert answer.code == "pricing.amount_too_large"


def test_the_same_rows_at_the_same_instant_give_the_same_price() -> None:
    rows = [row("BASE", valid_to=TODAY + timedelta(days=1)), row("BASE", valid_from=TODAY + timedelta(days=1))]
    first = priced(price_line(ask("3"), rows))

    again = price_line(ask("3", at=first.as_of), rows[::-1])

    assert again == first


def test_the_waterfall_is_stored_as_compact_text_and_read_back_with_names() -> None:
    rows = [
        row('B"ASE'),
        row("ÄCME", "agreement", 200, kind="graduated", tiers=((D(1), D("9.50")), (D(10), D("9.10")))),
    ]
    line = priced(price_line(ask("12"), rows))

    stored = waterfall_text(line)

    assert json.loads(stored)["steps"][0] == ["list", 'B"ASE', 1, "10", "1", "120", "120", "list_price"]
    assert read_waterfall(stored) == {
        "steps": [
            {"kind": "list", "source": 'B"ASE', "version": 1, "unit_price": "10", "tier": "1", "before": "120",
             "after": "120", "reason": "list_price"},
            {"kind": "agreement", "source": "ÄCME", "version": 1, "unit_price": "9.4", "tier": "10", "before": "120",
             "after": "112.8", "reason": "precedence"},
            {"kind": "net", "source": "EUR", "version": 0, "unit_price": None, "tier": None, "before": "112.8",
             "after": "112.8", "reason": "half_up"},
        ],
        "lost": [
            {"list": 'B"ASE', "layer": "base", "version": 1, "reason": "lower_precedence", "unit_price": "10",
             "amount": "120"},
        ],
        "parts": [
            {"qty": "9", "uom": "EA", "unit_price": "9.5", "price_basis": "1", "list": "ÄCME"},
            {"qty": "3", "uom": "EA", "unit_price": "9.1", "price_basis": "1", "list": "ÄCME"},
        ],
    }  # fmt: skip


def test_a_person_reads_the_waterfall_in_sentences() -> None:
    line = priced(price_line(ask("3"), [row("BASE"), row("ACME", "agreement", 200, tiers=((D(1), D("9.5")),))]))

    assert explain(line) == [
        "list BASE v1 10 from 1: 30 (list price)",
        "agreement ACME v1 9.5 from 1: 30 → 28.5 (comes before the lists below it)",
        "net EUR: 28.5 (rounded, a tie away from zero)",
        "not base BASE v1 10: a list before it has a price",
    ]


def test_the_price_date_follows_the_policy() -> None:
    ordered, wanted, shipped = (TODAY + timedelta(days=days) for days in (0, 10, 12))

    assert price_instant("order", ordered=ordered, requested_ship=wanted, actual_ship=shipped) == ordered
    assert price_instant("requested_ship", ordered=ordered, requested_ship=wanted, actual_ship=shipped) == wanted
    assert price_instant("actual_ship", ordered=ordered, requested_ship=wanted, actual_ship=shipped) == shipped
    assert price_instant("actual_ship", ordered=ordered, requested_ship=wanted) == wanted
    assert price_instant("requested_ship", ordered=ordered) == ordered


def test_a_day_begins_at_the_sellers_midnight_also_when_the_clocks_change() -> None:
    berlin = ZoneInfo("Europe/Berlin")

    assert starts_at(date(2026, 7, 1), berlin).astimezone(UTC) == datetime(2026, 6, 30, 22, tzinfo=UTC)
    assert starts_at(date(2026, 3, 29), berlin).astimezone(UTC) == datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert starts_at(date(2026, 3, 30), berlin).astimezone(UTC) == datetime(2026, 3, 29, 22, tzinfo=UTC)


prices = st.integers(0, 10_000_000).map(lambda units: D(units).scaleb(-4))
quantities = st.integers(1, 10_000_000).map(lambda units: D(units).scaleb(-3))


@st.composite
def ladders(draw: st.DrawFn) -> tuple[tuple[Decimal, Decimal], ...]:
    """A falling ladder: larger quantities are never dearer."""
    starts = sorted(draw(st.sets(st.integers(2, 5000), max_size=6)))
    falling = sorted(draw(st.lists(prices, min_size=len(starts) + 1, max_size=len(starts) + 1)), reverse=True)
    return tuple((D(start), price) for start, price in zip([1, *starts], falling, strict=True))


@given(ladders(), quantities, quantities, st.sampled_from(["volume", "graduated"]))
def test_in_a_falling_ladder_the_unit_price_does_not_rise_with_the_quantity(
    tiers: tuple[tuple[Decimal, Decimal], ...], one: Decimal, other: Decimal, kind: Any
) -> None:
    rows = [row("BASE", tiers=tiers, kind=kind)]
    less, more = sorted([one, other])

    small = priced(price_line(ask(str(less)), rows))
    large = priced(price_line(ask(str(more)), rows))

    assert large.unit_price <= small.unit_price


@given(ladders())
def test_at_a_tier_boundary_the_volume_net_is_quantity_times_the_price_of_the_tier(
    tiers: tuple[tuple[Decimal, Decimal], ...],
) -> None:
    rows = [row("BASE", tiers=tiers)]

    for start, price in tiers:
        line = priced(price_line(ask(str(start)), rows))
        assert (line.tier, line.net) == (start, round_money(start * price, "EUR"))


@given(ladders(), quantities)
def test_graduated_parts_sum_to_the_quantity_and_to_the_gross(
    tiers: tuple[tuple[Decimal, Decimal], ...], qty: Decimal
) -> None:
    line = priced(price_line(ask(str(qty)), [row("BASE", tiers=tiers, kind="graduated")]))

    assert sum(part.qty for part in line.parts) == qty
    assert round_money(sum((part.qty * part.unit_price for part in line.parts), D(0)), "EUR") == line.gross


@given(
    st.lists(st.tuples(ladders(), st.integers(1, 8)), min_size=1, max_size=5),
    quantities,
    st.sampled_from(["first_match", "lowest", "merge_per_tier"]),
    st.lists(
        st.builds(
            Adjustment,
            st.sampled_from(["discount", "surcharge"]),
            st.sampled_from(["percent", "amount", "per_unit"]),
            st.integers(0, 10_000).map(lambda units: D(units).scaleb(-2)),
            st.just("X"),
        ),
        max_size=4,
    ),
)
def test_every_waterfall_is_a_chain_that_ends_in_the_net(
    lists: list[tuple[tuple[tuple[Decimal, Decimal], ...], int]],
    qty: Decimal,
    strategy: Strategy,
    adjustments: list[Adjustment],
) -> None:
    rows = [row(f"L{index}", "segment", level, tiers=tiers) for index, (tiers, level) in enumerate(lists)]

    line = price_line(ask(str(qty)), rows, strategy=strategy, adjustments=adjustments)

    if isinstance(line, Problem):
        assert line.code == "pricing.discount_exceeds_line"
        return
    assert line.waterfall[0].kind == "list"
    assert line.waterfall[-1].kind == "net"
    assert line.waterfall[-1].after == line.net
    assert line.net == round_money(line.net, "EUR")
    assert all(one.after == two.before for one, two in zip(line.waterfall, line.waterfall[1:], strict=False))
    assert len(line.losers) == len(rows) - 1
    stored = read_waterfall(waterfall_text(line))
    assert D(stored["steps"][-1]["after"]) == line.net
    if strategy == "lowest":
        assert all(
            loser.amount is not None and loser.amount >= line_gross(qty, line.unit_price) for loser in line.losers
        )
