"""What a credit node minds beside its limit: when it is asked, how its tree pays, what was promised, what the ERP says.

Every change asks the orders below again that credit holds, in the same transaction, oldest first.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from tradewind.credit import errors
from tradewind.credit.commands import insert_promise, set_erp, set_policy
from tradewind.credit.model import Policy
from tradewind.credit.queries import posted_since
from tradewind.desk.limits import lock_limits
from tradewind.kernel.money import LARGEST_AMOUNT, plain
from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Event, Tx
from tradewind.semantics.model import ZERO
from tradewind.streams.held import free_held

LONGEST = 3_650  # days of a horizon or of lateness that is borne


@dataclass(frozen=True, slots=True)
class ErpWord:
    """What the ERP says of the receivables of a tree as of an instant; `balance` None: our own books count again."""

    account_id: UUID
    balance: Decimal | None
    overdue: Decimal | None = None
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class PromiseWish:
    """A buyer's word to pay so much until then."""

    account_id: UUID
    amount: Decimal
    due_at: datetime
    note: str | None = None


def change_policy(tx: Tx, account_id: UUID, policy: Policy, *, reason: str) -> tuple[str, ...] | Problem:
    """Another policy of a node from now on; gives the numbers of the orders that go on because of it."""
    problem = _bad_policy(policy)
    if problem is not None:
        return problem
    shelves, held = lock_limits(tx, {account_id})
    node = shelves.nodes.get(account_id)
    if node is None:
        return errors.unknown_node(str(account_id))
    set_policy(tx, account_id, policy)
    payload = {
        "from": {name: _text(getattr(node.policy, name)) for name in Policy.__slots__},
        "to": {name: _text(getattr(policy, name)) for name in Policy.__slots__},
        "reason": reason,
    }
    tx.emit(Event("credit.policy_changed", "account", account_id, payload, account_id))
    changes = {name: getattr(node, name) for name in type(node).__slots__}
    shelves.nodes = {**shelves.nodes, account_id: type(node)(**{**changes, "policy": policy})}
    return free_held(tx, held, shelves)


def _text(value: object) -> object:
    return plain(value) if isinstance(value, Decimal) else value


def _bad_policy(policy: Policy) -> Problem | None:
    if not (policy.checks_submit or policy.checks_release):
        return errors.bad_policy(
            "A limit is asked when an order comes or when it goes to a warehouse.", "/checks_submit"
        )
    for name in ("horizon_days", "overdue_days"):
        days = getattr(policy, name)
        if days is not None and not 0 <= days <= LONGEST:
            return errors.bad_policy(f"Days are between 0 and {LONGEST}.", f"/{name}")
    if not 0 <= policy.overdue_tolerated < LARGEST_AMOUNT:
        return errors.bad_policy("What is borne is an amount of zero or more.", "/overdue_tolerated")
    return None


def hear_erp(tx: Tx, word: ErpWord) -> tuple[str, ...] | Problem:
    """The ERP's receivables take the place of ours; what we posted after `as_of` counts on top. Gives the orders that go on."""
    shelves, held = lock_limits(tx, {word.account_id})
    node = shelves.nodes.get(word.account_id)
    if node is None:
        return errors.unknown_node(str(word.account_id))
    as_of = word.as_of or tx.now
    if as_of > tx.now:
        return errors.bad_policy("What the ERP says is of the past.", "/as_of")
    own = ZERO
    if word.balance is not None:
        own = node.receivables - node.unapplied - posted_since(tx, node.account_id, as_of)
    overdue = None if word.balance is None else word.overdue
    said = None if word.balance is None else as_of
    set_erp(tx, node.account_id, balance=word.balance, overdue=overdue, as_of=said, own=own)
    payload = {
        "balance": None if word.balance is None else plain(word.balance),
        "overdue": None if overdue is None else plain(overdue),
        "as_of": as_of.isoformat(),
        "own": plain(own),
    }
    tx.emit(Event("credit.erp_heard", "account", node.account_id, payload, node.account_id))
    changes = {name: getattr(node, name) for name in type(node).__slots__}
    heard = {**changes, "erp_balance": word.balance, "erp_overdue": overdue, "erp_own": own}
    shelves.nodes = {**shelves.nodes, node.account_id: type(node)(**heard)}
    return free_held(tx, held, shelves)


def note_promise(tx: Tx, wish: PromiseWish, *, currency: str) -> UUID | Problem:
    """Keep a buyer's word; it is broken where less came in since when its day is over."""
    if not wish.amount.is_finite() or not 0 < wish.amount < LARGEST_AMOUNT:
        return errors.bad_override("A promise is of an amount above zero.", "/amount")
    if wish.due_at <= tx.now:
        return errors.bad_override("A promise is for a day that is yet to come.", "/due_at")
    promise_id = insert_promise(
        tx, wish.account_id, amount=wish.amount, currency=currency, due_at=wish.due_at, note=wish.note
    )
    payload = {
        "promise": str(promise_id),
        "amount": plain(wish.amount),
        "currency": currency,
        "due_at": wish.due_at.isoformat(),
    }
    tx.emit(Event("credit.payment_promised", "account", wish.account_id, payload, wish.account_id))
    return promise_id
