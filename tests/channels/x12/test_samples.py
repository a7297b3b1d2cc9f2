"""The shared samples through `tradewind read`: what each order says, checked by hand against the files."""

from pathlib import Path

import pytest

from tradewind.channels.decide.formats import read_source
from tradewind.channels.decide.reading import FileReading
from tradewind.channels.decide.x12.read import read_interchanges
from x12_documents import SAMPLES, needs_samples, sample_files

pytestmark = [pytest.mark.samples, needs_samples]

FOLDERS = ("x12", "x12-flat", "x12-doctor")
SF = [("13200", "F07EXPLBA1818"), ("13892", "F07EXPLLO1224"), ("13237", "F19POCOOA0636P9"), ("13430", "F19POCOSM0624P14"),
      ("13237", "F19POCOSM0636P9"), ("6000", "F07EXPLBA1818"), ("13892", "F07EXPLMI1224")]  # fmt: skip


def tiles(*lines):
    return [(number, SF[place][0], "SF", None, {"ST": SF[place][1]}) for number, place in lines]


BOLTS = [("1", "351", "CS", "39.91", {"BP": "AX-51325"}), ("2", "144", "FT", "62.71", {"BP": "BR-11125"}),
         ("3", "366", "EA", "228.32", {"BP": "ITM-66969"})]  # fmt: skip
FLOWS = (
    "C02_fa997UnknownGroup",
    "C03_fa997Rejected",
    "C05_fa997Missing",
    "C06_outOfOrderInterchange",
    "D03_asnQtyMismatch",
    "clean",
)

# file: (PO number, currency, total, lines of (number, quantity, unit, price, ids)) of each order in it
ORDERS = {
    "x12/850_Example1_PGWGlass.x12": [("S41000439", "USD", "884.06", [
        ("1", "5", "EA", "5.09", {"BP": "0459001004"}), ("2", "12", "EA", "63.11", {"BP": "0650002027"}),
        ("3", "2", "EA", "8.02", {"BP": "0670104514"}), ("4", "1", "EA", "85.25", {"BP": "0684202074"})])],
    "x12/850_Example2_Adobe_TLP.x12": [("TLP-X12", "USD", "12", [
        ("1", "1", "EA", "665", {"BP": "12345678", "MG": "64113730AD01A00"})])],
    "x12/850_From_aojuk.x12": [("6190", None, "229.98", [
        ("6917", "1", "PK", "10.98", {"VP": "123456"}), ("6915", "1", "EA", "219", {"VP": "654321"})])],
    "x12/ednet_x12.850.edi": [("1000012", None, None, [("1", "1", "EA", "19.95", {"VN": "0054321"})])],
    "x12/ednet_x12.850.issue135.edi": [
        ("740150", "USD", None, tiles(("10", 0), ("20", 1), ("30", 1), ("40", 2), ("50", 3), ("60", 4), ("100", 5), ("70", 4),
                                      ("80", 2), ("90", 4))),
        ("740151", "USD", None, tiles(("10", 0), ("20", 1), ("30", 1), ("40", 1), ("50", 6), ("110", 3), ("60", 6), ("70", 3),
                                      ("80", 3), ("90", 3), ("100", 3)))],
    "x12/staedi_invoice810_po850_dual.edi": [("S115921858", None, None, [
        ("1", "150", "EA", None, {"IN": "02006"}), ("2", "50", "EA", None, {"IN": "02008"}),
        ("3", "25", "EA", None, {"IN": "01019"}), ("4", "25", "EA", None, {"IN": "01220"})])],
    "x12/875_AmasoftExample1.x12": [("59590001", None, None, [
        (None, "10", "CA", "1.57", {"UA": "006121100201"}), (None, "10", "CA", "3.98", {"UA": "006121100202"})])],
    "x12-doctor/clean/850_seed7_lines1.edi": [("PO877779", None, None, BOLTS[:1])],
    "x12-doctor/clean/850_seed7_lines3.edi": [("PO356981", None, None, BOLTS)],
    "x12-doctor/clean/850_seed42_lines1.edi": [("PO051210", None, None, [("1", "228", "EA", "220.64", {"BP": "AX-31566"})])],
    "x12-doctor/clean/850_seed1234_lines1.edi": [("PO985713", None, None, [("1", "64", "BX", "80.47", {"BP": "BR-52440"})])],
    "x12-doctor/edge/no_trailers.edi": [("PO173006", None, None, [
        ("1", "228", "EA", "220.64", {"BP": "AX-31566"}), ("2", "5", "CS", "209.50", {"BP": "SKU-50201"})])],
    "x12-doctor/edge/truncated_mid_segment.edi": [("PO596729", None, None, [])],
    "x12/ednet_x12.Issue91.edi": [(None, None, None, [])],
    **{f"x12-doctor/flows/{flow}/850_po.edi": [("PO827628", None, None, BOLTS)] for flow in FLOWS},
}  # fmt: skip

