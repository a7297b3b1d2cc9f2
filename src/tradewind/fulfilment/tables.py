"""Shipments and the lanes that sourcing weighs."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    SmallInteger,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from tradewind.kernel.tables import QTY, amount, count, id_column, json, moment, one_of, ref, table, words

freight_lane = table(
    "freight_lane",
    ref("site_id", "site.id", primary_key=True),
    Column("country", Text, primary_key=True),
    Column("region", Text, primary_key=True, server_default=""),
    amount("cost", default=None),
    words("currency"),
    count("transit_days"),
    comment="What it costs and how long it takes to ship from a site to a country or region.",
    kept_as="lane",
)
shipment = table(
    "shipment",
    id_column(),
    words("number"),
    ref("order_id", "sales_order.id", index=True),
    Column("group_no", Integer, nullable=False),
    Column("account_id", Uuid, nullable=False),
    ref("site_id", "site.id", nullable=True),
    *one_of("status", "released", "shipped", "refused", "cancelled"),
    json("ship_to", nullable=False),
    words("reason"),
    moment("released_at"),
    moment("answered_at", nullable=True),
    moment("shipped_at", nullable=True),
    words("tracking", nullable=True),
    json("answer"),
    UniqueConstraint("number"),
    Index("ix_shipment_open", "released_at", postgresql_where=text("status = 'released'")),
    comment="One handing-over to one site's warehouse for one delivery group; the warehouse answers shipped, short or refused.",
    buyer=True,
    storage={"fillfactor": 85},
)
shipment_line = table(
    "shipment_line",
    ref("shipment_id", "shipment.id", primary_key=True),
    Column("line_no", Integer, primary_key=True),
    Column("account_id", Uuid, nullable=False),
    Column("order_id", Uuid, nullable=False),
    Column("order_line_no", Integer, nullable=False),
    Column("claim_no", SmallInteger, nullable=False),
    amount("qty_released", QTY, default=None),
    amount("qty_shipped", QTY),
    amount("qty_short", QTY),
    words("short_reason", nullable=True),
    ForeignKeyConstraint(["order_id", "order_line_no"], ["order_line.order_id", "order_line.line_no"]),
    CheckConstraint(
        "qty_released > 0 and qty_shipped >= 0 and qty_short >= 0 and qty_short <= qty_released", name="quantities"
    ),
    Index("ix_shipment_line_order", "order_id", "order_line_no"),
    comment="What the warehouse was asked to ship of an order line, and what it shipped.",
    buyer=True,
    storage={"fillfactor": 85},
)
