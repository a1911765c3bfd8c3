"""When a notice was read otherwise from the same document: what it stated counts no longer.

What was read again before stays as it was until its document is read again.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("notices", sa.Column("replaced_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("notices", "replaced_at")
