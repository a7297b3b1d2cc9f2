"""`tradewind read`: one JSON object a line, an exit code, and never a traceback; no database."""

import io
import json
import sys

import pytest

from tradewind.app.cli import main
from tradewind.channels.decide.formats import FILE_BYTES, read_source
from x12_documents import INVOICE, ORDER, interchange


def read(capsys, *paths):
    code = main(["read", *map(str, paths)])
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.fixture
def order(tmp_path):
    path = tmp_path / "order.edi"
    path.write_bytes(interchange(("850", ORDER)))
    return path


def test_an_order_is_printed_as_its_document_writes_it(order, capsys):
    code, printed = read(capsys, order)

    assert code == 0
    assert printed == [
        {
            "file": str(order),
            "format": "x12",
            "documents": [
                {
                    "kind": "order", "type": "850", "number": "PO-7001", "buyer_po": "PO-7001", "currency": "USD", "total": "134",
                    "lines": [
                        {"line": "1", "sku": "BOLT-10", "ids": {"VN": "BOLT-10", "BP": "4711", "UP": "012345678905"}, "qty": "10",
                         "uom": "EA", "price": "1.25"},
                        {"line": "2", "sku": "4712", "ids": {"BP": "4712"}, "qty": "3", "uom": "CA", "price": "40.5"},
                    ],
                }
            ],
            "findings": [],
        }
    ]  # fmt: skip


def test_several_files_are_a_line_each_and_an_error_in_one_is_exit_1(order, tmp_path, capsys):
    short = tmp_path / "short.edi"
    short.write_bytes(interchange(("810", INVOICE)).replace(b"SE*9*", b"SE*5*"))
    other = tmp_path / "picture.png"
    other.write_bytes(b"\x89PNG\r\n\x1a\n\0\0")

    code, printed = read(capsys, order, short, other, tmp_path / "missing.edi", tmp_path)

    assert code == 1
    assert [one["format"] for one in printed] == ["x12", "x12", None, None, None]
    assert [one["documents"][0]["total"] for one in printed[:2]] == ["134", "13.55"]
    assert [[found["code"] for found in one["findings"]] for one in printed] == [
        [], ["channels.segment_count_differs"], ["channels.format_unknown"], ["request.file_not_readable"],
        ["request.file_not_readable"]]  # fmt: skip


def test_a_warning_or_a_test_indicator_is_no_error(tmp_path, capsys):
    path = tmp_path / "odd.edi"
    path.write_bytes(interchange(("850", [one.replace("CTT*2*13", "CTT*2*99") for one in ORDER]), usage="T"))

    code, (printed,) = read(capsys, path)

    assert code == 0
    assert [(one["code"], one["severity"]) for one in printed["findings"]] == [
        ("channels.test_indicator", "info"), ("channels.hash_total_differs", "warning")]  # fmt: skip


def test_nothing_of_a_database_is_started(order, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TRADEWIND_HOME", str(tmp_path / "home"))

    assert main(["read", str(order)]) == 0
    assert not (tmp_path / "home").exists()


def test_any_name_and_any_text_can_be_printed(tmp_path, monkeypatch):
    path = tmp_path / "b\udcffd.edi"
    path.write_bytes(interchange(("850", [*ORDER[:6], "MSG*…", *ORDER[7:]]), sender="SENDER’S"))
    printed = io.StringIO()
    monkeypatch.setattr(sys, "stdout", printed)

    assert main(["read", str(path)]) == 0
    assert printed.getvalue().isascii()


def test_a_file_that_is_too_large_is_not_looked_at():
    found = read_source(io.BytesIO(b""), name="large.edi", size=FILE_BYTES + 1)

    assert [one.code for one in found.findings] == ["channels.file_too_large"]


@pytest.mark.parametrize("content", [b"", b" \n", b"\xef\xbb\xbf"])
def test_an_empty_file_says_so(content):
    found = read_source(io.BytesIO(content), name="empty.edi", size=len(content))

    assert found.is_wrong
    assert found.documents == ()
