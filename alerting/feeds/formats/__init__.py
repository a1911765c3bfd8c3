"""One module a format: bytes in, raw notices and rejects out.

Adding a format: one module with ``parse(document, *, feed_id)``, one line in FORMATS, one folder
of hand-written documents in ``tests/corpus``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from alerting.domain.feed import ParsedFeed
from alerting.errors import FeedFormatError
from alerting.feeds.formats import boamp, eforms, index_page, rss
from alerting.feeds.formats.xml import HTML_START, local_name, read_xml


Parser = Callable[..., ParsedFeed]
AUTO = "auto"
FORMATS: Mapping[str, Parser] = MappingProxyType(
    {"boamp": boamp.parse, "eforms": eforms.parse, "index-page": index_page.parse, "rss": rss.parse}
)
RSS_ROOTS = frozenset({"rss", "feed", "RDF"})


def parse(document: bytes, *, feed_id: str, format: str = AUTO) -> ParsedFeed:  # noqa: A002 - the field's name
    """Parse a document in a format, or in the one that its bytes tell.

    Raises:
        FeedFormatError: The document is not in that format, or in none that is known.
    """
    name = detect(document, feed_id=feed_id) if format == AUTO else format
    parser = FORMATS.get(name)
    if parser is None:
        raise FeedFormatError(feed_id, "format", f"expected one of {', '.join(FORMATS)} (got {name!r})")
    return parser(document, feed_id=feed_id)


def detect(document: bytes, *, feed_id: str) -> str:
    """Return the name of the format of a document, by its root element.

    Raises:
        FeedFormatError: It is empty, an HTML page, or in no known format.
    """
    if not document.strip():
        raise FeedFormatError(feed_id, "document", "empty; expected a feed")
    if HTML_START.match(document):
        raise FeedFormatError(feed_id, "line 1", "an HTML page instead of a feed")
    if any(mark in document[:2000] for mark in (b"<rss", b"<feed", b"<rdf:RDF")):
        return "rss"
    root = local_name(read_xml(document, feed_id=feed_id))
    if root in RSS_ROOTS:
        return "rss"
    if root == "ann":
        return "boamp"
    if root in eforms.ROOTS:
        return "eforms"
    raise FeedFormatError(
        feed_id, "top level", f"unknown format (got {root!r}); expected {', '.join(FORMATS)}"
    )
