"""SmtpMailer and a real Postfix: mails in one go, greylisting, a user who is gone, and a bounce that comes back."""

from __future__ import annotations

import asyncio
import queue
import shutil
import tempfile
import threading
from base64 import b64encode
from dataclasses import replace
from email import message_from_bytes
from pathlib import Path

import dkim
import pytest
from aiosmtpd.smtp import SMTP
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from alerting.delivery.dkim import Signer
from alerting.delivery.smtp import SmtpMailer
from alerting.domain.delivery import Envelope
from alerting.domain.dkim_key import DkimKey
from alerting.domain.mail_limits import SmtpLimits
from alerting.domain.mail_text import MailText
from alerting.errors import Blame, MailDeferredError, MailRefusedError
from alerting.local.ports import free_port
from alerting.local.postfix import LocalPostfix


MAIL = Envelope(
    delivery_id=1,
    message_id="<1@alertes.example>",
    sender="Alerte marchés <alertes@alertes.example>",
    recipient="anne@lebras.example",
    subject="3 nouveaux marchés · Couverture Redon",
    text=MailText.of("Trois marchés.\n.\n"),
    html=MailText.of("<p>Trois marchés.</p>\n"),
    unsubscribe_url="https://alertes.example/leave/abc",
    return_path="bounce+1-abc@returns.example",
)


class NextHop:
    """Whom Postfix hands mails to; it knows one user no more, and says so late."""

    def __init__(self) -> None:
        self.arrived = []
        self.contents = queue.SimpleQueue()
        self.enough = threading.Event()

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: ARG002, N802 - aiosmtpd's names
        if address.startswith("late@"):
            return "550 5.1.1 gone since yesterday"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: ARG002, N802 - aiosmtpd's names
        if envelope.rcpt_tos == ["signed@lebras.example"]:
            self.contents.put(envelope.content)
            return "250 OK"
        self.arrived.append(message_from_bytes(envelope.content)["Message-ID"])
        if len(self.arrived) == 5:
            self.enough.set()
        return "250 OK"


@pytest.fixture(scope="module")
def next_hop():
    """A server on loopback, and its port."""
    handler = NextHop()
    loop = asyncio.new_event_loop()
    listening = loop.run_until_complete(
        loop.create_server(lambda: SMTP(handler, hostname="hop.example", loop=loop), "127.0.0.1", 0)
    )
    handler.port = listening.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield handler
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    listening.close()
    loop.run_until_complete(listening.wait_closed())
    loop.close()


@pytest.fixture(scope="module")
def postfix(next_hop):
    """A Postfix that knows one user no more, and asks another's mails to come again."""
    folder = Path(tempfile.mkdtemp(prefix="alerting-"))
    folder.chmod(0o755)
    answers = {"gone@lebras.example": "550 5.1.1 no such user", "grey@lebras.example": "451 4.7.1 come again"}
    server = LocalPostfix(folder, free_port(), answers, f"smtp:[127.0.0.1]:{next_hop.port}")
    server.start()
    yield server
    server.stop()
    shutil.rmtree(folder)


def send(postfix: LocalPostfix, mails: list[Envelope], sign: Signer | None = None) -> list[object]:
    """Send mails at once over one connection; return what became of each."""

    async def run() -> list[object]:
        mailer = SmtpMailer(postfix.url, limits=SmtpLimits(connections=1), sign=sign)
        async with mailer.session() as session:
            return await asyncio.gather(*map(session.send, mails), return_exceptions=True)

    return asyncio.run(run())


def mail(number: int, recipient: str) -> Envelope:
    """Return one of several mails."""
    return replace(MAIL, delivery_id=number, message_id=f"<{number}@alertes.example>", recipient=recipient)


def test_mails_in_one_go_arrive_once_each_and_refusals_among_them_hurt_no_other(postfix, next_hop):
    """
    Five of seven are queued and handed on; one is refused for good, one for now, each with who is to blame.
    """
    names = ["anne", "gone", "bo", "grey", "carl", "dina", "erik"]
    outcomes = send(postfix, [mail(number, f"{name}@lebras.example") for number, name in enumerate(names)])

    by_name = dict(zip(names, outcomes, strict=True))
    gone, grey = by_name.pop("gone"), by_name.pop("grey")
    assert all(str(answer).startswith("250 2.0.0 Ok: queued as ") for answer in by_name.values())
    assert isinstance(gone, MailRefusedError)
    assert (gone.enhanced_code, gone.is_about_recipient, gone.blame) == ("5.1.1", True, Blame.ADDRESS)
    assert isinstance(grey, MailDeferredError)
    assert grey.blame is Blame.POLICY
    assert next_hop.enough.wait(30)
    assert sorted(next_hop.arrived) == [f"<{number}@alertes.example>" for number in (0, 2, 4, 5, 6)]
    # One connection said all seven; other lines are other tests' and the look whether the server is there.
    said = [line for line in postfix.log.read_text().splitlines() if "disconnect from" in line]
    assert ["mail=7 rcpt=5/7 data=5/7" in line for line in said if "mail=7" in line] == [True]


def test_a_user_who_is_refused_later_comes_back_as_a_bounce(postfix):
    """
    Accepted at first, refused by the next server: the report goes to the address of that one mail.
    """
    [outcome] = send(postfix, [mail(9, "late@lebras.example")])

    reports = postfix.wait_for_mail(1)

    assert str(outcome).startswith("250 2.0.0 Ok: queued as ")
    [report] = [message_from_bytes(content) for content in reports]
    assert report.get_content_type() == "multipart/report"
    assert report["To"] == "bounce+1-abc@returns.example"
    assert "gone since yesterday" in report.as_string()


@pytest.mark.parametrize("lines", ["Trois marchés.\n.\n", "Une ligne très longue " * 60 + "\n\n\n"])
def test_a_signature_holds_behind_two_servers(postfix, next_hop, tmp_path, lines):
    """
    Signed here, carried by Postfix, which adds its own lines: the last server still finds the message unchanged.
    """
    key = rsa.generate_private_key(65537, 2048)
    path = tmp_path / "dkim.pem"
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    names = {b"mars2026._domainkey.alertes.example.": b"v=DKIM1; k=rsa; p=" + b64encode(public)}

    def ask(name, timeout=5):  # noqa: ARG001 - dkimpy's name
        return names.get(name)

    one = replace(mail(11, "signed@lebras.example"), text=MailText.of(lines))

    [outcome] = send(postfix, [one], Signer(DkimKey("alertes.example", "mars2026", path)))
    content = next_hop.contents.get(timeout=30)

    assert str(outcome).startswith("250 2.0.0 Ok: queued as ")
    assert content.startswith(b"Received: ")
    assert dkim.verify(content, dnsfunc=ask)
    assert not dkim.verify(content.replace(b"leave/abc", b"leave/xyz"), dnsfunc=ask)
