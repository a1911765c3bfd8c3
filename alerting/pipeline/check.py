"""Check a document for its publisher: what was read, what is missing, what was refused and why.

In:   the bytes of one document, from a file or an address.
Out:  a ``CheckReport``; never an error of the document's own.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urljoin

from alerting.domain.feed import Feed, Fetched, Reject
from alerting.domain.notice import Normalisation, Notice, NoticeKind
from alerting.errors import FeedFormatError, FeedUnavailableError
from alerting.feeds.credentials import Secrets
from alerting.feeds.fetch import DEFAULT_LIMITS, FetchLimits, Outcome, open_fetcher, reject_of
from alerting.feeds.formats import AUTO, INDEX_PAGE, detect, parse
from alerting.notices.normalise import is_lost, normalise


# Of a buyer its name: a number alone tells nobody who it is.
WANTED = ("buyer", "description", "cpv_main", "places", "deadline_at", "document_url", "submission_url")
# Only who may still answer looks for these.
_TO_ANSWER = frozenset({"deadline_at", "document_url", "submission_url"})
# Which wanted fact a value of a field would have stated, where that is called otherwise.
_WANTED_BY_FIELD = dict.fromkeys(("places.nuts_code", "places.postcode", "places.departement"), "places") | {
    "lots.cpv_codes": "cpv_main",
    **{field: field for field in WANTED},
}
_NOTHING_TO_ANSWER = frozenset(
    {NoticeKind.AWARD, NoticeKind.CANCELLATION, NoticeKind.PLANNING, NoticeKind.OTHER}
)
WANTED_OF_ANOTHER = ("refers_to", "changes")
_SPEAKS_OF_ANOTHER = frozenset({NoticeKind.CORRECTION, NoticeKind.CANCELLATION})


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What became of one document.

    Args:
        path: Where it came from.
        format: A name of ``alerting.feeds.formats``; None when none fits.
        outcome: "read", "partly" (some parts refused, or some values unreadable) or "refused".
        notices: What was read, cleaned, in document order.
        missing: For each notice the wanted fields that it does not state.
        unreadable: For each notice the values that it states and nobody can make sense of, each with the
            rule that it breaks.
        rejects: What was refused, with where and why.
        seconds: How long it took.
        links: Addresses of further documents that it points to.
        is_away: Its server could not be asked, or had no answer: later it may have one.
    """

    path: str
    format: str | None
    outcome: str
    notices: tuple[Notice, ...]
    missing: tuple[tuple[str, ...], ...]
    unreadable: tuple[tuple[Normalisation, ...], ...]
    rejects: tuple[Reject, ...]
    seconds: float
    links: tuple[str, ...] = ()
    is_away: bool = False


def check(path: str, document: bytes, *, format: str = AUTO) -> CheckReport:  # noqa: A002 - the field's name
    """Read *document* as a feed's would be and say what firms could be told of it."""
    started = time.perf_counter()
    if len(document) > DEFAULT_LIMITS.body_bytes:
        return refuse(path, "document", f"more than {DEFAULT_LIMITS.body_bytes} bytes; expected less")
    name: str | None = None
    try:
        name = detect(document, feed_id=path) if format == AUTO else format
        parsed = parse(document, feed_id=path, format=name)
    except FeedFormatError as error:
        seconds = time.perf_counter() - started
        return CheckReport(path, name, "refused", (), (), (), (Reject(error.where, error.problem),), seconds)
    notices = tuple(normalise(raw) for raw in parsed.notices)
    missing = tuple(_missing(notice) for notice in notices)
    unreadable = tuple(_unreadable(notice) for notice in notices)
    is_whole = not parsed.rejects and not any(unreadable)
    outcome = "read" if is_whole else "partly" if notices else "refused"
    seconds = time.perf_counter() - started
    return CheckReport(
        path, name, outcome, notices, missing, unreadable, parsed.rejects, seconds, parsed.links
    )


