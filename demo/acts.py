"""What can happen to an order of the day after it was placed. Each act is done by whoever does it in a real house."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tradewind.access.model import ROLES
from tradewind.desk.approvals import Decision, decide_orders
from tradewind.desk.cancel import CancelRequest, cancel_orders
from tradewind.desk.holds import HoldRelease, release_holds
from tradewind.desk.limits import OverrideGrant, grant_overrides
from tradewind.desk.stock import Receipt, receive_goods
from tradewind.kernel.money import minor_digits
from tradewind.kernel.problem import Problem, Refused

if TYPE_CHECKING:
    from demo.day import Day, Told

Act = Callable[["Day", "Told"], None]
AT_ONCE = 50


def _none_refused(answers: Sequence[Any]) -> None:
    """Nothing of it was refused (results or problems)."""
    problems = [one for one in answers if isinstance(one, Problem)]
    if problems:
        raise Refused(problems)


def _all_taken(results: list[dict[str, Any]]) -> None:
    """Nothing of it was refused (results of many)."""
    wrong = [one["errors"] for one in results if one.get("errors")]
    assert not wrong, wrong


def ship_orders(day: "Day", orders: Sequence[str], **said: Any) -> int:
    """The warehouse answers every shipment it was given for these orders (by number); gives how many there were."""
    waiting = [
        shipment["number"]
        for order in orders
        for shipment in day.must("warehouse", "GET", f"/shipments?order={order}&status=released")["shipments"]
    ]
    for start in range(0, len(waiting), AT_ONCE):
        answers = [{"shipment": number, "outcome": "shipped", **said} for number in waiting[start : start + AT_ONCE]]
        _all_taken(day.must("warehouse", "POST", "/shipment-answers", {"answers": answers})["results"])
    return len(waiting)


def pay_orders(day: "Day", orders: Sequence[str], share: Decimal = Decimal(1)) -> int:
    """A share of what is open of each invoice comes in; gives how many invoices there were."""
    payments = []
    for order in orders:
        for invoice in day.must("accounting", "GET", f"/invoices?order={order}&open_only=true")["invoices"]:
            amount = round(Decimal(invoice["open"]) * share, minor_digits(invoice["currency"]))
            payments.append({
                "account": invoice["account"], "amount": str(amount), "currency": invoice["currency"],
                "reference": invoice["number"], "key": f"demo {invoice['number']} {share}",
            })  # fmt: skip
    if payments:
        _all_taken(day.must("accounting", "POST", "/payments", {"payments": payments})["results"])
    return len(payments)


# ---- acts of one order -------------------------------------------------------------------------------------------


def answer(**said: Any) -> Act:
    """The warehouse answers something."""

    def the_warehouse_answers(day: "Day", told: "Told") -> None:
        assert ship_orders(day, [told.order["number"]], **said), "the warehouse was given nothing"

    return the_warehouse_answers


def ship() -> Act:
    """Everything the warehouse was given leaves the house."""
    return answer()


def pay_part(share: str) -> Act:
    """A share of what is open of each invoice is paid."""

    def money_comes_in(day: "Day", told: "Told") -> None:
        assert pay_orders(day, [told.order["number"]], Decimal(share)), "there is no open invoice"

    return money_comes_in


def pay() -> Act:
    """Every open invoice of the order is paid."""
    return pay_part("1")


def receive(supply: str, sku: str, site: str, qty: str) -> Act:
    """Goods come in that were expected."""

    def goods_come_in(day: "Day", _: "Told") -> None:
        receipt = Receipt(site, sku, Decimal(qty), supply=supply)
        _none_refused(day.do("warehouse", lambda tx: receive_goods(tx, [receipt])))

    return goods_come_in


def cancel() -> Act:
    """The buyer does not want it any more."""

    def the_buyer_cancels(day: "Day", told: "Told") -> None:
        request = CancelRequest(UUID(told.order["id"]), "The project was called off.")
        (answered,) = day.do("sales", lambda tx: cancel_orders(tx, [request]))
        _none_refused(answered.problems)

    return the_buyer_cancels


def give_back(line: int, qty: str) -> Act:
    """Some of it comes back, is put on the shelf, and is credited."""

    def goods_come_back(day: "Day", told: "Told") -> None:
        order, site = told.order, "HAM" if told.order["currency"] == "EUR" else "LDS"
        lines = [{"order": order["number"], "line": line, "qty": qty}]
        wanted = {"account": order["account"], "reason": "one too many", "lines": lines}
        number = day.must("sales", "POST", "/returns", wanted)["number"]
        came = {"lines": [{"line": 1, "qty": qty, "disposition": "restock", "site": site}]}
        day.must("warehouse", "POST", f"/returns/{number}/receive", came)
        credited = day.must("accounting", "POST", f"/returns/{number}/credit", {})
        assert credited["credit_notes"], "no credit note was issued"

    return goods_come_back


def repeat() -> Act:
    """Nothing happens: the order was found, not placed."""

    def it_is_the_same_order(day: "Day", told: "Told") -> None:
        first = next(one for one in day.told if one.story.po == told.story.po)
        assert first.order["id"] == told.order["id"], "it became another order"

    return it_is_the_same_order


def until_free(account: str) -> Act:
    """What the account owes is paid, so that its limit has room again."""

    def the_account_pays(day: "Day", _: "Told") -> None:
        owed = [one.order["number"] for one in day.told if one.order and one.order["account"] == account]
        assert pay_orders(day, owed), "nothing is owed"

    return the_account_pays


def release(kind: str) -> Act:
    """Somebody who may releases the order's open holds of a kind, with a reason; what stands behind them is asked again."""

    def a_hold_is_released(day: "Day", told: "Told") -> None:
        role = {"credit": "credit_desk"}.get(kind, "sales")
        holds = [UUID(one["id"]) for one in told.order["holds"] if one["kind"] == kind]
        assert holds, f"there is no {kind} hold"
        wanted = [HoldRelease(UUID(told.order["id"]), hold, "Talked to the buyer.") for hold in holds]
        permissions = ROLES[role]
        _none_refused(day.do(role, lambda tx: release_holds(tx, wanted, permissions=permissions)))

    return a_hold_is_released


def override(amount: str) -> Act:
    """Sales asks for more credit for an account, for a week; the credit desk grants it. Orders that wait are asked again."""

    def more_credit_is_granted(day: "Day", told: "Told") -> None:
        ((account,),) = day.rows("select account_id from sales_order where id = %s", [told.order["id"]])
        until = day.database.clock() + timedelta(days=7)
        grant = OverrideGrant(
            account, Decimal(amount), "A good customer in a busy week.", until, day.principal("sales")
        )
        _none_refused(day.do("credit_desk", lambda tx: grant_overrides(tx, [grant], roles=["credit_desk"])))

    return more_credit_is_granted


def approve() -> Act:
    """The buyer's own approver lets the order pass."""
    return _decide(approved=True, reason="Within the budget.")


def reject() -> Act:
    """The buyer's own approver does not."""
    return _decide(approved=False, reason="Not this quarter.")


def _decide(*, approved: bool, reason: str) -> Act:
    def the_approver_decides(day: "Day", told: "Told") -> None:
        decision = Decision(UUID(told.order["id"]), approved, reason)
        _none_refused(day.do("approver", lambda tx: decide_orders(tx, [decision], roles=["approver"])))

    return the_approver_decides
