"""What a profile asks for as one number, by which copies are compared; what an erased firm is known by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    asked = "('x' || substr(md5(profile_id || ' ' || criteria::text), 1, 9))::bit(36)::bigint"
    op.add_column(
        "profiles",
        sa.Column("fingerprint", sa.BigInteger(), sa.Computed(asked, persisted=True), nullable=False),
    )
    op.add_column("firms", sa.Column("siret_tag", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("firms", "siret_tag")
    op.drop_column("profiles", "fingerprint")
