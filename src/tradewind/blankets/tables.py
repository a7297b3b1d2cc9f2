"""Blanket orders, their lines and what was called off."""

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, Integer, Text, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY

from tradewind.kernel.tables import PRICE, QTY, amount, count, flag, id_column, json, moment, one_of, ref, table, words

blanket = table(
    "blanket",
    id_column(),
    words("number"),
    ref("account_id", "account.id"),
    words("buyer_po", nullable=True),
    words("name"),
    words("currency"),
    *one_of("status", "open", "closed", default="open"),
    moment("valid_from"),
    moment("valid_to"),
    moment("priority_at"),
    *one_of("consumption", "named", "automatic", default="named"),
    *one_of("overflow", "standard", "hold", default="hold"),
    Column("ship_tos", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    amount("tolerance_percent", PRICE),
    words("note", nullable=True),
    count("version", default="1"),
    Column("created_by", Uuid, nullable=True),
    moment("created_at"),
    moment("end_noted_at", nullable=True),
    moment("expired_at", nullable=True),
    *one_of("decision", "cancel", "shortfall", nullable=True),
    words("reason", nullable=True),
    moment("closed_at", nullable=True),
    Column("closed_by", Uuid, nullable=True),
    Column("shortfall_order_id", Uuid, nullable=True),
    CheckConstraint("valid_to > valid_from", name="valid"),
    CheckConstraint("tolerance_percent between 0 and 100", name="tolerance"),
    CheckConstraint(
        "(status = 'closed') = (closed_at is not null) and (closed_at is null) = (reason is null)", name="closed"
    ),
    UniqueConstraint("number"),
    Index("uq_blanket_buyer_po", "account_id", "buyer_po", unique=True, postgresql_where=text("buyer_po is not null")),
    Index("ix_blanket_account_id", "account_id"),
    Index("ix_blanket_open", "valid_to", postgresql_where=text("status = 'open'")),
    comment="What a buyer committed to take within a time: who, until when, and what becomes of orders for its goods.",
    buyer=True,
    kept_as="blanket",
)
blanket_line = table(
    "blanket_line",
    id_column(),
    ref("blanket_id", "blanket.id"),
    Column("line_no", Integer, nullable=False),
    Column("account_id", Uuid, nullable=False),
    ref("product_id", "product.id"),
    words("uom"),
    json("prices", nullable=False),
    amount("price_basis", QTY, default="1"),
    *one_of("quantity_mode", "capped", "open"),
    amount("committed_qty", QTY, nullable=True, default=None),
    amount("qty_limit", QTY, nullable=True, default=None),
    *one_of("value_mode", "capped", "open"),
    amount("committed_value", nullable=True, default=None),
    amount("value_limit", nullable=True, default=None),
    amount("min_release", QTY, nullable=True, default=None),
    amount("max_release", QTY, nullable=True, default=None),
    amount("called_off", QTY),
    amount("called_value"),
    moment("nearly_used_at", nullable=True),
    CheckConstraint(
        "(quantity_mode = 'capped') = (qty_limit is not null) and (qty_limit is null) = (committed_qty is null)",
        name="quantity_mode_is_said",
    ),
    CheckConstraint(
        "(value_mode = 'capped') = (value_limit is not null) and (value_limit is null) = (committed_value is null)",
        name="value_mode_is_said",
    ),
    CheckConstraint("qty_limit >= committed_qty and committed_qty >= 0", name="committed_qty"),
    CheckConstraint("value_limit >= committed_value and committed_value >= 0", name="committed_value"),
    CheckConstraint(
        "called_off >= 0 and (qty_limit is null or called_off <= qty_limit)", name="called_off_within_limit"
    ),
    CheckConstraint(
        "called_value >= 0 and (value_limit is null or called_value <= value_limit)", name="called_value_within_limit"
    ),
    CheckConstraint("min_release > 0 and max_release > 0 and min_release <= max_release", name="release"),
    CheckConstraint("price_basis > 0", name="price_basis"),
    UniqueConstraint("blanket_id", "line_no"),
    UniqueConstraint("blanket_id", "product_id"),
    Index("ix_blanket_line_product", "account_id", "product_id"),
    comment="Goods of a blanket order: their prices, how much may be called off in all and at once, and how much was.",
    buyer=True,
    storage={"fillfactor": 70},
)
call_off = table(
    "call_off",
    Column("order_id", Uuid, primary_key=True),
    Column("line_no", Integer, primary_key=True),
    Column("account_id", Uuid, nullable=False),
    ref("blanket_line_id", "blanket_line.id"),
    flag("automatic"),
    amount("qty", QTY, default=None),
    amount("value", default=None),
    moment("called_at"),
    ForeignKeyConstraint(["order_id", "line_no"], ["order_line.order_id", "order_line.line_no"]),
    CheckConstraint("qty >= 0 and value >= 0", name="not_negative"),
    Index("ix_call_off_blanket_line_id", "blanket_line_id"),
    comment="An order line that calls goods off a blanket order, and what it counts there: what of it was not cancelled.",
    buyer=True,
)
