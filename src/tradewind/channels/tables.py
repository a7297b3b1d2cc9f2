"""Inbound documents: raw bytes first."""

from sqlalchemy import Column, Index, LargeBinary, Uuid

from tradewind.kernel.tables import id_column, json, moment, one_of, table, words

inbound_document = table(
    "inbound_document",
    id_column(),
    words("channel"),
    Column("principal_id", Uuid, nullable=True),
    moment("received_at"),
    words("content_type"),
    Column("sha256", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    *one_of("outcome", "in_progress", "order", "duplicate", "rejected", "held", "mixed"),
    json("results"),
    Index("ix_inbound_document_received_at", "received_at"),
    comment="What arrived, byte for byte, before anything was acknowledged, and what became of it.",
)
