"""Feeds are asked over loopback: what servers do, and what we make of it."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
import socket
import ssl
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from hashlib import sha256
from pathlib import Path

import pytest
from aiohttp import web
from hypothesis import given, strategies as st
from sqlalchemy import text
from structlog.testing import capture_logs

from alerting.domain.feed import Feed, Fetched
from alerting.errors import ArchiveError, FeedRefusedError, FeedUnavailableError, StoreUnavailableError
from alerting.feeds.archive import Archive
from alerting.feeds.fetch import FetchLimits, next_check_at, open_fetcher, retry_after, show_url
from alerting.pipeline.fetch import fetch_due_feeds
from alerting.store import documents, feeds, rejects
from alerting.store.database import open_database


NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
BODY = b"<rss version='2.0'><channel/></rss>"
HASH = sha256(BODY).hexdigest()


def say(status: int = 200, body: bytes = BODY, **headers: str):
    """Return a page that always answers the same; header names are written with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    async def page(request: web.Request) -> web.Response:
        del request
        return web.Response(status=status, body=body, headers=named)

    return page


@dataclass
class Server:
    """A server on loopback: pages by path, and what it was asked."""

    url: str = ""
    pages: dict[str, object] = field(default_factory=dict)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    asked: list[tuple[str, str, str, int]] = field(default_factory=list)
    stop: Callable[[], object] | None = None

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.requests.append((request.path, dict(request.headers)))
        page = self.pages.get(request.path)
        return web.Response(status=404) if page is None else await page(request)

    async def serve(self, ready: threading.Event) -> None:
        stop = asyncio.Event()
        self.stop = partial(asyncio.get_running_loop().call_soon_threadsafe, stop.set)
        runner = web.ServerRunner(web.Server(self.answer), handler_cancellation=True, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        ready.set()
        await stop.wait()
        await runner.cleanup()


@pytest.fixture
def server():
    """A member authority's server, in a thread with a loop of its own."""
    server, ready = Server(), threading.Event()
    thread = threading.Thread(target=asyncio.run, args=(server.serve(ready),))
    thread.start()
    ready.wait()
    yield server
    server.stop()
    thread.join()


def feed(url: str, feed_id: str = "kerlann", **facts) -> Feed:
    """Return a feed on loopback."""
    return Feed(feed_id, "Kerlann", url, **{"is_local": True, **facts})


def ask_all(*asked: Feed, **limits) -> dict[str, object]:
    """Return the outcome of each feed by its id, in the order of arrival."""
    found: dict[str, object] = {}

    async def keep(one: Feed, outcome: object) -> None:
        found[one.feed_id] = outcome

    async def run() -> None:
        async with open_fetcher(now=lambda: NOON, limits=FetchLimits(**limits)) as fetcher:
            await fetcher.fetch_feeds(asked, keep)

    asyncio.run(run())
    return found


def ask(one: Feed, **limits):
    """Return the outcome of one feed."""
    return ask_all(one, **limits)[one.feed_id]


def refusal(outcome: object) -> tuple[type, str]:
    """Return what kind of error an outcome is, and its whole line."""
    return type(outcome), str(outcome)


def test_an_answer_is_kept_as_received_with_what_it_says_for_the_next_question(server):
    """
    The body with its hash, both validators, the media type, and when to come back.
    """
    server.pages["/avis"] = say(
        ETag='"v1"', Last_Modified="Sun, 01 Mar 2026 10:00:00 GMT", Content_Type="application/rss+xml"
    )

    outcome = ask(feed(server.url + "/avis", poll_seconds=60))

    assert outcome == Fetched(
        feed_id="kerlann",
        url=server.url + "/avis",
        status=200,
        fetched_at=NOON,
        body=BODY,
        body_hash=HASH,
        etag='"v1"',
        last_modified="Sun, 01 Mar 2026 10:00:00 GMT",
        content_type="application/rss+xml",
        next_check_at=NOON + timedelta(seconds=60),
        headers=outcome.headers,
    )
    assert {name: outcome.headers[name] for name in ("ETag", "Content-Length", "Last-Modified")} == {
        "ETag": '"v1"',
        "Content-Length": str(len(BODY)),
        "Last-Modified": "Sun, 01 Mar 2026 10:00:00 GMT",
    }


@pytest.mark.parametrize(
    ("known", "sent"),
    [
        pytest.param({"etag": '"v1"', "last_modified": "x"}, {"If-None-Match": '"v1"'}, id="ETag first"),
        pytest.param(
            {"last_modified": "Sun, 01 Mar 2026 10:00:00 GMT"},
            {"If-Modified-Since": "Sun, 01 Mar 2026 10:00:00 GMT"},
            id="Last-Modified where there is no ETag",
        ),
    ],
)
def test_what_is_known_is_sent_back_and_304_is_nothing_new(server, known, sent):
    """
    A 304 has no body and keeps what was known.
    """
    server.pages["/avis"] = say(304, b"")

    outcome = ask(feed(server.url + "/avis", body_hash=HASH, **known))

    [(_, headers)] = server.requests
    assert {name: value for name, value in headers.items() if name.startswith("If-")} == sent
    assert (outcome.status, outcome.body, outcome.body_hash) == (304, None, HASH)
    assert {"etag": outcome.etag, "last_modified": outcome.last_modified} == {
        "etag": None, "last_modified": None, **known,
    }  # fmt: skip


def test_the_same_bytes_as_last_time_are_nothing_new(server):
    """
    A server without validators sends everything again: the hash says that nothing is new.
    """
    server.pages["/avis"] = say()

    outcome = ask(feed(server.url + "/avis", body_hash=HASH))

    assert (outcome.status, outcome.body, outcome.body_hash) == (200, None, HASH)


@pytest.mark.parametrize(
    ("page", "problem"),
    [
        pytest.param(
            say(202, b""), "status 202 without a body: a challenge, not a feed; expected 200", id="202 empty"
        ),
        pytest.param(say(202), "status 202; expected 200 or 304", id="202 with a body"),
        pytest.param(say(200, b""), "status 200 without a body; expected a feed", id="200 empty"),
        pytest.param(
            say(304, b""), "status 304 to a question without conditions; expected 200", id="304 unasked"
        ),
        pytest.param(say(204, b""), "status 204; expected 200 or 304", id="204"),
        pytest.param(say(302, b""), "status 302; expected 200 or 304", id="a redirect to nowhere"),
        pytest.param(say(404), "status 404; expected 200 or 304", id="404"),
        pytest.param(say(500), "status 500; expected 200 or 304", id="500"),
    ],
)
def test_an_answer_that_is_no_feed_is_a_failure_in_one_line(server, page, problem):
    """
    The line says who, where, what, and what was expected; the same question may succeed later.
    """
    server.pages["/avis"] = page

    outcome = ask(feed(server.url + "/avis"))

    line = f"feed 'kerlann': {server.url}/avis: {problem}"
    assert refusal(outcome) == (FeedUnavailableError, line)


def test_an_html_page_with_status_200_is_kept_for_load_to_refuse(server):
    """
    What the bytes are is for the parsers to say; fetching keeps them.
    """
    page = b"<!DOCTYPE html><html><body>Maintenance</body></html>"
    server.pages["/avis"] = say(body=page, Content_Type="text/html")

    outcome = ask(feed(server.url + "/avis"))

    assert (outcome.body, outcome.content_type) == (page, "text/html")


async def endless(request: web.Request) -> web.StreamResponse:
    """Answer without an end and without saying how much is to come."""
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b"x" * 65_536)