def check_feed(feed: Feed, *, secrets: Secrets, now: Callable[[], datetime]) -> CheckReport:
    """Ask a feed and check one document of it: its first page, or the first that an index page points to."""

    async def run() -> CheckReport:
        async with open_fetcher(now=now, secrets=secrets) as fetcher:
            (outcome,) = await fetcher.fetch_links(feed, [feed.url])
            report = _check_outcome(feed.url, outcome, format=feed.format)
            if report.format != INDEX_PAGE or not report.links or not isinstance(outcome, Fetched):
                return report
            url = urljoin(outcome.url, report.links[0])
            (linked,) = await fetcher.fetch_links(feed, [url])
            return replace(_check_outcome(url, linked), format=INDEX_PAGE, links=report.links)

    return asyncio.run(run())


def check_addresses(
    urls: Sequence[str],
    *,
    is_local: bool,
    now: Callable[[], datetime],
    limits: FetchLimits = DEFAULT_LIMITS,
) -> dict[str, CheckReport]:
    """Fetch addresses as feeds are fetched, and check what they serve; return a report an address.

    Args:
        urls: http or https; the same one twice is asked once.
        is_local: May lead to loopback and private addresses.
        now: The clock, aware UTC.
        limits: How far we go.
    """
    started = time.perf_counter()
    reports: dict[str, CheckReport] = {}

    async def keep(feed: Feed, outcome: Outcome) -> None:
        report = await asyncio.to_thread(_check_outcome, feed.url, outcome)
        reports[feed.url] = replace(report, seconds=time.perf_counter() - started)

    async def run() -> None:
        feeds = [Feed(url, url, url, is_local=is_local) for url in dict.fromkeys(urls)]
        async with open_fetcher(now=now, limits=limits) as fetcher:
            await fetcher.fetch_feeds(feeds, keep)

    asyncio.run(run())
    return reports


def refuse(path: str, where: str, problem: str) -> CheckReport:
    """Return the report of what could not be had or read at all."""
    return CheckReport(path, None, "refused", (), (), (), (Reject(where, problem),), 0.0)


def _check_outcome(url: str, outcome: Outcome, *, format: str = AUTO) -> CheckReport:  # noqa: A002
    if isinstance(outcome, Fetched):
        return check(url, outcome.body or b"", format=format)
    reject = reject_of(outcome)
    refused = refuse(url, reject.where, reject.problem)
    return replace(refused, is_away=isinstance(outcome, FeedUnavailableError) and outcome.is_away)


def _unreadable(notice: Notice) -> tuple[Normalisation, ...]:
    return tuple(entry for entry in notice.normalisations if is_lost(entry))


def _missing(notice: Notice) -> tuple[str, ...]:
    """Return what a reader of this kind of notice looks for, and does not find in it.

    An award has nothing to answer to, and what a correction or a cancellation leaves out its call says.
    What is stated and cannot be read is not missing.
    """
    of_another = _missing_of_another(notice) if notice.kind in _SPEAKS_OF_ANOTHER else ()
    if notice.kind in _SPEAKS_OF_ANOTHER and notice.refers_to:
        return of_another
    needless = _TO_ANSWER if notice.kind in _NOTHING_TO_ANSWER else frozenset()
    stated = _stated(notice) | {_WANTED_BY_FIELD.get(entry.field) for entry in _unreadable(notice)}
    return (*(field for field in WANTED if field not in needless | stated), *of_another)


def _stated(notice: Notice) -> set[str | None]:
    """Return what a notice, or a lot of it, states of what is wanted."""
    stated: set[str | None] = {field for field in WANTED if getattr(notice, field)}
    if notice.buyer is None or notice.buyer.name is None:
        stated.discard("buyer")
    by_lots = {
        "cpv_main": any(lot.cpv_codes for lot in notice.lots),
        "places": any(lot.places for lot in notice.lots),
        "deadline_at": any(lot.deadline_at for lot in notice.lots),
    }
    return stated | {field for field, is_stated in by_lots.items() if is_stated}


def _missing_of_another(notice: Notice) -> tuple[str, ...]:
    """Return what is missing to tell of which notice one that is no call speaks, and what it changes.

    One that repeats the whole notice as it stands now has changed it so.
    """
    says_what = (
        notice.kind is not NoticeKind.CORRECTION or notice.changes or notice.deadline_at or notice.lots
    )
    stated = {"refers_to": notice.refers_to or notice.procedure_key, "changes": says_what}
    return tuple(field for field in WANTED_OF_ANOTHER if not stated[field])
