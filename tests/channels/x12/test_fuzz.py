"""Twenty thousand broken interchanges: nothing raises, nothing hangs, nothing grows."""

from fuzzing import fuzz, mutants
from tradewind.channels.decide.x12.acknowledge import acknowledge_group, write_997
from tradewind.channels.decide.x12.drafts import to_order_draft
from tradewind.channels.decide.x12.glance import content_faults, glance
from tradewind.channels.decide.x12.model import FunctionalGroup, Interchange
from tradewind.channels.decide.x12.orders import purchase_order
from tradewind.channels.decide.x12.read import read_interchanges
from tradewind.channels.decide.x12.write import write_interchange
from x12_documents import SEEDS, sample_files

COUNT = 20_000
TOKENS = (b"~", b"*", b">", b"\n", b"ISA*", b"IEA*1*000000007~", b"GS*PO*A*B*1*1*1*X*004010~", b"GE*1*1~", b"ST*850*0001~",
          b"SE*1*0001~", b"PO1*1*1*EA*1**VN*A~", b"POC*1*DI~", b"SDQ*EA*92*A*1~", b"SCH*1*EA***002*20260302~", b"BEG*00*NE*1~",
          b"AK1*PO*1~", b"AK9*R*1*1*1~", b"HL*1**S~", b"CTT*1*1~")  # fmt: skip


def test_twenty_thousand_broken_interchanges_are_read_without_a_crash():
    seeds = [*SEEDS, *(path.read_bytes() for path in sample_files("x12"))]

    outcome = fuzz(read_everything, mutants(seeds, COUNT, seed=20_260_302, tokens=TOKENS))

    assert outcome.crashes == []
    assert outcome.read == COUNT
    assert outcome.slowest < 1
    assert outcome.grown < 256 << 20


def read_everything(data: bytes) -> None:
    """All that happens to a file before a database is asked: read, drafted, acknowledged, written again."""
    reading = read_interchanges(data)
    is_sound = not any(fault.severity == "error" for fault in reading.all_faults)
    for interchange in reading.interchanges:
        groups = [FunctionalGroup(group.header, tuple(one.also(*orders(one)) for one in group.sets), group.faults)
                  for group in interchange.groups]  # fmt: skip
        for group in groups:
            write_997(acknowledge_group(group), "1")
        written = write_interchange(interchange.envelope, groups, notes=interchange.notes)
        if isinstance(written, bytes) and is_sound:
            again = read_interchanges(written).interchanges
            assert [bodies(one) for one in again] == [bodies(interchange)]


def orders(given):
    glance(given)
    if given.type not in ("850", "860", "875"):
        return content_faults(given)
    found = purchase_order(given)
    to_order_draft(found, account="A")
    return found.faults


def bodies(given: Interchange) -> list[list[tuple[tuple[str, ...], ...]]]:
    return [[one.segments for one in group.sets] for group in given.groups]
