from collections.abc import Iterator
from datetime import timedelta

import pytest

from shop import Shop, open_shop
from tradewind.kernel.limits import MESSAGE_LIFE_DAYS
from tradewind.orchestration.commands.messages import Message, post_messages, sweep_messages


@pytest.fixture
def shop(owner_url: str) -> Iterator[Shop]:
    opened = open_shop(owner_url)
    yield opened
    opened.database.close()
    opened.verify()


def test_only_a_message_that_nobody_waits_for_expires(shop):
    shop.database.write(lambda tx: tx.run("update credit_node set credit_limit = 1"))
    order = shop.order(("CUP", "1"))
    name, key = shop.one("select name, key from stream_wait where kind = 'message'")
    shop.database.write(lambda tx: tx.run("update stream_instance set status = 'incident'"))
    shop.database.write(lambda tx: post_messages(tx, [Message(name, key, "m-1"), Message(name, "nobody", "m-2")]))
    shop.clock.at += timedelta(days=MESSAGE_LIFE_DAYS + 1)

    found = shop.database.write(sweep_messages)

    assert found == (0, 1)
    assert shop.all("select message_id, expired_at is null from message order by 1") == [("m-1", True), ("m-2", False)]
    assert shop.all("select message from incident") == [(f"nobody waited for {name} nobody (m-2)",)]
    shop.database.write(
        lambda tx: tx.run("update stream_instance set status = 'running', wake_at = %(now)s", {"now": tx.now})
    )
    shop.crank.turn_until_idle(rounds=5)
    assert shop.one("select consumed_at is not null from message where message_id = 'm-1'") == (True,)
    assert shop.status(order) == "held"
