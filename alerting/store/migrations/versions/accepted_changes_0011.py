"""What firms accepted of what was proposed to them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB


revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "accepted_changes",
        sa.Column("change_id", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        sa.Column(
            "profile_id",
            sa.Text(),
            sa.ForeignKey("profiles.profile_id", name="fk_accepted_changes_profile_id"),
            nullable=False,
        ),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("changes", JSONB(), nullable=False),
        sa.Column(
            "recipient_id",
            sa.BigInteger(),
            sa.ForeignKey("recipients.recipient_id", name="fk_accepted_changes_recipient_id"),
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
    )
    op.create_index(
        "uq_accepted_changes_standing",
        "accepted_changes",
        ["profile_id", "key"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("uq_accepted_changes_standing", "accepted_changes")
    op.drop_table("accepted_changes")
