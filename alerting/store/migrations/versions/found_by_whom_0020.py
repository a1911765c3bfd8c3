"""Digests are found by their profile, tellings by their procedure, deliveries by their recipient."""

from __future__ import annotations

from alembic import op


revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_digests_profile_id_created_at", "digests", ["profile_id", "created_at"])
    op.create_index("ix_tellings_procedure_id", "tellings", ["procedure_id"])
    # Not of those alone that were held back: an index that asks for the state is written at each claim.
    op.create_index("ix_deliveries_recipient_id", "deliveries", ["recipient_id"])


def downgrade() -> None:
    op.drop_index("ix_deliveries_recipient_id", "deliveries")
    op.drop_index("ix_tellings_procedure_id", "tellings")
    op.drop_index("ix_digests_profile_id_created_at", "digests")
