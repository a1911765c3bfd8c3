"""SmtpMailer against real servers on loopback: what was accepted, what was not, what is in doubt."""

from __future__ import annotations

import asyncio
import ssl
from collections import Counter
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default

import pytest
from aiosmtpd.smtp import SMTP, AuthResult

from alerting.delivery.smtp import SmtpMailer
from alerting.domain.delivery import Envelope
from alerting.domain.mail_limits import DomainLimit, SmtpLimits
from alerting.domain.mail_text import MailText
from alerting.errors import Blame, MailDeferredError, MailInDoubtError, MailRefusedError, MailServerError


SENT_AT = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
# More than the kernel keeps for a peer that does not read.
LARGE_TEXT = "Un avis de marché public.\n" * 400_000


def envelope(
    *, text: str = "Trois marchés.\n.\n..fin\n", recipient: str = "anne@couverture-lebras.example"
) -> Envelope:
    """Return a mail of an invented firm."""
    return Envelope(
        delivery_id=7,
        message_id="<delivery-7@alertes.example>",
        sender="Alerte marchés <alertes@alertes.example>",
        recipient=recipient,
        subject="3 nouveaux marchés · Couverture Redon",
        text=MailText.of(text),
        html=MailText.of("<p>Trois marchés.</p>"),
        unsubscribe_url="https://alertes.example/unsubscribe/abc",
    )


def text_of(message) -> str:
    """Return a message's text part with the line ends of Python."""
    return message.get_body(("plain",)).get_content().replace("\r\n", "\n")


class Accepting:
    """A server's handler that keeps what it accepts, and answers what it is told to."""

    def __init__(
        self, *, mail: str | None = None, rcpt: str | None = None, data: str = "250 2.0.0 OK queued as 4711"
    ) -> None:
        self.mail = mail
        self.rcpt = rcpt
        self.data = data
        self.envelopes = []

    async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: ARG002, N802 - aiosmtpd's names
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return self.mail or "250 2.1.0 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: ARG002, N802 - aiosmtpd's names
        if self.rcpt is not None:
            return self.rcpt.format(address=address)
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: ARG002, N802 - aiosmtpd's names
        self.envelopes.append(envelope)
        return self.data


@asynccontextmanager
async def listening(connect, *, tls_context=None):
    """Serve on a free loopback port; gives its address for ``SmtpMailer``."""
    server = await asyncio.get_running_loop().create_server(connect, "127.0.0.1", 0, ssl=tls_context)
    async with server:
        yield f"smtp+plain://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def deliver(connect, mail: Envelope, *, timeout_seconds: float = 10) -> str:
    """Send one mail to a server made by *connect* and return the server's answer."""

    async def run() -> str:
        async with listening(connect) as url:
            mailer = SmtpMailer(url, now=lambda: SENT_AT, timeout_seconds=timeout_seconds)
            return await mailer.send(mail)

    return asyncio.run(run())


def aiosmtpd(handler):
    """Return a factory of aiosmtpd's protocol around a handler."""
    return lambda: SMTP(handler, hostname="mail.example", loop=asyncio.get_running_loop())


