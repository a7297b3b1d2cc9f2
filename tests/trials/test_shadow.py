"""A change beside the orders that come: only what would be different is written."""

import psycopg
import pytest

from tradewind.trials.commands import cancel_trial, request_trial
from tradewind.trials.queries import findings_after, trial_by_id
from tradewind.trials.shadow import follow_shadows

DEARER = {"lanes": [{"site": "N", "country": "DE", "cost": "7"}]}


@pytest.fixture
def shadow(shop):
    shop.order(("CUP", "1"))  # before it began
    return shop.database.write(lambda tx: request_trial(tx, "dearer", change=DEARER, selection={}, mode="shadow"))


def row(shop, trial):
    return shop.database.read(lambda reader: trial_by_id(reader, trial))


def found(shop, trial):
    page = shop.database.read(lambda reader: findings_after(reader, trial, kind=None, after=0, limit=100))
    return [(one["place"], one["number"], one["kinds"]) for one in page]


def test_new_orders_are_looked_at_once_and_only_differences_are_written(shop, shadow):
    shop.order(("CUP", "2"))
    shop.order(("ENGRAVE", "1"))  # comes from nowhere

    assert follow_shadows(shop.database) == 2
    assert follow_shadows(shop.database) == 0

    shop.order(("TEA", "1"))
    follow_shadows(shop.database)
    seen = row(shop, shadow)
    assert (seen.state, seen.orders, seen.done, seen.changed) == ("running", 3, 3, 2)
    assert seen.summary["kinds"]["cost"]["orders"] == 1
    assert found(shop, shadow) == [(1, "SO-00000002", ["route"]), (3, "SO-00000004", ["cost"])]
    assert shop.all("select code from site s join stock_claim c on c.site_id = s.id group by 1") == [("N",)]
    shop.verify()


def test_it_ends_when_somebody_ends_it(shop, shadow):
    assert shop.database.write(lambda tx: cancel_trial(tx, shadow)).state == "cancelled"
    shop.order(("CUP", "2"))

    assert follow_shadows(shop.database) == 0

    assert found(shop, shadow) == []


def test_it_ends_when_what_it_tries_is_gone(shop, shadow):
    with psycopg.connect(shop.url, autocommit=True) as owner:
        owner.execute("update site set code = 'NN' where code = 'N'")
    shop.order(("CUP", "2"))

    assert follow_shadows(shop.database) == 0

    assert row(shop, shadow).state == "failed"
    assert row(shop, shadow).problem["code"] == "trials.unknown_name"
