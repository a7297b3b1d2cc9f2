"""Who may act: principals, their roles, the accounts they see, keys, sessions and mandates."""

from sqlalchemy import Column, Index, LargeBinary, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY

from tradewind.kernel.tables import amount, flag, id_column, moment, one_of, ref, table, words

principal = table(
    "principal",
    id_column(),
    *one_of("kind", "staff", "buyer", "agent", "system"),
    words("login"),
    words("name"),
    words("password_hash", nullable=True),
    flag("active", default=True),
    moment("created_at"),
    UniqueConstraint("login"),
    comment="A person, an integration or an agent that can act; never deleted, only switched off.",
)
principal_role = table(
    "principal_role",
    ref("principal_id", "principal.id", primary_key=True),
    Column("role", Text, primary_key=True),
    comment="The roles a principal holds; what a role may do stands in access.model.",
)
principal_account = table(
    "principal_account",
    ref("principal_id", "principal.id", primary_key=True),
    ref("account_id", "account.id", primary_key=True),
    moment("granted_at"),
    comment="The top of each company tree a buyer principal sees; the tree below comes with it.",
)
api_key = table(
    "api_key",
    id_column(),
    Column("hash", LargeBinary, nullable=False),
    words("hint"),
    ref("principal_id", "principal.id", index=True),
    words("label"),
    moment("created_at"),
    moment("expires_at", nullable=True),
    moment("revoked_at", nullable=True),
    UniqueConstraint("hash"),
    comment="API keys: only their SHA-256 is kept; the key itself is shown once.",
)
session = table(
    "session",
    Column("token_hash", LargeBinary, primary_key=True),
    ref("principal_id", "principal.id", index=True),
    moment("created_at"),
    moment("expires_at"),
    moment("revoked_at", nullable=True),
    comment="Logged-in people; only the hash of the token is kept.",
)
mandate = table(
    "mandate",
    id_column(),
    ref("principal_id", "principal.id"),
    ref("account_id", "account.id"),
    Column("actions", ARRAY(Text), nullable=False),
    amount("order_max", nullable=True, default=None),
    words("currency", nullable=True),
    moment("valid_from"),
    moment("valid_to", nullable=True),
    moment("revoked_at", nullable=True),
    ref("granted_by", "principal.id"),
    Index("ix_mandate_principal_id", "principal_id"),
    comment="What a company lets an agent do in its name, checked on every call, revocable at once.",
)
