"""Deliveries say who is to blame and since when they are tried; replays; mail may be stopped."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("deliveries", sa.Column("first_attempt_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("deliveries", sa.Column("blame", sa.Text(), nullable=True))
    op.add_column(
        "deliveries", sa.Column("replay_number", sa.Integer(), server_default=sa.text("0"), nullable=False)
    )
    op.drop_constraint("uq_deliveries_digest_id_recipient_id", "deliveries")
    op.create_unique_constraint(
        "uq_deliveries_digest_id_recipient_id_replay_number",
        "deliveries",
        ["digest_id", "recipient_id", "replay_number"],
    )
    op.create_index("ix_deliveries_claimed_at", "deliveries", ["claimed_at"])
    op.create_index(
        "ix_deliveries_to_send",
        "deliveries",
        ["delivery_id"],
        postgresql_where=sa.text("state IN ('queued', 'deferred')"),
    )
    op.create_index(
        "ix_deliveries_claimed",
        "deliveries",
        ["claimed_by"],
        postgresql_where=sa.text("state = 'claimed'"),
    )
    op.drop_index("ix_deliveries_waiting", "deliveries")
    op.create_table(
        "mail_stops",
        sa.Column("stop_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("stop_id", name="pk_mail_stops"),
    )
    op.create_index(
        "uq_mail_stops_standing",
        "mail_stops",
        [sa.text("(ended_at IS NULL)")],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("mail_stops")
    op.create_index(
        "ix_deliveries_waiting",
        "deliveries",
        ["next_attempt_at"],
        postgresql_where=sa.text("state IN ('queued', 'deferred', 'claimed')"),
    )
    op.drop_index("ix_deliveries_claimed", "deliveries")
    op.drop_index("ix_deliveries_to_send", "deliveries")
    op.drop_index("ix_deliveries_claimed_at", "deliveries")
    op.execute("DELETE FROM deliveries WHERE replay_number > 0")
    op.drop_constraint("uq_deliveries_digest_id_recipient_id_replay_number", "deliveries")
    op.create_unique_constraint(
        "uq_deliveries_digest_id_recipient_id", "deliveries", ["digest_id", "recipient_id"]
    )
    for name in ("replay_number", "blame", "first_attempt_at", "claimed_at"):
        op.drop_column("deliveries", name)
