"""`tradewind submit` and `tradewind read` for order files."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shop import Shop, open_shop
from tradewind.app.cli import main
from tradewind.app.submit import SheetOptions, submit_command
from tradewind.kernel.problem import Refused


@pytest.fixture
def shop(app_url: str) -> Iterator[Shop]:
    one = open_shop(app_url)
    yield one
    one.database.close()


def submit(shop: Shop, path: Path, capsys: Any, **options: Any) -> tuple[int, dict[str, Any]]:
    code = submit_command(shop.database, [path], largest=1 << 20, sheets=SheetOptions(**options))
    return code, json.loads(capsys.readouterr().out)


def test_an_order_file_is_submitted_for_the_account_that_is_named(shop: Shop, tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "orders.txt"
    path.write_text("Item;Qty;PO\nCUP;2;P-1\n")

    dry = submit(shop, path, capsys, account="ALMA", is_dry=True)
    first = submit(shop, path, capsys, account="ALMA")
    again = submit(shop, path, capsys, account="ALMA")

    assert (dry[0], dry[1]["outcome"], dry[1]["orders"][0]["total"]) == (0, "preview", "7.94")
    assert (first[0], first[1]["outcome"], first[1]["orders"][0]["number"]) == (
        0,
        "placed",
        again[1]["orders"][0]["number"],
    )
    assert again[1]["repeated"] is True
    assert shop.one("select count(*), max(channel) from sales_order") == (1, "csv")


def test_a_file_that_is_not_there_keeps_no_other_from_being_taken(shop: Shop, tmp_path: Path, capsys: Any) -> None:
    there = tmp_path / "there.csv"
    there.write_text("Item,Qty\nCUP,2\n")

    code = submit_command(
        shop.database, [tmp_path / "gone.csv", there], largest=1 << 20, sheets=SheetOptions(account="ALMA")
    )

    gone, taken = map(json.loads, capsys.readouterr().out.splitlines())
    assert (code, gone["outcome"], taken["outcome"]) == (1, "rejected", "placed")
    assert gone["reason"] == "cannot be read: No such file or directory"


def test_rows_that_are_refused_and_files_that_cannot_be_read_end_with_1(
    shop: Shop, tmp_path: Path, capsys: Any
) -> None:
    partly, broken = tmp_path / "a.csv", tmp_path / "b.csv"
    partly.write_text("Item,Qty\nCUP,2\nNIX,1\n")
    broken.write_text("Nothing,Here\nCUP,2\n")

    assert submit(shop, partly, capsys, account="ALMA")[0] == 1
    code, report = submit(shop, broken, capsys, account="ALMA")
    assert (code, report["outcome"], report["problems"][0]["code"]) == (1, "rejected", "channels.no_item_column")
    assert submit(shop, partly, capsys)[1]["problems"][0]["code"] == "channels.no_account"
    with pytest.raises(Refused):
        submit(shop, partly, capsys, account="NOBODY")


def test_read_prints_an_order_file_as_it_is_written_without_a_database(tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("Artikel;Menge;Einheit;Preis;Bestellnummer\nCUP;1.024,50;Stk;2,50;P-1\nTEA;x;;;P-1\n")

    code = main(["read", str(path)])

    shown = json.loads(capsys.readouterr().out)
    assert (code, shown["format"]) == (1, "csv")
    assert shown["documents"] == [
        {
            "kind": "order", "type": "csv", "number": None, "buyer_po": "P-1", "currency": None, "total": None,
            "lines": [{"line": "1", "sku": "CUP", "ids": {}, "qty": "1.024,50", "uom": "Stk", "price": "2,50"}],
        }
    ]  # fmt: skip
    assert [(one["code"], one["severity"], one["where"]) for one in shown["findings"]] == [
        ("import.not_a_number", "error", "row 3, column qty")
    ]
