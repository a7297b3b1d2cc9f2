from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest

from edge_client import EdgeClient
from shop import Shop, open_shop
from tradewind.access.commands.keys import NewKey, create_keys
from tradewind.access.commands.principals import NewPrincipal, create_principals
from tradewind.access.model import Kind
from tradewind.app.http import create_app
from tradewind.app.settings import read_settings
from tradewind.kernel.tx import Tx

_LETTERHEAD = """
update legal_entity set street = 'Kai 1', city = 'Hamburg', postal_code = '20457', tax_id = 'DE811907980', registration = 'HRB 1',
  phone = '+49 40 1', email = 'hello@house.example', bank_name = 'Bank', iban = 'DE02120300000000202051', bic = 'BYLADEM1001',
  time_zone = 'Europe/Berlin';
insert into cross_reference (id, kind, account_id, number, product_id) select gen_random_uuid(), 'customer', id, 'KX77', %(tea)s
  from account where code = 'ALMA'
"""


@dataclass
class Desk:
    """The shop behind HTTP, with a key for staff and for the buyers of both companies."""

    shop: Shop
    client: EdgeClient
    keys: dict[str, str]

    def get(self, path: str, who: str = "sales", **options: Any) -> httpx.Response:
        return self.client.get(f"/api/v1/{path}", key=self.keys[who], **options)

    def pdf(self, path: str, who: str = "sales", **params: Any) -> bytes:
        """The bytes of a paper that must be given."""
        answer = self.get(path, who, params=params)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/pdf"
        return answer.content

    def billed(self, order: UUID) -> list[str]:
        """Ship everything that was released of an order; the numbers of its invoices."""
        for shipment in self.shop.shipments(order):
            self.shop.ship(shipment)
        rows = self.shop.all(
            "select number from invoice where order_id = %s and kind = 'invoice' order by series_no", [order]
        )
        return [row[0] for row in rows]

    def number(self, order: UUID) -> str:
        return str(self.shop.one("select number from sales_order where id = %s", [order])[0])

    def change(self, sql: str, params: Any = None) -> None:
        """Change master data by hand."""

        def work(tx: Tx) -> None:
            for statement in sql.split(";\n"):
                tx.connection.execute(statement, params if "%(" in statement or "%s" in statement else None)

        self.shop.database.write(work)


def _keys(tx: Tx, shop: Shop) -> dict[str, str]:
    staff = ("sales", "warehouse", "accounting")
    wanted = [NewPrincipal(Kind.STAFF, role, role, frozenset({role}), frozenset(), None) for role in staff]
    wanted += [
        NewPrincipal(Kind.BUYER, name, name, frozenset({"buyer"}), frozenset({shop.id[name]}), None)
        for name in ("alma", "bela")
    ]
    made = create_keys(tx, [NewKey(one, "test", None) for one in create_principals(tx, wanted)])
    return {one.login: key.key for one, key in zip(wanted, made, strict=True)}


@pytest.fixture
def desk(owner_url: str) -> Iterator[Desk]:
    """A house with a letterhead in Hamburg, plenty of cups and teas, and the papers of its documents over HTTP."""
    shop = open_shop(owner_url, stock={("cup", "north"): "5000", ("tea", "north"): "5000"})
    keys = shop.database.write(lambda tx: _keys(tx, shop))
    with EdgeClient(create_app(shop.database, read_settings({}))) as client:
        made = Desk(shop, client, keys)
        made.change(_LETTERHEAD, shop.id)
        yield made
    shop.database.close()
