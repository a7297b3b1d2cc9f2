"""The server's processes: started, killed, replaced, stopped."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest

from tradewind.app.postgres import Server, running_server
from tradewind.app.serve import open_sockets
from tradewind.app.settings import Settings
from tradewind.kernel.problem import Refused

DRIVER = Path(__file__).with_name("serve_driver.py")
IDLE_BYTES = 250 << 20


@dataclass
class Running:
    process: subprocess.Popen[str]
    address: str
    settings: Settings

    @property
    def children(self) -> list[psutil.Process]:
        """The forked ones, oldest first; a PostgreSQL that the master started is not among them."""
        found = psutil.Process(self.process.pid).children()
        return sorted((one for one in found if "postgres" not in one.name()), key=lambda one: one.pid)

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.address + path, timeout=10)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


def start(settings: Settings, *words: str, port: int = 0) -> subprocess.Popen[str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith("TRADEWIND_")}
    given = {
        **kept,
        "TRADEWIND_HOME": str(settings.home),
        "TRADEWIND_PORT": str(port),
        "TRADEWIND_LOG_LEVEL": "WARNING",
    }
    return subprocess.Popen([sys.executable, str(DRIVER), *words], env=given, text=True, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE)  # fmt: skip


def launched(settings: Settings, *words: str) -> Running:
    process = start(settings, *words)
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.search(r"http://\S+", line)
    if found is None:
        process.kill()
        raise AssertionError(f"{line!r}, then: {process.communicate()}")
    running = Running(process, found[0], settings)
    assert running.get("/healthz").status_code == 200
    return running


@pytest.fixture
def running(durable_settings: Settings, durable_server: Server) -> Iterator[Running]:
    with psycopg.connect(durable_server.url(), autocommit=True) as owner:
        owner.execute("grant select on alembic_version to tradewind_app")
    one = launched(durable_settings, "serve")
    yield one
    if one.process.poll() is None:
        one.process.kill()
    one.process.communicate()


def within(seconds: float, happens: Callable[[], object]) -> bool:
    until = time.monotonic() + seconds
    while not happens():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def alive(pids: set[int]) -> set[int]:
    return {pid for pid in pids if psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE}


def test_two_http_processes_and_a_worker_share_the_port_and_their_ids_differ(running):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: running.get("/readyz"), range(60)))

    assert {one.status_code for one in answers} == {200}
    assert len({one.headers["x-correlation-id"] for one in answers}) == 60
    assert len(running.children) == 3
    busy = [one for one in running.children if len(one.net_connections("unix")) > 0]
    assert len(busy) == 3  # each has its own connection to PostgreSQL, the master none
    assert psutil.Process(running.process.pid).net_connections("unix") == []


def test_figures_of_all_processes_are_summed_whoever_answers(running):
    for _ in range(20):
        running.get("/nowhere")

    counts = [re.search(r'tradewind_requests_total{[^}]*status="404"} (\S+)', running.get("/metrics").text)
              for _ in range(6)]  # fmt: skip

    assert [found[1] for found in counts if found] == ["20.0"] * 6


@pytest.mark.parametrize("which", [0, -1], ids=["an HTTP process", "the worker"])
def test_a_killed_child_is_replaced_and_callers_wait_instead_of_failing(running, which):
    before = running.children
    victim = before[which].pid

    os.kill(victim, signal.SIGKILL)
    answers = [running.get("/readyz").status_code for _ in range(30)]
    replaced = within(5, lambda: len(running.children) == 3 and victim not in {one.pid for one in running.children})

    assert answers == [200] * 30
    assert replaced
    assert len({one.pid for one in running.children} & {one.pid for one in before}) == 2


def test_sigterm_ends_everything_in_order_within_seconds(running):
    pids = {one.pid for one in running.children}

    begun = time.monotonic()
    code = running.stop()
    took = time.monotonic() - begun

    assert code == 0
    assert took < 5
    assert alive(pids) == set()
    assert list((running.settings.home / "metrics").iterdir()) == []
    assert running_server(running.settings) is not None  # it was there before us


def test_an_interrupt_from_the_keyboard_does_the_same(running):
    running.process.send_signal(signal.SIGINT)

    assert running.process.wait(10) == 0


def test_children_do_not_outlive_a_killed_master(running):
    pids = {one.pid for one in running.children}

    running.process.kill()

    assert within(8, lambda: not alive(pids))


def test_run_starts_the_database_migrates_serves_and_stops_what_it_started(fresh_home, durable_settings):
    one = launched(durable_settings, "run")

    ready = one.get("/readyz").status_code
    code = one.stop()
    said = one.process.communicate()

    assert (ready, code) == (200, 0), said
    assert running_server(durable_settings) is None


def test_the_idle_system_stays_small(fresh_home, durable_settings):
    one = launched(durable_settings, "run")
    for _ in range(10):
        one.get("/readyz")
        one.get("/metrics")
    master = psutil.Process(one.process.pid)

    pss = sum(each.memory_full_info().pss for each in (master, *master.children(recursive=True)))
    one.stop()
    one.process.communicate()

    assert pss < IDLE_BYTES


def test_a_port_that_another_server_holds_is_named(running):
    port = int(running.address.rsplit(":", 1)[1])

    second = start(running.settings, "serve", port=port)
    _, said = second.communicate(timeout=30)

    assert second.returncode == 2
    assert said.startswith(f"http.port_not_free: Port {port} of 127.0.0.1 cannot be opened: Address already in use. "
                           "Another Tradewind answers there.")  # fmt: skip
    assert "Traceback" not in said
    assert running.get("/healthz").status_code == 200


def test_a_port_that_something_mute_holds_is_named():
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]

        with pytest.raises(Refused, match="gives no HTTP answer within a second"):
            open_sockets("127.0.0.1", port, 2)


def test_a_host_that_does_not_exist_is_named():
    with pytest.raises(Refused, match=r"http\.unknown_host"):
        open_sockets("no such host", 0, 1)


def test_sockets_share_one_free_port_and_keep_nodelay_possible():
    opened = open_sockets("127.0.0.1", 0, 3)

    assert len({one.getsockname() for one in opened}) == 1
    assert {one.proto for one in opened} == {socket.IPPROTO_TCP}
    for one in opened:
        one.close()
