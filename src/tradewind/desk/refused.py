"""New orders that a published table does not take: known before anything of them is kept, in a preview as in placing."""

from uuid import UUID

from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Tx
from tradewind.orchestration.commands.steps import Call
from tradewind.streams import assess
from tradewind.streams.governed import govern
from tradewind.streams.governed_orders import refusals, refuses
from tradewind.streams.order_work import OrderWorkset

KEPT = "rules.refusing"


def refused_by_rules(tx: Tx, workset: OrderWorkset) -> dict[UUID, tuple[Problem, ...]]:
    """Why tables refuse orders of the set, by order. Only where a table in force can refuse are orders looked at twice."""
    governed = govern(tx, workset)
    if governed is None or not refuses(governed, tx.kept.setdefault(KEPT, {})):
        return {}
    facts = assess.look(tx, workset, [Call(order_id, {}) for order_id in workset.orders])
    found = {work.id: refusals(work, assess.assess(work, facts).findings) for work in workset.orders.values()}
    governed.warned.clear()  # what is placed is asked again
    return {order_id: problems for order_id, problems in found.items() if problems}
