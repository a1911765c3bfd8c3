"""Fetch: ask every due feed for news, archive what is new, keep it as documents to load.

One transaction a feed: its document and what its answer says for the next question.  A feed that
fails is noted with its reason and asked again later; the others are not touched.  An index page
carries no notices: the documents that it points to, and that we do not have, are fetched, some at
a time.  While one of them cannot be had the page counts as unread, so that it is asked for again;
one that is refused for what it is, is a reject and holds up nothing.

A feed in pages, the newest first, is followed to its end the first time, and later until a page
tells nothing new.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

import structlog

from alerting.domain.feed import Feed, Fetched, ParsedFeed, Reject
from alerting.domain.habit import find_pause
from alerting.domain.notice import RawNotice
from alerting.errors import (
    AlertingError,
    ArchiveError,
    FeedFormatError,
    FeedRefusedError,
    FeedUnavailableError,
    StoreOutdatedError,
    StoreUnavailableError,
    TransientError,
    UnforeseenError,
)
from alerting.feeds.archive import Archive
from alerting.feeds.credentials import Secrets
from alerting.feeds.fetch import (
    DEFAULT_LIMITS,
    NOT_MODIFIED,
    Fetcher,
    FetchLimits,
    Outcome,
    open_fetcher,
    reject_of,
    show_url,
)
from alerting.feeds.formats import INDEX_PAGE, next_page_of, parse
from alerting.notices.normalise import clean_name
from alerting.pipeline.apart import read_document
from alerting.store import documents, feeds, notices, rejects
from alerting.store.database import Connection, Database


log = structlog.get_logger()

# Documents of one page that are fetched, held in memory and stored together.
_LINKS_AT_ONCE = 20
_LONGEST_PAUSE = timedelta(hours=1)
# A feed's rhythm is told by its news of so long.
_RHYTHM = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class _Desk:
    """Where the outcomes of one run go; *turn* lets one at a time into the database.

    ``pauses`` are those that feeds ask for by their own rhythm.
    """

    database: Database
    archive: Archive
    now: Callable[[], datetime]
    secrets: Secrets
    counts: Counter[str]
    limits: FetchLimits
    pauses: Mapping[str, timedelta]
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


def fetch_due_feeds(
    database: Database,
    archive: Archive,
    *,
    now: Callable[[], datetime],
    secrets: Secrets,
    limits: FetchLimits = DEFAULT_LIMITS,
) -> dict[str, Any]:
    """Ask every feed that is due.

    Returns:
        feeds (asked), unchanged, failed, documents (new ones); waiting: documents to load.
    """
    with database.begin() as connection:
        due = feeds.due_feeds(connection, now=now())
        news = documents.news_times(
            connection, since=now() - _RHYTHM, feed_ids=[feed.feed_id for feed in due]
        )
    counts: Counter[str] = Counter(feeds=len(due))
    pauses = {feed_id: find_pause(times) for feed_id, times in news.items()}
    asyncio.run(_fetch(due, _Desk(database, archive, now, secrets, counts, limits, pauses)))
    with database.begin() as connection:
        waiting = documents.count_waiting(connection)
    report = {name: counts[name] for name in ("feeds", "unchanged", "failed", "documents")}
    log.info("feeds_fetched", **report)
    return {**report, "waiting": waiting}


async def _fetch(due: Sequence[Feed], desk: _Desk) -> None:
    async with open_fetcher(now=desk.now, limits=desk.limits, secrets=desk.secrets) as fetcher:

        async def keep(feed: Feed, outcome: Outcome) -> None:
            try:
                await _keep_any(desk, fetcher, feed, outcome)
            except (StoreUnavailableError, StoreOutdatedError, ArchiveError):
                raise  # The store or the archive is away, for every feed.
            except Exception as error:  # noqa: BLE001 - one feed, whatever is wrong with it, never stops the others
                told = UnforeseenError(feed.feed_id, "answer", error)
                failure = partial(_record_failure, desk, feed, [told], rejected=[reject_of(told)])
                async with desk.turn:
                    await asyncio.to_thread(failure)

        await fetcher.fetch_feeds(due, keep)


async def _keep_any(desk: _Desk, fetcher: Fetcher, feed: Feed, outcome: Outcome) -> None:
    """Keep what one feed brought, and what it leads to; it is asked again no sooner than its rhythm says."""
    if isinstance(outcome, Fetched):
        earliest = outcome.fetched_at + desk.pauses.get(feed.feed_id, timedelta())
        outcome = replace(outcome, next_check_at=max(outcome.next_check_at, earliest))
    if isinstance(outcome, Fetched) and outcome.body is not None:
        if feed.format == INDEX_PAGE:
            await _follow_index(desk, fetcher, feed, outcome)
            return
        if await _has_pages(desk, feed, outcome):
            await _follow_pages(desk, fetcher, feed, outcome)
            return
    async with desk.turn:
        await asyncio.to_thread(_keep, desk, feed, outcome)


def _keep(desk: _Desk, feed: Feed, outcome: Outcome) -> None:
    """Keep what one feed brought: a document, nothing new, or why it failed."""
    if isinstance(outcome, AlertingError):
        _record_failure(desk, feed, [outcome], rejected=[reject_of(outcome)])
        return
    if outcome.body is not None:
        desk.archive.put(outcome.body)
    with desk.database.begin() as connection:
        is_new = outcome.body is not None and documents.add_document(connection, outcome) is not None
        feeds.record_answer(connection, outcome)
    desk.counts["documents"] += is_new
    desk.counts["unchanged"] += outcome.body is None
    if outcome.body is None:
        reason = "status 304" if outcome.status == NOT_MODIFIED else "same hash"
        log.info("feed_unchanged", feed_id=feed.feed_id, reason=reason)
    else:
        log.info("feed_read", feed_id=feed.feed_id, document_count=int(is_new))


async def _has_pages(desk: _Desk, feed: Feed, answer: Fetched) -> bool:
    """Tell whether a feed goes on behind its first page, and something there may be news to us."""
    url = await asyncio.to_thread(next_page_of, answer.body or b"", url=answer.url, format=feed.format)
    return url is not None and (_is_unfinished(feed) or not await _is_known(desk, feed, answer))


def _is_unfinished(feed: Feed) -> bool:
    """Tell whether not all pages of a feed were had the last time, or it was never read."""
    return feed.body_hash is None or feed.failure_count > 0


async def _is_known(desk: _Desk, feed: Feed, page: Fetched) -> bool:
    """Tell whether a page holds only notices that are stored, and what comes after it is older still."""
    async with desk.turn:
        return await asyncio.to_thread(_find_known, desk, feed, page)


def _find_known(desk: _Desk, feed: Feed, page: Fetched) -> bool:
    """Tell whether every notice of a page is stored in its version; withdrawals count as notices do."""
    try:
        raws = _notices_of(feed, page)
    except FeedFormatError:
        return True
    if raws is None:
        return False  # What comes after it may be news.
    days = [raw.published.text for raw in raws if raw.published is not None]
    rises = sum((earlier < later) - (earlier > later) for earlier, later in pairwise(days))
    if rises > 0:
        return False  # The oldest come first: what is new is at the end.
    versions = {(clean_name(raw.source_id) or "", clean_name(raw.version)) for raw in raws}
    with desk.database.begin() as connection:
        return notices.are_known(connection, feed.feed_id, versions)


async def _follow_pages(desk: _Desk, fetcher: Fetcher, feed: Feed, first: Fetched) -> None:
    """Fetch page after page, the newest first, until the last or one of known notices; then mark the feed.

    Each page is a document, stored as it comes.  While one cannot be had the feed counts as failed and
    unread, so that the next time all of it is asked for again; likewise when this process ends before.
    """
    page, seen, document_count = first, {first.url, first.body_hash}, 0
    page_count = 1
    async with desk.turn:
        await asyncio.to_thread(_mark_unfinished, desk, feed)
    while True:
        async with desk.turn:
            document_count += await asyncio.to_thread(_keep_linked, desk, [page])
        is_last = page is not first and not _is_unfinished(feed) and await _is_known(desk, feed, page)
        url = None if is_last else await asyncio.to_thread(_next_page, feed, page)
        if url is None or url in seen:
            break
        outcome: Outcome = _too_many_pages(feed, url, desk.limits)
        if page_count < desk.limits.pages:
            (outcome,) = await fetcher.fetch_links(feed, [url])
        if not isinstance(outcome, Fetched):
            failure = partial(_record_failure, desk, feed, [outcome], rejected=[reject_of(outcome)])
            async with desk.turn:
                await asyncio.to_thread(failure)
            return
        if outcome.body_hash in seen:
            break  # A server that does not heed what page is asked for.
        page, page_count = replace(outcome, url=url), page_count + 1
        broken = await asyncio.to_thread(_find_damage, feed, page)
        if broken is not None:
            failure = partial(_record_failure, desk, feed, [broken], rejected=[reject_of(broken)])
            async with desk.turn:
                await asyncio.to_thread(failure)
            return
        seen |= {url, page.body_hash}
    async with desk.turn:
        await asyncio.to_thread(_mark_read, desk, first)
    log.info("feed_read", feed_id=feed.feed_id, document_count=document_count, page_count=page_count)


def _find_damage(feed: Feed, page: Fetched) -> AlertingError | None:
    """Return why a page behind the first is none: a maintenance page is not the end of the feed."""
    try:
        _notices_of(feed, page)
    except FeedFormatError as error:
        return FeedUnavailableError(feed.feed_id, show_url(page.url), f"{error.where}: {error.problem}")
    return None


def _notices_of(feed: Feed, page: Fetched) -> tuple[RawNotice, ...] | None:
    """Return the notices of a page; None where reading it breaks, which loading it will tell of.

    Raises:
        FeedFormatError: It is no page of its format.
    """
    try:
        return read_document(parse, page.body or b"", feed_id=feed.feed_id, format_name=feed.format).notices
    except UnforeseenError:
        return None


def _next_page(feed: Feed, page: Fetched) -> str | None:
    """Return the address of the next page, on the page's own host; another host ends the feed."""
    url = next_page_of(page.body or b"", url=page.url, format=feed.format)
    return url if url is not None and urlsplit(url).netloc == urlsplit(page.url).netloc else None


