"""Fetch: ask member authorities' servers, politely, stubbornly, safely.

In:   feeds as the registry knows them.
Out:  for each feed what its server answered, or the error that says why there is nothing.

It never follows a redirect blindly, never reads more than the limit of a body, unpacked, and
never connects to a private address unless the feed is declared local.  Whatever one server
does costs the others nothing: each question has a time of its own, which starts when it is
asked, not while it waits for its turn.

Source: RFC 9110 (conditional requests, Retry-After), RFC 9111, 5.2.2.1 (max-age).
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import ipaddress
import os
import socket
import ssl
import time
import zlib
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from operator import itemgetter
from types import MappingProxyType
from urllib.parse import urljoin, urlsplit, urlunsplit

import aiohttp

from alerting.domain.feed import Feed, Fetched, Question, Reject
from alerting.errors import (
    AlertingError,
    FeedRefusedError,
    FeedUnavailableError,
    SettingError,
    UnforeseenError,
)
from alerting.feeds.credentials import Secrets, find_header, hide_user
from alerting.feeds.formats import question_of


OK = 200
ACCEPTED = 202
NOT_MODIFIED = 304
REDIRECTS = frozenset({301, 302, 303, 307, 308})
# The question is wrong (RFC 9110, 15.5), but where it was too slow, too early or too often (RFC 8470, 6585).
CLIENT_ERRORS = range(400, 500)
FOR_NOW = frozenset({408, 425, 429})
LONGEST_PAUSE = timedelta(hours=24)
CHUNK_BYTES = 65_536
_NO_SECRETS: Secrets = MappingProxyType({})
# What says later how a document came; nothing that could be a secret.
KEPT_HEADERS = (
    "Cache-Control", "Content-Encoding", "Content-Length", "Content-Type", "Date", "ETag", "Expires",
    "Last-Modified", "Retry-After", "Server",
)  # fmt: skip
USER_AGENT = "alerting (public notices for craft firms)"

Outcome = Fetched | AlertingError
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Keep = Callable[[Feed, Outcome], Awaitable[None]]

# No number of a header is longer; more digits only mean "very long".
_LONGEST_NUMBER = 9
_LONGEST_PROBLEM = 300
_LONGEST_CAUSE = 80
# Why nothing, or only a part, came from a server, by the first class that fits; the cause is a few words.
_NO_ANSWER = (
    (aiohttp.ClientConnectorDNSError, "no server of that name ({cause}); expected a name that DNS knows"),
    (
        aiohttp.ClientConnectorCertificateError,
        "a certificate that is not trusted ({cause}); expected one that browsers trust",
    ),
    (aiohttp.ClientSSLError, "no secure connection ({cause}); expected TLS, as https needs it"),
    (aiohttp.ClientConnectorError, "no server answers there ({cause}); expected one"),
    (aiohttp.ClientResponseError, "an answer that is no HTTP ({cause}); expected status 200 or 304"),
    (Exception, "an answer that breaks off ({cause}); expected a whole one"),
)
# gzip or zlib, told by the first bytes.
_ANY_WRAPPER = 32 + zlib.MAX_WBITS
# RFC 6052: an IPv4 address in the last 32 bits, which a gateway unpacks.
# RFC 4291, 2.4: all that is public so far; what lies outside carries or is a private address.
_PUBLIC_IPV6 = ipaddress.IPv6Network("2000::/3")
# RFC 7526: relays into IPv6 that are no more.
_RELAYS = ipaddress.IPv4Network("192.88.99.0/24")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """How far we go.

    Args:
        body_bytes: Of one body, unpacked.
        total_seconds: For one whole answer, redirects and all.
        redirects: Hops.
        per_host: Questions to one host at a time.
        feeds_at_once: Feeds asked at a time; so many bodies are held in memory.
        pages: Of one feed that goes on over several.
    """

    body_bytes: int = 50_000_000
    total_seconds: float = 60.0
    redirects: int = 5
    per_host: int = 4
    feeds_at_once: int = 32
    pages: int = 1_000


DEFAULT_LIMITS = FetchLimits()


@asynccontextmanager
async def open_fetcher(
    *,
    now: Callable[[], datetime],
    limits: FetchLimits = DEFAULT_LIMITS,
    secrets: Secrets = _NO_SECRETS,
) -> AsyncIterator[Fetcher]:
    """Lend a fetcher; its connections are closed afterwards."""
    async with _session(is_local=False) as public, _session(is_local=True) as local:
        yield Fetcher(public, local, now, limits, secrets)


class Fetcher:
    """Asks servers: feeds, and the documents that they point to.  Made by ``open_fetcher``."""

    def __init__(
        self,
        public: aiohttp.ClientSession,
        local: aiohttp.ClientSession,
        now: Callable[[], datetime],
        limits: FetchLimits,
        secrets: Secrets,
    ) -> None:
        self._public = public
        self._local = local
        self._now = now
        self._limits = limits
        self._secrets = secrets
        self._room = asyncio.Semaphore(limits.feeds_at_once)
        self._turns: dict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(limits.per_host))

    async def fetch_feeds(self, feeds: Sequence[Feed], keep: Keep) -> None:
        """Ask every feed; hand each with its outcome to *keep* as soon as it is there.

        A body that hashes as last time, and a 304, give a ``Fetched`` without a body.  What nobody foresaw
        is an outcome, too; what *keep* raises ends the whole run.
        """

        async def ask(feed: Feed) -> None:
            async with self._room:
                await keep(feed, await self._ask(feed, feed.url))

        await asyncio.gather(*(ask(feed) for feed in _spread(feeds)))

    async def fetch_links(self, feed: Feed, urls: Sequence[str]) -> list[Outcome]:
        """Fetch documents that *feed* points to; return their outcomes in the order of *urls*."""
        plain = replace(feed, etag=None, last_modified=None, body_hash=None)
        return list(await asyncio.gather(*(self._ask(plain, url) for url in urls)))

    async def _ask(self, feed: Feed, url: str) -> Outcome:
        """Ask one address; return its answer, or the error that says in one line why there is none."""
        try:
            return await self._follow(feed, url, question_of(feed.format, url))
        except AlertingError as error:
            return error
        except TimeoutError:
            problem = f"no whole answer within {self._limits.total_seconds:g} s; expected a feed"
            return FeedUnavailableError(feed.feed_id, show_url(url), problem)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return _no_answer(feed, url, error)
        except Exception as error:  # noqa: BLE001 - one feed, whatever is wrong with it, never stops the others
            return UnforeseenError(feed.feed_id, _shown_or_raw(url), error)

    async def _follow(self, feed: Feed, first: str, question: Question) -> Fetched:
        """Ask, and ask where redirects lead; waiting for a host's turn costs nothing of the time."""
        url, seconds_left = question.url, self._limits.total_seconds
        for _ in range(self._limits.redirects + 1):
            _check_address(feed, url)
            async with self._turns[urlsplit(url).hostname or ""]:
                started = time.monotonic()
                async with asyncio.timeout(seconds_left):
                    found = await self._ask_once(feed, Question(url, question.body))
                seconds_left -= time.monotonic() - started
            if isinstance(found, Fetched):
                # A page that is asked by POST is known by the address that says what was asked.
                return found if question.body is None else replace(found, url=first)
            url = urljoin(url, found)
        problem = (
            f"more than {self._limits.redirects} redirects, the last to {show_url(url)}; expected a feed"
        )
        raise FeedRefusedError(feed.feed_id, show_url(first), problem)

    async def _ask_once(self, feed: Feed, question: Question) -> Fetched | str:
        """Ask one server; return its answer, or where it redirects to."""
        session = self._local if feed.is_local else self._public
        method, headers = "GET", _conditions(feed)
        if question.body is not None:
            method, headers = "POST", {"Content-Type": "application/json"}
        headers.update(self._credentials(feed, question.url))
        async with session.request(
            method, question.url, data=question.body, headers=headers, allow_redirects=False
        ) as answer:
            if answer.status in REDIRECTS and "Location" in answer.headers:
                return answer.headers["Location"]
            return await _read(answer, feed, question.url, self._now(), self._limits)

    def _credentials(self, feed: Feed, url: str) -> dict[str, str]:
        """Return the header of a feed's credentials: for its own server only, and not where others listen."""
        if feed.credentials is None or _origin(url) != _origin(feed.url):
            return {}
        if not url.startswith("https://") and not feed.is_local:
            problem = "credentials go over https only; expected an https address"
            raise FeedRefusedError(feed.feed_id, show_url(url), problem)
        try:
            return dict([find_header(feed.credentials, self._secrets)])
        except SettingError as error:
            raise FeedUnavailableError(feed.feed_id, show_url(url), str(error), is_away=False) from error


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
    """Return the pause that ``Retry-After`` asks for, in seconds or as a date, from 0 to 24 hours.

    None without one, and when it cannot be read.
    """
    text = headers.get("Retry-After", "").strip()
    seconds = _seconds(text)
    if seconds is not None:
        return min(seconds, LONGEST_PAUSE)
    try:
        moment = parsedate_to_datetime(text)
        # RFC 9110, 5.6.7: a date is always in GMT, also where it does not say so.
        pause = (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)) - answered_at
    except (ValueError, OverflowError):
        return None
    return min(max(pause, timedelta()), LONGEST_PAUSE)


