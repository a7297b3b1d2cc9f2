"""How tables are declared. Read by migrations and the drift check only; nothing that serves requests imports it.

`info` carries what SQLAlchemy has no word for, and the security migration and `verify` read it:
`buyer` (the buyer role may read rows whose account is visible), `append_only` (UPDATE, DELETE and TRUNCATE are refused),
`frozen_but` (posted documents: only the named columns may change),
`kept_as` (the kind under which processes keep it: a write leaves a mark in `master_change`).
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

MONEY = Numeric(18, 3)
PRICE = Numeric(18, 6)
QTY = Numeric(20, 6)
TIME = DateTime(timezone=True)


def table(
    name: str,
    *parts: Any,
    comment: str,
    buyer: bool = False,
    append_only: bool = False,
    frozen_but: tuple[str, ...] | None = None,
    storage: dict[str, Any] | None = None,
    kept_as: str | None = None,
) -> Table:
    """A table with its sentence and its promises."""
    info = {"buyer": buyer, "append_only": append_only, "frozen_but": frozen_but, "kept_as": kept_as}
    return Table(name, metadata, *parts, comment=comment, info=info, postgresql_with=storage or {})


def id_column() -> Column[Any]:
    return Column("id", Uuid, primary_key=True)


def ref(
    name: str, target: str, *, nullable: bool = False, index: bool = False, primary_key: bool = False
) -> Column[Any]:
    """A foreign key to `target` (`table.column`)."""
    return Column(name, Uuid, ForeignKey(target), nullable=nullable, index=index, primary_key=primary_key)


def words(name: str, *, nullable: bool = False, default: str | None = None) -> Column[Any]:
    return Column(name, Text, nullable=nullable, server_default=None if default is None else text(f"'{default}'"))


def one_of(
    name: str, *values: str, nullable: bool = False, default: str | None = None
) -> tuple[Column[Any], CheckConstraint]:
    """A text column and the check that holds it to its values."""
    allowed = ", ".join(f"'{value}'" for value in values)
    return words(name, nullable=nullable, default=default), CheckConstraint(f"{name} in ({allowed})", name=name)


def amount(name: str, kind: Numeric[Any] = MONEY, *, nullable: bool = False, default: str | None = "0") -> Column[Any]:
    return Column(name, kind, nullable=nullable, server_default=None if default is None else text(default))


def moment(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, TIME, nullable=nullable)


def flag(name: str, *, default: bool = False) -> Column[Any]:
    return Column(name, Boolean, nullable=False, server_default=text("true" if default else "false"))


def count(name: str, *, nullable: bool = False, default: str | None = "0") -> Column[Any]:
    return Column(name, Integer, nullable=nullable, server_default=None if default is None else text(default))


def json(name: str, *, nullable: bool = True) -> Column[Any]:
    return Column(name, JSONB, nullable=nullable)


table(
    "installation",
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    CheckConstraint("id = 1", name="single"),
    count("delivery_epoch", default="1"),
    flag("deliveries_paused"),
    moment("restored_at", nullable=True),
    comment="One row: this installation's delivery epoch; a restored copy starts paused under a new epoch.",
)
table(
    "master_change",
    Column("kind", Text, primary_key=True),
    Column("shard", SmallInteger, primary_key=True, autoincrement=False),
    Column("mark", BigInteger, nullable=False),
    comment="The last mark of each kind of master data that processes keep; by server process, so that writers do not wait.",
)
table(
    "event",
    Column(
        "xid",
        BigInteger,
        primary_key=True,
        autoincrement=False,
        server_default=text("(pg_current_xact_id()::text)::bigint"),
    ),
    Column("seq", BigInteger, Identity(always=True), primary_key=True),
    words("type"),
    moment("at"),
    words("subject_type"),
    Column("subject_id", Uuid, nullable=False),
    count("subject_seq", default=None),
    Column("actor_id", Uuid),
    words("channel"),
    Column("on_behalf_of", Uuid),
    Column("mandate_id", Uuid),
    Column("correlation", Uuid),
    Column("causation", BigInteger),
    Column("account_id", Uuid),
    json("payload", nullable=False),
    UniqueConstraint("subject_id", "subject_seq"),
    comment="The log: one row a fact, written in the transaction of the fact; read in (xid, seq) order below the fence.",
    append_only=True,
    buyer=True,
)
table(
    "event_object",
    Column("object_id", Uuid, primary_key=True),
    Column("event_xid", BigInteger, primary_key=True, autoincrement=False),
    Column("event_seq", BigInteger, primary_key=True, autoincrement=False),
    Column("qualifier", Text, primary_key=True),
    words("object_type"),
    comment="Which objects an event touched (OCEL 2.0 relations).",
    append_only=True,
)
table(
    "log_cursor",
    Column("reader", Text, primary_key=True),
    Column("xid", BigInteger, nullable=False, server_default=text("0")),
    Column("seq", BigInteger, nullable=False, server_default=text("0")),
    moment("moved_at", nullable=True),
    comment="How far each reader of the log has come.",
)
table(
    "idempotency",
    Column("principal_id", Uuid, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False),
    json("answer"),
    moment("created_at"),
    Index("ix_idempotency_created_at", "created_at"),
    comment="A key, what it was used for, and the ids it answered with; written in the transaction of the effect.",
)
table(
    "delivery",
    id_column(),
    words("effect_key"),
    count("epoch", default=None),
    words("destination"),
    words("kind"),
    Column("account_id", Uuid),
    words("subject_type"),
    Column("subject_id", Uuid, nullable=False),
    json("payload", nullable=False),
    *one_of("status", "pending", "sent", "parked", "dead", default="pending"),
    count("attempts"),
    moment("next_at"),
    moment("lease_until", nullable=True),
    Column("lease_token", BigInteger, nullable=False, server_default=text("0")),
    words("last_error", nullable=True),
    moment("created_at"),
    moment("sent_at", nullable=True),
    UniqueConstraint("effect_key"),
    Index("ix_delivery_due", "next_at", postgresql_where=text("status = 'pending'")),
    comment="What leaves the house: written with the fact, sent after the commit, once per effect key.",
)
