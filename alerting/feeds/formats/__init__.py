"""One module a format: bytes in, raw notices and rejects out.

Adding a format: one module with ``parse`` and ``recognises``, one line in FORMATS, one folder of
hand-written documents in ``tests/corpus``; docs/formats.md tells how in a page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from alerting.domain.feed import ParsedFeed
from alerting.errors import FeedFormatError
from alerting.feeds.formats import boamp, boamp_api, boamp_v230, eforms, index_page, rss
from alerting.feeds.formats.head import Head, read_head


AUTO = "auto"


@dataclass(frozen=True, slots=True)
class Format:
    """How the documents of one format are read.

    Args:
        parse: Takes a document and, as ``feed_id``, whose it is; returns a ``ParsedFeed`` or raises
            FeedFormatError, whatever the bytes.
        recognises: Tells by a document's ``Head`` whether it is of this format.
    """

    parse: Callable[..., ParsedFeed]
    recognises: Callable[[Head], bool]


# The first that recognises a document reads it.
FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "boamp": Format(boamp.parse, boamp.recognises),
        "boamp-api": Format(boamp_api.parse, boamp_api.recognises),
        "boamp-v230": Format(boamp_v230.parse, boamp_v230.recognises),
        "eforms": Format(eforms.parse, eforms.recognises),
        "index-page": Format(index_page.parse, index_page.recognises),
        "rss": Format(rss.parse, rss.recognises),
    }
)


def parse(document: bytes, *, feed_id: str, format: str = AUTO) -> ParsedFeed:  # noqa: A002 - the field's name
    """Parse a document in a format, or in the one that its bytes tell.

    Raises:
        FeedFormatError: The document is not in that format, or in none that is known.
    """
    name = detect(document, feed_id=feed_id) if format == AUTO else format
    found = FORMATS.get(name)
    if found is None:
        raise FeedFormatError(feed_id, "format", f"expected one of {', '.join(FORMATS)} (got {name!r})")
    return found.parse(document, feed_id=feed_id)


def detect(document: bytes, *, feed_id: str) -> str:
    """Return the name of the format of a document, by how it begins.

    Raises:
        FeedFormatError: It is empty, an HTML page, or in no known format.
    """
    head = read_head(document, feed_id=feed_id)
    for name, each in FORMATS.items():
        if each.recognises(head):
            return name
    got = repr(head.root) if head.root is not None else "JSON of other names"
    raise FeedFormatError(feed_id, "top level", f"unknown format (got {got}); expected {', '.join(FORMATS)}")
