"""A shop with a past, and trials of it without a worker."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal

import pytest

from shop import Shop, open_shop
from tradewind.kernel.tx import snapshot
from tradewind.streams.library import diagram
from tradewind.trials.changes import read_change
from tradewind.trials.model import Change, Selection
from tradewind.trials.queries import chosen_orders, recorded_paces
from tradewind.trials.run import Batch, run_batch
from tradewind.trials.worlds import open_world

Trying = Callable[..., Batch]
STOCK = {("cup", "north"): "100", ("cup", "south"): "50", ("tea", "north"): "30"}


@pytest.fixture
def shop(owner_url: str) -> Iterator[Shop]:
    """A hundred cups in the north and fifty in the south, thirty teas in the north."""
    opened = open_shop(owner_url, stock=STOCK)
    yield opened
    opened.database.close()


@pytest.fixture
def trying(shop: Shop) -> Trying:
    """Runs a change, as it is asked for over HTTP, over all orders."""

    def run(change: Change | None = None, *, last: int = 100, assumed: Decimal | None = None, **asked: object) -> Batch:
        now = shop.clock()
        with shop.database.connection() as connection, snapshot(connection):
            baseline = open_world(connection, Change(), now=now)
            read = replace(change) if change is not None else read_change(baseline.tx, asked)
            candidate = open_world(connection, read, now=now)
            ids = chosen_orders(baseline.tx, Selection(last))
            return run_batch(baseline, candidate, ids, paces=recorded_paces(baseline.tx), assumed=assumed)

    return run


@pytest.fixture
def with_a_check() -> str:
    """The shipped stream with one more task before the order is confirmed."""
    drawn = diagram("order_to_release").decode()
    task = '<userTask id="check_papers" name="Check the papers" tw:role="sales" tw:form="papers"/>'
    drawn = drawn.replace('<serviceTask id="confirm"', f'{task}\n    <serviceTask id="confirm"', 1)
    flow = '<sequenceFlow id="free" name="no" sourceRef="in_the_way" targetRef="confirm"/>'
    assert flow in drawn
    to_task = flow.replace('"confirm"', '"check_papers"')
    return drawn.replace(flow, to_task + '<sequenceFlow id="checked" sourceRef="check_papers" targetRef="confirm"/>', 1)