def _mark_unfinished(desk: _Desk, feed: Feed) -> None:
    with desk.database.begin() as connection:
        feeds.ask_again(connection, feed.feed_id)


def _mark_read(desk: _Desk, first: Fetched) -> None:
    with desk.database.begin() as connection:
        feeds.record_answer(connection, first)


def _too_many_pages(feed: Feed, url: str, limits: FetchLimits) -> FeedRefusedError:
    """Return the error of a feed whose pages do not end."""
    problem = f"more than {limits.pages} pages; expected an end"
    return FeedRefusedError(feed.feed_id, show_url(url), problem)


async def _follow_index(desk: _Desk, fetcher: Fetcher, feed: Feed, answer: Fetched) -> None:
    """Fetch the documents that an index page points to and that we do not have, then mark the page."""
    page, urls = await asyncio.to_thread(_read_index, feed, answer)
    errors: list[AlertingError] = []
    document_count = 0
    for start in range(0, len(urls), _LINKS_AT_ONCE):
        asked = urls[start : start + _LINKS_AT_ONCE]
        async with desk.turn:
            missing = await asyncio.to_thread(_missing, desk, feed, asked)
        outcomes = await fetcher.fetch_links(feed, missing)
        found = [
            replace(outcome, url=url)  # It is known by the address of the page, wherever that redirects.
            for url, outcome in zip(missing, outcomes, strict=True)
            if isinstance(outcome, Fetched)
        ]
        errors += [outcome for outcome in outcomes if isinstance(outcome, AlertingError)]
        async with desk.turn:
            document_count += await asyncio.to_thread(_keep_linked, desk, found)
    async with desk.turn:
        await asyncio.to_thread(_mark_index, desk, feed, answer, page.rejects, errors)
    log.info("feed_read", feed_id=feed.feed_id, document_count=document_count, failed_count=len(errors))


