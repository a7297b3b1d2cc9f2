"""Outside names of our things, and who owns which attribute."""

from sqlalchemy import Column, Index, Text, Uuid

from tradewind.kernel.tables import moment, table, words

outside_id = table(
    "outside_id",
    Column("system", Text, primary_key=True),
    Column("noun", Text, primary_key=True),
    Column("outside", Text, primary_key=True),
    Column("our_id", Uuid, nullable=False),
    moment("since"),
    Index("ix_outside_id_our_id", "our_id"),
    comment="What other systems call our accounts, products, orders and documents.",
)
record_owner = table(
    "record_owner",
    Column("noun", Text, primary_key=True),
    Column("attribute", Text, primary_key=True),
    words("system"),
    moment("since"),
    comment="The system of record of an attribute; imports from another system leave the attribute alone.",
)
