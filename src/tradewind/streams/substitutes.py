"""Discontinued items (VA5): what is sent instead, by the account's consent, and what a line then costs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from math import gcd
from uuid import UUID

from tradewind.catalog.decide import find_substitute
from tradewind.catalog.model import Product, Substitution, SubstitutionPolicy
from tradewind.catalog.queries import products_by_id, substitute_links
from tradewind.kernel.money import minor_digits, plain, round_places
from tradewind.kernel.quantity import factor_between
from tradewind.kernel.tx import Reader
from tradewind.orders.model import LinePrice, LineSubstitution, Quantities
from tradewind.orders.queries import substitutions_of
from tradewind.pricing.model import PriceRequest
from tradewind.semantics.model import Finding
from tradewind.streams.entitle import look_entitling
from tradewind.streams.governed_orders import substitution_of
from tradewind.streams.order_work import LineWork, OrderWork, OrderWorkset
from tradewind.streams.rules_at_hand import HouseRules, nearest

OFFERED = "catalog.substitute_offered"
Offers = Mapping[tuple[UUID, int], Substitution]


def look_substitutes(
    reader: Reader, workset: OrderWorkset, works: Sequence[OrderWork], rules: HouseRules | None
) -> dict[tuple[UUID, int], Substitution]:
    """What can be sent instead of discontinued items. New orders of accounts that want it so get it at once; the others an offer.

    Only a set with a discontinued product costs statements.
    """
    gone = {product.id for product in workset.products.values() if product.status == "discontinued"}
    lines = [
        (work, one)
        for work in works
        for one in work.lines
        if one.line.product_id in gone
        and one.quantities.open == one.quantities.ordered  # nothing of it is taken or gone,
        and one.mark is None  # nor changed: who changes a line says what it is
        and one.line.line_no not in work.called  # nor agreed before as just this item
    ] if gone else []  # fmt: skip
    if not lines:
        return {}
    links = substitute_links(reader, gone)
    known = {link.substitute_id for found in links.values() for link in found}
    workset.products.update(products_by_id(reader, known - workset.products.keys()) if known else {})
    buyers = [(work.account, work.header.channel) for work, _ in lines]
    entitling = look_entitling(reader, rules, buyers, known)
    offers: dict[tuple[UUID, int], Substitution] = {}
    for work, one in lines:
        policy = (workset.governed and substitution_of(workset.governed, work, one)) or (
            (rules and nearest(rules.substitution, work.account, work.header.channel)) or SubstitutionPolicy()
        )
        if policy.consent == "never":
            continue
        never = {
            product
            for product in known
            if entitling is not None
            and entitling.findings(
                work.account,
                workset.products[product],
                channel=work.header.channel,
                country=work.group(one.line.group_no).ship_to.country,
                at=work.header.price_at,
                line_no=one.line.line_no,
            )
        }
        line = one.line
        found = find_substitute(
            workset.products[line.product_id],
            links,
            workset.products,
            base_qty=one.quantities.ordered,
            ordered=(line.qty, line.uom, (line.factor_num, line.factor_den)),
            at=work.header.price_at,
            never=never,
        )
        if found is None:
            continue
        if policy.consent == "automatic" and work.fresh:
            substitute(work, one, found, policy=policy, consent="automatic")
        else:
            offers[work.id, line.line_no] = found
    return offers


def read_substituted(reader: Reader, workset: OrderWorkset, works: Iterable[OrderWork]) -> None:
    """What was substituted before on orders that are read back, where a line still has to be priced."""
    asked = {
        work.id: work for work in works if not work.fresh and any(one.price.waterfall is None for one in work.lines)
    }
    if asked:
        for order_id, substitution in substitutions_of(reader, list(asked)):
            asked[order_id].substituted[substitution.line_no] = substitution
        originals = {kept.ordered_product_id for work in asked.values() for kept in work.substituted.values()}
        missing = originals - workset.products.keys()
        workset.products.update(products_by_id(reader, missing) if missing else {})


def substitute(
    work: OrderWork, one: LineWork, found: Substitution, *, policy: SubstitutionPolicy, consent: str
) -> LineSubstitution:
    """The line is served by the substitute from now on; what was ordered is kept beside it. Nothing of it is taken yet."""
    line, product = one.line, found.product
    kept = LineSubstitution(
        line.line_no,
        line.product_id,
        line.sku,
        line.qty,
        line.uom,
        one.quantities.ordered,
        product.id,
        found.base_qty,
        found.factor,
        consent,
        policy.price,
    )
    one.line = replace(
        line,
        product_id=product.id,
        sku=product.sku,
        buyer_sku=line.buyer_sku or line.sku,
        description=product.name,
        qty=found.qty,
        uom=found.uom,
        factor_num=found.uom_factor[0],
        factor_den=found.uom_factor[1],
        tax_class=product.tax_class,
        stocked=product.stocked,
    )
    one.move(Quantities(ordered=found.base_qty, open=found.base_qty))
    work.substituted[line.line_no] = kept
    work.swapped.append(kept)
    return kept


def not_sold(one: LineWork, product: Product, offer: Substitution | None) -> Finding:
    """The hold of an item that is not sold any more; where something can be sent instead, it asks for consent."""
    line = one.line
    if offer is None:
        text, hint = f"{product.sku} is {product.status}", "Order the item that replaces it."
        instead = hint if product.superseded_by else None
        return Finding("catalog.not_sold", "hold", text, line.line_no, "item", instead, "data")
    instead = f"{plain(offer.qty)} {offer.uom} of {offer.product.sku}"
    return Finding(
        OFFERED,
        "hold",
        f"{line.sku} is {product.status}; {instead} ({offer.product.name}) can be sent instead",
        line.line_no,
        "item",
        f"Accept {instead}, or decline.",
        "data",
        {
            "sku": offer.product.sku,
            "qty": plain(offer.qty),
            "uom": offer.uom,
            "base_qty": plain(offer.base_qty),
            "factor": list(offer.factor),
        },
    )


def told(work: OrderWork) -> list[Finding]:
    """What was sent instead of what, for the answer."""
    return [
        Finding(
            "catalog.substituted",
            "info",
            f"{kept.ordered_sku} is sent as {work.line(kept.line_no).line.sku}",
            kept.line_no,
            "item",
            None,
            None,
            {"ordered": kept.ordered_sku, "qty": plain(kept.ordered_qty), "uom": kept.ordered_uom},
        )
        for kept in work.swapped
    ]


def asked_as_ordered(request: PriceRequest, kept: LineSubstitution | None) -> PriceRequest:
    """A substitute at the original's price is priced as what was ordered."""
    if kept is None or kept.price == "own":
        return request
    share = request.qty_base / kept.substitute_base
    return replace(
        request,
        product_id=kept.ordered_product_id,
        qty=kept.ordered_qty * share,
        uom=kept.ordered_uom,
        qty_base=kept.ordered_base * share,
    )


def as_substitute(
    price: LinePrice, one: LineWork, kept: LineSubstitution, original: Product, *, currency: str
) -> LinePrice:
    """The original's price in the unit of the substitute's line: the same net, the unit price as an exact ratio."""
    if price.waterfall is None:
        return price
    line = one.line
    size = original.units.get(price.uom) or factor_between(price.uom, original.base_uom) or (1, 1)
    up = line.factor_num * kept.factor[1] * size[1]
    low = line.factor_den * kept.factor[0] * size[0]
    common = gcd(up, low)
    unit_price, basis = price.unit_price * (up // common), price.basis * (low // common)
    left = one.quantities.ordered - one.quantities.cancelled
    qty = left * Decimal(line.factor_den) / Decimal(line.factor_num)
    gross = round_places(qty * unit_price / basis, minor_digits(currency))
    return replace(
        price, unit_price=unit_price, basis=basis, uom=line.uom, price_id=None, qty=qty, allowance=gross - price.net
    )
