"""The stock ledger, its counters, what orders hold of it, and what is expected."""

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, Integer, SmallInteger, Uuid, text

from tradewind.kernel.tables import QTY, amount, id_column, moment, one_of, ref, table, words

stock = table(
    "stock",
    ref("product_id", "product.id", primary_key=True),
    ref("site_id", "site.id", primary_key=True),
    amount("on_hand", QTY),
    amount("reserved", QTY),
    amount("allocated", QTY),
    amount("earmarked", QTY),
    amount("shortage", QTY),
    amount("safety", QTY),
    amount("backorder_limit", QTY),
    moment("observed_as_of", nullable=True),
    CheckConstraint(
        "on_hand >= 0 and reserved >= 0 and allocated >= 0 and earmarked >= 0 and shortage >= 0 and safety >= 0 "
        "and backorder_limit >= 0",
        name="not_negative",
    ),
    CheckConstraint("allocated <= on_hand + shortage", name="allocated_is_there"),
    CheckConstraint(
        "reserved + allocated <= greatest(on_hand - safety, 0) + backorder_limit + shortage", name="no_oversell"
    ),
    Index("ix_stock_earmarked", "product_id", postgresql_where=text("earmarked > 0")),
    comment="Counters of one product at one site in base units: reserved and allocated are disjoint; released goods stay "
    "allocated. Earmarked: came in while orders wait for it, and kept for them until the backorder crank has dealt with them.",
    storage={"fillfactor": 70},
)
stock_move = table(
    "stock_move",
    id_column(),
    Column("product_id", Uuid, nullable=False),
    Column("site_id", Uuid, nullable=False),
    *one_of("kind", "opening", "receipt", "adjustment", "ship", "return", "scrap", "transfer"),
    amount("qty", QTY, default=None),
    moment("at"),
    moment("as_of"),
    words("reference_type"),
    Column("reference_id", Uuid, nullable=True),
    words("reason", nullable=True),
    ForeignKeyConstraint(["product_id", "site_id"], ["stock.product_id", "stock.site_id"]),
    Index("ix_stock_move_product_id_site_id", "product_id", "site_id", "as_of"),
    comment="Physical movements: on hand is their sum. Ship is negative.",
    append_only=True,
)
stock_observation = table(
    "stock_observation",
    id_column(),
    ref("product_id", "product.id"),
    ref("site_id", "site.id"),
    amount("qty", QTY, default=None),
    moment("as_of"),
    moment("taken_in_at"),
    words("source"),
    amount("adjusted_by", QTY),
    Index("ix_stock_observation_product_id_site_id", "product_id", "site_id", "as_of"),
    comment="What somebody counted or an ERP reported, as of a time; movements after that time are kept.",
    append_only=True,
)
inbound_supply = table(
    "inbound_supply",
    id_column(),
    words("reference"),
    ref("product_id", "product.id"),
    ref("site_id", "site.id"),
    amount("qty", QTY, default=None),
    amount("received", QTY),
    amount("promised", QTY),
    amount("target_qty", QTY, nullable=True, default=None),
    moment("expected_at"),
    *one_of("status", "open", "received", "cancelled", default="open"),
    CheckConstraint("qty > 0 and received >= 0 and promised >= 0", name="not_negative"),
    # Goods that came in stay promised until the backorder crank has turned the promise into an allocation.
    CheckConstraint("promised <= qty", name="not_promised_twice"),
    Index("uq_inbound_supply_reference", "reference", "product_id", "site_id", unique=True),
    Index("ix_inbound_supply_open", "product_id", "expected_at", postgresql_where=text("status = 'open'")),
    comment="Goods on their way to a site, and how much of them is promised to orders. A target is what the supplier cut it to; "
    "it takes effect as promises are moved elsewhere, 0 cancels.",
    storage={"fillfactor": 80},
)
stock_claim = table(
    "stock_claim",
    Column("order_id", Uuid, primary_key=True),
    Column("line_no", Integer, primary_key=True),
    Column("claim_no", SmallInteger, primary_key=True),
    Column("account_id", Uuid, nullable=False),
    Column("product_id", Uuid, nullable=False),
    Column("site_id", Uuid, nullable=False),
    amount("qty", QTY, default=None),
    *one_of("state", "promised", "reserved", "allocated", "released", "shipped", "ended"),
    ref("supply_id", "inbound_supply.id", nullable=True),
    moment("expires_at", nullable=True),
    ForeignKeyConstraint(["order_id", "line_no"], ["order_line.order_id", "order_line.line_no"]),
    ForeignKeyConstraint(["product_id", "site_id"], ["stock.product_id", "stock.site_id"]),
    CheckConstraint("qty > 0", name="qty_positive"),
    CheckConstraint("(state = 'promised') = (supply_id is not null) or state = 'ended'", name="promised_from_supply"),
    Index("ix_stock_claim_expiry", "expires_at", postgresql_where=text("state = 'reserved'")),
    Index("ix_stock_claim_promised", "supply_id", postgresql_where=text("state = 'promised'")),
    comment="What an order line holds: promised from inbound, reserved softly, allocated for a pick, released to the warehouse.",
    buyer=True,
    storage={"fillfactor": 85},
)
