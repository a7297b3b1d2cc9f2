"""What the numbers on a buyer's lines mean, and what is said where they mean nothing or too much (OC7).

A number without a kind is ours where we have it, else whatever it is cross-referenced to. Numbers with kinds (ours, the
buyer's, a trade number, the manufacturer's) are looked up as what they are; several on a line narrow each other down.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from difflib import get_close_matches
from hashlib import sha256
from typing import Literal
from uuid import UUID

from tradewind.accounts.model import Account
from tradewind.catalog.model import UNIDENTIFIED, UNIDENTIFIED_PRODUCT, Meaning, Product
from tradewind.catalog.queries import cross_referenced, normal, numbers_like, product_ids
from tradewind.kernel.problem import Problem
from tradewind.kernel.quantity import factor_between
from tradewind.kernel.tx import Reader
from tradewind.orders.model import Hold, Line, Quantities
from tradewind.semantics.decide.rows.codes import UNITS_MEANT
from tradewind.semantics.model import DraftLine, Finding, OrderDraft
from tradewind.streams.order_work import LineWork

AMBIGUOUS = "catalog.ambiguous_item"
SUGGESTED_MAX = 200  # different wrong items of one batch that suggestions are looked for
# What a kind of number may be found as: one that was superseded is still the number its owner knows.
_FOUND_AS = {
    "sku": ("sku", "superseded"),
    "customer": ("customer", "superseded"),
    "gtin": ("gtin",),
    "manufacturer": ("manufacturer", "superseded"),
}
Wanted = tuple[UUID, str]
Meanings = dict[Wanted, list[Meaning]]


def meanings(reader: Reader, lines: Sequence[tuple[UUID, DraftLine]]) -> Meanings:
    """What each number on these (account, line) may mean: two statements at most."""
    plain = {(account_id, line.item) for account_id, line in lines if not line.ids}
    typed = {(account_id, number) for account_id, line in lines for _, number in line.ids}
    typed |= {(account_id, line.item) for account_id, line in lines if line.ids}
    numbers = {number for _, number in plain | typed}
    own = product_ids(reader, numbers | {normal(number) for number in numbers})
    found: Meanings = {}
    crossed: list[Wanted] = []
    for key in plain | typed:
        product_id = own.get(key[1]) or own.get(normal(key[1]))
        found[key] = [] if product_id is None else [Meaning(product_id, "sku", None)]
        if product_id is None or key in typed:
            crossed.append(key)
    if crossed:
        references = cross_referenced(reader, [(number, account_id) for account_id, number in crossed])
        for key, more in zip(crossed, references, strict=True):
            found[key] = found[key] + more
    return found


def meant(account_id: UUID, line: DraftLine, found: Meanings) -> dict[UUID, str | None]:
    """The products a line may mean, each with the unit its number stands for, where it is a unit's own number."""
    if not line.ids:
        return {one.product_id: one.uom for one in found[account_id, line.item]}
    sets = [
        {one.product_id: one.uom for one in found[account_id, number] if one.kind in _FOUND_AS[kind]}
        for kind, number in line.ids
    ]
    sets = [one for one in sets if one]
    if not sets:  # partners mix kinds up: what the number means at all
        sets = [{one.product_id: one.uom for one in found[account_id, number]} for _, number in line.ids]
        sets = [one for one in [*sets, {one.product_id: one.uom for one in found[account_id, line.item]}] if one]
    every = {product_id: uom for one in sets for product_id, uom in one.items()}
    agreed = [product_id for product_id in every if all(product_id in one for one in sets)]
    chosen = agreed or list(every)
    units = {product_id: [one[product_id] for one in sets if one.get(product_id)] for product_id in chosen}
    return {product_id: next(iter(units[product_id]), None) for product_id in chosen}


def held_back(account: Account, draft: OrderDraft, problem: Problem) -> bool:
    """Whether a line that cannot be understood is held for a person instead of refusing the order."""
    if account.unknown_items == "channel":
        return draft.holds_unknown or problem.code == AMBIGUOUS
    return account.unknown_items == "hold"


