"""Steps `orders.confirm` and `orders.release`: the buyer gets the promise, the warehouses get the work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from uuid import UUID

from tradewind.fulfilment.commands import insert_shipments, next_shipment_numbers
from tradewind.fulfilment.model import NewShipment, ShipmentLine
from tradewind.inventory.model import Claim
from tradewind.kernel.deliveries import Delivery, put_deliveries
from tradewind.kernel.tx import Tx
from tradewind.kernel.value import value
from tradewind.orchestration.commands.messages import Message
from tradewind.orchestration.commands.steps import Call, Start, Step
from tradewind.orders.decide import blockers, move
from tradewind.orders.model import Group
from tradewind.purchasing.model import Offer
from tradewind.semantics.model import ZERO
from tradewind.streams.credit_gate import GateFacts, needs_gate, read_gate, settle_gate
from tradewind.streams.credit_part import may_go, without_parts
from tradewind.streams.dates import release_at
from tradewind.streams.drop_ship import answer_by, by_vendor, from_vendors, look_vendors, send_to_vendors
from tradewind.streams.governed import Governed
from tradewind.streams.governed_goods import is_whole, look_shipping, ship_terms, worth_of
from tradewind.streams.order_work import LineWork, OrderWork, OrderWorkset
from tradewind.streams.take import no_decision

ANSWER_WITHIN = timedelta(days=2)  # a warehouse that is silent longer becomes somebody's task
FROM_VENDOR = "comes straight from its maker or dealer"
Vendors = Mapping[tuple[UUID, int], Offer]
NO_VENDORS: Vendors = MappingProxyType({})


def confirm(
    tx: Tx, workset: OrderWorkset, calls: Sequence[Call], outcomes: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """The order is confirmed: said on the log, sent where the buyer wants it, and each group gets its time of release."""
    variables: list[dict[str, Any]] = []
    deliveries: list[Delivery] = []
    for call in calls:
        work = workset.orders[call.subject_id]
        work.confirmed_at = tx.now
        work.touched = True
        payload = {
            "number": work.header.number,
            "status": work.compute_status(),
            "total": str(work.totals.total),
            "currency": work.header.currency,
        }
        # why we source, lend and trust as we do is for the house's log, not for the buyer's system
        workset.say(work, "order.confirmed", {**payload, "decisions": work.decisions})
        if work.account.delivery_url:
            deliveries.append(
                Delivery(
                    f"order.confirmed:{work.id}:{work.version}",
                    work.account.delivery_url,
                    "order.confirmed",
                    work.account.id,
                    "sales_order",
                    work.id,
                    payload,
                )
            )
        variables.append(
            {
                "groups": [
                    {
                        "no": group.group_no,
                        "key": group_key(work.id, group.group_no),
                        "release_at": release_time(workset, work, group, now=tx.now),
                    }
                    for group in work.groups
                ]
            }
        )
    put_deliveries(tx, deliveries)
    return variables


def release_time(workset: OrderWorkset, work: OrderWork, group: Group, *, now: datetime) -> datetime:
    """When a group goes to its warehouses: at once, or so that the slowest lane it uses still meets the requested date."""
    if group.release_at is None:
        return now
    place = (group.ship_to.country, group.ship_to.region)
    if workset.calendars is not None:
        sites = {claim.site_id for one in work.lines_of(group.group_no) for claim in work.claims_of(one.line.line_no)}
        lanes = [lane for lane in workset.shelves.lanes.get(place, ()) if lane.site_id in sites]
        at = release_at(workset.calendars, work, group, lanes)
        if at is not None:
            return max(at, now)
    days = {lane.site_id: lane.transit_days for lane in workset.shelves.lanes.get(place, ())}
    used = [
        days.get(claim.site_id, 0)
        for one in work.lines_of(group.group_no)
        for claim in work.claims_of(one.line.line_no)
    ]
    return max(group.release_at - timedelta(days=max(used, default=0)), now)


def group_key(order_id: UUID, group_no: int) -> str:
    """What messages about a delivery group are addressed to."""
    return f"{order_id}/{group_no}"


@value(frozen=True, slots=True)
class Parcel:
    """What of a group one site ships: claims (or less of them), and services that go along, each with how much of it; or what a
    vendor ships, of which nothing is claimed."""

    site_id: UUID | None
    claims: tuple[Claim, ...]
    services: tuple[tuple[LineWork, Decimal], ...] = ()
    by_vendor: bool = False

    @property
    def source(self) -> str:
        """The bucket its units without a claim come from."""
        return "open" if self.by_vendor else "allocated"


@dataclass(slots=True)
class _Released:
    shipments: list[NewShipment] = field(default_factory=list)
    sent: list[tuple[OrderWork, NewShipment]] = field(default_factory=list)


def load_release(tx: Tx, workset: OrderWorkset, calls: Sequence[Call], looked: Any) -> GateFacts | None:
    """What looking at credit once more needs; nothing for accounts without such a policy."""
    works = workset.of(call.subject_id for call in calls)
    look_shipping(tx, workset, works)
    look_vendors(tx, workset, works)
    return read_gate(tx, works)


def decide_release(workset: OrderWorkset, calls: Sequence[Call], gate: GateFacts | None) -> list[dict[str, Any]]:
    """Which parcels each group can send now, and whether credit lets them go."""
    outcomes: list[dict[str, Any]] = []
    for call in calls:
        work, group_no = workset.orders[call.subject_id], int(call.variables["group"]["no"])
        parcels, passed = parcels_of(work, group_no, ship=work.header.ship_policy, vendors=workset.vendors), None
        if workset.governed is not None:
            parcels = _governed(workset.governed, work, group_no, parcels, workset.vendors)
        if gate is not None and parcels and needs_gate(work):
            passed = gate.ask(workset.shelves, work, _units(parcels))
            parcels = parcels if passed.granted else []
        outcomes.append({"parcels": parcels, "group_no": group_no, "gate": passed})
    return outcomes


def _units(parcels: Sequence[Parcel]) -> dict[int, Decimal]:
    units: dict[int, Decimal] = {}
    for parcel in parcels:
        for line_no, qty in (
            *((claim.line_no, claim.qty) for claim in parcel.claims),
            *((one.line.line_no, qty) for one, qty in parcel.services),
        ):
            units[line_no] = units.get(line_no, ZERO) + qty
    return units


def _governed(
    governed: Governed, work: OrderWork, group_no: int, parcels: list[Parcel], vendors: Vendors
) -> list[Parcel]:
    """The parcels that tables of shipping let go; they are asked of all that could leave if anything might leave alone."""
    could = _units(parcels_of(work, group_no, ship="partial", vendors=vendors))
    terms = ship_terms(governed, work, group_no, could)
    if terms is None:
        return parcels
    parcels = parcels_of(work, group_no, ship=terms.policy, vendors=vendors)
    units = _units(parcels)
    too_little = worth_of(work, units) < terms.minimum and not is_whole(work, group_no, units)
    return [] if too_little else parcels


def parcels_of(work: OrderWork, group_no: int, *, ship: str, vendors: Vendors = NO_VENDORS) -> list[Parcel]:
    """The ship policy at work (FU3): partial sends what is there, line_complete whole lines, ship_complete the whole group.

    Of a line that credit reaches for only in part, no more than that part goes. What a vendor is asked for waits for nothing.
    """
    lines = work.lines_of(group_no)
    if blockers(work.holds, "release", group_no=group_no, line_no=0):
        return []
    stopping = {
        one.line.line_no: blockers(work.holds, "release", group_no=group_no, line_no=one.line.line_no) for one in lines
    }
    waiting = [one for one in lines if one.quantities.open + one.quantities.reserved > 0 or stopping[one.line.line_no]]
    sent: list[Parcel] = []
    if vendors:
        free = [one for one in lines if not stopping[one.line.line_no]]
        coming = from_vendors(vendors, work, free)
        full = [one for one in waiting if one.line.line_no in coming and _is_covered(one, coming[one.line.line_no][1])]
        waiting = [one for one in waiting if one not in full]
        going = [one for one in free if not (ship == "line_complete" and one in waiting)]
        sent = [Parcel(None, (), parts, by_vendor=True) for _, parts in by_vendor(coming, going)]
    if ship == "ship_complete" and waiting:
        return []
    ready = [
        one
        for one in lines
        if one.quantities.allocated > 0
        and not without_parts(stopping[one.line.line_no])
        and not (ship == "line_complete" and one in waiting)
    ]
    numbers = {one.line.line_no for one in ready}
    left = may_go(work) if any(stopping.values()) else {}
    by_site: dict[UUID, list[Claim]] = {}
    for claim in work.open_claims("allocated"):
        if claim.line_no not in numbers:
            continue
        qty = min(claim.qty, left.get(claim.line_no, claim.qty))
        if qty > 0:
            by_site.setdefault(claim.site_id, []).append(claim if qty == claim.qty else replace(claim, qty=qty))
            if claim.line_no in left:
                left[claim.line_no] -= qty
    services = tuple(
        (one, qty)
        for one in ready
        if not one.line.stocked
        and (qty := min(one.quantities.allocated, left.get(one.line.line_no, one.quantities.allocated)))
    )
    parcels = [Parcel(site_id, tuple(claims)) for site_id, claims in by_site.items()]
    if parcels:
        return [Parcel(parcels[0].site_id, parcels[0].claims, services), *parcels[1:], *sent]
    if services or (not work.lines and work.charges):
        return [Parcel(None, (), services), *sent]
    return sent


def _is_covered(one: LineWork, from_vendor: Decimal) -> bool:
    """Whether nothing of a line waits for stock once its vendor is asked."""
    return one.quantities.open + one.quantities.reserved == from_vendor


def release(
    tx: Tx, workset: OrderWorkset, calls: Sequence[Call], outcomes: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Hand the parcels over: claims and units become released, a shipment each, and its stream starts."""
    released = _Released()
    settle_gate(
        tx, workset, [(workset.orders[call.subject_id], one) for call, one in zip(calls, outcomes, strict=True)]
    )
    numbers = iter(next_shipment_numbers(tx, sum(len(outcome["parcels"]) for outcome in outcomes)))
    for call, outcome in zip(calls, outcomes, strict=True):
        work = workset.orders[call.subject_id]
        for parcel in outcome["parcels"]:
            _hand_over(tx, workset, work, parcel, group_no=outcome["group_no"], number=next(numbers), released=released)
    # A shipment refers to order lines; those of a new order are written by the flush, a release never comes in the same turn.
    insert_shipments(tx, released.shipments)
    send_to_vendors(tx, workset, released.sent)
    return [
        {"left": left_to_deliver(workset.orders[call.subject_id], outcome["group_no"])}
        for call, outcome in zip(calls, outcomes, strict=True)
    ]


