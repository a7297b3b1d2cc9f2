"""Place orders: a whole batch from drafts to confirmed or held, in one transaction, each with its own answer."""

from collections.abc import Sequence
from uuid import UUID

from tradewind.catalog.commands import keep_unidentified
from tradewind.catalog.model import UNIDENTIFIED, Product
from tradewind.desk.items import as_hold, hold_for, with_unidentified
from tradewind.desk.refused import refused_by_rules
from tradewind.desk.resolve import Resolved, Submission, resolve
from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Tx
from tradewind.kernel.value import value
from tradewind.orchestration.commands.steps import Start
from tradewind.orchestration.commands.streams import latest_versions
from tradewind.orchestration.commands.turns import begin_instances, finish_turn, run_steps
from tradewind.orders import errors
from tradewind.orders.commands import next_order_numbers
from tradewind.orders.decide import content_hash, normal_po
from tradewind.orders.model import Charge, Header, Hold
from tradewind.orders.queries import same_purchase_orders
from tradewind.streams.language import read_expression
from tradewind.streams.library import STREAMS
from tradewind.streams.order_work import NO_TAX, OrderWork, OrderWorkset

BusinessKey = tuple[UUID, str | None, str, int]


@value(frozen=True, slots=True)
class Placed:
    """What became of one submission: an order (new, or the one it repeats), or problems."""

    order_id: UUID | None = None
    work: OrderWork | None = None
    duplicate: bool = False
    problems: tuple[Problem, ...] = ()


def place(tx: Tx, submissions: Sequence[Submission], *, lock_all_sites: bool = False) -> list[Placed]:
    """Place every submission that can be placed; a problem for each that cannot.

    Orders run to their next wait in this transaction: priced, taxed, credit and stock taken, confirmed or held. Raises
    `StockMoved` where the batch must be repeated with `lock_all_sites`; a repeated buyer's order number that another
    transaction placed at the same moment breaks a unique index, and the caller repeats the batch item by item.
    """
    resolved, products = resolve(tx, submissions)
    return place_resolved(tx, resolved, products, lock_all_sites=lock_all_sites)


def place_resolved(
    tx: Tx, resolved: Sequence[Resolved], products: dict[UUID, Product], *, lock_all_sites: bool = False
) -> list[Placed]:
    """`place` for drafts that were resolved before, for doors that look at what is wrong with lines first."""
    answers, opened = open_works(tx, resolved)
    works = list(opened.values())
    if works:
        if UNIDENTIFIED in products:
            keep_unidentified(tx)
        workset = OrderWorkset({work.id: work for work in works}, products=products, lock_all_sites=lock_all_sites)
        works = drop_refused(tx, workset, answers, opened)
        if works:
            _receive(workset, works)
            _run(tx, workset, works)
        else:
            workset.flush(tx)
    for place_no, work in opened.items():
        answers[place_no] = Placed(work.id, work)
    return [answer or Placed() for answer in answers]


def drop_refused(
    tx: Tx, workset: OrderWorkset, answers: list[Placed | None], opened: dict[int, OrderWork]
) -> list[OrderWork]:
    """Take the orders that published tables refuse out of the set, their reasons as answers; gives those that are left.

    A repeat of a refused order in the same batch is refused alike."""
    refused = {one: Placed(problems=problems) for one, problems in refused_by_rules(tx, workset).items()}
    for place_no, work in list(opened.items()) if refused else ():
        if work.id in refused:
            answers[place_no] = refused[work.id]
            del opened[place_no], workset.orders[work.id]
    for place_no, answer in enumerate(answers) if refused else ():
        if answer is not None and answer.duplicate and answer.order_id in refused:
            answers[place_no] = refused[answer.order_id]
    return list(opened.values())


def open_works(
    tx: Tx, resolved: Sequence[Resolved], *, numbered: bool = True
) -> tuple[list[Placed | None], dict[int, OrderWork]]:
    """Answers for what is no new order (problems, repeats, conflicts by the account's policy), and new orders for the rest.

    Both by place. Without `numbered` no order number is used up.
    """
    answers = [Placed(problems=tuple(one.problems)) if one.problems else None for one in resolved]
    works: dict[int, OrderWork] = {}
    wanted = [place_no for place_no, answer in enumerate(answers) if answer is None]
    keys = {place_no: _business_key(resolved[place_no]) for place_no in wanted}
    known = same_purchase_orders(tx, [keys[place_no] for place_no in wanted])
    live = {keys[wanted[index]]: found for index, found in known.items()}
    numbers = iter(next_order_numbers(tx, len(wanted)) if numbered else [""] * len(wanted))
    for place_no in wanted:
        work = _open_work(tx, resolved[place_no], number=resolved[place_no].submission.draft.number or next(numbers))
        key = keys[place_no]
        if key[1] is not None and key in live:
            answer = _same_po(tx, work, live[key])
            if answer is not None:
                answers[place_no] = answer
                continue
            key = (key[0], key[1], key[2], work.header.duplicate_no)
        live[key] = (work.id, work.header.number, work.header.content_hash, "new", None)
        works[place_no] = work
    return answers, works


