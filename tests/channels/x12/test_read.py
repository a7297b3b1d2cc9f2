"""Envelopes: separators, blanks, counts, control numbers; a bad set rejects itself only; memory of one set."""

import io
import time
import tracemalloc

import pytest

from tradewind.channels.decide.x12.glance import read_x12
from tradewind.channels.decide.x12.model import Envelope, InterchangeEnd, PartnerId, Separators, TransactionSet
from tradewind.channels.decide.x12.read import FAULTS, read_interchanges, walk
from x12_documents import ACCEPTED, CHANGE, INVOICE, NOTICE, ORDER, SCHEDULED, interchange

PLAIN = interchange(("850", ORDER), ("860", CHANGE))


def sets(data):
    return [one for found in read_interchanges(data).interchanges for group in found.groups for one in group.sets]


def codes(data):
    return [fault.code for fault in read_interchanges(data).all_faults]


def test_the_envelope_says_who_when_and_by_which_separators():
    (found,) = read_interchanges(interchange(("850", ORDER), marks="^:|", usage="T")).interchanges

    assert found.envelope == Envelope(PartnerId("ZZ", "NORTHWIND"), PartnerId("ZZ", "TRADEWIND"), "000000007", "260302", "0930",
                                      "T", separators=Separators("^", ":", "|"))  # fmt: skip
    assert found.envelope.is_test
    assert [(group.header.functional_id, group.header.control, len(group.sets)) for group in found.groups] == [
        ("PO", "1", 1)
    ]


@pytest.mark.parametrize(
    "data",
    [
        interchange(("850", ORDER), ("860", CHANGE), marks="~>|"),
        interchange(("850", ORDER), ("860", CHANGE), marks="|:~", newline="\n"),
        interchange(("850", ORDER), ("860", CHANGE), marks="*>\n"),
        interchange(("850", ORDER), ("860", CHANGE), marks="*>\r"),
        interchange(("850", ORDER), ("860", CHANGE), marks="*>\r", newline="\n"),
        interchange(("850", ORDER), ("860", CHANGE), marks="\x1d\x1f\x1c"),
        interchange(("850", ORDER), ("860", CHANGE), newline="\r\n      "),
        b"\xef\xbb\xbf\r\n" + PLAIN + b"\r\n\x1a",
        PLAIN.decode().replace("NORTHWIND      ", "NORTHWIND", 1).replace("*00*          *", "*00* *").encode(),
        PLAIN.decode().replace(" ", "\N{NO-BREAK SPACE}", 5).encode(),
        PLAIN.decode().encode("utf-16"),
        b"\n".join(PLAIN[start : start + 80] for start in range(0, len(PLAIN), 80)),
        PLAIN.replace(b"~", "…".encode()),
        PLAIN.replace(b"*P*>~", b"*P*~", 1),
        PLAIN.replace(b"*P*>~", b"*P*~", 1).replace(b"~", b"~\n"),
    ],
    ids=["other marks", "lines", "line break ends", "carriage return ends", "crlf ends", "control characters",
         "indented", "byte order mark", "unpadded", "no-break spaces", "utf-16", "wrapped at 80", "three-byte terminator",
         "no component separator", "none, and lines"],
)  # fmt: skip
def test_the_same_document_is_read_whatever_it_is_written_with(data):
    assert [(one.type, one.control, one.segments) for one in sets(data)] == [
        (one.type, one.control, one.segments) for one in sets(PLAIN)
    ]
    assert codes(data) == []


def test_a_missing_terminator_is_mended_and_said():
    data = interchange(("850", ORDER), newline="\n").replace(b"N2*Receiving~", b"N2*Receiving")

    assert sets(data)[0].segments == sets(PLAIN)[0].segments
    assert codes(data) == ["channels.terminator_missing"]


def test_a_line_break_inside_a_text_stays_there():
    data = interchange(("850", [*ORDER[:6], "MSG*first\nsecond", *ORDER[7:]]))

    assert sets(data)[0].segments[6] == ("MSG", "first\nsecond")
    assert codes(data) == []


