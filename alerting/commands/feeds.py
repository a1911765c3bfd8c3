"""Feeds and their documents: registering, trying, checking, reading again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from alerting import bootstrap
from alerting.bootstrap import Parts
from alerting.commands.report import Report
from alerting.domain.json import to_json
from alerting.pipeline import dry, preview, registry, show


def seed_feeds(path: str, *, parts: Parts | None = None) -> Report:
    """Register or update the feeds of a TOML file: a table [[feeds]] each, with the facts of ``add_feed``.

    Raises:
        ProfileError: The file cannot be used; says where.
    """
    with bootstrap.opened(parts) as opened:
        return registry.seed_feeds(opened.database, Path(path), now=opened.now)


def add_feed(
    feed_id: str,
    *,
    authority: str,
    url: str,
    format: str = "auto",  # noqa: A002 - the glossary's word
    is_local: bool = False,
    poll_seconds: int = 300,
    credentials: str | None = None,
    parts: Parts | None = None,
) -> Report:
    """Register one feed, or change it.

    Args:
        feed_id: Its short name.
        authority: Who publishes it.
        url: http or https.
        format: Or "auto", to tell by the bytes of each document.
        is_local: May lead to private addresses.
        poll_seconds: Our own shortest pause between two checks.
        credentials: Where its secret is kept: "env:NAME", or "airflow:CONNECTION".
        parts: For tests.

    Raises:
        ProfileError: It cannot be used, or another feed has that address.
    """
    feed = {
        "feed_id": feed_id,
        "authority": authority,
        "url": url,
        "format": format,
        "is_local": is_local,
        "poll_seconds": poll_seconds,
        "credentials": credentials,
    }
    with bootstrap.opened(parts) as opened:
        return registry.add_feeds(opened.database, [feed], now=opened.now)


def subscribe_feed(
    url: str,
    *,
    feed_id: str | None = None,
    authority: str | None = None,
    format: str = "auto",  # noqa: A002 - the glossary's word
    is_local: bool = False,
    credentials: str | None = None,
    is_started: bool = False,
    parts: Parts | None = None,
) -> Report:
    """Ask an address as a feed is asked, read one document, say what firms would be told, and register it.

    Args:
        url: http or https.
        feed_id: Its short name; None: after its host.
        authority: Who publishes it; None: as known, else its host.
        format: Or "auto", to tell by the bytes; one that is asked in a way of its own is registered by name.
        is_local: May lead to private addresses.
        credentials: Where its secret is kept: "env:NAME", or "airflow:CONNECTION".
        is_started: Asked from now on; else a feed that is new rests, and one that is known goes on as it was.
        parts: For tests.

    Returns:
        feed_id; state: "refused" (then nothing is registered), "paused" or "due"; moved_from: the address
        that a known feed had until now, None where it is the same; format, outcome, rejects; is_away: the
        server could not be asked, or had no answer, and later may; notices: each with the profiles it would
        be told to.

    Raises:
        ProfileError: It cannot be used, or another feed has that address.
    """
    entry = {
        "authority": authority or "",
        "url": url,
        "format": format,
        "is_local": is_local,
        "credentials": credentials,
    }
    with bootstrap.opened(parts) as opened:
        feed = registry.read_feed(
            {**entry, "feed_id": registry.find_name(opened.database, url) if feed_id is None else feed_id}
        )
        tried = preview.try_feed(opened.database, feed, secrets=opened.secrets, now=opened.now)
        registered: Report = {"state": "refused", "moved_from": None}
        if tried["outcome"] != "refused":
            feed = registry.settle_format(feed, tried["format"])
            registered = registry.subscribe(opened.database, feed, is_started=is_started, now=opened.now)
    return {"feed_id": feed.feed_id, **registered, **tried}


def list_feeds(*, parts: Parts | None = None) -> list[Report]:
    """Return every feed with its state: last success, outcome, failure, when it is due, days of silence."""
    with bootstrap.opened(parts) as opened:
        return show.list_feeds(opened.database, now=opened.now)


def pause_feed(feed_id: str, *, parts: Parts | None = None) -> Report:
    """Ask a feed no more, until it is resumed.

    Raises:
        UnknownIdError: No such feed; so do ``resume_feed`` and ``retry_feed``.
    """
    with bootstrap.opened(parts) as opened:
        return registry.pause_feed(opened.database, feed_id, now=opened.now)


def resume_feed(feed_id: str, *, parts: Parts | None = None) -> Report:
    """Ask a paused feed again."""
    with bootstrap.opened(parts) as opened:
        return registry.resume_feed(opened.database, feed_id)


def retry_feed(feed_id: str, *, parts: Parts | None = None) -> Report:
    """Ask a feed at once, and read its answer even if it is the last one again."""
    with bootstrap.opened(parts) as opened:
        return registry.retry_feed(opened.database, feed_id)


def replay_documents(
    *,
    feed_id: str | None = None,
    document_id: int | None = None,
    also_read: bool = False,
    parts: Parts | None = None,
) -> Report:
    """Load archived documents again, by default those of which something was refused.

    A notice that reads as before changes nothing; "waiting" counts the documents to load.
    """
    with bootstrap.opened(parts) as opened:
        return registry.replay_documents(
            opened.database, feed_id=feed_id, document_id=document_id, also_read=also_read
        )


def list_rejects(
    *, feed_id: str | None = None, limit: int | None = None, parts: Parts | None = None
) -> list[Report]:
    """Return what could not be read, the newest first: feed, place, problem, how often it was seen.

    Raises:
        UnknownIdError: No such feed.
    """
    with bootstrap.opened(parts) as opened:
        return show.list_rejects(opened.database, feed_id=feed_id, limit=limit)


def check_feeds(paths: Sequence[str], *, is_local: bool = False, page: str | None = None) -> list[Report]:
    """Read documents from files, folders (.xml .rss .atom .json) and addresses; one report a document.

    Addresses (http, https) are fetched as feeds are.

    Args:
        paths: What to read.
        is_local: Lets addresses lead to private ones.
        page: A file to write the same into, as a page in French for who publishes.

    Raises:
        OutputError: The page cannot be written there.
    """
    reports = dry.check_documents(paths, is_local=is_local, now=bootstrap.utc_now)
    if page is not None:
        registry.write_text(Path(page), dry.write_page(reports, now=bootstrap.utc_now()))
    return [to_json(report) for report in reports]


def link_notices(paths: Sequence[str]) -> list[Report]:
    """Read documents as ``check_feeds`` does; one report a procedure."""
    return dry.link_files(dry.find_documents(paths))
