"""Carry mails over one open connection, and know of each whether the server may have it.

In:   a connection that is greeted, secured and logged in; mails.
Out:  the server's answer to a mail's end, or the one error that says whether it may have left.

Until the final dot is on its way the server cannot have accepted a mail, so a loss before it is "not
sent"; a loss after it is in doubt.  A message that the kernel does not take in one go is therefore written
apart from its dot.  Just before the dot the mail is noted as such in the log of the dialogue, and its
answer as soon as it is read.

Where the server offers PIPELINING, MAIL, RCPT and DATA are said in one go, and those of the next mail
together with the dot of this one: a mail costs one round trip instead of four.

Sources: RFC 5321 (4.1.1.4 DATA, 4.1.1.5 RSET, 4.2 replies, 4.5.2 transparency, 4.5.3.2 timeouts); RFC 2920
(3.1: what may be said in one go, and the dot to a DATA that was accepted for nobody); RFC 1870 (SIZE);
RFC 6531 (SMTPUTF8).
"""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NoReturn, Protocol

from alerting.delivery.replies import Reply, Step, find_relay_blame, is_about_recipient, is_for_later
from alerting.domain.address import hide_addresses
from alerting.errors import Blame, MailDeferredError, MailInDoubtError, MailRefusedError


_CLOSING = 421
# The first digit of an answer decides: RFC 5321, 4.2.1.
_COMPLETED = 2
_START_INPUT = 3
_EXPECTED = {Step.MAIL: _COMPLETED, Step.RCPT: _COMPLETED, Step.DATA: _START_INPUT}
_MOST_LINES = 100
_CODE_DIGITS = 3
# Of one reply; what servers say in one go is far below.
_MOST_BYTES = 65_536
_QUICK_ACKNOWLEDGEMENT: int | None = getattr(socket, "TCP_QUICKACK", None)
# What the kernel takes in one go, so that a loss in between would not be seen anyway.
_AT_ONCE_BYTES = 65_536
# The end of a message may take longer to answer than a command: RFC 5321, 4.5.3.2.6.
_PATIENCE_AT_THE_END = 5


class DialogueLog(Protocol):
    """What outlives the process: how far each mail's dialogue came."""

    def note_dot(self, delivery_id: int) -> None:
        """Note that the end of a mail is about to be said."""
        ...

    def note_answer(self, delivery_id: int, taken: str | None) -> None:
        """Note the server's answer to it; None: the server did not take the mail."""
        ...


class NoLog:
    """Of a mailer that nobody asks afterwards."""

    def note_dot(self, delivery_id: int) -> None:
        """Forget it."""

    def note_answer(self, delivery_id: int, taken: str | None) -> None:
        """Forget it."""


@dataclass(frozen=True, slots=True)
class Offers:
    """What a server says that it can; ``size_bytes`` is None without a limit."""

    has_pipelining: bool = False
    has_size: bool = False
    size_bytes: int | None = None
    has_smtputf8: bool = False


@dataclass(frozen=True, slots=True)
class OutgoingMail:
    """One mail, as the dialogue needs it; ``needs_smtputf8``: an address of it is not in ASCII."""

    delivery_id: int
    sender: str
    recipient: str
    message: bytes
    needs_smtputf8: bool

    @property
    def domain(self) -> str:
        """The recipient's domain, in lower case."""
        return self.recipient.rpartition("@")[2].lower()


class StaleLineError(Exception):
    """The server gave up a connection that had served before, and has heard of nothing but addresses."""


class _LostError(Exception):
    """The connection broke, or says what is no answer."""


