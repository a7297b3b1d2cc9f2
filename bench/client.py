"""The load: a lean HTTP/1.1 client with kept connections, in a process of its own, so that its work is counted apart.

Reads one JSON object (a `Load`) from standard input, makes its requests, says `ready`; at `go` it loads for the given seconds
and says `done`; then it checks every single answer and prints one JSON object (a `Loaded`). A client sends its next order
when the answer to the last one has come. Nothing but the standard library and uvloop.
"""

import asyncio
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any

import uvloop

DRAFTS = 48  # different orders a client has ready; each is sent again with a key of its own
PATIENCE_SECONDS = 30.0
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Load:
    """What to send. `mix`: `disjoint` (every client its own products), `contended` (all draw from all), `hot` (every
    order holds the first product). `buyers` are (key, account), one after the other to the clients."""

    host: str
    port: int
    clients: int
    lines: int
    mix: str
    seconds: float
    skus: list[str]
    buyers: list[tuple[str, str]]
    run: str
    seed: int = 1


@dataclass(slots=True)
class Loaded:
    """What came of it. `faults` counts answers that are not a confirmed order with every unit allocated."""

    orders: int = 0
    seconds: float = 0.0
    latencies: dict[str, float] = field(default_factory=dict)
    faults: dict[str, int] = field(default_factory=dict)
    shown: list[str] = field(default_factory=list)


def requests_of(load: Load, client: int) -> Iterator[bytes]:
    """Endless requests of one client, each with an Idempotency-Key of its own."""
    chance = random.Random(f"{load.seed}/{load.run}/{client}")
    key, account = load.buyers[client % len(load.buyers)]
    head = (
        f"POST /api/v1/orders HTTP/1.1\r\nHost: {load.host}:{load.port}\r\nAuthorization: Bearer {key}\r\n"
        "Content-Type: application/json\r\nAccept: application/json\r\n"
    )
    drafts = []
    for _ in range(DRAFTS):
        body = order_body(account, chosen_skus(load, client, chance), chance)
        drafts.append((f"{head}Content-Length: {len(body)}\r\nIdempotency-Key: {load.run}-{client}-".encode(), body))
    number = 0
    while True:
        start, body = drafts[number % DRAFTS]
        yield b"%b%d\r\n\r\n%b" % (start, number, body)
        number += 1


def chosen_skus(load: Load, client: int, chance: random.Random) -> list[str]:
    """The products of one order."""
    if load.mix == "hot":
        chosen = [load.skus[0], *chance.sample(load.skus[1:], load.lines - 1)]
        chance.shuffle(chosen)
        return chosen
    skus = load.skus
    if load.mix == "disjoint":
        share = len(skus) // load.clients
        skus = skus[client * share : (client + 1) * share]
    return chance.sample(skus, load.lines)


def order_body(account: str, skus: list[str], chance: random.Random) -> bytes:
    """One order as a buyer's system sends it."""
    lines = [{"line_no": n, "item": sku, "qty": str(chance.randint(1, 5))} for n, sku in enumerate(skus, 1)]
    return json.dumps({"account": account, "lines": lines}, separators=(",", ":")).encode()


class Connection(asyncio.Protocol):
    """One kept connection: as soon as an answer is complete, the next order goes out."""

    def __init__(self, requests: Iterator[bytes]) -> None:
        self.requests = requests
        self.over = asyncio.get_running_loop().create_future()
        self.answers: list[tuple[bytes, bytes]] = []
        self.latencies: list[float] = []
        self.until = 0.0
        self.sent = 0.0
        self.waiting = False
        self.kept = bytearray()
        self.wanted = 0
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def connection_lost(self, _: Exception | None) -> None:
        if not self.over.done():
            if self.waiting:
                self.answers.append((b"HTTP/1.1 000 connection lost", b""))
            self.over.set_result(None)

    def begin(self, until: float) -> None:
        self.until = until
        self._send()

    def _send(self) -> None:
        assert self.transport is not None
        self.waiting = True
        self.sent = time.perf_counter()
        self.transport.write(next(self.requests))

    def data_received(self, data: bytes) -> None:
        kept = self.kept
        kept += data
        if not self.wanted:
            end = kept.find(b"\r\n\r\n")
            if end < 0:
                return
            self.wanted = end + 4 + content_length(bytes(kept[:end]))
        if len(kept) < self.wanted:
            return
        now = time.perf_counter()
        self.latencies.append(now - self.sent)
        head, _, body = bytes(kept).partition(b"\r\n\r\n")
        self.answers.append((head, body))
        kept.clear()
        self.wanted = 0
        self.waiting = False
        if now < self.until:
            self._send()
        elif not self.over.done():
            self.over.set_result(None)