class Scripted(asyncio.Protocol):
    """A server that accepts everything, but answers or hangs up where it is told to.

    Args:
        hang_up: A verb, "within DATA", "after the dot", "connect" or "never".
        nth: At which of its occurrences on one connection it hangs up or gives its answers.
        greeting: Its first line.
        offers: What it says to EHLO, one extension a word.
        answers: Instead of 250, by verb, "." for the end of a message.
        log: Gets "connect" and each verb, of all connections in order.
        groups: Gets the verbs that came in one go, of all connections in order.
    """

    def __init__(
        self,
        *,
        hang_up: str = "never",
        nth: int = 1,
        greeting: bytes = b"220 mail.example ESMTP\r\n",
        offers: tuple[str, ...] = (),
        answers: dict[str, bytes] | None = None,
        log: list[str] | None = None,
        groups: list[list[str]] | None = None,
    ) -> None:
        self.hang_up = hang_up
        self.nth = nth
        self.greeting = greeting
        lines = ["mail.example", *offers]
        ehlo = [f"250{' ' if line is lines[-1] else '-'}{line}\r\n" for line in lines]
        self.usual = {"EHLO": "".join(ehlo).encode(), "DATA": b"354 go on\r\n", "QUIT": b"221 bye\r\n"}
        self.answers = answers or {}
        self.log = [] if log is None else log
        self.groups = [] if groups is None else groups
        self.counts = Counter()
        self.seen = b""
        self.messages = []
        self.is_data = False

    def connection_made(self, transport):
        self.transport = transport
        self.log.append("connect")
        if self.hang_up == "connect":
            transport.abort()
        else:
            transport.write(self.greeting)

    def data_received(self, data):
        self.seen += data
        self.groups.append([])
        while self.seen and not self.transport.is_closing():
            if not (self._data() if self.is_data else self._command()):
                break

    def _command(self):
        line, separator, rest = self.seen.partition(b"\r\n")
        if separator:
            self.seen = rest
            verb = line.split()[0].decode().upper()
            self._answer(verb)
        return bool(separator)

    def _answer(self, verb):
        self.log.append(verb)
        self.groups[-1].append(verb)
        self.counts[verb] += 1
        is_its_turn = self.counts[verb] == self.nth
        if is_its_turn and self.hang_up == {".": "after the dot"}.get(verb, verb):
            self.transport.abort()
            return
        answer = self.usual.get(verb, b"250 OK\r\n")
        if is_its_turn or verb in {"EHLO", "STARTTLS"}:
            answer = self.answers.get(verb, answer)
        self.is_data = verb == "DATA" and answer.startswith(b"354")
        self.transport.write(answer)

    def _data(self):
        if self.hang_up == "within DATA":
            self.transport.abort()
            return False
        message, separator, rest = (b"\r\n" + self.seen).partition(b"\r\n.\r\n")
        if separator:
            self.messages.append(message)
            self.seen, self.is_data = rest, False
            self._answer(".")
        return bool(separator)


def deliver_all(connect, mails: list[Envelope]) -> list[str]:
    """Send mails one after the other in one session; return what became of each."""

    async def run() -> list[str]:
        found = []
        async with (
            listening(connect) as url,
            SmtpMailer(url, now=lambda: SENT_AT, timeout_seconds=10).session() as session,
        ):
            for mail in mails:
                try:
                    found.append(await session.send(mail))
                except (MailDeferredError, MailInDoubtError, MailRefusedError) as error:
                    found.append(type(error).__name__)
        return found

    return asyncio.run(run())


def test_an_accepted_mail_arrives_as_it_was_written():
    """
    The server gets the bare addresses and the whole message, dots at line starts included; its answer
    is handed back.
    """
    handler = Accepting()

    answer = deliver(aiosmtpd(handler), envelope())

    [received] = handler.envelopes
    message = message_from_bytes(received.content, policy=default)
    assert answer == "250 2.0.0 OK queued as 4711"
    assert (received.mail_from, received.rcpt_tos) == (
        "alertes@alertes.example",
        ["anne@couverture-lebras.example"],
    )
    assert message["Message-ID"] == "<delivery-7@alertes.example>"
    assert text_of(message) == "Trois marchés.\n.\n..fin\n"


def test_a_large_mail_arrives_whole():
    """
    A mail larger than every buffer on the way is sent in pieces and accepted once.
    """
    handler = Accepting()

    deliver(
        lambda: SMTP(handler, data_size_limit=None, loop=asyncio.get_running_loop()),
        envelope(text=LARGE_TEXT),
    )

    [received] = handler.envelopes
    message = message_from_bytes(received.content, policy=default)
    assert text_of(message) == LARGE_TEXT