def test_several_interchanges_with_other_separators_in_one_file():
    data = PLAIN + b"\r\n" + interchange(("810", INVOICE), marks="|:\n") + interchange(("997", ACCEPTED), marks="*>'")

    reading = read_interchanges(data)

    assert [one.type for one in sets(data)] == ["850", "860", "810", "997"]
    assert reading.all_faults == ()


def test_the_next_interchange_is_found_where_the_last_has_no_end():
    cut = PLAIN[: PLAIN.index(b"SE*") + 3 + 8]
    data = cut + interchange(("810", INVOICE), marks="|:~")

    assert [one.type for one in sets(data)] == ["850", "810"]
    assert codes(data) == ["channels.interchange_trailer_missing", "channels.group_trailer_missing"]


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (b"SE*24*0001", b"SE*23*0001", ("channels.segment_count_differs", "4", "set 0001")),
        (b"SE*24*0001", b"SE*24*0009", ("channels.set_control_differs", "3", "set 0001")),
        (b"SE*24*0001~", b"", ("channels.set_trailer_missing", "2", "set 0001")),
        (b"ST*850*0001", b"ST*850*", ("channels.set_control_missing", "7", "set 1")),
        (b"ST*850*0001", b"ST*85*0001", ("channels.set_type_unknown", "6", "set 0001")),
        (b"REF*DP*809", b"ref!*DP*809", ("channels.segment_unknown", "1", "set 0001, segment 4")),
        (b"GE*1*1~", b"GE*2*1~", ("channels.set_count_differs", "5", "group 1")),
        (b"GE*1*1~", b"GE*1*8~", ("channels.group_control_differs", "4", "group 1")),
        (b"GE*1*1~", b"", ("channels.group_trailer_missing", "3", "group 1")),
        (b"IEA*2*", b"IEA*3*", ("channels.group_count_differs", "021", "interchange 000000007")),
        (b"IEA*2*000000007", b"IEA*2*000000008", ("channels.interchange_control_differs", "001", "interchange 000000007")),
        (b"GE*1*1~", b"GE*1*1~MSG*lost~", ("channels.segment_outside_set", "", "")),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place_and_the_code_of_the_standard(old, new, found):
    reading = read_interchanges(PLAIN.replace(old, new, 1))

    assert found in [(fault.code, fault.ack_code, fault.where) for fault in reading.all_faults]
    assert all(fault.severity == "error" for fault in reading.all_faults)


def test_a_bad_set_rejects_itself_and_not_its_neighbours():
    data = interchange(("850", ORDER), ("850", SCHEDULED), ("850", ORDER)).replace(b"SE*10*0002", b"SE*11*0002")

    assert [one.is_wrong for one in sets(data)] == [False, True, False]


def test_a_control_number_twice_in_a_group_is_said_of_the_second():
    data = interchange(("850", ORDER), ("850", SCHEDULED)).replace(b"*0002~", b"*0001~")

    assert [[fault.code for fault in one.faults] for one in sets(data)] == [[], ["channels.set_control_repeated"]]


def test_leading_zeros_of_control_numbers_and_counts_say_nothing():
    assert codes(PLAIN.replace(b"SE*24*0001", b"SE*024*1").replace(b"GE*1*1~", b"GE*01*001~", 1)) == []


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", ["channels.empty"]),
        (b" \r\n\t", ["channels.empty"]),
        (b"id,name,qty\n1,Hex Bolt,228\n", ["channels.not_x12"]),
        (b"ISA", ["channels.header_unreadable"]),
        (b"ISA*00*", ["channels.header_unreadable"]),
        (PLAIN[:105], ["channels.header_unreadable"]),
        (PLAIN[:106], ["channels.interchange_trailer_missing"]),
        (PLAIN + b"and more", ["channels.outside_interchange"]),
    ],
)
def test_what_is_no_interchange_is_a_fault(data, expected):
    assert codes(data) == expected


