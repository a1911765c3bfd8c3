"""Parse RSS 2.0 and Atom, broken ones too.

In:   the bytes of one feed document.
Out:  one RawNotice an entry, one Reject an entry without title and description, and one for the entry where
      a document breaks off; the Dublin Core elements of French buyer profiles give buyer, deadline
      and place, else the item's text does.  A document that defines entities is refused.

Source: RSS 2.0; RFC 4287; DCMI Metadata Terms (dateAccepted, creator).
"""

from __future__ import annotations

import io
import re
from typing import Any
from urllib.parse import urljoin

import feedparser

from alerting.domain.feed import ParsedFeed, Reject
from alerting.domain.notice import NoticeKind, RawNotice, RawPlace, RawTime
from alerting.errors import FeedFormatError
from alerting.feeds.formats.head import Head
from alerting.feeds.formats.item_text import read_item_text
from alerting.feeds.formats.items import codes_among, first_line, name_item, names_of_several
from alerting.feeds.formats.kinds import kind_in_words
from alerting.feeds.formats.moments import as_iso, is_iso
from alerting.feeds.formats.xml import ENTITY


WEB = ("http://", "https://")
ROOTS = frozenset({"rss", "feed", "RDF"})
DUBLIN = ("dc_", "dcterms_", "")
# An encoding with a null in its name, a declaration that sgmllib asserts cannot be, nesting without an end.
INSIDE = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
ENTRY = re.compile(rb"<(?:\w+:)?(?:item|entry)[\s>]")
ENTRY_END = re.compile(rb"</(?:\w+:)?(?:item|entry)\s*>")
ROOT_END = re.compile(rb"</(?:\w+:)?(?:rss|feed|RDF)\s*>", re.IGNORECASE)
ADDRESS = re.compile(r"(?<![^\s<>()@])[^\s<>()@]++@[^\s<>()@]++")
EMPTY_BRACKETS = re.compile(r"\(\s*\)|<\s*>")
PLACE = re.compile(r"(?P<departement>\d{2,3}|2[AB])\s*-\s*(?P<commune>.+)")


def recognises(head: Head) -> bool:
    """Tell whether a document is RSS or Atom."""
    return head.root in ROOTS


def parse(document: bytes, *, feed_id: str) -> ParsedFeed:
    """Parse one feed document.

    Raises:
        FeedFormatError: It is no RSS or Atom at all.
    """
    plain = document.replace(b"\0", b"")  # UTF-16 reads like ASCII so, for what is looked for here.
    if ENTITY.search(plain):
        raise FeedFormatError(feed_id, "document type", "defines entities; expected none")
    parsed = _parse(document, feed_id)
    if not parsed.get("version"):
        raise FeedFormatError(feed_id, "document", "neither RSS nor Atom")
    notices, rejects = [], []
    several = names_of_several(
        (_text(entry, "id"), _text(entry, "link"), _title(entry)) for entry in parsed.entries
    )
    is_cut = not ROOT_END.search(plain)
    last = len(parsed.entries) if is_cut and len(ENTRY.findall(plain)) > len(ENTRY_END.findall(plain)) else 0
    for number, entry in enumerate(parsed.entries, start=1):
        notice = _raw_notice(entry, feed_id, several, parsed.feed)
        if number == last:
            rejects.append(Reject(f"entry {number}", "cut short with its document; expected a whole entry"))
        elif notice is None:
            rejects.append(Reject(f"entry {number}", "expected a title (got none)"))
        else:
            notices.append(notice)
    if parsed.bozo and not notices and not rejects:
        rejects.append(Reject("document", f"broken feed ({_problem(parsed.bozo_exception)})"))
    elif is_cut and not last:
        rejects.append(Reject("document", "cut short; expected a closing tag of the feed"))
    return ParsedFeed(tuple(notices), tuple(rejects))


def _parse(document: bytes, feed_id: str) -> Any:
    """Let feedparser read; it has no error of its own, so whatever breaks inside it is a broken feed."""
    try:
        # A stream, since bytes or text that look like an address or a file's name would be opened.
        return feedparser.parse(io.BytesIO(document), resolve_relative_uris=False, sanitize_html=False)
    except INSIDE as error:
        problem = f"broken feed ({type(error).__name__}: {_problem(error)})"
        raise FeedFormatError(feed_id, "document", problem) from error


def _problem(error: object) -> str:
    return " ".join(str(error).split())[:200]


def _title(entry: Any) -> str | None:
    return _text(entry, "title") or first_line(_description(entry))


def _description(entry: Any) -> str | None:
    """Return the longest text of an entry: beside its content the summary is mostly its beginning."""
    contents = [each.get("value") for each in entry.get("content", ()) if _is_text(each)]
    texts = [text for text in (_text(entry, "summary"), *map(_trimmed, contents)) if text is not None]
    return max(texts, key=len, default=None)


