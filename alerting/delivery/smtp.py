"""Speak to a mail server: SMTP with TLS, and an exact account of what it accepted.

In:   envelopes, the address of a server.
Out:  the server's answer to DATA, or the one error that says whether the mail may have left.

The message and its final dot are sent apart: until the dot is on its way the server cannot
have accepted the mail, so a loss before it is "not sent"; a loss after it is in doubt.

A refusal is about the recipient only where the server says so: see ``alerting.delivery.replies``.

Refuses to speak without TLS to anything but loopback.

Sources: RFC 5321 (4.2 replies, 4.1.1.4 DATA, 4.1.1.5 RSET, 4.5.2 transparency); RFC 3207 (STARTTLS).
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from typing import NoReturn, cast
from urllib.parse import SplitResult, unquote, urlsplit

import aiosmtplib

from alerting.delivery.mailers import Sender, utc_now
from alerting.delivery.message import bare_address, build_message
from alerting.delivery.replies import Reply, Step, is_about_recipient, is_for_later
from alerting.domain.delivery import Envelope
from alerting.errors import AlertingError, MailDeferredError, MailInDoubtError, MailRefusedError, SettingError


_DEFAULT_PORTS = {"smtp": 587, "smtps": 465, "smtp+plain": 25}
_START_INPUT = 354
_COMPLETED = 250
_ACCEPTED = (250, 251)
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
    """Sends each mail over a connection of its own, or within a session many over a few.

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
                Also when the server refuses us (TLS, login, our address): that is for a person to mend
                here, and says nothing about the recipient.
            MailInDoubtError: The connection was lost between the end of DATA and its answer.
            MailRefusedError: 5xx to the recipient or the message.
            SettingError: The sender's own address is none.
        """
        async with self.session() as session:
            return await session.send(envelope)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Sender]:
        """Lend a sender that uses a connection again for as long as the server keeps it up."""
        session = _Session(self._open, self._now, self._name())
        try:
            yield session
        finally:
            await session.close()

    async def _open(self) -> _Connection:
        client = self._client()
        await self._connect(client)
        return _connection(client, self._name(), self._timeout_seconds)

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
class _Connection:
    """An open connection, greeted and logged in; its writer drains until the kernel has every byte."""

    client: aiosmtplib.SMTP
    writer: asyncio.StreamWriter
    timeout_seconds: float

    async def is_ready(self) -> bool:
        """Tell whether the server still listens, with no mail begun."""
        try:
            code, _ = await self.client.execute_command(b"RSET", timeout=self.timeout_seconds)
        except (aiosmtplib.SMTPException, OSError):
            return False
        return code == _COMPLETED

    async def leave(self) -> None:
        """Say QUIT; whatever the server says to that changes nothing."""
        try:
            await self.client.quit(timeout=5)
        except (aiosmtplib.SMTPException, OSError):
            self.client.close()


class _Session:
    """Connections that are used for one mail after the other: as many as mails are sent at once."""

    def __init__(
        self, connect: Callable[[], Awaitable[_Connection]], now: Callable[[], datetime], server_name: str
    ) -> None:
        self._connect = connect
        self._now = now
        self._server_name = server_name
        self._free: list[_Connection] = []

    async def send(self, envelope: Envelope) -> str:
        """Send one mail; see ``SmtpMailer.send``."""
        message = build_message(envelope, sent_at=self._now())
        connection = await self._ready()
        dialogue = _Dialogue(connection, self._server_name, envelope.recipient)
        with ExitStack() as when_cut_off:
            when_cut_off.callback(connection.client.close)
            try:
                await dialogue.address(envelope)
                answer = await dialogue.transfer(message)
            except AlertingError as error:
                when_cut_off.pop_all()
                await self._after(connection, error)
                raise
            when_cut_off.pop_all()
        self._free.append(connection)
        return answer

    async def close(self) -> None:
        """End every connection that is open."""
        while self._free:
            await self._free.pop().leave()

    async def _ready(self) -> _Connection:
        """Return a connection that has no mail begun: one used before if it still is up, else a new one."""
        while self._free:
            connection = self._free.pop()
            if await connection.is_ready():
                return connection
            connection.client.close()
        return await self._connect()

    async def _after(self, connection: _Connection, error: AlertingError) -> None:
        """Keep a connection on which a mail was refused; one that may be lost or unwelcome is ended."""
        if isinstance(error, MailRefusedError) and connection.client.is_connected:
            self._free.append(connection)
        else:
            await connection.leave()


@dataclass(frozen=True, slots=True)
class _Dialogue:
    """One mail over one open connection."""

    connection: _Connection
    server_name: str
    recipient: str

    async def address(self, envelope: Envelope) -> None:
        """Say MAIL, RCPT and DATA; return when the server waits for the message."""
        sender = envelope.return_path or bare_address(envelope.sender)
        await self._command(Step.MAIL, f"FROM:<{sender}>", expected=_ACCEPTED)
        await self._command(Step.RCPT, f"TO:<{bare_address(envelope.recipient)}>", expected=_ACCEPTED)
        await self._command(Step.DATA, expected=(_START_INPUT,))

    async def transfer(self, message: bytes) -> str:
        """Send the message, then the dot that ends it; return the answer to the dot."""
        await self._write(_LINE_STARTING_WITH_DOT.sub(b"..", message))
        if not self.connection.client.is_connected:
            raise MailDeferredError(f"{self.server_name}: connection lost within DATA")
        try:
            code, text = await self.connection.client.execute_command(
                b".", timeout=self.connection.timeout_seconds
            )
        except (aiosmtplib.SMTPException, OSError) as error:
            problem = f"connection lost after the end of DATA: {_first_line(str(error))}"
            raise MailInDoubtError(f"{self.server_name}: {problem}") from error
        if code != _COMPLETED:
            self._refuse(Step.END_OF_DATA, code, text)
        return self._without_recipient(_answer(code, text))

    async def _command(self, step: Step, *words: str, expected: tuple[int, ...]) -> None:
        command = [word.encode("ascii") for word in (step.value, *words)]
        try:
            code, text = await self.connection.client.execute_command(
                *command, timeout=self.connection.timeout_seconds
            )
        except (aiosmtplib.SMTPException, OSError) as error:
            problem = f"connection lost at {step.value}: {_first_line(str(error))}"
            raise MailDeferredError(f"{self.server_name}: {problem}") from error
        if code not in expected:
            self._refuse(step, code, text)

    async def _write(self, message: bytes) -> None:
        """Hand the message, without its dot, to the network; return when all of it has left our buffers."""
        try:
            async with asyncio.timeout(self.connection.timeout_seconds):
                self.connection.writer.write(message)
                await self.connection.writer.drain()
        except OSError as error:
            self.connection.client.close()
            problem = f"connection lost within DATA: {_first_line(str(error))}"
            raise MailDeferredError(f"{self.server_name}: {problem}") from error

    def _refuse(self, step: Step, code: int, text: str) -> NoReturn:
        """Raise what a reply other than the expected one means."""
        reply = Reply.read(step, code, text)
        answer = self._without_recipient(_answer(code, text))
        problem = f"{self.server_name}: {step.value} answered {answer}"
        if is_for_later(reply):
            raise MailDeferredError(problem)
        raise MailRefusedError(
            problem,
            code=code,
            enhanced_code=reply.enhanced_code,
            is_about_recipient=is_about_recipient(reply),
        )

    def _without_recipient(self, text: str) -> str:
        """Take the address out of an answer: answers are logged, addresses never."""
        return text.replace(self.recipient, "recipient")


def _connection(client: aiosmtplib.SMTP, server_name: str, timeout_seconds: float) -> _Connection:
    protocol = client.protocol
    if protocol is None or protocol.transport is None:
        raise MailDeferredError(f"{server_name}: connection lost after its greeting")
    transport = cast("asyncio.WriteTransport", protocol.transport)
    transport.set_write_buffer_limits(high=0)
    writer = asyncio.StreamWriter(transport, protocol, None, asyncio.get_running_loop())
    return _Connection(client, writer, timeout_seconds)


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