@dataclass(slots=True)
class Line:
    """One open connection, for one mail after the other.

    Args:
        reader: Answers of the server.
        writer: Drains until the kernel has every byte.
        offers: What EHLO said.
        server_name: For messages.
        timeout_seconds: For each answer; five times that after the dot.
        log: How far each mail came.
    """

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    offers: Offers
    server_name: str
    timeout_seconds: float
    log: DialogueLog
    carried_count: int = 0
    carried_by_domain: Counter[str] = field(default_factory=Counter)
    is_over: bool = False
    _must_reset: bool = False
    _heard: bytes = b""

    def begin(self, mail: OutgoingMail) -> None:
        """Take a mail on; where the server listens to several commands at once, say them."""
        self.writer.write(self._take_on(mail))

    async def open(self, mail: OutgoingMail) -> None:
        """Return when the server waits for the message of the mail that was begun.

        Raises:
            StaleLineError: See there; the mail may go over another connection at once.
            MailDeferredError, MailRefusedError: As ``SmtpMailer.send``.
        """
        step = Step.MAIL
        replies: list[Reply] = []
        try:
            if self._must_reset:
                await self._reset()
            for step in _EXPECTED:
                replies.append(await self._ask(step, mail))
                if self._is_refused_for_good(replies[-1]):
                    break
            refused = next((reply for reply in replies if not _is_expected(reply)), None)
            if refused is not None and _kind(replies[-1]) == _START_INPUT:
                await self._end_for_nobody()
        except _LostError as error:
            self._give_up_before_data(mail, step, str(error))
        if refused is not None:
            self._must_reset = True
            self._refuse(mail, refused)

    async def transfer(self, mail: OutgoingMail, following: OutgoingMail | None) -> str:
        """Send the message, then the dot that ends it, and with the dot how the following mail begins.

        Returns:
            The answer to the dot.
        """
        message = mail.message.replace(b"\r\n.", b"\r\n..")
        if len(message) > _AT_ONCE_BYTES:
            await self._write(message)
            message = b""
        elif self._is_lost():
            self._give_up_within_data("the server hung up")
        self._note_dot(mail)
        self.writer.write(
            b"".join((message, b".\r\n", b"" if following is None else self._take_on(following)))
        )
        try:
            reply = await self._read(Step.END_OF_DATA)
        except _LostError as error:
            self.is_over = True
            problem = f"connection lost after the end of DATA: {error}"
            raise MailInDoubtError(f"{self.server_name}: {problem}") from error
        if _kind(reply) != _COMPLETED:
            self.log.note_answer(mail.delivery_id, None)
            self._refuse(mail, reply)
        answer = hide_addresses(f"{reply.code} {reply.text}".strip(), recipient=mail.recipient)
        self.log.note_answer(mail.delivery_id, answer)
        return answer

    def _note_dot(self, mail: OutgoingMail) -> None:
        """Note that the end of a mail is said next; where it cannot be noted, it is not said."""
        try:
            self.log.note_dot(mail.delivery_id)
        except MailDeferredError:
            self.is_over = True
            self.writer.transport.abort()
            raise

    async def leave(self) -> None:
        """Say QUIT where somebody listens; whatever the server says to that changes nothing."""
        try:
            async with asyncio.timeout(min(5, self.timeout_seconds)):
                if not self.is_over:
                    self.writer.write(b"QUIT\r\n")
                    await self._read(Step.MAIL)
                self.writer.close()
                await self.writer.wait_closed()
        except (_LostError, OSError):
            self.writer.transport.abort()

    async def _ask(self, step: Step, mail: OutgoingMail) -> Reply:
        """Read the answer to a command; say it first where several are not said in one go."""
        if not self.offers.has_pipelining:
            self.writer.write(_command(step, mail, self.offers))
        return await self._read(step)

    def _is_refused_for_good(self, reply: Reply) -> bool:
        """Tell whether no more answers come for this mail."""
        return reply.code == _CLOSING or not (self.offers.has_pipelining or _is_expected(reply))

    def _take_on(self, mail: OutgoingMail) -> bytes:
        self.carried_count += 1
        self.carried_by_domain[mail.domain] += 1
        if not self.offers.has_pipelining:
            return b""
        commands = b"".join(_command(step, mail, self.offers) for step in _EXPECTED)
        return b"RSET\r\n" + commands if self._must_reset else commands

    async def _reset(self) -> None:
        """Let the server forget a mail that it refused before its message."""
        if not self.offers.has_pipelining:
            self.writer.write(b"RSET\r\n")
        reply = await self._read(Step.MAIL)
        if _kind(reply) != _COMPLETED:
            raise _LostError(f"RSET answered {reply.code} {reply.text}")
        self._must_reset = False

    async def _end_for_nobody(self) -> None:
        """End a message that the server asked for although it had refused whom it is for."""
        self.writer.write(b".\r\n")
        await self._read(Step.END_OF_DATA)

    def _give_up_before_data(self, mail: OutgoingMail, step: Step, problem: str) -> NoReturn:
        self.is_over = True
        if self.carried_count > 1:
            raise StaleLineError(problem)
        lost = f"{self.server_name}: connection lost at {step.value}: {problem}"
        # Nobody was named yet: it is the server that we send by.
        blame = Blame.US if step is Step.MAIL else Blame.SERVER
        raise MailDeferredError(hide_addresses(lost, recipient=mail.recipient), blame=blame)

    def _refuse(self, mail: OutgoingMail, reply: Reply) -> NoReturn:
        """Raise what a reply other than the expected one means."""
        answer = hide_addresses(f"{reply.code} {reply.text}".strip(), recipient=mail.recipient)
        if reply.code == _CLOSING:
            self.is_over = True
            if reply.step is not Step.END_OF_DATA and self.carried_count > 1:
                raise StaleLineError(answer)
        problem = f"{self.server_name}: {reply.step.value} answered {answer}"
        if is_for_later(reply):
            raise MailDeferredError(problem, blame=find_relay_blame(reply))
        raise MailRefusedError(
            problem,
            code=reply.code,
            enhanced_code=reply.enhanced_code,
            is_about_recipient=is_about_recipient(reply),
            blame=find_relay_blame(reply),
        )

    async def _read(self, step: Step) -> Reply:
        """Return the next reply; several that came in one piece are read without a wait."""
        reply = self._find_reply(step)
        if reply is not None:
            return reply
        self._acknowledge_at_once()
        patience = self.timeout_seconds * (_PATIENCE_AT_THE_END if step is Step.END_OF_DATA else 1)
        try:
            async with asyncio.timeout(patience):
                while reply is None:
                    await self._hear()
                    reply = self._find_reply(step)
        except TimeoutError as error:
            raise _LostError("no answer in time") from error
        except OSError as error:
            raise _LostError(error.strerror or "connection broken") from error
        return reply

    async def _hear(self) -> None:
        piece = await self.reader.read(_MOST_BYTES)
        if not piece or len(self._heard) > _MOST_BYTES:
            raise _LostError("the server hung up or said too much")
        self._heard += piece

    def _find_reply(self, step: Step) -> Reply | None:
        """Take the first reply, of one line or of several, from what was heard; None: its end is to come."""
        start, words = 0, []
        for _ in range(_MOST_LINES):
            end = self._heard.find(b"\n", start) + 1
            if not end:
                return None
            line = self._heard[start:end]
            digits, mark = line[:_CODE_DIGITS], line[_CODE_DIGITS : _CODE_DIGITS + 1]
            if not digits.isdigit() or mark not in b"- \r\n":
                raise _LostError("an answer that is none")
            words += line[_CODE_DIGITS + 1 :].decode("utf-8", "replace").split()
            start = end
            if mark != b"-":
                self._heard = self._heard[start:]
                return Reply.read(step, int(digits), " ".join(words)[:300])
        raise _LostError("an answer without an end")

    def _acknowledge_at_once(self) -> None:
        """Let the kernel acknowledge what comes: a server whose second answer waits for that loses 40 ms.

        RFC 1122, 4.2.3.2 (delayed acknowledgement) meets 4.2.3.4 (Nagle) where a server answers several
        commands in several pieces.  Linux forgets the wish, so it is said anew.
        """
        if self.offers.has_pipelining and _QUICK_ACKNOWLEDGEMENT is not None:
            connected = self.writer.get_extra_info("socket")
            with suppress(OSError):
                connected.setsockopt(socket.IPPROTO_TCP, _QUICK_ACKNOWLEDGEMENT, 1)

    async def _write(self, message: bytes) -> None:
        """Hand the message, without its dot, to the network; return when all of it has left our buffers."""
        problem = "the server hung up"
        try:
            async with asyncio.timeout(self.timeout_seconds):
                self.writer.write(message)
                await self.writer.drain()
        except OSError as error:
            problem = error.strerror or "no progress in time"
        else:
            if not self._is_lost():
                return
        self._give_up_within_data(problem)

    def _is_lost(self) -> bool:
        return self.writer.is_closing() or self.reader.at_eof()

    def _give_up_within_data(self, problem: str) -> NoReturn:
        self.is_over = True
        self.writer.transport.abort()
        raise MailDeferredError(
            f"{self.server_name}: connection lost within DATA: {problem}", blame=Blame.SERVER
        )


def _is_expected(reply: Reply) -> bool:
    return _kind(reply) == _EXPECTED[reply.step]


def _kind(reply: Reply) -> int:
    return reply.code // 100


def _command(step: Step, mail: OutgoingMail, offers: Offers) -> bytes:
    if step is Step.DATA:
        return b"DATA\r\n"
    if step is Step.RCPT:
        return f"RCPT TO:<{mail.recipient}>\r\n".encode()
    return f"MAIL FROM:<{mail.sender}>{''.join(_parameters(mail, offers))}\r\n".encode()


def _parameters(mail: OutgoingMail, offers: Offers) -> Iterator[str]:
    if offers.has_size:
        yield f" SIZE={len(mail.message)}"
    if mail.needs_smtputf8:
        yield " SMTPUTF8"
