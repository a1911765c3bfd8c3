"""What it costs to ask many feeds over TLS, beside a bare fetch with asyncio and one with httpx.

In:   nothing; feeds on as many loopback addresses, served over TLS by a process of its own.
Out:  what was measured, in lines; with --json the last two are an object each: beside httpx, beside asyncio.

Like with like: each opens a new connection to every address and checks the same certificate.  Ours does what
a feed's check needs: addresses told public from private, redirects, times and sizes limited, packing undone
piece by piece, the hash, when to ask again.  The bare fetch has as many questions open at a time, reads to
the end of the body and looks at nothing; httpx is used as its manual says, with limits of its own, in turns.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import ssl
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from time import perf_counter
from urllib.parse import urlsplit

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from alerting.domain.feed import Feed, Fetched
from alerting.feeds.fetch import DEFAULT_LIMITS, Outcome, open_fetcher


GOAL_ASYNCIO = 0.77
"""A bare fetch's time to ours: to take no more than 1.3 times as long."""
GOAL_HTTPX = 3
AT_ONCE = DEFAULT_LIMITS.feeds_at_once
BODY = b"<rss version='2.0'><channel>" + b"<item><title>Avis</title></item>" * 600 + b"</channel></rss>"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nContent-Length: %d\r\n\r\n" % len(BODY)

Ask = Callable[[Sequence[str]], Awaitable[None]]


def main() -> int:
    """Measure, and say so."""
    asked = _arguments()
    if asked.serve is not None:
        return asyncio.run(serve(asked.serve, asked.feeds))
    if asked.client:
        return measure_and_tell(asked)
    with tempfile.TemporaryDirectory() as folder:
        return run_both(Path(folder), asked)


def run_both(folder: Path, asked: argparse.Namespace) -> int:
    """Start the servers, and the clients in a process that trusts them; return the latter's exit code."""
    pem = make_certificate(folder, addresses(asked.feeds))
    script = [sys.executable, __file__, "--feeds", str(asked.feeds), "--rounds", str(asked.rounds)]
    servers = subprocess.Popen([*script, "--serve", str(pem)], stdout=subprocess.PIPE, text=True)
    try:
        assert servers.stdout is not None
        port = servers.stdout.readline().strip()
        flags = ["--json"] if asked.json else []
        # Libraries read this once, when they are imported.
        trusting = {**os.environ, "SSL_CERT_FILE": str(pem)}
        return subprocess.call([*script, "--client", "--port", port, *flags], env=trusting)
    finally:
        servers.terminate()
        servers.wait()


def measure_and_tell(asked: argparse.Namespace) -> int:
    """Measure all three in turns, and say so."""
    urls = [f"https://{address}:{asked.port}/avis.xml" for address in addresses(asked.feeds)]
    say(f"{len(urls)} feeds of {len(BODY) / 1000:.0f} kB over TLS; {asked.rounds} turns, medians")
    ways: dict[str, Ask] = {"ours": ask_ours, "asyncio": ask_bare, "httpx": ask_httpx}
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(asked.rounds):
        for name, ask in ways.items():
            taken[name].append(in_ms(ask, urls))
        say(", ".join(f"{name} {times[-1]:.0f} ms" for name, times in taken.items()))
    medians = {name: statistics.median(times) for name, times in taken.items()}
    for name, peer, goal in (("fetch-httpx", "httpx", GOAL_HTTPX), ("fetch", "asyncio", GOAL_ASYNCIO)):
        ratio = round(medians[peer] / medians["ours"], 2)
        answer = {
            "name": name,
            "ours": round(medians["ours"], 1),
            "peer": round(medians[peer], 1),
            "unit": f"ms for {len(urls)} feeds",
            "ratio": ratio,
            "goal": goal,
            "holds": ratio >= goal,
        }
        lines = "".join(f"{key}: {value}\n" for key, value in answer.items())
        sys.stdout.write(f"{json.dumps(answer)}\n" if asked.json else lines)
    return 0


async def ask_ours(urls: Sequence[str]) -> None:
    """Ask as a running fetch does."""

    async def keep(feed: Feed, outcome: Outcome) -> None:
        assert isinstance(outcome, Fetched), outcome
        assert outcome.body == BODY, feed.feed_id

    feeds = [Feed(f"feed-{number}", "Kerlann", url, is_local=True) for number, url in enumerate(urls)]
    async with open_fetcher(now=lambda: datetime.now(UTC)) as fetcher:
        await fetcher.fetch_feeds(feeds, keep)


async def ask_bare(urls: Sequence[str]) -> None:
    """Ask with nothing but asyncio."""
    context, room = ssl.create_default_context(), asyncio.Semaphore(AT_ONCE)

    async def ask(url: str) -> None:
        parts = urlsplit(url)
        async with room:
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port, ssl=context)
            writer.write(f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            size = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            assert await reader.readexactly(size) == BODY
            writer.close()

    await asyncio.gather(*(ask(url) for url in urls))


async def ask_httpx(urls: Sequence[str]) -> None:
    """Ask with a client of httpx."""
    async with httpx.AsyncClient(verify=ssl.create_default_context(), timeout=60) as client:

        async def ask(url: str) -> None:
            assert (await client.get(url)).content == BODY

        await asyncio.gather(*(ask(url) for url in urls))


def in_ms(ask: Ask, urls: Sequence[str]) -> float:
    """Return the ms that asking all takes, without the collector in between."""
    gc.collect()
    gc.disable()
    started = perf_counter()
    asyncio.run(ask(urls))
    taken = (perf_counter() - started) * 1000
    gc.enable()
    return taken


async def serve(pem: Path, feeds: int) -> int:
    """Serve on every address, on one port; say which, and go on until stopped."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(HEAD + BODY)
            await writer.drain()
            await reader.read()
        except (OSError, asyncio.IncompleteReadError):
            pass
        writer.close()

    first = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context, backlog=1024)
    port = first.sockets[0].getsockname()[1]
    for address in addresses(feeds):
        await asyncio.start_server(answer, address, port, ssl=context)
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()
    return 0


def addresses(count: int) -> list[str]:
    """Return so many loopback addresses."""
    return [f"127.1.{number // 250}.{number % 250 + 1}" for number in range(count)]


def make_certificate(folder: Path, names: Sequence[str]) -> Path:
    """Make a certificate for those addresses that signs itself; return it and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "feeds.example")])
    today = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(list(_alternatives(names))), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "feeds.pem"
    path.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return path


def _alternatives(names: Sequence[str]) -> Iterator[x509.GeneralName]:
    return (x509.IPAddress(ip_address(name)) for name in names)


def say(line: str) -> None:
    """Write a line of progress."""
    sys.stderr.write(f"{line}\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Asking many feeds over TLS, beside asyncio alone and httpx."
    )
    parser.add_argument("--json", action="store_true", help="an object a line at the end")
    parser.add_argument("--feeds", type=int, default=300, help="how many, each at its own address")
    parser.add_argument("--rounds", type=int, default=7, help="turns")
    parser.add_argument("--serve", type=Path, default=None, help=argparse.SUPPRESS)
    parser.add_argument("--client", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, default=0, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
