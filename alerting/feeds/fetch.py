"""Fetch: ask member authorities' servers, politely, stubbornly, safely.

In:   feeds as the registry knows them.
Out:  for each feed what its server answered, or the error that says why there is nothing.

It never follows a redirect blindly, never reads more than the limit of a body, unpacked, and
never connects to a private address unless the feed is declared local.

Source: RFC 9110 (conditional requests, Retry-After), RFC 9111, 5.2.2.1 (max-age).
"""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from alerting.domain.feed import Feed, Fetched
from alerting.errors import AlertingError, FeedRefusedError, FeedUnavailableError


OK = 200
ACCEPTED = 202
NOT_MODIFIED = 304
REDIRECTS = frozenset({301, 302, 303, 307, 308})
LONGEST_PAUSE = timedelta(hours=24)
CHUNK_BYTES = 65_536
USER_AGENT = "alerting (public notices for craft firms)"

Outcome = Fetched | AlertingError


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """How far we go: body bytes when unpacked, seconds for a whole answer, hops, connections a host."""

    body_bytes: int = 50_000_000
    total_seconds: float = 60.0
    redirects: int = 5
    per_host: int = 4


DEFAULT_LIMITS = FetchLimits()


async def fetch_feeds(
    feeds: Sequence[Feed], *, now: Callable[[], datetime], limits: FetchLimits = DEFAULT_LIMITS
) -> list[tuple[Feed, Outcome]]:
    """Ask every feed at the same time; return each with its outcome, in the order given.

    A body that hashes as last time, and a 304, give a ``Fetched`` without a body.
    """
    async with _session(limits, is_local=False) as public, _session(limits, is_local=True) as local:
        outcomes = await asyncio.gather(
            *(_outcome(local if feed.is_local else public, feed, feed.url, now, limits) for feed in feeds)
        )
    return list(zip(feeds, outcomes, strict=True))


async def fetch_links(
    feed: Feed, urls: Sequence[str], *, now: Callable[[], datetime], limits: FetchLimits = DEFAULT_LIMITS
) -> list[Outcome]:
    """Fetch documents that *feed* points to; return their outcomes in the order of *urls*."""
    plain = Feed(feed.feed_id, feed.authority, feed.url, feed.format, feed.is_local, feed.poll_seconds)
    async with _session(limits, is_local=feed.is_local) as session:
        return list(await asyncio.gather(*(_outcome(session, plain, url, now, limits) for url in urls)))


def next_check_at(answered_at: datetime, headers: Mapping[str, str], *, minimum: timedelta) -> datetime:
    """Return the earliest time to ask a feed again.

    Args:
        answered_at: When its last response came; aware, UTC.
        headers: That response's headers.
        minimum: Our own shortest pause between two checks of one feed.

    Returns:
        The longest of *minimum*, ``Retry-After`` and ``max-age``, but never more than 24 hours after
        *answered_at*; a header that cannot be read counts as absent.

    Source: RFC 9110, 10.2.3; RFC 9111, 5.2.2.1.

    >>> noon = datetime(2025, 3, 1, 12, tzinfo=UTC)
    >>> next_check_at(noon, {"Retry-After": "3600"}, minimum=timedelta(minutes=5)).isoformat()
    '2025-03-01T13:00:00+00:00'
    """
    pause = max(minimum, retry_after(headers, answered_at) or timedelta(), _max_age(headers))
    return answered_at + min(pause, LONGEST_PAUSE)


def retry_after(headers: Mapping[str, str], answered_at: datetime) -> timedelta | None:
    """Return the pause that ``Retry-After`` asks for, in seconds or as a date; None without one."""
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text), int(LONGEST_PAUSE.total_seconds())))
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment - answered_at if moment.tzinfo is not None else None


def _max_age(headers: Mapping[str, str]) -> timedelta:
    for directive in headers.get("Cache-Control", "").split(","):
        name, _, value = directive.strip().partition("=")
        if name.lower() == "max-age" and value.isascii() and value.isdigit():
            return timedelta(seconds=min(int(value), int(LONGEST_PAUSE.total_seconds())))
    return timedelta()


async def _outcome(
    session: aiohttp.ClientSession, feed: Feed, url: str, now: Callable[[], datetime], limits: FetchLimits
) -> Outcome:
    try:
        return await _fetch(session, feed, url, now, limits)
    except AlertingError as error:
        return error
    except TimeoutError:
        return FeedUnavailableError(feed.feed_id, f"no whole answer within {limits.total_seconds:g} s")
    except aiohttp.ClientError as error:
        if isinstance(error.__cause__ or error.__context__, _PrivateAddressError):
            return FeedRefusedError(feed.feed_id, str(error.__cause__ or error.__context__))
        return FeedUnavailableError(feed.feed_id, f"no answer ({type(error).__name__}: {error})")
    except ValueError as error:
        return FeedRefusedError(feed.feed_id, f"not an address that can be asked ({error})")


