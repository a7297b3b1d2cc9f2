"""Papers that were issued, byte for byte."""

from sqlalchemy import CheckConstraint, Column, Index, LargeBinary, UniqueConstraint, Uuid

from tradewind.kernel.tables import count, id_column, json, moment, one_of, ref, table, words

issued_paper = table(
    "issued_paper",
    id_column(),
    *one_of("kind", "order_confirmation", "packing_slip", "invoice", "credit_note", "statement"),
    Column("subject_id", Uuid, nullable=False),
    ref("account_id", "account.id"),
    words("number"),
    words("scope", default=""),
    words("state", default=""),
    *one_of("language", "en", "de"),
    count("version", default="1"),
    ref("replaces_id", "issued_paper.id", nullable=True),
    moment("issued_at"),
    Column("sha256", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    words("template_version"),
    json("content", nullable=False),
    json("findings", nullable=False),
    CheckConstraint("sha256 = sha256(body)", name="hash_of_its_bytes"),
    CheckConstraint("(version = 1) = (replaces_id is null)", name="names_what_it_replaces"),
    UniqueConstraint("kind", "subject_id", "scope", "language", "version"),
    UniqueConstraint("kind", "subject_id", "scope", "language", "state"),
    Index("ix_issued_paper_account_id", "account_id", "issued_at"),
    comment="A paper as it was issued, with the values it was printed from; a newer one of the same document names the old.",
    buyer=True,
    append_only=True,
)
