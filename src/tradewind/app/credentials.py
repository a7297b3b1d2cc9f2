"""Makes an API key from the command line, and its principal where that is new."""

from collections.abc import Collection
from datetime import timedelta

from tradewind.access.commands.keys import NewKey, create_keys
from tradewind.access.commands.principals import NewPrincipal, create_principals
from tradewind.access.model import Kind
from tradewind.access.queries import accounts_by_code, callers_by_login
from tradewind.kernel.problem import Problem, Refused, refuse
from tradewind.kernel.tx import Actor, Database, Tx

ACTOR = Actor(None, "command line", "cli")


def create_key(
    database: Database,
    login: str,
    *,
    kind: str,
    roles: Collection[str],
    account_codes: Collection[str],
    label: str,
    days: int | None,
) -> str:
    """The key, to be shown once. A login that is not known becomes a principal of `kind` with these roles and accounts.

    `Refused`: an account that does not exist, or a new principal that may not be made so.
    """

    def make(tx: Tx) -> str:
        accounts = accounts_by_code(tx, account_codes)
        if missing := sorted(set(account_codes) - set(accounts)):
            raise refuse("access.unknown_account", f"There is no account {', '.join(missing)}.")
        known = callers_by_login(tx, [login.lower()], channel="cli").get(login.lower())
        if known is not None:
            principal_id = known.principal.id
        else:
            new = NewPrincipal(Kind(kind), login, login, frozenset(roles), frozenset(accounts.values()))
            made = create_principals(tx, [new])[0]
            if isinstance(made, Problem):
                raise Refused([made])
            principal_id = made
        until = None if days is None else tx.now + timedelta(days=days)
        return create_keys(tx, [NewKey(principal_id, label, until)])[0].key

    return database.write(make, actor=ACTOR)
