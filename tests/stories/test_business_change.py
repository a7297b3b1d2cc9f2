"""A business change from the first draft to the way back, by API only: another approval threshold for one segment, one more step,
another route for one region. Tried on past orders, reviewed by a second person, live at its instant, watched, taken back."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from ruling import House, line, open_house
from shop import open_shop
from tradewind.streams.decision_points import POINTS
from tradewind.streams.library import diagram
from tradewind.trials.jobs import work_next

STREAM = "/streams/order_to_release/versions"
APPROVALS, ROUTES = "trade-approvals", "south-routes"
STOCK = {("cup", "north"): "500", ("cup", "south"): "500"}


@pytest.fixture
def house(owner_url: str) -> Iterator[House]:
    """Alma buys for the trade in the south, Bela at retail in the north; cups are at both sites."""
    shop = open_shop(owner_url, stock=STOCK)
    with psycopg.connect(shop.url, autocommit=True) as owner:
        owner.execute("update account set segment = 'trade', region = 'south' where code = 'ALMA'")
        owner.execute("update account set segment = 'retail', region = 'north' where code = 'BELA'")
    with open_house(shop) as opened:
        yield opened
    shop.database.close()


def sheet(point: str, asks: list[str], says: list[str], *rows: tuple[list[str], list[str]]) -> dict[str, Any]:
    known = {fact.name: fact.type for fact in (*POINTS[point].inputs, *POINTS[point].outputs)}
    return {
        "table": "t1",
        "decision": "answer",
        "hit_policy": "COLLECT",
        "inputs": [{"expression": name, "type": known[name]} for name in asks],
        "outputs": [{"name": name, "type": known[name]} for name in says],
        "rows": [{"id": f"r{no}", "conditions": row[0], "conclusions": row[1]} for no, row in enumerate(rows, 1)],
    }


def drafted(house: House, rule_set: str, rows: dict[str, Any]) -> int:
    made = house.good(house.call("ann", "POST", f"/rule-sets/{rule_set}/versions", json={"rows": rows, "tests": []}))
    house.shop.wait(seconds=1)
    return int(made["versions"][-1]["version"])


def one_step_more() -> str:
    """The shipped stream; papers are checked before an order is confirmed."""
    drawn = diagram("order_to_release").decode()
    confirm, free = (
        '<serviceTask id="confirm"',
        '<sequenceFlow id="free" name="no" sourceRef="in_the_way" targetRef="confirm"/>',
    )
    assert confirm in drawn
    assert free in drawn
    task = '<userTask id="check_papers" name="Check the papers" tw:role="sales" tw:form="papers"/>'
    on = '<sequenceFlow id="checked" sourceRef="check_papers" targetRef="confirm"/>'
    return drawn.replace(confirm, task + confirm, 1).replace(free, free.replace('"confirm"', '"check_papers"') + on, 1)


def tried(house: House, **change: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A trial over all past orders, run by a worker."""
    asked = house.good(house.call("ann", "POST", "/trials", json={"name": "spring", "change": change}), 202)
    assert work_next(house.shop.database)
    trial = house.good(house.call("ann", "GET", f"/trials/{asked['id']}"))
    found = house.good(house.call("ann", "GET", f"/trials/{asked['id']}/findings"))["findings"]
    return trial, list(found)


def sites(house: House, number: str) -> list[str]:
    return [row[0] for row in house.shop.all(
        "select distinct t.code from stock_claim c join site t on t.id = c.site_id join sales_order o on o.id = c.order_id "
        "where o.number = %s and c.state <> 'ended'", [number])]  # fmt: skip


def versions(house: House, number: str) -> int:
    """The version of the stream that the order runs on, or ran on."""
    seen = house.good(house.call("ann", "GET", f"/instances?find={number}&status=all&stream=order_to_release"))
    (one,) = seen["instances"]
    return int(one["version"])


