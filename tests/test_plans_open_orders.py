"""What happens to open orders and stock reads no filled table from end to end either."""

from datetime import timedelta
from decimal import Decimal

import pytest

from test_plans import MANY, fill, place_orders, prepared, recording, report, scans
from tradewind.access.model import PERMISSIONS
from tradewind.desk.approvals import Decision, decide_orders
from tradewind.desk.cancel import CancelRequest, cancel_orders
from tradewind.desk.holds import HoldRelease, NewHold, open_holds, release_holds
from tradewind.desk.limits import LimitChange, change_limits
from tradewind.desk.place import place
from tradewind.desk.resolve import Submission
from tradewind.desk.stock import Adjustment, Count, Receipt, adjust_stock, observe_stock, receive_goods
from tradewind.desk.supply import Expectation, expect_supply
from tradewind.kernel.tx import SYSTEM, Database
from tradewind.orchestration.commands.deliveries import claim_deliveries
from tradewind.orchestration.commands.messages import sweep_messages
from tradewind.orchestration.commands.repair import open_incidents
from tradewind.orchestration.commands.tasks import open_tasks
from tradewind.semantics.model import DraftLine, OrderDraft
from tradewind.streams.backorders import BackorderCrank
from tradewind.views.inbox import inbox

FIRST = 10_000


@pytest.mark.slow
def test_no_statement_about_open_orders_scans_a_filled_table(owner_url: str, app_url: str) -> None:
    fill(owner_url, app_url)

    with recording(app_url) as (database, connection):
        run_one_of_everything(database)
        texts = prepared(connection)
        read_whole = scans(connection, texts, enough=MANY)
        connection.execute("discard plans", prepare=False)
        connection.execute("set enable_seqscan = off", prepare=False)
        unserved = scans(connection, texts, enough=0)

    found = [*report(read_whole, "is read from end to end"), *report(unserved, "has no index that would serve")]
    assert not found, "\n".join(found)


def run_one_of_everything(database: Database) -> None:
    """Each command and read once, on the filled database."""
    place_orders(database, FIRST, FIRST + 4)
    orders = database.read(
        lambda reader: reader.rows("select id from sales_order where status = 'confirmed' order by id desc limit 4")
    )
    ids = [row[0] for row in orders]
    now = database.clock()
    wanted = Submission(OrderDraft("A7", (DraftLine(1, "P3", Decimal(3_000_050)),)), SYSTEM)
    database.write(lambda tx: place(tx, [wanted], lock_all_sites=True))
    database.write(lambda tx: expect_supply(tx, [Expectation("PX", "S1", "P3", Decimal(9), now + timedelta(days=3))]))
    database.write(lambda tx: expect_supply(tx, [Expectation("PX", "S1", "P3", Decimal(9), now + timedelta(days=4))]))
    database.write(lambda tx: receive_goods(tx, [Receipt("S1", "P3", Decimal(1), supply="PX")]))
    database.write(lambda tx: observe_stock(tx, [Count("S1", "P4", Decimal(7), now)]))
    database.write(lambda tx: adjust_stock(tx, [Adjustment("S1", "P5", Decimal(1), "found")]))
    (hold,) = database.write(lambda tx: open_holds(tx, [NewHold(ids[0], "fraud", "look")]))
    everything = frozenset(PERMISSIONS)
    releases = [HoldRelease(ids[0], hold.hold_id, "fine")]  # type: ignore[union-attr]
    database.write(lambda tx: release_holds(tx, releases, permissions=everything))
    database.write(lambda tx: cancel_orders(tx, [CancelRequest(one, "no more") for one in ids[:2]]))
    database.write(lambda tx: decide_orders(tx, [Decision(ids[2], True, "fine")], roles={"approver"}))
    account = database.read(lambda reader: reader.value("select account_id from credit_node order by 1 limit 1"))
    database.write(lambda tx: change_limits(tx, [LimitChange(account, Decimal(99), "reviewed")]))
    crank = BackorderCrank(database)
    assert crank.turn_until_idle().orders > 0
    crank.sweep()
    database.write(sweep_messages)
    database.write(claim_deliveries)
    database.read(lambda reader: inbox(reader, roles=["approver"], accounts=None))
    database.read(lambda reader: open_tasks(reader, roles=["approver"]))
    database.read(open_incidents)
