"""The calculator: an order and a list of actions in, effects and an outcome for each action out."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tradewind.orders.decide import actions as wanted
from tradewind.orders.decide import moving, restoring, sizing
from tradewind.orders.decide.actions import VERBS, Action
from tradewind.orders.decide.change import LineState, Meaning, Outcome, Plan, Sheet, reject
from tradewind.orders.decide.restoring import Restoring
from tradewind.orders.errors import not_identified
from tradewind.orders.model import Group

_VERB_OF: dict[type, Callable[[Sheet, Any], Outcome]] = {
    wanted.SetQuantity: sizing.set_quantity,
    wanted.CancelLine: sizing.cancel_line,
    wanted.CancelOrder: sizing.cancel_order,
    wanted.SwapItem: sizing.swap_item,
    wanted.AddLine: sizing.add_line,
    wanted.MoveDate: moving.move_date,
    wanted.MovePlace: moving.move_place,
    wanted.PinSite: moving.pin_site,
    wanted.OverridePrice: moving.override_price,
    wanted.RepriceLine: moving.reprice_line,
    wanted.CorrectPo: moving.correct_po,
    restoring.RestoreQuantity: restoring.restore_quantity,
    restoring.RestorePrice: restoring.restore_price,
    restoring.RestoreGroup: restoring.restore_group,
    restoring.RestorePlace: restoring.restore_place,
    restoring.RestoreSite: restoring.restore_site,
    restoring.RestorePo: restoring.restore_po,
}
_NAMES: Mapping[type, str] = {kind: name for name, kind in VERBS.items()} | {
    restoring.RestoreQuantity: "restore_quantity",
    restoring.RestorePrice: "restore_price",
    restoring.RestoreGroup: "restore_group",
    restoring.RestorePlace: "restore_place",
    restoring.RestoreSite: "restore_site",
    restoring.RestorePo: "restore_po",
}


def verb_of(action: Action | Restoring) -> str:
    """How the action is called."""
    return _NAMES[type(action)]


def plan_change(
    lines: Sequence[LineState], groups: Sequence[Group], actions: Sequence[Action | Restoring], meaning: Meaning
) -> tuple[Plan, Sheet]:
    """Work the actions off one after the other; the sheet is the order as they leave it, before goods and money are asked."""
    sheet = Sheet({one.line.line_no: one for one in lines}, {group.group_no: group for group in groups}, meaning)
    outcomes: list[Outcome] = []
    for place, action in enumerate(actions):
        sheet.place, sheet.where = place, f"/actions/{place}"
        line_no = getattr(action, "line_no", None)
        if line_no in meaning.unclear and not isinstance(action, wanted.CancelLine):
            outcomes.append(reject(not_identified(line_no, f"{sheet.where}/line"), line_no))
        else:
            outcomes.append(_VERB_OF[type(action)](sheet, action))
    return Plan(tuple(sheet.effects), tuple(outcomes)), sheet