def a_past(house: House) -> dict[str, str]:
    """A threshold of 100 for the trade, and a week of orders under it: their sizes and what became of them."""
    rows = sheet(
        "order.approval", ["order total"], ["tier", "reason"], (["> 100"], ['"credit_desk"', '"more than 100"'])
    )
    body = {"code": APPROVALS, "name": APPROVALS, "point": "order.approval", "scope": {"segment": "trade"}}
    house.good(house.call("sam", "POST", "/rule-sets", json=body))
    body = {"code": ROUTES, "name": ROUTES, "point": "line.sourcing", "scope": {"region": "south"}}
    house.good(house.call("sam", "POST", "/rule-sets", json=body))
    live(house, f"/rule-sets/{APPROVALS}", drafted(house, APPROVALS, rows))
    orders: dict[str, str] = {}
    for account, qty in (("ALMA", "10"), ("ALMA", "30"), ("ALMA", "60"), ("BELA", "30")):
        house.shop.wait(days=1)
        orders[f"{account} {qty}"] = house.place(line("CUP", qty), account=account)["number"]
    return orders


def live(house: House, path: str, version: int, **when: str) -> None:
    """Reviewed by a second person, and published."""
    house.good(house.call("ann", "POST", f"{path}/versions/{version}/submit"))
    assert house.call("ann", "POST", f"{path}/versions/{version}/review").status_code == 403
    house.good(house.call("ben", "POST", f"{path}/versions/{version}/review"))
    house.good(house.call("ann", "POST", f"{path}/versions/{version}/publish", json=when))
    house.shop.wait(seconds=1)


def stream_act(house: House, who: str, version: int, act: str, **more: str) -> None:
    house.good(house.call(who, "POST", f"{STREAM}/{version}/acts", json={"act": act, **more}))
    house.shop.wait(seconds=1)


def test_a_change_goes_from_a_draft_to_live_and_back(house: House) -> None:
    past = a_past(house)
    assert house.order(past["ALMA 30"])["status"] == house.order(past["ALMA 60"])["status"] == "held"
    assert sites(house, past["ALMA 10"]) == ["N"]

    # three drafts, of which nothing is in force
    approvals = drafted(
        house,
        APPROVALS,
        sheet("order.approval", ["order total"], ["tier", "reason"], (["> 200"], ['"credit_desk"', '"more than 200"'])),
    )
    routes = drafted(house, ROUTES, sheet("line.sourcing", ["item"], ["prefer"], (["-"], ['"S"'])))
    stream = int(
        house.good(house.call("ann", "POST", STREAM, json={"name": "Papers", "bpmn": one_step_more()}), 201)["version"]
    )

    # the threshold alone: two orders of the trade, of which one is still too large
    trial, found = tried(house, tables=[{"rule_set": APPROVALS, "version": approvals}])
    assert (trial["orders"], trial["changed"]) == (4, 1)
    assert [one["number"] for one in found] == [past["ALMA 30"]]
    approval = next(one for one in found[0]["differences"] if one["kind"] == "approval")
    assert approval["to"] == ""
    assert (trial["summary"]["before"]["touches"], trial["summary"]["after"]["touches"]) == (2, 1)

    # all three together, as they are to go live
    trial, found = tried(
        house,
        tables=[{"rule_set": APPROVALS, "version": approvals}, {"rule_set": ROUTES, "version": routes}],
        stream={"version": stream},
    )
    kinds = {name: kind["orders"] for name, kind in trial["summary"]["kinds"].items()}
    assert kinds["approval"] == 1
    assert kinds["route"] == 3  # all of the south
    assert kinds["path"] == 4  # everybody's papers are checked
    assert (trial["summary"]["before"]["touches"], trial["summary"]["after"]["touches"]) == (2, 5)
    routed = next(one for one in found[0]["differences"] if one["kind"] == "route")
    assert (routed["from"], routed["to"]) == ("N (1 line)", "S (1 line)")
    assert {row["number"] for row in found} == set(past.values())

    # one recorded order, step by step through the drafts
    walked = house.good(
        house.call(
            "ann",
            "POST",
            "/trials/walk",
            json={
                "order": past["ALMA 10"],
                "change": {"stream": {"version": stream}, "tables": [{"rule_set": ROUTES, "version": routes}]},
            },
        )
    )
    assert [one["node"] for one in walked["stops"]] == ["check_papers"]
    assert walked["steps"][1]["decisions"]["sourcing"]["1"].startswith("S has everything")

    # nothing of all this happened: no order was touched, and the next one goes the old way
    held = house.place(line("CUP", "30"))["number"]
    assert house.order(held)["status"] == "held"

    # a second person looks at each; live tomorrow at eight
    at = (house.shop.clock.at + timedelta(days=1)).isoformat()
    live(house, f"/rule-sets/{APPROVALS}", approvals, valid_from=at)
    live(house, f"/rule-sets/{ROUTES}", routes, valid_from=at)
    stream_act(house, "ann", stream, "submit")
    assert house.call("ann", "POST", f"{STREAM}/{stream}/acts", json={"act": "review"}).status_code == 403
    stream_act(house, "ben", stream, "review")
    stream_act(house, "ann", stream, "publish", effective=at)
    before = house.place(line("CUP", "1"))["number"]
    assert (house.order(before)["status"], versions(house, before)) == ("released", 1)

    # from its instant on
    house.shop.wait(days=1)
    after = house.place(line("CUP", "30"))["number"]
    assert (sites(house, after), versions(house, after)) == (["S"], stream)
    assert house.order(after)["status"] != "held"  # it waits for its papers, and for nobody's approval
    elsewhere = house.place(line("CUP", "30"), account="BELA")["number"]
    assert sites(house, elsewhere) == ["N"]

    # watched: the step has its orders, and what ran before runs on as it began
    monitor = house.good(house.call("ann", "GET", f"{STREAM}/{stream}/monitor"))["elements"]
    assert next(one for one in monitor if one["element"] == "check_papers")["open"] == 2
    assert versions(house, held) == versions(house, past["ALMA 60"]) == 1
    assert house.call("cora", "POST", f"/orders/{held}/approve", json={"reason": "seen"}).status_code == 200
    house.shop.turn()
    assert (house.order(held)["status"], versions(house, held)) == ("released", 1)

    # a trial of what is in force now finds what it did, backwards
    trial, _ = tried(house, stream={"version": 1})
    assert trial["summary"]["kinds"]["path"]["orders"] == trial["orders"]

    # and back: one call each
    house.shop.wait(hours=1)
    for path in (f"/rule-sets/{APPROVALS}", STREAM.removesuffix("/versions")):
        house.good(house.call("ben", "POST", f"{path}/rollback", json={"reason": "too many calls"}))
    house.good(house.call("ben", "POST", f"/rule-sets/{ROUTES}/end", json={"reason": "the bridge is open again"}))
    house.shop.wait(seconds=1)
    again = house.place(line("CUP", "30"))["number"]
    assert (house.order(again)["status"], sites(house, again), versions(house, again)) == ("held", ["N"], 1)
    assert versions(house, after) == stream  # it goes on with its papers


