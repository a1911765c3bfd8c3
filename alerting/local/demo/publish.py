"""Publish the demo's notices as three member authorities would, into folders that a server serves.

In:   a folder and a day.
Out:  files below it: ``journal/`` and ``europe/`` hold a document a notice, ``bretagne/`` one RSS feed.

Every file appears whole: it is written beside its place and moved there.  A file's time is that
of its publication, so that an index can list the newest last.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from importlib import resources
from pathlib import Path

import msgspec

from alerting.domain.deadlines import PARIS
from alerting.local.demo.facts import (
    Announcement,
    BadFact,
    announcements,
    bad_documents,
    late_call,
    late_correction,
)
from alerting.local.demo.writers import write_document, write_feed, write_stranger


AUTHORITIES = {
    "journal": "Journal des marchés",
    "europe": "Europe",
    "bretagne": "Profil d'acheteur de Bretagne",
}
POLL_SECONDS = 5
FEED_FILE = "feed.xml"
_ERROR_PAGE = (
    b"<!DOCTYPE html>\n<html lang='fr'><head><title>Service indisponible</title></head>"
    b"<body><h1>503</h1><p>Le service est momentan&eacute;ment indisponible.</p></body></html>\n"
)


def publish_all(folder: Path, *, today: date) -> None:
    """Write every document that is there from the start; what a folder holds already is replaced."""
    published = [one for one in announcements(today) if not one.fact.is_late]
    items = [one for one in published if one.fact.form == "rss"]
    for announcement in published:
        if announcement.fact.form != "rss":
            _put_document(folder, announcement)
    for bad in bad_documents():
        if bad.damage == "no-words":
            items.append(_wordless(bad, items[0], today=today))
        else:
            _put_bad(folder, bad, today=today, whole=published[0])
    feed = write_feed(items, authority="bretagne", title=AUTHORITIES["bretagne"])
    _put(folder / "bretagne" / FEED_FILE, feed, at=max(item.published_at for item in items))


def publish_late(folder: Path, *, now: datetime, number: int = 1) -> str:
    """Add a fresh call for plumbers in Finistère; return its source id, which its mail's links hold.

    Args:
        folder: Where ``publish_all`` wrote.
        now: Aware.
        number: Tells several apart: each is a purchase of its own, its object ends with the number.
    """
    announcement = late_call(number, now=now)
    _put_document(folder, announcement)
    return announcement.source_id


def publish_correction(folder: Path, *, now: datetime) -> str:
    """Move the deadline of a call that is there from the start; return the correction's source id."""
    announcement = late_correction(now=now)
    _put_document(folder, announcement)
    return announcement.source_id


def feeds_toml(base_url: str) -> str:
    """Return the registry's file of the three feeds, served below *base_url*."""
    places = {
        "journal": ("journal/", "index-page"),
        "europe": ("europe/", "index-page"),
        "bretagne": (f"bretagne/{FEED_FILE}", "rss"),
    }
    return "\n".join(
        f"""[[feeds]]
feed_id = {json.dumps(feed_id)}
authority = {json.dumps(authority, ensure_ascii=False)}
url = {json.dumps(f"{base_url.rstrip('/')}/{places[feed_id][0]}")}
format = {json.dumps(places[feed_id][1])}
is_local = true
poll_seconds = {POLL_SECONDS}
"""
        for feed_id, authority in AUTHORITIES.items()
    )


def firms_toml() -> str:
    """Return the file of the twelve firms."""
    return resources.files("alerting.local.demo").joinpath("firms.toml").read_text(encoding="utf-8")


def _put_document(folder: Path, announcement: Announcement) -> None:
    authority = announcement.fact.authority
    name = announcement.boamp_id if authority == "journal" else announcement.ojs_number.replace("-", "_")
    _put(folder / authority / f"{name}.xml", write_document(announcement), at=announcement.published_at)


def _put_bad(folder: Path, bad: BadFact, *, today: date, whole: Announcement) -> None:
    """Write a document that broke on its way, that is none, or that is in a format of its own."""
    document = write_document(whole)
    bodies = {
        "half": document[: len(document) // 2],
        "error-page": _ERROR_PAGE,
        "unknown-format": write_stranger(whole),
    }
    _put(folder / bad.authority / f"{bad.id}.xml", bodies[bad.damage], at=_morning(today, bad))


def _wordless(bad: BadFact, whole: Announcement, *, today: date) -> Announcement:
    """Return an announcement that has lost its title and its text."""
    fact = msgspec.structs.replace(whole.fact, id=bad.id, title="", description=None)
    return replace(whole, fact=fact, published_at=_morning(today, bad))


def _morning(today: date, bad: BadFact) -> datetime:
    return datetime.combine(today - timedelta(days=bad.published_days_ago), time(9), tzinfo=PARIS)


def _put(path: Path, body: bytes, *, at: datetime) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    beside.write_bytes(body)
    os.utime(beside, (at.timestamp(), at.timestamp()))
    beside.replace(path)
