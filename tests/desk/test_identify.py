"""Lines that nobody could identify: held with suggestions, never lost; a person chooses, and the order goes on."""

from collections.abc import Iterator
from decimal import Decimal
from uuid import UUID

import pytest

from shop import Shop, open_shop
from tradewind.desk.holds import HoldRelease, release_holds
from tradewind.desk.identify import ItemChoice, ItemChosen, choose_items
from tradewind.desk.place import Placed, place
from tradewind.desk.preview import preview
from tradewind.desk.resolve import Submission
from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import SYSTEM
from tradewind.semantics.model import DraftLine, OrderDraft
from tradewind.views.orders import order_json

D = Decimal


@pytest.fixture
def shop(app_url: str) -> Iterator[Shop]:
    one = open_shop(app_url)
    yield one
    one.database.close()


def line(number: int, item: str, qty: str = "1", **more: object) -> DraftLine:
    return DraftLine(number, item, D(qty), **more)  # type: ignore[arg-type]


def placed(shop: Shop, *lines: DraftLine, account: str = "ALMA", **more: object) -> Placed:
    draft = OrderDraft(account, lines, **{"holds_unknown": True, **more})  # type: ignore[arg-type]
    return shop.database.write(lambda tx: place(tx, [Submission(draft, SYSTEM)]))[0]


def chosen(shop: Shop, order: UUID, line_no: int, sku: str, **more: object) -> ItemChosen | Problem:
    choice = ItemChoice(order, line_no, sku, **more)  # type: ignore[arg-type]
    return shop.database.write(lambda tx: choose_items(tx, [choice]))[0]


def reference(shop: Shop, number: str, product: str, *, account: str | None = "alma", kind: str = "customer") -> None:
    shop.database.write(
        lambda tx: tx.run(
            "insert into cross_reference (id, kind, account_id, number, product_id) values (gen_random_uuid(), %s, %s, %s, %s)",
            [kind, account and shop.id[account], number, shop.id[product]],
        )
    )


def holds(shop: Shop, order: UUID) -> list[tuple[object, ...]]:
    return shop.all(
        "select line_no, kind, code, detail->>'suggestion' from order_hold where order_id = %s and released_at is null order by 1",
        [order],
    )


def test_an_unknown_item_of_a_document_is_held_with_the_nearest_numbers_and_the_rest_is_priced(shop: Shop) -> None:
    answer = placed(shop, line(1, "CUP", "2"), line(2, "CUPS", "3"))

    assert answer.work is not None
    assert holds(shop, answer.work.id) == [(2, "data", "catalog.unknown_item", "CUP")]
    assert shop.status(answer.work.id) == "held"
    shown = order_json(answer.work)
    assert [(one["sku"], one["buyer_sku"], one["net"]) for one in shown["lines"]] == [
        ("CUP", None, "6.67"),
        (None, "CUPS", "0.00"),
    ]
    assert [one["code"] for one in shown["findings"]] == ["catalog.unknown_item"]


def test_the_same_line_is_refused_where_somebody_waits_for_the_answer(shop: Shop) -> None:
    answer = placed(shop, line(1, "CUPS"), holds_unknown=False)

    assert [(one.code, one.detail) for one in answer.problems] == [("catalog.unknown_item", {"did_you_mean": ["CUP"]})]
    assert shop.all("select 1 from sales_order") == []


@pytest.mark.parametrize(("policy", "by_document", "is_held"), [("refuse", True, False), ("hold", False, True)])
def test_the_account_says_otherwise(shop: Shop, policy: str, *, by_document: bool, is_held: bool) -> None:
    shop.database.write(lambda tx: tx.run("update account set unknown_items = %s", [policy]))

    answer = placed(shop, line(1, "NOTHING-LIKE-IT"), holds_unknown=by_document)

    assert (answer.order_id is not None) is is_held


def test_choosing_the_item_prices_the_line_takes_stock_and_lets_the_order_go_on(shop: Shop) -> None:
    order = placed(shop, line(1, "OLD CUP", "24"), buyer_po="7").order_id
    assert order

    answer = chosen(shop, order, 1, "CUP")
    shop.turn()

    assert isinstance(answer, ItemChosen)
    assert (answer.line.sku, answer.line.buyer_sku, answer.goes_on) == ("CUP", "OLD CUP", True)
    assert shop.status(order) == "released"
    assert holds(shop, order) == []
    assert shop.one("select net, qty_released, buyer_sku from order_line where order_id = %s", [order]) == (
        D("79.99"),
        24,
        "OLD CUP",
    )
    assert shop.one("select allocated from stock where product_id = %s", [shop.id["cup"]]) == (24,)


def test_an_unknown_unit_is_mended_with_a_unit_of_the_product(shop: Shop) -> None:
    order = placed(shop, line(1, "CUP", "2", uom="CT")).order_id
    assert order
    assert holds(shop, order) == [(1, "data", "catalog.unknown_unit", "CS, EA")]

    assert isinstance(chosen(shop, order, 1, "CUP"), Problem)
    assert isinstance(chosen(shop, order, 1, "cup", uom="CS"), ItemChosen)

    shop.turn()
    assert shop.one("select qty, uom, qty_ordered, factor_num from order_line where order_id = %s", [order]) == (
        2,
        "CS",
        24,
        12,
    )


