"""Orders and tables for tests of what tables decide, without a database."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

from tradewind.accounts.model import Account
from tradewind.catalog.model import Product
from tradewind.orders.model import Group, Header, Line, LinePrice, Quantities, Totals
from tradewind.rules.decide.dmn.sheet import rows_as_dmn
from tradewind.rules.decide.govern import Compiled, Governing, Published, compiled
from tradewind.rules.model import Scope
from tradewind.semantics.model import Place
from tradewind.streams.decision_points import POINTS
from tradewind.streams.governed import Governed
from tradewind.streams.order_work import LineWork, OrderWork

D = Decimal
AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
ORDER, ACCOUNT, ENTITY, ADDRESS = (UUID(int=number) for number in range(1, 5))
CUP, TEA = UUID(int=11), UUID(int=12)
SKUS = {CUP: "CUP", TEA: "TEA"}


def account(**more: Any) -> Account:
    said: dict[str, Any] = {
        "id": ACCOUNT, "code": "ALMA", "name": "Alma", "status": "active", "currency": "EUR", "segment": "retail",
        "region": "north", "vat_id": None, "vat_verified": None, "tax_exempt": False, "terms_code": "NET30", "net_days": 30,
        "ship_policy": "partial", "price_policy": "ours", "price_strategy": "precedence", "discount_percent": D(0),
        "duplicate_po": "refuse", "approval_above": None, "priority": 5, "reserve_hours": 24, "delivery_url": None,
        "legal_entity_id": ENTITY, "entity_country": "DE", "tax_rounding": "line", "ancestors": (ACCOUNT,),
    }  # fmt: skip
    return Account(**{**said, **more})


def line(number: int, product: UUID = CUP, qty: str = "1", net: str = "10", **more: Any) -> LineWork:
    units, amount = D(qty), D(net)
    return LineWork(
        Line(number, 1, product, SKUS[product], None, None, units, "EA", 1, 1, "standard", stocked=True),
        Quantities(units, units),
        LinePrice(amount / units, D(1), "EA", amount, None, None, units),
        **more,
    )


def order(*lines: LineWork, fresh: bool = True, requested: datetime | None = None, **more: Any) -> OrderWork:
    """An order of Alma's, to Munich; `more` are members of its account."""
    place = Place("Alma", "DE", "BY", address_id=ADDRESS, code="HQ")
    header = Header(
        ORDER, "SO-1", ACCOUNT, ENTITY, more.pop("channel", "api"), "PO 1", "", 0, b"", "EUR", AT, AT, requested, "NET30",
        "partial", "ours", "line", 5, None, None, None, None,
    )  # fmt: skip
    net = sum((one.price.net for one in lines), D(0))
    return OrderWork(
        header, account(**more), list(lines), [Group(1, place, requested, None)], [], Totals(net=net), fresh=fresh
    )  # fmt: skip


def table(
    point: str,
    asks: Sequence[str],
    says: Sequence[str],
    *rows: tuple[Sequence[str], Sequence[str]],
    hit_policy: str = "COLLECT",
    aggregation: str | None = None,
    code: str = "T",
    **scope: str,
) -> Governing:
    """A table of a point as it is published; rows of conditions and conclusions."""
    types = {fact.name: fact.type for fact in (*POINTS[point].inputs, *POINTS[point].outputs)}
    made = rows_as_dmn(
        {
            "table": "t1", "decision": "answer", "hit_policy": hit_policy, "aggregation": aggregation,
            "inputs": [{"expression": name, "type": types[name]} for name in asks],
            "outputs": [{"name": name, "type": types[name]} for name in says],
            "rows": [
                {"id": f"r{no}", "conditions": list(tests), "conclusions": list(said)}
                for no, (tests, said) in enumerate(rows, 1)
            ],
        }
    )  # fmt: skip
    assert isinstance(made, bytes), made
    found = compiled(made)
    assert isinstance(found, Compiled), found
    return Governing(uuid5(NAMESPACE_OID, code), code, 1, point, Scope(**scope), AT, None, found)


def governed(*tables: Governing, categories: dict[UUID, str] | None = None) -> Governed:
    """Tables in force, with what is known of the items."""
    found = Governed(Published(tables), AT)
    found.read.categories.update(categories or {})
    found.products = {
        product: Product(
            product, sku, sku.title(), "EA", "EA", "active", True, "standard", D(0), D(0), None, {"EA": (1, 1)}
        )
        for product, sku in SKUS.items()
    }
    return found
