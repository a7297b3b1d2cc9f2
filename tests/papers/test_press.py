"""Pages as they are set: the standard, the fonts, where pages break, and the child that sets them."""

import io
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pypdf
import pytest

from paper_reading import fonts_of, lines_of, pages_of
from tradewind.kernel.problem import Refused
from tradewind.papers import press
from tradewind.papers.coverage import covered_characters
from tradewind.papers.decide import sheet_of
from tradewind.papers.press import NotSet, Press
from tradewind.papers.printing import NotPrinted, Printer

AT = datetime(2026, 3, 2, 9, 0, 0, 123456, tzinfo=UTC)
COVERED = covered_characters()
OURS = {"Inter-Regular", "Inter-SemiBold", "Inter-Bold"}
SELLER: dict[str, Any] = {
    "code": "DE01", "name": "House", "street": "Kai 1", "city": "Hamburg", "postal_code": "20457", "region": None, "country": "DE",
    "tax_id": "DE811907980", "registration": "HRB 1", "phone": "+49", "email": "a@b.example", "website": None, "bank_name": "Bank",
    "iban": "DE02120300000000202051", "bic": "BYLADEM1001",
}  # fmt: skip
PLACE = {"name": "Alma", "street": "Main 1", "city": "Bremen", "postal_code": "28195", "country": "DE"}
GROUPS = [{"category": "S", "rate": "19", "base": "25", "tax": "4.75"}]


def line(number: int, **said: Any) -> dict[str, Any]:
    return {
        "line": number, "group": 1, "sku": f"CUP-{number}", "their_item": None, "description": "Cup", "qty": "10", "uom": "EA", "base_uom": "EA",
        "order_qty": "10", "order_uom": "EA", "order_base_qty": "10", "unit_price": "2.5", "price_basis": "1", "price_uom": "EA",
        "price_factor": [1, 1], "discounted": False, "net": "25", "tax_category": "S", "tax_rate": "19", "released": "10", "shipped": "10",
        "short": "0", "short_reason": None, "to_follow": "0", "ordered": "10", "cancelled": "0", "backordered": "0", "weight_kg": "1",
        "promised_on": None, **said,
    }  # fmt: skip


def values(kind: str, lines: int = 3, **said: Any) -> dict[str, Any]:
    """Enough for any kind of paper."""
    entry = {
        "currency": "EUR",
        "kind": "invoice",
        "number": "INV-1",
        "reference": "4711",
        "amount": "29.75",
        "date": "2026-03-02",
        "due_on": "2026-04-01",
    }
    return {
        "kind": kind, "number": "NO-1", "date": "2026-03-02", "due_on": "2026-04-01", "currency": "EUR", "seller": SELLER, "status": "shipped",
        "account": {"code": "ALMA", "name": "Alma", "vat_id": "DE111"}, "bill_to": PLACE, "ship_to": PLACE, "buyer_po": "4711",
        "order": "SO-1", "order_date": "2026-02-26", "shipment": "SH-1", "tracking": None, "shipped_on": "2026-03-02", "corrects": None,
        "corrects_date": None, "terms": {"name": "30 days net"}, "certificate": None, "site": "North", "note": None, "groups": [],
        "net": "25", "charges": "0", "discount": "0", "tax": "4.75", "total": "29.75", "tax_groups": GROUPS, "charge_lines": None,
        "lines": [line(number) for number in range(1, lines + 1)], "from": "2026-03-01", "to": "2026-03-31", "opening": {},
        "entries": [entry] * lines, "open_items": [{**entry, "open": "29.75"}] * lines, **said,
    }  # fmt: skip


@pytest.fixture(scope="module")
def typesetter() -> Press:
    return Press()


def printed(typesetter: Press, kind: str, language: Any = "en", **said: Any) -> bytes:
    sheet, _ = sheet_of(values(kind, **said), language, COVERED)
    return typesetter.set_pages(kind, sheet, at=AT)


KINDS = ("order_confirmation", "packing_slip", "invoice", "credit_note", "statement")


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_pdf_a_with_tags_and_our_fonts_alone(typesetter, kind, language):
    pdf = printed(typesetter, kind, language)

    reader = pypdf.PdfReader(io.BytesIO(pdf))
    root = reader.trailer["/Root"]
    said = root["/Metadata"].get_object().get_data().decode()
    assert "<pdfaid:part>3</pdfaid:part>" in said
    assert "<pdfaid:conformance>A</pdfaid:conformance>" in said
    assert "<pdfuaid:part>1</pdfuaid:part>" in said
    assert root["/Lang"] == language
    assert root["/MarkInfo"]["/Marked"]
    assert root["/OutputIntents"][0]["/S"] == "/GTS_PDFA1"
    assert fonts_of(pdf) <= OURS
    assert reader.metadata is not None
    assert reader.metadata.title is not None
    assert reader.metadata.creation_date == AT.replace(microsecond=0)
    assert not any(
        "/Filter" in part and "Crypt" in str(part["/Filter"]) for part in root.values() if isinstance(part, dict)
    )


def test_the_same_sheet_gives_the_same_bytes(typesetter):
    assert printed(typesetter, "invoice") == printed(Press(), "invoice")


