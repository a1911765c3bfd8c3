"""What a feed costs that has nothing new, beside parsing it.

In:   nothing; an RSS feed of 1,000 items, made here with invented texts, served on loopback.
Out:  what was measured, in lines; with --json the last line is one object.

Like with like: both begin with the body in hand.  Ours: its hash, which is that of last time, so nothing is
parsed.  Peer: feedparser on the same bytes, in turns with ours.  Said too: whole questions by the real
fetcher, over HTTP, where the body travels and hashes as last time, and where the server answers 304.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import hashlib
import json
import statistics
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from html import escape
from time import perf_counter

import feedparser

from alerting.domain.feed import Feed, Fetched
from alerting.feeds.fetch import Fetcher, Outcome, open_fetcher


GOAL = 400
ITEMS = 1_000
ETAG = '"bench"'
TOWNS = ("Kerlann", "Plouexemple", "Saint-Exemple-sur-Vilaine", "Lanvenn", "Trébihan")
WORKS = ("Réfection de la toiture", "Plomberie et chauffage", "Remplacement des menuiseries", "Voirie")


def main() -> int:
    """Measure, and say so."""
    asked = _arguments()
    body = make_feed(ITEMS)
    say(f"RSS, {ITEMS} items, {len(body) / 1e6:.2f} MB; {asked.rounds} turns, medians")
    ours, peer = asyncio.run(measure(body, asked.rounds))
    answer = {
        "name": "unchanged",
        "ours": round(ours, 3),
        "peer": round(peer, 1),
        "unit": f"ms for a body of {ITEMS} items that is the one of last time",
        "ratio": round(peer / ours, 1),
        "goal": GOAL,
        "holds": peer / ours >= GOAL,
    }
    lines = "".join(f"{key}: {value}\n" for key, value in answer.items())
    sys.stdout.write(f"{json.dumps(answer)}\n" if asked.json else lines)
    return 0


async def measure(body: bytes, rounds: int) -> tuple[float, float]:
    """Return the medians, in ms, of telling that a body is known and of feedparser, taken in turns."""
    hashes, parses, same, not_modified = [], [], [], []
    async with serve(body) as url, open_fetcher(now=lambda: datetime.now(UTC)) as fetcher:
        known = Feed("bench", "Kerlann", url, is_local=True, body_hash=hashlib.sha256(body).hexdigest())
        tagged = Feed("bench", "Kerlann", url, is_local=True, etag=ETAG, body_hash=known.body_hash)
        await ask(fetcher, known, 200)  # The connection is open from now on, as in a running fetch.
        for _ in range(rounds):
            parses.append(in_ms(lambda: parse(body)))
            hashes.append(in_ms(lambda: tell_known(body, known)))
            same.append(await ask(fetcher, known, 200))
            not_modified.append(await ask(fetcher, tagged, 304))
    ours, peer = statistics.median(hashes), statistics.median(parses)
    say(f"body in hand: same hash {ours:.3f} ms, feedparser {peer:.1f} ms: {peer / ours:.0f} times")
    for name, taken in (("same hash", statistics.median(same)), ("304", statistics.median(not_modified))):
        say(f"a question over HTTP, {name}: {taken:.3f} ms; parsing alone is {peer / taken:.0f} times that")
    return ours, peer


async def ask(fetcher: Fetcher, feed: Feed, status: int) -> float:
    """Ask once; return the ms that it took.  The answer must be "nothing new", with that status."""
    outcomes: list[Outcome] = []

    async def keep(_feed: Feed, outcome: Outcome) -> None:
        outcomes.append(outcome)

    gc.collect()
    started = perf_counter()
    await fetcher.fetch_feeds([feed], keep)
    seconds = perf_counter() - started
    [outcome] = outcomes
    assert isinstance(outcome, Fetched), outcome
    assert (outcome.status, outcome.body) == (status, None), "the feed counts as new"
    return seconds * 1000


def tell_known(body: bytes, feed: Feed) -> None:
    """Tell that a body is the one of last time, as the fetcher does."""
    assert hashlib.sha256(body).hexdigest() == feed.body_hash


def parse(body: bytes) -> None:
    """Parse as one who has no memory must."""
    assert len(feedparser.parse(body).entries) == ITEMS


def in_ms(work: Callable[[], object]) -> float:
    """Return the ms that something takes."""
    gc.collect()
    started = perf_counter()
    work()
    return (perf_counter() - started) * 1000


@asynccontextmanager
async def serve(body: bytes) -> AsyncIterator[str]:
    """Serve one feed on loopback, from the same event loop: its time counts as ours."""
    server = await asyncio.start_server(answering(body), "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/avis.rss"


def answering(
    body: bytes,
) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    """Return how a connection is answered: 304 to who knows the ETag, else the whole body."""
    length = f"Content-Length: {len(body)}"
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\n{length}\r\n\r\n".encode()
    nothing = f"HTTP/1.1 304 Not Modified\r\nETag: {ETAG}\r\n\r\n".encode()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while request := await reader.readuntil(b"\r\n\r\n"):
                writer.writelines([nothing] if ETAG.encode() in request else [head, body])
                await writer.drain()
        except asyncio.IncompleteReadError:
            writer.close()

    return answer


def make_feed(count: int) -> bytes:
    """Make an RSS feed as buyer profiles publish them."""
    head = "<title>Avis</title><link>https://kerlann.example</link><description>Marchés publics</description>"
    items = "".join(make_item(number) for number in range(count))
    return f"<?xml version='1.0'?><rss version='2.0'><channel>{head}{items}</channel></rss>".encode()


def make_item(number: int) -> str:
    """Make one item."""
    town, works = TOWNS[number % len(TOWNS)], WORKS[number % len(WORKS)]
    prose = (
        f"<p>Acheteur : <b>Commune de {town}</b></p><p>{works}, lot {number % 9 + 1}. Visite obligatoire."
        " Remise des offres le 27/03/2026 à 12 h.</p>"
    )
    return (
        f"<item><guid isPermaLink='false'>kerlann-{number}</guid><title>{works}, {town}</title>"
        f"<link>https://kerlann.example/avis/{number}</link><category>Travaux</category>"
        "<pubDate>Mon, 02 Mar 2026 06:00:00 GMT</pubDate>"
        f"<description>{escape(prose)}</description></item>"
    )


def say(line: str) -> None:
    """Tell what is measured: beside the answer, which scripts read."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="the last line is one object")
    parser.add_argument("--rounds", type=int, default=7)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
