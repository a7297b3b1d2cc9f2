"""When two purchase order numbers are one."""

import pytest

from tradewind.orders.decide import normal_po


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("PO-17", "po 17"),
        ("PO17", "PO/17"),
        ("0045", "45"),
        ("４５-A", "45a"),
        (" 12-3 ", "12/3"),
        ("PO#00-17", "po 00 17"),
    ],
)
def test_the_same_number_written_differently_is_one(one, other):
    assert normal_po(one) == normal_po(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("1-23", "12-3"), ("1-23", "123"), ("ПО-17/А", "ПО-17/Б"), ("Ä-100", "Ö-100"), ("A-B", "AB"), ("100", "1000")],
)
def test_different_numbers_stay_different(one, other):
    assert normal_po(one) != normal_po(other)


def test_what_holds_no_letter_and_no_digit_is_no_number():
    assert [normal_po(text) for text in (None, "", "  ", "--", "000")] == [None] * 5
