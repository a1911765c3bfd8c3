"""Name the items of a feed by their id, their link or what they say; entitle those without a title.

In:   id, link, title and description of every item of one document.
Out:  a name and a title for each.  A link that several items share is the address of a page, an id
      that items of different purchases share a habit of who writes the feed: neither names any of them.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from alerting.reference.cpv import is_cpv
from alerting.text.analysis import stems
from alerting.text.markup import may_be_marked_up, open_text


LONGEST_TITLE = 200
_CPV = re.compile(r"\s*(?:CPV\s*:?\s*)?(?P<code>\d{8})(?:-\d)?(?!\d)", re.IGNORECASE)
# So far into a description its first line is looked for.
_FIRST_CHARACTERS = 20_000


def first_line(text: str | None) -> str | None:
    """Return the first line of a description, HTML or not, where an item has no title of its own.

    RSS 2.0 asks for one of both, JSON Feed for none.

    >>> first_line("<p> Toiture de l'&eacute;cole</p><p>Trois lots</p>"), first_line("<p></p>")
    ("Toiture de l'école", None)
    """
    beginning = (text or "")[:_FIRST_CHARACTERS]
    seen = open_text(beginning, is_html=may_be_marked_up(beginning))
    line = next((" ".join(line.split()) for line in seen.split("\n") if line.strip()), None)
    if line is None or len(line) <= LONGEST_TITLE:
        return line
    return line[:LONGEST_TITLE].rsplit(" ", 1)[0] + "…"


def codes_among(labels: Iterable[str]) -> tuple[str, ...]:
    """Return the CPV codes that categories are, or begin with; eight digits of another list are none.

    >>> codes_among(["45261210-9 Couverture", "CPV : 45261000", "20260915", "Travaux"])
    ('45261210', '45261000')
    """
    found = (found["code"] for label in labels if (found := _CPV.match(label)) is not None)
    return tuple(dict.fromkeys(code for code in found if is_cpv(code)))


def names_of_several(items: Iterable[tuple[str | None, str | None, str | None]]) -> frozenset[str]:
    """Return the ids and links that name no item, since several share them.

    An id that stands twice under one title, or under one that only adds words ("Avis rectificatif : ..."),
    is one item in two versions.

    Args:
        items: Id, link and title of each.
    """
    by_id: defaultdict[str, set[str]] = defaultdict(set)
    by_link: defaultdict[str, set[str]] = defaultdict(set)
    known = [(own, link, title) for own, link, title in items if title is not None]
    for own, _link, title in known:
        if own is not None:
            by_id[own].add(title)
    ids = {own for own, titles in by_id.items() if _speak_of_several(titles)}
    for own, link, title in known:
        if link is not None and (own is None or own in ids):
            by_link[link].add(title)
    return frozenset(ids) | _shared(by_link)


def name_item(
    own: str | None, link: str | None, title: str, description: str | None, *, several: frozenset[str]
) -> str:
    """Return what an item is called in its feed.

    Args:
        own: Its id, if it has one.
        link: Where it leads.
        title: Of the item.
        description: Of the item.
        several: What ``names_of_several`` returned.
    """
    for name in (own, link):
        if name is not None and name not in several:
            return name
    return "sha256:" + hashlib.sha256(f"{title}\n{description or ''}".encode()).hexdigest()


def _shared(titles: Mapping[str, set[str]]) -> frozenset[str]:
    return frozenset(name for name, different in titles.items() if len(different) > 1)


def _speak_of_several(titles: Iterable[str]) -> bool:
    """Tell whether no title holds the words of all others."""
    words = sorted((set(stems(title)) for title in titles), key=len)
    return any(not few <= words[-1] for few in words)