def _read_index(feed: Feed, answer: Fetched) -> tuple[ParsedFeed, list[str]]:
    """Return a page, and the addresses on its own host that it points to; others become its rejects."""
    try:
        page = parse(answer.body or b"", feed_id=feed.feed_id, format=INDEX_PAGE)
    except FeedFormatError as error:
        page = ParsedFeed((), rejects=(Reject(error.where, error.problem),))
    host = urlsplit(answer.url).netloc
    urls: dict[str, None] = {}
    strangers: list[Reject] = []
    for link in page.links:
        url = _join(answer.url, link)
        if url is not None and urlsplit(url).netloc == host:
            urls[url] = None
        else:
            problem = f"expected an address of the page's own host (got {_shown(url, link)!r})"
            strangers.append(Reject("link", problem))
    return replace(page, rejects=(*page.rejects, *strangers)), list(urls)


def _join(page_url: str, link: str) -> str | None:
    """Return a link's absolute address without its fragment; None when it is no address."""
    try:
        return urldefrag(urljoin(page_url, link)).url
    except ValueError:
        return None


def _shown(url: str | None, link: str) -> str:
    return link if url is None else show_url(url)


def _missing(desk: _Desk, feed: Feed, urls: Sequence[str]) -> list[str]:
    with desk.database.begin() as connection:
        known = documents.known_urls(connection, feed.feed_id, urls)
    return [url for url in urls if url not in known]


