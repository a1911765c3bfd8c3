"""Read what comes back: bounces, complaints, automatic replies.

In:   the bytes of one mail, as a mailbox has it; damaged or cut ones too.
Out:  what it is, what it says of each recipient, and the addresses and headers by which
      ``alerting.delivery.verp`` finds which delivery it speaks of.

Refuses to guess: a mail that no rule below knows is ``OTHER``, and nothing is done for it.  Beside the
standards, only what large mail servers still send is known: qmail's and Exim's plain words, and a
mailer-daemon's letter with one SMTP answer in it.

Sources: RFC 3464 (delivery status), RFC 6533 (in UTF-8), RFC 5965 (complaints), RFC 3834 (automatic
replies), RFC 8098 (receipts), RFC 3463 (status codes).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email import message_from_bytes, message_from_string
from email.message import Message
from email.policy import compat32
from enum import StrEnum

from alerting.delivery.replies import Reply, Step, find_blame, is_about_recipient
from alerting.errors import Blame


# As much of a letter's text as may hold the answer of a server.
_TEXT_CHARACTERS = 20_000
_STATUS_TYPES = ("message/delivery-status", "message/global-delivery-status")
_ADDRESSED = (
    "to", "cc", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "apparently-to",
)  # fmt: skip
# Not a part of an address of the Internet: "[5.135.20.7]".
_STATUS = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?!\.?\d)")
_SMTP_ANSWER = re.compile(r"\b([45]\d\d)[ \-](?=\S)(.*)", re.DOTALL)
_QMAIL = re.compile(r"^Hi\. This is the qmail-send program", re.MULTILINE)
_DAEMON = re.compile(r"\b(mailer-daemon|postmaster|mail delivery (sub)?system)\b", re.IGNORECASE)
_UNKNOWN_MAILBOX = re.compile(
    r"(user|mailbox|recipient|address)\s+(is\s+)?(unknown|not found|does not exist|doesn't exist|unavailable)"
    r"|(unknown|no such|invalid)\s+(local\s+)?(user|mailbox|recipient|address)|unrouteable address"
    r"|no mailbox here by that name",
    re.IGNORECASE,
)
# Exchange Online says so where the mailbox does not exist.
_EXCHANGE_UNKNOWN = re.compile(r"recipient address rejected: access denied", re.IGNORECASE)
_SAYS_NOTHING = re.compile(r"[45]\.0\.0")


class MailKind(StrEnum):
    """What a mail is that came back."""

    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    AUTOMATIC_REPLY = "automatic reply"
    OTHER = "other"


class BounceKind(StrEnum):
    """What a bounce means for an address."""

    HARD = "hard bounce"
    SOFT = "soft bounce"
    POLICY = "policy bounce"
    NONE = "no bounce"


@dataclass(frozen=True, slots=True)
class RecipientStatus:
    """What a report says of one recipient.

    Args:
        address: Bare, in lower case; "" where it is not said.
        action: "failed", "delayed", "delivered", "relayed" or "expanded" (RFC 3464, 2.3.3).
        status: "5.1.1"; None where it is not said.
        diagnostic: The server's own words, one line; "" where there are none.
    """

    address: str
    action: str
    status: str | None
    diagnostic: str


@dataclass(frozen=True, slots=True)
class ReturnedMail:
    """One mail that came back.

    Args:
        kind: What it is.
        addressed: The headers that say to whom it was sent.
        evidence: All headers of it and, in a report, of the mail that it speaks of.
        statuses: Of a bounce, one a recipient.
    """

    kind: MailKind
    addressed: str
    evidence: str
    statuses: tuple[RecipientStatus, ...] = ()


def read_returned(content: bytes) -> ReturnedMail:
    """Say what a mail is; any bytes are some mail."""
    message = message_from_bytes(content, policy=compat32)
    addressed = "\n".join(value for name, value in _headers(message) if name in _ADDRESSED)
    kind, statuses = _kind(message)
    evidence = "\n".join(_evidence(message, is_report=kind in {MailKind.BOUNCE, MailKind.COMPLAINT}))
    return ReturnedMail(kind, addressed, evidence, statuses)


def judge(statuses: Sequence[RecipientStatus], recipient: str) -> tuple[BounceKind, RecipientStatus | None]:
    """Return what a bounce means for the one recipient that our mail had, and the status that says so.

    A report may speak of several: of whom a list or a forwarding stands for.  What it says of our own
    recipient decides; only where it does not name him, the worst of the others.
    """
    ours = [status for status in statuses if status.address == recipient.lower()]
    judged = [(_judge(status), status) for status in ours or statuses]
    for kind in BounceKind:
        for found, status in judged:
            if found is kind:
                return kind, status
    return BounceKind.NONE, None


def _judge(status: RecipientStatus) -> BounceKind:
    if status.action != "failed":
        return BounceKind.NONE
    answer = _SMTP_ANSWER.search(status.diagnostic)
    code, text = (int(answer[1]), answer[2]) if answer else (0, status.diagnostic)
    said = _STATUS.search(status.diagnostic)
    enhanced = status.status
    if said and (enhanced is None or _SAYS_NOTHING.fullmatch(enhanced)):
        enhanced = said[0]
    reply = Reply(Step.RCPT, code, text, enhanced)
    if is_about_recipient(reply) or _EXCHANGE_UNKNOWN.search(text):
        return BounceKind.HARD
    if find_blame(reply) in {Blame.US, Blame.CONTENT, Blame.POLICY}:
        return BounceKind.POLICY
    is_said_nowhere = enhanced is None or _SAYS_NOTHING.fullmatch(enhanced) is not None
    if is_said_nowhere and not code and _UNKNOWN_MAILBOX.search(text):
        return BounceKind.HARD
    return BounceKind.SOFT


def _kind(message: Message) -> tuple[MailKind, tuple[RecipientStatus, ...]]:
    types = {part.get_content_type() for part in message.walk()}
    if types & set(_STATUS_TYPES):
        return MailKind.BOUNCE, tuple(_statuses(message))
    if "message/feedback-report" in types:
        return _complaint_or_other(message), ()
    if "message/disposition-notification" in types:
        return MailKind.AUTOMATIC_REPLY, ()
    letter = _letter(message)
    if letter is not None:
        return MailKind.BOUNCE, (letter,)
    return (MailKind.AUTOMATIC_REPLY if _is_automatic(message) else MailKind.OTHER), ()


def _statuses(message: Message) -> Iterator[RecipientStatus]:
    for part in message.walk():
        if part.get_content_type() in _STATUS_TYPES:
            for block in _blocks(part):
                fields = dict(_headers(block))
                if fields.keys() & {"action", "status", "final-recipient"}:
                    yield _recipient_status(fields)


def _blocks(part: Message) -> list[Message]:
    """Return the groups of fields of a delivery status.

    The library splits those of RFC 3464; it takes those in UTF-8 for one mail, which is undone here.
    """
    payload = part.get_payload()
    found = [block for block in payload if isinstance(block, Message)] if isinstance(payload, list) else []
    if part.get_content_type() == _STATUS_TYPES[0] or not found:
        return found
    carrier = Message()
    carrier["Content-Transfer-Encoding"] = str(part.get("Content-Transfer-Encoding", "8bit"))
    carrier.set_payload(_as_published(found[0]))
    return [message_from_string(group) for group in re.split(r"\r?\n\r?\n", _decoded(carrier))]


def _as_published(message: Message) -> str:
    """Return the text that the library took for a mail; what it took for the parts of one says nothing."""
    # Writing such a mail out again fails where its parts are damaged.
    payload = message.get_payload()
    headers = "".join(f"{name}: {value}\n" for name, value in message.raw_items())
    return f"{headers}\n{payload}" if isinstance(payload, str) else headers


def _recipient_status(fields: dict[str, str]) -> RecipientStatus:
    named = fields.get("original-recipient") or fields.get("final-recipient", "")
    status = _STATUS.search(fields.get("status", ""))
    return RecipientStatus(
        address=_address(named),
        action=fields.get("action", "failed").strip().lower(),
        status=status[0] if status else None,
        diagnostic=_one_line(fields.get("diagnostic-code", "")),
    )


def _complaint_or_other(message: Message) -> MailKind:
    """Return COMPLAINT for a report by a reader; reports of forgeries and virus scanners are none."""
    for part in message.walk():
        if part.get_content_type() == "message/feedback-report":
            payload = part.get_payload()
            fields = [
                value.strip().lower()
                for block in (payload if isinstance(payload, list) else [])
                if isinstance(block, Message)
                for name, value in _headers(block)
                if name == "feedback-type"
            ]
            if set(fields) & {"abuse", "opt-out", "complaint"}:
                return MailKind.COMPLAINT
    return MailKind.OTHER


def _letter(message: Message) -> RecipientStatus | None:
    """Read a bounce that is a letter: Exim's, qmail's, or any mailer-daemon's with an answer in it."""
    text = _text(message)
    failed = str(message.get("X-Failed-Recipients", ""))
    is_daemon = _DAEMON.search(str(message.get("From", ""))) is not None and not _is_reply(message)
    if not (failed or is_daemon or _QMAIL.search(text)):
        return None
    status = _STATUS.search(text)
    answer = _SMTP_ANSWER.search(text)
    if not (failed or status or answer or _UNKNOWN_MAILBOX.search(text)):
        return None
    words = answer[0] if answer else text
    return RecipientStatus(
        address=_address(failed),
        action="failed",
        status=status[0] if status else None,
        diagnostic=_one_line(words),
    )


