"""Deliver: claim, send, record, in three commits.

A claim has a lease.  When a worker dies between the sending and the record, nobody knows whether
the mail left: the delivery is *in doubt* and a person settles it.  Only a transport where a second
sending takes the place of the first (a maildir, by the Message-ID) is simply asked again.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any

import structlog

from alerting.delivery.mailers import Mailer
from alerting.delivery.message import is_allowed
from alerting.delivery.tokens import sign_unsubscribe
from alerting.digests.render import render
from alerting.domain.delivery import DeliveryState, Envelope
from alerting.errors import MailDeferredError, MailInDoubtError, MailRefusedError, UnknownIdError
from alerting.store import deliveries, suppressions
from alerting.store.database import Database
from alerting.store.deliveries import ClaimedDelivery


log = structlog.get_logger()

_BATCH = 20
_FIRST_PAUSE = timedelta(minutes=1)
_LONGEST_PAUSE = timedelta(hours=4)
# With pauses from one minute to four hours, this many attempts take about two days.
_LAST_ATTEMPT = 20
# Replies that speak of the mailbox when no enhanced code says more (RFC 5321, 4.2.3).
_MAILBOX_CODES = frozenset({550, 551, 553})


@dataclass(frozen=True, slots=True)
class PostOffice:
    """How mail leaves.

    Args:
        sender: "Name <address>".
        base_url: Public address of our pages.
        secret: Signs the links to leave.
        recipients_allowed: Who may get mail; None: everybody.
        lease_seconds: How long a worker may hold a delivery.
        sending_again_is_safe: Whether a second sending takes the place of the first.
    """

    sender: str
    base_url: str
    secret: str
    recipients_allowed: tuple[str, ...] | None
    lease_seconds: int
    sending_again_is_safe: bool


@dataclass(frozen=True, slots=True)
class _Outcome:
    state: DeliveryState
    answer: str
    next_attempt_at: datetime | None = None
    suppression: str | None = None


def deliver_digests(
    database: Database, mailer: Mailer, post: PostOffice, *, now: Callable[[], datetime]
) -> dict[str, Any]:
    """Send everything that may be sent now.

    Returns:
        sent, deferred, failed, suppressed, in_doubt, again (leases that ran out, queued anew); waiting:
        deliveries that may be sent now and were not.
    """
    counts: Counter[str] = Counter(settle_leases(database, post, now=now()))
    worker = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
    while batch := _claim(database, post, worker, now()):
        for state in asyncio.run(_deliver_batch(database, mailer, post, worker, batch, now)):
            counts[state.replace(" ", "_")] += 1
    with database.begin() as connection:
        waiting = deliveries.count_to_send(connection, now=now())
    names = ("sent", "deferred", "failed", "suppressed", "in_doubt", "again")
    report = {name: counts[name] for name in names}
    log.info("digests_delivered", **report)
    return {**report, "waiting": waiting}


def settle_leases(database: Database, post: PostOffice, *, now: datetime) -> dict[str, int]:
    """Settle claims whose lease ran out; return how many went "again" and how many are "in_doubt"."""
    again = post.sending_again_is_safe
    state = DeliveryState.QUEUED if again else DeliveryState.IN_DOUBT
    with database.begin() as connection:
        count = deliveries.settle_expired(
            connection, now=now, state=state, answer="the worker that held it did not come back"
        )
    return {"again": count if again else 0, "in_doubt": 0 if again else count}


def resolve_delivery(database: Database, delivery_id: int, *, arrived: bool, now: datetime) -> dict[str, Any]:
    """Settle a delivery in doubt: it arrived, or it is queued again.

    Raises:
        UnknownIdError: No delivery of that number is in doubt.
    """
    state = DeliveryState.SENT if arrived else DeliveryState.QUEUED
    answer = "seen in the mailbox" if arrived else "not in the mailbox: queued again"
    with database.begin() as connection:
        settled = deliveries.settle_doubt(
            connection, delivery_id, state=state, answer=answer, sent_at=now if arrived else None
        )
        if not settled:
            raise UnknownIdError(f"delivery {delivery_id}: none of that number is in doubt")
        waiting = deliveries.count_to_send(connection, now=now)
    return {"delivery_id": delivery_id, "state": state.value, "waiting": waiting}


def _claim(database: Database, post: PostOffice, worker: str, now: datetime) -> list[ClaimedDelivery]:
    lease_until = now + timedelta(seconds=post.lease_seconds)
    with database.begin() as connection:
        return deliveries.claim_deliveries(
            connection, worker=worker, now=now, lease_until=lease_until, limit=_BATCH
        )


async def _deliver_batch(
    database: Database,
    mailer: Mailer,
    post: PostOffice,
    worker: str,
    batch: list[ClaimedDelivery],
    now: Callable[[], datetime],
) -> list[str]:
    """Send a batch's mails at once, and record each as soon as its answer is here."""

    async def deliver(claimed: ClaimedDelivery) -> str:
        outcome = await _send(mailer, post, claimed, now())
        _record(database, worker, claimed, outcome, now())
        return outcome.state.value

    # One that fails must not cut the others off between their sending and their record.
    results = await asyncio.gather(*(deliver(claimed) for claimed in batch), return_exceptions=True)
    states = [result for result in results if isinstance(result, str)]
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return states


