"""A waterfall as compact text for the row it is stored in, back again, and in sentences for a person."""

import json
from decimal import Decimal
from json.encoder import encode_basestring_ascii as quoted
from typing import Any

from tradewind.kernel.money import plain
from tradewind.pricing.model import Loser, PricedLine, Step

_STEP_FIELDS = ("kind", "source", "version", "unit_price", "tier", "before", "after", "reason")
_LOSER_FIELDS = ("list", "layer", "version", "reason", "unit_price", "amount")
_PART_FIELDS = ("qty", "uom", "unit_price", "price_basis", "list")

_SENTENCE = {
    "list_price": "list price",
    "precedence": "comes before the lists below it",
    "lowest": "the lowest of all that apply",
    "merged_tier": "the highest tier reached in the merged lists",
    "half_up": "rounded, a tie away from zero",
    "half_even": "rounded, a tie to the even neighbour",
    "net_price_takes_no_discount": "a net price, no account discount applied",
    "not_yet_valid": "not valid yet",
    "no_longer_valid": "no longer valid",
    "offer_expired": "the offer has expired",
    "used_up": "its maximum is used up",
    "other_currency": "in another currency, with no rate",
    "below_first_tier": "starts at a larger quantity",
    "lower_precedence": "a list before it has a price",
    "later_list_code": "same precedence, its code comes later",
    "superseded": "superseded in the same list",
    "other_unit": "the same list prices the ordered unit",
    "dearer": "dearer",
    "same_amount": "the same amount, later in rank",
    "lower_tier": "a higher tier was reached elsewhere",
    "other_ladder": "its tiers count something else",
    "document_price": "priced as the document says",
}


def waterfall_text(priced: PricedLine) -> str:
    """The waterfall as JSON text: `{"steps": [[…]], "lost": [[…]], "parts": [[…]]}`, decimals as strings.

    Positions are those of `read_waterfall`; empty lists are left out.
    """
    # Written by hand: json.dumps takes twice as long, and every line stored pays for it. `!s` spares a format call.
    steps: list[str] = []
    known, amount = None, ""
    for step in priced.waterfall:
        if step.before is not known:
            amount = str(step.before)
        before, known = amount, step.after
        if known is not step.before:
            amount = str(known)
        if step.unit_price is None:
            price = "null,null"
        else:
            price = f'"{step.unit_price!s}",' + ("null" if step.tier is None else f'"{step.tier!s}"')
        steps.append(
            f'["{step.kind}",{quoted(step.source)},{step.version},{price},"{before}","{amount}",{quoted(step.reason)}]'
        )
    text = f'{{"steps":[{",".join(steps)}]'
    if priced.losers:
        text = f'{text},"lost":[{",".join([_loser(loser) for loser in priced.losers])}]'
    if priced.parts:
        parts = [
            f'["{part.qty!s}",{quoted(part.uom)},"{part.unit_price!s}","{part.price_basis!s}",{quoted(part.list_code)}]'
            for part in priced.parts
        ]
        text = f'{text},"parts":[{",".join(parts)}]'
    return text + "}"


def _loser(loser: Loser) -> str:
    if loser.unit_price is None:
        money = "null,null"
    else:
        money = f'"{loser.unit_price!s}",' + ("null" if loser.amount is None else f'"{loser.amount!s}"')
    return f'[{quoted(loser.list_code)},"{loser.layer}",{loser.version},{quoted(loser.reason)},{money}]'


def read_waterfall(text: str) -> dict[str, list[dict[str, Any]]]:
    """A stored waterfall with its names, decimals as plain strings: `steps`, `lost`, `parts`."""
    stored = json.loads(text)
    return {
        "steps": [_named(_STEP_FIELDS, row) for row in stored["steps"]],
        "lost": [_named(_LOSER_FIELDS, row) for row in stored.get("lost", ())],
        "parts": [_named(_PART_FIELDS, row) for row in stored.get("parts", ())],
    }


def _named(fields: tuple[str, ...], row: list[Any]) -> dict[str, Any]:
    decimals = {"unit_price", "tier", "before", "after", "amount", "qty", "price_basis"}
    return {
        name: plain(Decimal(value)) if name in decimals and value is not None else value
        for name, value in zip(fields, row, strict=True)
    }


def explain(priced: PricedLine) -> list[str]:
    """The waterfall a line a step, then the candidates that lost; for people."""
    return [_step_sentence(step) for step in priced.waterfall] + [_loser_sentence(loser) for loser in priced.losers]


def _step_sentence(step: Step) -> str:
    where = f"{step.source} v{step.version}" if step.version else step.source
    at = "" if step.unit_price is None else f" {plain(step.unit_price)}"
    tier = "" if step.tier is None else f" from {plain(step.tier)}"
    change = "" if step.before == step.after else f"{plain(step.before)} → "
    reason = _SENTENCE.get(step.reason, step.reason)
    return f"{step.kind} {where}{at}{tier}: {change}{plain(step.after)} ({reason})"


def _loser_sentence(loser: Loser) -> str:
    price = "" if loser.unit_price is None else f" {plain(loser.unit_price)}"
    return f"not {loser.layer} {loser.list_code} v{loser.version}{price}: {_SENTENCE.get(loser.reason, loser.reason)}"
