"""Deliver: claim, send, record; each mail is claimed in one commit, sent after it, recorded in a later one.

A claim has a lease.  What a worker that never came back had claimed is settled by ``pipeline.settle``.

Mails are claimed and recorded many at a time: the commit that records some claims the next.  Between its
answer and its record a mail is proved by the log of dialogues, which outlives the worker.  What is told, and
what stands against it, is read after the claim, as late as may be; that reading holds nothing.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog

from alerting.delivery.dialogue import DialogueLog
from alerting.delivery.dialogues import open_dialogues
from alerting.delivery.mailers import Mailer, Sender, make_safely
from alerting.delivery.message import is_allowed
from alerting.delivery.tokens import LinkPurpose, link_address, sign_profile_link
from alerting.delivery.verp import ReturnPurpose, sign_return_address
from alerting.domain.delivery import DeliveryState, Envelope
from alerting.domain.profile import Recipient
from alerting.domain.suppression import SuppressionKind
from alerting.errors import Blame, MailDeferredError, MailInDoubtError, MailRefusedError, MailServerError
from alerting.pipeline.post_office import PostOffice
from alerting.pipeline.settle import settle_leases
from alerting.pipeline.write import write_mail
from alerting.store import deliveries, suppressions
from alerting.store.database import Connection, Database
from alerting.store.deliveries import ClaimedDelivery, Outcome, Room


log = structlog.get_logger()

# What became of mails is recorded when half of those held came to an end, or a while has passed.  A turn
# costs much the same whatever it records: as many are held as leave in four, so that none grows old.
_FEWEST_HELD = 200
_MOST_HELD = 1_000
_TURNS_HELD = 4
_RECORD_SECONDS = 2.0
# A mail that waited longer for its turn is asked about once more before it leaves.
_FRESH = timedelta(seconds=10)
_NOT_LEFT = frozenset({DeliveryState.FAILED, DeliveryState.SUPPRESSED})
_FIRST_PAUSE = timedelta(minutes=1)
_LONGEST_PAUSE = timedelta(hours=4)
# Once it is mended, mails must not wait for hours.
_LONGEST_PAUSE_OF_OURS = timedelta(minutes=15)
_LONGEST_TRYING = timedelta(days=2)


def deliver_digests(
    database: Database, mailer: Mailer, post: PostOffice, *, now: Callable[[], datetime]
) -> dict[str, Any]:
    """Send everything that may be sent now.

    Returns:
        sent, deferred, failed, suppressed, in_doubt; again and proved: of workers that did not come back,
        queued again and found to be sent; held: why mails wait that are due, an operator's order or the
        hour's limit, None when none is held; waiting: deliveries that may be sent now and were not.
    """
    counts: Counter[str] = Counter(settle_leases(database, post, now=now()))
    run = asyncio.run(_deliver_all(database, mailer, post, now))
    counts.update(run.counts)
    with database.begin() as connection:
        waiting = deliveries.count_to_send(connection, now=now())
    names = ("sent", "deferred", "failed", "suppressed", "in_doubt", "again", "proved")
    report = {**{name: counts[name] for name in names}, "held": say_held(run.room) if waiting else None}
    _report_trouble(run.troubles, sent_count=counts["sent"])
    log.info("digests_delivered", **report)
    return {**report, "waiting": waiting}


def _report_trouble(troubles: Counter[str], *, sent_count: int) -> None:
    """Write a line where our own mail server took not all mails: what is wrong with it, and how many wait."""
    event = "mail_server_took_some" if sent_count else "mail_server_took_none"
    for problem, count in troubles.most_common(1):
        log.warning(event, problem=problem, deferred_count=count, sent_count=sent_count)


def find_room(connection: Connection, post: PostOffice, *, now: datetime) -> Room:
    """Return how many mails may leave now, and why no more; where nobody may get any, all wait."""
    if _names_nobody(post):
        return Room(0, "ALERTING_RECIPIENTS_ALLOWED names nobody")
    return deliveries.find_room(connection, now=now, per_hour=post.mails_per_hour)


def say_held(room: Room) -> str | None:
    """Return why mails are held, in words; None when none is."""
    if room.until_at is None:
        return room.why
    return f"{room.why}; goes on by itself from {room.until_at.isoformat(timespec='minutes')}"


async def _deliver_all(
    database: Database, mailer: Mailer, post: PostOffice, now: Callable[[], datetime]
) -> _Worker:
    """Claim and send until nothing is left; the mails of one run share what the mailer keeps open."""
    name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
    with _noted(post, name) as notes:
        async with mailer.session(notes) as sender:
            worker = _Worker(name, database, sender, post, now, asyncio.Semaphore(post.mails_at_once))
            await worker.run()
            return worker


@contextmanager
def _noted(post: PostOffice, worker: str) -> Iterator[DialogueLog | None]:
    if post.sending_again_is_safe:
        yield None
        return
    with open_dialogues(post.dialogues, worker) as notes:
        yield notes


@dataclass(frozen=True, slots=True)
class _Done:
    """A claimed delivery and what became of it."""

    claimed: ClaimedDelivery
    outcome: Outcome
    suppression: str | None = None


@dataclass(slots=True)
class _Worker:
    """One run of deliver, known by its name to the rows that it holds."""

    name: str
    database: Database
    sender: Sender
    post: PostOffice
    now: Callable[[], datetime]
    turns: asyncio.Semaphore
    counts: Counter[str] = field(default_factory=Counter)
    room: Room = field(default_factory=lambda: Room(0))
    troubles: Counter[str] = field(default_factory=Counter)

    async def run(self) -> None:
        """Claim, send and record until nothing is left that may be sent."""
        under_way: list[asyncio.Task[_Done]] = []
        done: list[asyncio.Task[_Done]] = []
        try:
            while True:
                held = _how_many_to_hold(len(done))
                claimed, lease_until = self._take_turn(done, held - len(under_way))
                under_way += [asyncio.create_task(self._deliver(one, lease_until)) for one in claimed]
                if not under_way:
                    return
                await asyncio.wait(under_way[: held // 2], timeout=_RECORD_SECONDS)
                done = [task for task in under_way if task.done()]
                under_way = [task for task in under_way if not task.done()]
        finally:
            # One that fails must not cut the others off between their sending and their record.
            if under_way:
                await asyncio.wait(under_way)
                self._take_turn([task for task in under_way if task.exception() is None], 0)

    def _take_turn(
        self, tasks: list[asyncio.Task[_Done]], limit: int
    ) -> tuple[list[ClaimedDelivery], datetime]:
        """Record all that came to an end, and claim more unless one failed, which is raised then."""
        done = [task.result() for task in tasks if task.exception() is None]
        now = self.now()
        lease_until = now + timedelta(seconds=self.post.lease_seconds)
        with self.database.begin() as connection:
            self._record(connection, done, now)
            if len(done) < len(tasks):
                limit = 0
            claimed_ids = self._claim(connection, limit, now, lease_until)
        self.counts.update(one.outcome.state.value.replace(" ", "_") for one in done)
        for task in tasks:
            task.result()
        with self.database.read() as connection:
            return deliveries.read_deliveries(connection, claimed_ids), lease_until

    def _record(self, connection: Connection, done: list[_Done], now: datetime) -> None:
        deliveries.record(connection, [one.outcome for one in done], worker=self.name)
        refused = {one.claimed.recipient.email: one.suppression for one in done if one.suppression}
        not_had = {one.claimed.digest_id for one in done if one.outcome.state in _NOT_LEFT}
        # Each order not to mail an address is made under its lock.
        suppressions.hold(connection, refused, digest_ids=not_had)
        for email, reason in refused.items():
            suppressions.add_suppression(
                connection, email, kind=SuppressionKind.HARD_BOUNCE, reason=reason, now=now
            )
        if not_had:
            suppressions.queue_held_back(connection, not_had, now=now)

    def _claim(self, connection: Connection, limit: int, now: datetime, lease_until: datetime) -> list[int]:
        # Asked every turn: an order to stop holds for what is claimed, too.
        self.room = find_room(connection, self.post, now=now)
        return deliveries.claim_deliveries(
            connection,
            worker=self.name,
            now=now,
            lease_until=lease_until,
            limit=min(limit, self.room.count),
        )

    async def _deliver(self, claimed: ClaimedDelivery, lease_until: datetime) -> _Done:
        if (hindrance := find_hindrance(self.post, claimed)) is not None:
            return _done(claimed, DeliveryState.SUPPRESSED, hindrance)
        async with self.turns:
            if self.room.is_stopped:
                return _done(claimed, DeliveryState.QUEUED, f"not sent: {self.room.why}")
            now = self.now()
            if now >= lease_until:
                # Somebody may have settled it by now; a mail that waited for its turn is claimed anew.
                late = "its turn came after the lease had run out: not sent"
                return _done(claimed, DeliveryState.QUEUED, late)
            if now > lease_until - timedelta(seconds=self.post.lease_seconds) + _FRESH:
                with self.database.read() as connection:
                    hindrance = deliveries.find_hindrance(connection, claimed.delivery_id)
                if hindrance is not None:
                    return _done(claimed, DeliveryState.SUPPRESSED, hindrance)
            return await self._send(claimed, now)

    async def _send(self, claimed: ClaimedDelivery, now: datetime) -> _Done:
        try:
            answer = await self.sender.send(write_safely(self.post, claimed, now))
        except MailDeferredError as error:
            if isinstance(error, MailServerError):
                self.troubles[str(error)] += 1
            return _Done(claimed, _deferred(claimed, error, now))
        except MailInDoubtError as error:
            return _done(claimed, DeliveryState.IN_DOUBT, str(error))
        except MailRefusedError as error:
            outcome = Outcome(claimed.delivery_id, DeliveryState.FAILED, str(error), blame=error.blame)
            return _Done(claimed, outcome, suppression=str(error) if error.is_about_recipient else None)
        return _Done(claimed, Outcome(claimed.delivery_id, DeliveryState.SENT, answer, sent_at=self.now()))


def _how_many_to_hold(done_count: int) -> int:
    return min(max(_FEWEST_HELD, _TURNS_HELD * done_count), _MOST_HELD)


def _done(claimed: ClaimedDelivery, state: DeliveryState, answer: str) -> _Done:
    return _Done(claimed, Outcome(claimed.delivery_id, state, answer))


def find_hindrance(post: PostOffice, claimed: ClaimedDelivery) -> str | None:
    """Return why a mail must not leave, None when it may."""
    if not may_get_mail(post, claimed.recipient):
        return "the recipient is not on the list of allowed recipients"
    return claimed.hindrance


def may_get_mail(post: PostOffice, recipient: Recipient) -> bool:
    """Tell whether the list of who may get mail over SMTP has a recipient; a list of nobody refuses none."""
    is_listed = post.sending_again_is_safe or is_allowed(recipient.email, post.recipients_allowed)
    return is_listed or _names_nobody(post)


def _names_nobody(post: PostOffice) -> bool:
    return not post.sending_again_is_safe and post.recipients_allowed == ()


def _deferred(claimed: ClaimedDelivery, error: MailDeferredError, now: datetime) -> Outcome:
    """Return when to try again: pauses double from one minute to four hours, for two days.

    What an operator has to mend waits for the operator, however long, and is tried every quarter of an hour.
    Neither the two days nor the pauses of a server begin before that is mended.
    """
    is_ours = error.blame is Blame.US
    tried_for = now - claimed.first_attempt_at
    if not is_ours and tried_for >= _LONGEST_TRYING:
        # Not after how many attempts: before what was ours was mended they failed through us.
        answer = f"given up after two days: {error}"
        return Outcome(claimed.delivery_id, DeliveryState.FAILED, answer, blame=error.blame)
    if is_ours:
        # Beyond ten doublings the longest pause holds.
        pause = min(_FIRST_PAUSE * 2 ** min(claimed.attempt_count - 1, 10), _LONGEST_PAUSE_OF_OURS)
    else:
        # As long as it was tried, and a minute: that doubles.
        pause = min(_FIRST_PAUSE + tried_for, _LONGEST_PAUSE)
    return Outcome(
        claimed.delivery_id,
        DeliveryState.DEFERRED,
        str(error),
        next_attempt_at=now + pause,
        blame=error.blame,
    )


def write_safely(post: PostOffice, claimed: ClaimedDelivery, now: datetime) -> Envelope:
    """Return the mail of a delivery.

    Raises:
        MailDeferredError: It cannot be written, whatever is wrong with it.
    """
    return make_safely(lambda: write_envelope(post, claimed, now))


def write_envelope(post: PostOffice, claimed: ClaimedDelivery, now: datetime) -> Envelope:
    """Return the mail of a delivery."""
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
        calendar=rendered.calendar,
        unsubscribe_url=unsubscribe_url,
        unsubscribe_mailto=_return_address(post, ReturnPurpose.LEAVE, claimed.delivery_id),
        return_path=_return_address(post, ReturnPurpose.BOUNCE, claimed.delivery_id),
    )


def _return_address(post: PostOffice, purpose: ReturnPurpose, delivery_id: int) -> str | None:
    if post.bounce_domain is None:
        return None
    return sign_return_address(post.secret, purpose, delivery_id, domain=post.bounce_domain)
