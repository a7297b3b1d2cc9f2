"""Order confirmation, invoice and credit note."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from tradewind.kernel.money import percent_of, round_money
from tradewind.papers.decide.lines import common_promise, exemption_remarks, line_rows, totals
from tradewind.papers.decide.parts import decimal_of, facts, frame, grouped, joined, place_lines
from tradewind.papers.decide.wording import Wording
from tradewind.papers.model import Sheet, Values


def order_confirmation(values: Values, words: Wording) -> Sheet:
    """What we agreed to: lines with prices and dates, totals and terms."""
    home = values["seller"]["country"]
    groups = values.get("groups") or []
    sheet = frame(values, words, recipient=place_lines(values["bill_to"], words, home=home))
    requested = groups[0].get("requested_on") if len(groups) == 1 else None
    sheet["facts"] = facts(
        words,
        ("date", words.day(values["date"])),
        ("order_date", words.day(values["order_date"])),
        ("customer", values["account"]["code"]),
        ("buyer_po", values["buyer_po"]),
        ("requested", words.day(requested)),
        ("promised", words.day(common_promise(values))),
        ("terms", (values.get("terms") or {}).get("name")),
    )
    if len(groups) == 1:
        sheet["parties"] = _parties(values, groups[0].get("ship_to"), words)
    sheet["columns"], sheet["rows"] = line_rows(values, words)
    sheet["totals"] = totals(values, words, label="total")
    sheet["remarks"] = [*exemption_remarks(values, words), *([values["note"]] if values.get("note") else [])]
    return sheet


def invoice(values: Values, words: Wording) -> Sheet:
    """What is owed for a delivery, by when and where to."""
    sheet = _posted(values, words, date_key="invoice_date", label="total")
    sheet["payment"] = payment(values, words)
    sheet["remarks"] = [*payment_remarks(values, words), *exemption_remarks(values, words)]
    return sheet


def credit_note(values: Values, words: Wording) -> Sheet:
    """What is given back of an invoice."""
    sheet = _posted(values, words, date_key="credit_date", label="credit_total")
    sheet["parties"] = []  # nothing is shipped by it
    sheet["remarks"] = exemption_remarks(values, words)
    return sheet


def _posted(values: Values, words: Wording, *, date_key: str, label: str) -> Sheet:
    home = values["seller"]["country"]
    bill_to = values["bill_to"] or {"name": values["account"]["name"]}
    sheet = frame(values, words, recipient=place_lines(bill_to, words, home=home))
    corrected = values.get("corrects") and joined((values["corrects"], words.day(values["corrects_date"])), ", ")
    sheet["facts"] = facts(
        words,
        (date_key, words.day(values["date"])),
        ("delivery_date", words.day(values["shipped_on"])),
        ("corrects", corrected),
        ("return", values.get("return")),
        ("customer", values["account"]["code"]),
        ("their_vat_id", bill_to.get("vat_id") or values["account"]["vat_id"]),
        ("buyer_po", values["buyer_po"]),
        ("order", joined((values["order"], words.day(values["order_date"])), ", ")),
        ("shipment", values["shipment"]),
        ("tracking", values["tracking"]),
    )
    sheet["parties"] = _parties(values, values.get("ship_to"), words)
    sheet["columns"], sheet["rows"] = line_rows(values, words)
    sheet["totals"] = totals(values, words, label=label)
    return sheet


def _parties(values: Values, ship_to: dict[str, Any] | None, words: Wording) -> list[dict[str, Any]]:
    lines = place_lines(ship_to, words, home=values["seller"]["country"])
    return [{"label": words.say("ship_to"), "lines": lines}] if lines else []


def payment(values: Values, words: Wording) -> dict[str, Any]:
    """The panel that says what to pay, by when, where to and what to quote."""
    seller, due = values["seller"], values["due_on"]
    at_once = due <= values["date"]
    facts_ = [["IBAN", grouped(seller["iban"])]] if seller.get("iban") else []
    facts_ += [["BIC", seller["bic"]]] if seller.get("bic") else []
    facts_.append([words.say("quote"), values["number"]])
    parted = len(values.get("parts") or ()) > 1
    when = words.say("pay_now") if at_once else words.say("pay_by", date=words.day(due))
    return {
        "label": words.say("amount_due") if parted else joined((words.say("amount_due"), when), " "),
        "amount": f"{words.money(decimal_of(values['total']), values['currency'])} {values['currency']}",
        "facts": facts_,
    }


def payment_remarks(values: Values, words: Wording) -> list[str]:
    """Terms in words: their name, then what was frozen with the invoice: parts with their days, the discount for paying early."""
    terms, parts, currency = values.get("terms") or {}, values.get("parts") or [], values["currency"]
    named = _terms_in_words(terms, words, plain=not parts)  # of terms that are only days an invoice keeps no parts
    remarks = [f"{words.say('terms')}: {named}"] if named else []
    if len(parts) > 1:
        remarks += [
            words.say("instalment", date=words.day(part["due_on"]), amount=words.money(decimal_of(part["amount"]), currency),
                      currency=currency)
            for part in parts
        ]  # fmt: skip
    remarks += [_discount(part, values, words) for part in parts if decimal_of(part["discount"])]
    return remarks


def _terms_in_words(terms: Mapping[str, Any], words: Wording, *, plain: bool) -> str | None:
    """Terms as the paper's language says them where they are nothing but days, else by the name somebody gave them."""
    more = any(terms.get(name) for name in ("months", "pay_day", "not_before", "prepay_percent"))
    usual = plain and not more and (terms.get("month_end"), terms.get("starts_from")) == ("none", "invoice")
    days = terms.get("net_days") or 0
    return words.say("terms_net", days=str(days)) if usual and days > 1 else terms.get("name")


def _discount(part: Mapping[str, Any], values: Values, words: Wording) -> str:
    """The day that is promised comes before the days of grace, of which nothing is said."""
    terms, currency, off = values.get("terms") or {}, values["currency"], decimal_of(part["discount"])
    until = date.fromisoformat(part["discount_until"]) - timedelta(days=int(terms.get("grace_days") or 0))
    percent = decimal_of(terms.get("discount_percent"))
    said = {"date": words.day(until.isoformat()), "amount": words.money(off, currency), "currency": currency}
    if round_money(percent_of(decimal_of(values["total"]), percent), currency) == off:
        return words.say("discount_until", percent=words.percent(percent), **said)
    return words.say("discount_until_plain", **said)
