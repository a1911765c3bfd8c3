"""Parse RSS 2.0 and Atom, broken ones too.

In:   the bytes of one feed document.
Out:  one RawNotice an entry with a title, one Reject an entry without; the Dublin Core elements
      of French buyer profiles give buyer, deadline and place.

Source: RSS 2.0; RFC 4287; DCMI Metadata Terms (dateAccepted, creator).
"""

from __future__ import annotations

import hashlib
import io
import re
from typing import Any

import feedparser

from alerting.domain.feed import ParsedFeed, Reject
from alerting.domain.notice import Clock, NoticeKind, RawNotice, RawPlace, RawTime
from alerting.errors import FeedFormatError


KINDS = (
    (re.compile(r"\brectificatif", re.IGNORECASE), NoticeKind.CORRECTION),
    (re.compile(r"\bannul|\bsans suite", re.IGNORECASE), NoticeKind.CANCELLATION),
    (re.compile(r"\battribution|\bavis d'attribution|\brésultat de marché", re.IGNORECASE), NoticeKind.AWARD),
)
PLACE = re.compile(r"(?P<departement>\d{2,3}|2[AB])\s*-\s*(?P<commune>.+)")


def parse(document: bytes, *, feed_id: str) -> ParsedFeed:
    """Parse one feed document.

    Raises:
        FeedFormatError: It is no RSS or Atom at all.
    """
    # A stream, since bytes or text that look like an address or a file's name would be opened.
    parsed = feedparser.parse(io.BytesIO(document), resolve_relative_uris=False, sanitize_html=False)
    if not parsed.get("version"):
        raise FeedFormatError(feed_id, "document", "neither RSS nor Atom")
    notices, rejects = [], []
    for number, entry in enumerate(parsed.entries, start=1):
        notice = _raw_notice(entry, feed_id)
        if notice is None:
            rejects.append(Reject(f"entry {number}", "expected a title (got none)"))
        else:
            notices.append(notice)
    if parsed.bozo and isinstance(parsed.bozo_exception, Exception) and not notices:
        rejects.append(Reject("document", f"broken feed ({parsed.bozo_exception})"))
    return ParsedFeed(tuple(notices), tuple(rejects))


def _raw_notice(entry: Any, feed_id: str) -> RawNotice | None:
    title = _text(entry, "title")
    if title is None:
        return None
    link = _text(entry, "link")
    description = _text(entry, "summary")
    return RawNotice(
        feed_id=feed_id,
        source_id=_text(entry, "id") or link or _fallback_id(title, description),
        title=title,
        kind=_kind(entry, title),
        published=_published(entry),
        languages=("fr",),
        buyer_name=_text(entry, "author") or _text(entry, "dc_creator"),
        description=description,
        description_is_html=True,
        places=_places(entry),
        deadlines=_deadlines(entry),
        document_url=link,
        notice_url=link,
    )


def _kind(entry: Any, title: str) -> NoticeKind:
    labels = [tag.get("term") or "" for tag in entry.get("tags", [])]
    for pattern, kind in KINDS:
        if any(pattern.search(text) for text in (title, *labels)):
            return kind
    return NoticeKind.CALL


def _published(entry: Any) -> RawTime | None:
    moment = entry.get("published_parsed") or entry.get("updated_parsed")
    return RawTime("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z".format(*moment[:6])) if moment else None


def _deadlines(entry: Any) -> tuple[RawTime, ...]:
    text = _text(entry, "dc_dateaccepted") or _text(entry, "dateaccepted")
    return (RawTime(text, Clock.PARIS),) if text is not None else ()


def _places(entry: Any) -> tuple[RawPlace, ...]:
    text = _text(entry, "dc_location") or _text(entry, "location")
    found = PLACE.fullmatch(text) if text is not None else None
    if found is not None:
        return (RawPlace(departement=found["departement"], commune=found["commune"]),)
    return (RawPlace(commune=text),) if text is not None else ()


def _fallback_id(title: str, description: str | None) -> str:
    return "sha256:" + hashlib.sha256(f"{title}\n{description or ''}".encode()).hexdigest()


def _text(entry: Any, name: str) -> str | None:
    value = entry.get(name)
    return value.strip() or None if isinstance(value, str) else None
