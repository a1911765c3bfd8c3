"""Feeds: the registry, and what the last answer of each said."""

from __future__ import annotations

from datetime import datetime
from difflib import get_close_matches
from typing import Any

from sqlalchemy import Connection, Row, and_, case, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from alerting.domain.feed import Feed, Fetched
from alerting.errors import UnknownIdError
from alerting.store.tables import feeds


_WHAT_IS_ASKED = ("url", "format", "credentials")
_LAST_ANSWER = ("next_check_at", "etag", "last_modified", "body_hash")
_COLUMNS = [feeds.c[name] for name in Feed.__dataclass_fields__]


def put_feed(connection: Connection, feed: Feed) -> None:
    """Register a feed, or change it; another address or format is asked anew, at once."""
    facts = {
        "authority": feed.authority,
        "url": feed.url,
        "format": feed.format,
        "is_local": feed.is_local,
        "poll_seconds": feed.poll_seconds,
        "credentials": feed.credentials,
    }
    statement = insert(feeds).values(feed_id=feed.feed_id, **facts)
    is_same = and_(*(feeds.c[name].is_not_distinct_from(statement.excluded[name]) for name in _WHAT_IS_ASKED))
    kept = {name: case((is_same, feeds.c[name]), else_=None) for name in _LAST_ANSWER}
    connection.execute(statement.on_conflict_do_update(index_elements=["feed_id"], set_={**facts, **kept}))


def due_feeds(connection: Connection, *, now: datetime, limit: int = 500) -> list[Feed]:
    """Return the feeds that are due, the longest waiting first."""
    due = select(*_COLUMNS).where(*_is_due(now)).order_by(feeds.c.next_check_at.asc().nulls_first())
    return [_feed(row) for row in connection.execute(due.limit(limit))]


def count_due_feeds(connection: Connection, *, now: datetime) -> int:
    """Return how many feeds are due."""
    return connection.scalar(select(func.count()).select_from(feeds).where(*_is_due(now))) or 0


def find_feed(connection: Connection, feed_id: str) -> Feed | None:
    """Return a feed, None when there is none of that id."""
    row = connection.execute(select(*_COLUMNS).where(feeds.c.feed_id == feed_id)).one_or_none()
    return None if row is None else _feed(row)


def get_feed_id(connection: Connection, feed_id: str) -> str:
    """Return the id of a registered feed, as it is asked for.

    Raises:
        UnknownIdError: There is none; the nearest are named.
    """
    known = list(connection.scalars(select(feeds.c.feed_id).order_by(feeds.c.feed_id)))
    if feed_id in known:
        return feed_id
    near = get_close_matches(feed_id, known)
    like = f" (nearest: {', '.join(near)})" if near else ""
    raise UnknownIdError(f"feed {feed_id!r}: no feed of that id{like}")


def is_paused(connection: Connection, feed_id: str) -> bool:
    """Tell whether a feed rests."""
    return connection.scalar(select(feeds.c.paused_at).where(feeds.c.feed_id == feed_id)) is not None


def find_by_address(connection: Connection, url: str) -> str | None:
    """Return which feed has an address, None when none has."""
    return connection.scalar(select(feeds.c.feed_id).where(feeds.c.url == url))


def record_answer(connection: Connection, fetched: Fetched) -> None:
    """Keep what an answer says for the next question; one without a body counts as unchanged."""
    is_new = fetched.body is not None
    facts: dict[str, Any] = {
        "next_check_at": fetched.next_check_at,
        "last_success_at": fetched.fetched_at,
        "failure_count": 0,
        "last_failure": None,
        "unchanged_count": feeds.c.unchanged_count + (0 if is_new else 1),
    }
    if fetched.etag is not None or is_new:
        facts["etag"] = fetched.etag
    if fetched.last_modified is not None or is_new:
        facts["last_modified"] = fetched.last_modified
    if is_new:
        facts["body_hash"] = fetched.body_hash
    connection.execute(update(feeds).where(feeds.c.feed_id == fetched.feed_id).values(facts))


def record_failure(
    connection: Connection, feed_id: str, *, problem: str, now: datetime, next_check_at: datetime
) -> None:
    """Keep why a feed could not be read this time, and when to ask again."""
    connection.execute(
        update(feeds)
        .where(feeds.c.feed_id == feed_id)
        .values(
            failure_count=feeds.c.failure_count + 1,
            last_failure=problem,
            last_failure_at=now,
            next_check_at=next_check_at,
        )
    )


def set_paused(connection: Connection, feed_id: str, paused_at: datetime | None) -> None:
    """Let a feed rest from a moment on, or go on again (None)."""
    facts: dict[str, Any] = {"paused_at": paused_at}
    if paused_at is None:
        facts |= {"next_check_at": None, "failure_count": 0}
    connection.execute(update(feeds).where(feeds.c.feed_id == feed_id).values(facts))


def ask_again(connection: Connection, feed_id: str) -> None:
    """Make a feed due now, and forget what it answered last."""
    facts: dict[str, Any] = dict.fromkeys(_LAST_ANSWER)
    connection.execute(update(feeds).where(feeds.c.feed_id == feed_id).values(facts))


def list_feeds(connection: Connection) -> list[dict[str, Any]]:
    """Return every feed as a row, by id."""
    rows = connection.execute(select(feeds).order_by(feeds.c.feed_id)).mappings()
    return [dict(row) for row in rows]


def _is_due(now: datetime) -> tuple[Any, ...]:
    return (feeds.c.paused_at.is_(None), or_(feeds.c.next_check_at.is_(None), feeds.c.next_check_at <= now))


def _feed(row: Row[Any]) -> Feed:
    return Feed(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping
