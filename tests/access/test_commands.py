"""Principals, keys, logins and mandates on a real database."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import psycopg
import pytest

from tradewind.access.commands.keys import MadeKey, NewKey, create_keys, revoke_keys
from tradewind.access.commands.logins import end_session, hash_password, login, verify_password
from tradewind.access.commands.mandates import NewMandate, grant_mandates, revoke_mandates
from tradewind.access.commands.principals import (
    NewPrincipal,
    PrincipalChange,
    change_principals,
    create_principals,
)
from tradewind.access.model import Caller, Kind
from tradewind.access.queries import authenticate_many, hash_of
from tradewind.kernel.clock import FixedClock
from tradewind.kernel.problem import Problem, Refused
from tradewind.kernel.tx import Database, Reader

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ENTITY, MOTHER, DAUGHTER, STRANGER = (UUID(int=number) for number in range(1, 5))
PASSWORD = "correct horse battery"


@dataclass
class World:
    database: Database
    clock: FixedClock
    owner: psycopg.Connection

    def one(self, new: NewPrincipal) -> UUID:
        made = self.database.write(lambda tx: create_principals(tx, [new]))[0]
        assert isinstance(made, UUID)
        return made

    def key(self, principal_id: UUID, *, expires_at: datetime | None = None) -> MadeKey:
        return self.database.write(lambda tx: create_keys(tx, [NewKey(principal_id, "test", expires_at)]))[0]

    def caller(self, secret: str) -> Caller | None:
        credential = hash_of(secret)
        return self.database.read(lambda reader: authenticate_many(reader, [credential]).get(credential))

    def events(self) -> list[str]:
        return [row[0] for row in self.owner.execute("select type from event order by xid, seq")]

    def login(self, password: str, *, name: str = "ann@trade.test", address: str = "192.0.2.1") -> str:
        try:
            return login(self.database, name, password, address=address).token
        except Refused as refused:
            return refused.problems[0].code


@pytest.fixture
def world(app_url: str, owner_url: str) -> Iterator[World]:
    clock = FixedClock(NOW)
    database = Database(app_url, clock=clock, seed=1)
    with psycopg.connect(owner_url, autocommit=True) as owner:
        owner.execute("insert into legal_entity (id, code, name, country, currency) values (%s, 'E', 'E', 'DE', 'EUR')",
                      [ENTITY])  # fmt: skip
        for account, parent in ((MOTHER, None), (DAUGHTER, MOTHER), (STRANGER, None)):
            owner.execute("insert into account (id, code, name, parent_id, legal_entity_id, currency) "
                          "values (%(id)s, %(code)s, 'N', %(parent)s, %(entity)s, 'EUR')",
                          {"id": account, "code": f"A-{account.int}", "parent": parent, "entity": ENTITY})  # fmt: skip
        owner.cursor().executemany("insert into account_closure (ancestor_id, account_id, depth) values (%s, %s, %s)",
                          [(MOTHER, MOTHER, 0), (MOTHER, DAUGHTER, 1), (DAUGHTER, DAUGHTER, 0),
                           (STRANGER, STRANGER, 0)])  # fmt: skip
        yield World(database, clock, owner)
    database.close()


ANN = NewPrincipal(Kind.STAFF, "Ann@trade.test", "Ann Marsh", frozenset({"sales"}))
BEN = NewPrincipal(Kind.BUYER, "ben@buyer.test", "Ben Ode", frozenset({"buyer"}), frozenset({MOTHER}))
BOT = NewPrincipal(Kind.AGENT, "bot-7", "Buying agent", frozenset({"agent"}))


def test_a_key_is_kept_only_as_a_hash_and_names_its_principal(world):
    ann = world.one(ANN)

    made = world.key(ann)

    stored = world.owner.execute("select hash, hint, label from api_key").fetchall()
    assert stored == [(hash_of(made.key), made.hint, "test")]
    assert made.key.startswith(f"tw_{made.hint}_")
    dumped = str(world.owner.execute("select e.*, k.* from event e cross join api_key k").fetchall())
    assert made.key not in dumped
    found = world.caller(made.key)
    assert found is not None
    assert (found.principal.login, found.roles, found.visible) == ("ann@trade.test", frozenset({"sales"}), None)
    assert (found.channel, found.credential) == ("api", hash_of(made.key))


def test_a_buyer_sees_the_tree_below_its_accounts(world):
    made = world.key(world.one(BEN))

    found = world.caller(made.key)

    assert found is not None
    assert found.visible == frozenset({MOTHER, DAUGHTER})


def test_a_buyer_without_accounts_sees_nothing(world):
    nobody = NewPrincipal(Kind.BUYER, "new@buyer.test", "New", frozenset({"buyer"}))

    found = world.caller(world.key(world.one(nobody)).key)

    assert found is not None
    assert found.visible == frozenset()


def test_many_keys_and_tokens_are_checked_by_one_statement(world):
    hashed = NewPrincipal(
        Kind.STAFF, "ann@trade.test", "Ann", frozenset({"sales"}), password_hash=hash_password(PASSWORD)
    )
    ann, ben = world.one(hashed), world.one(BEN)
    secrets = [world.key(ann).key, world.key(ben).key, world.key(ben).key, world.login(PASSWORD), "tw_nobody_knows"]
    statements = []

    class Counted(Reader):
        def rows(self, sql, params=None):
            statements.append(sql)
            return super().rows(sql, params)

    found = world.database.read(lambda r: authenticate_many(Counted(r.connection, r.now), map(hash_of, secrets)))

    assert [found[hash_of(s)].principal.login if hash_of(s) in found else None for s in secrets] == [
        "ann@trade.test", "ben@buyer.test", "ben@buyer.test", "ann@trade.test", None,
    ]  # fmt: skip
    assert len(statements) == 1


def test_a_revoked_key_is_dead_at_the_next_call(world):
    ben = world.one(BEN)
    made, other = world.key(ben), world.key(ben)

    revoked = world.database.write(lambda tx: revoke_keys(tx, [made.id], principal_id=ben))
    again = world.database.write(lambda tx: revoke_keys(tx, [made.id], principal_id=ben))

    assert (revoked, again) == ([made.id], [])
    assert world.caller(made.key) is None
    assert world.caller(other.key) is not None
    assert world.events() == ["principal.created", "key.created", "key.created", "key.revoked"]


def test_nobody_revokes_the_key_of_another(world):
    made = world.key(world.one(BEN))
    ann = world.one(ANN)

    revoked = world.database.write(lambda tx: revoke_keys(tx, [made.id], principal_id=ann))

    assert revoked == []
    assert world.caller(made.key) is not None


def test_a_key_ends_at_its_expiry(world):
    made = world.key(world.one(BEN), expires_at=NOW + timedelta(days=1))

    alive = world.caller(made.key)
    world.clock.at = NOW + timedelta(days=1)

    assert alive is not None
    assert world.caller(made.key) is None


def test_switching_a_principal_off_ends_its_keys_and_sessions(world):
    hashed = NewPrincipal(
        Kind.STAFF, "ann@trade.test", "Ann", frozenset({"sales"}), password_hash=hash_password(PASSWORD)
    )
    ann = world.one(hashed)
    made, token = world.key(ann), world.login(PASSWORD)

    world.database.write(lambda tx: change_principals(tx, [PrincipalChange(ann, active=False)]))

    assert (world.caller(made.key), world.caller(token)) == (None, None)
    assert world.login(PASSWORD) == "access.wrong_login"


def test_changed_grants_replace_the_old_ones(world):
    ben = world.one(BEN)
    made = world.key(ben)
    change = PrincipalChange(ben, roles=frozenset({"buyer_approver"}), account_ids=frozenset({STRANGER}))

    answers = world.database.write(lambda tx: change_principals(tx, [change]))

    found = world.caller(made.key)
    assert answers == [None]
    assert found is not None
    assert (found.roles, found.visible) == (frozenset({"buyer_approver"}), frozenset({STRANGER}))


def test_of_many_principals_the_bad_ones_fall_out_alone(world):
    world.one(ANN)
    lost = NewPrincipal(Kind.BUYER, "lost@buyer.test", "L", frozenset({"buyer"}), frozenset({UUID(int=99)}))
    sly = NewPrincipal(Kind.BUYER, "sly@buyer.test", "S", frozenset({"admin"}))

    answers = world.database.write(lambda tx: create_principals(tx, [ANN, BEN, lost, sly]))

    codes = [answer.code if isinstance(answer, Problem) else "made" for answer in answers]
    assert codes == ["access.login_taken", "made", "access.unknown_account", "access.bad_roles"]


def test_a_password_is_kept_as_argon2id(world):
    stored = hash_password(PASSWORD)

    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert verify_password(stored, PASSWORD)
    assert not verify_password(stored, PASSWORD + "!")
    assert not verify_password(None, PASSWORD)


def test_a_login_that_does_not_exist_costs_as_much_work_as_a_wrong_password():
    stored = hash_password(PASSWORD)

    def work(password_hash: str | None) -> float:
        begun = time.thread_time()
        verify_password(password_hash, "wrong")
        return time.thread_time() - begun

    known = min(work(stored) for _ in range(5))
    unknown = min(work(None) for _ in range(5))

    assert 0.5 < unknown / known < 2


@pytest.fixture
def ann(world: World) -> World:
    world.one(
        NewPrincipal(Kind.STAFF, "ann@trade.test", "Ann", frozenset({"sales"}), password_hash=hash_password(PASSWORD))
    )
    return world


def test_a_session_is_kept_as_a_hash_and_ends_with_the_logout(ann):
    token = ann.login(PASSWORD)

    found = ann.caller(token)
    ended = ann.database.write(lambda tx: end_session(tx, hash_of(token)))

    assert found is not None
    assert found.channel == "web"
    assert ended is True
    assert ann.caller(token) is None
    rows = ann.owner.execute("select * from session").fetchall()
    assert token not in str(rows)


def test_a_session_ends_after_twelve_hours(ann):
    token = ann.login(PASSWORD)

    ann.clock.at = NOW + timedelta(hours=12)

    assert ann.caller(token) is None


def test_ten_failures_close_a_login_for_that_address_and_time_opens_it(ann):
    codes = [ann.login("wrong") for _ in range(11)]

    assert codes == ["access.wrong_login"] * 10 + ["access.too_many_attempts"]
    assert ann.login(PASSWORD) == "access.too_many_attempts"
    assert ann.login(PASSWORD, address="192.0.2.2").startswith("tws_")
    ann.clock.at = NOW + timedelta(minutes=15)
    assert ann.login(PASSWORD).startswith("tws_")


def test_parallel_guesses_do_not_pass_the_bound_together(ann):
    with ThreadPoolExecutor(12) as pool:
        codes = list(pool.map(lambda _: ann.login("wrong"), range(24)))

    assert sorted(codes) == ["access.too_many_attempts"] * 14 + ["access.wrong_login"] * 10
    assert ann.events().count("login.failed") == 10


def mandate(**changes) -> NewMandate:
    return NewMandate(**{"agent": "bot-7", "account_id": MOTHER, "actions": frozenset({"orders.place"}), **changes})


def grant(world: World, new: NewMandate, by: UUID) -> UUID | Problem:
    return world.database.write(lambda tx: grant_mandates(tx, [new], granted_by=by))[0]


def test_an_agent_sees_and_may_what_valid_mandates_say(world):
    ben, bot = world.one(BEN), world.one(BOT)
    made = world.key(bot)
    before = world.caller(made.key)

    granted = grant(world, mandate(order_max=Decimal("500.00"), currency="EUR"), ben)

    found = world.caller(made.key)
    assert before is not None
    assert before.visible == frozenset()
    assert found is not None
    assert (found.channel, found.visible) == ("agent", frozenset({MOTHER, DAUGHTER}))
    assert [(m.id, m.accounts, m.actions, m.order_max, m.currency) for m in found.mandates] == [
        (granted, frozenset({MOTHER, DAUGHTER}), frozenset({"orders.place"}), Decimal("500.000"), "EUR")
    ]


def test_a_revoked_mandate_is_gone_at_the_next_call(world):
    ben, bot = world.one(BEN), world.one(BOT)
    made = world.key(bot)
    granted = grant(world, mandate(), ben)

    foreign = world.database.write(lambda tx: revoke_mandates(tx, [granted], accounts={STRANGER}))
    revoked = world.database.write(lambda tx: revoke_mandates(tx, [granted], accounts={MOTHER}))

    found = world.caller(made.key)
    assert (foreign, revoked) == ([], [granted])
    assert found is not None
    assert (found.mandates, found.visible) == ((), frozenset())


def test_a_mandate_holds_only_within_its_dates(world):
    ben, bot = world.one(BEN), world.one(BOT)
    made = world.key(bot)
    grant(world, mandate(valid_from=NOW + timedelta(hours=1), valid_to=NOW + timedelta(hours=2)), ben)

    seen = []
    for minutes in (59, 60, 119, 120):
        world.clock.at = NOW + timedelta(minutes=minutes)
        found = world.caller(made.key)
        seen.append(len(found.mandates) if found else None)

    assert seen == [0, 1, 1, 0]


def test_a_mandate_is_given_to_agents_only(world):
    ben = world.one(BEN)
    world.one(ANN)

    answer = grant(world, mandate(agent="ann@trade.test"), ben)

    assert isinstance(answer, Problem)
    assert answer.code == "access.unknown_agent"