def test_a_threshold_of_risk_is_tried_on_past_orders(house: House) -> None:
    """AP10: what a score would have asked of whom, before anybody is asked."""
    house.publish(
        "order.risk",
        ["order total", "first order"],
        ["points", "reason"],
        (["> 100", "-"], ["40", '"more than 100"']),
        (["-", "true"], ["30", '"never ordered before"']),
    )
    numbers = {
        qty: house.place(line("CUP", qty), account=account)["number"]
        for account, qty in (("ALMA", "10"), ("ALMA", "40"), ("BELA", "30"))
    }
    body = {"code": "by-risk", "name": "by risk", "point": "order.approval"}
    house.good(house.call("sam", "POST", "/rule-sets", json=body))

    def asked_above(points: int) -> dict[str, str]:
        rows = sheet(
            "order.approval", ["risk score"], ["tier", "reason"], ([f"> {points}"], ['"credit_desk"', '"risky"'])
        )
        version = drafted(house, "by-risk", rows)
        _, found = tried(house, tables=[{"rule_set": "by-risk", "version": version}])
        return {
            one["number"]: next(part["reason"] for part in one["differences"] if part["kind"] == "approval")
            for one in found
        }

    assert asked_above(60).keys() == {numbers["30"]}  # a first order, and a large one
    assert asked_above(35).keys() == {numbers["30"], numbers["40"]}
    assert asked_above(20).keys() == set(numbers.values())  # and a small one that was the account's first when it came
    assert asked_above(90) == {}
    assert "risky" in asked_above(60)[numbers["30"]]
