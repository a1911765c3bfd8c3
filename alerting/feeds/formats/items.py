"""Name the items of a feed: by their id, else by their link, else by what they say.

In:   id, link, title and description of every item of one document.
Out:  a name for each.  A link that several items share is the address of a page, an id that items of
      different purchases share is a habit of who writes the feed: neither names any of them.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping

from alerting.text.analysis import stems


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
