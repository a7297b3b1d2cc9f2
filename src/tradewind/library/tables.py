"""Templates that came from elsewhere, and what was installed when, with the picture it was installed with."""

from sqlalchemy import Column, Integer, LargeBinary, Text, Uuid

from tradewind.kernel.tables import count, id_column, json, moment, table, words

template_package = table(
    "template_package",
    Column("code", Text, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("file", LargeBinary, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    moment("imported_at"),
    Column("imported_by", Uuid, nullable=True),
    append_only=True,
    comment="Templates that were imported, as the file that came.",
)
template_install = table(
    "template_install",
    id_column(),
    words("template"),
    count("template_version", default=None),
    words("stream"),
    count("stream_version", nullable=True, default=None),
    words("bpmn"),
    json("parameters", nullable=False),
    moment("installed_at"),
    Column("installed_by", Uuid, nullable=True),
    append_only=True,
    comment="What was installed or upgraded when: the template's own picture, and the draft that came of it.",
)
