"""Changed orders go back through their stream, and what they say now is written: a statement a table."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from tradewind.catalog.model import UNIDENTIFIED
from tradewind.desk.items import with_unidentified
from tradewind.kernel.tx import Tx
from tradewind.orchestration.commands.instances import Running
from tradewind.orchestration.commands.reenter import Live, end_instances, go_back
from tradewind.orchestration.commands.steps import Start
from tradewind.orchestration.commands.streams import latest_versions
from tradewind.orchestration.commands.turns import begin_instances, finish_turn, run_steps
from tradewind.orders import commands
from tradewind.orders.commands import LineRow
from tradewind.orders.decide import content_hash, normal_po
from tradewind.streams.change import Touched, anchor_prices, promise_again
from tradewind.streams.dates import check_wishes_again
from tradewind.streams.language import read_expression
from tradewind.streams.library import STREAMS
from tradewind.streams.order_work import LineWork, OrderWork, OrderWorkset

STREAM, PLACE = "order_to_release", "again"
Pairs = Sequence[tuple[OrderWork, Touched]]


@dataclass(slots=True)
class Back:
    """The instances that went back, run to their next wait; not stored yet."""

    instances: list[Running] = field(default_factory=list)

    def finish(self, tx: Tx, workset: OrderWorkset) -> None:
        """Write the working copies, the positions, and what both start and send."""
        finish_turn(tx, self.instances, workset, versions=latest_versions(tx), expressions=read_expression)


def reenter(tx: Tx, workset: OrderWorkset, pairs: Pairs, live: Live) -> Back:
    """Assess orders again, by the steps that assess one that has just come: where their process stands it goes back, where it
    is over another begins. What waited for goods of a group ends: the way back comes by every group."""
    for work, touched in pairs:
        work.confirmed_at = None
        work.header = replace(work.header, content_hash=content_of(work))
        touched.demand = True
    ids = [work.id for work, _ in pairs]
    running = [one for order_id in ids for one in live.running.get(order_id, ())]
    main = [one for one in running if one.stream == STREAM]
    others = [one for one in running if one.stream != STREAM]
    end_instances(tx, others)
    go_back(tx, main, PLACE)
    known = {one.subject_id for one in main}
    starts = [
        Start(STREAM, "sales_order", work.id, work.account.id, {"order": str(work.id)})
        for work, _ in pairs
        if work.id not in known
    ]
    fresh = begin_instances(tx, starts, versions=latest_versions(tx), expressions=read_expression) if starts else []
    stream = replace(STREAMS[STREAM], lock=_locked_already)
    run_steps(tx, stream, [*main, *fresh], workset)
    for work, touched in pairs:
        anchor_prices(work, touched)
        promise_again(workset, work, touched.dated, now=tx.now)
        if touched.dated:
            check_wishes_again(tx, workset, work)
    return Back([*main, *fresh, *others])


def _locked_already(tx: Tx, workset: OrderWorkset, needs: frozenset[str]) -> None:
    """The change took every lock that its way back needs."""


def content_of(work: OrderWork) -> bytes:
    """The hash of what the order says now."""
    lines = [one.line for one in work.lines]
    charges = [charge for charge, *_ in work.charges]
    digest = content_hash(work.account.id, work.header.currency, lines=lines, groups=work.groups, charges=charges)
    return with_unidentified(digest, lines) if any(one.product_id == UNIDENTIFIED for one in lines) else digest


def write_structure(tx: Tx, pairs: Pairs) -> None:
    """Groups, lines and headers as they are now, before the units and prices of the working copies are written."""
    lines = [(work, one, touched) for work, touched in pairs for one in work.lines if one.line.line_no in touched.lines]
    new_groups = [
        (work.id, work.account.id, group) for work, touched in pairs for group in work.groups
        if group.group_no in touched.new_groups
    ]  # fmt: skip
    commands.insert_groups(tx, new_groups)
    moved = [(work.id, group) for work, touched in pairs for group in work.groups if group.group_no in touched.groups]
    commands.move_groups(tx, moved)
    commands.insert_lines(tx, [_row(work, one) for work, one, touched in lines if one.line.line_no in touched.added])
    commands.resize_lines(
        tx, [(work.id, one.line) for work, one, touched in lines if one.line.line_no in touched.resized]
    )
    commands.mark_lines(tx, [(work.id, work.account.id, one.mark) for work, one, _ in lines if one.mark is not None])
    commands.correct_pos(
        tx,
        [(work.id, work.header.buyer_po, normal_po(work.header.buyer_po)) for work, touched in pairs if touched.po],
    )
    commands.rehash_orders(tx, [(work.id, _hash(work)) for work, _ in pairs])
    dated = [(work.id, _earliest(work)) for work, touched in pairs if touched.groups or touched.new_groups]
    commands.redate_headers(tx, dated)


def _hash(work: OrderWork) -> bytes:
    """What was cut changes what the order says as far as a change had added it."""
    digest = content_of(work)
    work.header = replace(work.header, content_hash=digest)
    return digest


def _earliest(work: OrderWork) -> object:
    used = {one.line.group_no for one in work.lines if one.line.qty}
    return min((one.requested_at for one in work.groups if one.requested_at and one.group_no in used), default=None)


def _row(work: OrderWork, one: LineWork) -> LineRow:
    return LineRow(
        work.id, work.account.id, one.line, one.quantities, one.price, one.tax, one.promised_at, one.promise_text
    )
