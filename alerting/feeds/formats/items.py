"""Name the items of a feed that gives them no id: by their link, else by what they say.

In:   link, title and description of every item of one document.
Out:  an id for each.  A link that several items share is the address of a page, and names none of them.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable


def links_of_pages(items: Iterable[tuple[str | None, str | None]]) -> frozenset[str]:
    """Return the links that items of different titles share.

    Args:
        items: Link and title of each item without an id.
    """
    titles: defaultdict[str, set[str]] = defaultdict(set)
    for link, title in items:
        if link is not None and title is not None:
            titles[link].add(title)
    return frozenset(link for link, different in titles.items() if len(different) > 1)


def name_item(link: str | None, title: str, description: str | None, *, pages: frozenset[str]) -> str:
    """Return the id of an item that has none of its own.

    Args:
        link: Where it leads.
        title: Of the item.
        description: Of the item.
        pages: What ``links_of_pages`` returned.
    """
    if link is not None and link not in pages:
        return link
    return "sha256:" + hashlib.sha256(f"{title}\n{description or ''}".encode()).hexdigest()
