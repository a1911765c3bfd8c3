"""Firms that somebody else enrolled rest until they confirm."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("firms", sa.Column("unconfirmed_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("firms", sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("firms", sa.Column("confirmed_by", sa.Text(), nullable=True))
    op.create_index("ix_firms_siret", "firms", ["siret"])
    op.create_table(
        "confirmations",
        sa.Column(
            "recipient_id",
            sa.BigInteger(),
            sa.ForeignKey("recipients.recipient_id", name="fk_confirmations_recipient_id"),
            primary_key=True,
        ),
        sa.Column(
            "digest_id",
            sa.BigInteger(),
            sa.ForeignKey("digests.digest_id", name="fk_confirmations_digest_id"),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("confirmations")
    op.drop_index("ix_firms_siret", "firms")
    for name in ("confirmed_by", "confirmed_at", "unconfirmed_since"):
        op.drop_column("firms", name)
