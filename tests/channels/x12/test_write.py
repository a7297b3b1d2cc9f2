"""What we write: 855, 865, 856, 810 and their envelope; read, written and read again is equal."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tradewind.channels.decide.x12.answers import write_855, write_865
from tradewind.channels.decide.x12.documents import (
    AnswerLine,
    Charge,
    InvoiceDocument,
    InvoiceLine,
    LineAnswer,
    NoticeItem,
    NoticeOrder,
    NoticePack,
    OrderAnswer,
    Party,
    Reference,
    ShipNotice,
    Tax,
)
from tradewind.channels.decide.x12.invoices import write_810
from tradewind.channels.decide.x12.model import (
    Envelope,
    FunctionalGroup,
    GroupHeader,
    Interchange,
    PartnerId,
    Separators,
    TransactionSet,
)
from tradewind.channels.decide.x12.notices import write_856
from tradewind.channels.decide.x12.read import read_interchanges
from tradewind.channels.decide.x12.write import write_interchange
from tradewind.kernel.problem import Problem
from x12_documents import CHANGE, INVOICE, NOTICE, ORDER, SAMPLES, SEEDS, interchange, needs_samples, sample_files

DAY = date(2026, 3, 2)
ENVELOPE = Envelope(PartnerId("ZZ", "TRADEWIND"), PartnerId("01", "NORTHWIND"), "000000042", "260302", "1200")
DOCK = Party("ST", "Northwind Dock 4", "92", "DOCK4", street=("12 Harbor Way",), city="Portland", region="OR",
             postal_code="97201", country="US")  # fmt: skip
ANSWER = OrderAnswer(
    "PO-7001", "AC", DAY, po_date=DAY, release="R2", our_number="SO-1", currency="USD", total=Decimal("50.00"), parties=(DOCK,),
    references=(Reference("DP", "809"),), dates=(("067", date(2026, 3, 16)),),
    lines=(
        AnswerLine("1", Decimal(10), "EA", Decimal("1.250"), (("VN", "BOLT-10"), ("BP", "4711")), "Hex bolt", (
            LineAnswer("IB", Decimal(4), "EA", "068", date(2026, 3, 20)), LineAnswer("IA", Decimal(6), "EA"))),
        AnswerLine("2", Decimal(3), "CA", Decimal("40.5"), (("BP", "4712"),), answers=(LineAnswer("IR"),), reason="No longer made"),
        AnswerLine("3", Decimal(1), "EA", None, (("VN", "OLD"),), answers=(
            LineAnswer("IS", Decimal(1), "EA", ids=(("VN", "NEW"),)),)),
    ),
)  # fmt: skip


def texts(made):
    assert isinstance(made, TransactionSet)
    return ["*".join(one) for one in made.segments]


def written(*sets, marks=Separators(), substitute=None):  # noqa: B008 - frozen
    group = FunctionalGroup(GroupHeader("PR", "US", "THEM", "7", "20260302", "1200"), sets)
    return write_interchange(replace(ENVELOPE, separators=marks), [group], substitute=substitute)


def test_an_answer_names_each_line_and_what_becomes_of_it():
    assert texts(write_855(ANSWER, "1")) == [
        "BAK*00*AC*PO-7001*20260302*R2***SO-1*20260302", "CUR*SE*USD", "REF*DP*809", "DTM*067*20260316",
        "N1*ST*Northwind Dock 4*92*DOCK4", "N3*12 Harbor Way", "N4*Portland*OR*97201*US",
        "PO1*1*10*EA*1.25*PE*VN*BOLT-10*BP*4711", "PID*F****Hex bolt", "ACK*IB*4*EA*068*20260320", "ACK*IA*6*EA",
        "PO1*2*3*CA*40.5*PE*BP*4712", "REF*ZZ**No longer made", "ACK*IR",
        "PO1*3*1*EA***VN*OLD", "ACK*IS*1*EA****VN*NEW", "CTT*3", "AMT*TT*50",
    ]  # fmt: skip


def test_an_answer_to_a_change_names_the_change_and_its_actions():
    line = AnswerLine("1", Decimal(15), "EA", Decimal("1.25"), (("VN", "BOLT-10"),), answers=(LineAnswer("IA", Decimal(15), "EA"),),
                      action="QI", left_to_receive=Decimal(5))  # fmt: skip

    assert texts(write_865(replace(ANSWER, lines=(line,), change_no="3", parties=(), references=(), dates=(), total=None), "2")) == [
        "BCA*00*AC*PO-7001*R2*3*20260302***SO-1*20260302", "CUR*SE*USD", "POC*1*QI*15*5*EA*1.25**VN*BOLT-10", "ACK*IA*15*EA",
        "CTT*1"]  # fmt: skip


def test_a_notice_is_a_tree_of_shipment_orders_pallets_cartons_and_items():
    bolts = NoticeItem("1", Decimal(6), "EA", (("VN", "BOLT-10"),), Decimal(10), Decimal(6), "Hex bolt")
    towels = NoticeItem("2", Decimal("2.5"), "CA", (("BP", "4712"),))
    carton, pallet = NoticePack("003456780000000017", items=(bolts,)), NoticePack("003456780000000024", "T")
    notice = ShipNotice(
        "SH-1", DAY, "1200", scac="RDWY", carrier="Roadway", method="M", bill_of_lading="BOL-1", carrier_reference="TRACK-1",
        packages=2, weight=Decimal("12.40"), dates=(("011", DAY),), parties=(DOCK,),
        orders=(NoticeOrder("PO-7001", (replace(pallet, packs=(carton,)),), (towels,), "R2", DAY, "SO-1"), NoticeOrder("PO-8")),
    )  # fmt: skip

    assert texts(write_856(notice, "3")) == [
        "BSN*00*SH-1*20260302*1200*0001", "HL*1**S*1", "TD1*CTN25*2****G*12.4*LB", "TD5**2*RDWY*M*Roadway", "REF*BM*BOL-1",
        "REF*CN*TRACK-1", "DTM*011*20260302", "N1*ST*Northwind Dock 4*92*DOCK4", "N3*12 Harbor Way", "N4*Portland*OR*97201*US",
        "HL*2*1*O*1", "PRF*PO-7001*R2**20260302", "REF*VN*SO-1", "HL*3*2*T*1", "MAN*GM*003456780000000024",
        "HL*4*3*P*1", "MAN*GM*003456780000000017", "HL*5*4*I*0", "LIN*1*VN*BOLT-10", "SN1**6*EA*6*10*EA", "PID*F****Hex bolt",
        "HL*6*2*I*0", "LIN*2*BP*4712", "SN1**2.5*CA", "HL*7*1*O*0", "PRF*PO-8", "CTT*7*8.5",
    ]  # fmt: skip


def test_an_invoice_is_exact_in_cents():
    line = InvoiceLine("1", Decimal(10), "EA", Decimal("1.255"), (("VN", "BOLT-10"),), "Hex bolt", (Tax("ST", Decimal("1.05")),),
                       (Charge("A", "C310", Decimal("2.50"), description="Early bird"),))  # fmt: skip
    invoice = InvoiceDocument("INV-9", DAY, Decimal("11.10"), "PO-7001", DAY, "R2", "DI", "USD", (line,), (Tax("ST", Decimal("1.05")),),
                              (Charge("C", "D240", Decimal(5)),), (DOCK,), (Reference("VN", "SO-1"),), (("011", DAY),),
                              date(2026, 4, 1), 30, Decimal(2), 10, "2/10 net 30", "RDWY", "Roadway")  # fmt: skip

    assert texts(write_810(invoice, "4")) == [
        "BIG*20260302*INV-9*20260302*PO-7001*R2**DI", "CUR*SE*USD", "REF*VN*SO-1", "N1*ST*Northwind Dock 4*92*DOCK4",
        "N3*12 Harbor Way", "N4*Portland*OR*97201*US", "ITD*01*3*2**10*20260401*30*****2/10 net 30", "DTM*011*20260302",
        "IT1*1*10*EA*1.255**VN*BOLT-10", "TXI*ST*1.05", "PID*F****Hex bolt", "SAC*A*C310***250**********Early bird",
        "TDS*1110", "TXI*ST*1.05", "CAD****RDWY*Roadway", "SAC*C*D240***500", "CTT*1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("total", "tds"),
    [("0", "0"), ("0.05", "5"), ("-13.50", "-1350"), ("99999999.99", "9999999999"), ("1E+3", "100000")],
)
def test_totals_are_cents_without_a_point(total, tds):
    made = write_810(InvoiceDocument("INV-9", DAY, Decimal(total)), "1")

    assert f"TDS*{tds}" in texts(made)


@pytest.mark.parametrize(
    "made",
    [
        write_810(InvoiceDocument("INV-9", DAY, Decimal("1.005")), "1"),
        write_810(InvoiceDocument("INV-9", DAY, Decimal(1), charges=(Charge("C", "D240", Decimal("0.001")),)), "1"),
        write_855(replace(ANSWER, charges=(Charge("C", "D240", Decimal("0.001")),)), "1"),
    ],
)
def test_parts_of_a_cent_are_refused(made):
    assert isinstance(made, Problem)
    assert made.code == "channels.finer_than_cents"


def test_long_texts_go_on_and_control_characters_do_not_go_out():
    description = "Bolt\r\nwith\ttabs " + "x" * 200
    party = Party("ST", "N" * 70, street=("S" * 60,))
    made = texts(
        write_855(replace(ANSWER, parties=(party,), lines=(replace(ANSWER.lines[0], description=description),)), "1")
    )

    assert made[4:7] == ["N1*ST*" + "N" * 60, "N2*" + "N" * 10, "N3*" + "S" * 55 + "*" + "S" * 5]
    assert [len(one.split("*")[5]) for one in made if one.startswith("PID")] == [80, 80, 55]
    assert not any(set(one) & set("\r\n\t") for one in made)


# ---- envelopes ---------------------------------------------------------------------------------------------------


def test_the_envelope_is_padded_counted_and_closed():
    answer = write_855(replace(ANSWER, lines=(), parties=(), references=(), dates=(), total=None, currency=""), "1")

    assert written(answer, marks=Separators("*", ">", "~", "", "\n")) == (
        b"ISA*00*          *00*          *ZZ*TRADEWIND      *01*NORTHWIND      *260302*1200*U*00401*000000042*0*P*>~\n"
        b"GS*PR*US*THEM*20260302*1200*7*X*004010~\n"
        b"ST*855*0001~\n"
        b"BAK*00*AC*PO-7001*20260302*R2***SO-1*20260302~\n"
        b"CTT*0~\n"
        b"SE*4*0001~\n"
        b"GE*1*7~\n"
        b"IEA*1*000000042~\n"
    )


@pytest.mark.parametrize("mark", ["*", "~", ">"])
def test_data_with_a_separator_in_it_is_refused_by_its_place_or_written_with_a_substitute(mark):
    answer = write_855(replace(ANSWER, parties=(replace(DOCK, name=f"Dock {mark} 4"),)), "1")

    refused, mended = written(answer), written(answer, substitute="-")

    assert isinstance(refused, Problem)
    assert (refused.code, refused.where) == ("channels.separator_in_data", "segment 8 (N1), element 2")
    assert isinstance(mended, bytes)
    assert b"N1*ST*Dock - 4*92*DOCK4~" in mended
    assert read_interchanges(mended).all_faults == ()


@pytest.mark.parametrize(
    ("envelope", "code"),
    [
        (replace(ENVELOPE, separators=Separators("*", "*", "~")), "channels.separators_unfit"),
        (replace(ENVELOPE, separators=Separators("A", ">", "~")), "channels.separators_unfit"),
        (replace(ENVELOPE, separators=Separators("**", ">", "~")), "channels.separators_unfit"),
        (replace(ENVELOPE, separators=Separators("*", ">", "~", "", "~")), "channels.separators_unfit"),
        (replace(ENVELOPE, sender=PartnerId("ZZ", "N" * 16)), "channels.header_too_wide"),
        (replace(ENVELOPE, control="1234567890"), "channels.header_too_wide"),
        (replace(ENVELOPE, control="x"), "channels.header_too_wide"),
        (replace(ENVELOPE, receiver=PartnerId("ZZ", "NORTH*WIND")), "channels.separator_in_data"),
    ],
)
def test_an_envelope_that_nobody_could_read_is_refused(envelope, code):
    found = write_interchange(envelope, [])

    assert isinstance(found, Problem)
    assert found.code == code


def test_composites_get_the_separator_of_the_interchange_they_go_into():
    (found,) = read_interchanges(interchange(("860", [CHANGE[0], "POC*1*QI*15*5*EA>1>2*1.25", "CTT*1"]))).interchanges

    data = write_interchange(replace(found.envelope, separators=Separators("|", ":", "~")), found.groups)

    assert isinstance(data, bytes)
    assert b"POC|1|QI|15|5|EA:1:2|1.25~" in data


def equal_after_writing(data):
    for found in read_interchanges(data).interchanges:
        again = write_interchange(found.envelope, found.groups, notes=found.notes)
        assert isinstance(again, bytes), again
        (second,) = read_interchanges(again).interchanges
        yield found, second


@pytest.mark.parametrize("data", SEEDS)
def test_what_is_read_written_and_read_again_is_equal(data):
    pairs = list(equal_after_writing(data))

    assert pairs
    assert all(first == second for first, second in pairs)


@pytest.mark.samples
@needs_samples
@pytest.mark.parametrize("folder", ["x12", "x12-flat", "x12-doctor"])
def test_the_samples_are_equal_after_reading_and_writing(folder):
    found = 0
    for path in sample_files(folder):
        for first, second in equal_after_writing(path.read_bytes()):
            assert first == second, path.relative_to(SAMPLES)
            found += 1

    assert found == {"x12": 32, "x12-flat": 32, "x12-doctor": 48}[folder]


MARKS = st.permutations("*~>|^:\x1c\x1d\x1e").map(lambda chosen: Separators(chosen[0], chosen[1], chosen[2]))
WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"], exclude_characters="*~>|^:"), max_size=12)
SEGMENTS = st.builds(
    lambda name, values: (name, *values), st.sampled_from(["BEG", "PO1", "N1", "ZZ9"]), st.lists(WORDS, max_size=6)
)
SETS = st.builds(
    lambda number, body: TransactionSet("850", f"{number:04}", tuple(body)),
    st.integers(1, 9999),
    st.lists(SEGMENTS, max_size=8),
)


@settings(max_examples=200, deadline=None)
@given(MARKS, st.lists(SETS, max_size=3, unique_by=lambda one: one.control), st.sampled_from(["", "\n", "\r\n"]))
def test_any_set_is_equal_after_writing_and_reading(marks, sets, newline):
    group = FunctionalGroup(GroupHeader("PO", "US", "THEM", "7"), tuple(sets))
    first = Interchange(replace(ENVELOPE, separators=marks), (group,))

    data = write_interchange(replace(ENVELOPE, separators=replace(marks, newline=newline)), first.groups)
    assert isinstance(data, bytes)
    reading = read_interchanges(data)

    assert reading.interchanges == (first,)
    assert reading.all_faults == ()


@pytest.mark.parametrize(("type_", "body"), [("850", ORDER), ("860", CHANGE), ("810", INVOICE), ("856", NOTICE)])
def test_our_own_documents_are_read_without_a_fault(type_, body):
    assert read_interchanges(interchange((type_, body))).all_faults == ()
