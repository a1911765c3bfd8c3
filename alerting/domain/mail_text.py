"""A text as a mail carries it: in UTF-8, lines ended by CRLF, as quoted-printable.

Encoding is most of what a mail costs, and most of a mail is said to many firms in the same words.  So a
text is encoded where it is written, in pieces that end with a line, and the pieces are put together.

Source: RFC 2045, 6.7.
"""

from __future__ import annotations

import re
from binascii import a2b_qp, b2a_qp
from collections.abc import Iterable
from dataclasses import dataclass


_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class MailText:
    """One text, ended by a line end; ``str`` gives it back with plain line ends.

    Args:
        encoded: Quoted-printable, in lines of at most 76 characters.
    """

    encoded: bytes

    @classmethod
    def of(cls, text: str) -> MailText:
        r"""Return a text as a mail carries it.

        >>> MailText.of("été").encoded
        b'=C3=A9t=C3=A9\r\n'
        """
        return cls(encode(text))

    @classmethod
    def joined(cls, pieces: Iterable[MailText]) -> MailText:
        """Return several texts as one."""
        return cls(b"".join([piece.encoded for piece in pieces]))

    @property
    def content(self) -> bytes:
        """The text in UTF-8 with CRLF, as its reader gets it."""
        return a2b_qp(self.encoded)

    def __str__(self) -> str:
        return self.content.decode().replace("\r\n", "\n")


def encode(text: str) -> bytes:
    """Return a text in quoted-printable, ended by a line end."""
    lines = _LINE_END.sub("\r\n", text) if "\r" in text else text.replace("\n", "\r\n")
    return b2a_qp((lines if lines.endswith("\r\n") else lines + "\r\n").encode(), istext=True)
