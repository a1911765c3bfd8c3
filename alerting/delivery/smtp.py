"""Speak to a mail server: SMTP with TLS, and an exact account of what it accepted.

In:   envelopes, the address of a server.
Out:  the server's answer to DATA, or the one error that says whether the mail may have left.

The message and its final dot are sent apart: until the dot is on its way the server cannot
have accepted the mail, so a loss before it is "not sent"; a loss after it is in doubt.

Refuses to speak without TLS to anything but loopback.

Sources: RFC 5321 (4.2 replies, 4.1.1.4 DATA, 4.5.2 transparency); RFC 3463 (enhanced codes);
RFC 3207 (STARTTLS).
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from typing import NoReturn, cast
from urllib.parse import SplitResult, unquote, urlsplit

import aiosmtplib

from alerting.delivery.mailers import utc_now
from alerting.delivery.message import bare_address, build_message
from alerting.domain.delivery import Envelope
from alerting.errors import MailDeferredError, MailInDoubtError, MailRefusedError, SettingError


_DEFAULT_PORTS = {"smtp": 587, "smtps": 465, "smtp+plain": 25}
_START_INPUT = 354
_COMPLETED = 250
_ACCEPTED = (250, 251)
_PERMANENT = 500
_ENHANCED_CODE = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\b")
_LINE_STARTING_WITH_DOT = re.compile(rb"(?m)^\.")
_EXPECTED = "smtp://host (STARTTLS), smtps://host (TLS), or smtp+plain:// on loopback"


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
    if parts.scheme == "smtp+plain" and not _is_loopback(host):
        raise SettingError("SMTP_URL", _EXPECTED, _without_password(parts))
    return MailServer(
        scheme=parts.scheme,
        host=host,
        port=port or _DEFAULT_PORTS[parts.scheme],
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )


class SmtpMailer:
    """Sends each mail over a connection of its own.

    Args:
        url: See ``read_smtp_url``.
        now: The clock of the Date header.
        timeout_seconds: For each answer of the server.
        tls_context: What certificates to trust; the system's when None.
    """

    def __init__(
        self,
        url: str,
        *,
        now: Callable[[], datetime] = utc_now,
        timeout_seconds: float = 60.0,
        tls_context: ssl.SSLContext | None = None,
    ) -> None:
        self._server = read_smtp_url(url)
        self._now = now
        self._timeout_seconds = timeout_seconds
        self._tls_context = tls_context

    async def send(self, envelope: Envelope) -> str:
        """Send one mail; return the server's answer, e.g. "250 2.0.0 OK queued as 4711".

        Raises:
            MailDeferredError: 4xx, or no connection, or one lost before the end of DATA: nothing was sent.
                Also when the server refuses us before it hears of a recipient (TLS, login, MAIL): that is
                for a person to mend here, and says nothing about the address.
            MailInDoubtError: The connection was lost between the end of DATA and its answer.
            MailRefusedError: 5xx to the recipient or the message.
            SettingError: The sender's own address is none.
        """
        message = build_message(envelope, sent_at=self._now())
        client = self._client()
        await self._connect(client)
        dialogue = _dialogue(client, self._name(), envelope.recipient, self._timeout_seconds)
        try:
            await dialogue.address(envelope)
            return await dialogue.transfer(message)
        finally:
            await _leave(client)

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
        """Greet, secure, log in: whatever fails here says nothing about the mail."""
        try:
            await client.connect()
            await client.ehlo()
        except aiosmtplib.SMTPResponseException as error:
            answer = _answer(error.code, error.message)
            raise MailDeferredError(f"{self._name()}: connection refused: {answer}") from error
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise MailDeferredError(f"{self._name()}: no connection: {_first_line(str(error))}") from error

    def _name(self) -> str:
        return f"mail server {self._server.host}:{self._server.port}"


@dataclass(frozen=True, slots=True)
class _Dialogue:
    """One mail over one open connection."""

    client: aiosmtplib.SMTP
    writer: asyncio.StreamWriter
    server_name: str
    recipient: str
    timeout_seconds: float

    async def address(self, envelope: Envelope) -> None:
        """Say MAIL, RCPT and DATA; return when the server waits for the message."""
        sender = bare_address(envelope.sender)
        await self._command("MAIL", f"FROM:<{sender}>", expected=_ACCEPTED)
        await self._command("RCPT", f"TO:<{bare_address(envelope.recipient)}>", expected=_ACCEPTED)
        await self._command("DATA", expected=(_START_INPUT,))

    async def transfer(self, message: bytes) -> str:
        """Send the message, then the dot that ends it; return the answer to the dot."""
        await self._write(_LINE_STARTING_WITH_DOT.sub(b"..", message))
        if not self.client.is_connected:
            raise MailDeferredError(f"{self.server_name}: connection lost within DATA")
        try:
            code, text = await self.client.execute_command(b".", timeout=self.timeout_seconds)
        except (aiosmtplib.SMTPException, OSError) as error:
            problem = f"connection lost after the end of DATA: {_first_line(str(error))}"
            raise MailInDoubtError(f"{self.server_name}: {problem}") from error
        if code != _COMPLETED:
            self._refuse("end of DATA", code, text)
        return self._without_recipient(_answer(code, text))

    async def _command(self, *words: str, expected: tuple[int, ...]) -> None:
        command = [word.encode("ascii") for word in words]
        try:
            code, text = await self.client.execute_command(*command, timeout=self.timeout_seconds)
        except (aiosmtplib.SMTPException, OSError) as error:
            problem = f"connection lost at {words[0]}: {_first_line(str(error))}"
            raise MailDeferredError(f"{self.server_name}: {problem}") from error
        if code not in expected:
            self._refuse(words[0], code, text)

    async def _write(self, message: bytes) -> None:
        """Hand the message, without its dot, to the network; return when all of it has left our buffers."""
        try:
            async with asyncio.timeout(self.timeout_seconds):
                self.writer.write(message)
                await self.writer.drain()
        except OSError as error:
            self.client.close()
            problem = f"connection lost within DATA: {_first_line(str(error))}"
            raise MailDeferredError(f"{self.server_name}: {problem}") from error

    def _refuse(self, where: str, code: int, text: str) -> NoReturn:
        """Raise what a reply other than the expected one means."""
        answer = self._without_recipient(_answer(code, text))
        problem = f"{self.server_name}: {where} answered {answer}"
        if code < _PERMANENT or where == "MAIL":
            raise MailDeferredError(problem)
        enhanced = _ENHANCED_CODE.match(text)
        raise MailRefusedError(problem, code=code, enhanced_code=enhanced.group() if enhanced else None)

    def _without_recipient(self, text: str) -> str:
        """Take the address out of an answer: answers are logged, addresses never."""
        return text.replace(self.recipient, "recipient")


def _dialogue(client: aiosmtplib.SMTP, server_name: str, recipient: str, timeout_seconds: float) -> _Dialogue:
    """Return the dialogue, with a writer whose ``drain`` ends only when the kernel has every byte."""
    protocol = client.protocol
    if protocol is None or protocol.transport is None:
        raise MailDeferredError(f"{server_name}: connection lost after its greeting")
    transport = cast("asyncio.WriteTransport", protocol.transport)
    transport.set_write_buffer_limits(high=0)
    writer = asyncio.StreamWriter(transport, protocol, None, asyncio.get_running_loop())
    return _Dialogue(client, writer, server_name, recipient, timeout_seconds)


async def _leave(client: aiosmtplib.SMTP) -> None:
    """Say QUIT; whatever the server says to that changes nothing."""
    try:
        await client.quit(timeout=5)
    except (aiosmtplib.SMTPException, OSError):
        client.close()


def _answer(code: int, text: str) -> str:
    return f"{code} {_first_line(text)}".strip()


def _first_line(text: str) -> str:
    return " ".join(text.split())[:300]


def _without_password(parts: SplitResult) -> str:
    return f"{parts.scheme}://{parts.hostname or ''}"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
