"""A house that governs its orders by tables, over HTTP: publish a table, place an order, read what was decided."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from edge_client import EdgeClient
from shop import Shop
from tradewind.access.commands.keys import NewKey, create_keys
from tradewind.access.commands.principals import NewPrincipal, create_principals
from tradewind.access.model import Kind
from tradewind.app.http import create_app
from tradewind.app.settings import read_settings
from tradewind.channels.intake import start_combiner
from tradewind.streams.decision_points import POINTS

V1 = "/api/v1"
PEOPLE = {"ann": "analyst", "ben": "analyst", "sam": "sales", "sue": "sales", "cora": "credit_desk", "adam": "admin"}
Row = tuple[Sequence[str], Sequence[str]] | tuple[Sequence[str], Sequence[str], str]


@dataclass
class House:
    """The house over HTTP, for people by their first names."""

    shop: Shop
    client: EdgeClient
    keys: dict[str, str]
    sent: int = 0

    def call(self, who: str, method: str, path: str, **options: Any) -> httpx.Response:
        return self.client.request(method, V1 + path, key=self.keys[who], **options)

    def good(self, answered: httpx.Response, *status: int) -> dict[str, Any]:
        assert answered.status_code in (status or (200, 201)), answered.text
        return dict(answered.json())

    def publish(
        self,
        point: str,
        asks: Sequence[str],
        says: Sequence[str],
        *rows: Row,
        hit_policy: str = "COLLECT",
        aggregation: str | None = None,
        code: str = "",
        **scope: str,
    ) -> str:
        """Put a table of a point in force: rows of (conditions, conclusions, a note). Ann writes it, Ben reviews it."""
        code = code or point.replace(".", "-")
        known = {fact.name: fact.type for fact in (*POINTS[point].inputs, *POINTS[point].outputs)}
        body = {"code": code, "name": code, "point": point, "scope": scope}
        if self.call("ann", "GET", f"/rule-sets/{code}").status_code == 404:
            self.good(self.call("sam", "POST", "/rule-sets", json=body))
        table = {
            "table": "t1",
            "decision": "answer",
            "hit_policy": hit_policy,
            "aggregation": aggregation,
            "inputs": [{"expression": name, "type": known[name]} for name in asks],
            "outputs": [{"name": name, "type": known[name]} for name in says],
            "rows": [
                {"id": f"r{no}", "conditions": list(row[0]), "conclusions": list(row[1]), "notes": list(row[2:])}
                for no, row in enumerate(rows, 1)
            ],
        }
        made = self.good(self.call("ann", "POST", f"/rule-sets/{code}/versions", json={"rows": table, "tests": []}))
        path = f"/rule-sets/{code}/versions/{made['versions'][-1]['version']}"
        self.good(self.call("ann", "POST", f"{path}/submit"))
        self.good(self.call("ben", "POST", f"{path}/review"))
        self.good(self.call("ann", "POST", f"{path}/publish", json={}))
        self.shop.wait(seconds=1)
        return code

    def end(self, code: str) -> None:
        """Take a table out of force."""
        self.good(self.call("ann", "POST", f"/rule-sets/{code}/end", json={"reason": "the story goes on"}))
        self.shop.wait(seconds=1)

    def submit(
        self, *lines: dict[str, Any], account: str = "ALMA", path: str = "/orders", **more: Any
    ) -> httpx.Response:
        """Place an order of lines (`item`, `qty`, …) as Sam."""
        self.sent += 1
        body = {"account": account, "lines": list(lines), "buyer_po": f"PO {self.sent}", **more}
        return self.call("sam", "POST", path, json=body, headers={"Idempotency-Key": f"key-{self.sent}"})

    def place(self, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
        """An order that is taken, and what became of it at once."""
        order = self.good(self.submit(*lines, **more), 201)
        self.shop.turn()
        return order

    def preview(self, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
        return self.good(self.submit(*lines, path="/orders/preview", **more), 200)

    def order(self, number: str) -> dict[str, Any]:
        return self.good(self.call("sam", "GET", f"/orders/{number}"), 200)

    def decisions(self, number: str, point: str | None = None) -> list[dict[str, Any]]:
        params = {"order": number, **({"point": point} if point else {})}
        found = self.good(self.call("sam", "GET", "/rule-decisions", params=params), 200)
        return list(found["decisions"])


def line(item: str, qty: str, **more: Any) -> dict[str, Any]:
    return {"item": item, "qty": qty, **more}


def codes(order: dict[str, Any], part: str = "holds") -> list[str]:
    return sorted(one["code"] for one in order[part])


@contextmanager
def open_house(shop: Shop) -> Iterator[House]:
    """The company of a shop with people who may write, review and use tables; its invariants are checked at the end."""
    wanted = [
        NewPrincipal(Kind.STAFF, name, name.title(), frozenset({role}), frozenset()) for name, role in PEOPLE.items()
    ]
    keys = shop.database.write(
        lambda tx: create_keys(tx, [NewKey(one, "story") for one in create_principals(tx, wanted)])
    )
    combiner = start_combiner(shop.database)
    with EdgeClient(create_app(shop.database, read_settings({}), combiner)) as client:
        yield House(shop, client, {name: key.key for name, key in zip(PEOPLE, keys, strict=True)})
    combiner.close()
    shop.verify()