# Other documents: (kind, type, number, PO number, total, lines, the first line's own number or quantity)
OTHERS = {
    "180_FromLowes.x12": [("return_authorization", "180", "123401", "0123456789", None, 1)],
    "810_Example2_ManualBilling.x12": [("invoice", "810", "3662", None, "2896035.30", 1)],
    "810_Example3_MultiInvoice.x12": [("invoice", "810", "465266", "539893", "8432.02", 4),
                                      ("invoice", "810", "465267", "539893", "1129.92", 1)],
    "810_Example5_Walmart.x12": [("invoice", "810", "6463367", "3376103367", "3875.30", 1)],
    "820_Example5_Wikipedia.x12": [("payment", "820", "0310162359", None, "77.77", 0)],
    "832_Example1_HIBCC.x12": [("price_catalog", "832", "2000", None, None, 1)],
    "846_Example1.x12": [("stock_report", "846", "10353", None, None, 1)],
    "852_hdexchange.x12": [("product_activity", "852", None, "092123456", None, 2)],
    "855_Example1_Adobe.x12": [("order_answer", "855", "0132710645", "0132710645", "369", 1)],
    "856_Example1.x12": [("ship_notice", "856", "123456", "123456", None, 3)],
    "856_Example3.x12": [("ship_notice", "856", "146940", "5500005194", None, 3)],
    "856_edi1Source.x12": [("ship_notice", "856", "829716", "99999817", None, 2)],
    "860_Example1.x12": [("order_change", "860", "PO NUMBER", "PO NUMBER", None, 2)],
    "865_FromMclaneCo.x12": [("change_answer", "865", "3249785", "3249785", None, 7)],
    "940_simplot.x12": [("warehouse_order", "940", "01235639", "3353558", None, 2)],
    "ednet_x12.810a.edi": [("invoice", "810", "DO091003TESTINV01", "DO091003", "365.96", 2)],
    "ednet_x12.810c.edi": [("invoice", "810", "DO091003TESTHDRINV01", None, "411.92", 1)],
    "ednet_x12.820.issue140.edi": [("payment", "820", "4529952", None, "21298.97", 0)],
    "ednet_x12.832.edi": [("price_catalog", "832", "BISG", None, None, 2)],
    "staedi_simple997.edi": [("acknowledgement", "997", "000001", None, None, 0)],
    "staedi_simple810.edi": [("invoice", "810", "00001", "A99999-01", "2554.38", 7), ("invoice", "810", "00001", "A99999-04", "2554.38", 2)],
}  # fmt: skip

# What is wrong with a file, as findings of severity error; files that are not named have none.
ERRORS = {
    "x12/820_Example3_HomeDepot.x12": ["channels.amount_unreadable", "channels.group_control_differs"],
    "x12/852_hdexchange.x12": ["channels.interchange_control_differs"],
    "x12/940_simplot.x12": ["channels.group_control_differs", "channels.interchange_control_differs"],
    "x12/ednet_x12.832.edi": ["channels.segment_count_differs"],
    "x12/ednet_x12.850.edi": ["channels.interchange_control_differs"],
    "x12/ednet_x12.850.issue135.edi": ["channels.set_control_repeated"],
    "x12/ednet_x12.Issue91.edi": ["channels.interchange_control_differs", "channels.no_lines", "channels.segment_count_differs",
                                  "channels.segment_missing"],
    "x12/staedi_extraDelimiter997.edi": ["channels.code_unknown"],
    "x12/staedi_invalid997.edi": ["channels.code_unknown", "channels.code_unknown"],
    "x12-doctor/edge/no_trailers.edi": ["channels.group_trailer_missing", "channels.interchange_trailer_missing",
                                        "channels.set_trailer_missing"],
    "x12-doctor/edge/truncated_mid_segment.edi": ["channels.cut_off", "channels.group_trailer_missing",
                                                  "channels.interchange_trailer_missing", "channels.no_lines",
                                                  "channels.set_trailer_missing"],
    "x12-doctor/edge/empty.edi": ["channels.empty"],
}  # fmt: skip


