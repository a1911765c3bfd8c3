"""Documents: every answer that was kept, and whether it was loaded."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import distinct_on, insert

from alerting.domain.feed import Fetched
from alerting.store.tables import documents, feeds, rejects


# Begun so often and never ended: whatever else waits goes first.
_SUSPECT_COUNT = 2


@dataclass(frozen=True, slots=True)
class WaitingDocument:
    """A document to load: where its bytes are, and how its feed says to read them.

    ``attempt_count`` says how often loading it was begun and not ended, this time included.
    """

    document_id: int
    feed_id: str
    url: str
    body_hash: str
    format: str
    attempt_count: int


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document that was kept: whose it is, where its bytes are, and how its feed says to read them."""

    document_id: int
    feed_id: str
    body_hash: str
    format: str


def add_document(connection: Connection, fetched: Fetched, *, is_index: bool = False) -> int | None:
    """Keep one answer; return its number, None when its address brought the same the last time.

    An index page is stored as loaded: its links are all there is to it.
    """
    last = (
        select(documents.c.body_hash)
        .where(documents.c.feed_id == fetched.feed_id, documents.c.url == fetched.url)
        .order_by(documents.c.document_id.desc())
        .limit(1)
    )
    if connection.scalar(last) == fetched.body_hash:
        return None
    loaded = {"loaded_at": fetched.fetched_at, "outcome": "read", "notice_count": 0, "reject_count": 0}
    statement = insert(documents).values(
        feed_id=fetched.feed_id,
        url=fetched.url,
        body_hash=fetched.body_hash,
        size_bytes=len(fetched.body or b""),
        content_type=fetched.content_type,
        headers=dict(fetched.headers),
        fetched_at=fetched.fetched_at,
        **(loaded if is_index else {}),
    )
    number: int = connection.execute(statement.returning(documents.c.document_id)).scalar_one()
    return number


def has_document(connection: Connection, document_id: int) -> bool:
    """Tell whether there is a document of that number."""
    asked = select(documents.c.document_id).where(documents.c.document_id == document_id)
    return connection.scalar(asked) is not None


def get_document(connection: Connection, document_id: int) -> StoredDocument:
    """Return a document by its number, whether it waits or was loaded."""
    asked = (
        select(documents.c.document_id, documents.c.feed_id, documents.c.body_hash, feeds.c.format)
        .join(feeds, feeds.c.feed_id == documents.c.feed_id)
        .where(documents.c.document_id == document_id)
    )
    return StoredDocument(*connection.execute(asked).one())


def known_urls(connection: Connection, feed_id: str, urls: Iterable[str]) -> frozenset[str]:
    """Return those addresses of which the feed has a document."""
    asked = select(documents.c.url).where(documents.c.feed_id == feed_id, documents.c.url.in_(list(urls)))
    return frozenset(connection.scalars(asked))


def begin_attempt(
    connection: Connection, *, hold: Callable[[int], bool], beside: Collection[int] = ()
) -> int | None:
    """Count an attempt at the oldest waiting document that nobody holds; return its number, None without one.

    Those that were begun twice and never ended come after all others.  Commit before the work starts: what
    ends the worker leaves the count.  A crash of the server may lose it, since nobody waits for its disk.

    Args:
        connection: Of a transaction of its own.
        hold: Takes a document until the attempt ends, whatever is committed meanwhile; tells whether nobody
            else had.  Only who has it counts: a count is an attempt that was made.
        beside: Documents to leave where they are.
    """
    connection.execute(text("SET LOCAL synchronous_commit TO off"))
    passed_over = list(beside)
    while (number := _find_oldest(connection, passed_over)) is not None:
        if hold(number):
            begun = update(documents).where(documents.c.document_id == number)
            connection.execute(begun.values(attempt_count=documents.c.attempt_count + 1))
            return number
        passed_over.append(number)
    return None


