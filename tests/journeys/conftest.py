"""A member authority on loopback, a firm with a mailbox, and a clock that tests turn."""

from __future__ import annotations

import email
import email.policy
import os
import re
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from alerting import bootstrap, commands
from alerting.settings import read_settings


START = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
FIRMS = """
[[firm]]
id = "le-goff"
name = "Couverture Le Goff"
recipients = [{ email = "yann@legoff.example", name = "Yann" }, { email = "bureau@legoff.example" }]

[[firm.profile]]
id = "toits"
name = "Toits"
words = ["toiture", "couverture"]
cadence = "immediate"

[[firm]]
id = "morvan"
name = "Menuiserie Morvan"
recipients = [{ email = "anne@morvan.example" }]

[[firm.profile]]
id = "bois"
name = "Bois"
words = ["menuiserie"]
cadence = "immediate"
"""


@dataclass
class Clock:
    """A clock that goes on a millisecond whenever it is read."""

    moment: datetime = START

    def __call__(self) -> datetime:
        self.moment += timedelta(milliseconds=1)
        return self.moment

    def go_on(self, **duration: float) -> None:
        self.moment += timedelta(**duration)


@dataclass
class Authority:
    """What the loopback server publishes: pages by path; requests are counted."""

    url: str
    pages: dict[str, tuple[int, str, bytes]] = field(default_factory=dict)
    requests: list[tuple[str, int]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def publish(self, path: str, body: bytes | str, *, status: int = 200, media: str = "text/xml") -> None:
        self.pages[path] = (status, media, body.encode() if isinstance(body, str) else body)

    def answer(self, path: str, known: str | None) -> tuple[int, str, bytes, str]:
        status, media, body = self.pages.get(path, (404, "text/plain", b"not here"))
        etag = f'"{sha256(body).hexdigest()[:16]}"'
        if status == 200 and known == etag:
            status, body = 304, b""
        self.requests.append((path, status))
        return status, media, body, etag


@pytest.fixture
def authority():
    """A member authority's server on loopback."""
    published = Authority("")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            published.headers.append(dict(self.headers))
            status, media, body, etag = published.answer(self.path, self.headers.get("If-None-Match"))
            self.send_response(status)
            self.send_header("Content-Type", media)
            self.send_header("ETag", etag)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            del arguments

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    published.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield published
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def wait_until_blocked():
    """How to wait until a thread waits for what a transaction holds, or has ended without."""

    def wait(worker: threading.Thread, connection: Connection) -> None:
        # Not pg_stat_activity, which a transaction reads once.
        blocked = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"
        asked = text(blocked)
        while worker.is_alive() and not connection.scalar(asked):
            pass

    return wait


@pytest.fixture
def settings(database_url, tmp_path):
    """Settings of a stack with a maildir and without a search index."""
    return read_settings(
        {
            "DATABASE_URL": database_url,
            "ALERTING_SECRET": "a secret of the tests",
            "ALERTING_MAILDIR": str(tmp_path / "maildir"),
            "ALERTING_ARCHIVE": str(tmp_path / "archive"),
            "ALERTING_ENGINE": str(tmp_path / "engine.npz"),
            "ALERTING_DIALOGUES": str(tmp_path / "dialogues"),
        }
    )


@pytest.fixture
def parts(settings, clock):
    built = bootstrap.build(settings, now=clock)
    yield built
    built.close()


@pytest.fixture
def firms_file(tmp_path):
    path = tmp_path / "firms.toml"
    path.write_text(FIRMS)
    return str(path)


@pytest.fixture
def subscribed(parts, authority, firms_file):
    """Parts with one local feed and two firms."""
    add_feed(parts, authority)
    commands.import_firms(firms_file, parts=parts)
    return parts


@pytest.fixture(name="tell")
def tell_fixture(subscribed, authority, firms_file):
    """How to tell Yann, who then reads Breton, and his office of purchases of these titles by number."""

    def tell(titles: dict[str, str], profile: str = ""):
        text = Path(firms_file).read_text().replace('name = "Yann"', 'name = "Yann", language = "br"')
        Path(firms_file).write_text(text.replace('id = "toits"', f'id = "toits"\n{profile}'))
        commands.import_firms(firms_file, parts=subscribed)
        authority.publish("/avis", rss(*titles.items()))
        commands.run_all(parts=subscribed)
        return subscribed

    return tell


@pytest.fixture
def queued(subscribed, authority):
    """Two mails of one digest, to Yann and to his office, queued and not sent."""
    authority.publish("/avis", rss(("7", "Réfection de la toiture de l'école")))
    for step in (commands.fetch_due_feeds, commands.load_documents, commands.match_profiles):
        step(parts=subscribed)
    commands.compose_digests(parts=subscribed)
    return subscribed


@pytest.fixture(name="add_feed")
def add_feed_fixture():
    """How to register a page of the authority as a feed."""
    return add_feed


@pytest.fixture(name="rss")
def rss_fixture():
    """How to write an RSS feed."""
    return rss


@pytest.fixture(name="mails")
def mails_fixture():
    """How to read a maildir."""
    return mails


@pytest.fixture(name="mails_but_numbers")
def mails_but_numbers_fixture():
    """How to read a maildir but for numbers of rows: a transaction that was undone leaves a gap in them."""

    def read(folder: Path) -> list[tuple[str, str, str]]:
        return [
            (recipient, subject, re.sub(r"(/opinion/[^/\s]+/|/digest/)\S+", r"\1N", text))
            for recipient, subject, text in mails(folder)
        ]

    return read


@pytest.fixture(name="mails_in")
def mails_in_fixture():
    """How to read the whole mails of a maildir."""
    return mails_in


def add_feed(parts, authority, *, feed_id: str = "kerlann", path: str = "/avis") -> None:
    """Register a page of the authority as a feed."""
    commands.add_feed(feed_id, authority="Kerlann", url=authority.url + path, is_local=True, parts=parts)


def rss(*items: tuple[str, str]) -> str:
    """Return an RSS feed of (id, title) items."""
    entries = "".join(
        f"<item><guid isPermaLink='false'>{number}</guid><title>{title}</title>"
        f"<link>https://kerlann.example/{number}</link><description>Travaux : {title}.</description>"
        f"<pubDate>Mon, 02 Mar 2026 06:00:00 GMT</pubDate></item>"
        for number, title in items
    )
    head = "<title>Avis</title><link>https://kerlann.example</link><description>Marchés</description>"
    return (
        f"<?xml version='1.0' encoding='UTF-8'?><rss version='2.0'><channel>{head}{entries}</channel></rss>"
    )


def mails(folder: Path) -> list[tuple[str, str, str]]:
    """Return (recipient, subject, text without the stars of what is marked) of every mail, sorted."""
    return sorted(
        (str(mail["To"]), str(mail["Subject"]), mail.get_body(("plain",)).get_content().replace("*", ""))
        for mail in mails_in(folder)
    )


def mails_in(folder: Path) -> list[EmailMessage]:
    """Return every mail of a maildir."""
    files = sorted((folder / "new").glob("*")) if folder.exists() else []
    return [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files]


def run_alerting(
    settings, *arguments: str, stdin: int = subprocess.DEVNULL
) -> subprocess.CompletedProcess[str]:
    """Run ``alerting`` as people do, over the database of the test."""
    environment = {
        "DATABASE_URL": settings.database_url,
        "ALERTING_SECRET": settings.secret,
        "ALERTING_MAILDIR": str(settings.maildir),
        "ALERTING_BOUNCE_MAILBOX": settings.bounce_mailbox or "",
        "COLUMNS": "300",
    }
    return subprocess.run(
        [Path(sys.executable).parent / "alerting", *arguments],
        env=os.environ | environment,
        stdin=stdin,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


@pytest.fixture(name="run_alerting")
def run_alerting_fixture():
    """Return what runs the command line over the database of the test."""
    return run_alerting