@pytest.mark.parametrize("kind", ["invoice", "packing_slip", "credit_note"])
def test_totals_never_stand_alone_and_every_page_has_its_head(typesetter, kind):
    label = {"invoice": "Total EUR", "packing_slip": "Lines shipped", "credit_note": "Credited EUR"}[kind]

    for count in (*range(22, 40), 71, 72, 73, 74):
        pages = pages_of(printed(typesetter, kind, lines=count))
        (last,) = [page for page in pages if any(one.strip().startswith(label) for one in page)]
        rows = [one for one in last if one.strip().split(" ")[0].isdigit()]
        assert len(rows) >= 3, (count, last)
        for number, page in enumerate(pages, 1):
            assert any(f"Page {number} of {len(pages)}" in one for one in page)
            if any(one.strip().split(" ")[0].isdigit() and "CUP" in one for one in page):
                assert any(one.strip().startswith("Line ") for one in page)


def test_every_line_of_a_long_document_is_printed_once(typesetter):
    pdf = printed(typesetter, "invoice", lines=250)

    printed_lines = [one.split()[1] for one in lines_of(pdf) if "CUP-" in one]
    assert printed_lines == [f"CUP-{number}" for number in range(1, 251)]
    assert len(pages_of(pdf)) == 6


def test_long_words_and_texts_stay_within_their_columns(typesetter):
    endless = line(1, sku="Ж" * 90, description="Щ" * 300, their_item="Ю" * 60)
    essay = line(2, description="a word and another " * 300)
    sheet, _ = sheet_of({**values("invoice"), "lines": [endless, essay, line(3)]}, "de", COVERED)

    text = "".join("".join(lines_of(typesetter.set_pages("invoice", sheet, at=AT))).split())

    assert [text.count(one) for one in "ЖЩЮ"] == [90, 300, 60]
    assert text.count("another") == 300
    assert "CUP-3" in text


def test_a_document_without_lines_is_still_one(typesetter):
    for kind in KINDS:
        assert len(pages_of(printed(typesetter, kind, lines=0))) == 1


def test_american_houses_print_on_letter(typesetter):
    american = {**SELLER, "country": "US", "city": "Portland", "region": "OR", "postal_code": "97201"}

    page = pypdf.PdfReader(io.BytesIO(printed(typesetter, "invoice", seller=american))).pages[0]

    assert (float(page.mediabox.width), float(page.mediabox.height)) == (612, 792)


def test_a_missing_font_fails_instead_of_falling_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name, what in (("Inter-Regular.ttf", "all"), ("Inter-SemiBold.ttf", "none")):
        folder = tmp_path / what
        folder.mkdir()
        if what == "none":
            continue
        shutil.copy(press.FONTS / name, folder / name)
    monkeypatch.setattr(press, "FONTS", tmp_path / "none")

    with pytest.raises(NotSet, match=r"(?i)font"):
        printed(Press(), "invoice")


def test_a_template_that_breaks_says_why(typesetter):
    with pytest.raises(NotSet, match="does not contain key"):
        typesetter.set_pages("invoice", {"kind": "invoice"}, at=AT)


# ---- the child ---------------------------------------------------------------------------------------------------


@pytest.fixture
def printer() -> Iterator[Printer]:
    made = Printer()
    yield made
    made.close()


def sheet() -> dict[str, Any]:
    return sheet_of(values("invoice"), "en", COVERED)[0]


def test_the_child_prints_and_is_started_again_when_it_was_killed(printer):
    first = printer.pages("invoice", sheet(), at=AT)
    pid = printer._child.pid
    os.kill(pid, 9)
    printer._child.wait()

    second = printer.pages("invoice", sheet(), at=AT)

    assert first == second
    assert first.startswith(b"%PDF-1.7")
    assert printer._child.pid != pid


def test_a_job_that_fails_is_told_and_the_next_one_goes_on(printer):
    with pytest.raises(NotPrinted, match="does not contain key"):
        printer.pages("invoice", {"kind": "invoice"}, at=AT)

    assert printer.pages("invoice", sheet(), at=AT).startswith(b"%PDF")


def test_the_child_ends_with_whoever_started_it_and_leaves_nothing(printer):
    printer.pages("invoice", sheet(), at=AT)
    pid = printer._child.pid

    printer._child.stdin.close()

    until = time.monotonic() + 10
    while psutil.pid_exists(pid) and time.monotonic() < until:
        time.sleep(0.02)
    assert not psutil.pid_exists(pid)


def test_the_child_knows_no_secrets(printer, monkeypatch):
    monkeypatch.setenv("TRADEWIND_DATABASE_URL", "postgresql://hush")
    monkeypatch.setenv("PGPASSWORD", "hush")

    printer.pages("invoice", sheet(), at=AT)

    assert "hush" not in str(psutil.Process(printer._child.pid).environ())


def test_one_that_hangs_is_ended_and_one_too_many_is_sent_away():
    hanging = Printer(command=(sys.executable, "-c", "import time; time.sleep(60)"), patience=0.5)
    refusals: list[str] = []

    def ask() -> None:
        with pytest.raises(Refused) as refused:
            hanging.pages("invoice", {}, at=AT)
        refusals.append(refused.value.problems[0].code)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    begun = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert refusals == ["papers.printer_busy"] * 6
    assert time.monotonic() - begun < 5
    assert hanging._child is None


def test_a_server_does_not_load_the_typesetter():
    code = "import tradewind.app.http, tradewind.papers.api, sys; tradewind.app.http.build_app; print('typst' in sys.modules)"

    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert found.stdout.strip() == "False"