def reject_of(error: AlertingError) -> Reject:
    """Return why there is no answer, as a reject: the address, and the problem."""
    if isinstance(error, FeedUnavailableError | FeedRefusedError | UnforeseenError):
        return Reject(error.where, error.problem)
    return Reject("answer", str(error))


def show_url(url: str) -> str:
    """Return an address as logs and rejects may show it: without user, password and query."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return _one_line(urlunsplit((parts.scheme, host, parts.path, "…" if parts.query else "", "")))


def _max_age(headers: Mapping[str, str]) -> timedelta:
    for directive in headers.get("Cache-Control", "").split(","):
        name, _, value = directive.strip().partition("=")
        if name.lower() == "max-age":
            return _seconds(value.strip('"')) or timedelta()
    return timedelta()


def _seconds(text: str) -> timedelta | None:
    if not text.isascii() or not text.isdigit():
        return None
    return timedelta(seconds=int(text)) if len(text) <= _LONGEST_NUMBER else LONGEST_PAUSE


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()


def _spread(feeds: Sequence[Feed]) -> list[Feed]:
    """Return the feeds so that every host comes before a host comes again: a slow one holds up itself."""
    seen: Counter[str] = Counter()
    ranked = []
    for feed in feeds:
        host = feed.url.partition("://")[2].partition("/")[0]
        ranked.append((seen[host], feed))
        seen[host] += 1
    return [feed for _, feed in sorted(ranked, key=itemgetter(0))]


def _not_an_address(feed: Feed, url: str, error: ValueError) -> FeedRefusedError:
    problem = f"not an address that can be asked ({_one_line(hide_user(str(error)))}); expected http or https"
    return FeedRefusedError(feed.feed_id, _shown_or_raw(url), problem)


def _no_answer(feed: Feed, url: str, error: aiohttp.ClientError | OSError | ValueError) -> AlertingError:
    # A certificate's error is a ValueError, too, but nothing is wrong with the address.
    if isinstance(error, aiohttp.InvalidURL) or not isinstance(error, aiohttp.ClientError | OSError):
        return _not_an_address(feed, url, error)
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(cause, _ForbiddenAddressError):
        return FeedRefusedError(feed.feed_id, show_url(url), str(cause))
    problem = next(words for kind, words in _NO_ANSWER if isinstance(error, kind))
    return FeedUnavailableError(feed.feed_id, show_url(url), problem.format(cause=_short(cause)))


def _short(cause: BaseException) -> str:
    """Return the cause of a broken connection in a few words, without numbers, addresses and lines of C."""
    if isinstance(cause, ssl.SSLCertVerificationError):
        words = cause.verify_message
    elif isinstance(cause, ssl.SSLError):
        words = (cause.reason or "").replace("_", " ").lower()
    elif isinstance(cause, aiohttp.ClientResponseError):
        words = cause.message.partition(":")[0]
    elif isinstance(cause, aiohttp.ClientPayloadError | aiohttp.ServerDisconnectedError):
        words = "closed before its end"
    elif isinstance(cause, OSError):
        # A resolver's numbers are none of the system's.
        is_known = cause.errno is not None and cause.errno in errno.errorcode
        words = os.strerror(cause.errno or 0) if is_known else cause.strerror or ""
    else:
        words = ""
    return _one_line(words)[:_LONGEST_CAUSE] or type(cause).__name__


def _shown_or_raw(url: str) -> str:
    try:
        return show_url(url)
    except ValueError:
        return _one_line(hide_user(url))


def _one_line(text: str) -> str:
    """Return a text that a log line and PostgreSQL can hold, whatever bytes a server put into it."""
    clean = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(clean.split())[:_LONGEST_PROBLEM]


def _check_address(feed: Feed, url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise FeedRefusedError(
            feed.feed_id, show_url(url), f"expected an http or https address (got {parts.scheme!r})"
        )
    try:
        address = ipaddress.ip_address(parts.hostname)
    except ValueError:
        return  # A name: what it leads to is checked when it is connected to.
    if not _may_ask(address, is_local=feed.is_local):
        raise FeedRefusedError(
            feed.feed_id, show_url(url), str(_ForbiddenAddressError(is_local=feed.is_local))
        )


def _may_ask(address: Address, *, is_local: bool) -> bool:
    """Tell whether an address may be asked, judged by the IPv4 address that an IPv6 one carries, too.

    Public ones always; loopback and private ones by local feeds; those of links (where clouds keep
    their secrets), of groups, and reserved ones never.
    """
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return _may_ask(inner, is_local=is_local)
    if address.is_multicast or address.is_link_local or address.is_unspecified:
        return False
    if is_local and (address.is_loopback or address.is_private):
        return True
    if isinstance(address, ipaddress.IPv6Address):
        return address.is_global and address in _PUBLIC_IPV6
    return address.is_global and address not in _RELAYS


def _conditions(feed: Feed) -> dict[str, str]:
    if feed.etag is not None:
        return {"If-None-Match": feed.etag}
    return {"If-Modified-Since": feed.last_modified} if feed.last_modified is not None else {}


async def _read(
    answer: aiohttp.ClientResponse, feed: Feed, url: str, at: datetime, limits: FetchLimits
) -> Fetched:
    if answer.status != OK and not (answer.status == NOT_MODIFIED and _conditions(feed)):
        await _raise_for_status(answer, feed, url, at)
    body = await _body(answer, feed, url, limits) if answer.status == OK else None
    body_hash = hashlib.sha256(body).hexdigest() if body is not None else feed.body_hash
    is_news = body is not None and body_hash != feed.body_hash
    return Fetched(
        feed_id=feed.feed_id,
        url=url,
        status=answer.status,
        fetched_at=at,
        body=body if is_news else None,
        body_hash=body_hash,
        etag=_header(answer, "ETag", feed.etag),
        last_modified=_header(answer, "Last-Modified", feed.last_modified),
        content_type=_header(answer, "Content-Type", None),
        next_check_at=next_check_at(at, answer.headers, minimum=timedelta(seconds=feed.poll_seconds)),
        headers={name: text for name in KEPT_HEADERS if (text := _header(answer, name, None)) is not None},
    )


def _header(answer: aiohttp.ClientResponse, name: str, known: str | None) -> str | None:
    """Return a header; a 304 without it leaves what is known, one that is not plain text counts as absent."""
    text = answer.headers.get(name)
    if text is not None and text.isprintable() and text:
        return text
    return known if answer.status == NOT_MODIFIED else None


async def _raise_for_status(answer: aiohttp.ClientResponse, feed: Feed, url: str, at: datetime) -> None:
    pause = retry_after(answer.headers, at)
    problem = f"status {answer.status}; expected 200 or 304"
    if answer.status == NOT_MODIFIED:
        problem = "status 304 to a question without conditions; expected 200"
    elif answer.status == ACCEPTED and not await answer.content.read(1):
        problem = "status 202 without a body: a challenge, not a feed; expected 200"
    raise FeedUnavailableError(
        feed.feed_id,
        show_url(url),
        problem,
        retry_after_seconds=int(pause.total_seconds()) if pause is not None else None,
        is_away=answer.status not in CLIENT_ERRORS or answer.status in FOR_NOW,
    )


async def _body(answer: aiohttp.ClientResponse, feed: Feed, url: str, limits: FetchLimits) -> bytes:
    """Read the body, unpacked piece by piece, and stop at the limit: a bomb is never held whole."""
    too_large = FeedRefusedError(
        feed.feed_id, show_url(url), f"a body of more than {limits.body_bytes} bytes; expected less"
    )
    if (answer.content_length or 0) > limits.body_bytes:
        raise too_large
    pieces, size = [], 0
    try:
        async for piece in _unpacked(answer):
            size += len(piece)
            if size > limits.body_bytes:
                raise too_large
            pieces.append(piece)
    except zlib.error as error:
        raise FeedUnavailableError(
            feed.feed_id,
            show_url(url),
            f"damaged ({_one_line(str(error))}); expected a body, plain or in gzip",
        ) from error
    if size == 0:
        raise FeedUnavailableError(feed.feed_id, show_url(url), "status 200 without a body; expected a feed")
    return b"".join(pieces)


async def _unpacked(answer: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """Yield a body in small pieces, unpacked when it is packed.

    Raises:
        zlib.error: It is packed in a way that we did not ask for, or the packing is damaged or cut short.
    """
    packing = answer.headers.get("Content-Encoding", "identity").strip().lower()
    if packing in {"", "identity"}:
        async for piece in answer.content.iter_chunked(CHUNK_BYTES):
            yield piece
        return
    if packing not in {"gzip", "x-gzip", "deflate"}:
        raise zlib.error(f"packed as {packing!r}")
    unpacker, is_open = zlib.decompressobj(_ANY_WRAPPER), False
    async for packed in answer.content.iter_chunked(CHUNK_BYTES):
        waiting = packed
        while waiting:
            if unpacker.eof:  # RFC 1952, 2.2: members one after the other.
                unpacker = zlib.decompressobj(_ANY_WRAPPER)
            yield unpacker.decompress(waiting, CHUNK_BYTES)
            waiting = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
            is_open = not unpacker.eof
    yield unpacker.flush()
    if is_open and not unpacker.eof:
        raise zlib.error("the packing ends early")


def _session(*, is_local: bool) -> aiohttp.ClientSession:
    """Open a session without limits of its own: turns and times are ours."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, socket_factory=partial(_make_socket, is_local=is_local)),
        timeout=aiohttp.ClientTimeout(total=None),
        headers={"User-Agent": USER_AGENT, "Accept-Encoding": "gzip"},
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
    )


def _make_socket(info: aiohttp.AddrInfoType, *, is_local: bool) -> socket.socket:
    """Make the socket for the very address that is connected to, whatever name or spelling led there."""
    family, kind, protocol, _, address = info
    if not _may_ask(ipaddress.ip_address(str(address[0]).partition("%")[0]), is_local=is_local):
        raise _ForbiddenAddressError(is_local=is_local)
    return socket.socket(family=family, type=kind, proto=protocol)


class _ForbiddenAddressError(OSError):
    """An address may not be asked; the words name no address, so that several refused make one refusal."""

    def __init__(self, *, is_local: bool) -> None:
        if is_local:
            super().__init__("leads to a reserved address; expected a public, private or loopback one")
        else:
            super().__init__(
                "leads to a private address; expected a public one, or --local where it is meant"
            )
