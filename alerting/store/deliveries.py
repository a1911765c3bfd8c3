"""Deliveries: queued with their digest, claimed with a lease, recorded with the answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    Text,
    any_,
    bindparam,
    case,
    cast,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert

from alerting.domain.delivery import DeliveryState
from alerting.domain.digest import Digest
from alerting.domain.json import digest_from_json
from alerting.domain.profile import Recipient
from alerting.errors import Blame
from alerting.store.database import lock
from alerting.store.suppressions import reasons_by_address, stands_against
from alerting.store.tables import (
    deliveries,
    deliveries_under_way,
    digests,
    mail_stops,
    profiles,
    recipients,
    suppressions,
)


_WAITING = (DeliveryState.QUEUED.value, DeliveryState.DEFERRED.value)
# What has left, or may have.
_OUT = (DeliveryState.SENT.value, DeliveryState.CLAIMED.value, DeliveryState.IN_DOUBT.value)
# As an array: a plan that joins the two might read all deliveries.
_UNDER_WAY = deliveries.c.delivery_id == any_(
    func.array(select(deliveries_under_way.c.delivery_id).scalar_subquery(), type_=ARRAY(BigInteger))
)
_CLAIMED = (_UNDER_WAY, deliveries.c.state == DeliveryState.CLAIMED.value)
_HOUR = timedelta(hours=1)
# More than any claim asks for.
_ANY = 2**31
_QUEUE = text("""
    INSERT INTO deliveries (digest_id, recipient_id, message_id, state, answer)
    SELECT digest_id, recipient_id, message_id, state, answer
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS new (
        digest_id bigint, recipient_id bigint, message_id text, state text, answer text
    )
    ON CONFLICT DO NOTHING
""")
# Each of those under way is looked up and held by itself, in order: whatever the tables' sizes, no more are
# held than claimed, and no others read.
_CLAIM = text("""
    UPDATE deliveries SET state = 'claimed', claimed_by = :worker, claimed_at = :now,
        first_attempt_at = coalesce(first_attempt_at, :now), lease_until = :lease_until,
        attempt_count = attempt_count + 1
    WHERE delivery_id = ANY (ARRAY(
        SELECT free.delivery_id
        FROM (SELECT delivery_id FROM deliveries_under_way ORDER BY delivery_id OFFSET 0) AS under_way,
            LATERAL (
                SELECT delivery_id FROM deliveries
                WHERE delivery_id = under_way.delivery_id AND state IN ('queued', 'deferred')
                    AND (next_attempt_at IS NULL OR next_attempt_at <= :now)
                FOR UPDATE SKIP LOCKED
            ) AS free
        LIMIT :limit
    ))
    RETURNING delivery_id
""")
# Who holds a row is asked of those named: were it looked up, a planner might read the whole table for it.
_RECORD = text("""
    UPDATE deliveries SET state = done.state, answer = done.answer, sent_at = done.sent_at,
        next_attempt_at = done.next_attempt_at, blame = done.blame, lease_until = NULL,
        first_attempt_at = CASE
            WHEN done.blame IS DISTINCT FROM 'us' AND done.state <> 'queued' THEN deliveries.first_attempt_at
        END
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS done (
        delivery_id bigint, state text, answer text, sent_at timestamptz, next_attempt_at timestamptz,
        blame text
    )
    WHERE deliveries.delivery_id = done.delivery_id
        AND coalesce(deliveries.claimed_by = :worker AND deliveries.state IN ('claimed', 'in doubt'), false)
""")


@dataclass(frozen=True)
class StoredDigest:
    """What to tell: JSON until asked for, and read once for all its recipients."""

    content: str

    @cached_property
    def digest(self) -> Digest:
        """It as it was composed."""
        return digest_from_json(json.loads(self.content))


@dataclass(frozen=True, slots=True)
class ClaimedDelivery:
    """A delivery with all that its mail needs, and what may stand against it; claimed, or only due."""

    delivery_id: int
    digest_id: int
    message_id: str
    recipient_id: int
    recipient: Recipient
    attempt_count: int
    first_attempt_at: datetime
    hindrance: str | None
    stored: StoredDigest

    @property
    def digest(self) -> Digest:
        """What to tell."""
        return self.stored.digest


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a delivery that was claimed."""

    delivery_id: int
    state: DeliveryState
    answer: str
    sent_at: datetime | None = None
    next_attempt_at: datetime | None = None
    blame: Blame | None = None


@dataclass(frozen=True, slots=True)
class Room:
    """How many mails may leave now; why no more, and until when: by an order, or the hour's limit."""

    count: int
    why: str | None = None
    until_at: datetime | None = None

    @property
    def is_stopped(self) -> bool:
        """Whether nothing may leave before a person says so, not even what is claimed."""
        return self.why is not None and self.until_at is None


