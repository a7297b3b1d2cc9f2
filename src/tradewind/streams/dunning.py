"""The step of dunning: what an account owes past its due day is asked for, level by level.

The process is about the account, not about an invoice: whoever owes ten invoices gets one letter. It looks on the days that the
policy's calendar is open, and ends when nothing is owed past its due day any more; by then interest was claimed to the last day.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from tradewind.accounts.model import Account
from tradewind.accounts.queries import accounts_by_id
from tradewind.billing.commands.dunning import NewNotice, next_notice_numbers, write_notices
from tradewind.billing.decide.dunning import Dunned, Paused, dun, grouped, policy_for
from tradewind.billing.events import dunning_claimed, dunning_noticed
from tradewind.billing.model import DunningPolicy, Overdue
from tradewind.billing.queries import LOCK_INVOICES, zones_of
from tradewind.billing.queries.dunning import Pause, languages_of, overdue_of, pauses_of, policies_in_force
from tradewind.calendars.decide import hours_on, instant, local_day
from tradewind.calendars.model import Calendar, Hours, every_day
from tradewind.calendars.queries import calendars_by_code
from tradewind.credit.queries import promised_until
from tradewind.kernel.deliveries import Delivery, put_deliveries
from tradewind.kernel.locks import lock_set
from tradewind.kernel.money import ZERO, plain
from tradewind.kernel.tx import Tx
from tradewind.orchestration.commands.messages import Message
from tradewind.orchestration.commands.steps import Call, Start, Step
from tradewind.orders.queries import holds_of

STREAM = "dunning"
MOVED = "dunning.moved"
OFFICE = time(8)  # when notices go out on a day whose hours nobody keeps


@dataclass(slots=True)
class DunningWorkset:
    """The debtors of a turn with what they owe past its due day, locked."""

    accounts: Mapping[UUID, Account]
    items: dict[UUID, list[Overdue]]
    notices: list[NewNotice] = field(default_factory=list)
    starts: list[Start] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)

    def widen(self) -> None:
        """The invoices are all there is to lock."""

    def flush(self, tx: Tx) -> None:
        """Write the notices and claims, tell the log, and put out what leaves the house."""
        if not self.notices:
            return
        late = write_notices(tx, self.notices)
        said = [one for one in self.notices if one.dunned.lines]
        for one in said:
            tx.emit(dunning_noticed(one.account_id, one.id, _text(one), dict.fromkeys(_invoices(one))))
        for claim_id, account_id, charge in late:
            payload = {
                "invoice": charge.item.number,
                "part": charge.item.part_no,
                "amount": plain(charge.amount),
                "currency": charge.item.currency,
            }
            tx.emit(dunning_claimed(account_id, claim_id, charge.item.invoice_id, payload))
        put_deliveries(tx, [_delivery(one, url) for one in said if (url := self.accounts[one.account_id].delivery_url)])
        self.notices.clear()


def _invoices(notice: NewNotice) -> list[UUID]:
    return [line.item.invoice_id for line in notice.dunned.lines]


def _text(notice: NewNotice) -> dict[str, Any]:
    """What a notice asks for, as the log and the debtor's system are told."""
    interest = {(one.item.invoice_id, one.item.part_no): one.amount for one in notice.dunned.charges}
    return {
        "number": notice.number,
        "level": notice.dunned.level,
        "policy": notice.policy.code,
        "policy_version": notice.policy.version,
        "language": notice.language,
        "day": notice.day.isoformat(),
        "currency": notice.policy.currency,
        "open": plain(notice.open_total),
        "fee": plain(notice.dunned.fee),
        "interest": plain(notice.interest),
        "total": plain(notice.total),
        "lines": [
            {
                "invoice": line.item.number,
                "part": line.item.part_no,
                "level": line.level,
                "due": line.item.due_day.isoformat(),
                "open": plain(line.item.open),
                "interest": plain(interest.get((line.item.invoice_id, line.item.part_no), ZERO)),
            }
            for line in notice.dunned.lines
        ],
    }


def _delivery(notice: NewNotice, url: str) -> Delivery:
    key = f"dunning.noticed:{notice.id}"
    return Delivery(key, url, "dunning.noticed", notice.account_id, "dunning_notice", notice.id, _text(notice))


def open_debtors(tx: Tx, account_ids: Sequence[UUID]) -> DunningWorkset:
    """Lock the invoices these accounts owe past their due day, by id, and read them."""
    seen = overdue_of(tx, account_ids)
    lock_set(tx, [(LOCK_INVOICES, {item.invoice_id for items in seen.values() for item in items})])
    return DunningWorkset(accounts_by_id(tx, account_ids), overdue_of(tx, account_ids))