def test_a_4xx_defers_and_keeps_the_address_out_of_the_message():
    """
    451 to the recipient means: not now, nothing was sent.
    """
    handler = Accepting(rcpt="451 4.7.1 greylisted {address}")

    with pytest.raises(MailDeferredError, match=r"RCPT answered 451 4\.7\.1 greylisted recipient$"):
        deliver(aiosmtpd(handler), envelope())

    assert handler.envelopes == []


@pytest.mark.parametrize(
    ("handler", "code", "enhanced_code", "is_about_recipient"),
    [
        pytest.param(Accepting(rcpt="550 5.1.1 no such user"), 550, "5.1.1", True, id="the recipient"),
        pytest.param(Accepting(rcpt="550 no such user"), 550, None, True, id="the recipient, in bare words"),
        pytest.param(Accepting(data="554 5.7.1 spam"), 554, "5.7.1", False, id="the message"),
        pytest.param(Accepting(data="550 no"), 550, None, False, id="the message, in bare words"),
        pytest.param(Accepting(data="552 too large"), 552, None, False, id="its size"),
    ],
)
def test_a_5xx_refuses_with_its_codes(handler, code, enhanced_code, is_about_recipient):
    """
    A permanent refusal carries the reply code, the enhanced one where the server gives it, and whether the
    address is to blame.
    """
    with pytest.raises(MailRefusedError) as caught:
        deliver(aiosmtpd(handler), envelope())

    assert (caught.value.code, caught.value.enhanced_code) == (code, enhanced_code)
    assert caught.value.is_about_recipient is is_about_recipient


@pytest.mark.parametrize(
    "answer", ["550 5.1.7 sender rejected", "550 5.1.8 sender rejected", "554 5.7.1 relay access denied"]
)
def test_what_is_refused_of_us_at_the_recipient_defers(answer):
    """
    Servers that judge sender and client late say so to RCPT: it is our address, or our rights, that must be mended.
    """
    with pytest.raises(MailDeferredError, match=rf"RCPT answered {answer}$") as caught:
        deliver(aiosmtpd(Accepting(rcpt=answer)), envelope())

    assert caught.value.blame is Blame.US


def test_a_4xx_after_the_message_defers():
    """
    The server has the words and says "not now": it did not take the mail.
    """
    with pytest.raises(MailDeferredError, match=r"end of DATA answered 452 4\.3\.1 disk full$"):
        deliver(aiosmtpd(Accepting(data="452 4.3.1 disk full")), envelope())


@pytest.mark.parametrize(
    ("command", "blame"), [("MAIL", Blame.US), ("RCPT", Blame.SERVER), ("DATA", Blame.SERVER)]
)
def test_a_loss_before_the_message_defers(command, blame):
    """
    A connection that breaks before the server asked for the message sent nothing; before anybody is named, it is
    the server that we send by.
    """
    with pytest.raises(MailDeferredError, match=f"connection lost at {command}") as caught:
        deliver(lambda: Scripted(hang_up=command), envelope())

    assert caught.value.blame is blame


def test_a_loss_in_the_middle_of_the_message_defers():
    """
    The final dot never left, so the server cannot have accepted the mail.
    """
    with pytest.raises(MailDeferredError, match="connection lost within DATA"):
        deliver(lambda: Scripted(hang_up="within DATA"), envelope(text=LARGE_TEXT))


def test_a_loss_after_the_dot_is_in_doubt():
    """
    The server had the whole mail and hung up before it answered: it may have kept it.
    """
    with pytest.raises(MailInDoubtError, match="connection lost after the end of DATA"):
        deliver(lambda: Scripted(hang_up="after the dot"), envelope())


def test_a_refused_sender_defers():
    """
    5xx to our own address is for us to mend: no recipient is given up for it.
    """
    handler = Accepting(mail="553 5.1.8 sender unknown")

    with pytest.raises(MailDeferredError, match=r"MAIL answered 553 5\.1\.8 sender unknown$"):
        deliver(aiosmtpd(handler), envelope())

    assert handler.envelopes == []


