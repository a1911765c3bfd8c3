"""Build the mail of one delivery.

In:   an envelope: addresses, words, the signed link to leave.
Out:  the bytes of an RFC 5322 message, multipart/alternative: text first, HTML second.

No value can add a header: line breaks and other control characters in words become spaces, and
in addresses and links they are refused.

Written by hand, for the standard library takes fifty times as long; the tests read what is written
with the library's own parser.

Sources: RFC 5322; RFC 2045 and 2047 (quoted-printable, encoded words); RFC 2369 and RFC 8058
(List-Unsubscribe, one click); RFC 3834 (Auto-Submitted); RFC 6532 (addresses that are not in ASCII).
"""

from __future__ import annotations

import re
from binascii import b2a_base64
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache

from alerting.domain.address import MailAddress, one_line, read_address, to_ascii
from alerting.domain.delivery import Envelope
from alerting.domain.mail_text import MailText
from alerting.errors import MailRefusedError, SettingError


_LINK = re.compile(r"https?://[\x21-\x3b\x3d\x3f-\x7e]+")
_MESSAGE_ID = re.compile(r"<[A-Za-z0-9.!#$%&'*+/=?^_`{|}~\-]+@[A-Za-z0-9.\-]+>")
# A file beside the words: as one of their faces, some readers would show it instead of them.
_CALENDAR = (
    'text/calendar; charset="utf-8"; method=PUBLISH; name="calendar.ics"\r\n'
    'Content-Disposition: attachment; filename="calendar.ics"'
)
# RFC 5322, 2.1.1: lines of 78 characters; RFC 2047, 2: encoded words of 75, the first beside the name.
_LINE_LENGTH = 78
_BYTES_OF_AN_ENCODED_WORD = 42
_NEEDS_QUOTES = re.compile(r"[^A-Za-z0-9 !#$%&'*+/=?^_`{|}~\-]")


def build_message(envelope: Envelope, *, sent_at: datetime) -> bytes:
    """Return the message of one delivery, ready for a mail server.

    Args:
        envelope: What to send, and to whom.
        sent_at: Goes into Date; aware.

    Returns:
        Bytes in seven bits, but for an address that is not in ASCII, with CRLF line ends.  All but Date
        depend on the envelope alone.

    Raises:
        MailRefusedError: The recipient's address can never be written to (5.1.3).
        SettingError: The sender's address is none.
        ValueError: The Message-ID or the link to leave is not one.
    """
    name = _boundary_name(envelope.message_id)
    kind, boundary = (
        ("alternative", f"=_{name}") if envelope.calendar is None else ("mixed", f"=_mixed_{name}")
    )
    headers = (
        ("From", _sender(envelope.sender)),
        ("To", _mailbox(_address(envelope.recipient), beside="To: ")),
        ("Subject", _words(one_line(envelope.subject), beside="Subject: ")),
        ("Date", format_datetime(sent_at.astimezone(UTC))),
        ("Message-ID", _checked(_MESSAGE_ID, envelope.message_id, "Message-ID")),
        ("List-Unsubscribe", ", ".join(_ways_to_leave(envelope))),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("Auto-Submitted", "auto-generated"),
        ("MIME-Version", "1.0"),
        ("Content-Type", f'multipart/{kind};\r\n boundary="{boundary}"'),
    )
    return b"".join(
        (
            "".join(f"{name}: {value}\r\n" for name, value in headers).encode(),
            b"\r\n",
            *_body(envelope, f"=_{name}", boundary),
        )
    )


def bare_address(text: str) -> str:
    """Return the address of "Name <address>" or of a bare address, its domain in ASCII.

    Raises:
        MailRefusedError: There is none, or none that can be written to.
    """
    return _address(text).bare


def sender_address(text: str) -> MailAddress:
    """Return our own address, of "Name <address>".

    Raises:
        SettingError: It is none; no recipient is to blame for that.
    """
    address = read_address(text)
    if address is None:
        raise SettingError("ALERTING_SENDER", "Name <name@domain>", text)
    return address


