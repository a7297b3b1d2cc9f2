"""What became of an order, as values that can be compared and shown."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from tradewind.kernel.money import plain
from tradewind.kernel.tx import dumps
from tradewind.rules.decide.values_json import jsonable, to_json
from tradewind.rules.model import RuleDecision, Ruling
from tradewind.semantics.model import ZERO
from tradewind.streams.order_work import OrderWork, OrderWorkset
from tradewind.trials.model import HoldSeen, Outcome, Stop
from tradewind.trials.worlds import cost_of_lanes

_SHOWN_LINES = 200


def outcome_of(
    work: OrderWork,
    workset: OrderWorkset,
    *,
    path: Sequence[str],
    stops: Sequence[Stop],
    ended: str,
    rulings: Sequence[RuleDecision] = (),
) -> Outcome:
    """What a journey came to."""
    tiers = {f"{tier.policy}: {tier.name}": tier.reason for asked in workset.asked[:1] for tier in asked.request.tiers}
    return Outcome(
        holds=_holds(work),
        total=work.totals.total,
        prices={one.line.line_no: one.price.net for one in work.lines},
        routes=_routes(work, workset),
        sourcing=tuple(work.decisions.get("sourcing", {}).values()),
        tiers=tiers,
        promises={one.line.line_no: one.promised_at for one in work.lines},
        cost=cost_of_lanes(workset, work),
        decisions={_about(one): (_effect(one.ruling), _by(one.ruling)) for one in rulings if one.ruling.answers},
        path=tuple(path),
        stops=tuple(stops),
        ended=ended,
    )


def _holds(work: OrderWork) -> tuple[HoldSeen, ...]:
    seen = {
        (hold.kind, hold.code, hold.line_no): HoldSeen(hold.kind, hold.code, hold.line_no, hold.reason)
        for hold in work.holds
        if hold.kind != "approval"
    }
    return tuple(seen.values())


def _about(decision: RuleDecision) -> str:
    ruling = decision.ruling
    point = ruling.point or ruling.code
    return point if decision.line_no is None else f"{point} (line {decision.line_no})"


def _effect(ruling: Ruling) -> str:
    """What a table answered, without its reasons: another reason for the same is no other outcome."""
    return to_json([{name: said for name, said in one.items() if name != "reason"} for one in ruling.answers])


def _by(ruling: Ruling) -> str:
    """Which rows of which version decided."""
    rows = ", ".join(str(hit.number) for hit in ruling.hits)
    named = f"{ruling.code} v{ruling.version}" if ruling.version else f"{ruling.code} as drafted"
    return f"{named}, {'row ' + rows if rows else 'no row'}"


def _routes(work: OrderWork, workset: OrderWorkset) -> dict[tuple[int, str], Decimal]:
    """How much of each line comes from where: site, goods on their way to a site, or nowhere yet."""
    routes: dict[tuple[int, str], Decimal] = {}
    names = {lane.site_id: lane.code for lanes in workset.shelves.lanes.values() for lane in lanes}
    for one in work.lines:
        left = one.quantities.open
        for claim in work.claims_of(one.line.line_no):
            if claim.state == "ended":
                continue
            name = names.get(claim.site_id, str(claim.site_id))
            key = (one.line.line_no, f"inbound {name}" if claim.state == "promised" else name)
            routes[key] = routes.get(key, ZERO) + claim.qty
            left -= claim.qty if claim.state == "promised" else ZERO
        if one.line.stocked and left > 0:
            routes[one.line.line_no, "none"] = left
    return routes


# ---- one order, step by step ---------------------------------------------------------------------------------------


def shown_inputs(work: OrderWork, variables: Mapping[str, Any]) -> dict[str, Any]:
    """What a step is given: the variables it sees, and the order as it stands."""
    return {
        "variables": plainly(variables),
        "status": work.compute_status(),
        "lines": [
            {
                "line": one.line.line_no,
                "sku": one.line.sku,
                "qty": plain(one.line.qty),
                "uom": one.line.uom,
                "open": plain(one.quantities.open),
                "reserved": plain(one.quantities.reserved),
                "allocated": plain(one.quantities.allocated),
            }
            for one in work.lines[:_SHOWN_LINES]
        ],
        "holds": [hold.code for hold in work.holds if hold.released_at is None],
    }


def shown_decisions(work: OrderWork, outcome: Mapping[str, Any], rulings: Sequence[RuleDecision]) -> dict[str, Any]:
    """What a step decided, in words and amounts."""
    told: dict[str, Any] = {"status": work.compute_status()}
    assessment, plan = outcome.get("assessment"), outcome.get("plan")
    if assessment is not None:
        told |= {
            "total": plain(assessment.totals.total),
            "net": plain(assessment.totals.net),
            "tax": plain(assessment.totals.tax),
            "prices": {str(line_no): _price(price) for line_no, price in assessment.prices.items()},
            "findings": [finding.as_json() for finding in assessment.findings],
        }
    if plan is not None:
        told |= {
            "credit": plan.credit.reason,
            "credit_asked": plain(plan.credit_asked),
            "approvals": [
                {
                    "policy": tier.policy,
                    "version": tier.version,
                    "name": tier.name,
                    "need": tier.need,
                    "reason": tier.reason,
                }
                for tier in (plan.approval.requirement.tiers if plan.approval is not None else ())
            ],
            "sourcing": {str(group.group_no): group.sourcing.reason for group in plan.groups},
            "turned_down": {str(group.group_no): list(group.sourcing.turned_down) for group in plan.groups},
            "takes": [
                {"line": take.line_no, "site": str(take.site_id), "qty": plain(take.qty)}
                for group in plan.groups
                for take in group.sourcing.takes
            ],
        }
    if "parcels" in outcome:
        told["parcels"] = [
            {
                "site": parcel.site_id and str(parcel.site_id),
                "lines": sorted({claim.line_no for claim in parcel.claims}),
            }
            for parcel in outcome["parcels"]
        ]
    told["holds"] = [
        {"kind": hold.kind, "code": hold.code, "line": hold.line_no, "reason": hold.reason}
        for hold in work.holds
        if hold.released_at is None
    ]
    told["tables"] = [
        {
            "about": _about(one),
            "by": _by(one.ruling),
            "inputs": plainly(jsonable(one.ruling.inputs)),
            "answers": plainly(jsonable(one.ruling.answers)),
        }
        for one in rulings
    ]
    return told


def _price(price: Any) -> dict[str, Any]:
    waterfall = None if price.waterfall is None else json.loads(price.waterfall)
    return {"unit_price": plain(price.unit_price), "net": plain(price.net), "why": waterfall}


def plainly(said: Any) -> Any:
    """The same as JSON would carry it."""
    return json.loads(dumps(said))
