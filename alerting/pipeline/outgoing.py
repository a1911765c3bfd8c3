"""Outgoing: an operator sees what would leave, stops and releases all mail, and sends a digest once more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog

from alerting.errors import MailDeferredError, UnknownIdError
from alerting.pipeline.compose import message_ids
from alerting.pipeline.deliver import find_hindrance, find_room, say_held, write_safely
from alerting.pipeline.post_office import PostOffice
from alerting.pipeline.reason import need_reason
from alerting.store import deliveries
from alerting.store.database import Database
from alerting.store.deliveries import ClaimedDelivery


log = structlog.get_logger()


def preview_deliveries(
    database: Database, post: PostOffice, *, now: Callable[[], datetime]
) -> list[dict[str, Any]]:
    """Return each mail that is due, as deliver would find it now; nothing is sent or changed.

    Returns:
        delivery_id, digest_id, profile_id, firm_id, recipient, subject, attempt_count; leaves: whether it
        would leave; why_not.
    """
    moment = now()
    with database.begin() as connection:
        room = find_room(connection, post, now=moment)
        due = deliveries.read_due(connection, now=moment)
    rows = []
    left = room.count
    for one in due:
        subject, broken = _subject(post, one, moment)
        why_not = find_hindrance(post, one) or broken
        if why_not is None and left <= 0:
            mails = "mail" if post.mails_per_hour == 1 else "mails"
            why_not = say_held(room) or f"held: {post.mails_per_hour} {mails} may leave within an hour"
        left -= why_not is None
        rows.append(_row(one, subject, why_not))
    return rows


def stop_mail(database: Database, *, why: str, now: Callable[[], datetime]) -> dict[str, Any]:
    """Let no more mail leave, from the next claim on; harmless when that stands, for the reason given first.

    Raises:
        ChoiceError: No reason is given.
    """
    need_reason("stop", why)
    with database.begin() as connection:
        is_new = deliveries.stop_mail(connection, reason=why, now=now())
        reason = deliveries.find_stop(connection)
        waiting = deliveries.count_to_send(connection, now=now())
    if is_new:
        log.warning("mail_stopped", reason=why)
    return {"stopped": True, "is_new": is_new, "reason": reason, "waiting": waiting}


def release_mail(database: Database, *, now: Callable[[], datetime]) -> dict[str, Any]:
    """Let mail leave again, with the next run of deliver; harmless when nothing stops it."""
    with database.begin() as connection:
        was_stopped = deliveries.release_mail(connection, now=now())
        waiting = deliveries.count_to_send(connection, now=now())
    if was_stopped:
        log.warning("mail_released")
    return {"stopped": False, "was_stopped": was_stopped, "waiting": waiting}


def replay_digest(
    database: Database, post: PostOffice, digest_id: int, *, to: str, now: Callable[[], datetime]
) -> dict[str, Any]:
    """Queue a digest once more for one recipient of its firm, as a mail of its own.

    It leaves with the next run of deliver, by the rules of every mail: suppressions, the list of who may get
    mail, the hour's limit.

    Raises:
        UnknownIdError: No such digest, or nobody of its firm has that address.
    """
    with database.begin() as connection:
        if not deliveries.has_digest(connection, digest_id):
            raise UnknownIdError(f"digest {digest_id}: no digest of that number")
        recipient_id = deliveries.find_reader(connection, digest_id, to)
        if recipient_id is None:
            raise UnknownIdError(f"digest {digest_id}: nobody of its firm has the address {to!r}")
        delivery_id, number = deliveries.queue_replay(
            connection, digest_id, recipient_id, message_id=message_ids(post.sender)()
        )
        waiting = deliveries.count_to_send(connection, now=now())
    log.info("digest_replayed", digest_id=digest_id, delivery_id=delivery_id, replay_number=number)
    return {"delivery_id": delivery_id, "replay_number": number, "waiting": waiting}


def _subject(post: PostOffice, due: ClaimedDelivery, now: datetime) -> tuple[str | None, str | None]:
    """Return the subject of a mail; and why there is none, where it cannot be written."""
    try:
        return write_safely(post, due, now).subject, None
    except MailDeferredError as error:
        return None, str(error)


def _row(due: ClaimedDelivery, subject: str | None, why_not: str | None) -> dict[str, Any]:
    return {
        "delivery_id": due.delivery_id,
        "digest_id": due.digest_id,
        # A digest that cannot be written may not say whose it is.
        "profile_id": None if subject is None else due.digest.profile_id,
        "firm_id": None if subject is None else due.digest.firm_id,
        "recipient": due.recipient.email,
        "subject": subject,
        "attempt_count": due.attempt_count,
        "leaves": why_not is None,
        "why_not": why_not,
    }
