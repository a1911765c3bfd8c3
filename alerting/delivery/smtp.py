"""Reach a mail server: SMTP with TLS, over connections that are used again.

In:   envelopes, the address of a server.
Out:  the server's answer to DATA, or the one error that says whether the mail may have left: see
      ``alerting.delivery.dialogue`` for what is said, ``alerting.delivery.pool`` for who says it when.

A refusal is about the recipient only where the server says so: see ``alerting.delivery.replies``.

Refuses to speak without TLS to anything but loopback.

Sources: RFC 5321, 4.1.1.1 (EHLO); RFC 3207 (STARTTLS); RFC 4954 (AUTH); RFC 1870 (SIZE).
"""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from urllib.parse import SplitResult, unquote, urlsplit

import aiosmtplib

from alerting.delivery.dialogue import DialogueLog, Line, NoLog, Offers, OutgoingMail
from alerting.delivery.mailers import Sender, make_safely, utc_now
from alerting.delivery.message import bare_address, build_message, sender_address
from alerting.delivery.pool import Pool
from alerting.domain.address import is_loopback
from alerting.domain.delivery import Envelope
from alerting.domain.mail_limits import SmtpLimits
from alerting.errors import MailServerError, SettingError


_DEFAULT_PORTS = {"smtp": 587, "smtps": 465, "smtp+plain": 25}
_KNOWS_NO_EHLO = (500, 502, 504)
_EXPECTED = "smtp://host (STARTTLS), smtps://host (TLS), or smtp+plain:// on loopback"
_WANTED = "expected a mail server that is up (SMTP_URL)"


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where and how to reach a mail server; made by ``read_smtp_url``."""

    scheme: str
    host: str
    port: int
    username: str | None = None
    password: str | None = None


def read_smtp_url(url: str) -> MailServer:
    """Read the address of a mail server.

    Raises:
        SettingError: Not such an address, or one without TLS that is not on loopback.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise SettingError("SMTP_URL", _EXPECTED, "an unreadable address") from error
    host = parts.hostname
    if parts.scheme not in _DEFAULT_PORTS or not host:
        raise SettingError("SMTP_URL", _EXPECTED, _without_password(parts))
    if parts.scheme == "smtp+plain" and not is_loopback(host):
        raise SettingError("SMTP_URL", _EXPECTED, _without_password(parts))
    return MailServer(
        scheme=parts.scheme,
        host=host,
        port=port or _DEFAULT_PORTS[parts.scheme],
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )


