"""The lines of an order confirmation, an invoice and a credit note as rows of a table, and what they come to."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from tradewind.kernel.money import line_gross, minor_digits, round_money
from tradewind.papers.decide.parts import breakable, cell, column, decimal_of
from tradewind.papers.decide.wording import Wording
from tradewind.papers.model import Values
from tradewind.pricing.decide.tax import EU_MEMBERS

ZERO = Decimal(0)
FEWEST_PRICE_PLACES = 2


def discount_of(line: Mapping[str, Any], currency: str) -> Decimal:
    """What was taken off a line: its quantity at the printed price, less its net. 0 where nothing was agreed off.

    Where no allowance was agreed, a cent of difference is a delivery's share of a rounded line, not a discount.
    """
    if "allowance" in line:
        return decimal_of(line["allowance"])
    factor = line.get("price_factor")
    if not line.get("discounted") or not factor:
        return ZERO
    size = (int(factor[0]), int(factor[1]))
    gross = line_gross(decimal_of(line["qty"]), decimal_of(line["unit_price"]), decimal_of(line["price_basis"]), size)
    return round_money(gross, currency) - decimal_of(line["net"])


def priced_qty(line: Mapping[str, Any]) -> tuple[Decimal, str]:
    """How many are billed or confirmed, in the unit the customer ordered in where that comes out even."""
    base = decimal_of(line.get("price_qty", line["qty"]))
    ordered, whole = (
        decimal_of(line.get("order_qty", line["qty"])),
        decimal_of(line.get("order_base_qty", line.get("base_qty"))),
    )
    unit = line.get("order_uom", line["uom"]) or line["uom"]
    if unit != line["base_uom"] and whole:
        exact = ordered * base / whole
        if exact == exact.quantize(Decimal("0.001")):
            return exact, unit
    return base, line["base_uom"] or unit


def line_rows(values: Values, words: Wording) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The columns and rows of a document's lines. A column that says nothing on any line is left out."""
    currency, lines = values["currency"], values["lines"] or []
    discounts = [discount_of(line, currency) for line in lines]
    columns = [
        column(words.say("line"), "22pt"),
        column(words.say("item"), "78pt"),
        column(words.say("description"), "1fr"),
        column(words.say("quantity"), "44pt", "right"),
        column("", "30pt"),
        column(words.say("unit_price"), "52pt", "right"),
        *([column(words.say("discount"), "44pt", "right")] if any(discounts) else []),
        column(words.say("tax"), "32pt", "right"),
        column(words.say("amount"), "58pt", "right"),
    ]
    rows: list[dict[str, Any]] = []
    group = None
    for line, discount in zip(lines, discounts, strict=True):
        if len(values.get("groups") or ()) > 1 and line["group"] != group:
            group = line["group"]
            rows.append({"section": _section(values, group, words)})
        qty, unit = priced_qty(line)
        rows.append({"cells": [
            cell(str(line["line"])),
            cell(breakable(line["sku"] or ""), _their_item(line, words)),
            cell(breakable(line["description"] or ""), *_notes(line, words, dated=common_promise(values) is None)),
            cell(words.number(qty)),
            cell(words.unit(unit)),
            cell(words.number(decimal_of(line["unit_price"]), max(FEWEST_PRICE_PLACES, minor_digits(currency))), _per(line, unit, words)),
            *([cell(words.money(discount, currency) if discount else "")] if any(discounts) else []),
            cell(words.percent(decimal_of(line["tax_rate"]))),
            cell(words.money(decimal_of(line["net"]), currency)),
        ]})  # fmt: skip
    return columns, rows


def _section(values: Values, group: int, words: Wording) -> str:
    found: dict[str, Any] = next((one for one in values["groups"] if one["group"] == group), {})
    place = found.get("ship_to") or {}
    parts = [words.say("delivery_no", group=str(group)), place.get("name"), place.get("street"), place.get("city")]
    parts += [f"{words.say('requested')} {words.day(found['requested_on'])}"] if found.get("requested_on") else []
    return " · ".join(part for part in parts if part)


def _their_item(line: Mapping[str, Any], words: Wording) -> str:
    theirs = line.get("their_item")
    return words.say("your_item", item=breakable(theirs)) if theirs and theirs != line["sku"] else ""