async def silent(request: web.Request) -> web.StreamResponse:
    """Never answer."""
    del request
    await asyncio.Event().wait()
    raise AssertionError


async def drip(request: web.Request) -> web.StreamResponse:
    """Answer at once, then never finish."""
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"<rss>")
    await asyncio.Event().wait()
    return response


async def broken(request: web.Request) -> web.StreamResponse:
    """Promise more than comes, and hang up."""
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b"<rss>")
    request.transport.close()
    return response


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(say(body=b"x" * 1_000_001), id="a length that says so"),
        pytest.param(endless, id="a stream without an end"),
        pytest.param(
            say(body=gzip.compress(b"\0" * 50_000_000), Content_Encoding="gzip"), id="a bomb of 50 kB"
        ),
    ],
)
def test_a_body_over_the_limit_is_refused_while_it_comes(server, page):
    """
    Bytes are counted unpacked, and the rest is not read.
    """
    server.pages["/avis"] = page

    outcome = ask(feed(server.url + "/avis"), body_bytes=1_000_000)

    line = f"feed 'kerlann': {server.url}/avis: a body of more than 1000000 bytes; expected less"
    assert refusal(outcome) == (FeedRefusedError, line)


def test_a_body_of_just_the_limit_is_kept(server):
    """
    The limit itself is allowed, packed or not.
    """
    body = b"x" * 1_000_000
    server.pages["/plain"] = say(body=body)
    server.pages["/packed"] = say(body=gzip.compress(body), Content_Encoding="gzip")

    found = ask_all(
        feed(server.url + "/plain", "plain"), feed(server.url + "/packed", "packed"), body_bytes=1_000_000
    )

    assert {feed_id: outcome.body == body for feed_id, outcome in found.items()} == {
        "plain": True, "packed": True,
    }  # fmt: skip


@pytest.mark.parametrize("page", [pytest.param(silent, id="no answer"), pytest.param(drip, id="no end")])
def test_a_server_that_is_too_slow_is_given_up(server, page):
    """
    The time is for the whole answer.
    """
    server.pages["/avis"] = page

    outcome = ask(feed(server.url + "/avis"), total_seconds=0.2)

    line = f"feed 'kerlann': {server.url}/avis: no whole answer within 0.2 s; expected a feed"
    assert refusal(outcome) == (FeedUnavailableError, line)


