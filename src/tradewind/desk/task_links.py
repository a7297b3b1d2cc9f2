"""A link to one task for one person (AP8): shows the task with price, stock and credit as they are now, and does it once.

Whoever holds the link acts as the person it was made for and may do nothing but this task. What is done is checked against what
the link showed: where price, stock, credit or the order itself differ by then, nothing is decided and the link stays good.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tradewind.access.model import Caller
from tradewind.access.queries import callers_by_login, hash_of, logins_of
from tradewind.approvals.decide import differences, digest_of
from tradewind.approvals.errors import own_order
from tradewind.approvals.queries.requests import requesters_of
from tradewind.catalog.queries import products_by_id
from tradewind.credit.queries import credit_paths, nodes_of
from tradewind.desk.approval_views import flow_json
from tradewind.desk.approvals import FORM, Decision, decide_orders
from tradewind.inventory.queries import stock_of
from tradewind.kernel.money import plain
from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Actor, Database, Reader, Tx
from tradewind.kernel.value import value
from tradewind.orchestration import errors
from tradewind.orchestration.commands.task_links import Link, MadeLink, link_by, make_link, note_looked, use_link
from tradewind.orchestration.commands.tasks import Completion, Task, complete_tasks, forms_of, tasks_by_id
from tradewind.orchestration.decide.forms import form_json
from tradewind.semantics.model import ZERO, task_roles
from tradewind.streams.change_price import Wanted, prices_today
from tradewind.streams.order_work import OrderWork, read_orders

CHANNEL = "link"
LONGEST = timedelta(days=14)


@value(frozen=True, slots=True)
class Answer:
    """What the person with the link says: for an approval whether it is given and why, else what the form asks. `seen` is the
    digest of what they looked at."""

    seen: str
    outcome: Mapping[str, Any]
    approved: bool | None = None
    reason: str = ""


def make_task_link(tx: Tx, task: Task, login: str, *, expires_at: datetime) -> MadeLink | Problem:
    """A link to an open task for somebody who may do it. Who ordered makes none to the approval: they would see its secret."""
    if task.status != "open":
        return errors.task_over(task.status)
    if not tx.now < expires_at <= tx.now + LONGEST:
        return errors.bad_rule("/expires_at", f"A link lasts at most {LONGEST.days} days.")
    caller = callers_by_login(tx, [login], channel=CHANNEL).get(login)
    if caller is None or not may_do(caller, task):
        return errors.cannot_do(login, task.role, "/login")
    if _asks_for_itself(tx, task, tx.actor.principal_id):
        return own_order()
    return make_link(tx, task, caller.principal.id, expires_at=expires_at, hash_of=hash_of)


def _asks_for_itself(reader: Reader, task: Task, maker: UUID | None) -> bool:
    """Whether who made a link to an approval placed or changed the order: four eyes, whoever the link is for."""
    if task.form != FORM:
        return False
    header = read_orders(reader, [task.subject_id]).orders[task.subject_id].header
    people = {
        header.principal_id,
        header.on_behalf_of,
        *requesters_of(reader, [task.subject_id]).get(task.subject_id, ()),
    }
    return maker is not None and maker in people


def may_do(caller: Caller, task: Task) -> bool:
    """Whether a person holds the task's role and sees what it is about."""
    sees = caller.visible is None or (task.account_id is not None and task.account_id in caller.visible)
    return sees and task.is_for(caller.roles | task_roles(caller.roles)) and "tasks.decide" in caller.permissions


def look(database: Database, token: str) -> dict[str, Any] | Problem:
    """What the link shows now; kept, so that a change until the answer can be told."""

    def shown(tx: Tx) -> dict[str, Any] | Problem:
        found = _opened(tx, token)
        if isinstance(found, Problem):
            return found
        link, task, caller = found
        picture = _picture(tx, task, caller)
        note_looked(tx, link, picture)
        return {
            "task": {"name": task.name, "form": task.form, "opened_at": task.opened_at, "due_at": task.due_at},
            "person": caller.principal.name,
            "expires_at": link.expires_at,
            "picture": picture,
            "form": _form(tx, task),
            "seen": digest_of(picture),
        }

    return database.write(shown, actor=Actor(None, "link", CHANNEL))


def _form(reader: Reader, task: Task) -> dict[str, Any] | None:
    form = forms_of(reader, {task.form} if task.form else ()).get(task.form or "")
    return None if form is None else form_json(form)


def _opened(reader: Reader, token: str) -> tuple[Link, Task, Caller] | Problem:
    """The link with its task and its person, if all three are still what they were."""
    link = link_by(reader, hash_of(token))
    if link is None:
        return errors.link_over("There is no such link.")
    if why := link.over(reader.now):
        return errors.link_over(why)
    task = tasks_by_id(reader, [link.task_id])[link.task_id]
    if task.status != "open":
        return errors.link_over("The task is done.")
    login = logins_of(reader, [link.principal_id])[link.principal_id][0]
    caller = callers_by_login(reader, [login], channel=CHANNEL).get(login)
    if caller is None or not may_do(caller, task):
        return errors.link_over("The task is not for this person any more.")
    if _asks_for_itself(reader, task, link.created_by):
        return errors.link_over("Who made the link changed the order since.")
    return link, task, caller


