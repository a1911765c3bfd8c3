"""Lots have deadlines of their own; a match knows those of its lots."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ADDED = (("lots", "deadline_at"), ("matches", "first_deadline_at"), ("matches", "deadline_at"))


def upgrade() -> None:
    for table, column in ADDED:
        op.add_column(table, sa.Column(column, sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    for table, column in ADDED:
        op.drop_column(table, column)
