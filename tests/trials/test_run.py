"""A change tried on a shop's past orders: what differs, why, and that nothing else happens."""

import random
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import psycopg
import pytest

from tradewind.access.commands.principals import NewPrincipal, create_principals
from tradewind.access.model import Kind as StaffKind
from tradewind.approvals.decide import implied_policy
from tradewind.desk.cancel import CancelRequest, LineWish, cancel_orders
from tradewind.desk.limits import ask_waiting
from tradewind.kernel.problem import Refused
from tradewind.kernel.tx import Actor, snapshot
from tradewind.rules.commands.sets import Edit, NewSet, create_set, draft
from tradewind.streams.library import diagram
from tradewind.trials import carried, play
from tradewind.trials.model import Change, Difference, Finding, Kind
from tradewind.trials.worlds import HasEffectError, open_world

ABOVE_FIFTY = Change(policies=(replace(implied_policy(Decimal(50)), code="FIFTY"),))


def by_number(findings: list[Finding]) -> dict[str, Finding]:
    return {one.number: one for one in findings}


def of(kind: Kind, finding: Finding) -> Difference:
    (found,) = [one for one in finding.differences if one.kind is kind]
    return found


def a_past(shop):
    """Shipped, waiting for goods, over the limit, held for a price, with a date, with a charge, above the account's own amount."""
    with psycopg.connect(shop.url, autocommit=True) as owner:
        owner.execute("update credit_node set credit_limit = 400")
    shipped = shop.order(("CUP", "12"))
    shop.ship(shop.shipments(shipped)[0])
    shop.order(("TEA", "40"))  # ten of them are not there
    shop.order(("CUP", "20"), ("TEA", "1"), account="BELA", charges=(("freight", "9.5"),))
    shop.order(("CUP", "5"), ("ENGRAVE", "5"), requested=shop.clock() + timedelta(days=10))
    with psycopg.connect(shop.url, autocommit=True) as owner:
        owner.execute("delete from price where product_id = %s", [shop.id["gift"]])
    shop.order(("CUP", "60"))  # more than the limit bears
    shop.order(("GIFT", "1"))  # nobody has a price for it
    with psycopg.connect(shop.url, autocommit=True) as owner:
        owner.execute("update account set approval_above = 30 where code = 'BELA'")
    shop.order(("CUP", "10"), account="BELA")


def test_an_unchanged_draft_changes_nothing(shop, trying, with_a_check):
    a_past(shop)

    batch = trying(Change())

    assert batch.tried == 7
    assert batch.findings == []
    assert batch.before == batch.after
    assert batch.before.holds == 2
    assert batch.before.approvals == 2  # by the amount of now


def test_the_way_things_went_is_the_way_they_would_go(shop, trying):
    """The baseline of an order that took the last goods and the last headroom finds both there again."""
    with psycopg.connect(shop.url, autocommit=True) as owner:
        owner.execute("update credit_node set credit_limit = 400")
    shop.order(("CUP", "100"))  # 396.63 of 400, and all of the north
    assert shop.one("select status from sales_order") == ("released",)

    batch = trying(ABOVE_FIFTY)

    assert batch.before.holds == 0
    assert batch.before.cost == 0
    (finding,) = batch.findings
    assert finding.kinds == ("approval", "path")


def test_a_policy_says_who_would_be_asked_and_why(shop, trying):
    shop.order(("CUP", "10"))  # 39.66
    shop.order(("CUP", "15"))  # 59.50

    batch = trying(ABOVE_FIFTY)

    (finding,) = batch.findings
    assert finding.value == Decimal("59.50")
    assert of(Kind.APPROVAL, finding) == Difference(
        Kind.APPROVAL,
        "",
        "FIFTY: Approval",
        "orders above 50 need an approval (FIFTY v0): total > 50, with total = 59.5",
    )
    assert of(Kind.PATH, finding).after == "approve"
    assert finding.touches == (0, 1)
    assert (batch.before.approvals, batch.after.approvals) == (0, 1)


def test_a_policy_that_ends_frees_its_orders(shop, trying):
    with psycopg.connect(shop.url, autocommit=True) as owner:
        owner.execute("update account set approval_above = 50 where code = 'ALMA'")
    shop.order(("CUP", "15"))

    batch = trying(Change(ended=frozenset({"account"})))

    assert batch.findings == []  # the account's own amount is no policy that could end
    assert batch.before.approvals == 1


