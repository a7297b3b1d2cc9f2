"""Who has a blanket order is told when it is nearly used, ends soon, or is over and waits for a decision."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from tradewind.accounts.queries import accounts_by_id
from tradewind.blankets.commands import note_ends, note_nearly_used
from tradewind.blankets.model import END_NOTICE_DAYS, NEARLY_USED
from tradewind.blankets.queries import ending_blankets
from tradewind.kernel.deliveries import Delivery, put_deliveries
from tradewind.kernel.money import plain
from tradewind.kernel.tx import SYSTEM, Event, Tx

SWEEP = 200  # blanket orders and lines that one sweep looks at


def sweep_blankets(tx: Tx) -> int:
    """Say which blanket orders are nearly used, end soon or are over and wait for a decision; each is said once. Gives how many."""
    soon = tx.now + timedelta(days=END_NOTICE_DAYS)
    ending = ending_blankets(tx, soon=soon, limit=SWEEP)
    nearly = note_nearly_used(tx, NEARLY_USED, limit=SWEEP)
    if not ending and not nearly:
        return 0
    note_ends(tx, [blanket.id for blanket in ending])
    facts: list[tuple[str, UUID, UUID, dict[str, Any]]] = [
        ("blanket.expired" if blanket.valid_to <= tx.now else "blanket.ends_soon", blanket.id, blanket.account_id,
         {"number": blanket.number, "valid_to": blanket.valid_to.isoformat()})
        for blanket in ending
    ]  # fmt: skip
    for _, blanket_id, number, account_id, line_no, qty, called, money, used, end in nearly:
        payload = {"number": number, "line": line_no, "called_off": plain(called), "committed": None if qty is None else plain(qty),
                   "called_value": plain(used), "committed_value": None if money is None else plain(money),
                   "valid_to": end.isoformat()}  # fmt: skip
        facts.append(("blanket.nearly_used", blanket_id, account_id, payload))
    accounts = accounts_by_id(tx, {account_id for _, _, account_id, _ in facts})
    letters = []
    for kind, blanket_id, account_id, payload in facts:
        tx.emit(Event(kind, "blanket", blanket_id, payload, account_id, (("account", account_id, "sold_to"),)), SYSTEM)
        url = accounts[account_id].delivery_url
        if url:
            key = f"{kind}:{blanket_id}:{payload.get('line', '')}:{payload['valid_to']}:{payload.get('committed', '')}"
            letters.append(Delivery(key, url, kind, account_id, "blanket", blanket_id, payload))
    put_deliveries(tx, letters)
    return len(facts)
