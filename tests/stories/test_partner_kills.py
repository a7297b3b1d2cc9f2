"""kill -9 of whoever works a partner's interchange: at both sides of every commit, and at random moments."""

import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from invariants import assert_invariants
from live_server import within
from shop import open_shop
from trading import Trading, interchange, segments_of, x12_850

DRIVER = Path(__file__).parent / "killable_intake.py"
ORDERS = 300
MOST = 60  # processes; far more than there are commits
PATIENCE = 60.0
SIDES = ("before commit", "after commit")
OTHERS = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
pytestmark = pytest.mark.slow


@pytest.fixture
def trading(owner_url: str) -> Trading:
    return Trading(open_shop(owner_url, stock={("tea", "north"): "100000"})).open(answer_minutes=0)


@dataclass
class Office:
    """Processes that work one interchange of 300 orders, one after another, each a while after the one before."""

    url: str
    folder: Path
    minutes: int = 0
    processes: int = 0
    body: bytes = field(init=False)

    def __post_init__(self) -> None:
        orders = (x12_850(f"PO-{one}", ("TEA", "2", "1.99"), control=f"{one:04}") for one in range(1, ORDERS + 1))
        self.body = interchange(*orders)
        (self.folder / "orders.edi").write_bytes(self.body)

    def start(self, point: str, nth: int = 1, *, hands_in: bool = False) -> "subprocess.Popen[bytes]":
        """One that works; the lease of the one before it has run out."""
        self.processes += 1
        self.minutes += 2
        files = [str(self.folder / "orders.edi")] if hands_in else []
        told = [sys.executable, str(DRIVER), self.url, str(self.minutes), point, str(nth), *files]
        process = subprocess.Popen(told, stdout=subprocess.PIPE)
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        return process

    def ends(self, process: "subprocess.Popen[bytes]") -> bool:
        """Whether it was killed before it was through; else it went through without a fault."""
        code = process.wait(PATIENCE)
        assert process.stdout is not None
        process.stdout.close()
        assert code in (0, -signal.SIGKILL)
        return code != 0

    def dies(self, point: str, nth: int, *, hands_in: bool = False) -> bool:
        return self.ends(self.start(point, nth, hands_in=hands_in))

    def left(self, trading: Trading) -> bool:
        """Whether the interchange still has to be worked on."""
        assert self.processes < MOST
        return trading.shop.one("select count(*) from inbound_work") == (1,)

    def dies_at_random(self, chance: random.Random, longest: float) -> bool:
        process = self.start("none")
        time.sleep(chance.uniform(0, longest))
        process.kill()
        return self.ends(process)


@pytest.fixture
def office(trading: Trading, tmp_path: Path) -> Office:
    return Office(trading.shop.url, tmp_path)


def all_there_once(trading: Trading) -> None:
    """Every order, its acknowledgement and its answer, each once, in one message of each kind's numbers."""
    shop = trading.shop
    expected = sorted(f"PO-{one}" for one in range(1, ORDERS + 1))
    assert sorted(one[0] for one in trading.orders()) == expected
    assert shop.one("select count(*) from event where type = 'order.received'") == (ORDERS,)
    assert shop.all("select outcome, count(*), count(distinct order_id) from partner_set group by 1") == [
        ("order", ORDERS, ORDERS)
    ]
    assert shop.all("select status, sets from partner_interchange") == [("done", ORDERS)]
    assert shop.all("select outcome from inbound_document") == [("order",)]
    assert shop.one("select count(*) from inbound_work") == (0,)
    assert trading.incidents() == []
    shop.wait(hours=3)
    trading.serve()
    written = trading.sets()
    (ack,) = [one for one in written if one.type == "997"]
    assert segments_of(ack, "AK9") == [("AK9", "A", str(ORDERS), str(ORDERS), str(ORDERS))]
    answered = [segments_of(one, "BAK")[0] for one in written if one.type == "855"]
    assert sorted(one[3] for one in answered) == expected
    assert {one[1:3] for one in answered} == {("00", "AD")}
    deliveries = "select count(*) from delivery where kind like 'edi.%'"
    assert shop.one(deliveries) == shop.one("select count(*) from partner_message")
    assert_invariants(shop.url)


def test_killed_at_both_sides_of_every_commit_nothing_is_lost_and_nothing_doubled(
    trading: Trading, office: Office
) -> None:
    kept = "select count(*) from inbound_document"

    assert office.dies("before commit", 1, hands_in=True)
    assert trading.shop.one(kept) == (0,)  # nobody was told that it came: they send it again
    assert office.dies("after commit", 1, hands_in=True)
    assert trading.shop.one(kept) == (1,)
    grown = [len(trading.orders())]
    # 1 takes it up, 2 notes that it came; from then on the third commit of each process is the next of the work
    steps = [(point, nth) for nth in (1, 2, 3) for point in SIDES]
    while office.left(trading):
        assert office.dies(*(steps.pop(0) if len(steps) > 2 else steps[office.processes % 2]))
        grown.append(len(trading.orders()))
    assert sorted(set(grown)) == [0, 64, 128, 192, 256, 300]
    answers = [(point, nth) for nth in range(1, MOST) for point in SIDES]
    while office.dies(*answers.pop(0)):  # while partners are told
        pass

    all_there_once(trading)


@pytest.mark.parametrize("seed", [1, 20260302])
def test_killed_at_random_moments_nothing_is_lost_and_nothing_doubled(
    trading: Trading, office: Office, seed: int
) -> None:
    chance = random.Random(seed)
    assert office.dies("after commit", chance.randint(1, 4), hands_in=True)

    longest = 0.05
    while office.dies_at_random(chance, longest):
        assert office.processes < MOST
        longest *= 1.2

    all_there_once(trading)


def test_who_was_only_asleep_finds_the_work_done_and_does_nothing_twice(trading: Trading, office: Office) -> None:
    asleep = office.start("asleep", 4, hands_in=True)
    assert os.WIFSTOPPED(os.waitpid(asleep.pid, os.WUNTRACED)[1])
    assert 0 < len(trading.orders()) < ORDERS

    assert not office.dies("none", 1)
    asleep.send_signal(signal.SIGCONT)

    assert not office.ends(asleep)
    all_there_once(trading)


def test_a_helper_whose_master_was_killed_goes_on_and_nothing_is_done_twice(trading: Trading, office: Office) -> None:
    master = office.start("beside", hands_in=True)
    assert within(PATIENCE, lambda: trading.orders() != [])
    master.kill()
    assert office.ends(master)
    second_block = "select 1 from sales_order where buyer_po = 'PO-65'"
    assert within(PATIENCE, lambda: trading.shop.all(second_block) != [])  # nobody else is there to do it
    assert office.left(trading)

    while office.left(trading):  # whatever the helper does meanwhile, it only keeps the lease
        trading.shop.database.write(lambda tx: tx.run("update inbound_work set lease_until = null"))
        assert not office.dies("none", 1)

    assert within(PATIENCE, lambda: trading.shop.one(OTHERS) == (0,))
    all_there_once(trading)