def left_to_deliver(work: OrderWork, group_no: int) -> bool:
    """Whether units of the group are still to be handed over."""
    return any(
        one.quantities.open + one.quantities.reserved + one.quantities.allocated > ZERO
        for one in work.lines_of(group_no)
    )


def _hand_over(
    tx: Tx, workset: OrderWorkset, work: OrderWork, parcel: Parcel, *, group_no: int, number: str, released: _Released
) -> None:
    lines: list[ShipmentLine] = []
    for claim in parcel.claims:
        one = work.line(claim.line_no)
        one.move(move(one.quantities, claim.qty, source="allocated", target="released"))
        _release_claim(work, claim)
        lines.append(ShipmentLine(len(lines) + 1, claim.line_no, claim.claim_no, claim.qty))
    for one, qty in parcel.services:
        one.move(move(one.quantities, qty, source=parcel.source, target="released"))
        lines.append(ShipmentLine(len(lines) + 1, one.line.line_no, 0, qty))
    shipment = NewShipment(
        tx.ids.new(),
        number,
        work.id,
        group_no,
        work.account.id,
        parcel.site_id,
        work.group(group_no).ship_to,
        FROM_VENDOR if parcel.by_vendor else work.decisions.get("sourcing", {}).get(str(group_no), "allocated stock"),
        tuple(lines),
    )
    released.shipments.append(shipment)
    due = tx.now
    if parcel.by_vendor:
        released.sent.append((work, shipment))
        due = answer_by(workset, work, [one.order_line_no for one in lines], now=tx.now)
    workset.say(
        work,
        "shipment.released",
        {"shipment": number, "group": group_no, "lines": len(lines), "status": work.compute_status()},
        objects=[("shipment", shipment.id, "released")],
    )
    workset.starts.append(
        Start(
            "shipment_to_invoice",
            "shipment",
            shipment.id,
            work.account.id,
            {"shipment": str(shipment.id), "order": str(work.id), "answer_due": due + ANSWER_WITHIN},
        )
    )
    if parcel.site_id is None and not parcel.by_vendor:  # nothing a warehouse would have to do
        workset.messages.append(
            Message("warehouse.answered", str(shipment.id), f"no-warehouse:{shipment.id}", {"outcome": "shipped"})
        )


def _release_claim(work: OrderWork, claim: Claim) -> None:
    """A claim goes to its warehouse; what of it does not go stays behind as a claim of its own."""
    kept = next(one for one in work.claims_of(claim.line_no) if one.claim_no == claim.claim_no)
    work.change_claim(kept, state="released", qty=claim.qty)
    if kept.qty > claim.qty:
        work.add_claim(replace(kept, claim_no=work.next_claim_no(claim.line_no), qty=kept.qty - claim.qty))


CONFIRM = Step(name="orders.confirm", decide=no_decision, apply=confirm)
RELEASE = Step(
    name="orders.release", load=load_release, decide=decide_release, apply=release, locks=frozenset({"credit"})
)
