"""Orders that a credit hold stops, asked again where headroom, money or a policy changed: oldest first, each at most once.

What fits gets its headroom in this transaction and is woken; what does not fit stays held, and a later smaller one may still
fit, as when orders come. The caller locks what `look_for_held` found together with its own rows.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from tradewind.credit.decide import after, grant
from tradewind.credit.model import Answer, CreditDelta, Need, Node
from tradewind.credit.queries import credit_paths, prepaid_of
from tradewind.kernel.tx import Reader, Tx
from tradewind.orchestration.commands.messages import Message
from tradewind.orchestration.commands.waits import instances_about
from tradewind.orchestration.commands.waking import wake_waiting
from tradewind.orders.decide import blockers
from tradewind.orders.model import Hold
from tradewind.orders.queries import held_for_credit
from tradewind.semantics.model import ZERO
from tradewind.streams.credit_check import (
    BLOCKED,
    HELD_BY_RULE,
    OVER_BECAUSE,
    PREPAY_DUE,
    CreditFacts,
    need_of,
    read_facts,
    settle_credit,
    stop_of,
    stops_of,
    take_credit,
)
from tradewind.streams.credit_part import covered, part_holds
from tradewind.streams.governed import govern
from tradewind.streams.order_work import OrderWork, OrderWorkset, Shelves, read_orders
from tradewind.streams.release import group_key

HELD_AT_ONCE = 500
"""Orders that one payment asks again; who waits longer than these comes first, the others with the next."""
MORE_FITS = "More of it fits into the limit."


@dataclass(frozen=True, slots=True)
class Held:
    """Orders that wait for credit, oldest first, the account of each, their live processes, and the nodes above the accounts."""

    order_ids: tuple[UUID, ...] = ()
    accounts: tuple[UUID, ...] = ()
    instances: tuple[UUID, ...] = ()
    paths: Mapping[UUID, tuple[UUID, ...]] = field(default_factory=dict)

    @property
    def nodes(self) -> set[UUID]:
        return {node for path in self.paths.values() for node in path}

    @property
    def order_paths(self) -> list[tuple[UUID, ...]]:
        """The nodes above each order."""
        return [self.paths.get(one, ()) for one in self.accounts]


@dataclass(slots=True)
class _Asking:
    """What is left to give while order after order is asked."""

    seen: Shelves
    facts: CreditFacts
    messages: list[Message] = field(default_factory=list)
    freed: list[str] = field(default_factory=list)


def look_for_held(reader: Reader, accounts: Iterable[UUID], *, limit: int = HELD_AT_ONCE) -> Held:
    """The orders at or below these accounts that a credit hold stops; looked at without a lock."""
    found = held_for_credit(reader, accounts, limit=limit)
    if not found:
        return Held()
    ids, accounts = tuple(one for one, _ in found), tuple(one for _, one in found)
    return Held(ids, accounts, tuple(instances_about(reader, ids)), credit_paths(reader, accounts))


def free_held(tx: Tx, held: Held, shelves: Shelves) -> tuple[str, ...]:
    """Let go on what can; gives the numbers of these orders. `shelves` holds the locked nodes and what this transaction adds to
    them; all of it is written where any order was held."""
    if not held.order_ids:
        return ()
    workset = read_orders(tx, held.order_ids)
    works = list(workset.orders.values())
    shelves.paths = {**shelves.paths, **held.paths}
    workset.shelves = shelves
    asking = _begin(tx, shelves, works)
    for work in works:
        if work.confirmed_at is None:
            _ask_new(tx, workset, work, asking)
        else:
            _ask_standing(tx, workset, work, asking)
    workset.flush(tx)
    wake_waiting(tx, asking.messages)
    return tuple(asking.freed)


def _begin(tx: Tx, shelves: Shelves, works: Iterable[OrderWork]) -> _Asking:
    nodes = {one: after(node, shelves.credit.get(one)) for one, node in shelves.nodes.items()}
    accounts = {work.account.id for work in works}
    before = {work.account.id for work in works if work.account.prepay_percent}
    seen = Shelves(
        nodes=nodes,
        paths=shelves.paths,
        conduct=stops_of(tx, nodes.values()),
        prepaid=prepaid_of(tx, before) if before else {},
        at=tx.now,
    )
    return _Asking(seen, read_facts(tx, seen, accounts))


def _ask_new(tx: Tx, workset: OrderWorkset, work: OrderWork, asking: _Asking) -> None:
    """An order that is not confirmed: with the headroom it lacked it goes on, unless somebody else stops it, too."""
    path = asking.seen.paths.get(work.account.id, ())
    need = need_of(work, path, asking.seen)
    prepaid = dict(asking.seen.prepaid)
    answer = stop_of(work, need, asking.seen, prepaid) or grant([need], asking.seen.nodes)[0]
    others = [
        hold for hold in blockers(work.holds, "confirm") if hold.code not in OVER_BECAUSE or hold.code == HELD_BY_RULE
    ]
    governed = govern(tx, workset)
    by_rule = governed is not None and governed.has("order.credit")  # its own step asks the tables, too
    if others or by_rule:
        if answer.granted or by_rule:  # its own step takes the headroom, with an end, when it is woken
            asking.messages.append(_cleared(tx, work))
        return
    before = [hold for hold in work.holds if hold.released_at is None]
    add = need.amount if answer.granted else ZERO
    settle_credit(tx, workset, work, answer, add=add, asked=need.amount, facts=asking.facts, seen=asking.seen)
    _say_closed(workset, work, before)
    if answer.granted:
        asking.seen.prepaid = prepaid
        _count(asking, path, add)
        asking.messages.append(_cleared(tx, work))
        asking.freed.append(work.header.number)


def _ask_standing(tx: Tx, workset: OrderWorkset, work: OrderWork, asking: _Asking) -> None:
    """A confirmed order: what stopped its goods is looked at again, and units that were held back go if all of them fit."""
    path = asking.seen.paths.get(work.account.id, ())
    before = [hold for hold in work.holds if hold.released_at is None]
    for hold in before:
        if hold.code in OVER_BECAUSE and _is_over(work, hold, path, asking):
            work.close_hold(hold, OVER_BECAUSE[hold.code], tx.now)
    stopped = any(hold.released_at is None and hold.code in OVER_BECAUSE for hold in work.holds)
    if not stopped and part_holds(work):
        _take_rest(tx, workset, work, path, asking)
    if _say_closed(workset, work, before):
        woken = [
            Message("goods.ready", group_key(work.id, group.group_no), f"credit:{tx.ids.new()}")
            for group in work.groups
            if not blockers(work.holds, "release", group_no=group.group_no, line_no=0)
        ]
        asking.messages += woken
        if woken:
            asking.freed.append(work.header.number)


def _is_over(work: OrderWork, hold: Hold, path: tuple[UUID, ...], asking: _Asking) -> bool:
    seen = asking.seen
    if hold.code == BLOCKED:
        return not any(one in seen.conduct and seen.nodes[one].policy.blocks_release for one in path)
    if hold.code == PREPAY_DUE:
        return seen.prepaid.get(work.account.id, ZERO) >= 0
    need = Decimal((hold.detail or {}).get("detail", {}).get("need", 0) if hold.scope == "group" else 0)
    standing = Need(work.id, path, need, work.header.currency, standing=True)
    return grant([standing], seen.nodes)[0].granted


def _take_rest(tx: Tx, workset: OrderWorkset, work: OrderWork, path: tuple[UUID, ...], asking: _Asking) -> None:
    rest = work.totals.total - covered(work)
    answer: Answer = grant([Need(work.id, path, rest, work.header.currency)], asking.seen.nodes)[0]
    if not answer.granted:
        return
    for hold in part_holds(work):
        work.close_hold(hold, MORE_FITS, tx.now)
    take_credit(workset, work, max(rest, ZERO))
    _count(asking, path, max(rest, ZERO))


def _count(asking: _Asking, path: tuple[UUID, ...], amount: Decimal) -> None:
    nodes: dict[UUID, Node] = asking.seen.nodes
    for one in path:
        nodes[one] = after(nodes[one], CreditDelta(open_orders=amount))


def _cleared(tx: Tx, work: OrderWork) -> Message:
    return Message("order.cleared", str(work.id), f"credit:{tx.ids.new()}")


def _say_closed(workset: OrderWorkset, work: OrderWork, before: Iterable[Hold]) -> bool:
    """Put on the log which holds are over; whether any is."""
    closed = [hold for hold in before if hold.id in work.closing]
    for hold in closed:
        payload = {
            "number": work.header.number,
            "status": work.compute_status(),
            "hold": str(hold.id),
            "kind": hold.kind,
            "code": hold.code,
            "line": hold.line_no,
            "group": hold.group_no,
            "reason": work.closing[hold.id],
        }
        workset.say(work, "order.hold_released", payload)
    return bool(closed)
