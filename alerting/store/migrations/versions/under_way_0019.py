"""A claim touches no index of deliveries: it finds room beside the row, and what it changes is in none."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Room on each page for what its rows become, so that a new version needs no entry in any index.
    op.execute("ALTER TABLE deliveries SET (fillfactor = 50)")
    op.add_column(
        "deliveries",
        sa.Column(
            "is_under_way",
            sa.Boolean(),
            sa.Computed("state IN ('queued', 'deferred', 'claimed')", persisted=True),
            nullable=False,
        ),
    )
    op.drop_index("ix_deliveries_claimed", "deliveries")
    op.drop_index("ix_deliveries_to_send", "deliveries")
    op.drop_index("ix_deliveries_claimed_at", "deliveries")
    op.create_index(
        "ix_deliveries_under_way", "deliveries", ["delivery_id"], postgresql_where=sa.text("is_under_way")
    )
    op.create_index("ix_deliveries_claimed_at", "deliveries", ["claimed_at"], postgresql_using="brin")


def downgrade() -> None:
    op.drop_index("ix_deliveries_claimed_at", "deliveries")
    op.drop_index("ix_deliveries_under_way", "deliveries")
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
    op.drop_column("deliveries", "is_under_way")
    op.execute("ALTER TABLE deliveries RESET (fillfactor)")