def _keep_linked(desk: _Desk, found: Sequence[Fetched]) -> int:
    """Archive linked documents and store them in one transaction; return how many are new."""
    for document in found:
        desk.archive.put(document.body or b"")
    with desk.database.begin() as connection:
        added = [documents.add_document(connection, document) for document in found]
    count = sum(number is not None for number in added)
    desk.counts["documents"] += count
    return count


def _mark_index(
    desk: _Desk, feed: Feed, answer: Fetched, page_rejects: Sequence[Reject], errors: Sequence[AlertingError]
) -> None:
    """Store the page as read, or as to be asked for again while something it points to cannot be had."""
    desk.archive.put(answer.body or b"")
    rejected = [*page_rejects, *map(reject_of, errors)]
    away = [error for error in errors if isinstance(error, TransientError)]
    if away:
        _record_failure(desk, feed, away, rejected=rejected)
        return
    with desk.database.begin() as connection:
        documents.add_document(connection, answer, is_index=True)
        feeds.record_answer(connection, answer)
        _add_rejects(connection, feed, rejected)
    desk.counts["failed"] += bool(errors)


def _record_failure(
    desk: _Desk, feed: Feed, errors: Sequence[AlertingError], *, rejected: Sequence[Reject]
) -> None:
    """Note why a feed failed and when to ask again: pauses double up to an hour or the feed's own."""
    desk.counts["failed"] += 1
    now = desk.now()
    own = timedelta(seconds=feed.poll_seconds)
    pause = max(
        own,
        min(own * 2 ** min(feed.failure_count, 10), _LONGEST_PAUSE),
        *(timedelta(seconds=seconds) for seconds in _retry_after_seconds(errors)),
    )
    problem = str(errors[0]) if len(errors) == 1 else f"{errors[0]} (and {len(errors) - 1} more)"
    log.warning("feed_failed", feed_id=feed.feed_id, problem=problem, next_check_at=str(now + pause))
    with desk.database.begin() as connection:
        feeds.record_failure(connection, feed.feed_id, problem=problem, now=now, next_check_at=now + pause)
        _add_rejects(connection, feed, rejected)


def _retry_after_seconds(errors: Sequence[AlertingError]) -> Iterator[int]:
    """Yield the pauses that servers asked for, and nothing as zero."""
    yield 0
    for error in errors:
        if isinstance(error, FeedUnavailableError) and error.retry_after_seconds is not None:
            yield error.retry_after_seconds


def _add_rejects(connection: Connection, feed: Feed, rejected: Sequence[Reject]) -> None:
    for reject in rejected:
        rejects.add_reject(connection, reject, feed_id=feed.feed_id, stage="fetch")
