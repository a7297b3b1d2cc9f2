"""Three versions of a picture: what differs, whose doing it is, and the picture that takes both."""

from collections.abc import Sequence

import pytest

from tradewind.kernel.problem import Problem
from tradewind.library.decide.merge import deltas, merged
from tradewind.library.model import Delta, Origin
from tradewind.library.shipped import CODES, shipped
from tradewind.orchestration.decide.compile import compile_bpmn
from tradewind.orchestration.decide.edit import edit
from tradewind.orchestration.decide.operations import InsertAfter, Operation, Remove, Rename, SetCondition, SetParameter
from tradewind.rules.decide.feel import read_expression

BASE = shipped()["shipment_to_invoice"].bpmn


def after(data: bytes, *operations: Operation) -> bytes:
    found = edit(data, operations)
    assert isinstance(found, bytes), found
    return found


def origins(found: Sequence[Delta] | Problem) -> dict[str, Origin]:
    assert not isinstance(found, Problem), found
    return {one.id: one.origin for one in found}


def whole(theirs: bytes, mine: bytes, **choices: str) -> bytes | Problem:
    found = deltas(BASE, theirs, mine)
    assert not isinstance(found, Problem)
    return merged(mine, theirs, found, choices)


def runs(data: bytes | Problem) -> bool:
    assert isinstance(data, bytes), data
    report = compile_bpmn(data, read_expression)
    assert report.findings == ()
    return report.ok


def test_nothing_differs_where_nothing_was_changed():
    assert deltas(BASE, BASE, BASE) == ()


def test_every_difference_has_its_origin():
    theirs = after(BASE, Rename("ask", "Ring the warehouse"), Rename("book", "Book it"), Rename("invoiced", "Done"))
    mine = after(BASE, Rename("invoice", "Bill it"), Rename("book", "Write it down"), Rename("invoiced", "Done"))

    found = deltas(BASE, theirs, mine)

    assert origins(found) == {
        "ask": Origin.TEMPLATE, "book": Origin.CONFLICT, "invoice": Origin.HERE, "invoiced": Origin.BOTH_ALIKE,
    }  # fmt: skip


def test_what_only_the_template_changed_is_taken_and_what_was_changed_here_stays():
    theirs = after(BASE, SetParameter("ask", "role", "sales"), SetCondition("f6", "shipped = true"))
    mine = after(BASE, Rename("invoice", "Bill it"))

    merge = whole(theirs, mine)

    assert runs(merge)
    assert origins(deltas(theirs, merge if isinstance(merge, bytes) else b"", mine)) == {
        "invoice": Origin.BOTH_ALIKE, "ask": Origin.HERE, "f6": Origin.HERE,
    }  # fmt: skip


def test_a_step_that_the_template_brought_arrives_with_its_arrows_and_its_drawing():
    theirs = after(BASE, InsertAfter("book", "count", "userTask", "Count the crates", {"role": "warehouse"}))
    mine = after(BASE, Rename("invoice", "Bill it"))

    merge = whole(theirs, mine)

    assert runs(merge)
    assert isinstance(merge, bytes)
    assert b'bpmnElement="count"' in merge
    assert b"Bill it" in merge
    assert origins(deltas(theirs, theirs, merge)) == {"invoice": Origin.HERE}


def test_a_step_that_the_template_dropped_goes():
    longer = after(BASE, InsertAfter("book", "count", "userTask", "Count the crates", {"role": "warehouse"}))
    theirs, mine = after(longer, Remove("count")), after(longer, Rename("invoice", "Bill it"))
    found = deltas(longer, theirs, mine)
    assert not isinstance(found, Problem)

    merge = merged(mine, theirs, found, {})

    assert runs(merge)
    assert isinstance(merge, bytes)
    assert b"count" not in merge


def test_where_both_changed_something_somebody_chooses():
    theirs, mine = after(BASE, Rename("book", "Book it")), after(BASE, Rename("book", "Write it down"))

    undecided = whole(theirs, mine)
    own, other = whole(theirs, mine, book="mine"), whole(theirs, mine, book="theirs")

    assert isinstance(undecided, Problem)
    assert (undecided.code, undecided.detail) == ("library.undecided", {"elements": ["book"]})
    assert isinstance(own, bytes)
    assert isinstance(other, bytes)
    assert b"Write it down" in own
    assert b"Book it" in other


@pytest.mark.parametrize("code", CODES)
def test_a_template_merged_with_itself_stays_as_it_is(code):
    bpmn = shipped()[code].bpmn
    found = deltas(bpmn, bpmn, bpmn)
    assert not isinstance(found, Problem)

    assert merged(bpmn, bpmn, found, {}) == bpmn