def content_length(head: bytes) -> int:
    """The length an answer's head tells; answers without one are not expected."""
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def fault_of(head: bytes, body: bytes, lines: int) -> str | None:
    """What is wrong with an answer; None for a confirmed order with every unit of every line allocated."""
    status = head[9:12].decode("latin-1")
    if status != "201":
        try:
            code = json.loads(body).get("code", "")
        except ValueError:
            code = ""
        return f"status {status} {code}".strip()
    order = json.loads(body)
    if order.get("status") != "confirmed":
        return f"order is {order.get('status')}"
    if len(order["lines"]) != lines:
        return f"{len(order['lines'])} lines instead of {lines}"
    for line in order["lines"]:
        if allocated_of(line) != Decimal(line["qty"]):
            return "a line is not allocated"
        if Decimal(line["unit_price"]) <= 0:
            return "a line has no price"
    return None


def allocated_of(line: dict[str, Any]) -> Decimal:
    """Base units of a line that stock is allocated to, as the answer says."""
    found = line.get("quantities", line)
    return Decimal(found["allocated"])


async def run(load: Load) -> Loaded:
    loop = asyncio.get_running_loop()
    connections: list[Connection] = []
    for client in range(load.clients):
        requests = requests_of(load, client)
        _, connection = await loop.create_connection(partial(Connection, requests), load.host, load.port)
        connections.append(connection)
    print("ready", flush=True)
    await loop.run_in_executor(None, sys.stdin.readline)
    begun = time.perf_counter()
    for connection in connections:
        connection.begin(begun + load.seconds)
    await asyncio.wait([one.over for one in connections], timeout=load.seconds + PATIENCE_SECONDS)
    took = time.perf_counter() - begun
    print("done", flush=True)
    for one in connections:
        if not one.over.done():
            one.answers.append((b"HTTP/1.1 000 no answer", b""))
            one.over.cancel()
        if one.transport is not None:
            one.transport.close()
    return summed(load, connections, took)


def summed(load: Load, connections: list[Connection], took: float) -> Loaded:
    """Every answer checked, latencies put together."""
    faults: Counter[str] = Counter()
    shown: list[str] = []
    orders = 0
    for one in connections:
        for head, body in one.answers:
            fault = fault_of(head, body, load.lines)
            if fault is None:
                orders += 1
                continue
            faults[fault] += 1
            if len(shown) < SHOWN:
                shown.append(f"{fault}: {body[:600].decode(errors='replace')}")
    latencies = sorted(took * 1000 for one in connections for took in one.latencies)
    return Loaded(orders, took, quantiles(latencies), dict(faults), shown)


def quantiles(ascending: list[float]) -> dict[str, float]:
    """Median, p95, p99 and the worst, in what the values are in; empty for no values."""
    if not ascending:
        return {}
    last = len(ascending) - 1
    shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
    return {name: ascending[round(share * last)] for name, share in shares.items()}


def main() -> None:
    given = json.loads(sys.stdin.readline())
    given["buyers"] = [tuple(one) for one in given["buyers"]]
    print(json.dumps(asdict(uvloop.run(run(Load(**given))))), flush=True)


if __name__ == "__main__":
    main()
