"""Suppressions: standing orders not to mail an address."""

from __future__ import annotations

from sqlalchemy import Connection, or_, select
from sqlalchemy.dialects.postgresql import insert

from alerting.store.tables import suppressions


def add_suppression(
    connection: Connection, email: str, *, reason: str, profile_id: str | None = None
) -> None:
    """Order not to mail an address any more, about one profile or at all; harmless when it stands."""
    statement = insert(suppressions).values(email=email.lower(), profile_id=profile_id, reason=reason)
    connection.execute(statement.on_conflict_do_nothing())


def find_suppression(connection: Connection, email: str, profile_id: str) -> str | None:
    """Return the reason why an address gets nothing of a profile, None when it may be mailed."""
    asked = select(suppressions.c.reason).where(
        suppressions.c.email == email.lower(),
        suppressions.c.ended_at.is_(None),
        or_(suppressions.c.profile_id.is_(None), suppressions.c.profile_id == profile_id),
    )
    return connection.scalar(asked.order_by(suppressions.c.suppression_id).limit(1))
