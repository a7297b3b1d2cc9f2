"""What an order file says: columns found, numbers and dates as the file writes them, rows that order nothing, orders by number."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tradewind.channels.decide.sheets import Mapping, SheetFile, orders_of, read_mapping, read_sheet
from tradewind.channels.decide.sheets.mapping import one_edit, signature_of
from tradewind.channels.decide.sheets.read import date_order_of, decimal_mark_of
from tradewind.kernel.problem import Refused
from tradewind.semantics.model import DraftGroup

D = Decimal


def read(text: str, *, encoding: str = "utf-8", **more: object) -> SheetFile:
    return read_sheet(text.encode(encoding), **more)  # type: ignore[arg-type]


def columns(file: SheetFile) -> dict[str, str]:
    return {one.field: one.column for one in file.columns.guesses}


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("SKU,Qty,UoM", {"sku": "SKU", "qty": "Qty", "uom": "UoM"}),
        ("Item #,Quantity Ordered,Unit Price,Ship-To Code,Need By", {
            "item": "Item #", "qty": "Quantity Ordered", "unit_price": "Unit Price", "ship_to": "Ship-To Code", "requested_at": "Need By"}),
        ("Artikel-Nr.,Bestellmenge,ME,Wunschtermin,Filiale", {
            "item": "Artikel-Nr.", "qty": "Bestellmenge", "uom": "ME", "requested_at": "Wunschtermin", "ship_to": "Filiale"}),
        ("Kundenartikelnummer,EAN,Menge,Bestellnummer,Abruf,Bemerkung", {
            "customer_item": "Kundenartikelnummer", "gtin": "EAN", "qty": "Menge", "buyer_po": "Bestellnummer", "release_no": "Abruf",
            "note": "Bemerkung"}),
        ("Quantiy,Part Number,MPN,PO Number", {
            "item": "Part Number", "manufacturer_item": "MPN", "qty": "Quantiy", "buyer_po": "PO Number"}),
    ],
)  # fmt: skip
def test_columns_are_found_by_their_names_in_english_and_german(header: str, expected: dict[str, str]) -> None:
    row = ",".join("4006381333931" if name == "EAN" else "1" for name in header.split(","))

    assert columns(read(f"{header}\n{row}\n")) == expected


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
def test_every_delimiter_and_encoding_says_the_same(delimiter: str, encoding: str) -> None:
    text = "\n".join(
        delimiter.join(cells)
        for cells in (("Artikel", "Menge", "Bezeichnung"), ("CUP", "2", "Größe 7"), ("TEA", "3", ""))
    )

    file = read(text, encoding=encoding)

    assert [(one.item, one.qty, one.description) for one in file.rows] == [("CUP", 2, "Größe 7"), ("TEA", 3, None)]


def test_the_header_may_stand_below_titles_that_have_no_delimiter() -> None:
    file = read("Order form of Müller\nPlease fill in;;\n\nItem;Qty;PO\nCUP;2;7\n")

    assert (file.header_row, file.delimiter, [one.row for one in file.rows]) == (4, ";", [5])


@pytest.mark.parametrize(
    ("cells", "mark"),
    [
        (["1,5", "2"], ","), (["1.5"], "."), (["1.024,50"], ","), (["1,024.50"], "."), (["1,024"], None), (["1.024"], None),
        (["1,5", "1.5"], None), (["12"], None), (["0,125"], ","), (["0.125"], "."),
    ],
)  # fmt: skip
def test_the_decimal_mark_is_what_all_numbers_agree_on(cells: list[str], mark: str | None) -> None:
    assert decimal_mark_of(cells) == mark


def test_a_number_that_two_countries_read_differently_is_refused_where_nothing_decides_it() -> None:
    german = read("Artikel;Menge\nCUP;1.500\nTEA;2\n")
    english = read("Item,Qty\nCUP,1.500\n")
    settled = read("Artikel;Menge;Preis\nCUP;1.500;2,50\n")

    assert [(one.row, one.problems[0].code, one.problems[0].detail["readings"]) for one in german.bad] == [
        (2, "channels.ambiguous_number", ["1500", "1.500"])
    ]
    assert [one.qty for one in english.rows] == [D("1.5")]
    assert [one.qty for one in settled.rows] == [1500]


@pytest.mark.parametrize(
    ("cells", "order"),
    [
        (["31.12.2026"], "dmy"), (["01.02.2026"], "dmy"), (["01/02/2026"], None), (["01/02/2026", "13/02/2026"], "dmy"),
        (["01/13/2026"], "mdy"), (["2026/01/13"], "ymd"), (["2026-01-13"], "ymd"), (["13/01/2026", "01/13/2026"], None), ([], None),
    ],
)  # fmt: skip
def test_the_order_of_a_date_is_what_all_dates_agree_on(cells: list[str], order: str | None) -> None:
    assert date_order_of(cells) == order


def test_a_date_that_stays_open_is_refused_with_its_readings_until_somebody_says_it() -> None:
    text = "Item,Qty,Due\nCUP,1,03/04/2026\n"

    open_file = read(text)
    said = read(text, given=Mapping({}, date_order="dmy"))

    assert (open_file.bad[0].problems[0].code, open_file.bad[0].problems[0].detail["readings"]) == (
        "import.ambiguous_date", ["2026-03-04", "2026-04-03"],
    )  # fmt: skip
    assert said.rows[0].requested_at == datetime(2026, 4, 3, tzinfo=UTC)


def test_rows_without_a_quantity_and_sums_order_nothing_and_are_counted() -> None:
    file = read("Item,Qty\nCUP,2\nTEA,\nMUG,0\n,,\nTotal,2\n")

    assert [one.item for one in file.rows] == ["CUP"]
    assert [(one.code, one.count) for one in file.findings] == [("channels.no_quantity", 2), ("channels.sum_row", 1)]
    assert [one.code for one in read("Item,Qty,Text\nCUP,2,\n,2,Summe\n").findings] == ["channels.sum_row"]


def test_a_mapping_that_is_given_goes_before_guesses_and_a_null_keeps_a_column_from_being_read() -> None:
    text = "Item,Part no,Qty,Price\nA,B,1,9\n"

    file = read(text, given=read_mapping({"columns": {"item": "part NO", "unit_price": None}}))

    assert columns(file) == {"item": "Part no", "qty": "Qty"}
    assert file.columns.unread == ("Item", "Price")


def test_what_is_remembered_of_files_with_these_columns_is_taken_as_it_is() -> None:
    text = "Ding,Wieviel,Price\nA,1,9\n"
    known = {signature_of(("ding", "WIEVIEL", "price")): Mapping({"item": "Ding", "qty": "Wieviel"})}

    file = read(text, told=known.get)

    assert [(one.field, one.confidence, one.why) for one in file.columns.guesses] == [
        ("item", 1.0, "remembered"),
        ("qty", 1.0, "remembered"),
    ]
    assert file.columns.unread == ("Price",)


@pytest.mark.parametrize(
    ("mapping", "code"),
    [
        ({"columns": {"colour": "X"}}, "channels.unknown_field"),
        ({"columns": {"item": ""}}, "channels.unknown_mapping"),
        ({"columns": []}, "channels.unknown_mapping"),
        ({"columns": {}, "decimal_mark": ";"}, "channels.unknown_mapping"),
        ({"colums": {}}, "channels.unknown_mapping"),
    ],
)
def test_a_mapping_that_says_nothing_is_refused(mapping: dict[str, object], code: str) -> None:
    with pytest.raises(Refused) as refused:
        read_mapping(mapping)

    assert refused.value.problems[0].code == code


def test_orders_are_the_numbers_in_the_file_with_a_group_for_each_place_and_date() -> None:
    file = read(
        "Item;Qty;PO;Ship to;Due\nA;1;P1;HQ;2026-04-01\nB;2;P2;;\nC;3;P1;S2;2026-04-01\nD;4;;HQ;2026-04-01\nE;5;P1;HQ;2026-04-01\n"
    )

    orders = orders_of(file.rows, account="X", channel="csv", findings=file.findings)

    assert [(one.draft.buyer_po, one.rows, [line.group_no for line in one.draft.lines]) for one in orders] == [
        ("P1", (2, 4, 5, 6), [1, 2, 1, 1]), ("P2", (3,), [1]),
    ]  # fmt: skip
    assert orders[0].draft.groups == (
        DraftGroup(1, "HQ", datetime(2026, 4, 1, tzinfo=UTC)), DraftGroup(2, "S2", datetime(2026, 4, 1, tzinfo=UTC)),
    )  # fmt: skip
    assert [one.code for one in file.findings] == ["channels.number_from_above"]


def test_numbers_keep_their_kinds_and_the_buyers_own_is_what_is_echoed() -> None:
    file = read("Our SKU,Customer item,EAN,MPN,Qty\nS1,K1,4006381333931,M1,1\nS2,,,,1\n,,4006381333931,,2\n")

    (order,) = orders_of(file.rows, account="X", channel="csv", findings=file.findings)

    assert [(line.item, line.ids) for line in order.draft.lines] == [
        ("K1", (("sku", "S1"), ("customer", "K1"), ("gtin", "4006381333931"), ("manufacturer", "M1"))),
        ("S2", ()),
        ("4006381333931", (("gtin", "4006381333931"),)),
    ]


def test_a_trade_number_with_a_wrong_check_digit_says_the_right_one() -> None:
    file = read("EAN,Qty\n4006381333932,1\n")

    assert [(one.code, one.detail["check_digit"]) for one in file.bad[0].problems] == [("import.bad_gtin", "1")]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("menge", "mengen", True),
        ("menge", "mange", True),
        ("menge", "men", False),
        ("abcd", "bacd", False),
        ("menge", "xmenge", True),
    ],
)
def test_one_letter_more_less_or_another(one: str, other: str, expected: bool) -> None:
    assert one_edit(one, other) is expected
    assert one_edit(other, one) is expected
