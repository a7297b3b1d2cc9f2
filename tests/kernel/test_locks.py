from collections.abc import Iterator
from uuid import UUID

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emitted_sql import LOCKED, RecordingDatabase, assert_locks_before_write
from tradewind.app.schema import metadata
from tradewind.kernel.locks import ORDER, LockKind, LockOrderBroken, lock_set
from tradewind.kernel.tx import Actor, Tx

ENTITY = UUID(int=9)
PAIR = """
select s.product_id, s.site_id from unnest(%(keys)s::uuid[], %(keys_2)s::uuid[]) as w(product_id, site_id)
join stock s on s.product_id = w.product_id and s.site_id = w.site_id
order by s.product_id, s.site_id for no key update of s
"""
ONE = "select o.id from {} o where o.id = any(%(keys)s::uuid[]) order by o.id for no key update"
STOCK = LockKind("stock", PAIR, parts=2)
INVOICES = LockKind("invoice", ONE.format("invoice"))
ORDERS = LockKind("order", ONE.format("sales_order"))


@pytest.fixture
def db(owner_url: str) -> Iterator[RecordingDatabase]:
    with psycopg.connect(owner_url) as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute(
            "insert into stock (product_id, site_id) select gen_random_uuid(), gen_random_uuid() from generate_series(1, 9)"
        )
    database = RecordingDatabase(owner_url)
    yield database
    database.close()


def stock_keys(db: RecordingDatabase) -> list[tuple[UUID, UUID]]:
    return db.read(lambda reader: reader.rows("select product_id, site_id from stock order by 1, 2"))  # type: ignore[return-value]


def test_rows_are_locked_kind_by_kind_and_key_by_key(db: RecordingDatabase) -> None:
    keys = stock_keys(db)
    shuffled = [*reversed(keys), keys[3], keys[3]]

    locked = db.write(lambda tx: lock_set(tx, [(STOCK, shuffled), (INVOICES, [ENTITY]), (ORDERS, [ENTITY, ENTITY])]))

    assert locked == {"order": [], "invoice": [], "stock": keys}
    statements = [sql for sql in db.transactions[-1] if "for no key update" in sql]
    assert statements == [ORDERS.sql, INVOICES.sql, STOCK.sql]


def test_a_kind_without_keys_takes_no_statement(db: RecordingDatabase) -> None:
    locked = db.write(lambda tx: lock_set(tx, [(STOCK, []), (ORDERS, [])]))

    assert locked == {"order": [], "stock": []}
    assert not any("for no key update" in sql for sql in db.transactions[-1])


def test_a_lower_kind_later_is_refused(db: RecordingDatabase) -> None:
    def work(tx: Tx) -> None:
        lock_set(tx, [(INVOICES, [ENTITY])])
        lock_set(tx, [(ORDERS, [ENTITY])])

    with pytest.raises(LockOrderBroken, match="order was asked for after invoice"):
        db.write(work)


def test_the_same_kind_again_is_refused(db: RecordingDatabase) -> None:
    def work(tx: Tx) -> None:
        lock_set(tx, [(INVOICES, [ENTITY])])
        lock_set(tx, [(INVOICES, [UUID(int=1)])])

    with pytest.raises(LockOrderBroken, match="invoice was asked for after invoice"):
        db.write(work)


def test_a_higher_kind_later_is_fine_and_the_next_transaction_starts_anew(db: RecordingDatabase) -> None:
    def work(tx: Tx) -> None:
        lock_set(tx, [(ORDERS, [ENTITY])])
        lock_set(tx, [(INVOICES, [ENTITY])])

    db.write(work)
    db.write(work)


def test_locks_taken_in_another_name_count_for_the_transaction(db: RecordingDatabase) -> None:
    def work(tx: Tx) -> None:
        lock_set(tx.acting(Actor(None, "other", "edi")), [(INVOICES, [ENTITY])])
        lock_set(tx, [(ORDERS, [ENTITY])])

    with pytest.raises(LockOrderBroken):
        db.write(work)


def test_a_kind_that_the_order_does_not_know_is_a_bug() -> None:
    with pytest.raises(ValueError, match="not in tuple"):
        _ = LockKind("moon", "select 1").rank


@given(st.permutations(ORDER), st.lists(st.integers(0, 5), max_size=8))
def test_whatever_the_order_asked_locks_come_in_the_one_order(kinds: list[str], keys: list[int]) -> None:
    class Asked:
        def __init__(self) -> None:
            self.locked: list[int] = []
            self.seen: list[tuple[str, list[int]]] = []

        def rows(self, sql: str, params: dict[str, list[int]]) -> list[tuple[int]]:
            self.seen.append((sql, params["keys"]))
            return [(key,) for key in params["keys"]]

    tx = Asked()

    lock_set(tx, [(LockKind(kind, kind), keys) for kind in kinds])  # type: ignore[arg-type]

    assert tx.seen == ([(kind, sorted(set(keys))) for kind in ORDER] if keys else [])


GOOD = [
    "select 1",
    "select id from sales_order o where id = any(%s) order by id for no key update of o",
    "select * from unnest(%s) w join credit_node n on n.account_id = w.id order by n.account_id for no key update of n",
    "select product_id from stock order by product_id, site_id for no key update",
    "update credit_node n set open_orders = 1",
    "UPDATE stock s SET on_hand = 1",
    "update sales_order set status = 'x'",
    "insert into log_cursor values (1) on conflict (reader) do update set xid = 1",
]


def test_a_transaction_that_locks_first_and_in_order_passes() -> None:
    assert_locks_before_write(GOOD)


@pytest.mark.parametrize(
    ("statements", "complaint"),
    [
        (["update stock set on_hand = 1"], "updates stock before it is locked"),
        (["with x as (update stock set on_hand = 1 returning 1) select 1"], "updates stock before it is locked"),
        (["select * from stock for no key update"], "locked in no order"),
        ([GOOD[3], GOOD[1]], r"locks were taken in the order \['stock', 'order'\]"),
        ([GOOD[1], "update stock set on_hand = 1", GOOD[3]], "updates stock before it is locked"),
        (
            [
                "select * from stock s join sales_order o on true order by 1 for no key update of o",
                "update stock set on_hand = 1",
            ],
            "updates stock before it is locked",
        ),
    ],
)
def test_an_unsorted_missing_or_late_lock_is_caught(statements: list[str], complaint: str) -> None:
    with pytest.raises(AssertionError, match=complaint):
        assert_locks_before_write(statements)


def test_rows_that_the_transaction_made_itself_need_no_lock() -> None:
    assert_locks_before_write(["insert into stock values (1)", "update stock set on_hand = 1"], inserted=("stock",))


def test_the_recorder_tells_transactions_and_tries_apart(db: RecordingDatabase) -> None:
    tries: list[int] = []

    def work(tx: Tx) -> None:
        tries.append(1)
        tx.rows("select 1")
        if len(tries) == 1:
            tx.run("do $$ begin raise deadlock_detected; end $$")

    db.write(work)

    assert [sum(sql == "select 1" for sql in one) for one in db.transactions] == [1, 1]


def test_the_locked_tables_exist_and_stand_for_kinds_of_the_order() -> None:
    assert set(LOCKED) <= set(metadata.tables)
    assert set(LOCKED.values()) == set(ORDER) - {"agreement", "counter"}