def test_a_lane_that_gets_dearer_sends_goods_another_way(shop, trying):
    shop.order(("CUP", "10"))
    shop.order(("TEA", "3"))

    batch = trying(lanes=[{"site": "N", "country": "DE", "cost": "7", "transit_days": 2}])

    found = by_number(batch.findings)
    cups, teas = found["SO-00000001"], found["SO-00000002"]
    assert of(Kind.ROUTE, cups).before == "N (1 line)"
    assert of(Kind.ROUTE, cups).after == "S (1 line)"
    assert "S has everything at 0" in of(Kind.ROUTE, cups).reason
    assert of(Kind.COST, teas) == Difference(Kind.COST, "0", "7", "N has everything at 7", Decimal(7))
    assert of(Kind.PROMISE, teas).by == 2  # days


def test_another_price_is_told_with_its_difference(shop, trying):
    shop.order(("CUP", "12"), ("TEA", "1"))
    shop.order(("TEA", "2"))

    batch = trying(prices=[{"price_list": "BASE", "sku": "CUP", "tiers": [{"from_qty": "1", "price": "4"}]}])

    (finding,) = batch.findings
    price = of(Kind.PRICE, finding)
    assert (price.before, price.after, price.by) == ("49.73", "59.25", Decimal("9.52"))
    assert price.reason == "line 1 priced otherwise"


def test_a_lower_limit_holds_orders(shop, trying):
    shop.order(("CUP", "10"))
    shop.order(("CUP", "30"))

    batch = trying(credit=[{"account": "ALMA", "limit": "150"}])

    assert [of(Kind.HOLD, one).after for one in batch.findings] == [
        "credit.over_limit"
    ] * 2  # each as if it had come last
    assert [one.touches for one in batch.findings] == [(0, 1)] * 2
    assert trying(credit=[{"account": "ALMA", "limit": "158.67"}]).findings == []


def test_a_step_more_is_a_touch_more_for_every_order(shop, trying, with_a_check):
    shop.order(("CUP", "10"))
    shop.order(("TEA", "40"))

    batch = trying(stream={"stream": "order_to_release", "bpmn": with_a_check})

    assert [one.kinds for one in batch.findings] == [("path",), ("path",)]
    assert of(Kind.PATH, batch.findings[0]).reason == "now by check_papers"
    assert (batch.before.touches, batch.after.touches) == (0, 2)
    assert batch.after.unknown == 2  # nobody ever did that task


def test_waits_take_as_long_as_they_took(shop, trying):
    """The median of what is on record; and what is assumed where there is none."""
    with psycopg.connect(shop.url, autocommit=True) as owner:
        owner.execute("update credit_node set credit_limit = 10")
    held = shop.order(("CUP", "10"))
    shop.wait(hours=3)
    with psycopg.connect(shop.url, autocommit=True) as owner:
        owner.execute("update credit_node set credit_limit = 100000")
    shop.database.write(ask_waiting)
    shop.turn()
    assert shop.status(held) == "released"

    slower = trying(credit=[{"account": "ALMA", "limit": "10"}])
    unknown = trying(ABOVE_FIFTY, assumed=Decimal("1.5"))

    assert (slower.findings[0].hours, slower.after.unknown) == ((Decimal(0), Decimal(3)), 0)
    assert unknown.findings == []  # 39.66 asks nobody
    shop.order(("CUP", "15"))
    assert trying(ABOVE_FIFTY, assumed=Decimal("1.5")).findings[0].hours == (Decimal(0), Decimal("1.5"))
    assert trying(ABOVE_FIFTY).findings[0].hours == (Decimal(0), None)


def test_cancelled_orders_are_left_out(shop, trying):
    with psycopg.connect(shop.url, autocommit=True) as owner:
        owner.execute("update account set approval_above = 50 where code = 'ALMA'")
    order = shop.order(("CUP", "15"))
    shop.order(("CUP", "16"))
    with psycopg.connect(shop.url, autocommit=True) as owner:
        owner.execute("update account set approval_above = null")
    shop.database.write(lambda tx: cancel_orders(tx, [CancelRequest(order, "no need")]))

    assert [one.number for one in trying(ABOVE_FIFTY).findings] == ["SO-00000002"]


