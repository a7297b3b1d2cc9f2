"""Vendors, what they ship for us, and the supplier orders that were sent to them."""

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, Integer, Text, UniqueConstraint, Uuid, text

from tradewind.kernel.tables import PRICE, QTY, amount, count, flag, id_column, json, moment, one_of, ref, table, words

vendor = table(
    "vendor",
    id_column(),
    words("code"),
    words("name"),
    words("delivery_url", nullable=True),
    flag("active", default=True),
    UniqueConstraint("code"),
    comment="Who ships goods for us straight to buyers. Without a delivery address what is sent waits, parked under its code.",
    kept_as="vendor",
)
vendor_product = table(
    "vendor_product",
    ref("vendor_id", "vendor.id", primary_key=True),
    ref("product_id", "product.id", primary_key=True),
    Column("scope_key", Text, primary_key=True, server_default="all"),
    words("vendor_sku"),
    amount("cost", PRICE, default=None),
    words("currency"),
    count("lead_days"),
    amount("pack", QTY, default="1"),
    *one_of("use_when", "short", "always", default="short"),
    count("rank", default="100"),
    flag("active", default=True),
    CheckConstraint("cost >= 0 and lead_days >= 0 and pack > 0", name="amounts"),
    Index("ix_vendor_product_product_id", "product_id"),
    comment="A product that a vendor ships for us, for all accounts, a segment or one account: its number there, cost a base unit, pack.",
    kept_as="vendor",
)
supplier_order = table(
    "supplier_order",
    id_column(),
    words("number"),
    ref("vendor_id", "vendor.id"),
    ref("order_id", "sales_order.id", index=True),
    ref("account_id", "account.id", index=True),
    ref("shipment_id", "shipment.id"),
    words("currency"),
    *one_of("status", "open", "closed", default="open"),
    moment("sent_at"),
    moment("expected_at"),
    moment("acknowledged_at", nullable=True),
    moment("closed_at", nullable=True),
    UniqueConstraint("number"),
    Index("ix_supplier_order_vendor_id", "vendor_id"),
    Index("ix_supplier_order_open", "sent_at", postgresql_where=text("status = 'open'")),
    CheckConstraint("(status = 'closed') = (closed_at is not null)", name="closed"),
    comment="What a vendor was asked to ship to a buyer; the shipment is the one that holds what it has not answered.",
)
supplier_order_line = table(
    "supplier_order_line",
    ref("supplier_order_id", "supplier_order.id", primary_key=True),
    Column("line_no", Integer, primary_key=True),
    Column("order_id", Uuid, nullable=False),
    Column("order_line_no", Integer, nullable=False),
    words("vendor_sku"),
    amount("qty", QTY, default=None),
    amount("cost", PRICE, default=None),
    amount("qty_shipped", QTY),
    amount("qty_refused", QTY),
    amount("qty_cancelled", QTY),
    ForeignKeyConstraint(["order_id", "order_line_no"], ["order_line.order_id", "order_line.line_no"]),
    Index("ix_supplier_order_line_order", "order_id", "order_line_no"),
    CheckConstraint("qty > 0 and least(qty_shipped, qty_refused, qty_cancelled, cost) >= 0", name="quantities"),
    CheckConstraint("qty_shipped + qty_refused + qty_cancelled <= qty", name="answered_was_ordered"),
    comment="Units of an order line that a vendor was asked for, what it said of them, and what a base unit costs us.",
    storage={"fillfactor": 85},
)
supplier_shipment = table(
    "supplier_shipment",
    ref("shipment_id", "shipment.id", primary_key=True),
    ref("supplier_order_id", "supplier_order.id", index=True),
    comment="The shipments of a supplier order: one an answer, and one of what is left.",
    append_only=True,
)
supplier_answer = table(
    "supplier_answer",
    ref("supplier_order_id", "supplier_order.id", primary_key=True),
    Column("reference", Text, primary_key=True),
    json("answer", nullable=False),
    moment("at"),
    comment="What a vendor said, under its own reference: the same again is the same answer.",
    append_only=True,
)
