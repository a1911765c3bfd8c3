"""Build the mail of one delivery.

In:   an envelope: addresses, words, the signed link to leave.
Out:  the bytes of an RFC 5322 message, multipart/alternative: text first, HTML second.

No value can add a header: line breaks and other control characters in words become spaces, and
in addresses and links they are refused.

Sources: RFC 5322; RFC 2369 and RFC 8058 (List-Unsubscribe, one click); RFC 3834 (Auto-Submitted).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy

from alerting.domain.address import one_line, read_address
from alerting.domain.delivery import Envelope
from alerting.errors import MailRefusedError, SettingError


_LINK = re.compile(r"https?://[\x21-\x3b\x3d\x3f-\x7e]+")
_MESSAGE_ID = re.compile(r"<[A-Za-z0-9.!#$%&'*+/=?^_`{|}~\-]+@[A-Za-z0-9.\-]+>")


class _VerbatimHeader(UnstructuredHeader, BaseHeader):
    """A header of ASCII tokens: long links are kept whole, never written as encoded words."""

    def fold(self, *, policy: Policy) -> str:
        del policy
        return f"{self.name}: {self}\r\n"


def build_message(envelope: Envelope, *, sent_at: datetime) -> bytes:
    """Return the message of one delivery, ready for a mail server.

    Args:
        envelope: What to send, and to whom.
        sent_at: Goes into Date; aware.

    Returns:
        Bytes in seven bits with CRLF line ends.  All but Date depend on the envelope alone.

    Raises:
        MailRefusedError: The recipient's address can never be written to (5.1.3).
        SettingError: The sender's address is none.
        ValueError: The Message-ID or the link to leave is not one.
    """
    message = EmailMessage(policy=_policy())
    message["From"] = sender_address(envelope.sender)
    message["To"] = _address(envelope.recipient)
    message["Subject"] = one_line(envelope.subject)
    message["Date"] = sent_at.astimezone(UTC)
    message["Message-ID"] = _checked(_MESSAGE_ID, envelope.message_id, "Message-ID")
    message["List-Unsubscribe"] = ", ".join(_ways_to_leave(envelope))
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(envelope.text, charset="utf-8", cte="quoted-printable")
    message.add_alternative(envelope.html, subtype="html", charset="utf-8", cte="quoted-printable")
    # The library draws a random boundary; one made of the Message-ID keeps a second attempt the same.
    message.set_boundary(f"=_{_boundary_name(envelope.message_id)}")
    return message.as_bytes()


def bare_address(text: str) -> str:
    """Return the address of "Name <address>" or of a bare address, its domain in ASCII.

    Raises:
        MailRefusedError: There is none, or none that SMTP without extensions can carry.
    """
    return _address(text).addr_spec


def sender_address(text: str) -> Address:
    """Return our own address, of "Name <address>".

    Raises:
        SettingError: It is none; no recipient is to blame for that.
    """
    try:
        return _address(text)
    except MailRefusedError as error:
        raise SettingError("ALERTING_SENDER", "Name <name@domain>", text) from error


def is_allowed(recipient: str, allowed: Iterable[str] | None) -> bool:
    """Tell whether a real mail may leave for *recipient*.

    Args:
        recipient: A bare address.
        allowed: Addresses or "@domain", any case; None allows everybody, an empty list nobody.
    """
    if allowed is None:
        return True
    address = recipient.strip().lower()
    _, separator, domain = address.rpartition("@")
    entries = {entry.strip().lower() for entry in allowed}
    return bool(separator) and bool({address, f"@{domain}"} & entries)


def _policy() -> Policy:
    registry = HeaderRegistry()
    for name in ("message-id", "list-unsubscribe"):
        registry.map_to_type(name, _VerbatimHeader)
    return SMTP.clone(header_factory=registry)


def _address(text: str) -> Address:
    address = read_address(text)
    if address is None:
        raise MailRefusedError(
            "the address cannot be written to (not of the form name@domain in ASCII)",
            code=553,
            enhanced_code="5.1.3",
            is_about_recipient=True,
        )
    return Address(display_name=address.name, username=address.local, domain=address.domain)


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