def is_allowed(recipient: str, allowed: Iterable[str] | None) -> bool:
    """Tell whether a real mail may leave for *recipient*.

    Args:
        recipient: A bare address.
        allowed: Addresses or "@domain", any case; None allows everybody, an empty list nobody.
    """
    if allowed is None:
        return True
    address = _plain(recipient)
    _, separator, domain = address.rpartition("@")
    return bool(separator) and bool({address, f"@{domain}"} & {_plain(entry) for entry in allowed})


def _plain(entry: str) -> str:
    """Return an address or "@domain" in small letters, its domain as it stands in DNS."""
    local, separator, domain = entry.strip().lower().rpartition("@")
    return f"{local}{separator}{to_ascii(domain) or domain}"


def _body(envelope: Envelope, inner: str, outer: str) -> Iterator[bytes]:
    """Yield the parts: both faces of the words, and beside them the dates, as a file to open."""
    if envelope.calendar is not None:
        yield f'--{outer}\r\nContent-Type: multipart/alternative;\r\n boundary="{inner}"\r\n\r\n'.encode()
    yield from _part(inner, 'text/plain; charset="utf-8"', envelope.text)
    yield from _part(inner, 'text/html; charset="utf-8"', envelope.html)
    yield f"--{inner}--\r\n".encode()
    if envelope.calendar is not None:
        yield b"\r\n"
        yield from _part(outer, _CALENDAR, envelope.calendar)
        yield f"--{outer}--\r\n".encode()


def _part(boundary: str, kind: str, content: MailText) -> Iterator[bytes]:
    yield f"--{boundary}\r\nContent-Type: {kind}\r\n".encode()
    yield b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    yield content.encoded
    # The line end before a boundary belongs to the boundary.
    yield b"\r\n"


@lru_cache
def _sender(text: str) -> str:
    return _mailbox(sender_address(text), beside="From: ")


def _mailbox(address: MailAddress, *, beside: str) -> str:
    if not address.name:
        return address.bare
    if not address.name.isascii():
        return _fold(f"{_encoded(address.name)} <{address.bare}>", beside=beside)
    name = address.name
    if _NEEDS_QUOTES.search(name):
        name = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return _fold(f"{name} <{address.bare}>", beside=beside)


def _words(text: str, *, beside: str) -> str:
    # What looks like an encoded word would be read as one.
    return _fold(text if text.isascii() and "=?" not in text else _encoded(text), beside=beside)


def _encoded(text: str) -> str:
    return " ".join(f"=?utf-8?b?{b2a_base64(piece, newline=False).decode()}?=" for piece in _pieces(text))


def _pieces(text: str) -> Iterator[bytes]:
    """Yield a text in UTF-8 in pieces that fit encoded words, none of which cuts a character."""
    content = text.encode()
    while content:
        end = min(len(content), _BYTES_OF_AN_ENCODED_WORD)
        while end < len(content) and content[end] & 0xC0 == 0x80:  # noqa: PLR2004 - within a character
            end -= 1
        yield content[:end]
        content = content[end:]


def _fold(text: str, *, beside: str) -> str:
    """Break a header's value at its spaces; the first line also holds the header's name."""
    lines, room = [""], _LINE_LENGTH - len(beside)
    for word in text.split(" "):
        if lines[-1] and len(lines[-1]) + 1 + len(word) > room:
            lines.append(word)
            room = _LINE_LENGTH - 1
        else:
            lines[-1] = f"{lines[-1]} {word}" if lines[-1] else word
    return "\r\n ".join(lines)


def _address(text: str) -> MailAddress:
    address = read_address(text)
    if address is None:
        raise MailRefusedError(
            "the address cannot be written to (not of the form name@domain)",
            code=553,
            enhanced_code="5.1.3",
            is_about_recipient=True,
        )
    return address


def _ways_to_leave(envelope: Envelope) -> list[str]:
    ways = [f"<{_checked(_LINK, envelope.unsubscribe_url, 'unsubscribe_url')}>"]
    if envelope.unsubscribe_mailto is not None:
        ways.append(f"<mailto:{bare_address(envelope.unsubscribe_mailto)}>")
    return ways


def _checked(pattern: re.Pattern[str], value: str, name: str) -> str:
    if not pattern.fullmatch(value):
        raise ValueError(f"{name} {value!r} would not be safe in a header")
    return value


def _boundary_name(message_id: str) -> str:
    return re.sub(r"[^A-Za-z0-9]", "", message_id)[:50]
