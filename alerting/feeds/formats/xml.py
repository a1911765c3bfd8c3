"""XML, read safely: no entities, no network, no documents that unfold.

In:   the bytes of one document.
Out:  its root element; helpers ask it by local names, because BOAMP carries eForms under
      namespaces of its own.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from lxml import etree

from alerting.errors import FeedFormatError


Element = etree._Element  # noqa: SLF001 - lxml names its element class so
ENTITY = re.compile(rb"<!ENTITY\b")
# Atomic: a page that opens with many comments and is no HTML would take for ever otherwise.
HTML_START = re.compile(
    rb"^(\xef\xbb\xbf)?\s*+(?>(?><!--.*?-->)\s*+)*+<(!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL
)


# lxml lets one thread at a time use it.
_PARSER = etree.XMLParser(
    resolve_entities=False,
    no_network=True,
    load_dtd=False,
    huge_tree=False,
    remove_comments=True,
    remove_pis=True,
)


def read_xml(document: bytes, *, feed_id: str) -> Element:
    """Return the root element.

    Raises:
        FeedFormatError: It is empty, an HTML page, broken XML, or defines entities.
    """
    if not document or document.isspace():
        raise FeedFormatError(feed_id, "document", "empty; expected XML")
    if HTML_START.match(document):
        raise FeedFormatError(feed_id, "line 1", "an HTML page; expected XML")
    refuse_entities(document, feed_id=feed_id)
    try:
        root = etree.fromstring(document, _PARSER)
    except etree.XMLSyntaxError as error:
        raise FeedFormatError(feed_id, f"line {error.lineno}", f"not XML ({_one_line(error.msg)})") from error
    except ValueError as error:
        raise FeedFormatError(feed_id, "document", f"not XML ({_one_line(str(error))})") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise FeedFormatError(feed_id, "line 1", "a document type definition; expected none")
    return root


def refuse_entities(document: bytes, *, feed_id: str) -> None:
    """Refuse a document that defines entities, in whatever encoding.

    Raises:
        FeedFormatError: It does.
    """
    # UTF-16 reads like ASCII so.
    ascii_like = document.replace(b"\0", b"") if b"\0" in document else document
    # One sign is found many times faster than a word, and most documents have no exclamation mark at all.
    if b"!" in ascii_like and b"<!ENTITY" in ascii_like and ENTITY.search(ascii_like):
        raise FeedFormatError(feed_id, "document type", "defines entities; expected none")


def _one_line(text: str) -> str:
    return " ".join(text.split())


def local_name(element: Element) -> str:
    """Return the element's name without its namespace."""
    return _local(element.tag)


@lru_cache(maxsize=4_096)
def _local(tag: object) -> str:
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


@cache
def _in_any_namespace(path: str) -> str:
    """Return a path of local names as one of names in any namespace or none."""
    return "/".join(f"{{*}}{name}" for name in path.split("/"))


def children(element: Element | None, name: str) -> list[Element]:
    """Return the children of that local name, in document order."""
    return [] if element is None else list(element.iterchildren(_in_any_namespace(name)))


def find_all(element: Element | None, path: str) -> list[Element]:
    """Return the elements at a path of local names: "a/b/c"."""
    return [] if element is None else element.findall(_in_any_namespace(path))


def find(element: Element | None, path: str) -> Element | None:
    """Return the first element at a path of local names, or None."""
    return None if element is None else element.find(_in_any_namespace(path))


def text_of(element: Element | None, path: str = "") -> str | None:
    """Return the first text at a path that is not blank, trimmed; None when there is none."""
    if element is None:
        return None
    for found in element.iterfind(_in_any_namespace(path)) if path else (element,):
        text = text_within(found)
        if text:
            return text
    return None


def texts_of(element: Element | None, path: str) -> tuple[str, ...]:
    """Return every text at a path that is not blank, trimmed."""
    if element is None:
        return ()
    found = element.iterfind(_in_any_namespace(path))
    return tuple(text for each in found if (text := text_within(each)))


def text_within(element: Element) -> str:
    """Return all text within an element, trimmed; one child's words do not run into the next one's."""
    text = " ".join(map(str, element.itertext())) if len(element) else element.text
    return text.strip() if text else ""


def descendants(element: Element, name: str) -> list[Element]:
    """Return every descendant of that local name, in document order."""
    return [child for child in element.iter(_in_any_namespace(name)) if child is not element]


def attribute(element: Element | None, name: str) -> str | None:
    """Return an attribute's value, or None."""
    value = element.get(name) if element is not None else None
    return value if isinstance(value, str) else None