def test_a_trial_writes_nothing(shop, trying, with_a_check):
    a_past(shop)

    def rows() -> dict[str, tuple[int, int]]:
        with psycopg.connect(shop.url) as owner:
            names = [row[0] for row in owner.execute("select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace")]  # fmt: skip
            sums = "select count(*), coalesce(sum(xmin::text::bigint), 0) from {}"
            return {name: owner.execute(sums.format(name)).fetchone() for name in names}

    before = rows()
    batch = trying(
        replace(ABOVE_FIFTY, lanes=()),
    )
    trying(
        stream={"stream": "order_to_release", "bpmn": with_a_check},
        lanes=[{"site": "N", "country": "DE", "cost": "7"}],
        credit=[{"account": "ALMA", "limit": "1"}],
        prices=[{"price_list": "BASE", "sku": "CUP", "tiers": [{"from_qty": "1", "price": "4"}]}],
    )

    assert batch.findings
    assert rows() == before  # no row more or less, and none written anew


def test_the_database_itself_refuses_a_trial_that_would_write(shop):
    with shop.database.connection() as connection, snapshot(connection):
        world = open_world(connection, Change(), now=shop.clock())
        with pytest.raises(HasEffectError):
            world.tx.run("update sales_order set note = 'x'")
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            world.tx.rows("update sales_order set note = 'x' returning id")


def test_a_draft_is_never_seen_by_live_orders(shop, trying):
    shop.order(("CUP", "15"))
    trying(ABOVE_FIFTY)
    trying(lanes=[{"site": "N", "country": "DE", "cost": "7"}])

    order = shop.order(("CUP", "15"))

    assert shop.status(order) == "released"
    assert shop.all("select t.code from stock_claim c join site t on t.id = c.site_id where c.order_id = %s", [order]) == [("N",)]  # fmt: skip


def test_what_is_wrong_with_a_change_is_said_all_at_once(shop, trying):
    with pytest.raises(Refused) as refused:
        trying(
            stream={"stream": "order_to_release", "version": 99},
            lanes=[{"site": "MOON", "country": "DE"}],
            prices=[{"price_list": "BASE", "sku": "CUP", "tiers": [{"from_qty": "5", "price": "4"}, {"from_qty": "1", "price": "3"}]}],
            credit=[{"account": "NOBODY"}],
            tables=[{"rule_set": "none", "version": 1}],
        )  # fmt: skip

    assert [(one.code, one.where) for one in refused.value.problems] == [
        ("trials.unknown_name", "/change/stream/version"),
        ("trials.unknown_name", "/change/lanes"),
        ("trials.wrong_tiers", "/change/prices/0/tiers"),
        ("trials.unknown_name", "/change/credit"),
        ("trials.unknown_name", "/change/tables"),
    ]
    drawn = '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"/>'
    with pytest.raises(Refused) as strange:
        trying(stream={"stream": "order_to_release", "bpmn": drawn})
    assert strange.value.problems[0].code == "orchestration.cannot_run"


def test_a_drafted_table_decides_beside_those_in_force(shop, trying):
    """A table that nobody published holds orders in the trial, says by which row, and nowhere else."""
    shop.order(("CUP", "10"))
    shop.order(("CUP", "20"))
    table = large_orders_are_looked_at(shop, above=60)

    batch = trying(tables=[{"rule_set": "CHECKS", "version": table}])

    (finding,) = batch.findings
    assert finding.number == "SO-00000002"
    assert of(Kind.HOLD, finding).reason == "large orders are looked at"
    decided = of(Kind.DECISION, finding)
    assert decided.reason == "order.validation: CHECKS v1, row 1"
    assert "large orders are looked at" in decided.after
    assert shop.status(shop.order(("CUP", "20"))) == "released"