class SmtpMailer:
    """Sends each mail over a connection of its own, or within a session many over a few.

    Args:
        url: See ``read_smtp_url``.
        now: The clock of the Date header.
        limits: How many at once.
        sign: Returns a message with a signature in front (DKIM); None: the server signs, or nobody.
        timeout_seconds: For each answer of the server.
        tls_context: What certificates to trust; the system's when None.
    """

    def __init__(
        self,
        url: str,
        *,
        now: Callable[[], datetime] = utc_now,
        limits: SmtpLimits | None = None,
        sign: Callable[[bytes], bytes] | None = None,
        timeout_seconds: float = 60.0,
        tls_context: ssl.SSLContext | None = None,
    ) -> None:
        self._server = read_smtp_url(url)
        self._now = now
        self._limits = limits or SmtpLimits()
        self._sign = sign
        self._timeout_seconds = timeout_seconds
        self._tls_context = tls_context

    async def send(self, envelope: Envelope) -> str:
        """Send one mail; return the server's answer, e.g. "250 2.0.0 OK queued as 4711".

        Raises:
            MailDeferredError: 4xx, or no connection, or one lost before the end of DATA: nothing was sent.
                Also when the server refuses us (TLS, login, our address): that is for a person to mend
                here, and says nothing about the recipient.  And when the mail cannot be made or signed.
            MailInDoubtError: The connection was lost between the end of DATA and its answer.
            MailRefusedError: 5xx to the recipient or the message, or what the server cannot carry: a mail
                above its SIZE, an address that needs SMTPUTF8.
        """
        async with self.session() as session:
            return await session.send(envelope)

    @asynccontextmanager
    async def session(self, log: DialogueLog | None = None) -> AsyncIterator[Sender]:
        """Lend a sender that uses a connection again for as long as the server keeps it up.

        Args:
            log: Is told how far each mail comes.
        """
        kept = log or NoLog()
        pool = Pool(lambda: self._open(kept), self._limits)
        try:
            yield _Session(pool, self._write, self._name())
        finally:
            await pool.close()

    def _write(self, envelope: Envelope) -> OutgoingMail:
        message = build_message(envelope, sent_at=self._now())
        sender = envelope.return_path or sender_address(envelope.sender).bare
        recipient = bare_address(envelope.recipient)
        return OutgoingMail(
            delivery_id=envelope.delivery_id,
            sender=sender,
            recipient=recipient,
            message=message if self._sign is None else self._sign(message),
            needs_smtputf8=not (sender + recipient).isascii(),
        )

    async def _open(self, log: DialogueLog) -> Line:
        client = self._client()
        await self._connect(client)
        reader, writer = self._streams(client)
        return Line(reader, writer, _offers(client), self._name(), self._timeout_seconds, log)

    def _client(self) -> aiosmtplib.SMTP:
        server = self._server
        return aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            timeout=self._timeout_seconds,
            use_tls=server.scheme == "smtps",
            start_tls=server.scheme == "smtp",
            tls_context=self._tls_context,
        )

    async def _connect(self, client: aiosmtplib.SMTP) -> None:
        """Greet, secure, log in: whatever fails here says nothing about the mail, and is ours to mend."""
        try:
            await client.connect()
            if client.is_ehlo_or_helo_needed:
                await _greet(client)
        except aiosmtplib.SMTPResponseException as error:
            client.close()
            problem = f"{self._name()}: connection refused: {_answer(error.code, error.message)}"
            raise MailServerError(problem) from error
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            client.close()
            raise MailServerError(f"{self._name()}: no connection: {_say_why(error)}") from error

    def _streams(self, client: aiosmtplib.SMTP) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Take the connection over: aiosmtplib hears one answer at a time, and drops what comes with it."""
        protocol = client.protocol
        if protocol is None or protocol.transport is None or protocol.transport.is_closing():
            raise MailServerError(f"{self._name()}: connection lost after its greeting")
        transport = cast("asyncio.WriteTransport", protocol.transport)
        transport.set_write_buffer_limits(high=0)
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(loop=loop)
        listening = asyncio.StreamReaderProtocol(reader, loop=loop)
        transport.set_protocol(listening)
        listening.connection_made(transport)
        return reader, asyncio.StreamWriter(transport, listening, reader, loop)

    def _name(self) -> str:
        return f"mail server {self._server.host}:{self._server.port}"


@dataclass(frozen=True, slots=True)
class _Session:
    """Mails that share the connections of a pool."""

    pool: Pool
    write: Callable[[Envelope], OutgoingMail]
    server_name: str

    async def send(self, envelope: Envelope) -> str:
        """Send one mail; see ``SmtpMailer.send``."""
        return await self.pool.send(make_safely(lambda: self.write(envelope)))


async def _greet(client: aiosmtplib.SMTP) -> None:
    """Say EHLO; HELO to a server that does not know it."""
    try:
        await client.ehlo()
    except aiosmtplib.SMTPHeloError as error:
        if error.code not in _KNOWS_NO_EHLO:
            raise
        await client.helo()


def _offers(client: aiosmtplib.SMTP) -> Offers:
    said = client.esmtp_extensions
    size = said.get("size", "")
    return Offers(
        has_pipelining="pipelining" in said,
        has_size="size" in said,
        # RFC 1870, 4: 0 means no limit.
        size_bytes=int(size) or None if size.isascii() and size.isdigit() else None,
        has_smtputf8="smtputf8" in said,
    )


def _answer(code: int, text: str) -> str:
    return f"{code} {_first_line(text)}".strip()


def _say_why(error: Exception) -> str:
    """Return why no connection can be had, in words of ours where a person can mend it."""
    cause = error.__cause__ if isinstance(error, aiosmtplib.SMTPConnectError) else error
    if isinstance(cause, ConnectionRefusedError):
        return f"nobody listens there; {_WANTED}"
    if isinstance(cause, socket.gaierror):
        return f"there is no server of that name; {_WANTED}"
    if isinstance(cause, OSError) and cause.errno in {errno.EHOSTUNREACH, errno.ENETUNREACH}:
        return f"no way leads there; {_WANTED}"
    return _first_line(str(error))


def _first_line(text: str) -> str:
    return " ".join(text.split())[:300]


def _without_password(parts: SplitResult) -> str:
    return f"{parts.scheme}://{parts.hostname or ''}"
