"""The real wholesaler's months, replayed: every order in both worlds, where the shared samples are."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tradewind.app.replay import replay_command
from tradewind.kernel.clock import system_clock
from tradewind.kernel.tx import Database
from tradewind.trials.commands import request_trial
from tradewind.trials.jobs import work_next
from tradewind.trials.queries import trial_by_id

ROOT = Path(__file__).resolve().parents[2]
MAPPING = ROOT / "demo/mappings/uk_retail_invoices.toml"
SHARED = Path(os.environ.get("TRADEWIND_SHARED") or ROOT.parent / "shared")
WHOLESALER = SHARED / "samples/orders/online_retail_2010-12_2011-02.csv.gz"


@pytest.fixture
def replayed(app_url: str, tmp_path: Path) -> Iterator[Database]:
    database = Database(app_url)
    assert replay_command(database, WHOLESALER, mapping=MAPPING, summary=tmp_path / "summary.json") == 0
    database.clock = system_clock
    yield database
    database.close()


@pytest.mark.samples
@pytest.mark.skipif(not WHOLESALER.exists(), reason="the shared samples are not here")
def test_every_order_is_tried_and_only_the_change_makes_a_difference(replayed: Database, with_a_check: str) -> None:
    def tried(change: dict[str, Any]) -> Any:
        trial = replayed.write(lambda tx: request_trial(tx, "months", change=change, selection={}))
        assert work_next(replayed)
        return replayed.read(lambda reader: trial_by_id(reader, trial))

    same = tried({})
    more = tried({"stream": {"stream": "order_to_release", "bpmn": with_a_check}})

    assert (same.state, same.orders, same.changed) == ("done", 3875, 0)
    assert same.summary["before"] == same.summary["after"]
    assert same.summary["before"]["orders_held"] == 0  # as they were
    assert (more.orders, more.changed) == (3875, 3875)
    assert more.summary["kinds"] == {"path": {"orders": 3875, "value": {"GBP": "2367954.15"}, "by": "0"}}
    assert more.summary["after"]["touches"] == 3875