def _business_key(one: Resolved) -> BusinessKey:
    assert one.account is not None
    draft = one.submission.draft
    return (one.account.id, normal_po(draft.buyer_po), draft.release_no, draft.duplicate_no)


def _open_work(tx: Tx, one: Resolved, *, number: str) -> OrderWork:
    draft, account = one.submission.draft, one.account
    assert account is not None
    charges = [
        Charge(index, charge.code, charge.description or charge.code, charge.amount, charge.tax_class, charge.group_no)
        for index, charge in enumerate(draft.charges, 1)
    ]
    placed_at = draft.placed_at or tx.now
    digest = content_hash(
        account.id,
        draft.currency or account.currency,
        lines=[line.line for line in one.lines],
        groups=one.groups,
        charges=charges,
    )
    if one.unclear:
        digest = with_unidentified(digest, [line.line for line in one.lines])
    requested = [group.requested_at for group in one.groups if group.requested_at]
    header = Header(
        id=one.submission.order_id or tx.ids.new(),
        number=number,
        account_id=account.id,
        legal_entity_id=account.legal_entity_id,
        channel=draft.channel,
        buyer_po=draft.buyer_po,
        release_no=draft.release_no,
        duplicate_no=draft.duplicate_no,
        content_hash=digest,
        currency=draft.currency or account.currency,
        placed_at=placed_at,
        price_at=placed_at,
        requested_at=min(requested) if requested else None,
        terms_code=account.terms_code,
        ship_policy=draft.ship_policy or account.ship_policy,
        price_policy=account.price_policy,
        tax_rounding=account.tax_rounding,
        priority=account.priority,
        document_id=one.submission.document_id,
        principal_id=one.submission.actor.principal_id,
        on_behalf_of=one.submission.actor.on_behalf_of,
        note=draft.note,
    )
    work = OrderWork(
        header,
        account,
        one.lines,
        one.groups,
        [(charge, NO_TAX) for charge in charges],
        fresh=True,
        actor=one.submission.actor,
    )
    work.agreed, work.called = one.agreed, one.called
    for line_no, problem in one.unclear.items():
        work.open_hold(as_hold(problem, line_no, hold_id=tx.ids.new(), now=tx.now))
    for finding in one.submission.findings:
        work.open_hold(hold_for(finding, hold_id=tx.ids.new(), now=tx.now))
    return work


def _same_po(tx: Tx, work: OrderWork, known: tuple[UUID, str, bytes, str, bytes | None]) -> Placed | None:
    """X2: the same order again is linked; another one under the same number is refused, held or allowed by policy."""
    order_id, number, digest, _, received = known
    if work.header.content_hash in (digest, received):
        return Placed(order_id, duplicate=True)
    if work.account.duplicate_po == "refuse":
        return Placed(problems=(errors.duplicate_po(number, work.header.buyer_po or ""),))
    # Which repeat it is has no meaning of its own; the id's random tail keeps parallel repeats apart.
    work.header = _repeat(work.header, 1 + work.header.id.int % 2_000_000_000)
    if work.account.duplicate_po == "hold":
        problem = errors.duplicate_po(number, work.header.buyer_po or "")
        work.open_hold(
            Hold(
                tx.ids.new(),
                "order",
                "data",
                "orders.duplicate_po_held",
                problem.message,
                tx.now,
                detail={"order": number},
            )
        )
    return None


def _repeat(header: Header, duplicate_no: int) -> Header:
    values = {name: getattr(header, name) for name in Header.__slots__}
    return Header(**{**values, "duplicate_no": duplicate_no})


def _receive(workset: OrderWorkset, works: Sequence[OrderWork]) -> None:
    for work in works:
        workset.say(
            work,
            "order.received",
            {
                "number": work.header.number,
                "buyer_po": work.header.buyer_po,
                "channel": work.header.channel,
                "lines": len(work.lines),
                "placed_at": work.header.placed_at.isoformat(),
                "status": "waiting",
            },
        )


def _run(tx: Tx, workset: OrderWorkset, works: Sequence[OrderWork]) -> None:
    stream = STREAMS["order_to_release"]
    versions = latest_versions(tx)
    starts = [Start(stream.code, "sales_order", work.id, work.account.id, {"order": str(work.id)}) for work in works]
    instances = begin_instances(tx, starts, versions=versions, expressions=read_expression)
    run_steps(tx, stream, instances, workset)
    finish_turn(tx, instances, workset, versions=versions, expressions=read_expression)
