"""What came up lately is found by its time: what waits to be told is counted after each match."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_revisions_created_at", "revisions", ["created_at"], postgresql_using="brin")
    op.create_index("ix_matches_matched_at", "matches", ["matched_at"], postgresql_using="brin")
    op.create_index(
        "ix_tellings_carried", "tellings", ["procedure_id"], postgresql_where=sa.text("carried IS NOT NULL")
    )


def downgrade() -> None:
    op.drop_index("ix_tellings_carried", "tellings")
    op.drop_index("ix_matches_matched_at", "matches")
    op.drop_index("ix_revisions_created_at", "revisions")