def answer_link(database: Database, token: str, given: Answer) -> dict[str, Any] | Problem:
    """Do the task in the person's name, if everything is as they saw it. The link is used up only where that is done."""
    opened = database.read(lambda reader: _opened(reader, token))
    if isinstance(opened, Problem):
        return opened
    person = opened[2].principal

    def answered(tx: Tx) -> dict[str, Any] | Problem:
        found = _opened(tx, token)
        if isinstance(found, Problem):
            return found
        link, task, caller = found
        picture = _picture(tx, task, caller)
        if given.seen != digest_of(picture):
            note_looked(tx, link, picture)
            return errors.changed_since(differences(link.picture or {}, picture), digest_of(picture))
        if not use_link(tx, link):
            return errors.link_over("The link was used.")
        return _done(tx, task, caller, given, content=picture.get("hash"))

    try:
        return database.write(lambda tx: _whole(answered(tx)), actor=Actor(person.id, person.name, CHANNEL))
    except _Undone as undone:
        return undone.problem


class _Undone(Exception):  # noqa: N818
    """What was answered cannot be done: nothing of it is kept, the link stays good."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem.code)


def _whole(found: dict[str, Any] | Problem) -> dict[str, Any] | Problem:
    if isinstance(found, Problem) and found.code != "orchestration.changed_since":
        raise _Undone(found)
    return found


def _done(tx: Tx, task: Task, caller: Caller, given: Answer, *, content: str | None) -> dict[str, Any] | Problem:
    roles = caller.roles | task_roles(caller.roles)
    if task.form != FORM:
        (found,) = complete_tasks(tx, [Completion(task.id, dict(given.outcome))], roles=roles)
        return found if isinstance(found, Problem) else {"done": True, "task": task.name}
    if given.approved is None:
        return Problem("approvals.no_decision", "An approval says whether it is given.", "/approved")
    (decided,) = decide_orders(tx, [Decision(task.subject_id, given.approved, given.reason, content)], roles=roles)
    if isinstance(decided, Problem):
        return decided
    return {"done": True, "task": task.name, "approved": decided.approved, "complete": decided.complete,
            "waits_for": list(decided.waits_for), "status": decided.status}  # fmt: skip


def _picture(tx: Tx, task: Task, caller: Caller) -> dict[str, Any]:
    """The order as it is: what approvers see, and beside each line what it would cost now and whether it is there."""
    if task.subject_type != "sales_order":
        return {"subject": {"type": task.subject_type, "id": str(task.subject_id)}}
    flow = flow_json(tx, task.subject_id, caller)
    work = read_orders(tx, [task.subject_id]).orders[task.subject_id]
    return {
        "order": work.header.number,
        "status": work.status,
        "hash": flow["hash"],
        "tiers": [{"name": tier["name"], "state": tier["state"]} for tier in flow["tiers"]],
        "order_as_asked": flow.get("picture"),
        "lines": _lines(tx, work),
        "credit": _credit(tx, work),
    }


def _lines(tx: Tx, work: OrderWork) -> list[dict[str, Any]]:
    products = products_by_id(tx, {one.line.product_id for one in work.lines})
    wanted = [
        Wanted(work.id, place, one.line, one.quantities.ordered - one.quantities.cancelled)
        for place, one in enumerate(work.lines)
        if one.quantities.ordered > one.quantities.cancelled
    ]
    today = prices_today(tx, {work.id: work}, wanted, products)
    free: dict[UUID, Any] = {}
    for row in stock_of(tx, set(products)):
        free[row.product_id] = free.get(row.product_id, ZERO) + row.available
    shown = []
    for one in wanted:
        line, units = work.lines[one.place], work.lines[one.place].quantities
        price = today.get((work.id, one.place))
        held = units.reserved + units.allocated + units.released + units.shipped
        short = (
            max(one.units - held - max(free.get(one.line.product_id, ZERO), ZERO), ZERO) if one.line.stocked else ZERO
        )
        shown.append({
            "line": one.line.line_no, "sku": one.line.sku, "qty": plain(one.line.qty), "uom": one.line.uom,
            "net": plain(line.price.net), "net_today": None if price is None else plain(price.net),
            "held": plain(held), "short_today": plain(short),
        })  # fmt: skip
    return shown


def _credit(reader: Reader, work: OrderWork) -> dict[str, Any]:
    paths = credit_paths(reader, {work.account.id})
    nodes = nodes_of(reader, {node for path in paths.values() for node in path})
    rooms = [node.headroom for node in nodes.values()]
    return {
        "taken": plain(work.credit_taken),
        "enough": not rooms or min(rooms) + work.credit_taken >= work.totals.total,
    }
