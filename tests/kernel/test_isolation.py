"""The database itself keeps buyers apart, whatever the application forgets."""

from collections.abc import Iterator
from uuid import UUID

import psycopg
import pytest
from psycopg import errors

from small_company import ID, found, sql
from tradewind.accounts.queries import names_as_seen
from tradewind.app.schema import VERIFIER, account_column, metadata
from tradewind.kernel.tx import Database, Reader, become_buyer

pytestmark = pytest.mark.breaks_invariants  # rows are there to be seen or not, they need not fit together

TABLES = {table.name: table for table in metadata.tables.values()}
OF_BUYERS = sorted(name for name, table in TABLES.items() if table.info["buyer"])
OPEN_TO_ALL = ["legal_entity", "payment_terms", "product", "product_unit", "site"]
HIDDEN = sorted(set(TABLES) - set(OF_BUYERS) - set(OPEN_TO_ALL))
ROOT, BRANCH, STRANGER = (UUID(ID[name]) for name in ("root", "branch", "stranger"))
# Filled in the small company; a table that is empty proves nothing.
FILLED = [
    name for name in OF_BUYERS if name not in ("agreement", "address", "contact", "tax_certificate", "cross_reference")
]


# What the company of the invariants has no need of.
MORE = """
insert into order_warning (id, order_id, account_id, code, message, raised_at)
  values (gen_random_uuid(), '{order1}', '{root}', 'rules.large', 'large', {t} - interval '1 day');
insert into promise_move (id, order_id, line_no, account_id, new_at, why, supplies, moved_at)
  values (gen_random_uuid(), '{order1}', 1, '{root}', {t}, 'goods', '[]', {t});
insert into quote_round (id, quote_id, account_id, round_no, kind, version_no, said_at)
  values ('{wished}', '{quote}', '{root}', 1, 'request', 0, {t} - interval '2 days');
insert into quote_wish (round_id, line_no, account_id, item, qty) values ('{wished}', 1, '{root}', 'P', 10);
insert into licence (id, account_id, code, number, valid_from) values (gen_random_uuid(), '{root}', 'ADR', 'L-1', {t});
insert into order_file (document_id, account_id, sha256, mode, outcome, rows, accepted, answer, at) values
  ('{document}', '{root}', sha256('x'), 'accept-valid', 'placed', 1, 1, '{{}}', {t});
insert into order_file_mapping (account_id, signature, header, mapping, updated_at) values ('{root}', 's', '[]', '{{}}', {t});
insert into payment_refund (id, payment_id, account_id, amount, reason, refunded_at) values
  (gen_random_uuid(), '{payment1}', '{root}', 1, 'too much', {t});
insert into invoice_instalment (invoice_id, part_no, account_id, due_at, amount) values
  ('{invoice1}', 1, '{root}', {t}, 20), ('{invoice1}', 2, '{root}', {t}, 27.60);
insert into line_substitution (order_id, line_no, account_id, ordered_product_id, ordered_qty, ordered_uom, ordered_base,
  substitute_id, substitute_base, numerator, denominator, consent, price, decided_at) values
  ('{order1}', 1, '{root}', '{service}', 10, 'EA', 10, '{product}', 10, 1, 1, 'automatic', 'own', {t});
"""


@pytest.fixture
def db(app_url: str, owner_url: str) -> Iterator[Database]:
    with psycopg.connect(owner_url) as connection:
        found(connection)
        connection.execute(sql(MORE))
        connection.execute("update event set account_id = %s where payload ->> 'number' <> 'SO-2'", [ROOT])
        connection.execute("update event set account_id = %s where payload ->> 'number' = 'SO-2'", [BRANCH])
    database = Database(app_url)
    yield database
    database.close()


def counts(reader: Reader, tables: list[str]) -> dict[str, int]:
    """Rows per table, as far as the reader may see them."""
    return {name: reader.value(f"select count(*) from {name}") for name in tables}  # noqa: S608 - our own names


def test_a_buyer_whose_accounts_were_not_set_sees_no_row(db: Database) -> None:
    def work(reader: Reader) -> dict[str, int]:
        reader.connection.execute("set local role tradewind_buyer")
        return counts(reader, OF_BUYERS)

    assert db.read(work) == dict.fromkeys(OF_BUYERS, 0)


