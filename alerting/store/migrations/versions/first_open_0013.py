"""When a match first spoke of an open procedure: what a pause without catching up sets aside is older."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("matches", sa.Column("first_open_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE matches SET first_open_at = matched_at")


def downgrade() -> None:
    op.drop_column("matches", "first_open_at")