@dataclass(frozen=True, slots=True)
class HeldDelivery:
    """A delivery that some worker has claimed."""

    delivery_id: int
    worker: str
    is_lease_over: bool


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
    return queue_all(connection, [(digest_id, firm_id, profile_id)], message_ids=message_ids)


def queue_all(
    connection: Connection, digests: Sequence[tuple[int, str, str]], *, message_ids: Callable[[], str]
) -> int:
    """Queue digests, each with its firm and profile, as ``queue_deliveries`` does; return how many may go."""
    asked = (
        select(recipients.c.firm_id, recipients.c.recipient_id, recipients.c.email)
        .where(
            recipients.c.firm_id.in_({firm_id for _, firm_id, _ in digests}), recipients.c.ended_at.is_(None)
        )
        .order_by(recipients.c.recipient_id)
    )
    readers: dict[str, list[tuple[int, str]]] = {}
    for row in connection.execute(asked):
        readers.setdefault(row.firm_id, []).append((row.recipient_id, row.email.lower()))
    emails = {email for found in readers.values() for _, email in found}
    reasons = reasons_by_address(connection, emails)
    rows = []
    for digest_id, firm_id, profile_id in digests:
        for recipient_id, email in readers.get(firm_id, []):
            reason = reasons.get((email, None), reasons.get((email, profile_id)))
            state = DeliveryState.QUEUED if reason is None else DeliveryState.SUPPRESSED
            rows.append(
                {
                    "digest_id": digest_id,
                    "recipient_id": recipient_id,
                    "message_id": message_ids(),
                    "state": state.value,
                    "answer": reason,
                }
            )
    if rows:
        connection.execute(_QUEUE, {"rows": json.dumps(rows)})
    return sum(row["state"] == DeliveryState.QUEUED.value for row in rows)


def claim_deliveries(
    connection: Connection, *, worker: str, now: datetime, lease_until: datetime, limit: int
) -> list[int]:
    """Claim deliveries that may be sent now and that nobody else holds; return their numbers, in order."""
    if limit <= 0:
        return []
    asked = {"worker": worker, "now": now, "lease_until": lease_until, "limit": limit}
    return sorted(connection.scalars(_CLAIM, asked))


def read_deliveries(connection: Connection, delivery_ids: Sequence[int]) -> list[ClaimedDelivery]:
    """Return deliveries by their numbers, in order, as they stand now."""
    if not delivery_ids:
        return []
    asked = bindparam("delivery_ids", list(delivery_ids), ARRAY(BigInteger))
    return _read(connection, deliveries.c.delivery_id == any_(asked))


def read_due(connection: Connection, *, now: datetime) -> list[ClaimedDelivery]:
    """Return what may be sent now, as a claim would, and claim nothing."""
    return _read(connection, *_may_be_sent(now))


def find_room(connection: Connection, *, now: datetime, per_hour: int | None) -> Room:
    """Return how many mails may leave now; other workers wait for this transaction where an hour has a limit.

    Args:
        connection: The transaction that claims.
        now: Aware UTC.
        per_hour: How many may leave within an hour, over all workers; None: any.
    """
    stopped = find_stop(connection)
    if stopped is not None:
        return Room(0, f"stopped: {stopped}")
    if per_hour is None:
        return Room(_ANY)
    lock(connection, "alerting: mails per hour")
    lately = (deliveries.c.claimed_at > now - _HOUR) & deliveries.c.state.in_(_OUT)
    count = connection.scalar(select(func.count()).select_from(deliveries).where(lately)) or 0
    if count < per_hour:
        return Room(per_hour - count)
    # When so many of the oldest have passed that one more may leave.
    asked = select(deliveries.c.claimed_at).where(lately).order_by(deliveries.c.claimed_at)
    oldest: datetime = connection.execute(asked.offset(count - per_hour).limit(1)).scalar_one()
    mails = "mail" if count == 1 else "mails"
    return Room(0, f"{count} {mails} left within an hour, {per_hour} may", oldest + _HOUR)


def find_stop(connection: Connection) -> str | None:
    """Return why no mail may leave, None when mail may."""
    return connection.scalar(select(mail_stops.c.reason).where(mail_stops.c.ended_at.is_(None)))


def stop_mail(connection: Connection, *, reason: str, now: datetime) -> bool:
    """Let no more mail leave; False when that stands already."""
    statement = insert(mail_stops).values(reason=reason, created_at=now)
    made = statement.on_conflict_do_nothing().returning(mail_stops.c.stop_id)
    return connection.scalar(made) is not None


