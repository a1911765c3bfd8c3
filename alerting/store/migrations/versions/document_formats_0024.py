"""In which format a document was read: what a feed tells by itself is seen in the list of feeds.

What was loaded before says nothing of it until it is loaded again.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("documents", sa.Column("format", sa.Text()))


def downgrade() -> None:
    op.drop_column("documents", "format")
