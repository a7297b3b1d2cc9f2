"""A company's past through the ordinary path: the same place, crank, shipping, invoicing and returns that the API uses.

    replay(database, batches, story)     orders, adjustments and returns in the order of time; what became of each

The clock of the database follows the file, so that orders, stock moves, invoices and promises bear the dates they had, and
nothing depends on the time of day. Invariants: no side door, no statement per order; every document ends as an order, an
adjustment, a credit note, a held return or a refusal with its reason.
"""

from tradewind.channels.replay.model import Done, Replayed, Shortage, Stage, Story
from tradewind.channels.replay.queries import Booked, fulfilled, invoiced, sent_back_and_credited
from tradewind.channels.replay.run import replay
from tradewind.channels.replay.stages import finish

__all__ = [
    "Booked",
    "Done",
    "Replayed",
    "Shortage",
    "Stage",
    "Story",
    "finish",
    "fulfilled",
    "invoiced",
    "replay",
    "sent_back_and_credited",
]
