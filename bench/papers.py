"""How long a paper takes, beside its limit: `python bench/papers.py`.

Every sheet is printed for the first time, since the typesetter remembers what it has set before: in the child process as a
server has it, from the values to the PDF.
"""

import io
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any

import psutil
import pypdf

from tradewind.papers.coverage import covered_characters
from tradewind.papers.decide import sheet_of
from tradewind.papers.printing import Printer

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
ROUNDS = 9
WORDS = ("porcelain", "stackable", "glazed", "oak", "linen", "steel", "brushed", "folding", "amber", "tall")
SELLER = {
    "code": "TIDE-DE", "name": "Tideline Handel GmbH", "street": "Am Sandtorkai 44", "city": "Hamburg", "postal_code": "20457",
    "region": None, "country": "DE", "tax_id": "DE811907980", "registration": "Amtsgericht Hamburg, HRB 98211", "phone": "+49 40 5550 120",
    "email": "rechnung@tideline.example", "website": "tideline.example", "bank_name": "Hanseatische Handelsbank",
    "iban": "DE02120300000000202051", "bic": "BYLADEM1001",
}  # fmt: skip
PLACE = {
    "name": "Hansa Kontor AG",
    "street": "Hafenstraße 12",
    "city": "Bremen",
    "postal_code": "28217",
    "country": "DE",
}
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Measured:
    name: str
    value: float
    unit: str
    limit: float
    note: str = ""

    @property
    def missed(self) -> bool:
        return self.value > self.limit


def invoice(lines: int) -> dict[str, Any]:
    """An invoice that nobody has seen before."""
    number = next(_numbers)

    def line(at: int) -> dict[str, Any]:
        word = WORDS[(at * number) % 10]
        return {
            "line": at, "sku": f"ITM-{number:03}{at:04}", "their_item": f"HK-{at * number % 9973}" if at % 3 else None,
            "description": f"{word} {WORDS[(at + number) % 10]} cup, {at} ml, batch {number}-{at}, in trays of twelve", "qty": str(at),
            "uom": "EA", "base_uom": "EA", "order_qty": str(at), "order_uom": "EA", "order_base_qty": str(at), "unit_price": f"{number}.{at:03}",
            "price_basis": "1", "price_uom": "EA", "price_factor": [1, 1], "discounted": at % 4 == 0, "net": f"{at * number}.{at % 100:02}",
            "tax_category": "S", "tax_rate": "19" if at % 5 else "7",
        }  # fmt: skip

    return {
        "kind": "invoice", "number": f"INV-DE-2026-{number:06}", "date": "2026-03-02", "due_on": "2026-04-01", "currency": "EUR",
        "seller": SELLER, "account": {"code": "HANSA", "name": "Hansa", "vat_id": "DE1"}, "bill_to": PLACE, "ship_to": PLACE, "buyer_po": "4500",
        "order": f"SO-{number}", "order_date": "2026-02-26", "shipment": f"SH-{number}", "tracking": None, "shipped_on": "2026-03-02",
        "corrects": None, "corrects_date": None, "terms": {"name": "30 days net"}, "certificate": None, "net": "100", "charges": "7.5",
        "discount": "0", "tax": "20.43", "total": "127.93", "tax_groups": [{"category": "S", "rate": "19", "base": "107.5", "tax": "20.43"}],
        "lines": [line(at) for at in range(1, lines + 1)], "charge_lines": [{"description": "Freight", "net": "7.5"}],
    }  # fmt: skip


def printed(printer: Printer, lines: int) -> tuple[float, bytes]:
    """Milliseconds from the values to the PDF, and the PDF."""
    values = invoice(lines)
    begun = time.perf_counter()
    sheet, _ = sheet_of(values, "de", covered_characters())
    pdf = printer.pages("invoice", sheet, at=AT)
    return (time.perf_counter() - begun) * 1000, pdf


def lines_for(printer: Printer, pages: int) -> int:
    """How many lines fill so many pages."""
    return next(
        lines
        for lines in range(10, 1000, 5)
        if len(pypdf.PdfReader(io.BytesIO(printed(printer, lines)[1])).pages) == pages
    )


def measured() -> Iterator[Measured]:
    printer = Printer()
    begun = time.perf_counter()
    printed(printer, 5)
    yield Measured("the first paper, with the child's start", (time.perf_counter() - begun) * 1000, "ms", 1000)
    for pages in (1, 7):
        lines = lines_for(printer, pages)
        times = [printed(printer, lines) for _ in range(ROUNDS)]
        found = sorted(took for took, _ in times)
        note = f"{lines} lines, {len(times[0][1]) // 1000} kB, worst {found[-1]:.0f} ms"
        yield Measured(
            f"an invoice of {pages} page{'s' * (pages > 1)}",
            statistics.median(found),
            "ms",
            {1: 100, 7: 300}[pages],
            note,
        )
    assert printer._child is not None
    child = psutil.Process(printer._child.pid).memory_full_info()
    yield Measured("memory of the child while it lives", child.pss / (1 << 20), "MB", 160)
    printer.close()
    yield Measured("children left when it has gone", len(psutil.Process().children()), "", 0)


def main() -> int:
    figures = list(measured())
    for one in figures:
        print(
            f"{one.name:40} {one.value:7.1f} {one.unit:3} limit {one.limit:6.0f}  {one.note}{'   PASSED OVER' if one.missed else ''}"
        )
    return 1 if any(one.missed for one in figures) else 0


if __name__ == "__main__":
    sys.exit(main())