def lock_nothing(tx: Tx, workset: DunningWorkset, needs: frozenset[str]) -> None:
    """Nothing beyond the invoices."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What decides about dunning, read under the locks of the invoices."""

    now: datetime
    policies: Sequence[DunningPolicy]
    calendars: Mapping[str, Calendar]
    zones: Mapping[UUID, ZoneInfo]
    languages: Mapping[UUID, tuple[str, str]]
    disputed: frozenset[UUID]
    pauses: Mapping[UUID, Sequence[Pause]]
    promises: Mapping[tuple[UUID, str], datetime]

    def calendar(self, policy: DunningPolicy, entity_id: UUID) -> Calendar:
        """The calendar on whose days notices go out: the policy's, else every day where the company that writes is at home."""
        return self.calendars.get(policy.calendar or "") or every_day(self.zones[entity_id].key)

    def paused(self, calendar: Calendar, day: date) -> Paused:
        """What rests on a day, and until which: disputes, promises to pay whose day is not over, and what a person stopped."""

        def rests(item: Overdue) -> tuple[bool, date | None]:
            days: list[date | None] = [None] if item.order_id in self.disputed else []
            days += [
                one.until_day
                for one in self.pauses.get(item.account_id, ())
                if one.invoice_id in (None, item.invoice_id) and (one.until_day is None or one.until_day >= day)
            ]
            promised = self.promises.get((item.account_id, item.currency))
            days += [local_day(calendar, promised)] if promised is not None else []
            known = [one for one in days if one is not None]
            return bool(days), max(known) if known and len(known) == len(days) else None

        return rests


def load_ask(tx: Tx, workset: DunningWorkset, calls: Sequence[Call], looked: Any) -> Facts:
    """Policies, calendars, and what makes dunning rest."""
    items = [item for owed in workset.items.values() for item in owed]
    holds = holds_of(tx, sorted({item.order_id for item in items}))
    disputed = {order_id for order_id, found in holds.items() if any(hold.kind == "dispute" for hold in found)}
    policies = list(policies_in_force(tx).values())
    return Facts(
        now=tx.now,
        policies=policies,
        calendars=calendars_by_code(tx) if any(policy.calendar for policy in policies) else {},
        zones=zones_of(tx, {item.legal_entity_id for item in items}),
        languages=languages_of(tx, workset.items),
        disputed=frozenset(disputed),
        pauses=pauses_of(tx, workset.items),
        promises=promised_until(tx, workset.items),
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """What was decided for one debtor in one currency."""

    policy: DunningPolicy
    entity_id: UUID
    day: date
    dunned: Dunned
    next_at: datetime | None


def decide_ask(workset: DunningWorkset, calls: Sequence[Call], facts: Facts) -> list[dict[str, Any]]:
    """For every debtor what goes out now, and when to look again."""
    return [{"asked": _ask(workset, call.subject_id, facts), "languages": facts.languages} for call in calls]


def _ask(workset: DunningWorkset, account_id: UUID, facts: Facts) -> list[Asked]:
    account = workset.accounts[account_id]
    found: list[Asked] = []
    for (entity_id, currency), items in grouped(workset.items.get(account_id, ())).items():
        policy = policy_for(facts.policies, ancestors=account.ancestors, segment=account.segment, currency=currency)
        if policy is None:
            continue
        calendar = facts.calendar(policy, entity_id)
        day = local_day(calendar, facts.now)
        dunned = dun(
            policy,
            items,
            day,
            paused=facts.paused(calendar, day),
            is_open=lambda one, calendar=calendar: hours_on(calendar, one) is not None,  # type: ignore[misc]
        )
        found.append(Asked(policy, entity_id, day, dunned, _opens(calendar, dunned.next_day)))
    return found


def _opens(calendar: Calendar, day: date | None) -> datetime | None:
    if day is None:
        return None
    hours: Hours | None = hours_on(calendar, day)
    return instant(calendar, day, hours[0] if calendar.code and hours else OFFICE)


def apply_ask(
    tx: Tx, workset: DunningWorkset, calls: Sequence[Call], outcomes: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Keep the notices; say whether anything is owed, at which level, and when to look again."""
    pairs = [(call.subject_id, outcome) for call, outcome in zip(calls, outcomes, strict=True)]
    count = sum(bool(one.dunned.lines) for _, outcome in pairs for one in outcome["asked"])
    numbers = iter(next_notice_numbers(tx, count))
    answers: list[dict[str, Any]] = []
    for account_id, outcome in pairs:
        asked: list[Asked] = outcome["asked"]
        for one in asked:
            if one.dunned.lines or one.dunned.charges:
                workset.notices.append(_notice(tx, account_id, one, numbers, outcome["languages"][account_id][0]))
        again = [one.next_at for one in asked if one.next_at is not None]
        answers.append(
            {
                "owing": bool(again),
                "level": max((one.dunned.level for one in asked), default=0),
                "dun_at": min(again).astimezone(UTC) if again else None,
            }
        )
    return answers


def _notice(tx: Tx, account_id: UUID, one: Asked, numbers: Any, language: str) -> NewNotice:
    number = next(numbers) if one.dunned.lines else ""
    spoken = one.policy.language or language
    return NewNotice(tx.ids.new(), number, account_id, one.entity_id, one.policy, spoken, one.day, one.dunned)


ASK = Step(name="dunning.ask", load=load_ask, decide=decide_ask, apply=apply_ask)