def large_orders_are_looked_at(shop, *, above):
    """A draft of a rule set; gives its version."""
    rows = f"""<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" name="checks" namespace="urn:x">
    <inputData id="i" name="order total"><variable name="order total" typeRef="number"/></inputData>
    <decision id="d" name="check"><variable name="check"/><informationRequirement><requiredInput href="#i"/></informationRequirement>
    <decisionTable id="t" hitPolicy="COLLECT"><input id="c"><inputExpression typeRef="number"><text>order total</text></inputExpression></input>
    <output id="o1" name="effect" typeRef="string"/><output id="o2" name="text" typeRef="string"/>
    <rule id="r1"><inputEntry id="e1"><text>&gt; {above}</text></inputEntry><outputEntry id="e2"><text>"hold"</text></outputEntry>
    <outputEntry id="e3"><text>"large orders are looked at"</text></outputEntry></rule></decisionTable></decision></definitions>"""

    def make(tx):
        create_set(tx, NewSet("CHECKS", "Checks", "order.validation"))
        return draft(tx, "CHECKS", Edit(rows.encode(), tests=()))

    return shop.database.write(make, actor=Actor(somebody(shop), "ann", "api"))


def somebody(shop):
    """Somebody who writes: the login of a new principal."""
    wanted = [NewPrincipal(StaffKind.STAFF, "ann", "Ann", frozenset({"analyst"}))]
    return shop.database.write(lambda tx: create_principals(tx, wanted))[0]


@pytest.mark.parametrize("seed", range(4))
def test_drafts_that_say_what_is_in_force_change_nothing(shop, trying, seed):
    """Whatever the orders: shipped in part, cancelled, changed, held, waiting. The drafts are written anew, word for word."""
    chance = random.Random(seed)
    with psycopg.connect(shop.url, autocommit=True) as owner:
        owner.execute("update credit_node set credit_limit = %s", [chance.choice((150, 400, 100_000))])
        owner.execute("update account set approval_above = %s where code = 'BELA'", [chance.choice((20, 60, None))])
    for _ in range(12):
        lines = [(item, str(chance.randint(1, 25))) for item in chance.sample(["CUP", "TEA", "ENGRAVE", "GIFT"], 2)]
        wish = chance.choice((None, shop.clock() + timedelta(days=chance.randint(1, 9))))
        order = shop.order(*lines, account=chance.choice(("ALMA", "BELA")), requested=wish)
        fate = chance.random()
        if fate < 0.3:
            for shipment in shop.shipments(order):
                shop.ship(shipment)
        elif fate < 0.6:
            shop.database.write(
                lambda tx, order=order: cancel_orders(tx, [CancelRequest(order, "less", (LineWish(1, Decimal(1)),))])
            )
            shop.turn()
        shop.wait(hours=chance.randint(1, 40))

    batch = trying(
        stream={"stream": "order_to_release", "bpmn": diagram("order_to_release").decode()},
        lanes=[{"site": "N", "country": "DE", "cost": "0", "transit_days": 0}, {"site": "S", "country": "DE"}],
        credit=[{"account": "ALMA"}],
        prices=[{"price_list": "BASE", "sku": "CUP", "tiers": [{"from_qty": "1", "price": "3.333"}]}],
    )

    assert batch.tried > 8
    assert batch.findings == []
    assert batch.before == batch.after


def test_an_order_that_cannot_go_on_ends_there(shop, trying):
    """A gateway without a way: in the trial somebody would have to look at it, and the other orders are tried all the same."""
    shop.order(("CUP", "10"))
    shop.order(("CUP", "20"))
    drawn = diagram("order_to_release").decode().replace(' default="free"', "", 1)
    drawn = drawn.replace(
        '<sequenceFlow id="free" name="no" sourceRef="in_the_way" targetRef="confirm"/>',
        '<sequenceFlow id="free" name="no" sourceRef="in_the_way" targetRef="confirm"><conditionExpression '
        'xsi:type="tFormalExpression">reserved_until = "never"</conditionExpression></sequenceFlow>',
        1,
    )

    batch = trying(stream={"stream": "order_to_release", "bpmn": drawn})

    assert len(batch.findings) == 2
    assert of(Kind.END, batch.findings[0]).after == "take"
    assert batch.findings[0].touches == (0, 1)


def test_a_step_with_effects_is_not_tried_but_named(shop, trying, monkeypatch):
    shop.order(("CUP", "10"))
    monkeypatch.setattr(carried, "CARRIED", {})
    monkeypatch.setattr(
        play, "CARRIED", {"orders.confirm": lambda tx, *_: [{}] * tx.run("update sales_order set note = ''")}
    )

    with pytest.raises(Refused) as refused:
        trying(lanes=[{"site": "N", "country": "DE", "cost": "7"}])

    assert [one.code for one in refused.value.problems] == ["trials.step_has_effects"]
