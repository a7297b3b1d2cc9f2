"""850, 860 and 875: header, parties, lines, schedules, destinations, and what does not add up."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from tradewind.channels.decide.x12.documents import (
    Charge,
    Contact,
    Dated,
    Destination,
    Party,
    PoLine,
    Reference,
    Schedule,
)
from tradewind.channels.decide.x12.drafts import item_of, to_order_draft
from tradewind.channels.decide.x12.maps import DEFAULT, PartnerMap, map_as_json, map_from_json
from tradewind.channels.decide.x12.orders import intent, order_change, purchase_order
from tradewind.channels.decide.x12.read import read_interchanges
from tradewind.kernel.limits import ORDER_LINES
from tradewind.kernel.problem import Problem
from tradewind.kernel.quantity import UNITS as KNOWN_UNITS
from tradewind.semantics.model import DraftGroup, DraftLine
from x12_documents import CHANGE, DESTINED, ORDER, SCHEDULED, interchange

DOCK = Party("ST", "Northwind Dock 4", "92", "DOCK4", ("Receiving",), ("12 Harbor Way", "Gate 3"), "Portland", "OR", "97201", "US",
             (Reference("DP", "44"),), (Contact("RE", "Sam Field", (("TE", "5035550101"),)),))  # fmt: skip


def the_set(body, type_="850"):
    return read_interchanges(interchange((type_, body))).interchanges[0].groups[0].sets[0]


def order(body, type_="850"):
    return purchase_order(the_set(body, type_))


def changed(old, new, body=ORDER):
    assert old in body
    return [new if one == old else one for one in body if not (one == old and new is None)]


def at(*day):
    return datetime(*day, tzinfo=UTC)


def test_a_purchase_order_says_who_what_where_and_when():
    found = order(ORDER)

    assert (found.number, found.purpose, found.kind, found.release, found.date, found.contract) == (
        "PO-7001", "00", "NE", "R2", date(2026, 3, 2), "CT-9")  # fmt: skip
    assert (found.currency, found.total_text, found.amounts) == ("USD", "134", (("TT", Decimal(134)),))
    assert found.references == (Reference("DP", "809"), Reference("IA", "V100"), Reference("ZZ", "NOTE"))
    assert found.dates == (Dated("002", date(2026, 3, 16), "", "20260316"),)
    assert found.notes == ("Ring the bell",)
    assert found.parties == (Party("BY", "Northwind Traders", "92", "NW"), DOCK)
    assert found.party("BT", "ST") == DOCK
    assert found.faults == ()


def test_lines_keep_every_number_and_their_own_loops():
    bolt, towel = order(ORDER).lines

    assert bolt == PoLine("1", Decimal(10), "EA", Decimal("1.25"),
                          (("VN", "BOLT-10"), ("BP", "4711"), ("UP", "012345678905")), "PE", "Hex bolt, zinc",
                          qty_text="10", price_text="1.25",
                          charges=(Charge("A", "C310", Decimal("2.50"), Decimal(2)),), segment_no=16)  # fmt: skip
    assert (towel.line_no, towel.qty, towel.uom, towel.price) == ("2", Decimal(3), "CA", Decimal("40.5"))
    assert towel.dates == (Dated("010", date(2026, 3, 20), "", "20260320"),)


def test_schedules_and_destinations_split_a_line():
    scheduled, destined = order(SCHEDULED), order(DESTINED)

    assert scheduled.lines[0].schedules == (
        Schedule(Decimal(60), "EA", (Dated("002", date(2026, 4, 1), "", "20260401"),)),
        Schedule(Decimal(40), "EA", (Dated("002", date(2026, 5, 1), "", "20260501"),)),
    )
    assert destined.lines[0].destinations == (
        Destination("92", "S001", Decimal(60), "EA"), Destination("92", "S002", Decimal(40), "EA"))  # fmt: skip
    assert scheduled.faults == destined.faults == ()


def test_a_change_says_what_to_do_with_each_line():
    found = order_change(the_set(CHANGE, "860"))

    assert (found.number, found.purpose, found.change_no, found.date, found.change_date) == (
        "PO-7001", "04", "3", date(2026, 3, 2), date(2026, 3, 5))  # fmt: skip
    assert [(one.action, one.qty, one.left_to_receive, one.uom, one.price) for one in found.lines] == [
        ("QI", Decimal(15), Decimal(5), "EA", Decimal("1.25")), ("DI", None, None, "", None),
        ("AI", Decimal(4), None, "EA", Decimal("7.5")), ("RS", Decimal(4), None, "EA", None)]  # fmt: skip
    assert found.lines[3].dates[0].date == date(2026, 4, 1)
    assert found.faults == ()


@pytest.mark.parametrize(
    ("type_", "purpose", "expected"),
    [("850", "00", "original"), ("850", "01", "cancel"), ("850", "05", "replace"), ("850", "06", "confirm"), ("850", "07", "copy"),
     ("850", "99", "other"), ("860", "04", "change"), ("860", "01", "cancel"), ("860", "00", "change")],
)  # fmt: skip
def test_the_purpose_says_what_is_wanted(type_, purpose, expected):
    body = changed(ORDER[0], ORDER[0].replace("*00*", f"*{purpose}*")) if type_ == "850" else changed(
        CHANGE[0], CHANGE[0].replace("*04*", f"*{purpose}*"), CHANGE)  # fmt: skip

    assert intent(order(body, type_)) == expected


BOLT, TOWEL = ORDER[14], ORDER[17]


@pytest.mark.parametrize(
    ("old", "new", "code", "severity", "segment", "element", "ack"),
    [
        (ORDER[0], None, "channels.segment_missing", "error", 2, 0, "3"),
        (ORDER[0], "BEG*00*NE", "channels.po_number_missing", "error", 2, 3, "1"),
        (ORDER[0], "BEG*77*NE*PO-1**20260302", "channels.purpose_unknown", "warning", 2, 1, "7"),
        (ORDER[0], "BEG*00*NE*PO-1**20261302", "channels.date_unreadable", "warning", 2, 5, "8"),
        (ORDER[4], "DTM*002*CCYYMMDD", "channels.date_unreadable", "warning", 6, 2, "8"),
        (BOLT, BOLT.replace("*10*", "*ten*"), "channels.quantity_unreadable", "error", 16, 2, "6"),
        (BOLT, BOLT.replace("*10*", "*1E3*"), "channels.quantity_unreadable", "error", 16, 2, "6"),
        (BOLT, BOLT.replace("*10*", "*1,000*"), "channels.quantity_unreadable", "error", 16, 2, "6"),
        (BOLT, BOLT.replace("*10*", "**"), "channels.quantity_missing", "error", 16, 2, "1"),
        (BOLT, BOLT.replace("*10*", "*0*"), "channels.quantity_not_positive", "error", 16, 2, "7"),
        (BOLT, BOLT.replace("*10*", "*-10*"), "channels.quantity_not_positive", "error", 16, 2, "7"),
        (BOLT, BOLT.replace("*1.25*", "*1.2.5*"), "channels.price_unreadable", "error", 16, 4, "6"),
        (TOWEL, "PO1*2*3*CA*40.5", "channels.item_missing", "warning", 19, 0, "8"),
        ("CTT*2*13", "CTT*3*13", "channels.line_count_differs", "error", 22, 1, "7"),
        ("CTT*2*13", "CTT*2*14", "channels.hash_total_differs", "warning", 22, 2, "7"),
        ("AMT*TT*134", "AMT*TT*a lot", "channels.amount_unreadable", "warning", 23, 2, "6"),
    ],
)  # fmt: skip
def test_what_is_missing_or_unreadable_is_said_with_its_element(old, new, code, severity, segment, element, ack):
    found = [one for one in order(changed(old, new)).faults if one.code == code]

    assert [(one.severity, one.segment_no, one.element_no, one.ack_code) for one in found] == [
        (severity, segment, element, ack)
    ]


def test_a_total_that_is_not_the_sum_of_the_lines_is_said():
    body = [one for one in ORDER if not one.startswith("SAC")]

    (fault,) = order(changed("AMT*TT*134", "AMT*TT*135", body)).faults

    assert (fault.code, fault.message) == ("channels.total_differs", "The order says 135, its lines sum to 134.00.")


def test_schedules_that_are_not_the_line_are_said():
    (fault,) = order(changed("SCH*40*EA***002*20260501", "SCH*30*EA***002*20260501", SCHEDULED)).faults

    assert (fault.code, fault.segment_no) == ("channels.schedule_differs", 4)


def test_an_order_without_lines_is_wrong_and_a_cancelled_one_is_not():
    assert [one.code for one in order(["BEG*00*NE*PO-1"]).faults] == ["channels.no_lines"]
    assert order(["BEG*01*NE*PO-1"]).faults == ()


def test_an_order_may_have_only_so_many_lines():
    found = order(["BEG*00*NE*PO-1", *(f"PO1*{number}*1*EA**VN*A" for number in range(ORDER_LINES + 5))])

    assert [one.code for one in found.faults][-1] == "channels.order_too_long"
    assert len(found.lines) <= ORDER_LINES + 2


def test_a_grocery_order_is_an_order():
    found = order(["G50*N*20260302*PO-8", "G62*10*20260309", "N1*ST*Dock*9*123", "G68*10*CA*1.57*006121100201", "G69*Applesauce",
                   "G68*4*CA*2**VN*PEAR", "G76*14*CA"], "875")  # fmt: skip

    assert (found.number, found.purpose, found.date, found.dates[0].date) == (
        "PO-8",
        "00",
        date(2026, 3, 2),
        date(2026, 3, 9),
    )
    assert [(one.line_no, one.qty, one.uom, one.price, one.ids, one.description) for one in found.lines] == [
        ("1", Decimal(10), "CA", Decimal("1.57"), (("UA", "006121100201"),), "Applesauce"),
        ("2", Decimal(4), "CA", Decimal(2), (("VN", "PEAR"),), "")]  # fmt: skip
    assert found.faults == ()


# ---- drafts ------------------------------------------------------------------------------------------------------


def test_a_draft_names_our_item_our_unit_the_place_and_the_date_of_each_line():
    drafted = to_order_draft(order(ORDER), account="NW", client_ref="0001")
    draft = drafted.draft

    assert (draft.account, draft.buyer_po, draft.release_no, draft.currency, draft.channel, draft.client_ref) == (
        "NW", "PO-7001", "R2", "USD", "x12", "0001")  # fmt: skip
    assert draft.lines == (
        DraftLine(1, "BOLT-10", Decimal(10), "EA", Decimal("1.25"), "Hex bolt, zinc", 1),
        DraftLine(2, "4712", Decimal(3), "XCS", Decimal("40.5"), "Shop towel", 2),
    )
    assert draft.groups == (DraftGroup(1, "DOCK4", at(2026, 3, 16)), DraftGroup(2, "DOCK4", at(2026, 3, 20)))
    assert (draft.note, drafted.origins, drafted.findings) == ("Ring the bell", (0, 1), ())


def test_each_place_of_a_destination_is_a_group_and_each_share_a_line():
    drafted = to_order_draft(order(DESTINED), account="NW")

    assert [(one.line_no, one.item, one.qty, one.group_no) for one in drafted.draft.lines] == [
        (1, "BOLT-10", Decimal(60), 1), (2, "BOLT-10", Decimal(40), 2), (3, "TOWEL-1", Decimal(12), 2)]  # fmt: skip
    assert [(one.ship_to, one.requested_at) for one in drafted.draft.groups] == [
        ("S001", at(2026, 3, 16)),
        ("S002", at(2026, 3, 16)),
    ]
    assert drafted.origins == (0, 0, 1)


def test_each_date_of_a_schedule_is_a_group_and_a_line_may_go_elsewhere():
    draft = to_order_draft(order(SCHEDULED), account="NW").draft

    assert [(one.qty, one.group_no) for one in draft.lines] == [(Decimal(60), 1), (Decimal(40), 2), (Decimal(5), 3)]
    assert [(one.ship_to, one.requested_at) for one in draft.groups] == [
        ("DOCK4", at(2026, 4, 1)), ("DOCK4", at(2026, 5, 1)), ("DOCK9", None)]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "code", "hold"),
    [
        ("CTT*2*13", "CTT*2*14", "channels.hash_total_differs", "data"),
        (ORDER[4], "DTM*002*soon", "channels.date_unreadable", "data"),
        (TOWEL, "PO1*2*3*CA*40.5", "channels.item_missing", "data"),
        (TOWEL, TOWEL.replace("*3*", "*x*"), "channels.line_left_out", "data"),
        (ORDER[8], "N1*ST*Northwind Dock 4", "channels.ship_to_by_address", "address"),
        (ORDER[4], "SAC*C*D240***1250", "channels.charge_stated", None),
    ],
)
def test_what_leaves_the_meaning_in_doubt_holds_the_draft(old, new, code, hold):
    findings = to_order_draft(order(changed(old, new)), account="NW").findings

    assert [(one.hold_kind, one.severity) for one in findings if one.code == code] == [
        (hold, "hold" if hold else "info")
    ]


def test_a_ship_to_without_a_number_says_its_address():
    (finding,) = to_order_draft(order(changed(ORDER[8], "N1*ST*Northwind Dock 4")), account="NW").findings

    assert finding.detail == {"address": "Northwind Dock 4, 12 Harbor Way, Gate 3, 97201, Portland, US"}


@pytest.mark.parametrize(("basis", "price"), [("PE", "125"), ("HP", "1.25"), ("TP", "0.125"), ("", "125")])
def test_a_price_per_hundred_or_thousand_is_brought_down_to_one(basis, price):
    body = ["BEG*00*NE*PO-1", f"PO1*1*500*EA*125*{basis}*VN*BOLT-10"]

    assert to_order_draft(order(body), account="NW").draft.lines[0].unit_price == Decimal(price)


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [(["10", "20", "30"], [10, 20, 30]), (["3", "1", "2"], [3, 1, 2]), (["1", "1", "2"], [1, 2, 3]), (["a", "b", ""], [1, 2, 3]),
     (["0", "1", "2"], [1, 2, 3]), (["000010", "000020", "x"], [1, 2, 3]), (["000010", "000020", "000030"], [10, 20, 30])],
)  # fmt: skip
def test_the_buyers_line_numbers_are_kept_where_they_are_numbers_and_different(numbers, expected):
    body = ["BEG*00*NE*PO-1", *(f"PO1*{number}*1*EA**VN*A" for number in numbers)]

    assert [one.line_no for one in to_order_draft(order(body), account="NW").draft.lines] == expected


# ---- maps --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        (DEFAULT.items, "BOLT-10"),
        (("buyer_item", "our_item"), "4711"),
        (("gtin",), "012345678905"),
        (("maker_item",), "BOLT-10"),
    ],
)
def test_a_map_says_which_number_is_trusted(items, expected):
    assert item_of(order(ORDER).lines[0], PartnerMap(items=items)) == expected


def test_a_map_says_where_the_release_the_date_and_the_place_stand():
    map_ = map_from_json(
        {"release": ["REF*IA", "BEG04"], "requested": ["010"], "ship_to": ["BY"], "units": {"CA": "XCT", "ZZ": "EA"}}
    )
    assert isinstance(map_, PartnerMap)

    draft = to_order_draft(order(ORDER), map_, account="NW").draft

    assert draft.release_no == "V100"
    assert draft.groups == (DraftGroup(1, "NW", None), DraftGroup(2, "NW", at(2026, 3, 20)))
    assert draft.lines[1].uom == "XCT"
    assert map_.unit("DZ") == "DZN"


def test_a_place_counts_only_by_the_qualifiers_the_map_knows():
    draft = to_order_draft(order(ORDER), PartnerMap(ship_to_qualifiers=("9",)), account="NW")

    assert [group.ship_to for group in draft.draft.groups] == [None, None]
    assert [one.code for one in draft.findings] == ["channels.ship_to_by_address"]


def test_a_map_goes_through_json_and_keeps_only_what_differs():
    given = {
        "tolerated": ["channels.segment_count_differs"],
        "units": {"ZZ": "EA"},
        "buyer_item": ["PI"],
        "currency": "USD",
    }

    found = map_from_json(given, name="Northwind")

    assert isinstance(found, PartnerMap)
    assert map_as_json(found) == {**given, "name": "Northwind"}
    assert map_as_json(DEFAULT) == {}


@pytest.mark.parametrize(
    ("given", "where"),
    [([], "/"), ({"colour": "red"}, "/colour"), ({"release": "BEG04"}, "/release"), ({"units": ["EA"]}, "/units"),
     ({"items": ["luck"]}, "/items"), ({"currency": 7}, "/currency"), ({"name": None}, "/name"), ({"gtin": [1]}, "/gtin")],
)  # fmt: skip
def test_a_map_that_makes_no_sense_is_refused_by_its_place(given, where):
    found = map_from_json(given)

    assert isinstance(found, Problem)
    assert (found.code, found.where) == ("channels.map_unreadable", where)


def test_every_unit_of_the_common_table_is_one_we_know():
    assert {ours for ours in DEFAULT.units.values() if ours not in KNOWN_UNITS} == set()
