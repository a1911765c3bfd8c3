"""Fetch: ask every due feed for news, archive what is new, keep it as documents to load.

One transaction a feed: its documents and what its answer says for the next question.  A feed that
fails is noted with its reason and asked again later; the others are not touched.  An index page
carries no notices: the documents that it points to, and that we do not have, are fetched at once.
While one of them fails the page counts as unread, so that it is asked for again.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urljoin, urlsplit

import structlog

from alerting.domain.feed import Feed, Fetched, Reject
from alerting.errors import AlertingError, FeedFormatError, FeedUnavailableError
from alerting.feeds.archive import Archive
from alerting.feeds.fetch import fetch_feeds, fetch_links
from alerting.feeds.formats import parse
from alerting.store import documents, feeds, rejects
from alerting.store.database import Database


log = structlog.get_logger()

INDEX_FORMAT = "index-page"
# Documents of one page that are asked for together.
_LINKS_AT_ONCE = 100
_LONGEST_PAUSE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class _News:
    """What one feed brought: its own answer, the documents that it points to, what failed among them."""

    feed: Feed
    answer: Fetched
    is_index: bool
    linked: tuple[Fetched, ...] = ()
    failed: tuple[AlertingError, ...] = ()
    rejects: tuple[Reject, ...] = ()


def fetch_due_feeds(database: Database, archive: Archive, *, now: Callable[[], datetime]) -> dict[str, Any]:
    """Ask every feed that is due.

    Returns:
        feeds (asked), unchanged, failed, documents (new ones); waiting: documents to load.
    """
    with database.begin() as connection:
        due = feeds.due_feeds(connection, now=now())
    counts: Counter[str] = Counter(feeds=len(due))
    for feed, outcome in asyncio.run(fetch_feeds(due, now=now)) if due else ():
        if isinstance(outcome, AlertingError):
            _record_failure(database, feed, outcome, now())
            counts["failed"] += 1
        else:
            _keep(database, archive, _read_index(database, feed, outcome, now), now(), counts)
    with database.begin() as connection:
        waiting = documents.count_waiting(connection)
    report = {name: counts[name] for name in ("feeds", "unchanged", "failed", "documents")}
    log.info("feeds_fetched", **report)
    return {**report, "waiting": waiting}


def _read_index(database: Database, feed: Feed, answer: Fetched, now: Callable[[], datetime]) -> _News:
    """Follow an index page to the documents that we do not have; any other answer is news itself."""
    if answer.body is None or feed.format != INDEX_FORMAT:
        return _News(feed, answer, is_index=False)
    try:
        page = parse(answer.body, feed_id=feed.feed_id, format=INDEX_FORMAT)
    except FeedFormatError as error:
        return _News(feed, answer, is_index=True, rejects=(Reject(error.where, error.problem),))
    urls = _links_on_host(answer.url, page.links)
    with database.begin() as connection:
        known = documents.known_urls(connection, feed.feed_id, urls)
    missing = [url for url in urls if url not in known]
    outcomes = _fetch_links(feed, missing, now)
    return _News(
        feed,
        answer,
        is_index=True,
        linked=tuple(one for one in outcomes if isinstance(one, Fetched)),
        failed=tuple(one for one in outcomes if isinstance(one, AlertingError)),
        rejects=page.rejects,
    )


def _fetch_links(
    feed: Feed, urls: Sequence[str], now: Callable[[], datetime]
) -> list[Fetched | AlertingError]:
    """Fetch documents; each is known by the address that the page gives it, wherever that redirects."""
    outcomes: list[Fetched | AlertingError] = []
    for start in range(0, len(urls), _LINKS_AT_ONCE):
        asked = urls[start : start + _LINKS_AT_ONCE]
        answers = asyncio.run(fetch_links(feed, asked, now=now))
        outcomes += [
            replace(answer, url=url) if isinstance(answer, Fetched) else answer
            for url, answer in zip(asked, answers, strict=True)
        ]
    return outcomes


def _links_on_host(page_url: str, links: Sequence[str]) -> list[str]:
    """Return the absolute addresses of links, without repeats; one that leaves the page's host is dropped."""
    host = urlsplit(page_url).netloc
    absolute = dict.fromkeys(urljoin(page_url, link) for link in links)
    return [url for url in absolute if urlsplit(url).netloc == host]


def _keep(database: Database, archive: Archive, news: _News, now: datetime, counts: Counter[str]) -> None:
    """Archive bodies, then store documents and the feed's state in one transaction."""
    answers = [news.answer, *news.linked] if news.answer.body is not None else []
    for answer in answers:
        archive.put(answer.body or b"")
    with database.begin() as connection:
        added = [
            documents.add_document(connection, answer, is_index=news.is_index and answer is news.answer)
            for answer in answers
        ]
        for reject in news.rejects:
            rejects.add_reject(connection, reject, feed_id=news.feed.feed_id, stage="fetch")
        if not news.failed:
            feeds.record_answer(connection, news.answer)
    if news.failed:
        _record_failure(database, news.feed, news.failed[0], now)
    loadable = added[1:] if news.is_index else added
    counts["documents"] += sum(number is not None for number in loadable)
    counts["unchanged"] += news.answer.body is None
    counts["failed"] += bool(news.failed)


def _record_failure(database: Database, feed: Feed, error: AlertingError, now: datetime) -> None:
    """Note why a feed failed and when to ask again: pauses double up to an hour, and never end."""
    pause = min(timedelta(seconds=feed.poll_seconds) * 2 ** min(feed.failure_count, 10), _LONGEST_PAUSE)
    if isinstance(error, FeedUnavailableError) and error.retry_after_seconds is not None:
        pause = max(pause, timedelta(seconds=error.retry_after_seconds))
    log.warning("feed_failed", feed_id=feed.feed_id, problem=str(error))
    with database.begin() as connection:
        feeds.record_failure(connection, feed.feed_id, problem=str(error), now=now, next_check_at=now + pause)
        reject = Reject("answer", str(error))
        rejects.add_reject(connection, reject, feed_id=feed.feed_id, stage="fetch")
