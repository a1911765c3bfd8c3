"""Profiles carry no version: a fingerprint of their criteria says whether one changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_column("profiles", "version")


def downgrade() -> None:
    op.add_column("profiles", sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False))
