"""Units of a line end: first those that are open, then what is reserved, then what is allocated; stock and promises go back."""

from collections.abc import Mapping
from decimal import Decimal
from uuid import UUID

from tradewind.catalog.model import Factor
from tradewind.inventory.model import Claim, Delta
from tradewind.kernel.money import plain
from tradewind.orders.decide import move
from tradewind.orders.queries import Billed
from tradewind.semantics.model import ZERO
from tradewind.streams.change_price import rescale
from tradewind.streams.order_work import LineWork, OrderWork, OrderWorkset
from tradewind.streams.rest import price_rest


def cut_units(
    workset: OrderWorkset,
    work: OrderWork,
    one: LineWork,
    qty: Decimal,
    *,
    said: tuple[Mapping[str, Factor], Billed | None],
) -> set[UUID]:
    """Units of a line end, with their stock, promise and price; gives the product if goods became free. `said`: the units its
    product comes in, and what of it was billed."""
    alive = one.quantities.ordered - one.quantities.cancelled
    freed = cut_line(workset, work, one, qty)
    shorten_promise(one)
    factors, billed = said
    if one.mark is None:
        price_rest(work, one, alive, factors=factors, billed=billed)
    else:
        rescale(work, one, factors=factors, billed=billed)
    return freed


def cut_line(workset: OrderWorkset, work: OrderWork, one: LineWork, qty: Decimal) -> set[UUID]:
    """Take units out of open, then reserved, then allocated; gives the product if goods became free."""
    left = qty
    first = min(left, one.quantities.open)
    if first:
        one.move(move(one.quantities, first, source="open", target="cancelled"))
        _drop_promises(workset, work, one)
        left -= first
    freed: set[UUID] = set()
    for state in ("reserved", "allocated"):
        here = min(left, getattr(one.quantities, state))
        if not here:
            continue
        one.move(move(one.quantities, here, source=state, target="cancelled"))
        left -= here
        for claim in [claim for claim in reversed(work.claims_of(one.line.line_no)) if claim.state == state]:
            part = min(here, claim.qty)
            if part:
                _cut_claim(work, claim, part)
                delta = Delta(reserved=-part) if state == "reserved" else Delta(allocated=-part)
                workset.shelves.add_stock(claim.product_id, claim.site_id, delta)
                freed.add(claim.product_id)
                here -= part
    return freed


def _cut_claim(work: OrderWork, claim: Claim, qty: Decimal) -> None:
    if qty == claim.qty:
        work.change_claim(claim, state="ended", expires_at=None)
    else:
        work.change_claim(claim, qty=claim.qty - qty)


def _drop_promises(workset: OrderWorkset, work: OrderWork, one: LineWork) -> None:
    """No more may be promised than is open: the last promise goes first."""
    claims = [claim for claim in work.claims_of(one.line.line_no) if claim.state == "promised"]
    excess = sum((claim.qty for claim in claims), ZERO) - one.quantities.open
    for claim in reversed(claims):
        part = min(excess, claim.qty)
        if part <= 0:
            return
        assert claim.supply_id is not None
        _cut_claim(work, claim, part)
        workset.shelves.add_promised(claim.supply_id, -part)
        excess -= part


def shorten_promise(one: LineWork) -> None:
    """The schedule loses what was cancelled, undated pieces first, then the latest."""
    pieces = list(one.promise)
    alive = one.quantities.ordered - one.quantities.cancelled - one.quantities.shipped
    excess = sum((Decimal(piece["qty"]) for piece in pieces), ZERO) - alive
    kept = sorted(pieces, key=lambda piece: piece["at"] or "9999")
    while excess > 0 and kept:
        last = kept.pop()
        rest = Decimal(last["qty"]) - excess
        if rest > 0:
            kept.append({**last, "qty": plain(rest)})
        excess = -min(rest, ZERO)
    dated = [piece["at"] for piece in kept]
    one.promise_anew(kept, one.promised_at if dated and all(dated) else None)
