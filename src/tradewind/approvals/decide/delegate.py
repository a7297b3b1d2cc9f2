"""Who speaks for whom: delegations in force, followed through a bounded chain."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from tradewind.approvals import errors
from tradewind.approvals.model import LONGEST_CHAIN, Delegation, Person
from tradewind.kernel.problem import Problem


@dataclass(frozen=True, slots=True)
class Voice:
    """Whose place somebody speaks in: their own (`through` is empty), or one they stand in for, up to the lowest cap on the way."""

    person: Person
    caps: tuple[tuple[Decimal, str], ...] = ()
    through: tuple[UUID, ...] = ()

    def cap_in(self, currency: str) -> Decimal | None:
        """The cap in a currency; one that is kept in another allows nothing."""
        amounts = [amount if kept_in == currency else Decimal(0) for amount, kept_in in self.caps]
        return min(amounts, default=None)


def voices_of(
    person: Person,
    delegations: Iterable[Delegation],
    people: Mapping[UUID, Person],
    *,
    order_id: UUID | None,
    now: datetime,
) -> list[Voice]:
    """The voices of a person: the own first, then of everybody they stand in for, the nearest first. A chain is at most
    `LONGEST_CHAIN` long and never comes back to itself. Somebody who has left has no voice to give."""
    given: dict[UUID, list[Delegation]] = {}
    for one in delegations:
        if one.valid_from <= now < one.valid_to and one.order_id in (None, order_id):
            given.setdefault(one.taker, []).append(one)
    voices, seen = [Voice(person)], {person.id}
    ends = [(person.id, voices[0])]
    for _ in range(LONGEST_CHAIN):
        nexts: list[tuple[UUID, Voice]] = []
        for taker, voice in ends:
            for one in sorted(given.get(taker, ()), key=lambda found: found.id):
                giver = people.get(one.giver)
                if one.giver in seen or giver is None or not giver.active:
                    continue
                seen.add(one.giver)
                cap = () if one.cap is None or one.currency is None else ((one.cap, one.currency),)
                nexts.append((one.giver, Voice(giver, (*voice.caps, *cap), (*voice.through, one.id))))
        voices += [voice for _, voice in nexts]
        ends = nexts
    return voices


def check_delegation(wanted: Delegation, in_force: Sequence[Delegation], *, now: datetime) -> Problem | None:
    """What is wrong with a new delegation: to oneself, over before it begins, a circle, a chain that is too long."""
    if wanted.giver == wanted.taker:
        return errors.delegation_to_oneself("/delegate")
    if wanted.valid_to <= max(wanted.valid_from, now):
        return errors.delegation_over("/valid_to")
    at_once = [
        one
        for one in in_force
        if one.valid_from < wanted.valid_to
        and wanted.valid_from < one.valid_to
        and (one.order_id is None or wanted.order_id is None or one.order_id == wanted.order_id)
    ]
    if _reaches(wanted.taker, wanted.giver, at_once):
        return errors.delegation_circle("/delegate")
    before = _longest(wanted.giver, _by(at_once, "taker"), "giver")
    after = _longest(wanted.taker, _by(at_once, "giver"), "taker")
    if before + 1 + after > LONGEST_CHAIN:
        return errors.delegation_chain(LONGEST_CHAIN, "/delegate")
    return None


def _by(delegations: Iterable[Delegation], end: str) -> dict[UUID, list[Delegation]]:
    found: dict[UUID, list[Delegation]] = {}
    for one in delegations:
        found.setdefault(getattr(one, end), []).append(one)
    return found


def _reaches(start: UUID, goal: UUID, delegations: Sequence[Delegation]) -> bool:
    onward, seen, todo = _by(delegations, "giver"), {start}, [start]
    while todo:
        here = todo.pop()
        if here == goal:
            return True
        for one in onward.get(here, ()):
            if one.taker not in seen:
                seen.add(one.taker)
                todo.append(one.taker)
    return False


def _longest(start: UUID, steps: Mapping[UUID, Sequence[Delegation]], onward: str) -> int:
    """How many delegations lie behind each other from here, as far as the bound."""
    ends, length = {start}, 0
    while length <= LONGEST_CHAIN:
        ends = {getattr(one, onward) for end in ends for one in steps.get(end, ())}
        if not ends:
            break
        length += 1
    return length
