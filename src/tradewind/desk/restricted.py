"""Goods that are refused at the door (VA5): sold to nobody in that country, or to nobody without the licence."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from tradewind.catalog.decide import why_barred
from tradewind.catalog.model import Product
from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Tx
from tradewind.streams.entitle import NOT_SOLD_THERE, look_entitling, restriction_detail
from tradewind.streams.rules_at_hand import house_rules

if TYPE_CHECKING:
    from tradewind.desk.resolve import Resolved


def bar_restricted(tx: Tx, answers: Sequence["Resolved"], products: Mapping[UUID, Product]) -> None:
    """Add a problem for each line of goods whose restriction refuses, where the sender can mend the order on the spot; of a
    document that was handed over such a line is held instead. Nothing is looked at where no restriction refuses."""
    rules = house_rules(tx)
    if rules is None or not rules.refusing or not rules.restricted.keys() & products.keys():
        return
    asked = [answer for answer in answers if answer.account is not None and not answer.submission.draft.holds_unknown]
    buyers = [(answer.account, answer.submission.draft.channel) for answer in asked if answer.account is not None]
    entitling = look_entitling(tx, rules, buyers, products)
    if entitling is None:
        return
    for answer in asked:
        assert answer.account is not None
        draft = answer.submission.draft
        index = {line.line_no: place for place, line in enumerate(draft.lines)}
        countries = {group.group_no: group.ship_to.country for group in answer.groups}
        for one in answer.lines:
            country = countries.get(one.line.group_no, "")
            at = draft.placed_at or tx.now
            for found in entitling.barred(answer.account, one.line.product_id, country=country, at=at):
                if found.restriction.effect == "refuse":
                    where = f"/lines/{index[one.line.line_no]}/item"
                    text = why_barred(found, one.line.sku)
                    answer.problems.append(Problem(NOT_SOLD_THERE, text, where, 409, restriction_detail(found)))
