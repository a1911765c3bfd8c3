"""Rejects: what could not be read, where, why, and how often it was seen."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from alerting.domain.feed import Reject
from alerting.store.tables import rejects


_KEY = ("feed_id", "document_id", "stage", "where", "problem")


def add_reject(
    connection: Connection, reject: Reject, *, feed_id: str, stage: str, document_id: int | None = None
) -> None:
    """Store a reject; the same one again is counted."""
    statement = insert(rejects).values(
        {
            "feed_id": feed_id,
            "document_id": document_id,
            "stage": stage,
            "where": _clean(reject.where, 200),
            "problem": _clean(reject.problem, 400),
        }
    )
    seen_again = {"seen_count": rejects.c.seen_count + 1}
    connection.execute(
        statement.on_conflict_do_update(index_elements=[rejects.c[name] for name in _KEY], set_=seen_again)
    )


def list_rejects(
    connection: Connection, *, feed_id: str | None = None, limit: int | None = None
) -> list[dict[str, Any]]:
    """Return rejects, of one feed or of all, the newest first."""
    columns = [rejects.c[name].label(name) for name in (*_KEY, "seen_count", "created_at")]
    asked = select(*columns).order_by(rejects.c.reject_id.desc()).limit(limit)
    if feed_id is not None:
        asked = asked.where(rejects.c.feed_id == feed_id)
    return [dict(row) for row in connection.execute(asked).mappings()]


def refused_by_index(connection: Connection) -> list[int]:
    """Return the numbers of procedures that the search index would not take at some time."""
    asked = select(rejects.c.where).where(rejects.c.stage == "index").distinct()
    return [int(where.rpartition(" ")[2]) for where in connection.scalars(asked)]


def _clean(text: str, length: int) -> str:
    """Return a text that PostgreSQL holds and indexes: no NUL, no half of a sign, not too long."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()[:length]