def _is_automatic(message: Message) -> bool:
    automatic = str(message.get("Auto-Submitted", "no")).strip().lower()
    return automatic != "no" or _is_reply(message)


def _is_reply(message: Message) -> bool:
    """Tell whether a person's mailbox answered by itself: what programs said before RFC 3834."""
    precedence = str(message.get("Precedence", "")).strip().lower()
    return precedence == "auto_reply" or any(
        name in message for name in ("X-Autoreply", "X-Autorespond", "X-Auto-Response", "X-Vacation")
    )


def _evidence(message: Message, *, is_report: bool) -> Iterator[str]:
    """Yield the headers in which a signed address may stand: of a report also those that it quotes."""
    for _, value in _headers(message):
        yield value
    if not is_report:
        return
    for part in message.walk():
        if part is not message:
            for _, value in _headers(part):
                yield value
            if part.get_content_type() == "text/rfc822-headers":
                yield _decoded(part)


def _headers(message: Message) -> list[tuple[str, str]]:
    return [(name.lower(), str(value)) for name, value in message.items()]


def _text(message: Message) -> str:
    for part in message.walk():
        if part.get_content_type() == "text/plain":
            return _decoded(part)[:_TEXT_CHARACTERS]
    return ""


def _decoded(part: Message) -> str:
    payload = part.get_payload(decode=True)
    return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""


def _address(field: str) -> str:
    """Return the address of "rfc822; Name <a@b>", bare and in lower case."""
    bare = field.rpartition(";")[2].strip().strip("<>")
    return bare.lower() if "@" in bare else ""


def _one_line(text: str) -> str:
    """Return a text that PostgreSQL holds: no NUL, no half of a sign."""
    return " ".join(text.replace("\x00", "").encode("utf-8", "replace").decode().split())[:500]
