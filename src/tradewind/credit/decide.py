"""Pure decisions about credit."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from uuid import UUID

from tradewind.credit.model import ZERO, Answer, Need, Node
from tradewind.kernel.money import plain


def grant(needs: Iterable[Need], nodes: Mapping[UUID, Node]) -> list[Answer]:
    """Give headroom in the order asked; a need that does not fit takes nothing, and a later smaller one may still fit.

    An account without a node above it has no limit to keep. A need in another currency than its node is not guessed at.
    """
    taken: dict[UUID, Decimal] = {}
    answers: list[Answer] = []
    for need in needs:
        answer = _check(need, nodes, taken)
        if answer.granted:
            for node_id in need.nodes:
                taken[node_id] = taken.get(node_id, ZERO) + need.amount
        answers.append(answer)
    return answers


def _check(need: Need, nodes: Mapping[UUID, Node], taken: Mapping[UUID, Decimal]) -> Answer:
    if need.amount <= ZERO:
        return Answer(need.order_id, granted=True, reason="nothing more is asked")
    for node_id in need.nodes:
        node = nodes[node_id]
        if node.currency != need.currency:
            return Answer(
                need.order_id,
                granted=False,
                reason=f"the limit is kept in {node.currency}, the order is in {need.currency}",
                short_by=need.amount,
                node=node_id,
            )
        room = node.headroom - taken.get(node_id, ZERO)
        if need.amount > room:
            return Answer(
                need.order_id,
                granted=False,
                reason=f"{plain(need.amount)} {need.currency} asked, {plain(max(room, ZERO))} of {plain(node.limit + node.extra)} free",
                short_by=need.amount - room,
                node=node_id,
            )
    return Answer(need.order_id, granted=True, reason="within the limit" if need.nodes else "no limit is set")
