"""Products, the units they come in, what others call them, and the sites that keep them."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Text, UniqueConstraint, text

from tradewind.kernel.tables import QTY, amount, count, id_column, moment, one_of, ref, table, words

product = table(
    "product",
    id_column(),
    words("sku"),
    words("name"),
    words("base_uom", default="EA"),
    words("order_uom", default="EA"),
    *one_of("status", "active", "discontinued", "blocked", default="active"),
    *one_of("kind", "stocked", "service", default="stocked"),
    words("tax_class", default="standard"),
    words("category", nullable=True),
    words("gtin", nullable=True),
    amount("weight_kg", QTY, nullable=True, default=None),
    amount("minimum_qty", QTY),
    amount("multiple_qty", QTY),
    ref("superseded_by", "product.id", nullable=True),
    UniqueConstraint("sku"),
    Index("ix_product_gtin", "gtin", postgresql_where=text("gtin is not null")),
    CheckConstraint("minimum_qty >= 0 and multiple_qty >= 0", name="quantity_rules"),
    comment="A thing we sell; minimum and multiple count in base units, 0 means no rule.",
)
product_unit = table(
    "product_unit",
    ref("product_id", "product.id", primary_key=True),
    Column("uom", Text, primary_key=True),
    Column("numerator", BigInteger, nullable=False),
    Column("denominator", BigInteger, nullable=False, server_default=text("1")),
    words("gtin", nullable=True),
    CheckConstraint("numerator > 0 and denominator > 0", name="ratio"),
    Index("ix_product_unit_gtin", "gtin", postgresql_where=text("gtin is not null")),
    comment="One unit of this measure is numerator/denominator base units, exactly.",
)
cross_reference = table(
    "cross_reference",
    id_column(),
    *one_of("kind", "customer", "gtin", "manufacturer", "superseded"),
    ref("account_id", "account.id", nullable=True),
    words("number"),
    ref("product_id", "product.id"),
    Index(
        "uq_cross_reference_name",
        "number",
        "kind",
        text("coalesce(account_id, '00000000-0000-0000-0000-000000000000')"),
        "product_id",
        unique=True,
    ),
    comment="What a customer or manufacturer calls a product; numbers are stored normalised.",
    buyer=True,
)
site = table(
    "site",
    id_column(),
    words("code"),
    words("name"),
    ref("legal_entity_id", "legal_entity.id"),
    words("country"),
    words("region", default=""),
    words("time_zone", default="UTC"),
    count("rank", default="100"),
    amount("handling_cost"),
    count("lead_days"),
    words("cut_off", default="23:59"),
    moment("closed_at", nullable=True),
    UniqueConstraint("code"),
    comment="A warehouse, or any place that keeps stock.",
    kept=True,
)
assortment = table(
    "assortment",
    id_column(),
    words("scope_key"),
    *one_of("effect", "include", "exclude"),
    ref("product_id", "product.id", nullable=True, index=True),
    words("category", nullable=True),
    words("reason", nullable=True),
    moment("valid_from"),
    moment("valid_to", nullable=True),
    UniqueConstraint("scope_key", "effect", "product_id", "category", "valid_from", postgresql_nulls_not_distinct=True),
    CheckConstraint("product_id is null or category is null", name="one_target"),
    CheckConstraint("valid_to is null or valid_to > valid_from", name="validity"),
    comment="What account:<id>, segment:<name>, region:<name>, channel:<name> or all may buy; without product and category: everything.",
    kept=True,
)
restriction = table(
    "restriction",
    Column("code", Text, primary_key=True),
    Column("country", Text, primary_key=True, server_default=""),
    words("name"),
    *one_of("effect", "allow", "hold", "refuse", default="hold"),
    words("licence", nullable=True),
    comment="What selling goods of a code to a country needs: the licence that lifts it; no licence means never. Empty country: any.",
    kept=True,
)
product_restriction = table(
    "product_restriction",
    ref("product_id", "product.id", primary_key=True),
    Column("code", Text, primary_key=True),
    comment="Restricted goods: dangerous, controlled, for adults, not for export.",
    kept=True,
)
substitute = table(
    "substitute",
    ref("product_id", "product.id", primary_key=True),
    ref("substitute_id", "product.id", primary_key=True, index=True),
    count("rank", default="1"),
    Column("numerator", BigInteger, nullable=False, server_default=text("1")),
    Column("denominator", BigInteger, nullable=False, server_default=text("1")),
    moment("valid_from"),
    moment("valid_to", nullable=True),
    CheckConstraint("product_id <> substitute_id", name="not_itself"),
    CheckConstraint("numerator > 0 and denominator > 0", name="ratio"),
    comment="What replaces a product: numerator/denominator base units of the substitute stand for one of the product, exactly.",
)
substitution_policy = table(
    "substitution_policy",
    Column("scope_key", Text, primary_key=True),
    *one_of("consent", "automatic", "ask", "never"),
    *one_of("price", "own", "original", default="own"),
    comment="Whether a substitute is sent without asking, offered or never, and at whose price.",
    kept=True,
)
