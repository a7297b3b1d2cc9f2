"""What invoices bill, credit notes credit and money settles; values in, values out."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.billing.decide.bill import bill, credit_used, due_date, tax_groups
from tradewind.billing.decide.credit import credit
from tradewind.billing.decide.post import bounce_journal, document_journal, payment_journal
from tradewind.billing.decide.settle import Till, apply_explicitly, apply_money, named_items
from tradewind.billing.model import (
    Amounts,
    BillableCharge,
    BillableLine,
    CreditWish,
    Document,
    InvoicedLine,
    OpenItem,
    Payment,
    TaxGroup,
)
from tradewind.kernel.money import round_places
from tradewind.kernel.problem import Problem

D = Decimal
AT = datetime(2026, 1, 31, 10, tzinfo=UTC)


def line(
    qty="1", *, no=1, ordered="10", invoiced="0", net="100.00", billed="0", category="S", rate="19"
) -> BillableLine:
    return BillableLine(
        no, no, UUID(int=no), "Cup", D(qty), "EA", D(ordered), D(invoiced), D(net), D(billed), D(10), D(1), "EA", category, D(rate)
    )  # fmt: skip


def charge(amount="5.00", invoiced="0", no=1) -> BillableCharge:
    return BillableCharge(no, "Freight", D(amount), D(invoiced), "S", D(19))


def billed(
    lines, charges=(), *, order_net="100.00", before="0", rounding="per_tax_group", last=False, digits=2
) -> Amounts:
    return bill(
        lines, charges, order_net=D(order_net), net_before=D(before), rounding=rounding, digits=digits, last=last
    )


SHARES = [
    # ordered, net, deliveries, what each bills
    ("3", "10.00", ["1", "1", "1"], ["3.33", "3.34", "3.33"]),
    ("7", "23.33", ["4", "3"], ["13.33", "10.00"]),
    ("10", "0.05", ["1"] * 10, ["0.01", "0.00", "0.01", "0.00", "0.01", "0.00", "0.01", "0.00", "0.01", "0.00"]),
    ("2", "0.00", ["1", "1"], ["0.00", "0.00"]),
    ("2.5", "9.99", ["0.5", "2"], ["2.00", "7.99"]),
    ("10", "100.00", ["11"], ["110.00"]),
]


@pytest.mark.parametrize(("ordered", "net", "deliveries", "expected"), SHARES)
def test_each_delivery_bills_its_share_and_all_of_them_the_whole(ordered, net, deliveries, expected):
    done, shares = (D(0), D(0)), []

    for qty in deliveries:
        amounts = billed([line(qty, ordered=ordered, invoiced=str(done[0]), net=net, billed=str(done[1]))])
        done = (done[0] + D(qty), done[1] + amounts.net)
        shares.append(amounts.net)

    assert shares == [D(one) for one in expected]


@given(
    cents=st.integers(0, 10**9),
    parts=st.lists(st.integers(1, 10**6), min_size=1, max_size=30),
    digits=st.sampled_from([0, 2, 3]),
)
def test_any_sequence_of_deliveries_sums_to_the_line_exactly(cents, parts, digits):
    net, ordered = D(cents).scaleb(-digits), sum(parts)
    done, total = 0, D(0)

    for part in parts:
        piece = line(str(part), ordered=str(ordered), invoiced=str(done), net=str(net), billed=str(total))
        total += billed([piece], digits=digits).net
        done += part

    assert total == net


@given(
    first=st.integers(1, 50),
    second=st.integers(1, 50),
    cut=st.integers(1, 50),
    price=st.decimals("0.01", "99.99", places=3),
)
def test_a_line_that_shrank_between_two_invoices_is_trued_up_to_its_new_net(first, second, cut, price):
    before, after = first + second + cut, first + second
    whole, rest = round_places(price * before, 2), round_places(price * after, 2)

    one = billed([line(str(first), ordered=str(before), net=str(whole))]).net
    two = billed([line(str(second), ordered=str(after), invoiced=str(first), net=str(rest), billed=str(one))]).net

    assert one + two == rest


def test_pieces_of_one_line_on_one_invoice_share_like_deliveries():
    amounts = billed([line("1", ordered="3", net="10.00"), line("2", ordered="3", net="10.00")])

    assert [one.net for one in amounts.lines] == [D("3.33"), D("6.67")]


CHARGES = [
    # charge, billed before, order net, net before, goods now, last, what the invoice charges
    ("5.00", "0", "100", "0", "10", False, "5.00"),
    ("5.00", "5.00", "100", "10", "10", False, "0"),
    ("-3.00", "0", "100", "0", "5", False, "-1.50"),
    ("-3.00", "-1.50", "100", "50", "5", True, "-1.50"),
    ("-3.00", "0", "100", "0", "5", True, "-3.00"),
    ("-3.00", "0", "0", "0", "5", False, "-3.00"),
]


@pytest.mark.parametrize(("amount", "before", "order_net", "net_before", "qty", "last", "expected"), CHARGES)
def test_charges_come_once_and_allowances_by_share(amount, before, order_net, net_before, qty, last, expected):
    piece = line(qty, ordered="10", invoiced=str(D(net_before) / 10), billed=net_before)

    amounts = billed([piece], [charge(amount, before)], order_net=order_net, before=net_before, last=last)

    assert amounts.charges == D(expected)


TAXES = [
    ("per_tax_group", [("S", "19", "0.03")] * 3, [("S", "19", "0.09", "0.02")]),
    ("per_line", [("S", "19", "0.03")] * 3, [("S", "19", "0.09", "0.03")]),
    ("per_tax_group", [("S", "19", "10.00"), ("S", "7", "10.00"), ("Z", "0", "5.00"), ("S", "19", "1.00")],
     [("S", "19", "11.00", "2.09"), ("S", "7", "10.00", "0.70"), ("Z", "0", "5.00", "0.00")]),
    ("per_tax_group", [("S", "19", "-10.00")], [("S", "19", "-10.00", "-1.90")]),
    ("per_tax_group", [], []),
]  # fmt: skip


@pytest.mark.parametrize(("rounding", "parts", "groups"), TAXES)
def test_tax_is_recomputed_for_each_invoice_by_the_orders_rule(rounding, parts, groups):
    found = tax_groups([(category, D(rate), D(net)) for category, rate, net in parts], rounding=rounding, digits=2)

    assert [(g.category, g.rate, g.base, g.tax) for g in found] == [(c, D(r), D(b), D(t)) for c, r, b, t in groups]


def test_an_invoice_adds_up():
    amounts = billed([line("3"), line("1", no=2, net="12.35", ordered="1", rate="7")], [charge("5.00")])

    assert (amounts.net, amounts.charges, amounts.tax, amounts.total) == (D("42.35"), D("5.00"), D("7.51"), D("54.86"))
    assert [one.as_json()["tax"] for one in amounts.groups] == ["6.65", "0.86"]


DUE = [(0, AT), (30, datetime(2026, 3, 2, 10, tzinfo=UTC)), (14, datetime(2026, 2, 14, 10, tzinfo=UTC))]


@pytest.mark.parametrize(("days", "due"), DUE)
def test_an_invoice_falls_due_after_its_net_days(days, due):
    assert due_date(AT, days) == due


USED = [
    ("100", "60", False, "60"),
    ("40", "60", False, "40"),
    ("100.01", "100.00", True, "100.01"),
    ("0", "60", True, "0"),
    ("50", "-5", False, "0"),
]


@pytest.mark.parametrize(("taken", "total", "last", "used"), USED)
def test_headroom_becomes_a_receivable_and_the_last_invoice_gives_all_of_it_back(taken, total, last, used):
    assert credit_used(D(taken), D(total), last=last) == D(used)


# ---- credit notes ------------------------------------------------------------------------------------------------


def invoiced(lines=(("10", "33.33"),), *, rounding="per_tax_group"):
    """Posted lines of (units, net) with their tax breakdown."""
    amounts = billed(
        [line(qty, no=no, ordered=qty, net=net) for no, (qty, net) in enumerate(lines, 1)], rounding=rounding
    )
    return [InvoicedLine(one, D(0), D(0)) for one in amounts.lines], amounts


def credited(lines, amounts, *wishes, rounding="per_tax_group"):
    return credit(lines, wishes, amounts.groups, rounding=rounding, digits=2)


def after(lines, note):
    """The lines as they stand after a note."""
    found = {one.line.line_no: one for one in lines}
    for part in note.lines:
        one = found[part.corrects_line_no]
        found[part.corrects_line_no] = InvoicedLine(one.line, one.credited_qty + part.qty, one.credited_net + part.net)
    return list(found.values())


def test_units_are_credited_at_the_invoices_price_and_tax():
    lines, amounts = invoiced()

    note = credited(lines, amounts, CreditWish(1, qty=D(4)))

    assert (note.net, note.tax, note.total) == (D("13.33"), D("2.53"), D("15.86"))
    assert (note.lines[0].qty, note.lines[0].corrects_line_no) == (D(4), 1)


def test_an_amount_is_credited_without_units():
    lines, amounts = invoiced()

    note = credited(lines, amounts, CreditWish(1, amount=D("3.33")))

    assert (note.lines[0].qty, note.net, note.tax) == (D(0), D("3.33"), D("0.63"))


@given(
    nets=st.lists(st.integers(1, 10**6), min_size=1, max_size=5),
    cuts=st.lists(st.tuples(st.integers(0, 4), st.integers(1, 5), st.booleans()), max_size=12),
    rounding=st.sampled_from(["per_line", "per_tax_group"]),
)
def test_any_sequence_of_credits_stays_within_the_invoice_and_ends_exactly_at_it(nets, cuts, rounding):
    lines, amounts = invoiced([("7", str(D(net).scaleb(-2))) for net in nets], rounding=rounding)
    total = D(0)

    for place, share, by_amount in cuts:
        one = lines[place % len(lines)]
        qty = min(D(share), one.qty_left)
        wish = CreditWish(one.line.line_no, qty=qty)
        if by_amount:
            wish = CreditWish(one.line.line_no, amount=round_places(one.net_left / (share + 1), 2))
        note = credited(lines, amounts, wish, rounding=rounding)
        if isinstance(note, Amounts):
            total += note.total
            lines = after(lines, note)
        assert D(0) <= total <= amounts.total
        assert all(D(0) <= one.credited_net <= one.line.net for one in lines)
    rest = [CreditWish(one.line.line_no, qty=one.qty_left) for one in lines if one.qty_left]
    last = credited(lines, amounts, *rest, rounding=rounding) if rest else []
    if isinstance(last, Amounts):
        lines = after(lines, last)
        total += last.total

    if all(one.credited_net == one.line.net for one in lines):
        assert total == amounts.total


WRONG = [
    ([CreditWish(2, qty=D(1))], ["billing.no_such_line"]),
    ([CreditWish(1)], ["billing.qty_or_amount"]),
    ([CreditWish(1, qty=D(1), amount=D(1))], ["billing.qty_or_amount"]),
    ([CreditWish(1, qty=D("10.000001"))], ["billing.more_than_invoiced"]),
    ([CreditWish(1, qty=D(6)), CreditWish(1, qty=D(6))], ["billing.more_than_invoiced"]),
    ([CreditWish(1, qty=D(10)), CreditWish(1, amount=D("0.01"))], ["billing.more_than_invoiced"]),
    ([CreditWish(1, amount=D("0.005"))], ["billing.too_fine"]),
    ([CreditWish(1, qty=D(0)), CreditWish(9, qty=D(1))], ["billing.more_than_invoiced", "billing.no_such_line"]),
    ([], ["billing.nothing_to_credit"]),
]


@pytest.mark.parametrize(("wishes", "codes"), WRONG)
def test_everything_that_is_wrong_with_a_credit_is_said(wishes, codes):
    lines, amounts = invoiced()

    found = credited(lines, amounts, *wishes)

    assert [problem.code for problem in found] == codes


# ---- money -------------------------------------------------------------------------------------------------------


def item(no: int, open_="10.00", *, due=0, currency="EUR") -> OpenItem:
    return OpenItem(
        UUID(int=no), "invoice", f"INV-{no}", UUID(int=1), UUID(int=2), UUID(int=3), currency, D(open_), D(0), D(0), AT,
        AT + timedelta(days=due), None, None,
    )  # fmt: skip


SETTLED = [
    # money, reference, what is settled of invoices 1 (due in 5), 2 (due in 1), 3 (due in 1)
    ("5", None, {2: "5"}),
    ("15", None, {2: "10.00", 3: "5.00"}),
    ("99", None, {2: "10.00", 3: "10.00", 1: "10.00"}),
    ("5", "for INV-1, thanks", {1: "5"}),
    ("15", "INV-1", {1: "10.00"}),
    ("15", "inv-1/INV-3", {2: "10.00", 3: "5.00"}),
    ("15", "inv-1 INV-3", {3: "10.00", 1: "5.00"}),
    ("5", "INV-9", {2: "5"}),
    ("0", None, {}),
]


@pytest.mark.parametrize(("money", "reference", "settled"), SETTLED)
def test_money_settles_what_it_names_else_the_oldest(money, reference, settled):
    items = [item(1, due=5), item(2, due=1), item(3, due=1)]

    applied = apply_money(D(money), items, Till(items), reference=reference)

    assert [(one.id.int, amount) for one, amount in applied] == [(no, D(amount)) for no, amount in settled.items()]


def test_numbers_are_found_as_whole_words_only():
    assert named_items([item(1), item(12)], "INV-12 and INV-123") == [item(12)]


@given(
    opens=st.lists(st.integers(0, 10**6), max_size=8),
    amounts=st.lists(st.integers(0, 10**6), max_size=8),
)
def test_a_set_of_payments_never_settles_more_than_is_open_or_came_in(opens, amounts):
    items = [item(no, str(D(cents).scaleb(-2)), due=no % 3) for no, cents in enumerate(opens, 1)]
    till, settled = Till(items), D(0)

    for cents in amounts:
        applied = apply_money(D(cents).scaleb(-2), items, till)
        assert sum((amount for _, amount in applied), D(0)) <= D(cents).scaleb(-2)
        settled += sum((amount for _, amount in applied), D(0))

    assert all(left >= 0 for left in till.left.values())
    assert settled == min(D(sum(opens)), D(sum(amounts))).scaleb(-2)


EXPLICIT = [
    ([("INV-1", "4.00"), ("INV-2", "6.00")], []),
    ([("INV-1", "4.00"), ("INV-1", "6.00")], []),
    ([("INV-1", "10.01")], ["billing.more_than_open"]),
    ([("INV-1", "10.00"), ("INV-2", "0.01")], ["billing.more_than_received"]),
    ([("INV-7", "1.00"), ("INV-1", "0.001"), ("INV-1", "0")], ["billing.unknown_invoice", "billing.bad_amount", "billing.bad_amount"]),
    ([("INV-3", "1.00")], ["billing.other_currency"]),
]  # fmt: skip


@pytest.mark.parametrize(("wanted", "codes"), EXPLICIT)
def test_named_amounts_are_applied_as_they_stand_or_not_at_all(wanted, codes):
    items = {one.number: one for one in (item(1), item(2), item(3, currency="USD"))}
    till = Till(items.values())

    found = apply_explicitly(
        D("10.00"), [(number, D(amount)) for number, amount in wanted], items, till, currency="EUR", digits=2
    )

    assert [one.code for one in found if isinstance(one, Problem)] == codes
    left = sum(till.left.values())
    assert left == (D("30.00") if codes else D("20.00"))


# ---- ledger ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["invoice", "credit_note"])
@pytest.mark.parametrize("charges", [(), (charge(),)])
@pytest.mark.parametrize("net", ["0", "100.00"])
def test_the_sides_of_a_document_sum_to_nothing(kind, charges, net):
    amounts = billed([line("10", net=net)], charges)
    document = Document(
        UUID(int=1),
        kind,
        UUID(int=2),
        "s",
        1,
        "N",
        UUID(int=3),
        UUID(int=4),
        "EUR",
        "per_line",
        {},
        None,
        AT,
        AT,
        amounts,
    )

    postings = document_journal(document).postings

    assert len(postings) >= 2
    assert sum(one.amount for one in postings) == 0
    assert postings[0].amount == (amounts.total if kind == "invoice" else -amounts.total)


def test_a_bounce_takes_back_what_its_payment_posted():
    payment = Payment(UUID(int=1), "PAY-1", UUID(int=2), "EUR", D("5.00"), D(0), "transfer", None, None, AT)

    came, went = payment_journal(payment, UUID(int=3)), bounce_journal(payment, UUID(int=3))

    assert [one.amount for one in came.postings] == [D("5.00"), D("-5.00")]
    assert [one.amount for one in went.postings] == [D("-5.00"), D("5.00")]


def test_a_group_keeps_its_numbers_as_text():
    assert TaxGroup("S", D("19"), D("1.10"), D("0.21")).as_json() == {
        "category": "S", "rate": "19", "base": "1.10", "tax": "0.21",
    }  # fmt: skip
