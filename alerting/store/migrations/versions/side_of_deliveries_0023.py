"""What is under way stands beside the deliveries: neither a claim nor a record touches an index of theirs.

Triggers keep it, whoever writes a delivery: the release before does not know of it, and goes on while it is
replaced.  Only its questions for what is under way read all deliveries until then.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_ADD = """
    CREATE FUNCTION add_deliveries_under_way() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO deliveries_under_way SELECT delivery_id FROM added WHERE is_under_way;
        RETURN NULL;
    END $$;
    CREATE TRIGGER add_under_way AFTER INSERT ON deliveries
        REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION add_deliveries_under_way()
"""
_ADD_AGAIN = """
    CREATE FUNCTION add_delivery_under_way() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO deliveries_under_way VALUES (NEW.delivery_id);
        RETURN NULL;
    END $$;
    CREATE TRIGGER add_under_way_again AFTER UPDATE ON deliveries
        FOR EACH ROW WHEN (NEW.is_under_way AND NOT OLD.is_under_way)
        EXECUTE FUNCTION add_delivery_under_way()
"""
# A plan that was made while the table was empty would else read all of it later.
_REMOVE = """
    CREATE FUNCTION remove_deliveries_under_way() RETURNS trigger
        LANGUAGE plpgsql SET enable_seqscan = off AS $$
    BEGIN
        DELETE FROM deliveries_under_way
        WHERE delivery_id = ANY (ARRAY(SELECT delivery_id FROM changed WHERE NOT is_under_way));
        RETURN NULL;
    END $$;
    CREATE TRIGGER remove_under_way AFTER UPDATE ON deliveries
        REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION remove_deliveries_under_way()
"""


def upgrade() -> None:
    # At once what dropping the index asks for: else a worker that has read and then writes is in its way.
    op.execute("LOCK TABLE deliveries IN ACCESS EXCLUSIVE MODE")
    # Two newer versions of a row find room on its page, so that none needs an entry in any index.
    op.execute("ALTER TABLE deliveries SET (fillfactor = 30)")
    op.create_table(
        "deliveries_under_way",
        sa.Column("delivery_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("delivery_id", name="pk_deliveries_under_way"),
    )
    op.execute(_ADD)
    op.execute(_ADD_AGAIN)
    op.execute(_REMOVE)
    op.execute("INSERT INTO deliveries_under_way SELECT delivery_id FROM deliveries WHERE is_under_way")
    op.drop_index("ix_deliveries_under_way", "deliveries")


def downgrade() -> None:
    op.create_index(
        "ix_deliveries_under_way", "deliveries", ["delivery_id"], postgresql_where=sa.text("is_under_way")
    )
    for trigger in ("add_under_way", "add_under_way_again", "remove_under_way"):
        op.execute(f"DROP TRIGGER {trigger} ON deliveries")
    for function in ("add_deliveries_under_way", "add_delivery_under_way", "remove_deliveries_under_way"):
        op.execute(f"DROP FUNCTION {function}()")
    op.drop_table("deliveries_under_way")
    op.execute("ALTER TABLE deliveries SET (fillfactor = 50)")
