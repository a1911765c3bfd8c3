"""Notices and lots state who alone may answer, and whether an offer needs a guarantee."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

ADDED = tuple((table, name) for table in ("notices", "lots") for name in ("is_reserved", "asks_deposit"))


def upgrade() -> None:
    for table, name in ADDED:
        op.add_column(table, sa.Column(name, sa.Boolean(), nullable=True))


def downgrade() -> None:
    for table, name in ADDED:
        op.drop_column(table, name)