def test_a_refusal_before_any_recipient_is_heard_defers():
    """
    A server that does not want us says nothing about the recipient: no address is given up for it.
    """
    with pytest.raises(MailDeferredError, match="connection refused: 554 no service"):
        deliver(lambda: Scripted(hang_up="never", greeting=b"554 no service\r\n"), envelope())


def test_a_server_that_is_not_there_defers():
    """
    Nobody listens: not now, nothing was sent.
    """

    async def closed_port() -> str:
        async with listening(asyncio.Protocol) as url:
            return url

    url = asyncio.run(closed_port())

    with pytest.raises(MailServerError) as caught:
        asyncio.run(SmtpMailer(url, now=lambda: SENT_AT).send(envelope()))

    address = url.removeprefix("smtp+plain://")
    expected = "no connection: nobody listens there; expected a mail server that is up (SMTP_URL)"
    assert str(caught.value) == f"mail server {address}: {expected}"


def test_a_server_whose_name_nobody_knows_defers():
    """
    The name in SMTP_URL is wrong, or its own server of names is away (RFC 6761, 6.4: "invalid" is nobody's).
    """
    mailer = SmtpMailer("smtp://mail.invalid", now=lambda: SENT_AT)

    with pytest.raises(MailServerError) as caught:
        asyncio.run(mailer.send(envelope()))

    expected = "there is no server of that name; expected a mail server that is up (SMTP_URL)"
    assert str(caught.value) == f"mail server mail.invalid:587: no connection: {expected}"


def test_smtp_without_starttls_sends_nothing():
    """
    smtp:// insists on STARTTLS; a server that does not offer it hears of no recipient.
    """
    handler = Accepting()

    async def run() -> None:
        async with listening(aiosmtpd(handler)) as url:
            await SmtpMailer(url.replace("smtp+plain", "smtp"), now=lambda: SENT_AT).send(envelope())

    with pytest.raises(MailDeferredError, match="no connection: "):
        asyncio.run(run())

    assert handler.envelopes == []


