"""Each profile's own hours, days, limits, reminders and pauses."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY


revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("profiles", sa.Column("hour", sa.Integer(), nullable=True))
    op.add_column(
        "profiles",
        sa.Column("weekdays", ARRAY(sa.Integer()), server_default=sa.text("'{}'"), nullable=False),
    )
    op.add_column(
        "profiles", sa.Column("item_limit", sa.Integer(), server_default=sa.text("20"), nullable=False)
    )
    op.add_column(
        "profiles", sa.Column("reminder_days", sa.Integer(), server_default=sa.text("5"), nullable=False)
    )
    op.add_column("profiles", sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("profiles", sa.Column("told_from", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    for name in ("told_from", "paused_until", "reminder_days", "item_limit", "weekdays", "hour"):
        op.drop_column("profiles", name)
