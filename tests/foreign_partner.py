"""PyPI `mock-edi` as our customer: its own process, driven over HTTP by its control plane."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from live_server import free_port, within


@dataclass
class ForeignPartner:
    """A running mock-edi. We are its supplier NORTHWIND."""

    port: int
    us: str = "NORTHWIND"

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """What its control plane answers; an AssertionError where it refuses."""
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            content = None if body is None else json.dumps(body).encode()
            connection.request(method, path, content, {"Content-Type": "application/json"})
            found = connection.getresponse()
            text = found.read()
        assert found.status < 400, (method, path, found.status, text[:500])
        return json.loads(text) if text else None

    def behave(self, behaviour: str, *, deliver_to: str) -> None:
        """How it treats us from now on, and where it sends its documents."""
        wanted = {"behaviour": behaviour, "as2_url": deliver_to, "test": False}
        self.ask("PATCH", f"/_mock/partners/{self.us}", wanted)

    def buy(self, po_number: str, *lines: tuple[str, str, str], **more: str) -> None:
        """It orders (item, quantity, price) from us."""
        asked = [{"sku": sku, "quantity": qty, "uom": "EA", "price": price} for sku, qty, price in lines]
        wanted = {"partner": self.us, "po_number": po_number, "currency": "EUR", "lines": asked, **more}
        self.ask("POST", "/_mock/purchase", wanted)

    def advance(self, seconds: int) -> None:
        """Its clock goes on, and whatever that makes due is done."""
        self.ask("POST", f"/_mock/advance?seconds={seconds}")

    def order(self, po_number: str) -> dict[str, Any]:
        """Its own picture of an order: per line ordered, confirmed, shipped, invoiced."""
        found: dict[str, Any] = self.ask("GET", f"/_mock/orders/{po_number}")
        return found

    def disagreements(self, po_number: str = "") -> list[dict[str, Any]]:
        """Where it disagrees with what we said."""
        found: list[dict[str, Any]] = self.ask("GET", f"/_mock/disagreements?po={po_number}")
        return found


@contextmanager
def foreign_partner(log: Path) -> Iterator[ForeignPartner]:
    """Start one on a free port; it ends with the block."""
    partner = ForeignPartner(free_port())
    command = [sys.executable, "-m", "mockedi", "--port", str(partner.port), "--as2-id", "MOCKCO", "--quiet"]
    with log.open("ab") as said:
        process = subprocess.Popen(command, stdout=said, stderr=said)
        try:
            assert within(20, lambda: _answers(partner)), log.read_text()
            yield partner
        finally:
            process.terminate()
            process.wait(10)


def _answers(partner: ForeignPartner) -> bool:
    try:
        partner.ask("GET", "/_mock/health")
    except (OSError, AssertionError):
        return False
    return True
