"""997, 999 and TA1: decided by what is wrong and what the partner's map tolerates, written, and read."""

import pytest

from tradewind.channels.decide.x12.acknowledge import (
    acknowledge_group,
    read_acknowledgement,
    wants_acknowledgement,
    write_997,
    write_ta1,
)
from tradewind.channels.decide.x12.documents import ElementError, SegmentError, SetAcknowledgement
from tradewind.channels.decide.x12.maps import DEFAULT, PartnerMap
from tradewind.channels.decide.x12.model import InterchangeEnd
from tradewind.channels.decide.x12.orders import purchase_order
from tradewind.channels.decide.x12.read import read_interchanges, walk
from x12_documents import ACCEPTED, ORDER, REJECTED, SCHEDULED, interchange

BAD_QTY = [one.replace("*10*", "*ten*") for one in ORDER]
ODD_DATE = [one.replace("DTM*002*20260316", "DTM*002*soon") for one in ORDER]


def group(*bodies, old=b"", new=b""):
    """The first group, its orders' own faults in it."""
    data = interchange(*(("850", body) for body in bodies)).replace(old, new, 1)
    found = read_interchanges(data).interchanges[0].groups[0]
    return type(found)(found.header, tuple(one.also(*purchase_order(one).faults) for one in found.sets), found.faults)


def texts(given, map_=DEFAULT):
    return ["*".join(one) for one in write_997(acknowledge_group(given, map_), "1").segments]


def acknowledged(body, type_="997"):
    return read_acknowledgement(read_interchanges(interchange((type_, body))).interchanges[0].groups[0].sets[0])


def test_all_good_is_accepted():
    assert texts(group(ORDER, SCHEDULED)) == [
        "AK1*PO*1",
        "AK2*850*0001",
        "AK5*A",
        "AK2*850*0002",
        "AK5*A",
        "AK9*A*2*2*2",
    ]


def test_a_bad_set_is_rejected_with_segment_and_element_and_the_group_in_part():
    assert texts(group(BAD_QTY, SCHEDULED)) == [
        "AK1*PO*1", "AK2*850*0001", "AK3*PO1*16**8", "AK4*2**6*ten", "AK5*R*5", "AK2*850*0002", "AK5*A", "AK9*P*2*2*1"]  # fmt: skip


def test_a_warning_with_a_code_is_accepted_with_errors_noted():
    assert texts(group(ODD_DATE)) == [
        "AK1*PO*1",
        "AK2*850*0001",
        "AK3*DTM*6**8",
        "AK4*2**8*soon",
        "AK5*E*5",
        "AK9*E*1*1*1",
    ]


def test_none_accepted_is_rejected():
    assert texts(group(BAD_QTY))[-1] == "AK9*R*1*1*0"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (b"SE*24*0001", b"SE*9*0001", ["AK5*R*4", "AK9*R*1*1*0"]),
        (b"SE*24*0001", b"SE*24*0002", ["AK5*R*3", "AK9*R*1*1*0"]),
        (b"SE*24*0001~", b"", ["AK5*R*2", "AK9*R*1*1*0"]),
        (b"GE*1*1~", b"GE*3*1~", ["AK5*A", "AK9*E*3*1*1*5"]),
        (b"GE*1*1~", b"GE*1*9~", ["AK5*A", "AK9*E*1*1*1*4"]),
    ],
)
def test_counts_and_control_numbers_are_said_in_the_codes_of_the_standard(old, new, expected):
    assert texts(group(ORDER, old=old, new=new))[-2:] == expected


def test_what_a_partners_map_tolerates_is_only_noted():
    map_ = PartnerMap(tolerated=frozenset(("channels.segment_count_differs",)))

    assert texts(group(ORDER, old=b"SE*24*", new=b"SE*9*"), map_)[-2:] == ["AK5*E*4", "AK9*E*1*1*1"]


def test_acknowledgements_are_not_acknowledged():
    found = read_interchanges(interchange(("997", ACCEPTED), ("850", ORDER))).interchanges[0].groups

    assert [wants_acknowledgement(one) for one in found] == [False, True]


def test_what_we_write_is_what_we_read():
    made = acknowledge_group(group(BAD_QTY, ODD_DATE, SCHEDULED))

    assert read_acknowledgement(write_997(made, "1")) == made


def test_an_acceptance_has_no_fault():
    found = acknowledged(ACCEPTED)

    assert (found.functional_id, found.control, found.code, found.accepted) == ("PO", "1", "A", 1)
    assert found.sets == (SetAcknowledgement("850", "0001", "A"),)
    assert found.faults == ()


def test_a_rejection_says_which_set_and_why():
    found = acknowledged(REJECTED)

    error = SegmentError("PO1", 12, "8", "", (ElementError("2", "6", "380", "ten"),))
    assert found.sets == (SetAcknowledgement("850", "0001", "R", ("5",), (error,)),)
    assert [(one.code, one.severity, one.value) for one in found.faults] == [
        ("channels.set_rejected_by_partner", "warning", "0001"), ("channels.group_rejected_by_partner", "warning", "1")]  # fmt: skip


def test_a_999_is_read_like_a_997():
    body = [one.replace("AK3", "IK3").replace("AK4", "IK4").replace("AK5", "IK5") for one in REJECTED]

    assert acknowledged(body, "999") == acknowledged(REJECTED)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("AK1*PO*1", "AK1*PURCHASES*1", "channels.code_unknown"),
        ("AK5*A", "AK5*Q", "channels.code_unknown"),
        ("AK9*A*1*1*1", "AK9*?*1*1*1", "channels.code_unknown"),
        ("AK9*A*1*1*1", "AK9*R*1*1*1", "channels.acknowledgement_contradicts_itself"),
        ("AK9*A*1*1*1", "NTE*x", "channels.segment_missing"),
        ("AK1*PO*1", "NTE*x", "channels.segment_missing"),
    ],
)
def test_an_acknowledgement_that_makes_no_sense_says_so(old, new, code):
    assert code in [one.code for one in acknowledged([new if one == old else one for one in ACCEPTED]).faults]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (b"", b"", ("A", "000")), (b"IEA*1*", b"IEA*2*", ("R", "021")), (b"IEA*1*000000007", b"IEA*1*000000008", ("R", "001")),
        (b"IEA*1*000000007~", b"", ("R", "023")),
    ],
)  # fmt: skip
def test_a_ta1_says_whether_the_interchange_was_whole(old, new, expected):
    data = interchange(("850", ORDER)).replace(old, new, 1)
    (end,) = [step for step in walk(data) if isinstance(step, InterchangeEnd)]

    assert write_ta1(end) == ("TA1", "000000007", "260302", "0930", *expected)
