"""The summary of a replay: counts, sums, every document held against what was booked for it, and how fast it went."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

from tradewind.analytics.model import Report
from tradewind.app.replay.plans import Plan, of_kind
from tradewind.channels.decide.history import Document, DocumentKind, Finding, price_for, summarise
from tradewind.channels.decide.history import Mapping as FileMapping
from tradewind.channels.replay import Booked, Done, Replayed, Shortage, fulfilled, invoiced, sent_back_and_credited
from tradewind.kernel.tx import Database

SHOWN = 20
TENTHS = 10
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Speed:
    """Reading the file (wall and CPU seconds), loading the master data (wall), and when the first batch began (monotonic)."""

    read: tuple[float, float]
    loading: float
    started: float


def report(
    database: Database,
    items: Sequence[Document | Finding],
    plan: Plan,
    result: Replayed,
    mapping: FileMapping,
    *,
    speed: Speed,
    verified: Report,
) -> dict[str, Any]:
    """Everything there is to say, ready for JSON."""
    findings = [item for item in items if isinstance(item, Finding)]
    replayed: list[Document | Finding] = [*plan.documents, *findings]
    numbers = [one.number for one in of_kind(plan.documents, DocumentKind.RETURN)]
    booked = database.read(lambda reader: invoiced(reader, [order_id for order_id, _ in result.orders.values()]))
    returned = database.read(lambda reader: sent_back_and_credited(reader, numbers))
    told = summarise(replayed, plan.matches, mapping)
    told["plan"] = plan.name
    told["replayed"] = _replayed(result, returned)
    told["check"] = _check(plan, result, booked, returned, decimals=mapping.amount_decimals)
    if plan.short is not None:
        told["prices"] = _prices(plan, result, mapping)
        told["short"] = _short(database, plan, result)
    told["verify"] = {
        "checks": len(verified.outcomes),
        "violations": verified.violations,
        "broken": [outcome.check.code for outcome in verified.broken],
    }
    told["speed"] = _speed(result, speed)
    return told


def is_good(told: Mapping[str, Any]) -> bool:
    """Nothing was refused or went wrong, every total is as it should be, and no invariant is broken."""
    done = told["replayed"]
    bad = told["refused"]["rows"] or done["refused"] or done["problems"] or done["orders_held"]
    differ = told["plan"] == "exact" and told["check"]["differences"]
    return not (bad or differ or told["verify"]["violations"])


def in_words(told: Mapping[str, Any]) -> str:
    """The few lines that are shown when it is done."""
    done, check, speed = told["replayed"], told["check"], told["speed"]
    returns = ", ".join(f"{count} {status}" for status, count in done["returns"].items()) or "none"
    lines = [
        f"{told['rows']} rows: {done['orders']} orders, {done['adjustments']} adjustments; returns: {returns}",
        f"refused: {told['refused']['rows']} rows, {len(done['refused'])} documents; held: {len(done['orders_held'])} orders",
        f"totals: {check['differences']} documents have another total than the file; booked {check['sums']['booked']}",
        f"verify: {told['verify']['checks']} checks, {told['verify']['violations']} violations",
        f"{speed['rows_per_second']} rows a second from raw row to invoiced, {speed['seconds']} s",
    ]
    if "short" in told:
        short, prices = told["short"], told["prices"]
        lines.insert(2, f"{short['ran_short']} of {short['lines']} lines ran short; promises: {short['promises']}")
        lines.insert(3, f"{prices['equal']} of {prices['lines']} lines priced as the document says")
    return "\n".join(lines)


def _replayed(result: Replayed, returned: Mapping[str, tuple[str, Decimal]]) -> dict[str, Any]:
    status = Counter(status for status, _ in returned.values())
    return {
        "orders": len(result.orders),
        "orders_held": {number: list(codes) for number, codes in sorted(result.held.items())},
        "adjustments": len(result.adjusted),
        "returns": dict(sorted(status.items())),
        "refused": {number: [one.code for one in found] for number, found in sorted(result.refused.items())},
        "problems": _problems(result),
        "batches": len(result.done),
    }


def _problems(result: Replayed) -> list[dict[str, str]]:
    """What a stage could not do, beyond returns whose reasons are known."""
    found = [*result.problems, *(pair for one in result.done for pair in one.problems)]
    return [{"of": name, "code": problem.code, "message": problem.message} for name, problem in found[:SHOWN]]


def _check(
    plan: Plan,
    result: Replayed,
    booked: Mapping[Any, Booked],
    returned: Mapping[str, tuple[str, Decimal]],
    *,
    decimals: int,
) -> dict[str, Any]:
    """Each document's total, net of tax, against what was invoiced or credited for it."""
    different: list[dict[str, str]] = []
    sums = {side: dict.fromkeys(("goods", "charges", "credited"), ZERO) for side in ("file", "booked")}
    held = {match.document for match in plan.matches if not match.credited}
    for document in plan.documents:
        if document.kind is DocumentKind.ORDER:
            order_id = result.orders.get(document.number, (None, ""))[0]
            ours = booked.get(order_id, Booked())
            said = (document.goods_amount, document.charge_amount)
            found = (ours.goods, ours.charges)
        elif document.kind is DocumentKind.RETURN and document.number not in held:
            said = (-document.goods_amount - document.charge_amount, ZERO)
            found = (returned.get(document.number, ("", ZERO))[1], ZERO)
        else:
            continue
        kind = "credited" if document.kind is DocumentKind.RETURN else "goods"
        for side, amounts in (("file", said), ("booked", found)):
            sums[side][kind] += amounts[0]
            sums[side]["charges"] += amounts[1]
        if said != found:
            different.append({"document": document.number, "file": str(sum(said)), "booked": str(sum(found))})
    return {
        "differences": len(different),
        "different": different[:SHOWN],
        "sums": {
            side: {name: f"{amount:.{decimals}f}" for name, amount in found.items()} for side, found in sums.items()
        },
    }