def test_an_answer_that_breaks_off_is_no_answer(server):
    """
    Nothing of it is kept: the whole may come next time.
    """
    server.pages["/avis"] = broken

    outcome = ask(feed(server.url + "/avis"))

    problem = "an answer that breaks off (closed before its end); expected a whole one"
    assert refusal(outcome) == (FeedUnavailableError, f"feed 'kerlann': {server.url}/avis: {problem}")


@pytest.mark.parametrize(
    ("page", "problem"),
    [
        pytest.param(
            say(body=b"not packed", Content_Encoding="gzip"),
            "Error -3 while decompressing data: incorrect header check",
            id="not the packing that is said",
        ),
        pytest.param(
            say(body=gzip.compress(BODY * 99)[:-40], Content_Encoding="gzip"),
            "the packing ends early",
            id="half a packing",
        ),
        pytest.param(say(Content_Encoding="br"), "packed as 'br'", id="a packing that we did not ask for"),
        pytest.param(say(Content_Encoding="gzip, gzip"), "packed as 'gzip, gzip'", id="packed twice"),
    ],
)
def test_a_damaged_packing_is_a_failure(server, page, problem):
    """
    Half a feed is never taken for a whole one.
    """
    server.pages["/avis"] = page

    outcome = ask(feed(server.url + "/avis"))

    line = f"feed 'kerlann': {server.url}/avis: damaged ({problem}); expected a body, plain or in gzip"
    assert refusal(outcome) == (FeedUnavailableError, line)


@pytest.mark.parametrize(
    ("packed", "packing"),
    [
        pytest.param(gzip.compress(BODY * 9000), "gzip", id="gzip"),
        pytest.param(gzip.compress(BODY * 4000) + gzip.compress(BODY * 5000), "X-GZip", id="two members"),
        pytest.param(zlib.compress(BODY * 9000), "deflate", id="deflate"),
    ],
)
def test_a_packed_body_is_kept_unpacked(server, packed, packing):
    """
    Archive and parsers see the bytes of the feed.
    """
    server.pages["/avis"] = say(body=packed, Content_Encoding=packing)

    outcome = ask(feed(server.url + "/avis"))

    assert outcome.body == BODY * 9000


def test_a_redirect_to_no_address_is_refused(server):
    """
    The line names the page that redirects there.
    """
    server.pages["/avis"] = say(302, b"", Location="http://[::1/")

    outcome = ask(feed(server.url + "/avis"))

    problem = "not an address that can be asked (Invalid IPv6 URL); expected http or https"
    assert refusal(outcome) == (FeedRefusedError, f"feed 'kerlann': {server.url}/avis: {problem}")


def test_nobody_at_the_address_is_no_answer():
    """
    A refused connection is a failure like any other.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/avis"

        outcome = ask(feed(url))

    problem = "no server answers there (Connection refused); expected one"
    assert refusal(outcome) == (FeedUnavailableError, f"feed 'kerlann': {url}: {problem}")


def test_a_name_that_nobody_has_is_no_answer():
    """
    RFC 6761, 6.4: the name is nobody's.  What the resolver says of it differs, and stands in brackets.
    """
    kind, line = refusal(ask(feed("http://nobody.invalid/avis")))

    assert kind is FeedUnavailableError
    assert re.fullmatch(
        r"feed 'kerlann': http://nobody\.invalid/avis: no server of that name \([^()]+\); "
        r"expected a name that DNS knows",
        line,
    )


def test_a_certificate_that_nobody_vouches_for_is_no_answer(certificate):
    """
    It may be renewed tomorrow: the feed is asked again, and its address is not called wrong.
    """
    with serving_once(shake_hands, certificate) as host:
        url = f"https://{host}/avis"

        outcome = ask(feed(url))

    problem = "a certificate that is not trusted (self-signed certificate); expected one that browsers trust"
    assert refusal(outcome) == (FeedUnavailableError, f"feed 'kerlann': {url}: {problem}")


def shake_hands(listener: socket.socket, certificate: Path) -> None:
    """Offer TLS to one who asks, whether it is taken or not."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    connection, _ = listener.accept()
    with connection, suppress(ssl.SSLError, ConnectionError):
        context.wrap_socket(connection, server_side=True).recv(1)


def test_a_server_that_speaks_no_tls_is_no_answer():
    """
    An address that should begin with http.
    """
    with serving_once(greet, b"HTTP/1.1 400 Bad Request\r\n\r\n") as host:
        url = f"https://{host}/avis"

        outcome = ask(feed(url))

    problem = "no secure connection (wrong version number); expected TLS, as https needs it"
    assert refusal(outcome) == (FeedUnavailableError, f"feed 'kerlann': {url}: {problem}")


@pytest.mark.parametrize(
    ("status", "is_away"),
    [(401, False), (404, False), (410, False), (408, True), (429, True), (500, True), (503, True)],
)
def test_a_status_says_whether_the_server_is_away(server, status, is_away):
    """
    A wrong address is for a person to mend; a server that is down or busy mends itself.
    """
    server.pages["/avis"] = say(status)

    outcome = ask(feed(server.url + "/avis"))

    assert (type(outcome), outcome.is_away) == (FeedUnavailableError, is_away)


