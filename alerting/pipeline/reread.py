"""Read a document that was loaded before again, so that reading better is not taken for a change.

In:   a notice that differs from what is stored of it, and the document that was read for that.
Out:  what today's code finds of the notice in that document; None where it can no longer be had.

A feed repeats its items for weeks.  When a release reads them better, those that stand unchanged in its next
document differ from what an earlier release stored, and nobody may be told of that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import lru_cache, partial

import structlog

from alerting.domain.notice import Notice, RawNotice
from alerting.errors import FeedFormatError, UnforeseenError, UnknownIdError
from alerting.feeds.archive import Archive
from alerting.feeds.formats import format_of_documents
from alerting.notices.normalise import clean_name, normalise
from alerting.pipeline.apart import Read, attempt, read_document
from alerting.store import documents
from alerting.store.database import Connection
from alerting.store.documents import StoredDocument


log = structlog.get_logger()

# Whoever asks goes through what was read in one document before the next; documents may be large.
_KEPT = 2

_Name = tuple[str | None, str | None]


class Rereader:
    """Reads stored documents again, each of the last few once."""

    def __init__(self, archive: Archive, read: Read) -> None:
        self._archive = archive
        self._read = read
        self._raw_of = lru_cache(maxsize=_KEPT)(self._read_again)

    def find(self, connection: Connection, notice: Notice, document_id: int) -> Notice | None:
        """Return what a document says of a notice, read with today's code.

        None where the archive has it no longer, it cannot be read, or it states the notice not at all or in
        several wordings.
        """
        raw = self._raw_of(documents.get_document(connection, document_id)).get(
            (notice.source_id, notice.version)
        )
        if raw is None:
            return None
        cleaned = attempt(partial(normalise, raw))
        if isinstance(cleaned, Exception):
            log.warning("document_not_read_again", document_id=document_id, problem=repr(cleaned))
            return None
        return cleaned

    def _read_again(self, document: StoredDocument) -> Mapping[_Name, RawNotice]:
        """Return the notices that a document states once each, by id and version."""
        try:
            body = self._archive.get(document.body_hash)
            wanted = format_of_documents(document.format)
            parsed = read_document(self._read, body, feed_id=document.feed_id, format_name=wanted)
        except (UnknownIdError, FeedFormatError, UnforeseenError) as error:
            log.warning("document_not_read_again", document_id=document.document_id, problem=str(error))
            return {}
        named = [((clean_name(raw.source_id), clean_name(raw.version)), raw) for raw in parsed.notices]
        times = Counter(name for name, _ in named)
        return {name: raw for name, raw in named if times[name] == 1}
