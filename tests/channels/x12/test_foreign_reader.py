"""Our documents through the reader and the dictionary of a program that none of us wrote (mock-edi)."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from tradewind.channels.decide.x12.acknowledge import acknowledge_group, write_997
from tradewind.channels.decide.x12.answers import write_855, write_865
from tradewind.channels.decide.x12.documents import (
    AnswerLine,
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
from tradewind.channels.decide.x12.kinds import functional_id_of
from tradewind.channels.decide.x12.model import Envelope, FunctionalGroup, GroupHeader, PartnerId, Separators
from tradewind.channels.decide.x12.notices import write_856
from tradewind.channels.decide.x12.read import read_interchanges
from tradewind.channels.decide.x12.write import write_interchange
from x12_documents import ORDER, interchange

transactions = pytest.importorskip("mockedi.transactions")
validate = pytest.importorskip("mockedi.validate").validate
foreign = pytest.importorskip("mockedi.x12")

DAY = date(2026, 3, 2)
DOCK = Party("ST", "Northwind Dock 4", "92", "DOCK4", street=("12 Harbor Way",), city="Portland", region="OR",
             postal_code="97201", country="US")  # fmt: skip
BOLT, TOWEL = (("SK", "BOLT-10"),), (("SK", "TOWEL-1"),)
ANSWER = OrderAnswer(
    "PO-7001", "AC", DAY, po_date=DAY, our_number="SO-1", currency="USD", parties=(DOCK,),
    lines=(
        AnswerLine("1", Decimal(10), "EA", Decimal("1.25"), BOLT, "Hex bolt", (
            LineAnswer("IQ", Decimal(8), "EA", "068", date(2026, 3, 20)),), reason="Only 8 are left"),
        AnswerLine("2", Decimal(3), "CA", Decimal("40.5"), TOWEL, answers=(LineAnswer("IR"),), reason="No longer made")),
)  # fmt: skip
CHANGED = replace(ANSWER, change_no="3", lines=(
    AnswerLine("1", Decimal(8), "EA", Decimal("1.25"), BOLT, answers=(LineAnswer("IA", Decimal(8), "EA"),), action="QD",
               left_to_receive=Decimal(8)),))  # fmt: skip
NOTICE = ShipNotice(
    "SH-1", DAY, "1200", scac="RDWY", carrier="Roadway", method="M", bill_of_lading="BOL-1", carrier_reference="TRACK-1",
    packages=1, weight=Decimal("12.4"), dates=(("011", DAY), ("017", date(2026, 3, 5))), parties=(DOCK,),
    orders=(NoticeOrder("PO-7001", (NoticePack(items=(NoticeItem("1", Decimal(8), "EA", BOLT, Decimal(10)),)),), po_date=DAY),),
)  # fmt: skip
INVOICE = InvoiceDocument(
    "INV-9", DAY, Decimal("10.70"), "PO-7001", DAY, kind="DI", currency="USD", parties=(DOCK,), net_days=30,
    references=(Reference("VN", "SO-1"),), taxes=(Tax("ST", Decimal("0.70")),),
    lines=(InvoiceLine("1", Decimal(8), "EA", Decimal("1.25"), BOLT, "Hex bolt"),),
)  # fmt: skip
ACKNOWLEDGEMENT = write_997(
    acknowledge_group(read_interchanges(interchange(("850", ORDER))).interchanges[0].groups[0]), "1"
)
SETS = {"855": write_855(ANSWER, "1"), "865": write_865(CHANGED, "2"), "856": write_856(NOTICE, "3"),
        "810": write_810(INVOICE, "4"), "997": ACKNOWLEDGEMENT}  # fmt: skip


def sent(type_, marks=Separators()):  # noqa: B008 - frozen
    envelope = Envelope(
        PartnerId("ZZ", "TRADEWIND"), PartnerId("ZZ", "NORTHWIND"), "000000042", "260302", "1200", separators=marks
    )
    header = GroupHeader(functional_id_of(type_), "TRADEWIND", "NORTHWIND", "1", "20260302", "1200")
    data = write_interchange(envelope, [FunctionalGroup(header, (SETS[type_],))])
    assert isinstance(data, bytes)
    return foreign.parse(data.decode())


def message(type_):
    ((_, found),) = sent(type_).messages()
    return found


@pytest.mark.parametrize("marks", [Separators(), Separators("|", ":", "'", "", "\n"), Separators("*", ">", "\n")])
@pytest.mark.parametrize("type_", SETS)
def test_the_dictionary_of_others_finds_nothing_in_our_documents(type_, marks):
    report = validate(sent(type_, marks))

    assert (report.envelope_errors, report.group_errors, report.interchange_findings) == ([], {}, [])
    assert [one.segments for one in report.messages] == [[]]
    assert report.messages[0].known


def test_others_read_our_answer_as_we_meant_it():
    found = transactions.read_response(message("855"), "X12")

    assert (found.verdict, found.po_number, found.seller_order, found.ordered_on, found.responded_on) == (
        "AC", "PO-7001", "SO-1", DAY, DAY)  # fmt: skip
    assert [(one.number, one.sku, one.quantity, one.confirmed, one.status, one.scheduled_on, one.reason) for one in found.lines] == [
        ("1", "BOLT-10", Decimal(10), Decimal(8), "IQ", date(2026, 3, 20), "Only 8 are left"),
        ("2", "TOWEL-1", Decimal(3), Decimal(0), "IR", None, "No longer made")]  # fmt: skip


def test_others_read_our_answer_to_a_change_as_we_meant_it():
    found = transactions.read_change_response(message("865"), "X12")

    assert (found.po_number, found.sequence, found.seller_order) == ("PO-7001", "3", "SO-1")
    assert [(one.number, one.action, one.quantity, one.confirmed, one.status) for one in found.lines] == [
        ("1", "QD", Decimal(8), Decimal(8), "IA")]  # fmt: skip


def test_others_read_our_notice_as_we_meant_it():
    found = transactions.read_despatch(message("856"), "X12")

    assert (found.shipment_id, found.po_number, found.scac, found.bol, found.tracking, found.cartons, found.shipped_on) == (
        "SH-1", "PO-7001", "RDWY", "BOL-1", "TRACK-1", 1, DAY)  # fmt: skip
    assert [(one.line, one.sku, one.quantity, one.ordered) for one in found.items] == [
        ("1", "BOLT-10", Decimal(8), Decimal(10))
    ]


def test_others_read_our_invoice_to_the_cent():
    found = transactions.read_invoice(message("810"), "X12")

    assert (found.invoice_number, found.po_number, found.total, found.tax, found.terms_days, found.seller_order) == (
        "INV-9", "PO-7001", Decimal("10.70"), Decimal("0.70"), 30, "SO-1")  # fmt: skip
    assert [(one.number, one.sku, one.quantity, one.price) for one in found.lines] == [
        ("1", "BOLT-10", Decimal(8), Decimal("1.25"))
    ]
