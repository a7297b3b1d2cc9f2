"""The orders of the scripted day: what each buyer wants, what happens to it, and where it must be in the evening."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from demo.acts import (
    Act,
    answer,
    approve,
    cancel,
    give_back,
    override,
    pay,
    pay_part,
    receive,
    reject,
    release,
    repeat,
    ship,
    until_free,
)

Check = Callable[[dict[str, Any]], bool]
Line = tuple[str, str] | tuple[str, str, str] | tuple[str, str, str, str]


@dataclass(frozen=True)
class Story:
    """One order. `lines`: item, quantity, unit, stated price. `placed`: its status after placing, or the code of the refusal.

    `ends`: the status it must have in the evening (none for a refusal). `holds`: the codes of its open holds when it was
    placed. `tax`: the tax categories its lines must bear. `days`: requested so many days from now, group by group.
    """

    name: str
    account: str
    lines: tuple[Line, ...]
    placed: str
    ends: str = ""
    acts: tuple[Act, ...] = ()
    holds: tuple[str, ...] = ()
    tax: str = ""
    po: str = ""
    by: str = "buyer"
    days: tuple[int, ...] = ()
    ship_tos: tuple[str, ...] = ()
    more: dict[str, Any] = field(default_factory=dict)
    checks: tuple[tuple[str, Check], ...] = ()


def _finds(code: str) -> tuple[str, Check]:
    return f"says {code}", lambda order: any(finding["code"] == code for finding in order["findings"])


def _sourced(*sites: str) -> tuple[str, Check]:
    return (
        f"sourced from {', '.join(sites)}",
        lambda order: {piece["site"] for line in order["lines"] for piece in line["promise"]} == set(sites),
    )


def _priced(line: int, unit_price: str) -> tuple[str, Check]:
    return f"line {line} at {unit_price}", lambda order: order["lines"][line - 1]["unit_price"] == unit_price


STORIES: tuple[Story, ...] = (
    # --- straight through ---
    Story("agreement price, volume and graduated tiers", "HANSA-1", (("CLN-1001", "24"), ("PPE-2001", "6", "XCS")),
          "confirmed", "closed", (ship(), pay()), po="H-2291", tax="S", checks=(_priced(1, "15.2"),)),
    Story("the same order sent again is the same order", "HANSA-1", (("CLN-1001", "24"), ("PPE-2001", "6", "XCS")),
          "closed", "closed", (repeat(),), po="H-2291"),
    Story("the customer's own number, and a number of the pack", "HANSA-1", (("H-77120", "8"), ("PAP-4001", "4", "XCS")),
          "confirmed", "closed", (ship(), pay())),
    Story("cable by the reel, stock by the metre", "FENLAND", (("CBL-7001", "2", "XRL"),), "confirmed", "closed",
          (ship(), pay()), checks=(("500 metres", lambda order: order["lines"][0]["base_qty"] == "500"),)),
    Story("a service beside goods", "ARDEN", (("SRV-9301", "6"), ("PAP-4001", "20")), "confirmed", "closed", (ship(), pay())),
    Story("freight is charged and taxed", "CAIRN", (("TOL-9101", "2"),), "confirmed", "closed", (ship(), pay()),
          more={"charges": [{"code": "FREIGHT", "amount": "12.50", "description": "Express"}]}),
    Story("the price is the one the document says", "SEVERN-1", (("CLN-1001", "30", "EA", "12.34"),), "confirmed", "closed",
          (ship(), pay()), checks=(_priced(1, "12.34"),)),
    # --- stock ---
    Story("no site has all of it: split over two", "KRANICH-2", (("PPE-2002", "100"),), "confirmed", "shipped", (ship(),),
          checks=(_sourced("HAM", "MUC"),)),
    Story("backordered, filled by a receipt", "ALPEN-1", (("BAT-8001", "50"),), "backordered", "closed",
          (ship(), receive("PO-70001", "BAT-8001", "HAM", "200"), ship(), pay())),
    Story("backordered, nobody knows until when", "LINDEN-2", (("BAT-8002", "10"),), "backordered", "backordered"),
    Story("ships complete or not at all", "ISAR-1", (("LMP-9002", "10"), ("BAT-8003", "40")), "backordered", "backordered"),
    Story("whole lines only", "FALKE-1", (("TOL-9101", "5"), ("BAT-8002", "3")), "backordered", "part_shipped", (ship(),)),
    Story("the picker found four less", "MOSEL-1", (("CAT-5001", "24"),), "confirmed", "part_shipped",
          (answer(lines=[{"line": 1, "shipped": "20", "short": "4", "reason": "damaged"}]),)),
    Story("two places, two dates", "HANSA", (("PAP-4001", "50"), ("PAP-4001", "70")), "confirmed", "part_shipped", (ship(),),
          days=(0, 10), ship_tos=("MAIN", "YARD")),
    Story("wanted in three weeks", "WESSEX-2", (("LMP-9002", "20"),), "confirmed", "confirmed", days=(21,)),
    Story("cancelled before it was released", "WESSEX-1", (("LMP-9002", "15"),), "confirmed", "cancelled", (cancel(),),
          days=(20,)),
    Story("released, the warehouse has yet to answer", "MERCIA-3", (("CLN-1001", "16"),), "confirmed", "released"),
    # --- holds ---
    Story("within the credit limit", "KIOSK", (("CLN-1001", "20"),), "confirmed", "closed", (ship(),)),
    Story("over the limit until the first is paid", "KIOSK", (("CLN-1001", "10"),), "held", "released",
          (until_free("KIOSK"),), ("credit.over_limit",)),
    Story("over the limit", "TISCHLER", (("TOL-9102", "3"),), "held", "held", holds=("credit.over_limit",)),
    Story("over the limit, let through by the credit desk", "TISCHLER", (("TOL-9102", "2"),), "held", "shipped",
          (override("200"), ship()), ("credit.over_limit",)),
    Story("waits for an approval", "STADTWERK", (("TOL-9102", "5"),), "held", "held", holds=("approvals.needed",)),
    Story("approved", "STADTWERK", (("TOL-9102", "4"),), "held", "shipped", (approve(), ship()), ("approvals.needed",)),
    Story("not approved: cancelled", "STADTWERK", (("TOL-9102", "6"),), "held", "cancelled", (reject(),),
          ("approvals.needed",)),
    Story("not a multiple of 50", "HANSA-2", (("FST-3001", "120"),), "held", "held", holds=("quantity.not_a_multiple",)),
    Story("not a multiple of 50, sales lets it pass", "HANSA-3", (("FST-3001", "130"),), "held", "closed",
          (release("data"), ship(), pay()), ("quantity.not_a_multiple",)),
    Story("the buyer's number, first time", "LINDEN-1", (("PEN-104", "20"),), "confirmed", "released", po="L-501"),
    Story("no longer sold; its successor is offered", "LINDEN-1", (("LMP-9001", "6"),), "held", "held",
          holds=("catalog.substitute_offered",)),
    Story("nobody has given it a price", "LINDEN-3", (("NEW-9401", "2"),), "held", "held", holds=("pricing.no_price",)),
    Story("the account is blocked", "GRAUBAU", (("PEN-100", "40"),), "held", "held", holds=("accounts.not_active",)),
    Story("a purchase order number, first time", "KRANICH-1", (("PEN-101", "30"),), "confirmed", "closed", (ship(), pay()),
          po="KR-17"),
    Story("the number again with other goods: held by policy", "KRANICH-1", (("PEN-102", "30"),), "held", "held",
          holds=("orders.duplicate_po_held",), po="KR-17"),
    # --- tax ---
    Story("export", "HELVIA-1", (("CLN-1001", "12"),), "confirmed", "shipped", (ship(),), tax="G"),
    Story("reverse charge at home", "FALKE-2", (("MET-6001", "20", "XSA"),), "confirmed", "shipped", (ship(),), tax="AE"),
    Story("exempt under a certificate", "KLINIK", (("PPE-2001", "5", "XCS"),), "confirmed", "closed", (ship(), pay()), tax="E"),
    Story("the certificate has expired: taxed, and said so", "PENNINE", (("CLN-1001", "10"),), "confirmed", "shipped",
          (ship(),), tax="S", checks=(_finds("tax.certificate_expired"),)),
    Story("zero-rated", "MERCIA-2", (("BOK-9201", "30"),), "confirmed", "closed", (ship(), pay()), tax="Z"),
    Story("to another member state, number not verified: taxed at home", "BAKKER", (("PAP-4001", "40"),), "confirmed",
          "shipped", (ship(),), tax="S", checks=(_finds("tax.vat_id_unverified"),)),
    # --- money ---
    Story("half of it is paid", "MERCIA-1", (("PAP-4001", "100"),), "confirmed", "shipped", (ship(), pay_part("0.5"))),
    Story("one of four came back: credit note", "SEEHOF", (("TOL-9101", "4"),), "confirmed", "closed",
          (ship(), pay(), give_back(1, "1"))),
    # --- refusals ---
    Story("the number again with other goods: refused", "LINDEN-1", (("PEN-103", "50"),), "orders.duplicate_po", po="L-501"),
    Story("an item that does not exist", "HANSA-1", (("CLN-1OO1", "5"),), "catalog.unknown_item"),
    Story("a buyer orders for a stranger", "MERCIA-1", (("CLN-1001", "5"),), "accounts.unknown", by="HANSA"),
    Story("an agent within its mandate", "HANSA-2", (("PEN-104", "60"),), "confirmed", "closed", (ship(), pay()), by="agent"),
    Story("an agent beyond its mandate", "HANSA-2", (("TOL-9102", "4"),), "access.over_mandate", by="agent"),
)  # fmt: skip
"""In this order. An order that another story stands on comes before it."""