def _find_oldest(connection: Connection, passed_over: Collection[int]) -> int | None:
    is_suspect = documents.c.attempt_count >= _SUSPECT_COUNT
    for wanted in (~is_suspect, is_suspect):
        oldest = (
            select(documents.c.document_id)
            .where(documents.c.loaded_at.is_(None), documents.c.document_id.not_in(passed_over), wanted)
            .order_by(documents.c.document_id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        number: int | None = connection.scalar(oldest)
        if number is not None:
            return number
    return None


def forget_attempt(connection: Connection, document_id: int) -> None:
    """Take back an attempt that ended by no fault of the document."""
    connection.execute(
        update(documents)
        .where(documents.c.document_id == document_id, documents.c.attempt_count > 0)
        .values(attempt_count=documents.c.attempt_count - 1)
    )


def claim_document(connection: Connection, document_id: int) -> WaitingDocument | None:
    """Take a document, whose attempt was begun, for this transaction; None when it waits no longer."""
    row = connection.execute(
        select(
            documents.c.document_id,
            documents.c.feed_id,
            documents.c.url,
            documents.c.body_hash,
            feeds.c.format,
            documents.c.attempt_count,
        )
        .join(feeds, feeds.c.feed_id == documents.c.feed_id)
        .where(documents.c.loaded_at.is_(None), documents.c.document_id == document_id)
        .with_for_update(of=documents)
    ).one_or_none()
    return None if row is None else WaitingDocument(*row)


def mark_loaded(
    connection: Connection,
    document_id: int,
    *,
    outcome: str,
    notice_count: int,
    reject_count: int,
    now: datetime,
    format: str | None = None,  # noqa: A002 - the glossary's word
) -> None:
    """Mark a document as loaded, with what became of it and the format in which it was read."""
    connection.execute(
        update(documents)
        .where(documents.c.document_id == document_id)
        .values(
            loaded_at=now,
            attempt_count=0,
            outcome=outcome,
            notice_count=notice_count,
            reject_count=reject_count,
            format=format,
        )
    )


def replay(
    connection: Connection,
    *,
    feed_id: str | None = None,
    document_id: int | None = None,
    also_read: bool = False,
) -> int:
    """Let loaded documents wait again, without what was refused of them; return how many.

    Args:
        connection: Of the transaction.
        feed_id: Only this feed's documents.
        document_id: Only this document.
        also_read: Those too of which nothing was refused.
    """
    wanted = [documents.c.loaded_at.is_not(None), documents.c.feed_id == feeds.c.feed_id]
    # An index page is followed, not loaded.
    wanted.append((feeds.c.format != "index-page") | (documents.c.url != feeds.c.url))
    if feed_id is not None:
        wanted.append(documents.c.feed_id == feed_id)
    if document_id is not None:
        wanted.append(documents.c.document_id == document_id)
    if not also_read:
        wanted.append(documents.c.outcome.in_(["partly", "refused"]))
    facts = dict.fromkeys(("loaded_at", "outcome", "notice_count", "reject_count", "format"))
    changed = connection.execute(
        update(documents).where(*wanted).values(facts).returning(documents.c.document_id)
    )
    ids = list(changed.scalars())
    connection.execute(delete(rejects).where(rejects.c.document_id.in_(ids), rejects.c.stage == "load"))
    return len(ids)


def news_times(
    connection: Connection, *, since: datetime, feed_ids: Collection[str] | None = None
) -> dict[str, list[datetime]]:
    """Return for each feed, or each of some, the hours in which it brought news, the oldest first."""
    hour = func.date_trunc("hour", documents.c.fetched_at).label("hour")
    asked = select(documents.c.feed_id, hour).where(documents.c.fetched_at >= since).distinct()
    if feed_ids is not None:
        asked = asked.where(documents.c.feed_id.in_(list(feed_ids)))
    found: dict[str, list[datetime]] = {}
    for row in connection.execute(asked.order_by(hour)):
        found.setdefault(row.feed_id, []).append(row.hour)
    return found


def last_outcomes(connection: Connection, *, since: datetime) -> dict[str, str]:
    """Return what became of the last document of each feed since then: "read", "partly" or "refused"."""
    return _last_of_each(connection, documents.c.outcome, since=since)


def last_formats(connection: Connection, *, since: datetime) -> dict[str, str]:
    """Return in which format the last readable document of each feed since then was read."""
    return _last_of_each(connection, documents.c.format, since=since)


def _last_of_each(connection: Connection, fact: Column[Any], *, since: datetime) -> dict[str, str]:
    asked = (
        select(documents.c.feed_id, fact.label("fact"))
        .ext(distinct_on(documents.c.feed_id))
        .where(documents.c.fetched_at >= since, fact.is_not(None))
        .order_by(documents.c.feed_id, documents.c.document_id.desc())
    )
    return {row.feed_id: row.fact for row in connection.execute(asked)}


def count_waiting(connection: Connection, *, since: datetime | None = None) -> int:
    """Return how many documents wait to be loaded, all of them or those fetched since."""
    waiting = select(func.count()).select_from(documents).where(documents.c.loaded_at.is_(None))
    if since is not None:
        waiting = waiting.where(documents.c.fetched_at > since)
    return connection.scalar(waiting) or 0
