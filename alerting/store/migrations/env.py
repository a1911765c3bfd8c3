"""Alembic's environment: the caller hands over its connection, inside its transaction."""

from __future__ import annotations

from alembic import context

from alerting.store.tables import metadata


context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