def test_bytes_that_are_no_http_are_no_answer():
    """
    A mail server at the address: one line, whatever it said.
    """
    with serving_once(greet, b"220 mail.example\r\n\xff\x00\r\n") as host:
        url = f"http://{host}/avis"

        outcome = ask(feed(url))

    problem = "an answer that is no HTTP (Bad status line); expected status 200 or 304"
    assert refusal(outcome) == (FeedUnavailableError, f"feed 'kerlann': {url}: {problem}")


@contextmanager
def serving_once(serve: Callable[[socket.socket, object], None], fact: object) -> Iterator[str]:
    """Let a socket be served in a thread; yield its host and port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener, fact))
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        thread.join()


def greet(listener: socket.socket, greeting: bytes) -> None:
    """Say something to the first that comes, and hang up."""
    connection, _ = listener.accept()
    with connection:
        connection.recv(65_536)
        connection.sendall(greeting)


def test_headers_that_are_no_text_count_as_absent():
    """
    Neither the store nor the next question could hold them.
    """
    answer = b'HTTP/1.1 200 OK\r\nETag: "\xff"\r\nContent-Type: \xe9\r\nContent-Length: 3\r\n\r\nabc'
    with serving_once(greet, answer) as host:
        url = f"http://{host}/avis"

        outcome = ask(feed(url))

    assert (outcome.body, outcome.etag, outcome.content_type) == (b"abc", None, None)


def test_redirects_are_followed_to_the_answer(server):
    """
    Relative ones too; the answer says where it was found.
    """
    server.pages |= {"/a": say(301, b"", Location="/b"), "/b": say(302, b"", Location="?x#y"), "/avis": say()}
    server.pages["/b"] = say(307, b"", Location=server.url + "/avis")

    outcome = ask(feed(server.url + "/a"))

    assert (outcome.url, outcome.body) == (server.url + "/avis", BODY)


def test_redirects_without_an_end_are_refused(server):
    """
    Six questions are enough to know.
    """
    server.pages |= {"/a": say(302, b"", Location="/b"), "/b": say(302, b"", Location="/a")}

    outcome = ask(feed(server.url + "/a"))

    line = (
        f"feed 'kerlann': {server.url}/a: more than 5 redirects, the last to {server.url}/a; expected a feed"
    )
    assert refusal(outcome) == (FeedRefusedError, line)
    assert len(server.requests) == 6


@pytest.mark.parametrize(
    ("location", "line"),
    [
        pytest.param(
            "http://169.254.169.254/latest/meta-data?token=x",
            "http://169.254.169.254/latest/meta-data?…: leads to a reserved address; "
            "expected a public, private or loopback one",
            id="a cloud's secrets",
        ),
        pytest.param(
            "file:///etc/passwd",
            "file:///etc/passwd: expected an http or https address (got 'file')",
            id="a file",
        ),
    ],
)
def test_where_a_redirect_leads_is_checked_again(server, location, line):
    """
    Every hop is checked like the first address.
    """
    server.pages["/avis"] = say(302, b"", Location=location)

    outcome = ask(feed(server.url + "/avis"))

    assert refusal(outcome) == (FeedRefusedError, f"feed 'kerlann': {line}")


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "127.1",
        "2130706433",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "①②⑦.0.0.1",
        "[::ffff:127.0.0.1]",
    ],
)
def test_a_feed_that_is_not_local_never_reaches_a_private_address(server, host):
    """
    By number, by name, or in a spelling of old: nobody is asked.
    """
    server.pages["/avis"] = say()
    url = server.url.replace("127.0.0.1", host) + "/avis"

    outcome = ask(feed(url, is_local=False))

    assert isinstance(outcome, FeedRefusedError), outcome
    assert server.requests == []


@pytest.mark.parametrize(
    "host",
    [
        "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254", "0.0.0.0", "224.0.0.1",
        "[::1]", "[::]", "[fe80::1]", "[fc00::1]", "[ff02::1]", "[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]", "[::7f00:1]", "[fec0::1]", "192.88.99.1",
        "[2002:7f00:1::]",
    ],
)  # fmt: skip
def test_every_private_range_is_refused_before_anybody_is_asked(host):
    """
    Also the IPv4 address that an IPv6 address carries for a gateway.
    """
    outcome = ask(feed(f"http://{host}/avis", is_local=False), total_seconds=1)

    line = f"feed 'kerlann': http://{host}/avis: leads to a private address; expected a public one, or --local where it is meant"
    assert refusal(outcome) == (FeedRefusedError, line)


@pytest.mark.parametrize(
    "url", ["ftp://kerlann.example/avis", "kerlann.example/avis", "", "http://", "http://[x]/", "http://a:b/"]
)
def test_what_is_no_address_is_refused(url):
    """
    A slip in the registry costs that feed alone.
    """
    assert isinstance(ask(feed(url)), FeedRefusedError)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        pytest.param("120", 120, id="seconds"),
        pytest.param(format_datetime(NOON + timedelta(hours=1), usegmt=True), 3600, id="a date"),
        pytest.param("Mon, 02 Mar 2026 11:00:00 GMT", 0, id="a date that is over"),
        pytest.param("Sat, 01 Jan 9999 00:00:00 GMT", 86_400, id="the end of time"),
        pytest.param("9" * 5000, 86_400, id="for ever"),
        pytest.param("soon", None, id="neither"),
    ],
)
def test_a_server_that_asks_for_a_pause_is_heard(server, status, asked, seconds):
    """
    In seconds or as a date, and never longer than a day.
    """
    server.pages["/avis"] = say(status, b"", Retry_After=asked)

    outcome = ask(feed(server.url + "/avis"))

    assert (type(outcome), outcome.retry_after_seconds) == (FeedUnavailableError, seconds)


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({}, timedelta(minutes=5)),
        ({"Cache-Control": "public, max-age=900"}, timedelta(minutes=15)),
        ({"Cache-Control": "Max-Age=60"}, timedelta(minutes=5)),
        ({"Cache-Control": "max-age=31536000"}, timedelta(hours=24)),
        ({"Cache-Control": "max-age=x, no-cache"}, timedelta(minutes=5)),
        ({"Cache-Control": "max-age=900", "Retry-After": "1800"}, timedelta(minutes=30)),
    ],
)
def test_the_longest_pause_that_is_asked_for_counts(server, headers, pause):
    """
    Ours, the cache's or the server's, but never more than a day.
    """

    async def page(request: web.Request) -> web.Response:
        del request
        return web.Response(body=BODY, headers=headers)

    server.pages["/avis"] = page

    outcome = ask(feed(server.url + "/avis", poll_seconds=300))

    assert outcome.next_check_at == NOON + pause


@given(st.text(max_size=40) | st.text("0123456789 :,-+GMTonarJ", max_size=40))
def test_no_header_surprises_the_calendar(text):
    """
    Whatever a server writes there, the next question is between now and a day from now.
    """
    headers = {"Retry-After": text, "Cache-Control": f"max-age={text}"}

    moment = next_check_at(NOON, headers, minimum=timedelta(0))

    assert NOON <= moment <= NOON + timedelta(hours=24)
    assert retry_after(headers, NOON) is None or retry_after(headers, NOON) >= timedelta(0)


def test_a_host_is_asked_a_few_questions_at_a_time(server):
    """
    Six feeds of one host, two at a time; waiting for a turn costs a feed nothing of its time.
    """
    active, seen, everybody = 0, [], asyncio.Event()

    async def page(request: web.Request) -> web.Response:
        nonlocal active
        del request
        active += 1
        seen.append(active)
        if active == 6:
            everybody.set()
        with suppress(TimeoutError):
            await asyncio.wait_for(everybody.wait(), 0.4)
        active -= 1
        return web.Response(body=BODY)

    server.pages["/avis"] = page

    found = ask_all(
        *(feed(server.url + "/avis", str(number)) for number in range(6)), per_host=2, total_seconds=1.1
    )

    assert {type(outcome) for outcome in found.values()} == {Fetched}
    assert (len(found), max(seen)) == (6, 2)


def test_a_slow_feed_holds_up_nobody(server):
    """
    With room for two at a time, the others arrive before the slow one is given up.
    """
    server.pages |= {"/slow": silent, "/avis": say()}
    asked = [feed(server.url + "/slow", "slow"), *(feed(server.url + "/avis", str(n)) for n in range(5))]

    found = ask_all(*asked, feeds_at_once=2, total_seconds=1)

    assert list(found) == ["0", "1", "2", "3", "4", "slow"]
    assert isinstance(found["slow"], FeedUnavailableError)


def test_an_address_is_shown_without_what_is_secret():
    """
    Logs and rejects show neither user nor password nor query.
    """
    assert show_url("https://yann:secret@kerlann.example:8443/avis?key=1#x") == (
        "https://kerlann.example:8443/avis?…"
    )


@dataclass
class Step:
    """The step over a real store, with a clock that tests turn."""

    database: object
    archive: Archive
    moment: datetime = NOON
    environment: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, object] | None = None

    def run(self, **limits) -> dict[str, int]:
        return fetch_due_feeds(
            self.database,
            self.archive,
            now=lambda: self.moment,
            secrets=self.secrets or {"env": self.environment.get},
            limits=FetchLimits(**limits),
        )

    def add(self, *added: Feed) -> None:
        with self.database.begin() as connection:
            for one in added:
                feeds.put_feed(connection, one)

    def state(self, feed_id: str = "kerlann") -> dict[str, object]:
        with self.database.begin() as connection:
            return next(row for row in feeds.list_feeds(connection) if row["feed_id"] == feed_id)

    def rejects(self) -> list[tuple[str, str, int]]:
        with self.database.begin() as connection:
            rows = rejects.list_rejects(connection)
        return sorted((row["where"], row["problem"], row["seen_count"]) for row in rows)


@pytest.fixture
def step(database_url, tmp_path):
    database = open_database(database_url)
    yield Step(database, Archive(tmp_path / "archive"))
    database.close()


def test_pauses_grow_while_a_feed_fails_but_never_beyond_an_hour(step, server):
    """
    Each failure is one and the same reject, counted; the first good answer ends it.
    """
    step.add(feed(server.url + "/avis", poll_seconds=300))
    server.pages["/avis"] = say(503, b"")
    pauses = []
    for _ in range(6):
        assert step.run() == {"feeds": 1, "unchanged": 0, "failed": 1, "documents": 0, "waiting": 0}
        pauses.append((step.state()["next_check_at"] - step.moment) / timedelta(minutes=1))
        step.moment = step.state()["next_check_at"]

    server.pages["/avis"] = say()
    report = step.run()

    assert pauses == [5, 10, 20, 40, 60, 60]
    assert step.rejects() == [(server.url + "/avis", "status 503; expected 200 or 304", 6)]
    assert report == {"feeds": 1, "unchanged": 0, "failed": 0, "documents": 1, "waiting": 1}
    assert (step.state()["failure_count"], step.state()["last_failure"]) == (0, None)


@pytest.mark.parametrize(
    ("poll_seconds", "asked", "minutes"),
    [
        pytest.param(300, "7200", 120, id="what the server asks for, also beyond our hour"),
        pytest.param(300, "1", 5, id="never sooner than our own pause"),
        pytest.param(86_400, "1", 1440, id="a feed of once a day is not asked each hour"),
    ],
)
def test_a_failing_feed_is_asked_again_when_its_server_and_we_allow(
    step, server, poll_seconds, asked, minutes
):
    """
    The longer of the two pauses counts.
    """
    step.add(feed(server.url + "/avis", poll_seconds=poll_seconds))
    server.pages["/avis"] = say(429, b"", Retry_After=asked)

    step.run()

    assert step.state()["next_check_at"] == step.moment + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("hours", "poll_seconds", "asked", "minutes"),
    [
        pytest.param(1, 300, {}, 5, id="news every hour: our own shortest pause"),
        pytest.param(4, 300, {}, 20, id="news every four hours"),
        pytest.param(240, 300, {}, 30, id="seldom any: within half an hour all the same"),
        pytest.param(4, 3600, {}, 60, id="its own pause is longer"),
        pytest.param(4, 300, {"Cache_Control": "max-age=7200"}, 120, id="its server asks for more"),
    ],
)
def test_a_feeds_own_rhythm_sets_its_next_check(step, server, hours, poll_seconds, asked, minutes):
    """
    Within what we and its server want; with news or without, and its neighbour without a rhythm is asked as ever.
    """
    server.pages |= {"/avis": say(**asked), "/new": say()}
    step.add(feed(server.url + "/avis", poll_seconds=poll_seconds), feed(server.url + "/new", "new"))
    with step.database.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO documents (feed_id, url, body_hash, size_bytes, fetched_at, loaded_at) "
                "SELECT 'kerlann', 'u' || n, 'h' || n, 1, CAST(:now AS timestamptz) - n * CAST(:gap AS interval), :now "
                "FROM generate_series(1, 6) AS n"
            ),
            {"now": NOON, "gap": f"{hours} hours"},
        )

    step.run()
    first = step.state()["next_check_at"] - step.moment
    other = step.state("new")["next_check_at"] - step.moment
    step.moment += timedelta(hours=3)
    step.run()
    second = step.state()["next_check_at"] - step.moment

    assert [first, other, second] == [timedelta(minutes=each) for each in (minutes, 5, minutes)]


def test_nothing_new_is_one_line_a_feed_and_stores_nothing(step, server):
    """
    One server knows what we have, one sends the same bytes again; the log says which.
    """

    async def careful(request: web.Request) -> web.Response:
        known = request.headers.get("If-None-Match") == '"v1"'
        return web.Response(
            status=304 if known else 200, body=None if known else BODY, headers={"ETag": '"v1"'}
        )

    server.pages |= {"/careful": careful, "/plain": say()}
    step.add(feed(server.url + "/careful", "careful"), feed(server.url + "/plain", "plain"))
    first = step.run()
    step.moment += timedelta(hours=1)

    with capture_logs() as logs:
        second = step.run()

    assert first == {"feeds": 2, "unchanged": 0, "failed": 0, "documents": 2, "waiting": 2}
    assert second == {"feeds": 2, "unchanged": 2, "failed": 0, "documents": 0, "waiting": 2}
    lines = [(line["event"], line.get("feed_id"), line.get("reason")) for line in logs]
    assert sorted(lines[:2]) == [
        ("feed_unchanged", "careful", "status 304"),
        ("feed_unchanged", "plain", "same hash"),
    ]
    assert [line["event"] for line in logs[2:]] == ["feeds_fetched"]


def test_one_feed_that_fails_costs_the_others_nothing(step, server):
    """
    Seven ways to fail beside one good feed: the good one is kept, each failure is one line.
    """
    server.pages |= {
        "/good": say(), "/slow": drip, "/bomb": endless, "/broken": broken, "/busy": say(503, b""),
        "/loop": say(302, b"", Location="/loop"), "/away": say(302, b"", Location="gopher://x/"),
    }  # fmt: skip
    step.add(*(feed(server.url + path, path[1:]) for path in server.pages))
    step.add(feed("http://127.0.0.1:9/avis", "private", is_local=False))

    with capture_logs() as logs:
        report = step.run(total_seconds=2, body_bytes=1_000_000)

    failed = sorted(line["feed_id"] for line in logs if line["event"] == "feed_failed")
    assert report == {"feeds": 8, "unchanged": 0, "failed": 7, "documents": 1, "waiting": 1}
    assert failed == ["away", "bomb", "broken", "busy", "loop", "private", "slow"]
    assert all("\n" not in line.get("problem", "") for line in logs)
    assert step.archive.get(HASH) == BODY


def test_a_feed_at_which_we_break_costs_the_others_nothing(step, server):
    """
    Bugs of ours before a server is asked, and when its answer is kept: each is its own feed's failure, in one line.
    """

    def find_secret(name: str) -> str:
        raise LookupError(f"no drawer\nfor {name}")

    server.pages |= {"/good": say(), "/kept": say(body=BODY + b" ")}
    step.secrets = {"env": find_secret}
    with step.database.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE documents ADD CHECK (feed_id <> 'kept')")
    step.add(feed(server.url + "/asked", "asked", credentials="env:KEY"))
    step.add(feed(server.url + "/kept", "kept"), feed(server.url + "/good", "good"))

    report = step.run()
    told = {
        name: re.sub(r"line \d+", "line N", step.state(name)["last_failure"]) for name in ("asked", "kept")
    }

    assert report == {"feeds": 3, "unchanged": 0, "failed": 2, "documents": 1, "waiting": 1}
    assert told["asked"] == (
        f"feed 'asked': {server.url}/asked: a bug of ours (LookupError: no drawer for KEY in test_fetch.py, line N); "
        "expected to be read or refused"
    )
    assert told["kept"].startswith("feed 'kept': answer: a bug of ours (IntegrityError: ")
    assert len(told["kept"].splitlines()) == 1
    assert [where for where, _, _ in step.rejects()] == ["answer", server.url + "/asked"]
    assert step.state("kept")["failure_count"] == 1


def test_a_store_that_is_away_stops_the_step(step, server):
    """
    The server ends our connection while a document is stored: a transient error, no feed's failure.
    """
    server.pages["/avis"] = say()
    step.add(feed(server.url + "/avis"))
    with step.database.begin() as connection:
        connection.exec_driver_sql(
            "CREATE FUNCTION go_away() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$;"
            "CREATE TRIGGER go_away BEFORE INSERT ON documents FOR EACH ROW EXECUTE FUNCTION go_away()"
        )

    with pytest.raises(StoreUnavailableError):
        step.run()

    assert (step.state()["failure_count"], step.rejects()) == (0, [])


def test_an_archive_that_cannot_be_written_stops_the_step(step, server, tmp_path):
    """
    A file lies where the folder should be: one line for the operator, no feed's failure.
    """
    folder = tmp_path / "file"
    folder.write_bytes(b"")
    step.archive = Archive(folder)
    server.pages["/avis"] = say()
    step.add(feed(server.url + "/avis"))

    with pytest.raises(ArchiveError) as caught:
        step.run()

    assert str(caught.value) == (
        f"archive {folder} (ALERTING_ARCHIVE): Not a directory; "
        "expected a folder with room that can be written to"
    )
    assert (step.state()["failure_count"], step.rejects()) == (0, [])


def page_of(*links: str):
    """Return an index page."""
    listed = "".join(f'<a href="{link}">file</a>' for link in links)
    return say(body=f"<html><title>Index of /jour</title>{listed}</html>".encode(), Content_Type="text/html")


def test_an_index_page_leads_to_documents_of_its_own_host_alone(step, server):
    """
    A link that leaves the host, or is no address, is a reject; the good ones are fetched once each.
    """
    server.pages["/jour/"] = page_of(
        "a.xml", "./a.xml", "/jour/b.xml", "http://169.254.169.254/c.xml", "http://[bad/d.xml"
    )
    server.pages |= {"/jour/a.xml": say(body=b"<a/>"), "/jour/b.xml": say(body=b"<b/>")}
    step.add(feed(server.url + "/jour/", format="index-page"))

    report = step.run()

    asked = sorted(path for path, _ in server.requests)
    assert report == {"feeds": 1, "unchanged": 0, "failed": 0, "documents": 2, "waiting": 2}
    assert asked == ["/jour/", "/jour/a.xml", "/jour/b.xml"]
    problem = "expected an address of the page's own host (got '{}')"
    assert step.rejects() == [
        ("link", problem.format("http://169.254.169.254/c.xml"), 1),
        ("link", problem.format("http://[bad/d.xml"), 1),
    ]


def test_a_linked_document_that_is_refused_holds_up_nothing_and_one_that_is_away_is_asked_again(step, server):
    """
    The page is read again while a document may still come; what came already is not fetched again.
    """
    server.pages |= {
        "/jour/": page_of("a.xml", "large.xml", "late.xml"),
        "/jour/a.xml": say(body=b"<a/>"),
        "/jour/large.xml": say(body=b"x" * 2000),
    }
    step.add(feed(server.url + "/jour/", format="index-page"))

    first = step.run(body_bytes=1000)
    server.pages["/jour/late.xml"] = say(body=b"<late/>")
    step.moment += timedelta(hours=1)
    second = step.run(body_bytes=1000)
    step.moment += timedelta(hours=1)
    third = step.run(body_bytes=1000)

    asked = [path for path, _ in server.requests]
    assert [report["failed"] for report in (first, second, third)] == [1, 1, 0]
    assert [report["documents"] for report in (first, second, third)] == [1, 1, 0]
    assert third["unchanged"] == 1
    assert (asked.count("/jour/a.xml"), asked.count("/jour/late.xml")) == (1, 2)
    assert step.rejects() == [
        (server.url + "/jour/large.xml", "a body of more than 1000 bytes; expected less", 2),
        (server.url + "/jour/late.xml", "status 404; expected 200 or 304", 1),
    ]


def test_a_page_of_very_many_links_is_fetched_some_at_a_time(step, server):
    """
    Forty-five documents in three portions, each kept before the next is asked for.
    """
    names = [f"{number}.xml" for number in range(45)]
    server.pages |= {f"/jour/{name}": say(body=name.encode()) for name in names}
    server.pages["/jour/"] = page_of(*names)
    step.add(feed(server.url + "/jour/", format="index-page"))

    report = step.run()

    with step.database.begin() as connection:
        waiting = documents.count_waiting(connection)
    assert (report["documents"], waiting, len(server.requests)) == (45, 45, 46)


def test_the_same_document_behind_two_feeds_is_archived_once(step, server, tmp_path):
    """
    Each feed has its document; the bytes lie there once.
    """
    server.pages |= {"/a": say(), "/b": say()}
    step.add(feed(server.url + "/a", "a"), feed(server.url + "/b", "b"))

    report = step.run()

    assert report["documents"] == 2
    assert [path.name for path in (tmp_path / "archive").rglob("*.gz")] == [f"{HASH}.gz"]


def pages_without_end(server) -> None:
    """Publish a search whose every page has one notice more and leads on; it answers POST alone."""

    async def page(request: web.Request) -> web.Response:
        asked = await request.json()
        number = int(asked.get("iterationNextToken", "1"))
        notice = {"publication-number": f"{number}-2026", "notice-title": {"fra": f"Toiture {number}"}}
        body = json.dumps({"notices": [notice], "iterationNextToken": str(number + 1)})
        server.asked.append((request.method, request.headers["Content-Type"], asked["query"], number))
        return web.Response(text=body)

    server.pages["/v3/notices/search"] = page


def test_a_search_is_asked_by_post_page_by_page_and_one_without_end_is_refused(step, server):
    """
    The feed's address says what to ask; each page is a document of its own address.
    """
    pages_without_end(server)
    url = server.url + "/v3/notices/search?query=buyer-country+IN+(FRA)"
    step.add(feed(url, format="ted-api"))

    report = step.run(pages=3)

    assert report == {"feeds": 1, "unchanged": 0, "failed": 1, "documents": 3, "waiting": 3}
    query = "buyer-country IN (FRA)"
    assert server.asked == [("POST", "application/json", query, number) for number in (1, 2, 3)]
    assert step.rejects() == [(server.url + "/v3/notices/search?…", "more than 3 pages; expected an end", 1)]


def test_credentials_go_to_the_feeds_own_server_and_nowhere_else(server):
    """
    A redirect to another server is followed without them; a link to it likewise.
    """
    other = server.url.replace("127.0.0.1", "localhost")
    server.pages["/avis"] = say(302, Location=f"{other}/elsewhere")
    server.pages["/elsewhere"] = say()

    async def run() -> object:
        secrets = {"env": {"KEY": "Bearer abc"}.get}
        async with open_fetcher(now=lambda: NOON, secrets=secrets) as fetcher:
            (found,) = await fetcher.fetch_links(
                feed(f"{server.url}/avis", credentials="env:KEY"), [f"{server.url}/avis"]
            )
            return found

    assert asyncio.run(run()).status == 200
    assert [(path, headers.get("Authorization")) for path, headers in server.requests] == [
        ("/avis", "Bearer abc"),
        ("/elsewhere", None),
    ]


def test_credentials_do_not_go_where_others_listen():
    """
    A public feed over http with credentials is refused before anything is asked.
    """
    found = ask(feed("http://kerlann.example/avis", is_local=False, credentials="env:KEY"))

    assert refusal(found) == (
        FeedRefusedError,
        "feed 'kerlann': http://kerlann.example/avis: credentials go over https only; expected an https address",
    )
