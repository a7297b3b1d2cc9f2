"""Packing slip: what is in the parcel, what was ordered, and what follows. No prices."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tradewind.papers.decide.parts import breakable, cell, column, decimal_of, facts, frame, joined, place_lines
from tradewind.papers.decide.wording import Wording
from tradewind.papers.model import Sheet, Values


def packing_slip(values: Values, words: Wording) -> Sheet:
    """Every line of the delivery, also those of which nothing is in this parcel."""
    home = values["seller"]["country"]
    ship_to = values["ship_to"] or {"name": values["account"]["name"]}
    sheet = frame(values, words, recipient=place_lines(ship_to, words, home=home))
    shipped = values["status"] == "shipped"
    sheet["facts"] = facts(
        words,
        ("date", words.day(values["date"])),
        ("customer", values["account"]["code"]),
        ("buyer_po", values["buyer_po"]),
        ("order", joined((values["order"], words.day(values["order_date"])), ", ")),
        ("site", values["site"]),
        ("tracking", values["tracking"]),
    )
    sheet["notices"] = [] if shipped else [words.say("draft_slip")]
    key = "shipped" if shipped else "released"
    lines = values["lines"] or []
    sheet["columns"] = [
        column(words.say("line"), "24pt"),
        column(words.say("item"), "96pt"),
        column(words.say("description"), "1fr"),
        column(words.say("ordered"), "62pt", "right"),
        column(words.say("shipped" if shipped else "to_ship"), "62pt", "right"),
        column("", "34pt"),
        column(words.say("to_follow"), "56pt", "right"),
    ]
    sheet["rows"] = [{"cells": _cells(line, key, words), "muted": not decimal_of(line[key])} for line in lines]
    sheet["totals"] = _totals(lines, key, words)
    sheet["signature"] = [words.say("signature"), words.say("signature_date")]
    sheet["remarks"] = [values["note"]] if values.get("note") else []
    return sheet


def _cells(line: Mapping[str, Any], key: str, words: Wording) -> list[dict[str, Any]]:
    unit = words.unit(line["uom"])
    follows = decimal_of(line["to_follow"])
    theirs = line.get("their_item")
    return [
        cell(str(line["line"])),
        cell(
            breakable(line["sku"]),
            words.say("your_item", item=breakable(theirs)) if theirs and theirs != line["sku"] else "",
        ),
        cell(breakable(line["description"] or ""), *_notes(line, words)),
        cell(words.number(decimal_of(line["ordered"]))),
        cell(words.number(decimal_of(line[key]))),
        cell(unit),
        cell(words.number(follows) if follows else "–"),
    ]


def _notes(line: Mapping[str, Any], words: Wording) -> list[str]:
    unit, notes = words.unit(line["uom"]), []
    if line["order_uom"] and line["order_uom"] != line["uom"]:
        notes.append(
            f"{words.say('ordered')}: {words.number(decimal_of(line['order_qty']))} {words.unit(line['order_uom'])}"
        )
    if short := decimal_of(line["short"]):
        said = {"qty": words.number(short), "unit": unit}
        reason = line.get("short_reason")
        notes.append(words.say("short", reason=reason, **said) if reason else words.say("short_plain", **said))
    if late := decimal_of(line["backordered"]):
        said = {"qty": words.number(late), "unit": unit}
        when = line.get("promised_on")
        notes.append(words.say("follows_on", date=words.day(when), **said) if when else words.say("follows", **said))
    if cancelled := decimal_of(line["cancelled"]):
        notes.append(words.say("cancelled_units", qty=words.number(cancelled), unit=unit))
    return notes


def _totals(lines: list[dict[str, Any]], key: str, words: Wording) -> list[dict[str, str]]:
    shipped = [line for line in lines if decimal_of(line[key])]
    rows = [{"label": words.say("lines_shipped"), "value": f"{len(shipped)} / {len(lines)}", "weight": "plain"}]
    if shipped and all(line["weight_kg"] is not None for line in shipped):
        weight = sum((decimal_of(line["weight_kg"]) * decimal_of(line[key]) for line in shipped), Decimal(0))
        shown = words.say("weight", weight=words.number(weight.quantize(Decimal("0.001"))))
        rows.append({"label": words.say("total_weight"), "value": shown, "weight": "plain"})
    return rows