def _per(line: Mapping[str, Any], unit: str, words: Wording) -> str:
    basis, price_unit = decimal_of(line["price_basis"]), line["price_uom"]
    if basis == 1 and price_unit == unit:
        return ""
    if basis == 1:
        return words.say("per", qty="", unit=words.unit(price_unit)).replace("  ", " ")
    return words.say("per", qty=words.number(basis), unit=words.unit(price_unit))


def common_promise(values: Values) -> str | None:
    """The one day that every line is promised for, where there is one."""
    days = {line.get("promised_on") for line in values["lines"] or []}
    return days.pop() if len(days) == 1 else None


def _notes(line: Mapping[str, Any], words: Wording, *, dated: bool) -> list[str]:
    unit = words.unit(line["base_uom"])
    notes = []
    qty, shown_unit = priced_qty(line)
    if shown_unit != line["base_uom"] and qty:
        base = decimal_of(line.get("price_qty", line["qty"]))
        notes.append(words.say("equals", qty=words.number(base), unit=unit))
    if dated and line.get("promised_on"):
        notes.append(f"{words.say('promised')} {words.day(line['promised_on'])}")
    if cancelled := decimal_of(line.get("cancelled")):
        notes.append(words.say("cancelled_units", qty=words.number(cancelled), unit=unit))
    if late := decimal_of(line.get("backordered")):
        notes.append(words.say("follows", qty=words.number(late), unit=unit))
    return notes


def totals(values: Values, words: Wording, *, label: str) -> list[dict[str, str]]:
    """Goods, charges, discount, tax by rate and jurisdiction, and the total: each printed amount a stored one."""
    currency = values["currency"]

    def row(name: str, amount: Decimal, weight: str = "plain") -> dict[str, str]:
        return {"label": name, "value": words.money(amount, currency), "weight": weight}

    charges = values.get("charge_lines") or []
    discount = decimal_of(values["discount"])
    rows = [row(words.say("goods"), decimal_of(values["net"]))] if charges or discount else []
    rows += [row(charge["description"] or words.say("charge"), decimal_of(charge["net"])) for charge in charges]
    rows += [row(words.say("header_discount"), -discount)] if discount else []
    before_tax = decimal_of(values["net"]) + decimal_of(values["charges"]) - discount
    rows.append(row(words.say("net"), before_tax, "medium" if rows else "plain"))
    rows += [
        row(tax_label(group, values, words), decimal_of(group["tax"])) for group in _groups(values) if tells(group)
    ]
    rows.append(row(words.say(label, currency=currency), decimal_of(values["total"]), "strong"))
    return rows


def _groups(values: Values) -> Sequence[Mapping[str, Any]]:
    return values["tax_groups"] or ()


def tells(group: Mapping[str, Any]) -> bool:
    """Whether a group of the tax breakdown says anything: one of nothing at all does not."""
    return bool(decimal_of(group["base"]) or decimal_of(group["tax"]))


def tax_label(group: Mapping[str, Any], values: Values, words: Wording) -> str:
    """`VAT 19% (DE) on 1,000.00`."""
    place = jurisdiction(values, group["category"])
    american = place.startswith("US")
    parts = {
        "name": words.say("tax_name_sales" if american else "tax_name"),
        "rate": words.percent(decimal_of(group["rate"])),
        "base": words.money(decimal_of(group["base"]), values["currency"]),
    }
    return words.say("tax_on_in", place=place, **parts) if place else words.say("tax_on", **parts)


def jurisdiction(values: Values, category: str) -> str:
    """Where a tax falls: where the goods go, but with the seller for a taxed supply from one member state to another."""
    seller = values["seller"]["country"]
    place = (
        values.get("ship_to")
        or next((one["ship_to"] for one in values.get("groups") or () if one["ship_to"]), None)
        or {}
    )
    country = place.get("country") or seller
    if category == "S" and country != seller and {country, seller} <= EU_MEMBERS:
        return str(seller)
    region = place.get("region")
    return f"{country}-{region}" if region and country in ("US", "CA") else str(country)


def exemption_remarks(values: Values, words: Wording) -> list[str]:
    """Why a group bears no tax: one sentence for each category that needs one."""
    remarks = []
    for category in dict.fromkeys(group["category"] for group in _groups(values)):
        if category == "E" and values.get("certificate"):
            remarks.append(words.say("reason_E_certificate", certificate=values["certificate"]))
        elif f"reason_{category}" in words.texts:
            remarks.append(words.say(f"reason_{category}"))
    return remarks
