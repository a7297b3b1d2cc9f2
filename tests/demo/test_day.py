"""The day of the made-up company, whole, on a database of its own."""

import json
import stat

import pytest

from invariants import assert_invariants
from tradewind.app.demo import CREDENTIALS, ensure_demo
from tradewind.app.settings import read_settings
from tradewind.kernel.tx import Database


@pytest.mark.slow
def test_every_order_is_where_it_should_be_and_a_second_start_changes_nothing(app_url, owner_url, tmp_path, capsys):
    database = Database(app_url)
    settings = read_settings({"TRADEWIND_HOME": str(tmp_path)})

    first = ensure_demo(database, settings)
    told = capsys.readouterr().out
    second = ensure_demo(database, settings)

    assert "WRONG" not in told
    assert (first, second) == (0, 0)
    assert "not played again" in capsys.readouterr().out
    assert_invariants(owner_url)
    database.close()


def test_the_secrets_are_readable_by_their_owner_only_and_differ_from_start_to_start(tmp_path):
    from demo.people import keep, wanted_logins  # noqa: PLC0415 - the folder is not there in an installed package

    file = tmp_path / CREDENTIALS
    file.write_text("{}")
    file.chmod(0o644)

    keep({one.login: one for one in wanted_logins()}, file)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    kept = json.loads(file.read_text())
    again = {one.login: one.password for one in wanted_logins()}
    assert all(kept[login]["password"] != password for login, password in again.items() if password)


def test_a_database_with_a_company_of_its_own_is_left_alone(app_url, tmp_path, capsys):
    database = Database(app_url)
    database.write(lambda tx: tx.connection.execute(OTHER_COMPANY))

    answer = ensure_demo(database, read_settings({"TRADEWIND_HOME": str(tmp_path)}))

    assert answer == 0
    assert "not loaded into it" in capsys.readouterr().out
    assert database.read(lambda reader: reader.value("select count(*) from account")) == 1
    database.close()


OTHER_COMPANY = """
with e as (
  insert into legal_entity (id, code, name, country, currency)
  values ('018f0000-0000-7000-8000-000000000001', 'OWN', 'Own', 'FR', 'EUR') returning id
), a as (
  insert into account (id, code, name, legal_entity_id, currency)
  select '018f0000-0000-7000-8000-000000000002', 'A', 'A', id, 'EUR' from e returning id
)
insert into account_closure (account_id, ancestor_id, depth) select id, id, 0 from a
"""
