"""Profiles keep what was said of them last, so that saying it again changes nothing that the firm chose."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB


revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("profiles", sa.Column("entry", JSONB(none_as_null=True), nullable=True))


def downgrade() -> None:
    op.drop_column("profiles", "entry")
