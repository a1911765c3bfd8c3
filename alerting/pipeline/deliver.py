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
from typing import Any

import structlog

from alerting.delivery.mailers import Mailer, Sender
from alerting.delivery.message import is_allowed
from alerting.delivery.tokens import LinkPurpose, link_address, sign_profile_link
from alerting.delivery.verp import ReturnPurpose, sign_return_address
from alerting.domain.delivery import DeliveryState, Envelope
from alerting.domain.profile import Recipient
from alerting.domain.suppression import SuppressionKind
from alerting.errors import MailDeferredError, MailInDoubtError, MailRefusedError, UnknownIdError
from alerting.pipeline.write import write_mail
from alerting.store import deliveries, suppressions
from alerting.store.database import Database
from alerting.store.deliveries import ClaimedDelivery


log = structlog.get_logger()

_BATCH = 20
# As many mails are on their way at once, each over a connection of its own.
_AT_ONCE = 4
_FIRST_PAUSE = timedelta(minutes=1)
_LONGEST_PAUSE = timedelta(hours=4)
# With pauses from one minute to four hours, this many attempts take about two days.
_LAST_ATTEMPT = 20


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
        bounce_domain: Where bounces and mails to leave come back to, an address a delivery; None: to the
            sender, where a person reads them.
    """

    sender: str
    base_url: str
    secret: str
    recipients_allowed: tuple[str, ...] | None
    lease_seconds: int
    sending_again_is_safe: bool
    bounce_domain: str | None = None


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
    counts.update(asyncio.run(_deliver_all(database, mailer, post, now)))
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


async def _deliver_all(
    database: Database, mailer: Mailer, post: PostOffice, now: Callable[[], datetime]
) -> Counter[str]:
    """Claim and send until nothing is left; the mails of one run share what the mailer keeps open."""
    counts: Counter[str] = Counter()
    name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
    async with mailer.session() as sender:
        worker = _Worker(name, database, sender, post, now, asyncio.Semaphore(_AT_ONCE))
        while states := await worker.deliver_batch():
            counts.update(state.replace(" ", "_") for state in states)
    return counts


@dataclass(frozen=True, slots=True)
class _Worker:
    """One run of deliver, known by its name to the rows that it holds."""

    name: str
    database: Database
    sender: Sender
    post: PostOffice
    now: Callable[[], datetime]
    turns: asyncio.Semaphore

    async def deliver_batch(self) -> list[str]:
        """Claim some mails, send them a few at once, and record each as soon as its answer is here."""
        now = self.now()
        lease_until = now + timedelta(seconds=self.post.lease_seconds)
        with self.database.begin() as connection:
            batch = deliveries.claim_deliveries(
                connection, worker=self.name, now=now, lease_until=lease_until, limit=_BATCH
            )
        # One that fails must not cut the others off between their sending and their record.
        results = await asyncio.gather(
            *(self._deliver(claimed, lease_until) for claimed in batch), return_exceptions=True
        )
        for result in results:
            if isinstance(result, BaseException):
                raise result
        return [result for result in results if isinstance(result, str)]

    async def _deliver(self, claimed: ClaimedDelivery, lease_until: datetime) -> str:
        async with self.turns:
            outcome = await self._send(claimed, lease_until)
            self._record(claimed, outcome)
        return outcome.state.value

    async def _send(self, claimed: ClaimedDelivery, lease_until: datetime) -> _Outcome:
        now = self.now()
        if now >= lease_until:
            # Somebody may have settled it by now; a mail that waited for its turn is claimed anew.
            return _Outcome(DeliveryState.QUEUED, "its turn came after the lease had run out: not sent")
        hindrance = self._find_hindrance(claimed)
        if hindrance is not None:
            return _Outcome(DeliveryState.SUPPRESSED, hindrance)
        try:
            answer = await self.sender.send(_envelope(self.post, claimed, now))
        except MailDeferredError as error:
            return _deferred(claimed, str(error), now)
        except MailInDoubtError as error:
            return _Outcome(DeliveryState.IN_DOUBT, str(error))
        except MailRefusedError as error:
            suppression = str(error) if error.is_about_recipient else None
            return _Outcome(DeliveryState.FAILED, str(error), suppression=suppression)
        return _Outcome(DeliveryState.SENT, answer)

    def _find_hindrance(self, claimed: ClaimedDelivery) -> str | None:
        """Return why this mail must not leave, asked just before: much may happen after it was queued."""
        if not _may_get_mail(self.post, claimed.recipient):
            return "the recipient is not on the list of allowed recipients"
        with self.database.begin() as connection:
            return deliveries.find_hindrance(connection, claimed.delivery_id)

    def _record(self, claimed: ClaimedDelivery, outcome: _Outcome) -> None:
        now = self.now()
        with self.database.begin() as connection:
            deliveries.record(
                connection,
                claimed.delivery_id,
                worker=self.name,
                state=outcome.state,
                answer=outcome.answer,
                sent_at=now if outcome.state is DeliveryState.SENT else None,
                next_attempt_at=outcome.next_attempt_at,
            )
            if outcome.suppression is not None:
                suppressions.add_suppression(
                    connection,
                    claimed.recipient.email,
                    kind=SuppressionKind.HARD_BOUNCE,
                    reason=outcome.suppression,
                    now=now,
                )


def _may_get_mail(post: PostOffice, recipient: Recipient) -> bool:
    return post.sending_again_is_safe or is_allowed(recipient.email, post.recipients_allowed)


def _deferred(claimed: ClaimedDelivery, answer: str, now: datetime) -> _Outcome:
    """Return when to try again: pauses double from one minute to four hours."""
    if claimed.attempt_count >= _LAST_ATTEMPT:
        return _Outcome(DeliveryState.FAILED, f"given up after {claimed.attempt_count} attempts: {answer}")
    pause = min(_FIRST_PAUSE * 2 ** (claimed.attempt_count - 1), _LONGEST_PAUSE)
    return _Outcome(DeliveryState.DEFERRED, answer, next_attempt_at=now + pause)


def _envelope(post: PostOffice, claimed: ClaimedDelivery, now: datetime) -> Envelope:
    token = sign_profile_link(post.secret, LinkPurpose.LEAVE, claimed.recipient_id, claimed.digest.profile_id)
    unsubscribe_url = link_address(post.base_url, LinkPurpose.LEAVE, token)
    rendered = write_mail(
        claimed,
        sender=post.sender,
        base_url=post.base_url,
        secret=post.secret,
        unsubscribe_url=unsubscribe_url,
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
        unsubscribe_mailto=_return_address(post, ReturnPurpose.LEAVE, claimed.delivery_id),
        return_path=_return_address(post, ReturnPurpose.BOUNCE, claimed.delivery_id),
    )


def _return_address(post: PostOffice, purpose: ReturnPurpose, delivery_id: int) -> str | None:
    if post.bounce_domain is None:
        return None
    return sign_return_address(post.secret, purpose, delivery_id, domain=post.bounce_domain)
