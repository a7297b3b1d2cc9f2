"""What was refused is a fact too: one row in the log for every closed door."""

from uuid import UUID

from tradewind.access import events
from tradewind.access.model import Caller
from tradewind.kernel.tx import Actor, Database


def record_refusal(database: Database, caller: Caller, *, code: str, method: str, path: str, correlation: UUID) -> None:
    """One row in the log for a caller that was refused, or that asked for what it may not see."""
    actor = Actor(caller.principal.id, caller.principal.name, caller.channel, correlation=correlation)
    payload = {"code": code, "method": method, "path": path[:500]}
    database.write(lambda tx: tx.emit(events.of_refusal(tx.ids.new(), caller.principal.id, payload)), actor=actor)
