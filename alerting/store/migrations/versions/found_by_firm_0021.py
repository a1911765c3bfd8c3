"""Profiles are found by their firm, erased firms by the tag of their SIRET: a list of firms asks for each."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_profiles_firm_id", "profiles", ["firm_id"])
    op.create_index(
        "ix_firms_siret_tag", "firms", ["siret_tag"], postgresql_where=sa.text("siret_tag IS NOT NULL")
    )


def downgrade() -> None:
    op.drop_index("ix_firms_siret_tag", "firms")
    op.drop_index("ix_profiles_firm_id", "profiles")