async def _send(mailer: Mailer, post: PostOffice, claimed: ClaimedDelivery, now: datetime) -> _Outcome:
    if not post.sending_again_is_safe and not is_allowed(claimed.recipient.email, post.recipients_allowed):
        return _Outcome(DeliveryState.SUPPRESSED, "the recipient is not on the list of allowed recipients")
    try:
        answer = await mailer.send(_envelope(post, claimed, now))
    except MailDeferredError as error:
        return _deferred(claimed, str(error), now)
    except MailInDoubtError as error:
        return _Outcome(DeliveryState.IN_DOUBT, str(error))
    except MailRefusedError as error:
        suppression = str(error) if _speaks_of_mailbox(error) else None
        return _Outcome(DeliveryState.FAILED, str(error), suppression=suppression)
    return _Outcome(DeliveryState.SENT, answer)


def _deferred(claimed: ClaimedDelivery, answer: str, now: datetime) -> _Outcome:
    """Return when to try again: pauses double from one minute to four hours."""
    if claimed.attempt_count >= _LAST_ATTEMPT:
        return _Outcome(DeliveryState.FAILED, f"given up after {claimed.attempt_count} attempts: {answer}")
    pause = min(_FIRST_PAUSE * 2 ** (claimed.attempt_count - 1), _LONGEST_PAUSE)
    return _Outcome(DeliveryState.DEFERRED, answer, next_attempt_at=now + pause)


def _speaks_of_mailbox(error: MailRefusedError) -> bool:
    """Tell whether a refusal means the address, not the words or us (RFC 3463, X.1 and X.2.1)."""
    if error.enhanced_code is not None:
        return error.enhanced_code.startswith("5.1.") or error.enhanced_code == "5.2.1"
    return error.code in _MAILBOX_CODES


def _record(
    database: Database, worker: str, claimed: ClaimedDelivery, outcome: _Outcome, now: datetime
) -> None:
    with database.begin() as connection:
        deliveries.record(
            connection,
            claimed.delivery_id,
            worker=worker,
            state=outcome.state,
            answer=outcome.answer,
            sent_at=now if outcome.state is DeliveryState.SENT else None,
            next_attempt_at=outcome.next_attempt_at,
        )
        if outcome.suppression is not None:
            suppressions.add_suppression(connection, claimed.recipient.email, reason=outcome.suppression)


def _envelope(post: PostOffice, claimed: ClaimedDelivery, now: datetime) -> Envelope:
    token = sign_unsubscribe(post.secret, claimed.recipient_id, claimed.digest.profile_id)
    unsubscribe_url = f"{post.base_url}/unsubscribe/{token}"
    name, address = parseaddr(post.sender)
    rendered = render(
        claimed.digest,
        recipient=claimed.recipient,
        unsubscribe_url=unsubscribe_url,
        sender_name=name or address,
        now=now,
    )
    return Envelope(
        delivery_id=claimed.delivery_id,
        message_id=claimed.message_id,
        sender=post.sender,
        recipient=claimed.recipient.email,
        subject=rendered.subject,
        text=rendered.text,
        html=rendered.html,
        unsubscribe_url=unsubscribe_url,
    )
