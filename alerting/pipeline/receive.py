"""Receive: what comes back to the signed addresses of our mails becomes suppressions.

Each mail is one transaction: a row that says that it was read, unique by the mail's hash, and what follows
from it.  Only then is it moved out of the way: a kill between the two costs a second look that changes
nothing.  A report without an address that we signed changes nothing either, whatever it says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

import structlog

from alerting.delivery.bounces import BounceKind, MailKind, ReturnedMail, judge, read_returned
from alerting.delivery.mailboxes import Mailbox, Shelf
from alerting.delivery.verp import ReturnPurpose, find_return_addresses
from alerting.domain.address import hide_addresses
from alerting.domain.suppression import SOFT_WINDOW, SuppressionKind, find_soft_pause
from alerting.errors import say_kind
from alerting.pipeline.subscriptions import leave_profile
from alerting.store import received, subscriptions, suppressions
from alerting.store.database import Connection, Database
from alerting.store.subscriptions import Delivered


log = structlog.get_logger()

_LEFT_BY_MAIL = "left by a mail to the address of List-Unsubscribe"


class ReceivedKind(StrEnum):
    """What became of a mail that came back; the values are stored."""

    HARD_BOUNCE = "hard bounce"
    SOFT_BOUNCE = "soft bounce"
    POLICY_BOUNCE = "policy bounce"
    NO_BOUNCE = "no bounce"
    COMPLAINT = "complaint"
    LEFT = "left"
    AUTOMATIC_REPLY = "automatic reply"
    UNSIGNED = "unsigned"
    OTHER = "other"


# What a person should look at, if anybody.
_FOR_A_PERSON = frozenset({ReceivedKind.UNSIGNED, ReceivedKind.OTHER})


@dataclass(frozen=True, slots=True)
class _Reading:
    """What a mail means: its kind, the delivery that it speaks of, and what it says."""

    kind: ReceivedKind
    about: Delivered | None = None
    status: str | None = None
    diagnostic: str | None = None


def receive_mails(
    database: Database, mailbox: Mailbox | None, *, secret: str, now: Callable[[], datetime]
) -> dict[str, Any]:
    """Read every mail that waits; without a mailbox there is none.

    Returns:
        How many mails of each ReceivedKind, and "again": read before, and not moved away then.
    """
    counts: Counter[str] = Counter()
    if mailbox is not None:
        with mailbox.opened() as box:
            for key in box.waiting():
                content = box.read(key)
                if content is None:
                    continue
                kind, is_new = _receive(database, content, secret, now())
                box.put_away(key, Shelf.OTHER if kind in _FOR_A_PERSON else Shelf.HANDLED)
                counts[kind.value if is_new else "again"] += 1
    report = {name.replace(" ", "_"): counts[name] for name in (*ReceivedKind, "again")}
    log.info("mails_received", **report)
    return {**report, "waiting": 0}


def list_received(database: Database, *, limit: int | None) -> list[dict[str, Any]]:
    """Return what came back, the newest first, times as ISO 8601."""
    with database.begin() as connection:
        rows = received.list_received(connection, limit=limit)
    return [{**row, "received_at": row["received_at"].isoformat()} for row in rows]


def _receive(database: Database, content: bytes, secret: str, now: datetime) -> tuple[ReceivedKind, bool]:
    """Act upon one mail in one transaction; return what it is, and whether it is new."""
    mail = _read_safely(content)
    with database.begin() as connection:
        reading = _read(connection, mail, secret)
        is_new = received.add_received(
            connection,
            sha256(content).hexdigest(),
            kind=reading.kind.value,
            delivery_id=None if reading.about is None else reading.about.delivery_id,
            status=reading.status,
            diagnostic=reading.diagnostic,
            now=now,
        )
        if is_new and reading.about is not None and not reading.about.is_erased:
            _act(connection, reading, reading.about, now)
            log.info("mail_received", kind=reading.kind.value, delivery_id=reading.about.delivery_id)
    return reading.kind, is_new


def _read_safely(content: bytes) -> ReturnedMail:
    """Return what a mail is; one at which the reading breaks is for a person, and stops no other."""
    try:
        return read_returned(content)
    except Exception as error:  # noqa: BLE001 - whatever a stranger sends
        # Not with its trace, which may show what the mail holds.
        log.error("mail_not_read", size_bytes=len(content), problem=say_kind(error))  # noqa: TRY400
        return ReturnedMail(MailKind.OTHER, addressed="", evidence="")


def _read(connection: Connection, mail: ReturnedMail, secret: str) -> _Reading:
    if mail.kind in {MailKind.OTHER, MailKind.AUTOMATIC_REPLY}:
        return _read_letter(connection, mail, secret)
    about = _find_delivered(connection, find_delivery_ids(secret, mail.evidence))
    if about is None:
        return _Reading(ReceivedKind.UNSIGNED)
    if mail.kind is MailKind.COMPLAINT:
        return _Reading(ReceivedKind.COMPLAINT, about)
    kind, status = judge(mail.statuses, about.email)
    if status is None or about.is_erased:
        return _Reading(ReceivedKind(kind.value), about, None if status is None else status.status)
    diagnostic = hide_addresses(status.diagnostic, recipient=about.email)[:300]
    return _Reading(ReceivedKind(kind.value), about, status.status, diagnostic)


def _read_letter(connection: Connection, mail: ReturnedMail, secret: str) -> _Reading:
    """Read a letter: to an address to leave it means just that, whatever it says and whoever wrote it.

    Nothing of ours asks to be answered there: no automatic reply comes by itself.  Another is for a person.
    """
    said = find_return_addresses(secret, mail.addressed)
    ids = [one.delivery_id for one in said if one.purpose is ReturnPurpose.LEAVE]
    about = _find_delivered(connection, ids)
    if about is not None:
        return _Reading(ReceivedKind.LEFT, about)
    is_automatic = mail.kind is MailKind.AUTOMATIC_REPLY
    return _Reading(ReceivedKind.AUTOMATIC_REPLY if is_automatic else ReceivedKind.OTHER)


def find_delivery_ids(secret: str, text: str) -> list[int]:
    """Return the deliveries whose signed addresses stand in a text."""
    return [said.delivery_id for said in find_return_addresses(secret, text)]


def _find_delivered(connection: Connection, ids: list[int]) -> Delivered | None:
    return subscriptions.find_delivered(connection, ids[0]) if ids else None


def _act(connection: Connection, reading: _Reading, about: Delivered, now: datetime) -> None:
    said = f"{reading.status or ''} {reading.diagnostic or ''}".strip()
    match reading.kind:
        case ReceivedKind.HARD_BOUNCE:
            _suppress(connection, about, SuppressionKind.HARD_BOUNCE, f"bounced: {said}", now)
        case ReceivedKind.COMPLAINT:
            reason = f"complained of delivery {about.delivery_id} to the mail provider"
            _suppress(connection, about, SuppressionKind.COMPLAINT, reason, now)
        case ReceivedKind.LEFT:
            leave_profile(connection, about.email, about.profile_id, reason=_LEFT_BY_MAIL, now=now)
        case ReceivedKind.SOFT_BOUNCE:
            _count_soft_bounce(connection, about, said, now)


def _count_soft_bounce(connection: Connection, about: Delivered, said: str, now: datetime) -> None:
    earlier_count, ended_at = suppressions.last_soft_pause(connection, about.email)
    since = max(now - SOFT_WINDOW, ended_at or now - SOFT_WINDOW)
    times = received.bounce_times(connection, about.email, kind=BounceKind.SOFT.value, since=since)
    pause = find_soft_pause(times, earlier_count=earlier_count)
    if pause is not None:
        reason = f"bounced on several days: {said}"
        _suppress(connection, about, SuppressionKind.SOFT_BOUNCES, reason, now, until_at=now + pause)


def _suppress(
    connection: Connection,
    about: Delivered,
    kind: SuppressionKind,
    reason: str,
    now: datetime,
    *,
    until_at: datetime | None = None,
) -> None:
    number = suppressions.add_suppression(
        connection, about.email, kind=kind, reason=reason[:400], now=now, until_at=until_at
    )
    if number is not None:
        log.info("suppression_added", suppression_id=number, kind=kind.value, delivery_id=about.delivery_id)