async def _fetch(
    session: aiohttp.ClientSession, feed: Feed, url: str, now: Callable[[], datetime], limits: FetchLimits
) -> Fetched:
    for _ in range(limits.redirects + 1):
        _check_address(feed, url)
        async with session.get(url, headers=_conditions(feed), allow_redirects=False) as answer:
            if answer.status in REDIRECTS and "Location" in answer.headers:
                url = urljoin(url, answer.headers["Location"])
                continue
            return await _read(answer, feed, url, now(), limits)
    raise FeedRefusedError(feed.feed_id, f"more than {limits.redirects} redirects, the last to {url}")


def _check_address(feed: Feed, url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise FeedRefusedError(feed.feed_id, f"expected an http or https address (got {parts.scheme!r})")
    try:
        address = ipaddress.ip_address(parts.hostname)
    except ValueError:
        return
    if not feed.is_local and not address.is_global:
        raise FeedRefusedError(feed.feed_id, f"{parts.hostname} is a private address; expected a public one")


def _conditions(feed: Feed) -> dict[str, str]:
    if feed.etag is not None:
        return {"If-None-Match": feed.etag}
    return {"If-Modified-Since": feed.last_modified} if feed.last_modified is not None else {}


async def _read(
    answer: aiohttp.ClientResponse, feed: Feed, url: str, at: datetime, limits: FetchLimits
) -> Fetched:
    if answer.status not in {OK, NOT_MODIFIED}:
        await _raise_for_status(answer, feed, at)
    body = await _body(answer, feed, limits) if answer.status == OK else None
    body_hash = hashlib.sha256(body).hexdigest() if body is not None else feed.body_hash
    is_news = body is not None and body_hash != feed.body_hash
    return Fetched(
        feed_id=feed.feed_id,
        url=url,
        status=answer.status,
        fetched_at=at,
        body=body if is_news else None,
        body_hash=body_hash,
        etag=answer.headers.get("ETag", feed.etag if answer.status == NOT_MODIFIED else None),
        last_modified=answer.headers.get(
            "Last-Modified", feed.last_modified if answer.status == NOT_MODIFIED else None
        ),
        content_type=answer.headers.get("Content-Type"),
        next_check_at=next_check_at(at, answer.headers, minimum=timedelta(seconds=feed.poll_seconds)),
    )


async def _raise_for_status(answer: aiohttp.ClientResponse, feed: Feed, at: datetime) -> None:
    pause = retry_after(answer.headers, at)
    seconds = max(0, int(pause.total_seconds())) if pause is not None else None
    problem = f"status {answer.status}; expected 200 or 304"
    if answer.status == ACCEPTED and not await answer.content.read(1):
        problem = "status 202 without a body: a challenge, not a feed; expected 200"
    raise FeedUnavailableError(feed.feed_id, problem, retry_after_seconds=seconds)


async def _body(answer: aiohttp.ClientResponse, feed: Feed, limits: FetchLimits) -> bytes:
    """Read the body, unpacked piece by piece, and stop at the limit: a bomb is never held whole."""
    pieces, size = [], 0
    async for piece in answer.content.iter_chunked(CHUNK_BYTES):
        size += len(piece)
        if size > limits.body_bytes:
            raise FeedRefusedError(
                feed.feed_id, f"the body is larger than {limits.body_bytes} bytes, unpacked"
            )
        pieces.append(piece)
    return b"".join(pieces)


def _session(limits: FetchLimits, *, is_local: bool) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            limit_per_host=limits.per_host, resolver=ThreadedResolver() if is_local else _PublicResolver()
        ),
        timeout=aiohttp.ClientTimeout(total=limits.total_seconds),
        headers={"User-Agent": USER_AGENT},
        cookie_jar=aiohttp.DummyCookieJar(),
    )


class _PrivateAddressError(OSError):
    """A name leads to an address that is not public."""


class _PublicResolver(AbstractResolver):
    """Resolves names as ever, and refuses those that lead into private ranges."""

    def __init__(self) -> None:
        self._resolver = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        private = [entry["host"] for entry in found if not ipaddress.ip_address(entry["host"]).is_global]
        if private:
            raise _PrivateAddressError(
                f"{host} leads to the private address {private[0]}; expected a public one"
            )
        return found

    async def close(self) -> None:
        await self._resolver.close()
