"""What a source says again after it said otherwise is news; merged procedures carry what differs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql


revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_FOLDED = "regexp_replace(lower(internal_reference), '[^[:alnum:]]', '', 'g')"


def upgrade() -> None:
    op.drop_constraint("uq_documents_feed_id_url_body_hash", "documents", type_="unique")
    op.create_index("ix_documents_feed_id_url", "documents", ["feed_id", "url"])
    op.drop_constraint("uq_notices_feed_id_source_id_content_hash", "notices", type_="unique")
    op.create_index("ix_notices_feed_id_source_id", "notices", ["feed_id", "source_id"])
    op.create_index("ix_notices_deadline_at", "notices", ["deadline_at"])
    op.drop_index("ix_notices_internal_reference", "notices")
    op.create_index(
        "ix_notices_folded_reference",
        "notices",
        [sa.text(_FOLDED)],
        postgresql_where=sa.text("internal_reference IS NOT NULL"),
    )
    op.add_column("tellings", sa.Column("carried", postgresql.JSONB(), nullable=True))


def downgrade() -> None:
    op.drop_column("tellings", "carried")
    op.drop_index("ix_notices_folded_reference", "notices")
    op.create_index(
        "ix_notices_internal_reference",
        "notices",
        ["internal_reference"],
        postgresql_where=sa.text("internal_reference IS NOT NULL"),
    )
    op.drop_index("ix_notices_deadline_at", "notices")
    op.drop_index("ix_notices_feed_id_source_id", "notices")
    op.create_unique_constraint(
        "uq_notices_feed_id_source_id_content_hash", "notices", ["feed_id", "source_id", "content_hash"]
    )
    op.drop_index("ix_documents_feed_id_url", "documents")
    op.create_unique_constraint(
        "uq_documents_feed_id_url_body_hash", "documents", ["feed_id", "url", "body_hash"]
    )
