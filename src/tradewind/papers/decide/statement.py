"""Statement of account: what moved the balance in a period, what is open at its end, and how old that is."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from tradewind.papers.decide.parts import breakable, cell, column, decimal_of, facts, frame, place_lines
from tradewind.papers.decide.wording import Wording
from tradewind.papers.model import Sheet, Values

ZERO = Decimal(0)
AGES = (0, 30, 60, 90)
"""Days overdue at which the next bucket begins: not due, 1-30, 31-60, 61-90, more."""


def statement(values: Values, words: Wording) -> Sheet:
    """One part a currency, the account's own first."""
    home = values["seller"]["country"]
    sheet = frame(values, words, recipient=place_lines(values["bill_to"], words, home=home))
    sheet["number"] = f"{words.day(values['from'])} – {words.day(values['to'])}"
    sheet["facts"] = facts(
        words,
        ("date", words.day(values["to"])),
        ("customer", values["account"]["code"]),
        ("their_vat_id", values["account"]["vat_id"]),
    )
    sheet["parts"] = [_part(values, currency, words) for currency in currencies(values)]
    seller = values["seller"]
    sheet["payment_to"] = [seller["iban"], seller["bic"]] if seller.get("iban") else []
    return sheet


def currencies(values: Values) -> list[str]:
    """The currencies that anything of the statement is in, the account's own first, also where nothing is."""
    found = {*values["opening"], *(one["currency"] for one in (*values["entries"], *values["open_items"]))}
    return [values["currency"], *sorted(found - {values["currency"]})]


def balances(values: Values, currency: str) -> list[Decimal]:
    """The balance before the period and after each of its entries."""
    running = [decimal_of(values["opening"].get(currency))]
    for entry in _of(values["entries"], currency):
        running.append(running[-1] + decimal_of(entry["amount"]))
    return running


def ages(values: Values, currency: str) -> tuple[list[Decimal], Decimal]:
    """What is open of invoices in each bucket of age, and what of payments and credit notes is not applied (0 or less)."""
    buckets, unapplied = [ZERO] * (len(AGES) + 1), ZERO
    for item in _of(values["open_items"], currency):
        if item["kind"] != "invoice":
            unapplied += decimal_of(item["open"])
            continue
        buckets[bucket_of(days_late(item, values))] += decimal_of(item["open"])
    return buckets, unapplied


def bucket_of(days: int) -> int:
    """The bucket of an item that is so many days overdue."""
    return sum(days > since for since in AGES) if days > 0 else 0


def days_late(item: dict[str, Any], values: Values) -> int:
    """Days an item is overdue on the statement's last day; 0 or less where it is not."""
    return (date.fromisoformat(values["to"]) - date.fromisoformat(item["due_on"])).days if item["due_on"] else 0


def _of(rows: Sequence[dict[str, Any]], currency: str) -> list[dict[str, Any]]:
    return [row for row in rows if row["currency"] == currency]


def _part(values: Values, currency: str, words: Wording) -> dict[str, Any]:
    running = balances(values, currency)
    buckets, unapplied = ages(values, currency)
    labels = [words.say(f"age_{number}") for number in range(len(buckets))]
    columns, rows = _entries(values, currency, running, words)
    open_columns, open_rows = _open_items(values, currency, words)
    total = words.money(running[-1], currency)
    return {
        "currency": currency,
        "title": words.say("movements"),
        "columns": columns,
        "rows": rows,
        "empty": "" if _of(values["entries"], currency) else words.say("no_movements"),
        "totals": [
            {
                "label": f"{words.say('closing', date=words.day(values['to']))} {currency}",
                "value": total,
                "weight": "strong",
            }
        ],
        "ageing_title": words.say("ageing"),
        "ageing": [
            *([label, words.money(amount, currency)] for label, amount in zip(labels, buckets, strict=True)),
            [words.say("age_unapplied"), words.money(unapplied, currency)],
            [words.say("age_total"), words.money(sum(buckets, ZERO) + unapplied, currency)],
        ],
        "open_title": words.say("open_items", date=words.day(values["to"])),
        "open_columns": open_columns,
        "open_rows": open_rows,
        "open_empty": "" if open_rows else words.say("nothing_open"),
        "open_totals": [
            {
                "label": f"{words.say('age_total')} {currency}",
                "value": words.money(sum(buckets, ZERO) + unapplied, currency),
                "weight": "strong",
            }
        ],
    }


def _entries(
    values: Values, currency: str, running: list[Decimal], words: Wording
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    columns = [
        column(words.say("date"), "58pt", figures=True),
        column(words.say("entry"), "1fr"),
        column(words.say("reference"), "104pt"),
        column(words.say("debit"), "60pt", "right"),
        column(words.say("credit"), "62pt", "right"),
        column(words.say("balance"), "62pt", "right"),
    ]
    opening = [cell(words.day(values["from"])), cell(words.say("opening")), *(cell("") for _ in range(3))]
    rows = [{"cells": [*opening, cell(words.money(running[0], currency))], "muted": True}]
    for entry, balance in zip(_of(values["entries"], currency), running[1:], strict=True):
        amount = decimal_of(entry["amount"])
        rows.append({"cells": [
            cell(words.day(entry["date"])),
            cell(f"{words.say('entry_' + entry['kind'])} {entry['number']}"),
            cell(breakable(entry["reference"] or "")),
            cell(words.money(amount, currency) if amount >= 0 else ""),
            cell(words.money(-amount, currency) if amount < 0 else ""),
            cell(words.money(balance, currency)),
        ]})  # fmt: skip
    return columns, rows


def _open_items(values: Values, currency: str, words: Wording) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    columns = [
        column(words.say("date"), "58pt", figures=True),
        column(words.say("entry"), "1fr"),
        column(words.say("reference"), "78pt"),
        column(words.say("due"), "58pt", figures=True),
        column(words.say("days_late"), "42pt", "right"),
        column(words.say("original"), "56pt", "right"),
        column(words.say("open"), "58pt", "right"),
    ]
    rows = [
        {"cells": [
            cell(words.day(item["date"])),
            cell(f"{words.say('entry_' + item['kind'])} {item['number']}"),
            cell(breakable(item["reference"] or "")),
            cell(words.day(item["due_on"])),
            cell(words.number(Decimal(late)) if (late := days_late(item, values)) > 0 else ""),
            cell(words.money(decimal_of(item["amount"]), currency)),
            cell(words.money(decimal_of(item["open"]), currency)),
        ]}
        for item in _of(values["open_items"], currency)
    ]  # fmt: skip
    return columns, rows