def ambiguous(line: DraftLine, products: Sequence[Product], *, where: str) -> Problem:
    """A number that means several products; the problem names them."""
    skus = sorted(product.sku for product in products)
    return Problem(
        AMBIGUOUS,
        f"{line.item} names {len(skus)} products; a person must choose.",
        f"{where}/item",
        422,
        {"products": skus},
    )


def unknown(line: DraftLine, near: Sequence[str], *, where: str) -> Problem:
    """A number that means nothing; the nearest numbers are suggested."""
    close = get_close_matches(normal(line.item), near, 3, 0.5)
    return Problem(
        "catalog.unknown_item",
        f"There is no item {line.item}." if line.item else "The line names no item.",
        f"{where}/item",
        422,
        {"did_you_mean": close} if close else {},
    )


def candidates(reader: Reader, found: Mapping[Wanted, list[Meaning]]) -> dict[Wanted, list[str]]:
    """For numbers that mean nothing: numbers that begin like them, ours and the account's. Bounded by `SUGGESTED_MAX`."""
    asked = [key for key, several in found.items() if not several][:SUGGESTED_MAX]
    if not asked:
        return {}
    near = numbers_like(reader, [(number, account_id) for account_id, number in asked])
    return dict(zip(asked, near, strict=True))


def unidentified_line(line: DraftLine) -> LineWork:
    """The line as it stands while nobody knows its product: in the buyer's words and unit, without price and stock."""
    product = UNIDENTIFIED_PRODUCT
    return LineWork(
        Line(
            line.line_no,
            line.group_no,
            product.id,
            product.sku,
            line.item,
            line.description,
            line.qty,
            line.uom or "",
            1,
            1,
            product.tax_class,
            product.stocked,
        ),
        Quantities(ordered=line.qty, open=line.qty),
        stated_price=line.unit_price,
    )


def unit_meant(product: Product, uom: str) -> str | None:
    """A unit the product comes in that is also written so: STK for pieces, CS and XCS for cases."""
    word = uom.strip().upper()
    code = UNITS_MEANT.get(word, word)
    for one in (word, code, f"X{word}", code.removeprefix("X")):
        if one in product.units or factor_between(one, product.base_uom) is not None:
            return one
    return None


def with_unidentified(digest: bytes, lines: Sequence[Line]) -> bytes:
    """A content hash that also tells apart what nobody could identify: the buyer's words of such lines."""
    words = [f"|U{line.line_no}:{line.buyer_sku}" for line in lines if line.product_id == UNIDENTIFIED]
    return sha256(digest + "".join(words).encode()).digest() if words else digest


def as_finding(problem: Problem, line_no: int) -> Finding:
    """What is wrong with a line as a finding that holds it."""
    suggested = problem.detail.get("did_you_mean") or problem.detail.get("products") or problem.detail.get("units")
    return Finding(
        problem.code,
        "hold",
        problem.message,
        line_no,
        problem.where.rpartition("/")[2],
        ", ".join(suggested) if suggested else None,
        "data",
        problem.detail,
    )


def as_hold(problem: Problem, line_no: int, *, hold_id: UUID, now: datetime) -> Hold:
    """The data hold on a line; it ends when a person chooses the product."""
    finding = as_finding(problem, line_no)
    return Hold(hold_id, "line", "data", problem.code, problem.message, now, line_no=line_no, detail=finding.as_json())


def hold_for(finding: Finding, *, hold_id: UUID, now: datetime) -> Hold:
    """The hold of something in a document that a person should look at before the order goes on."""
    scope: Literal["order", "line"] = "order" if finding.line_no is None else "line"
    return Hold(
        hold_id, scope, finding.hold_kind or "data", finding.code, finding.message, now, line_no=finding.line_no,
        detail=finding.as_json(),
    )  # fmt: skip
