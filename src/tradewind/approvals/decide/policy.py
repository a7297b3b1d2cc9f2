"""What is wrong with a policy before it may be kept."""

from tradewind.approvals import errors
from tradewind.approvals.decide.inputs import read_condition
from tradewind.approvals.model import BINDS, BUYER_ROLES, LARGEST_SEATS, LARGEST_TIERS, SELLER_ROLES, Seat, Side, Tier
from tradewind.kernel.problem import Problem
from tradewind.semantics.model import TASK_ROLES

_TASKS = frozenset(kind for kinds in TASK_ROLES.values() for kind in kinds)


def check_policy(
    condition: str,
    tiers: tuple[Tier, ...],
    *,
    side: Side,
    currency: str | None,
    binds: tuple[str, ...],
    hours: tuple[int, int | None, int | None],
) -> list[Problem]:
    """Everything wrong with a policy; `hours` are those to its expiry, its reminder and its escalation."""
    found: list[Problem] = []
    read = read_condition(condition)
    if isinstance(read, Problem):
        found.append(read)
    if not 1 <= len(tiers) <= LARGEST_TIERS:
        found.append(errors.tier_count(LARGEST_TIERS))
    for place, tier in enumerate(tiers):
        found += _check_tier(tier, side=side, currency=currency, where=f"/tiers/{place}")
    found += [errors.unknown_bind(name, BINDS) for name in binds if name not in BINDS]
    if any(later is not None and later >= hours[0] for later in hours[1:]):
        found.append(errors.reminder_too_late())
    return found


def _check_tier(tier: Tier, *, side: Side, currency: str | None, where: str) -> list[Problem]:
    found: list[Problem] = []
    seats = [*tier.seats, *tier.fallback]
    if not tier.seats or len(seats) > LARGEST_SEATS or tier.need < 1:
        found.append(errors.seat_count(LARGEST_SEATS, where))
    if all(seat.person for seat in tier.seats) and tier.need > len({seat.person for seat in tier.seats}):
        found.append(errors.too_few_seats(tier.need, where))
    for place, seat in enumerate(seats):
        found += _check_seat(seat, side=side, currency=currency, where=f"{where}/any_of/{place}")
    return found


def _check_seat(seat: Seat, *, side: Side, currency: str | None, where: str) -> list[Problem]:
    found: list[Problem] = []
    if (seat.role is None) == (seat.person is None):
        found.append(errors.seat_names_one(where))
    allowed = _TASKS | (BUYER_ROLES if side == "buyer" else SELLER_ROLES)
    if seat.role is not None and seat.role not in allowed:
        found.append(errors.unknown_role(seat.role, side, where))
    if seat.up_to is not None and currency is None:
        found.append(errors.cap_without_currency(where))
    return found
