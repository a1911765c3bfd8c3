"""Read an index page: an HTML listing of files, as web servers make them of a folder.

In:   the bytes of the page.
Out:  no notices, but the links to its .xml files, as written there, in order.
"""

from __future__ import annotations

from lxml import etree

from alerting.domain.feed import ParsedFeed
from alerting.errors import FeedFormatError
from alerting.feeds.formats.head import Head


def recognises(head: Head) -> bool:  # noqa: ARG001 - every format answers the same question
    """Never: only a feed that is said to be an index page is one; any other HTML page is a failure."""
    return False


def parse(document: bytes, *, feed_id: str) -> ParsedFeed:
    """Read one listing.

    Raises:
        FeedFormatError: It links to no .xml file, and does not call itself an index.
    """
    root = etree.fromstring(document, etree.HTMLParser(no_network=True)) if document.strip() else None
    if root is None:
        raise FeedFormatError(feed_id, "document", "empty; expected an index page")
    links = [str(link.get("href")) for link in root.iter("a") if link.get("href")]
    files = tuple(dict.fromkeys(link for link in links if link.partition("?")[0].lower().endswith(".xml")))
    if not files and not str(root.findtext(".//title") or "").startswith("Index of"):
        raise FeedFormatError(
            feed_id, "document", "an HTML page that lists no .xml file; expected an index page"
        )
    return ParsedFeed((), links=files)
