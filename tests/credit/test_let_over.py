"""Orders that may pass a limit by a percentage of it."""

from decimal import Decimal
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from tradewind.credit.decide import grant
from tradewind.credit.model import Need, Node

D = Decimal
ROOT, BRANCH = UUID(int=1), UUID(int=2)
CENTS = st.decimals(0, 500, places=2)


def node(limit: str, *, taken: str = "0", at: UUID = ROOT, currency: str = "EUR") -> Node:
    return Node(at, currency, D(limit), D(taken), D(0), D(0))


def need(number: int, amount: str, *path: UUID) -> Need:
    return Need(UUID(int=number), path or (ROOT,), D(amount), "EUR")


def test_only_the_order_that_may_is_let_over_and_by_how_much_is_said() -> None:
    over = {UUID(int=2): D(20)}

    asked = grant([need(1, "105"), need(2, "105"), need(3, "1")], {ROOT: node("100")}, over=over)

    assert [one.granted for one in asked] == [False, True, False]
    assert asked[1].over == ((ROOT, D(5)),)
    assert asked[1].reason == "up to 20 % over the limit"


def test_every_limit_above_bounds_it_and_another_currency_is_not_guessed_at() -> None:
    over = {UUID(int=1): D(10)}
    nodes = {ROOT: node("1000", taken="990"), BRANCH: node("50", at=BRANCH)}

    assert grant([need(1, "55", ROOT, BRANCH)], nodes, over=over)[0].over == ((ROOT, D(45)), (BRANCH, D(5)))
    assert grant([need(1, "55.01", ROOT, BRANCH)], nodes, over=over)[0].granted is False
    assert grant([need(1, "101")], {ROOT: node("100", currency="USD")}, over=over)[0].granted is False


@given(st.lists(CENTS, max_size=12), CENTS, st.decimals(0, 50, places=1))
def test_whatever_is_asked_a_limit_is_never_passed_by_more_than_its_share(
    amounts: list[Decimal], limit: Decimal, percent: Decimal
) -> None:
    needs = [Need(UUID(int=number), (ROOT,), amount, "EUR") for number, amount in enumerate(amounts)]

    answers = grant(needs, {ROOT: node(str(limit))}, over={one.order_id: percent for one in needs})

    given_out = sum((one.amount for one, said in zip(needs, answers, strict=True) if said.granted), D(0))
    assert given_out <= limit * (1 + percent / 100)
    allowed = sum((amount for said in answers for _, amount in said.over), D(0))
    assert given_out <= limit + allowed
