"""Dunning at the desk: policies, what makes it rest, how claims end, and who is to be dunned at all.

Locks: the debtor's process.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from uuid import UUID

from tradewind.accounts.model import Account
from tradewind.accounts.queries import accounts_by_id
from tradewind.billing import errors
from tradewind.billing.commands.dunning import end_claim, end_pause, open_pause, put_policy
from tradewind.billing.decide.dunning import check_policy, policy_for
from tradewind.billing.events import dunning_changed, dunning_policy_put
from tradewind.billing.model import DunningPolicy
from tradewind.billing.queries.dunning import (
    Pause,
    last_version,
    owing_accounts,
    pauses_of,
    policies_in_force,
)
from tradewind.calendars.queries import calendars_by_code
from tradewind.kernel.limits import PAGE
from tradewind.kernel.locks import lock_set
from tradewind.kernel.money import plain
from tradewind.kernel.problem import Problem, Refused
from tradewind.kernel.tx import Reader, Tx
from tradewind.orchestration.commands.messages import Message
from tradewind.orchestration.commands.steps import Start
from tradewind.orchestration.commands.streams import latest_versions
from tradewind.orchestration.commands.turns import start_instances
from tradewind.orchestration.commands.waits import live_instances
from tradewind.orchestration.commands.waking import LOCK_SUBJECTS, wake_waiting
from tradewind.rules.decide.feel import read_expression
from tradewind.streams.dunning import MOVED, STREAM

PAGES = 200  # pages of debtors in one sweep
_FIRST = UUID(int=0)


def store_policy(tx: Tx, wanted: DunningPolicy) -> DunningPolicy:
    """The next version of a policy; it holds from `valid_from`, now at the soonest. Raises `Refused`."""
    problem = check_policy(wanted)
    if problem is None and wanted.account_id is not None and wanted.segment is not None:
        problem = errors.one_scope("/segment")
    if problem is None and wanted.calendar is not None and wanted.calendar not in calendars_by_code(tx):
        problem = errors.unknown_calendar(wanted.calendar, "/calendar")
    if problem is not None:
        raise Refused([problem])
    stored = replace(
        wanted, version=last_version(tx, wanted.code) + 1, valid_from=max(wanted.valid_from, tx.now), ended=False
    )
    put_policy(tx, stored)
    tx.emit(dunning_policy_put(tx.ids.new(), stored))
    return stored


def end_policy(tx: Tx, code: str) -> DunningPolicy:
    """Nothing more is asked for by a policy; what was keeps it. Raises `Refused`."""
    known = policies_in_force(tx).get(code)
    if known is None or known.ended:
        raise Refused([errors.unknown_policy(code)])
    ended = replace(known, version=last_version(tx, code) + 1, valid_from=tx.now, ended=True)
    put_policy(tx, ended)
    tx.emit(dunning_policy_put(tx.ids.new(), ended))
    return ended


@dataclass(frozen=True, slots=True)
class PauseWish:
    """What makes dunning rest: a dispute, a promise to pay by a day, or a person who stops it."""

    account_id: UUID
    kind: str
    reason: str
    invoice_id: UUID | None = None
    until_day: date | None = None
    amount: Decimal | None = None


def pause_dunning(tx: Tx, wish: PauseWish) -> Pause:
    """Let dunning rest for an account, or one of its invoices. Raises `Refused`."""
    if wish.kind == "promise" and (wish.until_day is None or wish.until_day < tx.now.date()):
        raise Refused([errors.promise_without_day("/until")])
    lock_set(tx, [(LOCK_SUBJECTS, [wish.account_id])])
    pause = Pause(
        tx.ids.new(), wish.account_id, wish.invoice_id, wish.kind, wish.until_day, wish.reason, tx.now, None, wish.amount
    )  # fmt: skip
    open_pause(tx, pause)
    payload = {
        "kind": pause.kind,
        "invoice": None if pause.invoice_id is None else str(pause.invoice_id),
        "until": None if pause.until_day is None else pause.until_day.isoformat(),
        "amount": None if pause.amount is None else plain(pause.amount),
        "reason": pause.reason,
    }
    tx.emit(dunning_changed("paused", "dunning_pause", pause.id, pause.account_id, payload))
    _look_again(tx, pause.account_id)
    return pause


def resume_dunning(tx: Tx, account_id: UUID, pause_id: UUID, *, reason: str) -> None:
    """Let dunning go on. Raises `Refused`."""
    lock_set(tx, [(LOCK_SUBJECTS, [account_id])])
    known = pauses_of(tx, [account_id], ended=True).get(account_id, [])
    if all(one.id != pause_id for one in known) or not end_pause(tx, pause_id, reason):
        raise Refused([errors.pause_over()])
    tx.emit(dunning_changed("resumed", "dunning_pause", pause_id, account_id, {"reason": reason}))
    _look_again(tx, account_id)


def _look_again(tx: Tx, account_id: UUID) -> None:
    if account_id in live_instances(tx, STREAM, [account_id]):
        wake_waiting(tx, [Message(MOVED, str(account_id), f"{account_id}:{tx.ids.new()}")])


def settle_claim(tx: Tx, claim_id: UUID, *, account_id: UUID, paid: bool, reason: str) -> Problem | None:
    """Say that a fee or interest was paid, or is waived."""
    status = "paid" if paid else "waived"
    if not end_claim(tx, claim_id, status=status, reason=reason):
        return errors.claim_ended("paid or waived")
    payload = {"status": status, "reason": reason}
    tx.emit(dunning_changed("claim_ended", "dunning_claim", claim_id, account_id, payload))
    return None


def start_dunning(tx: Tx) -> int:
    """Begin the process of everybody who owes something past its due day, has a policy and is not dunned yet; gives how many."""
    policies = list(policies_in_force(tx).values())
    if all(policy.ended for policy in policies):
        return 0
    begun, after = 0, _FIRST
    for _ in range(PAGES):
        page = owing_accounts(tx, after=after, limit=PAGE)
        begun += _start(tx, page, policies)
        if len(page) < PAGE:
            break
        after = page[-1][0]
    return begun


def _start(tx: Tx, page: list[tuple[UUID, str]], policies: list[DunningPolicy]) -> int:
    live = live_instances(tx, STREAM, sorted({account_id for account_id, _ in page}))
    accounts = accounts_by_id(tx, {account_id for account_id, _ in page} - live.keys())
    wanted = dict.fromkeys(
        account_id
        for account_id, currency in page
        if account_id in accounts and _policy(accounts[account_id], policies, currency) is not None
    )
    starts = [Start(STREAM, "account", one, one, {"account": str(one)}) for one in wanted]
    if starts:
        start_instances(tx, starts, versions=latest_versions(tx), expressions=read_expression)
    return len(starts)


def _policy(account: Account, policies: list[DunningPolicy], currency: str) -> DunningPolicy | None:
    return policy_for(policies, ancestors=account.ancestors, segment=account.segment, currency=currency)


def policy_of(reader: Reader, account: Account, currency: str) -> DunningPolicy | None:
    """The policy by which an account is dunned in a currency now."""
    held: Mapping[str, DunningPolicy] = policies_in_force(reader)
    return _policy(account, list(held.values()), currency)
