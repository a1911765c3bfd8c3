"""One module a format: bytes in, raw notices and rejects out.

Adding a format: one module with ``parse`` and ``recognises``, one line in FORMATS, one folder of
hand-written documents in ``tests/corpus``; docs/formats.md tells how in a page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from alerting.domain.feed import ParsedFeed, Question
from alerting.errors import FeedFormatError
from alerting.feeds.formats import (
    boamp,
    boamp_api,
    boamp_v230,
    decp,
    eforms,
    index_page,
    json_feed,
    ocds,
    placsp,
    rss,
    ted_api,
    ted_export,
)
from alerting.feeds.formats.foreign import refuse_foreign, unpack
from alerting.feeds.formats.head import Head, read_head
from alerting.feeds.formats.json_values import read_json


AUTO = "auto"
INDEX_PAGE = "index-page"


@dataclass(frozen=True, slots=True)
class Format:
    """How the documents of one format are read.

    Args:
        parse: Takes a document and, as ``feed_id``, whose it is; returns a ``ParsedFeed`` or raises
            FeedFormatError, whatever the bytes.
        recognises: Tells by a document's ``Head`` whether it is of this format.
        next_page: Takes a document and, as ``url``, its address; returns the address of the feed's next
            page, None after the last; raises FeedFormatError.
        question: Takes an address, the feed's own or a page's; returns what is asked of the server.
    """

    parse: Callable[..., ParsedFeed]
    recognises: Callable[[Head], bool]
    next_page: Callable[..., str | None] | None = None
    question: Callable[[str], Question] = Question


# The first that recognises a document reads it.
FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "boamp": Format(boamp.parse, boamp.recognises),
        "boamp-api": Format(boamp_api.parse, boamp_api.recognises, boamp_api.next_page, boamp_api.question),
        "boamp-v230": Format(boamp_v230.parse, boamp_v230.recognises),
        "decp": Format(decp.parse, decp.recognises),
        "eforms": Format(eforms.parse, eforms.recognises),
        INDEX_PAGE: Format(index_page.parse, index_page.recognises),
        "json-feed": Format(json_feed.parse, json_feed.recognises, json_feed.next_page),
        "ocds": Format(ocds.parse, ocds.recognises, ocds.next_page),
        "placsp": Format(placsp.parse, placsp.recognises, placsp.next_page),
        "ted-api": Format(ted_api.parse, ted_api.recognises, ted_api.next_page, ted_api.question),
        "ted-export": Format(ted_export.parse, ted_export.recognises),
        "rss": Format(rss.parse, rss.recognises),
    }
)


def parse(document: bytes, *, feed_id: str, format: str = AUTO) -> ParsedFeed:  # noqa: A002 - the field's name
    """Parse a document in a format, or in the one that its bytes tell; say in which.

    Raises:
        FeedFormatError: The document is not in that format, or in none that is known.
    """
    document = unpack(document, feed_id=feed_id)
    refuse_foreign(document, feed_id=feed_id)
    name = detect(document, feed_id=feed_id) if format == AUTO else format
    found = FORMATS.get(name)
    if found is None:
        raise FeedFormatError(feed_id, "format", f"expected one of {', '.join(FORMATS)} (got {name!r})")
    return replace(found.parse(document, feed_id=feed_id), format=name)


def format_of_documents(format_of_feed: str) -> str:
    """Return the format in which a feed's documents are parsed.

    What a page of links points to tells its own.
    """
    return AUTO if format_of_feed == INDEX_PAGE else format_of_feed


def detect(document: bytes, *, feed_id: str) -> str:
    """Return the name of the format of a document, by how it begins.

    Raises:
        FeedFormatError: It is empty, an HTML page, a PDF or its like, or in no known format.
    """
    document = unpack(document, feed_id=feed_id)
    refuse_foreign(document, feed_id=feed_id)
    head = read_head(document, feed_id=feed_id)
    for name, each in FORMATS.items():
        if each.recognises(head):
            return name
    if head.root is None:
        read_json(document, feed_id=feed_id)  # Says so where it breaks off.
    got = repr(head.root) if head.root is not None else "JSON of other names"
    raise FeedFormatError(feed_id, "top level", f"unknown format (got {got}); expected {', '.join(FORMATS)}")


def question_of(format: str, url: str) -> Question:  # noqa: A002 - the field's name
    """Return what is asked of the server of a feed in a format; a GET of the address where none is known."""
    found = FORMATS.get(format)
    return found.question(url) if found is not None else Question(url)


def asks_its_own_way(format: str) -> bool:  # noqa: A002 - the field's name
    """Tell whether what is asked of a server in that format is more than a GET of the address."""
    return FORMATS[format].question is not Question


def next_page_of(document: bytes, *, url: str, format: str = AUTO) -> str | None:  # noqa: A002
    """Return the address of the page after *document*; None when it is the last, or cannot be told."""
    try:
        document = unpack(document, feed_id=url)
        name = detect(document, feed_id=url) if format == AUTO else format
        found = FORMATS.get(name)
        return found.next_page(document, url=url) if found is not None and found.next_page else None
    except (FeedFormatError, ValueError):
        return None  # ValueError: what stands there as the next page's address is none.
