"""The first schema: every table of the foundation, roles, row-level security and append-only guards."""

from alembic import op

from tradewind.app.schema import metadata, security_statements

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("create extension if not exists btree_gist")
    metadata.create_all(op.get_bind())
    for statement in security_statements():
        op.execute(statement)
