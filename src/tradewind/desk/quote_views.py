"""Quotes as they are shown. Buyers see what was offered to them; that somebody of ours must agree first is ours alone."""

from typing import Any

from tradewind.kernel.money import plain
from tradewind.kernel.tx import Reader
from tradewind.pricing.decide import read_waterfall
from tradewind.quotes.decide import standing_at
from tradewind.quotes.model import Quote, Round, Version, VersionLine
from tradewind.quotes.queries import acceptances_of, rounds_of, versions_of


def walled_status(quote: Quote, *, ours: bool) -> str:
    """The status as a caller may know it."""
    return "staged" if quote.status == "approving" and not ours else quote.status


def quote_json(quote: Quote, *, ours: bool) -> dict[str, Any]:
    """A quote in a list."""
    return {
        "id": str(quote.id),
        "number": quote.number,
        "status": walled_status(quote, ours=ours),
        "version": quote.version_no or None,
        "title": quote.title,
        "rounds": quote.round_no,
        "acceptances": quote.acceptances,
        "created_at": quote.created_at,
        "expires_at": quote.expires_at,
        "ended_at": quote.ended_at,
        "end_reason": quote.end_reason,
        "end_note": quote.end_note,
    }


def quote_with_all(reader: Reader, quote: Quote, *, ours: bool) -> dict[str, Any]:
    """A quote with its rounds, its versions and what was accepted. `acceptable`: the offer is in its time."""
    versions = versions_of(reader, quote.id)
    return {
        **quote_json(quote, ours=ours),
        "acceptable": standing_at(quote, reader.now) in ("offered", "partly_accepted"),
        "history": [_round(one) for one in rounds_of(reader, quote.id)],
        "versions": [version_out(one, explained=False) for one in versions.values()],
        "accepted": [
            {
                "acceptance": one.acceptance_no,
                "version": one.version_no,
                "order": number,
                "order_id": str(one.order_id),
                "buyer_po": one.buyer_po,
                "policy": one.policy,
                "accepted_at": one.accepted_at,
                "lines": list(one.lines),
            }
            for one, number in acceptances_of(reader, quote.id)
        ],
    }


def _round(one: Round) -> dict[str, Any]:
    wishes = [
        {
            "line": wish.line_no,
            "item": wish.item,
            "qty": None if wish.qty is None else plain(wish.qty),
            "uom": wish.uom,
            "target_price": None if wish.target_price is None else plain(wish.target_price),
            "requested_at": wish.requested_at,
            "reason": wish.reason,
            "note": wish.note,
        }
        for wish in one.wishes
    ]
    return {
        "round": one.round_no,
        "kind": one.kind,
        "version": one.version_no or None,
        "reason": one.reason,
        "note": one.note,
        "buyer_po": one.buyer_po,
        "ship_to": one.ship_to,
        "said_at": one.said_at,
        "lines": [{name: said for name, said in wish.items() if said is not None} for wish in wishes],
    }


def version_out(version: Version, *, explained: bool) -> dict[str, Any]:
    """An offered version; `explained`, each line with its waterfall."""
    return {
        "version": version.version_no,
        "digest": version.digest.hex(),
        "currency": version.currency,
        "terms": version.terms_code,
        "ship_to": version.ship_to.as_json(),
        "valid_until": version.valid_until,
        "zone": version.zone,
        "expires_at": version.expires_at,
        "on_late": version.on_late,
        "partial": version.partial,
        "net": plain(version.net),
        "note": version.note,
        "offered_at": version.offered_at,
        "lines": [_line(one, explained=explained) for one in version.lines],
    }


def _line(one: VersionLine, *, explained: bool) -> dict[str, Any]:
    found = {
        "line": one.line_no,
        "alternative": one.alternative,
        "sku": one.sku,
        "description": one.description,
        "qty": plain(one.qty),
        "uom": one.uom,
        "min_qty": plain(one.min_qty) if one.min_qty else None,
        "unit_price": plain(one.unit_price),
        "price_basis": plain(one.basis),
        "price_uom": one.price_uom,
        "net": plain(one.net),
        "requested_at": one.requested_at,
        "note": one.note,
        "accepted": plain(one.accepted),
        "left": plain(one.left),
    }
    return {**found, "price": read_waterfall(one.waterfall)} if explained else found
