"""A delivery: the sending of one digest to one recipient."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from alerting.domain.mail_text import MailText


class DeliveryState(StrEnum):
    """Where a delivery stands; only ``queued`` and ``deferred`` may be claimed."""

    QUEUED = "queued"
    CLAIMED = "claimed"
    SENT = "sent"
    DEFERRED = "deferred"
    FAILED = "failed"
    SUPPRESSED = "suppressed"
    IN_DOUBT = "in doubt"


@dataclass(frozen=True, slots=True)
class Envelope:
    """One mail, ready for a mailer.

    Args:
        delivery_id: Ours; the Message-ID is made of it, so a second attempt carries the same one.
        message_id: With its angle brackets.
        sender: "Name <address>".
        recipient: A bare address.
        subject, text, html: The rendered digest.
        unsubscribe_url: Signed link, https outside demo and tests.
        unsubscribe_mailto: A bare address, or None.
        return_path: Where bounces go, a bare address; None: to the sender.
        calendar: Its dates, an iCalendar object; None where it has none.
    """

    delivery_id: int
    message_id: str
    sender: str
    recipient: str
    subject: str
    text: MailText
    html: MailText
    unsubscribe_url: str
    unsubscribe_mailto: str | None = None
    return_path: str | None = None
    calendar: MailText | None = None
