"""Feeds name where their credentials are kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("feeds", sa.Column("credentials", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("feeds", "credentials")
