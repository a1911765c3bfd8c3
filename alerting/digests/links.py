"""Links that a mail may carry.

In:   addresses as documents state them.
Out:  http and https links to hosts that are named openly.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from alerting.domain.notice import Notice


_LINK_CHARACTERS = 600
_SAFE_LINK = re.compile(r"https?://[\x21-\x7e]+", re.IGNORECASE)
# Most links: nothing in them can be read in two ways.
_PLAIN_LINK = re.compile(r"https?://([a-z0-9][a-z0-9.\-]*)(?::[0-9]{1,5})?/[A-Za-z0-9/._~\-=&?%]*")


@dataclass(frozen=True, slots=True)
class Link:
    """A link that may be followed, and the host it goes to."""

    href: str
    host: str


def safe_link(url: str | None) -> Link | None:
    """Return a link that a mail may carry: http or https, to a host that is named openly; else None."""
    if url is None or len(url) > _LINK_CHARACTERS:
        return None
    if plain := _PLAIN_LINK.fullmatch(url):
        return Link(href=url, host=plain[1].removeprefix("www."))
    if not _SAFE_LINK.fullmatch(url.strip()):
        return None
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return None
    if not parts.hostname or "@" in parts.netloc:
        return None
    return Link(href=parts.geturl(), host=parts.hostname.removeprefix("www."))


def links_of(notice: Notice, *, is_open: bool) -> tuple[Link | None, Link | None, Link | None]:
    """Return where the documents, the answer and the notice are; an address that two share stands once.

    Of what has come to an end the notice alone is shown.
    """
    documents, answer, read = map(safe_link, (notice.document_url, notice.submission_url, notice.notice_url))
    if answer == documents:
        answer = None
    if is_open and read in {documents, answer}:
        read = None
    return documents, answer, read