def test_a_buyer_without_accounts_sees_no_row(db: Database) -> None:
    assert db.read_as_buyer([], lambda reader: counts(reader, OF_BUYERS)) == dict.fromkeys(OF_BUYERS, 0)


@pytest.mark.parametrize("table", HIDDEN)
def test_a_buyer_cannot_read_other_tables_at_all(db: Database, table: str) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        db.read_as_buyer([ROOT, BRANCH, STRANGER], lambda reader: counts(reader, [table]))


@pytest.mark.parametrize(
    "visible", [[ROOT], [BRANCH], [STRANGER], [ROOT, BRANCH]], ids=["root", "branch", "stranger", "tree"]
)
def test_a_buyer_sees_the_rows_of_its_accounts_and_no_other(db: Database, visible: list[UUID]) -> None:
    def own(reader: Reader) -> dict[str, int]:
        return {
            name: reader.value(
                f"select count(*) from {name} where {account_column(TABLES[name])} = any(%s)",  # noqa: S608 - our own names
                [visible],
            )
            for name in OF_BUYERS
        }

    seen = db.read_as_buyer(visible, lambda reader: counts(reader, OF_BUYERS))

    assert seen == db.read(own)
    assert (sum(seen.values()) > 2) is (visible != [STRANGER])


def test_the_company_fills_every_table_that_this_is_about(db: Database) -> None:
    assert [name for name, rows in db.read(lambda reader: counts(reader, FILLED)).items() if not rows] == []


@pytest.mark.parametrize("table", OF_BUYERS)
def test_a_buyer_writes_nothing(db: Database, table: str) -> None:
    column = account_column(TABLES[table])

    def change(tx: Reader) -> None:
        become_buyer(tx.connection, [ROOT])
        tx.connection.execute(f"update {table} set {column} = {column}")  # noqa: S608 - our own names

    with pytest.raises(errors.InsufficientPrivilege):
        db.write(change)


def test_what_a_buyer_saw_ends_with_the_transaction(db: Database) -> None:
    before = db.read_as_buyer([BRANCH], lambda reader: counts(reader, ["sales_order"]))
    after = db.read(lambda reader: counts(reader, ["sales_order"]))
    setting = db.read(lambda reader: reader.value("select current_setting('tradewind.visible_accounts', true)"))

    assert (before, after, setting) == ({"sales_order": 1}, {"sales_order": 4}, "")


def test_within_a_command_names_are_resolved_as_the_buyer_and_the_rest_runs_as_the_application(db: Database) -> None:
    def work(tx: Reader) -> tuple[list[bool], int, str]:
        named = names_as_seen(tx, [(str(BRANCH), "A"), (str(BRANCH), "A-1"), (str(STRANGER), "A-1")])
        seen = [one is not None for one in named]
        return seen, counts(tx, ["sales_order"])["sales_order"], tx.value("select current_user")

    assert db.write(work) == ([False, True, False], 4, "tradewind_app")


def test_a_buyer_cannot_name_accounts_for_itself_in_a_value(db: Database) -> None:
    hostile = f"{ROOT}' or true --"

    with pytest.raises(errors.InvalidTextRepresentation):
        db.read_as_buyer([hostile], lambda reader: counts(reader, ["invoice"]))  # type: ignore[list-item]


def test_the_application_is_neither_owner_nor_above_the_rules(db: Database) -> None:
    row = db.read(lambda reader: reader.row("select rolsuper, rolbypassrls from pg_roles where rolname = current_user"))

    assert row == (False, False)
    with pytest.raises(errors.InsufficientPrivilege):
        db.write(lambda tx: tx.run("alter table invoice no force row level security"))


def test_the_verifier_reads_everything_and_writes_nothing(db: Database, owner_url: str) -> None:
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute(f"set role {VERIFIER}")
        unread = [
            name
            for name in TABLES
            if not connection.execute(f"select has_table_privilege('{name}', 'select')").fetchone()[0]  # type: ignore[index]
        ]
        rows = connection.execute("select count(*) from invoice").fetchone()

        assert (unread, rows) == ([], (4,))
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute("update credit_node set credit_limit = 1")
