"""Pure decisions of fulfilment: which sites give a delivery group its goods, and what a warehouse's answer does."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from tradewind.fulfilment import errors
from tradewind.fulfilment.model import (
    OUTCOMES,
    AnswerLine,
    Booking,
    Carton,
    LineBooking,
    ReleasedLine,
    WarehouseAnswer,
)
from tradewind.kernel.money import percent_of, plain, read_amount
from tradewind.kernel.problem import Problem
from tradewind.kernel.value import value
from tradewind.semantics.decide.rows.codes import is_sscc
from tradewind.semantics.model import ZERO, Demand, Take


@value(frozen=True, slots=True)
class Lane:
    """A site as one delivery group sees it: what shipping from it costs, how long it takes, and how it is ranked.

    `transit_days` count from the release, the site's `lead_days` among them. Costs are in one currency; a site whose cost has no
    exchange rate to it is not priced, and comes after those that are.
    """

    site_id: UUID
    code: str
    cost: Decimal
    transit_days: int
    rank: int
    lead_days: int = 0
    is_priced: bool = True

    @property
    def key(self) -> tuple[bool, Decimal, int, int, str]:
        return (not self.is_priced, self.cost, self.transit_days, self.rank, self.code)


Strategy = Literal["fewest", "nearest", "cheapest", "one site"]


@value(frozen=True, slots=True)
class SiteChoice:
    """How the sites of demands are chosen, and why. `fewest`: the fewest sites, then cost; `nearest`: the same, by days before
    cost; `cheapest`: each demand from the cheapest sites that have it, however many shipments that makes; `one site`: one, or
    it waits. Sites in `prefer` are asked before others, those in `avoid` after them; codes."""

    strategy: Strategy = "fewest"
    prefer: tuple[str, ...] = ()
    avoid: tuple[str, ...] = ()
    reason: str = ""

    def rank(self, lane: Lane) -> tuple[bool, int]:
        """What comes before cost and cover: sites to avoid last, preferred ones in their order."""
        place = self.prefer.index(lane.code) if lane.code in self.prefer else len(self.prefer)
        return lane.code in self.avoid, place

    def ranked(self, lanes: Iterable[Lane]) -> list[Lane]:
        """The sites, the one to be asked first in front."""
        nearest = self.strategy == "nearest"
        return sorted(lanes, key=lambda lane: (*self.rank(lane), lane.transit_days if nearest else 0, *lane.key))


@value(frozen=True, slots=True)
class Sourcing:
    """What a group gets, from where, why, and what was turned down."""

    takes: tuple[Take, ...]
    short: tuple[Demand, ...]
    reason: str
    turned_down: tuple[str, ...] = ()


class Shelf:
    """What is left of each product at each site while a set of groups is sourced one after the other."""

    __slots__ = ("left",)

    def __init__(self, available: Mapping[tuple[UUID, UUID], Decimal]) -> None:
        self.left: dict[UUID, dict[UUID, Decimal]] = {}
        for (product_id, site_id), qty in available.items():
            self.left.setdefault(site_id, {})[product_id] = qty

    def of_site(self, site_id: UUID) -> dict[UUID, Decimal]:
        """What is left at a site, by product; what is taken there is taken from this."""
        return self.left.setdefault(site_id, {})

    def at(self, product_id: UUID, site_id: UUID) -> Decimal:
        return self.of_site(site_id).get(product_id, ZERO)

    def take(self, product_id: UUID, site_id: UUID, qty: Decimal) -> None:
        self.left[site_id][product_id] -= qty

    def has_any(self, products: Collection[UUID]) -> bool:
        """Whether some site has some of one of these products left."""
        return any(qty > 0 for there in self.left.values() for product, qty in there.items() if product in products)


def source(
    demands: Sequence[Demand],
    lanes: Iterable[Lane],
    shelf: Shelf,
    *,
    split: bool = True,
    choice: SiteChoice | None = None,
) -> Sourcing:
    """Fewest sites first, then cost, then days (FU2): the cheapest site that can fill the group alone, else the cheapest
    sites one after the other, each giving what it has. Takes from `shelf` what it gives. With `split` off a group comes
    from one site or waits. A demand takes nothing from a site that is not among its own. A `choice` ranks sites otherwise.
    """
    ranked = sorted(lanes, key=lambda lane: lane.key) if choice is None else choice.ranked(lanes)
    if not demands:
        return Sourcing((), (), "nothing to source")
    if not ranked:
        return Sourcing((), tuple(demands), "no site ships there")
    need: dict[UUID, Decimal] = {}
    for demand in demands:
        need[demand.product_id] = need.get(demand.product_id, ZERO) + demand.qty
    if choice is not None:
        split = split and choice.strategy != "one site"
        if choice.strategy == "cheapest":
            takes, short = _draw(demands, ranked, shelf)
            given = {take.site_id for take in takes}
            codes = ", ".join(lane.code for lane in ranked if lane.site_id in given) or "none has any of it"
            return Sourcing(takes, short, f"cheapest sites: {codes}")
    turned_down: list[str] = []
    # Only an order that came back from a warehouse has demands that may not come from everywhere.
    barred = {
        (demand.product_id, lane.site_id)
        for demand in demands
        if len(demand.sites) < len(ranked)
        for lane in ranked
        if lane.site_id not in demand.sites
    }
    for lane in ranked:
        there = shelf.of_site(lane.site_id)
        missing = [
            product
            for product, qty in need.items()
            if there.get(product, ZERO) < qty or (barred and (product, lane.site_id) in barred)
        ]
        if not missing:
            return Sourcing(
                _draw(demands, (lane,), shelf)[0],
                (),
                f"{lane.code} has everything at {plain(lane.cost)}",
                tuple(turned_down),
            )
        turned_down.append(f"{lane.code} at {plain(lane.cost)}: {len(missing)} of {len(need)} products short")
    if not split:
        best = _by_cover(ranked, need, shelf, choice)[0]
        takes, short = _draw(demands, (best,), shelf)
        return Sourcing(takes, short, f"{best.code} covers most of it alone", tuple(turned_down))
    takes, short = _draw(demands, _by_cover(ranked, need, shelf, choice), shelf)
    sites = {take.site_id for take in takes}
    used = [lane.code for lane in ranked if lane.site_id in sites]
    reason = (
        f"split over {', '.join(used)}: no site has everything"
        if len(used) > 1
        else (f"{used[0]} has part of it" if used else "no site has any of it")
    )
    return Sourcing(takes, short, reason, tuple(turned_down))


def _covered(need: Mapping[UUID, Decimal], lane: Lane, shelf: Shelf) -> int:
    return sum(1 for product, qty in need.items() if shelf.at(product, lane.site_id) >= qty)


def _by_cover(
    ranked: Sequence[Lane], need: Mapping[UUID, Decimal], shelf: Shelf, choice: SiteChoice | None
) -> list[Lane]:
    """The site that covers the most products whole comes first: that keeps the number of shipments low."""
    if choice is None:
        return sorted(ranked, key=lambda lane: (-_covered(need, lane, shelf), lane.key))
    return sorted(ranked, key=lambda lane: (*choice.rank(lane), -_covered(need, lane, shelf)))


def _draw(
    demands: Sequence[Demand], lanes: Sequence[Lane], shelf: Shelf
) -> tuple[tuple[Take, ...], tuple[Demand, ...]]:
    takes: list[Take] = []
    short: list[Demand] = []
    shelves = [(lane.site_id, shelf.of_site(lane.site_id)) for lane in lanes]
    for demand in demands:
        missing, product = demand.qty, demand.product_id
        for site_id, there in shelves:
            left = there.get(product, ZERO)
            qty = min(missing, left)
            if qty > 0 and site_id in demand.sites:
                there[product] = left - qty
                takes.append(Take(demand.order_id, demand.line_no, product, site_id, qty))
                missing -= qty
            if not missing:
                break
        if missing:
            short.append(Demand(demand.order_id, demand.line_no, product, missing, demand.sites))
    return tuple(takes), tuple(short)


def read_answer(raw: Mapping[str, Any]) -> WarehouseAnswer | list[Problem]:
    """The answer in a message or request: `{"outcome", "lines": [{"line", "shipped", "short", "reason"}], "reason", "tracking",
    "shipped_at", "cartons": [{"sscc", "lines": [{"line", "qty"}]}]}`; quantities as text in base units. Everything that is wrong
    with it, with its place."""
    problems: list[Problem] = []
    outcome = raw.get("outcome")
    if outcome not in OUTCOMES:
        problems.append(errors.unreadable_answer(f"An outcome is one of {', '.join(OUTCOMES)}.", "/outcome"))
    lines: list[AnswerLine] = []
    seen: set[int] = set()
    for place, one in enumerate(raw.get("lines") or ()):
        found = _answer_line(one, f"/lines/{place}")
        if isinstance(found, Problem):
            problems.append(found)
        elif found.line_no in seen:
            problems.append(errors.unreadable_answer(f"Line {found.line_no} is named twice.", f"/lines/{place}"))
        else:
            seen.add(found.line_no)
            lines.append(found)
    shipped_at = _moment(raw.get("shipped_at"))
    if isinstance(shipped_at, Problem):
        problems.append(shipped_at)
    cartons = _cartons(raw.get("cartons") or (), problems)
    if problems:
        return problems
    assert not isinstance(shipped_at, Problem)
    return WarehouseAnswer(
        outcome,  # type: ignore[arg-type]
        tuple(sorted(lines, key=lambda line: line.line_no)),
        raw.get("reason"),
        raw.get("tracking"),
        shipped_at,
        cartons,
    )


def _answer_line(raw: Any, where: str) -> AnswerLine | Problem:
    if not isinstance(raw, Mapping) or isinstance(raw.get("line"), bool) or not isinstance(raw.get("line"), int):
        return errors.unreadable_answer("A line of an answer names its line.", where)
    quantities: list[Decimal | None] = []
    for name in ("shipped", "short"):
        value = raw.get(name)
        qty = None if value is None else read_amount(value, where=f"{where}/{name}")
        if isinstance(qty, Problem):
            return qty
        if qty is not None and qty < 0:
            return errors.unreadable_answer("A quantity is never negative.", f"{where}/{name}")
        quantities.append(qty)
    return AnswerLine(raw["line"], quantities[0], quantities[1], raw.get("reason"))


def _cartons(raw: Sequence[Any], problems: list[Problem]) -> tuple[Carton, ...]:
    """The cartons, by their number; what is wrong with one is added to `problems`."""
    cartons: dict[str, Carton] = {}
    for place, one in enumerate(raw):
        where = f"/cartons/{place}"
        sscc = one.get("sscc") if isinstance(one, Mapping) else None
        if not isinstance(sscc, str) or not is_sscc(sscc):
            problems.append(errors.unreadable_answer("An SSCC is 18 digits, the last of which checks them.", where))
        elif sscc in cartons:
            problems.append(errors.unreadable_answer(f"Carton {sscc} is named twice.", where))
        else:
            inside = _packed(one.get("lines") or (), where, problems)
            cartons[sscc] = Carton(sscc, tuple(sorted(inside.items())))
    return tuple(cartons[sscc] for sscc in sorted(cartons))


def _packed(raw: Sequence[Any], where: str, problems: list[Problem]) -> dict[int, Decimal]:
    inside: dict[int, Decimal] = {}
    if not raw:
        problems.append(errors.unreadable_answer("Nothing is in the carton.", f"{where}/lines"))
    for place, one in enumerate(raw):
        here = f"{where}/lines/{place}"
        line_no = one.get("line") if isinstance(one, Mapping) else None
        if not isinstance(line_no, int) or isinstance(line_no, bool) or line_no in inside:
            problems.append(errors.unreadable_answer("A carton names each line once.", here))
            continue
        qty = read_amount(one.get("qty"), where=f"{here}/qty")
        if isinstance(qty, Problem):
            problems.append(qty)
        elif qty <= 0:
            problems.append(errors.unreadable_answer("Of a line at least something is in a carton.", f"{here}/qty"))
        else:
            inside[line_no] = qty
    return inside


def _moment(value: Any) -> datetime | Problem | None:
    if value is None or isinstance(value, datetime):
        return value
    try:
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return errors.unreadable_answer(f"{value!r} is no time.", "/shipped_at")
    return at if at.tzinfo else errors.unreadable_answer("A time has its zone.", "/shipped_at")


def book(
    lines: Sequence[ReleasedLine], answer: WarehouseAnswer, *, over_percent: Decimal = ZERO
) -> Booking | list[Problem]:
    """Where every released unit goes (FU10): shipped or back to open. Lines that the answer does not name follow its outcome.

    More than was released is accepted within `over_percent` of it. An answer that ships nothing is a refusal.
    """
    said = {one.line_no: one for one in answer.lines}
    problems = [
        errors.unknown_line(line_no, f"/lines/{place}")
        for place, line_no in enumerate(said)
        if line_no not in {line.line_no for line in lines}
    ]
    booked: list[LineBooking] = []
    for line in lines:
        found = _line_booking(line, said.get(line.line_no), answer, over_percent=over_percent)
        if isinstance(found, Problem):
            problems.append(found)
        else:
            booked.append(found)
    problems = problems or _otherwise_packed(booked, answer)
    if problems:
        return problems
    nothing = bool(booked) and not any(one.shipped for one in booked)
    status = "refused" if nothing and answer.outcome == "shipped" else answer.outcome
    return Booking(status, tuple(booked), answer)


def _otherwise_packed(booked: Sequence[LineBooking], answer: WarehouseAnswer) -> list[Problem]:
    if not answer.cartons:
        return []
    packed: dict[int, Decimal] = {}
    for carton in answer.cartons:
        for line_no, qty in carton.lines:
            packed[line_no] = packed.get(line_no, ZERO) + qty
    problems: list[Problem] = []
    for one in booked:
        inside = packed.pop(one.line.line_no, ZERO)
        if inside != one.shipped:
            problems.append(errors.packed_otherwise(one.line.sku, plain(inside), plain(one.shipped), "/cartons"))
    return problems + [errors.unknown_line(line_no, "/cartons") for line_no in packed]


def _line_booking(
    line: ReleasedLine, said: AnswerLine | None, answer: WarehouseAnswer, *, over_percent: Decimal
) -> LineBooking | Problem:
    released = line.qty_released
    reason = said.reason if said and said.reason else answer.reason
    if answer.outcome != "shipped":
        return LineBooking(line, ZERO, released, reason)
    if said is None or (said.shipped is None and said.short is None):
        return LineBooking(line, released, ZERO, reason)
    shipped = said.shipped if said.shipped is not None else max(released - (said.short or ZERO), ZERO)
    short = said.short if said.short is not None else max(released - shipped, ZERO)
    where = f"/lines/{line.line_no}"
    if shipped > released:
        allowed = released + percent_of(released, over_percent)
        if shipped > allowed or short:
            return errors.over_shipped(line.sku, f"{shipped:f}", f"{allowed.normalize():f}", where)
    elif shipped + short != released:
        return errors.does_not_add_up(f"{released.normalize():f}", f"{shipped:f}", f"{short:f}", where)
    return LineBooking(line, shipped, short, reason)
