"""Show: what there is, as plain values for people and scripts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import structlog

from alerting.delivery.tokens import read_digest_link
from alerting.digests.languages import CODES
from alerting.digests.one_pager import render_one_pager
from alerting.domain.habit import find_silence
from alerting.errors import UnknownIdError
from alerting.store import (
    deliveries,
    digests,
    documents,
    feeds,
    firms,
    rejects,
    reports,
    subscriptions,
    tellings,
)
from alerting.store.database import Connection, Database


log = structlog.get_logger()

Row = dict[str, Any]

# How far back a feed's habit is looked for.
_HABIT = timedelta(days=180)


def count_due_feeds(database: Database, *, now: Callable[[], datetime]) -> int:
    """Return how many feeds are due."""
    with database.begin() as connection:
        return feeds.count_due_feeds(connection, now=now())


def count_profiles_to_match(database: Database) -> int:
    """Return how many profiles are new or changed."""
    with database.begin() as connection:
        return firms.count_unmatched_profiles(connection)


def list_feeds(database: Database, *, now: Callable[[], datetime]) -> list[Row]:
    """Return every feed with its state.

    ``silent_days``: where it is silent for longer than its habit; ``last_outcome``: what became of its last
    document, where it had one within half a year; ``last_format``: in which the last readable one was read.
    """
    moment = now()
    with database.begin() as connection:
        silences = _silences(connection, moment)
        outcomes = documents.last_outcomes(connection, since=moment - _HABIT)
        formats = documents.last_formats(connection, since=moment - _HABIT)
        rows = feeds.list_feeds(connection)
    return [
        {
            **_plain(row),
            "last_outcome": outcomes.get(row["feed_id"]),
            "last_format": formats.get(row["feed_id"]),
            "silent_days": silences.get(row["feed_id"]),
        }
        for row in rows
    ]


def report_silent_feeds(database: Database, *, now: Callable[[], datetime]) -> int:
    """Write a log line for each feed that is silent for longer than its habit; return how many."""
    with database.begin() as connection:
        silences = _silences(connection, now())
    for feed_id, days in silences.items():
        log.warning("feed_silent", feed_id=feed_id, days=days)
    return len(silences)


def _silences(connection: Connection, now: datetime) -> dict[str, int]:
    """Return the days of silence of each feed that is asked, and silent for longer than its habit."""
    news = documents.news_times(connection, since=now - _HABIT)
    asked = {row["feed_id"] for row in feeds.list_feeds(connection) if row["paused_at"] is None}
    found = {feed_id: find_silence(times, now=now) for feed_id, times in news.items() if feed_id in asked}
    return {feed_id: silence.days for feed_id, silence in found.items() if silence is not None}


def list_firms(database: Database, *, like: str | None, limit: int | None) -> list[Row]:
    """Return standing firms, or those that have a text in id, name, SIRET or an address."""
    with database.begin() as connection:
        return [_plain(row) for row in firms.list_firms(connection, like=like, limit=limit)]


def list_profiles(
    database: Database, *, firm_id: str | None, limit: int | None, now: Callable[[], datetime]
) -> list[Row]:
    """Return standing profiles.

    Raises:
        UnknownIdError: No firm of that id was ever known.
    """
    with database.begin() as connection:
        firms.refuse_unknown(connection, firm_id)
        rows = reports.list_profiles(connection, now=now(), firm_id=firm_id, limit=limit)
    return [_plain(row) for row in rows]


def list_deliveries(
    database: Database, *, state: str | None, firm_id: str | None, limit: int | None
) -> list[Row]:
    """Return deliveries, the newest first.

    Raises:
        UnknownIdError: No firm of that id was ever known.
    """
    with database.begin() as connection:
        firms.refuse_unknown(connection, firm_id)
        rows = deliveries.list_deliveries(connection, state=state, firm_id=firm_id, limit=limit)
    return [_plain(row) for row in rows]


def count_deliveries(database: Database, *, firm_id: str | None) -> dict[str, int]:
    """Return how many deliveries stand in each state.

    Raises:
        UnknownIdError: No firm of that id was ever known.
    """
    with database.begin() as connection:
        firms.refuse_unknown(connection, firm_id)
        return deliveries.count_by_state(connection, firm_id=firm_id)


def list_tellings(database: Database, *, firm_id: str | None, limit: int | None) -> list[Row]:
    """Return tellings, the newest first.

    Raises:
        UnknownIdError: No firm of that id was ever known.
    """
    with database.begin() as connection:
        firms.refuse_unknown(connection, firm_id)
        rows = tellings.list_tellings(connection, firm_id=firm_id, limit=limit)
    return [_plain(row) for row in rows]


def print_digest(
    database: Database, digest_id: int, *, language_code: str, now: Callable[[], datetime]
) -> str:
    """Return a digest on one sheet, an HTML page to print.

    Raises:
        UnknownIdError: There is none of that number, or no such language.
    """
    if language_code not in CODES:
        raise UnknownIdError(f"language {language_code!r}: expected one of {', '.join(CODES)}")
    with database.begin() as connection:
        digest = digests.get_digest(connection, digest_id)
    if digest is None:
        raise UnknownIdError(f"digest {digest_id}: no digest of that number")
    return render_one_pager(digest, language_code=language_code, now=now())


def open_digest(
    database: Database, secret: str, token: str, *, now: Callable[[], datetime]
) -> dict[str, Any]:
    """Return the digest that a mail's link opens.

    Returns:
        state: "told" or "gone" (who got it is no recipient any more); unless gone: language, and page, the
        digest as HTML.

    Raises:
        TokenError: The token is not one of ours.
    """
    delivery_id = read_digest_link(secret, token)
    with database.begin() as connection:
        found = subscriptions.find_reader(connection, delivery_id)
        digest = None if found is None else digests.get_digest(connection, found[0])
    if found is None or digest is None:
        return {"state": "gone"}
    page = render_one_pager(digest, language_code=found[1], now=now())
    return {"state": "told", "language": found[1], "page": page}


def list_rejects(database: Database, *, feed_id: str | None, limit: int | None) -> list[Row]:
    """Return rejects, of one feed or of all, the newest first.

    Raises:
        UnknownIdError: No such feed.
    """
    with database.begin() as connection:
        if feed_id is not None:
            feeds.get_feed_id(connection, feed_id)
        return [_plain(row) for row in rejects.list_rejects(connection, feed_id=feed_id, limit=limit)]


def count_rows(database: Database) -> dict[str, int]:
    """Return how many rows each part of the flow has made."""
    with database.begin() as connection:
        return reports.count_rows(connection)


def _plain(row: Row) -> Row:
    """Return a row with its times as ISO 8601."""
    return {key: value.isoformat() if isinstance(value, datetime) else value for key, value in row.items()}
