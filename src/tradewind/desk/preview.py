"""Preview orders: what placing them would give - findings, prices, taxes, credit, sourcing, promise - without any effect.

The same decisions as placing, on a read-only snapshot and without locks; so it is an estimate, and says so.
"""

from collections.abc import Sequence
from uuid import UUID

from tradewind.catalog.model import Product
from tradewind.desk.place import Placed, drop_refused, open_works
from tradewind.desk.resolve import Resolved, Submission, resolve
from tradewind.kernel.tx import Tx
from tradewind.orchestration.commands.steps import Call
from tradewind.orders.decide import blockers
from tradewind.streams import assess, take
from tradewind.streams.order_locks import look_at_shelves
from tradewind.streams.order_work import OrderWorkset


def preview(tx: Tx, submissions: Sequence[Submission]) -> list[Placed]:
    """What would become of each submission. Nothing is written; the transaction is made read-only."""
    tx.run("set transaction read only")
    resolved, products = resolve(tx, submissions)
    return preview_resolved(tx, resolved, products)


def preview_resolved(tx: Tx, resolved: Sequence[Resolved], products: dict[UUID, Product]) -> list[Placed]:
    """`preview` for drafts that were resolved before; nothing is written."""
    answers, works = open_works(tx, resolved, numbered=False)
    if works:
        workset = OrderWorkset({work.id: work for work in works.values()}, products=products, lock_all_sites=True)
        drop_refused(tx, workset, answers, works)
        calls = [Call(work.id, {}) for work in works.values()]
        facts = assess.load(tx, workset, calls, assess.look(tx, workset, calls))
        assess.apply(tx, workset, calls, assess.decide(workset, calls, facts))
        look_at_shelves(tx, workset)
        take.apply(tx, workset, calls, take.decide(workset, calls, take.load(tx, workset, calls, None)))
        for work in works.values():
            if not blockers(work.holds, "confirm"):
                work.confirmed_at = tx.now
            work.status = work.compute_status()
    for place_no, work in works.items():
        answers[place_no] = Placed(work.id, work)
    return [answer or Placed() for answer in answers]
