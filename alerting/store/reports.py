"""Counts for people: how much of everything there is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, case, func, select

from alerting.store.subscriptions import leaves_out
from alerting.store.tables import (
    deliveries,
    digests,
    documents,
    feeds,
    matches,
    notices,
    procedures,
    profiles,
    rejects,
)


_SHOWN = (
    "profile_id", "firm_id", "name", "cadence", "hour", "weekdays", "item_limit", "reminder_days", "criteria",
)  # fmt: skip


def count_rows(connection: Connection) -> dict[str, int]:
    """Return how many rows each part of the flow has made."""
    asked: dict[str, Select[Any]] = {
        "feeds": select(func.count()).select_from(feeds),
        "documents": select(func.count()).select_from(documents).where(~_is_index_page()),
        "notices": select(func.count()).select_from(notices),
        "procedures": select(func.count()).select_from(procedures),
        "rejects": select(func.count()).select_from(rejects),
        "indexed": select(func.count(procedures.c.indexed_at)),
        "matches": select(func.count()).select_from(matches).where(matches.c.ended_at.is_(None)),
        "digests": select(func.count()).select_from(digests),
        "sent": select(func.count()).select_from(deliveries).where(deliveries.c.state == "sent"),
    }
    return {name: connection.scalar(statement) or 0 for name, statement in asked.items()}


def _is_index_page() -> ColumnElement[bool]:
    """A listing of documents, which says nothing itself."""
    listing = (feeds.c.feed_id == documents.c.feed_id) & (feeds.c.url == documents.c.url)
    return select(feeds.c.feed_id).where(listing, feeds.c.format == "index-page").exists()


def list_profiles(
    connection: Connection, *, now: datetime, firm_id: str | None = None, limit: int | None = None
) -> list[dict[str, Any]]:
    """Return standing profiles, of a firm or of all: rhythm, criteria, how many procedures each matches.

    ``paused_until``: NULL where no pause runs; ``leaves_out``: whether what comes up in it is never told.
    """
    standing = (matches.c.profile_id == profiles.c.profile_id) & matches.c.ended_at.is_(None)
    count = select(func.count()).select_from(matches).where(standing).scalar_subquery()
    is_paused = profiles.c.paused_until > now
    pause = (
        case((is_paused, profiles.c.paused_until)).label("paused_until"),
        case((is_paused, leaves_out())).label("leaves_out"),
    )
    columns = [profiles.c[name] for name in _SHOWN]
    asked = select(*columns, *pause, count.label("match_count")).where(profiles.c.ended_at.is_(None))
    if firm_id is not None:
        asked = asked.where(profiles.c.firm_id == firm_id)
    listed = asked.order_by(profiles.c.profile_id).limit(limit)
    return [dict(row) for row in connection.execute(listed).mappings()]
