"""Going back: instances whose subject was changed leave where they stand and enter an earlier place of their stream again."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from tradewind.kernel.tx import Tx
from tradewind.orchestration.commands.instances import Running
from tradewind.orchestration.commands.turns import deliver_arrivals, read_instances, value_of
from tradewind.orchestration.decide.play import cancel, jump
from tradewind.orchestration.model import ROOT, ExpressionReader

_LIVE = """
select i.id, i.stream, i.version, i.subject_type, i.subject_id, i.account_id, i.state, i.status
from unnest(%(subjects)s::uuid[]) as w(id)
join stream_instance i on i.subject_id = w.id and i.status in ('running', 'incident') order by i.id
for no key update of i nowait
"""


@dataclass(frozen=True, slots=True)
class Live:
    """The instances of some subjects that are not over, by subject, and the subjects of which one stands in an incident."""

    running: dict[UUID, list[Running]]
    broken: frozenset[UUID]


def live_of(tx: Tx, subjects: Sequence[UUID], expressions: ExpressionReader) -> Live:
    """Read them; the caller holds the rows that were there when it locked the subjects.

    One that began since may be in a crank's hands, which waits for the subject in turn: then the transaction is repeated
    (`LockNotAvailable` is transient) and waits for it in the one order.
    """
    rows = tx.rows(_LIVE, {"subjects": list(subjects)})
    running: dict[UUID, list[Running]] = {}
    for one in read_instances(tx, [row[:7] for row in rows], expressions):
        running.setdefault(one.subject_id, []).append(one)
    return Live(running, frozenset(row[4] for row in rows if row[7] == "incident"))


def go_back(tx: Tx, instances: Sequence[Running], node: str) -> None:
    """Take each instance from wherever it rests, with all it does there, to `node`. What came for it is delivered first: it
    is part of what the steps from there on see."""
    deliver_arrivals(tx, instances)
    for one in instances:
        first, *others = [token.id for token in one.state.tokens if token.scope == ROOT]
        for token in others:
            one.follow(value_of(cancel(one.graph, one.state, now=tx.now, token=token)))
        one.follow(value_of(jump(one.graph, one.state, first, node, now=tx.now)))


def end_instances(tx: Tx, instances: Sequence[Running]) -> None:
    """Let instances end where they rest: another one does what they were for. What came for them is used up."""
    deliver_arrivals(tx, instances)
    for one in instances:
        if one.state.tokens:
            one.follow(value_of(cancel(one.graph, one.state, now=tx.now)))
