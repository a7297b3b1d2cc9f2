"""What a change did to an order, for its row: the consequences people read, and what a revert goes by."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from tradewind.kernel.money import minor_digits, plain
from tradewind.orders.decide.restoring import (
    RestoreGroup,
    RestorePlace,
    RestorePo,
    RestorePrice,
    RestoreQuantity,
    RestoreSite,
    Restoring,
)
from tradewind.orders.model import Group, LinePrice, OrderChange
from tradewind.semantics.model import Place
from tradewind.streams.approval_need import hash_of
from tradewind.streams.change import Touched
from tradewind.streams.change_price import in_unit, marked
from tradewind.streams.order_work import LineWork, OrderWork

Picture = dict[str, Any]


def printed(amount: Decimal, currency: str) -> str:
    """An amount with the places its currency has."""
    return str(amount.quantize(Decimal(1).scaleb(-minor_digits(currency))))


def picture(work: OrderWork, sites: Mapping[UUID, str]) -> Picture:
    """The order as it is, in the words of its history: status, money, credit, approval, holds, lines, stock held."""
    totals, currency = work.totals, work.header.currency
    open_holds = [hold for hold in work.holds if hold.released_at is None]
    return {
        "status": work.compute_status(),
        "buyer_po": work.header.buyer_po,
        "net": printed(totals.net, currency),
        "charges": printed(totals.charges, currency),
        "tax": printed(totals.tax, currency),
        "total": printed(totals.total, currency),
        "credit_taken": printed(work.credit_taken, currency),
        "approval": {"hash": hash_of(work).hex(), "needed": any(hold.kind == "approval" for hold in open_holds)},
        "holds": [
            {"kind": hold.kind, "code": hold.code, "line": hold.line_no, "reason": hold.reason} for hold in open_holds
        ],
        "groups": {
            str(group.group_no): {
                "ship_to": group.ship_to.code or group.ship_to.name,
                "requested_at": _iso(group.requested_at),
            }
            for group in work.groups
        },
        "lines": {str(one.line.line_no): _line(one, sites, currency) for one in work.lines},
        "stock": _stock(work, sites),
    }


def _line(one: LineWork, sites: Mapping[UUID, str], currency: str) -> Picture:
    line, units, price = one.line, one.quantities, one.price
    site_id = None if one.mark is None else one.mark.site_id
    return {
        "sku": line.sku,
        "qty": plain(in_unit(units.ordered - units.cancelled, (line.factor_num, line.factor_den))),
        "uom": line.uom,
        "group": line.group_no,
        "site": None if site_id is None else sites.get(site_id),
        "unit_price": plain(price.unit_price),
        "net": printed(price.net, currency),
        "tax": printed(one.tax.amount, currency),
        "promised_at": _iso(one.promised_at),
        "quantities": {
            name: plain(getattr(units, name))
            for name in ("ordered", "open", "reserved", "allocated", "released", "shipped", "cancelled", "backordered")
        },
    }


def _stock(work: OrderWork, sites: Mapping[UUID, str]) -> dict[str, str]:
    """What the order holds, by site and item."""
    held: dict[str, Decimal] = {}
    for claim in work.open_claims("promised", "reserved", "allocated", "released"):
        place = "on its way" if claim.supply_id else sites.get(claim.site_id, "?")
        key = f"{place}/{work.line(claim.line_no).line.sku}"
        held[key] = held.get(key, Decimal(0)) + claim.qty
    return {key: plain(qty) for key, qty in sorted(held.items())}


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def consequences(before: Picture, after: Picture, documents: Sequence[tuple[str, str, str]]) -> Picture:
    """What is different after, each with its before; and the documents that were issued already and stay as they are."""
    told: Picture = {}
    for name in ("status", "buyer_po", "net", "charges", "tax", "total", "credit_taken", "approval"):
        if before[name] != after[name]:
            told[name] = {"before": before[name], "after": after[name]}
    told["total_change"] = str(Decimal(after["total"]) - Decimal(before["total"]))
    for name in ("groups", "lines", "stock"):
        keys = [key for key in {**before[name], **after[name]} if before[name].get(key) != after[name].get(key)]
        if keys:
            told[name] = {key: _pair(before[name].get(key), after[name].get(key)) for key in keys}
    opened = [hold for hold in after["holds"] if hold not in before["holds"]]
    closed = [hold for hold in before["holds"] if hold not in after["holds"]]
    told["holds"] = {"opened": opened, "closed": closed}
    told["documents"] = [{"kind": kind, "number": number, "total": total} for kind, number, total in documents]
    return told


def _pair(before: Any, after: Any) -> Picture:
    if isinstance(before, dict) and isinstance(after, dict):
        changed = [name for name in after if before.get(name) != after[name]]
        return {
            "before": {name: before.get(name) for name in changed}, "after": {name: after[name] for name in changed}
        }  # fmt: skip
    return {"before": before, "after": after}


# ---- what a revert goes by ---------------------------------------------------------------------------------------


def stand(work: OrderWork, touched: Touched) -> Picture:
    """The touched parts of an order, exactly."""
    return {
        "buyer_po": work.header.buyer_po,
        "lines": {str(one.line.line_no): _exact(one) for one in work.lines if one.line.line_no in touched.lines},
        "groups": {str(group.group_no): _group(group) for group in work.groups if group.group_no in touched.groups},
    }


def _exact(one: LineWork) -> Picture:
    mark, price = marked(one), one.price
    return {
        "alive": plain(one.quantities.ordered - one.quantities.cancelled),
        "ordered": plain(one.quantities.ordered),
        "group": one.line.group_no,
        "site": mark.site_id and str(mark.site_id),
        "price": [
            plain(price.unit_price), plain(price.basis), price.uom, plain(price.net), price.price_id and str(price.price_id),
            price.waterfall, plain(price.qty), plain(price.allowance),
        ],
        "anchor": [plain(mark.anchor_qty), plain(mark.anchor_allowance), _iso(mark.priced_at)],
    }  # fmt: skip


def _group(group: Group) -> Picture:
    place = group.ship_to
    return {
        "ship_to": {**place.as_json(), "address_id": place.address_id and str(place.address_id)},
        "requested_at": _iso(group.requested_at),
        "release_at": _iso(group.release_at),
        "not_before": _iso(group.not_before),
        "arrive_by": _iso(group.arrive_by),
        "ship_method": group.ship_method,
    }


def undo(change: OrderChange, work: OrderWork) -> list[Restoring]:
    """The actions that restore what the change found, as far as it changed it."""
    before, after = change.before, change.after
    actions: list[Restoring] = []
    for number, then in after["groups"].items():
        was = before["groups"].get(number)
        if was is not None and was != then:
            actions.append(RestorePlace(_read_group(int(number), was), _read_group(int(number), then)))
    for number, then in after["lines"].items():
        actions += _undo_line(int(number), before["lines"].get(number), then)
    if before["buyer_po"] != after["buyer_po"]:
        actions.append(RestorePo(before["buyer_po"], after["buyer_po"], work.header.buyer_po))
    return actions


def _undo_line(number: int, was: Picture | None, then: Picture) -> Iterable[Restoring]:
    alive = Decimal(then["alive"])
    if was is None:  # it was added
        if alive:
            yield RestoreQuantity(number, -alive)
        return
    if was["group"] != then["group"]:
        yield RestoreGroup(number, was["group"], then["group"])
    if was["site"] != then["site"]:
        yield RestoreSite(number, _uuid(was["site"]), _uuid(then["site"]))
    if was["alive"] != then["alive"]:
        yield RestoreQuantity(number, Decimal(was["alive"]) - alive)
    if was["price"][:3] != then["price"][:3] or was["price"][5] != then["price"][5]:
        agreed_for, _, priced_at = was["anchor"]
        yield RestorePrice(number, _anchored(was), Decimal(agreed_for), _moment(priced_at), _anchored(then))


def _anchored(stood: Picture) -> LinePrice:
    unit_price, basis, uom, net, price_id, waterfall, qty, _ = stood["price"]
    return LinePrice(
        Decimal(unit_price), Decimal(basis), uom, Decimal(net), _uuid(price_id), waterfall, Decimal(qty),
        Decimal(stood["anchor"][1]),
    )  # fmt: skip


def _read_group(number: int, stood: Picture) -> Group:
    place = {**stood["ship_to"], "address_id": _uuid(stood["ship_to"]["address_id"])}
    return Group(
        number,
        Place(**place),
        _moment(stood["requested_at"]),
        _moment(stood["release_at"]),
        not_before=_moment(stood["not_before"]),
        arrive_by=_moment(stood["arrive_by"]),
        ship_method=stood["ship_method"],
    )


def _uuid(text: str | None) -> UUID | None:
    return None if text is None else UUID(text)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