def serving(certificate) -> ssl.SSLContext:
    """Return the server's side of TLS."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


def authenticator(server, session, envelope, mechanism, data):  # noqa: ARG001 - aiosmtpd's names
    """Know one name and password."""
    return AuthResult(success=(data.login, data.password) == (b"alertes", b"s@cret"), handled=False)


LOGIN = {"smtp": "alertes:s%40cret@", "smtps": ""}


def deliver_with_tls(
    scheme: str, handler: Accepting, certificate, *, login: str | None = None, trusted: bool = True
) -> str:
    """Send one mail to a server that speaks TLS only; the one with STARTTLS asks for a login too."""

    def connect() -> SMTP:
        loop = asyncio.get_running_loop()
        if scheme == "smtps":
            return SMTP(handler, loop=loop)
        return SMTP(
            handler,
            tls_context=serving(certificate),
            require_starttls=True,
            auth_required=True,
            authenticator=authenticator,
            loop=loop,
        )

    async def run() -> str:
        async with listening(connect, tls_context=serving(certificate) if scheme == "smtps" else None) as url:
            mailer = SmtpMailer(
                url.replace("smtp+plain://", f"{scheme}://{LOGIN[scheme] if login is None else login}"),
                now=lambda: SENT_AT,
                timeout_seconds=10,
                tls_context=ssl.create_default_context(cafile=certificate) if trusted else None,
            )
            return await mailer.send(envelope())

    return asyncio.run(run())


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_mail_leaves_under_tls(scheme, certificate):
    """
    STARTTLS, with the name and password of the address, or TLS from the first byte.
    """
    handler = Accepting()

    answer = deliver_with_tls(scheme, handler, certificate)

    assert answer == "250 2.0.0 OK queued as 4711"
    assert len(handler.envelopes) == 1


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_server_that_cannot_show_who_it_is_gets_nothing(scheme, certificate):
    """
    A certificate that nobody vouches for ends the dialogue before the password is said.
    """
    handler = Accepting()

    with pytest.raises(MailDeferredError, match=r"no connection: .*certificate verify failed"):
        deliver_with_tls(scheme, handler, certificate, trusted=False)

    assert handler.envelopes == []


def test_a_refused_login_defers(certificate):
    """
    535 to our password says nothing about the recipient: the mail waits for who can mend it.
    """
    handler = Accepting()

    with pytest.raises(MailDeferredError, match="connection refused: 535 "):
        deliver_with_tls("smtp", handler, certificate, login="alertes:wrong@")

    assert handler.envelopes == []


MAIL = ["MAIL", "RCPT", "DATA", "."]
FIRST = ["connect", "EHLO", *MAIL]


def test_the_mails_of_a_session_share_a_connection():
    """
    One greeting, and nothing is asked between two mails.
    """
    log = []

    found = deliver_all(lambda: Scripted(log=log), [envelope()] * 3)

    assert found == ["250 OK"] * 3
    assert log == [*FIRST, *MAIL, *MAIL, "QUIT"]


def test_a_refused_mail_does_not_cost_its_neighbours_their_connection():
    """
    After 5xx to one recipient the next mail begins afresh; nothing of the refused one is left.
    """
    handler = Accepting()
    factories = []

    def connect():
        factories.append("connect")
        return aiosmtpd(handler)()

    found = deliver_all(
        connect, [envelope(), envelope(recipient="not an address"), envelope(recipient="jean@lebras.example")]
    )
    handler.rcpt = "550 5.1.1 no such user"
    refused = deliver_all(connect, [envelope()] * 2)

    assert found == ["250 2.0.0 OK queued as 4711", "MailRefusedError", "250 2.0.0 OK queued as 4711"]
    assert refused == ["MailRefusedError"] * 2
    assert [one.rcpt_tos for one in handler.envelopes] == [
        ["anne@couverture-lebras.example"],
        ["jean@lebras.example"],
    ]
    assert factories == ["connect"] * 2


@pytest.mark.parametrize("offers", [(), ("PIPELINING",)], ids=["plain", "pipelining"])
@pytest.mark.parametrize(
    "server",
    [
        pytest.param({"hang_up": "MAIL"}, id="it hung up"),
        pytest.param({"hang_up": "DATA"}, id="it hung up later"),
        pytest.param({"answers": {"MAIL": b"421 4.3.2 closing\r\n"}}, id="it is closing"),
        pytest.param({"answers": {"RCPT": b"421 4.7.0 too many mails\r\n"}}, id="it has enough"),
        pytest.param({"answers": {"MAIL": b"what?\r\n"}}, id="it says what is no answer"),
    ],
)
def test_a_connection_that_is_no_longer_good_is_replaced(server, offers):
    """
    The second mail goes over a new connection; it is not deferred for that.
    """
    log = []

    found = deliver_all(lambda: Scripted(log=log, nth=2, offers=offers, **server), [envelope()] * 2)

    assert found == ["250 OK"] * 2
    assert [entry for entry in log if entry in {"connect", "."}] == ["connect", ".", "connect", "."]


@pytest.mark.parametrize("answer", [b"421 4.3.2 closing\r\n", b"502 what\r\n"])
def test_a_connection_that_forgets_nothing_is_replaced(answer):
    """
    After a refused mail the server is to forget it; one that will not is left.
    """
    servers = iter([Scripted(answers={"RCPT": b"550 5.1.1 unknown\r\n", "RSET": answer}), Scripted()])

    assert deliver_all(lambda: next(servers), [envelope()] * 2) == ["MailRefusedError", "250 OK"]


@pytest.mark.parametrize(
    ("server", "outcome"),
    [
        pytest.param({"hang_up": "after the dot"}, "MailInDoubtError", id="lost after the dot"),
        pytest.param({"hang_up": "RCPT"}, "MailDeferredError", id="lost before the message"),
        pytest.param({"answers": {"RCPT": b"421 later\r\n"}}, "MailDeferredError", id="closing"),
        pytest.param({"answers": {".": b"421 later\r\n"}}, "MailDeferredError", id="closing at the end"),
    ],
)
def test_what_becomes_of_one_mail_says_nothing_of_the_next(server, outcome):
    """
    Each mail of a session has its own account; the next one starts on a connection of its own.
    """
    servers = iter([Scripted(**server), Scripted()])

    assert deliver_all(lambda: next(servers), [envelope()] * 2) == [outcome, "250 OK"]


@pytest.mark.parametrize(
    ("answers", "said"),
    [({".": b"200 taken\r\n"}, "200 taken"), ({".": b"251 2.6.0 taken\r\n", "RCPT": b"252 maybe\r\n"}, "251 2.6.0 taken")],
)  # fmt: skip
def test_a_mail_is_taken_by_the_first_digit_of_the_answer(answers, said):
    """
    A server says 250 as a rule; one that says another 2xx has the mail all the same, and gets it once.
    """
    assert deliver(lambda: Scripted(answers=answers), envelope()) == said


def test_a_mail_that_is_not_taken_now_leaves_the_connection_to_the_next():
    """
    451 to one recipient is an answer about it alone.
    """
    log = []

    found = deliver_all(lambda: Scripted(answers={"RCPT": b"451 4.7.1 later\r\n"}, log=log), [envelope()] * 2)

    assert found == ["MailDeferredError", "250 OK"]
    assert log == ["connect", "EHLO", "MAIL", "RCPT", "RSET", *MAIL, "QUIT"]


def send_at_once(connect, mails: list[Envelope], *, limits: SmtpLimits | None = None) -> list[str]:
    """Send mails in one session, all asked for at once; return what became of each."""

    async def run() -> list[str]:
        async with (
            listening(connect) as url,
            SmtpMailer(url, now=lambda: SENT_AT, timeout_seconds=10, limits=limits).session() as session,
        ):
            found = await asyncio.gather(*map(session.send, mails), return_exceptions=True)
        return [one if isinstance(one, str) else type(one).__name__ for one in found]

    return asyncio.run(run())


ONE_CONNECTION = SmtpLimits(connections=1)
GROUP = ["MAIL", "RCPT", "DATA"]


def test_where_the_server_listens_to_several_commands_they_are_said_in_one_go():
    """
    The next mail begins with the dot of the one before: one round trip a mail.
    """
    groups = []

    found = send_at_once(
        lambda: Scripted(offers=("PIPELINING",), groups=groups), [envelope()] * 3, limits=ONE_CONNECTION
    )

    assert found == ["250 OK"] * 3
    said = [group for group in groups if group]
    assert said == [["EHLO"], GROUP, [".", *GROUP], [".", *GROUP], ["."], ["QUIT"]]


@pytest.mark.parametrize(
    ("answers", "log"),
    [
        pytest.param({"DATA": b"503 5.5.1 no valid recipients\r\n"}, GROUP, id="DATA is refused"),
        pytest.param({"DATA": b"354 go on\r\n"}, [*GROUP, "."], id="DATA is accepted for nobody"),
    ],
)
def test_a_recipient_refused_in_one_go_sends_no_message(answers, log):
    """
    A message that the server asks for all the same is ended at once, and is empty; the next mail leaves.
    """
    seen = []
    answers = answers | {"RCPT": b"550 5.1.1 unknown\r\n", ".": b"554 5.5.1 no valid recipients\r\n"}
    server = Scripted(offers=("PIPELINING",), answers=answers, log=seen)

    found = send_at_once(lambda: server, [envelope()], limits=ONE_CONNECTION)

    assert found == ["MailRefusedError"]
    assert seen == ["connect", "EHLO", *log, "QUIT"]
    assert server.messages == [b""] * log.count(".")


def test_a_mail_refused_in_one_go_is_forgotten_with_the_next():
    """
    RSET stands before the next mail, in one go with it.
    """
    groups = []
    answers = {"RCPT": b"550 5.1.1 unknown\r\n", "DATA": b"503 5.5.1 no valid recipients\r\n"}

    found = send_at_once(
        lambda: Scripted(offers=("PIPELINING",), answers=answers, groups=groups),
        [envelope()] * 2,
        limits=ONE_CONNECTION,
    )

    assert found == ["MailRefusedError", "250 OK"]
    assert [group for group in groups if group] == [["EHLO"], GROUP, ["RSET", *GROUP], ["."], ["QUIT"]]


@pytest.mark.parametrize(
    ("server", "outcomes"),
    [
        pytest.param({"hang_up": "after the dot"}, ["MailInDoubtError", "250 OK"], id="lost"),
        pytest.param({"answers": {".": b"554 5.7.1 spam\r\n"}}, ["MailRefusedError", "250 OK"], id="refused"),
        pytest.param({"answers": {".": b"421 4.3.2 bye\r\n"}}, ["MailDeferredError", "250 OK"], id="closing"),
    ],
)
def test_a_mail_that_was_begun_with_the_end_of_another_is_not_hurt_by_it(server, outcomes):
    """
    What becomes of the first is its own; the second leaves, over another connection where it must.
    """
    servers = iter([Scripted(offers=("PIPELINING",), **server), Scripted(offers=("PIPELINING",))])

    assert send_at_once(lambda: next(servers), [envelope()] * 2, limits=ONE_CONNECTION) == outcomes


@pytest.mark.parametrize("step", ["connect", "EHLO", "MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("offers", [(), ("PIPELINING",)], ids=["plain", "pipelining"])
def test_421_or_a_loss_anywhere_before_the_message_defers(step, offers):
    """
    A server that closes or hangs up on a new connection has taken nothing; before it hears of a mail that is
    about the server alone.
    """
    closing = b"421 4.3.2 closing\r\n"
    saying = {"greeting": closing} if step == "connect" else {"answers": {step: closing}}

    said = send_at_once(lambda: Scripted(offers=offers, **saying), [envelope()])
    lost = send_at_once(lambda: Scripted(offers=offers, hang_up=step), [envelope()])

    kind = "MailServerError" if step in {"connect", "EHLO"} else "MailDeferredError"
    assert said + lost == [kind] * 2


def test_a_loss_at_quit_changes_nothing():
    """
    The mail is accepted; how the server says goodbye is its own affair.
    """
    assert send_at_once(lambda: Scripted(hang_up="QUIT"), [envelope()]) == ["250 OK"]


def test_a_server_that_knows_no_ehlo_is_greeted_as_of_old():
    """
    502 to EHLO, then HELO: RFC 5321, 3.2.
    """
    log = []

    found = send_at_once(lambda: Scripted(answers={"EHLO": b"502 what\r\n"}, log=log), [envelope()])

    assert found == ["250 OK"]
    assert log == ["connect", "EHLO", "HELO", *MAIL, "QUIT"]


@pytest.mark.parametrize(
    ("offer", "outcome"),
    [("SIZE 3000", "250 OK"), ("SIZE 300", "MailRefusedError"), ("SIZE 0", "250 OK"), ("SIZE", "250 OK")],
)
def test_a_mail_above_the_servers_size_is_not_begun(offer, outcome):
    """
    The server says how much it takes; 0 or nothing is no limit.
    """
    log = []

    assert send_at_once(lambda: Scripted(offers=(offer,), log=log), [envelope()]) == [outcome]
    assert ("MAIL" in log) is (outcome == "250 OK")


def test_an_address_that_is_not_in_ascii_needs_a_server_that_takes_it():
    """
    SMTPUTF8 where it is offered, and else a refusal that gives no address up for good.
    """
    mail = envelope(recipient="hélène@lebras.example")
    handler = Accepting()

    def utf8() -> SMTP:
        return SMTP(handler, enable_SMTPUTF8=True, loop=asyncio.get_running_loop())

    with pytest.raises(MailRefusedError, match="takes no address that is not in ASCII") as caught:
        deliver(Scripted, mail)
    answer = deliver(utf8, mail)

    assert (caught.value.enhanced_code, caught.value.is_about_recipient) == ("5.6.7", False)
    assert answer == "250 2.0.0 OK queued as 4711"
    [received] = handler.envelopes
    assert received.rcpt_tos == ["hélène@lebras.example"]
    assert "SMTPUTF8" in received.mail_options


def test_a_domain_in_other_letters_is_spoken_in_ascii():
    """
    IDNA: a server needs no extension for it.
    """
    handler = Accepting()

    deliver(aiosmtpd(handler), envelope(recipient="anne@métiers.example"))

    assert handler.envelopes[0].rcpt_tos == ["anne@xn--mtiers-bva.example"]


class Patient(Scripted):
    """A server that answers the end of a message only when three are under way, over all connections."""

    def __init__(self, *, waiting: list, log: list[str]) -> None:
        super().__init__(log=log)
        self.waiting = waiting

    def _answer(self, verb):
        if verb != ".":
            super()._answer(verb)
            return
        self.waiting.append(super()._answer)
        if len(self.waiting) == 3:
            for answer in self.waiting:
                answer(".")
            self.waiting.clear()


def test_mails_leave_over_as_many_connections_as_are_allowed():
    """
    Three of six mails are under way when the server answers; a fourth connection is not opened.
    """
    log = []
    waiting = []

    found = send_at_once(
        lambda: Patient(waiting=waiting, log=log), [envelope()] * 6, limits=SmtpLimits(connections=3)
    )

    assert found == ["250 OK"] * 6
    assert log.count("connect") == 3


def test_a_connection_carries_as_many_mails_as_it_is_allowed():
    """
    Five mails, two over each connection.
    """
    log = []

    found = send_at_once(
        lambda: Scripted(log=log, offers=("PIPELINING",)),
        [envelope()] * 5,
        limits=SmtpLimits(connections=1, mails_per_connection=2),
    )

    assert found == ["250 OK"] * 5
    assert (log.count("connect"), log.count("QUIT")) == (3, 3)


def test_a_domain_gets_as_many_mails_at_once_and_over_a_connection_as_it_is_allowed():
    """
    One at a time and two over a connection to one domain; another domain's mails pass by.
    """
    log = []
    limits = SmtpLimits(connections=4, domains={"lebras.example": DomainLimit(1, 2)})
    slow = [envelope(recipient=f"{name}@LeBras.example") for name in "abcd"]

    found = send_at_once(lambda: Scripted(log=log), slow, limits=limits)

    assert found == ["250 OK"] * 4
    assert log == [*FIRST, *MAIL, "QUIT"] * 2


def test_a_server_that_takes_fewer_connections_than_we_ask_for_gets_fewer():
    """
    The second connection is turned away; the first carries every mail, and none is deferred.
    """
    servers = iter([Scripted(), *(Scripted(greeting=b"421 too many\r\n") for _ in range(9))])

    found = send_at_once(lambda: next(servers), [envelope()] * 6, limits=SmtpLimits(connections=2))

    assert found == ["250 OK"] * 6


def test_a_server_that_is_away_is_asked_once():
    """
    Every mail that waits for a connection is deferred with the same answer.
    """
    log = []

    found = send_at_once(
        lambda: Scripted(log=log, greeting=b"421 closed\r\n"), [envelope()] * 9, limits=ONE_CONNECTION
    )

    assert found == ["MailServerError"] * 9
    assert log == ["connect"]


def test_mails_that_are_sent_at_once_do_not_share_a_dialogue():
    """
    Two at once take two connections; both are ended with the session.
    """
    log = []

    async def run() -> list[str]:
        async with (
            listening(lambda: Scripted(log=log)) as url,
            SmtpMailer(url, now=lambda: SENT_AT, timeout_seconds=10).session() as session,
        ):
            return list(await asyncio.gather(session.send(envelope()), session.send(envelope())))

    assert asyncio.run(run()) == ["250 OK"] * 2
    assert (log.count("connect"), log.count("."), log.count("QUIT")) == (2, 2, 2)
