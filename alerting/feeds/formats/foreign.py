"""Tell what is no feed at all by its first bytes: a PDF, an archive, what an office program writes, text.

In:   the bytes of one document.
Out:  nothing, or the error that names what it is; of anything else the parsers say what they can read.
      A feed that lies on its server packed by gzip ("avis.xml.gz") is opened.

Sources: ISO 32000-1, 7.5.2 (PDF); PKWARE's APPNOTE 4.3 (ZIP); ECMA-376, 2 (its first part); OpenDocument 1.3,
part 2, 3.3; RFC 1952, 2.3 (gzip).
"""

from __future__ import annotations

import re
import zlib

from alerting.errors import FeedFormatError


# The first that fits; what office programs write is a ZIP, too.
_KINDS = tuple(
    (re.compile(pattern, re.DOTALL), name)
    for pattern, name in (
        (rb"%PDF-", "a PDF document"),
        (rb"PK\x03\x04.{26}(?:\[Content_Types\]\.xml|mimetypeapplication/vnd\.oasis)", "an office document"),
        (rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1|\{\\rtf", "an office document"),
        (rb"PK(?:\x03\x04|\x05\x06)", "a ZIP archive"),
        (rb"\x1f\x8b\x08", "a gzip archive"),
        (rb"7z\xbc\xaf\x27\x1c|Rar!\x1a\x07", "an archive"),
        (rb"\x89PNG\r\n|\xff\xd8\xff|GIF8[79]a", "a picture"),
        # Nothing of XML or JSON begins in it: a table as CSV, a calendar, a message.
        (rb"\s*+(?=\S)(?!.{0,65535}[<{\[])", "plain text"),
    )
)


_GZIP = b"\x1f\x8b\x08"
_MOST_BYTES = 50_000_000
# Where an archive of files says that it is one: TED's packages of a day are such.
_TAR, _TAR_AT = b"ustar", 257


def unpack(document: bytes, *, feed_id: str) -> bytes:
    """Return a document opened where gzip packed it, any other as it is.

    Raises:
        FeedFormatError: It is cut short, holds several files, or more than 50 MB.
    """
    if not document.startswith(_GZIP):
        return document
    opener = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        opened = opener.decompress(document, _MOST_BYTES)
    except zlib.error:
        opened = b""
    holds_several = opener.unused_data.startswith(_GZIP) or opened.startswith(_TAR, _TAR_AT)
    if not opener.eof or holds_several:
        refuse_foreign(document, feed_id=feed_id)
    return opened


def refuse_foreign(document: bytes, *, feed_id: str) -> None:
    """Refuse what is known to be no feed, by its name.

    Raises:
        FeedFormatError: It is a PDF, an office document, an archive, a picture or plain text.
    """
    for pattern, name in _KINDS:
        if pattern.match(document) is not None:
            raise FeedFormatError(feed_id, "document", f"{name}; expected a feed in XML or JSON")