def read(path: Path) -> FileReading:
    with path.open("rb") as source:
        return read_source(source, name=path.name, size=path.stat().st_size)


def name_of(path):
    return path.relative_to(SAMPLES).as_posix()


@pytest.mark.parametrize("name", ORDERS)
def test_every_order_gives_its_number_lines_quantities_units_and_prices(name):
    documents = [one for one in read(SAMPLES / name).documents if one.kind == "order"]

    assert [
        (
            one.buyer_po,
            one.currency,
            one.total,
            [(line.line, line.qty, line.uom, line.price, dict(line.ids)) for line in one.lines],
        )
        for one in documents
    ] == ORDERS[name]
    assert all(line.sku in line.ids.values() for one in documents for line in one.lines)


def test_no_order_of_the_samples_is_left_out_of_the_table():
    with_orders = {name_of(path) for path in sample_files("x12", "x12-doctor")
                   if any(one.kind == "order" for one in read(path).documents)}  # fmt: skip

    assert with_orders == set(ORDERS)


@pytest.mark.parametrize("name", OTHERS)
def test_other_documents_say_what_they_are_and_their_lines(name):
    assert [(one.kind, one.type, one.number, one.buyer_po, one.total, len(one.lines))
            for one in read(SAMPLES / "x12" / name).documents] == OTHERS[name]  # fmt: skip


def test_errors_are_found_where_they_are_and_nowhere_else():
    found = {name_of(path): sorted(one.code for one in read(path).findings if one.severity == "error")
             for path in sample_files("x12", "x12-doctor") if path.name != "not_x12.edi"}  # fmt: skip

    assert {name: codes for name, codes in found.items() if codes} == ERRORS


def test_every_file_gives_one_reading_and_never_raises():
    readings = [read(path) for path in sample_files(*FOLDERS)]

    assert len(readings) == 114
    assert sum(one.format == "x12" for one in readings) == 112
    assert all(one.findings for one in readings if not one.documents)


def test_white_space_and_marks_say_nothing():
    for path in sample_files("x12"):
        flat = SAMPLES / "x12-flat" / path.name
        first, second = read_interchanges(path.read_bytes()), read_interchanges(flat.read_bytes())

        assert first == second, path.name
        assert [one.code for one in first.all_faults] == [one.code for one in second.all_faults], path.name
        assert read(path).as_json("") == read(flat).as_json(""), path.name


def test_replacements_tests_and_odd_totals_are_seen():
    replaced = read_interchanges((SAMPLES / "x12/850_Example1_PGWGlass.x12").read_bytes()).interchanges[0]
    test = read_interchanges((SAMPLES / "x12/ednet_x12.850.edi").read_bytes()).interchanges[0]

    assert replaced.groups[0].sets[0].segments[0][:2] == ("BEG", "05")
    assert (replaced.envelope.is_test, test.envelope.is_test) == (False, True)
    assert [one.code for one in read(SAMPLES / "x12/850_Example2_Adobe_TLP.x12").findings] == ["channels.total_differs"]
    assert [one.code for one in read(SAMPLES / "x12/860_Example1.x12").findings] == ["channels.terminator_missing",
                                                                                      "channels.date_unreadable"]  # fmt: skip


def test_a_rejection_by_the_partner_is_said():
    found = read(SAMPLES / "x12-doctor/flows/C03_fa997Rejected/997_fa.edi").findings

    assert [(one.code, one.severity) for one in found] == [
        ("channels.set_rejected_by_partner", "warning"), ("channels.group_rejected_by_partner", "warning"),
        ("channels.acknowledgement_contradicts_itself", "warning")]  # fmt: skip
