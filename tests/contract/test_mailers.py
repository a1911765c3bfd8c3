"""One suite over every mailer: a folder, and a real mail server on loopback."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default

import pytest
from aiosmtpd.handlers import Message
from aiosmtpd.smtp import SMTP

from alerting.delivery.maildir import MaildirMailer
from alerting.delivery.mailers import Mailer
from alerting.delivery.smtp import SmtpMailer
from alerting.domain.delivery import Envelope
from alerting.domain.mail_text import MailText
from alerting.errors import Blame, MailDeferredError, MailRefusedError


SENT_AT = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
ENVELOPE = Envelope(
    delivery_id=7,
    message_id="<delivery-7@alertes.example>",
    sender="Alerte marchés <alertes@alertes.example>",
    recipient="anne@couverture-lebras.example",
    subject="1 nouveau marché · Couverture Redon",
    text=MailText.of("Un marché à Redon.\n"),
    html=MailText.of("<p>Un marché à Redon.</p>\n"),
    unsubscribe_url="https://alertes.example/unsubscribe/abc",
)


def now() -> datetime:
    """Return the moment of every test."""
    return SENT_AT


class FolderTransport:
    """A maildir, and what lies in it."""

    def __init__(self, folder) -> None:
        self.folder = folder

    @asynccontextmanager
    async def opened(self):
        yield MaildirMailer(self.folder, now=now)

    def arrived(self) -> list[bytes]:
        """Return the mails that a reader would see."""
        return [
            path.read_bytes() for part in ("new", "cur") for path in sorted((self.folder / part).glob("*"))
        ]


class ServerTransport(Message):
    """A mail server that shows one mail per Message-ID, as a reader's mailbox does."""

    def __init__(self) -> None:
        super().__init__()
        self.by_id: dict[str, bytes] = {}

    def prepare_message(self, session, envelope):  # noqa: ARG002 - aiosmtpd's names
        return message_from_bytes(envelope.content, policy=default)

    def handle_message(self, message):
        self.by_id[message["Message-ID"]] = message.as_bytes()

    @asynccontextmanager
    async def opened(self):
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: SMTP(self, hostname="mail.example", loop=loop), "127.0.0.1", 0
        )
        async with server:
            yield SmtpMailer(f"smtp+plain://127.0.0.1:{server.sockets[0].getsockname()[1]}", now=now)

    def arrived(self) -> list[bytes]:
        """Return the mails that a reader would see."""
        return list(self.by_id.values())


@pytest.fixture(params=["maildir", "smtp"])
def transport(request, tmp_path):
    """One transport after the other; the tests do not know which."""
    return FolderTransport(tmp_path / "maildir") if request.param == "maildir" else ServerTransport()


def use(transport, work: Callable[[Mailer], Awaitable[object]]) -> object:
    """Open a transport and do some work with its mailer."""

    async def run() -> object:
        async with transport.opened() as mailer:
            return await work(mailer)

    return asyncio.run(run())


def facts(message: bytes) -> tuple[str, str, str, str]:
    """Return what a reader sees of a mail."""
    mail = message_from_bytes(message, policy=default)
    text = mail.get_body(("plain",)).get_content().replace("\r\n", "\n")
    return mail["Message-ID"], mail["To"], mail["Subject"], text


def test_a_mail_arrives(transport):
    """
    The transport answers with one line, and the mail is there as it was written.
    """
    answer = use(transport, lambda mailer: mailer.send(ENVELOPE))

    assert isinstance(answer, str)
    assert len(answer.splitlines()) == 1
    assert [facts(message) for message in transport.arrived()] == [
        (
            "<delivery-7@alertes.example>",
            "anne@couverture-lebras.example",
            "1 nouveau marché · Couverture Redon",
            "Un marché à Redon.\n",
        )
    ]


def test_a_second_attempt_is_seen_once(transport):
    """
    The same delivery sent again, even at one time, is one mail for its reader.
    """

    async def thrice(mailer: Mailer) -> None:
        await asyncio.gather(mailer.send(ENVELOPE), mailer.send(ENVELOPE))
        await mailer.send(ENVELOPE)

    use(transport, thrice)

    assert len(transport.arrived()) == 1


def test_two_deliveries_are_two_mails(transport):
    """
    Another Message-ID is another mail.
    """
    second = replace(ENVELOPE, message_id="<delivery-8@alertes.example>")

    async def both(mailer: Mailer) -> None:
        await asyncio.gather(mailer.send(ENVELOPE), mailer.send(second))

    use(transport, both)

    assert sorted(facts(message)[0] for message in transport.arrived()) == [
        "<delivery-7@alertes.example>",
        "<delivery-8@alertes.example>",
    ]


def test_an_address_that_cannot_be_used_is_refused(transport):
    """
    One bad address is one refused mail: nothing of it is sent.
    """
    with pytest.raises(MailRefusedError, match=r"^the address cannot be written to "):
        use(
            transport,
            lambda mailer: mailer.send(replace(ENVELOPE, recipient="anne\r\nBcc: tous@piege.example")),
        )

    assert transport.arrived() == []


def test_a_mail_that_cannot_be_made_waits_for_us_and_the_next_one_arrives(transport):
    """
    Its Message-ID is none, and says so nowhere: the answer has the kind of the error and its place, which hold
    nothing of the mail.
    """

    async def work(mailer: Mailer) -> MailDeferredError:
        async with mailer.session() as sender:
            with pytest.raises(MailDeferredError) as caught:
                await sender.send(replace(ENVELOPE, message_id="anne@lebras.example"))
            await sender.send(ENVELOPE)
        return caught.value

    error = use(transport, work)

    assert error.blame is Blame.US
    assert re.fullmatch(r"the mail cannot be written: ValueError in message\.py, line \d+", str(error))
    assert len(transport.arrived()) == 1


def test_a_mail_that_cannot_be_signed_waits_for_us():
    """
    Whatever the signing fails with: the worker goes on.
    """

    def sign(message: bytes) -> bytes:
        raise ValueError(message)

    mailer = SmtpMailer("smtp+plain://127.0.0.1:9", now=now, sign=sign)

    with pytest.raises(
        MailDeferredError, match=r"^the mail cannot be written: ValueError in test_mailers\.py"
    ):
        asyncio.run(mailer.send(ENVELOPE))
