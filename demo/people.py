"""Who works at the made-up company and who buys from it: staff of every role, a buyer and an API key for each company tree.

Passwords and keys are made by chance when the company is loaded and are kept in one file that only its owner can read.
"""

import json
import os
import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from demo.catalogue import GROUPS, SINGLES
from tradewind.access.commands.keys import NewKey, create_keys
from tradewind.access.commands.logins import hash_password
from tradewind.access.commands.mandates import NewMandate, grant_mandates
from tradewind.access.commands.principals import NewPrincipal, create_principals
from tradewind.access.model import Kind
from tradewind.access.queries import accounts_by_code
from tradewind.kernel.problem import Problem, Refused
from tradewind.kernel.tx import Actor, Database, Tx

ACTOR = Actor(None, "demo", "cli")
STAFF = {
    "admin": "Alma Admin",
    "sales": "Selma Sales",
    "credit_desk": "Carl Credit",
    "warehouse": "Wanda Warehouse",
    "accounting": "Arne Accounts",
    "analyst": "Anna Analyst",
}
INTEGRATION = "erp@tideline.example"
AGENT = "agent@hansa.example"
APPROVER = "approver@stadtwerk.example"
_CAP = Decimal(2000)
AGENT_ACTIONS = frozenset(
    {"orders.place", "orders.preview", "orders.read", "prices.read", "catalog.read", "stock.read"}
)


@dataclass(frozen=True)
class Login:
    """A person or program: what it needs to come in."""

    login: str
    kind: str
    roles: tuple[str, ...]
    account: str
    password: str
    key: str


def staff_login(role: str) -> str:
    """The login of the one who holds a role."""
    return f"{role.replace('_', '.')}@tideline.example"


def buyer_login(account: str) -> str:
    """The login of a company's buyer, by the code of the company."""
    return f"buyer@{account.lower()}.example"


def wanted_logins() -> list[Login]:
    """Everybody, with a password (people) and an API key made by chance."""
    people = [(staff_login(role), "staff", (role,), "") for role in STAFF]
    people += [(buyer_login(code), "buyer", ("buyer",), code) for code, *_ in (*GROUPS, *SINGLES)]
    people += [(APPROVER, "buyer", ("buyer_approver",), "STADTWERK")]
    programs = [(INTEGRATION, "system", ("integration",), ""), (AGENT, "agent", ("agent",), "")]
    return [
        Login(login, kind, roles, account, secrets.token_urlsafe(12), "") for login, kind, roles, account in people
    ] + [Login(login, kind, roles, account, "", "") for login, kind, roles, account in programs]


def create_people(database: Database) -> dict[str, Login]:
    """Make all principals and their keys in one transaction; gives each by login, secrets included."""
    wanted = wanted_logins()
    with ThreadPoolExecutor(2) as pool:  # a hash is slow on purpose; two at once is what the house allows
        hashes = list(pool.map(lambda one: hash_password(one.password) if one.password else None, wanted))

    def make(tx: Tx) -> dict[str, Login]:
        accounts = accounts_by_code(tx, {one.account for one in wanted if one.account})
        principals = create_principals(tx, [
            NewPrincipal(Kind(one.kind), one.login, STAFF.get(one.roles[0], one.login), frozenset(one.roles),
                         frozenset({accounts[one.account]}) if one.account else frozenset(), password_hash)
            for one, password_hash in zip(wanted, hashes, strict=True)
        ])  # fmt: skip
        ids = _all_made(principals)
        keys = create_keys(tx, [NewKey(principal, "demo") for principal in ids])
        made = {
            one.login: Login(one.login, one.kind, one.roles, one.account, one.password, key.key)
            for one, key in zip(wanted, keys, strict=True)
        }
        admin = ids[0]
        top = accounts_by_code(tx, ["HANSA"])["HANSA"]
        _all_made(grant_mandates(tx, [NewMandate(AGENT, top, AGENT_ACTIONS, _CAP, "EUR")], granted_by=admin))
        return made

    return database.write(make, actor=ACTOR)


def _all_made(answers: list[UUID | Problem]) -> list[UUID]:
    problems = [one for one in answers if isinstance(one, Problem)]
    if problems:
        raise Refused(problems)
    return [one for one in answers if isinstance(one, UUID)]


def keep(people: dict[str, Login], file: Path) -> None:
    """Write the secrets where only the owner of the file can read them."""
    text = json.dumps({login: _as_json(one) for login, one in people.items()}, indent=1)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as kept:
        os.fchmod(kept.fileno(), 0o600)  # also where the file was there before
        kept.write(text + "\n")


def _as_json(one: Login) -> dict[str, Any]:
    return {"kind": one.kind, "roles": list(one.roles), "account": one.account or None,
            "password": one.password or None, "key": one.key}  # fmt: skip
