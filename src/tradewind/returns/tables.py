"""Return authorisations, tied to the exact order and invoice line."""

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Integer, Text, UniqueConstraint, Uuid

from tradewind.kernel.tables import QTY, amount, count, flag, id_column, moment, one_of, ref, table, words

return_authorisation = table(
    "return_authorisation",
    id_column(),
    words("number"),
    ref("account_id", "account.id", index=True),
    *one_of("status", "authorised", "received", "credited", "held", "refused", "expired"),
    words("reason"),
    words("outside_number", nullable=True),
    moment("opened_at"),
    UniqueConstraint("number"),
    comment="Goods a customer may send back, and what became of them.",
    buyer=True,
)
return_line = table(
    "return_line",
    ref("return_id", "return_authorisation.id", primary_key=True),
    Column("line_no", Integer, primary_key=True),
    Column("account_id", Uuid, nullable=False),
    Column("order_id", Uuid, nullable=True),
    Column("order_line_no", Integer, nullable=True),
    Column("invoice_id", Uuid, nullable=True),
    Column("invoice_line_no", Integer, nullable=True),
    words("description", nullable=True),
    amount("qty", QTY, default=None),
    amount("qty_received", QTY),
    amount("qty_credited", QTY),
    *one_of("disposition", "restock", "scrap", "none", default="restock"),
    ref("site_id", "site.id", nullable=True),
    words("problem", nullable=True),
    ForeignKeyConstraint(["order_id", "order_line_no"], ["order_line.order_id", "order_line.line_no"]),
    ForeignKeyConstraint(["invoice_id", "invoice_line_no"], ["invoice_line.invoice_id", "invoice_line.line_no"]),
    CheckConstraint(
        "qty > 0 and qty_received >= 0 and qty_received <= qty and qty_credited >= 0 and qty_credited <= qty",
        name="quantities",
    ),
    comment="One returned item, tied to the invoice line it was billed on; a line without one is held with its problem.",
    buyer=True,
)
return_policy = table(
    "return_policy",
    Column("code", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    words("name"),
    ref("account_id", "account.id", nullable=True),
    words("category", nullable=True),
    flag("returnable", default=True),
    count("window_days", nullable=True, default=None),
    count("wait_days", default="30"),
    moment("valid_from"),
    ref("put_by", "principal.id", nullable=True),
    CheckConstraint("window_days >= 0 and wait_days >= 1", name="days"),
    comment="What may come back and until when, of an account and those below it, of a category of products, or of everything.",
    append_only=True,
)
