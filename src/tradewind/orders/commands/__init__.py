"""Writes of orders: whole sets in one statement a table."""

from tradewind.orders.commands.billed import add_billed, add_charged, add_returned
from tradewind.orders.commands.changes import (
    correct_pos,
    insert_changes,
    mark_lines,
    move_groups,
    queue_orders,
    redate_headers,
    resize_lines,
)
from tradewind.orders.commands.holds import close_holds, detail_holds, open_holds
from tradewind.orders.commands.identify import identify_lines, rehash_orders
from tradewind.orders.commands.rows import (
    HeaderRow,
    LineRow,
    insert_charges,
    insert_groups,
    insert_headers,
    insert_lines,
    move_lines,
    next_order_numbers,
    reprice_charges,
    reprice_lines,
    update_headers,
    update_lines,
)
from tradewind.orders.commands.substitutions import insert_substitutions

__all__ = [
    "HeaderRow",
    "LineRow",
    "add_billed",
    "add_charged",
    "add_returned",
    "close_holds",
    "correct_pos",
    "detail_holds",
    "identify_lines",
    "insert_changes",
    "insert_charges",
    "insert_groups",
    "insert_headers",
    "insert_lines",
    "insert_substitutions",
    "mark_lines",
    "move_groups",
    "move_lines",
    "next_order_numbers",
    "open_holds",
    "queue_orders",
    "redate_headers",
    "rehash_orders",
    "reprice_charges",
    "reprice_lines",
    "resize_lines",
    "update_headers",
    "update_lines",
]
