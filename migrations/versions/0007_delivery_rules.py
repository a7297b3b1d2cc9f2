"""Delivery rules: entitlement, restrictions, substitutes, price tolerance, calendars, and the wishes of a delivery group."""

from pathlib import Path

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.get_bind().connection.driver_connection.execute(Path(__file__).with_suffix(".sql").read_text())
