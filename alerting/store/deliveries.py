"""Deliveries: queued with their digest, claimed with a lease, recorded with the answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from alerting.domain.delivery import DeliveryState
from alerting.domain.digest import Digest
from alerting.domain.json import digest_from_json
from alerting.domain.profile import Recipient
from alerting.store.suppressions import find_suppression
from alerting.store.tables import deliveries, digests, profiles, recipients


_WAITING = (DeliveryState.QUEUED.value, DeliveryState.DEFERRED.value)


@dataclass(frozen=True, slots=True)
class ClaimedDelivery:
    """A delivery that this worker holds until its lease runs out."""

    delivery_id: int
    message_id: str
    recipient_id: int
    recipient: Recipient
    attempt_count: int
    digest: Digest


def queue_deliveries(
    connection: Connection, digest_id: int, *, firm_id: str, profile_id: str, message_ids: Callable[[], str]
) -> int:
    """Queue a digest for each recipient of a firm; a suppressed one is stored as such.

    Args:
        connection: The transaction that stores the digest.
        digest_id: What to send.
        firm_id: Whose recipients.
        profile_id: Whose suppressions count beside the general ones.
        message_ids: Called for each recipient, returns a fresh Message-ID with angle brackets.

    Returns:
        How many may be sent.
    """
    asked = select(recipients.c.recipient_id, recipients.c.email).where(
        recipients.c.firm_id == firm_id, recipients.c.ended_at.is_(None)
    )
    count = 0
    for row in connection.execute(asked.order_by(recipients.c.recipient_id)).all():
        reason = find_suppression(connection, row.email, profile_id)
        state = DeliveryState.QUEUED if reason is None else DeliveryState.SUPPRESSED
        statement = insert(deliveries).values(
            digest_id=digest_id,
            recipient_id=row.recipient_id,
            message_id=message_ids(),
            state=state.value,
            answer=reason,
        )
        connection.execute(statement.on_conflict_do_nothing())
        count += state is DeliveryState.QUEUED
    return count


def has_reachable(connection: Connection, *, firm_id: str, profile_id: str) -> bool:
    """Tell whether somebody of a firm may be mailed about a profile."""
    asked = select(recipients.c.email).where(recipients.c.firm_id == firm_id, recipients.c.ended_at.is_(None))
    emails = connection.scalars(asked).all()
    return any(find_suppression(connection, email, profile_id) is None for email in emails)


def claim_deliveries(
    connection: Connection, *, worker: str, now: datetime, lease_until: datetime, limit: int
) -> list[ClaimedDelivery]:
    """Claim deliveries that may be sent now and that nobody else holds."""
    free = (
        select(deliveries.c.delivery_id)
        .where(*_may_be_sent(now))
        .order_by(deliveries.c.delivery_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = list(connection.scalars(free))
    if not ids:
        return []
    connection.execute(
        update(deliveries)
        .where(deliveries.c.delivery_id.in_(ids))
        .values(
            state=DeliveryState.CLAIMED.value,
            claimed_by=worker,
            lease_until=lease_until,
            attempt_count=deliveries.c.attempt_count + 1,
        )
    )
    return _read_claimed(connection, ids)


def find_hindrance(connection: Connection, delivery_id: int) -> str | None:
    """Return why a delivery must not be sent any more, None when it may be.

    It was queued with its digest; since then the address may have been suppressed, or the recipient or the
    profile ended.
    """
    asked = (
        select(
            recipients.c.email,
            recipients.c.ended_at.label("recipient_ended_at"),
            digests.c.profile_id,
            profiles.c.ended_at.label("profile_ended_at"),
        )
        .select_from(deliveries)
        .join(recipients, recipients.c.recipient_id == deliveries.c.recipient_id)
        .join(digests, digests.c.digest_id == deliveries.c.digest_id)
        .join(profiles, profiles.c.profile_id == digests.c.profile_id)
        .where(deliveries.c.delivery_id == delivery_id)
    )
    row = connection.execute(asked).one()
    if row.recipient_ended_at is not None:
        return "the recipient is one of the firm no longer"
    if row.profile_ended_at is not None:
        return "the profile has ended"
    return find_suppression(connection, row.email, row.profile_id)


def record(
    connection: Connection,
    delivery_id: int,
    *,
    worker: str,
    state: DeliveryState,
    answer: str,
    sent_at: datetime | None = None,
    next_attempt_at: datetime | None = None,
) -> bool:
    """Record what became of a delivery; False when another worker holds it now."""
    held = (deliveries.c.delivery_id == delivery_id) & (deliveries.c.claimed_by == worker)
    statement = (
        update(deliveries)
        .where(held, deliveries.c.state.in_([DeliveryState.CLAIMED.value, DeliveryState.IN_DOUBT.value]))
        .values(
            state=state.value,
            answer=answer,
            sent_at=sent_at,
            next_attempt_at=next_attempt_at,
            lease_until=None,
        )
    )
    return connection.execute(statement).rowcount == 1


def settle_expired(connection: Connection, *, now: datetime, state: DeliveryState, answer: str) -> int:
    """Move claims whose lease ran out to another state; return how many."""
    statement = (
        update(deliveries)
        .where(deliveries.c.state == DeliveryState.CLAIMED.value, deliveries.c.lease_until <= now)
        .values(state=state.value, answer=answer, lease_until=None)
    )
    return connection.execute(statement).rowcount


def settle_doubt(
    connection: Connection, delivery_id: int, *, state: DeliveryState, answer: str, sent_at: datetime | None
) -> bool:
    """Settle one delivery in doubt; False when there is none of that number."""
    doubtful = (deliveries.c.delivery_id == delivery_id) & (
        deliveries.c.state == DeliveryState.IN_DOUBT.value
    )
    statement = update(deliveries).where(doubtful).values(state=state.value, answer=answer, sent_at=sent_at)
    return connection.execute(statement).rowcount == 1


def count_to_send(connection: Connection, *, now: datetime) -> int:
    """Return how many deliveries may be sent now."""
    return connection.scalar(select(func.count()).select_from(deliveries).where(*_may_be_sent(now))) or 0


def list_deliveries(connection: Connection, *, state: str | None = None) -> list[dict[str, Any]]:
    """Return deliveries, the newest first."""
    asked = (
        select(
            deliveries.c.delivery_id,
            deliveries.c.digest_id,
            digests.c.profile_id,
            recipients.c.firm_id,
            recipients.c.email.label("recipient"),
            deliveries.c.message_id,
            deliveries.c.state,
            deliveries.c.attempt_count,
            deliveries.c.next_attempt_at,
            deliveries.c.created_at,
            deliveries.c.sent_at,
            deliveries.c.answer,
        )
        .join(digests, digests.c.digest_id == deliveries.c.digest_id)
        .join(recipients, recipients.c.recipient_id == deliveries.c.recipient_id)
        .order_by(deliveries.c.delivery_id.desc())
    )
    if state is not None:
        asked = asked.where(deliveries.c.state == state)
    return [dict(row) for row in connection.execute(asked).mappings()]


def _may_be_sent(now: datetime) -> tuple[Any, ...]:
    due = or_(deliveries.c.next_attempt_at.is_(None), deliveries.c.next_attempt_at <= now)
    return (deliveries.c.state.in_(_WAITING), due)


def _read_claimed(connection: Connection, ids: list[int]) -> list[ClaimedDelivery]:
    asked = (
        select(deliveries, digests.c.content, recipients.c.email, recipients.c.name, recipients.c.language)
        .join(digests, digests.c.digest_id == deliveries.c.digest_id)
        .join(recipients, recipients.c.recipient_id == deliveries.c.recipient_id)
        .where(deliveries.c.delivery_id.in_(ids))
        .order_by(deliveries.c.delivery_id)
    )
    return [
        ClaimedDelivery(
            delivery_id=row.delivery_id,
            message_id=row.message_id,
            recipient_id=row.recipient_id,
            recipient=Recipient(row.email, row.name, row.language),
            attempt_count=row.attempt_count,
            digest=digest_from_json(row.content),
        )
        for row in connection.execute(asked)
    ]
