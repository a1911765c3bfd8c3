"""What firms said of what they were told: useful, or not for them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "feedback",
        sa.Column("feedback_id", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        sa.Column(
            "firm_id",
            sa.Text(),
            sa.ForeignKey("firms.firm_id", name="fk_feedback_firm_id"),
            nullable=False,
        ),
        sa.Column(
            "profile_id",
            sa.Text(),
            sa.ForeignKey("profiles.profile_id", name="fk_feedback_profile_id"),
            nullable=False,
        ),
        sa.Column(
            "procedure_id",
            sa.BigInteger(),
            sa.ForeignKey("procedures.procedure_id", name="fk_feedback_procedure_id"),
            nullable=False,
        ),
        sa.Column(
            "recipient_id",
            sa.BigInteger(),
            sa.ForeignKey("recipients.recipient_id", name="fk_feedback_recipient_id"),
        ),
        sa.Column("opinion", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
    )
    op.create_index(
        "uq_feedback_standing",
        "feedback",
        ["firm_id", "procedure_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("uq_feedback_standing", "feedback")
    op.drop_table("feedback")
