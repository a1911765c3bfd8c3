"""Feeds, their documents, and what a parser makes of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from alerting.domain.notice import RawNotice


@dataclass(frozen=True, slots=True)
class Reject:
    """One part of a document that could not be read.

    Args:
        where: The place in the document: "releases[3]", "entry 7", "line 12", "document".
        problem: What is wrong there, what was got, what was expected; one line.
    """

    where: str
    problem: str


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """Everything one document holds: notices in document order, and what could not be read.

    ``links`` are addresses of further documents of the same feed that this one only points to
    (an index page of XML files); empty for every format that carries its notices itself.
    ``format`` is the name of the one it was read in; None where nobody asked by name or by the bytes.
    """

    notices: tuple[RawNotice, ...]
    rejects: tuple[Reject, ...] = ()
    links: tuple[str, ...] = ()
    format: str | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a server: a GET of *url*, or a POST of *body* (JSON) to it."""

    url: str
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Feed:
    """One stream of a member authority, as the registry knows it.

    Args:
        feed_id: Short name, unique, used in every message.
        authority: Who publishes it, as people call them.
        url: http or https.
        format: A name of ``alerting.feeds.formats``, or "auto" to tell by the bytes.
        is_local: May resolve to loopback and private addresses (demo, tests).
        poll_seconds: Our own shortest pause between two checks.
        credentials: Where the secret is kept that the server wants to see: "env:NAME".
        etag, last_modified: Of the last answer that was kept.
        body_hash: sha256 (hex) of the last body.
        next_check_at: Aware UTC; None means at once.
        failure_count: Failures in a row.
    """

    feed_id: str
    authority: str
    url: str
    format: str = "auto"
    is_local: bool = False
    poll_seconds: int = 300
    credentials: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    next_check_at: datetime | None = None
    failure_count: int = 0


@dataclass(frozen=True, slots=True)
class Fetched:
    """One answer of a feed's server.

    ``body`` is None when nothing is new (304, or the same hash as last time); the other
    fields then still say when to come back.  ``headers`` are those kept with the document.
    """

    feed_id: str
    url: str
    status: int
    fetched_at: datetime
    body: bytes | None
    body_hash: str | None
    etag: str | None
    last_modified: str | None
    content_type: str | None
    next_check_at: datetime
    headers: Mapping[str, str] = field(default_factory=dict)
