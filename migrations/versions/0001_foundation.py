"""The first schema: every table of the foundation, roles, row-level security and append-only guards."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    # straight to the driver: many statements at once, and a percent sign is a percent sign
    op.get_bind().connection.driver_connection.execute(Path(__file__).with_suffix(".sql").read_text())