def _is_text(content: Any) -> bool:
    kind = content.get("type") or "text/html"
    return kind.startswith("text/") or "html" in kind


def _raw_notice(entry: Any, feed_id: str, several: frozenset[str], feed: Any) -> RawNotice | None:
    title = _title(entry)
    if title is None:
        return None
    link = _link(entry)
    address = _absolute(link, feed)
    description = _description(entry)
    kind, published = _kind(entry, title), _published(entry)
    said = read_item_text(title, description, kind=kind, published=published)
    codes = tuple(dict.fromkeys([*codes_among(_labels(entry)), *said.codes]))
    return RawNotice(
        feed_id=feed_id,
        source_id=name_item(_text(entry, "id"), link, title, description, several=several),
        title=title,
        kind=kind,
        published=published,
        languages=("fr",),
        buyer_name=said.buyer_name or _buyer_name(entry),
        description=description,
        description_is_html=True,
        nature=said.nature,
        cpv_main=next(iter(codes), None),
        cpv_additional=codes[1:],
        places=_places(entry) or said.places,
        deadlines=_deadlines(entry) or said.deadlines,
        document_url=address,
        notice_url=address,
        internal_reference=said.reference,
    )


def _buyer_name(entry: Any) -> str | None:
    """Return the name of who writes: of several one without an address, which is an office's, no person's."""
    bare = (_text(author, "name") for author in entry.get("authors", ()) if _text(author, "email") is None)
    name = next((name for name in bare if name is not None), None)
    return _without_address(name or _text(entry, "author") or _dublin(entry, "creator") or "")


def _without_address(name: str) -> str | None:
    """Return a name without the address that RSS 2.0, and feedparser for Atom, write beside it."""
    if ADDRESS.search(name) is None:
        return name or None
    rest = EMPTY_BRACKETS.sub("", ADDRESS.sub("", name)).strip(' "-–,;')
    return rest[1:-1].strip() or None if rest.startswith("(") and rest.endswith(")") else rest or None


def _link(entry: Any) -> str | None:
    """Return an entry's link; feedparser takes a guid for one, as RSS 2.0 does, even a mere name."""
    link = _text(entry, "link")
    if link is None or link != _text(entry, "id") or link.lower().startswith((*WEB, "www.")):
        return link
    return None


def _absolute(link: str | None, feed: Any) -> str | None:
    """Return an address; one without a host is the feed's, or of the site that the feed names.

    What is relative to a folder is so to the feed's own, which its address alone tells.
    """
    own = next(
        (each["href"] for each in feed.get("links", ()) if each.get("rel") == "self" and "href" in each), None
    )
    base = own or (_text(feed, "link") if link is not None and link.startswith("/") else None)
    try:
        return urljoin(base, link) if base is not None and base.lower().startswith(WEB) else link
    except ValueError:
        return link


def _kind(entry: Any, title: str) -> NoticeKind:
    return kind_in_words((title, *_labels(entry)))


def _labels(entry: Any) -> list[str]:
    return [tag.get("term") or "" for tag in entry.get("tags", [])]


def _published(entry: Any) -> RawTime | None:
    """Return when an entry was published, else changed last; a day alone is Paris's, as of a deadline."""
    # Asked for without being there, feedparser warns and answers another one.
    stated = [name for name in ("published", "updated", "created") if name in entry]
    texts = [(name, text) for name in stated if (text := _text(entry, name)) is not None]
    for name, text in texts:
        if is_iso(iso := as_iso(text)):
            return RawTime(iso)
        moment = entry.get(f"{name}_parsed")
        # Of a year with signs behind it that it does not know, feedparser makes a day of its own.
        if moment and not text[:4].isdigit():
            return RawTime("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z".format(*moment[:6]))
    return RawTime(texts[0][1]) if texts else None


def _deadlines(entry: Any) -> tuple[RawTime, ...]:
    """Return the deadline; where it states an offset that is believed, and elsewhere it is Paris's clock."""
    text = _dublin(entry, "dateaccepted")
    return (RawTime(as_iso(text)),) if text is not None else ()


def _places(entry: Any) -> tuple[RawPlace, ...]:
    text = _dublin(entry, "location") or _dublin(entry, "spatial")
    found = PLACE.fullmatch(text) if text is not None else None
    if found is not None:
        return (RawPlace(departement=found["departement"], commune=found["commune"]),)
    return (RawPlace(commune=text),) if text is not None else ()


def _dublin(entry: Any, name: str) -> str | None:
    """Return a property of Dublin Core: of its elements, of its terms, or without a namespace."""
    return next((text for prefix in DUBLIN if (text := _text(entry, prefix + name)) is not None), None)


def _text(entry: Any, name: str) -> str | None:
    return _trimmed(entry.get(name))


def _trimmed(value: Any) -> str | None:
    return value.strip() or None if isinstance(value, str) else None
