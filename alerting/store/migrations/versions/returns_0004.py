"""What comes back: bounces, complaints, mails to leave; suppressions say of which kind they are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("suppressions", sa.Column("kind", sa.Text(), server_default="hard bounce", nullable=False))
    op.add_column("suppressions", sa.Column("until_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("suppressions", sa.Column("ended_reason", sa.Text(), nullable=True))
    op.execute("UPDATE suppressions SET kind = 'unsubscribed' WHERE profile_id IS NOT NULL")
    op.create_table(
        "suppression_tellings",
        sa.Column("suppression_id", sa.BigInteger(), nullable=False),
        sa.Column("firm_id", sa.Text(), nullable=False),
        sa.Column("digest_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("suppression_id", "firm_id", name="pk_suppression_tellings"),
        sa.ForeignKeyConstraint(
            ["suppression_id"],
            ["suppressions.suppression_id"],
            name="fk_suppression_tellings_suppression_id",
        ),
        sa.ForeignKeyConstraint(["firm_id"], ["firms.firm_id"], name="fk_suppression_tellings_firm_id"),
        sa.ForeignKeyConstraint(
            ["digest_id"], ["digests.digest_id"], name="fk_suppression_tellings_digest_id"
        ),
    )
    op.create_table(
        "received_mails",
        sa.Column("received_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("message_hash", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("diagnostic", sa.Text(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("received_id", name="pk_received_mails"),
        sa.UniqueConstraint("message_hash", name="uq_received_mails_message_hash"),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["deliveries.delivery_id"], name="fk_received_mails_delivery_id"
        ),
    )
    op.create_index("ix_received_mails_delivery_id", "received_mails", ["delivery_id"])


def downgrade() -> None:
    op.drop_table("received_mails")
    op.drop_table("suppression_tellings")
    op.drop_column("suppressions", "ended_reason")
    op.drop_column("suppressions", "until_at")
    op.drop_column("suppressions", "kind")