def release_mail(connection: Connection, *, now: datetime) -> bool:
    """Let mail leave again; False when nothing stops it."""
    statement = update(mail_stops).where(mail_stops.c.ended_at.is_(None)).values(ended_at=now)
    return connection.execute(statement).rowcount == 1


def find_hindrance(connection: Connection, delivery_id: int) -> str | None:
    """Return why a delivery must not be sent any more, None when it may be."""
    [found] = connection.execute(
        _with_facts(select(*_AGAINST)).where(deliveries.c.delivery_id == delivery_id)
    )
    return _hindrance(found)


def record(connection: Connection, outcomes: Sequence[Outcome], *, worker: str) -> int:
    """Record what became of deliveries; return of how many, for another worker may hold some by now."""
    if not outcomes:
        return 0
    rows = [
        {
            "delivery_id": one.delivery_id,
            "state": one.state.value,
            "answer": one.answer.replace("\x00", " "),
            "sent_at": None if one.sent_at is None else one.sent_at.isoformat(),
            "next_attempt_at": None if one.next_attempt_at is None else one.next_attempt_at.isoformat(),
            "blame": None if one.blame is None else one.blame.value,
        }
        for one in outcomes
    ]
    return connection.execute(_RECORD, {"rows": json.dumps(rows), "worker": worker}).rowcount


def hold_claimed(connection: Connection, *, now: datetime) -> list[HeldDelivery]:
    """Return the deliveries that are claimed, but those that somebody else is settling or recording."""
    asked = (
        select(deliveries.c.delivery_id, deliveries.c.claimed_by, deliveries.c.lease_until)
        .where(*_CLAIMED)
        .order_by(deliveries.c.delivery_id)
        .with_for_update(skip_locked=True)
    )
    return [
        HeldDelivery(row.delivery_id, row.claimed_by, row.lease_until <= now)
        for row in connection.execute(asked)
    ]


def claiming_workers(connection: Connection, workers: Collection[str]) -> set[str]:
    """Return those of some workers that still hold deliveries."""
    asked = select(deliveries.c.claimed_by).where(*_CLAIMED, deliveries.c.claimed_by.in_(workers))
    return set(connection.scalars(asked.distinct()))


def settle_doubt(
    connection: Connection, delivery_id: int, *, state: DeliveryState, answer: str, sent_at: datetime | None
) -> bool:
    """Settle one delivery in doubt; False when there is none of that number."""
    doubtful = (deliveries.c.delivery_id == delivery_id) & (
        deliveries.c.state == DeliveryState.IN_DOUBT.value
    )
    settled = {"state": state.value, "answer": answer, "sent_at": sent_at, "blame": None}
    if state is DeliveryState.QUEUED:
        settled["first_attempt_at"] = None
    statement = update(deliveries).where(doubtful).values(settled)
    return connection.execute(statement).rowcount == 1


def count_to_send(connection: Connection, *, now: datetime) -> int:
    """Return how many deliveries may be sent now."""
    return connection.scalar(select(func.count()).select_from(deliveries).where(*_may_be_sent(now))) or 0


def count_by_state(connection: Connection, *, firm_id: str | None = None) -> dict[str, int]:
    """Return how many deliveries stand in each state, every state named."""
    asked = select(deliveries.c.state, func.count().label("number")).group_by(deliveries.c.state)
    if firm_id is not None:
        asked = asked.join(recipients, recipients.c.recipient_id == deliveries.c.recipient_id)
        asked = asked.where(recipients.c.firm_id == firm_id)
    found = {row.state: row.number for row in connection.execute(asked)}
    return {state.value: found.get(state.value, 0) for state in DeliveryState}


def queue_replay(
    connection: Connection, digest_id: int, recipient_id: int, *, message_id: str
) -> tuple[int, int]:
    """Queue a digest once more for one recipient; return the delivery's number and which replay it is."""
    lock(connection, f"alerting: replays of digest {digest_id}")
    of_both = (deliveries.c.digest_id == digest_id) & (deliveries.c.recipient_id == recipient_id)
    last = connection.scalar(select(func.max(deliveries.c.replay_number)).where(of_both)) or 0
    statement = insert(deliveries).values(
        digest_id=digest_id,
        recipient_id=recipient_id,
        message_id=message_id,
        state=DeliveryState.QUEUED.value,
        replay_number=last + 1,
    )
    delivery_id: int = connection.execute(statement.returning(deliveries.c.delivery_id)).scalar_one()
    return delivery_id, last + 1


