"""Received mails: what came back, each acted upon once; its text is not kept, only what it says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.postgresql import insert

from alerting.store.tables import deliveries, received_mails, recipients


def add_received(
    connection: Connection,
    message_hash: str,
    *,
    kind: str,
    delivery_id: int | None,
    status: str | None,
    diagnostic: str | None,
    now: datetime,
) -> bool:
    """Store that a mail came back; False when it did already."""
    statement = insert(received_mails).values(
        message_hash=message_hash,
        kind=kind,
        delivery_id=delivery_id,
        status=status,
        diagnostic=diagnostic,
        received_at=now,
    )
    added = statement.on_conflict_do_nothing(index_elements=["message_hash"]).returning(
        received_mails.c.received_id
    )
    return connection.execute(added).one_or_none() is not None


def bounce_times(connection: Connection, email: str, *, kind: str, since: datetime) -> Sequence[datetime]:
    """Return when each delivery to an address first bounced in one way, after a moment."""
    first = func.min(received_mails.c.received_at)
    asked = (
        select(first)
        .join(deliveries, deliveries.c.delivery_id == received_mails.c.delivery_id)
        .join(recipients, recipients.c.recipient_id == deliveries.c.recipient_id)
        .where(received_mails.c.kind == kind, func.lower(recipients.c.email) == email.lower())
        .group_by(received_mails.c.delivery_id)
        .having(first > since)
        .order_by(first)
    )
    return connection.execute(asked).scalars().all()


def list_received(connection: Connection, *, limit: int | None = None) -> list[dict[str, Any]]:
    """Return what came back, the newest first, with the address that a delivery was for."""
    names = ("received_id", "received_at", "kind", "delivery_id", "status", "diagnostic")
    asked = (
        select(*(received_mails.c[name] for name in names), recipients.c.email.label("recipient"))
        .outerjoin(deliveries, deliveries.c.delivery_id == received_mails.c.delivery_id)
        .outerjoin(recipients, recipients.c.recipient_id == deliveries.c.recipient_id)
        .order_by(received_mails.c.received_id.desc())
        .limit(limit)
    )
    return [dict(row) for row in connection.execute(asked).mappings()]
