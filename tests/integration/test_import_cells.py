"""Cells: what is read, what is refused, and what is said about it."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.semantics.decide.rows import cells, codes
from tradewind.semantics.decide.rows.model import DateText, Declared, NumberText
from tradewind.semantics.decide.rows.moments import clock_time_of, moment_converter, zone_of
from tradewind.semantics.decide.rows.numbers import decimal_converter


def code(text: str) -> str:
    return cells.code_of(text, length=20)


def words(text: str) -> str:
    return cells.text_of(text, length=20)


def price(text: str, *, mark: str | None = None, minimum: str | None = "0", places: int = 6) -> Decimal:
    low = None if minimum is None else Decimal(minimum)
    return decimal_converter(places=places, digits=12, minimum=low, maximum=None, declared=Declared(decimal_mark=mark))(
        text
    )


def refused(convert, *arguments, **keywords) -> cells.CellRefused:
    with pytest.raises(cells.CellRefused) as caught:
        convert(*arguments, **keywords)
    return caught.value


@pytest.mark.parametrize("text", ["A-1", "007", "AB 12", "-5", "+49", "#12", "Ärger/1", "'quoted", "@1"[1:], "4E12"])
def test_a_code_is_kept_exactly(text):
    assert code(text) == text


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("=1+1", "import.formula_like_text"),
        ("'=1+1", "import.formula_like_text"),
        ("+cmd|' /C calc'!A0", "import.formula_like_text"),
        ("-ABC", "import.formula_like_text"),
        ("@SUM(A1)", "import.formula_like_text"),
        ("#N/A", "import.error_value"),
        ("#ref!", "import.error_value"),
        ("#ERROR!", "import.error_value"),
        ("4.00E+12", "import.scientific_notation"),
        ("4,00E+12", "import.scientific_notation"),
        ("A\u200bB", "import.invisible_character"),
        ("A\xa0B", "import.invisible_character"),
        ("A\tB", "import.invisible_character"),
        ("A\u202eB", "import.invisible_character"),
        ("x" * 21, "import.too_long"),
        (DateText("2026-03-01"), "import.date_in_code"),
    ],
)
def test_a_code_that_was_mangled_is_refused(text, problem):
    assert refused(code, text).code == problem


def test_a_code_made_of_a_number_cell_is_read():
    assert code(NumberText(1001)) == "1001"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Schrauben", "Schrauben"),
        ("=not a formula", "=not a formula"),
        ("'-5 °C", "-5 °C"),
        ("'tis", "'tis"),
        ("two\nlines", "two lines"),
        ("a\xa0 b", "a b"),
        ("e\u0301", "é"),
    ],
)
def test_words_are_data_whatever_they_start_with(text, value):
    assert words(text) == value


@pytest.mark.parametrize(
    ("text", "problem"), [("#NAME?", "import.error_value"), ("a\u200bb", "import.invisible_character")]
)
def test_words_that_are_none_are_refused(text, problem):
    assert refused(words, text).code == problem


@pytest.mark.parametrize(
    ("text", "mark", "value"),
    [
        ("1234.50", None, "1234.50"),
        ("0", None, "0"),
        (".5", None, "0.5"),
        ("5.", None, "5"),
        ("+7", None, "7"),
        ("1.5000000", None, "1.5"),
        ("0000000000000001", None, "1"),
        ("-0.00", None, "0"),
        ("1.000,50", ",", "1000.50"),
        ("1.000", ",", "1000"),
        ("1000,5", ",", "1000.5"),
        ("1 000,50", ",", "1000.50"),
        ("1\u202f000,50", ",", "1000.50"),
        ("1'234'567.5", ".", "1234567.5"),
        ("1,000.50", ".", "1000.50"),
        ("1234.50", ".", "1234.50"),
        (NumberText("1234.5"), ",", "1234.5"),
        (NumberText("1.234"), ",", "1.234"),
    ],
)
def test_a_number_is_read_exactly(text, mark, value):
    assert price(text, mark=mark) == Decimal(value)


@pytest.mark.parametrize(
    ("text", "mark", "problem", "readings"),
    [
        ("1,234", None, "import.ambiguous_number", ["1.234", "1234"]),
        ("1.000,50", None, "import.ambiguous_number", ["1000.50"]),
        ("1,000.50", None, "import.ambiguous_number", ["1000.50"]),
        ("12,5", None, "import.ambiguous_number", ["12.5"]),
        ("1234.50", ",", "import.not_a_number", None),
        ("1,23,456", ".", "import.not_a_number", None),
        ("abc", None, "import.not_a_number", None),
        ("12 €", None, "import.not_a_number", None),
        ("1e3", None, "import.scientific_notation", None),
        ("NaN", None, "import.not_a_number", None),
        ("Infinity", None, "import.not_a_number", None),
        ("1_000", None, "import.not_a_number", None),
        ("١٢", None, "import.not_a_number", None),
        (".", None, "import.not_a_number", None),
        ("1.1234567", None, "import.too_many_places", None),
        ("1234567890123", None, "import.number_too_large", None),
        ("-1", None, "import.out_of_bounds", None),
        ("#DIV/0!", None, "import.error_value", None),
    ],
)
def test_a_number_that_could_be_two_or_none_is_refused(text, mark, problem, readings):
    refusal = refused(price, text, mark=mark)

    assert (refusal.code, refusal.detail.get("readings")) == (problem, readings)


def test_a_refused_number_says_what_to_write():
    assert "write 12" in refused(price, "12 €").message
    assert "write -100" in refused(price, "100-", minimum=None).message
    assert "a whole number" in refused(price, "1.5", places=0).message


@given(st.decimals(min_value=0, max_value=10**11, places=6, allow_nan=False))
def test_every_plain_decimal_comes_back(value):
    assert price(f"{value:f}") == value


@given(st.text(max_size=30), st.sampled_from([None, ".", ","]))
def test_any_text_is_a_number_or_a_refusal(text, mark):
    try:
        value = price(text, mark=mark, minimum=None)
    except cells.CellRefused:
        return
    assert value.is_finite()


def moment(
    text: str, *, last_day: bool = False, needs_time: bool = False, zone: str | None = None, order: str | None = None
):
    declared = Declared(time_zone=zone, date_order=order)
    return moment_converter(last_day=last_day, needs_time=needs_time, declared=declared)(text)


@pytest.mark.parametrize(
    ("text", "options", "value"),
    [
        ("2026-01-31", {}, datetime(2026, 1, 31, tzinfo=UTC)),
        ("2026-01-31", {"zone": "Europe/Berlin"}, datetime(2026, 1, 30, 23, tzinfo=UTC)),
        ("2026-01-31", {"last_day": True}, datetime(2026, 2, 1, tzinfo=UTC)),
        ("2026-03-29", {"last_day": True, "zone": "Europe/Berlin"}, datetime(2026, 3, 29, 22, tzinfo=UTC)),
        ("2026-01-31T12:00:00Z", {"last_day": True}, datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31T12:00:00+02:00", {"needs_time": True}, datetime(2026, 1, 31, 10, tzinfo=UTC)),
        ("2026-01-31 12:00", {"zone": "Europe/Berlin"}, datetime(2026, 1, 31, 11, tzinfo=UTC)),
        ("31.01.2026", {"order": "dmy"}, datetime(2026, 1, 31, tzinfo=UTC)),
        ("1/2/2026", {"order": "mdy"}, datetime(2026, 1, 2, tzinfo=UTC)),
        ("1/2/2026", {"order": "dmy"}, datetime(2026, 2, 1, tzinfo=UTC)),
        ("2026/2/1", {"order": "ymd"}, datetime(2026, 2, 1, tzinfo=UTC)),
    ],
)
def test_a_date_is_read_in_its_zone(text, options, value):
    assert moment(text, **options) == value


@pytest.mark.parametrize(
    ("text", "options", "problem"),
    [
        ("2026-02-30", {}, "import.not_a_date"),
        ("31.12.2026", {}, "import.not_a_date"),
        ("03.04.2026", {}, "import.ambiguous_date"),
        ("31.12.2026", {"order": "mdy"}, "import.not_a_date"),
        ("46022", {}, "import.not_a_date"),
        ("soon", {}, "import.not_a_date"),
        ("2026-01-31", {"needs_time": True}, "import.time_wanted"),
        ("2026-01-31T12:00:00", {}, "import.no_time_zone"),
        ("2026-03-29T02:30:00", {"zone": "Europe/Berlin"}, "import.clock_change"),
        ("2026-10-25T02:30:00", {"zone": "Europe/Berlin"}, "import.clock_change"),
        ("0001-01-01T00:00:00+14:00", {}, "import.not_a_date"),
    ],
)
def test_a_date_that_is_none_or_several_is_refused(text, options, problem):
    assert refused(moment, text, **options).code == problem


def test_a_refused_date_says_what_to_write():
    assert "2026-12-31" in refused(moment, "31.12.2026").message
    assert "2025-12-31" in refused(moment, "46022").message
    assert refused(moment, "03.04.2026").detail["readings"] == ["2026-03-04", "2026-04-03"]


@given(st.text(max_size=30), st.sampled_from([None, "dmy"]), st.sampled_from([None, "Europe/Berlin"]))
def test_any_text_is_a_moment_or_a_refusal(text, order, zone):
    try:
        value = moment(text, order=order, zone=zone)
    except cells.CellRefused:
        return
    assert value.tzinfo is UTC


def test_words_for_choices_are_read_generously_and_refused_with_the_nearest():
    convert = cells.choice_converter(("partial", "ship_complete"), {"split": "partial"})

    assert [convert(text) for text in ("PARTIAL", "Ship complete", "ship-complete", "Split")] == [
        "partial",
        "ship_complete",
        "ship_complete",
        "partial",
    ]
    assert refused(convert, "ship_complte").detail["nearest"] == "ship_complete"
    assert refused(convert, "whatever").detail["nearest"] is None


@pytest.mark.parametrize(
    ("convert", "text", "value"),
    [
        (cells.country_of, "de", "DE"),
        (cells.country_of, "XI", "XI"),
        (cells.currency_of, "eur", "EUR"),
        (cells.unit_of, "ea", "EA"),
        (cells.unit_of, "XCS", "XCS"),
        (cells.flag_of, "Yes", True),
        (cells.flag_of, "0", False),
        (zone_of, "Europe/Berlin", "Europe/Berlin"),
        (clock_time_of, "7:05", "07:05"),
        (clock_time_of, DateText("14:30:00"), "14:30"),
        (cells.mail_address_of, "a.b@example.com", "a.b@example.com"),
    ],
)
def test_listed_codes_are_read(convert, text, value):
    assert convert(text) == value


@pytest.mark.parametrize(
    ("convert", "text", "problem", "hint"),
    [
        (cells.country_of, "UK", "import.unknown_country", "GB"),
        (cells.country_of, "Germany", "import.unknown_country", "DE"),
        (cells.country_of, "QQ", "import.unknown_country", "ISO 3166"),
        (cells.currency_of, "€", "import.unknown_currency", "EUR"),
        (cells.currency_of, "DEM", "import.unknown_currency", "ISO 4217"),
        (cells.unit_of, "pcs", "import.unknown_unit", "H87"),
        (cells.unit_of, "case", "import.unknown_unit", "XCS"),
        (cells.unit_of, "QQQQ", "import.unknown_unit", "Rec 20"),
        (cells.flag_of, "maybe", "import.not_yes_or_no", "yes"),
        (zone_of, "Mars/Olympus", "import.unknown_time_zone", "Europe/Berlin"),
        (zone_of, "../../etc/passwd", "import.unknown_time_zone", "Europe/Berlin"),
        (clock_time_of, "25:00", "import.not_a_time", "14:30"),
        (cells.mail_address_of, "a@b", "import.not_a_mail_address", "e-mail"),
        (cells.mail_address_of, "@SUM(1)@x.de", "import.formula_like_text", "formula"),
    ],
)
def test_unlisted_codes_are_refused_with_a_hint(convert, text, problem, hint):
    refusal = refused(convert, text)

    assert refusal.code == problem
    assert hint in refusal.message


def test_a_gtin_is_checked_by_its_last_digit():
    convert = cells.gs1_converter((8, 12, 13, 14), "gtin", "import.bad_gtin")

    assert convert("4006381333931") == "4006381333931"
    assert convert("96385074") == "96385074"
    assert refused(convert, "4006381333932").detail == {"check_digit": "1"}
    assert refused(convert, "123").code == "import.bad_gtin"
    assert refused(convert, "4.00638E+12").code == "import.scientific_notation"


@given(st.text(alphabet="0123456789", min_size=7, max_size=13))
def test_one_wrong_digit_never_passes_the_check(body):
    whole = body + codes.gs1_check_digit(body)
    changed = whole[:3] + str((int(whole[3]) + 1) % 10) + whole[4:]

    assert codes.gs1_check_digit(changed[:-1]) != changed[-1]


@pytest.mark.parametrize(
    ("left", "right", "distance"),
    [
        ("", "abc", 3),
        ("abc", "abc", 0),
        ("abc", "acb", 1),
        ("abc", "abd", 1),
        ("abc", "ab", 1),
        ("kitten", "sitting", 3),
    ],
)
def test_the_distance_of_two_words(left, right, distance):
    assert codes.edit_distance(left, right) == distance


def test_the_lists_are_complete():
    assert len(codes.COUNTRIES) == 250  # 249 of ISO 3166-1, and XI
