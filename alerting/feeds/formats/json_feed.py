"""Parse JSON Feed 1.0 and 1.1.

In:   the bytes of one feed document.
Out:  one RawNotice an item, one Reject an item without title and text.  It has no fields for a purchase:
      buyer, place and last day are what the text states.

Source: jsonfeed.org/version/1.1.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin

from alerting.domain.feed import ParsedFeed, Reject
from alerting.domain.notice import RawNotice, RawTime
from alerting.errors import FeedFormatError
from alerting.feeds.formats.head import Head
from alerting.feeds.formats.item_text import read_item_text
from alerting.feeds.formats.items import codes_among, first_line, name_item, names_of_several
from alerting.feeds.formats.json_values import items_at, read_json, text_at, texts_at, value_at
from alerting.feeds.formats.kinds import kind_in_words
from alerting.feeds.formats.moments import as_iso


VERSION = "jsonfeed.org/version/"


def recognises(head: Head) -> bool:
    """Tell whether a document is a JSON Feed."""
    return {"version", "items"} <= head.names and "releases" not in head.names


def parse(document: bytes, *, feed_id: str) -> ParsedFeed:
    """Parse one feed document.

    Raises:
        FeedFormatError: It is no JSON, or no JSON Feed.
    """
    feed = read_json(document, feed_id=feed_id)
    version, items = text_at(feed, "version") or "", value_at(feed, "items")
    if VERSION not in version or not isinstance(items, list):
        raise FeedFormatError(feed_id, "version", f"expected a JSON Feed with 'items' (got {version[:80]!r})")
    language = text_at(feed, "language")
    notices: list[RawNotice] = []
    rejects: list[Reject] = []
    several = names_of_several((text_at(item, "id"), _link(item), _title(item)) for item in items)
    for position, item in enumerate(items):
        notice = _notice(item, feed_id, language, several)
        if notice is None:
            rejects.append(Reject(f"items[{position}]", "expected a title (got none)"))
        else:
            notices.append(notice)
    return ParsedFeed(tuple(notices), tuple(rejects))


def next_page(document: bytes, *, url: str) -> str | None:
    """Return the address of the feed's older items."""
    link = text_at(read_json(document, feed_id=url), "next_url")
    return urljoin(url, link) if link is not None else None


def _notice(item: Any, feed_id: str, language: str | None, several: frozenset[str]) -> RawNotice | None:
    title = _title(item)
    if title is None:
        return None
    link = _link(item)
    html = text_at(item, "content_html")
    description = html or text_at(item, "content_text") or text_at(item, "summary")
    moment = text_at(item, "date_published") or text_at(item, "date_modified")
    published = RawTime(as_iso(moment)) if moment is not None else None
    kind = kind_in_words((title, *texts_at(item, "tags")))
    said = read_item_text(title, description, kind=kind, published=published)
    codes = tuple(dict.fromkeys([*codes_among(texts_at(item, "tags")), *said.codes]))
    return RawNotice(
        feed_id=feed_id,
        source_id=name_item(text_at(item, "id"), link, title, description, several=several),
        title=title,
        kind=kind,
        published=published,
        languages=((text_at(item, "language") or language or "fr")[:2],),
        buyer_name=said.buyer_name or _author(item),
        description=description,
        description_is_html=html is not None,
        nature=said.nature,
        cpv_main=next(iter(codes), None),
        cpv_additional=codes[1:],
        places=said.places,
        deadlines=said.deadlines,
        document_url=text_at(item, "external_url") or link,
        notice_url=link,
        internal_reference=said.reference,
    )


def _title(item: Any) -> str | None:
    contents = (text_at(item, name) for name in ("summary", "content_text", "content_html"))
    return text_at(item, "title") or next(filter(None, map(first_line, contents)), None)


def _link(item: Any) -> str | None:
    return text_at(item, "url") or text_at(item, "external_url")


def _author(item: Any) -> str | None:
    people = [*items_at(item, "authors"), *items_at(item, "author")]
    return next((name for person in people if (name := text_at(person, "name")) is not None), None)
