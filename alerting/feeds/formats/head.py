"""Tell the format of a document by how it begins, without reading it whole.

In:   the bytes of one document.
Out:  its ``Head``: the root element of XML, or the names at the top of JSON.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Collection
from dataclasses import dataclass

from lxml import etree

from alerting.errors import FeedFormatError
from alerting.feeds.formats.xml import HTML_START, Element, local_name, read_xml, refuse_entities


# Of the document, as far as it is looked into for the root element or the first names.
_START_BYTES = 65_536
_CHUNK_BYTES = 4_096
_JSON_START = re.compile(rb"^(?:\xef\xbb\xbf)?\s*+[\[{]")
_JSON_NAME = re.compile(rb'"((?:[^"\\]|\\.){1,80})"\s*:')
_MARKS = (b"<rss", b"<feed", b"<rdf:RDF")
# What nearly every document begins with: a declaration, comments and instructions, the root's start tag.
# All of it atomic, so that what begins otherwise is known at once; the parser looks at that.
_XML_START = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*+(?>(?><\?(?>[^?]|\?(?!>))*+\?>|<!--(?>[^-]|-(?!-))*+-->)\s*+)*+"
    rb"<(?>[A-Za-z_][\w.\-]*+:)?+(?P<root>[A-Za-z_][\w.\-]*+)"
    rb"(?P<attributes>(?>\s++[A-Za-z_][\w.:\-]*+\s*+=\s*+(?>\"[^\"<&]*+\"|'[^'<&]*+'))*+)\s*+/?>"
)
_NAMESPACE = re.compile(r"\sxmlns(?::[\w.\-]+)?\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")


@dataclass(frozen=True, slots=True)
class Head:
    """How a document begins.

    Args:
        root: Local name of the root element; None for JSON.
        namespaces: The namespaces that the root declares.
        names: The first names of JSON's objects, whatever their depth; empty for XML.
    """

    root: str | None = None
    namespaces: Collection[str] = ()
    names: frozenset[str] = frozenset()


def read_head(document: bytes, *, feed_id: str) -> Head:
    """Return how *document* begins.

    Raises:
        FeedFormatError: It is empty, an HTML page, or neither XML nor JSON.
    """
    if not document.strip():
        raise FeedFormatError(feed_id, "document", "empty; expected a feed")
    if HTML_START.match(document):
        raise FeedFormatError(feed_id, "line 1", "an HTML page instead of a feed")
    start = document[:_START_BYTES]
    if _JSON_START.match(start):
        found = (name.decode("utf-8", "replace") for name in _JSON_NAME.findall(start))
        return Head(names=frozenset(found))
    head = _quick_head(start)
    if head is not None:
        return head
    refuse_entities(document, feed_id=feed_id)
    return _xml_head(document, feed_id)


def _quick_head(start: bytes) -> Head | None:
    """Read the root's start tag where it is in ASCII and no document type stands before it."""
    found = _XML_START.match(start)
    if found is None or not found.group().removeprefix(BOM_UTF8).isascii():
        return None
    namespaces = _NAMESPACE.findall(found["attributes"].decode("ascii"))
    return Head(found["root"].decode("ascii"), tuple(first or second for first, second in namespaces))


def _xml_head(document: bytes, feed_id: str) -> Head:
    """Read up to the root's start tag; a broken feed is known by its mark, and feedparser may read it."""
    reader = etree.XMLPullParser(events=("start",), resolve_entities=False, no_network=True, load_dtd=False)
    start = document[:_START_BYTES]
    try:
        for position in range(0, len(start), _CHUNK_BYTES):
            reader.feed(start[position : position + _CHUNK_BYTES])
            for _, element in reader.read_events():
                if isinstance(element, Element):
                    return Head(etree.QName(element).localname, tuple(element.nsmap.values()))
    except (etree.XMLSyntaxError, ValueError):
        if any(mark in start for mark in _MARKS):
            return Head("rss")
    return Head(local_name(read_xml(document, feed_id=feed_id)))
