"""No statement that gathers a paper reads a filled table from end to end."""

from datetime import timedelta

import pytest

from test_plans import MANY, fill, prepared, recording, report, scans
from tradewind.kernel.tx import Reader
from tradewind.papers.model import Wanted
from tradewind.papers.queries import issued_as_wanted, newest_version
from tradewind.views.papers.invoices import invoice_values
from tradewind.views.papers.orders import order_values
from tradewind.views.papers.shipments import shipment_values
from tradewind.views.papers.statements import statement_holder, statement_values


def one_of_each(reader: Reader) -> None:
    """The values of every kind of paper, by number and by id."""
    for read, table in ((order_values, "sales_order"), (shipment_values, "shipment"), (invoice_values, "invoice")):
        found = reader.row(f"select number, id from {table} order by id limit 1")  # noqa: S608 - names of ours
        assert found is not None
        for name in found:
            assert read(reader, str(name)) is not None
    holder = statement_holder(reader, "A1")
    assert holder is not None
    start, begin = holder.today - timedelta(days=30), reader.now - timedelta(days=30)
    values = statement_values(
        reader, holder, start=start, until=holder.today, begin=begin, end=reader.now + timedelta(days=1)
    )
    assert values["entries"]
    wanted = Wanted("statement", holder.account_id, holder.account_id, "x", values, "en")
    assert issued_as_wanted(reader, wanted) is newest_version(reader, wanted) is None


@pytest.mark.slow
def test_no_paper_reads_a_filled_table_from_end_to_end(owner_url: str, app_url: str) -> None:
    fill(owner_url, app_url)

    with recording(app_url) as (database, connection):
        database.read(one_of_each)
        texts = prepared(connection)
        read_whole = scans(connection, texts, enough=MANY)
        connection.execute("discard plans", prepare=False)
        connection.execute("set enable_seqscan = off", prepare=False)
        unserved = scans(connection, texts, enough=0)

    found = [*report(read_whole, "is read from end to end"), *report(unserved, "has no index that would serve")]
    assert not found, "\n".join(found)
