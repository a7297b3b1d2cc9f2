"""Decisions of people on orders, bound to exactly what they saw."""

from sqlalchemy import Column, LargeBinary, Uuid

from tradewind.kernel.tables import id_column, moment, one_of, ref, table, words

approval = table(
    "approval",
    id_column(),
    ref("order_id", "sales_order.id", index=True),
    Column("account_id", Uuid, nullable=False),
    Column("content_hash", LargeBinary, nullable=False),
    *one_of("decision", "approved", "rejected"),
    ref("decided_by", "principal.id"),
    words("reason"),
    moment("decided_at"),
    comment="An approval binds to the hash of the order content it was given for.",
    buyer=True,
    append_only=True,
)
