"""Price lists, the ladders on them, who they are for, agreements, and tax rates."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Numeric, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, ExcludeConstraint

from tradewind.kernel.tables import PRICE, QTY, amount, count, id_column, moment, one_of, ref, table, words

LAYERS = ("offer", "agreement", "account", "parent", "segment", "channel", "region", "base")

price_list = table(
    "price_list",
    id_column(),
    words("code"),
    words("name"),
    words("currency"),
    *one_of("layer", *LAYERS),
    count("version", default="1"),
    UniqueConstraint("code"),
    Column("mark", BigInteger, nullable=False, server_default=text("0")),
    comment="A named set of prices in one currency on one layer.",
    kept_as="assignment",
)
price_assignment = table(
    "price_assignment",
    id_column(),
    ref("list_id", "price_list.id", index=True),
    words("scope_key"),
    count("precedence", default=None),
    moment("valid_from"),
    moment("valid_to", nullable=True),
    Index("ix_price_assignment_scope_key", "scope_key"),
    ExcludeConstraint(
        ("list_id", "="),
        ("scope_key", "="),
        (text("tstzrange(valid_from, valid_to)"), "&&"),
        name="ex_price_assignment_overlap",
        using="gist",
    ),
    comment="Who a list is for: account:<id>, segment:<name>, channel:<name>, region:<name> or all. Lower precedence wins.",
    kept_as="assignment",
)
price = table(
    "price",
    id_column(),
    ref("list_id", "price_list.id"),
    ref("product_id", "product.id"),
    words("uom"),
    *one_of("kind", "volume", "graduated", default="volume"),
    Column("tier_from", ARRAY(Numeric(20, 6)), nullable=False),
    Column("tier_price", ARRAY(Numeric(18, 6)), nullable=False),
    amount("price_basis", QTY, default="1"),
    moment("valid_from"),
    moment("valid_to", nullable=True),
    moment("offer_expires_at", nullable=True),
    CheckConstraint(
        "cardinality(tier_from) = cardinality(tier_price) and cardinality(tier_from) between 1 and 50", name="ladder"
    ),
    CheckConstraint("price_basis > 0", name="price_basis"),
    CheckConstraint("valid_to is null or valid_to > valid_from", name="validity"),
    Index("ix_price_product_list", "product_id", "list_id"),
    ExcludeConstraint(
        ("product_id", "="),
        ("list_id", "="),
        ("uom", "="),
        (text("tstzrange(valid_from, valid_to)"), "&&"),
        name="ex_price_overlap",
        using="gist",
    ),
    comment="One ladder: the unit price from each quantity on, for one product on one list over one period.",
    kept_as="price",
)
agreement = table(
    "agreement",
    id_column(),
    words("code"),
    ref("account_id", "account.id", index=True),
    ref("list_id", "price_list.id"),
    words("name"),
    moment("valid_from"),
    moment("valid_to", nullable=True),
    UniqueConstraint("code"),
    comment="A contract with an account: a period and its own price list.",
    buyer=True,
)
tax_rate = table(
    "tax_rate",
    id_column(),
    words("country"),
    words("region", default=""),
    words("tax_class"),
    *one_of("category", "S", "Z", "E", "AE", "K", "G", "O", default="S"),
    amount("rate", PRICE, default=None),
    moment("valid_from"),
    moment("valid_to", nullable=True),
    CheckConstraint("rate >= 0 and rate <= 100", name="rate_bounds"),
    ExcludeConstraint(
        ("country", "="),
        ("region", "="),
        ("tax_class", "="),
        (text("tstzrange(valid_from, valid_to)"), "&&"),
        name="ex_tax_rate_overlap",
        using="gist",
    ),
    comment="Percent of tax for a class of goods in a jurisdiction over a period.",
    kept_as="tax",
)
fx_rate = table(
    "fx_rate",
    Column("from_currency", Text, primary_key=True),
    Column("to_currency", Text, primary_key=True),
    Column("at", moment("at").type, primary_key=True),
    amount("rate", Numeric(24, 10), default=None),
    words("source"),
    CheckConstraint("rate > 0", name="rate_positive"),
    comment="What one unit of a currency was worth in another, when, and who said so.",
    kept_as="lane",  # costs of lanes are compared in one currency
)
price_tolerance = table(
    "price_tolerance",
    Column("scope_key", Text, primary_key=True),
    *one_of("take", "ours", "buyers", "lower", default="ours"),
    amount("line_up_percent", PRICE, nullable=True, default=None),
    amount("line_up_amount", nullable=True, default=None),
    amount("line_down_percent", PRICE, nullable=True, default=None),
    amount("line_down_amount", nullable=True, default=None),
    amount("order_up_percent", PRICE, nullable=True, default=None),
    amount("order_up_amount", nullable=True, default=None),
    amount("order_down_percent", PRICE, nullable=True, default=None),
    amount("order_down_amount", nullable=True, default=None),
    amount("floor_percent", PRICE, nullable=True, default=None),
    comment="How far a buyer's price may be above (up) or below ours and whose is taken then; beyond it the line is held.",
    kept_as="rules",
)
