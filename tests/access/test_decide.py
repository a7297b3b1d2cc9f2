"""Who may do what, as tables."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from tradewind.access.decide import (
    Attempt,
    authorize,
    check_mandate,
    check_principal,
    seconds_to_wait,
    within_mandate,
)
from tradewind.access.errors import NOT_FOUND
from tradewind.access.model import PERMISSIONS, ROLES, ROLES_OF_KIND, Caller, Kind, Mandate, Principal

OWN, CHILD, FOREIGN, UNKNOWN = (UUID(int=number) for number in (1, 2, 3, 4))
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def caller(role: str, *, mandates: tuple[Mandate, ...] = ()) -> Caller:
    kind = next(kind for kind, roles in ROLES_OF_KIND.items() if role in roles and (role, kind) != ("admin", "system"))
    visible = frozenset({OWN, CHILD}) if kind in (Kind.BUYER, Kind.AGENT) else None
    return Caller(Principal(UUID(int=9), kind, role, role), frozenset({role}), visible, "api", mandates)


def mandate(*actions: str, order_max: str | None = None, currency: str | None = None) -> Mandate:
    cap = None if order_max is None else Decimal(order_max)
    return Mandate(UUID(int=7), OWN, frozenset({OWN, CHILD}), frozenset(actions), cap, currency)


EVERYTHING = mandate(*sorted(ROLES["agent"] - {"access.self"}))


def expected(role: str, action: str, account: UUID | None) -> str | None:
    """The code that the rules of the house lead to, said in another way than the code says it."""
    if action not in ROLES[role]:
        return "access.forbidden"
    if account is None or role not in ("buyer", "buyer_approver", "agent"):
        return None
    if account in (FOREIGN, UNKNOWN):
        return "access.not_found"
    return "access.mandate_lacks_action" if role == "agent" and action == "access.self" else None


@pytest.mark.parametrize("role", sorted(ROLES))
def test_every_action_on_own_foreign_and_unknown_accounts(role):
    who = caller(role, mandates=(EVERYTHING,) if role == "agent" else ())
    cases = [(action, account) for action in PERMISSIONS for account in (None, OWN, CHILD, FOREIGN, UNKNOWN)]

    problems = {case: authorize(who, *case) for case in cases}

    assert {case: problem.code if problem else None for case, problem in problems.items()} == {
        case: expected(role, *case) for case in cases
    }


SENSITIVE = (
    # permission                 who alone holds it
    ("access.manage",            {"admin"}),
    ("operate.repair",           {"admin"}),
    ("masterdata.import",        {"admin", "integration"}),
    ("credit.manage",            {"admin", "credit_desk"}),
    ("holds.release.credit",     {"admin", "credit_desk"}),
    ("holds.release.approval",   {"admin"}),
    ("holds.release.price",      {"admin", "sales"}),
    ("payments.record",          {"accounting", "admin", "integration"}),
    ("shipments.answer",         {"admin", "integration", "warehouse"}),
    ("prices.manage",            {"admin", "analyst", "sales"}),
    ("mandates.manage",          {"admin", "buyer_approver", "sales"}),
)  # fmt: skip


@pytest.mark.parametrize(("permission", "holders"), SENSITIVE)
def test_a_sensitive_permission_has_these_holders_and_no_others(permission, holders):
    assert {role for role, granted in ROLES.items() if permission in granted} == holders


def test_roles_hold_only_known_permissions_and_every_one_is_held():
    assert frozenset().union(*ROLES.values()) == frozenset(PERMISSIONS)


def test_one_foreign_account_in_a_set_hides_all():
    buyer = caller("buyer")

    assert authorize(buyer, "orders.read", {OWN, CHILD}) is None
    assert authorize(buyer, "orders.read", {OWN, FOREIGN}) is NOT_FOUND


def test_an_unknown_action_is_a_bug():
    with pytest.raises(KeyError):
        authorize(caller("admin"), "orders.teleport")


def test_two_roles_add_up():
    both = Caller(Principal(UUID(int=9), Kind.STAFF, "x", "x"), frozenset({"warehouse", "credit_desk"}), None, "api")

    assert authorize(both, "shipments.answer") is None
    assert authorize(both, "holds.release.credit") is None
    assert authorize(both, "payments.record") is not None


def test_a_role_nobody_knows_allows_nothing():
    stray = Caller(Principal(UUID(int=9), Kind.STAFF, "x", "x"), frozenset({"emperor"}), None, "api")

    assert stray.permissions == frozenset()


CAPS = (
    # mandates                                                          total      currency  code
    ((),                                                                "1.00",    "EUR",    "access.mandate_lacks_action"),
    ((mandate("orders.read"),),                                         "1.00",    "EUR",    "access.mandate_lacks_action"),
    ((mandate("orders.place"),),                                        "9e14",    "EUR",    None),
    ((mandate("orders.place", order_max="500.00", currency="EUR"),),    "500.00",  "EUR",    None),
    ((mandate("orders.place", order_max="500.00", currency="EUR"),),    "500.01",  "EUR",    "access.over_mandate"),
    ((mandate("orders.place", order_max="500.00", currency="EUR"),),    "1.00",    "GBP",    "access.over_mandate"),
    ((mandate("orders.place", order_max="300.00", currency="EUR"),
      mandate("orders.place", order_max="300.00", currency="EUR")),     "500.00",  "EUR",    "access.over_mandate"),
    ((mandate("orders.place", order_max="100.00", currency="EUR"),
      mandate("orders.place", order_max="900.00", currency="EUR")),     "500.00",  "EUR",    None),
)  # fmt: skip


@pytest.mark.parametrize(("mandates", "total", "currency", "code"), CAPS)
def test_one_mandate_alone_must_cover_an_agents_order(mandates, total, currency, code):
    agent = caller("agent", mandates=mandates)

    problem = within_mandate(agent, "orders.place", OWN, total=Decimal(total), currency=currency)

    assert (problem.code if problem else None) == code


def test_people_need_no_mandate():
    assert within_mandate(caller("buyer"), "orders.place", OWN, total=Decimal("1e9"), currency="EUR") is None


HERE, THERE = UUID(int=21), UUID(int=22)


def failed(count: int, *, origin: UUID = HERE, age: int = 60) -> list[Attempt]:
    return [Attempt(NOW - timedelta(seconds=age), succeeded=False, origin=origin)] * count


WON = Attempt(NOW - timedelta(seconds=30), succeeded=True, origin=HERE)
BOUNDS = (
    # on the login                          from the address        seconds
    ([],                                    [],                     0),
    (failed(9),                             [],                     0),
    (failed(10),                            [],                     841),
    (failed(10, age=900),                   [],                     0),
    ([WON, *failed(10)],                    [],                     0),
    ([*failed(1, age=10), WON, *failed(9)], [],                     0),
    (failed(10, origin=THERE),              [],                     0),
    (failed(50, origin=THERE),              [],                     841),
    ([],                                    failed(99),             0),
    ([],                                    failed(100),            841),
)  # fmt: skip


@pytest.mark.parametrize(("on_login", "from_origin", "seconds"), BOUNDS)
def test_failed_logins_are_bounded_by_pair_login_and_address(on_login, from_origin, seconds):
    assert seconds_to_wait(on_login, from_origin, origin=HERE, now=NOW) == seconds


PRINCIPALS = (
    # kind         login              roles                 accounts  code
    (Kind.STAFF,   "ann@trade.test",  {"sales"},            set(),    None),
    (Kind.STAFF,   "a",               {"sales"},            set(),    "access.bad_login"),
    (Kind.STAFF,   "ann marsh",       {"sales"},            set(),    "access.bad_login"),
    (Kind.STAFF,   "ann@trade.test",  set(),                set(),    "access.bad_roles"),
    (Kind.STAFF,   "ann@trade.test",  {"buyer"},            set(),    "access.bad_roles"),
    (Kind.STAFF,   "ann@trade.test",  {"sales"},            {OWN},    "access.accounts_for_buyers_only"),
    (Kind.BUYER,   "ben@buyer.test",  {"buyer"},            {OWN},    None),
    (Kind.BUYER,   "ben@buyer.test",  {"buyer", "admin"},   {OWN},    "access.bad_roles"),
    (Kind.AGENT,   "agent-7",         {"agent"},            set(),    None),
    (Kind.AGENT,   "agent-7",         {"agent"},            {OWN},    "access.accounts_for_buyers_only"),
    (Kind.SYSTEM,  "erp",             {"integration"},      set(),    None),
)  # fmt: skip


@pytest.mark.parametrize(("kind", "login", "roles", "accounts", "code"), PRINCIPALS)
def test_a_principal_holds_what_its_kind_may_hold(kind, login, roles, accounts, code):
    problem = check_principal(kind, login, "Somebody", roles, accounts)

    assert (problem.code if problem else None) == code


MANDATES = (
    # actions             order_max        currency  valid_to                     code
    ({"orders.place"},    None,            None,     None,                        None),
    ({"orders.place"},    Decimal("900"),  "EUR",    NOW + timedelta(days=1),     None),
    (set(),               None,            None,     None,                        "access.bad_mandate_actions"),
    ({"access.manage"},   None,            None,     None,                        "access.bad_mandate_actions"),
    ({"orders.place"},    Decimal("900"),  None,     None,                        "access.cap_needs_currency"),
    ({"orders.place"},    None,            "EUR",    None,                        "access.cap_needs_currency"),
    ({"orders.place"},    Decimal("-1"),   "EUR",    None,                        "access.bad_cap"),
    ({"orders.place"},    Decimal("NaN"),  "EUR",    None,                        "access.bad_cap"),
    ({"orders.place"},    Decimal("9"),    "XXX",    None,                        "access.unknown_currency"),
    ({"orders.place"},    None,            None,     NOW,                         "access.mandate_never_valid"),
)  # fmt: skip


@pytest.mark.parametrize(("actions", "order_max", "currency", "valid_to", "code"), MANDATES)
def test_a_mandate_is_checked_before_it_is_granted(actions, order_max, currency, valid_to, code):
    problem = check_mandate(actions, order_max, currency, NOW, valid_to)

    assert (problem.code if problem else None) == code