def test_a_number_of_two_products_waits_for_a_person_at_every_door(shop: Shop) -> None:
    reference(shop, "4711", "cup")
    reference(shop, "4711", "tea")

    answer = placed(shop, line(1, "4711"), holds_unknown=False)

    assert answer.order_id is not None
    assert holds(shop, answer.order_id) == [(1, "data", "catalog.ambiguous_item", "CUP, TEA")]


def test_a_choice_that_is_remembered_holds_at_the_next_order(shop: Shop) -> None:
    order = placed(shop, line(1, "mug 9")).order_id
    assert order
    chosen(shop, order, 1, "CUP", remember=True)

    answer = placed(shop, line(1, "MUG 9"), account="ALMA")

    assert answer.work is not None
    assert [one.line.sku for one in answer.work.lines] == ["CUP"]
    assert (
        placed(shop, line(1, "MUG 9"), account="BELA", holds_unknown=False).problems[0].code == "catalog.unknown_item"
    )


@pytest.mark.parametrize("remember", [True, False])
def test_a_document_that_comes_again_after_its_line_was_mended_is_the_same_order(shop: Shop, *, remember: bool) -> None:
    order = placed(shop, line(1, "CUP", "2"), line(2, "mug", "1"), buyer_po="PO 9").order_id
    assert order
    chosen(shop, order, 2, "CUP", remember=remember)
    shop.turn()

    again = placed(shop, line(1, "CUP", "2"), line(2, "mug", "1"), buyer_po="PO-9")
    other = placed(shop, line(1, "CUP", "2"), line(2, "bug", "1"), buyer_po="PO-9")

    assert (again.order_id, again.duplicate) == (order, True)
    assert other.problems[0].code == "orders.duplicate_po"


def test_releasing_its_hold_by_hand_brings_no_nameless_line_further(shop: Shop) -> None:
    order = placed(shop, line(1, "mug")).order_id
    assert order
    hold = shop.one("select id from order_hold where order_id = %s", [order])[0]

    shop.database.write(
        lambda tx: release_holds(tx, [HoldRelease(order, hold, "so be it")], permissions={"holds.release.data"})
    )
    shop.turn()

    assert shop.status(order) == "held"
    assert holds(shop, order) == [(1, "data", "catalog.unknown_item", None)]


def test_what_is_known_is_not_chosen_again(shop: Shop) -> None:
    order = placed(shop, line(1, "mug")).order_id
    assert order
    chosen(shop, order, 1, "CUP")

    found = [chosen(shop, order, 1, "TEA"), chosen(shop, order, 2, "TEA"), chosen(shop, order, 1, "TEAS")]

    assert [one.code for one in found if isinstance(one, Problem)] == [
        "orders.already_identified", "orders.unknown_line", "orders.already_identified",
    ]  # fmt: skip


def test_a_preview_says_the_same_and_keeps_nothing(shop: Shop) -> None:
    draft = OrderDraft("ALMA", (line(1, "CUPS"),), holds_unknown=True)

    found = shop.database.write(lambda tx: preview(tx, [Submission(draft, SYSTEM)]))[0]

    assert found.work is not None
    assert [one.code for one in found.work.findings] == ["catalog.unknown_item"]
    assert shop.all("select 1 from product where sku = '(unidentified)'") == []


def test_numbers_with_kinds_are_looked_up_as_what_they_are(shop: Shop) -> None:
    reference(shop, "TEA", "cup")  # the buyer calls our cup "TEA"

    mine = placed(shop, line(1, "TEA", ids=(("sku", "TEA"),)))
    theirs = placed(shop, line(1, "TEA", ids=(("customer", "TEA"),)))
    bare = placed(shop, line(1, "TEA"))

    assert [one.work and one.work.lines[0].line.sku for one in (mine, theirs, bare)] == ["TEA", "CUP", "TEA"]


def test_several_numbers_narrow_each_other_down_and_a_contradiction_is_for_a_person(shop: Shop) -> None:
    for product in ("cup", "tea"):
        reference(shop, "4711", product)
    reference(shop, "M-1", "tea", account=None, kind="manufacturer")

    both = placed(shop, line(1, "4711", ids=(("customer", "4711"), ("manufacturer", "M-1"))))
    against = placed(shop, line(1, "x", ids=(("sku", "CUP"), ("manufacturer", "M-1"))))

    assert both.work is not None
    assert both.work.lines[0].line.sku == "TEA"
    assert against.order_id is not None
    assert holds(shop, against.order_id) == [(1, "data", "catalog.ambiguous_item", "CUP, TEA")]


def test_a_trade_number_is_one_in_every_length_and_that_of_a_case_means_cases(shop: Shop) -> None:
    shop.database.write(lambda tx: tx.run("update product set gtin = '4006381333931' where sku = 'CUP'"))
    shop.database.write(lambda tx: tx.run("update product_unit set gtin = '14006381333938' where uom = 'CS'"))

    answer = placed(shop, line(1, "04006381333931"), line(2, "14006381333938", "2"))

    assert answer.work is not None
    assert [(one.line.sku, one.line.uom, one.quantities.ordered) for one in answer.work.lines] == [
        ("CUP", "EA", 1),
        ("CUP", "CS", 24),
    ]
