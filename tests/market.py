"""A market for stories over HTTP: the shop's company with more buyers, each with a key; and staff with theirs."""

from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

import psycopg

from shop import open_shop
from tradewind.access.commands.keys import NewKey, create_keys
from tradewind.access.commands.principals import NewPrincipal, create_principals
from tradewind.access.model import Kind
from tradewind.kernel.tx import Database, Tx

_ACCOUNT = """
insert into account (id, code, name, legal_entity_id, currency) values (%(id)s, %(code)s, %(code)s, %(entity)s, 'EUR');
insert into account_closure values (%(id)s, %(id)s, 0);
insert into credit_node (account_id, currency, credit_limit) values (%(id)s, 'EUR', %(limit)s);
insert into address (id, account_id, code, kind, name, street, country, is_default) values
  (gen_random_uuid(), %(id)s, 'HQ', 'ship_to', %(code)s, 'Main 1', 'DE', true)
"""
STAFF = ("admin", "sales", "warehouse", "accounting", "credit_desk", "analyst")


@dataclass
class Market:
    """The ids of buyers' accounts by code, and everybody's key by login (a buyer's login is its account's code)."""

    url: str
    accounts: dict[str, UUID] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    ids: dict[str, UUID] = field(default_factory=dict)


def open_market(
    url: str, *, buyers: int = 8, limit: str = "10000000", stock: dict[tuple[str, str], str] | None = None
) -> Market:
    """Found it in the empty database at `url` (the owner's); buyers are `buyer-0`, `buyer-1` and so on."""
    shop = open_shop(url, stock=stock or {("cup", "north"): "1000000", ("tea", "north"): "1000000"})
    market = Market(url, ids=dict(shop.id))
    shop.database.close()
    database = Database(url)

    def found(tx: Tx) -> None:
        for number in range(buyers):
            code, account_id = f"buyer-{number}", tx.ids.new()
            columns = {"id": account_id, "code": code, "entity": market.ids["entity"], "limit": Decimal(limit)}
            for statement in _ACCOUNT.split(";\n"):
                tx.run(statement, columns)
            market.accounts[code] = account_id
        people = [NewPrincipal(Kind.STAFF, role, role, frozenset({role})) for role in STAFF]
        people += [
            NewPrincipal(Kind.BUYER, code, code, frozenset({"buyer"}), frozenset({account_id}))
            for code, account_id in market.accounts.items()
        ]
        made = [one for one in create_principals(tx, people) if isinstance(one, UUID)]
        shown = create_keys(tx, [NewKey(one, "story") for one in made])
        market.keys = {new.login: key.key for new, key in zip(people, shown, strict=True)}

    database.write(found)
    database.close()
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute("grant select on alembic_version to tradewind_app")
    return market