def test_a_file_that_ends_inside_a_segment_says_so():
    data = PLAIN[: PLAIN.index(b"N1*ST*North") + 9]

    assert codes(data) == ["channels.interchange_trailer_missing", "channels.group_trailer_missing", "channels.cut_off",
                           "channels.set_trailer_missing"]  # fmt: skip
    assert sets(data)[0].segments[-1] == ("N1", "ST", "Nor")


def test_latin_1_is_read_where_it_is_no_utf_8():
    data = interchange(("850", [*ORDER[:6], "MSG*Grüße", *ORDER[7:]])).decode().encode("latin-1")

    assert sets(data)[0].segments[6] == ("MSG", "Grüße")


def test_repetition_separators_are_those_of_newer_versions():
    old = read_interchanges(PLAIN).interchanges[0].envelope
    new = read_interchanges(interchange(("850", ORDER), version="00501", standard="^")).interchanges[0].envelope

    assert (old.separators.repetition, new.separators.repetition) == ("", "^")


def test_interchange_acknowledgements_stand_before_the_groups():
    data = PLAIN.replace(b"GS*PO", b"TA1*000000003*260301*1200*A*000~GS*PO", 1)

    assert read_interchanges(data).interchanges[0].notes == (("TA1", "000000003", "260301", "1200", "A", "000"),)


def test_a_walk_gives_each_set_when_it_is_closed_and_keeps_none():
    data = b"".join(interchange(*[("850", ORDER)] * 500, control=f"{number:09}") for number in range(20))

    tracemalloc.start()
    found = [step.position for step in walk(io.BytesIO(data)) if isinstance(step, TransactionSet)]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert found == list(range(1, 10_001))
    assert len(data) > 4_000_000
    assert peak < 12 << 20


HEAD = PLAIN[: PLAIN.index(b"ST*")]
LARGE = 8 << 20


@pytest.mark.parametrize(
    "bomb",
    [
        PLAIN[:106] * (LARGE // 106), HEAD + b"ST*850*1~" * (LARGE // 9), HEAD + b"SE*1*1~" * (LARGE // 7),
        HEAD + b"ST*850*1~PO1" + b"*" * LARGE, HEAD + b"ST*850*1~" + b"PO1*1*1~" * (LARGE // 8), b"ISA*" * (LARGE // 4),
        HEAD + b"~" * LARGE, HEAD + b"\n" * LARGE, b" " * LARGE, b"\0" * LARGE, b"ISA*" + b"x" * LARGE,
        HEAD + b"ST*850*1~" + b"MSG*a\n" * (LARGE // 6),
    ],
    ids=["headers", "openings", "ends", "elements", "lines", "beginnings", "terminators", "breaks", "blanks", "nulls",
         "one header", "no terminators"],
)  # fmt: skip
def test_hostile_files_are_refused_in_under_a_second(bomb):
    begun = time.perf_counter()
    reading = read_interchanges(bomb)
    seconds = time.perf_counter() - begun

    assert seconds < 1
    assert reading.all_faults
    assert len(reading.all_faults) < 3 * FAULTS


def test_what_stands_behind_a_hopeless_file_is_not_read():
    steps = list(walk(HEAD + b"SE*1*1~" * 5_000 + PLAIN))

    assert [step.code for step in steps if hasattr(step, "code")] == ["channels.too_many_faults"]
    assert sum(isinstance(step, InterchangeEnd) for step in steps) == 1


def test_a_notice_is_read_without_being_understood():
    assert sets(interchange(("856", NOTICE)))[0].segments[1] == ("HL", "1", "", "S", "1")


def test_a_long_file_shows_every_document_and_so_many_findings():
    odd = [one.replace("CTT*2*13", "CTT*2*14") for one in ORDER]
    found = read_x12(interchange(*[("850", odd)] * 1_200))

    assert len(found.documents) == 1_200
    assert (len(found.findings), found.findings[-1].code, found.findings[-1].message) == (
        1_001, "channels.too_many_findings", "200 more findings are not shown.")  # fmt: skip
    assert not found.is_wrong
