"""SmtpMailer while it greets, secures and logs in: a server that goes away there costs the mail nothing but time."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from alerting.delivery.smtp import SmtpMailer
from alerting.domain.delivery import Envelope
from alerting.domain.mail_text import MailText
from alerting.errors import Blame, MailDeferredError


MAIL = Envelope(
    delivery_id=7,
    message_id="<delivery-7@alertes.example>",
    sender="Alerte marchés <alertes@alertes.example>",
    recipient="anne@couverture-lebras.example",
    subject="3 nouveaux marchés · Couverture Redon",
    text=MailText.of("Trois marchés.\n"),
    html=MailText.of("<p>Trois marchés.</p>"),
    unsubscribe_url="https://alertes.example/unsubscribe/abc",
)
STEPS = ["greeting", "EHLO", "STARTTLS", "handshake", "EHLO under TLS", "AUTH", "password"]


class GoesAwayError(Exception):
    """The server's own: it leaves the dialogue here."""


class Server:
    """Offers STARTTLS, then a login in two lines; at one step it hangs up, closes with 421, or falls silent.

    ``heard`` has what it was told, each line with whether it came under TLS.
    """

    def __init__(self, certificate, step: str, way: str) -> None:
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.context.load_cert_chain(certificate)
        self.step = step
        self.way = way
        self.heard: list[tuple[bool, str]] = []
        self.is_secure = False
        self.is_gone = asyncio.Event()

    async def serve(self, reader, writer):
        self.reader, self.writer = reader, writer
        with suppress(GoesAwayError, OSError, asyncio.IncompleteReadError):
            await self.greet()
            await self.log_in()
            while True:
                await self.hear()
                writer.write(b"250 OK\r\n")
        writer.transport.abort()
        with suppress(OSError):
            await writer.wait_closed()
        self.is_gone.set()

    async def greet(self):
        await self.come_to("greeting")
        self.writer.write(b"220 mail.example ESMTP\r\n")
        await self.hear()
        await self.come_to("EHLO")
        self.writer.write(b"250-mail.example\r\n250 STARTTLS\r\n")
        await self.hear()
        await self.come_to("STARTTLS")
        self.writer.write(b"220 go on\r\n")
        await self.come_to("handshake")
        await self.writer.start_tls(self.context)
        self.is_secure = True

    async def log_in(self):
        await self.hear()
        await self.come_to("EHLO under TLS")
        self.writer.write(b"250-mail.example\r\n250 AUTH LOGIN\r\n")
        await self.hear()
        await self.come_to("AUTH")
        self.writer.write(b"334 UGFzc3dvcmQ6\r\n")
        await self.hear()
        await self.come_to("password")
        self.writer.write(b"235 2.7.0 welcome\r\n")

    async def hear(self):
        line = await self.reader.readuntil(b"\r\n")
        self.heard.append((self.is_secure, line.decode().strip()))

    async def come_to(self, step: str) -> None:
        if step != self.step:
            return
        if self.way == "421" and step != "handshake":
            self.writer.write(b"421 4.3.2 closing\r\n")
            await self.writer.drain()
        if self.way == "silence":
            # Until the client has had enough and hangs up.
            await self.reader.read()
        raise GoesAwayError


def send_to(server: Server, certificate, *, timeout_seconds: float) -> str:
    """Send one mail with a login; return the server's answer."""

    async def run() -> str:
        listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
        async with listening:
            port = listening.sockets[0].getsockname()[1]
            mailer = SmtpMailer(
                f"smtp://alertes:s%40cret@127.0.0.1:{port}",
                now=lambda: datetime(2026, 3, 2, 7, 0, tzinfo=UTC),
                timeout_seconds=timeout_seconds,
                tls_context=ssl.create_default_context(cafile=certificate),
            )
            try:
                return await mailer.send(MAIL)
            finally:
                await server.is_gone.wait()

    return asyncio.run(run())


@pytest.mark.parametrize("way", ["hang up", "421", "silence"])
@pytest.mark.parametrize("step", STEPS)
def test_a_server_that_goes_away_before_it_hears_of_a_mail_defers_it(step, way, certificate):
    """
    At every step of greeting, TLS and login: the mail waits, it is ours to mend, and nothing was said in the open.
    """
    server = Server(certificate, step, way)

    with pytest.raises(
        MailDeferredError, match=r"^mail server 127\.0\.0\.1:\d+: (no connection|connection refused): \w"
    ) as caught:
        send_to(server, certificate, timeout_seconds=0.5 if way == "silence" else 10)

    assert caught.value.blame is Blame.US
    assert "\n" not in str(caught.value)
    assert MAIL.recipient not in str(caught.value)
    said = [line.split()[0] for _, line in server.heard]
    assert not {"MAIL", "RCPT", "DATA"} & set(said)
    assert all(line.split()[0] in {"EHLO", "STARTTLS"} for is_secure, line in server.heard if not is_secure)
