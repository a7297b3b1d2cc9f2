"""Which lines of drafts take goods from blanket orders (BQ2, BQ3): those of a draft that names one, those of one that
comes as a release under the buyer's number of one, and those whose account has one that takes ordinary orders in. How much of it fits is decided later, under the locks.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import UUID

from tradewind.blankets import errors
from tradewind.blankets.decide import release_problem
from tradewind.blankets.model import Blanket, BlanketLine, Calling
from tradewind.blankets.queries import accounts_with_blankets, blankets_named, consuming_lines, lines_of_blankets
from tradewind.catalog.model import Product
from tradewind.kernel.tx import Tx
from tradewind.semantics.model import ZERO
from tradewind.streams.call_offs import agreed_price

if TYPE_CHECKING:
    from tradewind.desk.resolve import Resolved


def call_off_lines(tx: Tx, answers: Sequence["Resolved"], products: Mapping[UUID, Product]) -> None:
    """Say of every draft which of its lines are call-offs, at which price; a problem for each that cannot be. A house without
    blanket orders, and accounts without any, are asked nothing."""
    with_some = accounts_with_blankets(tx)
    asked = [
        one
        for one in answers
        if one.account is not None and (one.account.id in with_some or one.submission.draft.blanket)
    ]
    if not asked:
        return
    named = [one for one in asked if one.submission.draft.blanket is not None]
    if named:
        _name(tx, named, products)
    rest = [one for one in asked if one.submission.draft.blanket is None and not one.problems]
    if rest:
        _consume(tx, rest, products)


def _name(tx: Tx, asked: Sequence["Resolved"], products: Mapping[UUID, Product]) -> None:
    names = [(one.account.id, one.submission.draft.blanket or "") for one in asked if one.account is not None]
    found = blankets_named(tx, names)
    lines = lines_of_blankets(tx, {blanket.id for blanket in found.values()})
    for place, one in enumerate(asked):
        blanket = found.get(place)
        if blanket is None:
            one.problems.append(errors.unknown(names[place][1], "/blanket"))
            continue
        at = one.submission.draft.placed_at or tx.now
        if not blanket.open_at(at):
            one.problems.append(errors.not_open(blanket, at, "/blanket"))
            continue
        by_product = {line.product_id: line for line in lines.get(blanket.id, ())}
        _name_lines(one, blanket, by_product, products, at=at)


def _name_lines(
    answer: "Resolved",
    blanket: Blanket,
    by_product: Mapping[UUID, BlanketLine],
    products: Mapping[UUID, Product],
    *,
    at: datetime,
) -> None:
    index = {line.line_no: place for place, line in enumerate(answer.submission.draft.lines)}
    sums = _sums(answer)
    if answer.account is not None and blanket.currency != answer.account.currency:
        answer.problems.append(errors.unknown(blanket.number, "/blanket"))
    for group in answer.groups:
        code = group.ship_to.code or ""
        if blanket.ship_tos and code not in blanket.ship_tos:
            answer.problems.append(errors.other_place(blanket.number, code, blanket.ship_tos, "/groups"))
    for one in answer.lines:
        if one.line.line_no in answer.unclear:
            continue
        where = f"/lines/{index[one.line.line_no]}"
        line = by_product.get(one.line.product_id)
        if line is None:
            answer.problems.append(errors.not_on_blanket(blanket.number, one.line.sku, f"{where}/item"))
            continue
        if products[line.product_id].status != "active":
            answer.problems.append(errors.not_sold(blanket.number, one.line.sku, f"{where}/item"))
            continue
        problem = release_problem(line, sums[line.product_id], one.line.sku, f"{where}/qty")
        agreed = agreed_price(blanket.number, line, one.line, products[line.product_id], at)
        if problem is not None:
            answer.problems.append(problem)
        elif agreed is None:
            answer.problems.append(errors.no_price(blanket.number, one.line.sku, f"{where}/item"))
        else:
            answer.agreed[one.line.line_no] = agreed
            answer.called[one.line.line_no] = Calling(line, blanket.number, blanket.overflow, since=blanket.priority_at)


def _consume(tx: Tx, asked: Sequence["Resolved"], products: Mapping[UUID, Product]) -> None:
    wanted = {
        (one.account.id, line.line.product_id, _released(one))
        for one in asked if one.account is not None for line in one.lines
    }  # fmt: skip
    found = consuming_lines(tx, wanted) if wanted else {}
    if not found:
        return
    for one in asked:
        assert one.account is not None
        at = one.submission.draft.placed_at or tx.now
        places = {group.group_no: group.ship_to.code or "" for group in one.groups}
        sums, released = _sums(one), _released(one)
        for work in one.lines:
            if work.line.line_no in one.agreed:  # a quote or a standing order said what it costs
                continue
            for blanket, line in found.get((one.account.id, work.line.product_id, released), ()):
                fits = blanket.open_at(at) and blanket.currency == one.account.currency
                fits = fits and (not blanket.ship_tos or places.get(work.line.group_no, "") in blanket.ship_tos)
                fits = fits and release_problem(line, sums[line.product_id], work.line.sku) is None
                product = products[work.line.product_id]
                agreed = (
                    agreed_price(blanket.number, line, work.line, product, at)
                    if fits and product.status == "active"
                    else None
                )
                if agreed is not None:
                    one.agreed[work.line.line_no] = agreed
                    by_itself = released is None or blanket.buyer_po != released
                    one.called[work.line.line_no] = Calling(
                        line, blanket.number, blanket.overflow, by_itself, since=blanket.priority_at
                    )
                    break


def _released(answer: "Resolved") -> str | None:
    """The buyer's number of the blanket order that an order is a release of: it has that number, and one of its own beside it."""
    draft = answer.submission.draft
    return draft.buyer_po if draft.release_no else None


def _sums(answer: "Resolved") -> dict[UUID, Decimal]:
    """How many base units of each product a draft asks for in all."""
    sums: dict[UUID, Decimal] = {}
    for one in answer.lines:
        sums[one.line.product_id] = sums.get(one.line.product_id, ZERO) + one.quantities.ordered
    return sums