def _prices(plan: Plan, result: Replayed, mapping: FileMapping) -> dict[str, Any]:
    """How the prices of the lists compare with the documents': by line of the orders that were placed."""
    assert plan.lists is not None
    assert plan.last_resort is not None
    counted: Counter[str] = Counter()
    for document in of_kind(plan.documents, DocumentKind.ORDER):
        for line, price in zip(document.lines, result.prices.get(document.number, ()), strict=False):
            listed = price_for(
                plan.lists,
                customer=document.customer,
                cash_account=mapping.cash_account,
                sku=line.sku,
                qty=line.qty,
            )
            counted["lines"] += 1
            counted["from_last_resort"] += listed is None
            counted["given_away_but_priced"] += not line.unit_price and bool(price)
            counted["equal" if price == line.unit_price else "different"] += 1
            counted["as_learnt"] += listed is not None and listed[1].unit_price == price
    return {**counted, "last_resort": plan.last_resort.code, "items_of_last_resort": len(plan.last_resort.tiers)}


def _short(database: Database, plan: Plan, result: Replayed) -> dict[str, Any]:
    """Backorders: how many lines ran short, what they were promised, and when the goods went out."""
    assert plan.short is not None
    found = database.read(lambda reader: fulfilled(reader, [(one.order_id, one.line_no) for one in result.short]))
    kept: Counter[str] = Counter()
    days: Counter[int] = Counter()
    for one in result.short:
        left, shipped_at = found[one.order_id, one.line_no]
        kept[_verdict(one, left=left, shipped_at=shipped_at)] += 1
        if not left and shipped_at is not None:
            days[(shipped_at.date() - one.at.date()).days] += 1
    return {
        "lines": plan.short.lines,
        "planned_short": len(plan.short.short),
        "ran_short": len(result.short),
        "units_missing": str(sum((one.missing for one in result.short), ZERO)),
        "promised_a_date": sum(one.promised_at is not None for one in result.short),
        "receipts": len(plan.short.receipts),
        "late_receipts": sum(one.is_late for one in plan.short.receipts),
        "planned_late": plan.short.late,
        "promises": dict(sorted(kept.items())),
        "days_waited": {str(day): count for day, count in sorted(days.items())},
    }


def _verdict(one: Shortage, *, left: Decimal, shipped_at: Any) -> str:
    if left:
        return "still_open"
    if one.promised_at is None or shipped_at is None:
        return "fulfilled_without_promise"
    return "kept" if shipped_at <= one.promised_at else "late"


def _speed(result: Replayed, speed: Speed) -> dict[str, Any]:
    rows = sum(one.rows for one in result.done)
    run = result.done[-1].at - speed.started if result.done else 0.0
    seconds = run + speed.read[0]
    cpu = speed.read[1] + sum(stage.cpu for stage in result.stages)
    tenths = _tenths(result.done, speed.started, rows)
    return {
        "rows": rows,
        "seconds": round(seconds, 2),
        "rows_per_second": round(rows / seconds) if seconds else 0,
        "read_seconds": round(speed.read[0], 2),
        "master_data_seconds": round(speed.loading, 2),
        "python_cpu_seconds": round(cpu, 2),
        "stages": {one.name: {"wall": round(one.wall, 2), "cpu": round(one.cpu, 2)} for one in result.stages},
        "tenths": tenths,
        "last_to_second_tenth": round(tenths[-1] / tenths[1], 2) if len(tenths) == TENTHS and tenths[1] else None,
    }


def _tenths(done: Sequence[Done], started: float, rows: int) -> list[int]:
    """Rows a second in each tenth of the rows, cut at the ends of batches."""
    if len(done) < TENTHS:
        return []
    marks = [(started, 0)]
    through = 0
    for one in done:
        through += one.rows
        if through * TENTHS >= rows * len(marks):
            marks.append((one.at, through))
    return [
        round((after[1] - before[1]) / (after[0] - before[0])) if after[0] > before[0] else 0
        for before, after in pairwise(marks)
    ]