def find_reader(connection: Connection, digest_id: int, email: str) -> int | None:
    """Return the recipient of an address, of the firm that a digest is for; None when there is none."""
    asked = (
        select(recipients.c.recipient_id)
        .join(profiles, profiles.c.firm_id == recipients.c.firm_id)
        .join(digests, digests.c.profile_id == profiles.c.profile_id)
        .where(
            digests.c.digest_id == digest_id,
            func.lower(recipients.c.email) == email.lower(),
            recipients.c.ended_at.is_(None),
        )
    )
    return connection.scalar(asked)


def has_digest(connection: Connection, digest_id: int) -> bool:
    """Tell whether there is a digest of that number."""
    return connection.scalar(select(digests.c.digest_id).where(digests.c.digest_id == digest_id)) is not None


def list_deliveries(
    connection: Connection,
    *,
    state: str | None = None,
    firm_id: str | None = None,
    limit: int | None = None,
) -> list[dict[str, Any]]:
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
            deliveries.c.replay_number,
            deliveries.c.attempt_count,
            deliveries.c.next_attempt_at,
            deliveries.c.created_at,
            deliveries.c.sent_at,
            deliveries.c.blame,
            deliveries.c.answer,
        )
        .join(digests, digests.c.digest_id == deliveries.c.digest_id)
        .join(recipients, recipients.c.recipient_id == deliveries.c.recipient_id)
        .order_by(deliveries.c.delivery_id.desc())
        .limit(limit)
    )
    if state is not None:
        asked = asked.where(deliveries.c.state == state)
    if firm_id is not None:
        asked = asked.where(recipients.c.firm_id == firm_id)
    return [dict(row) for row in connection.execute(asked).mappings()]


def _may_be_sent(now: datetime) -> tuple[Any, ...]:
    due = or_(deliveries.c.next_attempt_at.is_(None), deliveries.c.next_attempt_at <= now)
    return (_UNDER_WAY, deliveries.c.state.in_(_WAITING), due)


def _read(connection: Connection, *which: ColumnElement[bool]) -> list[ClaimedDelivery]:
    """Return deliveries with all that a mail needs, and what may stand against it, by their numbers."""
    # Its recipients share a digest: it travels with the first of them.
    order = func.row_number().over(partition_by=deliveries.c.digest_id, order_by=deliveries.c.delivery_id)
    asked = (
        _with_facts(
            select(
                deliveries.c.delivery_id,
                deliveries.c.digest_id,
                deliveries.c.message_id,
                deliveries.c.recipient_id,
                deliveries.c.attempt_count,
                deliveries.c.first_attempt_at,
                recipients.c.email,
                recipients.c.name,
                recipients.c.language,
                case((order == 1, cast(digests.c.content, Text))).label("content"),
                *_AGAINST,
            )
        )
        .where(*which)
        .order_by(deliveries.c.delivery_id)
    )
    stored: dict[int, StoredDigest] = {}
    found = []
    for row in connection.execute(asked):
        if row.content is not None:
            stored[row.digest_id] = StoredDigest(row.content)
        found.append(_claimed(row, stored[row.digest_id]))
    return found


def _with_facts(asked: Select[Any]) -> Select[Any]:
    """Join to deliveries their digest, reader and profile."""
    return (
        asked.select_from(deliveries)
        .join(digests, digests.c.digest_id == deliveries.c.digest_id)
        .join(recipients, recipients.c.recipient_id == deliveries.c.recipient_id)
        .join(profiles, profiles.c.profile_id == digests.c.profile_id)
    )


def _claimed(row: Any, stored: StoredDigest) -> ClaimedDelivery:
    return ClaimedDelivery(
        delivery_id=row.delivery_id,
        digest_id=row.digest_id,
        message_id=row.message_id,
        recipient_id=row.recipient_id,
        recipient=Recipient(row.email, row.name, row.language),
        attempt_count=row.attempt_count,
        first_attempt_at=row.first_attempt_at,
        hindrance=_hindrance(row),
        stored=stored,
    )


def _hindrance(row: Any) -> str | None:
    """Return why a delivery must not be sent any more: much may happen after it was queued."""
    if row.recipient_ended_at is not None:
        return "the recipient is one of the firm no longer"
    if row.profile_ended_at is not None:
        return "the profile has ended"
    reason: str | None = row.suppression
    return reason


_SUPPRESSION = (
    select(suppressions.c.reason)
    .where(stands_against(func.lower(recipients.c.email), digests.c.profile_id))
    .order_by(suppressions.c.suppression_id)
    .limit(1)
    .correlate(recipients, digests)
    .scalar_subquery()
)
_AGAINST = (
    recipients.c.ended_at.label("recipient_ended_at"),
    profiles.c.ended_at.label("profile_ended_at"),
    _SUPPRESSION.label("suppression"),
)
